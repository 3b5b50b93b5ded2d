"""Documents of .parquet, by row group; and how much each group holds, from the file's end alone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sources import places
from sources.base import Fault, SourceError
from sources.records import Columns, Document, Span, column_at, text_of

_BATCH = 1000  # rows read at once


class Group(NamedTuple):
    """Bytes of the text's column as they lie on disk, and unpacked."""

    size: int
    length: int


def documents(place: places.Place, columns: Columns, span: Span | None) -> Iterator[Document]:
    """Documents of all row groups, or of those in the span. Raises ValueError, OSError."""
    with _opened(place) as (raw, file):
        known = file.schema_arrow.names
        column_at(known, columns.text)
        wanted = [each for each in (columns.text, columns.time) if each in known]
        for name in wanted:
            if known.count(name) > 1:
                raise ValueError(f"has {known.count(name)} columns {name!r}; rename all but one")
        groups = list(range(*span)) if span else list(range(file.metadata.num_row_groups))
        rows = max(1, sum(file.metadata.row_group(each).num_rows for each in groups))
        size, read = raw.seek(0, io.SEEK_END), 0
        for batch in file.iter_batches(_BATCH, row_groups=groups, columns=wanted):
            texts = batch.column(columns.text).to_pylist()
            timed = columns.time in wanted
            stamps = _values(batch.column(columns.time)) if timed else [None] * len(texts)
            for value, stamp in zip(texts, stamps, strict=True):
                read += 1
                try:
                    text = text_of(value)
                except ValueError as error:
                    raise ValueError(f"row {read} {error}") from None
                yield Document(text, size * read // rows, stamp)


def _values(column: Any) -> list[Any]:
    """Time stamps; where Python has no such time, the number or text that stands there."""
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return [_value(each) for each in column]


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        return f"{scalar.value} ({scalar.type})"


def columns(place: places.Place) -> list[str]:
    """Names of the columns."""
    with _opened(place) as (_, file):
        return [str(each) for each in file.schema_arrow.names]


def groups(place: places.Place, column: str) -> list[Group]:
    """The row groups of a file, without reading any."""
    with _opened(place) as (_, file):
        at = column_at(file.schema_arrow.names, column)
        # a column of structures has several leaves; the text's is found by its name
        found = []
        for number in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(number)
            leaves = [group.column(leaf) for leaf in range(group.num_columns)]
            leaf = next((each for each in leaves if each.path_in_schema == column), leaves[at])
            found.append(Group(leaf.total_compressed_size, leaf.total_uncompressed_size))
        return found


@contextmanager
def _opened(place: places.Place) -> Iterator[tuple[Any, Any]]:
    try:
        from pyarrow import parquet
    except ImportError:
        fault = Fault(
            "path", str(place), "needs the package pyarrow", 'pip install "dataplan[text]"'
        )
        raise SourceError([fault]) from None
    with places.opened(place) as raw, parquet.ParquetFile(raw) as file:
        yield raw, file
