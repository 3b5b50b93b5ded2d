"""Several targets at once: an error overall, one for each group, none worse than, gap at most.

Groups are parts of the population, in the order of every (..., groups) array. The overall error is
the mean of the groups' errors by their shares of the population.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from planner.laws import Array
from planner.plan import Target

LEAST_GAP = 1e-9  # error [error] that counts as no gap


@dataclass(frozen=True)
class Targets:
    """What the errors must be at most, in the unit of the error; None where it is not asked.

    overall  mean over the population
    groups   group -> its own error
    worst    error of the worst group
    gap      largest difference between two groups
    confidence, budget, weeks, metric   as in plan.Target, and for all of them together

    Raises ValueError for numbers that are not positive and finite, and where nothing is asked.
    """

    overall: float | None = None
    groups: Mapping[str, float] = field(default_factory=dict)
    worst: float | None = None
    gap: float | None = None
    confidence: float = 0.8
    budget: float = math.inf
    weeks: float = math.inf
    metric: str = "error"

    def __post_init__(self) -> None:
        named = {"overall": self.overall, "worst": self.worst, "gap": self.gap, **self.groups}
        asked = {name: value for name, value in named.items() if value is not None}
        if not asked:
            raise ValueError("no target is given")
        for name, value in asked.items():
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"target of {name} must be positive and finite, got {value}")
        _ = self.target  # raises for the rest

    def limits(self, names: Sequence[str]) -> Array:
        """The lowest of own target and `worst` for each named group (groups,); inf for none."""
        most = math.inf if self.worst is None else self.worst
        return np.array([min(self.groups.get(name, math.inf), most) for name in names])

    @property
    def loosest(self) -> float:
        """The largest of the targets on an error, or the gap where there is no other."""
        errors = [*self.groups.values(), self.overall, self.worst]
        return max((e for e in errors if e is not None), default=self.gap or LEAST_GAP)

    @property
    def target(self) -> Target:
        """Confidence and limits, with the loosest of the targets as error."""
        return Target(self.loosest, self.confidence, self.budget, self.weeks, self.metric)

    def eased(self, factor: float) -> Targets:
        """The same targets, each times `factor` [1]."""

        def times(value: float | None) -> float | None:
            return None if value is None else value * factor

        own = {name: value * factor for name, value in self.groups.items()}
        return replace(
            self,
            overall=times(self.overall),
            groups=own,
            worst=times(self.worst),
            gap=times(self.gap),
        )

    def level(self, names: Sequence[str], errors: Array, shares: Array | None) -> Array:
        """Largest ratio of an error to its target (...,); all targets are met where it is <= 1.

        errors (..., groups) of the groups `names`; shares (groups,) of the population, needed where
        an overall target is given.
        """
        found = np.max(errors / self.limits(names), axis=-1)
        if self.overall is not None:
            assert shares is not None
            found = np.maximum(found, errors @ shares / self.overall)
        if self.gap is not None:
            found = np.maximum(found, np.ptp(errors, axis=-1) / self.gap)
        return np.asarray(found)
