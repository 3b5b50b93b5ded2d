"""Sources + law + target -> the cheapest plan, its frontier, and the least error within limits.

The legal purchases of each source are listed (whole batches, minimum orders, what arrives in time),
exactly where there are few, else on a grid that is refined around the best choice until neighbours
are one batch apart. search.py finds the cheapest choice on the lists. A plan's cost and probability
are then computed afresh from the sources and the law, never taken from the search.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.bill import describe
from planner.fitted import FittedLaw, weighted_quantile
from planner.judge import Judge
from planner.laws import Array
from planner.market import (
    Market,
    between,
    in_hand,
    law_text,
    market_of,
    options_of,
    quantities,
    text_levels,
)
from planner.plan import Plan, Target
from planner.search import Options, Outcome, cheapest
from sources.base import Source

ZOOM = 24  # points per source when refining around the best choice
SMALL = 30_000  # choices up to which the branch and bound may run to its end
SMALL_BOXES = 20_000
BOXES = 96  # boxes where it cannot hope to: the local search decides, the boxes give a bound
TOLERANCE, ROUGH = 1.0001, 1.003  # of the least error within limits: small markets, large ones


def cheapest_plan(
    sources: Sequence[Source],
    law: FittedLaw,
    target: Target,
    *,
    contingency: float = 0.0,
    prove: bool = True,
) -> Plan:
    """The cheapest legal purchases with P(error <= target.error) >= target.confidence.

    contingency [ratio] is added to every cost and counts against the budget. prove: also compute a
    lower bound on the cost of any legal plan (text in the few amounts that are tried). If no plan
    meets target, budget and weeks at once, the plan returned has `reaches` False and brings the
    error down as far as the limits allow at that confidence. Raises InputError if a source is not a
    column of the law.
    """
    market = market_of(sources, law, contingency)
    found = _solve(market, target, prove=prove)
    if found.amounts is None:
        return least_error_plan(sources, law, target, contingency=contingency)
    return describe(market, target, found.amounts, found.bound if prove else None)


def least_error_plan(
    sources: Sequence[Source], law: FittedLaw, target: Target, *, contingency: float = 0.0
) -> Plan:
    """The plan whose error at the wanted confidence is least within budget and weeks.

    The least error is found by bisection, to 0.01% where choices are few and else to 0.3%; the
    cheapest plan that reaches it is returned.
    """
    market = market_of(sources, law, contingency)
    best, owned = np.zeros(len(law.sources)), in_hand(market)

    def reached(amounts: Array) -> float:
        errors = law.errors((amounts + owned)[None])
        return float(weighted_quantile(errors, law.weights, target.confidence)[0])

    high = reached(best)
    low = min(_least_conceivable(market, target), high)
    fine = math.prod(len(quantities(market, s, target)) for s in market.labels) <= SMALL
    tolerance = TOLERANCE if fine else ROUGH
    while high / low > tolerance:
        middle = math.sqrt(low * high)
        aim = replace(target, error=middle)
        found = _solve(market, aim, warm=[best])
        if found.amounts is None:
            low = middle
        else:
            best, high = found.amounts, min(middle, reached(found.amounts))
    return describe(market, target, best, None)


def _least_conceivable(market: Market, target: Target) -> float:
    """Error that no purchase undercuts at the confidence: all of everything, no own floors."""
    law, size = market.law, np.zeros((len(market.law.weights), 1))
    for source in market.labels:
        most = np.array([quantities(market, source, target)[-1] + source.in_hand])
        size = size + law.contribution(market.column(source), most)
    least = []
    for text, _ in text_levels(market, target):
        floor, part = law.curve(law.with_text(size, law_text(market, text)))
        least.append(floor + part)
    return float(weighted_quantile(np.min(least, axis=0), law.weights, target.confidence)[0])


def frontier(
    sources: Sequence[Source],
    law: FittedLaw,
    target: Target,
    errors: Sequence[float],
    *,
    contingency: float = 0.0,
) -> tuple[Plan | None, ...]:
    """Cheapest plan for each of `errors` at the target's confidence, budget and weeks; None where
    no legal plan reaches it."""
    market = market_of(sources, law, contingency)
    plans: dict[float, Plan | None] = {}
    warm: list[Array] = []
    # hardest first: what meets a hard target meets an easier one, so cost never falls
    for error in sorted({float(e) for e in errors}):
        aim = replace(target, error=error)
        found = _solve(market, aim, warm=warm)
        if found.amounts is not None:
            warm = [found.amounts]
        plans[error] = None if found.amounts is None else describe(market, aim, found.amounts, None)
    return tuple(plans[float(error)] for error in errors)


@dataclass(frozen=True)
class Found:
    """Amounts bought (sources of the law,), their cost [currency] and a proven bound; amounts None
    where nothing was found that meets the target (bound inf: proven that nothing does)."""

    amounts: Array | None
    cost: float
    bound: float


def _solve(
    market: Market, target: Target, *, warm: Sequence[Array] = (), prove: bool = False
) -> Found:
    """The cheapest purchases that meet the target; `warm` are amounts worth trying first."""
    best = Found(None, math.inf, math.inf)
    bounds = []
    for text, text_cost in text_levels(market, target):
        left = min(target.budget, best.cost * (1 - 1e-9)) - text_cost
        if left < 0:
            bounds.append(math.inf)
            continue
        used = law_text(market, text)
        if not prove and text_cost > 0 and not _helps(market, target, best.amounts, used):
            continue
        lists = [quantities(market, s, replace(target, budget=left)) for s in market.labels]
        judge = Judge(market.law, target.error, used, _largest(market, lists))
        few = math.prod(map(len, lists)) <= SMALL
        boxes = SMALL_BOXES if few else BOXES if prove else 0
        starts = [_nearest(market, lists, amounts) for amounts in warm]
        aim = Aim(judge, target.confidence, boxes)
        chosen, outcome, lists = _refine(market, lists, aim, left, starts)
        if outcome.choice is not None and outcome.cost + text_cost < best.cost:
            amounts = np.zeros(len(market.law.sources))
            for source, quantity in zip(market.labels, chosen, strict=True):
                amounts[market.column(source)] = quantity
            for source, quantity in zip(market.texts, text, strict=True):
                amounts[market.column(source)] = quantity
            best = Found(amounts, outcome.cost + text_cost, math.inf)
        if prove:
            ceiling = min(target.budget, best.cost) - text_cost
            bounds.append(text_cost + _bound(market, lists, aim, ceiling))
    return replace(best, bound=min([best.cost, *bounds]) if prove else 0.0)


def _helps(market: Market, target: Target, amounts: Array | None, text: Array) -> bool:
    """Whether text makes the target likelier beside the labels found without it; a quick look that
    spares a search where the pilots say that text does nothing."""
    if amounts is None:
        return True
    total = (amounts + in_hand(market))[None]
    without = market.law.probability(target.error, total)
    total[0, market.law.texts] = text[0]
    return bool(market.law.probability(target.error, total) > without)


def _largest(market: Market, lists: list[Array]) -> float:
    """Largest labelled size [effective example] that the lists can make, in any draw."""
    total = 0.0
    for source, quantity in zip(market.labels, lists, strict=True):
        most = market.law.contribution(market.column(source), quantity[-1:] + source.in_hand)
        total += float(most.max())
    return total


def _nearest(market: Market, lists: list[Array], amounts: Array) -> tuple[int, ...]:
    """Options at or above the given amounts (sources of the law,)."""
    return tuple(
        int(min(np.searchsorted(quantity, amounts[market.column(source)]), len(quantity) - 1))
        for source, quantity in zip(market.labels, lists, strict=True)
    )


@dataclass(frozen=True)
class Aim:
    """What a search must meet, and how many boxes it may spend on proving its answer."""

    judge: Judge
    confidence: float
    boxes: int

    def cheapest(
        self, options: list[Options], ceiling: float, starts: Sequence[tuple[int, ...]] = ()
    ) -> Outcome:
        """Cheapest choice of options at a cost of at most `ceiling` [currency]."""
        return cheapest(
            options, self.judge, self.confidence, ceiling, most_boxes=self.boxes, starts=starts
        )


def _refine(
    market: Market,
    lists: list[Array],
    aim: Aim,
    ceiling: float,
    starts: list[tuple[int, ...]],
) -> tuple[list[float], Outcome, list[Array]]:
    """Search the lists, then ever finer lists around the best choice, down to single batches.

    Returns the quantities chosen, the outcome, and all that was listed: so fine near the best
    choice that a bound on what lies between is tight there.
    """
    outcome = aim.cheapest(options_of(market, lists), ceiling, starts)
    if outcome.choice is None:
        return [], outcome, lists
    chosen = [float(q[i]) for q, i in zip(lists, outcome.choice, strict=True)]
    listed = lists
    for _ in range(12):
        zoomed = [_zoom(s, q, v) for s, q, v in zip(market.labels, lists, chosen, strict=True)]
        if not any(finer for _, finer in zoomed):
            break
        lists = [quantity for quantity, _ in zoomed]
        listed = [np.union1d(all_, near) for all_, near in zip(listed, lists, strict=True)]
        start = tuple(int(np.searchsorted(q, v)) for q, v in zip(lists, chosen, strict=True))
        again = aim.cheapest(options_of(market, lists), outcome.cost, [start])
        if again.choice is None:
            break
        chosen = [float(q[i]) for q, i in zip(lists, again.choice, strict=True)]
        outcome = again
    return chosen, outcome, listed


def _zoom(source: Source, quantity: Array, value: float) -> tuple[Array, bool]:
    """Finer list around `value` between its neighbours; whether it is finer at all."""
    if value == 0:
        return quantity[:2] if len(quantity) > 1 else quantity, False
    at = int(np.searchsorted(quantity, value))
    low = quantity[at - 1] if at > 1 else value
    high = quantity[min(at + 1, len(quantity) - 1)]
    near = between(source, low, high, ZOOM, ZOOM)
    grid = np.unique(np.concatenate([[0.0], near, [value]]))
    return grid, not set(grid) <= set(quantity)


def _bound(market: Market, lists: list[Array], aim: Aim, ceiling: float) -> float:
    """Lower bound on the cost [currency] of any legal purchase, between the listed ones too.

    Each option is priced as the cheapest purchase above the option before it, so the relaxed search
    undercuts every legal plan.
    """
    options = []
    for source, option in zip(market.labels, options_of(market, lists), strict=True):
        before = np.concatenate([[0.0], option.quantity[:-1]])
        first = np.where(before > 0, before + source.limits.batch, source.limits.smallest)
        priced = market.price(source, np.minimum(first, option.quantity))
        options.append(replace(option, cost=np.where(option.quantity > 0, priced, 0.0)))
    return aim.cheapest(options, ceiling).bound
