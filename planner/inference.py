"""Weighted draws of a law's parameters given pilots: mode and importance sampling.

Works on standard scores of the parameters, whose prior is the standard normal. For each family and
each level of trust in it (how far real curves stray from the family): a damped Gauss-Newton search
from several starts finds the mode, a heavy-tailed proposal around it is weighted into the posterior
and yields a first evidence and the starts of the chains (chains.py). Nothing here can fail to
converge: where the search is poor the weights say so, and the chains start from wherever it got
to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from planner.laws import Array

STEP = 1e-4  # of a standard score, for slopes
FEW_ROWS = 12  # up to which one small product per draw is quicker than one per level
LEAST_SPREAD = 0.25  # share of effective draws that the start of the moves must keep
INFLATION = 0.3  # of the proposal's width, shared among the parameters


def _degrees(parameters: int) -> float:
    """Degrees of freedom of the proposal's tails: heavy for few parameters; in many dimensions
    heavy tails put all draws at a radius where the posterior has none."""
    return max(5.0, float(parameters))


@dataclass(frozen=True)
class Problem:
    """One family against the pilots.

    predict(u) maps standard scores (draws, P) to log errors (draws, rows); observed (rows,) log
    errors; whiten (levels, rows, rows) the inverse Cholesky factor of the noise covariance for
    each level of trust; log_level (levels,) log prior weight of a level, with the log determinant
    of its whitening added; parameters P.
    """

    predict: Callable[[Array], Array]
    observed: Array
    whiten: Array
    log_level: Array
    parameters: int

    @property
    def levels(self) -> int:
        """How many levels of trust and noise there are."""
        return len(self.whiten)

    def residuals(self, u: Array, level: np.ndarray) -> Array:
        """Whitened residuals (draws, rows) of draws `u` at their levels."""
        return self._whitened(self.misses(u), level)

    def _whitened(self, raw: Array, level: np.ndarray) -> Array:
        if len(self.observed) <= FEW_ROWS:
            return np.asarray((self.whiten[level] @ raw[..., None])[..., 0])
        out = np.empty_like(raw)
        for each, white in enumerate(self.whiten):
            mine = level == each
            out[mine] = raw[mine] @ white.T
        return out

    def log_posterior(self, u: Array, level: np.ndarray) -> Array:
        """Log posterior density (draws,), up to a constant common to all families and levels."""
        return self.judged(u, self.misses(u), level)

    def misses(self, u: Array) -> Array:
        """Log errors observed less those predicted (draws, rows), from which densities follow."""
        return self.observed[None, :] - self.predict(u)

    def judged(self, u: Array, misses: Array, level: np.ndarray) -> Array:
        """The log posterior density (draws,) of draws whose misses are known."""
        misfit = _squares(self._whitened(misses, level))
        return -0.5 * (misfit + self._prior(u)) + self.log_level[level]

    def at_levels(self, u: Array, misses: Array | None = None) -> Array:
        """Log posterior density (draws, levels) of draws `u` at every level."""
        raw = self.misses(u) if misses is None else misses
        misfit = np.stack([_squares(raw @ white.T) for white in self.whiten], axis=1)
        return -0.5 * (misfit + self._prior(u)[:, None]) + self.log_level

    def _prior(self, u: Array) -> Array:
        return np.asarray(np.sum(u**2, axis=1) + self.parameters * np.log(2 * np.pi))


@dataclass(frozen=True)
class Posterior:
    """Importance sample of one family: draws (N, P), level (N,), log weight (N,) unnormalised,
    factor (levels, P, P) Cholesky factor of each level's covariance at the mode, laplace (levels,)
    log evidence of each level by Laplace's approximation, modes (levels, P), mode (P,) most
    probable."""

    draws: Array
    level: np.ndarray
    log_weight: Array
    factor: Array
    laplace: Array
    modes: Array
    mode: Array

    def log_evidence(self, level: int) -> float:
        """Log probability of the pilots at one level of trust: the mean weight, or Laplace's
        approximation where too few draws carry the weight to believe it."""
        mine = self.log_weight[self.level == level]
        if effective_sample_size(mine) < LEAST_SPREAD * len(mine):
            return float(self.laplace[level])
        top = float(mine.max())
        return top + float(np.log(np.exp(mine - top).sum()))

    def log_proposal(self, u: Array) -> Array:
        """Log density (draws,) at `u` of a proposal from any level."""
        logs = [
            _log_proposal(_scores(u - at, factor), factor)
            for at, factor in zip(self.modes, self.factor, strict=True)
        ]
        return np.asarray(log_mean(np.stack(logs, axis=1)))


def mode(
    problem: Problem, start: Array, level: np.ndarray, rounds: int = 40
) -> tuple[Array, Array]:
    """Damped Gauss-Newton from `start` (J, P): modes (J, P) and their precision (J, P, P)."""
    u, parameters = start.copy(), start.shape[1]
    damping = np.full(len(u), 1e-2)
    value = problem.log_posterior(u, level)
    normal = np.zeros((len(u), parameters, parameters))
    for _ in range(rounds):
        shifted = np.repeat(u[:, None, :], parameters, axis=1) + STEP * np.eye(parameters)
        wide = problem.residuals(shifted.reshape(-1, parameters), np.repeat(level, parameters))
        base = problem.residuals(u, level)
        slope = (wide.reshape(len(u), parameters, -1) - base[:, None, :]) / STEP
        normal = np.einsum("jpr,jqr->jpq", slope, slope)
        normal[:, range(parameters), range(parameters)] += 1.0
        gradient = -np.einsum("jpr,jr->jp", slope, base) - u
        diagonal = np.einsum("jpp->jp", normal)
        damped = normal + np.einsum("jp,pq->jpq", damping[:, None] * diagonal, np.eye(parameters))
        step = np.linalg.solve(damped, gradient[..., None])[..., 0]
        tried = u + np.clip(step, -3, 3)
        better_value = problem.log_posterior(tried, level)
        better = better_value > value
        settled = bool(np.all(~better | (better_value - value < 1e-4)))
        u = np.where(better[:, None], tried, u)
        value = np.where(better, better_value, value)
        damping = np.where(better, damping / 5, damping * 8)
        if settled and bool(np.all(better | (damping > 1e4))):
            break
    return u, normal


def sample(problem: Problem, rng: np.random.Generator, size: int) -> Posterior:
    """Importance sample of about `size` draws per level around the modes."""
    levels, parameters = problem.levels, problem.parameters
    starts = np.vstack([np.zeros(parameters), 0.7 * rng.standard_normal((2, parameters))])
    # several starts at one level of trust; the best leads to the modes of all levels
    middle = np.full(len(starts), levels // 2)
    tried, _ = mode(problem, starts, middle)
    best = tried[int(np.argmax(problem.log_posterior(tried, middle)))]
    level = np.arange(levels)
    modes, normal = mode(problem, np.tile(best, (levels, 1)), level)
    value = problem.log_posterior(modes, level)
    draws, logs, factors, laplace = [], [], [], []
    for each in range(levels):
        covariance = np.linalg.inv(normal[each])
        ridge = 1e-12 * np.eye(parameters)
        lower = np.linalg.cholesky((covariance + covariance.T) / 2 + ridge)
        factor = np.asarray(lower, dtype=float)
        factors.append(factor)
        half = np.sum(np.log(np.diag(factor))) + parameters / 2 * np.log(2 * np.pi)
        laplace.append(float(value[each]) + half)
        u, weight = _proposed(problem, modes[each], factor, each, size, rng)
        draws.append(u)
        logs.append(weight - np.log(size))
    return Posterior(
        np.vstack(draws),
        np.repeat(np.arange(levels), size),
        np.concatenate(logs),
        np.stack(factors),
        np.array(laplace),
        modes,
        modes[int(np.argmax(value))],
    )


def _proposed(
    problem: Problem, at: Array, factor: Array, level: int, size: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draws (size, P) about a mode at one level, heavy-tailed, and their log weights (size,)."""
    degrees, inflation = _degrees(len(at)), 1 + INFLATION / len(at)
    tail = np.sqrt(degrees / rng.chisquare(degrees, size))[:, None]
    around = inflation * tail * rng.standard_normal((size, len(at)))
    u = at + around @ factor.T
    return u, problem.log_posterior(u, np.full(size, level)) - _log_proposal(around, factor)


