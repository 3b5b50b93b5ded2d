"""Documents of a corpus on disk, read one by one whatever their format and packing."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal

from sources.base import Fault, SourceError
from sources.settings import nearest

Split = Literal["file", "line", "paragraph"]
_ZERO = "is not text: it holds a zero byte"
_LONGEST_CELL = 2**31 - 1  # characters of a CSV cell


def texts(path: Path | str, *, column: str = "text", split: Split = "file") -> Iterator[str]:
    """The documents of one file, in order, duplicates included. Raises SourceError."""
    return (text for text, _ in documents(Path(path), column, split))


def files(paths: Iterable[Path | str]) -> list[Path]:
    """Files at the paths and below, each once, in order of name."""
    found: dict[Path, None] = {}
    faults = []
    for path in map(Path, paths):
        if path.is_dir():
            for folder, inner, names in os.walk(path):
                inner[:] = sorted(each for each in inner if not each.startswith("."))
                for name in sorted(names):
                    if not name.startswith(".") and (Path(folder) / name).is_file():
                        found[Path(folder) / name] = None
        elif path.is_file():
            found[path] = None
        else:
            faults.append(Fault("path", str(path), "there is no such file or folder"))
    if faults:
        raise SourceError(faults)
    return list(found)


Span = tuple[int, int]  # bytes of a file, from the first to before the last


def documents(
    place: Path, column: str, split: Split, span: Span | None = None, bad: list[str] | None = None
) -> Iterator[tuple[str, int]]:
    """Each document with the bytes of the file read so far. Raises SourceError naming the file.

    With a span only the lines that start in it are read (see `divisible`). Where `bad` is given,
    records of .jsonl that cannot be read are described there and passed over.
    """
    packed, form = shape(place)
    try:
        if form == ".parquet":
            yield from _parquet(place, column, bool(packed))
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
                found = _json_lines(file, column, bad, lambda: _lines_before(raw, before))
            else:
                found = _csv_rows(file, column) if form == ".csv" else _plain(file, split)
            for text in found:
                if "\0" in text:
                    raise ValueError(_ZERO)
                yield text, raw.tell()
    except SourceError:
        raise
    except UnicodeDecodeError:
        raise _fault(place, "is not UTF-8 text", "convert it, or move it elsewhere") from None
    except (OSError, ValueError, EOFError, RecursionError, zlib.error, csv.Error) as error:
        raise _fault(place, str(error) or type(error).__name__) from None


def shape(place: Path) -> tuple[str, str]:
    """Packing (.gz, .zst or none) and form (.jsonl, .csv, .parquet or any other ending)."""
    packed = place.suffix.lower() if place.suffix.lower() in (".gz", ".zst") else ""
    return packed, Path(place.stem if packed else place.name).suffix.lower()


def divisible(place: Path, split: Split) -> bool:
    """Whether the documents of any span of the file can be read without the rest."""
    packed, form = shape(place)
    lines = form == ".jsonl" or (form not in (".csv", ".parquet") and split == "line")
    return lines and not packed


def whole_text(place: Path, split: Split) -> bool:
    """Whether the file is a single document, which `blocks` reads."""
    return split == "file" and shape(place)[1] not in (".jsonl", ".csv", ".parquet")


def blocks(place: Path, size: int) -> Iterator[str]:
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


def _fault(place: Path, problem: str, advice: str = "") -> SourceError:
    return SourceError([Fault("path", str(place), problem, advice)])


@contextmanager
def _opened(place: Path, packed: str) -> Iterator[tuple[BinaryIO, Any]]:
    with place.open("rb") as raw:
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


def _plain(file: io.TextIOWrapper, split: Split) -> Iterator[str]:
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
    file: io.TextIOWrapper, column: str, bad: list[str] | None, before: Callable[[], int]
) -> Iterator[str]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            text = _json_text(line, column)
            if bad is not None and "\0" in text:
                raise ValueError(_ZERO)
        except (ValueError, RecursionError) as error:
            problem = f"line {number + before()} {error}"
            if bad is None:
                raise ValueError(problem) from None
            bad.append(problem)
        else:
            yield text


def _json_text(line: str, column: str) -> str:
    try:
        line.encode()
    except UnicodeEncodeError:
        raise ValueError("is not UTF-8 text") from None
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg}") from None
    if isinstance(row, dict):
        if column not in row:
            advice = nearest(column, [str(key) for key in row])
            raise ValueError(f"has no {column!r}; {advice}")
        row = row[column]
    return _text(row)


def _csv_rows(file: io.TextIOWrapper, column: str) -> Iterator[str]:
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        reader = csv.reader(file, strict=True)
        header = next(reader, [])
        at = _column(header, column)
        for row in reader:
            yield row[at] if len(row) > at else ""
    finally:
        csv.field_size_limit(before)


def _parquet(place: Path, column: str, packed: bool) -> Iterator[tuple[str, int]]:
    if packed:
        raise _fault(place, "is a packed .parquet, which cannot be read", "unpack it first")
    try:
        from pyarrow import parquet
    except ImportError:
        advice = 'pip install "dataplan[text]"'
        raise _fault(place, "needs the package pyarrow", advice) from None
    with parquet.ParquetFile(place) as file:
        _column(file.schema_arrow.names, column)
        read, rows, size = 0, max(1, file.metadata.num_rows), place.stat().st_size
        for batch in file.iter_batches(batch_size=1000, columns=[column]):
            for value in batch.column(0).to_pylist():
                read += 1
                try:
                    text = _text(value)
                except ValueError as error:
                    raise ValueError(f"row {read} {error}") from None
                yield text, size * read // rows


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
