"""What a place holds, told by its first bytes or its name, and the reader that it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from planner.errors import Fault
from planner.intake.asked import Asked, Location
from planner.intake.database import database
from planner.intake.folder import Folder
from planner.intake.gathered import Gathered
from planner.intake.parquet import of_parquet
from planner.intake.server import server
from planner.intake.sheet import OLD, of_workbook
from planner.intake.tracking import of_store

Kind = Literal["text", "workbook", "parquet", "database", "folder", "server"]
STORES: tuple[Kind, ...] = ("database", "folder", "server")
STARTS: dict[bytes, Kind] = {
    b"SQLite format 3\0": "database",
    b"PAR1": "parquet",
    b"PK\x03\x04": "workbook",
    OLD: "workbook",
}
NAMED: dict[str, Kind] = {
    ".xlsx": "workbook",
    ".xlsm": "workbook",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".db": "database",
    ".sqlite": "database",
    ".sqlite3": "database",
}
REFUSED = {
    ".xls": "save it as .xlsx",
    ".xlsb": "save it as .xlsx",
    ".ods": "save it as .xlsx",
    ".numbers": "export it as .xlsx or .csv",
    ".feather": "write it with DataFrame.to_parquet",
    ".pkl": "write it with DataFrame.to_parquet",
    ".json": "write it with DataFrame.to_csv",
    ".jsonl": "write it with DataFrame.to_csv",
    ".gz": "unpack it first",
    ".zip": "unpack it first",
}


def kind_of(where: Location) -> tuple[Kind, list[Fault]]:
    """What is there; a fault where it is nothing that is read. What is missing counts as text."""
    if where.path is None:
        return "server", []
    path = where.path
    suffix = path.suffix.lower()
    try:
        if path.is_dir():
            return "folder", []
        if suffix in REFUSED and path.exists():
            return "text", [Fault(where.shown, None, "is not read", REFUSED[suffix])]
        with path.open("rb") as file:
            head = file.read(16)
    except (OSError, ValueError):
        return "text", []  # whoever reads it says what is wrong
    for start, kind in STARTS.items():
        if head.startswith(start):
            return kind, []
    return NAMED.get(suffix, "text"), []


def misplaced(kind: Kind, asked: Asked, here: str) -> list[Fault]:
    """What is asked of a place that has no such thing."""
    faults = []
    if asked.sheet is not None and kind != "workbook":
        faults.append(Fault(f"{here} sheet", asked.sheet, "only an .xlsx file has sheets"))
    if kind in STORES:
        return faults
    if asked.experiment is not None:
        problem = "only an MLflow store has experiments"
        advice = "pick runs by the value of a column with where"
        faults.append(Fault(f"{here} experiment", asked.experiment, problem, advice))
    if asked.take != "last":
        problem = "a table has one value a run; the values of all steps are in MLflow stores only"
        faults.append(Fault(f"{here} take", asked.take, problem, "name the column to take"))
    return faults


def gathered(
    where: Location, kind: Kind, asked: Asked, here: str
) -> tuple[Gathered | None, list[Fault]]:
    """The runs of anything but text, or every fault. Raises InputError for a store that fails."""
    if where.path is None:
        assert where.address is not None
        with server(where.address, here) as store:
            return of_store(store, here, asked)
    if kind == "database":
        with database(where.path, here) as store:
            return of_store(store, here, asked)
    if kind == "folder":
        return of_store(Folder(where.path, here), here, asked)
    if kind == "workbook":
        return of_workbook(where.path, here, asked.sheet)
    return of_parquet(Path(where.path), here)
