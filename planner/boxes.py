"""Branch and bound over listed purchases: proves that no choice costs less, or how much less.

A box holds a range of options for each source. Two bounds prune it: even its largest purchase in
every source must meet the target often enough; and its cost is at least what the cheapest draws
need, since a plan that holds with probability c pays for all draws it holds in. What is left is
split until every source has one option. Nothing is assumed of cost but that it never falls with
quantity. Rules prune boxes where options are single purchases; a bound over ranges ignores them,
which only lowers it.
"""

from __future__ import annotations

import heapq
import math
from functools import cached_property

import numpy as np

from planner.field import Choice, Field, Options
from planner.fitted import weighted_quantile
from planner.laws import SMALLEST_SIZE, Array

BATCH = 32  # boxes bounded at once
CELLS = 2_000_000  # draws x sources x boxes bounded at once


class Boxes:
    """The boxes still open, cheapest bound first."""

    def __init__(self, field: Field) -> None:
        self.field, self.options = field, field.options
        self.weights = field.weights
        self.exact = all(o.least is None for o in field.options)
        self.open: list[tuple[float, int, Choice, Choice]] = []
        self.boxes = 0
        cells = len(self.weights) * len(field.options)
        self.batch = int(np.clip(CELLS // cells, 2, BATCH))

    @cached_property
    def steepest(self) -> list[Array]:
        """Most effective examples per example gained from each option on, by source."""
        return [_steepest(o) for o in self.options]

    @cached_property
    def need(self) -> Array:
        """Size (draws,) that any choice needs: no mixture's own floor is below the least of its
        sources."""
        return self.field.judge.need_above(self.field.excess.min(axis=1))

    def possible(self) -> bool:
        """Whether any choice can meet the target; a look at the box of all choices."""
        field = self.field
        low, high = (np.array([end]) for end in self._everything())
        if not (field.costs(low)[0] < field.ceiling and self._conceivable(low, high)[0]):
            return False
        small, own = field.sizes(low)
        tilt = own / np.maximum(small, SMALLEST_SIZE)
        high = self._affordable(low, high, field.costs(low))
        large, _ = field.sizes(high)
        met = field.judge.met(large, self._least_tilt(low, high, small, tilt, large))
        return bool(self.weights @ met[:, 0] >= field.confidence)

    def _everything(self) -> tuple[Choice, Choice]:
        top = tuple(len(o.cost) - 1 for o in self.options)
        return tuple(0 for _ in top), top

    def prove(self, most_boxes: int) -> float:
        """Split boxes, cheapest bound first, until nothing cheaper can be left or the boxes or the
        time run out; the bound [currency] that is proven then, inf where no choice is good."""
        field = self.field
        if most_boxes <= 0:
            return 0.0
        self.open.clear()
        self._bound([self._everything()])  # anew: the local search has lowered the ceiling
        while self.open and self.boxes < most_boxes and not field.clock.over():
            boxes: list[tuple[Choice, Choice]] = []
            while self.open and len(boxes) < self.batch:
                value, _, low, high = heapq.heappop(self.open)
                if value >= field.ceiling:
                    self.open.clear()
                    break
                boxes.extend(self._split(low, high))
            if boxes:
                self._bound(boxes)
        left = self.open[0][0] if self.open else math.inf
        return min(left, field.cost())

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
        field = self.field
        self.boxes += len(boxes)
        low, high = (np.array([box[i] for box in boxes]) for i in (0, 1))
        base = field.costs(low)
        keep = (base < field.ceiling) & self._conceivable(low, high)
        if not keep.any():
            return
        low, base = low[keep], base[keep]
        high = self._affordable(low, high[keep], base)
        small, own = field.sizes(low)
        tilt = own / np.maximum(small, SMALLEST_SIZE)
        large, _ = field.sizes(high)
        met = field.judge.met(large, self._least_tilt(low, high, small, tilt, large))
        possible = self.weights @ met >= field.confidence
        single = (low == high).all(axis=1)
        if (possible & single).any():
            field.take(low[possible & single])
        rest = np.flatnonzero(possible & ~single)
        if not len(rest):
            return
        price = base[rest] + self._extra(low[rest], high[rest], small[:, rest], met[:, rest])
        for i, value in zip(rest, price, strict=True):
            if value < field.ceiling:
                number = self.boxes * BATCH + int(i)
                entry = (float(value), number, tuple(map(int, low[i])), tuple(map(int, high[i])))
                heapq.heappush(self.open, entry)

    def _conceivable(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Whether the rules may be kept in each box."""
        rules = self.field.rules
        if rules is None or not self.exact:
            return np.ones(len(low), dtype=bool)
        ends = [
            np.stack([getattr(o, what)[end[:, k]] for k, o in enumerate(self.options)], axis=1)
            for what in ("quantity", "bought")
            for end in (low, high)
        ]
        return rules.conceivable(*ends)

    def _affordable(self, low: np.ndarray, high: np.ndarray, base: Array) -> np.ndarray:
        """Highest options that one source alone could take without costing more than the best."""
        if math.isinf(self.field.ceiling):
            return high
        tight = high.copy()
        for k, option in enumerate(self.options):
            room = self.field.ceiling - base + option.cost[low[:, k]]
            last = np.searchsorted(option.cost, room, side="right") - 1
            tight[:, k] = np.clip(last, low[:, k], high[:, k])
        return tight

    def _least_tilt(
        self, low: np.ndarray, high: np.ndarray, small: Array, tilt: Array, large: Array
    ) -> Array:
        """Least excess floor (draws, boxes) in a box: what may be added has the least floor of the
        sources still open, none where options are ranges, and the share it takes is one of the two
        extremes."""
        field = self.field
        if field.judge.unbiased:
            return np.zeros_like(small)
        free = np.full(small.shape, np.inf if self.exact else 0.0)
        for k in range(low.shape[1]):
            wide = high[:, k] > low[:, k]
            free = np.where(wide[None], np.minimum(free, field.excess[:, k : k + 1]), free)
        free = np.where(np.isfinite(free), free, 0.0)
        mixed = (tilt * small + free * (large - small)) / np.maximum(large, SMALLEST_SIZE)
        return np.where(small > 0, np.minimum(tilt, mixed), mixed) * (1 - 1e-12)

    def _extra(self, low: np.ndarray, high: np.ndarray, small: Array, met: np.ndarray) -> Array:
        """Least cost (boxes,) beyond the lowest options: the confidence-quantile over draws of what
        each draw's missing size costs at the best price in the box."""
        price = np.full(small.shape, np.inf)
        for k, option in enumerate(self.options):
            wide = np.flatnonzero(high[:, k] > low[:, k])
            if not len(wide):
                continue
            lo, hi = low[wide, k], high[wide, k]
            pairs, at = np.unique(np.stack([lo, hi]), axis=1, return_inverse=True)
            slope = np.array([_least_slope(option, int(a), int(b)) for a, b in pairs.T])[at]
            worth = self.steepest[k].T[lo].T
            with np.errstate(divide="ignore", invalid="ignore"):
                each = np.where(worth > 0, slope / worth, np.inf)
            price[:, wide] = np.minimum(price[:, wide], each)
        missing = np.maximum(self.need[:, None] - small, 0.0)
        with np.errstate(invalid="ignore"):
            cost = np.where(missing > 0, missing * price, 0.0)
        cost = np.where(met, cost, np.inf)
        return weighted_quantile(cost, self.weights, self.field.confidence)


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
    reach = slice(low + 1, high + 1)
    dearer = option.cost[reach] - option.cost[low]
    return float(np.min(dearer / (option.quantity[reach] - option.quantity[low])))
