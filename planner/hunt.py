"""The cheapest purchases for one target: amounts of text in turn, and labels that go with them.

The legal purchases of each labelled source are listed (whole batches, minimum orders, what arrives
in time), exactly where there are few, else on a grid; search.py finds good choices on the lists,
and each is refined between its neighbours until these are one batch apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.blends import blended
from planner.boxes import Boxes
from planner.clock import Clock
from planner.field import Choice, Field
from planner.judge import Judge, favourable
from planner.laws import Array
from planner.market import (
    Amounts,
    Market,
    Supply,
    most_to_be_had,
    relaxed_of,
    supplies,
    supply,
    text_cells,
    text_ways,
)
from planner.pieces import pieces_of
from planner.plan import Target
from planner.rules import Within
from planner.single import Answer, cheapest_for_need
from planner.zoom import SMALL_BOXES, Zoom, few
from sources.base import Source

BOXES = 96  # boxes where it cannot hope to: the local search decides, the boxes give a bound
BRANCHES = 3  # good choices of different sources that are refined
TEXT_ROUNDS, TEXT_POINTS = 3, 10  # in which amounts of text are refined between neighbours
MOST_CELLS = 64  # ranges of text amounts up to which a bound is computed
BLENDING = 0.3  # of the time that is left, for starts where shares bind
SHARE = 0.6  # of a time limit that the search may take where a bound is wanted as well


@dataclass(frozen=True)
class Found:
    """Amounts, their cost [currency] and a proven bound on the cost of any legal plan; amounts None
    where nothing was found that meets the target, bound None where none was computed. finished:
    whether the search came to its own end before the time was up."""

    amounts: Amounts | None
    cost: float
    bound: float | None
    finished: bool = True


def solve(
    market: Market,
    target: Target,
    *,
    warm: Sequence[Amounts] = (),
    prove: bool = False,
    clock: Clock | None = None,
    branches: int = BRANCHES,
) -> Found:
    """The cheapest purchases that meet the target; `warm` are amounts worth trying first.

    Fewer `branches` are quicker and find a little less; with none only `warm` is improved on, where
    there is any.
    """
    clock = clock or Clock()
    hunt = _Hunt(market, target, prove, warm, clock, branches)
    hunt.look(Amounts(*np.zeros((2, len(market.law.sources)))))
    hunt.look_at_texts()
    finished = not hunt.clock.over()
    bound = hunt.bound(clock) if prove and hunt.amounts is not None else None
    return Found(hunt.amounts, hunt.cost, bound, finished)


class _Hunt:
    """The best amounts so far, over the amounts of text that were tried."""

    def __init__(
        self,
        market: Market,
        target: Target,
        prove: bool,
        warm: Sequence[Amounts],
        clock: Clock,
        branches: int,
    ) -> None:
        self.market, self.target, self.prove, self.warm = market, target, prove, list(warm)
        self.clock = clock.part(SHARE) if prove else clock
        self.branches = branches
        self.amounts: Amounts | None = None
        self.cost, self.proven = math.inf, 0.0
        self.near: list[Supply] | None = None
        self.tried: dict[str, set[float]] = {s.name: set() for s in market.texts}

    def look(self, text: Amounts) -> None:
        """Search the labels that go best with these amounts of text."""
        market, target = self.market, self.target
        text_cost = self._paid(text.bought)
        for source in market.texts:
            self.tried[source.name].add(float(text.total[market.column(source)]))
        left = min(target.budget, self.cost * (1 - 1e-9)) - text_cost
        if left < 0:
            return
        if not market.labels or self._alone():
            self._simple(text, left)
            return
        lists = list[Supply]()
        for source in market.labels:
            if self.clock.over():
                return
            lists.append(supplies(market, source, replace(target, budget=left)))
        used = text.total[market.law.texts][None]
        judge = Judge(market.law, target.error, used, _largest(market, lists))
        rules = self._rules(text)
        zoom = Zoom(market, judge, target.confidence, rules, self.clock, left)
        for amounts in self.warm if rules is not None else []:  # a share leaves little room
            lists = [
                ways.merged(supply(market, s, amounts.total[[market.column(s)]]))
                for ways, s in zip(lists, market.labels, strict=True)
            ]
        starts = list[Choice]()
        if rules is not None and len(market.rules.shares):
            some = self.clock.part(BLENDING)
            lists, starts = blended(market, lists, judge, target.confidence, rules, some)
        starts += [_nearest(market, lists, amounts) for amounts in self.warm]
        found = zoom.search(lists, starts, self.branches)
        if found is None or not found.cost + text_cost < self.cost:
            return
        best = text
        for source, ways, i in zip(market.labels, found.lists, found.choice, strict=True):
            best = self._put(best, source, ways, i)
        self.amounts, self.cost, self.near = best, found.cost + text_cost, found.listed

    def _alone(self) -> bool:
        """Whether the labels make a problem of one draw without own floors or rules."""
        law = self.market.law
        return len(law.weights) == 1 and not law.mix.excess.any() and not self.market.rules

    def _simple(self, text: Amounts, left: float) -> None:
        """The labels of one draw beside these amounts of text, or none where none are sold."""
        market, law = self.market, self.market.law
        bought, used = text.bought.copy(), text.used.copy()
        cost = self._paid(text.bought)
        if market.labels:
            judge = Judge(law, self.target.error, text.total[law.texts][None], 1.0)
            found = self._single(judge, left, self.clock)
            if found.bought is None:
                return
            if not text.total.any():
                self.proven = found.bound
            columns = [market.column(s) for s in market.labels]
            bought[columns] = found.bought
            used[columns] = [s.in_hand for s in market.labels]
            cost += found.cost
        elif law.probability(self.target.error, text.total[None]) < self.target.confidence:
            return
        if cost < self.cost:
            self.amounts, self.cost = Amounts(bought, used), cost

    def _single(self, judge: Judge, left: float, clock: Clock) -> Answer:
        """The problem of one draw, own floors and rules left out but for the least own floor."""
        market = self.market
        least = np.min([market.law.excess(market.column(s)) for s in market.labels])
        need = float(judge.need_above(np.array([least]))[0]) * (1 + 1e-12)
        if math.isinf(need):
            return Answer(None, math.inf, math.inf)
        pieces = pieces_of(market, replace(self.target, budget=left), need)
        return cheapest_for_need(pieces, need, left, clock)

    def _rules(self, text: Amounts) -> Within | None:
        """The rules over the labelled sources beside these amounts of text."""
        rules = self.market.rules
        if not rules:
            return None
        return rules.within(
            [self.market.column(s) for s in self.market.labels], text.total, text.bought
        )

    def look_at_texts(self) -> None:
        """Try a few amounts of each text in all combinations, cheapest first; refine the best."""
        market = self.market
        within = replace(self.target, budget=min(self.target.budget, self.cost))
        texts = [Amounts(*np.zeros((2, len(market.law.sources))))]
        for source in market.texts:
            ways = text_ways(market, source, within)
            texts = [self._put(text, source, ways, i) for text in texts for i in range(len(ways))]
            if self.clock.over():
                return
        texts.sort(key=lambda text: self._paid(text.bought))
        for text in texts:
            if self.clock.over():
                return
            if text.total.any() and (self.prove or not text.bought.any() or self._helps(text)):
                self.look(text)
        for source in market.texts * TEXT_ROUNDS:
            self._refine_text(source)

    def _refine_text(self, source: Source) -> None:
        """Try amounts of a text between those tried next to the best."""
        column, texts = self.market.column(source), self.market.law.texts
        if self.amounts is None or self.amounts.total[column] == 0:
            return
        tried = sorted(self.tried[source.name])
        at = tried.index(float(self.amounts.total[column]))
        ends = max(tried[at - 1], 1.0), tried[min(at + 1, len(tried) - 1)]
        ways = supply(self.market, source, np.round(np.geomspace(*ends, TEXT_POINTS)))
        best, self.warm = self.amounts, [self.amounts]
        text = Amounts(np.zeros_like(best.bought), np.zeros_like(best.used))
        text.bought[texts], text.used[texts] = best.bought[texts], best.used[texts]
        for i, total in enumerate(ways.total):
            if self.clock.over():
                return
            if tried[at - 1] < total < ends[1] and total != tried[at]:
                self.look(self._put(text, source, ways, i))

    def _put(self, text: Amounts, source: Source, ways: Supply, way: int) -> Amounts:
        column, bought, used = self.market.column(source), text.bought.copy(), text.used.copy()
        bought[column], used[column] = ways.bought[way], ways.used[way]
        return Amounts(bought, used)

    def _paid(self, bought: Array) -> float:
        """Cost [currency] of the texts bought."""
        market = self.market
        return sum(float(market.price(s, bought[market.column(s)])) for s in market.texts)

    def _helps(self, text: Amounts) -> bool:
        """Whether text makes the target likelier beside the labels found without it; a quick look
        that spares a search where the pilots say that text does nothing."""
        if self.amounts is None:
            return True
        law, total = self.market.law, self.amounts.total
        other = np.where(law.is_text, text.total, total)
        chance = law.probability(self.target.error, np.stack([total, other]))
        return bool(chance[1] > chance[0])

    def bound(self, clock: Clock) -> float | None:
        """Lower bound on the cost [currency] of any legal plan, between the listed amounts too."""
        market = self.market
        if self.proven and not market.texts:
            return self.proven
        if clock.over():
            return None
        within = replace(self.target, budget=min(self.target.budget, self.cost))
        cells = text_cells(market, within, self.tried)
        if len(cells) > MOST_CELLS:
            return None
        bounds = [self.cost]
        lists = [] if self._alone() else self._fine_lists(within, clock)
        if lists is None:
            return None
        options = relaxed_of(market, lists) if lists and not clock.over() else []
        for cell in cells:
            left = within.budget - cell.cost
            if left <= 0 or not market.labels:
                continue
            if clock.over():
                return None
            law = favourable(market.law, cell.low, cell.high)
            judge = Judge(law, self.target.error, cell.used, _largest(market, lists))
            proven = 0.0
            if len(law.weights) == 1:
                known = self._alone() and not cell.used.any() and self.proven
                proven = known or self._single(judge, left, clock).bound
            if options and proven < left * (1 - 1e-4):
                field = Field(options, judge, self.target.confidence, left, None, clock)
                boxes = SMALL_BOXES if few(lists) else BOXES
                proven = max(proven, Boxes(field).prove(boxes))
            bounds.append(cell.cost + proven)
        return min(bounds)

    def _fine_lists(self, within: Target, clock: Clock) -> list[Supply] | None:
        """What was listed, and the most there is to be had; None where there is no time."""
        market, lists = self.market, []
        for k, source in enumerate(market.labels):
            if clock.over():
                return None
            ways, most = (
                supplies(market, source, self.target),
                most_to_be_had(market, source, within),
            )
            if self.near is not None:
                ways = ways.merged(self.near[k])
            if most > ways.bought[-1]:
                ways = ways.merged(Supply(np.array([most]), np.array([most + source.in_hand])))
            lists.append(ways)
        return lists


def _largest(market: Market, lists: Sequence[Supply]) -> float:
    """Largest labelled size [effective example] that the lists can make, in any draw."""
    total = 0.0
    for source, ways in zip(market.labels, lists, strict=False):
        most = market.law.contribution(market.column(source), ways.total[-1:])
        total += float(most.max())
    return total


def _nearest(market: Market, lists: Sequence[Supply], amounts: Amounts) -> tuple[int, ...]:
    """Ways at or above the given amounts."""
    return tuple(
        int(min(np.searchsorted(ways.total, amounts.total[market.column(source)]), len(ways) - 1))
        for source, ways in zip(market.labels, lists, strict=True)
    )
