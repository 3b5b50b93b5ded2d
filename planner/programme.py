"""What a price leaves open, as a mixed-integer programme with tangents, solved by HiGHS.

One binary variable for each piece that a plan cheaper than the best may use, a count of batches on
it, and effective examples below tangents of s(n), which is concave there: a relaxation, so that its
bound holds for every legal plan. Tangents are added where its answer claims more than there is.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from planner.laws import Array
from planner.pieces import Pieces

HALVINGS = 60
WHOLE = 2000.0  # batches on a piece up to which their count is held to whole numbers
GAP = 1e-7  # relative, that HiGHS is asked for
POINTS = 9  # tangents on each piece at the start


@dataclass(frozen=True)
class Solved:
    """Purchases (sources,) [example] that the programme ends with, or None; a bound [currency] on
    every plan within the pieces, -inf if none was proven; and whether it claims no more effective
    examples than there are."""

    bought: Array | None
    bound: float
    tight: bool


def left_open(pieces: Pieces, price: float, gap: float) -> Pieces:
    """The parts of pieces that a plan within `gap` [currency] of the bound at this price uses."""
    value, at = pieces.values(price)
    least = np.minimum.reduceat(value, pieces.starts)[pieces.owner]
    room = gap * (1 + 1e-9) - (value - least)
    keep = room >= 0
    spans = pieces.spans()

    def within(steps: Array) -> np.ndarray:
        bought = pieces.first + steps * pieces.batch
        return pieces.paid(bought) - price * pieces.worth(bought) - least <= gap * (1 + 1e-9)

    middle = np.round((at - pieces.first) / pieces.batch)
    ends = []
    for far in (np.zeros_like(spans), spans):
        inner, outer = middle.copy(), far.copy()
        whole = within(outer)
        for _ in range(HALVINGS):  # cost - price x worth is convex where power <= 1
            half = (
                np.floor((inner + outer) / 2) if far is not spans else np.ceil((inner + outer) / 2)
            )
            good = within(half)
            inner, outer = np.where(good, half, inner), np.where(good, outer, half)
            if (np.abs(inner - outer) <= 1).all():
                break
        ends.append(np.where(whole | (pieces.power > 1), far, inner))
    first = pieces.first + ends[0] * pieces.batch
    last = pieces.first + ends[1] * pieces.batch
    kept = replace(pieces, first=first, last=last)
    return _only(kept, keep)


def _only(pieces: Pieces, keep: np.ndarray) -> Pieces:
    owner = pieces.owner[keep]
    starts = np.searchsorted(owner, np.arange(pieces.sources))
    names = ("first", "last", "batch", "at_none", "slope", "factor", "power", "in_hand")
    return Pieces(starts, owner, *(getattr(pieces, name)[keep] for name in names))


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing goes to the process's standard output: HiGHS reports trouble of its own there,
    whatever it is told."""
    sys.stdout.flush()
    kept, sink = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(sink)


