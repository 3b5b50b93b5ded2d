"""What can be bought and used: legal supplies of each source, with cost and effective examples.

Data in hand is free and may be left out: a supply of a source is what is bought of it and what is
used of the data in hand. What has no floor of its own is used whole, since more of it never hurts;
of a biased source, and of unlabelled text, any whole number of examples in hand may be used.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from planner.errors import Fault, InputError
from planner.field import Options
from planner.fitted import FittedLaw, weighted_quantile
from planner.laws import LARGEST_SIZE, Array
from planner.plan import Target
from planner.rules import Rules, rules_of
from sources.base import Source

LISTED = 160  # sources with at most this many legal supplies are listed whole
GRID = 120  # else so many points, in geometric steps
CELLS = 12_000_000  # draws x sources x options that are listed; with more, lists are shorter
CELLS_PER_SECOND = 5_000_000  # of a time limit
FEWEST = 6  # points that are always listed
PARTED = 32  # parts of the amounts in which the end of a budget is looked for at once
PARTS = 24  # points between neighbours of the best choice, and for the use of data in hand
LARGEST = LARGEST_SIZE  # [example] the end of every search, that of the law's needs too
TEXT_LEVELS = (
    3  # amounts of each text source that are tried first, besides none and what is in hand
)


TEXT_LISTED = 4  # batches of a text source up to which every amount is tried


@dataclass(frozen=True)
class Amounts:
    """Examples bought, and used of those in hand; both (sources of the law,)."""

    bought: Array
    used: Array

    @property
    def total(self) -> Array:
        """Examples trained on (sources of the law,)."""
        return self.bought + self.used


@dataclass(frozen=True)
class Supply:
    """Ways to supply one source (ways,) [example], each the cheapest to its total; total rises.

    total is what is bought and what is used of the data in hand.
    """

    bought: Array
    total: Array

    def __len__(self) -> int:
        return len(self.total)

    @property
    def used(self) -> Array:
        """Used of the data in hand (ways,) [example]."""
        return self.total - self.bought

    def first(self, ways: int) -> Supply:
        """The smallest totals only."""
        return Supply(self.bought[:ways], self.total[:ways])

    def merged(self, other: Supply) -> Supply:
        """The ways of both."""
        total, index = np.unique(np.concatenate([self.total, other.total]), return_index=True)
        return Supply(np.concatenate([self.bought, other.bought])[index], total)


@dataclass(frozen=True)
class Market:
    """What can be bought: sources in the law's order of columns, law, contingency [ratio], what a
    plan must obey besides, and how many cells (draws x sources x options) may be listed."""

    sources: tuple[Source, ...]
    law: FittedLaw
    contingency: float
    rules: Rules
    cells: int

    @cached_property
    def labels(self) -> tuple[Source, ...]:
        """Labelled sources."""
        return tuple(s for s in self.sources if s.role == "labels")

    @cached_property
    def texts(self) -> tuple[Source, ...]:
        """Unlabelled text sources."""
        return tuple(s for s in self.sources if s.role == "text")

    @property
    def listed(self) -> int:
        """Legal purchases of a source up to which all are listed."""
        return int(np.clip(self._points(), FEWEST, LISTED))

    @property
    def grid(self) -> int:
        """Points of a source whose purchases are not all listed."""
        return int(np.clip(self._points(), FEWEST, GRID))

    def _points(self) -> int:
        return self.cells // (len(self.law.weights) * max(len(self.labels), 1))

    @cached_property
    def most(self) -> dict[tuple[str, float, float], float]:
        """What `most_to_be_had` has found [example], by source, weeks and budget."""
        return {}

    @cached_property
    def enough(self) -> dict[tuple[str, float, float], float]:
        """What `_enough` has found [example], by source, target error and confidence."""
        return {}

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {name: k for k, name in enumerate(self.law.sources)}

    def column(self, source: Source) -> int:
        """Column of a source in the law."""
        return self._columns[source.name]

    def price(self, source: Source, quantity: Array) -> Array:
        """Cost [currency], contingency included."""
        return source.cost(quantity) * (1 + self.contingency)

    def optional(self, source: Source) -> bool:
        """Whether data in hand of this source may hurt, so that leaving it out is a choice; shares
        are of what is trained on, and there any of it may."""
        if source.in_hand == 0:
            return False
        if len(self.rules.shares):
            return True
        return source.role == "text" or bool(self.law.excess(self.column(source)).any())


def market_of(
    sources: Sequence[Source], law: FittedLaw, contingency: float, seconds: float | None = None
) -> Market:
    """The market of these sources under a law, listed in a small part of `seconds` [s].

    Raises InputError for a source the law lacks.
    """
    place = {name: k for k, name in enumerate(law.sources)}
    unknown = [s.name for s in sources if s.name not in place]
    if unknown:
        known = ", ".join(law.sources)
        raise InputError(
            "sources", [Fault(n, None, "not in the law", f"known: {known}") for n in unknown]
        )
    cells = CELLS if seconds is None else int(min(CELLS, max(seconds, 0.0) * CELLS_PER_SECOND))
    ordered = sorted(sources, key=lambda s: place[s.name])
    return Market(tuple(ordered), law, contingency, rules_of(ordered, law.sources), cells)


def in_hand(market: Market) -> Array:
    """Examples in hand (sources of the law,)."""
    owned = np.zeros(len(market.law.sources))
    for source in market.sources:
        owned[market.column(source)] = source.in_hand
    return owned


# -- legal supplies ------------------------------------------------------------------------------


def supply(market: Market, source: Source, wanted: Array) -> Supply:
    """Cheapest legal ways to the totals `wanted` [example] or, where one is not legal, to the next
    one above that is."""
    bought, total = _ways(market, source, wanted)
    total, index = np.unique(total, return_index=True)
    return Supply(bought[index], total)


def _ways(market: Market, source: Source, wanted: Array) -> tuple[Array, Array]:
    limits = source.limits
    missing = np.maximum(wanted - source.in_hand, 0.0)
    portions = np.ceil(missing / limits.batch * (1 - 1e-12) - 1e-9)
    legal = np.maximum(portions * limits.batch, float(limits.smallest))
    bought = np.where(missing > 0, legal, 0.0)
    if not market.optional(source):
        return bought, bought + source.in_hand
    return bought, np.clip(wanted, bought, bought + source.in_hand)


def supplies(market: Market, source: Source, target: Target) -> Supply:
    """Legal supplies within weeks and budget, from the least total on: all, or a grid."""
    bought = _purchases(market, source, target)
    if not market.optional(source):
        return Supply(bought, bought + source.in_hand)
    most = source.in_hand + bought[-1]
    if most <= market.listed:
        return supply(market, source, np.append(np.arange(math.ceil(most)), most))
    some = bought[1 :: max(1, len(bought) // PARTS)]
    mixed = (some[:, None] + source.in_hand * np.array([0.0, 0.25, 0.5, 0.75])).ravel()
    parts = whole(0.0, source.in_hand, PARTS)
    return supply(market, source, np.concatenate([parts, np.round(mixed), bought + source.in_hand]))


def finer(market: Market, source: Source, ways: Supply, at: int) -> Supply:
    """Supplies between the neighbours of way number `at`, beside that one and the least."""
    if at == 0:
        return ways.first(2)
    low, high = at - 1, min(at + 1, len(ways.total) - 1)
    totals = ways.total[[0, at]]
    if ways.bought[high] > 0:
        start = ways.bought[low] or ways.bought[at] or float(source.limits.smallest)
        near = between(source, start, ways.bought[high], PARTS, PARTS)
        totals = np.append(totals, near + source.in_hand)
    if market.optional(source):
        totals = np.append(totals, whole(ways.total[low], ways.total[high], PARTS))
    return supply(market, source, totals)


def above(market: Market, source: Source, ways: Supply) -> Supply:
    """The least legal supply above each way but the last, (ways - 1,)."""
    bought, total = _ways(market, source, ways.total[:-1] + 1.0)
    return Supply(np.minimum(bought, ways.bought[1:]), np.minimum(total, ways.total[1:]))


def _purchases(market: Market, source: Source, target: Target) -> Array:
    """Legal purchases [example] within weeks and budget, rising from 0: all or a grid that ends at
    the largest."""
    limits = source.limits
    most = limits.available(target.weeks)
    if math.isinf(most):
        most = _enough(market, source, target)
    ceiling = target.budget * (1 + 1e-9) + 1e-300
    if float(market.price(source, np.array(most))) > ceiling:
        most = min(most, most_to_be_had(market, source, target))
    if most < limits.smallest:
        return np.zeros(1)
    return np.concatenate(
        [[0.0], between(source, limits.smallest, most, market.listed, market.grid)]
    )


def between(source: Source, low: float, high: float, listed: int, points: int) -> Array:
    """Legal purchases from `low` to `high`: all if at most `listed`, else `points` of them in
    geometric steps, with the starts of price tiers among them."""
    batch = source.limits.batch
    count = int(round((high - low) / batch)) + 1
    if count <= listed:
        return low + batch * np.arange(count, dtype=float)
    steps = np.geomspace(low, high, points)
    starts = [tier.start for line in source.lines for tier in line.tiers]
    if source.minimum:
        starts.append(source.covered())
    steps = np.concatenate([steps, [t for t in starts if low <= t <= high]])
    whole = np.ceil((steps - low) / batch - 1e-9) * batch + low
    return np.unique(np.clip(whole, low, high))


def whole(low: float, high: float, points: int) -> Array:
    """Whole numbers from `low` to `high` in geometric steps, both ends included."""
    steps = np.geomspace(max(low, 1.0), max(high, 1.0), points)
    return np.unique(np.clip(np.append(np.round(steps), [low, high]), low, high))


def most_to_be_had(market: Market, source: Source, target: Target) -> float:
    """Most whole batches within weeks and budget [example]; at most LARGEST."""
    key = (source.name, target.weeks, target.budget)
    if key not in market.most:
        found = most_for(market, source, target.weeks, np.array([target.budget]))
        market.most[key] = float(found[0])
    return market.most[key]


def most_for(market: Market, source: Source, weeks: float, budgets: Array) -> Array:
    """The same for each of several budgets (budgets,) [currency]."""
    batch = source.limits.batch
    end = math.floor(min(source.limits.available(weeks), LARGEST) / batch) + 1
    ceiling = budgets[:, None] * (1 + 1e-9) + 1e-300
    low = np.where(np.isinf(budgets), end - 1, 0)
    high = np.full(len(budgets), end)
    while (high - low > 1).any():  # cost never falls: among 32 parts the budget ends in one
        steps = np.maximum((high - low) // PARTED, 1)[:, None] * np.arange(1, PARTED)
        counts = np.minimum(low[:, None] + steps, high[:, None])
        fits = (counts < high[:, None]) & (market.price(source, counts * float(batch)) <= ceiling)
        ends = np.column_stack([low, counts, high])
        at, rows = np.count_nonzero(fits, axis=1), np.arange(len(budgets))
        low, high = ends[rows, at], ends[rows, at + 1]
    return np.asarray(low * float(batch))


def _enough(market: Market, source: Source, target: Target) -> float:
    """More of an unlimited source than the cheapest plan buys [example], or what budget allows.

    What meets the target by itself at the wanted confidence is all that any cheaper plan can hold.
    Where no amount does, the source may still serve beside others: then it is what the slowest draw
    needs that data without a floor of its own could bring to the target at all.
    """
    law, key = market.law, (source.name, target.error, target.confidence)
    most = market.enough.get(key, math.nan)
    if math.isnan(most):
        needs = law.needs(target.error, source.name)
        most = float(weighted_quantile(needs[:, None], law.weights, target.confidence)[0])
        if math.isinf(most):
            mix = replace(law.mix, excess=np.zeros_like(law.mix.excess))
            needs = replace(law, mix=mix).needs(target.error, source.name)
            most = float(np.max(needs[np.isfinite(needs)], initial=0.0)) or LARGEST
        market.enough[key] = most
    batch, smallest = source.limits.batch, source.limits.smallest
    most = min(most * (1 + 1e-8), LARGEST)  # needs are known to 1e-9
    enough = max(math.ceil(most / batch) * batch, smallest)
    if math.isfinite(target.budget):
        return max(min(float(enough), most_to_be_had(market, source, target)), float(smallest))
    return float(enough)


# -- unlabelled text -----------------------------------------------------------------------------


def text_ways(market: Market, source: Source, target: Target) -> Supply:
    """Amounts of a text source worth a first try: none, all in hand, and a few up to the most."""
    most = most_to_be_had(market, source, target)
    wanted = [0.0, source.in_hand]
    if most >= source.limits.smallest:
        batch = source.limits.batch
        parts = [math.floor(most * 4.0**-i / batch) * batch for i in range(TEXT_LEVELS)]
        if most <= TEXT_LISTED * batch:
            parts = [(i + 1) * batch for i in range(math.floor(most / batch))]
        wanted += [source.in_hand + max(part, source.limits.smallest) for part in parts]
    return supply(market, source, np.array(wanted))


@dataclass(frozen=True)
class Cell:
    """A range of text amounts, low to high (texts of the law,) [document]; used (1, texts of the
    law) is 1 for those used at all, 0 for the others; cost [currency] of the least of them."""

    low: Array
    high: Array
    used: Array
    cost: float


def text_cells(
    market: Market, target: Target, tried: Mapping[str, Collection[float]]
) -> list[Cell]:
    """Ranges that together hold every legal choice of text, divided at the amounts tried."""
    count = len(market.law.texts)
    cells = [Cell(np.ones(count), np.ones(count), np.zeros((1, count)), 0.0)]
    for source in market.texts:
        most = most_to_be_had(market, source, target) + source.in_hand
        ends = sorted({e for e in tried.get(source.name, ()) if 0 < e < most} | {most} - {0.0})
        k, made, start = list(market.law.texts).index(market.column(source)), list(cells), 0.0
        for end in ends:
            least = supply(market, source, np.array([min(start + 1.0, end)]))
            start = end
            if least.total[0] > end:
                continue
            price = float(market.price(source, least.bought)[0])
            for cell in cells:
                new = replace(cell, low=cell.low.copy(), high=cell.high.copy())
                new = replace(new, used=cell.used.copy(), cost=cell.cost + price)
                new.low[k], new.high[k], new.used[0, k] = least.total[0], end, 1.0
                made.append(new)
        cells = made
    return cells


# -- what the search works on --------------------------------------------------------------------


def option_of(market: Market, source: Source, ways: Supply) -> Options:
    """The listed supplies of a labelled source as the search wants them."""
    column = market.column(source)
    effective = np.asfortranarray(market.law.contribution(column, ways.total))
    cost = market.price(source, ways.bought)
    return Options(ways.total, ways.bought, cost, effective, market.law.excess(column))


def relaxed_of(market: Market, lists: Sequence[Supply]) -> list[Options]:
    """Options of which each stands for all legal supplies above the one before it.

    It has the price of the least of them, the effective examples of the largest, and brings in no
    more of its own floor than the least: no legal supply is better than its option.
    """
    options = []
    for source, ways in zip(market.labels, lists, strict=True):
        exact = option_of(market, source, ways)
        least = above(market, source, ways)
        cost = np.append(exact.cost[:1], market.price(source, least.bought))
        part = market.law.contribution(market.column(source), least.total)
        part = np.asfortranarray(np.hstack([exact.effective[:, :1], part]))
        whole = np.array_equal(least.total, ways.total[1:])
        options.append(replace(exact, cost=cost, least=None if whole else part))
    return options
