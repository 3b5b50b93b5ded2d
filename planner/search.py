"""Cheapest choice among listed purchases: a quick local search, then branch and bound to prove it.

Each source offers a rising list of options (quantity, cost, effective examples in every draw). The
local search finds a good choice; branch and bound then works on boxes that hold a range of options
for each source. Two bounds prune a box: even its largest purchase in every source must meet the
target often enough; and its cost is at least what the cheapest draws need, since a plan that holds
with probability c pays for all draws it holds in. What is left is split until every source has one
option. Nothing is assumed of cost but that it never falls with quantity.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from planner.fitted import weighted_quantile
from planner.judge import Judge
from planner.laws import SMALLEST_SIZE, Array

BATCH = 32  # boxes bounded at once
RELATIVE = 1e-9  # savings below this share of the cost are not looked for
PAIR_POINTS = 8  # options per source in the first look at pairs
PAIR_SOURCES = 8  # sources of best value that are looked at in pairs
PAIR_REACH = 3  # neighbours on either side in the local search of pairs

Choice = tuple[int, ...]


@dataclass(frozen=True)
class Options:
    """What one labelled source offers.

    quantity, cost (options,) [example], [currency], neither falling; effective (draws, options)
    [effective example], not falling, best stored with draws side by side; excess (draws,) own floor
    [error]. least (draws, options) [effective example], where an option stands for a
    range: what it brings in of its own floor at least; None where that is `effective`.
    """

    quantity: Array
    cost: Array
    effective: Array
    excess: Array
    least: Array | None = None


@dataclass(frozen=True)
class Outcome:
    """Best choice (number of the option per source) or None, its cost [currency], a proven lower
    bound on the cost of any choice, and how many boxes that took."""

    choice: Choice | None
    cost: float
    bound: float
    boxes: int


def cheapest(
    options: list[Options],
    judge: Judge,
    confidence: float,
    ceiling: float,
    *,
    most_boxes: int,
    starts: Iterable[Choice] = (),
) -> Outcome:
    """Cheapest choice with P(target met) >= confidence at a cost of at most `ceiling` [currency].

    Exact unless `most_boxes` ran out; then `bound` says what is proven. `starts` are choices worth
    trying first.
    """
    search = _Search(options, judge, confidence, ceiling)
    if not search.possible():
        return Outcome(None, math.inf, math.inf, 1)
    search.improve(starts)
    return search.prove(most_boxes)


class _Search:
    """Options, judge, and the best choice so far."""

    def __init__(
        self, options: list[Options], judge: Judge, confidence: float, ceiling: float
    ) -> None:
        self.options, self.judge, self.confidence = options, judge, confidence - 1e-12
        self.weights = judge.weights
        # a free plan must fit even a budget of nothing
        self.ceiling: float = ceiling * (1 + RELATIVE) + 1e-300
        self.best: Choice | None = None
        self.open: list[tuple[float, int, Choice, Choice]] = []
        self.boxes = 0
        self.excess = np.stack([o.excess for o in options], axis=1)  # (draws, sources)
        self.exact = all(o.least is None for o in options)
        self.steepest = [_steepest(o) for o in options]
        # most that costs nothing
        self.free = np.array([np.searchsorted(o.cost, 0.0, side="right") - 1 for o in options])
        # a mixture's own floor is never below the least of its sources
        self.need = judge.need_above(self.excess.min(axis=1))

    # -- choices ---------------------------------------------------------------------------------

    def _totals(self, choices: np.ndarray) -> tuple[Array, Array, Array]:
        """Size, excess floor (draws, choices) and cost (choices,) of choices (choices, sources)."""
        # draws of one choice lie side by side in memory: choices are gathered as whole columns
        size: Array = np.zeros((len(self.weights), len(choices)), order="F")
        tilt: Array = np.zeros_like(size)
        cost: Array = np.zeros(len(choices))
        for k, option in enumerate(self.options):
            picked = choices[:, k]
            cost += option.cost[picked]
            if (picked == picked[0]).all():  # most moves leave most sources as they are
                picked = picked[:1]
            part = option.effective.T[picked].T
            if len(picked) == 1 and not part.any():
                continue
            size += part
            if option.excess.any():
                least = part if option.least is None else option.least.T[picked].T
                tilt += least * option.excess[:, None]
        return size, tilt / np.maximum(size, SMALLEST_SIZE), cost

    def _try(self, choices: np.ndarray) -> bool:
        """Take the cheapest of `choices` that meets the target if it beats the best; whether it
        did."""
        cost = sum(o.cost[choices[:, k]] for k, o in enumerate(self.options))
        choices = choices[cost < self.ceiling]
        if not len(choices):
            return False
        size, tilt, cost = self._totals(choices)
        cost = np.where(self.judge.chance(size, tilt) >= self.confidence, cost, np.inf)
        i = int(np.argmin(cost))
        if not cost[i] < self.ceiling:
            return False
        self.ceiling, self.best = float(cost[i]) * (1 - RELATIVE), tuple(map(int, choices[i]))
        return True

    # -- local search ----------------------------------------------------------------------------

    def improve(self, starts: Iterable[Choice]) -> None:
        """Local search from `starts`, or from single sources, everything at once, and pairs."""
        tops = np.array([len(o.cost) - 1 for o in self.options])
        given = [start for start in starts if len(start) == len(tops)]
        if given:
            self._try(np.minimum(np.array(given), tops))
        if self.best is None:
            self._try(tops[None])
            for base in np.unique([np.zeros_like(tops), self.free], axis=0):
                self._try(self._singles(base, tops))
                self._try(self._pairs(base, tops))
        while self.best is not None:
            for k in range(len(tops)):
                self._settle(k)
            moved = [self._try(self._line(k)) for k in range(len(tops))]
            moved += [
                self._try(self._window(i, j, tops))
                for i in range(len(tops))
                for j in range(i)
                if self.best[i] or self.best[j]
            ]
            if not any(moved):
                return

    def _settle(self, k: int) -> None:
        """Take the likeliest of the options of source k that cost what the best choice takes."""
        assert self.best is not None
        cost = self.options[k].cost
        same = np.flatnonzero(cost == cost[self.best[k]])
        if len(same) > 1:
            rows = _along(np.array(self.best), k, same)
            size, tilt, _ = self._totals(rows)
            self.best = tuple(map(int, rows[int(np.argmax(self.judge.chance(size, tilt)))]))

    def _singles(self, base: np.ndarray, tops: np.ndarray) -> np.ndarray:
        return np.vstack([base, *(_along(base, k, range(t + 1)) for k, t in enumerate(tops))])

    def _pairs(self, base: np.ndarray, tops: np.ndarray) -> np.ndarray:
        worth = [
            float(np.median(o.effective[:, -1])) / max(float(o.cost[-1]), 1e-300)
            for o in self.options
        ]
        likely = [int(k) for k in np.argsort(worth)[::-1] if tops[k]][:PAIR_SOURCES]
        rows = []
        for i in likely:
            for j in likely[: likely.index(i)]:
                some = [np.unique(np.linspace(1, tops[k], PAIR_POINTS).astype(int)) for k in (i, j)]
                for a in some[0]:
                    rows.append(_along(_put(base, i, int(a)), j, some[1]))
        return np.vstack(rows) if rows else tops[None]

    def _line(self, k: int) -> np.ndarray:
        assert self.best is not None
        return _along(np.array(self.best), k, range(len(self.options[k].cost)))

    def _window(self, i: int, j: int, tops: np.ndarray) -> np.ndarray:
        """Nearby options of two sources, and all options of one with the other left out."""
        assert self.best is not None
        best = np.array(self.best)
        near = [
            np.unique(np.clip(best[k] + np.arange(-PAIR_REACH, PAIR_REACH + 1), 0, tops[k]))
            for k in (i, j)
        ]
        rows = [_along(_put(best, i, int(a)), j, near[1]) for a in near[0]]
        for a, b in ((i, j), (j, i)):
            for none in {0, int(self.free[a])} - {int(best[a])}:  # the rest are lines, tried before
                rows.append(_along(_put(best, a, none), b, range(int(tops[b]) + 1)))
        return np.vstack(rows)

    def possible(self) -> bool:
        """Whether any choice can meet the target; a look at the box of all choices."""
        self._bound([self._everything()])
        return bool(self.open) or self.best is not None

    def _everything(self) -> tuple[Choice, Choice]:
        top = tuple(len(o.cost) - 1 for o in self.options)
        return tuple(0 for _ in top), top

    # -- branch and bound ------------------------------------------------------------------------

    def prove(self, most_boxes: int) -> Outcome:
        """Split boxes, cheapest bound first, until nothing cheaper can be left."""
        self.open.clear()
        self._bound([self._everything()])  # anew: the local search has lowered the ceiling
        while self.open and self.boxes < most_boxes:
            boxes: list[tuple[Choice, Choice]] = []
            while self.open and len(boxes) < BATCH:
                value, _, low, high = heapq.heappop(self.open)
                if value >= self.ceiling:
                    self.open.clear()
                    break
                boxes.extend(self._split(low, high))
            if boxes:
                self._bound(boxes)
        left = self.open[0][0] if self.open else math.inf
        if self.best is None:
            return Outcome(None, math.inf, left, self.boxes)
        cost = float(sum(o.cost[i] for o, i in zip(self.options, self.best, strict=True)))
        return Outcome(self.best, cost, min(left, cost), self.boxes)

    def _split(self, low: Choice, high: Choice) -> list[tuple[Choice, Choice]]:
        """Two halves along the source whose range costs most; buying none is split off first."""
        spread = [
            float(o.cost[h] - o.cost[lo]) if h > lo else -1.0
            for o, lo, h in zip(self.options, low, high, strict=True)
        ]
        k = int(np.argmax(spread))
        middle = 0 if low[k] == 0 else (low[k] + high[k]) // 2
        left = (low, (*high[:k], middle, *high[k + 1 :]))
        right = ((*low[:k], middle + 1, *low[k + 1 :]), high)
        return [left, right]

    def _bound(self, boxes: list[tuple[Choice, Choice]]) -> None:
        """Bound boxes, keep those that may hold something cheaper, settle single choices."""
        self.boxes += len(boxes)
        low, high = (np.array([box[i] for box in boxes]) for i in (0, 1))
        base = np.asarray(sum(o.cost[low[:, k]] for k, o in enumerate(self.options)))
        keep = base < self.ceiling
        if not keep.any():
            return
        low, base = low[keep], base[keep]
        high = self._affordable(low, high[keep], base)
        small, tilt_small, _ = self._totals(low)
        large, _, _ = self._totals(high)
        met = self.judge.met(large, self._least_tilt(low, high, small, tilt_small, large))
        possible = self.weights @ met >= self.confidence
        single = (low == high).all(axis=1)
        if (possible & single).any():
            self._try(low[possible & single])
        rest = np.flatnonzero(possible & ~single)
        if not len(rest):
            return
        price = base[rest] + self._extra(low[rest], high[rest], small[:, rest], met[:, rest])
        for i, value in zip(rest, price, strict=True):
            if value < self.ceiling:
                number = self.boxes * BATCH + int(i)
                entry = (float(value), number, tuple(map(int, low[i])), tuple(map(int, high[i])))
                heapq.heappush(self.open, entry)

    def _affordable(self, low: np.ndarray, high: np.ndarray, base: Array) -> np.ndarray:
        """Highest options that one source alone could take without costing more than the best."""
        if math.isinf(self.ceiling):
            return high
        tight = high.copy()
        for k, option in enumerate(self.options):
            room = self.ceiling - base + option.cost[low[:, k]]
            last = np.searchsorted(option.cost, room, side="right") - 1
            tight[:, k] = np.clip(last, low[:, k], high[:, k])
        return tight

    def _least_tilt(
        self, low: np.ndarray, high: np.ndarray, small: Array, tilt: Array, large: Array
    ) -> Array:
        """Least excess floor (draws, boxes) in a box: what may be added has the least floor of the
        sources still open, none where options are ranges, and the share it takes is one of the two
        extremes."""
        free = np.full(small.shape, np.inf if self.exact else 0.0)
        for k in range(low.shape[1]):
            wide = high[:, k] > low[:, k]
            free = np.where(wide[None], np.minimum(free, self.excess[:, k : k + 1]), free)
        free = np.where(np.isfinite(free), free, 0.0)
        mixed = (tilt * small + free * (large - small)) / np.maximum(large, SMALLEST_SIZE)
        return np.where(small > 0, np.minimum(tilt, mixed), mixed) * (1 - 1e-12)

    def _extra(self, low: np.ndarray, high: np.ndarray, small: Array, met: np.ndarray) -> Array:
        """Least cost (boxes,) beyond the lowest options: the confidence-quantile over draws of what
        each draw's missing size costs at the best price in the box."""
        price = np.full(small.shape, np.inf)
        for k, option in enumerate(self.options):
            lo, hi = low[:, k], high[:, k]
            slope = [_least_slope(option, int(a), int(b)) for a, b in zip(lo, hi, strict=True)]
            worth = self.steepest[k].T[lo].T
            with np.errstate(divide="ignore", invalid="ignore"):
                each = np.where(worth > 0, np.array(slope) / worth, np.inf)
            price = np.minimum(price, np.where(hi > lo, each, np.inf))
        missing = np.maximum(self.need[:, None] - small, 0.0)
        with np.errstate(invalid="ignore"):
            cost = np.where(missing > 0, missing * price, 0.0)
        cost = np.where(met, cost, np.inf)
        return weighted_quantile(cost, self.weights, self.confidence)


def _steepest(option: Options) -> Array:
    """Most effective examples per example (draws, options) gained by any step from an option on."""
    step = np.diff(option.quantity)
    gained = np.diff(option.effective, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(gained > 0, gained / step, 0.0)
    slope = np.hstack([slope, np.zeros((len(slope), 1))])
    return np.asfortranarray(np.maximum.accumulate(slope[:, ::-1], axis=1)[:, ::-1])


def _least_slope(option: Options, low: int, high: int) -> float:
    """Least average price per example of going from option `low` to any option up to `high`."""
    if high <= low:
        return math.inf
    reach = slice(low + 1, high + 1)
    dearer = option.cost[reach] - option.cost[low]
    return float(np.min(dearer / (option.quantity[reach] - option.quantity[low])))


def _put(choice: np.ndarray, k: int, value: int) -> np.ndarray:
    copy = choice.copy()
    copy[k] = value
    return copy


def _along(choice: np.ndarray, k: int, values: Iterable[int]) -> np.ndarray:
    """Choices (values, sources) that differ from `choice` in source k only."""
    listed = np.fromiter(values, dtype=int)
    rows = np.tile(choice, (len(listed), 1))
    rows[:, k] = listed
    return rows
