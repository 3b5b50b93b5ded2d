"""Default numbers of the kinds, each with unit, range, provenance, reference and date."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from sources.base import Assumption

_KEYS = {"value", "low", "high", "unit", "provenance", "reference", "date", "mark", "note"}
_NEEDED = _KEYS - {"note"}
_DATE = re.compile(r"\d{4}(-\d{2}){0,2}")
MARKS = ("F", "S", "D", "assumed")


def find(key: str, *sections: str) -> Assumption | None:
    """The default of `key` from the first of the sections that has one."""
    table = load()
    return next((table[s][key] for s in sections if key in table.get(s, {})), None)


@dataclass(frozen=True)
class Default:
    """A default of the kind, or part of a kind, that `section` names, with the mark of its source:
    F found, S found at second hand, D derived by arithmetic, assumed."""

    section: str
    number: Assumption
    mark: str


def entries() -> tuple[Default, ...]:
    """Every default in the order of defaults.toml. Raises ValueError on a faulty entry."""
    return tuple(
        Default(section, number, _table()[section][key]["mark"])
        for section, numbers in load().items()
        for key, number in numbers.items()
    )


@cache
def load() -> dict[str, dict[str, Assumption]]:
    """Section -> key -> default, from defaults.toml. Raises ValueError on a faulty entry."""
    return {
        section: {key: _default(section, key, entry) for key, entry in table.items()}
        for section, table in _table().items()
    }


@cache
def _table() -> dict[str, dict[str, dict[str, Any]]]:
    return tomllib.loads((resources.files("sources") / "defaults.toml").read_text(encoding="utf-8"))


def _default(section: str, key: str, entry: dict[str, Any]) -> Assumption:
    place = f"defaults.toml, {section}.{key}"
    if missing := _NEEDED - entry.keys():
        raise ValueError(f"{place}: {', '.join(sorted(missing))} missing")
    if unknown := entry.keys() - _KEYS:
        raise ValueError(f"{place}: {', '.join(sorted(unknown))} unknown")
    mark, provenance = entry["mark"], entry["provenance"]
    if mark not in MARKS or (mark == "assumed") != (provenance == "assumed"):
        raise ValueError(f"{place}: mark {mark!r} and provenance {provenance!r} do not agree")
    if not _DATE.fullmatch(str(entry["date"])):
        raise ValueError(f"{place}: date {entry['date']!r} is no year, month or day")
    if not entry["unit"] or not entry["reference"]:
        raise ValueError(f"{place}: unit or reference is empty")
    return Assumption(
        name=key,
        value=float(entry["value"]),
        unit=entry["unit"],
        provenance=provenance,
        reference=entry["reference"],
        date=str(entry["date"]),
        low=float(entry["low"]),
        high=float(entry["high"]),
        note=entry.get("note", ""),
    )
