"""Rows of the summary table: what was asked, what the plan costs and reaches, how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.modelled import model_facts
from planner.orders import path_facts
from planner.purchases import cents, parts, plan_cost, price_range
from planner.table import Fact, Row, figure, money

if TYPE_CHECKING:
    from planner.study import Study


def summary_rows(study: Study) -> list[Row]:
    """Rows of the summary table: what was asked, what the plan costs and reaches, how sure."""
    return [*_asked(study), *_chances(study), *_price(study), *_limits(study), *_otherwise(study)]


def _asked(study: Study) -> list[Fact]:
    """What the plan is for, and whether it gets there."""
    inputs, plan, target = study.inputs, study.plan, study.inputs.target
    metric = target.metric
    return [
        ("project", inputs.name, "", "name of the project"),
        (
            "reaches",
            "yes" if plan.reaches else "no",
            "",
            "whether probability is at least confidence",
        ),
        ("verdict", study.diagnosis.verdict.answer, "", "does this idea scale"),
        ("metric", metric, "", "what is to be brought down"),
        ("target", figure(target.error), metric, "error to reach"),
        ("confidence", figure(target.confidence), "probability", "wanted"),
    ]


def _chances(study: Study) -> list[Fact]:
    """How sure target, budget and weeks are."""
    plan = study.plan
    return [
        (
            "probability",
            figure(plan.probability),
            "probability",
            "that the plan reaches the target, on the draws of the law that it was made for",
        ),
        (
            "fresh_probability",
            figure(study.fresh[0]),
            "probability",
            "the same on the law's other draws, for which it was not made: the one to quote",
        ),
        ("fresh_error", figure(study.fresh[1]), "probability", "standard error of that"),
        (
            "on_budget",
            figure(study.risk.on_budget),
            "probability",
            "that the money spent, contingency aside, keeps the budget: prices lie in ranges",
        ),
        (
            "on_time",
            figure(study.risk.on_time),
            "probability",
            "that the last delivery keeps the weeks: speeds and lead times lie in ranges",
        ),
        (
            "met",
            figure(study.risk.met),
            "probability",
            "that target, budget and weeks are all kept, the target on fresh draws",
        ),
        (
            "kept",
            "yes" if study.kept else "no",
            "",
            "whether met is at least confidence, within two standard errors: exit code 0",
        ),
    ]


def _price(study: Study) -> list[Fact]:
    """The error that is predicted, what that costs and how long it takes."""
    inputs, plan = study.inputs, study.plan
    metric, currency = inputs.target.metric, inputs.currency
    low, middle, high = map(figure, plan.error)
    contingency = sum(parts(step)[2] for step in plan.steps)
    return [
        ("least", inputs.least, "", "what the plan makes as little as can be"),
        ("error_low", low, metric, "low end of the 90% interval of the predicted error"),
        ("error", middle, metric, "median of the predicted error"),
        ("error_high", high, metric, "high end of the 90% interval of the predicted error"),
        ("cost", plan_cost(plan), currency, "of the plan, contingency included"),
        (
            "cost_low",
            cents(price_range(s)[0] for s in plan.steps),
            currency,
            "every price at its low end",
        ),
        (
            "cost_high",
            cents(price_range(s)[1] for s in plan.steps),
            currency,
            "every price at its high end",
        ),
        ("contingency", money(contingency), currency, "part of the cost set aside"),
        (
            "used_in_hand",
            "; ".join(f"{n} {q:,.0f}" for n, q in plan.used_in_hand.items() if q) or None,
            "",
            "examples trained on that are owned already; empty if none",
        ),
        ("weeks", figure(plan.weeks), "week", "until the last delivery"),
    ]


def _limits(study: Study) -> list[Fact]:
    """What limits the plan, and how far a cheaper one could go."""
    inputs, plan, target = study.inputs, study.plan, study.inputs.target
    currency = inputs.currency
    return [
        ("budget", money(target.budget), currency, "most that may be spent; empty if not limited"),
        (
            "weeks_limit",
            None if inputs.least == "weeks" else figure(target.weeks),
            "week",
            "time there is; empty if not limited, or if the least is asked for",
        ),
        (
            "kept_within",
            figure(target.weeks) if inputs.least == "weeks" else None,
            "week",
            "fewest weeks kept, slow deliveries counted, at the confidence; empty unless asked for",
        ),
        (
            "bound",
            money(plan.bound),
            currency,
            "no legal plan costs less; empty if nothing was proven",
        ),
        (
            "gap",
            figure(plan.gap),
            "ratio",
            "most that a cheaper plan could save; empty if unproven",
        ),
        (
            "binding",
            "; ".join(plan.binding) or None,
            "",
            "what would have to give; empty if nothing",
        ),
    ]


def _otherwise(study: Study) -> list[Fact]:
    """What the best guess, rounds and other models come to, and what the law rests on."""
    path, guess, currency = study.path, study.best_guess, study.inputs.currency
    return [
        (
            "best_guess_cost",
            None if guess is None else plan_cost(guess),
            currency,
            "of a plan made for the best-fitting law alone; empty if that law has none",
        ),
        (
            "best_guess_probability",
            figure(study.best_guess_probability),
            "probability",
            "that the best-guess plan would have reached the target; empty if there is none",
        ),
        ("rounds", len(path.rounds), "round", "most rounds of buying and measuring"),
        (
            "expected_cost",
            money(path.expected_cost),
            currency,
            "of buying in rounds, stopping early",
        ),
        ("one_shot_cost", money(path.one_shot_cost), currency, "of buying everything at once"),
        *path_facts(path, currency),
        *model_facts(study.models, study.best_guess_of, currency),
        ("reference", study.law.reference, "", "source in whose examples effective examples count"),
        (
            "weak_prior",
            "yes" if study.law.weak_prior else "no",
            "",
            "too few pilots: priors decide",
        ),
    ]
