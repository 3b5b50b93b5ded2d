"""What a family of scaling laws is, and what most families share.

Arrays are (draws, rows): every parameter is a column of draws, every row a size to predict. Most
families are written against the largest pilot, their anchor, where the error is e* and the size S*:

    error = E + (e* - E) exp(g(log S/S*)),  E = floor fraction * e*,  g(0) = 0, g falling,

so that a family is its `shape` g and the slopes of g. That the curve is pinned where it was
measured keeps its parameters nearly independent, which the inference needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Beyond these the power of a size overflows or its logarithm does; no plan reaches either.
SMALLEST_SIZE = 1e-9
LARGEST_SIZE = 1e18
DEEPEST = 300.0  # log by which a curve may rise or fall from its anchor


@dataclass(frozen=True)
class Anchor:
    """Where a curve is pinned: the largest pilot.

    size   [effective example] of the largest pilot
    worst  error with no data at all (chance level, or the pretrained model's); None if unknown
    """

    size: float
    worst: float | None = None


@dataclass(frozen=True)
class Parameter:
    """A parameter of a family as people read it."""

    name: str
    unit: str
    meaning: str


ERROR_AT_ANCHOR = Parameter(
    "error at the largest pilot", "error", "expected error at the size of the largest pilot"
)
FLOOR_FRACTION = Parameter(
    "floor fraction", "1", "irreducible error as a share of the error at the largest pilot"
)
EXPONENT = Parameter("exponent", "1", "slope of log reducible error against log size, alpha")
OFFSET_SIZE = Parameter(
    "n0 / largest pilot", "1", "examples the model already brings, against the largest pilot"
)
EARLY_SHARE = Parameter(
    "early slope / exponent", "1", "slope before the break as a share of the slope after it"
)


class Family(Protocol):
    """One form of the curve, in natural parameters theta (draws, parameters).

    `curve` gives floor (draws, 1) and reducible error (draws, rows) at sizes (draws or 1, rows),
    both in the unit of the error; reducible error never rises with size. `gradient` gives the
    slopes of log error: (draws, rows, parameters) on theta, and (draws, rows) on log size.
    """

    name: str
    formula: str
    parameters: tuple[Parameter, ...]
    needs_worst: bool

    def curve(self, theta: Array, size: Array, anchor: Anchor) -> tuple[Array, Array]:
        """Floor and reducible error of draws `theta` at `size`."""
        ...

    def gradient(self, theta: Array, size: Array, anchor: Anchor) -> tuple[Array, Array]:
        """Slopes of log error on theta and on log size."""
        ...


class Anchored:
    """A family that is its shape g; parameters: e*, then those of g, floor fraction third."""

    parameters: tuple[Parameter, ...]
    needs_worst: bool = False

    def shape(self, theta: Array, x: Array) -> tuple[Array, list[Array], Array]:
        """g (draws, rows) at x = log S/S*, its slope on each parameter after e* and the floor
        fraction in their order (the exponent first), and its slope on x."""
        raise NotImplementedError(self.shape.__qualname__)  # pragma: no cover

    def curve(self, theta: Array, size: Array, anchor: Anchor) -> tuple[Array, Array]:
        """Floor and reducible error; see the class for the formula."""
        error, floor = theta[:, :1], self._fraction(theta) * theta[:, :1]
        g, _, _ = self.shape(theta, np.log(size / anchor.size))
        return floor, (error - floor) * np.exp(np.clip(g, -DEEPEST, DEEPEST))

    def gradient(self, theta: Array, size: Array, anchor: Anchor) -> tuple[Array, Array]:
        """Slopes of log error on theta and on log size."""
        fraction = self._fraction(theta)
        g, on_parameters, on_x = self.shape(theta, np.log(size / anchor.size))
        fallen = np.exp(np.clip(g, -DEEPEST, DEEPEST))
        whole = fraction + (1 - fraction) * fallen
        reducible = (1 - fraction) * fallen / whole
        slopes = [np.broadcast_to(1 / theta[:, :1], g.shape), reducible * on_parameters[0]]
        if FLOOR_FRACTION in self.parameters:
            slopes.append((1 - fallen) / whole)
        slopes += [reducible * slope for slope in on_parameters[1:]]
        return np.stack(slopes, axis=2), reducible * on_x

    def _fraction(self, theta: Array) -> Array:
        return theta[:, 2:3] if FLOOR_FRACTION in self.parameters else np.zeros((len(theta), 1))


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), exact at both ends."""
    return np.logaddexp(0.0, x)


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)), the slope of softplus."""
    return 1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0)))
