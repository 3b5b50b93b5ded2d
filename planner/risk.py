"""How sure a plan is to keep budget and weeks: prices and speeds lie in ranges, as errors do.

The price of each source, its speed and its lead time are drawn from their ranges, independently of
each other and of the law; all cost lines of a source move together, as the low and high of a plan
do. Contingency is the reserve that pays for prices above base, so what counts against the budget
here is the money spent, without it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial

import numpy as np

from planner.laws import Array
from planner.plan import Plan
from sources.base import Limits, Source

DRAWS = 4096  # of the prices
POINTS = 96  # quantiles of lead time
NORMAL_95 = 1.6448536269514722  # of the 90% that a range spans
LEAST = 1e-3  # factor at which the low end of a range is cut, so that it has a logarithm
KEPT = 400  # purchases whose costs over the draws are kept
Known = tuple[str, float, int, int]  # source, quantity [example], purchases, rank by cost
FAST = 2.0**60  # [example/week] at which shares of a week are seen in whole examples


@dataclass(frozen=True)
class Risk:
    """P(the money spent keeps the budget), P(the last delivery keeps the weeks), and P(these and
    the target) [1]."""

    on_budget: float
    on_time: float
    met: float


def risk_of(plan: Plan) -> Risk:
    """Chances of a plan within its own target's budget and weeks."""
    target, bought = plan.target, [(step.source, step.quantity) for step in plan.steps]
    on_budget = budget_kept(bought, target.budget)
    on_time = math.prod(
        float(in_time(source.limits, np.array([quantity]), target.weeks)[0])
        for source, quantity in bought
    )
    return Risk(on_budget, on_time, plan.probability * on_budget * on_time)


def budget_kept(bought: Sequence[tuple[Source, float]], budget: float) -> float:
    """P(the money spent on these purchases keeps the budget [currency]) [1]."""
    if math.isinf(budget):
        return 1.0
    return float(np.mean(spent(bought) <= budget * (1 + 1e-9)))


def spent(bought: Sequence[tuple[Source, float]], seed: int = 0) -> Array:
    """Money spent (DRAWS,) [currency] without contingency, over the ranges of the prices."""
    costs = [float(source.cost(quantity)) for source, quantity in bought]
    return _spent(bought, costs, seed, {})


def _spent(
    bought: Sequence[tuple[Source, float]],
    costs: Sequence[float],
    seed: int,
    known: dict[Known, Array],
) -> Array:
    """As `spent`; costs [currency] at base prices, known: what purchases of the same sources have
    cost before."""
    # the dearest first, so that neither names nor order of sources decide
    ranked = sorted(range(len(bought)), key=lambda i: (-costs[i], -bought[i][1]))
    total = np.zeros(DRAWS)
    for at, i in enumerate(ranked):
        source, quantity = bought[i]
        key = (source.name, quantity, len(ranked), at)
        if key not in known:
            if len(known) >= KEPT:
                known.clear()
            factors = partial(_factors, _Scores(len(ranked), seed, at))
            known[key] = _paid(source, quantity, factors)
        total = total + known[key]
    return total


class Spending:
    """Whether many purchases of the same sources keep a budget [currency], each as `budget_kept`
    says."""

    def __init__(self, sources: Sequence[Source], budget: float) -> None:
        self.sources, self.budget = sources, budget
        self._known: dict[Known, Array] = {}

    @cached_property
    def risky(self) -> bool:
        """Whether what is spent is uncertain, and the budget limited."""
        lines = [line for source in self.sources for line in source.every_line]
        return math.isfinite(self.budget) and any(line.low < 1 or line.high > 1 for line in lines)

    def kept(self, rows: Array) -> Iterator[float]:
        """P(budget kept) [1] of each of the purchases (rows, sources) [example]."""
        costs = np.stack([s.cost(rows[:, k]) for k, s in enumerate(self.sources)], axis=1).tolist()
        for amounts, base in zip(rows.tolist(), costs, strict=True):
            some = [k for k, amount in enumerate(amounts) if amount > 0]
            bought = [(self.sources[k], amounts[k]) for k in some]
            paid = _spent(bought, [base[k] for k in some], 0, self._known)
            yield float(np.count_nonzero(paid <= self.budget * (1 + 1e-9))) / DRAWS


