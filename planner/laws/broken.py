"""One break: a slope before it, a steeper one after it (emergence, pre-power phase)."""

from __future__ import annotations

import numpy as np

from planner.laws.base import EARLY_SHARE, Anchored, Array, Parameter, logistic, softplus
from planner.laws.shifted import FOUR


class Broken(Anchored):
    """error = E + (e* - E) r^-(q alpha) ((1 + r/d) / (1 + 1/d))^-((1-q) alpha).

    r = S/S*, d = n0/S*: slope q alpha before the break at n0 and alpha after it. The smoothly
    broken power law (Caballero 2022, arXiv:2210.14891) with one break of unit sharpness.
    """

    name: str = "broken"
    formula: str = "E + (e*-E) r^-(qa) ((1+r/d)/(1+1/d))^-((1-q)a), r = S/S*"
    parameters: tuple[Parameter, ...] = (*FOUR, EARLY_SHARE)

    def shape(self, theta: Array, x: Array) -> tuple[Array, list[Array], Array]:
        """g = -alpha (q x + (1 - q)(softplus(x - k) - softplus(-k))), k = log n0/S*."""
        exponent, shift, early = theta[:, 1:2], theta[:, 3:4], theta[:, 4:5]
        knee = np.log(np.maximum(shift, 1e-300))
        late = softplus(x - knee) - softplus(-knee)
        here, start = logistic(x - knee), logistic(-knee)
        run = early * x + (1 - early) * late
        on_shift = exponent * (1 - early) * (here - start) / shift
        on_x = -exponent * (early + (1 - early) * here)
        return -exponent * run, [-run, on_shift, -exponent * (x - late)], on_x
