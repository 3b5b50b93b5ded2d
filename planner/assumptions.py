"""Rows of the assumptions table: every number of project and sources, with its origin."""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING

from planner.schema import model_item
from planner.table import Row, Value, figure
from sources.base import Assumption, Quality, Source

if TYPE_CHECKING:
    from planner.inputs import Effect, Inputs

PROJECT_FILE = "project file"


def assumption_rows(inputs: Inputs) -> list[Row]:
    """The project's own numbers first, then each source's in the project's order."""
    rows = _project_rows(inputs)
    for source in inputs.sources:
        rows += source_rows(source)
        if source.name in inputs.text_effect:
            rows.append(_effect_row(source.name, inputs.text_effect[source.name]))
    for model in inputs.models:
        rows += [number_row(model_item(model.name), each) for each in model.assumptions]
    return rows


def source_rows(source: Source) -> list[Row]:
    """Every assumption of one source, and the prior on its quality."""
    rows = [number_row(source.name, each) for each in source.assumptions]
    if not any(each.name == "quality" for each in source.assumptions):
        rows.append(_quality_row(source.name, source.quality))
    return rows


def number_row(scope: str, each: Assumption) -> Row:
    """Row of one number under the part of the project that it belongs to."""
    return (
        scope,
        each.name,
        figure(each.value),
        each.unit,
        figure(each.low),
        figure(each.high),
        each.provenance,
        each.reference,
        each.date or None,
        each.note or None,
    )


def _quality_row(scope: str, quality: Quality) -> Row:
    bias = "may have a floor of its own" if quality.biased else "shares the reference's floor"
    return (
        scope,
        "quality",
        figure(quality.base),
        "effective example/example",
        figure(quality.low),
        figure(quality.high),
        quality.provenance,
        quality.reference,
        None,
        f"prior; pilots narrow it, see the law table; {bias}",
    )


def _effect_row(scope: str, effect: Effect) -> Row:
    note = "on the labels' effective examples if the whole corpus is used; for want of a pilot"
    low, base, high = map(figure, effect)
    return (scope, "effect", base, "factor", low, high, "assumed", PROJECT_FILE, None, note)


def _project_rows(inputs: Inputs) -> list[Row]:
    target = inputs.target
    money, metric = inputs.currency, target.metric
    numbers: list[tuple[str, Value, str, str]] = [
        ("target.error", target.error, metric, "what the project must reach"),
        ("target.confidence", target.confidence, "probability", "wanted"),
        ("target.budget", target.budget, money, "contingency included"),
        ("target.weeks", target.weeks, "week", "from the start date to the last delivery"),
        ("start", inputs.start, "date", "week 0 of the plan"),
        ("contingency", inputs.contingency, "ratio", "added to every cost"),
        (
            "usd_rate",
            inputs.usd_rate,
            f"{money}/USD",
            "turns default prices in dollars into currency",
        ),
        ("worst_error", inputs.worst_error, metric, "error with no data at all"),
        ("max_params", inputs.max_params, "parameter", "largest model that can be trained"),
        ("classes", inputs.classes, "class", "of the task"),
        (
            "pilots.measure_weeks",
            inputs.measure_weeks,
            "week",
            "from a delivery to what its measurement decides",
        ),
        ("pilots.run_cost", inputs.run_cost, f"{money}/run", "of a training run; counted as 0"),
        ("seed", inputs.seed, "", "of the draws"),
        ("draws", inputs.draws, "draw", "of the law"),
    ]
    return [_project_row(*each) for each in numbers]


def _project_row(name: str, value: Value, unit: str, note: str) -> Row:
    if isinstance(value, float) and math.isinf(value):
        value, note = None, f"not limited; {note}"
    elif value is None:
        note = f"not given; {note}"
    known: Value = figure(value) if isinstance(value, float) else value
    spread = None if isinstance(known, datetime.date) else known
    return ("project", name, known, unit, spread, spread, "assumed", PROJECT_FILE, None, note)
