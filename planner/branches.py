"""Branch and bound for one draw: splits sources' ranges until the relaxation leaves no gap.

    minimise  sum_k cost_k(n_k)   subject to   sum_k s_k(n_k) >= need,   n_k in its range

At a price of the need the sources part, so that what each range adds to the bound is one row over a
list of prices, found once: a branch adds and takes away a few rows, and its bound is the highest
entry. Next to that price the sources take purchases that together miss the need on one side and
meet it on the other; the range of one that differs is cut between the two, the one whose cut lifts
the bound most. Cheapest bound first. The clock decides nothing but when to stop, so that the answer
is the same however busy the machine is.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from planner.clock import Clock
from planner.laws import Array
from planner.pieces import NAMES, Pieces

WANTED, ENOUGH = 1e-6, 2e-5  # relative gap that is asked for, at first and later
FEW, MOST = 100, 400  # branches
CANDIDATES = 6  # sources whose ranges are cut for a trial
FINE, STEP = 0.03, 1e-4  # log of price either side of the best: finely listed, in such steps
COARSE, GROWTH = 2.0, 0.05  # farther off, up to this log; a step is so much of the distance
EAGER = 60  # branches from each of which whole purchases are made; then from each EVERY-th
EVERY = 8
KEPT = 3000  # rows kept
ROUNDING = 1e-12  # relative, of a bound

Range = tuple[float, float]


@dataclass(frozen=True)
class Proof:
    """A bound [currency] on every plan within the pieces, and branches looked at."""

    bound: float
    branches: int


class Branches:
    """Open branches over `pieces` for `need` [effective example].

    offer is given purchases (sources,) that meet the need; it returns the cost [currency] that the
    next ones must stay below. mend makes such purchases from others that miss it.
    """

    def __init__(
        self,
        pieces: Pieces,
        need: float,
        price: float,
        offer: Callable[[Array], float],
        mend: Callable[[Array], float],
        clock: Clock,
    ) -> None:
        self.pieces, self.need, self.clock = pieces, need, clock
        self.offer, self.mend = offer, mend
        self.prices = _prices(price)
        self.own = [pieces.of(k) for k in range(pieces.sources)]
        self.whole = [(float(own.first.min()), float(own.last.max())) for own in self.own]
        same: dict[tuple[bytes, ...], int] = {}
        self.group = np.array([same.setdefault(_print(own), k) for k, own in enumerate(self.own)])
        self.twins: dict[int, list[int]] = {}
        for k, number in enumerate(self.group):
            self.twins.setdefault(int(number), []).append(k)
        self.rows: dict[tuple[int, Range], Array] = {}
        self.base = (self.need * self.prices).copy()
        for k in range(pieces.sources):
            self.base += self._row(k, self.whole[k])
        self.taken: dict[int, Array] = {}

    def prove(self, cutoff: float) -> Proof:
        """Look at branches until no plan can cost less than (1 - WANTED) of the best, or after FEW
        of them (1 - ENOUGH), or there were MOST; `cutoff` [currency] is what a plan must cost less
        than to be taken."""
        heap: list[tuple[float, int, dict[int, Range]]] = [(float(self.base.max()), 0, {})]
        number, looked, stuck, wanted = 1, 0, math.inf, WANTED
        while heap:
            bound, _, cut = heap[0]
            wanted = WANTED if looked < FEW else ENOUGH
            if bound >= cutoff * (1 - wanted) or looked >= MOST or self.clock.over():
                break
            heapq.heappop(heap)
            looked += 1
            cutoff, children = self._branch(cut, cutoff, looked)
            if not children:
                stuck = min(stuck, bound)
            for value, child in children:
                value = max(value, bound)
                if value < cutoff * (1 - wanted):
                    heapq.heappush(heap, (value, number, child))
                    number += 1
        left = min(heap[0][0] if heap else math.inf, stuck)
        return Proof(min(left * (1 - ROUNDING), cutoff * (1 - wanted)), looked)

    def _branch(
        self, cut: dict[int, Range], cutoff: float, looked: int
    ) -> tuple[float, list[tuple[float, dict[int, Range]]]]:
        """Two branches of one, with their bounds, and the cost of the best plan then."""
        total = self.base.copy()
        for k, span in cut.items():
            total += self._row(k, span) - self._row(k, self.whole[k])
        g = int(np.argmax(total))
        here = self._take(cut, g)
        size = float(self.pieces.effective(here).sum())
        met = size >= self.need
        other = g - 1 if met else g + 1
        if not 0 <= other < len(self.prices):  # what is free meets the need, or nothing does
            return self.offer(here) if met else cutoff, []
        there = self._take(cut, other)
        below, above = (there, here) if met else (here, there)
        if float(self.pieces.effective(above).sum()) >= self.need:
            cutoff = self.offer(above)
        if looked <= EAGER or looked % EVERY == 0:
            cutoff = self.mend(below)
        best: tuple[float, float] = (-math.inf, -math.inf)
        children: list[tuple[float, dict[int, Range]]] = []
        for k in self._likely(below, above):
            parts = self._cut(k, cut.get(k, self.whole[k]), float(below[k]), float(above[k]))
            some = [self._with_twins(cut, k, part) for part in parts]
            values = [self._value(total, cut, more) for more in some]
            score = min(min(values), cutoff), min(sum(values), 4 * cutoff)
            if score > best:
                best = score
                children = [(v, {**cut, **more}) for v, more in zip(values, some, strict=True)]
        return cutoff, children

    def _likely(self, below: Array, above: Array) -> list[int]:
        """Sources that differ most between two choices; of equal ones the first and a middle."""
        moved = np.abs(self.pieces.effective(above) - self.pieces.effective(below))
        groups: dict[int, list[int]] = {}
        for k in np.argsort(-moved, kind="stable")[: int(np.count_nonzero(moved))]:
            groups.setdefault(int(self.group[k]), []).append(int(k))
            if len(groups) > CANDIDATES:
                break
        some = [k for each in groups.values() for k in {each[0], each[len(each) // 2]}]
        return some[:CANDIDATES]

    def _with_twins(self, cut: dict[int, Range], k: int, part: Range) -> dict[int, Range]:
        """New ranges where source k is cut to a part. Of equal sources the first takes most: what
        caps one caps those after it, and what one takes those before it take."""
        low, high = part
        more = {k: part}
        for j in self.twins[int(self.group[k])]:
            old = cut.get(j, self.whole[j])
            new = (old[0], min(old[1], high)) if j > k else (max(old[0], low), old[1])
            if j != k and new != old:
                more[j] = new
        return more

    def _value(self, total: Array, cut: dict[int, Range], more: dict[int, Range]) -> float:
        """The bound where these ranges are cut further."""
        new = total.copy()
        for j, span in more.items():
            if span[0] > span[1]:
                return math.inf
            new += self._row(j, span) - self._row(j, cut.get(j, self.whole[j]))
        return float(new.max())

    def _cut(self, k: int, span: Range, one: float, other: float) -> tuple[Range, Range]:
        """A range of source k cut between two purchases of it."""
        low, high = min(one, other), max(one, other)
        own = self.own[k]
        holds = (own.first <= low) & (own.last >= low)
        p = int(np.flatnonzero(holds)[-1])
        if high > own.last[p]:
            end = min(float(own.last[p]), span[1])
            # pieces share their ends: the next purchase may lie within one that begins here
            steps = np.maximum(np.floor((end - own.first) / own.batch + 1e-9) + 1, 0)
            above = own.first + steps * own.batch
            above = above[above <= own.last]
            start = float(above.min()) if len(above) else high
        else:
            batch = float(own.batch[p])
            end = low + math.floor((high - low) / batch / 2) * batch
            start = end + batch
        return (span[0], end), (start, span[1])

    def _row(self, k: int, span: Range) -> Array:
        """Least cost - price x effective examples (prices,) of source k within a range."""
        key = (int(self.group[k]), span)
        row = self.rows.get(key)
        if row is None:
            if len(self.rows) > KEPT + len(self.own):
                wholes = {(int(g), self.whole[g]) for g in self.group}
                self.rows = {each: self.rows[each] for each in wholes}
            row = least_values(_within(self.own[k], span), self.prices)
            self.rows[key] = row
        return row

    def _take(self, cut: dict[int, Range], g: int) -> Array:
        """What the sources take at a price, within their ranges."""
        price = float(self.prices[g])
        if g not in self.taken:
            self.taken[g] = self.pieces.at(price).bought
        bought = self.taken[g].copy()
        for k, span in cut.items():
            bought[k] = _within(self.own[k], span).at(price).bought[0]
        return bought


def _print(own: Pieces) -> tuple[bytes, ...]:
    """What only equal sources share."""
    return tuple(getattr(own, name).tobytes() for name in NAMES)


def _within(own: Pieces, span: Range) -> Pieces:
    """The pieces of one source cut to a range of purchases."""
    low, high = span
    first = np.where(
        own.first < low,
        own.first + np.ceil((low - own.first) / own.batch - 1e-9) * own.batch,
        own.first,
    )
    last = np.where(
        own.last > high,
        own.first + np.floor((high - own.first) / own.batch + 1e-9) * own.batch,
        own.last,
    )
    keep = first <= last
    kept = {name: getattr(own, name)[keep] for name in ("owner", *NAMES)}
    return replace(own, **{**kept, "first": first[keep], "last": last[keep]})


def _prices(best: float) -> Array:
    """Prices around the best one: none, some, and one beyond all."""
    steps = [*np.arange(STEP, FINE, STEP)]
    while steps[-1] < COARSE:
        steps.append(steps[-1] * (1 + GROWTH))
    off = np.array(steps)
    return best * np.concatenate([[0.0], np.exp(-off[::-1]), [1.0], np.exp(off), [1e4]])


def least_values(pieces: Pieces, prices: Array) -> Array:
    """Least cost - price x effective examples (prices,) of one source's pieces."""
    least: Array = np.full(len(prices), np.inf)
    for p in range(len(pieces.first)):
        first, last, batch = pieces.first[p], pieces.last[p], pieces.batch[p]
        slope, none = pieces.slope[p], pieces.at_none[p]
        factor, power, hand = pieces.factor[p], pieces.power[p], pieces.in_hand[p]
        for n in {first, last}:
            np.minimum(least, none + slope * n - prices * (factor * (n + hand) ** power), out=least)
        if power >= 1 or last - first <= batch * 1.5 or not slope > 0:
            continue
        with np.errstate(divide="ignore"):
            log = np.log(prices * (factor * power / slope)) / (1 - power)
        still = np.exp(np.minimum(log, 60.0)) - hand
        inside = np.flatnonzero((still > first) & (still < last))
        if not len(inside):
            continue
        n = first + np.floor((still[inside] - first) / batch) * batch
        some = prices[inside]
        for at in (n, np.minimum(n + batch, last)):
            value = none + slope * at - some * (factor * (at + hand) ** power)
            least[inside] = np.minimum(least[inside], value)
    return least
