"""Chains and evidence against laws whose posterior is known: linear, and one that is bent."""

from __future__ import annotations

import numpy as np
import pytest

from planner.chains import bridged, moved
from planner.inference import Problem, resample, sample, starts

SIGHT = np.array([[1.0, 0.5, 0.0], [0.2, -1.0, 0.0], [0.7, 0.3, 0.0], [1.0, 1.0, 0.0]])
OBSERVED = np.array([0.4, -0.3, 0.5, 0.9])
NOISE = np.array([0.1, 0.4])


def problem(predict):
    """Two levels of noise, equally likely; the third parameter is never seen."""
    rows = len(OBSERVED)
    whiten = np.array([np.eye(rows) / sd for sd in NOISE])
    weight = -rows * np.log(NOISE) - np.log(len(NOISE)) - rows / 2 * np.log(2 * np.pi)
    return Problem(predict, OBSERVED, whiten, weight, 3)


def exact():
    """Probability of each level, posterior mean and covariance at each, log evidence (linear)."""
    means, covariances, logs = [], [], []
    for sd in NOISE:
        covariance = np.linalg.inv(np.eye(3) + SIGHT.T @ SIGHT / sd**2)
        spread = SIGHT @ SIGHT.T + sd**2 * np.eye(len(OBSERVED))
        _, log_det = np.linalg.slogdet(2 * np.pi * spread)
        logs.append(-0.5 * (log_det + OBSERVED @ np.linalg.solve(spread, OBSERVED)) - np.log(2))
        means.append(covariance @ SIGHT.T @ OBSERVED / sd**2)
        covariances.append(covariance)
    total = float(np.logaddexp(*logs))
    return np.exp(np.array(logs) - total), means, covariances, total


def chains(made, count=3000, kept=3):
    rng = np.random.default_rng(0)
    posterior = sample(made, rng, 200)
    # from the wrong shares of the levels: the moves have to mend them
    level = np.sort(resample(np.zeros(len(NOISE)), count, rng))
    states, levels = moved(made, posterior, starts(made, posterior, level, rng), level, rng, kept)
    return posterior, states, levels


def test_linear_laws_give_the_known_posterior_and_evidence():
    made = problem(lambda u: u @ SIGHT.T)
    posterior, states, levels = chains(made)
    share, means, covariances, total = exact()
    assert states.shape == (3, 3000, 3)
    assert levels.shape == (3, 3000)
    assert bridged(made, posterior, states[-1]) == pytest.approx(total, abs=0.05)
    for k in range(len(NOISE)):
        mine = states[levels == k]
        assert np.mean(levels == k) == pytest.approx(share[k], abs=0.03)
        assert mine.mean(axis=0) == pytest.approx(means[k], abs=0.06)
        assert np.cov(mine.T) == pytest.approx(covariances[k], abs=0.08)


def test_a_bent_law_gives_what_a_grid_gives():
    """The first two parameters enter as exp(u0) + u0 u1: far from normal."""

    def predict(u):
        bent = np.stack([np.exp(u[:, 0]) - 1, u[:, 0] * u[:, 1], 0 * u[:, 0]], axis=1)
        return bent @ SIGHT.T

    made = problem(predict)
    posterior, states, levels = chains(made)
    grid = np.linspace(-6, 6, 401)
    first, second = (axis.ravel() for axis in np.meshgrid(grid, grid))
    logs = made.at_levels(np.stack([first, second, np.zeros_like(first)], axis=1))
    logs += 0.5 * np.log(2 * np.pi) + 2 * np.log(grid[1] - grid[0])  # the third integrates to this
    weight = np.exp(logs)
    assert bridged(made, posterior, states[-1]) == pytest.approx(np.log(weight.sum()), abs=0.05)
    weight /= weight.sum()
    assert np.mean(levels == 0) == pytest.approx(weight[:, 0].sum(), abs=0.03)
    draws, both = states.reshape(-1, 3), weight.sum(axis=1)
    for threshold in (-0.5, 0.2, 0.5):
        known = both[first <= threshold].sum()
        assert np.mean(draws[:, 0] <= threshold) == pytest.approx(known, abs=0.03)
        known = both[second <= threshold].sum()
        assert np.mean(draws[:, 1] <= threshold) == pytest.approx(known, abs=0.03)
