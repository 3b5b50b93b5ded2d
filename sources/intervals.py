"""Intervals of what a small sample measured: a mean, a ratio, the distinct outcomes there are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from sources.base import FloatArray

Z = 1.6448536269514722  # of the standard normal: 90% lies within -Z and Z
LEVEL = 0.05  # in each tail of a 90% interval
MOST_OUTCOMES = 1e12  # beyond it, outcomes are as good as without number
Span = tuple[float, float, float]  # value, low and high end of its 90% interval


def mean_span(values: Sequence[float], least: float = 0.0) -> Span:
    """Mean with 90% of what the mean of more such values may be (Student's t).

    No value is below `least`, and so neither is the low end. One value says nothing of the spread:
    then a factor of 2 either way. Raises ValueError for none.
    """
    if not values:
        raise ValueError("no values")
    mean = math.fsum(values) / len(values)
    others = len(values) - 1
    if not others:
        return mean, mean / 2, mean * 2
    from scipy.special import stdtrit

    variance = math.fsum((each - mean) ** 2 for each in values) / others
    margin = float(stdtrit(others, 1 - LEVEL)) * math.sqrt(variance / len(values))
    return mean, max(mean - margin, min(least, mean)), mean + margin


def ratio_span(hits: int, trials: int) -> Span:
    """hits / trials with its 90% interval by Wilson's score, J. Am. Stat. Assoc. 22 (1927) 209.

    Raises ValueError unless 0 <= hits <= trials and trials > 0.
    """
    if not 0 <= hits <= trials or not trials:
        raise ValueError(f"{hits} of {trials} is no ratio")
    ratio, square = hits / trials, Z * Z
    middle = (ratio + square / (2 * trials)) / (1 + square / trials)
    margin = math.sqrt(ratio * (1 - ratio) / trials + square / (4 * trials * trials))
    margin *= Z / (1 + square / trials)
    low = 0.0 if not hits else max(0.0, middle - margin)
    high = 1.0 if hits == trials else min(1.0, middle + margin)
    return ratio, min(low, ratio), max(high, ratio)


def expected_distinct(outcomes: float, draws: float) -> float:
    """Distinct outcomes expected in so many draws, U (1 - exp(-n / U)), all equally likely.

    What is generated is not equally likely: the U that fits n draws is too small for many more.
    """
    return -outcomes * math.expm1(-draws / outcomes)


def outcomes_span(distinct: int, draws: int) -> tuple[float | None, float, float | None]:
    """The outcomes U that there are, by the distinct ones among n draws: value, low, high.

    The value solves U (1 - exp(-n / U)) = distinct; the ends of the 90% interval come from the
    exact distribution of distinct outcomes (occupancy). Without a repeat only the low end can be
    told: the others are None. Raises ValueError unless 1 <= distinct <= draws.
    """
    if not 1 <= distinct <= draws:
        raise ValueError(f"{distinct} distinct of {draws}")
    if draws == 1:
        return None, 1.0, None
    low = _solve(lambda u: 1 - _at_most(u, draws, distinct - 1), LEVEL, float(distinct))
    if distinct == draws:
        return None, low, None
    start = min(distinct, 1e-3)
    value = _solve(lambda u: expected_distinct(u, draws) / distinct, 1.0, start)
    high = _solve(lambda u: 1 - _at_most(u, draws, distinct), 1 - LEVEL, float(distinct))
    return max(value, low), low, max(high, value)


def _at_most(outcomes: float, draws: int, distinct: int) -> float:
    """P(no more than so many distinct in the draws): each is new with 1 - seen / outcomes."""
    chance: FloatArray = np.zeros(distinct + 2)
    chance[0] = 1.0
    new = np.clip(1 - np.arange(distinct + 2) / outcomes, 0.0, 1.0)
    new[-1] = 0.0  # more than `distinct` is one state, which is never left
    for _ in range(draws):
        moved = chance * new
        chance = chance - moved
        chance[1:] += moved[:-1]
    return float(chance[:-1].sum())


def _solve(rising: Callable[[float], float], wanted: float, least: float) -> float:
    """Where a function that rises with U reaches the wanted value, by bisection of log U."""
    if rising(least) >= wanted:
        return least
    low, high = math.log(least), math.log(MOST_OUTCOMES)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(math.exp(middle)) < wanted else (low, middle)
    return math.exp((low + high) / 2)
