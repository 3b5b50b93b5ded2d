"""The quantities of a plan made smaller and larger together: what each scale costs and reaches.

Along this ray the question of rounds has one dimension. Its states are legal purchases, from
nothing through the plan itself to the most that limits and budget allow, or to where more would
help no draw. Every state keeps the rules on shares, exclusions and needs as well, since any may be
where one stops; where no state below the plan does, all is bought at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from planner.fitted import FittedLaw, weighted_quantile
from planner.laws import Array
from planner.plan import Plan
from planner.preposterior import Sight, sight, stratified
from planner.rules import rules_of
from sources.base import Source

STATES = 64
MOST_TIMES = 64.0  # the plan's quantities, beyond which no state lies
LEAST_SHARE = 1e-3  # of the plan's quantities, below which no state lies
SEEDS = 3  # repeats of each measurement that the decision text asks for


@dataclass(frozen=True)
class Ray:
    """States 0 (nothing bought) to G - 1, each at least the one before in every source.

    sources  those of the plan's steps
    bought   (G, sources) [example] in all by then
    spent    (G,) [currency] in all by then, contingency included
    plan     the state that is the plan
    sight    errors (draws, G) and how exactly each could be measured by SEEDS runs
    need     (draws,) first state from which on each draw meets the target; G if none does
    size     (G,) [effective example], median
    weeks    [week] to the last delivery; inf if not limited
    pause    [week] from a delivery to what its measurement decides
    run_cost [currency/run]
    budget   [currency] that purchases and runs keep together; inf if not limited
    """

    sources: tuple[Source, ...]
    bought: Array
    spent: Array
    plan: int
    sight: Sight
    need: np.ndarray
    size: Array
    weeks: float
    pause: float
    run_cost: float
    budget: float = math.inf
    legal: np.ndarray = field(init=False)
    known: dict[float, Array] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        least = np.array([source.limits.smallest for source in self.sources])
        order = self.bought[None, :, :] - self.bought[:, None, :]
        legal = ((np.abs(order) < 1e-9) | (order >= least - 1e-9)).all(axis=2)
        ahead = np.arange(len(self.spent))
        object.__setattr__(self, "legal", legal & (ahead[None, :] > ahead[:, None]))

    @property
    def states(self) -> int:
        """Number of states."""
        return len(self.spent)

    def thinned(self, count: int) -> Ray:
        """The same ray with `count` draws that stand for all."""
        if len(self.need) <= count:
            return self
        draws = stratified(np.argsort(self.need, kind="stable"), self.sight.weights, count)
        return replace(self, sight=self.sight.only(draws), need=self.need[draws])

    def order(self, start: int, end: int) -> dict[str, float]:
        """Examples by source [example] that lead from one state to another."""
        more = self.bought[end] - self.bought[start]
        return {source.name: float(n) for source, n in zip(self.sources, more, strict=True)}

    def arrival(self, start: int, end: int, week: float) -> float:
        """Week in which the order from one state to another, placed in `week`, is all there."""
        more = self.bought[end] - self.bought[start]
        taken = (
            source.limits.weeks(float(n), week)
            for source, n in zip(self.sources, more, strict=True)
        )
        return week + max(taken, default=0.0)

    def in_time(self, week: float) -> Array:
        """Most of each source (sources,) [example] that an order of that week can bring in time."""
        if math.isinf(self.weeks):
            return np.full(len(self.sources), math.inf)
        if week not in self.known:
            self.known[week] = np.array([self._most(s, week) for s in self.sources])
        return self.known[week]

    def _most(self, source: Source, week: float) -> float:
        left = self.weeks - week + 1e-9
        low, high = 0.0, float(self.bought[-1, self.sources.index(source)])
        if source.limits.weeks(high, week) <= left:
            return math.inf
        for _ in range(40):
            middle = (low + high) / 2
            late = source.limits.weeks(middle, week) > left
            low, high = (low, middle) if late else (middle, high)
        return low

    def affordable(self, measurements: int) -> np.ndarray:
        """States (G,) that the budget allows beside so many measurements of SEEDS runs each."""
        runs = measurements * SEEDS * self.run_cost
        return np.asarray(self.spent + runs <= self.budget * (1 + 1e-9))

    def moves(self, states: np.ndarray, weeks: Array, measurements: int = 0) -> np.ndarray:
        """States (n, G) that a legal order leads to in time, from `states` (n,) in `weeks` (n,),
        within the budget when `measurements` are paid in all."""
        found = self.legal[states] & self.affordable(measurements)[None, :]
        if math.isinf(self.weeks):
            return found
        most = np.stack([self.in_time(float(week)) for week in weeks])
        for k in range(len(self.sources)):
            more = self.bought[None, :, k] - self.bought[states, k][:, None]
            found = found & (more <= most[:, k : k + 1] + 1e-9)
        return found


def legal_rows(sources: Sequence[Source], whole: Array, scales: Array, weeks: float) -> Array:
    """Legal purchases (scales, sources) [example] near multiples of `whole` (sources,), within what
    can be had in `weeks` or is in `whole` already."""
    rows = []
    for source, q in zip(sources, whole, strict=True):
        limits = source.limits
        some = np.ceil(scales * q / limits.batch - 1e-9) * limits.batch
        rows.append(np.clip(some, limits.smallest, max(limits.available(weeks), q)))
    return np.stack(rows, axis=1)


def ray_of(
    law: FittedLaw,
    plan: Plan,
    contingency: float,
    *,
    pause: float = 0.0,
    run_cost: float = 0.0,
    market: Sequence[Source] = (),
) -> Ray:
    """The ray through a plan that buys something; contingency [ratio], pause [week] to measure,
    run_cost [currency/run]. market: all sources whose rules hold, those of the plan if none."""
    sources = tuple(step.source for step in plan.steps)
    whole = np.array([step.quantity for step in plan.steps])
    owned = np.array([plan.used_in_hand.get(name, 0.0) for name in law.sources])
    columns = [law.sources.index(source.name) for source in sources]

    known_sources = [s for s in market or sources if s.name in law.sources]
    rules = rules_of(known_sources, law.sources)

    def alone(bought: Array) -> Array:
        rows = np.zeros((len(bought), len(law.sources)))
        rows[:, columns] = bought
        return rows

    def totals(bought: Array) -> Array:
        return owned + alone(bought)

    def spent(bought: Array) -> Array:
        each = [source.cost(bought[:, k]) for k, source in enumerate(sources)]
        return np.asarray(np.sum(each, axis=0) * (1 + contingency))

    def sizes(bought: Array) -> Array:
        labels = np.where(np.array(law.is_text), 0.0, totals(bought))
        return weighted_quantile(law.effective(labels), law.weights, 0.5)

    def legal(scales: Array) -> Array:
        return legal_rows(sources, whole, scales, plan.target.weeks)

    # what is smaller than the largest pilot has been measured already
    shares = np.geomspace(LEAST_SHARE, 1.0, 40)
    known = sizes(legal(shares)) <= law.anchor.size
    low = float(shares[np.flatnonzero(known)[-1]]) if known.any() else LEAST_SHARE
    scales = np.geomspace(min(low, 0.5), MOST_TIMES, STATES - 2)
    bought = legal(scales)
    within = spent(bought) <= plan.target.budget * (1 + 1e-9)
    # below the plan no source may have more than the plan, above it none less
    bought = np.where(scales[:, None] < 1, np.minimum(bought, whole), np.maximum(bought, whole))
    within &= rules.allowed(totals(bought), alone(bought))
    bought = np.vstack([np.zeros(len(whole)), whole, bought[within]])
    bought = np.unique(bought, axis=0)
    bought = bought[np.argsort(bought.sum(axis=1), kind="stable")]
    at = int(np.flatnonzero((bought == whole).all(axis=1))[0])
    seen = sight(law, totals(bought), SEEDS)
    missed = seen.log_error > math.log(plan.target.error) + 1e-12
    # the state after the last one that misses the target
    need = len(bought) - np.argmax(missed[:, ::-1], axis=1)
    need = np.where(missed.any(axis=1), need, 0)
    end = max(int(need[need < len(bought)].max(initial=0)), at) + 1
    seen = Sight(seen.log_error[:, :end], seen.variance[:, :end], seen.weights)
    return Ray(
        sources=sources,
        bought=bought[:end],
        spent=spent(bought[:end]),
        plan=at,
        sight=seen,
        need=np.minimum(need, end),
        size=sizes(bought[:end]),
        weeks=plan.target.weeks,
        pause=pause,
        run_cost=run_cost,
        budget=plan.target.budget,
    )
