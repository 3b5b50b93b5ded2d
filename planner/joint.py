"""The cheapest purchases that meet several targets at once, over lists of legal ways.

What must hold is one number: the level, the wanted-confidence quantile over joint draws of the
largest ratio of an error to its target; it must be at most 1. Starts (rays of equal proportions,
greedy steps) are polished: sources are cut back one by one, and one is reduced while another fills
the gap. Lists that are few are gone through in order of cost, which proves the answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from planner.joint_lists import Choice, Found
from planner.joint_starts import SUBSETS, Starts

ALL = 60_000  # choices that are gone through in order of cost, if so few
LISTED, REDUCED = 40, 16  # ways to which a source is reduced while another fills the gap: up to
# three sources, up to SUBSETS
FEW = 4  # the same where sources are many
SCANNED, BATCH = 12, 256  # amounts of a filler that are listed; choices judged at a time
SWEEPS = 40
STARTS = 6  # that are polished


class Search(Starts):
    """The cheapest choice that meets all targets, or the one that comes nearest."""

    def cheapest(self, starts: Iterable[Choice] = (), *, exhaust: bool = True) -> Found | None:
        """The cheapest feasible choice found; None where none was."""
        tried = list(dict.fromkeys([*starts, *self._starts()]))
        pool = [c for c in tried if self._level(c) <= 1]
        if not pool:  # rays missed it: what lowers the level step by step may not
            near = self.nearest(tried)
            pool = [near.choice] if near.level <= 1 else []
        best: Found | None = None
        for choice in self._different(pool)[:STARTS]:
            each = self.polish(choice)
            if best is None or each.cost < best.cost:
                best = each
            if self.clock.over():
                break
        if exhaust and math.prod(map(len, self.lists)) <= ALL:
            return self._exhaust(best)
        return best

    def polish(self, choice: Choice) -> Found:
        """Trims and swaps from a feasible choice until nothing is saved."""
        for _ in range(SWEEPS):
            choice = self._trim(self._settled(choice))
            if self.clock.over():
                break
            other = self._swap(choice) or self._refill(choice)
            if other is None:
                break
            choice = other
        return Found(choice, float(self.costs(np.array([choice]))[0]), self._level(choice))

    def nearest(self, starts: Iterable[Choice] = ()) -> Found:
        """The choice with the lowest level found within budget and rules."""
        pool = list(starts) or self._starts(reach=False)
        levels = [self._level(c) for c in pool]
        choice = pool[int(np.argmin(levels))]
        for _ in range(SWEEPS):
            better = self._closer(choice)
            if better is None or self.clock.over():
                break
            choice = better
        return Found(choice, float(self.costs(np.array([choice]))[0]), self._level(choice))

    def _settled(self, choice: Choice) -> Choice:
        """That use of the data in hand, at the same cost, with the lowest level."""
        for k, ways in enumerate(self.lists):
            free = np.flatnonzero(ways.bought <= 0)
            if len(free) > 1 and choice[k] in free:
                tried = np.tile(choice, (len(free), 1))
                tried[:, k] = free
                choice = tuple(tried[int(np.argmin(self.levels(tried)))].tolist())
        return choice

    def _trim(self, choice: Choice) -> Choice:
        """Each source cut back as far as it goes, the dearest first, until none can be."""
        changed = True
        while changed:
            changed = False
            paid = [w.cost[c] for w, c in zip(self.lists, choice, strict=True)]
            for k in np.argsort(paid, kind="stable")[::-1].tolist():
                if choice[k] == 0:
                    continue
                tried = np.tile(choice, (choice[k], 1))
                tried[:, k] = np.arange(choice[k])
                cost = self.costs(tried)
                good = self.levels(tried) <= 1
                good &= cost < self.costs(np.array([choice]))[0] - 1e-12
                if good.any():
                    at = min(np.flatnonzero(good), key=lambda i: (cost[i], tried[i, k]))
                    choice = tuple(tried[at].tolist())
                    changed = True
        return choice

    def _lower(self, at: int) -> np.ndarray:
        """Ways below number `at`, thinned."""
        count = len(self.lists)
        most = LISTED if count <= 3 else REDUCED if count <= SUBSETS else FEW
        if at <= most:
            return np.arange(at)
        away = np.unique(np.round(np.geomspace(1, at, most)).astype(int))
        return np.unique(np.append(at - away, 0))

    def _swap(self, choice: Choice) -> Choice | None:
        """The cheapest choice in which one source is reduced and another fills the gap."""
        base = float(self.costs(np.array([choice]))[0])
        rows, fill, tops = [], [], []
        for i, at in enumerate(choice):
            for low in self._lower(at):
                saved = self.lists[i].cost[at] - self.lists[i].cost[low]
                if saved <= 0:
                    continue
                for j, own in enumerate(choice):
                    if j == i:
                        continue
                    cost = self.lists[j].cost
                    top = int(np.searchsorted(cost - cost[own], saved * (1 - 1e-9)) - 1)
                    top = min(top, len(cost) - 1)
                    if top > own:
                        row = list(choice)
                        row[i] = int(low)
                        rows.append(row)
                        fill.append(j)
                        tops.append(top)
        if not rows:
            return None
        tried, which, high = np.array(rows), np.array(fill), np.array(tops)
        if self.rules or not self.steady:
            return self._scanned(choice, tried, which, high)
        each = np.arange(len(tried))
        tried[each, which] = high
        good = self.levels(tried) <= 1
        tried, which, high = tried[good], which[good], high[good]
        if not len(tried):
            return None
        each, low = np.arange(len(tried)), np.array(choice)[which]
        while (high - low > 1).any() and not self.clock.over():
            middle = np.where(high - low > 1, (low + high) // 2, high)
            tried[each, which] = middle
            met = self.levels(tried) <= 1
            high, low = np.where(met, middle, high), np.where(met, low, middle)
        tried[each, which] = high
        cost = self.costs(tried)
        at = int(np.lexsort([*tried.T, cost])[0])
        return tuple(tried[at].tolist()) if cost[at] < base * (1 - 1e-9) else None

    def _scanned(
        self, choice: Choice, rows: np.ndarray, fill: np.ndarray, tops: np.ndarray
    ) -> Choice | None:
        """As `_swap` where more may break a rule or a target: amounts of the filler are listed."""
        base = float(self.costs(np.array([choice]))[0])
        tried = []
        for row, j, top in zip(rows, fill, tops, strict=True):
            span = np.linspace(choice[j] + 1, top, min(SCANNED, top - choice[j]))
            for at in np.unique(np.round(span).astype(int)):
                other = row.copy()
                other[j] = at
                tried.append(other)
        every = np.unique(np.array(tried), axis=0)
        cost = self.costs(every)
        every, cost = every[cost < base * (1 - 1e-9)], cost[cost < base * (1 - 1e-9)]
        order = np.lexsort([*every.T, cost])
        for at in range(0, len(order), BATCH):
            some = order[at : at + BATCH]
            good = np.flatnonzero(self.levels(every[some]) <= 1)
            if len(good):
                return tuple(every[some[good[0]]].tolist())
            if self.clock.over():
                break
        return None

    def _refill(self, choice: Choice) -> Choice | None:
        """The cheapest choice in which one source is left out and others fill the gap step by step;
        for few sources only."""
        base = float(self.costs(np.array([choice]))[0])
        found = []
        for i, at in enumerate(choice if len(choice) <= SUBSETS else ()):
            if self.lists[i].cost[at] <= 0:
                continue
            start = np.array(choice)
            start[i] = self._owned()[i]
            for made in self._greedy(start, True, without=i):
                made = self._trim(made) if self._level(made) <= 1 else made
                if self._level(made) <= 1:
                    found.append((float(self.costs(np.array([made]))[0]), made))
        if not found or min(found)[0] >= base * (1 - 1e-9):
            return None
        return min(found)[1]

    def _closer(self, choice: Choice) -> Choice | None:
        """The choice with the lowest level in which one source grows, another paying for it."""
        rows = []
        for i in range(-1, len(choice)):
            lower = [choice[i]] if i < 0 else self._lower(choice[i])
            for low in lower:
                for j, top in enumerate(self.tops):
                    if j == i or choice[j] == top:
                        continue
                    jumps = np.minimum(choice[j] + np.array([1, 2, 4, 8, 16, 64]), top)
                    for at in np.unique(jumps):
                        row = list(choice)
                        if i >= 0:
                            row[i] = int(low)
                        row[j] = int(at)
                        rows.append(row)
        rows += [
            [*choice[:i], int(low), *choice[i + 1 :]]
            for i in range(len(choice))
            for low in self._lower(choice[i])
        ]
        if not rows:
            return None
        tried = np.array(rows)
        levels = self.levels(tried)
        at = int(np.argmin(levels))
        return tuple(tried[at].tolist()) if levels[at] < self._level(choice) * (1 - 1e-6) else None

    def _exhaust(self, best: Found | None) -> Found | None:
        """The cheapest feasible choice of all: they are gone through in order of cost."""
        axes = [np.arange(len(ways)) for ways in self.lists]
        every = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
        cost = self.costs(every)
        if best is not None:
            cheaper = cost < best.cost * (1 - 1e-12)
            every, cost = every[cheaper], cost[cheaper]
        order = np.argsort(cost, kind="stable")
        for at in range(0, len(order), 512):
            if self.clock.over():
                return best
            some = order[at : at + 512]
            level = self.levels(every[some])
            if (level <= 1).any():
                first = int(np.argmax(level <= 1))
                row = every[some[first]]
                return Found(
                    tuple(row.tolist()), float(cost[some[first]]), float(level[first]), True
                )
        return None if best is None else Found(best.choice, best.cost, best.level, True)
