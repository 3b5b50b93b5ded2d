"""Choices among lists of legal purchases, and whether they meet all targets of groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
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


class Lists:
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

    def _level(self, choice: Choice) -> float:
        return float(self.levels(np.array([choice]))[0])

    def _owned(self) -> np.ndarray:
        """Nothing bought, all of what is in hand used."""
        return np.array([int(np.flatnonzero(w.bought <= 0)[-1]) for w in self.lists])
