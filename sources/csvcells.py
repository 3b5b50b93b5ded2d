"""The text of one column in a piece of a CSV file that starts anywhere.

Whether the piece starts inside quotes is not known. Both are tried, and the one that breaks fewer
rules is taken: a quote ends a field only before a comma or a line's end, starts one only after
these, and every whole record has as many fields as the header (Ge et al. 2019, Speculative
Distributed CSV Data Parsing for Big Data Analytics, doi 10.1145/3299869.3319898). A piece of the
inside of a single field is taken for the text if nothing tells otherwise.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import NamedTuple

_SIGN = re.compile(r'"|,|\r?\n')


@dataclass(frozen=True)
class Shape:
    """Of a file: number of columns, which one holds the text, whether most of it is quoted."""

    columns: int
    text: int
    quoted: bool


class Piece(NamedTuple):
    """Texts of the column in a piece, the first and last of them cut; records that start in it."""

    texts: tuple[str, ...]
    records: int


def shape(head: str, column: str) -> Shape | None:
    """From the start of a file; None if it has no such column."""
    reader = csv.reader(io.StringIO(head, newline=""))
    header = next(reader, [])
    if column not in header:
        return None
    quotes = [len(part) for at, part in enumerate(head.split('"')) if at % 2]
    return Shape(len(header), header.index(column), 2 * sum(quotes) > len(head))


def piece(data: str, shape: Shape, fresh: bool) -> Piece:
    """The text in `data`, which starts a record if `fresh`."""
    if fresh:
        rows, _ = _rows(data, False, shape.columns, fresh=True)
        return _picked(rows, shape, fresh=True)
    outside, inside = (_rows(data, quoted, shape.columns, fresh=False) for quoted in (False, True))
    if inside[1] == outside[1]:
        rows = (inside if shape.quoted else outside)[0]
    else:
        rows = min(inside, outside, key=lambda found: found[1])[0]
    return _picked(rows, shape, fresh=False)


def _rows(data: str, quoted: bool, columns: int, *, fresh: bool) -> tuple[list[list[str]], int]:
    """Records as lists of fields, the first and last of them cut; how many rules are broken."""
    rows: list[list[str]] = [[]]
    broken = start = 0
    opened = -1 if quoted and not fresh else 0  # where a quote may open a field
    at = 0
    while found := _SIGN.search(data, at):
        at = found.end()
        if quoted:
            if found[0] != '"':
                continue
            if data.startswith('"', at):
                at += 1
                continue
            quoted = False
            broken += at < len(data) and data[at] not in ",\r\n"
        elif found[0] == '"':
            broken += found.start() != opened
            quoted = True
        else:
            rows[-1].append(data[start : found.start()])
            start = opened = at
            if found[0] != ",":
                broken += len(rows[-1]) > columns or (len(rows) > 1 and len(rows[-1]) != columns)
                rows.append([])
    rows[-1].append(data[start:])
    broken += len(rows[-1]) > columns
    return rows, broken


def _picked(rows: list[list[str]], shape: Shape, *, fresh: bool) -> Piece:
    found = []
    for number, row in enumerate(rows):
        if number or fresh:
            at = shape.text
        elif len(rows) > 1:  # its last field is the record's last
            at = shape.text - (shape.columns - len(row))
        else:
            longest = max(range(len(row)), key=lambda field: len(row[field]))
            at = longest if shape.columns > 1 else 0
        if 0 <= at < len(row):
            found.append(_unquoted(row[at]))
    starts = 0
    for number, row in enumerate(rows):
        whole = len(row) > shape.text + (number + 1 == len(rows))  # the text's end is in the piece
        blank = whole and _unquoted(row[shape.text]).strip() == ""
        starts += (number > 0 or fresh) and any(row) and not blank
    return Piece(tuple(found), starts)


def _unquoted(field: str) -> str:
    """Without the quotes around a field, of which a cut one has one or none."""
    if field == '""':
        return ""
    if (len(field) - len(field.lstrip('"'))) % 2:
        field = field[1:]
    if (len(field) - len(field.rstrip('"'))) % 2:
        field = field[:-1]
    return field.replace('""', '"')
