"""What is believed of a law before any pilot: every number with its unit, range and provenance.

Normal distributions over the transformed parameters that the fit moves. The widths are those of
real curves, not of one study: with pilots the data speak, without them the answer is a "weak
prior".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from planner.errors import Fault, InputError

Array = NDArray[np.float64]
Z90 = 1.6448536269514722  # half-width of a 90% interval in standard deviations
LEAST_SD = 1e-3  # of a logarithm that counts as exact


@dataclass(frozen=True)
class Normal:
    """Normal distribution of a transformed parameter."""

    mean: float
    sd: float

    @classmethod
    def of_factor(cls, median: float, factor: float) -> Normal:
        """Log-normal with this median whose standard deviation is a factor of x or /."""
        return cls(math.log(median), math.log(factor))

    def at(self, score: Array) -> Array:
        """Values of the parameter at standard scores."""
        return self.mean + self.sd * score


@dataclass(frozen=True)
class Split:
    """Distribution of a transformed parameter with its own width on either side of the median.

    At standard score z the value is mean + down z below 0 and mean + up z above it.
    """

    mean: float
    down: float
    up: float

    @classmethod
    def of_range(cls, low: float, base: float, high: float) -> Split:
        """Of the logarithm: base its median, low and high its quantiles of 5 and 95%."""
        middle = math.log(base)
        down, up = (middle - math.log(low)) / Z90, (math.log(high) - middle) / Z90
        return cls(middle, max(down, LEAST_SD), max(up, LEAST_SD))

    def against(self, other: Split) -> Split:
        """Of the ratio to another quantity, both uncertain by themselves."""
        down, up = math.hypot(self.down, other.up), math.hypot(self.up, other.down)
        return Split(self.mean - other.mean, down, up)

    def at(self, score: Array) -> Array:
        """Values of the parameter at standard scores."""
        return self.mean + np.where(score < 0, self.down, self.up) * score


@dataclass(frozen=True)
class CurvePrior:
    """Beliefs on the curve.

    exponent       log alpha
    floor_fraction logit of floor / error at the largest pilot
    offset_size    log of n0 / largest pilot
    early_share    logit of the slope before a break / exponent
    level          logit of error / worst error at WEAK_ANCHOR examples, where no pilot speaks
    reference      where the exponent comes from
    """

    exponent: Normal
    floor_fraction: Normal
    offset_size: Normal
    early_share: Normal
    level: Normal
    reference: str


@dataclass(frozen=True)
class Trust:
    """How far real curves stray from a family that was fitted to their pilots.

    walk   sd of log error per square root of an e-fold below the largest pilot [1]
    speed  sd of the log speed beyond it (laws.stretch) [1]
    weight prior probability of this level of trust
    """

    walk: float
    speed: float
    weight: float


# Levels, floor fraction and slowdown were set so that 90% intervals cover 87 to 89% of 250 public
# learning curves (LCDB) at 1.5 to 34 times the largest pilot; tests/benchmarks reports it afresh.
TRUST = (Trust(0.01, 0.3, 0.3), Trust(0.04, 0.6, 0.4), Trust(0.12, 1.0, 0.3))
SLOWDOWN = -0.1  # mean of the log speed: real curves flatten a little beyond their pilots

# sd of log error that remains whatever the test set and the repeats: single curves, compositions
BASE_NOISE = {"single": 0.01, "mixture": 0.02}

# Published exponents by task family (FACTS: Hestness 2017; 30-model fine-tuning benchmark,
# arXiv:2402.02314; Hoffmann 2022 and its refit). The classification median is a judgement from
# image, speech and translation exponents, so an answer that rests on it alone is a weak prior.
_EXPONENTS: dict[str, tuple[float, float, str]] = {
    "classification": (
        0.30,
        1.7,
        "judgement from published exponents of image, speech and translation errors (.07 to .49)",
    ),
    "generation": (0.12, 1.6, "30 fine-tuned models on three tasks, arXiv:2402.02314"),
    "language model": (0.32, 1.25, "Hoffmann 2022 and its refit by Epoch: .285 to .367"),
}
TASK_FAMILIES = tuple(_EXPONENTS)
WEAK_ANCHOR = 1000.0  # [example] where the level is believed when there is no pilot at all


def curve_prior(task_family: str | None, pilots: int) -> CurvePrior:
    """Beliefs on the curve for a task family, given how many distinct pilot sizes there are.

    With pilots the exponent's range is widened to a factor of 2.2, since a family of tasks says
    little of one task's slope. Raises InputError for an unknown family.
    """
    name = task_family or "classification"
    if name not in _EXPONENTS:
        known = ", ".join(TASK_FAMILIES)
        raise InputError(
            "prior", [Fault("task_family", name, "is not known", f"use one of {known}")]
        )
    median, factor, reference = _EXPONENTS[name]
    return CurvePrior(
        exponent=Normal.of_factor(median, factor if pilots < 2 else max(factor, 2.2)),
        floor_fraction=Normal(-0.3, 1.6),
        offset_size=Normal(-1.0, 2.5),
        early_share=Normal(-1.0, 1.0),
        level=Normal(1.5, 1.2),
        reference=reference,
    )


@dataclass(frozen=True)
class SourceBelief:
    """What is believed of one source.

    quality  log effective examples per example, on one scale for all sources: the fit divides it by
             that of the reference; saturation logit of its own exponent g;
    excess   log of its own floor above the reference's, in units of the error at the largest pilot;
             None for an unbiased source (random label noise only), which has no floor of its own
    is_text  unlabelled text: multiplies instead of adding; effect is the log factor if all of
             `effect_at` [document] is used
    """

    quality: Split = Split(math.log(0.7), 0.6, 0.6)
    saturation: Normal = Normal(3.0, 1.2)
    excess: Normal | None = Normal(math.log(0.03), 1.5)
    is_text: bool = False
    effect: Split = Split(0.0, 0.3, 0.3)
    effect_at: float = 10_000.0


BIASED_EXCESS = Normal(math.log(0.10), 1.3)


@dataclass(frozen=True)
class Beliefs:
    """Everything believed before the pilots.

    sources      by name; a source left out gets the default belief
    reference    name of the source that counts as 1; None: chosen by the fit
    worst_error  error with no data at all, None if unknown
    task_family  key of the published exponents
    """

    sources: Mapping[str, SourceBelief] = field(default_factory=dict)
    reference: str | None = None
    worst_error: float | None = None
    task_family: str | None = None
