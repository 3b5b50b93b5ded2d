"""Study -> named tables with units: what the files, the terminal and JSON all print.

Money is rounded to the cent and summed afterwards (purchases.py), so that columns add up; errors,
probabilities and unit costs keep 6 significant digits; amounts are whole (table.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from planner.assumptions import assumption_rows
from planner.columns import (
    ASSUMPTIONS,
    COLUMNS,
    CONFIDENCE,
    CONFIDENCE_OF_MODELS,
    COSTS,
    DIAGNOSIS,
    FRONTIER,
    FRONTIER_OF_MODELS,
    LAW,
    PATH,
    PILOTS,
    PLAN,
    SUMMARY,
    Spec,
    columns,
)
from planner.dictionary import TABLES, table_rows
from planner.headline import summary_rows
from planner.modelled import MODELS, model_rows, whole_study
from planner.orders import path_rows
from planner.pilots import together
from planner.plan import Diagnosis
from planner.purchases import cost_rows, plan_cost, plan_row
from planner.risk import risk_of
from planner.swings import (
    LIMITS,
    SENSITIVITY,
    SENSITIVITY_OF_MODELS,
    SWITCHES,
    limit_rows,
    sensitivity_rows,
    switch_rows,
)
from planner.table import Column, Row, Table, figure, whole
from planner.unreached import UNTOLD
from planner.verdict_table import VERDICT, verdict_rows
from sources.base import Source

if TYPE_CHECKING:
    from planner.fitted import FittedLaw
    from planner.study import FrontierPoint, Study, SurePoint

ERROR = "error"  # the metric where a project names none


def tables(study: Study) -> dict[str, Table]:
    """Every table of a study by name; `columns` gives unit and meaning of every column."""
    study = whole_study(study)
    inputs, several = study.inputs, bool(study.models)
    frontier = FRONTIER_OF_MODELS if several else FRONTIER
    confidence = CONFIDENCE_OF_MODELS if several else CONFIDENCE
    swings = SENSITIVITY_OF_MODELS if several else SENSITIVITY
    cost = plan_cost(study.plan)
    reached = cost if study.plan.reaches else None
    currency, metric = inputs.currency, inputs.target.metric
    known = inputs.sources

    def make(name: str, spec: Spec, rows: Sequence[Row], *more: Column) -> Table:
        return Table(name, (*columns(spec, currency, metric), *more), tuple(rows))

    found = [
        make("summary", SUMMARY, summary_rows(study)),
        make("plan", PLAN, [plan_row(i, step) for i, step in enumerate(study.plan.steps, 1)]),
        make("costs", COSTS, cost_rows(study.plan)),
        *([make("models", MODELS, model_rows(study.models))] if study.models else []),
        make(
            "path",
            PATH,
            path_rows(study.path, known, inputs.start),
            *_amounts(PATH, known, "bought in the round"),
        ),
        make(
            "frontier",
            frontier,
            [_frontier_row(point, known, several) for point in study.frontier],
            *_amounts(frontier, known, "bought in the plan; empty if out of reach"),
        ),
        make("law", LAW, law_rows(study.law)),
        make(
            "pilots",
            PILOTS,
            pilot_rows(study.law, tuple(source.name for source in known)),
            *_amounts(PILOTS, known, "used in the runs"),
        ),
        make("assumptions", ASSUMPTIONS, assumption_rows(inputs)),
        make("diagnosis", DIAGNOSIS, diagnosis_rows(study.diagnosis, study.warnings)),
        *([make("verdict", VERDICT, verdict_rows(study))] if study.idea else []),
    ]
    if study.sensitivity is not None:
        found += [
            make("confidence", confidence, [_confidence_row(p, several) for p in study.surer]),
            make("sensitivity", swings, sensitivity_rows(study.sensitivity, cost)),
        ]
    if study.sensitivity is not None and not several:  # with models neither is made anew
        found += [
            make("limits", LIMITS, limit_rows(study.sensitivity, reached, currency)),
            make("switches", SWITCHES, switch_rows(study.sensitivity)),
        ]
    return with_columns(found)


def _confidence_row(point: SurePoint, models: bool) -> Row:
    plan = point.plan
    if plan is None:
        return (figure(point.confidence), None, None, *[None] * models, UNTOLD)
    cost, of = plan_cost(plan), _model(point, models)
    return (figure(point.confidence), cost, figure(plan.weeks), *of, None)


def _model(point: FrontierPoint | SurePoint, models: bool) -> list[str | None]:
    """The cell of the model that a plan is for, where there are candidates."""
    return [point.of.model if point.of else None] if models else []


def listed(
    name: str, spec: Spec, rows: Sequence[Row], currency: str = "", metric: str = ERROR
) -> Table:
    """A table of rows under the columns of `spec`."""
    return Table(name, columns(spec, currency, metric), tuple(rows))


def with_columns(found: Sequence[Table]) -> dict[str, Table]:
    """Tables by name, and with them the data dictionary: `tables`, what each of them is, and
    `columns`, the unit and meaning of each of their columns."""
    own, of_columns = columns(TABLES, "", ""), columns(COLUMNS, "", "")
    every = [(table.name, table.columns) for table in found]
    every += [("tables", own), ("columns", of_columns)]
    rows = tuple((name, c.name, c.unit, c.meaning) for name, each in every for c in each)
    last = Table("columns", of_columns, rows)
    itself = Table("tables", own, ((None,) * len(own),) * len(every))  # to be counted with the rest
    described = Table("tables", own, tuple(table_rows([*found, itself, last])))
    return {table.name: table for table in (*found, described, last)}


def amount_columns(
    fixed: Sequence[str], names: Sequence[tuple[str, str]], meaning: str
) -> tuple[Column, ...]:
    """One column per (source, unit), named as the source; a name already taken gets " (source)"."""
    taken, found = set(fixed), []
    for name, unit in names:
        shown = name
        while shown in taken or any(shown == other for other, _ in names if other != name):
            shown = f"{shown} (source)"
        taken.add(shown)
        found.append(Column(shown, unit, f"examples of source {name} {meaning}"))
    return tuple(found)


def _amounts(spec: Spec, known: Sequence[Source], meaning: str) -> tuple[Column, ...]:
    fixed = [name for name, _, _ in spec]
    return amount_columns(fixed, [(source.name, source.unit) for source in known], meaning)


def _frontier_row(point: FrontierPoint, known: Sequence[Source], models: bool) -> Row:
    plan = point.plan
    if plan is None:
        return (figure(point.target), *[None] * (4 + models), point.why, *(None for _ in known))
    amounts = (whole(plan.amounts.get(source.name, 0.0)) for source in known)
    return (
        figure(point.target),
        plan_cost(plan),
        figure(plan.weeks),
        figure(plan.probability),
        figure(risk_of(plan).met),
        *_model(point, models),
        None,
        *amounts,
    )


def law_rows(law: FittedLaw) -> list[Row]:
    """Rows of the law table: every parameter of every family with its 90% interval."""
    return [
        (
            each.family,
            figure(each.family_weight),
            each.source or None,
            each.name,
            each.unit,
            figure(each.low),
            figure(each.median),
            figure(each.high),
            each.identified,
            each.meaning,
        )
        for each in law.parameters()
    ]


def pilot_rows(law: FittedLaw, names: Sequence[str]) -> list[Row]:
    """Rows of the pilots table: each measured composition beside what the law says of it."""
    return [
        (
            each.runs,
            *map(figure, (each.observed, each.observed_sd, each.fitted, each.low, each.high)),
            figure(each.residual),
            together(each.origins),
            *(figure(each.amounts.get(name, 0.0)) for name in names),
        )
        for each in law.residuals()
    ]


def diagnosis_rows(diagnosis: Diagnosis, warnings: Sequence[str]) -> list[Row]:
    """Rows of the diagnosis table: verdict first, warnings last."""
    found: list[Row] = [
        (each.question, each.answer, figure(each.probability), each.evidence, each.advice or None)
        for each in diagnosis.findings
    ]
    return [*found, *(("warning", text, None, None, None) for text in warnings)]
