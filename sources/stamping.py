"""The day of each document of a file, by a column or by the file's time of change."""

from __future__ import annotations

from typing import Any

from sources import places
from sources.base import Fault, SourceError
from sources.stamps import MTIME, UNDATED, day

_MOST_NAMED = 5  # documents of a part without a readable stamp
_SHOWN = 40  # characters of a stamp


class Days:
    """Tells the day of a stamp, and remembers the first documents without one."""

    def __init__(self, path: str, time: str | None) -> None:
        self.column = None if time == MTIME else time
        self.faults: list[Fault] = []
        self._path = path
        self._asked = time is not None
        self._fixed = _of_file(path) if time == MTIME else None

    def day(self, stamp: Any) -> int:
        """Days since 1970 of a stamp as a document has it."""
        if not self._asked:
            return UNDATED
        found = day(stamp) if self._fixed is None else self._fixed
        if found == UNDATED and len(self.faults) < _MOST_NAMED:
            self.faults.append(Fault("record", self._path, self._problem(stamp)))
        return found

    def _problem(self, stamp: Any) -> str:
        if self._fixed is not None:
            return "its store tells no time of change"
        if stamp is None or stamp == "":
            return f"a document has no {self.column!r}"
        shown = repr(stamp)
        cut = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
        return f"{self.column} = {cut} is no date or time"


def _of_file(path: str) -> int:
    try:
        return day(places.facts(path).changed)
    except (OSError, SourceError):
        return UNDATED
