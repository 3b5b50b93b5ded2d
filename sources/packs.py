"""Files that must be read from their start (packed ones), and row groups of .parquet.

Few of them are read through, and a share of their text is encoded. Of many, some are drawn: all lie
in order of name on a line, each as long as the text it holds is said to be; the line is divided
into strata of equal length, and in each a point is drawn, which names what is read. Its tokens by
length, times the stratum's length, are unbiased, whatever the lengths are worth (Hansen & Hurwitz
1943, doi 10.1214/aoms/1177731356). The variance is taken from the differences of neighbours, which
is too large rather than too small (Wolter 2007, Introduction to Variance Estimation, 8.2).
"""

from __future__ import annotations

import bisect
import itertools
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from sources import places, rowgroups
from sources.base import Fault, SourceError
from sources.corpus import Options
from sources.documents import blocks, documents, shape, whole_text
from sources.estimates import Cell, Estimate, Stratum, added, by_ratio
from sources.pieces import Counter
from sources.records import Columns, Span

FEWEST = 40  # strata; below, everything is read
_WORTH = 0.6  # of the bytes, from which drawing saves too little
_CELL = 256  # characters of a text that is read through
_ENCODED = 0.1  # share of a long text that is encoded
_LONG = 1_000_000  # characters of a file that are all encoded; of what is beyond, a share
_BLOCK = 500_000  # characters of a file that is one document, read at once
_LEAST = 18  # bytes of the longest head of a .zst frame
_UNKNOWN = 1 << 62  # .zst says no length by the largest numbers there are
_REACH = 64  # characters in which a cell may find a place to start at
_SPACE = re.compile(r"(?<=\S) |(?<=\w)[，。、]")


class Pack(NamedTuple):
    """A packed file, or a row group: bytes on disk, about how many bytes of text it holds."""

    place: str
    span: Span | None
    size: int
    length: float


class Packs:
    """Estimates packed files and row groups."""

    def __init__(self, options: Options, counter: Counter) -> None:
        self._options = options
        self._counter = counter
        self._found: dict[Pack, Estimate] = {}
        self._bad: set[str] = set()
        self.faults: list[Fault] = []

    def estimate(
        self,
        files: Sequence[str],
        share: float,
        chance: random.Random,
        progress: Callable[[int], None],
    ) -> Estimate:
        """From about this share of the bytes; from all where there are too few files to draw."""
        line: list[Pack] = []
        for place in files:
            try:
                line += packs(place, self._options.column)
            except SourceError as error:
                self.faults += error.faults
            except (OSError, ValueError) as error:
                self.faults.append(Fault("path", place, str(error)))
        if not line:
            return Estimate()
        number = _strata(line, share)
        found = self._drawn(line, number, chance, progress) if number else None
        if found is None:
            contents = [self._content(each, chance, progress) for each in line]
            found = replace(added(contents), read=sum(each.size for each in line))
        return found

    def _drawn(
        self,
        line: Sequence[Pack],
        number: int,
        chance: random.Random,
        progress: Callable[[int], None],
    ) -> Estimate:
        ends = list(itertools.accumulate(each.length for each in line))
        length = ends[-1] / number
        weights: dict[Pack, float] = {}
        rates: list[tuple[float, float, float]] = []
        for at in range(number):
            point = (at + chance.random()) * length
            pack = line[min(bisect.bisect_right(ends, point), len(line) - 1)]
            content = self._content(pack, chance, progress)
            weights[pack] = weights.get(pack, 0.0) + length / pack.length
            values = (content.tokens, content.documents, content.characters)
            rates.append(tuple(value / pack.length for value in values))  # type: ignore[arg-type]
        tokens, found, characters = (length * sum(each) for each in zip(*rates, strict=True))
        parts = [
            length**2 * (one[0] - other[0]) ** 2 / 2 * number / (number - 1)
            for one, other in itertools.pairwise(rates)
        ]
        # what draws of the same pack do not tell: the error inside it, which rests on many cells
        inside = [weight**2 * self._found[pack].variance for pack, weight in weights.items()]
        return Estimate(
            tokens,
            sum(parts) + sum(inside),
            sum(part**2 for part in parts),
            found,
            characters,
            read=sum(pack.size for pack in weights),
        )

    def _content(
        self, pack: Pack, chance: random.Random, progress: Callable[[int], None]
    ) -> Estimate:
        if pack not in self._found:
            self._found[pack] = self._counted(pack, chance)
            progress(pack.size)
        return self._found[pack]

    def _counted(self, pack: Pack, chance: random.Random) -> Estimate:
        """Of what is long a share of the cells is encoded, two of each stratum; else all of it."""
        single = whole_text(pack.place, self._options.split)
        among = round(2 / _ENCODED)
        strata: list[Stratum] = []
        chosen: list[int] = []
        size = number = kept = whole = characters = seen = 0
        for text in self._blocks(pack) if single else self._texts(pack):
            kept += not text.isspace()
            characters += len(text)
            if seen + len(text) <= _LONG:
                seen += len(text)
                whole += self._counter.count(text)
                continue
            seen = _LONG
            size += _bytes(text)
            for start in range(0, len(text), _CELL):
                if number % among == 0:
                    strata.append(Stratum(among))
                    chosen = chance.sample(range(among), 2)
                if number % among in chosen:
                    strata[-1].found.append(self._cell(text, start))
                number += 1
        if not kept or (single and pack.place in self._bad):
            return Estimate()
        rest = by_ratio(strata, size)
        return replace(
            rest,
            tokens=whole + rest.tokens,
            documents=1 if single else kept,
            characters=characters,
        )

    def _blocks(self, pack: Pack) -> Iterator[str]:
        """Of a file that is one document; if it is no text it counts nothing, as a whole."""
        try:
            yield from blocks(pack.place, _BLOCK)
        except SourceError as error:
            self._bad.add(pack.place)
            self.faults += error.faults

    def _texts(self, pack: Pack) -> Iterator[str]:
        bad: list[str] = []
        columns = Columns(self._options.column)
        try:
            for text, *_ in documents(pack.place, columns, self._options.split, pack.span, bad):
                if text and not text.isspace():
                    yield text
        except SourceError as error:
            self.faults += error.faults
        self.faults += [Fault("record", pack.place, problem) for problem in bad]

    def _cell(self, text: str, start: int) -> Cell:
        stop = start + _CELL
        first = _boundary(text, start) if start else 0
        last = _boundary(text, stop) if stop < len(text) else len(text)
        part = text[first:last]
        return Cell(_bytes(part), self._counter.count(part), 0, len(part))


