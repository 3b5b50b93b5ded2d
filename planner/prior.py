"""What is believed of a law before any pilot: every number with its unit, range and provenance.

Normal distributions over the transformed parameters that the fit moves. The numbers on curves lie
in prior.toml, with where they come from; with pilots the data speak, without them the answer is a
"weak prior".
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from planner.errors import Fault, InputError
from planner.laws import (
    EARLY_SHARE,
    EXPONENT,
    FLOOR_FRACTION,
    OFFSET_SIZE,
    Array,
    Parameter,
)

Z90 = 1.6448536269514722  # half-width of a 90% interval in standard deviations
LEAST_SD = 1e-3  # of a logarithm that counts as exact


@dataclass(frozen=True)
class Normal:
    """Normal distribution of a transformed parameter."""

    mean: float
    sd: float
    tail: float = math.inf  # degrees of freedom of Student's t, for beliefs that are often wrong

    @classmethod
    def of_factor(cls, median: float, factor: float) -> Normal:
        """Log-normal with this median whose standard deviation is a factor of x or /."""
        return cls(math.log(median), math.log(factor))

    def at(self, score: Array) -> Array:
        """Values of the parameter at standard scores of the normal."""
        return self.mean + self.sd * heavier(score, self.tail)


def heavier(score: Array, freedom: float) -> Array:
    """Quantiles of Student's t at standard normal scores: Cornish-Fisher to second order
    (Abramowitz & Stegun 26.7.5), rising everywhere."""
    if math.isinf(freedom):
        return score
    cube, fifth = score**3, score**5
    first = (cube + score) / (4 * freedom)
    return score + first + (5 * fifth + 16 * cube + 3 * score) / (96 * freedom**2)


@dataclass(frozen=True)
class Split:
    """Distribution of a transformed parameter with its own width on either side of the median.

    At standard score z the value is mean + down z below 0 and mean + up z above it; tail as in
    Normal.
    """

    mean: float
    down: float
    up: float
    tail: float = math.inf

    @classmethod
    def of_range(cls, low: float, base: float, high: float) -> Split:
        """Of the logarithm: base its median, low and high its quantiles of 5 and 95%."""
        middle = math.log(base)
        down, up = (middle - math.log(low)) / Z90, (math.log(high) - middle) / Z90
        return cls(middle, max(down, LEAST_SD), max(up, LEAST_SD))

    def against(self, other: Split) -> Split:
        """Of the ratio to another quantity, both uncertain by themselves."""
        down, up = math.hypot(self.down, other.up), math.hypot(self.up, other.down)
        return Split(self.mean - other.mean, down, up, min(self.tail, other.tail))

    def at(self, score: Array) -> Array:
        """Values of the parameter at standard scores."""
        width = np.where(score < 0, self.down, self.up)
        return self.mean + width * heavier(score, self.tail)


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


SHAPE: tuple[Parameter, ...] = (EXPONENT, FLOOR_FRACTION, OFFSET_SIZE, EARLY_SHARE)


@dataclass(frozen=True)
class CurvePrior:
    """Beliefs on the curve; prior.toml explains the transformed parameters.

    shape        Normal of each parameter of SHAPE
    correlation  (4, 4) of those parameters, in the order of SHAPE
    level        logit of error / worst error at WEAK_ANCHOR examples, where no pilot speaks
    families     prior weight of each family; temper the power of their evidence
    trust        levels of misfit
    slowdown     mean log speed beyond the largest pilot; bend: see laws.stretch
    published    exponent where no pilot tells a slope
    reference    where the exponent comes from
    """

    shape: tuple[Normal, ...]
    correlation: tuple[tuple[float, ...], ...]
    level: Normal
    families: Mapping[str, float]
    temper: float
    trust: tuple[Trust, ...]
    slowdown: float
    bend: float
    published: Normal
    reference: str

    def of(self, parameter: Parameter) -> Normal:
        """Belief on one parameter of SHAPE."""
        return self.shape[SHAPE.index(parameter)]

    def factor(self, parameters: tuple[Parameter, ...]) -> Array:
        """Cholesky factor of the correlations among some of SHAPE: correlated standard scores are
        independent ones times its transpose."""
        at = [SHAPE.index(parameter) for parameter in parameters]
        return np.linalg.cholesky(np.array(self.correlation)[np.ix_(at, at)])


# sd of log error that remains whatever the test set and the repeats: single curves, compositions
BASE_NOISE = {"single": 0.001, "mixture": 0.02}
WEAK_ANCHOR = 1000.0  # [example] where the level is believed when there is no pilot at all
SEVERAL = {False: "several sources", True: "several known sources"}
TASK_FAMILIES = ("classification", "generation", "language model")


@cache
def shipped() -> Mapping[str, CurvePrior]:
    """The priors of prior.toml by name."""
    text = resources.files("planner").joinpath("prior.toml").read_text(encoding="utf-8")
    return parsed(text)


def parsed(text: str) -> Mapping[str, CurvePrior]:
    """Priors by name from the text of a file such as prior.toml. Raises ValueError."""
    return {name: _prior(table) for name, table in tomllib.loads(text).items()}


def _prior(table: Mapping[str, Any]) -> CurvePrior:
    names = ("exponent", "floor_fraction", "offset_size", "early_share")
    independent = np.eye(len(names)).tolist()
    return CurvePrior(
        shape=tuple(Normal(table[n][0], table[n][1], table.get("tail", math.inf)) for n in names),
        correlation=tuple(map(tuple, table.get("correlation", independent))),
        level=Normal(*table["level"]),
        families=dict(table["families"]),
        temper=table["temper"],
        trust=tuple(Trust(*level) for level in table["trust"]),
        slowdown=table["slowdown"],
        bend=table["bend"],
        published=Normal.of_factor(*table["published"]),
        reference=table["reference"],
    )


def curve_prior(
    task_family: str, sizes: int, *, several: bool = False, known: bool = False
) -> CurvePrior:
    """Beliefs on the curve for a task family, given how many distinct pilot sizes there are.

    Below two sizes nothing tells the slope, and the published exponent stands. several: more than
    one labelled source was tried; known: with beliefs on each, or with the worst error. Raises
    InputError for an unknown family.
    """
    if task_family not in TASK_FAMILIES:
        advice = f"use one of {', '.join(TASK_FAMILIES)}"
        raise InputError("prior", [Fault("task_family", task_family, "is not known", advice)])
    own = shipped()[task_family]
    mixed = shipped()[SEVERAL[known]]
    found = replace(mixed, reference=own.reference) if several else own
    if sizes < 2:
        found = replace(found, shape=(own.published, *found.shape[1:]))
    return found


@dataclass(frozen=True)
class SourceBelief:
    """What is believed of one source.

    quality  log effective examples per example, on one scale for all sources: the fit divides it by
             that of the reference; saturation logit of its own exponent g;
    excess   log of its own floor above the reference's, in units of the error at the largest pilot;
             None for an unbiased source (random label noise only), which has no floor of its own.
             The default is wide enough to mean none or a large one: nothing is known of the source
    is_text  unlabelled text: multiplies instead of adding; effect is the log factor if all of
             `effect_at` [document] is used
    """

    quality: Split = Split(math.log(0.8), 0.5, 0.5, tail=3.0)
    saturation: Normal = Normal(1.7, 1.2)
    excess: Normal | None = Normal(math.log(0.08), 2.2)
    is_text: bool = False
    effect: Split = Split(0.0, 0.3, 0.3)
    effect_at: float = 10_000.0


UNBIASED_SATURATION = Normal(3.0, 1.2)  # label noise alone hardly saturates
BIASED_EXCESS = Normal(math.log(0.10), 1.3)
FASTEST = math.log(2.0)  # most that log may be
# sd of the log by which a source's exponent changes beyond its own largest pilot: one that may be
# biased, one with label noise only
OWN_SPEED, UNBIASED_SPEED = 0.8, 0.15


@dataclass(frozen=True)
class Beliefs:
    """Everything believed before the pilots.

    sources      by name; a source left out gets the default belief
    reference    name of the source that counts as 1; None: chosen by the fit
    worst_error  error with no data at all, None if unknown
    task_family  one of TASK_FAMILIES; None: classification, or generation where errors exceed 1
    curve        beliefs on the curve that replace those of the task family
    """

    sources: Mapping[str, SourceBelief] = field(default_factory=dict)
    reference: str | None = None
    worst_error: float | None = None
    task_family: str | None = None
    curve: CurvePrior | None = None
