"""Intervals, recomputed another way: by exact sums, by simulation, by what they must cover."""

from __future__ import annotations

import math
import random
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.intervals import _at_most, expected_distinct, mean_span, outcomes_span, ratio_span


def test_mean() -> None:
    values = [3.0, 5.0, 7.0, 13.0]
    mean, low, high = mean_span(values)
    assert mean == statistics.mean(values)
    # Student's t with 3 degrees of freedom, 95%: 2.3534
    margin = 2.35336 * statistics.stdev(values) / 2
    assert high - mean == pytest.approx(margin, rel=1e-5)
    assert low == pytest.approx(mean - margin, rel=1e-4)
    assert mean_span([4.0]) == (4.0, 2.0, 8.0)
    assert mean_span([0.01, 0.02], 1.0)[1] == 0.015  # never above the mean
    with pytest.raises(ValueError, match="no values"):
        mean_span([])


@given(st.integers(1, 400), st.data())
def test_ratio_solves_the_score_equation(trials: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, trials))
    ratio, low, high = ratio_span(hits, trials)
    assert 0 <= low <= ratio <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            z = abs(ratio - end) / math.sqrt(end * (1 - end) / trials)
            assert z == pytest.approx(1.6448536, rel=1e-6)


def test_ratio_refuses_nonsense() -> None:
    for hits, trials in ((1, 0), (2, 1), (-1, 3)):
        with pytest.raises(ValueError):
            ratio_span(hits, trials)


@given(st.integers(2, 30), st.integers(1, 12))
def test_occupancy_against_the_closed_form(outcomes: int, draws: int) -> None:
    """P(d distinct) = U!/(U-d)! S(n, d) / U^n, S Stirling's numbers of the second kind."""
    stirling = [[1]]
    for n in range(1, draws + 1):
        row = [0] + [k * (stirling[-1] + [0])[k] + stirling[-1][k - 1] for k in range(1, n + 1)]
        stirling.append(row)
    total = 0.0
    for distinct in range(1, min(draws, outcomes) + 1):
        ways = math.perm(outcomes, distinct) * stirling[draws][distinct]
        total += ways / outcomes**draws
        assert _at_most(outcomes, draws, distinct) == pytest.approx(total, abs=1e-12)


def test_distinct_outcomes() -> None:
    value, low, high = outcomes_span(15, 20)
    assert value is not None and high is not None
    assert expected_distinct(value, 20) == pytest.approx(15, rel=1e-6)
    assert low < value < high
    assert outcomes_span(20, 20)[::2] == (None, None)
    # without a repeat among n, U is rarely below n (n - 1) / (2 ln 20): birthdays
    assert outcomes_span(200, 200)[1] == pytest.approx(200 * 199 / (2 * math.log(20)), rel=0.03)
    assert outcomes_span(1, 1) == (None, 1.0, None)
    with pytest.raises(ValueError):
        outcomes_span(3, 2)


def test_the_interval_of_outcomes_covers() -> None:
    draw = random.Random(7)
    hits, cases = 0, 150
    for _ in range(cases):
        true = round(10 ** draw.uniform(1, 3))
        distinct = len({draw.randrange(true) for _ in range(60)})
        _, low, high = outcomes_span(distinct, 60)
        hits += low <= true <= (high or math.inf)
    assert hits / cases >= 0.88


def test_mean_covers() -> None:
    chance = np.random.Generator(np.random.PCG64(5))
    hits = 0
    for _ in range(400):
        _, low, high = mean_span(list(chance.normal(50, 5, 20)))
        hits += low <= 50 <= high
    assert 0.86 <= hits / 400 <= 0.94
