"""Numbers behind a diagnosis: what the draws say of error, slope and supply, and telling it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from planner.fitted import FittedLaw, weighted_quantile
from planner.laws import LARGEST_SIZE, Array
from sources.base import Source

UNLIMITED = 1e9  # [effective example] stands for as much data as anyone has, or
BEYOND = 1e6  # times the largest pilot where that is more, as when tokens are counted


def unlimited(law: FittedLaw) -> float:
    """[effective example] that stands for as much data as anyone has."""
    return min(max(UNLIMITED, BEYOND * law.anchor.size), LARGEST_SIZE)


def error_at(law: FittedLaw, size: float) -> Array:
    """Error (draws,) of the reference at an effective size [effective example]."""
    floor, part = law.curve(np.full((len(law.weights), 1), size))
    error = (floor + part)[:, 0]
    return error if law.anchor.worst is None else np.minimum(error, law.anchor.worst)


def slope_at(law: FittedLaw, size: float) -> Array:
    """-d log error / d log size (draws,) between `size` and twice that."""
    return np.log(error_at(law, size) / error_at(law, 2 * size)) / math.log(2)


def share_of(law: FittedLaw, which: np.ndarray) -> float:
    """Weight of the draws (draws,) for which something holds."""
    return float(np.round(law.weights @ which, 12))


def likeliest(shares: dict[str, float]) -> str:
    """The answer with the largest share."""
    return max(shares, key=lambda name: shares[name])


def listed(shares: dict[str, float]) -> str:
    """Every answer with its share."""
    return ", ".join(f"{name} {share:.0%}" for name, share in shares.items())


def told(law: FittedLaw, values: Array, digits: str = ".2f") -> str:
    """Median and 90% interval of values (draws,), in words."""
    return spelled(
        [float(weighted_quantile(values[:, None], law.weights, q)[0]) for q in (0.05, 0.5, 0.95)],
        digits,
    )


def spelled(ends: Sequence[float], digits: str = ".2f") -> str:
    """Low end, median and high end of a 90% interval, in words."""
    low, middle, high = ends
    return f"{middle:{digits}} (90% {low:{digits}} to {high:{digits}})"


def most_available(law: FittedLaw, sources: Sequence[Source], weeks: float) -> Array:
    """Most that can be had of each source within the weeks (sources of the law,) [example]."""
    most = np.zeros(len(law.sources))
    for source in sources:
        had = min(source.limits.available(weeks), unlimited(law))
        most[law.sources.index(source.name)] = had + source.in_hand
    return most


def best_within(law: FittedLaw, most: Array) -> Array:
    """Least error (draws,) with all of one source, or with all unbiased ones, up to the caps.

    Buying everything is not always best: biased sources bring a floor of their own.
    """
    labels = [k for k in law.labels if most[k] > 0]
    clean = [k for k in labels if not law.excess(k).any()]
    rows = [labels, clean, *([k] for k in labels)]
    amounts = np.zeros((2 * len(rows), len(most)))
    for i, columns in enumerate(rows):
        amounts[2 * i : 2 * i + 2, columns] = most[columns]
    amounts[::2, law.texts] = most[law.texts]  # with all text, and without any
    return law.errors(amounts).min(axis=1)