def _bytes(text: str) -> int:
    """Of UTF-8: a token is about as many of them in any script."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _strata(line: Sequence[Pack], share: float) -> int:
    """As many as this share of the bytes pays for, at least FEWEST; 0 where all is read."""
    if share >= 1:
        return 0
    total = sum(each.size for each in line)
    length = sum(each.length for each in line)

    def read(number: int) -> float:
        return sum(each.size * min(1.0, number * each.length / length) for each in line)

    if read(FEWEST) > _WORTH * total:
        return 0
    low, high = FEWEST, max(FEWEST, len(line))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if read(middle) <= share * total else (low, middle - 1)
    return low


def _boundary(text: str, at: int) -> int:
    found = _SPACE.search(text, at, at + _REACH)
    return found.start() if found else min(at, len(text))


def packs(place: str, column: str) -> list[Pack]:
    """What of a file can be read by itself. Raises SourceError, OSError, ValueError."""
    size = places.facts(place).size
    packing, form = shape(place)
    if form == ".parquet" and not packing:
        return [
            Pack(place, (at, at + 1), group.size, max(1.0, group.length))
            for at, group in enumerate(rowgroups.groups(place, column))
        ]
    unpacked = _unpacked(place, packing, size)
    # a length that is said to be far from usual is that of a part only
    sound = unpacked is not None and size / 2 < unpacked < 50 * size
    return [Pack(place, None, size, float(unpacked if sound and unpacked else 3 * size))]


def _unpacked(place: str, packing: str, size: int) -> int | None:
    """Bytes that a file unpacks to, by what it says itself; a store is not asked for each."""
    if places.is_remote(place) or size < _LEAST:
        return None
    with places.spans(place) as read:
        if packing == ".gz":
            return int.from_bytes(read(size - 4, size), "little")
        try:
            import zstandard
        except ImportError:
            return None
        try:
            found = zstandard.get_frame_parameters(read(0, _LEAST)).content_size
        except zstandard.ZstdError:
            return None
    return int(found) if 0 < found < _UNKNOWN else None
