"""Runs of a sheet of an .xlsx file: typed cells with their addresses, formulas by saved values."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from planner.errors import Fault
from planner.intake.gathered import Gathered, NoValue
from sources.settings import nearest

MOST_ROWS = 1_000_000
MOST_UNPACKED = 1_000_000_000  # bytes; a workbook of runs is a thousandth of it
OLD = b"\xd0\xcf\x11\xe0"  # .xls, or an .xlsx with a password
NEEDS = 'pip install "dataplan[pilots]"'


def of_workbook(path: Path, here: str, sheet: str | None) -> tuple[Gathered | None, list[Fault]]:
    """The runs of one sheet, the first if none is named: names in the first row that is filled."""
    try:
        import openpyxl  # type: ignore[import-untyped]
        from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]
    except ImportError:
        return None, [Fault(here, None, "needs openpyxl to be read", NEEDS)]
    broken = (
        OSError,
        zipfile.BadZipFile,
        InvalidFileException,
        ParseError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
    )
    try:
        if fault := _unreadable(path, here):
            return None, [fault]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of features that have no effect on values
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                return _of_book(book, path, here, sheet)
            finally:
                book.close()
    except broken as error:
        problem = f"is no workbook that can be read: {str(error)[:120] or type(error).__name__}"
        return None, [Fault(here, None, problem, "save it anew as .xlsx")]


def _unreadable(path: Path, here: str) -> Fault | None:
    with path.open("rb") as file:
        if file.read(4) == OLD:
            problem = "is an old .xls file or has a password"
            return Fault(here, None, problem, "save it as .xlsx without a password")
    with zipfile.ZipFile(path) as packed:
        size = sum(each.file_size for each in packed.infolist())
    if size > MOST_UNPACKED:
        return Fault(here, size, f"unpacks to more than {MOST_UNPACKED:,} bytes")
    return None


def _of_book(
    book: Any, path: Path, here: str, sheet: str | None
) -> tuple[Gathered | None, list[Fault]]:
    names = [each.title for each in book.worksheets]
    if not names:
        return None, [Fault(here, None, "has no sheet of cells")]
    title = names[0] if sheet is None else sheet
    if title not in names:
        return None, [Fault(f"{here}#{title}", None, "is no sheet", nearest(title, names))]
    header, rows, numbers = _filled(book[title])
    where = f"{here} sheet {title}"
    if header is None:
        advice = f"other sheets: {', '.join(n for n in names if n != title)}" if names[1:] else ""
        return None, [Fault(where, None, "is empty", advice)]
    if len(rows) > MOST_ROWS:
        return None, [Fault(where, None, f"has more than {MOST_ROWS:,} runs")]
    width = max(len(header), *map(len, rows)) if rows else len(header)
    rows = [[*row, *[None] * (width - len(row))] for row in rows]
    titles = ["" if _blank(cell) else str(cell).strip() for cell in header]
    titles += [""] * (width - len(titles))
    used = [at for at in range(width) if titles[at] or any(not _blank(row[at]) for row in rows)]
    unsaved = any(row[at] is None for row in rows for at in used)
    formulas = _formulas(path, title) if unsaved or "" in titles else {}
    top = numbers[0]
    nameless = [at for at in used if not titles[at]]
    if nameless:
        cells = ", ".join(_address(title, top, at) for at in nameless[:5])
        if any((top, at) in formulas for at in nameless):
            problem, advice = "is a formula without a saved value", "open the file and save it"
        else:
            problem = "names no column, but numbers stand below"
            advice = "unmerge the header and give each column a name in its first filled row"
        return None, [Fault(f"{here} {cells}", None, problem, advice)]
    values = [
        [
            NoValue(formulas[line, at]) if row[at] is None and (line, at) in formulas else row[at]
            for row, line in zip(rows, numbers[1:], strict=True)
        ]
        for at in used
    ]
    notes: tuple[str, ...] = ()
    if sheet is None and len(names) > 1:
        notes = (f"{here}: sheet {title} of {len(names)} was read; another by {here}#SHEET",)
    return (
        Gathered(
            names=tuple(titles[at] for at in used),
            values=tuple(values),
            places=tuple(f"row {line}" for line in numbers[1:]),
            origin=where,
            lines=tuple(numbers[1:]),
            cell=lambda row, at: _address(title, numbers[1 + row], used[at]).partition("!")[2],
            notes=notes,
        ),
        [],
    )


def _filled(sheet: Any) -> tuple[list[Any] | None, list[list[Any]], list[int]]:
    """The first filled row, those below it, and their numbers; what a file says of its size is not
    believed."""
    sheet.reset_dimensions()
    header: list[Any] | None = None
    rows: list[list[Any]] = []
    numbers: list[int] = []
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        cells = list(row)
        while cells and _blank(cells[-1]):
            cells.pop()
        if not cells:
            continue
        numbers.append(number)
        if header is None:
            header = cells
        else:
            rows.append(cells)
            if len(rows) > MOST_ROWS:
                break
    return header, rows, numbers


def _formulas(path: Path, title: str) -> dict[tuple[int, int], str]:
    """(row, column from 0) -> formula, of all cells that hold one."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=False)
    try:
        sheet = book[title]
        sheet.reset_dimensions()
        return {
            (cell.row, cell.column - 1): str(getattr(cell.value, "text", cell.value))
            for row in sheet.iter_rows()
            for cell in row
            if getattr(cell, "data_type", "") == "f"
        }
    finally:
        book.close()


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _address(title: str, row: int, at: int) -> str:
    from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

    return f"{title}!{get_column_letter(at + 1)}{row}"
