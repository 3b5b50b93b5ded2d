"""What a project file may say: its keys, their types and limits, and how they must agree."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from planner.errors import Fault
from planner.names import MODEL, MOST_NAME, name_problem, same_names
from sources.base import Role, Source
from sources.settings import Number, Quantity, nearest

Question = Literal["cost", "error", "weeks"]  # what is to be as little as can be
MetricKind = Literal["error rate", "loss"]
Task = Literal["supervised", "language model"]
TaskFamily = Literal["classification", "generation", "language model"]


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of text without control characters")
    return text


def _currency(code: str) -> str:
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        raise ValueError("must be three capital letters, as in EUR")
    return code


def _date(value: object) -> object:
    if type(value) is not datetime.date:
        raise ValueError("must be a date without quotes or time, as in 2026-12-01")
    return value


def _count(number: Number) -> Number:
    if problem := Quantity("prediction", ge=0).problem(number):
        raise ValueError(problem)
    return number


# keys of [pilots] that say what to take of its file
OF_A_FILE = ("columns", "where", "experiment", "take", "sheet", "unused_is_zero")

Line = Annotated[str, Field(max_length=MOST_NAME), AfterValidator(_line)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Table(BaseModel):
    """A table of the project file: nothing unknown, no text where a number belongs."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TargetTable(Table):
    """[target]: what must be reached, how surely, for how much money and in how many weeks."""

    metric: Line = "error"
    metric_kind: MetricKind | None = None
    error: Positive | None = None
    least: Question = "cost"
    confidence: float = Field(0.8, gt=0, lt=1)
    budget: float = Field(math.inf, ge=0)
    weeks: float = Field(math.inf, gt=0)
    groups: dict[str, Positive] = {}
    worst_group: Positive | None = None
    max_gap: Positive | None = None


class PilotsTable(Table):
    """[pilots]: where the runs are, or the runs themselves; weeks from a delivery to what its
    measurement decides, and the cost of a training run.

    file             a table (.csv, .tsv, .xlsx, .parquet, a CSV export of Weights & Biases) or an
                     MLflow store (SQLite file, folder, http address of a server)
    columns          word of the pilots (error, a source, seed, ...) -> its name there
    where            name there -> value that the runs to take have
    experiment       of an MLflow store; left out: the only one that has runs
    take             of a metric of several steps: the last (default) or the best value
    sheet            of an .xlsx file; left out: the first
    unused_is_zero   whether an amount that a run does not have was 0
    """

    file: Annotated[str, Field(max_length=2000), AfterValidator(_line)] | None = None
    rows: list[dict[str, Any]] | None = None
    columns: dict[str, Line] = {}
    where: dict[str, str | float] = {}
    experiment: Line | None = None
    take: Literal["last", "best"] | None = None
    sheet: Line | None = None
    unused_is_zero: bool | None = None
    measure_weeks: float = Field(1.0, ge=0, allow_inf_nan=False)
    run_cost: float | None = Field(None, ge=0, allow_inf_nan=False)

    def asked(self) -> dict[str, Any]:
        """What is said of the place beside its name; what is not said is None or empty."""
        found = {name: getattr(self, name) for name in OF_A_FILE if name != "where"}
        return {**found, "where": {name: _bare_text(value) for name, value in self.where.items()}}


class EffectTable(Table):
    """Factor on the labels' effective examples if the whole corpus is used [1], 90% range."""

    low: Positive
    base: Positive
    high: Positive


class ProjectTable(Table):
    """The whole file; tables whose absence is a fault are optional here and asked for by name."""

    name: Line | None = None
    currency: Annotated[str, AfterValidator(_currency)] = "USD"
    usd_rate: Positive | None = None
    start: Annotated[datetime.date, BeforeValidator(_date)] | None = None
    contingency: float = Field(0.15, ge=0, le=1)
    task: Task = "supervised"
    task_family: TaskFamily | None = None
    classes: int | None = Field(None, ge=2, le=1_000_000)
    worst_error: Positive | None = None
    max_params: Positive | None = None
    reference: str | None = None
    seed: int = Field(0, ge=0, lt=2**32)
    draws: int = Field(1000, ge=100, le=20_000)
    target: TargetTable | None = None
    pilots: PilotsTable | None = None
    preference: dict[str, Any] | None = None  # checked by those who ask for it
    sources: dict[str, Any] = {}
    groups: dict[str, float] | None = None
    models: dict[str, Any] = {}
    predictions: Annotated[Number, AfterValidator(_count)] | None = None

    def metric_kind(self) -> MetricKind:
        """The kind that is given, else an error rate where classes or the metric's name say so."""
        if self.target and self.target.metric_kind:
            return self.target.metric_kind
        metric = self.target.metric.casefold() if self.target else ""
        rate = self.task == "supervised" and (self.classes is not None or "error" in metric)
        return "error rate" if rate else "loss"

    def no_data_error(self) -> float | None:
        """Error with no data at all: as given, else that of guessing among `classes`."""
        if self.worst_error is not None:
            return self.worst_error
        if self.classes is not None and self.metric_kind() == "error rate":
            return 1 - 1 / self.classes
        return None

    def family(self) -> TaskFamily:
        """Whose published exponents speak before the pilots do."""
        if self.task_family:
            return self.task_family
        if self.task == "language model":
            return "language model"
        return "classification" if self.metric_kind() == "error rate" else "generation"


