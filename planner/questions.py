"""The other two questions: the least error that a budget buys, and the least weeks.

Both ask for what is kept together with the wanted confidence, prices and speeds in their ranges.
Where ranges make no difference they are answered as the optimiser does; else the answer is found by
bisection, at each step of which purchases are climbed to a higher joint chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.bill import describe
from planner.fitted import FittedLaw, weighted_quantile
from planner.laws import Array
from planner.market import Amounts, Market, market_of
from planner.odds import Odds, climbed
from planner.optimise import cheapest_plan, least_error_plan
from planner.plan import Plan, Target
from planner.risk import risk_of
from planner.secure import pessimistic
from sources.base import Source

STEPS = 12  # of the bisection of the weeks
FEW = 4  # of that of a start
FINE = 0.01  # [week] to which it goes
LEVELS = (0.7, 0.85, 0.96)  # quantiles of prices and slowness that starts are made for
CLIMBS = 8  # steps of the bisection on the joint chance
TOLERANCE = 1.0005  # of the least error


@dataclass(frozen=True)
class Least:
    """The target that answers the question and, where ranges of prices and speeds make a
    difference, a plan that keeps it; None else, and where no plan keeps anything surely enough."""

    target: Target
    plan: Plan | None = None


def least_error(
    sources: Sequence[Source], law: FittedLaw, target: Target, *, contingency: float = 0.0
) -> Least:
    """The target with the least error [metric] that is reached within budget and weeks, all three
    kept together at its confidence; that at base prices and speeds where none can be."""
    market = market_of(sources, law, contingency)
    plan = least_error_plan(sources, law, target, contingency=contingency)
    errors = law.errors(plan.totals(law.sources)[None])
    reached = float(weighted_quantile(errors, law.weights, target.confidence)[0])
    aim = replace(target, error=math.nextafter(reached, math.inf))
    if _kept(market, plan, aim):
        return Least(aim)
    starts = [plan]
    for level in LEVELS:
        offered = [pessimistic(source, level, target) for source in sources]
        starts.append(least_error_plan(offered, law, target, contingency=contingency))
    best, high = None, math.inf
    for each in starts:
        bought, used = _amounts(each, law)
        error = _error_kept(Odds(market, target, used), bought)
        if error < high:
            best, high = (bought, used), error
    if best is None:
        return Least(aim)
    low = reached
    for _ in range(CLIMBS):
        if high / low <= TOLERANCE:
            break
        middle = math.sqrt(low * high)
        odds = Odds(market, replace(target, error=middle), best[1])
        bought = climbed(odds, best[0])
        error = _error_kept(odds, bought)
        if error < high:
            best, high = (bought, best[1]), error
        if error > middle:
            low = middle
    aim = replace(target, error=math.nextafter(high, math.inf))
    return Least(aim, describe(market, aim, Amounts(*best), None))


def least_weeks(
    sources: Sequence[Source], law: FittedLaw, target: Target, *, contingency: float = 0.0
) -> Least:
    """The target with the fewest weeks [week], to 0.01, in which it is reached within the budget,
    all three kept together at its confidence.

    Unchanged where its own weeks do not suffice; that at base prices and speeds where no number of
    weeks makes it sure enough.
    """
    fewest = _fewest(sources, law, target, contingency)
    if fewest is None:
        return Least(target)
    market, (weeks, plan) = market_of(sources, law, contingency), fewest
    aim = replace(target, weeks=weeks)
    if _kept(market, plan, aim):
        return Least(aim)
    starts = [plan]
    for confidence in (target.confidence, (target.confidence + 1) / 2):
        for level in LEVELS[::2]:
            offered = [pessimistic(source, level, aim) for source in sources]
            wanted = replace(target, confidence=confidence)
            quick = _fewest(offered, law, wanted, contingency, FEW)
            starts += [quick[1]] if quick else []
    best, high = None, math.inf
    for each in starts:
        bought, used = _amounts(each, law)
        kept = _weeks_kept(market, target, bought, used)
        if kept < high:
            best, high = (bought, used), kept
    if best is None:
        return Least(aim)
    low = weeks
    for _ in range(CLIMBS):
        if high - low <= FINE:
            break
        middle = (low + high) / 2
        odds = Odds(market, replace(target, weeks=middle), best[1])
        bought = climbed(odds, best[0])
        kept = _weeks_kept(market, target, bought, best[1])
        if kept < high:
            best, high = (bought, best[1]), kept
        if kept > middle:
            low = middle
    aim = replace(target, weeks=high)
    return Least(aim, describe(market, aim, Amounts(*best), None))


def _fewest(
    sources: Sequence[Source],
    law: FittedLaw,
    target: Target,
    contingency: float,
    steps: int = STEPS,
) -> tuple[float, Plan] | None:
    """Fewest weeks at base speeds, and the plan for them; None where its own do not suffice."""

    def within(weeks: float) -> Plan | None:
        aim = replace(target, weeks=weeks)
        plan = cheapest_plan(sources, law, aim, contingency=contingency, prove=False)
        return plan if plan.reaches else None

    best = within(target.weeks)
    if best is None:
        return None
    low, high = 0.0, best.weeks
    for _ in range(steps):
        if high - low <= FINE:
            break
        middle = (low + high) / 2
        found = within(middle)
        if found is None:
            low = middle
        else:
            best, high = found, min(found.weeks, middle)
    return high, best


def _amounts(plan: Plan, law: FittedLaw) -> tuple[Array, Array]:
    """Bought, and used of the data in hand, both (sources of the law,) [example]."""
    bought = np.array([plan.amounts.get(name, 0.0) for name in law.sources])
    return bought, plan.totals(law.sources) - bought


def _kept(market: Market, plan: Plan, aim: Target) -> bool:
    """Whether ranges of prices and speeds leave the plan as sure as it is."""
    risk = risk_of(replace(plan, target=aim))
    return min(risk.on_budget, risk.on_time) >= 1 - 1e-9


def _error_kept(odds: Odds, bought: Array) -> float:
    """Least error that the purchases reach, budget and weeks kept, at the wanted confidence."""
    kept, law = float(odds.kept(bought[None])[0]), odds.market.law
    wanted = odds.target.confidence / kept if kept > 0 else math.inf
    if wanted > 1:
        return math.inf
    errors = law.errors((bought + odds.used)[None])
    return float(weighted_quantile(errors, law.weights, min(wanted + 1e-9, 1.0))[0])


def _weeks_kept(market: Market, target: Target, bought: Array, used: Array) -> float:
    """Fewest weeks within which the purchases keep all, to 0.01; inf where none does."""

    def kept(weeks: float) -> bool:
        odds = Odds(market, replace(target, weeks=weeks), used)
        return bool(odds.met(bought[None])[0] >= target.confidence)

    low, high = (
        0.0,
        max((s.limits.weeks(float(bought[market.column(s)])) for s in market.sources), default=0.0),
    )
    while high < target.weeks and not kept(high):
        low, high = high, max(2 * high, 1.0)
        if high > 1e7:
            return math.inf
    high = min(high, target.weeks)
    if not kept(high):
        return math.inf
    while high - low > FINE / 2:
        middle = (low + high) / 2
        low, high = (low, middle) if kept(middle) else (middle, high)
    return high