@dataclass(frozen=True)
class _Scores:
    """The scores of the price of one source of `count`, as `_scores` makes them."""

    count: int
    seed: int
    at: int


@lru_cache(maxsize=1024)
def _factors(scores: _Scores, low: float, high: float) -> Array:
    return between(_scores(scores.count, scores.seed)[scores.at], low, high)


@lru_cache(maxsize=8)
def _scores(count: int, seed: int) -> Array:
    """Standard normal scores (count, DRAWS): for each source one from every DRAWS-th part of the
    probability, in an order of its own (a Latin hypercube), so that each price alone is exact."""
    from scipy.special import ndtri

    even = ndtri((np.arange(DRAWS) + 0.5) / DRAWS)
    rng = np.random.default_rng(seed)
    return np.array([rng.permutation(even) for _ in range(count)])


def paid(source: Source, quantity: float, score: Array) -> Array:
    """Cost [currency] of a purchase at scores of its price, standard normal, elementwise."""
    return _paid(source, quantity, lambda low, high: between(score, low, high))


def _paid(source: Source, quantity: float, factor: Callable[[float, float], Array]) -> Array:
    """Cost [currency] of a purchase at the factors that ranges of prices give, elementwise."""
    fixed, work = np.zeros(1), np.zeros(1)
    for line in source.lines:
        each = factor(line.low, line.high)
        fixed = fixed + line.fixed * each
        work = work + float(line.variable(quantity)) * each
    spent = fixed + np.maximum(work, source.minimum)
    if source.training is not None:
        line = source.training
        spent = spent + float(line.variable(quantity)) * factor(line.low, line.high)
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


def in_time(limits: Limits, quantities: Array, weeks: float) -> Array:
    """P(purchases (n,) [example] are each delivered within the weeks [week]) (n,) [1]."""
    most = _deliverable(limits, weeks)  # at one example a week
    if limits.per_week == 0:
        return (quantities <= 0).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = quantities[:, None] / (limits.per_week * most * (1 + 1e-12))
    needed = np.where(most > 0, needed, math.inf)
    if math.isinf(limits.per_week):
        needed = np.where(most > 0, 0.0, math.inf) + np.zeros((len(quantities), 1))
    return np.where(quantities > 0, _faster(needed, *limits.speed_range).mean(axis=1), 1.0)


def _faster(factor: Array, low: float, high: float) -> Array:
    """P(a factor as in `between` is at least this) [1], elementwise."""
    from scipy.special import ndtr

    down, up = -math.log(max(low, LEAST)), math.log(high)
    with np.errstate(divide="ignore"):
        logs = np.log(factor)
    below = ndtr(-logs / down * NORMAL_95) if down else np.ones_like(logs)
    above = ndtr(-logs / up * NORMAL_95) if up else np.zeros_like(logs)
    return np.where(logs <= 0, below, above)


@lru_cache(maxsize=4096)
def _deliverable(limits: Limits, weeks: float) -> Array:
    """What arrives within the weeks at one example a week (lead times,) [example]."""
    if math.isinf(weeks):
        return np.array([math.inf])
    if limits.lead_range == (1.0, 1.0):
        leads = np.array([limits.lead_weeks])
    else:
        from scipy.special import ndtri

        score = ndtri((np.arange(POINTS) + 0.5) / POINTS)
        leads = limits.lead_weeks * between(score, *limits.lead_range)
    free = replace(limits, per_week=FAST, max_examples=math.inf, batch=1, min_order=1)
    return np.array(
        [replace(free, lead_weeks=float(lead)).available(weeks) / FAST for lead in leads]
    )
