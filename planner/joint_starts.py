"""Choices that a search starts from: along rays of equal proportions, and by greedy steps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import numpy as np

from planner.joint_lists import Choice, Lists

SUBSETS = 5  # sources up to which every subset of them is a start
RANDOM = 8  # directions of rays beside the sensible ones
SCALES = 24  # points of a ray
BACK = 1.2  # level on a ray from which greedy steps start
GREEDY = 120  # steps


class Starts(Lists):
    """Lists with choices to start from."""

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
