"""Default numbers of the kinds, each with unit, range, provenance, reference and date."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from sources.base import Assumption

_KEYS = {"value", "low", "high", "unit", "provenance", "reference", "date", "mark", "note"}
_NEEDED = _KEYS - {"note"}
MARKS = ("F", "S", "D", "assumed")


def find(key: str, *sections: str) -> Assumption | None:
    """The default of `key` from the first of the sections that has one."""
    table = load()
    return next((table[s][key] for s in sections if key in table.get(s, {})), None)


@cache
def load() -> dict[str, dict[str, Assumption]]:
    """Section -> key -> default, from defaults.toml. Raises ValueError on a faulty entry."""
    text = (resources.files("sources") / "defaults.toml").read_text(encoding="utf-8")
    return {
        section: {key: _default(section, key, entry) for key, entry in table.items()}
        for section, table in tomllib.loads(text).items()
    }


def _default(section: str, key: str, entry: dict[str, Any]) -> Assumption:
    place = f"defaults.toml, {section}.{key}"
    if missing := _NEEDED - entry.keys():
        raise ValueError(f"{place}: {', '.join(sorted(missing))} missing")
    if unknown := entry.keys() - _KEYS:
        raise ValueError(f"{place}: {', '.join(sorted(unknown))} unknown")
    mark, provenance = entry["mark"], entry["provenance"]
    if mark not in MARKS or (mark == "assumed") != (provenance == "assumed"):
        raise ValueError(f"{place}: mark {mark!r} and provenance {provenance!r} do not agree")
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
