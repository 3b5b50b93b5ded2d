"""Laws of more than one amount: model size with data and epochs, and the groups of a test set.

A surface takes amounts (rows, columns) instead of one effective size. Its gradient is by central
differences: surfaces are fitted once, to few runs.
"""

from __future__ import annotations

import numpy as np

from planner.laws.base import (
    ERROR_AT_ANCHOR,
    EXPONENT,
    FLOOR_FRACTION,
    Array,
    Parameter,
    logistic,
)

REPEATS = 15.39  # R*: repetitions after which data seen again is worth next to nothing more

SIZE_EXPONENT = Parameter("size exponent", "1", "slope of the model-size term")
SIZE_SHARE = Parameter("size share", "1", "of the reducible error at the anchor due to model size")
REPEAT_SCALE = Parameter("R*", "epoch", "repetitions after which repeated data is worth little")
BREAK_SIZE = Parameter(
    "breakthrough / largest model", "1", "model size at which the task breaks through"
)
STEEPNESS = Parameter("steepness", "1", "power of model size with which it breaks through")
GROUP_SHARE = Parameter("own share", "1", "of the reducible error due to the group's own examples")
TOTAL_EXPONENT = Parameter("total exponent", "1", "slope of the term in all examples")
WORST = Parameter("worst error", "error", "error of a model that has learned nothing")


def repeated(unique: Array, epochs: Array, scale: Array | float = REPEATS) -> Array:
    """Examples that `unique` ones are worth after so many epochs [effective example].

    U + U R* (1 - exp(-(epochs - 1) / R*)) (Muennighoff 2023, arXiv:2305.16264); below one epoch
    only the part that was seen counts. Measured up to about 60 epochs; beyond, the error may rise.
    """
    again = scale * -np.expm1(-np.maximum(epochs - 1.0, 0.0) / scale)
    return unique * (np.minimum(epochs, 1.0) + again)


class Surface:
    """A law of several amounts: `columns` names them, theta is (draws, parameters)."""

    name: str
    formula: str
    columns: tuple[str, ...]
    parameters: tuple[Parameter, ...]

    def log_error(self, theta: Array, amounts: Array) -> Array:
        """Log error (draws, rows) at amounts (rows, columns), each against its anchor."""
        raise NotImplementedError(self.log_error.__qualname__)  # pragma: no cover

    def gradient(self, theta: Array, amounts: Array) -> Array:
        """Slopes of log error on theta (draws, rows, parameters)."""
        slopes = []
        for i in range(theta.shape[1]):
            step = np.zeros_like(theta)
            step[:, i] = 1e-6 * np.maximum(np.abs(theta[:, i]), 1e-3)
            rise = self.log_error(theta + step, amounts) - self.log_error(theta - step, amounts)
            slopes.append(rise / (2 * step[:, i : i + 1]))
        return np.stack(slopes, axis=2)


class SizeAndData(Surface):
    """error = E + A / N^a + B / D^b with D = `repeated` examples (Hoffmann 2022, arXiv:2203.15556).

    N, D against the largest run: e = e* (f + (1 - f)(s N^-a + (1 - s) D^-b)).
    """

    name = "size and data"
    formula = "E + A/N^a + B/D^b, D = U + U R* (1 - exp(-(epochs-1)/R*))"
    columns = ("model size / largest", "examples / largest", "epochs")
    parameters: tuple[Parameter, ...] = (
        ERROR_AT_ANCHOR,
        EXPONENT,
        FLOOR_FRACTION,
        SIZE_EXPONENT,
        SIZE_SHARE,
        REPEAT_SCALE,
    )

    def log_error(self, theta: Array, amounts: Array) -> Array:
        """Log error (draws, rows); see the class for the formula."""
        error, on_data, floor, on_size, share, scale = (theta[:, i : i + 1] for i in range(6))
        size, unique, epochs = (amounts[None, :, i] for i in range(3))
        data = np.maximum(repeated(unique, epochs, scale), 1e-12)
        parts = share * size**-on_size + (1 - share) * data**-on_data
        return np.log(error * (floor + (1 - floor) * parts))


class Emergent(SizeAndData):
    """error = c - (c - ordinary) g(N), g = N^k / (N^k + Nb^k): nothing is learned below Nb.

    `ordinary` is the law of size and data. For tasks on which small models stay at the worst error
    c until a size at which they break through (emergent abilities, Wei 2022, arXiv:2206.07682).
    """

    name = "emergent"
    formula = "c - (c - (E + A/N^a + B/D^b)) N^k / (N^k + Nb^k)"
    parameters = (*SizeAndData.parameters, BREAK_SIZE, STEEPNESS, WORST)

    def log_error(self, theta: Array, amounts: Array) -> Array:
        """Log error (draws, rows); see the class for the formula."""
        knee, steepness, worst = (theta[:, i : i + 1] for i in range(6, 9))
        ordinary = np.minimum(np.exp(super().log_error(theta, amounts)), worst)
        through = logistic(steepness * (np.log(amounts[None, :, 0]) - np.log(knee)))
        return np.log(np.maximum(worst - (worst - ordinary) * through, 1e-12))


class Groups(Surface):
    """error of a group = delta + sigma^2 n_g^-p + tau^2 n^-q (Rolf 2021, arXiv:2103.03399).

    n_g the group's own examples and n all examples, each against the largest run.
    """

    name = "groups"
    formula = "d + s^2 n_g^-p + t^2 n^-q"
    columns = ("group's examples / largest", "all examples / largest")
    parameters = (ERROR_AT_ANCHOR, EXPONENT, FLOOR_FRACTION, TOTAL_EXPONENT, GROUP_SHARE)

    def log_error(self, theta: Array, amounts: Array) -> Array:
        """Log error (draws, rows); see the class for the formula."""
        error, own, floor, total, share = (theta[:, i : i + 1] for i in range(5))
        mine, every = (np.maximum(amounts[None, :, i], 1e-12) for i in range(2))
        parts = share * mine**-own + (1 - share) * every**-total
        return np.log(error * (floor + (1 - floor) * parts))


SURFACES: tuple[Surface, ...] = (SizeAndData(), Emergent(), Groups())
