"""What was asked, what came back and what it cost, on disk before anything else happens.

Rows are only added. A call is two rows: a start, with the most it may cost, written before the
request leaves, and an end, written when its outcome is known. A start without an end is a call that
was broken off: its answer is lost, it may have been paid, and its request is asked again. The
database is locked while it is open, so that two runs never ask the same.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from sources.base import Fault, SourceError

FORMAT = 2
Outcome = Literal["answered", "filtered", "rejected", "lost"]
_TABLES = """
CREATE TABLE IF NOT EXISTS starts (id INTEGER PRIMARY KEY, key TEXT NOT NULL, reserve REAL NOT NULL,
    at REAL NOT NULL, batch TEXT, currency TEXT);
CREATE TABLE IF NOT EXISTS ends (start INTEGER PRIMARY KEY REFERENCES starts, outcome TEXT NOT NULL,
    cost REAL, seconds REAL, detail TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batches (mark TEXT NOT NULL, event TEXT NOT NULL, value TEXT NOT NULL,
    at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS starts_key ON starts (key);
"""
# format 1 had no currency, and marked a filtered prompt inside of what was answered
_FROM_1 = """
ALTER TABLE starts ADD COLUMN currency TEXT;
UPDATE ends SET outcome = 'filtered' WHERE outcome = 'answered' AND detail NOT LIKE '%"choices"%';
"""


@dataclass(frozen=True)
class Call:
    """One call. `reserve` is the most it may cost, `cost` what it did [currency]; `at` is the time
    of its start [s since 1970]; `outcome` None where it was broken off or is under way.

    detail  the chat completion where it was answered, else {"problem": why not}
    """

    start: int
    key: str
    reserve: float
    at: float
    batch: str | None
    outcome: Outcome | None
    cost: float | None
    seconds: float | None
    detail: Any

    @property
    def over(self) -> bool:
        """Whether its request needs no further call."""
        return self.outcome in ("answered", "filtered")

    @property
    def possible(self) -> float:
        """What it may have cost, where this is not known [currency]."""
        return self.reserve if self.outcome in (None, "lost") else 0.0


@dataclass(frozen=True)
class End:
    """How a call ended; cost [currency] is None where nobody knows, seconds is how long it took."""

    start: int
    outcome: Outcome
    cost: float | None
    seconds: float | None
    detail: Any


class Journal:
    """Use it in a `with` block. Raises SourceError where it cannot be kept, is in use, or holds
    costs in another currency."""

    def __init__(self, place: Path, currency: str = "USD") -> None:
        self.place, self.currency = place, currency
        self._store: sqlite3.Connection | None = None

    def __enter__(self) -> Journal:
        try:
            self.place.parent.mkdir(parents=True, exist_ok=True)
            store = sqlite3.connect(self.place, timeout=0.2, isolation_level=None)
            store.execute("PRAGMA locking_mode=EXCLUSIVE")
            store.execute("PRAGMA journal_mode=WAL")
            store.execute("PRAGMA synchronous=FULL")
            (found,) = store.execute("PRAGMA user_version").fetchone()
            if found not in (0, 1, FORMAT):
                raise self._fault(f"is of format {found}, not {FORMAT}", "update dataplan")
            change = f"{_TABLES}{_FROM_1 if found == 1 else ''}PRAGMA user_version={FORMAT};"
            store.executescript(f"BEGIN IMMEDIATE;{change}COMMIT;")
            other = store.execute(_OTHER, (self.currency,)).fetchone()
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from None
        if other:
            store.close()
            problem = f"holds costs in {other[0]}, and this run counts in {self.currency}"
            raise self._fault(problem, "move that file away, or choose another folder with --out")
        self._store = store
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def start(self, key: str, reserve: float) -> int:
        """Marks that a request is about to be sent; on disk when this returns."""
        return self._write(_START, [(key, reserve, time.time(), None, self.currency)])

    def end(self, end: End) -> None:
        """Keeps how a call ended; on disk when this returns."""
        self._write(_END, [_end_row(end)])

    def start_batch(self, mark: str, reserves: Iterable[tuple[str, float]]) -> None:
        """Marks requests (key, reserve) that are about to be sent as one batch, all or none."""
        now = time.time()
        rows = [(key, reserve, now, mark, self.currency) for key, reserve in reserves]
        self._write(_START, rows, (mark, "planned", str(len(rows)), now))

    def end_batch(self, mark: str, ends: Iterable[End]) -> None:
        """Keeps how all calls of a batch ended, all or none."""
        rows = [_end_row(end) for end in ends]
        self._write(_END, rows, (mark, "collected", str(len(rows)), time.time()))

    def note(self, mark: str, event: str, value: str) -> None:
        """Keeps a fact of a batch, such as the id that the server gave it."""
        self._write(_NOTE, [(mark, event, value, time.time())])

    def batches(self) -> dict[str, dict[str, str]]:
        """Batch mark -> event -> value, in order of their planning."""
        found: dict[str, dict[str, str]] = {}
        for mark, event, value in self._read("SELECT mark, event, value FROM batches ORDER BY at"):
            found.setdefault(mark, {})[event] = value
        return found

    def calls(self, keys: Collection[str] | None = None) -> list[Call]:
        """All calls in order of their starts, or those of some requests."""
        wanted = None if keys is None else frozenset(keys)
        rows = self._read(
            "SELECT id, key, reserve, at, batch, outcome, cost, seconds, detail"
            " FROM starts LEFT JOIN ends ON start = id ORDER BY id"
        )
        return [_call(*row) for row in rows if wanted is None or row[1] in wanted]

    def _read(self, query: str) -> list[Any]:
        assert self._store is not None, "the journal is not open"
        try:
            return self._store.execute(query).fetchall()
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def _write(self, statement: str, rows: list[Any], note: Any = None) -> int:
        """Adds the rows in one transaction; returns the id of the last."""
        assert self._store is not None, "the journal is not open"
        last = 0
        try:
            self._store.execute("BEGIN IMMEDIATE")
            for row in rows:
                last = self._store.execute(statement, row).lastrowid or 0
            if note is not None:
                self._store.execute(_NOTE, note)
            self._store.execute("COMMIT")
        except sqlite3.Error as error:
            if self._store.in_transaction:
                self._store.execute("ROLLBACK")
            raise self._unusable(error) from None
        return last

    def _unusable(self, error: Exception) -> SourceError:
        text = str(error)
        if "locked" in text:
            return self._fault("is in use by another run", "wait until that run has ended")
        if "not a database" in text:
            return self._fault("is no journal of dataplan", "move that file away")
        reason = getattr(error, "strerror", None) or text
        return self._fault(f"cannot be kept: {reason}", "choose another folder with --out DIR")

    def _fault(self, problem: str, advice: str) -> SourceError:
        return SourceError([Fault("journal", str(self.place), problem, advice)])


_START = "INSERT INTO starts (key, reserve, at, batch, currency) VALUES (?, ?, ?, ?, ?)"
_OTHER = "SELECT currency FROM starts WHERE currency <> ? LIMIT 1"
_END = "INSERT INTO ends (start, outcome, cost, seconds, detail) VALUES (?, ?, ?, ?, ?)"
_NOTE = "INSERT INTO batches (mark, event, value, at) VALUES (?, ?, ?, ?)"


def _end_row(end: End) -> tuple[Any, ...]:
    return (end.start, end.outcome, end.cost, end.seconds, json.dumps(end.detail))


def _call(*row: Any) -> Call:
    *facts, detail = row
    start, key, reserve, at, batch, outcome, cost, seconds = facts
    try:
        found = None if detail is None else json.loads(detail)
    except (ValueError, RecursionError):
        found = {}
    return Call(start, key, reserve, at, batch, outcome, cost, seconds, found)
