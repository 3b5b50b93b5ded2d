"""A plan from the amounts that were chosen, every figure computed afresh from sources and law."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from planner.fitted import weighted_quantile
from planner.laws import LARGEST_SIZE, Array
from planner.market import PARTS, Amounts, Market, whole
from planner.plan import Plan, Step, Target
from sources.base import Source


def settled(market: Market, target: Target, amounts: Amounts) -> Amounts:
    """The same purchases with that use of the data in hand that leaves the least error at the
    wanted confidence; all of it where leaving some out does not help."""
    optional = [s for s in market.sources if market.optional(s)]
    used = amounts.used
    for source in optional * 2:  # a second look, since each use depends on the others
        column = market.column(source)
        parts = np.append(whole(0.0, source.in_hand, PARTS), used[column])
        rows = np.tile(used, (len(parts), 1))
        rows[:, column] = parts
        totals = amounts.bought + rows
        allowed = market.rules.allowed(totals, np.broadcast_to(amounts.bought, totals.shape))
        if not allowed.any():
            continue
        rows, parts = rows[allowed], parts[allowed]
        reached = reach(market, target, amounts.bought + rows)
        used = rows[np.lexsort([-parts, reached])[0]]
    return replace(amounts, used=used)


def reach(market: Market, target: Target, totals: Array) -> Array:
    """Error (rows,) that totals (rows, sources of the law) reach at the wanted confidence."""
    law = market.law
    return weighted_quantile(law.errors(totals), law.weights, target.confidence)


def describe(market: Market, target: Target, amounts: Amounts, bound: float | None) -> Plan:
    """A plan with every figure computed afresh from sources and law."""
    law = market.law
    amounts = settled(market, target, amounts)
    total = amounts.total[None]
    errors = law.errors(total)
    probability = float(np.round(law.weights @ (errors[:, 0] <= target.error), 12))
    low, middle, high = (
        float(weighted_quantile(errors, law.weights, q)[0]) for q in (0.05, 0.5, 0.95)
    )
    size = law.effective(np.where(np.array(law.is_text), 0.0, total))
    steps = []
    for source in market.sources:
        quantity = float(amounts.bought[market.column(source)])
        if quantity > 0:
            steps.append(_step(market, source, quantity, total, size, target))
    steps.sort(key=lambda step: (step.start_week, -step.total, step.source.name))
    # the same comparison everywhere: a plan reaches if its probability is at least the confidence
    reaches = probability >= target.confidence
    used = {s.name: float(amounts.used[market.column(s)]) for s in market.sources if s.in_hand}
    plan = Plan(target, tuple(steps), reaches, probability, (low, middle, high), bound, (), used)
    return replace(plan, binding=_binding(market, plan))


def _step(
    market: Market, source: Source, quantity: float, total: Array, size: Array, target: Target
) -> Step:
    law, column = market.law, market.column(source)
    cost, variable = float(source.cost(quantity)), float(source.work(quantity))
    low, high = source.cost_range(quantity)
    part = share = None
    if source.role == "labels":
        own = law.contribution(column, total[:, column])
        added = own - law.contribution(column, total[:, column] - quantity)
        part = float(weighted_quantile(added, law.weights, 0.5)[0])
        share = float(weighted_quantile(own / size, law.weights, 0.5)[0])
    most = source.limits.available(target.weeks)
    binding = (
        source.limits.limit_name(target.weeks) if quantity + source.limits.batch > most else ""
    )
    factor = 1 + market.contingency
    return Step(
        source=source,
        quantity=quantity,
        fees=cost - variable,
        variable=variable,
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
        if _floored(market, plan.target):
            found.append("floor: more data of this sort may not reach the target at all")
    return tuple(found)


def _floored(market: Market, target: Target) -> bool:
    """Whether data without end of all these sources would miss the target too often."""
    law = market.law
    floor, part = law.curve(np.full((len(law.weights), 1), LARGEST_SIZE))
    own = [law.excess(market.column(source)) for source in market.labels]
    least = floor[:, 0] + part[:, 0] + (np.min(own, axis=0) if own else 0.0)
    return float(np.round(law.weights @ (least <= target.error), 12)) < target.confidence
