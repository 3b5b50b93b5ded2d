"""What the data dictionary owes its reader."""

from __future__ import annotations

from collections.abc import Mapping

from planner.table import Table


def check_explained(tables: Mapping[str, Table]) -> None:
    """Fails where a column with an empty cell does not say when it is empty, or one with a number
    that is no count has no unit; the unit of a summary's value is beside it."""
    for name, table in tables.items():
        for at, column in enumerate(table.columns):
            cells = [row[at] for row in table.rows]
            told = f"{name}.{column.name}: {column.meaning}"
            assert None not in cells or "empty" in column.meaning, told
            if (name, column.name) != ("summary", "value"):
                assert column.unit or not any(isinstance(cell, float) for cell in cells), told
