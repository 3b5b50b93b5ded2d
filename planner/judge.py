"""How often a labelled purchase meets a target: P(error <= target) over the law's draws, fast.

The answer is exactly that of `FittedLaw.errors`; only the work is less. The reducible error of each
draw is tabulated over sizes once; since it falls with size, the table settles all but the few draws
whose target lies inside one cell of it, and those are computed.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from planner.fitted import FittedLaw, smallest_meeting
from planner.laws import SMALLEST_SIZE, Array

CELLS = 128  # of the table, in geometric steps of size


class Judge:
    """Target error and the text used besides, against a law; sizes up to `largest` (scalar).

    text (1, texts of the law) is what is bought and in hand of unlabelled text.
    """

    def __init__(self, law: FittedLaw, error: float, text: Array, largest: float) -> None:
        self.law, self.error, self.text = law, error, text
        self.weights = law.weights
        self.unbiased = not law.mix.excess.any()
        self.need = self._need(np.zeros(len(self.weights)))
        if not self.unbiased:
            top = math.log(max(largest, 10.0)) + 1e-6
            self.start, self.step = math.log(0.1), (top - math.log(0.1)) / CELLS
            grid = np.exp(self.start + self.step * np.arange(CELLS + 1))
            floor, part = self._curve(np.broadcast_to(grid, (len(self.weights), CELLS + 1)))
            # padded so that sizes below and above the table have a cell to look at
            self.margin = self._pad(error - floor - part)
            width = self.margin.shape[1]
            self.rows = (np.arange(len(self.weights), dtype=np.intp) * width)[:, None]

    def _pad(self, margin: Array) -> Array:
        lowest = np.full((len(margin), 1), -np.inf)
        return np.hstack([lowest, margin, margin[:, -1:], margin[:, -1:]])

    def _curve(self, size: Array) -> tuple[Array, Array]:
        return self.law.curve(self.law.with_text(np.maximum(size, SMALLEST_SIZE), self.text))

    def _need(self, tilt: Array) -> Array:
        def error(size: Array) -> Array:
            floor, part = self._curve(size[:, None])
            return (floor + part)[:, 0] + tilt

        return smallest_meeting(error, self.error, len(self.weights))

    def need_above(self, tilt: Array) -> Array:
        """Smallest size (draws,) that meets the target with excess floor `tilt` (draws,)."""
        return self.need if not tilt.any() else self._need(tilt)

    def met(self, size: Array, tilt: Array) -> np.ndarray:
        """Whether each draw meets the target: size and excess floor (draws, rows) -> bool."""
        if self.unbiased:
            return size >= self.need[:, None]
        position = (np.log(np.maximum(size, SMALLEST_SIZE)) - self.start) / self.step
        # both ends of the table are padded
        cell = np.clip(position + 1, 0, CELLS + 1).astype(np.intp) + self.rows
        sure = tilt <= self.margin.take(cell)
        open_ = ~sure & (tilt <= self.margin.take(cell + 1))
        draw, row = np.nonzero(open_)
        if len(draw):
            few = self.law.pick(draw)
            sizes = np.maximum(size[draw, row], SMALLEST_SIZE)[:, None]
            text = np.broadcast_to(self.text, (1, self.text.shape[1]))
            floor, part = few.curve(few.with_text(sizes, text))
            sure[draw, row] = (floor + part)[:, 0] + tilt[draw, row] <= self.error
        return sure

    def chance(self, size: Array, tilt: Array) -> Array:
        """P(target met) (rows,) for size and excess floor (draws, rows)."""
        return self.weights @ self.met(size, tilt)


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
