"""Rows of the summary of a study of groups: what was asked, what the plan costs and reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.columns import WEEK
from planner.purchases import cents, parts, plan_cost, price_range
from planner.table import Fact, Row, figure, money

CHANCE = "probability"

if TYPE_CHECKING:
    from planner.group_study import GroupStudy


def summary_rows(study: GroupStudy) -> list[Row]:
    """Rows of the summary table: what was asked, what the plan costs and reaches, how sure."""
    inputs, plan, risk = study.inputs, study.plan, study.risk
    targets, currency, metric = plan.targets, inputs.currency, inputs.target.metric
    assert targets is not None
    rows: list[Fact] = [
        ("project", inputs.name, "", "name of the project"),
        (
            "reaches",
            "yes" if plan.reaches else "no",
            "",
            "whether all targets are met surely enough",
        ),
        (
            "verdict",
            study.idea.verdict.answer,
            "",
            "does this idea scale, for all targets together",
        ),
        ("metric", metric, "", "what is to be brought down"),
        ("target", figure(targets.overall), metric, "of the overall error; empty if not asked"),
        ("worst_group", figure(targets.worst), metric, "no group worse than; empty if not asked"),
        ("max_gap", figure(targets.gap), metric, "gap between groups; empty if not asked"),
    ]
    rows += [
        (f"target of {name}", figure(error), metric, "of the group's own error")
        for name, error in targets.groups.items()
    ]
    low, middle, high = plan.error
    of = "the population's mean error" if study.law.shares is not None else "the worst group's"
    rows += [
        ("confidence", figure(targets.confidence), CHANCE, "wanted, for all targets together"),
        ("probability", figure(plan.probability), CHANCE, "that the plan meets all targets"),
        ("fresh_probability", figure(study.fresh[0]), CHANCE, "the same on fresh draws of the law"),
        ("fresh_error", figure(study.fresh[1]), CHANCE, "standard error of that"),
        ("on_budget", figure(risk.on_budget), CHANCE, "that the money spent keeps the budget"),
        ("on_time", figure(risk.on_time), CHANCE, "that the last delivery keeps the weeks"),
        ("met", figure(risk.met), CHANCE, "that targets, budget and weeks are all kept"),
        (
            "kept",
            "yes" if study.kept else "no",
            "",
            "whether met is as sure as wanted, within two standard errors of fresh draws",
        ),
        ("error_low", figure(low), metric, f"low end of the 90% interval of {of}"),
        ("error", figure(middle), metric, f"median of {of}"),
        ("error_high", figure(high), metric, f"high end of the 90% interval of {of}"),
        ("cost", plan_cost(plan), currency, "of the plan, contingency included"),
        ("cost_low", cents(price_range(s)[0] for s in plan.steps), currency, "at low prices"),
        ("cost_high", cents(price_range(s)[1] for s in plan.steps), currency, "at high prices"),
        (
            "contingency",
            money(sum(parts(step)[2] for step in plan.steps)),
            currency,
            "part of the cost set aside",
        ),
        (
            "used_in_hand",
            "; ".join(f"{n} {q:,.0f}" for n, q in plan.used_in_hand.items() if q) or None,
            "",
            "examples trained on that are owned already; empty if none",
        ),
        ("weeks", figure(plan.weeks), WEEK, "until the last delivery"),
        ("budget", money(targets.budget), currency, "most to be spent; empty if not limited"),
        ("weeks_limit", figure(targets.weeks), WEEK, "time there is; empty if not limited"),
        ("bound", money(plan.bound), currency, "no legal plan costs less; empty if not proven"),
        (
            "binding",
            "; ".join(plan.binding) or None,
            "",
            "what would have to give; empty if nothing",
        ),
        ("lags", ", ".join(study.levelling) or None, "", "groups that lag; empty if none does"),
        ("reference", study.law.reference, "", "source in whose examples effective ones count"),
    ]
    return list(rows)
