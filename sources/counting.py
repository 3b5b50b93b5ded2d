"""Counts a corpus part by part: on one core or several, resumable, whatever its size.

A part is a file, or some megabytes of one whose documents are its lines. What is kept of a document
is a mark of its text and a few numbers, in all under 40 bytes; identical documents are told by
their marks (128 bits of BLAKE2b) when all parts are done, so the order of parts does not matter.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import signal
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from sources import tokens
from sources.base import Fault, SourceError
from sources.documents import Split, blocks, divisible, documents, files, whole_text
from sources.journal import Journal
from sources.pieces import Counter
from sources.screening import SCRIPTS, private, script

Progress = Callable[[int, int], None]
_VERSION = 1  # of what the journal holds
_PART = 8_000_000  # bytes of a part of a file
_BLOCK = 1_000_000  # characters of a file that is one document, read at once
_TASK = 2_000_000  # bytes given to a process at once
_CHECKED = (3, 100, 50_000)  # of a part: the first few, then one in so many, none longer [char]
_MOST_NAMED = 20  # faulty records named in a part; the others are counted
_ROWS = 10_000  # documents after which their numbers are packed
_FIELDS = (
    ("mark", "<u8", (2,)),
    ("tokens", "<u4"),
    ("characters", "<u4"),
    ("emails", "<u2"),
    ("phones", "<u2"),
    ("cards", "<u2"),
    ("script", "u1"),
)
_LARGEST = 2**16 - 1
_HALVES = struct.Struct("<QQ").unpack


class _Unequal(Exception):
    """The fast count of a document is not tiktoken's."""


@dataclass(frozen=True)
class Options:
    """What is counted, and how: `plain` encodes every text anew, without the fast counter."""

    column: str = "text"
    split: Split = "file"
    encoding: str = "o200k_base"
    plain: bool = False


@dataclass(frozen=True)
class Part:
    """Bytes `start` to `stop` of a file, with what tells whether it has changed."""

    path: str
    start: int
    stop: int
    size: int
    stamp: int
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


@dataclass(frozen=True)
class _Counted:
    """Of a part: a row for each document with text, documents without, what could not be read."""

    rows: Any
    empty: int = 0
    unreadable: int = 0
    faults: tuple[Fault, ...] = ()


def count_corpus(
    paths: Iterable[Path | str],
    options: Options,
    *,
    workers: int = 1,
    journal: Journal | None = None,
    progress: Progress | None = None,
) -> CorpusCount:
    """Counts files and folders; what cannot be read is named in `faults`, the rest is counted.

    Raises SourceError where a path does not exist, and if there is no document at all. progress
    (bytes done, bytes in all) is called after each part and, on one core, after each document.
    """
    places = files(paths)
    tokens.coder(options.encoding)
    parts = [part for place in places for part in _parts(place, options.split)]
    try:
        found = _count_parts(parts, options, workers, journal, progress)
    except _Unequal:
        plain = replace(options, plain=True)
        found = _count_parts(parts, plain, workers, journal, progress)
    count = _sum(found, parts, options)
    if not count.documents:
        where = ", ".join(str(path) for path in paths) or "no path"
        advice = "check the path, the column and the file endings"
        raise SourceError(count.faults or [Fault("path", where, "holds no document", advice)])
    return count


def _parts(place: Path, split: Split) -> Iterator[Part]:
    try:
        facts = place.stat()
    except OSError:  # named when it is read
        yield Part(str(place), 0, 0, 0, 0, True)
        return
    size, step = facts.st_size, _PART if divisible(place, split) else max(1, facts.st_size)
    for start in range(0, max(1, size), step):
        stop = min(size, start + step)
        yield Part(str(place), start, stop, size, facts.st_mtime_ns, stop - start == size)