class Programme:
    """The programme over `pieces` for `need` [effective example]; scale [currency] of its costs."""

    def __init__(self, pieces: Pieces, need: float, scale: float, price: float) -> None:
        self.pieces, self.need, self.scale = pieces, need, max(scale, 1e-300)
        self.spans = pieces.spans()
        self.wide = np.flatnonzero(self.spans > 0)
        _, best = pieces.values(price)
        self.points: list[set[float]] = []
        for p in self.wide:
            first, last = pieces.first[p], pieces.last[p]
            steps = np.linspace(first, last, POINTS).tolist()
            self.points.append({*steps, float(best[p])})

    def solve(self, seconds: float) -> Solved:
        """One run of HiGHS with today's tangents, of at most `seconds` [s]."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import coo_array

        pieces, wide = self.pieces, self.wide
        count, many = len(pieces.first), len(wide)
        base = pieces.worth(pieces.first) / self.need
        # columns: pieces taken | batches beyond the first, as a share of the span | worth beyond
        rows, columns, entries = list[np.ndarray](), list[np.ndarray](), list[Array]()
        low, high = list[float](), list[float]()

        def row(cols: Array, values: Array, least: float, most: float) -> None:
            rows.append(np.full(len(cols), len(low)))
            columns.append(cols)
            entries.append(values)
            low.append(least)
            high.append(most)

        at = np.arange(count)
        for k in range(pieces.sources):
            mine = at[pieces.owner == k] if count < 500 else self._mine(k)
            row(mine, np.ones(len(mine)), 1.0, 1.0)
        row(
            np.concatenate([at, count + many + np.arange(many)]),
            np.concatenate([base, np.ones(many)]),
            1.0,
            np.inf,
        )
        for i, p in enumerate(wide):
            row(np.array([count + i, p]), np.array([1.0, -self.spans[p]]), -np.inf, 0.0)
            for slope, constant in self._tangents(i, int(p)):
                row(
                    np.array([count + many + i, count + i, p]),
                    np.array([1.0, -slope, -constant]),
                    -np.inf,
                    0.0,
                )
        cost = np.concatenate(
            [
                pieces.paid(pieces.first) / self.scale,
                (pieces.slope * pieces.batch)[wide] / self.scale,
                np.zeros(many),
            ]
        )
        gain = (pieces.worth(pieces.last) - pieces.worth(pieces.first))[wide] / self.need
        top = np.concatenate([np.ones(count), self.spans[wide], gain])
        whole = np.concatenate(
            [np.ones(count), (self.spans[wide] <= WHOLE).astype(float), np.zeros(many)]
        )
        matrix = coo_array(
            (np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))),
            shape=(len(low), len(cost)),
        ).tocsr()
        with _quiet():
            found = milp(
                cost,
                integrality=whole,
                bounds=Bounds(np.zeros(len(cost)), top),
                constraints=LinearConstraint(matrix, np.array(low), np.array(high)),
                options={"time_limit": seconds, "mip_rel_gap": GAP},
            )
        if found.status == 2:  # nothing within the pieces reaches the need
            return Solved(None, math.inf, True)
        bound = found.mip_dual_bound
        bound = -math.inf if bound is None or not math.isfinite(bound) else bound * self.scale
        if found.x is None:
            return Solved(None, bound, True)
        return self._read(found.x, bound)

    def _mine(self, k: int) -> np.ndarray:
        starts = self.pieces.starts
        end = starts[k + 1] if k + 1 < len(starts) else len(self.pieces.first)
        return np.arange(starts[k], end)

    def _tangents(self, i: int, p: int) -> list[tuple[float, float]]:
        """Lines (per batch, at none) above the worth beyond the first purchase, over the need."""
        pieces = self.pieces
        first, batch = pieces.first[p], pieces.batch[p]
        factor, power, hand = pieces.factor[p], pieces.power[p], pieces.in_hand[p]
        start = factor * (first + hand) ** power
        if power > 1:  # convex: below the chord
            rise = factor * (pieces.last[p] + hand) ** power - start
            return [(rise / self.spans[p] / self.need, 0.0)]
        lines = []
        for point in sorted(self.points[i]):
            total = point + hand
            slope = factor * power * total ** (power - 1)
            gained = factor * total**power - start
            lines.append(
                (slope * batch / self.need, (gained - slope * (point - first)) / self.need)
            )
        return lines

    def _read(self, x: Array, bound: float) -> Solved:
        pieces, many, count = self.pieces, len(self.wide), len(self.pieces.first)
        bought, tight = np.zeros(pieces.sources), True
        for p in np.flatnonzero(x[:count] > 0.5):
            bought[pieces.owner[p]] = pieces.first[p]
        for i, p in enumerate(self.wide):
            if x[p] <= 0.5:
                continue
            steps = min(float(np.round(x[count + i])), float(self.spans[p]))
            bought[pieces.owner[p]] = pieces.first[p] + steps * pieces.batch[p]
            exact = pieces.first[p] + x[count + i] * pieces.batch[p]
            there = pieces.factor[p] * (
                (exact + pieces.in_hand[p]) ** pieces.power[p]
                - (pieces.first[p] + pieces.in_hand[p]) ** pieces.power[p]
            )
            if x[count + many + i] * self.need > there + 1e-9 * self.need:
                tight = False
                self.points[i].add(float(exact))
        return Solved(bought, bound, tight)
