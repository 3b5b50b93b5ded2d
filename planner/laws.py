"""Scaling laws: how error falls with effective examples, and how sources add up. Pure numpy.

A law has two halves. The *curve* (a family below) turns an effective size S [effective example]
into an error; the *composition* turns the examples of each source into S and into shares of S.
Arrays are (draws, rows): every parameter is a column of draws, every row a composition to predict.

Adding a family: write one class with `name`, `formula`, `parameters` and `curve`, and put an
instance into `FAMILIES`. The contract test in tests/planner/test_laws.py then runs over it.

Sources of the formulas: power + floor, Hestness 2017 (arXiv:1712.00409); shifted size as data that
a pretrained model already brings, Hernandez 2021 (arXiv:2102.01293); effective size and shares, own
measurements in data/mixtures (see CHANGELOG).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Beyond these the power of a size overflows or its logarithm does; no plan reaches either.
SMALLEST_SIZE = 1e-9
LARGEST_SIZE = 1e15


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


class Family(Protocol):
    """One form of the curve.

    `curve(theta, size, anchor)` takes natural parameters theta (draws, parameters) and sizes
    (draws, rows), and returns (floor (draws, 1), reducible error (draws, rows)), both in the unit
    of the error; reducible error never rises with size.
    """

    name: str
    formula: str
    parameters: tuple[Parameter, ...]
    needs_worst: bool

    def curve(self, theta: Array, size: Array, anchor: Anchor) -> tuple[Array, Array]:
        """Floor and reducible error of draws `theta` at `size`."""
        ...


def _power(ratio: Array, exponent: Array) -> Array:
    """ratio^-exponent, kept finite where a tiny size meets a steep draw."""
    return np.exp(np.clip(-exponent * np.log(ratio), -300.0, 300.0))


class Power:
    """error = e* (S / S*)^-alpha: a straight line in log-log, no floor.

    Stops being true where a floor or a cold start shows; over-asks for fine-tuned language models.
    """

    name: str = "power"
    formula: str = "e* (S/S*)^-a"
    parameters: tuple[Parameter, ...] = (ERROR_AT_ANCHOR, EXPONENT)
    needs_worst: bool = False

    def curve(self, theta: Array, size: Array, anchor: Anchor) -> tuple[Array, Array]:
        """Floor and reducible error; see the class for the formula."""
        error, exponent = theta[:, :1], theta[:, 1:2]
        return np.zeros_like(error), error * _power(size / anchor.size, exponent)


class PowerFloor:
    """error = E + (e* - E)(S / S*)^-alpha with E = floor fraction * e*.

    The floor is hardly identified by fewer than about six pilots over two decades: the prior
    decides.
    """

    name: str = "power + floor"
    formula: str = "E + (e*-E) (S/S*)^-a"
    parameters: tuple[Parameter, ...] = (ERROR_AT_ANCHOR, EXPONENT, FLOOR_FRACTION)
    needs_worst: bool = False

    def curve(self, theta: Array, size: Array, anchor: Anchor) -> tuple[Array, Array]:
        """Floor and reducible error; see the class for the formula."""
        error, exponent, fraction = theta[:, :1], theta[:, 1:2], theta[:, 2:3]
        floor = fraction * error
        return floor, (error - floor) * _power(size / anchor.size, exponent)


class Shifted:
    """error = E + (e* - E)((S + n0) / (S* + n0))^-alpha: flat below n0, a power law beyond.

    n0 is the data a pretrained model already brings, or the knee after a cold start.
    """

    name: str = "shifted"
    formula: str = "E + (e*-E) ((S+n0)/(S*+n0))^-a"
    parameters: tuple[Parameter, ...] = (ERROR_AT_ANCHOR, EXPONENT, FLOOR_FRACTION, OFFSET_SIZE)
    needs_worst: bool = False

    def curve(self, theta: Array, size: Array, anchor: Anchor) -> tuple[Array, Array]:
        """Floor and reducible error; see the class for the formula."""
        error, exponent, fraction = theta[:, :1], theta[:, 1:2], theta[:, 2:3]
        floor = fraction * error
        shift = theta[:, 3:4] * anchor.size
        return floor, (error - floor) * _power((size + shift) / (anchor.size + shift), exponent)


class Saturating:
    """error = E + (c - E)(1 + S / n0)^-alpha: starts at the known worst error c with no data.

    n0 follows from the error at the largest pilot, so a cold start near chance is read as one:
    n0 = S* / (((c - E) / (e* - E))^(1/alpha) - 1). Needs e* < c.
    """

    name: str = "saturating"
    formula: str = "E + (c-E) (1+S/n0)^-a"
    parameters: tuple[Parameter, ...] = (ERROR_AT_ANCHOR, EXPONENT, FLOOR_FRACTION)
    needs_worst: bool = True

    def curve(self, theta: Array, size: Array, anchor: Anchor) -> tuple[Array, Array]:
        """Floor and reducible error; see the class for the formula."""
        if anchor.worst is None:
            raise ValueError("the saturating law needs the worst error")
        exponent, fraction = theta[:, 1:2], theta[:, 2:3]
        error = np.minimum(theta[:, :1], anchor.worst * (1 - 1e-6))
        floor = fraction * error
        # log1p/expm1 keep n0 exact where the pilot is still at chance and where alpha is small
        drop = np.log((anchor.worst - floor) / (error - floor)) / exponent
        knee = anchor.size / np.expm1(np.minimum(drop, 600.0))
        return floor, (anchor.worst - floor) * np.exp(-exponent * np.log1p(size / knee))


FAMILIES: tuple[Family, ...] = (Power(), PowerFloor(), Shifted(), Saturating())


def family(name: str) -> Family:
    """The family of that name; ValueError if there is none."""
    for each in FAMILIES:
        if each.name == name:
            return each
    raise ValueError(f"no family {name!r}; known: {', '.join(each.name for each in FAMILIES)}")


@dataclass(frozen=True)
class Composition:
    """How labelled sources add up and what text does, one row of parameters per draw.

    quality   (draws, sources) effective examples per example at `scale` of the source
    saturation(draws, sources) own exponent g, 0 < g <= 1: s = quality n (n / scale)^(g-1)
    excess    (draws, sources) own floor above the reference's floor, in the unit of the error
    scale     (sources,) [example] where `quality` is quoted
    text      (draws, texts, 4): jump, tilt, gain, log half-size of `text_factor`
    text_scale [effective example] size at which the jump is quoted
    """

    quality: Array
    saturation: Array
    excess: Array
    scale: Array
    text: Array
    text_scale: float


def contribution(quality: Array, saturation: Array, scale: float, amount: Array) -> Array:
    """Effective examples of `amount` examples of one source.

    quality, saturation (draws, 1); amount (draws or 1, rows) [example]. Formula: w n^g with
    w = quality scale^(1-g), so that quality is effective examples per example at `scale`.
    """
    safe = np.maximum(amount, SMALLEST_SIZE)
    grown = quality * safe * np.exp((saturation - 1.0) * np.log(safe / scale))
    return np.where(amount > 0, grown, 0.0)


def effective_size(mix: Composition, amounts: Array) -> tuple[Array, Array]:
    """Effective size S and excess floor of compositions.

    amounts (rows, sources) [example]. Returns S (draws, rows) [effective example] and
    sum_k phi_k excess_k (draws, rows), phi the effective shares.
    """
    draws, rows = len(mix.quality), len(amounts)
    size, tilted = np.zeros((draws, rows)), np.zeros((draws, rows))
    for k in range(amounts.shape[1]):
        if not amounts[:, k].any():
            continue
        used = np.flatnonzero(amounts[:, k])  # most compositions leave most sources out
        part = contribution(
            mix.quality[:, k : k + 1],
            mix.saturation[:, k : k + 1],
            float(mix.scale[k]),
            amounts[None, used, k],
        )
        size[:, used] += part
        tilted[:, used] += part * mix.excess[:, k : k + 1]
    return size, tilted / np.maximum(size, SMALLEST_SIZE)


def text_factor(mix: Composition, text: Array, size: Array) -> Array:
    """Factor by which unlabelled text multiplies the effective size of labels.

    text (rows, texts) [document], size (draws, rows) [effective example]. For each text used:
    exp(jump) (S/S*)^tilt (1 + text/half)^gain, and 1 where none is used. The jump is the change of
    pipeline that comes with using text at all, the tilt lets it fade or grow with labels; the last
    factor is the form measured to predict as well as S + k n^b S^a on the sentiment task.
    """
    log_factor = np.zeros_like(size)
    relative = np.log(np.maximum(size, SMALLEST_SIZE) / mix.text_scale)
    for t in range(text.shape[1]):
        jump, tilt, gain, log_half = (mix.text[:, t, i : i + 1] for i in range(4))
        amount = text[None, :, t]
        effect = jump + tilt * relative + gain * np.log1p(amount / np.exp(log_half))
        log_factor += np.where(amount > 0, effect, 0.0)
    return np.exp(np.clip(log_factor, -30.0, 30.0))


def stretch(size: Array, log_speed: Array, reach: Array) -> Array:
    """Size after misfit: beyond the largest pilot, log-distance runs exp(log_speed) times as fast.

    A law that fits the pilots may bend after them; a random log_speed per draw says by how much,
    grows with the distance extrapolated, and keeps error falling with size. size (draws, rows),
    log_speed (draws, 1), reach (draws, 1) effective size of the largest pilot.
    """
    log_size = np.log(np.clip(size, SMALLEST_SIZE, LARGEST_SIZE))
    start = np.log(reach)
    beyond = np.maximum(log_size - start, 0.0) * np.expm1(log_speed)
    return np.exp(np.minimum(log_size + beyond, np.log(LARGEST_SIZE)))
