"""Majorities against counting every outcome; the tax of noise."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.agreement import effective_share, majority_error


def counted(accuracy: float, votes: int, classes: int) -> float:
    """Error of the majority by going through every list of votes; class 0 is right."""
    right = 0.0
    chance = [accuracy] + [(1 - accuracy) / (classes - 1)] * (classes - 1)
    for ballot in itertools.product(range(classes), repeat=votes):
        tally = [ballot.count(each) for each in range(classes)]
        if tally[0] == max(tally):
            right += math.prod(chance[vote] for vote in ballot) / tally.count(max(tally))
    return 1 - right


@given(st.floats(0, 1), st.integers(1, 6), st.integers(2, 4))
def test_majority_is_what_counting_gives(accuracy: float, votes: int, classes: int) -> None:
    found = majority_error(accuracy, votes, classes)
    assert found == pytest.approx(counted(accuracy, votes, classes), abs=1e-12)


def test_majorities_of_the_tables() -> None:
    found = [round(1 - majority_error(p, k), 3) for p in (0.7, 0.8, 0.9) for k in (1, 3, 5, 7)]
    expected = [0.7, 0.784, 0.837, 0.874, 0.8, 0.896, 0.942, 0.967, 0.9, 0.972, 0.991, 0.997]
    assert found == expected


@given(st.floats(0.51, 0.99), st.integers(0, 40))
def test_two_more_votes_never_hurt_and_one_more_of_a_tie_does_nothing(p: float, k: int) -> None:
    odd = 2 * k + 1
    assert majority_error(p, odd + 2) <= majority_error(p, odd) + 1e-12
    assert majority_error(p, odd + 1) == pytest.approx(majority_error(p, odd), abs=1e-9)


@given(st.integers(1, 99), st.integers(2, 50))
def test_guessing_stays_guessing(votes: int, classes: int) -> None:
    assert majority_error(1 / classes, votes, classes) == pytest.approx(1 - 1 / classes, abs=1e-6)


@pytest.mark.parametrize("wrong", [(-0.1, 3, 2), (1.1, 3, 2), (0.5, 0, 2), (0.5, 3, 1)])
def test_majority_outside_its_limits(wrong: tuple[float, int, int]) -> None:
    with pytest.raises(ValueError):
        majority_error(*wrong)


def test_effective_share() -> None:
    found = [effective_share(noise) for noise in (0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8)]
    assert found == pytest.approx([1, 0.81, 0.64, 0.36, 0.16, 0, 0])
    assert effective_share(0.375, 4) == pytest.approx(0.25)
    with pytest.raises(ValueError):
        effective_share(1.5)
