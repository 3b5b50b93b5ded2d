"""A document as it comes from a file, and the columns of a table that make it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sources.settings import nearest

Span = tuple[int, int]  # bytes of a file, or row groups, from the first to before the last


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


def column_at(known: list[str], column: str) -> int:
    """Place of a column among those known. Raises ValueError naming these."""
    if column not in known:
        raise ValueError(f"has no column {column!r}; {nearest(column, known)}")
    return known.index(column)


def text_of(value: Any) -> str:
    """The value of a text column; nothing is an empty text. Raises ValueError for what is none."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"holds {type(value).__name__}, not text")
    return value
