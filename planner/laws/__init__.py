"""Scaling laws: how error falls with effective examples, and how sources add up. Pure numpy.

A law has two halves. The *curve* (a family) turns an effective size S [effective example] into an
error; the *composition* turns the examples of each source into S and into shares of S.

Adding a family: one short module with a class (name, formula, parameters, and the shape of its
curve) and an instance in `FAMILIES`. The contract test in tests/planner/test_laws.py then runs over
it.
"""

from __future__ import annotations

from planner.laws.base import (
    EARLY_SHARE,
    ERROR_AT_ANCHOR,
    EXPONENT,
    FLOOR_FRACTION,
    LARGEST_SIZE,
    OFFSET_SIZE,
    SMALLEST_SIZE,
    Anchor,
    Array,
    Family,
    Parameter,
    logistic,
)
from planner.laws.broken import Broken
from planner.laws.composition import (
    Composition,
    effective_size,
    stretch,
    text_factor,
)
from planner.laws.power import Power, PowerFloor
from planner.laws.saturating import Saturating
from planner.laws.shifted import Rectified, Shifted

FAMILIES: tuple[Family, ...] = (
    Power(),
    PowerFloor(),
    Shifted(),
    Broken(),
    Rectified(),
    Saturating(),
)


def family(name: str) -> Family:
    """The family of that name; ValueError if there is none."""
    for each in FAMILIES:
        if each.name == name:
            return each
    raise ValueError(f"no family {name!r}; known: {', '.join(each.name for each in FAMILIES)}")


__all__ = [
    "EARLY_SHARE",
    "ERROR_AT_ANCHOR",
    "EXPONENT",
    "FAMILIES",
    "FLOOR_FRACTION",
    "LARGEST_SIZE",
    "OFFSET_SIZE",
    "SMALLEST_SIZE",
    "Anchor",
    "Array",
    "Composition",
    "Family",
    "Parameter",
    "effective_size",
    "family",
    "logistic",
    "stretch",
    "text_factor",
]
