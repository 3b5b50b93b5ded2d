"""Reads a project: its file, its pilots and its sources, checked as a whole."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from planner import runs
from planner.errors import Fault, InputError
from planner.grouping import grouping_of, with_overall
from planner.inputs import Effect, Inputs
from planner.names import name_problem
from planner.origins import origins
from planner.pilots import Pilots
from planner.plan import Target
from planner.reading import toml_of
from planner.schema import (
    EffectTable,
    PilotsTable,
    ProjectTable,
    agreement_faults,
    key,
    model_name_faults,
    reference_faults,
    rule_faults,
    source_name_faults,
)
from planner.variants import KEY as VARIANTS
from planner.variants import expanded
from sources import catalogue, settings, training
from sources.base import Context, Source, SourceError
from sources.training import Model

BESIDE = ("kind", "effect", "groups")  # keys of a source that its kind does not read
NO_ERROR = 1e-9  # of a target that asks for the least error


def read(path: Path | str, target: Mapping[str, Any] | None = None) -> Inputs:
    """Read and check a project file with all that it names.

    target: values that replace keys of [target], such as {"budget": 500.0}. Raises InputError with
    every fault of the project file, its pilots and its sources at once.
    """
    place = Path(path)
    raw = toml_of(place)
    if target:
        given = raw.get("target", {})
        raw["target"] = {**given, **target} if isinstance(given, dict) else dict(target)
    return checked(raw, place)


def checked(raw: Mapping[str, Any], place: Path) -> Inputs:
    """The checked project that a document holds; place: the file that it is, or would be, in.

    Raises InputError as `read` does.
    """
    project, faults = _project(raw)
    faults += agreement_faults(project, raw)
    tables = raw.get("sources", {}) if isinstance(raw.get("sources"), dict) else {}
    tables, origin = expanded(tables, faults)
    names = list(tables)
    faults += source_name_faults(names)
    start = project.start or datetime.date.today()
    context = Context(
        currency=project.currency,
        usd_rate=_usd_rate(project, faults),
        date=start,
        weeks=_weeks(project),
        task=project.task,
        folder=place.parent,
        classes=project.classes,
    )
    sources, effects = _sources(tables, context, faults)
    for name in {**origin, **{own: own for own in origin.values()}}:
        if name in sources:
            sources[name] = replace(sources[name], family=origin.get(name, name))
    faults += reference_faults(project, sources, names) + rule_faults(sources, names)
    pilots = _pilots(project, place.parent, tuple(names), faults)
    models = _models(project, names, context, pilots, faults)
    groups = grouping_of(project, tables, pilots, faults)
    if faults or project.target is None:
        raise InputError(str(place), faults)
    return Inputs(
        path=place,
        folder=place.parent,
        name=project.name or place.absolute().parent.name or "project",
        currency=project.currency,
        usd_rate=context.usd_rate,
        task=project.task,
        target=_target(project),
        metric_kind=project.metric_kind(),
        pilots=with_overall(pilots, groups) if pilots and groups else pilots,
        sources=tuple(sources.values()),
        start=start,
        contingency=project.contingency,
        classes=project.classes,
        worst_error=project.no_data_error(),
        max_params=project.max_params,
        task_family=project.family(),
        reference=project.reference,
        text_effect=effects,
        least=project.target.least,
        seed=project.seed,
        draws=project.draws,
        settings={name: _kind_and_table(tables[name]) for name in sources},
        context=context,
        measure_weeks=(project.pilots or PilotsTable()).measure_weeks,
        run_cost=(project.pilots or PilotsTable()).run_cost,
        models=models,
        model_settings=project.models,
        predictions=project.predictions,
        groups=groups,
        warnings=tuple(_warnings(project, pilots, effects)),
    )


def read_source(
    path: Path | str, kind: str, name: str | None = None
) -> tuple[str, dict[str, Any], Context, int]:
    """One source of a project by itself: name, settings, context, and the project's seed.

    The rest of the project may be incomplete. Without a name it is the only source of that kind.
    Raises InputError.
    """
    place = Path(path)
    raw = toml_of(place)
    project, faults = _project(raw)
    tables = raw.get("sources", {}) if isinstance(raw.get("sources"), dict) else {}
    found = [n for n, t in tables.items() if isinstance(t, dict) and t.get("kind") == kind]
    known = f"sources of that kind: {', '.join(found)}" if found else ""
    if name is not None and name not in found:
        problem = (
            f"is no source of kind {kind}" if name in tables else "is no source of the project"
        )
        faults.append(Fault("--source", name, problem, known))
    elif not found:
        advice = f'add [sources.NAME] with kind = "{kind}"'
        faults.append(Fault("sources", None, f"none is of kind {kind}", advice))
    elif name is None and len(found) > 1:
        faults.append(Fault("--source", None, f"{len(found)} are of kind {kind}", known))
    faults += source_name_faults(found)
    if faults:
        raise InputError(str(place), faults)
    chosen = name or found[0]
    context = Context(
        currency=project.currency,
        usd_rate=1.0 if project.currency == "USD" else project.usd_rate,
        date=project.start or datetime.date.today(),
        task=project.task,
        folder=place.parent,
        classes=project.classes,
    )
    table = {k: v for k, v in tables[chosen].items() if k not in (*BESIDE, VARIANTS)}
    return chosen, table, context, project.seed


def read_runs(path: Path | str) -> Pilots:
    """Pilots from a file, a store or a server alone (planner.runs.read).

    Raises InputError with every fault, each with its line, cell or run.
    """
    return runs.read_pilots(path)


def _project(raw: Mapping[str, Any]) -> tuple[ProjectTable, list[Fault]]:
    """The checked file; where keys are faulty, the rest, so that it can be checked further."""
    try:
        return settings.check(ProjectTable, raw), []
    except SourceError as error:
        faults = list(error.faults)
    bad = {re.split(r"[.\[]", fault.key)[0] for fault in faults}
    rest = {k: v for k, v in raw.items() if k not in bad and k in ProjectTable.model_fields}
    return settings.check(ProjectTable, rest), faults


def _usd_rate(project: ProjectTable, faults: list[Fault]) -> float | None:
    if project.currency == "USD":
        return 1.0
    # a rate that is there but wrong is one fault; it must not become one of every default as well
    wrong = any(fault.key == "usd_rate" for fault in faults)
    return 1.0 if wrong else project.usd_rate


def _weeks(project: ProjectTable) -> float | None:
    weeks = project.target.weeks if project.target else math.inf
    return weeks if math.isfinite(weeks) else None


def _target(project: ProjectTable) -> Target:
    table = project.target
    assert table is not None
    error = NO_ERROR if table.error is None else table.error
    return Target(error, table.confidence, table.budget, table.weeks, table.metric)


def _sources(
    tables: Mapping[str, Any], context: Context, faults: list[Fault]
) -> tuple[dict[str, Source], dict[str, Effect]]:
    sources: dict[str, Source] = {}
    effects: dict[str, Effect] = {}
    for name, table in tables.items():
        here = key("sources", name)
        if not isinstance(table, dict):
            faults.append(
                Fault(here, table, "must be a table", f"write [{here}] and its keys below")
            )
            continue
        table = dict(table)
        kind, effect = table.pop("kind", None), table.pop("effect", None)
        table.pop("groups", None)  # grouping.py checks it
        if not isinstance(kind, str):
            faults.append(_kind_fault(here, kind, table))
            continue
        if name_problem(name):
            continue  # a fault already
        believed = None if effect is None else _effect(f"{here}.effect", effect, faults)
        if believed and kind == "text":
            table["effect"] = effect  # its assumptions show it
        try:
            sources[name] = catalogue.build(kind, name, table, context)
        except SourceError as error:
            faults += [replace(fault, key=f"{here}.{fault.key}") for fault in error.faults]
            continue
        if effect is not None and (sources[name].role != "text" or context.task != "supervised"):
            problem = "is for unlabelled text in a supervised task only"
            faults.append(Fault(f"{here}.effect", None, problem, "leave it out"))
        elif believed:
            effects[name] = believed
    return sources, effects


def _models(
    project: ProjectTable,
    sources: list[str],
    context: Context,
    pilots: Pilots | None,
    faults: list[Fault],
) -> tuple[Model, ...]:
    """The candidate models; a fault for each that nothing is known of."""
    found: list[Model] = []
    before = len(faults)
    faults += model_name_faults(list(project.models), sources)
    for name, table in project.models.items():
        here = key("models", name)
        if not isinstance(table, dict):
            advice = f"write [{here}] and its keys below"
            faults.append(Fault(here, table, "must be a table", advice))
            continue
        try:
            found.append(training.build(name, table, context, project.predictions))
        except SourceError as error:
            faults += [replace(fault, key=f"{here}.{fault.key}") for fault in error.faults]
    if not project.models and project.predictions is not None:
        problem = "is for candidate models only"
        faults.append(Fault("predictions", None, problem, "add [models.NAME], or leave it out"))
    given = project.pilots is not None and (project.pilots.file or project.pilots.rows)
    if (
        len(found) == len(project.models)
        and len(faults) == before
        and not (given and pilots is None)
    ):
        faults += origins(found, pilots)[1]
    return tuple(found)


def _kind_and_table(table: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    return str(table["kind"]), {k: v for k, v in table.items() if k not in BESIDE}


def _kind_fault(here: str, kind: Any, table: Mapping[str, Any]) -> Fault:
    known = ", ".join(catalogue.kinds())
    if kind is None and any(isinstance(v, dict) and "kind" in v for v in table.values()):
        return Fault(here, None, "holds other sources", "put a name with a dot in quotes")
    problem = "is missing" if kind is None else "must be text"
    return Fault(f"{here}.kind", kind, problem, f"use one of {known}")


def _effect(here: str, table: Any, faults: list[Fault]) -> Effect | None:
    if not isinstance(table, dict):
        faults.append(Fault(here, table, "must be {low = .., base = .., high = ..}"))
        return None
    try:
        found = settings.check(EffectTable, table, prefix=here)
    except SourceError as error:
        faults += error.faults
        return None
    if not found.low <= 1 <= found.high or not found.low <= found.base <= found.high:
        problem = "must hold low <= base <= high, and the range must include 1, which is no effect"
        faults.append(Fault(here, [found.low, found.base, found.high], problem))
        return None
    return Effect(found.low, found.base, found.high)


def _pilots(
    project: ProjectTable, folder: Path, names: tuple[str, ...], faults: list[Fault]
) -> Pilots | None:
    """The project's pilots with columns named as its sources; None where there are none."""
    table = project.pilots
    if table is None or (table.file is None) == (table.rows is None):
        return None
    most = 1.0 if project.metric_kind() == "error rate" else math.inf
    if table.file is not None:
        given = table.asked()
        pilots, found = runs.read(
            table.file, folder, most, names, models=bool(project.models), given=given
        )
    elif table.rows:
        pilots, found = runs.inline(
            table.rows, "pilots.rows", most, names, models=bool(project.models)
        )
    else:
        return None
    faults += found
    return pilots


def _warnings(
    project: ProjectTable, pilots: Pilots | None, effects: Mapping[str, Effect]
) -> Iterator[str]:
    if pilots is not None:
        yield from pilots.notes
    if project.start is None:
        yield "start is not given: the plan starts today, and prices are today's"
    if project.target and project.target.confidence < 0.5:
        chance = f"{project.target.confidence:g}"
        yield f"confidence {chance} means that the plan is more likely to fail than to succeed"
    for name in effects:
        if pilots and name in pilots.sources and _used(pilots, name):
            yield f"{key('sources', name)}.effect is not used: the pilots measured it"


def _used(pilots: Pilots, name: str) -> bool:
    return bool(pilots.amounts[:, pilots.sources.index(name)].any())
