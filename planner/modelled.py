"""Rows of the models table, and a study's plans with what the chosen model costs beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from planner.columns import CURRENCY, EXAMPLE, Spec
from planner.plan import Plan
from planner.table import Fact, Row, cent, figure, money, whole
from planner.tried import Beside, Part, Tried

if TYPE_CHECKING:
    from planner.study import Study

AS_THEY_ARE = "purchases as they are; empty if never, or if the target is out of its reach"
MODELS: Spec = (
    ("model", "", "candidate, as named in the project; the chosen one first"),
    ("params", "parameter", "size; empty if not given"),
    ("law", "", "where its law comes from"),
    ("data_cost", CURRENCY, "of what is bought, contingency included"),
    (
        "training_cost",
        CURRENCY,
        "of all runs on what is bought and in hand, fixed cost and fees too; contingency included",
    ),
    ("serving_cost", CURRENCY, "of all predictions over the life, contingency included"),
    ("total", CURRENCY, "data_cost + training_cost + serving_cost"),
    ("low", CURRENCY, "total if every price is at the low end of its range"),
    ("high", CURRENCY, "total if every price is at the high end of its range"),
    ("examples", EXAMPLE, "labelled ones trained on, data in hand included"),
    (
        "probability",
        "probability",
        "that the plan reaches the target, on the draws of the law that it was made for",
    ),
    (
        "fresh_probability",
        "probability",
        "the same on the law's other draws, for which it was not made: the one to quote",
    ),
    ("weeks", "week", "until the last delivery"),
    ("chosen", "", "yes or no"),
    ("why_not", "", "why another model is chosen; empty for the chosen one"),
    (
        "flip_predictions",
        "prediction",
        f"over the life, at which it costs as much as the chosen model, {AS_THEY_ARE}",
    ),
    ("flip_training", "ratio", f"factor on all prices of training at which so, {AS_THEY_ARE}"),
    ("flip_data", "ratio", f"factor on all prices of data at which so, {AS_THEY_ARE}"),
    ("provenance", "", "the weakest origin among what it costs to train and serve; empty if free"),
)


def model_rows(models: tuple[Tried, ...]) -> list[Row]:
    """A row for each candidate; parts are rounded to the cent and summed afterwards."""
    return [_row(each) for each in models]


def _row(each: Tried) -> Row:
    model, parts = each.model, (each.data, each.training, each.serving)
    costs = [cent(part.base) for part in parts]
    total = cent(sum(costs))
    low, high = (cent(sum(_end(part, at) for part in parts)) for at in ("low", "high"))
    return (
        model.name,
        figure(model.params),
        each.how,
        *costs,
        total,
        min(low, total),
        max(high, total),
        whole(each.examples),
        figure(each.plan.probability),
        figure(each.fresh),
        figure(each.plan.weeks),
        "yes" if each.chosen else "no",
        each.why_not or None,
        figure(each.flip.predictions),
        figure(each.flip.training),
        figure(each.flip.data),
        model.provenance,
    )


def _end(part: Part, at: str) -> float:
    return float(getattr(part, at))


def model_facts(models: tuple[Tried, ...], guess: Beside | None, currency: str) -> list[Fact]:
    """Rows of the summary where a project has candidate models; `guess`: that of the best guess."""
    if not models:
        return []
    overhead = models[0].overhead
    beside = "of the cost, for the model beside the purchases: runs, data in hand, fees, serving"
    return [
        ("model", models[0].model.name, "", "the candidate model that is chosen"),
        ("model_cost", money(overhead.total if overhead else 0.0), currency, beside),
        (
            "best_guess_model",
            guess.model if guess else None,
            "",
            "candidate model of the best-guess plan; empty if there is none",
        ),
    ]


def whole_study(study: Study) -> Study:
    """The study with what their model costs beside the purchases as an item of its plans. The path
    is of purchases alone, and stays."""
    if not study.models:
        return study
    first, budget = study.models[0], study.inputs.target.budget

    def whole(plan: Plan | None, of: Beside | None) -> Plan | None:
        return None if plan is None else _with(plan, of, budget)

    return replace(
        study,
        plan=_with(study.plan, Beside(first.model.name, first.overhead), budget),
        frontier=tuple(replace(p, plan=whole(p.plan, p.of)) for p in study.frontier),
        surer=tuple(replace(p, plan=whole(p.plan, p.of)) for p in study.surer),
        best_guess=whole(study.best_guess, study.best_guess_of),
    )


def _with(plan: Plan, of: Beside | None, budget: float) -> Plan:
    """The plan with what its model costs as an item, held against the project's own budget."""
    if of is None or of.overhead is None:
        return plan
    bound = None if plan.bound is None else plan.bound + of.overhead.total
    aim = replace(plan.target, budget=budget)
    return replace(plan, target=aim, steps=(*plan.steps, of.overhead), bound=bound)
