"""Choices among listed purchases: what they cost and reach, and whether the rules allow them.

Each source offers a rising list of options (quantity, cost, effective examples in every draw); a
choice is one option of each. Both searches, the local one and branch and bound, work on a Field.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from planner.clock import Clock
from planner.judge import Judge
from planner.laws import SMALLEST_SIZE, Array
from planner.rules import Within

RELATIVE = 1e-9  # savings below this share of the cost are not looked for
CELLS = 4_000_000  # draws x choices that are judged at once

Choice = tuple[int, ...]


@dataclass(frozen=True)
class Options:
    """What one labelled source offers.

    quantity, bought, cost (options,) [example], [example], [currency], none falling; effective
    (draws, options) [effective example], not falling, best stored with draws side by side; excess
    (draws,) own floor [error]. least (draws, options) [effective example], where an option stands
    for a range: what it brings in of its own floor at least; None where that is `effective`.
    """

    quantity: Array
    bought: Array
    cost: Array
    effective: Array
    excess: Array
    least: Array | None = None


class Field:
    """Options, judge and rules, and the best choice so far.

    ceiling [currency] is what the next best choice must cost less than.
    """

    def __init__(
        self,
        options: list[Options],
        judge: Judge,
        confidence: float,
        ceiling: float,
        rules: Within | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.options, self.judge, self.confidence = options, judge, confidence - 1e-12
        self.rules, self.clock = rules, clock or Clock()
        self.weights = judge.weights
        # a free plan must fit even a budget of nothing
        self.ceiling: float = ceiling * (1 + RELATIVE) + 1e-300
        self.best: Choice | None = None
        self.excess = np.stack([o.excess for o in options], axis=1)  # (draws, sources)
        self.biased = [bool(o.excess.any()) for o in options]
        self.tops = np.array([len(o.cost) - 1 for o in options])
        # most that costs nothing, and most without buying
        self.free = np.array([np.searchsorted(o.cost, 0.0, side="right") - 1 for o in options])
        self.given = np.array([bool(o.effective[:, 0].any()) for o in options])
        self.idle = np.array([np.searchsorted(o.bought, 0.0, side="right") - 1 for o in options])

    def costs(self, choices: np.ndarray) -> Array:
        """Cost [currency] (choices,) of choices (choices, sources)."""
        total: Array = np.zeros(len(choices))
        for k in np.flatnonzero(choices.any(axis=0)):  # the first option costs nothing
            total += self.options[k].cost[choices[:, k]]
        return total

    def sizes(self, choices: np.ndarray) -> tuple[Array, Array]:
        """Size [effective example] and what it brings in of own floors, sum_k s_k excess_k; both
        (draws, choices)."""
        # draws of one choice lie side by side in memory: choices are gathered as whole columns
        size: Array = np.zeros((len(self.weights), len(choices)), order="F")
        own: Array = np.zeros_like(size)
        for k in np.flatnonzero(choices.any(axis=0) | self.given):
            option = self.options[k]
            picked = choices[:, k]
            if (picked == picked[0]).all():  # most moves leave most sources as they are
                picked = picked[:1]
            part = option.effective.T[picked].T
            size += part
            if self.biased[k]:
                least = part if option.least is None else option.least.T[picked].T
                own += least * option.excess[:, None]
        return size, own

    def chance(self, size: Array, own: Array, *, rough: bool = False) -> Array:
        """P(target met) (choices,) for sizes and own floors as `sizes` gives them; see `met`."""
        return self.judge.chance(size, own / np.maximum(size, SMALLEST_SIZE), rough=rough)

    def allowed(self, choices: np.ndarray) -> np.ndarray:
        """Whether each choice keeps the rules."""
        if self.rules is None:
            return np.ones(len(choices), dtype=bool)
        some = [(o.quantity[choices[:, k]], o.bought[choices[:, k]]) for k, o in self._numbered()]
        totals, bought = (np.stack(each, axis=1) for each in zip(*some, strict=True))
        return self.rules.allowed(totals, bought)

    def _numbered(self) -> Iterable[tuple[int, Options]]:
        return enumerate(self.options)

    def good(self, choices: np.ndarray) -> np.ndarray:
        """Whether each choice keeps the rules and meets the target at the confidence."""
        good = self.allowed(choices)
        at = max(1, CELLS // len(self.weights))
        for rows in np.split(np.flatnonzero(good), range(at, int(good.sum()), at)):
            if len(rows):
                good[rows] = self.chance(*self.sizes(choices[rows])) >= self.confidence
        return good

    def take(self, choices: np.ndarray) -> bool:
        """Take the cheapest of `choices` that is good if it beats the best; whether it did."""
        cost = self.costs(choices)
        cheaper = np.flatnonzero(cost < self.ceiling)
        order = cheaper[np.argsort(cost[cheaper], kind="stable")]
        start, some = 0, 8  # the cheapest few first: they often settle it
        while start < len(order):
            part = order[start : start + some]
            good = np.flatnonzero(self.good(choices[part]))
            if len(good):
                i = int(part[good[0]])
                self.best = tuple(map(int, choices[i]))
                self.ceiling = float(cost[i]) * (1 - RELATIVE)
                return True
            if self.clock.over():
                break
            start, some = start + some, some * 8
        return False

    def cost(self) -> float:
        """Cost [currency] of the best choice; inf without one."""
        return math.inf if self.best is None else float(self.costs(np.array([self.best]))[0])

    def restart(self, ceiling: float) -> None:
        """Forget the best choice; look for one of less than `ceiling` [currency]."""
        self.best, self.ceiling = None, ceiling


def put(choice: np.ndarray, k: int, value: int) -> np.ndarray:
    """A copy of a choice with another option of source k."""
    copy = choice.copy()
    copy[k] = value
    return copy


def along(choice: np.ndarray, k: int, values: Iterable[int]) -> np.ndarray:
    """Choices (values, sources) that differ from `choice` in source k only."""
    listed = np.fromiter(values, dtype=int)
    rows = np.tile(choice, (len(listed), 1))
    rows[:, k] = listed
    return rows
