"""A plan from the amounts that were chosen, every figure computed afresh from sources and law."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from planner.fitted import weighted_quantile
from planner.laws import Array
from planner.market import HUGE, Market, in_hand
from planner.plan import Plan, Step, Target
from sources.base import Source


def describe(market: Market, target: Target, amounts: Array, bound: float | None) -> Plan:
    """A plan with every figure computed afresh from sources and law."""
    law, owned = market.law, in_hand(market)
    total = (amounts + owned)[None]
    errors = law.errors(total)
    probability = float(np.round(law.weights @ (errors[:, 0] <= target.error), 12))
    low, middle, high = (
        float(weighted_quantile(errors, law.weights, q)[0]) for q in (0.05, 0.5, 0.95)
    )
    size = law.effective(np.where(np.array(law.is_text), 0.0, total))
    steps = []
    for source in market.sources:
        quantity = float(amounts[market.column(source)])
        if quantity > 0:
            steps.append(_step(market, source, quantity, total, size, target))
    steps.sort(key=lambda step: (step.start_week, -step.total, step.source.name))
    # the same comparison everywhere: a plan reaches if its probability is at least the confidence
    reaches = probability >= target.confidence
    plan = Plan(target, tuple(steps), reaches, probability, (low, middle, high), bound, ())
    return replace(plan, binding=_binding(market, plan))


def _step(
    market: Market, source: Source, quantity: float, total: Array, size: Array, target: Target
) -> Step:
    law, column = market.law, market.column(source)
    cost, fees = float(source.cost(quantity)), source.fees()
    low, high = source.cost_range(quantity)
    part = share = None
    if source.role == "labels":
        own = law.contribution(column, total[:, column])
        part = float(weighted_quantile(own, law.weights, 0.5)[0])
        share = float(weighted_quantile(own / size, law.weights, 0.5)[0])
    most = source.limits.available(target.weeks)
    binding = (
        source.limits.limit_name(target.weeks) if quantity + source.limits.batch > most else ""
    )
    factor = 1 + market.contingency
    return Step(
        source=source,
        quantity=quantity,
        fees=fees,
        variable=cost - fees,
        contingency=cost * market.contingency,
        low=low * factor,
        high=high * factor,
        effective_examples=part,
        share=share,
        start_week=source.limits.lead_weeks,
        weeks=source.limits.weeks(quantity),
        binding=binding,
    )


def _binding(market: Market, plan: Plan) -> tuple[str, ...]:
    """Limits that the plan runs into, in plain words."""
    found = [f"{step.source.name}: {step.binding}" for step in plan.steps if step.binding]
    bought = {step.source.name for step in plan.steps}
    for source in market.sources:
        if source.name not in bought and source.limits.available(plan.target.weeks) == 0:
            limit = source.limits.limit_name(plan.target.weeks)
            found.append(f"{source.name}: nothing can be had ({limit})")
    if not plan.reaches:
        spare = plan.target.budget - plan.cost
        cheapest_more = min(
            (float(market.price(s, np.array(s.limits.smallest))) for s in market.labels),
            default=math.inf,
        )
        if math.isfinite(plan.target.budget) and spare < max(
            cheapest_more, 0.01 * plan.target.budget
        ):
            found.append("budget")
        floor, _ = market.law.curve(np.full((len(market.law.weights), 1), HUGE))
        if float(market.law.weights @ (floor[:, 0] <= plan.target.error)) < plan.target.confidence:
            found.append("floor: more data of this sort may not reach the target at all")
    return tuple(found)
