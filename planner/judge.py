"""How often a labelled purchase meets a target: P(error <= target) over the law's draws, fast.

The answer is exactly that of `FittedLaw.errors`; only the work is less. The reducible error of each
draw is tabulated over sizes once; since it falls with size, the table settles all but the few draws
whose target lies inside one cell of it, and those are computed.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property

import numpy as np

from planner.fitted import FittedLaw
from planner.laws import LARGEST_SIZE, SMALLEST_SIZE, Array

PARTED = 6000  # draws x parts that a search for the need looks at once
STEP = 1.05  # of size, over which a slope is taken
SHIFT = 49  # bits of a float that are left out where sizes are numbered: 8 cells an octave
SMALLEST_TABLED = 0.125  # [effective example] where the table of sizes begins


class Judge:
    """Target error and the text used besides, against a law; sizes up to `largest` (scalar).

    text (1, texts of the law) is what is bought and in hand of unlabelled text.
    """

    def __init__(self, law: FittedLaw, error: float, text: Array, largest: float) -> None:
        self.law, self.error, self.text = law, error, text
        self.weights = law.weights
        self.unbiased = not law.mix.excess.any()
        if not self.unbiased:
            # padded so that sizes below and above the table have a cell to look at
            self.margin = self._pad(error - self._tabled(largest))
            self.cells = self.margin.shape[1] - 4
            width = self.margin.shape[1]
            self.rows = (np.arange(len(self.weights), dtype=np.intp) * width)[:, None]

    @cached_property
    def middle(self) -> Array:
        """As `margin`, in the middle of the cells."""
        middle = self.margin.copy()
        middle[:, 1:-1] = (self.margin[:, 1:-1] + self.margin[:, 2:]) / 2
        return middle

    def _tabled(self, largest: float) -> Array:
        """Floor and reducible error (draws, cells) at the lower ends of the cells up to `largest`
        and perhaps beyond; the same for every target, so the law keeps that without text."""
        known, key = {} if self.text.any() else self.law.known, ("curve", 0.0, b"")
        top = min(max(largest * 1.001, 10.0), LARGEST_SIZE)
        count = int(_cell(np.array([top]))[0]) + 2 - FIRST_CELL
        if key not in known or known[key].shape[1] < count:
            # the leading bits of a float number the cells
            bits = np.arange(FIRST_CELL, FIRST_CELL + count, dtype=np.int64) << SHIFT
            grid = np.broadcast_to(bits.view(np.float64), (len(self.weights), count))
            known[key] = np.add(*self._curve(grid))
        return known[key]

    def _pad(self, margin: Array) -> Array:
        lowest = np.full((len(margin), 1), -np.inf)
        return np.hstack([lowest, margin, margin[:, -1:], margin[:, -1:]])

    def _curve(self, size: Array) -> tuple[Array, Array]:
        return self.law.curve(self.law.with_text(np.maximum(size, SMALLEST_SIZE), self.text))

    @cached_property
    def need(self) -> Array:
        """Smallest size (draws,) [effective example] that meets the target without own floors."""
        known, key = self.law.known, ("need", self.error, self.text.tobytes())
        if key not in known:
            known[key] = self._need(np.zeros(len(self.weights)))
        return known[key]

    def _need(self, tilt: Array) -> Array:
        """As `need_above`, to 1e-9 relative: the logarithm of the size is cut into parts, and the
        part in which the target is met again, each time for all draws at once."""
        count = len(self.weights)
        low, high = np.full(count, np.log(1e-3)), np.full(count, np.log(LARGEST_SIZE))
        ends = self._meets(np.stack([low, high], axis=1), tilt)
        parts = int(np.clip(PARTED // count, 2, 64))
        steps = np.arange(1, parts) / parts
        while float(np.max(high - low)) >= 1e-9:
            inside = low[:, None] + (high - low)[:, None] * steps
            missed = np.count_nonzero(~self._meets(inside, tilt), axis=1)
            edges = np.hstack([low[:, None], inside, high[:, None]])
            rows = np.arange(count)
            low, high = edges[rows, missed], edges[rows, missed + 1]
        return np.where(ends[:, 0], 0.0, np.where(ends[:, 1], np.exp(high), np.inf))

    def _meets(self, log_size: Array, tilt: Array) -> np.ndarray:
        floor, part = self._curve(np.exp(log_size))
        return floor + part + tilt[:, None] <= self.error

    def need_above(self, tilt: Array) -> Array:
        """Smallest size (draws,) that meets the target with excess floor `tilt` (draws,)."""
        return self.need if not tilt.any() else self._need(tilt)

    def slope(self, size: Array) -> Array:
        """By how much the error of each draw (draws,) falls per log of size, at sizes (draws,)."""
        _, here = self._curve(size[:, None])
        _, beyond = self._curve(size[:, None] * STEP)
        return (here - beyond)[:, 0] / math.log(STEP)

    def met(self, size: Array, tilt: Array, *, rough: bool = False) -> np.ndarray:
        """Whether each draw meets the target: size and excess floor (draws, rows) -> bool.

        rough: to within the eighth part of an octave of size, and several times as fast.
        """
        if self.unbiased:
            return size >= self.need[:, None]
        # both ends of the table are padded
        cell = np.clip(_cell(size) - (FIRST_CELL - 1), 0, self.cells + 1)
        cell += self.rows
        if rough:
            return tilt <= self.middle.take(cell)
        sure = tilt <= self.margin.take(cell)
        draw, row = np.nonzero(~sure)
        close = tilt[draw, row] <= self.margin.take(cell[draw, row] + 1)
        draw, row = draw[close], row[close]
        if len(draw):
            errors = self._error_at(draw, np.maximum(size[draw, row], SMALLEST_SIZE))
            sure[draw, row] = errors + tilt[draw, row] <= self.error
        return sure

    def _error_at(self, draw: np.ndarray, size: Array) -> Array:
        """Error without own floors (n,) of draws (n,), rising, each at its size (n,)."""
        if not self.text.any():
            return self.law.error_at(draw, size)
        few = self.law.pick(draw)
        return np.add(*few.curve(few.with_text(size[:, None], self.text)))[:, 0]

    def chance(self, size: Array, tilt: Array, *, rough: bool = False) -> Array:
        """P(target met) (rows,) for size and excess floor (draws, rows); see `met`."""
        return self.weights @ self.met(size, tilt, rough=rough)


def _cell(size: Array) -> np.ndarray:
    """Number of the cell of each size: rising, and the same within an eighth of an octave."""
    return np.ascontiguousarray(size.T).view(np.int64).T >> SHIFT


FIRST_CELL = int(_cell(np.array([SMALLEST_TABLED]))[0])


def favourable(law: FittedLaw, low: Array, high: Array) -> FittedLaw:
    """The law in which any use of a text does what the best amount from `low` to `high` would.

    low, high (texts of the law,) [document], 0 < low. Each draw gets the better end of the range:
    the effect of an amount beyond that of use as such has one sign in each draw.
    """
    text = law.mix.text.copy()
    half = np.exp(text[:, :, 3])
    ends = [text[:, :, 2] * np.log1p(end / half) for end in (low, high)]
    text[:, :, 0] += np.maximum(*ends)
    text[:, :, 2] = 0.0
    return replace(law, mix=replace(law.mix, text=text))
