"""Counts a corpus part by part: on one core or several, resumable, whatever its size.

A part is a file, or some megabytes of one whose documents are its lines. What is kept of a document
is a mark of its text and a few numbers, in all under 40 bytes; identical documents are told by
their marks (128 bits of BLAKE2b) when all parts are done, so the order of parts does not matter.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from sources import places, tokens
from sources.base import Fault, SourceError
from sources.corpus import CorpusCount, Options, Part
from sources.documents import Split, blocks, columns_of, divisible, documents, whole_text
from sources.journal import Journal
from sources.pieces import FEW, Counter, last_end
from sources.records import Columns
from sources.rows import VERSION, Counted, Table, packed, unpacked
from sources.screening import private, script
from sources.settings import nearest
from sources.stamping import Days
from sources.sums import total

Progress = Callable[[int, int], None]
Results = Generator[tuple[int, Counted], None, None]  # number of a part, what is in it
Tasks = Generator[tuple[int, list[Counted]], None, None]  # number of a task, what is in its parts
Engine = Callable[[Sequence[list[Part]], Options], Tasks]  # gives the tasks in any order
_PART = 8_000_000  # bytes of a part of a file
_BLOCK = 1_000_000  # characters of a file that is one document, read at once
_TASK = 2_000_000  # bytes given to a process at once
_TOGETHER = 100_000  # characters of documents that are counted at once
_FIRST, _EVERY = 3, 100  # documents of a part that are checked, and one in so many of all
_LONGEST = 50_000  # characters that are checked of one
_MOST_NAMED = 20  # faulty records named in a part; the others are counted


class Unequal(Exception):
    """The fast count of a document is not tiktoken's."""


def count_corpus(
    paths: Iterable[Path | str],
    options: Options,
    *,
    workers: int = 1,
    journal: Journal | None = None,
    progress: Progress | None = None,
    engine: Engine | None = None,
) -> CorpusCount:
    """Counts files and folders; what cannot be read is named in `faults`, the rest is counted.

    The parts are counted by `engine` where one is given (`sources.cluster`), else by `workers`
    processes. Raises SourceError where a path does not exist, and if there is no document at all.
    progress (bytes done, bytes in all) is called after each part and, on one core, after each
    document.
    """
    paths = list(paths)
    tokens.coder(options.encoding)
    parts = [part for place in places.files(paths) for part in _parts(place, options.split)]
    count_parts = partial(
        _count_parts, parts, journal=journal, progress=progress, workers=workers, engine=engine
    )
    try:
        found = count_parts(options)
    except Unequal:
        found = count_parts(replace(options, plain=True))
    count = total(found, parts, options)
    if not count.documents:
        raise SourceError(nothing(paths, options, count.faults))
    return count


def nothing(
    paths: Sequence[Path | str], options: Options, faults: Sequence[Fault]
) -> tuple[Fault, ...]:
    """Why there is no document: the column is in no file, or what is wrong with them."""
    column = options.column
    known = [each for place in places.files(paths)[:_MOST_NAMED] for each in columns_of(place)]
    if known and column not in known:
        advice = nearest(column, list(dict.fromkeys(known)))
        return (Fault("column", column, "is in none of the files", advice),)
    where = ", ".join(map(str, paths)) or "no path"
    advice = "check the path, the column and the file endings"
    return tuple(faults) or (Fault("path", where, "holds no document", advice),)


def _parts(place: str, split: Split) -> Iterator[Part]:
    try:
        facts = places.facts(place)
    except (OSError, SourceError):  # named when it is read
        yield Part(place, 0, 0, 0, None, True)
        return
    size, step = facts.size, _PART if divisible(place, split) else max(1, facts.size)
    for start in range(0, max(1, size), step):
        stop = min(size, start + step)
        yield Part(place, start, stop, size, facts.stamp, stop - start == size)


def _count_parts(
    parts: Sequence[Part],
    options: Options,
    *,
    workers: int,
    journal: Journal | None,
    progress: Progress | None,
    engine: Engine | None,
) -> list[Counted]:
    found: list[Counted | None] = []
    keys = [_key(part, options) for part in parts]
    for part, key in zip(parts, keys, strict=True):
        known = journal.get(key) if journal and part.stamp is not None else None
        found.append(None if known is None else unpacked(known, options))
    open_ones = [at for at, known in enumerate(found) if known is None]
    whole = sum(part.stop - part.start for part in parts)
    done = whole - sum(parts[at].stop - parts[at].start for at in open_ones)

    def inside(at: int) -> None:
        if progress:
            progress(done + at, whole)

    todo = [parts[at] for at in open_ones]
    inside(0)
    with _mapped(todo, options, workers, inside, engine) as results:
        for number, counted in results:
            at = open_ones[number]
            found[at] = counted
            done += parts[at].stop - parts[at].start
            inside(0)
            keep = parts[at].stamp is not None and not counted.unreadable  # else it may be mended
            if journal and keep:
                journal.put(keys[at], packed(counted))
    return [each for each in found if each is not None]


def _mapped(
    parts: Sequence[Part],
    options: Options,
    workers: int,
    inside: Callable[[int], None],
    engine: Engine | None,
) -> AbstractContextManager[Results]:
    if not engine and (workers < 2 or len(parts) < 2):
        return nullcontext((at, count_part(part, options, inside)) for at, part in enumerate(parts))
    todo = list(_tasks(parts))
    if engine:
        return closing(_numbered(engine(todo, options), todo))
    return closing(_numbered(_on_cores(todo, options, workers), todo))


