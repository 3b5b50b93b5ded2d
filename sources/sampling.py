"""Estimates how much is in a corpus from a few per cent of it, with a 95% interval.

Plain text, .jsonl and .csv are read at cells of some hundred bytes (`sources.cells`): the files,
one after the other in order of name, are divided into strata, so that every file, language and
length has its share; a .jsonl of very few records is read through. Packed files and row groups of
.parquet are drawn and read whole, or all read through where there are few (`sources.packs`). A form
of which there is little is counted.
"""

from __future__ import annotations

import math
import random
from collections import Counter as Counting
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from sources import places, tokens
from sources.base import Fault, SourceError
from sources.cells import REACH, Cells
from sources.corpus import CorpusCount, Options
from sources.counting import count_corpus, nothing
from sources.documents import shape
from sources.estimates import Estimate, added, half_width
from sources.packs import Packs
from sources.pieces import Counter

Progress = Callable[[int, int], None]
SHARE = 0.026  # of the bytes that may be read
CELL = 256  # bytes
FAR = 4096  # bytes of a cell in a store, where each is a request
WIDE = 512  # bytes of a cell of .csv, which must tell where it is
FEWEST = 300  # strata of a corpus; one too small for so many is counted
_FEW = 20  # strata of a form of file; one too small for so many is read through

_FEW_RECORDS = 20  # that start in the cells; of so few all is read through
_MOST_NAMED = 20  # faulty records named in a file; the others are counted


def sample_corpus(
    paths: Iterable[Path | str],
    options: Options,
    *,
    share: float = SHARE,
    cell: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> CorpusCount:
    """Estimates documents and tokens of files and folders, repeated documents included.

    About `share` of the bytes is read, of a few large packed files all; the same seed reads the
    same. A corpus too small for a sample is counted exactly, and has no interval. Raises
    SourceError as count_corpus does.
    """
    paths = list(paths)
    sizes = [(place, places.facts(place).size) for place in places.files(paths)]
    tokens.coder(options.encoding)
    total = sum(size for _, size in sizes)
    if total * share < 2 * FEWEST * ((cell or CELL) + 3 * REACH):
        return count_corpus(paths, options, progress=progress)
    work = _Work(options, share, random.Random(seed), (progress or _silent), total)
    for form, mine in _by_form([each for each in sizes if each[1]]).items():
        work.add(form, mine, cell)
    found = added(work.found)
    if found.tokens < 1:
        raise SourceError(nothing(paths, options, work.faults))
    half = half_width(found)
    return CorpusCount(
        documents=max(1, round(found.documents)),
        tokens=round(found.tokens),
        characters=round(found.characters),
        duplicates=0,
        empty=0,
        files=len(sizes),
        bytes=total,
        encoding=options.encoding,
        unreadable=len(work.faults),
        faults=tuple(_named(work.faults)),
        interval=(max(0, math.floor(found.tokens - half)), math.ceil(found.tokens + half)),
        read=found.read,
    )


def _named(faults: Iterable[Fault]) -> Iterator[Fault]:
    """Of each file the first ones."""
    seen: Counting[str] = Counting()
    for fault in faults:
        seen[str(fault.value)] += 1
        if seen[str(fault.value)] <= _MOST_NAMED:
            yield fault


def _silent(done: int, total: int) -> None:
    pass


def _by_form(sizes: Sequence[tuple[str, int]]) -> dict[str, list[tuple[str, int]]]:
    """Files that are read in the same way."""
    found: dict[str, list[tuple[str, int]]] = {}
    for place, size in sizes:
        packed, form = shape(place)
        whole = packed or form == ".parquet"
        key = "whole" if whole else form if form in (".jsonl", ".csv") else "text"
        found.setdefault(key, []).append((place, size))
    return found


class _Work:
    """Estimates one form of file after the other."""

    def __init__(
        self, options: Options, share: float, chance: random.Random, progress: Progress, total: int
    ) -> None:
        self._options = options
        self._share = share
        self._chance = chance
        self._counter = Counter(options.encoding)
        self._progress = progress
        self._total = total
        self._done = 0
        self.found: list[Estimate] = []
        self.faults: list[Fault] = []

    def add(self, form: str, sizes: Sequence[tuple[str, int]], cell: int | None) -> None:
        """Files of one form."""
        if cell is None:
            far = any(places.is_remote(place) for place, _ in sizes)
            cell = FAR if far else WIDE if form == ".csv" else CELL
        whole = sum(size for _, size in sizes)
        after = self._done + whole
        few = whole * self._share < 2 * _FEW * (cell + 3 * REACH)
        if form == "whole" or few or not self._by_cells(sizes, cell, form == ".jsonl"):
            packs = Packs(self._options, self._counter)
            share = self._share if form == "whole" else 1.0
            self.found.append(
                packs.estimate([place for place, _ in sizes], share, self._chance, self._step)
            )
            self.faults += packs.faults
        self._done = after
        self._step(0)

    def _by_cells(self, sizes: Sequence[tuple[str, int]], cell: int, records: bool) -> bool:
        """Whether cells tell enough: not of so few records that hardly one starts in them."""
        cells = Cells(sizes, self._options, self._counter, cell)
        found = cells.estimate(self._share, self._chance, self._step)
        if records and cells.records < _FEW_RECORDS and not cells.faults:
            return False
        self.found.append(found)
        self.faults += cells.faults
        return True

    def _step(self, size: int) -> None:
        self._done += size
        self._progress(min(self._done, self._total), self._total)
