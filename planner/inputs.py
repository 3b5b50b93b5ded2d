"""What a study starts from: one frozen value, built by project.py from files or by a caller."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from planner.grouping import Grouping
from planner.pilots import Pilots
from planner.plan import Target
from planner.schema import MetricKind, Question, Task
from sources.base import Context, Source
from sources.settings import Number
from sources.training import Model


class Effect(NamedTuple):
    """Factor on the labels' effective examples if a whole corpus is used [1], 90% range."""

    low: float
    base: float
    high: float


@dataclass(frozen=True)
class Inputs:
    """Everything a study starts from, checked.

    usd_rate       [currency/USD], None where the project gives none
    least          what the plan makes as little as can be: the cost of the target, the weeks to it,
                   or the error itself; then the target's own error is a stand-in
    contingency    ratio added to every cost
    worst_error    error with no data at all, in the unit of the target; None if unknown
    task_family    whose published exponents speak before the pilots do
    max_params     [parameter] largest model that can be trained; None if not given
    reference      source in whose examples effective examples are counted; None: fit chooses
    text_effect    source of text -> range of its effect, as the user believes it
    seed, draws    of the law's draws
    settings       source -> (kind, its table in the file), and `context`, in which the sources were
                   built: so that one can be built anew with a number changed
    measure_weeks  [week] from a delivery to what its measurement decides
    run_cost       [currency/run] of a training run; None if not given
    models         candidate models; none: the pilots are of the one model there is
    model_settings their tables in the file by name, and `predictions` as given there
    model          the one that is planned for, and then `sources` hold what training on them costs
    groups         groups of the population, their shares and targets; None where there are none
    warnings       what the reader of the plan should know about the inputs
    """

    path: Path
    folder: Path
    name: str
    currency: str
    usd_rate: float | None
    task: Task
    target: Target
    metric_kind: MetricKind
    pilots: Pilots | None
    sources: tuple[Source, ...]
    start: datetime.date
    contingency: float
    classes: int | None = None
    worst_error: float | None = None
    max_params: float | None = None
    task_family: str | None = None
    reference: str | None = None
    text_effect: Mapping[str, Effect] = field(default_factory=dict)
    least: Question = "cost"
    seed: int = 0
    draws: int = 1000
    settings: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    context: Context = field(default_factory=Context)
    measure_weeks: float = 1.0
    run_cost: float | None = None
    models: tuple[Model, ...] = ()
    model_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    predictions: Number | None = None
    model: Model | None = None
    groups: Grouping | None = None
    warnings: tuple[str, ...] = ()
