"""Opens files that a user names: their text, and what a TOML file holds; says what is wrong."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

from planner.errors import Fault, InputError
from sources.settings import nearest

MOST_BYTES = 10_000_000  # of a project file; more than that is some other file


def toml_of(place: Path) -> dict[str, Any]:
    """What a TOML file holds. Raises InputError with line, column and what to do."""
    text = text_of(place, MOST_BYTES)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        problem = re.sub(r" \(at .*\)$", "", str(error))
        end = f"line {text.count(chr(10)) + 1}, the end of the file"
        where = f"line {found[1]}, column {found[2]}" if found else end
        line = text.split("\n")[int(found[1]) - 1].strip() if found else None
        fault = Fault(where, line, f"not TOML: {problem}", _toml_advice(problem, line))
    except (ValueError, RecursionError) as error:
        fault = Fault("file", None, f"not TOML that can be read: {error}")
    raise InputError(str(place), [fault])


def _toml_advice(problem: str, line: str | None) -> str:
    if "overwrite" in problem or "twice" in problem or "declare" in problem:
        return "a key or a table may appear only once"
    if line and line.startswith("["):
        return 'put a name with blanks, signs or accents in quotes, as in [sources."name"]'
    return "text needs quotes, numbers and dates none"


def text_of(place: Path, most: int | None = None) -> str:
    """Text of a UTF-8 file, with or without a byte order mark. Raises InputError."""
    try:
        if most is not None and place.stat().st_size > most:
            raise InputError(str(place), [Fault("file", None, f"is larger than {most:,} bytes")])
        with place.open(encoding="utf-8-sig", newline="") as file:
            return file.read()
    except FileNotFoundError:
        problem = "there is no such file"
        advice = _like(place)
    except IsADirectoryError:
        problem, advice = "is a folder", f"name the file in it, as in {place / 'project.toml'}"
    except UnicodeDecodeError as error:
        problem, advice = f"is not UTF-8 text (byte {error.start})", "save it as UTF-8"
    except (OSError, ValueError) as error:
        problem, advice = f"cannot be read: {getattr(error, 'strerror', None) or error}", ""
    raise InputError(str(place), [Fault("file", None, problem, advice)])


def digest_of(place: Path) -> str:
    """SHA-256 of a file; of a folder, that of the names and sizes of all files in it. Raises
    OSError."""
    found = hashlib.sha256()
    if place.is_dir():
        inside = sorted(each for each in place.rglob("*") if each.is_file())
        for each in inside:
            found.update(f"{each.relative_to(place)}\0{each.stat().st_size}\n".encode())
        return found.hexdigest()
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _like(place: Path) -> str:
    """Names the file that may have been meant."""
    if not place.parent.is_dir():
        return f"there is no folder {place.parent} either"
    same = sorted(p.name for p in place.parent.iterdir() if p.suffix == place.suffix)[:10]
    return nearest(place.name, same) or "dataplan init writes a project to start from"
