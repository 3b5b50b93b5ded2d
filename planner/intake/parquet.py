"""Runs of a .parquet file: its columns as they are typed."""

from __future__ import annotations

from pathlib import Path

from planner.errors import Fault
from planner.intake.gathered import Gathered

MOST_ROWS = 1_000_000
NEEDS = 'pip install "dataplan[pilots]"'


def of_parquet(path: Path, here: str) -> tuple[Gathered | None, list[Fault]]:
    """Every column but an index that pandas kept without a name; rows are counted from 1."""
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
    columns = [
        (name.strip(), table.column(at).to_pylist())
        for at, name in enumerate(table.column_names)
        if not name.startswith("__index_level_")
    ]
    # pandas writes an index of evenly spaced numbers in the metadata alone; one with a name counts
    for index in (table.schema.pandas_metadata or {}).get("index_columns", ()):
        if isinstance(index, dict) and index.get("name"):
            values = range(index["start"], index["stop"], index["step"])
            columns.append((index["name"].strip(), list(values)))
    return (
        Gathered(
            names=tuple(name for name, _ in columns),
            values=tuple(values for _, values in columns),
            places=tuple(f"row {row + 1}" for row in range(table.num_rows)),
            origin=here,
            cell=lambda row, _: f"row {row + 1}",
        ),
        [],
    )
