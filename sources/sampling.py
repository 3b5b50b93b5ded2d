"""Estimates how much is in a corpus from a few per cent of it, with a 95% interval.

The files, one after the other in order of name, are divided into cells of about a thousand bytes.
Cells that follow each other form a stratum, and two of each stratum, drawn at random, are read: so
every file, language and length has its share, and the two tell how far a stratum is uniform. The
estimate is the ratio of tokens to size in the cells times the size of all, its variance that of a
ratio under stratified sampling (Cochran 1977, Sampling Techniques, 6.11), taken from the pairs.

Plain text and .jsonl are read at the cells alone. Of a .jsonl the cells give the tokens of the
lines as they stand; what they hold beside the text is measured on whole records that start in some
of the cells. Other files (.csv, .parquet, packed ones) have no place where one could start to
read: they are read through, which also counts their documents, and a share of the text is encoded.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from sources import tokens
from sources.base import Fault, SourceError
from sources.corpus import CorpusCount, Options
from sources.counting import count_corpus
from sources.documents import documents, shape
from sources.pieces import Counter
from sources.places import files

Progress = Callable[[int, int], None]
SHARE = 0.026  # of the bytes that may be read
CELL = 1024  # bytes, or characters of a text that is read through
FEWEST = 300  # strata; a corpus too small for so many is counted
_ENCODED = 0.05  # share of a text that is read through
_REACH = 64  # bytes in which a cell may find a space to start at
_RECORDS = 0.25  # of the reading, for whole records
_LONGEST = 65_536  # bytes of a record that is read to see what it holds beside the text
_NORMAL = 1.96  # 95% of a normal distribution
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
# where a piece of an encoding surely starts, in UTF-8 or escaped in JSON; where a character does
_WORD = re.compile(
    rb"(?<=[^ \n]) |(?<=[A-Za-z\x80-\xff])\n|(?<=[\x80-\xff])(?:\xef\xbc\x8c|\xe3\x80[\x81\x82])|"
    rb"(?<=[0-9a-fA-F])\\u(?:[fF]{2}0[cC]|300[12])"
)
_CHARACTER = re.compile(rb"\\u[0-9a-fA-F]{4}|[^\x80-\xbf0-9a-fA-Fu\\]|[0-9a-fA-Fu](?!.{0,4}\\u)")
_SPACE = re.compile(r"(?<=\S) |(?<=\w)[，。、]")
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass
class _Cells:
    """What was found in the cells of a stratum: size, tokens, documents and characters of each."""

    among: int
    found: list[tuple[int, int, int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class _Estimate:
    tokens: float = 0.0
    variance: float = 0.0
    fourth: float = 0.0  # sum of the squares of the parts of the variance
    documents: float = 0.0
    characters: float = 0.0
    read: int = 0


def sample_corpus(
    paths: Iterable[Path | str],
    options: Options,
    *,
    share: float = SHARE,
    cell: int = CELL,
    seed: int = 0,
    progress: Progress | None = None,
) -> CorpusCount:
    """Estimates documents and tokens of files and folders, repeated documents included.

    Of plain text and .jsonl at most `share` of the bytes is read, and a little at the ends of
    cells; the same seed reads the same. A corpus too small for a sample is counted exactly, and
    has no interval. Raises SourceError as count_corpus does.
    """
    places = [place for place in map(Path, files(paths)) if place.stat().st_size]
    tokens.coder(options.encoding)
    total = sum(place.stat().st_size for place in places)
    if total * share < 2 * FEWEST * (cell + 3 * _REACH):
        return count_corpus(paths, options, progress=progress)
    sampler = _Sampler(options, cell, random.Random(seed))
    plain = [place for place in places if _seekable(place)]
    through = [place for place in places if not _seekable(place)]
    estimates = [sampler.cells(plain, share), sampler.through(through)]
    found = sum(each.tokens for each in estimates)
    half = _quantile(estimates) * math.sqrt(sum(each.variance for each in estimates))
    if found < 1:
        fault = Fault("path", ", ".join(map(str, paths)), "holds no document")
        raise SourceError(sampler.faults or [fault])
    return CorpusCount(
        documents=max(1, round(sum(each.documents for each in estimates))),
        tokens=round(found),
        characters=round(sum(each.characters for each in estimates)),
        duplicates=0,
        empty=0,
        files=len(places),
        bytes=total,
        encoding=options.encoding,
        unreadable=len(sampler.faults),
        faults=tuple(sampler.faults),
        interval=(max(0, math.floor(found - half)), math.ceil(found + half)),
        read=sum(each.read for each in estimates),
    )


def _seekable(place: Path) -> bool:
    packed, form = shape(place)
    return not packed and form not in (".csv", ".parquet")


class _Sampler:
    def __init__(self, options: Options, cell: int, chance: random.Random) -> None:
        self._options = options
        self._cell = cell
        self._chance = chance
        self._counter = Counter(options.encoding)
        self._read = 0
        self._beside: list[tuple[int, int]] = []  # of records: tokens beside the text; is it one
        self.faults: list[Fault] = []

    def cells(self, places: Sequence[Path], share: float) -> _Estimate:
        """Files that are read at some places only."""
        sizes = [place.stat().st_size for place in places]
        total = sum(sizes)
        if not total:
            return _Estimate()
        lines = [shape(place)[1] == ".jsonl" for place in places]
        budget = total * share * (1 - _RECORDS if any(lines) else 1)
        ends: list[int] = []  # number of cells up to the end of each file
        for size in sizes:
            ends.append((ends[-1] if ends else 0) + -(-size // self._cell))
        number = max(1, min(ends[-1] // 2, int(budget / (2 * (self._cell + 3 * _REACH)))))
        records = total * share * _RECORDS
        strata = []
        at = 0
        for low, high in _strata(ends, number):
            cells = _Cells(high - low)
            spent = self._read
            for chosen in sorted(self._chance.sample(range(low, high), min(2, high - low))):
                while ends[at] <= chosen:
                    at += 1
                first = ends[at - 1] if at else 0
                start = (chosen - first) * self._cell
                whole = lines[at] and records > 0
                cells.found.append(self._at(places[at], start, sizes[at], whole))
            records -= max(0, self._read - spent - 2 * (self._cell + 3 * _REACH))
            records += total * share * _RECORDS / number if records < 0 else 0
            strata.append(cells)
            at = max(0, at - 1)
        beside, texts, spread = self._records()
        found = _ratio(strata, total, beside)
        counted = found.documents * texts
        if self._options.split == "file":
            counted += sum(not each for each in lines)
        variance = found.variance + found.documents**2 * spread
        return replace(found, variance=variance, documents=counted, read=self._read)

    def _records(self) -> tuple[float, float, float]:
        """Of a line of .jsonl: tokens beside its text, chance of text; variance of the first."""
        if not self._beside:
            return 0.0, 1.0, 0.0
        values = [value for value, _ in self._beside]
        mean = sum(values) / len(values)
        spread = sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)
        texts = sum(each for _, each in self._beside) / len(values)
        return mean, texts, spread / len(values)

    def _at(self, place: Path, start: int, size: int, whole: bool) -> tuple[int, int, int, int]:
        """Size, tokens, documents and characters of a cell; with `whole` also looks at records."""
        stop = min(size, start + self._cell)
        before = min(start, 4)
        try:
            with place.open("rb", buffering=0) as file:
                file.seek(start - before)
                data = file.read(stop + 2 * _REACH - start + before)
                self._read += len(data)
                first = _boundary(data, before) if start else 0
                last = _boundary(data, stop - start + before) if stop < size else len(data)
                text = data[first:last].decode("utf-8", "replace")
                lines = shape(place)[1] == ".jsonl"
                starts = _starts(data, before, stop - start + before, lines, self._options.split)
                if whole:
                    for at in starts:
                        self._look(file, start - before + at)
        except OSError as error:
            self.faults.append(Fault("path", str(place), error.strerror or str(error)))
            return stop - start, 0, 0, 0
        count = self._counter.count(_unescaped(text) if lines else text)
        return last - first, count, len(starts), len(text)

    def _look(self, file: BinaryIO, start: int) -> None:
        """What a record holds beside its text."""
        file.seek(start)
        data = b""
        while b"\n" not in data and len(data) < _LONGEST:
            more = file.read(2048)
            data += more
            self._read += len(more)
            if not more:
                break
        line, found, _ = data.partition(b"\n")
        if not found and len(data) >= _LONGEST:
            return
        shown = line.decode("utf-8", "replace")
        try:
            row = json.loads(shown)
        except (ValueError, RecursionError):
            row = None
        text = row.get(self._options.column) if isinstance(row, dict) else row
        text = text if isinstance(text, str) else ""
        raw = self._counter.count(_unescaped(shown) + "\n")
        kept = bool(text) and not text.isspace()
        self._beside.append((raw - self._counter.count(text) if kept else raw, int(kept)))

    def through(self, places: Sequence[Path]) -> _Estimate:
        """Files that are read from start to end, a share of their text encoded."""
        among = round(2 / _ENCODED)
        strata: list[_Cells] = []
        chosen: list[int] = []
        size = number = kept = 0
        for place in places:
            bad: list[str] = []
            try:
                for text, *_ in documents(
                    place, self._options.column, self._options.split, bad=bad
                ):
                    if not text or text.isspace():
                        continue
                    kept += 1
                    size += len(text)
                    for start in range(0, len(text), self._cell):
                        if number % among == 0:
                            strata.append(_Cells(among))
                            chosen = self._chance.sample(range(among), 2)
                        if number % among in chosen:
                            strata[-1].found.append(self._part(text, start))
                        number += 1
            except SourceError as error:
                self.faults += error.faults
            self.faults += [Fault("record", str(place), problem) for problem in bad]
        if not number:
            return _Estimate()
        found = _ratio(strata, size, 0.0)
        read = sum(place.stat().st_size for place in places)
        return replace(found, documents=kept, characters=size, read=read)

    def _part(self, text: str, start: int) -> tuple[int, int, int, int]:
        stop = start + self._cell
        first = _space(text, start) if start else 0
        last = _space(text, stop) if stop < len(text) else len(text)
        return last - first, self._counter.count(text[first:last]), 0, last - first


def _ratio(strata: Sequence[_Cells], total: int, beside: float) -> _Estimate:
    """Total by the ratio to size; `beside` tokens of each document are no text."""
    weights = [each.among / max(1, len(each.found)) for each in strata]
    pairs = [(w, cell) for w, each in zip(weights, strata, strict=True) for cell in each.found]
    size = sum(weight * cell[0] for weight, cell in pairs)
    shares = [sum(weight * cell[i] for weight, cell in pairs) / size for i in (1, 2, 3)]
    share = shares[0] - beside * shares[1]
    variance = fourth = 0.0
    complete = [each for each in strata if len(each.found) == 2]
    for each in complete:
        one, two = (cell[1] - beside * cell[2] - share * cell[0] for cell in each.found)
        part = each.among**2 * (1 - 2 / each.among) * (one - two) ** 2 / 4
        variance, fourth = variance + part, fourth + part**2
    variance *= len(strata) / max(1, len(complete))
    text = total * shares[2] * share / shares[0] if shares[0] else 0.0
    return _Estimate(total * share, variance, fourth, total * shares[1], text)


def _strata(ends: Sequence[int], number: int) -> Iterator[tuple[int, int]]:
    """About `number` spans of cells; a file as long as a stratum has strata of its own."""
    size = ends[-1] / number
    borders = {0, ends[-1]}
    for low, high in zip([0, *ends], ends, strict=False):
        if high - low >= size:
            borders |= {low, high}
    known = sorted(borders)
    for low, high in zip(known, known[1:], strict=False):
        parts = max(1, round((high - low) / size))
        for at in range(parts):
            yield low + (high - low) * at // parts, low + (high - low) * (at + 1) // parts


def _quantile(estimates: Sequence[_Estimate]) -> float:
    """Of Student's t at 97.5%, expanded in the degrees of freedom (Abramowitz and Stegun 26.7.5),
    which are Satterthwaite's: few where few strata make most of the variance."""
    variance = sum(each.variance for each in estimates)
    fourth = sum(each.fourth for each in estimates)
    freedom = max(2.0, variance**2 / fourth) if fourth else math.inf
    z = _NORMAL
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2


def _boundary(data: bytes, at: int) -> int:
    """Where the next word or clause from here on starts; if that is far, the next character."""
    found = _WORD.search(data, at, at + _REACH) or _CHARACTER.search(data, at, at + _REACH)
    return found.start() if found else min(at, len(data))


def _space(text: str, at: int) -> int:
    found = _SPACE.search(text, at, at + _REACH)
    return found.start() if found else min(at, len(text))


def _starts(data: bytes, low: int, high: int, lines: bool, split: str) -> list[int]:
    """Where documents start in data[low:high]; some bytes before it may be there to look at."""
    if split == "file" and not lines:
        return []
    found = []
    at = low
    while at < high:
        if not at or data[at - 1 : at] == b"\n":
            blank = not data[at : at + _REACH].split(b"\n", 1)[0].strip()
            later = split == "paragraph" and not lines
            if not blank and not (later and at and not data[:at].endswith((b"\n\n", b"\n\r\n"))):
                found.append(at)
        at = data.find(b"\n", at, high) + 1
        if not at:
            break
    return found


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _ESCAPED.get(found[2], found[2]), text
    )
