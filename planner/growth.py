"""Runs over model size and data size -> a law of both: ordinary growth or a breakthrough.

Weighted draws over two surfaces (laws/surfaces.py), `size and data` and `emergent`, averaged by
their evidence, as everywhere; used for the pattern of an idea and for repeated epochs.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from planner.chains import moved
from planner.errors import Fault, InputError
from planner.inference import Problem, resample, sample, starts
from planner.laws import (
    ERROR_AT_ANCHOR,
    EXPONENT,
    FLOOR_FRACTION,
    Array,
    Parameter,
    logistic,
)
from planner.laws.surfaces import (
    BREAK_SIZE,
    REPEAT_SCALE,
    REPEATS,
    SIZE_EXPONENT,
    SIZE_SHARE,
    STEEPNESS,
    WORST,
    Emergent,
    SizeAndData,
    Surface,
    repeated,
)
from planner.pilots import Pilots
from planner.prior import Normal

if TYPE_CHECKING:
    import pandas as pd

MOST_EPOCHS = 60.0  # beyond, repeated data was measured to stop helping and then to harm
NOISE = (0.004, 0.012, 0.035, 0.1)  # sd of log error about the surface, by evidence
PROPOSALS, EMERGENT_WEIGHT = 500, 0.3
LEAST_SIZES, LEAST_RUNS = 2, 5
CHANCE_MARGIN = 1.02  # of the worst error seen, where chance is not known

# Transformed: log, or logit for shares. Exponents and R* as published (FACTS: Hoffmann 2022 and its
# refit, Muennighoff 2023); the rest are judgements wide enough for the data to decide.
PRIORS: dict[Parameter, Normal] = {
    EXPONENT: Normal(float(np.log(0.32)), 0.5),
    SIZE_EXPONENT: Normal(float(np.log(0.34)), 0.5),
    FLOOR_FRACTION: Normal(0.5, 1.5),
    SIZE_SHARE: Normal(0.0, 1.5),
    REPEAT_SCALE: Normal(float(np.log(REPEATS)), 0.4),
    BREAK_SIZE: Normal(-2.0, 2.5),
    STEEPNESS: Normal(float(np.log(3.0)), 0.6),
}
SHARES = {FLOOR_FRACTION, SIZE_SHARE}


@dataclass(frozen=True)
class GrowthLaw:
    """Error over model size and data, as equally weighted draws of two surfaces.

    members       (surface, theta (its draws, parameters)); shares of draws are probabilities
    size, examples  of the largest run [parameter], [example]: the anchor
    smallest      [parameter] smallest model tried; epochs: most that any run made
    """

    members: tuple[tuple[Surface, Array], ...]
    size: float
    examples: float
    smallest: float
    epochs: float

    def errors(self, size: ArrayLike, examples: ArrayLike, epochs: ArrayLike = 1.0) -> Array:
        """Expected error (draws, rows) at model sizes [parameter], examples and epochs (rows,)."""
        rows = np.broadcast_arrays(
            np.asarray(size, float) / self.size,
            np.asarray(examples, float) / self.examples,
            np.asarray(epochs, float),
        )
        amounts = np.stack([np.atleast_1d(row) for row in rows], axis=1)
        return np.exp(np.vstack([each.log_error(t, amounts) for each, t in self.members]))

    def at_size(self, size: float, epochs: float = 1.0) -> Array:
        """Parameters (draws, 3) of the curve over examples that a model of one size [parameter]
        follows: error at `self.examples`, exponent, floor fraction of the family `power + floor`.

        At a given N both surfaces are floor + part D^-b: the term in N joins the floor, and a
        breakthrough g(N) mixes both with the worst error. Exact but for the worst error as a cap,
        which a law's anchor holds. epochs: passes over the examples [epoch].
        """
        found = []
        for each, theta in self.members:
            error, exponent, floor, on_size, share, scale = theta[:, :6].T
            seen = np.array([float(epochs)])
            worth = repeated(np.ones(1), seen, scale[:, None])[:, 0]
            least = error * (floor + (1 - floor) * share * (size / self.size) ** -on_size)
            part = error * (1 - floor) * (1 - share) * worth**-exponent
            if isinstance(each, Emergent):
                knee, steepness, worst = theta[:, 6:9].T
                through = logistic(steepness * (np.log(size / self.size) - np.log(knee)))
                least, part = worst - (worst - least) * through, part * through
            whole = least + part
            found.append(np.stack([whole, exponent, np.minimum(least / whole, 1 - 1e-12)], axis=1))
        return np.vstack(found)

    def breakthrough(self) -> tuple[float, Array]:
        """P(emergent), and the draws of the breakthrough size [parameter]; no draws if none.

        Emergent: the smallest model tried had not learned half of what it could.
        """
        total = sum(len(theta) for _, theta in self.members)
        for each, theta in self.members:
            if isinstance(each, Emergent):
                sizes = theta[:, each.parameters.index(BREAK_SIZE)] * self.size
                late = sizes[sizes > self.smallest]
                return len(late) / total, late
        return 0.0, np.zeros(0)

    def warnings(self, epochs: float) -> tuple[str, ...]:
        """What to know of a prediction at so many epochs."""
        if epochs <= max(self.epochs, 4.0):
            return ()
        if epochs > MOST_EPOCHS:
            text = f"{epochs:g} epochs: beyond {MOST_EPOCHS:g} repeated data was measured to harm"
            return (f"{text}; the law does not hold there",)
        return (f"{epochs:g} epochs: no run made more than {self.epochs:g}",)


def fit_growth(
    pilots: pd.DataFrame | Pilots,
    *,
    worst_error: float | None = None,
    texts: Collection[str] = (),
    seed: int = 0,
    draws: int = 1000,
) -> GrowthLaw | None:
    """Fit error over model size and data to runs with `model_params`, examples, optional `epochs`.

    Examples of all sources but `texts`, the unlabelled ones, are added up; runs of single groups
    are left out. worst_error: error of a model that has learned nothing, a little above the worst
    run if not given. None where fewer than two model sizes or five runs were tried. Raises
    InputError for runs without model_params.
    """
    table = pilots if isinstance(pilots, Pilots) else Pilots.from_frame(pilots)
    if table.model_params is None:
        raise InputError("pilots", [Fault("model_params", None, "is missing", "give it")])
    labelled = [k for k, name in enumerate(table.sources) if name not in texts]
    size, examples = table.model_params, table.amounts[:, labelled].sum(axis=1)
    used = (examples > 0) & table.overall
    if len(np.unique(size[used])) < LEAST_SIZES or used.sum() < LEAST_RUNS:
        return None
    size, examples, error = size[used], examples[used], table.error[used]
    epochs = np.ones(len(size)) if table.epochs is None else table.epochs[used]
    amounts = np.stack([size / size.max(), examples / examples.max(), epochs], axis=1)
    worst = worst_error or CHANCE_MARGIN * float(error.max())
    rng = np.random.default_rng(seed)
    surfaces: tuple[Surface, ...] = (SizeAndData(), Emergent())
    near = np.argmax(np.log(amounts[:, 0]) + np.log(amounts[:, 1]))
    problems = [_problem(each, amounts, error, float(error[near]), worst) for each in surfaces]
    found = [sample(problem, rng, PROPOSALS) for problem in problems]
    levels = range(len(NOISE))
    evidence = np.array([each.log_evidence(k) for each in found for k in levels])
    evidence += np.repeat(np.log([1 - EMERGENT_WEIGHT, EMERGENT_WEIGHT]), len(NOISE))
    share = np.bincount(resample(evidence, draws, rng), minlength=len(evidence))
    members = []
    for i, (each, problem, posterior) in enumerate(zip(surfaces, problems, found, strict=True)):
        level = np.repeat(levels, share[i * len(NOISE) : (i + 1) * len(NOISE)])
        if len(level):
            u = starts(problem, posterior, level, rng)
            states, _ = moved(problem, posterior, u, level, rng)
            members.append((each, _natural(each, states[-1], float(error[near]), worst)))
    return GrowthLaw(
        members=tuple(members),
        size=float(size.max()),
        examples=float(examples.max()),
        smallest=float(size.min()),
        epochs=float(epochs.max()),
    )


def _natural(each: Surface, u: Array, level: float, worst: float) -> Array:
    """Natural parameters (draws, parameters) of standard scores."""
    columns = []
    scores = iter(u.T)
    for parameter in each.parameters:
        if parameter is WORST:
            columns.append(np.full(len(u), worst))
        elif parameter is ERROR_AT_ANCHOR:
            columns.append(np.minimum(level * np.exp(0.5 * next(scores)), worst))
        else:
            value = PRIORS[parameter].at(next(scores))
            natural = logistic(value) if parameter in SHARES else np.exp(np.clip(value, -30, 30))
            columns.append(natural)
    return np.stack(columns, axis=1)


def _problem(each: Surface, amounts: Array, error: Array, level: float, worst: float) -> Problem:
    def predict(u: Array) -> Array:
        return each.log_error(_natural(each, u, level, worst), amounts)

    rows = len(error)
    whiten = np.array([np.eye(rows) / sd for sd in NOISE])
    weight = np.array([-rows * np.log(sd) for sd in NOISE]) - np.log(len(NOISE))
    parameters = len(each.parameters) - (WORST in each.parameters)
    return Problem(predict, np.log(error), whiten, weight, parameters)
