"""A table: named columns with unit and meaning, rows of plain values; and the only rounding."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

Value = str | int | float | datetime.date | None
Row = tuple[Value, ...]
Fact = tuple[str, Value, str, str]  # key, value, unit, meaning: a row of a summary

CENT, WHOLE = Decimal("0.01"), 1e14  # from which 15 digits hold no cents
DIGITS = 6  # significant, of errors, probabilities and unit costs


@dataclass(frozen=True)
class Column:
    """Name, unit and meaning of a column; unit "" where the values are texts."""

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """Rows of str, int, float, date or None (unknown or not limited) under named columns.

    Raises ValueError for rows of another length, repeated names and numbers that are not finite.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        if len(set(self.header)) != len(self.header):
            raise ValueError(f"table {self.name}: column names repeat: {self.header}")
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ValueError(f"table {self.name}: row {number} has {len(row)} cells")
            if any(isinstance(cell, float) and not math.isfinite(cell) for cell in row):
                raise ValueError(f"table {self.name}: row {number} is not finite: {row}")

    @property
    def header(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)

    def records(self) -> list[dict[str, Value]]:
        """One mapping column -> value per row."""
        return [dict(zip(self.header, row, strict=True)) for row in self.rows]

    def frame(self) -> pd.DataFrame:
        """The table as a DataFrame; unknown is missing."""
        import pandas as pd

        return pd.DataFrame(list(self.rows), columns=list(self.header))


def cent(value: float) -> float:
    """[currency] to the cent, half a cent away from zero, as spreadsheets round: they see the first
    15 digits, so that 1.005 is half a cent and no less."""
    if abs(value) >= WHOLE:
        return float(value)
    shown = Decimal(f"{float(value):.15g}").quantize(CENT, ROUND_HALF_UP)
    return float(shown) + 0.0


def money(value: float | None) -> float | None:
    """[currency] to the cent; None where unknown or not limited."""
    return None if value is None or not math.isfinite(value) else cent(value)


def figure(value: float | None, digits: int = DIGITS) -> float | None:
    """A number to `digits` significant digits; None where unknown or not limited."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{float(value):.{digits}g}") + 0.0


def whole(value: float | None) -> int | None:
    """An amount as a whole number; None where unknown or not limited."""
    return None if value is None or not math.isfinite(value) else round(float(value))


def unit_cost(variable: float, quantity: float) -> float | None:
    """[currency/example] to 6 significant digits, or as many more as quantity x unit cost needs to
    give back the cents; None for no quantity."""
    if quantity <= 0:
        return None
    cents = len(str(int(abs(variable) * 100))) + 1
    return figure(variable / quantity, max(DIGITS, cents))
