"""Where pilot runs are and what to take of them: `runs.xlsx#Sheet`, `mlflow.db?experiment=a`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from planner.errors import Fault

Take = Literal["last", "best"]
YES, NO = {"true", "1", "yes"}, {"false", "0", "no"}
OWN = ("experiment", "take", "sheet", "unused_is_zero")  # keys behind a `?` that are no columns
OTHER_STORES = ("postgresql", "mysql", "mssql", "databricks", "s3", "gs", "dbfs", "wasbs")


@dataclass(frozen=True)
class Asked:
    """What to take of a store or a table.

    columns         word of the pilots (error, a source, seed, ...) -> its name there; of `error`
                    also `1 - NAME` for a score and `NAME / 100` for percent
    where           name there -> value that the runs to take have
    experiment      of an MLflow store; None: the only one that has runs
    take            of a metric that was logged at several steps: the last, or the best value
    sheet           of a workbook; None: the first
    unused_is_zero  whether an amount that a run does not have was 0
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    experiment: str | None = None
    take: Take = "last"
    sheet: str | None = None
    unused_is_zero: bool = False


@dataclass(frozen=True)
class Location:
    """A place where runs are kept.

    path     of a file or folder, None for a server
    address  of a server, None for a path
    shown    what messages call it: without what is behind `#` and `?`, without a password
    """

    path: Path | None
    address: str | None
    shown: str
    asked: Asked


def located(text: str, folder: Path | None = None) -> tuple[Location | None, list[Fault]]:
    """A place as a user writes it, relative to `folder` -> where it is, or what is wrong with it.

    A file that is really called so, `#` and `?` included, is taken at its word.
    """
    if not urlsplit_scheme(text) and _is_there(_below(folder, text)):
        return Location(_below(folder, text), None, text, Asked()), []
    place, _, query = text.partition("?")
    place, _, sheet = place.partition("#")
    if not sheet and "#" in query:
        query, _, sheet = query.partition("#")
    asked, faults = _asked(query)
    if sheet:
        asked = replace(asked, sheet=unquote(sheet))
    scheme = urlsplit_scheme(place)
    if scheme in ("http", "https"):
        parts = urlsplit(place)
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        if not parts.hostname:
            faults.append(Fault("pilots", shown, "names no server", "as in http://tracking:5000"))
        elif "@" in parts.netloc:
            advice = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD in the environment"
            faults.append(Fault(shown, None, "must not hold a name or password", advice))
        return (None, faults) if faults else (Location(None, place, shown, asked), [])
    if scheme.partition("+")[0] in OTHER_STORES:
        advice = "start `mlflow server --backend-store-uri` with it and give the server's address"
        faults.append(Fault("pilots", f"{scheme}:", "is a store that is not read directly", advice))
    elif scheme == "sqlite":
        place = re.sub(r"^sqlite:/{0,3}", "", place, flags=re.IGNORECASE)
    elif scheme == "file":
        place = unquote(re.sub(r"^file:(//(localhost)?(?=/))?", "", place, flags=re.IGNORECASE))
    if faults:
        return None, faults
    return Location(_below(folder, place), None, place, asked), []


def urlsplit_scheme(text: str) -> str:
    """Lower-case scheme of an address, "" for a path; one letter is a drive of Windows."""
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):", text)
    known = ("http", "https", "sqlite", "file", *OTHER_STORES)
    scheme = found[1].lower() if found else ""
    return scheme if scheme.partition("+")[0] in known else ""


def merged(asked: Asked, given: Mapping[str, Any]) -> Asked:
    """What is asked, with the keys that a project file gives beside the place; these win."""
    known = {key: value for key, value in given.items() if value not in (None, {})}
    return replace(asked, **known)


def _below(folder: Path | None, text: str) -> Path:
    return Path(text) if folder is None else folder / text


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _asked(query: str) -> tuple[Asked, list[Fault]]:
    """What is behind the `?`: keys of `Asked`, `where.NAME`, and names of columns."""
    found: dict[str, Any] = {"columns": {}, "where": {}}
    faults = []
    # a `+` is a sign like any other here: names of metrics have it, and nobody encodes by hand
    for key, value in parse_qsl(query.replace("+", "%2B"), keep_blank_values=True):
        if not value:
            faults.append(Fault(f"?{key}", None, "has no value", f"write {key}=..."))
        elif key == "take" and value not in ("last", "best"):
            faults.append(Fault("?take", value, "must be last or best"))
        elif key == "unused_is_zero" and value.lower() not in YES | NO:
            faults.append(Fault("?unused_is_zero", value, "must be true or false"))
        elif key == "unused_is_zero":
            found[key] = value.lower() in YES
        elif key in OWN:
            found[key] = value
        elif key.startswith("where."):
            found["where"][key.removeprefix("where.")] = value
        else:
            found["columns"][key.removeprefix("columns.")] = value
    return Asked(**found), faults
