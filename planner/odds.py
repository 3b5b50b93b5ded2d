"""The chance that purchases keep target, budget and weeks together, and purchases that raise it or
cost less at it.

`search` knows base prices and speeds only. Here the joint chance is computed exactly as `risk_of`
does, and purchases are changed by hand's breadths: one source set to other amounts, and of another
the least that keeps the chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from planner.judge import Judge
from planner.laws import Array, effective_size
from planner.market import Market, between, most_for, most_to_be_had
from planner.plan import Target
from planner.risk import Spending, in_time
from sources.base import Source

# factors of a purchase that are tried: first far ones, then near ones
FACTORS = ((0.0, 0.3, 0.6, 0.85, 0.95, 1.05, 1.2, 1.6), (0.97, 0.99, 0.997, 1.003, 1.01, 1.03))
GRID, ZOOM, ZOOMS = 16, 12, 4  # amounts of the other source, at first and between neighbours
BETTER = 1e-5  # relative, of a change that counts
CELLS = 40_000_000  # draws x rows that a polish may look at
TABLED = 200  # purchases with the same text, from which on what they reach is tabled
CHUNK = 48  # purchases that are looked at before all others, the cheapest
OTHERS = 4  # sources not bought that are tried beside those that are


class Odds:
    """The chances of purchases on one market for one target; `used` of the data in hand stays."""

    def __init__(self, market: Market, target: Target, used: Array) -> None:
        self.market, self.target, self.used = market, target, used
        self.looked = 0
        self._alone: dict[str, float] = {}
        self._asked: dict[bytes, int] = {}
        self._judges: dict[bytes, Judge] = {}
        self._columns = [market.column(source) for source in market.sources]
        self._spending = Spending(market.sources, target.budget)

    def cost(self, rows: Array) -> Array:
        """Cost (rows,) [currency] at base prices, contingency included."""
        total = np.zeros(len(rows))
        for source in self.market.sources:
            bought = rows[:, self.market.column(source)]
            if bought.any():
                total = total + self.market.price(source, bought)
        return total

    def kept(self, rows: Array, least: Array | float = 0.0) -> Array:
        """P(budget and weeks are kept) (rows,) [1]; 0 where a rule, base prices or base speeds
        forbid the purchases, and perhaps where it is below `least`."""
        chance = self._in_time(rows)
        if self._spending.risky:
            open_ = np.flatnonzero((chance > 0) & (chance >= least))
            if len(open_):
                chance[open_] *= list(self._spending.kept(rows[open_][:, self._columns]))
        return chance

    def _in_time(self, rows: Array) -> Array:
        """As `kept`, but for prices other than base."""
        market, target = self.market, self.target
        good = market.rules.allowed(rows + self.used, rows)
        good &= self.cost(rows) <= target.budget * (1 + 1e-9)
        chance = good.astype(float)
        for source in market.sources:
            bought = rows[:, market.column(source)]
            if not bought.any():
                continue
            chance *= bought <= source.limits.available(target.weeks)
            if math.isfinite(target.weeks):
                some, at = np.unique(bought, return_inverse=True)
                chance *= in_time(source.limits, some, target.weeks)[at]
        return chance

    def reached(self, rows: Array) -> Array:
        """P(target met) (rows,) [1]."""
        law, totals = self.market.law, rows + self.used
        self.looked += len(rows) * len(law.weights)
        worst = law.anchor.worst
        if worst is not None and self.target.error >= worst:
            return np.full(len(rows), float(law.weights.sum()))
        texts, chance = totals[:, law.texts], np.zeros(len(rows))
        left = np.ones(len(rows), dtype=bool)
        while left.any():
            text = texts[int(left.argmax())]
            mine = left & (texts == text).all(axis=1)
            left &= ~mine
            judge = self._judge(text, int(mine.sum()))
            if judge is None:
                met = law.errors(totals[mine]) <= self.target.error
                chance[mine] = law.weights @ met
            else:
                chance[mine] = judge.chance(*effective_size(law.mix, totals[mine][:, law.labels]))
        return chance

    def _judge(self, text: Array, rows: int) -> Judge | None:
        """What is quicker where many purchases go with the same amounts of text."""
        key = text.tobytes()
        self._asked[key] = self._asked.get(key, 0) + rows
        if key not in self._judges and self._asked[key] >= TABLED:
            market, size = self.market, 0.0
            for source in market.labels:
                column, most = market.column(source), most_to_be_had(market, source, self.target)
                amount = np.array([most + self.used[column]])
                size += float(market.law.contribution(column, amount).max())
            self._judges[key] = Judge(market.law, self.target.error, text[None], size)
        return self._judges.get(key)

    def met(self, rows: Array) -> Array:
        """P(target, budget and weeks are kept) (rows,) [1], perhaps 0 where below the wanted."""
        reached = self.reached(rows)
        with np.errstate(divide="ignore", invalid="ignore"):
            least = np.where(reached > 0, self.target.confidence / reached, math.inf)
        chance = np.round(reached * self.kept(rows, least - 1e-9), 12)
        return np.asarray(chance)

    def likeliest(self, rows: Array) -> tuple[int, float]:
        """The first row with the highest chance, and that [1], exact below the wanted too."""
        reached, timely = self.reached(rows), self._in_time(rows)
        most = reached * timely
        if not self._spending.risky:
            return int(np.argmax(most)), float(most.max())
        best, chance = 0, 0.0
        order = np.argsort(-most, kind="stable")
        within = self._spending.kept(rows[order][:, self._columns])
        for row in map(int, order):
            if most[row] <= 0 or most[row] < chance:  # none of the rest can be likelier
                break
            found = float(reached[row] * (timely[row] * next(within)))
            if found > chance or (found == chance and row < best):
                best, chance = row, found
        return best, chance

    def enough(self, source: Source, room: float) -> float:
        """Most of a source [example] worth buying for `room` [currency]."""
        law, aim = self.market.law, replace(self.target, budget=min(self.target.budget, room))
        most = most_to_be_had(self.market, source, aim)
        if math.isinf(room) and source.role == "labels":
            if source.name not in self._alone:
                needs = law.needs(self.target.error, source.name, within=0.01)
                finite = needs[np.isfinite(needs)]
                self._alone[source.name] = float(finite.max(initial=0.0)) * 1.01 or math.inf
            most = min(most, self._alone[source.name])
        return most

    def grid(self, source: Source, room: float, points: int = GRID) -> Array:
        """Amounts of a source to try, none first; `room` [currency] is what it may cost."""
        most, batch = self.enough(source, room), source.limits.batch
        most = math.floor(most / batch) * batch
        if most < source.limits.smallest:
            return np.zeros(1)
        steps = between(source, source.limits.smallest, most, points, points)
        fine = np.unique(np.round(np.linspace(0.3, 1.0, points // 2) * most / batch) * batch)
        fine = fine[fine >= source.limits.smallest]
        return np.unique(np.concatenate([[0.0], steps, np.minimum(fine, most)]))


def repaired(odds: Odds, bought: Array, *, climb: bool = True) -> Array | None:
    """The purchases with one source set so that all is kept at little cost; where that fails, those
    climbed to, unless not asked for; None where no chance is high enough."""
    if not climb:  # quickly: those bought and the cheapest other
        several = int(np.count_nonzero(bought)) + 1
        return _with_least(odds, bought[None], math.inf, _worth_trying(odds, bought)[:several])
    found = _with_least(odds, bought[None], math.inf)
    if found is not None:
        return found
    best = climbed(odds, bought)
    return best if odds.met(best[None])[0] >= odds.target.confidence else None


def climbed(odds: Odds, bought: Array) -> Array:
    """Purchases whose joint chance is higher, or the same: one source after another is changed,
    then two at a time, until the chance is as wanted or rises no more."""
    best, chance = bought, odds.likeliest(bought[None])[1]
    end = odds.looked + CELLS // 2
    grids: dict[str, Array] = {}
    for pairs in (False, True, True):
        for source in odds.market.sources:
            others: list[Source | None] = [None]
            if pairs:
                others = [s for s in _worth_trying(odds, best) if s is not source]
            for other in others:
                if chance >= odds.target.confidence or odds.looked > end:
                    return best
                if source.name not in grids:
                    grids[source.name] = odds.grid(source, math.inf)
                rows = best[None]
                if other is not None:
                    rows = np.concatenate(
                        [rows, _set(odds, best, other, (*FACTORS[0], *FACTORS[1]))]
                    )
                column = odds.market.column(source)
                amounts = grids[source.name]
                for _ in range(2):
                    many = np.repeat(rows, len(amounts), axis=0)
                    many[:, column] = np.tile(amounts, len(rows))
                    at, found = odds.likeliest(many)
                    if found > chance:
                        best, chance = many[at], found
                    low, high = _neighbours(amounts, many[at, column])
                    rows = many[at][None]
                    amounts = np.unique(_whole(source, np.linspace(low, high, ZOOM)))
    return best


def cheapened(odds: Odds, bought: Array, part: float = 1.0) -> Array:
    """Purchases that keep all as surely and cost less, found by changing two sources at a time."""
    best, cost = bought, float(odds.cost(bought[None])[0])
    end = odds.looked + part * CELLS
    for factors in FACTORS:
        better = True
        while better:
            better = False
            for source in _worth_trying(odds, best):
                for other in _worth_trying(odds, best):
                    if odds.looked > end:
                        return best
                    rows = _set(odds, best, source, factors) if other is not source else best[None]
                    found = _with_least(odds, rows, cost * (1 - BETTER), [other])
                    if found is not None:
                        best, better = found, True
                        cost = float(odds.cost(best[None])[0])
    return best


def _worth_trying(odds: Odds, bought: Array) -> list[Source]:
    """The sources bought, and of the others those whose effective examples cost least."""
    market = odds.market
    mine = [s for s in market.sources if bought[market.column(s)] > 0]
    size = np.array([max(float(bought.sum()), 1.0)])
    rest = [s for s in market.sources if s not in mine]
    rest.sort(
        key=lambda s: (s.role == "text", float(market.price(s, size)[0]) / _worth(odds, s, size))
    )
    return mine + rest[:OTHERS]


def _worth(odds: Odds, source: Source, size: Array) -> float:
    """Effective examples (median) of `size` (1,) [example] of a labelled source; 1 of text."""
    if source.role == "text":
        return 1.0
    law = odds.market.law
    return max(float(np.median(law.contribution(odds.market.column(source), size))), 1e-9)


def _set(odds: Odds, bought: Array, source: Source, factors: Sequence[float]) -> Array:
    """Purchases (ways, sources) with other amounts of one source."""
    column = odds.market.column(source)
    start, most = float(bought[column]), odds.enough(source, math.inf)
    if not start:
        start = min(max(float(bought.sum()) * 0.3, 1.0), most)
    amounts = _whole(source, start * np.array(factors))
    amounts = np.unique(amounts[(amounts <= most) & (amounts != bought[column])])
    rows = np.tile(bought, (len(amounts), 1))
    rows[:, column] = amounts
    return rows


def _with_least(
    odds: Odds, starts: Array, room: float, others: Sequence[Source] | None = None
) -> Array | None:
    """The cheapest of the purchases `starts` (ways, sources) with the least of one other source
    that keeps all at the wanted confidence for at most `room` [currency]; None where none does."""
    best, cost = None, room
    for other in odds.market.sources if others is None else others:
        column = odds.market.column(other)
        bare = starts.copy()
        bare[:, column] = 0.0
        left = cost - float(odds.cost(bare).min()) if len(bare) else -1.0
        if left < 0:
            continue
        rooms = cost - odds.cost(bare)
        rooms = np.minimum(rooms[(rooms >= 0) & np.isfinite(rooms)], odds.target.budget)
        ends = most_for(odds.market, other, odds.target.weeks, np.unique(rooms))
        amounts = _whole(other, np.concatenate([odds.grid(other, left), starts[:, column], ends]))
        amounts = np.unique(amounts)
        rows = np.repeat(bare, len(amounts), axis=0)
        rows[:, column] = np.tile(amounts, len(bare))
        spent = odds.cost(rows)
        order = np.argsort(spent, kind="stable")
        order = order[spent[order] <= cost * (1 + 1e-12)]
        for start, at in _first_good(odds, rows, order, len(amounts)):
            row = rows[start * len(amounts) + at]
            if at > 0:
                row = _zoomed(odds, row, other, float(amounts[at - 1]), float(amounts[at]))
            paid = float(odds.cost(row[None])[0])
            if paid < cost or (best is None and paid <= cost):
                best, cost = row, paid
    return best


def _first_good(odds: Odds, rows: Array, order: np.ndarray, count: int) -> list[tuple[int, int]]:
    """The two cheapest rows of different starts that keep all, as (start, amount): rows are
    `count` amounts for each start, `order` sorts them by cost."""
    found: dict[int, int] = {}
    for part in np.split(order, [CHUNK]):
        for row in part[odds.met(rows[part]) >= odds.target.confidence] if len(part) else ():
            found.setdefault(int(row) // count, int(row) % count)
            if len(found) == 2:
                return list(found.items())
    return list(found.items())


def _zoomed(odds: Odds, row: Array, source: Source, low: float, high: float) -> Array:
    """The row with the least of a source above `low` and up to `high` that keeps all."""
    column, batch = odds.market.column(source), source.limits.batch
    for _ in range(ZOOMS):
        if high - low <= batch:
            break
        amounts = _whole(source, np.linspace(low, high, ZOOM))
        amounts = np.unique(amounts[(amounts > low) & (amounts <= high)])
        if not len(amounts):
            break
        rows = np.tile(row, (len(amounts), 1))
        rows[:, column] = amounts
        good = odds.met(rows) >= odds.target.confidence
        if not good.any():
            break
        at = int(good.argmax())
        low, high = float(amounts[at - 1]) if at else low, float(amounts[at])
        row = rows[at]
    return row


def _whole(source: Source, amounts: Array) -> Array:
    """Legal amounts [example] at or above these; none stays none."""
    limits = source.limits
    legal = np.ceil(amounts / limits.batch - 1e-9) * limits.batch
    return np.where(amounts > 0, np.maximum(legal, limits.smallest), 0.0)


def _neighbours(amounts: Array, at: float) -> tuple[float, float]:
    below, above = amounts[amounts < at], amounts[amounts > at]
    return (
        float(below.max()) if len(below) else at,
        float(above.min()) if len(above) else at,
    )
