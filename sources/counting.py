"""Counts a corpus part by part: on one core or several, resumable, whatever its size.

A part is a file, or some megabytes of one whose documents are its lines. What is kept of a document
is a mark of its text and a few numbers, in all 49 bytes (305 if near-duplicates are looked for).
Identical documents are told by their marks (128 bits of BLAKE2b) when all parts are done, so the
order of parts does not matter.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from sources import cores, places, tokens
from sources.base import Fault, SourceError
from sources.corpus import CorpusCount, Options, Part
from sources.documents import Split, blocks, columns_of, divisible, documents, whole_text
from sources.journal import Journal
from sources.records import Columns
from sources.rows import VERSION, Counted, packed, unpacked
from sources.settings import nearest
from sources.stamping import Days
from sources.stamps import MTIME
from sources.sums import total
from sources.tally import Tally, Uncut, Unequal

Progress = Callable[[int, int], None]
Results = Generator[tuple[int, Counted], None, None]  # number of a part, what is in it
Tasks = Generator[tuple[int, list[Counted]], None, None]  # number of a task, what is in its parts
Engine = Callable[[Sequence[list[Part]], Options], Tasks]  # gives the tasks in any order
_PART = 4_000_000  # bytes of a part of a file
_BLOCK = 1_000_000  # characters of a file that is one document, read at once
_TASK = 2_000_000  # bytes given to a process at once
_MOST_NAMED = 20  # faulty records named in a part; the others are counted


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
    lost: list[Fault] = []
    parts = [part for place in places.files(paths, lost) for part in _parts(place, options.split)]
    count_parts = partial(
        _count_parts, parts, journal=journal, progress=progress, workers=workers, engine=engine
    )
    try:
        found = count_parts(options)
    except Unequal:
        found = count_parts(replace(options, plain=True))
    count = total(found, parts, options)
    count = replace(count, unreadable=count.unreadable + len(lost), faults=(*lost, *count.faults))
    if count.growth and count.growth.first is None and (advice := _no_time(paths, options.time)):
        growth = replace(count.growth, faults=(advice, *count.growth.faults))
        count = replace(count, growth=growth)
    if not count.documents:
        raise SourceError(nothing(paths, options, count.faults))
    return count


def nothing(
    paths: Sequence[Path | str], options: Options, faults: Sequence[Fault]
) -> tuple[Fault, ...]:
    """Why there is no document: the column is in no file, or what is wrong with them."""
    column = options.column
    known = _columns(paths)
    if known and column not in known:
        advice = nearest(column, list(dict.fromkeys(known)))
        return (Fault("column", column, "is in none of the files", advice),)
    where = ", ".join(map(str, paths)) or "no path"
    advice = "check the path, the column and the file endings"
    return tuple(faults) or (Fault("path", where, "holds no document", advice),)


def _no_time(paths: Sequence[Path | str], time: str | None) -> Fault | None:
    """What to say where the column of the time stamp is in no file."""
    known = _columns(paths)
    if time is None or time == MTIME or not known or time in known:
        return None
    advice = nearest(time, list(dict.fromkeys(known)))
    return Fault("time", time, f"is a column of none of the files; {advice}")


def _columns(paths: Sequence[Path | str]) -> list[str]:
    """Names of the columns of the first files."""
    return [each for place in places.files(paths, [])[:_MOST_NAMED] for each in columns_of(place)]


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
    return closing(_numbered(cores.counted(todo, options, workers), todo))


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


def count_part(
    part: Part, options: Options, progress: Callable[[int], None] | None = None
) -> Counted:
    """Counts the documents of a part; those before a fault in its file count."""
    tally, bad = Tally(options), list[str]()
    faults: list[Fault] = []
    days = Days(part.path, options.time)
    try:
        if whole_text(part.path, options.split):
            tally.add_blocks(blocks(part.path, _BLOCK), days.day(None))
        else:
            span = None if part.whole else (part.start, part.stop)
            columns = Columns(options.column, days.column)
            for text, at, stamp in documents(part.path, columns, options.split, span, bad):
                try:
                    tally.add(text, days.day(stamp))
                except Uncut as error:
                    bad.append(str(error))
                if progress and part.whole:
                    progress(min(at, part.size))
    except SourceError as error:
        faults = list(error.faults)
    except Uncut as error:
        faults = [Fault("path", part.path, str(error))]
    unreadable = len(faults) + len(bad)
    faults += [Fault("record", part.path, problem) for problem in bad[:_MOST_NAMED]]
    rows = tally.rows()
    return Counted(rows, tally.empty, unreadable, tuple(faults), tuple(days.faults))


def _key(part: Part, options: Options) -> bytes:
    facts = asdict(part) | asdict(options)
    facts |= {"path": places.absolute(part.path), "version": VERSION}
    facts["near"] = options.near is not None  # any threshold is applied to the same minima
    return hashlib.blake2b(json.dumps(facts).encode(), digest_size=16).digest()
