"""The catalogue of defaults: every figure has range, unit, source, year and mark, or is refused."""

from __future__ import annotations

from typing import Any

import pytest

from sources import defaults

GOOD: dict[str, Any] = {
    "value": 2,
    "low": 1,
    "high": 3,
    "unit": "USD/hour",
    "provenance": "published",
    "reference": "a page",
    "date": "2024-05",
    "mark": "F",
}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"unit": None}, "unit missing"),
        ({"colour": "red"}, "colour unknown"),
        ({"mark": "U"}, "mark 'U'"),  # unverified figures are never shipped
        ({"mark": "assumed"}, "do not agree"),
        ({"provenance": "assumed"}, "do not agree"),
        ({"provenance": "heard"}, "provenance 'heard'"),
        ({"low": 2.5}, "low <= value <= high"),
        ({"date": "last year"}, "is no year, month or day"),
        ({"reference": ""}, "unit or reference is empty"),
    ],
)
def test_a_faulty_figure_is_refused(change: dict[str, Any], problem: str) -> None:
    entry = {key: each for key, each in {**GOOD, **change}.items() if each is not None}
    with pytest.raises(ValueError, match=problem):
        defaults._default("human", "wage", entry)


def test_a_good_figure_is_taken() -> None:
    number = defaults._default("human", "wage", GOOD)
    assert (number.low, number.value, number.high) == (1, 2, 3)


def test_every_figure_of_the_catalogue_is_complete() -> None:
    found = defaults.entries()
    assert len(found) == sum(map(len, defaults.load().values())) > 40
    for each in found:
        assert each.mark in defaults.MARKS
        assert each.number.reference
        assert each.number.low is not None
        assert each.number.high is not None
