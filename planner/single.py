"""One draw of the law, no own floors: the cheapest purchases whose effective examples reach a need.

    minimise  sum_k cost_k(n_k)   subject to   sum_k s_k(n_k) >= need,   n_k legal

At a price lambda [currency/effective example] of the need the sources part: each takes the purchase
with the least cost_k(n) - lambda s_k(n). Its legal purchases are cut into pieces on which cost is
linear and s a power n^g, so that the least lies at an end of a piece or, where g < 1, at the
stationary point, between two whole batches. lambda need + the sum of these least values bounds the
cost of every legal plan from below, the batches between included (Lagrangian relaxation; Everett
1963). What no plan below the best can hold (reduced cost above the gap) is left out, and where a
gap is left, branches.py closes it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from planner.branches import Branches
from planner.clock import Clock
from planner.laws import Array
from planner.pieces import Pieces, left_open

STEPS = 200  # of the search for the price
CLOSED = 1e-9  # relative gap at which nothing is left to prove
NEAR = 1.01  # of the best cost, up to which a plan is worth improving
TRIES = 400  # sources that fill what is missing, at most


@dataclass(frozen=True)
class Answer:
    """Bought (sources,) [example] or None, its cost, and a bound on every legal cost [currency]."""

    bought: Array | None
    cost: float
    bound: float


def cheapest_for_need(pieces: Pieces, need: float, ceiling: float, clock: Clock) -> Answer:
    """Cheapest legal purchases with effective examples of at least `need` for at most `ceiling`."""
    search = _Single(pieces, need, ceiling, clock)
    return search.solve()


class _Single:
    def __init__(self, pieces: Pieces, need: float, ceiling: float, clock: Clock) -> None:
        self.pieces, self.need, self.clock = pieces, need, clock
        self.ceiling = ceiling * (1 + CLOSED) + 1e-300
        self.best: Array | None = None
        self.cost, self.bound = math.inf, 0.0
        self.price = 0.0

    def solve(self) -> Answer:
        """The answer; see the module."""
        pieces = self.pieces
        most = pieces.most()
        if pieces.effective(most).sum() < self.need:
            return Answer(None, math.inf, math.inf)
        self._offer(most)
        self._offer(np.zeros(pieces.sources))
        low, high = self._relax()
        for base in (low, high):
            self._repair(base)
        if self._open() and not self.clock.over():
            self._decide()
        if self.best is None and self.bound > self.ceiling:
            return Answer(None, math.inf, math.inf)
        return Answer(self.best, self.cost, min(self.bound, self.cost))

    def _open(self) -> bool:
        """Whether something cheaper than the best may be left."""
        top = min(self.cost, self.ceiling)
        return self.bound < top - CLOSED * max(top, 1e-300)

    def _offer(self, bought: Array) -> bool:
        """Take purchases if they reach the need for less than the best."""
        cost = float(self.pieces.cost(bought).sum())
        if not cost < min(self.cost, self.ceiling):
            return False
        if self.pieces.effective(bought).sum() < self.need:
            return False
        self.best, self.cost = bought.copy(), cost
        return True

    # -- the relaxation --------------------------------------------------------------------------

    def _relax(self) -> tuple[Array, Array]:
        """The price with the highest bound, and the purchases on its two sides: one that misses the
        need and one that meets it."""
        pieces = self.pieces
        low, high = 0.0, pieces.cheapest_rate()
        below, above = pieces.at(low).bought, None
        for _ in range(STEPS):
            at = pieces.at(high)
            self._lift(high, at.value)
            if pieces.effective(at.bought).sum() >= self.need:
                above = at.bought
                break
            low, below, high = high, at.bought, high * 4
        if above is None:
            above = pieces.most()
        for _ in range(STEPS):
            if self.clock.over():
                break
            middle = math.sqrt(low * high) if low > 0 else high / 4
            at = pieces.at(middle)
            self._lift(middle, at.value)
            if pieces.effective(at.bought).sum() >= self.need:
                high, above = middle, at.bought
                self._offer(above)
            else:
                low, below = middle, at.bought
            if high - low <= 1e-13 * high or high < 1e-290:
                break
        self._offer(above)
        return below, above

    def _lift(self, price: float, value: float) -> None:
        bound = (price * self.need + value) * (1 - 1e-12)
        if bound > self.bound:
            self.bound, self.price = bound, price

    # -- whole purchases -------------------------------------------------------------------------

    def _repair(self, base: Array) -> None:
        """From purchases near the best price to good ones: cut, fill with one source, exchange."""
        filled = self._fill(base)
        if filled is None:
            return
        here = filled
        for _ in range(20):
            if self.clock.over():
                return
            better = self._exchange(here)
            if better is None:
                break
            here = better
        self._offer(here)

    def _fill(self, base: Array) -> Array | None:
        """The base with one source raised to what is missing, at the least cost; else several."""
        pieces, here = self.pieces, base.copy()
        for _ in range(pieces.sources):
            if self.clock.over():
                return None
            effective, cost = pieces.effective(here), pieces.cost(here)
            missing = self.need - effective.sum()
            if missing <= 0:
                return here
            wanted = pieces.inverse(effective + missing)
            can = np.isfinite(wanted)
            if can.any():
                extra = np.where(can, pieces.cost(np.where(can, wanted, 0.0)) - cost, np.inf)
                k = int(np.argmin(extra))
                here[k] = wanted[k]
                return here
            most = pieces.most()
            gain = pieces.effective(most) - effective
            dear = np.where(gain > 0, pieces.cost(most) - cost, np.inf)
            with np.errstate(divide="ignore", invalid="ignore"):
                k = int(np.argmin(np.where(gain > 0, dear / gain, np.inf)))
            here[k] = most[k]
        return None

    def _exchange(self, here: Array) -> Array | None:
        """Purchases that cost less: a source cut or left out, and at most one other raised."""
        pieces = self.pieces
        effective, cost = pieces.effective(here), pieces.cost(here)
        total, paid = float(effective.sum()), float(cost.sum())
        plan = np.flatnonzero(here > 0)
        plan = plan[np.argsort(-cost[plan])][:TRIES]
        best, found = paid * (1 - CLOSED), None
        near = self.price
        at = pieces.at(near).bought
        for i in plan:
            if self.clock.over():
                break
            mine = pieces.of(int(i))
            cut = float(mine.inverse(np.array([self.need - (total - effective[i])]))[0])
            for target in {0.0, cut, float(at[i])}:
                if not math.isfinite(target) or target == here[i]:
                    continue
                some = np.array([target])
                new_cost, new_size = float(mine.cost(some)[0]), float(mine.effective(some)[0])
                rest = paid - cost[i] + new_cost
                missing = self.need - (total - effective[i] + new_size)
                if missing <= 0:
                    if rest < best:
                        best, found = rest, here.copy()
                        found[i] = target
                    continue
                wanted = pieces.inverse(effective + missing)
                wanted[i] = np.inf
                can = np.isfinite(wanted)
                extra = np.where(can, pieces.cost(np.where(can, wanted, 0.0)) - cost, np.inf)
                j = int(np.argmin(extra))
                if rest + extra[j] < best:
                    best, found = rest + float(extra[j]), here.copy()
                    found[i], found[j] = target, wanted[j]
        return found

    # -- the proof -------------------------------------------------------------------------------

    def _decide(self) -> None:
        """Close the gap by branch and bound over what is left open."""
        scale = min(self.cost, self.ceiling)
        if not math.isfinite(scale):
            return
        left = left_open(self.pieces, self.price, scale - self.bound)
        price = self.price or self.pieces.cheapest_rate()
        branches = Branches(left, self.need, price, self._take, self._mend, self.clock)
        proof = branches.prove(scale)
        # what was left out costs at least as much as the best did
        self.bound = max(self.bound, min(proof.bound, scale))

    def _take(self, bought: Array) -> float:
        self._offer(bought)
        return min(self.cost, self.ceiling)

    def _mend(self, below: Array) -> float:
        filled = self._fill(below)
        if filled is not None:
            self._offer(filled)
            if float(self.pieces.cost(filled).sum()) < self.cost * NEAR:
                self._repair(filled)
        return min(self.cost, self.ceiling)
