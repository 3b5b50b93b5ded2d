"""Runs of a .parquet file: its columns as they are typed."""

from __future__ import annotations

from pathlib import Path

from planner.errors import Fault
from planner.intake.gathered import Gathered

MOST_ROWS = 1_000_000
NEEDS = 'pip install "dataplan[pilots]"'


def of_parquet(path: Path, here: str) -> tuple[Gathered | None, list[Fault]]:
    """Every column but the index that pandas may have kept; rows are counted from 1."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        return None, [Fault(here, None, "needs pyarrow to be read", NEEDS)]
    try:
        with ParquetFile(path) as file:
            if file.metadata.num_rows > MOST_ROWS:
                return None, [Fault(here, file.metadata.num_rows, f"more than {MOST_ROWS:,} runs")]
            table = file.read()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        problem = f"is no parquet file that can be read: {str(error)[:120]}"
        return None, [Fault(here, None, problem, "write it anew, as with DataFrame.to_parquet")]
    names = [name for name in table.column_names if not name.startswith("__index_level_")]
    return (
        Gathered(
            names=tuple(str(name).strip() for name in names),
            values=tuple(table.column(name).to_pylist() for name in names),
            places=tuple(f"row {row + 1}" for row in range(table.num_rows)),
            origin=here,
            cell=lambda row, _: f"row {row + 1}",
        ),
        [],
    )
