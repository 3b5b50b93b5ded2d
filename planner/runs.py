"""Pilot runs as they are written down, in CSV text or in rows of the project file -> Pilots."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from planner.errors import Fault
from planner.names import MODEL, RESERVED
from planner.pilots import MOST_ROWS, Pilots, check, shorten

Parsed = tuple[Pilots | None, list[Fault]]


def parse(
    text: str, here: str, most_error: float, known: Sequence[str] = (), *, models: bool = False
) -> Parsed:
    """CSV text (RFC 4180, blank lines skipped) -> pilots, or every fault with file and line.

    here names the file in messages; most_error, known and models are as in `pilots.check`.
    """
    faults: list[Fault] = []
    lines: list[int] = []
    rows: list[list[str]] = []
    header: list[str] = []
    for line, cells in _records(text, here, faults):
        if not header:
            header = [cell.strip() for cell in cells]
        elif len(cells) != len(header):
            problem = f"has {len(cells)} fields where the first line has {len(header)}"
            faults.append(Fault(f"{here} line {line}", None, problem, "quote text that has commas"))
        else:
            lines.append(line)
            rows.append(cells)
            if len(rows) > MOST_ROWS:
                break
    if not header and not faults:
        advice = f"the first line names the columns: one per source, {', '.join(RESERVED)}"
        faults.append(Fault(here, None, "is empty", advice))
    if faults:
        return None, shorten(faults)
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in header]
    # a spreadsheet's empty columns have no name and no cells: they are nobody's fault
    named = [(n, c) for n, c in zip(header, columns, strict=True) if n or any(map(str.strip, c))]
    pilots, found = check(
        named, lambda row: f"line {lines[row]}", most_error, known, lines, models=models
    )
    return pilots, [replace(fault, key=f"{here} {fault.key}") for fault in found]


def inline(
    rows: Sequence[Mapping[str, Any]],
    here: str,
    most_error: float,
    known: Sequence[str] = (),
    *,
    models: bool = False,
) -> Parsed:
    """Runs written as mappings -> pilots; a source that a row does not name was not used: 0."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    words = {*RESERVED, MODEL} if models else set(RESERVED)
    columns = [(n, [row.get(n, None if n in words else 0) for row in rows]) for n in names]
    pilots, found = check(columns, lambda row: f"[{row}]", most_error, known, models=models)
    return pilots, [replace(fault, key=f"{here} {fault.key}") for fault in found]


def _records(text: str, here: str, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """First line and cells of each record that is not blank; stops at what is no CSV."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        faults.append(Fault(f"{here} line {line}", None, f"not CSV: {error}", "check the quotes"))
