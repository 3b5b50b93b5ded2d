"""A workbook under construction: styles, cells that hold a value beside each formula, references.

Text is always written as text: whatever it begins with, no spreadsheet runs it. Sheets are
protected without a password, and only inputs are unlocked.
"""

from __future__ import annotations

import datetime
import io
import math
import re
from typing import Any

from planner.errors import DataplanError
from planner.table import Value
from planner.workbook.text import MOST, safe

EXTRA = "pip install 'dataplan[workbook]'"
FONT, INK, PALE, INPUT, LINE = "Calibri", "#1B3A57", "#DCE6F1", "#FFF2CC", "#BFBFBF"
LONGEST = 8_000  # signs of a formula; Excel takes 8,192
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
BASE: dict[str, dict[str, Any]] = {
    "plain": {},
    "text": {"quote_prefix": True, "align": "left", "indent": 1},
    "right": {"quote_prefix": True, "align": "right"},
    "wrap": {"quote_prefix": True, "align": "left", "indent": 1, "text_wrap": True},
    "note": {
        "quote_prefix": True,
        "italic": True,
        "font_color": "#595959",
        "align": "left",
        "indent": 1,
    },
    "strong": {"quote_prefix": True, "bold": True},
    "title": {"quote_prefix": True, "bold": True, "font_size": 16, "font_color": INK},
    "section": {"quote_prefix": True, "bold": True, "font_size": 12, "font_color": INK},
    "head": {
        "quote_prefix": True,
        "bold": True,
        "text_wrap": True,
        "font_color": "#FFFFFF",
        "bg_color": INK,
        "align": "center",
        "valign": "top",
    },
    "unit": {
        "quote_prefix": True,
        "italic": True,
        "bg_color": PALE,
        "text_wrap": True,
        "align": "center",
    },
    "warn": {"quote_prefix": True, "text_wrap": True, "font_color": "#9C2A00"},
}
NUMBERS = {
    "money": "#,##0.00",
    "amount": "#,##0",
    "price": "#,##0.00####;-#,##0.00####;0.00",
    "tiny": "0.000E+00",
    "error": "0.0000",
    "share": "0.0%",
    "factor": "0.0%",
    "weeks": '[=0]0;[<0.1]"< 0.1";0.0',
    "day": "yyyy-mm-dd",
    "figure": "General",
    "count": "0",
}


def ref(row: int, column: int, sheet: str = "") -> str:
    """The cell as a formula names it, rows and columns counted from 0, always the same cell."""
    name, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        name = chr(65 + letter) + name
    return f"{sheet}{'!' if sheet else ''}${name}${row + 1}"


def span(row: int, column: int, last_row: int, last_column: int, sheet: str = "") -> str:
    """A block of cells as a formula names it."""
    return f"{ref(row, column, sheet)}:{ref(last_row, last_column)}"


def number(value: float) -> str:
    """A number as formulas write it."""
    return repr(float(value)).upper()


class Book:
    """Sheets in order, and the bytes of the file; the same calls give the same bytes.

    Raises DataplanError where XlsxWriter is not installed.
    """

    def __init__(self, title: str, currency: str, made: datetime.date) -> None:
        try:
            import xlsxwriter  # type: ignore[import-untyped]
        except ImportError:
            raise DataplanError(f"a workbook needs XlsxWriter: {EXTRA}") from None
        self._file = io.BytesIO()
        self.file = xlsxwriter.Workbook(self._file, OPTIONS)
        self.file.set_properties(
            {
                "title": safe(title, 200),
                "author": "dataplan",
                "created": datetime.datetime.combine(made, datetime.time()),
            }
        )
        self.file.set_calc_mode("auto")
        self.planned: dict[str, float | str] = {}  # value of each formula by its cell
        self._styles: dict[tuple[str, bool, bool], Any] = {}
        coded = re.fullmatch("[A-Z]{3}", currency)
        self._cash = f"[${currency}] #,##0.00" if coded else NUMBERS["money"]

    def style(self, name: str, given: bool = False, bold: bool = False) -> Any:
        """A style by name; `given` for a cell that the user may change."""
        key = (name, given, bold)
        if key not in self._styles:
            look = {"font_name": FONT, "font_size": 10, "valign": "top", **BASE.get(name, {})}
            if name == "cash":
                look["num_format"] = self._cash
            elif name in NUMBERS:
                look["num_format"] = NUMBERS[name]
            if given:
                look |= {"bg_color": INPUT, "locked": False, "border": 1, "border_color": "#C09000"}
            if bold:
                look |= {"bold": True, "top": 1}
            self._styles[key] = self.file.add_format(look)
        return self._styles[key]

    def name(self, name: str, cell: str) -> None:
        """Define a name for a cell or block of cells."""
        self.file.define_name(name, f"={cell}")

    def bytes(self) -> bytes:
        """The finished file."""
        self.file.close()
        return self._file.getvalue()


