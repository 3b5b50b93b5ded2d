"""Weighted draws of a law's parameters given pilots: mode, importance sampling, then random moves.

Works on standard scores of the parameters, whose prior is the standard normal. For each family and
each level of trust in it (how far real curves stray from the family): a damped Gauss-Newton search
from several starts finds the mode, a heavy-tailed proposal around it is weighted into the posterior
and yields the evidence, and a few Metropolis moves spread the resampled draws. Nothing here can
fail to converge: where the search is poor the weights say so, and the moves start from wherever it
got to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from planner.laws import Array

STEP = 1e-4  # of a standard score, for slopes

FEW_ROWS = 12  # up to which one small product per draw is quicker than one per level
MOVES = 30
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
        raw = self.observed[None, :] - self.predict(u)
        if len(self.observed) <= FEW_ROWS:
            return np.asarray((self.whiten[level] @ raw[..., None])[..., 0])
        out = np.empty_like(raw)
        for each, white in enumerate(self.whiten):
            mine = level == each
            out[mine] = raw[mine] @ white.T
        return out

    def log_posterior(self, u: Array, level: np.ndarray) -> Array:
        """Log posterior density (draws,), up to a constant common to all families and levels."""
        misfit = np.sum(self.residuals(u, level) ** 2, axis=1)
        prior = np.sum(u**2, axis=1) + self.parameters * np.log(2 * np.pi)
        return -0.5 * (misfit + prior) + self.log_level[level]


@dataclass(frozen=True)
class Posterior:
    """Importance sample of one family: draws (N, P), level (N,), log weight (N,) unnormalised,
    factor (levels, P, P) Cholesky factor of each level's covariance at the mode, laplace (levels,)
    log evidence of each level by Laplace's approximation, mode (P,) most probable."""

    draws: Array
    level: np.ndarray
    log_weight: Array
    factor: Array
    laplace: Array
    mode: Array

    def log_evidence(self, level: int) -> float:
        """Log probability of the pilots at one level of trust: the mean weight, or Laplace's
        approximation where too few draws carry the weight to believe it."""
        mine = self.log_weight[self.level == level]
        if effective_sample_size(mine) < LEAST_SPREAD * len(mine):
            return float(self.laplace[level])
        top = float(mine.max())
        return top + float(np.log(np.exp(mine - top).sum()))


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
    degrees, inflation = _degrees(parameters), 1 + INFLATION / parameters
    for each in range(levels):
        covariance = np.linalg.inv(normal[each])
        factor = np.linalg.cholesky((covariance + covariance.T) / 2 + 1e-12 * np.eye(parameters))
        factors.append(factor)
        half = np.sum(np.log(np.diag(factor))) + parameters / 2 * np.log(2 * np.pi)
        laplace.append(float(value[each]) + half)
        normals = rng.standard_normal((size, parameters))
        tail = np.sqrt(degrees / rng.chisquare(degrees, size))[:, None]
        around = inflation * tail * normals
        u = modes[each] + around @ factor.T
        log_det = np.sum(np.log(np.diag(factor))) + parameters * np.log(inflation)
        shape = -(degrees + parameters) / 2 * np.log1p(np.sum((normals * tail) ** 2, 1) / degrees)
        constant = _log_gamma_ratio(degrees, parameters) - parameters / 2 * np.log(degrees * np.pi)
        log_proposal = constant - log_det + shape
        draws.append(u)
        logs.append(problem.log_posterior(u, np.full(size, each)) - log_proposal - np.log(size))
    return Posterior(
        np.vstack(draws),
        np.repeat(np.arange(levels), size),
        np.concatenate(logs),
        np.stack(factors),
        np.array(laplace),
        modes[int(np.argmax(value))],
    )


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


def move(
    problem: Problem, u: Array, level: np.ndarray, factor: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Metropolis moves that leave the posterior unchanged: draws and their log posterior."""
    value = problem.log_posterior(u, level)
    for turn in range(MOVES):
        scale = (2.4, 0.8, 0.25)[turn % 3] / np.sqrt(u.shape[1])
        normals = rng.standard_normal(u.shape)
        shift = np.empty_like(u)
        for each, wide in enumerate(factor):
            shift[level == each] = normals[level == each] @ wide.T
        tried = u + scale * shift
        tried_value = problem.log_posterior(tried, level)
        take = np.log(rng.random(len(u))) < tried_value - value
        u = np.where(take[:, None], tried, u)
        value = np.where(take, tried_value, value)
    return u, value


def effective_sample_size(log_weight: Array) -> float:
    """(sum w)^2 / sum w^2, between 1 and the number of draws (Kish)."""
    weight = np.exp(log_weight - log_weight.max())
    return float(weight.sum() ** 2 / (weight**2).sum())