def _squares(rows: Array) -> Array:
    """Sum of squares of each row."""
    return np.asarray(np.einsum("ij,ij->i", rows, rows))


def starts(
    problem: Problem, posterior: Posterior, level: np.ndarray, rng: np.random.Generator
) -> Array:
    """Where chains (chains, P) at the levels (chains,) start: new proposals, as many as there are
    chains at a level, since the same start for many chains would stay to be seen."""
    u = np.empty((len(level), problem.parameters))
    for k in np.unique(level):
        mine = np.flatnonzero(level == k)
        at, factor = posterior.modes[k], posterior.factor[k]
        draws, logs = _proposed(problem, at, factor, int(k), len(mine), rng)
        u[mine] = draws[resample(tempered(logs) * logs, len(mine), rng)]
    return u


def _log_proposal(scores: Array, factor: Array) -> Array:
    """Log density (draws,) of proposals whose scores about the mode, in units of `factor`, are
    given (draws, P)."""
    parameters = scores.shape[1]
    degrees, inflation = _degrees(parameters), 1 + INFLATION / parameters
    log_det = np.sum(np.log(np.diag(factor))) + parameters * np.log(inflation)
    squares = np.sum((scores / inflation) ** 2, axis=1)
    shape = -(degrees + parameters) / 2 * np.log1p(squares / degrees)
    constant = _log_gamma_ratio(degrees, parameters) - parameters / 2 * np.log(degrees * np.pi)
    return np.asarray(constant - log_det + shape)