class Sheet:
    """A sheet of a book: cells are put by row and column, both counted from 0."""

    def __init__(self, book: Book, name: str) -> None:
        self.book, self.name = book, name
        self.page = book.file.add_worksheet(name)
        self._last = [0, 0]

    def at(self, row: int, column: int) -> str:
        """The cell as formulas of other sheets name it."""
        return ref(row, column, self.name)

    def text(self, row: int, column: int, text: str, style: str = "text") -> None:
        """Put text, as text."""
        self._reach(row, column)
        self.page.write_string(row, column, safe(text, MOST), self.book.style(style))

    def put(self, row: int, column: int, value: Value, style: str, given: bool = False) -> None:
        """Put a value in a style; unknown, or not finite, is an empty cell."""
        self._reach(row, column)
        look = self.book.style(style, given)
        if isinstance(value, str):
            self.page.write_string(row, column, safe(value), look)
        elif isinstance(value, datetime.date):
            self.page.write_datetime(row, column, value, look)
        elif value is None or not math.isfinite(value):
            self.page.write_blank(row, column, None, look)
        else:
            self.page.write_number(row, column, float(value), look)

    def formula(
        self,
        row: int,
        column: int,
        formula: str,
        value: float | str,
        style: str,
        bold: bool = False,
    ) -> None:
        """Put a formula and the value that it has."""
        assert len(formula) < LONGEST, (self.name, row, column, len(formula))
        self._reach(row, column)
        shown = safe(value) if isinstance(value, str) else float(value)
        self.book.planned[self.at(row, column)] = shown
        self.page.write_formula(
            row, column, f"={formula}", self.book.style(style, bold=bold), shown
        )

    def merged(self, row: int, column: int, last: int, text: str, style: str = "wrap") -> None:
        """Put text over several columns."""
        self._reach(row, last)
        self.page.merge_range(row, column, row, last, "", self.book.style(style))
        self.page.write_string(row, column, safe(text), self.book.style(style))

    def heads(self, row: int, column: int, names: list[str], height: float = 30) -> None:
        """Put the heads of a table."""
        self.page.set_row(row, height)
        for k, name in enumerate(names):
            self.text(row, column + k, name, "head")

    def widths(self, *widths: float) -> None:
        """Set the widths of the first columns."""
        for column, width in enumerate(widths):
            self.page.set_column(column, column, width)

    def finish(
        self,
        freeze: tuple[int, int],
        repeat: tuple[int, int] | None = None,
        printed: bool = True,
        wide: int = 1,
    ) -> None:
        """Protect, freeze and set up the page for printing: all columns on `wide` pages, the frozen
        ones on each."""
        page = self.page
        page.protect("", {"format_columns": True, "format_rows": True, "objects": True})
        page.freeze_panes(*freeze)
        page.hide_gridlines(2)
        page.set_landscape()
        page.set_paper(9)
        page.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        page.fit_to_pages(wide, 0)
        if wide > 1:
            page.repeat_columns(0, freeze[1] - 1)
        page.set_row(0, 24)
        if printed:
            page.print_area(0, 0, *self._last)
        page.set_footer("&L&8dataplan&C&8&A&R&8&P / &N")
        if repeat:
            page.repeat_rows(*repeat)

    def reach(self, row: int, column: int) -> None:
        """Let the printed area go at least this far, for charts."""
        self._reach(row, column)

    def _reach(self, row: int, column: int) -> None:
        self._last = [max(self._last[0], row), max(self._last[1], column)]
