"""Every family of curves in one form that a spreadsheet can evaluate, a row of numbers a draw.

    error = floor + amplitude exp(-(straight x + bent softplus(steepness x - knee) + constant)),

x = log S/S* after misfit, softplus(z) = log(1 + exp(z)). Each family is a case of it, so that one
formula, the same in every row, serves all draws of a law.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from planner.errors import DataplanError
from planner.fitted import FittedLaw
from planner.laws import Anchor, Array

COLUMNS = ("floor", "amplitude", "straight", "bent", "steepness", "knee", "constant")
DEEPEST = -690.0  # log at which families cut off a size that is too small to matter


def general_form(law: FittedLaw) -> Array:
    """The seven numbers of every draw (draws, 7), in the order of COLUMNS. Raises DataplanError for
    a family that has no such form."""
    parts = []
    for member in law.members:
        if member.family not in FORMS:
            raise DataplanError(
                f"the workbook cannot hold a law of the family {member.family!r}; "
                f"it holds: {', '.join(FORMS)}; write the tables as CSV instead"
            )
        parts.append(np.stack(FORMS[member.family](member.theta.T, law.anchor), axis=1))
    return np.vstack(parts)


def softplus(x: Array) -> Array:
    """log(1 + exp(x))."""
    return np.logaddexp(0.0, x)


Rows = list[Array]
Form = Callable[[Array, Anchor], Rows]


def _power(theta: Array, anchor: Anchor) -> Rows:
    none = np.zeros_like(theta[0])
    floor = theta[2] * theta[0] if len(theta) > 2 else none
    return [floor, theta[0] - floor, theta[1], none, none, none, none]


def _broken(theta: Array, anchor: Anchor) -> Rows:
    error, exponent, fraction, shift = theta[:4]
    early = theta[4] if len(theta) > 4 else np.zeros_like(error)  # none: the shifted law
    floor, knee = fraction * error, _log(shift)
    bent = exponent * (1 - early)
    constant = -bent * softplus(-knee)
    return [floor, error - floor, exponent * early, bent, np.ones_like(error), knee, constant]


def _rectified(theta: Array, anchor: Anchor) -> Rows:
    error, exponent, fraction, shift = theta
    floor, knee, one = fraction * error, exponent * _log(shift), np.ones_like(error)
    return [floor, error - floor, 0 * one, one, exponent, knee, -softplus(-knee)]


def _saturating(theta: Array, anchor: Anchor) -> Rows:
    assert anchor.worst is not None
    error, exponent, fraction = np.minimum(theta[0], anchor.worst * (1 - 1e-6)), theta[1], theta[2]
    floor, one = fraction * error, np.ones_like(error)
    drop = np.minimum(np.log((anchor.worst - floor) / (error - floor)) / exponent, 600.0)
    knee = -np.log(np.expm1(drop))
    return [floor, anchor.worst - floor, 0 * one, exponent, one, knee, 0 * one]


def _log(shift: Array) -> Array:
    return np.maximum(np.log(np.maximum(shift, 1e-300)), DEEPEST)


FORMS: dict[str, Form] = {
    "power": _power,
    "power + floor": _power,
    "shifted": _broken,
    "broken": _broken,
    "rectified": _rectified,
    "saturating": _saturating,
}
