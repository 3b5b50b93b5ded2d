"""From a known worst error down: a cold start is read as one."""

from __future__ import annotations

import numpy as np

from planner.laws.base import (
    ERROR_AT_ANCHOR,
    EXPONENT,
    FLOOR_FRACTION,
    Anchor,
    Array,
    Parameter,
)


class Saturating:
    """error = E + (c - E)(1 + S / n0)^-alpha: starts at the known worst error c with no data.

    n0 follows from the error at the largest pilot, so that errors near chance are read as a cold
    start: n0 = S* / (((c - E) / (e* - E))^(1/alpha) - 1). Needs e* < c. Of the same kind as M4
    (Alabdulmohsin 2022, arXiv:2209.06640), solved for the error.
    """

    name: str = "saturating"
    formula: str = "E + (c-E) (1+S/n0)^-a"
    parameters: tuple[Parameter, ...] = (ERROR_AT_ANCHOR, EXPONENT, FLOOR_FRACTION)
    needs_worst: bool = True

    def curve(self, theta: Array, size: Array, anchor: Anchor) -> tuple[Array, Array]:
        """Floor and reducible error; see the class for the formula."""
        _, floor, worst, exponent, drop = self._pinned(theta, anchor)
        knee = anchor.size / np.expm1(drop)
        return floor, (worst - floor) * np.exp(-exponent * np.log1p(size / knee))

    def gradient(self, theta: Array, size: Array, anchor: Anchor) -> tuple[Array, Array]:
        """Slopes of log error on theta and on log size."""
        error, floor, worst, exponent, drop = self._pinned(theta, anchor)
        ratio = size / anchor.size * np.expm1(drop)  # S / n0
        part = (worst - floor) * np.exp(-exponent * np.log1p(ratio))
        whole = floor + part
        share = ratio / (1 + ratio)
        # log n0 = log S* - log(expm1(drop)), drop = log((c - E) / (e* - E)) / alpha
        on_drop = -exponent * share * part / -np.expm1(-drop)
        gap = error - floor
        fraction = theta[:, 2:3]
        floor_on_error, floor_on_fraction = fraction, error
        drop_on_error = (-floor_on_error / (worst - floor) - (1 - floor_on_error) / gap) / exponent
        drop_on_fraction = floor_on_fraction * (1 / gap - 1 / (worst - floor)) / exponent
        kept = 1 - part / (worst - floor)  # what a higher floor adds at this size
        slopes = [
            floor_on_error * kept + on_drop * drop_on_error,
            -part * np.log1p(ratio) - on_drop * drop / exponent,
            floor_on_fraction * kept + on_drop * drop_on_fraction,
        ]
        return np.stack(slopes, axis=2) / whole[..., None], -exponent * share * part / whole

    def _pinned(self, theta: Array, anchor: Anchor) -> tuple[Array, Array, float, Array, Array]:
        """e*, E, c, alpha, and the drop log(1 + S*/n0) that leads from c to e*."""
        if anchor.worst is None:
            raise ValueError("the saturating law needs the worst error")
        exponent, fraction = theta[:, 1:2], theta[:, 2:3]
        error = np.minimum(theta[:, :1], anchor.worst * (1 - 1e-6))
        floor = fraction * error
        # log1p/expm1 keep n0 exact where the pilot is still at chance and where alpha is small
        drop = np.log((anchor.worst - floor) / (error - floor)) / exponent
        return error, floor, anchor.worst, exponent, np.minimum(drop, 600.0)
