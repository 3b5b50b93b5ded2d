"""Documents of a corpus on disk, read one by one whatever their format and packing."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Literal, NamedTuple

from sources import places
from sources.base import Fault, SourceError
from sources.settings import nearest

Split = Literal["file", "line", "paragraph"]
_ZERO = "is not text: it holds a zero byte"
_LONGEST_CELL = 2**31 - 1  # characters of a CSV cell


def texts(path: Path | str, *, column: str = "text", split: Split = "file") -> Iterator[str]:
    """The documents of one file, in order, duplicates included. Raises SourceError."""
    return (each.text for each in documents(path, column, split))


Place = Path | str  # a file, or its address in a store (`sources.places`)
Span = tuple[int, int]  # bytes of a file, from the first to before the last
Found = tuple[str, Any]  # text of a document, its time stamp as it stands there


class Document(NamedTuple):
    """Text, bytes of the file read so far, the time stamp as it stands there (None without)."""

    text: str
    at: int
    stamp: Any


@dataclass(frozen=True)
class Columns:
    """Names of the columns that hold a document's text and, if asked for, its time stamp."""

    text: str = "text"
    time: str | None = None


def documents(
    place: Place,
    column: Columns | str,
    split: Split,
    span: Span | None = None,
    bad: list[str] | None = None,
) -> Iterator[Document]:
    """Each document of a file. Raises SourceError naming the file.

    With a span only the lines that start in it are read (see `divisible`). Where `bad` is given,
    records of .jsonl that cannot be read are described there and passed over.
    """
    columns = Columns(column) if isinstance(column, str) else column
    packed, form = shape(place)
    try:
        if form == ".parquet":
            yield from _parquet(place, columns, bool(packed))
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
                errors="surrogateescape" if form == ".jsonl" and bad is not None else None,
            )
            if form == ".jsonl":
                found = _json_lines(file, columns, bad, lambda: _lines_before(raw, before))
            else:
                found = _csv_rows(file, columns) if form == ".csv" else _plain(file, split)
            for text, stamp in found:
                if "\0" in text:
                    raise ValueError(_ZERO)
                yield Document(text, raw.tell(), stamp)
    except SourceError:
        raise
    except UnicodeDecodeError:
        raise _fault(place, "is not UTF-8 text", "convert it, or move it elsewhere") from None
    except (OSError, ValueError, EOFError, RecursionError, zlib.error, csv.Error) as error:
        raise _fault(place, str(error) or type(error).__name__) from None


def shape(place: Place) -> tuple[str, str]:
    """Packing (.gz, .zst or none) and form (.jsonl, .csv, .parquet or any other ending)."""
    name = PurePath(places.name(place))
    packed = name.suffix.lower() if name.suffix.lower() in (".gz", ".zst") else ""
    return packed, PurePath(name.stem if packed else name.name).suffix.lower()


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
        raise _fault(place, "is not UTF-8 text", "convert it, or move it elsewhere") from None
    except (OSError, ValueError, EOFError, zlib.error) as error:
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
            with zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True) as stream:
                try:
                    yield raw, stream
                except zstandard.ZstdError as error:
                    raise ValueError(f"is not sound .zst: {error}") from None
        else:
            yield raw, raw


def _plain(file: io.TextIOWrapper, split: Split) -> Iterator[Found]:
    return ((text, None) for text in _texts(file, split))


def _texts(file: io.TextIOWrapper, split: Split) -> Iterator[str]:
    if split == "file":
        yield file.read()
    elif split == "line":
        yield from (line.rstrip("\n") for line in file)
    else:
        lines: list[str] = []
        for line in file:
            if line.strip():
                lines.append(line)
            elif lines:
                yield "".join(lines).rstrip("\n")
                lines = []
        if lines:
            yield "".join(lines).rstrip("\n")


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
    try:
        line.encode()
    except UnicodeEncodeError:
        raise ValueError("is not UTF-8 text") from None
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
    return _text(row), stamp


def _csv_rows(file: io.TextIOWrapper, columns: Columns) -> Iterator[Found]:
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        reader = csv.reader(file, strict=True)
        header = next(reader, [])
        at = _column(header, columns.text)
        time = header.index(columns.time) if columns.time in header else len(header)
        for row in reader:
            yield (row[at] if len(row) > at else ""), (row[time] if len(row) > time else None)
    finally:
        csv.field_size_limit(before)


def _parquet(place: Place, columns: Columns, packed: bool) -> Iterator[Document]:
    if packed:
        raise _fault(place, "is a packed .parquet, which cannot be read", "unpack it first")
    try:
        from pyarrow import parquet
    except ImportError:
        advice = 'pip install "dataplan[text]"'
        raise _fault(place, "needs the package pyarrow", advice) from None
    with places.opened(place) as raw, parquet.ParquetFile(raw) as file:
        known = file.schema_arrow.names
        _column(known, columns.text)
        wanted = [each for each in (columns.text, columns.time) if each in known]
        read, rows = 0, max(1, file.metadata.num_rows)
        size = raw.seek(0, io.SEEK_END)
        for batch in file.iter_batches(batch_size=1000, columns=wanted):
            texts = batch.column(columns.text).to_pylist()
            timed = columns.time in wanted
            stamps = batch.column(columns.time).to_pylist() if timed else [None] * len(texts)
            for value, stamp in zip(texts, stamps, strict=True):
                read += 1
                try:
                    text = _text(value)
                except ValueError as error:
                    raise ValueError(f"row {read} {error}") from None
                yield Document(text, size * read // rows, stamp)


def _column(known: list[str], column: str) -> int:
    if column not in known:
        raise ValueError(f"has no column {column!r}; {nearest(column, known)}")
    return known.index(column)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"holds {type(value).__name__}, not text")
    return value
