"""A project that asks RLHF or DPO: its file, read and checked, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from planner import project
from planner.errors import Fault, InputError
from planner.inputs import Inputs
from planner.preference.beliefs import Belief
from planner.preference.fit import Run
from planner.preference.settings import Settings, numbers, placed, rows_of_csv, runs_of
from planner.reading import text_of, toml_of
from planner.schema import key
from sources import catalogue, settings
from sources.base import Assumption, Context, Source, SourceError

KIND = "preference"
PRICE, SPEED = "cost_per_judgement", "per_week"


@dataclass(frozen=True)
class Question:
    """What is asked, and everything that the answer rests on.

    people   source of pairs that people judge, by judgements a pair
    given    [judgement/pair] of the project file
    judge    source of pairs that a language model judges; None without one
    numbers  of [preference], by key
    rounds   of training on own answers, at most
    runs_agreement  P(two people agree on a pair) of the pairs of the runs
    """

    inputs: Inputs
    people: Mapping[int, Source]
    given: int
    judge: Source | None
    numbers: Mapping[str, Assumption]
    rounds: int
    runs: tuple[Run, ...]
    runs_agreement: Assumption

    @property
    def source(self) -> Source:
        """People's pairs as the project file has them."""
        return self.people[self.given]

    def value(self, name: str) -> float:
        """Value of a number of [preference]."""
        return self.numbers[name].value or 0.0

    def with_people(self, name: str, value: float | Mapping[str, float]) -> Question:
        """The same with one number of people's pairs changed, as if the file said so."""
        kind, table = self.inputs.settings[self.source.name]
        changed = _by_votes(self.inputs, self.source.name, {**table, name: value}, self.given)
        held = {**self.inputs.settings, self.source.name: (kind, {**table, name: value})}
        return replace(self, people=changed, inputs=replace(self.inputs, settings=held))

    def with_number(self, name: str, value: float) -> Question:
        """The same with one number of [preference] changed, as if the file said so."""
        changed = replace(self.numbers[name], value=value, low=value, high=value)
        return replace(self, numbers={**self.numbers, name: changed})

    def beliefs(self) -> tuple[Belief, ...]:
        """What is believed of those who judged, for the fit to the runs."""
        found = [_belief("agreement", self.runs_agreement, 0.5)]
        if self.judge is not None:
            found += [
                _belief("judge_agreement", _number(self.judge, "agreement"), 0.5),
                _belief("people_agreement", _number(self.judge, "people_agreement"), 0.5),
                _belief("systematic_share", _number(self.judge, "systematic_share"), 0.0),
            ]
        return tuple(found)

    def agreement(self) -> Belief:
        """What is believed of those who will judge."""
        return _belief("agreement", _number(self.source, "agreement"), 0.5)


def read_question(path: Path | str, target: Mapping[str, Any] | None = None) -> Question:
    """Read and check a project with its [preference]. Raises InputError with every fault."""
    place = Path(path)
    faults: list[Fault] = []
    inputs: Inputs | None = None
    try:
        inputs = project.read(place, target)
    except InputError as error:
        faults += error.faults
    model, found = _settings(toml_of(place).get(KIND))
    faults += found
    values: dict[str, Assumption] = {}
    runs: tuple[Run, ...] = ()
    if model is not None:
        values, found = numbers(model, inputs.context if inputs else Context())
        faults += found
        rows, found = _rows(model, place.parent)
        faults += found
        size = values["reward_params"].value if "reward_params" in values else None
        runs, found = runs_of(rows, size)
        faults += found
    if inputs is None or model is None:
        raise InputError(str(place), faults)
    faults += _target_faults(inputs)
    people = _named(inputs, model.people, "people", "human", faults)
    judge = _named(inputs, model.judge, "judge", "ai", faults)
    if faults or people is None:
        raise InputError(str(place), faults)
    given = int(_number(people, "annotators_per_pair").value or 1)
    own = inputs.settings[people.name][1]
    by_votes = _by_votes(inputs, people.name, own, given)
    runs = tuple(replace(run, votes=run.votes or given) for run in runs)
    of_runs = values.pop("runs_agreement", None) or _number(people, "agreement")
    return Question(inputs, by_votes, given, judge, values, model.rounds, runs, of_runs)