def _count_parts(
    parts: Sequence[Part],
    options: Options,
    workers: int,
    journal: Journal | None,
    progress: Progress | None,
) -> list[_Counted]:
    found: list[_Counted | None] = []
    keys = [_key(part, options) for part in parts]
    for key in keys:
        kept = journal.get(key) if journal else None
        found.append(None if kept is None else _unpacked(kept))
    open_ones = [at for at, known in enumerate(found) if known is None]
    total = sum(part.stop - part.start for part in parts)
    done = total - sum(parts[at].stop - parts[at].start for at in open_ones)

    def inside(at: int) -> None:
        if progress:
            progress(done + at, total)

    todo = [parts[at] for at in open_ones]
    with _mapped(todo, options, workers, inside) as results:
        for at, counted in zip(open_ones, results, strict=True):
            found[at] = counted
            done += parts[at].stop - parts[at].start
            inside(0)
            if journal and not counted.unreadable:  # what could not be read may be mended
                journal.put(keys[at], _packed(counted))
    return [each for each in found if each is not None]


def _mapped(
    parts: Sequence[Part], options: Options, workers: int, inside: Callable[[int], None]
) -> Any:
    if workers < 2 or len(parts) < 2:
        return nullcontext(count_part(part, options, inside) for part in parts)
    return closing(_on_cores(list(_tasks(parts)), options, workers))


def _tasks(parts: Sequence[Part]) -> Iterator[list[Part]]:
    task: list[Part] = []
    size = 0
    for part in parts:
        task.append(part)
        size += part.stop - part.start
        if size >= _TASK:
            yield task
            task, size = [], 0
    if task:
        yield task


def _on_cores(tasks: list[list[Part]], options: Options, workers: int) -> Iterator[_Counted]:
    # a copy of this process has the ranks already; with other threads running it might hang
    copies = sys.platform == "linux" and threading.active_count() == 1
    context = multiprocessing.get_context("fork" if copies else "spawn")
    with context.Pool(min(workers, len(tasks)), _left_alone) as pool:
        for results in pool.imap(partial(_count_task, options=options), tasks):
            yield from results


def _left_alone() -> None:
    """The first process alone answers to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _count_task(task: list[Part], options: Options) -> list[_Counted]:
    return [count_part(part, options) for part in task]


@cache
def _counter(encoding: str) -> Counter:
    return Counter(encoding)


class _Tally:
    """Counts the documents of a part, checking the fast counter on some of them."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._number = 0
        self._rows: list[tuple[Any, ...]] = []
        self._tables: list[Any] = []
        self.empty = 0

    def rows(self) -> Any:
        """A row for each document."""
        import numpy as np

        self._pack()
        return np.concatenate(self._tables)

    def _pack(self) -> None:
        import numpy as np

        self._tables.append(np.array(self._rows, dtype=list(_FIELDS)))
        self._rows = []

    def add(self, text: str) -> None:
        """A document."""
        if not text or text.isspace():
            self.empty += 1
            return
        data = _encoded(text)
        mark = hashlib.blake2b(data, digest_size=16)
        found = self._tokens(text, data)
        self._row(mark, found, len(text), private(text, data), script(data))

    def add_blocks(self, texts: Iterable[str]) -> None:
        """A document that comes in blocks, cut where a piece of it surely ends."""
        mark = hashlib.blake2b(digest_size=16)
        found = characters = kind = 0
        personal = [0, 0, 0]
        blank = True
        for text in _cut(texts):
            data = _encoded(text)
            mark.update(data)
            found += self._tokens(text, data)
            characters += len(text)
            personal = [a + b for a, b in zip(personal, private(text, data), strict=True)]
            if blank and not text.isspace():
                blank, kind = False, script(data)
        if blank:
            self.empty += 1
        else:
            self._row(mark, found, characters, personal, kind)

    def _tokens(self, text: str, data: bytes) -> int:
        encoding = self._options.encoding
        if self._options.plain:
            return tokens.count(text, encoding)
        found = _counter(encoding).count(text, data)
        first, every, longest = _CHECKED
        self._number += 1
        checked = self._number <= first or self._number % every == 0
        if checked and len(text) <= longest and found != tokens.count(text, encoding):
            raise _Unequal
        return found

    def _row(
        self, mark: Any, found: int, characters: int, personal: Sequence[int], kind: int
    ) -> None:
        emails, phones, cards = personal
        if emails > _LARGEST or phones > _LARGEST or cards > _LARGEST:
            emails, phones, cards = (min(each, _LARGEST) for each in personal)
        halves = _HALVES(mark.digest())
        self._rows.append((halves, found, characters, emails, phones, cards, kind))
        if len(self._rows) >= _ROWS:
            self._pack()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _cut(texts: Iterable[str]) -> Iterator[str]:
    """The same text in blocks that end before a space after a visible character, or before a
    line's end after a letter."""
    left = ""
    for text in texts:
        left += text
        at = _last_end(left)
        if at:
            yield left[:at]
            left = left[at:]
    if left:
        yield left


