"""How a CSV text is written: its delimiter and its decimal sign, told from the text or refused."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from planner.errors import Fault

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
PLAIN = "write numbers without separators, with a decimal point"
_DECIMAL = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_POINTED_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
_POINT = re.compile(r"[+-]?\d*\.\d*(?:[eE][+-]?\d+)?")


def delimiter(text: str, words: Sequence[str]) -> tuple[str, list[Fault]]:
    """The delimiter that the first line is written with, or a fault where it may be two.

    It is the only one of comma, semicolon and tab outside quotes; of several the one between which
    most of `words` (the names to be expected) stand.
    """
    line = next((each for each in text.splitlines() if each.strip(" ,;\t")), "")
    found = {}
    for sign in DELIMITERS:
        try:
            cells = [cell.strip() for cell in next(csv.reader(io.StringIO(line), delimiter=sign))]
        except (csv.Error, StopIteration):
            continue
        if len(cells) > 1:
            found[sign] = len({*cells} & {*words})
    if len(found) < 2:
        return next(iter(found), ","), []
    best = max(found.values())
    likely = [sign for sign, count in found.items() if count == best]
    if len(likely) == 1:
        return likely[0], []
    if best == 0 and "," in likely:
        return ",", []  # its names are not known, which is then the fault
    both = " or ".join(DELIMITERS[sign] for sign in likely)
    problem = f"may be separated by {both}"
    return ",", [Fault("line 1", line[:80], problem, "quote the names that have such a sign")]


def records(
    text: str, here: str, faults: list[Fault], sign: str = ","
) -> Iterator[tuple[int, list[str]]]:
    """First line and cells of each record that is not blank; stops at what is no CSV."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=sign)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        faults.append(Fault(f"{here} line {line}", None, f"not CSV: {error}", "check the quotes"))


def with_points(
    columns: Sequence[tuple[str, Sequence[str]]],
    lines: Sequence[int],
    texts: Sequence[str],
    fractions: Sequence[str] = (),
) -> tuple[list[tuple[str, Sequence[str]]], list[Fault]]:
    """Columns of a file without commas between cells, decimal commas turned into points.

    texts are the names of columns that hold words, fractions those of columns that may hold others
    than whole numbers. 0,43 and 12,5 are decimal. 1,250 is so only in a column where others are;
    else it may be a thousand, and is refused, as is a point in a file with decimal commas: 1.250
    would be read as one and a quarter. So it would in a column of whole numbers, and is refused
    there unless another cell of the column has a point that can be nothing but decimal.
    """
    numbers = [(name, cells) for name, cells in columns if name not in texts]
    commas = any(_decimal(cell) for _, cells in numbers for cell in cells)
    faults, turned = [], []
    for name, cells in columns:
        if name in texts:
            turned.append((name, cells))
            continue
        decimal = any(_decimal(cell) for cell in cells)
        pointed = [cell.strip() for cell in cells if "." in cell]
        counted = name not in fractions and all(map(_POINTED_THOUSANDS.fullmatch, pointed))
        for line, cell in zip(lines, cells, strict=True):
            bare = cell.strip()
            if not decimal and _THOUSANDS.fullmatch(bare):
                problem = "may be thousands or a decimal"
            elif commas and "." in bare and (_POINT.fullmatch(bare) or "," in bare):
                problem = "has a point where other numbers have decimal commas"
            elif counted and "." in bare:
                problem = "may be thousands or a decimal"
            else:
                continue
            faults.append(Fault(f"line {line}, {name}", cell, problem, PLAIN))
        turned.append((name, [_pointed(cell) for cell in cells] if decimal else cells))
    return turned, faults


def _decimal(cell: str) -> bool:
    """Whether the comma of a cell can be nothing but decimal."""
    bare = cell.strip()
    return bool(_DECIMAL.fullmatch(bare)) and not _THOUSANDS.fullmatch(bare)


def _pointed(cell: str) -> str:
    return cell.replace(",", ".") if _DECIMAL.fullmatch(cell.strip()) else cell
