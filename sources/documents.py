"""Documents of a corpus on disk, read one by one whatever their format and packing."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Literal

from sources import forms, places, rowgroups
from sources.base import Fault, SourceError
from sources.frames import Frames
from sources.places import Place
from sources.records import Columns, Document, Span

Split = Literal["file", "line", "paragraph"]


def texts(path: Path | str, *, column: str = "text", split: Split = "file") -> Iterator[str]:
    """The documents of one file, in order, duplicates included. Raises SourceError."""
    return (each.text for each in documents(path, column, split))


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
            lines = cache(partial(_lines_before, raw, before))  # the same for every bad line
            if form == ".jsonl":
                found = forms.json_lines(file, columns, bad, lines)
            elif form == ".csv":
                found = forms.csv_rows(file, columns, bad)
            else:
                found = ((text, None) for text in forms.texts(file, split, bad, lines))
            for text, stamp in found:
                if "\0" in text:
                    raise ValueError(forms.ZERO)
                yield Document(text, raw.tell(), stamp)
    except SourceError:
        raise
    except UnicodeDecodeError:
        raise _fault(place, forms.NO_TEXT, "convert it, or move it elsewhere") from None
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
                return [] if forms.other_mark(header) else header
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
                    raise ValueError(forms.ZERO)
                yield text
    except SourceError:
        raise
    except UnicodeDecodeError:
        raise _fault(place, forms.NO_TEXT, "convert it, or move it elsewhere") from None
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
