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
    them: "crowd votes=1". What is in hand belongs to the source itself. A source and its variants
    exclude each other.
    """
    made: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for name, table in tables.items():
        if not isinstance(table, dict) or KEY not in table:
            made[name] = table
            continue
        own = {key: value for key, value in table.items() if key != KEY}
        family = {name: own}
        for at, change in enumerate(_checked(name, table[KEY], faults)):
            told = ", ".join(f"{key}={_short(value)}" for key, value in change.items())
            variant = f"{name} {told}"
            if variant in family or variant in tables:
                here = f"sources.{name}.{KEY}[{at}]"
                faults.append(Fault(here, told, "is there already", "leave one of them out"))
                continue
            family[variant] = {**own, "in_hand": 0, **change}
            origin[variant] = name
        for variant, settings in family.items():
            others = [other for other in family if other != variant]
            given = settings.get("excludes", [])
            excludes = [*(given if isinstance(given, list) else []), *others]
            made[variant] = {**settings, "excludes": excludes}
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
        if bad := {"kind", KEY, "in_hand"} & change.keys():
            problem = "cannot differ between variants"
            faults.append(Fault(f"{here}[{at}].{min(bad)}", None, problem, "make it a source"))
        else:
            found.append(change)
    return found


def _short(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("value", value.get("base", "table"))
    return str(value).lower() if isinstance(value, bool) else str(value)
