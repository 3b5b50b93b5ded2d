"""Sources + law + target -> the cheapest plan, its frontier, and the least error within limits.

The legal purchases of each source are listed (whole batches, minimum orders, what arrives in time),
exactly where there are few, else on a grid that is refined around the best choice until neighbours
are one batch apart. search.py finds the cheapest choice on the lists. A plan's cost and probability
are then computed afresh from the sources and the law, never taken from the search.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from planner.asked import rules_that_bind
from planner.bill import describe, reach, settled
from planner.clock import Clock
from planner.fitted import FittedLaw, weighted_quantile
from planner.hunt import BRANCHES, solve
from planner.judge import favourable
from planner.market import (
    Amounts,
    Market,
    in_hand,
    market_of,
    most_to_be_had,
    supplies,
    text_cells,
)
from planner.plan import Plan, Target
from planner.zoom import few
from sources.base import Source

TOLERANCE, ROUGH = 1.0001, 1.003  # of the least error within limits: small markets, large ones


def cheapest_plan(
    sources: Sequence[Source],
    law: FittedLaw,
    target: Target,
    *,
    contingency: float = 0.0,
    prove: bool = True,
    seconds: float | None = None,
) -> Plan:
    """The cheapest legal purchases with P(error <= target.error) >= target.confidence.

    contingency [ratio] is added to every cost and counts against the budget. Data in hand costs
    nothing and is used where it helps. prove: also compute a lower bound on the cost of any legal
    plan, None where several texts make too many cases. If no plan meets target, budget and weeks at
    once, the plan returned has `reaches` False and brings the error down as far as the limits allow
    at that confidence. seconds [s]: a limit on the time, after which the best plan found is
    returned with what is proven by then. Raises InputError if a source is not a column of the law.
    """
    clock = Clock(seconds)
    market = market_of(sources, law, contingency, seconds)
    found = solve(market, target, prove=prove, clock=clock)
    if found.amounts is None:
        return rules_that_bind(market, _least_error(market, target, clock), clock)
    plan = describe(market, target, found.amounts, found.bound if prove else None)
    return rules_that_bind(market, plan, clock)


def least_error_plan(
    sources: Sequence[Source],
    law: FittedLaw,
    target: Target,
    *,
    contingency: float = 0.0,
    seconds: float | None = None,
) -> Plan:
    """The plan whose error at the wanted confidence is least within budget and weeks.

    The least error is found by bisection, to 0.01% where choices are few and else to 0.3%; with
    text, whose amounts are tried one by one, it may lie a per cent lower. The cheapest plan that
    reaches it is returned. seconds [s]: a limit on the time.
    """
    return _least_error(market_of(sources, law, contingency, seconds), target, Clock(seconds))


def _least_error(market: Market, target: Target, clock: Clock) -> Plan:
    nothing, owned = np.zeros(len(market.law.sources)), in_hand(market)
    if not market.rules.allowed(owned[None], nothing[None])[0]:
        owned = nothing
    best = settled(market, target, Amounts(nothing, owned))
    high = float(reach(market, target, best.total[None])[0])
    low = min(_least_conceivable(market, target), high)
    fine = few([supplies(market, s, target) for s in market.labels])
    tolerance = TOLERANCE if fine else ROUGH
    while high / low > tolerance and not clock.over():
        middle = math.sqrt(low * high)
        found = solve(market, replace(target, error=middle), warm=[best], clock=clock, branches=1)
        if found.amounts is None:
            low = middle
        else:
            best = settled(market, target, found.amounts)
            high = min(middle, float(reach(market, target, best.total[None])[0]))
    return describe(market, target, best, None)


def _least_conceivable(market: Market, target: Target) -> float:
    """Error that no purchase undercuts at the confidence: all of everything, no own floors, and of
    each text the amount that is best in each draw."""
    law, size = market.law, np.zeros((len(market.law.weights), 1))
    for source in market.labels:
        most = np.array([most_to_be_had(market, source, target) + source.in_hand])
        size = size + law.contribution(market.column(source), most)
    least = None
    for cell in text_cells(market, target, {}):
        kind = favourable(law, cell.low, cell.high)
        errors = np.add(*kind.curve(kind.with_text(size, cell.used)))
        least = errors if least is None else np.minimum(least, errors)
    assert least is not None  # no text at all is always among the cells
    return float(weighted_quantile(least, law.weights, target.confidence)[0])


def frontier(
    sources: Sequence[Source],
    law: FittedLaw,
    target: Target,
    errors: Sequence[float],
    *,
    contingency: float = 0.0,
    seconds: float | None = None,
) -> tuple[Plan | None, ...]:
    """Cheapest plan for each of `errors` at the target's confidence, budget and weeks; None where
    no legal plan was found to reach it; seconds [s] is a limit on the time."""
    aims = [replace(target, error=error) for error in sorted({float(e) for e in errors})]
    market = market_of(sources, law, contingency)
    plans = {aim.error: found for aim, found in _easing(market, aims, Clock(seconds))}
    return tuple(plans[float(error)] for error in errors)


def at_confidences(
    sources: Sequence[Source],
    law: FittedLaw,
    target: Target,
    confidences: Sequence[float],
    *,
    contingency: float = 0.0,
) -> tuple[Plan | None, ...]:
    """Cheapest plan for the target at each of `confidences` [1]; None where none was found."""
    aims = [replace(target, confidence=c) for c in sorted(set(confidences), reverse=True)]
    market = market_of(sources, law, contingency)
    plans = {aim.confidence: found for aim, found in _easing(market, aims, Clock(None))}
    return tuple(plans[confidence] for confidence in confidences)


def _easing(
    market: Market, aims: Sequence[Target], clock: Clock
) -> Iterator[tuple[Target, Plan | None]]:
    """The plan for each aim, hardest first: what meets a hard one meets an easier one, so the cost
    never falls."""
    warm: list[Amounts] = []
    for aim in aims:
        branches = 2 if warm else BRANCHES  # a neighbour's plan is a start
        found = solve(market, aim, warm=warm, clock=clock, branches=branches)
        if found.amounts is not None:
            warm = [found.amounts]
        yield aim, None if found.amounts is None else describe(market, aim, found.amounts, None)
