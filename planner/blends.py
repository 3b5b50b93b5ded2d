"""Starts where shares bind: every source at a share of the whole, and the whole as small as it can.

Where shares bind, sources grow together, which no move of one or two of them finds. A blend fills a
whole of N examples in some order of sources: each gets its least share, then, in turn, as much as
its largest share and what there is to be had allow; the smallest N that meets the target is found
on a grid and by bisection.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from planner.clock import Clock
from planner.field import Choice
from planner.judge import Judge
from planner.laws import SMALLEST_SIZE, Array
from planner.market import Market, Supply, supply
from planner.rules import Within
from sources.base import Source

WHOLES = 40  # sizes of the whole on the first grid
HALVINGS = 24
ORDERS = 8  # orders of sources that are tried


def blended(
    market: Market,
    lists: Sequence[Supply],
    judge: Judge,
    confidence: float,
    rules: Within,
    clock: Clock,
) -> tuple[list[Supply], list[Choice]]:
    """The lists with the supplies of good blends among them, and those blends as choices."""
    blender = _Blender(market, lists, judge, confidence, rules)
    found = []
    for order in blender.orders():
        if clock.over():
            break
        least = blender.least(order)
        if least is not None:
            found.append(least)
    more = list(lists)
    for row in found:
        for k, source in enumerate(market.labels):
            more[k] = more[k].merged(supply(market, source, row[k : k + 1]))
    starts = [
        tuple(int(np.searchsorted(ways.total, n)) for ways, n in zip(more, row, strict=True))
        for row in found
    ]
    return more, starts


class _Blender:
    def __init__(
        self,
        market: Market,
        lists: Sequence[Supply],
        judge: Judge,
        confidence: float,
        rules: Within,
    ) -> None:
        self.market, self.judge, self.confidence = market, judge, confidence - 1e-12
        self.rules = rules
        self.least_share = np.array([s.min_share for s in market.labels])
        self.most_share = np.array([s.max_share for s in market.labels])
        self.most = np.array([ways.total[-1] for ways in lists])
        self.top = np.array([ways.bought[-1] for ways in lists])

    def orders(self) -> list[list[int]]:
        """Orders in which sources are filled: the cheapest effective example first, and then each
        source before those."""
        market, worth = self.market, []
        for k, source in enumerate(market.labels):
            amount = max(self.most[k] / 2, 1.0)
            size = market.law.contribution(market.column(source), np.array([amount]))
            gained = float(np.median(size))
            paid = float(source.cost(max(amount - source.in_hand, 0.0)))
            worth.append(paid / max(gained, 1e-12) if self.most[k] > 0 else math.inf)
        by = [int(k) for k in np.argsort(worth, kind="stable")]
        return [by] + [[k, *(j for j in by if j != k)] for k in by[1:ORDERS]]

    def least(self, order: Sequence[int]) -> Array | None:
        """The smallest blend (sources,) [example] that keeps the rules and meets the target."""
        whole = float(self.most.sum())
        if whole < 1:
            return None
        low = 0.0
        grid = np.geomspace(1.0, whole, WHOLES)
        rows = [self.fill(order, n) for n in grid]
        good = self.good(rows)
        if not good.any():
            return None
        at = int(np.argmax(good))
        best, high = rows[at], float(grid[at])
        low = float(grid[at - 1]) if at else 0.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            row = self.fill(order, middle)
            if self.good([row])[0]:
                best, high = row, middle
            else:
                low = middle
            if high - low < 0.5:
                break
        return best

    def fill(self, order: Sequence[int], whole: float) -> Array | None:
        """Totals (sources,) of a whole, legal ones; None where the whole cannot be made."""
        row = np.zeros(len(self.most))
        for k in order:
            row[k] = self._up(k, self.least_share[k] * whole)
        for k in order:
            rest = whole - float(row.sum())
            if rest <= 0:
                break
            most = min(self.most_share[k] * whole, self.most[k])
            row[k] = max(row[k], self._near(k, min(row[k] + rest, most), most))
        return row if np.isfinite(row).all() else None

    def _near(self, k: int, wanted: float, most: float) -> float:
        """The legal total at or above `wanted`, else the one at or below `most`."""
        up = self._up(k, wanted)
        return up if up <= most * (1 + 1e-9) else self._down(k, most)

    def _up(self, k: int, wanted: float) -> float:
        if wanted > self.most[k] * (1 + 1e-9):
            return math.inf
        if wanted <= 0:
            return 0.0
        source: Source = self.market.labels[k]
        total = float(supply(self.market, source, np.array([math.ceil(wanted - 1e-9)])).total[0])
        return total if total <= self.most[k] else math.inf

    def _down(self, k: int, wanted: float) -> float:
        source: Source = self.market.labels[k]
        limits = source.limits
        missing = min(wanted - source.in_hand, self.top[k])
        if missing >= limits.smallest:
            return math.floor(missing / limits.batch + 1e-9) * limits.batch + source.in_hand
        return float(math.floor(min(wanted, source.in_hand)))

    def good(self, rows: Sequence[Array | None]) -> np.ndarray:
        """Which blends keep the rules and meet the target."""
        good = np.array([row is not None for row in rows])
        if not good.any():
            return good
        table = np.stack([row for row in rows if row is not None])
        owned = np.array([s.in_hand for s in self.market.labels])
        allowed = self.rules.allowed(table, np.maximum(table - owned, 0.0))
        size: Array = np.zeros((len(self.judge.weights), len(table)))
        own: Array = np.zeros_like(size)
        for k, source in enumerate(self.market.labels):
            column = self.market.column(source)
            part = self.market.law.contribution(column, table[:, k])
            size += part
            own += part * self.market.law.excess(column)[:, None]
        chance = self.judge.chance(size, own / np.maximum(size, SMALLEST_SIZE))
        good[good] = allowed & (chance >= self.confidence)
        return good
