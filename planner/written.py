"""Reads a plan back from the folder that it was written to."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from planner.errors import Fault, InputError
from planner.reading import text_of

Records = Mapping[str, Sequence[Mapping[str, Any]]]
NEEDED = {
    "summary": ("key", "value", "unit"),
    "plan": ("source", "quantity", "unit_cost", "fees", "contingency", "total"),
    "assumptions": ("scope", "name", "value", "unit", "low", "high"),
}


def written(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Summary, plan and assumptions of a folder, numbers as numbers, empty cells as None.

    Reads what `dataplan plan --out` writes, whatever its delimiter. Raises InputError with every
    file that is missing or is no such table.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    faults: list[Fault] = []
    for name, columns in NEEDED.items():
        try:
            text = text_of(folder / f"{name}.csv")
        except InputError as error:
            faults += [
                Fault(f"{name}.csv", None, each.problem, "give a folder that dataplan plan wrote")
                for each in error.faults
            ]
            continue
        head = text.split("\n", 1)[0].rstrip("\r")
        delimiter = max(",;\t", key=head.count)
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
        missing = [column for column in columns if column not in head.split(delimiter)]
        if missing:
            problem = f"has no column {', '.join(missing)}"
            faults.append(Fault(f"{name}.csv", None, problem, "give a folder that plan wrote"))
            continue
        comma = delimiter != ","
        found[name] = [{k: _value(v, comma) for k, v in row.items() if k} for row in rows]
    if faults:
        raise InputError(str(folder), faults)
    return found


def _value(text: str | None, comma: bool) -> object:
    if not text:
        return None
    try:
        return float(text.replace(",", ".") if comma and text.count(",") == 1 else text)
    except ValueError:
        return text
