"""Pilot runs as they are written down, wherever that is -> Pilots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from planner.errors import Fault, InputError
from planner.intake.asked import Asked, located, merged
from planner.intake.dialect import delimiter, records, with_points
from planner.intake.gathered import WORDS, Gathered, chosen, turned
from planner.intake.kinds import gathered, kind_of, misplaced
from planner.intake.wandb import OWN, finished, is_wandb, panel_fault
from planner.names import MODEL, RESERVED
from planner.pilots import MOST_ROWS, Pilots, check, shorten
from planner.reading import text_of
from sources.settings import nearest

Parsed = tuple[Pilots | None, list[Fault]]
ANY = Asked()


def read_pilots(place: Path | str, **asked: Any) -> Pilots:
    """Runs of a table (.csv, .tsv, .xlsx, .parquet, an export of Weights & Biases) or of an MLflow
    store (SQLite file, folder, http address of a server).

    asked: as keys of [pilots] of a project file: columns = {"error": "1 - val_acc", "n": "size"},
    where = {"split": "test"}, experiment, take = "last" or "best", sheet, unused_is_zero. Raises
    InputError with every fault, each with its line, cell or run.
    """
    known = [each.name for each in fields(Asked)]
    faults = [
        Fault(key, None, "is no such option", nearest(key, known))
        for key in asked
        if key not in known
    ]
    if asked.get("take", "last") not in ("last", "best"):
        faults.append(Fault("take", asked["take"], "must be last or best"))
    pilots = None
    if not faults:
        pilots, faults = read(str(place), None, math.inf, given=asked)
    if pilots is None:
        raise InputError(str(place).partition("?")[0], faults)
    return pilots


def read(
    text: str,
    folder: Path | None,
    most_error: float,
    known: Sequence[str] = (),
    *,
    models: bool = False,
    given: Mapping[str, Any] | None = None,
) -> Parsed:
    """Runs of a file, a store or a server -> pilots, or every fault.

    text: the place, relative to `folder`, with what is behind its `#` and `?` (intake.asked);
    given: what else is asked, and wins. most_error, known and models are as in `pilots.check`.
    """
    where, faults = located(text, folder)
    if where is None:
        return None, faults
    asked, here = merged(where.asked, given or {}), where.shown
    kind, more = kind_of(where)
    faults += more + misplaced(kind, asked, here)
    if faults:
        return None, faults
    try:
        if kind != "text":
            found, faults = gathered(where, kind, asked, here)
            return _pilots(found, faults, asked, most_error, known, models=models)
        assert where.path is not None
        written = text_of(where.path)
    except InputError as error:
        return None, [
            replace(each, key=here) if each.key == "file" else each for each in error.faults
        ]
    return parse(written, here, most_error, known, models=models, asked=asked)


def parse(
    text: str,
    here: str,
    most_error: float,
    known: Sequence[str] = (),
    *,
    models: bool = False,
    asked: Asked = ANY,
) -> Parsed:
    """CSV text (RFC 4180, blank lines skipped) -> pilots, or every fault with file and line.

    Semicolons and tabs may stand for commas, and then decimal commas for points (intake.dialect). A
    table exported from Weights & Biases is known by its columns. here names the file in messages;
    most_error, known and models are as in `pilots.check`.
    """
    found, faults = _table(text, here, known, asked)
    return _pilots(found, faults, asked, most_error, known, models=models)


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
    if pilots is not None:
        pilots = replace(pilots, origin=tuple(f"{here} [{row}]" for row in range(len(rows))))
    return pilots, [replace(fault, key=f"{here} {fault.key}") for fault in found]


def _pilots(
    found: Gathered | None,
    faults: list[Fault],
    asked: Asked,
    most_error: float,
    known: Sequence[str],
    *,
    models: bool,
) -> Parsed:
    """The columns that are asked for, checked; each run knows where it stands."""
    if found is None:
        return None, faults
    if len(known) == 1 and "n" in asked.columns and known[0] not in asked.columns:
        renamed = {known[0] if word == "n" else word: name for word, name in asked.columns.items()}
        asked = replace(asked, columns=renamed)
    taken, faults = chosen(found, asked, known, models=models)
    faults = shorten(faults)
    pilots = None
    if taken is not None and not faults:
        places = taken.places
        pilots, faults = check(
            taken.columns,
            lambda row: places[row],
            most_error,
            known,
            taken.lines,
            models=models,
        )
    if pilots is None or taken is None:
        return None, [replace(each, key=f"{found.origin} {each.key}") for each in faults]
    origin = tuple(f"{found.origin} {place}" for place in taken.places)
    return replace(pilots, origin=origin, notes=taken.notes), []


def _table(
    text: str, here: str, known: Sequence[str], asked: Asked
) -> tuple[Gathered | None, list[Fault]]:
    """Cells of CSV text by column, with the lines they stand in."""
    wanted = [turned(name)[0] for name in asked.columns.values()]
    sign, faults = delimiter(text, [*RESERVED, *known, *asked.columns.values(), *wanted, *OWN])
    faults = [replace(fault, key=f"{here} {fault.key}") for fault in faults]
    lines: list[int] = []
    rows: list[list[str]] = []
    header: list[str] = []
    for line, cells in records(text, here, faults, sign):
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
    if fault := panel_fault(header):
        faults.append(replace(fault, key=f"{here} {fault.key}"))
    if faults:
        return None, shorten(faults)
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in header]
    # a spreadsheet's empty columns have no name and no cells: they are nobody's fault
    named = [(n, c) for n, c in zip(header, columns, strict=True) if n or any(map(str.strip, c))]
    if sign != ",":
        words = {asked.columns.get(word, word) for word in WORDS}
        if asked.columns:
            words |= set(header) - {*RESERVED, *known, *asked.columns.values(), *wanted}
        fractions = [asked.columns.get(word, word) for word in ("error", "epochs")]
        fractions += [turned(fractions[0])[0]]
        pointed, faults = with_points(named, lines, sorted(words), fractions)
        named = [(name, tuple(cells)) for name, cells in pointed]
        if faults:
            return None, [replace(each, key=f"{here} {each.key}") for each in shorten(faults)]
    found = Gathered(
        names=tuple(name for name, _ in named),
        values=tuple(cells for _, cells in named),
        places=tuple(f"line {line}" for line in lines),
        origin=here,
        lines=tuple(lines),
    )
    return finished(found) if is_wandb(found.names) else found, []
