"""A plan from the amounts that were chosen, every figure computed afresh from sources and law."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from planner.clock import Clock
from planner.fitted import weighted_quantile
from planner.laws import LARGEST_SIZE, SMALLEST_SIZE, Array
from planner.market import PARTS, Amounts, Market, whole
from planner.plan import Plan, Step, Target
from sources.base import Source

SHORT = 0.005  # of a limit: a search that stops this close to it has run into it


def settled(
    market: Market, target: Target, amounts: Amounts, clock: Clock | None = None
) -> Amounts:
    """The same purchases with that use of the data in hand that leaves the least error at the
    wanted confidence; all of it where leaving some out does not help. What the clock leaves no time
    for stays as it is."""
    clock = clock or Clock()
    optional = [s for s in market.sources if market.optional(s)]
    if not optional or clock.over():
        return amounts
    used, sums = amounts.used, _Sums(market, amounts.total)
    for source in optional * 2:  # a second look, since each use depends on the others
        if clock.over():
            break
        column = market.column(source)
        parts = np.append(whole(0.0, source.in_hand, PARTS), used[column])
        rows = np.tile(used, (len(parts), 1))
        rows[:, column] = parts
        totals = amounts.bought + rows
        allowed = market.rules.allowed(totals, np.broadcast_to(amounts.bought, totals.shape))
        if not allowed.any():
            continue
        rows, parts, totals = rows[allowed], parts[allowed], totals[allowed]
        errors = sums.errors(column, totals)
        reached = weighted_quantile(errors, market.law.weights, target.confidence)
        best = int(np.lexsort([-parts, reached])[0])
        if rows[best, column] != used[column]:
            used = rows[best]
            sums.put(column, totals[best])
    return replace(amounts, used=used)


class _Sums:
    """What each labelled source brings in, so that one of them may change at little work."""

    def __init__(self, market: Market, total: Array) -> None:
        self.law, self.total = market.law, total
        self.place = {int(column): k for k, column in enumerate(self.law.labels)}
        self.parts = np.stack(
            [
                self.law.mix.contribution(k, total[c, None, None])[:, 0]
                for c, k in self.place.items()
            ]
        )

    def put(self, column: int, total: Array) -> None:
        """Other totals (sources,) that differ in one column."""
        self.total = total
        if column in self.place:
            k = self.place[column]
            self.parts[k] = self.law.mix.contribution(k, total[column, None, None])[:, 0]

    def errors(self, column: int, totals: Array) -> Array:
        """Errors (draws, rows) of totals (rows, sources) that differ from those in one column."""
        law, mix = self.law, self.law.mix
        size, own = self.parts.sum(axis=0), np.einsum("kd,dk->d", self.parts, mix.excess)
        sizes, owns = size[:, None], own[:, None]
        if column in self.place:
            k = self.place[column]
            part = mix.contribution(k, totals[None, :, column])
            rest = np.delete(self.parts, k, axis=0)
            sizes = rest.sum(axis=0)[:, None] + part
            least = np.einsum("kd,dk->d", rest, np.delete(mix.excess, k, axis=1))
            owns = least[:, None] + part * mix.excess[:, k : k + 1]
        tilt = owns / np.maximum(sizes, SMALLEST_SIZE)
        whole_size = law.with_text(
            np.broadcast_to(sizes, (len(sizes), len(totals))), totals[:, law.texts]
        )
        floor, part = law.curve(np.maximum(whole_size, SMALLEST_SIZE))
        error = floor + tilt + part
        return error if law.anchor.worst is None else np.minimum(error, law.anchor.worst)


def reach(market: Market, target: Target, totals: Array) -> Array:
    """Error (rows,) that totals (rows, sources of the law) reach at the wanted confidence."""
    law = market.law
    return weighted_quantile(law.errors(totals), law.weights, target.confidence)


def describe(
    market: Market,
    target: Target,
    amounts: Amounts,
    bound: float | None,
    clock: Clock | None = None,
) -> Plan:
    """A plan with every figure computed afresh from sources and law; `settled` as time allows."""
    law, given = market.law, amounts
    amounts = settled(market, target, given, clock)
    total = amounts.total[None]
    errors = law.errors(total)
    probability = float(np.round(law.weights @ (errors[:, 0] <= target.error), 12))
    if amounts is not given and probability < target.confidence:
        before = law.errors(given.total[None])
        chance = float(np.round(law.weights @ (before[:, 0] <= target.error), 12))
        if chance > probability:  # uses differ by less than rounding
            amounts, total, errors, probability = given, given.total[None], before, chance
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
        source.limits.limit_name(target.weeks)
        if quantity + source.limits.batch > most * (1 - SHORT)
        else ""
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
    spare = plan.target.budget - plan.cost
    if plan.reaches and math.isfinite(plan.target.budget) and spare < SHORT * plan.target.budget:
        found.append("budget")
    if not plan.reaches:
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
