"""Numbers of documents in a table: a row a document, packed to go through pipes and into files."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sources.base import Fault
from sources.corpus import Options
from sources.near import HASHES, Minima

VERSION = 4  # of what is packed
_ROWS = 10_000  # documents after which their numbers are packed
_HALVES = struct.Struct("<QQ").unpack
_FIELDS = (
    ("mark", "<u8", (2,)),
    ("tokens", "<u4"),
    ("characters", "<u4"),
    ("emails", "<u4"),
    ("phones", "<u4"),
    ("cards", "<u4"),
    ("script", "u1"),
    ("day", "<i4"),
)


@dataclass(frozen=True)
class Counted:
    """Of a part: a row for each document with text, documents without, what could not be read, and
    which documents have no time stamp."""

    rows: Any
    empty: int = 0
    unreadable: int = 0
    faults: tuple[Fault, ...] = ()
    undated: tuple[Fault, ...] = ()


def fields(options: Options) -> list[Any]:
    """The columns of a row: 49 bytes, and 256 more where near-duplicates are looked for."""
    return [*_FIELDS, *([("near", "<u2", (HASHES,))] if options.near is not None else [])]


class Table:
    """Collects the rows of documents."""

    def __init__(self, options: Options) -> None:
        self._fields = fields(options)
        self._rows: list[tuple[Any, ...]] = []
        self._tables: list[Any] = []
        self._minima = None if options.near is None else Minima()

    def add(
        self,
        mark: bytes,
        size: tuple[int, int],  # tokens, characters
        personal: Sequence[int],
        kind: int,
        day: int,
    ) -> None:
        """A document; its texts have been given to `compare`."""
        emails, phones, cards = personal
        self._rows.append((_HALVES(mark), *size, emails, phones, cards, kind, day))
        if self._minima:
            self._minima.end()
        if len(self._rows) >= _ROWS:
            self._pack()

    def compare(self, data: bytes) -> None:
        """A text, or a block of it, of the next document that is added."""
        if self._minima:
            self._minima.add(data)

    def forget(self) -> None:
        """What was given to `compare` since the last document is of none."""
        if self._minima:
            self._minima.forget()

    def rows(self) -> Any:
        """A row for each document."""
        import numpy as np

        self._pack()
        rows = np.concatenate(self._tables)
        if self._minima is None:
            return rows
        found = np.empty(len(rows), self._fields)
        for name, *_ in _FIELDS:
            found[name] = rows[name]
        found["near"] = self._minima.signatures()
        return found

    def _pack(self) -> None:
        import numpy as np

        self._tables.append(np.array(self._rows, dtype=list(_FIELDS)))
        self._rows = []


def packed(counted: Counted) -> bytes:
    """As bytes: a line of JSON, then the rows."""
    head = {
        "empty": counted.empty,
        "unreadable": counted.unreadable,
        "faults": [asdict(each) for each in counted.faults],
        "undated": [asdict(each) for each in counted.undated],
    }
    return json.dumps(head).encode() + b"\n" + bytes(counted.rows.tobytes())


def unpacked(data: bytes, options: Options) -> Counted:
    """What was packed, under the same options."""
    import numpy as np

    head, _, rows = data.partition(b"\n")
    found = json.loads(head)
    faults, undated = (
        tuple(Fault(**each) for each in found[name]) for name in ("faults", "undated")
    )
    table = np.frombuffer(rows, fields(options))
    return Counted(table, found["empty"], found["unreadable"], faults, undated)


def joined(parts: list[Counted], options: Options) -> Any:
    """One table of all rows; empties the list as it goes, so that no row is there twice."""
    import numpy as np

    found = np.empty(sum(len(each.rows) for each in parts), fields(options))
    at = len(found)
    while parts:
        rows = parts.pop().rows
        found[at - len(rows) : at] = rows
        at -= len(rows)
    return found


def first_of_each(marks: Any) -> tuple[Any, Any]:
    """Of each text its first row, and for every row in the order of its mark which text it is of.

    Returns (order of all rows by mark, start of each text's rows in that order).
    """
    import numpy as np

    order = np.lexsort((marks[:, 1], marks[:, 0]))
    repeated = (marks[order[1:]] == marks[order[:-1]]).all(axis=1)
    starts = np.flatnonzero(np.concatenate(([True], ~repeated))) if len(order) else order
    return order, starts


def counted_faults(parts: Sequence[Counted]) -> tuple[int, int, tuple[Fault, ...]]:
    """Documents without text, files and records not read, what was wrong with them.

    A file that several parts of could not be read is one.
    """
    found: dict[tuple[str, str], Fault] = {}
    unreadable = 0
    for part in parts:
        unreadable += part.unreadable
        for fault in part.faults:
            mark = (str(fault.value), "" if fault.key == "path" else fault.problem)
            unreadable -= mark in found
            found.setdefault(mark, fault)
    return sum(each.empty for each in parts), unreadable, tuple(found.values())
