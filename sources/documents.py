"""Documents of a corpus on disk, read one by one whatever their format and packing."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal

from sources.base import Fault, SourceError
from sources.settings import nearest

Split = Literal["file", "line", "paragraph"]
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


def documents(place: Path, column: str, split: Split) -> Iterator[tuple[str, int]]:
    """Each document with the bytes of the file read so far. Raises SourceError naming the file."""
    packed = place.suffix.lower() if place.suffix.lower() in (".gz", ".zst") else ""
    form = Path(place.stem if packed else place.name).suffix.lower()
    try:
        if form == ".parquet":
            yield from _parquet(place, column, bool(packed))
            return
        with _opened(place, packed) as (raw, stream):
            # csv wants line ends as they are; a byte order mark is no text
            newline = "" if form == ".csv" else None
            file = io.TextIOWrapper(stream, encoding="utf-8-sig", newline=newline)
            reader = {".jsonl": _json_lines, ".csv": _csv_rows}.get(form)
            found = reader(file, column) if reader else _plain(file, split)
            for text in found:
                if "\0" in text:
                    raise ValueError("is not text: it holds a zero byte")
                yield text, raw.tell()
    except SourceError:
        raise
    except UnicodeDecodeError:
        raise _fault(place, "is not UTF-8 text", "convert it, or move it elsewhere") from None
    except (OSError, ValueError, EOFError, RecursionError, zlib.error, csv.Error) as error:
        raise _fault(place, str(error) or type(error).__name__) from None


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


def _json_lines(file: io.TextIOWrapper, column: str) -> Iterator[str]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"line {number} is not JSON: {error.msg}") from None
        if isinstance(row, dict):
            if column not in row:
                advice = nearest(column, [str(key) for key in row])
                raise ValueError(f"line {number} has no {column!r}; {advice}")
            row = row[column]
        yield _text(row, f"line {number}")


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
                yield _text(value, f"row {read}"), size * read // rows


def _column(known: list[str], column: str) -> int:
    if column not in known:
        raise ValueError(f"has no column {column!r}; {nearest(column, known)}")
    return known.index(column)


def _text(value: Any, place: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{place} holds {type(value).__name__}, not text")
    return value