def _last_end(text: str) -> int:
    at = len(text)
    while (at := text.rfind(" ", 0, at)) > 0:
        if not text[at - 1].isspace():
            return at
    at = len(text)
    while (at := text.rfind("\n", 0, at)) > 0:
        if text[at - 1].isalpha():
            return at
    return 0


def count_part(
    part: Part, options: Options, progress: Callable[[int], None] | None = None
) -> _Counted:
    """Counts the documents of a part; those before a fault in its file count."""
    place, tally, bad = Path(part.path), _Tally(options), list[str]()
    faults: list[Fault] = []
    try:
        if whole_text(place, options.split):
            tally.add_blocks(blocks(place, _BLOCK))
        else:
            span = None if part.whole else (part.start, part.stop)
            for text, at in documents(place, options.column, options.split, span, bad):
                tally.add(text)
                if progress and part.whole:
                    progress(min(at, part.size))
    except SourceError as error:
        faults = list(error.faults)
    unreadable = len(faults) + len(bad)
    faults += [Fault("record", part.path, problem) for problem in bad[:_MOST_NAMED]]
    return _Counted(tally.rows(), tally.empty, unreadable, tuple(faults))


def _key(part: Part, options: Options) -> bytes:
    facts = asdict(part) | asdict(options)
    facts |= {"path": str(Path(part.path).absolute()), "version": _VERSION}
    return hashlib.blake2b(json.dumps(facts).encode(), digest_size=16).digest()


def _packed(counted: _Counted) -> bytes:
    return counted.empty.to_bytes(8, "little") + bytes(counted.rows.tobytes())


def _unpacked(data: bytes) -> _Counted:
    import numpy as np

    rows = np.frombuffer(data, dtype=list(_FIELDS), offset=8)
    return _Counted(rows, int.from_bytes(data[:8], "little"))


def _sum(found: Sequence[_Counted], parts: Sequence[Part], options: Options) -> CorpusCount:
    import numpy as np

    rows = np.concatenate([each.rows for each in found]) if found else np.zeros(0, list(_FIELDS))
    marks = rows["mark"]
    order = np.lexsort((marks[:, 1], marks[:, 0]))
    repeated = (marks[order[1:]] == marks[order[:-1]]).all(axis=1)
    first = np.ones(len(rows), bool)
    first[order[1:][repeated]] = False
    rows = rows[first]
    counts = rows["tokens"].astype(np.int64)
    touched = (rows["emails"] > 0) | (rows["phones"] > 0) | (rows["cards"] > 0)
    emails, phones, cards = (
        int(rows[name].sum(dtype=np.int64)) for name in ("emails", "phones", "cards")
    )
    screen = Screen(
        emails,
        phones,
        cards,
        documents=int(touched.sum()),
        tokens=int(counts[touched].sum()),
    )
    scripts = []
    for number, name in enumerate(SCRIPTS):
        mine = rows["script"] == number
        if mine.any():
            characters = int(rows["characters"][mine].sum(dtype=np.int64))
            scripts.append(ScriptCount(name, int(mine.sum()), int(counts[mine].sum()), characters))
    return CorpusCount(
        documents=len(rows),
        tokens=int(counts.sum()),
        characters=int(rows["characters"].sum(dtype=np.int64)),
        duplicates=int(repeated.sum()),
        empty=sum(each.empty for each in found),
        files=len({part.path for part in parts}),
        bytes=sum(part.stop - part.start for part in parts),
        encoding=options.encoding,
        unreadable=sum(each.unreadable for each in found),
        faults=tuple(fault for each in found for fault in each.faults),
        scripts=tuple(sorted(scripts, key=lambda each: -each.tokens)),
        screen=screen,
    )
