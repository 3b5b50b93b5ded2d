"""What could be bought instead: a short list of purchases on which re-planning is quick.

Along each of a few mixes (those of plans already found, and every source alone) the quantities are
made smaller and larger together, and mended where they break a rule on shares. A pilot's worth is
what choosing from this list gains by it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from planner.fitted import FittedLaw
from planner.laws import Array
from planner.plan import Plan, Target
from planner.ray import legal_rows
from planner.rules import Rules, rules_of
from sources.base import Limits, Source

ROUNDING = 1e-6  # of a probability, by sums in single precision
# of a mix: far and, about the plan, near
SCALES = np.unique(np.concatenate([np.geomspace(1 / 30, 12, 26), np.geomspace(0.5, 2, 17)]))
TEXT_PARTS = (1.0, 1 / 4, 1 / 16)  # of a text source, of which so much is tried beside labels
TEXT_TIMES = 4.0  # the documents at which its effect is known, where a text source has no limit


@dataclass(frozen=True)
class Choices:
    """Purchases to choose from; number 0 is to buy nothing.

    sources  every source that some purchase holds
    columns  (sources,) of each in the law
    bought   (choices, sources) [example]
    totals   (choices, sources of the law) [example] trained on, data in hand included
    cost     (choices,) [currency], contingency included
    met      (draws, choices) whether a draw meets the target with it
    factor   1 + contingency
    rules    what may be bought together
    """

    sources: tuple[Source, ...]
    columns: tuple[int, ...]
    bought: Array
    totals: Array
    cost: Array
    met: NDArray[np.float32]
    factor: float
    rules: Rules

    def price(self, source: Source, quantity: Array) -> Array:
        """Cost [currency] of one source, contingency included."""
        return np.asarray(source.cost(quantity) * self.factor)

    def spent_with(self, orders: Mapping[str, float]) -> Array:
        """Cost (choices,) [currency] of each, with at least `orders` [example] by source."""
        found = self.cost.copy()
        for k, source in enumerate(self.sources):
            if quantity := orders.get(source.name, 0.0):
                own = self.bought[:, k]
                found += self.price(source, np.maximum(own, quantity)) - self.price(source, own)
        return found

    def open_after(self, orders: Mapping[str, float], week: float, weeks: float) -> np.ndarray:
        """Which choices (choices,) a second order in `week` can complete by `weeks`, once `orders`
        [example] by source have been bought: legal, in time, and together allowed."""
        first = np.array([orders.get(source.name, 0.0) for source in self.sources])
        more = np.maximum(self.bought - first, 0.0)
        good: np.ndarray = np.ones(len(more), dtype=bool)
        for k, source in enumerate(self.sources):
            least, most = source.limits.smallest, in_time(source.limits, more[:, k], week, weeks)
            good &= (more[:, k] <= 1e-9) | ((more[:, k] >= least) & (more[:, k] <= most))
        whole = np.zeros_like(self.totals)
        whole[:, self.columns] = np.maximum(self.bought, first)
        # shares are of what is trained on, and what a pilot bought may be left out of that
        together = replace(self.rules, shares=self.rules.shares[:0])
        return np.asarray(good & together.allowed(whole, whole))

    def best(self, chance: Array, price: float, cost: Array) -> np.ndarray:
        """The choice (n,) of least cost and price of missing [currency], for chances (n, choices)
        and costs (choices,)."""
        return np.asarray(np.argmin(cost + price * (1.0 - chance), axis=1))

    def cheapest(self, weights: Array, wanted: float) -> int:
        """The cheapest choice that succeeds with probability `wanted`, or as surely as any."""
        chance = weights @ self.met
        enough = chance >= min(wanted, float(chance.max())) - ROUNDING
        return int(np.argmin(np.where(enough, self.cost, math.inf)))

    def number(self, plan: Plan, names: Sequence[str]) -> int | None:
        """The choice that is this plan, over the sources of a law; None if it is not listed."""
        amounts = np.array([plan.amounts.get(source.name, 0.0) for source in self.sources])
        same = np.isclose(self.bought, amounts, rtol=1e-12).all(axis=1)
        same &= np.isclose(self.totals, plan.totals(names), rtol=1e-12).all(axis=1)
        return int(np.flatnonzero(same)[0]) if same.any() else None


def in_time(limits: Limits, quantities: Array, week: float, weeks: float) -> float:
    """Most of these quantities [example] that an order placed in `week` brings by `weeks`."""
    if math.isinf(weeks):
        return math.inf
    some = np.unique(quantities)
    low, high = 0, len(some)  # some[:low] arrive, some[high:] do not
    while low < high:
        middle = (low + high) // 2
        there = week + limits.weeks(float(some[middle]), week) <= weeks + 1e-9
        low, high = (middle + 1, high) if there else (low, middle)
    return float(some[low - 1]) if low else 0.0


def choices(
    law: FittedLaw,
    sources: Sequence[Source],
    plans: Sequence[Plan],
    target: Target,
    used_in_hand: Mapping[str, float],
    contingency: float,
) -> Choices:
    """Purchases along the mixes of `plans`, of every labelled source alone, and of each such mix
    halved with one source more, and some with text beside; all within rules, budget and weeks.

    Of the data in hand `used_in_hand` is used, or as much of that as the rules on shares allow.
    """
    known, columns = tuple(sources), tuple(law.sources.index(source.name) for source in sources)
    rules = rules_of(known, law.sources)
    used = np.array([used_in_hand.get(source.name, 0.0) for source in known])
    mixes = _mixes(law, known, plans, target, rules)
    rows = [np.zeros((1, len(known)))]
    for number, mix in enumerate(mixes):
        at = np.flatnonzero(mix)
        some = np.zeros((len(SCALES), len(known)))
        some[:, at] = legal_rows([known[k] for k in at], mix[at], SCALES, target.weeks)
        rows.append(some)
        if number == 0:
            rows += _with_text(law, known, some, target)
    bought = np.vstack(rows)
    both = np.hstack(mended(known, bought, np.tile(used, (len(bought), 1))))
    exact = [np.hstack([_row(known, p.amounts), _row(known, p.used_in_hand)]) for p in plans]
    both = np.unique(np.vstack([np.append(np.zeros(len(known)), used), *exact, both]), axis=0)
    bought, used = both[:, : len(known)], both[:, len(known) :]
    factor = 1 + contingency
    cost = np.asarray(
        np.sum([source.cost(bought[:, k]) for k, source in enumerate(known)], axis=0) * factor
    )
    totals, whole = np.zeros((len(both), len(law.sources))), np.zeros((len(both), len(law.sources)))
    whole[:, columns] = bought
    totals[:, columns] = bought + used
    # to buy nothing is always open, whatever the shares of what is in hand
    nothing = (bought == 0).all(axis=1)
    most = np.array([source.limits.available(target.weeks) for source in known])
    good = (nothing | rules.allowed(totals, whole)) & (bought <= most * (1 + 1e-9)).all(axis=1)
    good &= cost <= target.budget * (1 + 1e-9)
    bought, totals, cost = bought[good], totals[good], cost[good]
    met = meets(law, totals, target.error).astype(np.float32)
    return Choices(known, columns, bought, totals, cost, met, factor, rules)


def _mixes(
    law: FittedLaw, known: Sequence[Source], plans: Sequence[Plan], target: Target, rules: Rules
) -> list[Array]:
    mixes = [_row(known, plan.amounts) for plan in plans if plan.steps]
    planned = mixes[:1]
    place = {source.name: k for k, source in enumerate(known)}
    typical = max((float(mix.sum()) for mix in mixes), default=law.anchor.size)
    for k, source in enumerate(known):
        most = source.limits.available(target.weeks)
        if source.role != "labels" or most <= 0:
            continue
        alone = np.zeros(len(known))
        alone[k] = min(typical, most)
        mixes += [(mix + alone) / 2 for mix in planned if not (mix == alone).all()]
        for column in rules.needed(law.sources.index(source.name)):
            needed = place[law.sources[column]]
            alone[needed] = max(alone[needed], known[needed].limits.smallest)
        mixes.append(alone)
    return mixes


def _with_text(law: FittedLaw, known: Sequence[Source], rows: Array, target: Target) -> list[Array]:
    """The same purchases with some of each text source that they lack beside."""
    found = []
    for k, source in enumerate(known):
        if source.role == "text" and not rows[:, k].any():
            for quantity in text_sizes(law, source, target.weeks):
                found.append(rows.copy())
                found[-1][:, k] = quantity
    return found


def text_sizes(law: FittedLaw, source: Source, weeks: float) -> list[float]:
    """Legal purchases [document] of a text source that are worth a look, largest first."""
    limits = source.limits
    column = list(law.texts).index(law.sources.index(source.name))
    enough = TEXT_TIMES * float(np.exp(np.median(law.mix.text[:, column, 3])))
    most = limits.available(weeks)
    if math.isinf(most):
        most = max(math.ceil(enough / limits.batch) * limits.batch, limits.smallest)
    parts = [math.floor(most * part / limits.batch) * limits.batch for part in TEXT_PARTS]
    return [float(part) for part in dict.fromkeys(parts) if part >= max(limits.smallest, 1)]


def mended(known: Sequence[Source], bought: Array, used: Array) -> tuple[Array, Array]:
    """Purchases and what is used of the data in hand, both (rows, sources) [example], with shares
    below their least raised to it and shares above their most lowered to it, as far as one pass
    does: rows may still break a rule."""
    bought, used = bought.copy(), used.copy()
    labels = [k for k, source in enumerate(known) if source.role == "labels"]
    for k in (k for k in labels if 0 < known[k].min_share < 1):
        limits, share = known[k].limits, known[k].min_share
        others = (bought + used)[:, [j for j in labels if j != k]].sum(axis=1)
        short = share / (1 - share) * others - used[:, k] - bought[:, k]
        least = np.ceil((short + bought[:, k]) / limits.batch - 1e-9) * limits.batch
        raised = np.clip(least, limits.smallest, max(limits.available(), limits.smallest))
        bought[:, k] = np.where(short > 1e-9 * (1 + others), raised, bought[:, k])
    for k in (k for k in labels if known[k].max_share < 1):
        limits, share = known[k].limits, known[k].max_share
        others = (bought + used)[:, [j for j in labels if j != k]].sum(axis=1)
        most = share / (1 - share) * others
        used[:, k] = np.minimum(used[:, k], np.floor(most + 1e-9))
        left = np.floor((most - used[:, k]) / limits.batch + 1e-9) * limits.batch
        lowered = np.where(left >= limits.smallest, np.minimum(left, bought[:, k]), 0.0)
        bought[:, k] = lowered
    return bought, used


def meets(law: FittedLaw, totals: Array, error: float) -> np.ndarray:
    """Whether each draw meets the target error (draws, rows); without labels none does."""
    labelled = totals[:, law.labels].sum(axis=1) > 0
    return (law.errors(totals) <= error) & labelled


def _row(known: Sequence[Source], amounts: Mapping[str, float]) -> Array:
    return np.array([amounts.get(source.name, 0.0) for source in known])
