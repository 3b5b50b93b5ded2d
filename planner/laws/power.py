"""Straight lines in log-log, with and without a floor."""

from __future__ import annotations

import numpy as np

from planner.laws.base import (
    ERROR_AT_ANCHOR,
    EXPONENT,
    FLOOR_FRACTION,
    Anchored,
    Array,
    Parameter,
)


class Power(Anchored):
    """error = e* (S / S*)^-alpha: a straight line in log-log, no floor.

    Stops being true where a floor or a cold start shows; over-asks for fine-tuned language models.
    """

    name: str = "power"
    formula: str = "e* (S/S*)^-a"
    parameters: tuple[Parameter, ...] = (ERROR_AT_ANCHOR, EXPONENT)

    def shape(self, theta: Array, x: Array) -> tuple[Array, list[Array], Array]:
        """g = -alpha x."""
        exponent = theta[:, 1:2]
        g = -exponent * x
        return g, [np.broadcast_to(-x, g.shape)], np.broadcast_to(-exponent, g.shape)


class PowerFloor(Power):
    """error = E + (e* - E)(S / S*)^-alpha with E = floor fraction * e* (Hestness 2017,
    arXiv:1712.00409).

    The floor is hardly identified by fewer than about six pilots over two decades: the prior
    decides.
    """

    name: str = "power + floor"
    formula: str = "E + (e*-E) (S/S*)^-a"
    parameters: tuple[Parameter, ...] = (ERROR_AT_ANCHOR, EXPONENT, FLOOR_FRACTION)
