"""Where the law of each candidate model comes from: its own runs, those of other sizes, another
model's law; and what to measure where there is nothing to fit one to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from planner.errors import Fault
from planner.growth import LEAST_RUNS, LEAST_SIZES
from planner.pilots import Pilots
from sources.settings import nearest
from sources.training import Model

How = Literal["own pilots", "size and data", "shared", "priors"]
ENOUGH = 4  # own runs at different sizes of data from which on a law is a model's own


@dataclass(frozen=True)
class Origin:
    """Where a model's law comes from.

    own   its own runs, None if there are none
    how   fitted to these; or to runs of other sizes too (params is known); `of` names the model
          whose law is shared; or priors alone, where a project has no pilots and one model
    """

    model: Model
    how: How
    own: Pilots | None = None
    of: str = ""


def with_sizes(pilots: Pilots, models: Sequence[Model]) -> Pilots:
    """The runs with `model_params` [parameter] where every run has one: its own or its model's."""
    if pilots.model is None or pilots.model_params is not None:
        return pilots
    known = {model.name: model.params for model in models}
    sizes = [known.get(name) for name in pilots.model]
    if any(size is None for size in sizes):
        return pilots
    return replace(pilots, model_params=np.array(sizes, dtype=float))


def origins(models: Sequence[Model], pilots: Pilots | None) -> tuple[list[Origin], list[Fault]]:
    """The origin of each model's law, in their order, and a fault for each that has none."""
    named = {model.name: model for model in models}
    faults = [fault for model in models for fault in _sharing_faults(model, named)]
    faults += _name_faults(pilots, named)
    alone = [model for model in models if model.law_of is None]
    runs = None if pilots is None or not len(pilots) else with_sizes(pilots, models)
    found = []
    for model in models:
        if model.law_of is not None:
            found.append(Origin(model, "shared", of=model.law_of))
            continue
        own = _own(model, runs, only=len(alone) == 1)
        many = 0 if own is None else _sizes_of_data(own)
        by_size = runs is not None and model.params is not None and _several_sizes(runs)
        if many >= ENOUGH or (many and not by_size):
            found.append(Origin(model, "own pilots", own))
        elif by_size:
            found.append(Origin(model, "size and data", own))
        elif runs is None and len(alone) == 1:
            found.append(Origin(model, "priors"))
        else:
            faults.append(_unmeasured(model))
    return found, faults


def _own(model: Model, runs: Pilots | None, *, only: bool) -> Pilots | None:
    """The runs of one model: by name, else by size; all of them where it is the only model."""
    if runs is None:
        return None
    if runs.model is not None:
        mine = np.array([name == model.name for name in runs.model], dtype=bool)
    elif runs.model_params is not None and model.params is not None:
        mine = np.isclose(runs.model_params, model.params, rtol=1e-6)
    else:
        mine = np.full(len(runs), only and runs.model_params is None)
    if not mine.any():
        return None
    # its runs are of one model, whatever sizes are written beside them
    return replace(runs.only(mine), model=None, model_params=None)


def _sizes_of_data(runs: Pilots) -> int:
    used = runs.amounts[runs.overall]
    return len(np.unique(used[used.any(axis=1)], axis=0))


def _several_sizes(runs: Pilots) -> bool:
    """Whether a law over size and data can be fitted at all."""
    if runs.model_params is None:
        return False
    used = runs.overall & runs.amounts.any(axis=1)
    return len(np.unique(runs.model_params[used])) >= LEAST_SIZES and used.sum() >= LEAST_RUNS


def _unmeasured(model: Model) -> Fault:
    advice = (
        f"train it on {ENOUGH} sizes of data, largest first, and name it in a column model of the "
        f"pilots; or give params here and model_params of {LEAST_RUNS} runs of {LEAST_SIZES} "
        "sizes or more; or law_of, if it errs as another model does"
    )
    return Fault(f"models.{model.name}", None, "no pilot run tells how it errs", advice)


def _sharing_faults(model: Model, named: Mapping[str, Model]) -> list[Fault]:
    key, other = f"models.{model.name}.law_of", model.law_of
    if other is None:
        return []
    if other == model.name:
        return [Fault(key, other, "is the model itself", "leave it out")]
    if other not in named:
        return [Fault(key, other, "is no model of this project", nearest(other, list(named)))]
    if named[other].law_of is not None:
        advice = f"name {named[other].law_of}"
        return [Fault(key, other, "has no law of its own", advice)]
    return []


def _name_faults(pilots: Pilots | None, named: Mapping[str, Model]) -> list[Fault]:
    """Runs of models that the project does not have; with model_params they still tell of size."""
    if pilots is None or pilots.model is None or pilots.model_params is not None:
        return []
    unknown = [name for name in dict.fromkeys(pilots.model) if name not in named]
    advice = "name a model in every run, or give model_params"
    return [
        Fault("pilots, column model", name, "is no model of this project", nearest(name, [*named]))
        if name
        else Fault("pilots, column model", None, "is empty in some runs", advice)
        for name in unknown
    ]