def _numbered(results: Tasks, todo: Sequence[list[Part]]) -> Results:
    starts = [0, *itertools.accumulate(map(len, todo))]
    with closing(results):
        for number, found in results:
            yield from enumerate(found, starts[number])


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


def _on_cores(tasks: list[list[Part]], options: Options, workers: int) -> Tasks:
    # a copy of this process has the ranks already; with other threads running it might hang
    copies = sys.platform == "linux" and threading.active_count() == 1
    context = multiprocessing.get_context("fork" if copies else "spawn")
    with context.Pool(min(workers, len(tasks)), _left_alone) as pool:
        yield from enumerate(pool.imap(partial(_count_task, options=options), tasks))


def _left_alone() -> None:
    """The first process alone answers to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _count_task(task: list[Part], options: Options) -> list[Counted]:
    return [count_part(part, options) for part in task]


@cache
def _counter(encoding: str) -> Counter:
    return Counter(encoding)


@cache
def _numbers() -> Iterator[int]:
    """Numbers the documents that this process counts."""
    return itertools.count(1)


class _Tally:
    """Counts the documents of a part, checking the fast counter on some of them."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._number = 0
        self._table = Table(options)
        self._waiting: list[tuple[str, int]] = []
        self._size = 0  # of what is waiting [character]
        self.empty = 0

    def rows(self) -> Any:
        """A row for each document."""
        self._count()
        return self._table.rows()

    def add(self, text: str, day: int) -> None:
        """A document, and the day it is of."""
        if not text or text.isspace():
            self.empty += 1
            return
        self._waiting.append((text, day))
        self._size += len(text)
        if self._size >= _TOGETHER:
            self._count()

    def _count(self) -> None:
        texts = [text for text, _ in self._waiting]
        datas = [_encoded(text) for text in texts]
        counts = self._tokens(texts, datas, _FIRST)
        for (text, day), data, found in zip(self._waiting, datas, counts, strict=True):
            mark = hashlib.blake2b(data, digest_size=16).digest()
            self._table.compare(data)
            self._table.add(mark, (found, len(text)), private(text, data), script(data), day)
        self._waiting = []
        self._size = 0

    def add_blocks(self, texts: Iterable[str], day: int) -> None:
        """A document that comes in blocks, cut where a piece of it surely ends."""
        mark = hashlib.blake2b(digest_size=16)
        found = characters = kind = 0
        personal = [0, 0, 0]
        blank = True
        for text in _cut(texts):
            data = _encoded(text)
            mark.update(data)
            found += self._tokens([text], [data], first=0)[0]
            characters += len(text)
            personal = [a + b for a, b in zip(personal, private(text, data), strict=True)]
            if blank and not text.isspace():
                blank, kind = False, script(data)
            self._table.compare(data)
        if blank:
            self.empty += 1
            self._table.forget()
        else:
            self._table.add(mark.digest(), (found, characters), personal, kind, day)

    def _tokens(self, texts: list[str], datas: list[bytes], first: int) -> list[int]:
        """Tokens of each text; checks the first ones of a part and one in so many of all."""
        encoding = self._options.encoding
        if self._options.plain or sum(map(len, texts)) < FEW:
            return [tokens.count(text, encoding) for text in texts]
        counter = _counter(encoding)
        counts = counter.count_all(texts, datas)
        for text, found in zip(texts, counts, strict=True):
            self._number += 1
            if self._number <= first or next(_numbers()) % _EVERY == 0:
                self._check(counter, text, found)
        return counts

    def _check(self, counter: Counter, text: str, found: int) -> None:
        if len(text) > _LONGEST:
            text = text[: last_end(text, 0, _LONGEST)]
            found = counter.count(text)
        if found != tokens.count(text, self._options.encoding):
            raise Unequal


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _cut(texts: Iterable[str]) -> Iterator[str]:
    """The same text in blocks that end before a space after a visible character, or before a
    line's end after a letter."""
    left = ""
    for text in texts:
        left += text
        at = last_end(left, 0, len(left))
        if at:
            yield left[:at]
            left = left[at:]
    if left:
        yield left


def count_part(
    part: Part, options: Options, progress: Callable[[int], None] | None = None
) -> Counted:
    """Counts the documents of a part; those before a fault in its file count."""
    tally, bad = _Tally(options), list[str]()
    faults: list[Fault] = []
    days = Days(part.path, options.time)
    try:
        if whole_text(part.path, options.split):
            tally.add_blocks(blocks(part.path, _BLOCK), days.day(None))
        else:
            span = None if part.whole else (part.start, part.stop)
            columns = Columns(options.column, days.column)
            for text, at, stamp in documents(part.path, columns, options.split, span, bad):
                tally.add(text, days.day(stamp))
                if progress and part.whole:
                    progress(min(at, part.size))
    except SourceError as error:
        faults = list(error.faults)
    unreadable = len(faults) + len(bad)
    faults += [Fault("record", part.path, problem) for problem in bad[:_MOST_NAMED]]
    rows = tally.rows()
    return Counted(rows, tally.empty, unreadable, tuple(faults), tuple(days.faults))


def _key(part: Part, options: Options) -> bytes:
    facts = asdict(part) | asdict(options)
    facts |= {"path": places.absolute(part.path), "version": VERSION}
    facts["near"] = options.near is not None  # any threshold is applied to the same minima
    return hashlib.blake2b(json.dumps(facts).encode(), digest_size=16).digest()
