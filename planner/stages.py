"""Stage of a law at a size: cold start, scaling or plateau, by the share of its draws.

The thresholds are conventions; none of them looks at a slope alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.evidence import error_at, likeliest, share_of, slope_at
from planner.fitted import FittedLaw, weighted_quantile
from planner.laws import Array

COLD_RATIO = 0.5  # slope at the size against the steepest slope to come
COLD_SHARE = 0.97  # of the worst error: closer to it than this, nothing has been learned yet
PLATEAU_DROP = 0.10  # ten times the data lowers the error by less than this share
Three = tuple[float, float, float]  # 5%, 50% and 95% of the draws


@dataclass(frozen=True)
class Stage:
    """Where a law stands at a size.

    size      [effective example]
    shares    stage -> share of the draws [1]
    error, slope, floor   in the unit of the error, 1, and the unit of the error
    drop      by which ten times the data lowers the error [1]
    of_worst  error against the worst one [1]; None where that is not known
    """

    size: float
    shares: dict[str, float]
    error: Three
    slope: Three
    floor: Three
    drop: Three
    of_worst: float | None

    @property
    def answer(self) -> str:
        """The likeliest stage."""
        return likeliest(self.shares)


def three(law: FittedLaw, values: Array) -> Three:
    """5%, 50% and 95% of values (draws,)."""
    low, middle, high = (
        float(weighted_quantile(values[:, None], law.weights, q)[0]) for q in (0.05, 0.5, 0.95)
    )
    return low, middle, high


def stage_at(law: FittedLaw, size: float) -> Stage:
    """Stage at an effective size [effective example]."""
    here = slope_at(law, size)
    later = np.max([slope_at(law, size * 4.0**i) for i in range(1, 6)], axis=0)
    now, worst = error_at(law, size), law.anchor.worst
    cold = here < COLD_RATIO * later
    if worst is not None:
        cold |= now > COLD_SHARE * worst
    drop = 1 - error_at(law, 10 * size) / now
    plateau = ~cold & (drop < PLATEAU_DROP)
    floor, _ = law.curve(np.full((len(law.weights), 1), size))
    return Stage(
        size=size,
        shares={
            "cold start": share_of(law, cold),
            "scaling": share_of(law, ~cold & ~plateau),
            "plateau": share_of(law, plateau),
        },
        error=three(law, now),
        slope=three(law, here),
        floor=three(law, floor[:, 0]),
        drop=three(law, drop),
        of_worst=None if worst is None else three(law, now / worst)[1],
    )
