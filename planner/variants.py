"""Decisions inside a source: each variant is a source of its own, of which one may be bought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.errors import Fault

MOST = 12  # variants of one source
KEY = "variants"


def expanded(
    tables: Mapping[str, Any], faults: list[Fault]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The sources' tables with a further one for each variant, and variant -> source.

    A variant is a table of keys that replace the source's own, such as {votes = 1}; its name tells
    them: "crowd votes=1", or "crowd votes=1 (1 to 3)" where values alone do not tell it from
    another. What is in hand belongs to the source itself. A source and its variants exclude each
    other, and what excludes the source excludes its variants too.
    """
    made: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for name, table in tables.items():
        if not isinstance(table, dict) or KEY not in table:
            made[name] = table
            continue
        own = {key: value for key, value in table.items() if key != KEY}
        family = {name: own}
        changes: dict[str, dict[str, Any]] = {}
        for at, change in enumerate(_checked(name, table[KEY], faults)):
            told = _told(change)
            if f"{name} {told}" in family and change not in [*changes.values()]:
                told = _told(change, ranges=True)
            variant = f"{name} {told}"
            if variant in family or variant in tables or change in changes.values():
                here = f"sources.{name}.{KEY}[{at}]"
                faults.append(Fault(here, told, "is there already", "leave one of them out"))
                continue
            family[variant] = {**own, "in_hand": 0, **change}
            changes[variant] = change
            origin[variant] = name
        for variant, settings in family.items():
            others = [other for other in family if other != variant]
            given = settings.get("excludes", [])
            if isinstance(given, list):  # else a fault of its own
                settings = {**settings, "excludes": [*given, *others]}
            made[variant] = settings
    for name, settings in made.items():
        given = settings.get("excludes") if isinstance(settings, dict) else None
        if isinstance(given, list):
            barred = {name, *given}
            more = [v for v, own in origin.items() if own in given and v not in barred]
            made[name] = {**settings, "excludes": [*given, *more]} if more else settings
    return made, origin


def _checked(name: str, given: Any, faults: list[Fault]) -> list[dict[str, Any]]:
    here = f"sources.{name}.{KEY}"
    if not isinstance(given, list) or not all(isinstance(each, dict) and each for each in given):
        advice = "write variants = [{votes = 1}, {votes = 5}]"
        faults.append(Fault(here, None, "must be a list of tables", advice))
        return []
    if len(given) > MOST:
        faults.append(Fault(here, len(given), f"at most {MOST} are searched", "leave some out"))
        return []
    found = []
    for at, change in enumerate(given):
        if bad := {"kind", KEY, "in_hand", "min_share", "max_share"} & change.keys():
            problem = "cannot differ between variants"
            faults.append(Fault(f"{here}[{at}].{min(bad)}", None, problem, "make it a source"))
        else:
            found.append(change)
    return found


def _told(change: Mapping[str, Any], *, ranges: bool = False) -> str:
    return ", ".join(f"{key}={_short(value, ranges)}" for key, value in change.items())


def _short(value: Any, ranges: bool) -> str:
    if isinstance(value, dict):
        ends = [value[end] for end in ("low", "high") if end in value]
        value = value.get("value", value.get("base", "table"))
        return f"{value} ({' to '.join(map(str, ends))})" if ranges and ends else str(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
