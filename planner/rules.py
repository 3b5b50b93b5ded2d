"""What a plan must obey besides its limits: shares, what excludes and what needs another source.

A share [1] is of all labelled examples trained on, data in hand included; where a source is bought,
none of those it excludes is, and each of those it needs is bought or in hand. Variants of one
source have one share together, and any of them will do where that source is needed. Every rule is
one row of small arrays, so that many plans are judged at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.laws import Array
from sources.base import Source

SLACK = 1e-9  # relative, by which a share may miss its limit


@dataclass(frozen=True)
class Rules:
    """Rules over the columns of a law.

    shares    (rules, columns): sum_k shares_k n_k <= 0 for totals n [example]
    excludes  pairs of columns that are never bought together
    needs     pairs (bought, needed): one of the columns needed, the likeliest first, is bought as
              well; none where no such source is on the market
    said      what each rule says, shares first, then excludes, then needs
    """

    shares: Array
    excludes: tuple[tuple[int, int], ...] = ()
    needs: tuple[tuple[int, tuple[int, ...]], ...] = ()
    said: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.said)

    def allowed(self, totals: Array, bought: Array) -> np.ndarray:
        """Which plans keep every rule: totals trained on and bought, both (plans, columns)."""
        good: np.ndarray = np.ones(len(totals), dtype=bool)
        if len(self.shares):
            room = SLACK * (totals.sum(axis=1, keepdims=True) + 1.0)
            good &= (totals @ self.shares.T <= room).all(axis=1)
        for a, b in self.excludes:
            good &= ~((bought[:, a] > 0) & (bought[:, b] > 0))
        for own, others in self.needs:
            lacking = (bought[:, others] <= 0).all(axis=1)
            good &= ~((bought[:, own] > 0) & lacking)
        return good

    def conceivable(self, least: Array, most: Array, bought: Array, buyable: Array) -> np.ndarray:
        """Which boxes may hold a plan that keeps every rule.

        Totals from `least` to `most`; bought at least `bought` and at most `buyable`; all (boxes,
        columns).
        """
        good: np.ndarray = np.ones(len(least), dtype=bool)
        if len(self.shares):
            up, down = np.maximum(self.shares, 0.0), np.minimum(self.shares, 0.0)
            room = SLACK * (most.sum(axis=1, keepdims=True) + 1.0)
            good &= (least @ up.T + most @ down.T <= room).all(axis=1)
        for a, b in self.excludes:
            good &= ~((bought[:, a] > 0) & (bought[:, b] > 0))
        for own, others in self.needs:
            lacking = (buyable[:, others] <= 0).all(axis=1)
            good &= ~((bought[:, own] > 0) & lacking)
        return good

    def without(self, number: int) -> Rules:
        """All rules but one."""
        shares, excludes, needs = len(self.shares), len(self.excludes), len(self.needs)
        left = np.delete(np.arange(shares + excludes + needs), number)
        return Rules(
            self.shares[left[left < shares]],
            tuple(self.excludes[i - shares] for i in left if shares <= i < shares + excludes),
            tuple(self.needs[i - shares - excludes] for i in left if i >= shares + excludes),
            tuple(self.said[i] for i in left),
        )

    def none(self) -> Rules:
        """No rules at all, over the same columns."""
        return Rules(self.shares[:0])

    def rivals(self, column: int) -> list[int]:
        """Columns that may not be bought beside this one."""
        pairs = [pair for pair in self.excludes if column in pair]
        return [a if b == column else b for a, b in pairs]

    def needed(self, column: int) -> list[int]:
        """Columns that must be bought with this one, and with those; of variants the first."""
        found: list[int] = []
        open_ = [column]
        while open_:
            each = open_.pop()
            more = [b[0] for a, b in self.needs if a == each and b and b[0] not in found]
            found += more
            open_ += more
        return [each for each in found if each != column]

    def within(self, columns: Sequence[int], totals: Array, bought: Array) -> Within:
        """The rules over some columns, the others being as in `totals` and `bought` (columns,)."""
        return Within(self, np.array(columns, dtype=int), totals, bought)


@dataclass(frozen=True)
class Within:
    """Rules over some columns of a law while the others stay as they are."""

    rules: Rules
    columns: np.ndarray
    totals: Array
    bought: Array

    def _full(self, some: Array, base: Array) -> Array:
        whole = np.tile(base, (len(some), 1))
        whole[:, self.columns] = some
        return whole

    def allowed(self, totals: Array, bought: Array) -> np.ndarray:
        """As `Rules.allowed` for the named columns (plans, those columns)."""
        return self.rules.allowed(self._full(totals, self.totals), self._full(bought, self.bought))

    def conceivable(self, least: Array, most: Array, bought: Array, buyable: Array) -> np.ndarray:
        """As `Rules.conceivable` for the named columns."""
        return self.rules.conceivable(
            self._full(least, self.totals),
            self._full(most, self.totals),
            self._full(bought, self.bought),
            self._full(buyable, self.bought),
        )

    def companions(self, k: int) -> tuple[list[int], list[int]]:
        """Numbers of the named columns that must, and that may not, be bought beside number k."""
        place = {int(column): i for i, column in enumerate(self.columns)}
        column = int(self.columns[k])
        must = [place[c] for c in self.rules.needed(column) if c in place]
        never = [place[c] for c in self.rules.rivals(column) if c in place]
        return must, never


def rules_of(sources: Sequence[Source], columns: Sequence[str]) -> Rules:
    """The rules that these sources bring, over the columns of a law.

    A rule that can never be broken is left out. A source that is needed but not among the sources
    can neither be bought nor be in hand, so what needs it is never bought.
    """
    named = {source.name: source for source in sources}
    place = {name: k for k, name in enumerate(columns)}
    families: dict[str, list[Source]] = {}
    for source in sources:
        families.setdefault(source.family or source.name, []).append(source)
    shares, excludes, needs = (
        list[Array](),
        dict[tuple[int, int], str](),
        list[tuple[int, tuple[int, ...]]](),
    )
    said, said_needs = list[str](), list[str]()
    labelled = np.array([1.0 if n in named and named[n].role == "labels" else 0.0 for n in columns])
    for source in sorted(sources, key=lambda s: place[s.name]):
        k, family = place[source.name], source.family or source.name
        members = families[family]
        if source.role == "labels" and source is min(members, key=lambda s: place[s.name]):
            own = np.zeros(len(columns))
            own[[place[each.name] for each in members]] = 1.0
            if source.min_share > 0:
                shares.append(source.min_share * labelled - own)
                said.append(f"{family}: min share {source.min_share:g}")
            if source.max_share < 1:
                shares.append(own - source.max_share * labelled)
                said.append(f"{family}: max share {source.max_share:g}")
        for other in source.excludes:
            if other in named and other != source.name:
                pair = (min(k, place[other]), max(k, place[other]))
                excludes.setdefault(pair, f"{source.name} excludes {other}")
        for other in dict.fromkeys(source.needs):
            found = families.get(other) or [named[other]] if other in named else []
            if any(each.in_hand > 0 or each.name == source.name for each in found):
                continue
            found = sorted(found, key=_likely)
            needs.append((k, tuple(place[each.name] for each in found)))
            said_needs.append(f"{source.name} needs {other}")
    return Rules(
        np.array(shares).reshape(-1, len(columns)),
        tuple(excludes),
        tuple(needs),
        (*said, *excludes.values(), *said_needs),
    )


def _likely(source: Source) -> tuple[bool, float]:
    """Of variants the one that can be had and costs least comes first."""
    return source.limits.available() <= 0, source.unit_cost(0)


def without_rules(source: Source) -> Source:
    """The same source free of every rule."""
    return replace(source, min_share=0.0, max_share=1.0, excludes=(), needs=())
