"""An MLflow store of any kind -> runs that were finished, with their metrics, params and tags."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from planner.errors import Fault
from planner.intake.asked import Asked
from planner.intake.gathered import Gathered, turned
from sources.settings import nearest

FINISHED = "FINISHED"
INFINITE = 1.7976931348623157e308  # what the tables of MLflow hold for infinity
SPACES, ERROR_SPACES = ("params.", "metrics.", "tags."), ("metrics.", "params.")


@dataclass(frozen=True)
class Experiment:
    """One experiment of a store."""

    key: str
    name: str
    deleted: bool = False


@dataclass(frozen=True)
class Run:
    """One run: the last value of each metric, what it was started with, what it was marked with."""

    key: str
    name: str
    status: str
    deleted: bool
    experiment: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


class Store(Protocol):
    """What is read of a store, each time from the store itself."""

    def experiments(self) -> list[Experiment]:
        """All of them, deleted ones too."""
        ...

    def runs(self, experiment: Experiment) -> list[Run]:
        """All of an experiment, in the order in which they were started, deleted ones too."""
        ...

    def logged(self, run: Run, metric: str) -> list[float]:
        """Every value of a metric."""
        ...


def real(value: float) -> float:
    """A value of a metric as it was logged."""
    return math.copysign(math.inf, value) if abs(value) >= INFINITE else float(value)


def of_store(store: Store, here: str, asked: Asked) -> tuple[Gathered | None, list[Fault]]:
    """The finished runs of the experiment that is asked for; what is left out is counted."""
    experiment, runs, faults = _experiment(store, here, asked)
    if experiment is None:
        return None, faults
    taken = [run for run in runs if not run.deleted and run.status == FINISHED]
    notes = []
    left_out = Counter(
        "deleted" if run.deleted else run.status.lower() or "without a status"
        for run in runs
        if run.deleted or run.status != FINISHED
    )
    if left_out:
        told = ", ".join(f"{count} {why}" for why, count in sorted(left_out.items()))
        total = sum(left_out.values())
        notes.append(f"{total} run{'s' if total != 1 else ''} left out: {told}")
    name = _metric(taken, asked.columns.get("error", "error"))
    if name is not None:
        highest = turned(asked.columns.get("error", "error"))[1]
        taken, note = _valued(store, taken, name, asked.take, highest=highest)
        notes.append(note)
    return _columns(taken, f"{here} experiment {experiment.name}", tuple(notes)), []


def _experiment(
    store: Store, here: str, asked: Asked
) -> tuple[Experiment | None, list[Run], list[Fault]]:
    """The one that is named, or the only one with runs."""
    every = store.experiments()
    there = [each for each in every if not each.deleted]
    names = [each.name for each in there]
    if asked.experiment is not None:
        found = [each for each in there if asked.experiment == each.name]
        found = found or [each for each in there if asked.experiment == each.key]
        if len(found) == 1:
            return found[0], store.runs(found[0]), []
        gone = any(asked.experiment in (each.name, each.key) for each in every)
        problem = "is no experiment of this store"
        advice = nearest(asked.experiment, names)
        if found:
            problem = f"{len(found)} experiments are called so"
            advice = f"give its id: {', '.join(each.key for each in found)}"
        elif gone:
            problem, advice = "is a deleted experiment", "restore it, or name another"
        return None, [], [Fault(f"{here} experiment", asked.experiment, problem, advice)]
    filled = [(each, runs) for each in there if (runs := store.runs(each))]
    if len(filled) == 1:
        return *filled[0], []
    if not filled:
        return None, [], [Fault(here, None, "has no experiment with runs")]
    told = ", ".join(f"{each.name} ({len(runs)} runs)" for each, runs in filled)
    problem = f"{len(filled)} have runs"
    advice = f'say which, as in experiment = "{filled[0][0].name}"; there are {told}'
    return None, [], [Fault(f"{here} experiment", None, problem, advice)]


def _metric(runs: Sequence[Run], wanted: str) -> str | None:
    """Name of the metric that the error is of, as the runs have it; None if none has it."""
    for name in (wanted, turned(wanted)[0]):
        bare = name.removeprefix("metrics.")
        if any(bare in run.metrics for run in runs):
            return bare
    return None


def _valued(
    store: Store, runs: list[Run], name: str, take: str, *, highest: bool
) -> tuple[list[Run], str]:
    """The runs with the value that is asked for, and the sentence that says which it is."""
    if take == "last":
        return runs, f"error: the last value of {name} in each run"
    best = max if highest else min
    made = []
    for run in runs:
        values = [v for v in store.logged(run, name) if v == v] if name in run.metrics else []
        value = {name: best(values)} if values else {}
        made.append(_with(run, {**run.metrics, **value}))
    kind = "highest" if highest else "lowest"
    said = f"error: the best ({kind}) value of {name} in each run; chosen and measured on the same "
    return made, said + "data it looks better than it is"


def _with(run: Run, metrics: Mapping[str, float]) -> Run:
    return Run(
        run.key, run.name, run.status, run.deleted, run.experiment, metrics, run.params, run.tags
    )


def _columns(runs: Sequence[Run], origin: str, notes: tuple[str, ...]) -> Gathered:
    names: dict[str, list[Any]] = {}
    for space in ("metrics", "params", "tags"):
        keys = sorted({key for run in runs for key in getattr(run, space)})
        for key in keys:
            names[f"{space}.{key}"] = [getattr(run, space).get(key) for run in runs]
    return Gathered(
        names=tuple(names),
        values=tuple(names.values()),
        places=tuple(f"run {run.key[:12]}{f' ({run.name})' if run.name else ''}" for run in runs),
        origin=origin,
        spaces=SPACES,
        error_spaces=ERROR_SPACES,
        loose=True,
        notes=notes,
    )
