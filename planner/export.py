"""The only place that writes: tables as CSV, a study as JSON, the files of a new project."""

from __future__ import annotations

import datetime
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from planner.csvtext import PLAIN, Style, neutral, to_csv
from planner.errors import OutputError
from planner.table import Table

__all__ = ["neutral", "to_csv"]  # known by these names here too

ADVICE = "choose another folder with --out DIR"


def write_csv(
    tables: Mapping[str, Table], folder: Path | str, style: Style = PLAIN
) -> tuple[Path, ...]:
    """Write each table to folder/NAME.csv: UTF-8, CRLF, empty for unknown, otherwise as `style`.

    The folder is made if missing. Returns the paths. Raises OutputError; see `write_files`.
    """
    return write_files(csv_files(tables, folder, style))


def csv_files(
    tables: Mapping[str, Table], folder: Path | str, style: Style = PLAIN
) -> dict[Path, str]:
    """What `write_csv` writes: the text of each file by its place."""
    return {Path(folder) / f"{name}.csv": to_csv(table, style) for name, table in tables.items()}


def write_pictures(files: Mapping[str, bytes], folder: Path | str) -> tuple[Path, ...]:
    """Write each of `files`, by name, into the folder. Raises OutputError."""
    return write_files({Path(folder) / name: content for name, content in files.items()})


def write_records(rows: Iterable[Mapping[str, Any]], place: Path | str) -> Path:
    """Write rows as JSON lines, one object a line. Raises OutputError."""
    path = Path(place)
    text = "".join(f"{json.dumps(row, ensure_ascii=False, default=_iso)}\n" for row in rows)
    safe = text.encode("utf-8", "replace")  # lone halves of a pair, which no file may hold
    return write_files({path: safe})[0]


def version() -> str:
    """Version of the installed package; "not installed" in a bare checkout."""
    from importlib import metadata

    try:
        return metadata.version("dataplan")
    except metadata.PackageNotFoundError:
        return "not installed"


def to_json(tables: Mapping[str, Table]) -> str:
    """Tables as one JSON text: version, summary as key -> value, each table as a list of objects,
    `units` as table -> column -> unit. Unknown, or not limited, is null; every number is finite."""
    shown: dict[str, Any] = {"dataplan": version()}
    units: dict[str, dict[str, str]] = {}
    for name, table in tables.items():
        if name in {"tables", "columns"}:  # the units say as much
            continue
        if table.header[:3] == ("key", "value", "unit"):
            shown[name] = {row[0]: row[1] for row in table.rows}
            units[name] = {str(row[0]): str(row[2]) for row in table.rows}
        else:
            shown[name] = table.records()
            units[name] = {column.name: column.unit for column in table.columns}
    shown["units"] = units
    return json.dumps(shown, indent=2, allow_nan=False, default=_iso) + "\n"


def _iso(value: datetime.date) -> str:
    return value.isoformat()


def write_project(folder: Path | str) -> tuple[Path, ...]:
    """Write the files of a new project that runs as it is. Returns their paths.

    Raises OutputError, and writes nothing, if one of them exists already; all of those are named.
    """
    from planner.template import template_files

    files = template_files()
    root = Path(folder)
    there = [str(root / name) for name in files if os.path.lexists(root / name)]
    if there:
        message = f"{', '.join(there)}: exists already and is not overwritten"
        raise OutputError(f"{message}; give another folder: dataplan init DIR")
    advice = "give another folder: dataplan init DIR"
    return write_files({root / name: content for name, content in files.items()}, advice)


def check_over(place: Path | str) -> None:
    """Raises OutputError if a file of the user's cannot be written anew where it is."""
    path = Path(place)
    if path.is_symlink():
        aim = os.path.realpath(path)
        raise OutputError(
            f"{path}: is a link, which is not written over; name {aim}, or --no-write"
        )
    if not path.stat().st_mode & 0o222 or not os.access(path, os.W_OK):
        raise OutputError(f"{path}: is read-only; make it writable, or use --no-write")
    if not os.access(path.absolute().parent, os.W_OK):
        raise OutputError(f"{path}: its folder is read-only; make it writable, or use --no-write")


def write_over(place: Path | str, text: str) -> None:
    """Write a file of the user's anew, in one step and with its mode. Raises OutputError."""
    check_over(place)
    path = Path(place)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(beside, "xb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, path.stat().st_mode & 0o7777)
        os.replace(beside, path)
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise OutputError(f"{path}: cannot be written: {reason}; use --no-write") from fault
    finally:
        beside.unlink(missing_ok=True)


def write_files(
    files: Mapping[Path, str] | Mapping[Path, bytes] | Mapping[Path, str | bytes],
    advice: str = ADVICE,
) -> tuple[Path, ...]:
    """Write all files beside their places, then rename them: none is ever half written, and on a
    fault nothing is left behind. Missing folders are made. Raises OutputError, with the advice."""
    waiting: list[tuple[Path, Path]] = []
    place = Path()
    try:
        for place, content in files.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.is_dir():
                raise IsADirectoryError(None, "a folder of that name is in the way")
            beside = place.with_name(f".{place.name}.{secrets.token_hex(4)}.tmp")
            waiting.append((beside, place))
            with open(beside, "xb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
        for beside, place in waiting:
            os.replace(beside, place)
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault)
        raise OutputError(f"{place}: cannot be written: {reason}; {advice}") from fault
    finally:
        for beside, _ in waiting:
            beside.unlink(missing_ok=True)
    return tuple(place for _, place in waiting)
