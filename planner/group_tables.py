"""Study of groups -> named tables with units: what the files, the terminal and JSON all print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from planner.assumptions import assumption_rows
from planner.columns import (
    ASSUMPTIONS,
    COSTS,
    CURRENCY,
    DIAGNOSIS,
    EXAMPLE,
    METRIC,
    PLAN,
    RATIO,
    SUMMARY,
    WEEK,
    Spec,
    columns,
)
from planner.fitted import weighted_quantile
from planner.group_headline import summary_rows
from planner.group_verdict_table import group_verdict_rows
from planner.purchases import cost_rows, plan_cost, plan_row
from planner.table import Column, Row, Table, figure, money, whole
from planner.tables import amount_columns, with_columns
from planner.unreached import UNTOLD
from planner.verdict import said
from planner.verdict_table import VERDICT

if TYPE_CHECKING:
    from planner.group_bill import Outcome
    from planner.group_study import Eased, GroupStudy

CHANCE = "probability"
GROUPS: Spec = (
    ("group", "", "part of the population, or what is asked of all groups together"),
    (
        "of",
        "",
        "group, or all: overall is the mean by shares, worst the largest error of any group",
    ),
    ("target", METRIC, "largest allowed error, or gap; empty if none is asked"),
    ("error_low", METRIC, "low end of the 90% interval of the predicted error, or gap"),
    ("error", METRIC, "median of the predicted error, or gap, at the plan"),
    ("error_high", METRIC, "high end of the 90% interval of the predicted error, or gap"),
    ("met", CHANCE, "that this target alone is met; empty if none is asked"),
    ("examples", EXAMPLE, "of the group in the training set, data in hand included; empty of all"),
    ("share", RATIO, "of the group in the training set: the composition to collect; empty of all"),
    ("population", RATIO, "share of the group in the population; empty if not given"),
    ("is_worst", CHANCE, "that no other group has a larger error; empty of all"),
    ("behind", CHANCE, "that its error is above the population's mean error; empty of all"),
    ("lags", "", "yes if behind is at least the wanted confidence; empty of all"),
    (
        "level",
        METRIC,
        "mean error of the population at the plan, to which levelling brings it; empty if it does "
        "not lag",
    ),
    (
        "levelling",
        CURRENCY,
        "what bringing a group that lags to that level costs beside the plan, budget aside, at the "
        "wanted confidence; empty if it does not lag, and out of reach if note says so",
    ),
    ("note", "", "why cells are empty"),
)
FRONTIER: Spec = (
    ("factor", RATIO, "on all targets"),
    ("cost", CURRENCY, "of the cheapest plan found, contingency included; empty if out of reach"),
    ("weeks", WEEK, "until its last delivery; empty if out of reach"),
    ("probability", CHANCE, "that the plan meets all targets; empty if out of reach"),
    ("note", "", "why cells are empty"),
)
LAW: Spec = (
    ("group", "", "part of the population; empty for what an example of a source is worth"),
    ("source", "", "that the parameter belongs to; empty if to the group"),
    ("parameter", "", "name"),
    ("unit", "", "of low, median and high"),
    ("low", "see unit", "low end of the 90% interval"),
    ("median", "see unit", "half of the draws are below"),
    ("high", "see unit", "high end of the 90% interval"),
    ("meaning", "", "what the parameter says"),
)
PILOTS: Spec = (
    ("group", "", "that the error is of"),
    ("runs", "run", "training runs with exactly these amounts"),
    ("observed", METRIC, "mean of their errors"),
    ("fitted", METRIC, "what the law says at these amounts, median"),
    ("low", METRIC, "low end of the law's 90% interval"),
    ("high", METRIC, "high end of the law's 90% interval"),
    ("residual", "log ratio", "log(observed / fitted); above 0 the run was worse than the law"),
)
PARAMETERS = (
    ("error at the largest pilot", "error", "expected error at the size of the largest pilot"),
    ("own exponent", "1", "slope of the term in the group's own examples, p"),
    ("floor fraction", "1", "irreducible error as a share of the error at the largest pilot"),
    ("total exponent", "1", "slope of the term in all examples, q"),
    ("own share", "1", "of the reducible error due to the group's own examples"),
)


def group_tables(study: GroupStudy) -> dict[str, Table]:
    """Every table of a study of groups by name; `columns` gives unit and meaning of each column."""
    inputs, plan = study.inputs, study.plan
    currency, metric = inputs.currency, inputs.target.metric

    def make(name: str, spec: Spec, rows: Sequence[Row], *more: Column) -> Table:
        return Table(name, (*columns(spec, currency, metric), *more), tuple(rows))

    named = [(source.name, source.unit) for source in inputs.sources]
    taken = [name for name, _, _ in FRONTIER]
    shares = tuple(
        Column(
            f"share of {name}",
            RATIO,
            "of the group in the training set: the composition; empty if out of reach",
        )
        for name in study.law.groups
    )
    bought = amount_columns(
        [*taken, *(c.name for c in shares)], named, "bought in the plan; empty if out of reach"
    )
    used = amount_columns([name for name, _, _ in PILOTS], named, "used in the runs")
    warnings: list[Row] = [("warning", text, None, None, None) for text in study.warnings]
    return with_columns(
        [
            make("summary", SUMMARY, summary_rows(study)),
            make("plan", PLAN, [plan_row(i, step) for i, step in enumerate(plan.steps, 1)]),
            make("costs", COSTS, cost_rows(plan)),
            make("groups", GROUPS, group_rows(study)),
            make(
                "frontier",
                FRONTIER,
                [_frontier_row(point, study) for point in study.frontier],
                *shares,
                *bought,
            ),
            make("verdict", VERDICT, group_verdict_rows(study)),
            make("law", LAW, law_rows(study)),
            make("pilots", PILOTS, pilot_rows(study), *used),
            make("assumptions", ASSUMPTIONS, [*assumption_rows(inputs), *_asked_rows(study)]),
            make("diagnosis", DIAGNOSIS, [_scales(study), *_findings(study), *warnings]),
        ]
    )


def group_rows(study: GroupStudy) -> list[Row]:
    """A row for each group, those that lag most first, then what is asked of all together."""
    shares = dict(study.inputs.groups.shares or {}) if study.inputs.groups else {}
    ranked = sorted(study.plan.groups, key=lambda each: (-(each.behind or 0.0), each.of))
    rows = [_group_row(study, each, shares.get(each.of)) for each in ranked]
    for each in study.plan.totals_:
        empty = (None,) * 9
        rows.append((each.of, "all", *_told(each), *empty))
    return rows


def _told(each: Outcome) -> Row:
    low, middle, high = each.error
    return (figure(each.target), *map(figure, (low, middle, high)), figure(each.probability))


def _group_row(study: GroupStudy, each: Outcome, population: float | None) -> Row:
    level = study.levelling.get(each.of)
    note = None
    if level is not None and level.cost is None:
        note = "levelling is out of reach within weeks and caps"
    return (
        each.of,
        "group",
        *_told(each),
        whole(each.examples),
        figure(each.share),
        figure(population),
        figure(each.worst),
        figure(each.behind),
        "no" if level is None else "yes",
        None if level is None else figure(level.level),
        None if level is None else money(level.cost),
        note,
    )


def _frontier_row(point: Eased, study: GroupStudy) -> Row:
    plan, groups, sources = point.plan, study.law.groups, study.inputs.sources
    if plan is None:
        empty = (None for _ in (*groups, *sources))
        return (figure(point.factor), None, None, None, UNTOLD, *empty)
    shares = {each.of: each.share for each in plan.groups}
    return (
        figure(point.factor),
        plan_cost(plan),
        figure(plan.weeks),
        figure(plan.probability),
        None,
        *(figure(shares[name]) for name in groups),
        *(whole(plan.amounts.get(source.name, 0.0)) for source in sources),
    )


def law_rows(study: GroupStudy) -> list[Row]:
    """Rows of the law table: parameters of every group, then what each source is worth."""
    law = study.law
    rows: list[Row] = []
    for g, name in enumerate(law.groups):
        for i, (parameter, unit, meaning) in enumerate(PARAMETERS):
            ends = _ends(law.theta[:, g, i], law.weights)
            rows.append((name, None, parameter, unit, *ends, meaning))
    for k, name in enumerate(law.sources):
        worth = f"effective examples ({law.reference}) per example"
        scale = f"{worth}, at {law.mix.scale[k]:,.0f} examples"
        values = _ends(law.mix.quality[:, k], law.weights)
        rows.append((None, name, "quality", "effective example/example", *values, scale))
        if law.mix.excess[:, k].any():
            values = _ends(law.mix.excess[:, k], law.weights)
            meaning = "error that this source adds if it were the only one"
            rows.append((None, name, "own floor", "error", *values, meaning))
    return rows


def _ends(values: np.ndarray, weights: np.ndarray) -> Row:
    found = (weighted_quantile(values[:, None], weights, q)[0] for q in (0.05, 0.5, 0.95))
    return tuple(figure(float(each)) for each in found)


def pilot_rows(study: GroupStudy) -> list[Row]:
    """Rows of the pilots table: each measured composition of a group beside what the law says."""
    names = [source.name for source in study.inputs.sources]
    return [
        (
            each.group,
            each.runs,
            *map(figure, (each.observed, each.fitted, each.low, each.high, each.residual)),
            *(figure(each.amounts.get(name, 0.0)) for name in names),
        )
        for each in study.law.pilots
    ]


def _asked_rows(study: GroupStudy) -> list[Row]:
    """Shares of the population and of each source, as the project gives them."""
    groups = study.inputs.groups
    assert groups is not None
    tables = [("population", groups.shares or {}), *groups.splits.items()]
    rows: list[Row] = []
    for scope, split in tables:
        for name, share in split.items():
            value = figure(share)
            label = f"share of group {name}"
            file = "project file"
            rows.append((scope, label, value, RATIO, value, value, "assumed", file, None, None))
    return rows


def _scales(study: GroupStudy) -> Row:
    """The verdict on all targets together, as a finding."""
    found = said(study.idea.verdict)
    sure = figure(found.probability)
    return (found.question, found.answer, sure, found.evidence, found.advice or None)


def _findings(study: GroupStudy) -> list[Row]:
    """Who lags, as a finding."""
    lagging = [each for each in study.plan.groups if each.of in study.levelling]
    if not lagging:
        text = "no group is surely above the population's mean error"
        return [("who lags at the plan", "nobody", None, text, None)]
    rows: list[Row] = []
    for each in sorted(lagging, key=lambda each: -each.error[1]):
        level = study.levelling[each.of]
        evidence = f"error {each.error[1]:.4g} against {level.level:.4g} of the population"
        advice = "no purchase on offer levels it: look for a source of its examples"
        if level.cost is not None:
            advice = f"{level.cost:,.2f} {study.inputs.currency} more would level it"
        rows.append(("who lags at the plan", each.of, figure(each.behind), evidence, advice))
    return rows
