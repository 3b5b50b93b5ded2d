"""Draws from a posterior whose prior is standard normal: tempered, resampled, moved."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from planner.preference.laws import FloatArray

LogLikelihood = Callable[[FloatArray], FloatArray]
MOVES = 12  # of every particle at each temperature
STEPS = 60  # temperatures at most
KEPT = 0.5  # effective share of the particles that a step of temperature leaves


def posterior(log_likelihood: LogLikelihood, dimensions: int, draws: int, seed: int) -> FloatArray:
    """Equally weighted draws, (draws, dimensions), of z ~ N(0, 1) times the likelihood.

    log_likelihood maps (draws, dimensions) to (draws,); -inf where z is impossible. Sequential
    Monte Carlo with tempering (Del Moral, Doucet, Jasra 2006): where nothing is learned the draws
    are the prior's. Same seed, same draws.
    """
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((draws, dimensions))
    fit = log_likelihood(z)
    heat, scale = 0.0, 2.38 / np.sqrt(dimensions)
    for step in range(STEPS):
        if heat >= 1:
            break
        rise = 1 - heat if step == STEPS - 1 else _rise(fit, 1 - heat)
        heat += rise
        chosen = _resampled(_weights(fit, rise), rng)
        z, fit = z[chosen], fit[chosen]
        for _ in range(MOVES):
            z, fit, share = _moved(z, fit, heat, scale, log_likelihood, rng)
            scale *= np.exp(0.5 * (share - 0.25))
    return z


def _weights(fit: FloatArray, rise: float) -> FloatArray:
    logs = rise * fit
    top = logs.max()
    if not np.isfinite(top):
        return np.full(len(fit), 1 / len(fit))
    weights = np.exp(logs - top)
    return np.asarray(weights / weights.sum())


def _rise(fit: FloatArray, most: float) -> float:
    """Largest rise of the heat that leaves the wanted effective share of particles."""
    low, high = 0.0, most
    if _effective(fit, most) >= KEPT:
        return most
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _effective(fit, middle) >= KEPT else (low, middle)
    return max(low, 1e-6)


def _effective(fit: FloatArray, rise: float) -> float:
    weights = _weights(fit, rise)
    return float(1 / (weights**2).sum() / len(weights))


def _resampled(weights: FloatArray, rng: np.random.Generator) -> np.ndarray:
    """Systematic resampling: indices of the particles that go on."""
    places = (np.arange(len(weights)) + rng.random()) / len(weights)
    return np.minimum(np.searchsorted(np.cumsum(weights), places), len(weights) - 1)


def _moved(
    z: FloatArray,
    fit: FloatArray,
    heat: float,
    scale: float,
    log_likelihood: LogLikelihood,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray, float]:
    """One Metropolis step of every particle, of the particles' own covariance."""
    spread = np.cov(z, rowvar=False) + 1e-6 * np.eye(z.shape[1])
    tried = z + scale * rng.standard_normal(z.shape) @ np.linalg.cholesky(spread).T
    new = log_likelihood(tried)
    with np.errstate(invalid="ignore"):  # from one impossible place to another
        gain = heat * (new - fit) - ((tried**2).sum(1) - (z**2).sum(1)) / 2
        taken = np.log(rng.random(len(z))) < gain
    return np.where(taken[:, None], tried, z), np.where(taken, new, fit), float(taken.mean())
