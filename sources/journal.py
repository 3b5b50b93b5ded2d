"""Results kept between runs in a folder of the user's, so that nothing is counted twice.

A run that is broken off, or killed, goes on from what it has put here. Nothing depends on it: where
the folder cannot be written, everything is counted anew.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
import time
from pathlib import Path
from types import TracebackType

FOLDER_KEY = "DATAPLAN_CACHE_DIR"
_MOST = 1_000_000_000  # bytes kept; the entries that were used least lately go first
_SUM = 8  # bytes before what is kept, by which damage shows
_EVERY = 1.0  # seconds between writes to disk


def folder() -> Path:
    """Where results are kept; the environment's DATAPLAN_CACHE_DIR comes first."""
    if given := os.environ.get(FOLDER_KEY):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "dataplan"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/dataplan"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dataplan"


class Journal:
    """Bytes by key. Use it in a `with` block; `problem` says why nothing is kept, if so."""

    def __init__(self, place: Path | None = None) -> None:
        self.problem = ""
        self._place: Path | None = None
        self._store: sqlite3.Connection | None = None
        self._written = 0.0
        try:
            self._place = (place or folder()) / "counts.sqlite"
        except RuntimeError:
            self.problem = f"there is no home folder to keep it in; set {FOLDER_KEY}"

    def __enter__(self) -> Journal:
        if self._place is None:
            return self
        try:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            self._store = sqlite3.connect(self._place, timeout=5)
            self._store.execute("PRAGMA journal_mode=WAL")
            self._store.execute("PRAGMA synchronous=NORMAL")
            self._store.execute(
                "CREATE TABLE IF NOT EXISTS counts (key BLOB PRIMARY KEY, data BLOB, used REAL)"
            )
        except (OSError, sqlite3.Error) as error:
            self._fail(error)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._store is None:
            return
        try:
            self._shrink(self._store)
            self._store.commit()
            self._store.close()
        except sqlite3.Error as problem:
            self._fail(problem)

    def get(self, key: bytes) -> bytes | None:
        """What was put under the key; nothing if that is damaged."""
        if self._store is None:
            return None
        try:
            row = self._store.execute("SELECT data FROM counts WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            self._store.execute("UPDATE counts SET used = ? WHERE key = ?", (time.time(), key))
        except sqlite3.Error as error:
            self._fail(error)
            return None
        return _sound(row[0])

    def put(self, key: bytes, data: bytes) -> None:
        """Keeps the data; on disk within about a second."""
        if self._store is None:
            return
        try:
            row = (key, _sum(data) + data, time.time())
            self._store.execute("INSERT OR REPLACE INTO counts VALUES (?, ?, ?)", row)
            if time.monotonic() - self._written > _EVERY:
                self._store.commit()
                self._written = time.monotonic()
        except sqlite3.Error as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        told = error.strerror if isinstance(error, OSError) else None
        self.problem = f"{self._place}: {told or error}"
        self._store = None

    def _shrink(self, store: sqlite3.Connection) -> None:
        (size,) = store.execute("SELECT COALESCE(SUM(LENGTH(data)), 0) FROM counts").fetchone()
        if size <= _MOST:
            return
        rows = store.execute("SELECT key, LENGTH(data) FROM counts ORDER BY used").fetchall()
        for key, length in rows:
            if size <= _MOST:
                break
            store.execute("DELETE FROM counts WHERE key = ?", (key,))
            size -= length


def _sum(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_SUM).digest()


def _sound(row: object) -> bytes | None:
    """What was kept, if it still has its sum."""
    if not isinstance(row, bytes) or row[:_SUM] != _sum(row[_SUM:]):
        return None
    return row[_SUM:]
