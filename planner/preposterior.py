"""What a measurement not yet made would teach: draws of a law reweighted by what it might show.

A preposterior analysis (Raiffa and Schlaifer 1961, ch. 4): draw a truth, imagine its measurement,
reweight the other draws by the likelihood of what was measured, decide as one then would, and
average over truths. A truth never judges itself: its own draw is left out of its posterior.

A measured log error is normal about that of the draw. Where few draws carry the weight, the
likelihood is raised to a power below 1 until enough do, so that no decision rests on a handful of
draws; it then trusts the measurement less than it might.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from planner.fitted import FittedLaw
from planner.laws import Array
from planner.prior import BASE_NOISE

LEAST_EFFECTIVE = 25.0  # effective draws (Kish) that a decision may rest on
MOST_SHARE = 0.25  # of all draws, where these are few
HALVINGS = 30


@dataclass(frozen=True)
class Sight:
    """What a law says of errors at some compositions, and how exactly one could measure them.

    log_error  (draws, rows) of the expected error
    variance   (draws, rows) of the log of one measured mean
    weights    (draws,), sum 1
    """

    log_error: Array
    variance: Array
    weights: Array

    def only(self, draws: np.ndarray) -> Sight:
        """The same of some draws, equally weighted."""
        weights = np.full(len(draws), 1.0 / len(draws))
        return Sight(self.log_error[draws], self.variance[draws], weights)

    def measured(self, truth: np.ndarray, row: np.ndarray, scores: Array) -> Array:
        """Log errors (n,) that truths (n,) would show at rows (n,), given standard scores (n,)."""
        spread = np.sqrt(self.variance[truth, row])
        return np.asarray(self.log_error[truth, row] + spread * scores)

    def log_likelihood(self, measured: Array, row: np.ndarray) -> Array:
        """Of measured log errors (n,) at rows (n,), for every draw: (n, draws), up to a shift."""
        # single precision: these arrays are large, and a likelihood is not known to seven digits
        center = (self.log_error.T[row] - measured[:, None]).astype(np.float32)
        variance = self.variance.T[row].astype(np.float32)
        return np.asarray(-0.5 * (center * center / variance + np.log(variance)))

    def posterior(self, log_likelihood: Array, truth: np.ndarray | None = None) -> Array:
        """Weights (n, draws), rows summing to 1; that of the row's own truth is 0 if given."""
        prior = np.log(np.maximum(self.weights, 1e-30)).astype(np.float32)
        alone = np.arange(len(log_likelihood))
        gate = min(LEAST_EFFECTIVE, MOST_SHARE * len(self.weights))
        found, open_ = np.empty_like(log_likelihood), alone
        power = np.float32(1.0)
        for _ in range(HALVINGS):
            logs = power * log_likelihood[open_] + prior
            if truth is not None and len(self.weights) > 1:
                logs[np.arange(len(open_)), truth[open_]] = -np.inf
            weight = np.exp(logs - logs.max(axis=1, keepdims=True))
            weight /= weight.sum(axis=1, keepdims=True)
            found[open_] = weight
            effective = 1.0 / np.einsum("ij,ij->i", weight, weight)
            open_ = open_[effective < gate]
            if not len(open_):
                break
            power = np.float32(power / 2)
        return found


def sight(law: FittedLaw, amounts: Array, runs: int) -> Sight:
    """The law at compositions (rows, sources of the law) [example], each measured by the mean of
    `runs` runs: their noise, but no less than the test set's, and what even clean curves stray."""
    errors = np.maximum(law.errors(amounts), 1e-300)
    variance = np.broadcast_to(law.noise**2, errors.shape)
    if law.test_size is not None:
        sampling = np.clip((1 - errors) / errors, 0.0, None) / law.test_size
        variance = np.maximum(variance, sampling)
    return Sight(np.log(errors), variance / runs + BASE_NOISE["single"] ** 2, law.weights)


def stratified(order: np.ndarray, weights: Array, count: int) -> np.ndarray:
    """`count` draws, evenly spaced in weight along `order` (draws,): truths that together stand for
    all, and fewer than all where `count` allows no more."""
    edges = np.cumsum(weights[order])
    points = (np.arange(count) + 0.5) / count * edges[-1]
    return np.asarray(order[np.minimum(np.searchsorted(edges, points), len(order) - 1)])


def scores(rounds: int, count: int, seed: int = 0) -> Array:
    """Standard scores (rounds, count) of imagined measurements: normal quantiles in random order,
    so that each round has exactly the spread it should."""
    from statistics import NormalDist

    levels = np.array([NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)])
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(levels) for _ in range(rounds)])


def effective(weights: Array) -> float:
    """Effective number of draws (Kish) of weights (draws,) that sum to 1."""
    return float(1.0 / math.fsum(weights**2))
