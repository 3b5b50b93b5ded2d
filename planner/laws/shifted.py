"""Flat first, a power law beyond: data that a pretrained model already brings."""

from __future__ import annotations

import numpy as np

from planner.laws.base import (
    ERROR_AT_ANCHOR,
    EXPONENT,
    FLOOR_FRACTION,
    OFFSET_SIZE,
    Anchored,
    Array,
    Parameter,
    logistic,
    softplus,
)

FOUR: tuple[Parameter, ...] = (ERROR_AT_ANCHOR, EXPONENT, FLOOR_FRACTION, OFFSET_SIZE)


class Shifted(Anchored):
    """error = E + (e* - E)((S + n0) / (S* + n0))^-alpha: flat below n0, a power law beyond.

    n0 is the data a pretrained model already brings (effective data transferred, Hernandez 2021,
    arXiv:2102.01293), or the knee after a cold start.
    """

    name: str = "shifted"
    formula: str = "E + (e*-E) ((S+n0)/(S*+n0))^-a"
    parameters: tuple[Parameter, ...] = FOUR

    def shape(self, theta: Array, x: Array) -> tuple[Array, list[Array], Array]:
        """g = -alpha (log(S + n0) - log(S* + n0))."""
        exponent, shift = theta[:, 1:2], theta[:, 3:4]
        knee = np.log(np.maximum(shift, 1e-300))
        run = softplus(x - knee) - softplus(-knee)
        here, start = logistic(x - knee), logistic(-knee)
        return -exponent * run, [-run, exponent * (here - start) / shift], -exponent * here


class Rectified(Anchored):
    """error = E + B / (D + S^beta): the rectified law of fine-tuning (Lin 2024, arXiv:2402.02314).

    With n0 = D^(1/beta): E + (e* - E)(n0^beta + S*^beta) / (n0^beta + S^beta). The bend is gentler
    than that of the shifted law where beta is small.
    """

    name: str = "rectified"
    formula: str = "E + (e*-E) (n0^a+S*^a)/(n0^a+S^a)"
    parameters: tuple[Parameter, ...] = FOUR

    def shape(self, theta: Array, x: Array) -> tuple[Array, list[Array], Array]:
        """g = -(softplus(alpha (x - k)) - softplus(-alpha k)), k = log n0/S*."""
        exponent, shift = theta[:, 1:2], theta[:, 3:4]
        knee = np.log(np.maximum(shift, 1e-300))
        here, start = logistic(exponent * (x - knee)), logistic(-exponent * knee)
        g = softplus(-exponent * knee) - softplus(exponent * (x - knee))
        on_exponent = -(here * (x - knee) + start * knee)
        return g, [on_exponent, exponent * (here - start) / shift], -exponent * here