def _settings(table: Any) -> tuple[Settings | None, list[Fault]]:
    """The checked table [preference], or what is wrong with it; another fault tells of no table."""
    if table is None:
        advice = "add it: names of the sources, and what training runs cost"
        return None, [Fault("[preference]", None, "is missing", advice)]
    if not isinstance(table, dict):
        return None, []
    try:
        return settings.check(Settings, table, KIND), []
    except SourceError as error:
        return None, list(error.faults)


def _target_faults(inputs: Inputs) -> list[Fault]:
    error = inputs.target.error
    if inputs.least == "error":
        problem = "the least error cannot be asked of routes to a win rate"
        return [Fault("target.least", "error", problem, "give target.error and a budget")]
    if inputs.metric_kind != "error rate" or error >= 0.5:
        problem = (
            "must be below 0.5: the share of comparisons with the starting model that are lost"
        )
        return [Fault("target.error", error, problem, "and set target.metric_kind = 'error rate'")]
    return []


def _named(
    inputs: Inputs, name: str | None, role: str, feedback: str, faults: list[Fault]
) -> Source | None:
    """The source that [preference] names, or the only one of its feedback."""
    own = {
        s.name: s
        for s in inputs.sources
        if s.kind == KIND and inputs.settings[s.name][1].get("feedback", "human") == feedback
    }
    here = f"preference.{role}"
    known = f"known: {', '.join(own)}" if own else ""
    if name is not None:
        if name not in own:
            problem = f'is no source of kind "preference" with feedback = "{feedback}"'
            faults.append(Fault(here, name, problem, known))
        return own.get(name)
    if len(own) > 1:
        faults.append(Fault(here, None, f"{len(own)} sources could be meant", known))
        return None
    if not own and feedback == "human":
        problem = 'no source of kind "preference" is of people'
        faults.append(Fault("sources", None, problem, 'add one with feedback = "human"'))
    return next(iter(own.values()), None)


def _rows(model: Settings, folder: Path) -> tuple[list[tuple[str, Mapping[str, Any]]], list[Fault]]:
    if model.runs_file is not None and model.runs is not None:
        problem = "must have either runs_file or runs"
        return [], [Fault(KIND, None, problem, "keep one of them")]
    if model.runs_file is not None:
        try:
            text = text_of(folder / model.runs_file)
        except InputError as error:
            return [], placed(error.faults, "preference.runs_file")
        rows, faults = rows_of_csv(text, model.runs_file)
        return list(rows), faults
    rows_given = model.runs or []
    return [(f"preference.runs[{at}]", row) for at, row in enumerate(rows_given)], []


def _by_votes(inputs: Inputs, name: str, table: Mapping[str, Any], given: int) -> dict[int, Source]:
    """People's pairs with each odd number of judgements up to most_annotators, and as given.

    A pair with k times the judgements takes k times as long: per_week in the file is of `given`.
    """
    most = table.get("most_annotators", given)
    found = {}
    for votes in sorted({given, *range(1, int(most) + 1, 2)}):
        changed = {**table, "annotators_per_pair": votes}
        if SPEED in table and votes != given:
            changed[SPEED] = _scaled(table[SPEED], given / votes)
        if votes == given:
            changed = dict(table)
        try:
            found[votes] = catalogue.build(KIND, name, changed, inputs.context)
        except SourceError as error:
            raise InputError(str(inputs.path), placed(error.faults, key("sources", name))) from None
    return found


def _scaled(given: Any, factor: float) -> Any:
    """A number of a project file times a factor, plain or with its range."""
    if isinstance(given, Mapping):
        ends = {k: v * factor for k, v in given.items() if k in ("value", "base", "low", "high")}
        return {**given, **ends}
    return given * factor


def _number(source: Source, name: str) -> Assumption:
    return next(each for each in source.assumptions if each.name == name)


def _belief(name: str, number: Assumption, least: float) -> Belief:
    middle = number.value or 0.0
    low, high = (middle if end is None else end for end in (number.low, number.high))
    return Belief(
        name,
        middle,
        low,
        high,
        number.unit,
        "range",
        number.provenance,
        number.reference,
        number.date,
        least=least + 1e-6,
        most=1.0,
    )
