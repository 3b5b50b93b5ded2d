"""Tables as CSV text: delimiter, decimals, and texts that no spreadsheet takes for formulas."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from planner.table import Table, Value

RUNNABLE = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # four are fullwidth
CONTROL = ("\t", "\r", "\n")
PARTING = ",;\t\r\n"  # what parts cells or rows where a file is opened with another delimiter
BOM = "\ufeff"


@dataclass(frozen=True)
class Style:
    """How CSV is written. Raises ValueError where decimal comma and delimiter are the same.

    delimiter      between cells: `,` or `;` or a tab
    decimal_comma  numbers as 1234,5 instead of 1234.5
    bom            begin with a byte order mark, by which Excel knows UTF-8
    """

    delimiter: str = ","
    decimal_comma: bool = False
    bom: bool = False

    def __post_init__(self) -> None:
        if self.decimal_comma and self.delimiter == ",":
            raise ValueError("a comma cannot both part cells and begin decimals")


PLAIN = Style()


def to_csv(table: Table, style: Style = PLAIN) -> str:
    """One table as CSV text (RFC 4180 with the style's delimiter; CRLF; unknown is empty).

    Texts and headers that a spreadsheet would run are neutralised; numbers stay numbers.
    """
    rows = [[_text(name, style) for name in table.header]]
    rows += [[_cell(value, style) for value in row] for row in table.rows]
    lines = "".join(f"{style.delimiter.join(row)}\r\n" for row in rows)
    return f"{BOM}{lines}" if style.bom else lines


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula: a leading apostrophe where one could start."""
    start = next((i for i, sign in enumerate(text) if not _unseen(sign)), len(text))
    return f"'{text}" if text.startswith(CONTROL) or text.startswith(RUNNABLE, start) else text


def _unseen(sign: str) -> bool:
    """Spaces, and marks without width, which spreadsheets skip before they look for a formula."""
    return sign.isspace() or unicodedata.category(sign) in {"Cc", "Cf"}


def inert(text: str, delimiter: str = ",") -> str:
    """Text of a cell, neutral as a whole and in each part into which it falls where the file is
    opened with another delimiter: then its quotes do not hold it together."""
    others = PARTING.replace(delimiter, "")
    first, *rest = re.split(f"([{others}])", text)  # parts, and what parts them, in turn
    return neutral(first + "".join(part if part in others else _opening(part) for part in rest))


def _opening(part: str) -> str:
    """A part that may open a cell, neutral also if the quotes before it go."""
    bare = part.replace('"', "")
    return part if neutral(bare) == bare else f"'{part}"


def _cell(value: Value, style: Style) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _text(value, style)
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15
        text = str(int(value)) if whole else repr(value)
        return text.replace(".", ",") if style.decimal_comma else text
    return str(value)


def _text(text: str, style: Style) -> str:
    """A text, in quotes where any spreadsheet could part it: many take every usual delimiter."""
    text = inert(text, style.delimiter)
    if not any(sign in text for sign in f'{PARTING}"'):
        return text
    quoted = text.replace('"', '""')
    return f'"{quoted}"'
