"""The cheapest purchases that meet several targets at once, over lists of legal ways.

What must hold is one number: the level, the wanted-confidence quantile over joint draws of the
largest ratio of an error to its target; it must be at most 1. Starts (rays of equal proportions,
greedy steps) are polished: sources are cut back one by one, and one is reduced while another fills
the gap. Lists that are few are gone through in order of cost, which proves the answer.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from planner.clock import Clock
from planner.fitted import weighted_quantile
from planner.group_law import GroupLaw
from planner.laws import Array
from planner.offers import Ways
from planner.rules import Rules
from planner.targets import Targets

Choice = tuple[int, ...]
CELLS = 1_500_000  # draws x choices x groups that are judged at once
ALL = 60_000  # choices that are gone through in order of cost, if so few
SUBSETS = 5  # sources up to which every subset of them is a start
RANDOM = 8  # directions of rays beside the sensible ones
SCALES = 24  # points of a ray
LISTED, REDUCED = 40, 16  # ways to which a source is reduced while another fills the gap: up to
# three sources, up to SUBSETS
BACK = 1.2  # level on a ray from which greedy steps start
FEW = 4  # the same where sources are many
SCANNED, BATCH = 12, 256  # amounts of a filler that are listed; choices judged at a time
SWEEPS = 40
GREEDY = 120  # steps
STARTS = 6  # that are polished


class Judge:
    """Levels of choices under a law: feasible where at most 1."""

    def __init__(self, law: GroupLaw, targets: Targets, confidence: float) -> None:
        self.law, self.targets, self.confidence = law, targets, confidence
        even = np.ptp(law.weights) <= 1e-12 * law.weights.max()
        count = len(law.weights)
        self.rank = math.ceil(confidence * count - 1e-9) - 1 if even else None

    def levels(self, parts: Array) -> Array:
        """Levels (choices,) of effective examples (draws, choices, sources)."""
        errors = self.law.of_parts(parts)
        ratio = self.targets.level(self.law.groups, errors, self.law.shares)
        if self.rank is None:
            return weighted_quantile(ratio, self.law.weights, self.confidence)
        return np.asarray(np.partition(ratio, self.rank, axis=0)[self.rank])


@dataclass(frozen=True)
class Found:
    """A choice with its cost [currency] and level; proven: nothing on the lists is cheaper."""

    choice: Choice
    cost: float
    level: float
    proven: bool = False


class Search:
    """Choices among lists of ways, judged in batches; what was judged is remembered."""

    def __init__(
        self, judge: Judge, lists: Sequence[Ways], rules: Rules, budget: float, clock: Clock
    ) -> None:
        self.judge, self.lists, self.rules = judge, list(lists), rules
        self.budget, self.clock = budget * (1 + 1e-12), clock
        self.tops = np.array([len(ways) - 1 for ways in lists])
        law = judge.law
        self.steady = judge.targets.gap is None and not law.mix.excess.any()
        self.parts = [law.contribution(k, ways.total) for k, ways in enumerate(lists)]
        self.known: dict[Choice, float] = {}

    def costs(self, choices: np.ndarray) -> Array:
        """Cost (choices,) [currency] of choices (choices, sources)."""
        return np.asarray(
            sum(ways.cost[choices[:, k]] for k, ways in enumerate(self.lists)), dtype=float
        )

    def allowed(self, choices: np.ndarray) -> np.ndarray:
        """Which choices keep rules and budget."""
        good = self.costs(choices) <= self.budget
        if self.rules:
            total = np.stack([w.total[choices[:, k]] for k, w in enumerate(self.lists)], axis=1)
            bought = np.stack([w.bought[choices[:, k]] for k, w in enumerate(self.lists)], axis=1)
            good &= self.rules.allowed(total, bought)
        return good

    def levels(self, choices: np.ndarray) -> Array:
        """Levels (choices,); inf for what is not allowed."""
        rows = [tuple(row) for row in choices.tolist()]
        new = [row for row in dict.fromkeys(rows) if row not in self.known]
        if new:
            fresh = np.array(new)
            good = self.allowed(fresh)
            for row in np.array(new, dtype=object)[~good].tolist():
                self.known[tuple(row)] = math.inf
            fresh = fresh[good]
            law = self.judge.law
            step = max(1, CELLS // (len(law.weights) * (len(law.groups) + len(self.lists))))
            for at in range(0, len(fresh), step):
                some = fresh[at : at + step]
                parts = np.stack([p[:, some[:, k]] for k, p in enumerate(self.parts)], axis=2)
                found = self.judge.levels(parts)
                self.known.update(zip(map(tuple, some.tolist()), map(float, found), strict=True))
        return np.array([self.known[row] for row in rows])

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

    def _level(self, choice: Choice) -> float:
        return float(self.levels(np.array([choice]))[0])

    def _different(self, pool: Sequence[Choice]) -> list[Choice]:
        """The cheapest first, one for each set of sources that it buys."""
        if not pool:
            return []
        cost = self.costs(np.array(pool))
        chosen: dict[tuple[bool, ...], Choice] = {}
        for i in sorted(range(len(pool)), key=lambda i: (cost[i], pool[i])):
            bought = tuple(w.bought[c] > 0 for w, c in zip(self.lists, pool[i], strict=True))
            chosen.setdefault(bought, pool[i])
        return list(chosen.values())

    # -- starts ----------------------------------------------------------------------------------

    def _owned(self) -> np.ndarray:
        """Nothing bought, all of what is in hand used."""
        return np.array([int(np.flatnonzero(w.bought <= 0)[-1]) for w in self.lists])

    def _starts(self, reach: bool = True) -> list[Choice]:
        """Choices along rays, and those of greedy steps; the first feasible of each if `reach`."""
        owned = self._owned()
        pool: list[Choice] = [tuple(owned), tuple(self.tops)]
        for ray in self._rays(owned):
            level = self.levels(ray)
            good = np.flatnonzero(level <= 1) if reach else np.array([int(np.argmin(level))])
            if len(good):
                pool.append(tuple(ray[good[int(np.argmin(self.costs(ray[good])))]].tolist()))
            if self.clock.over():
                break
        feasible = [c for c in pool if self._level(c) <= 1]
        if len(self.lists) <= SUBSETS or not feasible:
            return [*pool, *self._greedy(owned, reach)]
        # greedy steps are many where sources are: not from nothing, but from a part of a ray
        best: np.ndarray = np.array(self._different(feasible)[0])
        parts = np.array([np.maximum(best - back, owned) for back in range(best.max() + 1)])
        level = self.levels(parts)
        low = parts[int(np.argmax(level > BACK)) if (level > BACK).any() else -1]
        return [*pool, *self._greedy(low, reach)]

    def _rays(self, owned: np.ndarray) -> list[np.ndarray]:
        """Choices (SCALES, sources) from little to all along some directions."""
        count = len(self.lists)
        most = np.array([ways.total[-1] for ways in self.lists])
        bought = np.array([ways.bought[-1] for ways in self.lists])
        price = np.array(
            [w.cost[-1] / max(b, 1e-12) for w, b in zip(self.lists, bought, strict=True)]
        )
        price = np.maximum(price, 1e-12 + 1e-6 * price.max(initial=0.0))
        spread = np.exp(1.5 * np.random.default_rng(0).standard_normal((RANDOM, count)))
        directions = [most, np.ones(count), 1 / np.sqrt(price), 1 / price, *spread]
        subsets: Iterable[Sequence[int]] = [range(count)]
        if count <= SUBSETS:
            subsets = itertools.chain.from_iterable(
                itertools.combinations(range(count), size) for size in range(1, count + 1)
            )
        rays = []
        for subset in subsets:
            mask = np.zeros(count, dtype=bool)
            mask[list(subset)] = True
            for direction in directions if len(list(subset)) > 1 else directions[:1]:
                way = np.where(mask & (bought > 0), direction, 0.0)
                if not way.any():
                    continue
                top = (most / np.where(way > 0, way, np.inf)).max()
                scales = top * np.geomspace(1e-4, 1.0, SCALES)
                ray = np.tile(owned, (SCALES, 1))
                for k in np.flatnonzero(way > 0):
                    at = np.searchsorted(self.lists[k].total, scales * way[k])
                    ray[:, k] = np.clip(at, owned[k], self.tops[k])
                rays.append(ray)
        return rays

    def _greedy(self, start: np.ndarray, reach: bool, without: int = -1) -> list[Choice]:
        """The steps from `start` that lower the level most for their cost, until feasible."""
        choice, path = start.copy(), []
        level = self._level(tuple(choice.tolist()))
        for _ in range(GREEDY):
            if (reach and level <= 1) or self.clock.over():
                break
            steps = []
            for k, top in enumerate(self.tops):
                if k == without:
                    continue
                jumps = choice[k] + np.array([1, 2, 4, 8, 16, 32])
                for at in np.unique(np.minimum(jumps, top)):
                    if at > choice[k]:
                        steps.append(np.concatenate([choice[:k], [at], choice[k + 1 :]]))
            if not steps:
                break
            tried = np.array(steps)
            levels = self.levels(tried)
            added = self.costs(tried) - self.costs(choice[None])[0]
            if not math.isfinite(level):
                gain = np.where(np.isfinite(levels), 1.0, -np.inf)
            else:
                gain = np.log(level) - np.log(levels)
            rate = gain / np.maximum(added, 1e-9)
            at = int(np.argmax(np.where(gain > 1e-9, rate, -np.inf)))
            if not gain[at] > 1e-9:
                break
            choice, level = tried[at], float(levels[at])
            path.append(tuple(choice.tolist()))
        return path[-1:] if path else []

    # -- improvement -----------------------------------------------------------------------------

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
