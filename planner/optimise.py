"""Sources + law + target -> the cheapest plan, its frontier, and the least error within limits.

The legal purchases of each source are listed (whole batches, minimum orders, what arrives in time),
exactly where there are few, else on a grid that is refined around the best choice until neighbours
are one batch apart. search.py finds the cheapest choice on the lists. A plan's cost and probability
are then computed afresh from the sources and the law, never taken from the search.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.bill import describe, reach, settled
from planner.fitted import FittedLaw, weighted_quantile
from planner.judge import Judge, favourable
from planner.laws import Array
from planner.market import (
    Amounts,
    Market,
    Supply,
    finer,
    in_hand,
    market_of,
    most_to_be_had,
    options_of,
    relaxed_of,
    supplies,
    supply,
    text_cells,
    text_ways,
)
from planner.plan import Plan, Target
from planner.search import Options, Outcome, cheapest
from sources.base import Source

SMALL = 30_000  # choices up to which the branch and bound may run to its end
SMALL_BOXES = 20_000
BOXES = 96  # boxes where it cannot hope to: the local search decides, the boxes give a bound
TEXT_ROUNDS, TEXT_POINTS = 3, 10  # in which amounts of text are refined between neighbours
MOST_CELLS = 64  # ranges of text amounts up to which a bound is computed
TOLERANCE, ROUGH = 1.0001, 1.003  # of the least error within limits: small markets, large ones


def cheapest_plan(
    sources: Sequence[Source],
    law: FittedLaw,
    target: Target,
    *,
    contingency: float = 0.0,
    prove: bool = True,
) -> Plan:
    """The cheapest legal purchases with P(error <= target.error) >= target.confidence.

    contingency [ratio] is added to every cost and counts against the budget. Data in hand costs
    nothing and is used where it helps. prove: also compute a lower bound on the cost of any legal
    plan, None where several texts make too many cases. If no plan meets target, budget and weeks at
    once, the plan returned has `reaches` False and brings the error down as far as the limits allow
    at that confidence. Raises InputError if a source is not a column of the law.
    """
    market = market_of(sources, law, contingency)
    found = _solve(market, target, prove=prove)
    if found.amounts is None:
        return least_error_plan(sources, law, target, contingency=contingency)
    return describe(market, target, found.amounts, found.bound if prove else None)


def least_error_plan(
    sources: Sequence[Source], law: FittedLaw, target: Target, *, contingency: float = 0.0
) -> Plan:
    """The plan whose error at the wanted confidence is least within budget and weeks.

    The least error is found by bisection, to 0.01% where choices are few and else to 0.3%; with
    text, whose amounts are tried one by one, it may lie a per cent lower. The cheapest plan that
    reaches it is returned.
    """
    market = market_of(sources, law, contingency)
    best = settled(market, target, Amounts(np.zeros(len(law.sources)), in_hand(market)))
    high = float(reach(market, target, best.total[None])[0])
    low = min(_least_conceivable(market, target), high)
    fine = math.prod(len(supplies(market, s, target).total) for s in market.labels) <= SMALL
    tolerance = TOLERANCE if fine else ROUGH
    while high / low > tolerance:
        middle = math.sqrt(low * high)
        found = _solve(market, replace(target, error=middle), warm=[best])
        if found.amounts is None:
            low = middle
        else:
            best = settled(market, target, found.amounts)
            high = min(middle, float(reach(market, target, best.total[None])[0]))
    return describe(market, target, best, None)


def _least_conceivable(market: Market, target: Target) -> float:
    """Error that no purchase undercuts at the confidence: all of everything, no own floors, and of
    each text the amount that is best in each draw."""
    law, size = market.law, np.zeros((len(market.law.weights), 1))
    for source in market.labels:
        most = np.array([most_to_be_had(market, source, target) + source.in_hand])
        size = size + law.contribution(market.column(source), most)
    least = None
    for cell in text_cells(market, target, {}):
        kind = favourable(law, cell.low, cell.high)
        errors = np.add(*kind.curve(kind.with_text(size, cell.used)))
        least = errors if least is None else np.minimum(least, errors)
    assert least is not None  # no text at all is always among the cells
    return float(weighted_quantile(least, law.weights, target.confidence)[0])


def frontier(
    sources: Sequence[Source],
    law: FittedLaw,
    target: Target,
    errors: Sequence[float],
    *,
    contingency: float = 0.0,
) -> tuple[Plan | None, ...]:
    """Cheapest plan for each of `errors` at the target's confidence, budget and weeks; None where
    no legal plan reaches it."""
    market = market_of(sources, law, contingency)
    plans: dict[float, Plan | None] = {}
    warm: list[Amounts] = []
    # hardest first: what meets a hard target meets an easier one, so cost never falls
    for error in sorted({float(e) for e in errors}):
        aim = replace(target, error=error)
        found = _solve(market, aim, warm=warm)
        if found.amounts is not None:
            warm = [found.amounts]
        plans[error] = None if found.amounts is None else describe(market, aim, found.amounts, None)
    return tuple(plans[float(error)] for error in errors)


@dataclass(frozen=True)
class Found:
    """Amounts, their cost [currency] and a proven bound on the cost of any legal plan; amounts None
    where nothing was found that meets the target, bound None where none was computed."""

    amounts: Amounts | None
    cost: float
    bound: float | None


def _solve(
    market: Market, target: Target, *, warm: Sequence[Amounts] = (), prove: bool = False
) -> Found:
    """The cheapest purchases that meet the target; `warm` are amounts worth trying first."""
    hunt = _Hunt(market, target, prove, warm)
    hunt.look(Amounts(*np.zeros((2, len(market.law.sources)))))
    hunt.look_at_texts()
    bound = hunt.bound() if prove and hunt.amounts is not None else None
    return Found(hunt.amounts, hunt.cost, bound)


class _Hunt:
    """The best amounts so far, over the amounts of text that were tried."""

    def __init__(
        self, market: Market, target: Target, prove: bool, warm: Sequence[Amounts]
    ) -> None:
        self.market, self.target, self.prove, self.warm = market, target, prove, list(warm)
        self.amounts: Amounts | None = None
        self.cost = math.inf
        self.lists = [supplies(market, s, target) for s in market.labels]
        self.near = self.lists
        self.tried: dict[str, set[float]] = {s.name: set() for s in market.texts}

    def aim(self, judge: Judge, lists: Sequence[Supply]) -> Aim:
        """A search among the lists: to its end where they are short."""
        few = math.prod(len(ways.total) for ways in lists) <= SMALL
        boxes = SMALL_BOXES if few else BOXES if self.prove else 0
        return Aim(judge, self.target.confidence, boxes)

    def look(self, text: Amounts) -> None:
        """Search the labels that go best with these amounts of text."""
        market, target = self.market, self.target
        text_cost = float(self._prices(text.bought).sum())
        for source in market.texts:
            self.tried[source.name].add(float(text.total[market.column(source)]))
        left = min(target.budget, self.cost * (1 - 1e-9)) - text_cost
        if left < 0:
            return
        lists = [supplies(market, s, replace(target, budget=left)) for s in market.labels]
        used = text.total[market.law.texts][None]
        judge = Judge(market.law, target.error, used, _largest(market, lists))
        starts = [_nearest(market, lists, amounts) for amounts in self.warm]
        aim = self.aim(judge, lists)
        outcome, lists, listed = _refine(market, lists, aim, left, starts)
        if outcome.choice is None or not outcome.cost + text_cost < self.cost:
            return
        best = text
        for source, ways, i in zip(market.labels, lists, outcome.choice, strict=True):
            best = self._put(best, source, ways, i)
        self.amounts, self.cost, self.near = best, outcome.cost + text_cost, listed

    def look_at_texts(self) -> None:
        """Try a few amounts of each text in all combinations, cheapest first; refine the best."""
        market = self.market
        within = replace(self.target, budget=min(self.target.budget, self.cost))
        texts = [Amounts(*np.zeros((2, len(market.law.sources))))]
        for source in market.texts:
            ways = text_ways(market, source, within)
            texts = [self._put(text, source, ways, i) for text in texts for i in range(len(ways))]
        texts.sort(key=lambda text: float(self._prices(text.bought).sum()))
        for text in texts:
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
            if tried[at - 1] < total < ends[1] and total != tried[at]:
                self.look(self._put(text, source, ways, i))

    def _put(self, text: Amounts, source: Source, ways: Supply, way: int) -> Amounts:
        column, bought, used = self.market.column(source), text.bought.copy(), text.used.copy()
        bought[column], used[column] = ways.bought[way], ways.used[way]
        return Amounts(bought, used)

    def _prices(self, bought: Array) -> Array:
        """Cost [currency] of what is bought of each source of the market."""
        market = self.market
        return np.array([float(market.price(s, bought[market.column(s)])) for s in market.sources])

    def _helps(self, text: Amounts) -> bool:
        """Whether text makes the target likelier beside the labels found without it; a quick look
        that spares a search where the pilots say that text does nothing."""
        if self.amounts is None:
            return True
        law, total = self.market.law, self.amounts.total
        other = np.where(law.is_text, text.total, total)
        chance = law.probability(self.target.error, np.stack([total, other]))
        return bool(chance[1] > chance[0])

    def bound(self) -> float | None:
        """Lower bound on the cost [currency] of any legal plan, between the listed amounts too."""
        market = self.market
        within = replace(self.target, budget=min(self.target.budget, self.cost))
        cells = text_cells(market, within, self.tried)
        if len(cells) > MOST_CELLS:
            return None
        lists = []
        for source, all_, near in zip(market.labels, self.lists, self.near, strict=True):
            ways, most = all_.merged(near), most_to_be_had(market, source, within)
            if most > ways.bought[-1]:
                ways = ways.merged(Supply(np.array([most]), np.array([most + source.in_hand])))
            lists.append(ways)
        options, bounds = relaxed_of(market, lists), [self.cost]
        for cell in cells:
            if cell.cost < self.cost:
                law = favourable(market.law, cell.low, cell.high)
                judge = Judge(law, self.target.error, cell.used, _largest(market, lists))
                aim, left = self.aim(judge, lists), within.budget - cell.cost
                bounds.append(cell.cost + aim.cheapest(options, left).bound)
        return min(bounds)


def _largest(market: Market, lists: Sequence[Supply]) -> float:
    """Largest labelled size [effective example] that the lists can make, in any draw."""
    total = 0.0
    for source, ways in zip(market.labels, lists, strict=True):
        most = market.law.contribution(market.column(source), ways.total[-1:])
        total += float(most.max())
    return total


def _nearest(market: Market, lists: Sequence[Supply], amounts: Amounts) -> tuple[int, ...]:
    """Ways at or above the given amounts."""
    return tuple(
        int(min(np.searchsorted(ways.total, amounts.total[market.column(source)]), len(ways) - 1))
        for source, ways in zip(market.labels, lists, strict=True)
    )


@dataclass(frozen=True)
class Aim:
    """What a search must meet, and how many boxes it may spend on proving its answer."""

    judge: Judge
    confidence: float
    boxes: int

    def cheapest(
        self, options: list[Options], ceiling: float, starts: Sequence[tuple[int, ...]] = ()
    ) -> Outcome:
        """Cheapest choice of options at a cost of at most `ceiling` [currency]."""
        return cheapest(
            options, self.judge, self.confidence, ceiling, most_boxes=self.boxes, starts=starts
        )


def _refine(
    market: Market,
    lists: list[Supply],
    aim: Aim,
    ceiling: float,
    starts: list[tuple[int, ...]],
) -> tuple[Outcome, list[Supply], list[Supply]]:
    """Search the lists, then ever finer lists around the best choice, down to single batches.

    Returns the last outcome, the lists its choice refers to, and all that was listed: so fine near
    the best choice that a bound on what lies between is tight there.
    """
    outcome, listed = aim.cheapest(options_of(market, lists), ceiling, starts), lists
    for _ in range(12):
        if outcome.choice is None:
            break
        zoomed = [
            finer(market, s, ways, i)
            for s, ways, i in zip(market.labels, lists, outcome.choice, strict=True)
        ]
        if all(np.isin(new.total, old.total).all() for new, old in zip(zoomed, lists, strict=True)):
            break
        start = tuple(
            int(np.searchsorted(new.total, old.total[i]))
            for new, old, i in zip(zoomed, lists, outcome.choice, strict=True)
        )
        again = aim.cheapest(options_of(market, zoomed), outcome.cost, [start])
        if again.choice is None:
            break
        lists, outcome = zoomed, again
        listed = [all_.merged(near) for all_, near in zip(listed, zoomed, strict=True)]
    return outcome, lists, listed
