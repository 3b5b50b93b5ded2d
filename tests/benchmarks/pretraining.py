"""Loss of a language model over the shares of its text sources, by the planner's composition law.

loss = E + S^-alpha, S = sum_k w_k r_k^g_k with 0 < g_k < 1: effective size with a quality and a
saturation of its own for every source, 2 + 2 K parameters. The least squares are weighted by how
many losses lie near each one, since ranks are asked for (rank error ~ density x error), and made
robust by reweighting (Cauchy). Chosen by threefold cross-validation on training rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import least_squares

STARTS = ((0.3, 0.5), (0.8, 0.2))  # alpha, floor below the least loss in standard deviations
SPREAD = (2.0, 1.5, 3.0, 1.5)  # prior sds: E in sds of the loss, log alpha, log w, logit g
NOISE = 0.05  # of the loss, in its standard deviations
MOST_WEIGHT, REWEIGHTED, OUTLIER = 8.0, 4, 3.0


def density(values: np.ndarray) -> np.ndarray:
    """Density of the values at each of them, by a normal kernel."""
    quartiles = np.subtract(*np.quantile(values, (0.75, 0.25))) / 1.34
    width = 0.25 * min(values.std(), quartiles)
    near = np.exp(-0.5 * ((values[:, None] - values[None]) / width) ** 2)
    return near.mean(axis=1) / width


def fit_mixture(shares: np.ndarray, loss: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The law of one loss from shares (rows, sources): a function of shares."""
    many, scale = shares.shape[1], loss.std()
    weight = density(loss)
    weight = np.clip(weight / np.exp(np.log(weight).mean()), 1 / MOST_WEIGHT, MOST_WEIGHT)

    def parts(theta, rows):
        g = 1 / (1 + np.exp(-theta[2 + many :]))
        log = np.log(np.maximum(rows, 1e-12))
        part = np.where(rows > 0, np.exp(np.clip(theta[2 : 2 + many] + g * log, -50, 50)), 0.0)
        return g, log, part, part.sum(axis=1) + 1e-12

    def predict(theta, rows):
        return theta[0] + parts(theta, rows)[3] ** -np.exp(theta[1])

    def slopes(theta):
        g, log, part, size = parts(theta, shares)
        alpha = np.exp(theta[1])
        fallen = size**-alpha
        on_size = (-alpha * fallen / size)[:, None]
        on_alpha = -alpha * np.log(size) * fallen
        own = np.hstack([on_size * part, on_size * part * log * g * (1 - g)])
        return np.column_stack([np.ones(len(size)), on_alpha, own])

    spread = np.concatenate(
        [[SPREAD[0] * scale, SPREAD[1]], np.full(many, SPREAD[2]), np.full(many, SPREAD[3])]
    )
    best, found = np.inf, np.zeros(2 + 2 * many)
    for alpha, below in STARTS:
        start = np.zeros(2 + 2 * many)
        start[:2] = loss.min() - below * scale, np.log(alpha)
        start[2 : 2 + many] = -np.log(loss.mean() - start[0]) / alpha - np.log(many) / 2
        theta, trust = start, weight
        for turn in range(1 + REWEIGHTED):
            if turn:
                off = (predict(theta, shares) - loss) * weight
                usual = 1.4826 * np.median(np.abs(off))
                trust = weight / np.sqrt(1 + (off / (OUTLIER * usual)) ** 2)

            def residuals(t, trust=trust, start=start):
                off = trust * (predict(t, shares) - loss) / (NOISE * scale)
                return np.concatenate([off, (t - start) / spread])

            def jacobian(t, trust=trust):
                return np.vstack(
                    [trust[:, None] * slopes(t) / (NOISE * scale), np.diag(1 / spread)]
                )

            result = least_squares(
                residuals, theta, jac=jacobian, method="lm", max_nfev=40 if turn else 200
            )
            theta = result.x
        if result.cost < best:
            best, found = result.cost, theta
    return lambda rows: predict(found, rows)
