"""What can be bought: legal purchases of each source, with cost and effective examples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.errors import Fault, InputError
from planner.fitted import FittedLaw, smallest_meeting
from planner.laws import Array
from planner.plan import Target
from planner.search import Options
from sources.base import Source

LISTED = 160  # sources with at most this many legal purchases are listed whole
GRID = 40  # else so many points, in geometric steps
HUGE = 1e9  # [example] stands for "unlimited" where neither need nor budget ends it sooner
TEXT_LEVELS = 3  # amounts of each text source that are tried, besides none


@dataclass(frozen=True)
class Market:
    """What can be bought: sources in the law's order of columns, law, and contingency [ratio]."""

    sources: tuple[Source, ...]
    law: FittedLaw
    contingency: float

    @property
    def labels(self) -> tuple[Source, ...]:
        """Labelled sources."""
        return tuple(s for s in self.sources if s.role == "labels")

    @property
    def texts(self) -> tuple[Source, ...]:
        """Unlabelled text sources."""
        return tuple(s for s in self.sources if s.role == "text")

    def column(self, source: Source) -> int:
        """Column of a source in the law."""
        return self.law.sources.index(source.name)

    def price(self, source: Source, quantity: Array) -> Array:
        """Cost [currency], contingency included."""
        return source.cost(quantity) * (1 + self.contingency)


def market_of(sources: Sequence[Source], law: FittedLaw, contingency: float) -> Market:
    """The market of these sources under a law. Raises InputError for a source the law lacks."""
    unknown = [s.name for s in sources if s.name not in law.sources]
    if unknown:
        known = ", ".join(law.sources)
        raise InputError(
            "sources", [Fault(n, None, "not in the law", f"known: {known}") for n in unknown]
        )
    ordered = sorted(sources, key=lambda s: law.sources.index(s.name))
    return Market(tuple(ordered), law, contingency)


def in_hand(market: Market) -> Array:
    """Examples in hand (sources of the law,)."""
    owned = np.zeros(len(market.law.sources))
    for source in market.sources:
        owned[market.column(source)] = source.in_hand
    return owned


def text_levels(market: Market, target: Target) -> list[tuple[Array, float]]:
    """Combinations of text amounts to try and their cost [currency], none first."""
    levels: list[tuple[Array, float]] = [(np.zeros(0), 0.0)]
    for source in market.texts:
        most = source.limits.available(target.weeks)
        if math.isinf(most):
            most = HUGE
        steps = [0.0]
        for i in range(TEXT_LEVELS if most else 0):
            wanted = most * 4.0**-i
            batch = source.limits.batch
            legal = max(math.floor(wanted / batch) * batch, source.limits.smallest)
            steps.append(float(legal))
        unique = sorted(set(steps))
        levels = [
            (np.append(chosen, amount), cost + float(market.price(source, np.array(amount))))
            for chosen, cost in levels
            for amount in unique
        ]
    return sorted(levels, key=lambda level: level[1])


def law_text(market: Market, text: Array) -> Array:
    """Text used (1, texts of the law): bought and in hand, in the law's order."""
    names = [market.law.sources[k] for k in market.law.texts]
    used = np.zeros((1, len(names)))
    for source, quantity in zip(market.texts, text, strict=True):
        used[0, names.index(source.name)] = quantity + source.in_hand
    return used


def quantities(market: Market, source: Source, target: Target) -> Array:
    """Legal purchases [example] within weeks and budget, rising from 0: all or a grid."""
    limits = source.limits
    most = limits.available(target.weeks)
    if math.isinf(most):
        most = _enough(market, source, target)
    if most < limits.smallest:
        return np.zeros(1)
    listed = np.concatenate([[0.0], between(source, limits.smallest, most, LISTED, GRID)])
    affordable = market.price(source, listed) <= target.budget * (1 + 1e-9) + 1e-300
    if affordable.all():
        return listed
    last = (
        int(np.argmin(affordable)) - 1
    )  # cost rises: all before the first dear one are affordable
    if len(listed) <= LISTED or last < 1:
        return listed[: last + 1]
    return listed[: last + 2]  # the last grid point is dear, but not all purchases before it are


def between(source: Source, low: float, high: float, listed: int, points: int) -> Array:
    """Legal purchases from `low` to `high`: all if at most `listed`, else `points` of them in
    geometric steps, with the starts of price tiers among them."""
    batch = source.limits.batch
    count = int(round((high - low) / batch)) + 1
    if count <= listed:
        return low + batch * np.arange(count, dtype=float)
    steps = np.geomspace(low, high, points)
    starts = [tier.start for line in source.lines for tier in line.tiers]
    steps = np.concatenate([steps, [t for t in starts if low <= t <= high]])
    whole = np.ceil((steps - low) / batch - 1e-9) * batch + low
    return np.unique(np.clip(whole, low, high))


def _enough(market: Market, source: Source, target: Target) -> float:
    """More of an unlimited source than any sensible plan buys: what meets the target in 99% of the
    draws that it can meet, or what the budget affords."""
    needs = market.law.needs(target.error, source.name)
    finite = needs[np.isfinite(needs)]
    most = float(np.quantile(finite, 0.99)) * 2 if len(finite) else HUGE
    most = min(max(most, source.limits.smallest), HUGE)
    if math.isfinite(target.budget):
        over = smallest_meeting(lambda n: -market.price(source, n), -target.budget, 1, HUGE)
        most = min(most, float(over[0]))
    batch = source.limits.batch
    return float(max(math.ceil(most / batch) * batch, source.limits.smallest))


def options_of(market: Market, lists: list[Array]) -> list[Options]:
    """The listed purchases of each labelled source as the search wants them."""
    options = []
    for source, quantity in zip(market.labels, lists, strict=True):
        column = market.column(source)
        options.append(
            Options(
                quantity,
                market.price(source, quantity),
                np.asfortranarray(market.law.contribution(column, quantity + source.in_hand)),
                market.law.excess(column),
            )
        )
    return options
