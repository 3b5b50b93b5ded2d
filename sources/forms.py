"""Records of a file by its form: lines and paragraphs of text, rows of .jsonl and .csv."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sources.records import Columns, column_at, text_of
from sources.settings import nearest

if TYPE_CHECKING:
    from sources.documents import Split

Found = tuple[str, Any]  # text of a document, its time stamp as it stands there
ZERO = "is not text: it holds a zero byte"
_OTHER_MARKS = {";": "semicolons", "\t": "tabs", "|": "bars"}  # of a .csv that has no commas
NO_TEXT = "is not UTF-8 text"
_MOST_WRONG = 20  # lines of a text, from which on a file of which they are the most is no text
_LONGEST_CELL = 2**31 - 1  # characters of a CSV cell


def texts(
    file: io.TextIOWrapper, split: Split, bad: list[str] | None, before: Callable[[], int]
) -> Iterator[str]:
    """The text, its lines or its paragraphs; those with bad bytes go to `bad` if that is given."""
    if split == "file":
        text = file.read()
        if not _is_sound(text):
            raise ValueError(NO_TEXT)
        yield text
        return
    good = wrong = 0
    for number, text in _lines(file) if split == "line" else _paragraphs(file):
        if bad is None or _is_sound(text):
            good += 1
            yield text
            continue
        wrong += 1
        if wrong > _MOST_WRONG and wrong > good:
            raise ValueError(f"{NO_TEXT}: so are most of its first {good + wrong} {split}s")
        where = f"line {number + before()}"
        bad.append(f"{where if split == 'line' else f'paragraph from {where} on'} {NO_TEXT}")


def _lines(file: io.TextIOWrapper) -> Iterator[tuple[int, str]]:
    """Each line with its number."""
    return ((number, line.rstrip("\n")) for number, line in enumerate(file, start=1))


def _paragraphs(file: io.TextIOWrapper) -> Iterator[tuple[int, str]]:
    """Each paragraph with the number of its first line."""
    lines: list[str] = []
    number = 0
    for number, line in enumerate(file, start=1):
        if line.strip():
            lines.append(line)
        elif lines:
            yield number - len(lines), "".join(lines).rstrip("\n")
            lines = []
    if lines:
        yield number + 1 - len(lines), "".join(lines).rstrip("\n")


def _is_sound(text: str) -> bool:
    """Whether all bytes of a text, those that are none escaped, were UTF-8."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def json_lines(
    file: io.TextIOWrapper, columns: Columns, bad: list[str] | None, before: Callable[[], int]
) -> Iterator[Found]:
    """Each record; those that cannot be read go to `bad` if that is given."""
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            text, stamp = _json_text(line, columns)
            if bad is not None and "\0" in text:
                raise ValueError(ZERO)
        except (ValueError, RecursionError) as error:
            problem = f"line {number + before()} {error}"
            if bad is None:
                raise ValueError(problem) from None
            bad.append(problem)
        else:
            yield text, stamp


def _json_text(line: str, columns: Columns) -> Found:
    if not _is_sound(line):
        raise ValueError(NO_TEXT)
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg}") from None
    stamp = None
    if isinstance(row, dict):
        if columns.text not in row:
            advice = nearest(columns.text, [str(key) for key in row])
            raise ValueError(f"has no {columns.text!r}; {advice}")
        stamp = row.get(columns.time) if columns.time else None
        row = row[columns.text]
    return text_of(row), stamp


def csv_rows(file: io.TextIOWrapper, columns: Columns, bad: list[str] | None) -> Iterator[Found]:
    """Each row; those with bad bytes in their text go to `bad` if that is given."""
    before = csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(file, strict=True)
    try:
        header = next(reader, [])
        if not all(map(_is_sound, header)):
            raise ValueError(NO_TEXT)
        if columns.text not in header and (mark := other_mark(header)):
            problem = f"has no column {columns.text!r}: its columns are parted by {mark}"
            raise ValueError(f"{problem}; save it with commas")
        at = column_at(header, columns.text)
        time = header.index(columns.time) if columns.time in header else len(header)
        for row in reader:
            text = row[at] if len(row) > at else ""
            if bad is not None and ("\0" in text or not _is_sound(text)):
                problem = ZERO if "\0" in text else NO_TEXT
                bad.append(f"row up to line {reader.line_num} {problem}")
                continue
            yield text, (row[time] if len(row) > time else None)
    except csv.Error as error:
        problem = f"stopped at line {reader.line_num}, the rest is not counted: {error}"
        raise ValueError(problem) from None
    finally:
        csv.field_size_limit(before)


def other_mark(header: list[str]) -> str:
    """What parts the columns of a file instead of commas; "" where nothing shows it."""
    line = header[0] if len(header) == 1 else ""
    return next((name for mark, name in _OTHER_MARKS.items() if mark in line), "")
