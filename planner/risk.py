"""How sure a plan is to keep budget and weeks: prices and speeds lie in ranges, as errors do.

The price of each source, its speed and its lead time are drawn from their ranges, independently of
each other and of the law; all cost lines of a source move together, as the low and high of a plan
do. Contingency is the reserve that pays for prices above base, so what counts against the budget
here is the money spent, without it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.laws import Array
from planner.plan import Plan, Step
from sources.base import Limits, Source

DRAWS = 4096  # of the prices
POINTS = 48  # quantiles of speed, and of lead time
NORMAL_95 = 1.6448536269514722  # of the 90% that a range spans
LEAST = 1e-3  # factor at which the low end of a range is cut, so that it has a logarithm


@dataclass(frozen=True)
class Risk:
    """P(the money spent keeps the budget), P(the last delivery keeps the weeks), and P(these and
    the target) [1]."""

    on_budget: float
    on_time: float
    met: float


def risk_of(plan: Plan) -> Risk:
    """Chances of a plan within its own target's budget and weeks."""
    target = plan.target
    on_budget = 1.0
    if math.isfinite(target.budget):
        on_budget = float(np.mean(spent(plan.steps) <= target.budget * (1 + 1e-9)))
    on_time = math.prod(_in_time(step, target.weeks) for step in plan.steps)
    return Risk(on_budget, on_time, plan.probability * on_budget * on_time)


def spent(steps: Sequence[Step], seed: int = 0) -> Array:
    """Money spent (DRAWS,) [currency] without contingency, over the ranges of the prices."""
    # the dearest first, so that neither names nor order of sources decide
    ranked = sorted(steps, key=lambda step: (-step.subtotal, -step.quantity))
    scores = np.random.default_rng(seed).standard_normal((len(ranked), DRAWS))
    total = np.zeros(DRAWS)
    for step, score in zip(ranked, scores, strict=True):
        total += paid(step.source, step.quantity, score)
    return total


def paid(source: Source, quantity: float, score: Array) -> Array:
    """Cost [currency] of a purchase at scores of its price, standard normal, elementwise."""
    fixed = work = np.zeros_like(score)
    for line in source.lines:
        factor = between(score, line.low, line.high)
        fixed = fixed + line.fixed * factor
        work = work + float(line.variable(quantity)) * factor
    spent = fixed + np.maximum(work, source.minimum)
    if source.training is not None:
        each = source.training
        spent = spent + float(each.variable(quantity)) * between(score, each.low, each.high)
    return spent


def between(score: Array, low: float, high: float) -> Array:
    """Factor at a standard normal score: 1 at 0, `low` at its 5% and `high` at its 95% quantile,
    log-linear on either side."""
    down, up = math.log(max(low, LEAST)), math.log(high)
    return np.exp(np.where(score < 0, -down, up) * score / NORMAL_95)


def slower(limits: Limits, level: float) -> Limits:
    """The limits with speed and lead time as bad as their worst `level` quantile [1] each."""
    from scipy.special import ndtri

    score = np.array(float(ndtri(level)))
    speed = float(between(-score, *limits.speed_range))
    lead = float(between(score, *limits.lead_range))
    return replace(limits, per_week=limits.per_week * speed, lead_weeks=limits.lead_weeks * lead)


def _in_time(step: Step, weeks: float) -> float:
    """P(a purchase is delivered within the weeks) [1]."""
    limits = step.source.limits
    if math.isinf(weeks) or limits.speed_range == limits.lead_range == (1.0, 1.0):
        return 1.0
    from scipy.special import ndtri

    score = ndtri((np.arange(POINTS) + 0.5) / POINTS)
    speeds = limits.per_week * between(score, *limits.speed_range)
    leads = limits.lead_weeks * between(score, *limits.lead_range)
    arrived = 0
    for lead in leads:
        late = replace(limits, lead_weeks=float(lead))
        # faster is never later: the first speed in time settles the others
        at = _first(speeds, step.quantity, late, weeks)
        arrived += len(speeds) - at
    return arrived / (len(leads) * len(speeds))


def _first(speeds: Array, quantity: float, limits: Limits, weeks: float) -> int:
    """Number of the first of the rising speeds at which the quantity is there within the weeks."""
    low, high = 0, len(speeds)
    while low < high:
        middle = (low + high) // 2
        found = replace(limits, per_week=float(speeds[middle])).weeks(quantity)
        low, high = (low, middle) if found <= weeks * (1 + 1e-12) else (middle + 1, high)
    return low
