"""What could be bought instead: a short list of purchases on which re-planning is quick.

Along each of a few mixes (those of plans already found, and every source alone) the quantities are
made smaller and larger together. A pilot's worth is what choosing from this list gains by it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.fitted import FittedLaw
from planner.laws import Array
from planner.plan import Plan, Target
from planner.ray import legal_rows
from sources.base import Source

ROUNDING = 1e-6  # of a probability, by sums in single precision
SCALES = np.geomspace(1 / 30, 12.0, 26)  # of a mix


@dataclass(frozen=True)
class Choices:
    """Purchases to choose from; number 0 is to buy nothing.

    sources  every source that some purchase holds
    bought   (choices, sources) [example]
    totals   (choices, sources of the law) [example] trained on, data in hand included
    cost     (choices,) [currency], contingency included
    met      (draws, choices) whether a draw meets the target with it
    factor   1 + contingency
    """

    sources: tuple[Source, ...]
    bought: Array
    totals: Array
    cost: Array
    met: NDArray[np.float32]
    factor: float

    def price(self, source: Source, quantity: Array) -> Array:
        """Cost [currency] of one source, contingency included."""
        return np.asarray(source.cost(quantity) * self.factor)

    def spent_with(self, source: Source, quantity: float) -> Array:
        """Cost (choices,) [currency] of each, with at least `quantity` [example] of one source."""
        known = [each.name for each in self.sources]
        if source.name not in known:
            return self.cost + float(self.price(source, np.array(quantity)))
        own = self.bought[:, known.index(source.name)]
        more = self.price(source, np.maximum(own, quantity)) - self.price(source, own)
        return np.asarray(self.cost + more)

    def best(self, chance: Array, price: float, cost: Array) -> np.ndarray:
        """The choice (n,) of least cost and price of missing [currency], for chances (n, choices)
        and costs (choices,)."""
        return np.asarray(np.argmin(cost + price * (1.0 - chance), axis=1))

    def cheapest(self, weights: Array, wanted: float) -> int:
        """The cheapest choice that succeeds with probability `wanted`, or as surely as any."""
        chance = weights @ self.met
        enough = chance >= min(wanted, float(chance.max())) - ROUNDING
        return int(np.argmin(np.where(enough, self.cost, math.inf)))


def choices(
    law: FittedLaw,
    sources: Sequence[Source],
    plans: Sequence[Plan],
    target: Target,
    used_in_hand: Mapping[str, float],
    contingency: float,
) -> Choices:
    """Purchases along the mixes of `plans`, of every labelled source alone, and of each such mix
    halved with one source more, within budget and weeks."""
    labels = [s for s in sources if s.role == "labels" and s.limits.available(target.weeks) > 0]
    known = tuple(sources)
    at = {source.name: k for k, source in enumerate(known)}
    mixes = [_row(at, plan.amounts) for plan in plans if plan.steps]
    typical = max((float(mix.sum()) for mix in mixes), default=law.anchor.size)
    for source in labels:
        alone = np.zeros(len(known))
        alone[at[source.name]] = min(typical, source.limits.available(target.weeks))
        mixes.append(alone)
        mixes += [(mix + alone) / 2 for mix in mixes[:1] if plans and not (mix == alone).all()]
    rows = [np.zeros((1, len(known)))]
    for mix in mixes:
        used = np.flatnonzero(mix)
        some = np.zeros((len(SCALES) + 1, len(known)))
        some[:, used] = legal_rows(
            [known[k] for k in used], mix[used], np.append(SCALES, 1.0), target.weeks
        )
        rows.append(some)
    bought = np.unique(np.vstack(rows), axis=0)
    factor = 1 + contingency
    cost = np.asarray(
        np.sum([source.cost(bought[:, k]) for k, source in enumerate(known)], axis=0) * factor
    )
    within = cost <= target.budget * (1 + 1e-9)
    bought, cost = bought[within], cost[within]
    totals = np.tile([used_in_hand.get(n, 0.0) for n in law.sources], (len(bought), 1))
    for k, source in enumerate(known):
        totals[:, law.sources.index(source.name)] += bought[:, k]
    met = meets(law, totals, target.error).astype(np.float32)
    return Choices(known, bought, totals, cost, met, factor)


def meets(law: FittedLaw, totals: Array, error: float) -> np.ndarray:
    """Whether each draw meets the target error (draws, rows); without labels none does."""
    labelled = totals[:, law.labels].sum(axis=1) > 0
    return (law.errors(totals) <= error) & labelled


def _row(at: Mapping[str, int], amounts: Mapping[str, float]) -> Array:
    row = np.zeros(len(at))
    for name, quantity in amounts.items():
        row[at[name]] = quantity
    return row