def key(*parts: str) -> str:
    """Dotted key as TOML writes it: a part that is not a bare word is quoted."""
    return ".".join(p if _bare(p) else '"' + p.replace('"', '\\"') + '"' for p in parts)


def _bare_text(value: str | float) -> str:
    """A value as a table would have it: 5 for 5.0."""
    return value if isinstance(value, str) else f"{value:.15g}"


def _bare(part: str) -> bool:
    return bool(part) and part.isascii() and part.replace("-", "").replace("_", "").isalnum()


def agreement_faults(project: ProjectTable, raw: Mapping[str, Any]) -> list[Fault]:
    """Faults between values that are each right; `raw` tells what the file really holds."""
    faults = _missing(raw)
    if project.target:
        faults += _question_faults(project.target)
    target, kind, worst = project.target, project.metric_kind(), project.no_data_error()
    if project.currency == "USD" and project.usd_rate not in (None, 1):
        problem = "must be 1 where the currency is USD"
        faults.append(Fault("usd_rate", project.usd_rate, problem, "leave it out or set currency"))
    if kind == "error rate":
        if worst is not None and worst > 1:
            faults.append(Fault("worst_error", worst, "must be at most 1 for an error rate"))
        if target and target.error is not None and target.error > 1:
            advice = f"if it is a percentage, write {target.error / 100:g}"
            advice += '; if it is a loss, set target.metric_kind = "loss"'
            faults.append(Fault("target.error", target.error, "must be at most 1", advice))
    aim = target.error if target else None
    if aim is not None and worst is not None and aim >= worst:
        problem = f"must be below worst_error = {worst:g}, the error with no data at all"
        faults.append(Fault("target.error", aim, problem))
    if project.classes is not None and project.task == "language model":
        advice = 'leave it out or set task = "supervised"'
        faults.append(Fault("classes", project.classes, "a language model has no classes", advice))
    return faults


def _question_faults(target: TargetTable) -> list[Fault]:
    """What the question that is asked needs, and is not there."""
    if target.least == "error" and math.isinf(target.budget) and math.isinf(target.weeks):
        problem = "the least error has no end without a budget or weeks"
        return [Fault("target.budget", None, problem, "give one of them")]
    grouped = target.groups or target.worst_group is not None or target.max_gap is not None
    if target.error is None and target.least != "error" and not grouped:
        advice = 'give it, or a budget and least = "error" for the least error that it buys'
        return [Fault("target.error", None, "is missing", advice)]
    return []


def _missing(raw: Mapping[str, Any]) -> list[Fault]:
    faults = []
    if "target" not in raw:
        faults.append(Fault("target", None, "is missing", "add [target] with the error to reach"))
    if not raw.get("sources"):
        advice = 'add [sources.NAME] with kind = "human" or another kind'
        faults.append(Fault("sources", None, "at least one source is needed", advice))
    pilots = raw.get("pilots")
    if isinstance(pilots, dict) and _ambiguous(pilots):
        faults.append(Fault("pilots", None, "must have either file or rows", "keep one of them"))
    elif isinstance(pilots, dict) and "file" not in pilots:
        for name in sorted(set(OF_A_FILE) & set(pilots)):
            problem = "says what to take of a file, and there is none"
            faults.append(Fault(f"pilots.{name}", None, problem, "give file, or leave it out"))
    return faults


def _ambiguous(pilots: Mapping[str, Any]) -> bool:
    """Whether [pilots] has both file and rows, or nothing at all; numbers alone are no runs yet."""
    if "file" in pilots or "rows" in pilots:
        return "file" in pilots and "rows" in pilots
    return not {"measure_weeks", "run_cost"} & set(pilots)


