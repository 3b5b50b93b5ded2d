"""The law of each candidate model: of its own runs, or of runs over model size and data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from planner.errors import Fault, InputError
from planner.fitted import FittedLaw, LawParameter, Member, weighted_quantile
from planner.growth import GrowthLaw, fit_growth
from planner.inputs import Inputs
from planner.laws import Anchor, Array, family
from planner.origins import How, Origin, origins, with_sizes
from planner.pilots import Pilots
from planner.study import fitted, halves
from sources.training import Model

FAMILY = "power + floor"  # what a law over size and data is at one size
ONLY, USED = "only the runs of", " are used"  # the warning of a law that is fitted to one size
# sd of the log error of a model of a size that was not tried, and what each e-fold of size to the
# nearest one adds: on 41 runs of 19 sizes (Muennighoff 2023), one size left out at a time, the 90%
# interval covered 59% without it
MISFIT, FARTHER = 0.03, 0.03
BEYOND = 1.5  # times the largest size tried, or the smallest divided by it: then the reader is told


@dataclass(frozen=True)
class Candidate:
    """A model with its law, fresh draws of that law, and where it comes from; `of` is the model
    whose law is shared, "" if it is none."""

    model: Model
    law: FittedLaw
    fresh: FittedLaw
    how: How
    of: str = ""


def candidates(inputs: Inputs) -> tuple[Candidate, ...]:
    """The project's models with their laws, in the project's order.

    Raises InputError where no pilot tells of a model.
    """
    found, faults = origins(inputs.models, inputs.pilots)
    if faults:
        raise InputError(str(inputs.path), faults)
    laws = {each.model.name: law for each, law in _fitted(inputs, found)}
    made = []
    for each in found:
        law, fresh = halves(inputs, laws[each.of or each.model.name])
        made.append(Candidate(each.model, law, fresh, each.how, each.of))
    return tuple(made)


def _fitted(inputs: Inputs, found: list[Origin]) -> Iterator[tuple[Origin, FittedLaw]]:
    over_size: _OverSize | None = None
    for each in found:
        if each.how == "size and data":
            over_size = over_size or _OverSize.fit(inputs)
            yield each, over_size.law(each.model, inputs.seed)
        elif each.how != "shared":
            yield each, fitted(inputs, each.own)


@dataclass(frozen=True)
class _OverSize:
    """The law over size and data of all runs, and the law of the size most often run: from this one
    come what the sources are worth, misfit and noise.

    usual  passes over the examples of a run [epoch], the median
    tried  sizes that were run [parameter]
    """

    growth: GrowthLaw
    base: FittedLaw
    usual: float
    tried: Array

    @classmethod
    def fit(cls, inputs: Inputs) -> _OverSize:
        assert inputs.pilots is not None
        runs = replace(with_sizes(inputs.pilots, inputs.models), model=None)
        base = fitted(inputs, runs)
        growth = fit_growth(
            _counted(runs, base),
            worst_error=inputs.worst_error,
            seed=inputs.seed,
            draws=len(base.weights),
        )
        if growth is None:
            fault = Fault("model_params", None, "too few runs for a law over model size and data")
            raise InputError(str(inputs.path), [fault])
        usual = 1.0 if runs.epochs is None else float(np.median(runs.epochs))
        assert runs.model_params is not None
        return cls(growth, base, usual, np.unique(runs.model_params))

    def law(self, model: Model, seed: int) -> FittedLaw:
        """The law at one size: floor, exponent and level of each draw of the law over size and
        data, with the composition of the base law."""
        assert model.params is not None
        growth, base = self.growth, self.base
        theta = growth.at_size(model.params, self.usual)
        # draws of the two laws are independent: no surface goes with a family of the other
        rng = np.random.default_rng(seed)
        theta = theta[rng.permutation(len(theta))]
        theta[:, 0] *= np.exp(self._misfit(model.params) * rng.standard_normal(len(theta)))
        if (worst := base.anchor.worst) is not None:
            theta[:, 0] = np.minimum(theta[:, 0], worst * (1 - 1e-6))
        middle = np.median(theta, axis=0, keepdims=True)
        return replace(
            base,
            anchor=Anchor(growth.examples, base.anchor.worst),
            members=(Member(FAMILY, theta),),
            reach=np.full((len(theta), 1), growth.examples),
            summary=(*_summary(theta), *(each for each in base.summary if each.source)),
            warnings=(*_of_base(base), *self._warnings(model)),
            guess=(Member(FAMILY, middle), base.guess[1]),
        )

    def _misfit(self, size: float) -> float:
        """sd of the log error of a model of this size [parameter] about the surface."""
        away = float(np.abs(np.log(self.tried / size)).min())
        return MISFIT + FARTHER * away

    def _warnings(self, model: Model) -> Iterator[str]:
        size, smallest, largest = model.params or 0.0, self.growth.smallest, self.growth.size
        tried = f"runs of {smallest:.3g} to {largest:.3g} parameters"
        yield f"the law of {model.name} ({size:.3g} parameters) follows from {tried}"
        if size > BEYOND * largest or size < smallest / BEYOND:
            yield f"{model.name} lies beyond them: measure it before it is chosen for good"


def _of_base(base: FittedLaw) -> Iterator[str]:
    """The base law's warnings, where one size alone is used, said of what it is used for."""
    for text in base.warnings:
        if not text.startswith(ONLY):
            yield text
        else:
            size = text.removeprefix(ONLY).removesuffix(USED)
            yield f"what sources are worth beside each other is seen in the runs of{size} alone"


def _counted(runs: Pilots, base: FittedLaw) -> Pilots:
    """The runs with their examples counted as effective ones of the reference, median."""
    amounts = dict(zip(runs.sources, runs.amounts.T, strict=True))
    size = weighted_quantile(base.effective(amounts), base.weights, 0.5)
    used = np.where(runs.amounts.any(axis=1), size, 0.0)
    return replace(runs, sources=(base.reference,), amounts=used[:, None])


def _summary(theta: Array) -> Iterator[LawParameter]:
    for parameter, values in zip(family(FAMILY).parameters, theta.T, strict=True):
        low, median, high = (float(q) for q in np.quantile(values, (0.05, 0.5, 0.95)))
        unit, meaning = parameter.unit, f"{parameter.meaning}, at this model's size"
        yield LawParameter(
            FAMILY, 1.0, "", parameter.name, unit, low, median, high, meaning, "both"
        )
