"""Documents of a corpus on disk, read one by one whatever their format and packing."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Literal

from sources import places, rowgroups
from sources.base import Fault, SourceError
from sources.frames import Frames
from sources.places import Place
from sources.records import Columns, Document, Span, column_at, text_of
from sources.settings import nearest

Split = Literal["file", "line", "paragraph"]
_ZERO = "is not text: it holds a zero byte"
_OTHER_MARKS = {";": "semicolons", "\t": "tabs", "|": "bars"}  # of a .csv that has no commas
_NO_TEXT = "is not UTF-8 text"
_MOST_WRONG = 20  # lines of a text, from which on a file of which they are the most is no text
_LONGEST_CELL = 2**31 - 1  # characters of a CSV cell


def texts(path: Path | str, *, column: str = "text", split: Split = "file") -> Iterator[str]:
    """The documents of one file, in order, duplicates included. Raises SourceError."""
    return (each.text for each in documents(path, column, split))


Found = tuple[str, Any]  # text of a document, its time stamp as it stands there


def documents(
    place: Place,
    column: Columns | str,
    split: Split,
    span: Span | None = None,
    bad: list[str] | None = None,
) -> Iterator[Document]:
    """Each document of a file. Raises SourceError naming the file.

    With a span only the lines that start in it are read (see `divisible`), of .parquet only those
    row groups. Where `bad` is given, records (lines, paragraphs, rows) that cannot be read are
    described there and passed over.
    """
    columns = Columns(column) if isinstance(column, str) else column
    packed, form = shape(place)
    try:
        if form == ".parquet":
            if packed:
                problem = "is a packed .parquet, which cannot be read"
                raise _fault(place, problem, "unpack it first")
            yield from rowgroups.documents(place, columns, span)
            return
        with _opened(place, packed) as (raw, stream):
            before = 0
            if span:
                before, data = _lines_of(raw, span)
                stream = io.BytesIO(data)
            # csv wants line ends as they are; a byte order mark is no text
            file = io.TextIOWrapper(
                stream,
                encoding="utf-8" if before else "utf-8-sig",
                newline="" if form == ".csv" else None,
                errors="surrogateescape" if bad is not None else None,
            )
            lines = partial(_lines_before, raw, before)
            if form == ".jsonl":
                found = _json_lines(file, columns, bad, lines)
            elif form == ".csv":
                found = _csv_rows(file, columns, bad)
            else:
                found = ((text, None) for text in _texts(file, split, bad, lines))
            for text, stamp in found:
                if "\0" in text:
                    raise ValueError(_ZERO)
                yield Document(text, raw.tell(), stamp)
    except SourceError:
        raise
    except UnicodeDecodeError:
        raise _fault(place, _NO_TEXT, "convert it, or move it elsewhere") from None
    except OSError as error:
        raise _fault(place, places.told(error)) from None
    except (ValueError, EOFError, RecursionError, zlib.error, csv.Error) as error:
        raise _fault(place, str(error) or type(error).__name__) from None


def shape(place: Place) -> tuple[str, str]:
    """Packing (.gz, .zst or none) and form (.jsonl, .csv, .parquet or any other ending)."""
    name = PurePath(places.name(place))
    packed = name.suffix.lower() if name.suffix.lower() in (".gz", ".zst") else ""
    return packed, PurePath(name.stem if packed else name.name).suffix.lower()


def columns_of(place: Place) -> list[str]:
    """Names of the columns of a file's first record; none where it is no table. Raises nothing
    for a file that cannot be read."""
    packed, form = shape(place)
    try:
        if form == ".parquet":
            return [] if packed else rowgroups.columns(place)
        with _opened(place, packed) as (_, stream):
            file = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", errors="replace")
            if form == ".csv":
                header = next(csv.reader(file), [])
                return [] if _other_mark(header) else header
            row = json.loads(file.readline() or "null") if form == ".jsonl" else None
            return list(row) if isinstance(row, dict) else []
    except (SourceError, OSError, ValueError, EOFError, RecursionError, zlib.error, csv.Error):
        return []


def divisible(place: Place, split: Split) -> bool:
    """Whether the documents of any span of the file can be read without the rest."""
    packed, form = shape(place)
    lines = form == ".jsonl" or (form not in (".csv", ".parquet") and split == "line")
    return lines and not packed


def whole_text(place: Place, split: Split) -> bool:
    """Whether the file is a single document, which `blocks` reads."""
    return split == "file" and shape(place)[1] not in (".jsonl", ".csv", ".parquet")


def blocks(place: Place, size: int) -> Iterator[str]:
    """The text of a file in blocks of `size` characters. Raises SourceError naming the file."""
    try:
        with _opened(place, shape(place)[0]) as (_, stream):
            file = io.TextIOWrapper(stream, encoding="utf-8-sig")
            while text := file.read(size):
                if "\0" in text:
                    raise ValueError(_ZERO)
                yield text
    except SourceError:
        raise
    except UnicodeDecodeError:
        raise _fault(place, _NO_TEXT, "convert it, or move it elsewhere") from None
    except OSError as error:
        raise _fault(place, places.told(error)) from None
    except (ValueError, EOFError, zlib.error) as error:
        raise _fault(place, str(error) or type(error).__name__) from None


def _lines_of(raw: BinaryIO, span: Span) -> tuple[int, bytes]:
    """The lines that start in the span, and where the first one does."""
    ends = []
    for at in span:
        raw.seek(max(0, at - 1))
        if at:
            raw.readline()
        ends.append(raw.tell())
    raw.seek(ends[0])
    return ends[0], raw.read(ends[1] - ends[0])


def _lines_before(raw: BinaryIO, end: int) -> int:
    if not end:
        return 0
    after = raw.tell()
    raw.seek(0)
    found, left = 0, end
    while left and (data := raw.read(min(left, 1 << 20))):
        found += data.count(b"\n")
        left -= len(data)
    raw.seek(after)
    return found


def _fault(place: Place, problem: str, advice: str = "") -> SourceError:
    return SourceError([Fault("path", str(place), problem, advice)])


@contextmanager
def _opened(place: Place, packed: str) -> Iterator[tuple[BinaryIO, Any]]:
    with places.opened(place) as raw:
        if packed == ".gz":
            with gzip.GzipFile(fileobj=raw) as stream:
                yield raw, stream
        elif packed == ".zst":
            try:
                import zstandard
            except ImportError:
                advice = 'pip install "dataplan[text]"'
                raise _fault(place, "needs the package zstandard", advice) from None
            unpacking = zstandard.ZstdDecompressor()
            with unpacking.stream_reader(Frames(raw), read_across_frames=True) as stream:
                try:
                    yield raw, stream
                except zstandard.ZstdError as error:
                    raise ValueError(f"is not sound .zst: {error}") from None
        else:
            yield raw, raw


def _texts(
    file: io.TextIOWrapper, split: Split, bad: list[str] | None, before: Callable[[], int]
) -> Iterator[str]:
    if split == "file":
        text = file.read()
        if not _is_sound(text):
            raise ValueError(_NO_TEXT)
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
            raise ValueError(f"{_NO_TEXT}: so are most of its first {good + wrong} {split}s")
        where = f"line {number + before()}"
        bad.append(f"{where if split == 'line' else f'paragraph from {where} on'} {_NO_TEXT}")


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


def _json_lines(
    file: io.TextIOWrapper, columns: Columns, bad: list[str] | None, before: Callable[[], int]
) -> Iterator[Found]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            text, stamp = _json_text(line, columns)
            if bad is not None and "\0" in text:
                raise ValueError(_ZERO)
        except (ValueError, RecursionError) as error:
            problem = f"line {number + before()} {error}"
            if bad is None:
                raise ValueError(problem) from None
            bad.append(problem)
        else:
            yield text, stamp


def _json_text(line: str, columns: Columns) -> Found:
    if not _is_sound(line):
        raise ValueError(_NO_TEXT)
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


def _csv_rows(file: io.TextIOWrapper, columns: Columns, bad: list[str] | None) -> Iterator[Found]:
    before = csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(file, strict=True)
    try:
        header = next(reader, [])
        if not all(map(_is_sound, header)):
            raise ValueError(_NO_TEXT)
        if columns.text not in header and (mark := _other_mark(header)):
            problem = f"has no column {columns.text!r}: its columns are parted by {mark}"
            raise ValueError(f"{problem}; save it with commas")
        at = column_at(header, columns.text)
        time = header.index(columns.time) if columns.time in header else len(header)
        for row in reader:
            text = row[at] if len(row) > at else ""
            if bad is not None and ("\0" in text or not _is_sound(text)):
                problem = _ZERO if "\0" in text else _NO_TEXT
                bad.append(f"row up to line {reader.line_num} {problem}")
                continue
            yield text, (row[time] if len(row) > time else None)
    except csv.Error as error:
        problem = f"stopped at line {reader.line_num}, the rest is not counted: {error}"
        raise ValueError(problem) from None
    finally:
        csv.field_size_limit(before)


def _other_mark(header: list[str]) -> str:
    """What parts the columns of a file instead of commas; "" where nothing shows it."""
    line = header[0] if len(header) == 1 else ""
    return next((name for mark, name in _OTHER_MARKS.items() if mark in line), "")