def source_name_faults(names: list[str]) -> list[Fault]:
    """Names that cannot be told apart or cannot be columns of a table of pilots."""
    faults = []
    for name in names:
        if problem := name_problem(name):
            faults.append(Fault(key("sources", name), None, problem, "choose another name"))
    for first, second in same_names(names):
        problem = f"differs from {key('sources', first)} in upper and lower case only"
        faults.append(Fault(key("sources", second), None, problem, "choose another name"))
    return faults


def model_name_faults(models: list[str], sources: list[str]) -> list[Fault]:
    """Names of models that cannot be told apart, and sources that stand in a model's place."""
    faults = []
    for name in models:
        if problem := name_problem(name):
            problem = problem.replace("a source", "a model")
            faults.append(Fault(key("models", name), None, problem, "choose another name"))
        if model_item(name) in sources:
            problem = f"has the name that the plan gives to model {name}"
            here = key("sources", model_item(name))
            faults.append(Fault(here, None, problem, "choose another name"))
    for first, second in same_names(models):
        problem = f"differs from {key('models', first)} in upper and lower case only"
        faults.append(Fault(key("models", second), None, problem, "choose another name"))
    if models and MODEL in sources:
        problem = "is kept for the column of the pilots that names the model"
        faults.append(Fault(key("sources", MODEL), None, problem, "choose another name"))
    return faults


def model_item(name: str) -> str:
    """What the tables call the item of a plan that holds what a model costs beside its data."""
    return f"{MODEL} {name}"


def reference_faults(
    project: ProjectTable, sources: Mapping[str, Source], names: list[str]
) -> list[Fault]:
    """Whether `reference` is a source of labels, and whether there is any."""
    faults = []
    labels = [name for name, source in sources.items() if source.role == _LABELS]
    reference = project.reference
    if reference is not None and reference not in names:
        faults.append(
            Fault("reference", reference, "is no source of this project", nearest(reference, names))
        )
    elif reference in sources and reference not in labels:
        problem = "is unlabelled text and cannot be what examples are counted in"
        faults.append(Fault("reference", reference, problem, f"use one of {', '.join(labels)}"))
    if sources and len(sources) == len(names) and not labels and project.task == "supervised":
        advice = 'add a source of labels, or set task = "language model"'
        faults.append(Fault("sources", None, "a supervised task needs labelled examples", advice))
    return faults


def rule_faults(sources: Mapping[str, Source], names: list[str]) -> list[Fault]:
    """Whether the rules between sources name others that exist, and can all be kept at once."""
    faults = []
    for name, source in sources.items():
        here = key("sources", name)
        for word in ("excludes", "needs"):
            for at, other in enumerate(getattr(source, word)):
                place = f"{here}.{word}[{at}]"
                if other not in names:
                    problem = "is no source of this project"
                    faults.append(Fault(place, other, problem, nearest(other, names)))
                elif other == name:
                    faults.append(Fault(place, other, "is the source itself", "leave it out"))
        for other in set(source.excludes) & set(source.needs):
            faults.append(Fault(f"{here}.excludes", other, "is in needs as well", "keep one"))
        faults += _never_bought(here, source, sources)
        if source.role != _LABELS and (source.min_share > 0 or source.max_share < 1):
            problem = "shares are of labelled examples, and this is unlabelled text"
            faults.append(Fault(here, None, problem, "leave min_share and max_share out"))
    # variants have one share together
    labels = [s for s in sources.values() if s.role == _LABELS and s.family in ("", s.name)]
    least, most = sum(s.min_share for s in labels), sum(s.max_share for s in labels)
    if least > 1 + 1e-9:
        faults.append(Fault("sources", None, f"their min_share add up to {least:g}, above 1"))
    if labels and len(sources) == len(names) and most < 1 - 1e-9:
        faults.append(Fault("sources", None, f"their max_share add up to {most:g}, below 1"))
    return faults


def _never_bought(here: str, source: Source, sources: Mapping[str, Source]) -> Iterator[Fault]:
    """A fault for each source needed, at first or second hand, every variant of which excludes this
    one or is excluded by it."""
    needed, open_ = list[str](), [source]
    while open_:
        for other in open_.pop().needs:
            if other in sources and other not in needed:
                needed.append(other)
                open_.append(sources[other])
    for other in needed:
        members = [s for s in sources.values() if other in (s.name, s.family)]
        apart = all(s.name in source.excludes or source.name in s.excludes for s in members)
        if apart and not any(each.in_hand > 0 for each in members):
            if other in source.excludes and other in source.needs:
                continue  # said already
            problem = "is needed, and the two exclude each other, so this source is never bought"
            yield Fault(f"{here}.needs", other, problem, "drop one of the rules")


_LABELS: Role = "labels"
