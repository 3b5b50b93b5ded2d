"""Legal purchases of many sources under one draw, cut into pieces of a simple form.

On a piece the cost is linear, `at_none + slope n`, and the effective examples are
`factor (n + in_hand)^power` (laws.Composition): it ends where a tier, a minimum contract, the
largest pilot of the source or what there is to have ends. Buying none is a piece of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from planner.laws import Array
from planner.market import LARGEST, Market, most_to_be_had
from planner.plan import Target
from sources.base import Source

HALVINGS = 60


@dataclass(frozen=True)
class Choices:
    """What each source takes at a price: bought (sources,) [example]; value [currency] is the sum
    of cost - price x effective examples."""

    bought: Array
    value: float


@dataclass(frozen=True)
class Pieces:
    """All pieces, those of a source side by side; arrays (pieces,), starts (sources,) the first of
    each source.

    first, last [example] whole batches from which on and up to which; batch [example]
    at_none [currency], slope [currency/example]; factor, power of the effective examples
    in_hand [example]
    """

    starts: np.ndarray
    owner: np.ndarray
    first: Array
    last: Array
    batch: Array
    at_none: Array
    slope: Array
    factor: Array
    power: Array
    in_hand: Array

    @property
    def sources(self) -> int:
        """Number of sources."""
        return len(self.starts)

    def spans(self) -> Array:
        """Batches from the first to the last purchase of each piece."""
        return np.round((self.last - self.first) / self.batch)

    def worth(self, bought: Array) -> Array:
        """Effective examples of purchases on their pieces; (pieces,) or (pieces, many)."""
        return _like(self.factor, bought) * (bought + _like(self.in_hand, bought)) ** _like(
            self.power, bought
        )

    def paid(self, bought: Array) -> Array:
        """Cost [currency] of purchases on their pieces; (pieces,) or (pieces, many)."""
        return _like(self.at_none, bought) + _like(self.slope, bought) * bought

    def most(self) -> Array:
        """Largest purchase (sources,) [example]."""
        return np.maximum.reduceat(self.last, self.starts)

    def cost(self, bought: Array) -> Array:
        """Cost (sources,) [currency] of legal purchases (sources,)."""
        mine = bought[self.owner]
        inside = (mine >= self.first) & (mine <= self.last)
        return np.minimum.reduceat(np.where(inside, self.paid(mine), np.inf), self.starts)

    def effective(self, bought: Array) -> Array:
        """Effective examples (sources,) of legal purchases (sources,)."""
        mine = bought[self.owner]
        inside = (mine >= self.first) & (mine <= self.last)
        return np.maximum.reduceat(np.where(inside, self.worth(mine), 0.0), self.starts)

    def inverse(self, wanted: Array) -> Array:
        """Smallest legal purchases (sources,) with effective examples of at least `wanted`
        (sources,); inf where there is none."""
        mine = wanted[self.owner]
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            total = (np.maximum(mine, 0.0) / self.factor) ** (1 / self.power)
        total = np.where(np.isfinite(total), total, np.inf)
        steps = np.ceil((total - self.in_hand - self.first) / self.batch * (1 - 1e-13) - 1e-9)
        steps = np.clip(steps, 0.0, self.spans())
        bought = self.first + steps * self.batch
        bought = np.where(
            (self.worth(bought) < mine) & (bought < self.last), bought + self.batch, bought
        )
        bought = np.where(self.worth(bought) >= mine, bought, np.inf)
        return np.minimum.reduceat(bought, self.starts)

    def values(self, price: float) -> tuple[Array, Array]:
        """Least cost - price x effective examples on each piece, and the purchase that has it; at a
        price [currency/effective example]."""
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            # where the slopes of cost and worth are the same
            log = np.log(price * self.factor * self.power / self.slope) / (1 - self.power)
            still = np.exp(np.minimum(log, 60.0)) - self.in_hand
        still = np.where((self.power < 1) & ~np.isnan(still), still, self.first)
        steps = np.clip(np.floor((still - self.first) / self.batch), 0.0, self.spans())
        tried = self.first[:, None] + self.batch[:, None] * np.stack(
            [np.zeros_like(steps), steps, np.minimum(steps + 1, self.spans())], axis=1
        )
        tried = np.hstack([tried, self.last[:, None]])
        value = self.paid(tried) - price * self.worth(tried)
        at = np.argmin(value, axis=1)
        rows = np.arange(len(at))
        return value[rows, at], tried[rows, at]

    def at(self, price: float) -> Choices:
        """What every source takes at a price [currency/effective example]."""
        value, bought = self.values(price)
        least = np.minimum.reduceat(value, self.starts)
        first = np.where(value == least[self.owner], np.arange(len(value)), len(value))
        return Choices(bought[np.minimum.reduceat(first, self.starts)], float(least.sum()))

    def cheapest_rate(self) -> float:
        """A price [currency/effective example] near the least that any whole piece has."""
        gain = self.worth(self.last) - self.worth(self.first * 0)[self.starts][self.owner]
        paid = self.paid(self.last)
        rates = paid[(gain > 0) & (paid > 0)] / gain[(gain > 0) & (paid > 0)]
        return float(rates.min()) if len(rates) else 1.0

    def of(self, source: int) -> Pieces:
        """The pieces of one source."""
        end = self.starts[source + 1] if source + 1 < self.sources else len(self.first)
        part = slice(int(self.starts[source]), int(end))
        return Pieces(
            np.zeros(1, dtype=int),
            np.zeros(part.stop - part.start, dtype=int),
            *(getattr(self, name)[part] for name in NAMES),
        )


NAMES = ("first", "last", "batch", "at_none", "slope", "factor", "power", "in_hand")


def _like(column: Array, other: Array) -> Array:
    return column[:, None] if other.ndim == 2 else column


def left_open(pieces: Pieces, price: float, gap: float) -> Pieces:
    """The parts of pieces that a plan within `gap` [currency] of the bound at this price uses."""
    value, at = pieces.values(price)
    least = np.minimum.reduceat(value, pieces.starts)[pieces.owner]
    room = gap * (1 + 1e-9) - (value - least)
    keep = room >= 0
    spans = pieces.spans()

    def within(steps: Array) -> np.ndarray:
        bought = pieces.first + steps * pieces.batch
        return pieces.paid(bought) - price * pieces.worth(bought) - least <= gap * (1 + 1e-9)

    middle = np.round((at - pieces.first) / pieces.batch)
    ends = []
    for far in (np.zeros_like(spans), spans):
        inner, outer = middle.copy(), far.copy()
        whole = within(outer)
        for _ in range(HALVINGS):  # cost - price x worth is convex where power <= 1
            half = (
                np.floor((inner + outer) / 2) if far is not spans else np.ceil((inner + outer) / 2)
            )
            good = within(half)
            inner, outer = np.where(good, half, inner), np.where(good, outer, half)
            if (np.abs(inner - outer) <= 1).all():
                break
        ends.append(np.where(whole | (pieces.power > 1), far, inner))
    first = pieces.first + ends[0] * pieces.batch
    last = pieces.first + ends[1] * pieces.batch
    kept = replace(pieces, first=first, last=last)
    return _only(kept, keep)


def _only(pieces: Pieces, keep: np.ndarray) -> Pieces:
    owner = pieces.owner[keep]
    starts = np.searchsorted(owner, np.arange(pieces.sources))
    return Pieces(starts, owner, *(getattr(pieces, name)[keep] for name in NAMES))


def pieces_of(market: Market, target: Target, need: float) -> Pieces:
    """The pieces of every labelled source of a market whose law has one draw, up to what meets
    `need` [effective example] alone."""
    rows = list[tuple[float, ...]]()
    starts = []
    place = {int(column): k for k, column in enumerate(market.law.labels)}
    for source in market.labels:
        starts.append(len(rows))
        rows += _cut(market, source, place[market.column(source)], target, need)
    table = np.array(rows).reshape(-1, len(NAMES))
    owner = np.repeat(np.arange(len(starts)), np.diff([*starts, len(rows)]))
    return Pieces(np.array(starts), owner, *np.ascontiguousarray(table.T))


def _cut(
    market: Market, source: Source, k: int, target: Target, need: float
) -> list[tuple[float, ...]]:
    """Pieces of one source, number k of the labelled ones; buying none first."""
    mix, batch = market.law.mix, float(source.limits.batch)
    scale, quality = float(mix.scale[k]), float(mix.quality[0, k])
    below = float(mix.saturation[0, k])
    beyond = below * math.exp(float(mix.speed[0, k]))

    def form(middle: float) -> tuple[float, float]:
        power = below if middle + source.in_hand <= scale else beyond
        return quality * scale ** (1 - power), power

    rows: list[tuple[float, ...]] = [(0.0, 0.0, 1.0, 0.0, 0.0, *form(0.0), source.in_hand)]
    least, most = float(source.limits.smallest), most_to_be_had(market, source, target)
    alone = scale * (need / (quality * scale)) ** (
        1 / (below if need < quality * scale else beyond)
    )
    if math.isfinite(alone) and alone < LARGEST:
        most = min(most, max(least, math.ceil(alone / batch + 1) * batch))
    if most < least:
        return rows
    cuts = {tier.start for line in source.lines for tier in line.tiers} | {scale - source.in_hand}
    if source.minimum:
        cuts.add(source.covered())
    ends = [least, *sorted(cut for cut in cuts if least < cut < most), most]
    for low, high in zip(ends, ends[1:] or [most], strict=False):
        first = least + math.ceil((low - least) / batch - 1e-9) * batch
        last = least + math.floor((high - least) / batch + 1e-9) * batch
        if first > last:
            continue
        paid = market.price(source, np.array([first, last]))
        slope = float(paid[1] - paid[0]) / (last - first) if last > first else 0.0
        rows.append(
            (
                first,
                last,
                batch,
                float(paid[0]) - slope * first,
                slope,
                *form((first + last) / 2),
                source.in_hand,
            )
        )
    return rows
