"""[preference] of a project file: what training costs and how it fails, and runs of one's own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from planner.errors import Fault
from planner.preference.fit import MEASURES, WAYS, Measure, Run
from planner.preference.laws import best_of_n_d
from sources.base import Assumption, Context, Provenance
from sources.preference import MOST_ANNOTATORS
from sources.settings import Number, Quantity, Table, assumption, nearest

MOST_ROUNDS = 10
VOTES = "annotators_per_pair"  # whose majority is the label of a run's pairs
COLUMNS = ("measure", "pairs", "value", "test_size", "kl", "samples", "params", VOTES)
NEEDED = COLUMNS[:4]
ZERO = {"reward_run", "rl_run", "dpo_run", "sample_cost"}  # prices that only the project knows


class Settings(Table):
    """[preference]: names of the two sources, runs, and the numbers of training."""

    people: str | None = Field(None, min_length=1)
    judge: str | None = Field(None, min_length=1)
    runs_file: str | None = Field(None, min_length=1)
    runs: list[dict[str, Any]] | None = None
    runs_agreement: Annotated[Number | None, Quantity("ratio", gt=0.5, le=1)] = None
    rounds: int = Field(3, ge=2, le=MOST_ROUNDS)
    most_kl: Annotated[Number | None, Quantity("nat", ge=1, le=10_000)] = None
    reward_params: Annotated[Number | None, Quantity("parameter", gt=0)] = None
    reward_run: Annotated[Number | None, Quantity("money/run", ge=0)] = None
    rl_run: Annotated[Number | None, Quantity("money/run", ge=0)] = None
    rl_samples: Annotated[Number | None, Quantity("answer/run", ge=0)] = None
    sample_cost: Annotated[Number | None, Quantity("money/answer", ge=0)] = None
    dpo_run: Annotated[Number | None, Quantity("money/run", ge=0)] = None
    rl_failure: Annotated[Number | None, Quantity("ratio", ge=0, le=0.95)] = None
    dpo_failure: Annotated[Number | None, Quantity("ratio", ge=0, le=0.95)] = None
    reward_weeks: Annotated[Number | None, Quantity("week/run", ge=0)] = None
    rl_weeks: Annotated[Number | None, Quantity("week/run", ge=0)] = None
    dpo_weeks: Annotated[Number | None, Quantity("week/run", ge=0)] = None


@dataclass(frozen=True)
class _Default:
    value: float
    low: float
    high: float
    reference: str
    provenance: Provenance = "assumed"
    date: str = "2026"
    note: str = ""


DEFAULTS: Mapping[str, _Default] = {
    "most_kl": _Default(
        30, 10, 100, "judgement: how far from the starting model a policy is let; give your own"
    ),
    "rl_samples": _Default(
        250_000, 30_000, 1_000_000, "judgement: some epochs over tens of thousands of prompts"
    ),
    "rl_failure": _Default(
        0.3, 0.1, 0.5, "judgement: runs that diverge or are gamed; no published share found"
    ),
    "dpo_failure": _Default(0.05, 0.0, 0.15, "judgement: a supervised loss seldom diverges"),
    "reward_weeks": _Default(0.5, 0.2, 1.0, "judgement: training and checking a reward model"),
    "rl_weeks": _Default(1.0, 0.5, 3.0, "judgement: one run and what it is judged by"),
    "dpo_weeks": _Default(0.5, 0.2, 1.0, "judgement: one run and what it is judged by"),
}


def numbers(settings: Settings, context: Context) -> tuple[dict[str, Assumption], list[Fault]]:
    """Numbers of [preference], or their defaults, by key; a price that is not given is a fault."""
    found: dict[str, Assumption] = {}
    faults: list[Fault] = []
    for key, field in Settings.model_fields.items():
        quantity = next((each for each in field.metadata if isinstance(each, Quantity)), None)
        if quantity is None:
            continue
        given = getattr(settings, key)
        if isinstance(given, Number):
            found[key] = assumption(key, given, quantity.unit, context)
        elif key in ZERO:
            unit = quantity.unit.replace("money", context.currency)
            advice = f"give it in {unit}, 0 if it is free"
            faults.append(Fault(f"preference.{key}", None, "is missing", advice))
        elif default := DEFAULTS.get(key):
            found[key] = Assumption(
                name=key,
                value=default.value,
                unit=quantity.unit,
                provenance=default.provenance,
                reference=default.reference,
                date=default.date,
                low=default.low,
                high=default.high,
                note=default.note,
            )
    return found, faults


Rows = Iterable[tuple[str, Mapping[str, Any]]]  # place for messages, cells by column


def rows_of_csv(text: str, here: str) -> tuple[list[tuple[str, dict[str, str]]], list[Fault]]:
    """Rows of CSV text by column, each with its line, or what is wrong with the lines."""
    faults: list[Fault] = []
    rows: list[tuple[str, dict[str, str]]] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            place = f"{here} line {reader.line_num}"
            if not header:
                header = [cell.strip() for cell in cells]
            elif len(cells) != len(header):
                problem = f"has {len(cells)} fields where the first line has {len(header)}"
                faults.append(Fault(place, None, problem, "quote text that has commas"))
            else:
                rows.append((place, {k: v.strip() for k, v in zip(header, cells, strict=True)}))
    except csv.Error as error:
        faults.append(Fault(here, None, f"is not CSV: {error}", "check the quotes"))
    if not header and not faults:
        advice = f"the first line names the columns: {', '.join(COLUMNS)}"
        faults.append(Fault(here, None, "is empty", advice))
    for name in header:
        if name not in COLUMNS:
            faults.append(
                Fault(f"{here} line 1", name, "is no column of runs", nearest(name, COLUMNS))
            )
    for name in COLUMNS:
        if header.count(name) > 1:
            problem = f"is the name of {header.count(name)} columns"
            faults.append(Fault(f"{here} line 1", name, problem, "keep one of them"))
    for name in NEEDED:
        if header and name not in header:
            faults.append(Fault(f"{here} line 1", None, f"has no column {name}"))
    return rows, faults


def runs_of(rows: Rows, params: float | None) -> tuple[tuple[Run, ...], list[Fault]]:
    """Checked runs, or every fault with its place.

    params  [parameter] of the planned reward model; None: sizes do not count
    """
    found: list[Run] = []
    faults: list[Fault] = []
    for place, row in rows:
        before = len(faults)
        for name in row:
            if name not in COLUMNS:
                problem = "is no column of runs"
                faults.append(Fault(f"{place} {name}", row[name], problem, nearest(name, COLUMNS)))
        measure = row.get("measure")
        if measure not in MEASURES:
            problem = f"must be one of {', '.join(MEASURES)}"
            faults.append(Fault(f"{place} measure", measure, problem))
            continue
        run = _run(place, measure, row, params, faults)
        if len(faults) == before:
            found.append(run)
    return tuple(found), faults


def _run(
    place: str,
    measure: Measure,
    row: Mapping[str, Any],
    params: float | None,
    faults: list[Fault],
) -> Run:
    def read(key: str, low: float, high: float, needed: bool) -> float | None:
        return _cell(f"{place} {key}", row.get(key), (low, high), needed, faults)

    pairs = read("pairs", 0, 1e12, True) or 0.0
    value = read("value", 0, 1, True) or 0.0
    size = read("test_size", 1, 1e12, True) or 1.0
    kl = read("kl", 0, 1e6, False)
    samples = read("samples", 1, 1e9, False)
    own = read("params", 1, 1e15, False)
    votes = read(VOTES, 1, MOST_ANNOTATORS, False)
    if votes is not None and votes % 1:
        faults.append(Fault(f"{place} {VOTES}", votes, "must be a whole number"))
    d = None if kl is None else kl**0.5
    if measure in WAYS:
        if samples is not None and measure == "best-of-n":
            d = float(best_of_n_d(samples))
        elif samples is not None:
            faults.append(Fault(f"{place} samples", samples, "is for best-of-n only", "give kl"))
        if d is None:
            other = " or samples" if measure == "best-of-n" else ""
            faults.append(Fault(f"{place} kl", None, f"is missing: {measure} needs kl{other}"))
    elif kl is not None or samples is not None:
        problem = f"a run of {measure} has no kl and no samples"
        faults.append(Fault(place, None, problem, "leave them empty"))
    scale = 1.0 if own is None or params is None else own / params
    whole = None if votes is None else int(votes)
    return Run(measure, pairs, value, size, d if measure in WAYS else None, None, scale, whole)


def _cell(
    place: str, given: Any, limits: tuple[float, float], needed: bool, faults: list[Fault]
) -> float | None:
    if given is None or given == "":
        if needed:
            faults.append(Fault(place, None, "is missing"))
        return None
    low, high = limits
    try:
        number = float(given) if not isinstance(given, bool) else float("nan")
    except (TypeError, ValueError):
        number = float("nan")
    if not low <= number <= high:
        faults.append(Fault(place, given, f"must be a number from {low:g} to {high:g}"))
        return None
    return number


def placed(faults: Sequence[Fault], prefix: str) -> list[Fault]:
    """The same faults with keys inside a table."""
    return [replace(fault, key=f"{prefix}.{fault.key}") for fault in faults]
