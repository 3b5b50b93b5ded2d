"""Searches lists of legal supplies, then ever finer lists around what it found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.clock import Clock
from planner.field import Choice, Field, Options
from planner.judge import Judge
from planner.market import Market, Supply, finer, option_of
from planner.rules import Within
from planner.search import Outcome, cheapest

SMALL = 30_000  # choices up to which the branch and bound may run to its end
SMALL_BOXES = 20_000
ROUGH_BOXES = 2_000  # on a grid, or between its points: what is proven there is not the last word
ZOOMS = 12
KEPT = 4  # options of a source that are kept from list to list


def few(lists: Sequence[Supply]) -> bool:
    """Whether there are so few choices that they can be gone through."""
    return math.prod(len(ways) for ways in lists) <= SMALL


@dataclass(frozen=True)
class Zoomed:
    """A choice, its cost [currency], the lists it refers to, and all that was listed: so fine near
    the choice that a bound on what lies between is tight there."""

    choice: Choice
    cost: float
    lists: list[Supply]
    listed: list[Supply]


class Zoom:
    """Searches lists, then ever finer lists around good choices, down to single batches."""

    def __init__(
        self,
        market: Market,
        judge: Judge,
        confidence: float,
        rules: Within | None,
        clock: Clock,
        ceiling: float,
    ) -> None:
        self.market, self.judge, self.confidence = market, judge, confidence
        self.rules, self.clock, self.ceiling = rules, clock, ceiling
        self.known: dict[tuple[int, bytes], Options] = {}

    def search(self, lists: list[Supply], starts: Sequence[Choice], branches: int) -> Zoomed | None:
        """The cheapest purchases found, from what is listed and between; None where none was."""
        most = branches + 1 if branches else 0
        outcome = self._cheapest(lists, self.ceiling, SMALL_BOXES, starts, most)
        if outcome.choice is None:
            return None
        best: Zoomed | None = None
        for choice in [outcome.choice, *outcome.others][: max(branches, 1)]:
            each = self._refine(lists, choice)
            if best is None or each.cost < best.cost:
                best = each
            if each.listed is lists or self.clock.over():  # nothing lies between
                break
        assert best is not None
        while best.listed is not lists and not self.clock.over():
            lists = best.listed
            start = _placed(best, lists)
            again = self._cheapest(lists, self.ceiling, 0, [start], 0)
            if again.choice is None or not again.cost < best.cost * (1 - 1e-6):
                break
            best = self._refine(lists, again.choice)
        return best

    def _cheapest(
        self,
        lists: list[Supply],
        ceiling: float,
        boxes: int,
        starts: Sequence[Choice],
        most_starts: int,
    ) -> Outcome:
        options = list[Options]()
        for k, ways in enumerate(lists):
            if self.clock.over():
                return Outcome(None, math.inf, 0.0, 0)
            options.append(self._options(k, ways))
        field = Field(options, self.judge, self.confidence, ceiling, self.rules, self.clock)
        most = boxes if few(lists) else 0
        return cheapest(field, most_boxes=most, starts=starts, most_starts=most_starts)

    def _options(self, k: int, ways: Supply) -> Options:
        """The options of source number k; most sources stay as they are from list to list."""
        if len(ways) > KEPT:
            return option_of(self.market, self.market.labels[k], ways)
        key = (k, ways.total.tobytes() + ways.bought.tobytes())
        if key not in self.known:
            self.known[key] = option_of(self.market, self.market.labels[k], ways)
        return self.known[key]

    def _refine(self, lists: list[Supply], choice: Choice) -> Zoomed:
        """The best choice around one on the lists."""
        labels, cost = self.market.labels, math.inf
        listed = lists
        if self.clock.over():
            return Zoomed(choice, self._cost(lists, choice), lists, listed)
        for number in range(ZOOMS):
            zoomed = [
                finer(self.market, s, ways, i)
                for s, ways, i in zip(labels, lists, choice, strict=True)
            ]
            whole = all(
                np.isin(new.total, old.total).all() for new, old in zip(zoomed, lists, strict=True)
            )
            if whole and number:
                break
            start = tuple(
                int(np.searchsorted(new.total, old.total[i]))
                for new, old, i in zip(zoomed, lists, choice, strict=True)
            )
            again = self._cheapest(zoomed, self.ceiling, ROUGH_BOXES, [start], 0)
            if again.choice is None:
                break
            cost = again.cost
            if whole:
                break
            lists, choice = zoomed, again.choice
            listed = [all_.merged(near) for all_, near in zip(listed, zoomed, strict=True)]
            if self.clock.over():
                break
        if math.isinf(cost):
            cost = self._cost(lists, choice)
        return Zoomed(choice, cost, lists, listed)

    def _cost(self, lists: list[Supply], choice: Choice) -> float:
        paid = (
            float(self.market.price(s, ways.bought[i : i + 1])[0])
            for s, ways, i in zip(self.market.labels, lists, choice, strict=True)
        )
        return sum(paid)


def _placed(zoomed: Zoomed, lists: Sequence[Supply]) -> Choice:
    """The choice among other lists that hold it."""
    return tuple(
        int(np.searchsorted(ways.total, old.total[i]))
        for ways, old, i in zip(lists, zoomed.lists, zoomed.choice, strict=True)
    )
