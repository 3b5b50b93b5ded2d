"""Sources + law + target -> the cheapest plan, its frontier, and the least error within limits.

The legal purchases of each source are listed (whole batches, minimum orders, what arrives in time),
exactly where there are few, else on a grid that is refined around the best choice until neighbours
are one batch apart. search.py finds the cheapest choice on the lists. A plan's cost and probability
are then computed afresh from the sources and the law, never taken from the search.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from planner.asked import rules_that_bind
from planner.bill import describe, reach, settled
from planner.clock import Clock
from planner.fitted import FittedLaw, weighted_quantile
from planner.hunt import BRANCHES, solve
from planner.judge import favourable
from planner.laws import Array
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

DESCRIBED = 8  # times the errors of one composition take, that describing a plan takes
PER_SOURCE = 1e-4  # [s] that it takes besides for each source
STEP = 0.3  # of the time left that a step of a bisection may take
MANY, AFRESH = 16, 4  # plans of a frontier up to which each is sought afresh; else every so many
FIRST = 3  # shares of the time that the first of several plans gets
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
    whole = Clock(seconds)
    market = market_of(sources, law, contingency, seconds)
    clock = _for_search(market, whole)
    found = solve(market, target, prove=prove, clock=clock)
    if found.amounts is None:
        stopped = seconds is not None and not found.finished
        plan = rules_that_bind(market, _least_error(market, target, clock), clock)
        if stopped and not plan.reaches:
            said = f"time: no plan that reaches the target was found in {seconds:g} s"
            plan = replace(plan, binding=(*plan.binding, said))
        return plan
    plan = describe(market, target, found.amounts, found.bound if prove else None, clock)
    return rules_that_bind(market, plan, clock)


def rough_plan(
    sources: Sequence[Source], law: FittedLaw, target: Target, *, contingency: float = 0.0
) -> Plan | None:
    """A cheap plan that meets the target, from fewer starts: itself a start; None where none was
    found. Raises InputError as `cheapest_plan` does."""
    market = market_of(sources, law, contingency)
    found = solve(market, target, branches=1)
    return None if found.amounts is None else describe(market, target, found.amounts, None)


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
    reaches it is returned. seconds [s]: a limit on the time; `binding` says where it cut the search
    short.
    """
    whole = Clock(seconds)
    market = market_of(sources, law, contingency, seconds)
    return _least_error(market, target, _for_search(market, whole))


def _for_search(market: Market, clock: Clock) -> Clock:
    """A clock that leaves of a limit what describing a plan will take."""
    if math.isinf(clock.left()):
        return clock
    start = time.monotonic()
    market.law.errors(in_hand(market)[None])
    one = time.monotonic() - start
    spared = DESCRIBED * one + PER_SOURCE * len(market.sources)
    return clock.earlier(min(spared, clock.left() / 2))


def _least_error(market: Market, target: Target, clock: Clock) -> Plan:
    nothing, owned = np.zeros(len(market.law.sources)), in_hand(market)
    if not market.rules.allowed(owned[None], nothing[None])[0]:
        owned = nothing
    best = settled(market, target, Amounts(nothing, owned), clock)
    high = float(reach(market, target, best.total[None])[0])
    low = min(_least_conceivable(market, target, clock), high)
    tolerance = TOLERANCE if _few(market, target, clock) else ROUGH
    while not clock.over() and high / low > tolerance:
        middle = math.sqrt(low * high)
        # a step that runs out of time proves nothing: it gets a part, and the next one is easier
        step = clock.part(STEP)
        found = solve(market, replace(target, error=middle), warm=[best], clock=step, branches=1)
        if found.amounts is None:
            low = middle
        else:
            best = settled(market, target, found.amounts, clock)
            high = min(middle, float(reach(market, target, best.total[None])[0]))
    plan = describe(market, target, best, None, clock)
    if high > low * tolerance:
        plan = _cut_short(plan, "a smaller error may be possible")
    return plan


def _cut_short(plan: Plan, what: str) -> Plan:
    """The plan with the limit on the time among those it runs into."""
    said = f"time: the search was cut short; {what}"
    return plan if said in plan.binding else replace(plan, binding=(*plan.binding, said))


def _few(market: Market, target: Target, clock: Clock) -> bool:
    lists = []
    for source in market.labels:
        if clock.over():
            return False
        lists.append(supplies(market, source, target))
    return few(lists)


def _least_conceivable(market: Market, target: Target, clock: Clock) -> float:
    """Error that no purchase undercuts at the confidence: all of everything, no own floors, and of
    each text the amount that is best in each draw."""
    law, size = market.law, np.zeros((len(market.law.weights), 1))
    for source in market.labels:
        if clock.over():
            return 0.0
        most = np.array([most_to_be_had(market, source, target) + source.in_hand])
        size = size + law.contribution(market.column(source), most)
    least = None
    for cell in text_cells(market, target, {}):
        if clock.over():
            return 0.0
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
    no legal plan was found to reach it; seconds [s] is a limit on the time, named by the `binding`
    of plans that were not searched to the end."""
    aims = [replace(target, error=error) for error in sorted({float(e) for e in errors})]
    whole = Clock(seconds)
    market = market_of(sources, law, contingency, seconds)
    plans = {aim.error: found for aim, found in _easing(market, aims, _for_search(market, whole))}
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
    never falls. Where the time is up, the last plan stands for all that are easier."""
    warm: list[Amounts] = []
    plan: Plan | None = None
    errors: Array | None = None
    for number, aim in enumerate(aims):
        if clock.over():
            if plan is not None:
                if errors is None:
                    errors = market.law.errors(plan.totals(market.law.sources)[None])[:, 0]
                plan = _cut_short(_easier(market, plan, aim, errors), "a cheaper plan may exist")
            yield aim, plan
            continue
        left = len(aims) - number
        mine = clock.part(1 / left if warm else min(1.0, FIRST / left))
        branches = BRANCHES
        if warm:  # a neighbour's plan is a start, and among many aims mostly the only one
            branches = 2 if len(aims) <= MANY or number % AFRESH == 0 else 0
        found = solve(market, aim, warm=warm, clock=mine, branches=branches)
        if found.amounts is not None:
            warm = [found.amounts]
            plan = describe(market, aim, found.amounts, None, mine)
            if not found.finished:
                plan = _cut_short(plan, "a cheaper plan may exist")
        elif plan is not None:  # no time was left for what the plan before already meets
            plan = _cut_short(
                describe(market, aim, warm[0], None, mine), "a cheaper plan may exist"
            )
        yield aim, plan


def _easier(market: Market, plan: Plan, aim: Target, errors: Array) -> Plan:
    """The plan for an easier aim, with the errors (draws,) of what it trains on."""
    probability = float(np.round(market.law.weights @ (errors <= aim.error), 12))
    return replace(plan, target=aim, probability=probability)
