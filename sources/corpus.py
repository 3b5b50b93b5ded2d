"""What is counted in a corpus, and what is found: frozen values."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from sources.base import Fault
from sources.documents import Split

FEWEST_WEEKS = 4  # from which on a growth of zero is believed


@dataclass(frozen=True)
class Options:
    """What is counted, and how.

    near   Jaccard similarity of the shingles of two documents from which the later one is a
           near-duplicate (`sources.near`); None where nothing of the kind is asked
    time   column of a document's time stamp, or MTIME for that of its file; None without growth
    plain  encodes every text anew, without the fast counter
    """

    column: str = "text"
    split: Split = "file"
    encoding: str = "o200k_base"
    plain: bool = False
    near: float | None = None
    time: str | None = None


@dataclass(frozen=True)
class Part:
    """Bytes `start` to `stop` of a file, with what tells whether it has changed; None if nothing
    does."""

    path: str
    start: int
    stop: int
    size: int
    stamp: int | None
    whole: bool


@dataclass(frozen=True)
class ScriptCount:
    """Documents whose letters are mostly of one script [example], their tokens, characters."""

    script: str
    documents: int
    tokens: int
    characters: int


@dataclass(frozen=True)
class Screen:
    """Personal data: how often each sort was found; documents with any, and their tokens."""

    emails: int = 0
    phones: int = 0
    cards: int = 0
    documents: int = 0
    tokens: int = 0


@dataclass(frozen=True)
class NearCount:
    """Documents at least `threshold` similar to an earlier one [example], and their tokens.

    Earlier: with more tokens or, these being equal, by the mark of its text. So no order of files
    matters, and what is left of a group holds its longest document.
    """

    threshold: float
    documents: int
    tokens: int


@dataclass(frozen=True)
class Rate:
    """Median of so much a week, and the 5th and 95th percentile of the weeks."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Growth:
    """What came in by the time stamps of unique documents, in whole weeks (from Monday, UTC).

    documents  [example/week], tokens [token/week]; None without a whole week
    weeks      whole weeks that these rest on, the last ones
    first, last  date of the first and last stamp; None without a stamp
    undated    documents without a readable stamp [example]; `faults` names the first ones
    """

    documents: Rate | None
    tokens: Rate | None
    weeks: int
    first: datetime.date | None
    last: datetime.date | None
    undated: int
    faults: tuple[Fault, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether the weeks are enough for a figure: none at all in a few of them tells nothing."""
        return self.documents is not None and (
            self.documents.median > 0 or self.weeks >= FEWEST_WEEKS
        )


@dataclass(frozen=True)
class CorpusCount:
    """What is in a corpus.

    documents   unique documents with any text in them [example]
    tokens      of those documents [token]
    characters  of those documents
    duplicates  documents left out because another one has exactly the same text
    empty       documents without text
    files, bytes   found, as they lie on disk
    unreadable  files and records that could not be read
    faults      what was wrong with them, the first ones named
    scripts, screen   of the unique documents
    interval    95% interval of `tokens` where they are estimated, None where they are counted
    read        bytes that an estimate rests on
    near        of the unique documents, those that are near-duplicates; None if not asked
    growth      None if not asked
    """

    documents: int
    tokens: int
    characters: int
    duplicates: int
    empty: int
    files: int
    bytes: int
    encoding: str
    unreadable: int = 0
    faults: tuple[Fault, ...] = ()
    scripts: tuple[ScriptCount, ...] = ()
    screen: Screen | None = None
    interval: tuple[int, int] | None = None
    read: int | None = None
    near: NearCount | None = None
    growth: Growth | None = None
