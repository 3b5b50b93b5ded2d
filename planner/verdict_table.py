"""Rows of the verdict table: every number that the verdict on an idea rests on, with its unit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from planner.columns import EFFECTIVE, Spec
from planner.idea import Measurement
from planner.table import Row, figure, money
from planner.verdict import LIMITS, NO, ROOM, SCALES, Verdict, given

if TYPE_CHECKING:
    from planner.study import Study

VERDICT: Spec = (
    ("part", "", "part of the verdict: verdict, question, need, supply, stage, pattern, and so on"),
    ("item", "", "what the row tells"),
    ("subject", "", "source, model or limit that it is about; empty if of all"),
    ("answer", "", "in a few words; empty where the row holds a number only"),
    ("probability", "probability", "of the answer, or that the target is met so; empty if none"),
    (
        "given",
        "probability",
        "that this holds where the questions before it hold, the model first; empty of what is no "
        "question",
    ),
    (
        "value",
        "see unit",
        "number in `unit`, a median where it is uncertain; empty if unknown or unlimited",
    ),
    ("low", "see unit", "low end of its 90% interval; empty if it has none"),
    ("high", "see unit", "high end of its 90% interval; empty if it has none"),
    ("unit", "", "of value, low and high; empty if there is no value"),
)


def answer_rows(verdict: Verdict) -> list[Row]:
    """The answer, why, what binds, and the three questions."""
    return [
        ("verdict", "answer", None, verdict.answer, figure(verdict.probability), *_none(5)),
        *(("verdict", "lacking", None, name, *_none(6)) for name in verdict.lacking),
        *(("verdict", "binding", None, name, *_none(6)) for name in verdict.binding),
        *_questions(verdict),
    ]


def verdict_rows(study: Study) -> list[Row]:
    """Rows of the verdict table of a study whose idea is known."""
    idea = study.idea
    assert idea is not None
    currency, metric = study.inputs.currency, study.inputs.target.metric
    verdict = idea.verdict
    rows: list[Row] = [*answer_rows(verdict), *_need(verdict)]
    for each in idea.supplies:
        rows += [
            _plain("supply", "most", each.name, each.most, each.unit, each.limit),
            _plain("supply", "speed", each.name, each.per_week, f"{each.unit}/week"),
            _plain("supply", "alone", each.name, each.alone, each.unit, _never(each.alone)),
            _plain("supply", "weeks", each.name, each.weeks, "week"),
        ]
    for part, at in (("now", idea.now), ("planned", idea.planned)):
        if at is None:
            continue
        rows.append(_plain(part, "size", None, at.size, EFFECTIVE))
        rows += [
            (part, "stage", None, name, figure(share), *_none(5))
            for name, share in at.shares.items()
        ]
        rows += [
            _range(part, "error", at.error, metric),
            _range(part, "slope", at.slope, "1"),
            _range(part, "drop", at.drop, "ratio"),
            _range(part, "floor", at.floor, metric),
        ]
    shares = idea.pattern.shares.items()
    rows += [("pattern", "pattern", None, name, figure(s), *_none(5)) for name, s in shares]
    times, half = idea.pattern.halving
    rows.append(("pattern", "halving", None, None, figure(half), None, times, None, None, "ratio"))
    if idea.pattern.capped is not None:
        rows.append(_range("pattern", "capped", idea.pattern.capped, metric))
    if idea.emergent_size is not None:
        rows.append(_plain("pattern", "breakthrough", None, idea.emergent_size, "parameter"))
    rows += [
        ("model", "total", m.model.name, "chosen" if m.chosen else m.why_not or None,
         figure(m.fresh), None, money(m.total), None, None, currency)
        for m in study.models
    ]  # fmt: skip
    return [*rows, *_measured(idea.measurement, currency)]


def _none(count: int) -> tuple[None, ...]:
    return (None,) * count


def _never(value: float | None) -> str | None:
    return "never" if value is not None and math.isinf(value) else None


def _plain(
    part: str,
    item: str,
    subject: str | None,
    value: float | None,
    unit: str,
    said: str | None = None,
) -> Row:
    return (part, item, subject, said, None, None, figure(value), None, None, unit)


def _range(part: str, item: str, ends: tuple[float, float, float], unit: str) -> Row:
    low, middle, high = map(figure, ends)
    return (part, item, None, None, None, None, middle, low, high, unit)


def _answer(chance: float | None, confidence: float) -> str:
    if chance is None:
        return "unsure"
    return "yes" if chance >= confidence else "no" if chance <= NO else "unsure"


def _feasible(verdict: Verdict, chance: float | None) -> str:
    """A plan that scales is allowed, its chance wanting no more than the noise of its draws."""
    return "yes" if verdict.answer in (SCALES, LIMITS) else _answer(chance, verdict.confidence)


def _questions(verdict: Verdict) -> list[Row]:
    """Supply, model and plan: the chance of the target, and that given what was asked before."""
    steps = (
        ("supply", verdict.supply, given(verdict.supply, verdict.model)),
        ("model", verdict.model, verdict.model),
        ("feasible", verdict.feasible, given(verdict.feasible, verdict.supply)),
    )
    return [
        ("question", item, None,
         _feasible(verdict, then) if item == "feasible" else _answer(then, verdict.confidence),
         figure(met), figure(then),
         *_none(4))
        for item, met, then in steps
    ]  # fmt: skip


def _need(verdict: Verdict) -> list[Row]:
    if verdict.need is None:
        return []
    half, sure = verdict.need
    return [
        _plain("need", "half", None, half, EFFECTIVE),
        _plain("need", "sure", None, sure, EFFECTIVE),
        _plain("need", "available", None, verdict.available, EFFECTIVE),
        ("need", "room", None, None, figure(verdict.room), None, ROOM, None, None, "ratio"),
        _plain("need", "spare", None, verdict.spare, "ratio"),
    ]


def _measured(measurement: Measurement | None, currency: str) -> list[Row]:
    if measurement is None:
        return []
    settles, cost = measurement.settles, money(measurement.cost)
    told = "data and runs" if measurement.runs_priced else "data"
    return [
        *(
            _plain("next", "examples", name, n, "example")
            for name, n in measurement.examples.items()
        ),
        _plain("next", "runs", None, measurement.runs, "run"),
        ("next", "cost", None, told, figure(settles), None, cost, None, None, currency),
    ]
