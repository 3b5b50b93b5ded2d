"""Reads a plan back from the folder that it was written to."""

from __future__ import annotations

import csv
import io
import math
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

AGAIN = "write the plan anew"
TEXTS = {"key", "unit", "source", "scope", "name"}  # columns whose cells are never numbers


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
        found[name] = [
            {k: v or None if k in TEXTS else _value(v, comma) for k, v in row.items() if k}
            for row in rows
        ]
    faults = faults or [*_summary_faults(found["summary"]), *_plan_faults(found["plan"])]
    if faults:
        raise InputError(str(folder), faults)
    return found


def _summary_faults(rows: Sequence[Mapping[str, Any]]) -> list[Fault]:
    facts = {row["key"]: row["value"] for row in rows}
    faults = [
        Fault("summary.csv", None, f"has no row {name}", AGAIN)
        for name in ("reaches", "cost")
        if name not in facts
    ]
    if faults:
        return faults
    reaches, cost = facts["reaches"], facts["cost"]
    if reaches not in ("yes", "no"):
        faults.append(Fault("summary.csv reaches", reaches, "must be yes or no", AGAIN))
    if not isinstance(cost, float) and (reaches == "yes" or cost is not None):
        faults.append(Fault("summary.csv cost", cost, "must be a number", AGAIN))
    return faults


def _plan_faults(rows: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """Cells that are no numbers, of purchases: what a cost is accounted by."""
    return [
        Fault(f"plan.csv {row['source']}, {name}", row[name], "must be a number", AGAIN)
        for row in rows
        for name in NEEDED["plan"][1:]
        if not isinstance(row[name], float)
        and (row[name] is not None or name not in ("quantity", "unit_cost"))
    ]


def _value(text: str | None, comma: bool) -> object:
    if not text:
        return None
    try:
        number = float(text.replace(",", ".") if comma and text.count(",") == 1 else text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text
