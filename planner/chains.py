"""Chains of random moves: draws of a family's parameters given the pilots, and its evidence.

Many short chains side by side, each from a proposal of its own (inference.py). They are as exact as
they are long, whatever the shape of the posterior; what they leave of Monte Carlo error between
seeds is measured in tests/benchmarks/test_fresh_draws.py. Against brute force (one source, four
pilots, the error at eight times the largest) they put .037 below the true 5% quantile, .082 below
the 10%, .485 below the median and .95 below the 95%: good news comes out a little too rare.
"""

from __future__ import annotations

import numpy as np

from planner.inference import Posterior, Problem, log_mean
from planner.laws import Array

BURN, APART = 20, 2  # moves before the first draw that counts, and from one such draw to the next
SWINGS = (0.9, 0.3, 0.6)  # share of a move that is new, about the centre; 1 forgets the draw
LOCAL = 0.8  # width of the moves about the draw itself, every LOCAL_TURN-th
LOCAL_TURN, LEVEL_TURN = 4, 2
ADAPT, ENOUGH = (4, 12), 10  # where moves become as wide as the chains; chains per parameter
BRIDGE_ROUNDS = 30


def moved(
    problem: Problem,
    posterior: Posterior,
    u: Array,
    level: np.ndarray,
    rng: np.random.Generator,
    kept: int = 1,
) -> tuple[Array, np.ndarray]:
    """Moves that leave the posterior unchanged: draws (kept, draws, P) and levels (kept, draws).

    The last `kept` states, APART moves from one another, of a chain from each draw of `u`. Most
    moves swing about the centre of the level (preconditioned Crank-Nicolson, Cotter 2013,
    arXiv:1202.0709): always taken where the posterior is normal, as it is in all that the pilots do
    not tell, whatever the number of parameters. Others go about the draw itself, for tails heavier
    than that; the level is drawn anew given the draw, so that no evidence of levels is needed.
    """
    centre, factor = posterior.modes, posterior.factor
    back = np.linalg.inv(factor)
    misses = problem.misses(u)
    value = problem.judged(u, misses, level)
    states, levels = [], []
    for turn in range(BURN + APART * kept):
        local = turn % LOCAL_TURN == LOCAL_TURN - 1
        swing = LOCAL if local else SWINGS[turn % len(SWINGS)]
        if turn in ADAPT:
            centre, factor = _as_spread(posterior, u, level)
            back = np.linalg.inv(factor)
        normals, tried, gain = rng.standard_normal(u.shape), np.empty_like(u), np.zeros(len(u))
        for k in np.unique(level):
            mine = np.flatnonzero(level == k)
            if local:
                width = swing / np.sqrt(u.shape[1])
                tried[mine] = u[mine] + width * normals[mine] @ factor[k].T
                continue
            score = (u[mine] - centre[k]) @ back[k].T
            new = np.sqrt(1 - swing**2) * score + swing * normals[mine]
            tried[mine] = centre[k] + new @ factor[k].T
            gain[mine] = 0.5 * (np.sum(new**2, axis=1) - np.sum(score**2, axis=1))
        tried_misses = problem.misses(tried)
        tried_value = problem.judged(tried, tried_misses, level)
        take = np.log(rng.random(len(u))) < tried_value - value + gain
        u = np.where(take[:, None], tried, u)
        value = np.where(take, tried_value, value)
        misses = np.where(take[:, None], tried_misses, misses)
        if problem.levels > 1 and turn % LEVEL_TURN == LEVEL_TURN - 1:
            logs = problem.at_levels(u, misses)
            level = np.argmax(logs + rng.gumbel(size=logs.shape), axis=1)
            value = logs[np.arange(len(u)), level]
        if turn >= BURN and (turn - BURN) % APART == APART - 1:
            states.append(u)
            levels.append(level)
    return np.stack(states), np.stack(levels)


def _as_spread(posterior: Posterior, u: Array, level: np.ndarray) -> tuple[Array, Array]:
    """Centre (levels, P) and factor (levels, P, P) of the moves as the chains themselves spread,
    where there are chains enough at a level to tell."""
    centre, factor = posterior.modes.copy(), posterior.factor.copy()
    for k in np.unique(level):
        mine = u[level == k]
        if len(mine) >= ENOUGH * u.shape[1]:
            centre[k] = mine.mean(axis=0)
            ridge = 1e-9 * np.eye(u.shape[1])
            factor[k] = np.linalg.cholesky(np.atleast_2d(np.cov(mine.T)) + ridge)
    return centre, factor


def bridged(problem: Problem, posterior: Posterior, u: Array) -> float:
    """Log evidence of a family, all levels together, from draws `u` of its posterior and the
    proposals: bridge sampling (Meng & Wong 1996), iterated to its fixed point."""
    tops = []
    for draws in (u, posterior.draws):
        logs = problem.at_levels(draws)
        tops.append(log_mean(logs) + np.log(logs.shape[1]) - posterior.log_proposal(draws))
    ours, theirs = tops
    share = len(ours) / (len(ours) + len(theirs))
    log_evidence = float(np.median(ours))
    for _ in range(BRIDGE_ROUNDS):
        # each side: log of s1 p/q + s2 z, in which the evidence z is the last estimate
        own, other = (
            np.logaddexp(np.log(share) + r, np.log1p(-share) + log_evidence) for r in (ours, theirs)
        )
        found = float(log_mean(theirs - other) - log_mean(-own))
        if abs(found - log_evidence) < 1e-6:
            break
        log_evidence = found
    return log_evidence