def _scores(shift: Array, factor: Array) -> Array:
    """What times the transpose of `factor` gives `shift` (draws, P)."""
    return np.asarray(shift @ np.linalg.inv(factor).T)


def log_mean(logs: Array) -> Array:
    """Log of the mean of exp(logs) along the last axis."""
    top = logs.max(axis=-1, keepdims=True)
    return np.asarray(top[..., 0] + np.log(np.exp(logs - top).mean(axis=-1)))


def _log_gamma_ratio(degrees: float, parameters: int) -> float:
    from math import lgamma

    return lgamma((degrees + parameters) / 2) - lgamma(degrees / 2)


def tempered(log_weight: Array) -> float:
    """Largest power of the weights, at most 1, that keeps LEAST_SPREAD of the draws effective.

    In many dimensions a few draws carry all the weight; starting from a tempered sample and moving
    it under the true posterior (one step of sequential Monte Carlo) loses no draws to that.
    """
    low, high = 0.0, 1.0
    if effective_sample_size(log_weight) >= LEAST_SPREAD * len(log_weight):
        return 1.0
    for _ in range(20):
        middle = (low + high) / 2
        enough = effective_sample_size(middle * log_weight) >= LEAST_SPREAD * len(log_weight)
        low, high = (middle, high) if enough else (low, middle)
    return low


def resample(log_weight: Array, count: int, rng: np.random.Generator) -> np.ndarray:
    """Indices of `count` draws, systematic resampling in proportion to exp(log_weight)."""
    weight = np.exp(log_weight - log_weight.max())
    edges = np.cumsum(weight)
    points = (rng.random() + np.arange(count)) / count * edges[-1]
    return np.minimum(np.searchsorted(edges, points), len(edges) - 1)


def effective_sample_size(log_weight: Array) -> float:
    """(sum w)^2 / sum w^2, between 1 and the number of draws (Kish)."""
    weight = np.exp(log_weight - log_weight.max())
    return float(weight.sum() ** 2 / (weight**2).sum())
