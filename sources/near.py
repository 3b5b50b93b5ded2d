"""Near-duplicates by MinHash: which documents share most of their shingles with another one.

A shingle is five units in a row; a unit is a word without case or punctuation, or a character of a
script without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese). Of a document 128 minima are
kept, 16 bits of each: 256 bytes whatever its length. The share of equal minima of two documents
estimates the Jaccard similarity J of their sets of shingles (Broder 1997, doi
10.1109/SEQUEN.1997.666900; few bits: Li & Koenig 2010, doi 10.1145/1772690.1772759), with a
standard deviation of sqrt(J (1 - J) / 128), .035 at J = .8. Pairs to compare are those with a band
of minima in common; the bands are so many that a pair at the threshold is compared with a chance
of 99%.

Everything runs over many texts at once in numpy: bytes -> units -> shingles -> minima.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

HASHES = 128
UNITS = 5  # in a shingle
NEAR = 0.8  # usual threshold
_SURE = 0.99  # chance that a pair at the threshold is compared
_PIECE = 250_000  # bytes whose shingles are made at once
_LONGEST = 64  # bytes of a unit that have their own place in it
_PAIRS = 50_000  # compared at once
_NONE = 0xFFFFFFFF  # minimum of no shingle


class Minima:
    """Collects texts and gives the signature of each, in their order."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._ends: list[int] = []  # of texts, among the pieces
        self._size = 0
        self._started: Any = None  # minima of the pieces before of a text that is not over
        self._found: list[Any] = []

    def add(self, data: bytes) -> None:
        """A text, as UTF-8, or a part of one."""
        for piece in _pieces(data):
            if self._size >= _PIECE:
                self._flush()
            self._pieces.append(piece)
            self._size += len(piece)

    def end(self) -> None:
        """The text is over."""
        self._ends.append(len(self._pieces))
        if self._size >= _PIECE:
            self._flush()

    def forget(self) -> None:
        """What was added since the end of the last text is of none."""
        del self._pieces[self._ends[-1] if self._ends else 0 :]
        self._started = None

    def signatures(self) -> Any:
        """A row of HASHES numbers of 16 bits for each text."""
        import numpy as np

        self._flush()
        return np.concatenate([np.zeros((0, HASHES), np.uint16), *self._found])

    def _flush(self) -> None:
        import numpy as np

        if not self._pieces:
            return
        found = _minima(self._pieces)
        if self._started is not None:
            np.minimum(found[0], self._started, out=found[0])
            self._started = None
        last = self._ends[-1] if self._ends else 0
        if last < len(found):
            self._started = found[last:].min(axis=0)
        if self._ends:
            texts = np.minimum.reduceat(found[:last], [0, *self._ends[:-1]], axis=0)
            self._found.append(texts.astype(np.uint16))  # low bits, of which a minimum may have any
        self._pieces, self._ends, self._size = [], [], 0


def signatures(texts: Iterable[bytes]) -> Any:
    """A row of HASHES numbers of 16 bits for each text."""
    found = Minima()
    for text in texts:
        found.add(text)
        found.end()
    return found.signatures()


def _pieces(text: bytes) -> Iterator[bytes]:
    """A long text in pieces that end between characters, before a space if there is one."""
    at = 0
    while len(text) - at > _PIECE:
        end = text.rfind(b" ", at + _PIECE // 2, at + _PIECE)
        if end < 0:
            end = at + _PIECE
            while end > at + 1 and text[end] & 0xC0 == 0x80:
                end -= 1
        yield text[at:end]
        at = end
    yield text[at:]


@cache
def _tables() -> tuple[Any, ...]:
    """Per byte whether it is of a word and its number; factors of places, shingles, hashes."""
    import numpy as np

    chance = np.random.Generator(np.random.PCG64(20261124))
    word = np.zeros(256, bool)
    word[
        [ord(each) for each in "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    ] = True
    word[128:] = True
    number = chance.integers(1, 2**63, 256, np.uint64)
    number[ord("A") : ord("Z") + 1] = number[ord("a") : ord("z") + 1]
    places, units = (
        chance.integers(1, 2**63, size, np.uint64) | np.uint64(1) for size in (_LONGEST, UNITS)
    )
    factors = chance.integers(0, 2**32, HASHES, np.uint32) | np.uint32(1)
    shifts = chance.integers(0, 2**32, HASHES, np.uint32)
    return word, number, places, units, factors, shifts


def _minima(texts: Sequence[bytes]) -> Any:
    """Minima [32 bits] over the shingles of each text, (texts, HASHES)."""
    import numpy as np

    factors, shifts = _tables()[4:]
    shingles, first, owners = _shingles(texts)
    found = np.full((HASHES, len(texts)), _NONE, np.uint32)
    if len(owners):
        hashed = np.empty_like(shingles)
        for row, factor, shift in zip(found, factors, shifts, strict=True):
            np.multiply(shingles, factor, out=hashed)
            hashed ^= shift
            row[owners] = np.minimum.reduceat(hashed, first)
    return np.ascontiguousarray(found.T)


def _shingles(texts: Sequence[bytes]) -> tuple[Any, Any, Any]:
    """Hashes of all shingles [32 bits], where those of a text start, the texts that have any."""
    import numpy as np

    factors = _tables()[3]
    units, count = _units(texts)
    # a text of fewer than UNITS units is one shingle, filled up with zeros
    sizes = np.where(count, np.maximum(count, UNITS), 0)
    ends = np.cumsum(sizes)
    shift = np.repeat(ends - sizes - (np.cumsum(count) - count), count)
    spread = np.zeros(int(ends[-1]) + UNITS - 1, np.uint64)
    spread[np.arange(len(units)) + shift] = units
    total = spread[: ends[-1]] * factors[0]
    for at in range(1, UNITS):
        total += spread[at : at + ends[-1]] * factors[at]
    inside = np.ones(len(total), bool)
    owners = np.flatnonzero(sizes)
    for back in range(1, UNITS):
        inside[ends[owners] - back] = False
    shingles = (_mixed(total[inside]) >> np.uint64(32)).astype(np.uint32)
    lengths = sizes[owners] - (UNITS - 1)
    return shingles, np.cumsum(lengths) - lengths, owners


def _units(texts: Sequence[bytes]) -> tuple[Any, Any]:
    """Hashes of the units of all texts, and how many each has."""
    import numpy as np

    of_word, number, places = _tables()[:3]
    data = np.frombuffer(b"\0".join(texts) + b"\0\0\0\0\0", np.uint8)  # a character ends in it
    borders = np.cumsum([0, *(len(text) + 1 for text in texts)])
    word = of_word[data]
    start = word.copy()
    start[1:] &= ~word[:-1]
    high = np.flatnonzero(data >= 0xE0)
    if len(high):
        alone, marks = _characters(data, high)
        for place in range(3):
            word[marks + place] = False
        start = word.copy()
        start[1:] &= ~word[:-1]
        after = alone + np.where(data[alone] >= 0xF0, 4, 3)
        start[after] = word[after]
        start[alone] = True
    first = np.flatnonzero(start)
    if not len(first):
        return np.zeros(0, np.uint64), np.zeros(len(texts), np.intp)
    values = number[data] * word
    values *= places[np.minimum(_places(first, len(data)), _LONGEST - 1)]
    units = _mixed(np.add.reduceat(values, first))
    return units, np.diff(np.searchsorted(first, borders))


def _places(first: Any, size: int) -> Any:
    """How far each byte is from the start of its unit."""
    import numpy as np

    starts = np.zeros(size, np.intp)
    starts[first[0] :] = np.repeat(first, np.diff(first, append=size))
    return np.arange(size) - starts


def _characters(data: Any, high: Any) -> tuple[Any, Any]:
    """Where characters that are units stand, and punctuation of three bytes."""
    lead, second = data[high], data[high + 1]
    marks = ((lead == 0xE3) & (second == 0x80)) | ((lead == 0xE2) & (second == 0x80))
    marks |= (lead == 0xEF) & (second == 0xBC)
    alone = (lead >= 0xE3) & (lead <= 0xE9) & ~marks
    alone |= (lead == 0xE0) & (second >= 0xB8) & (second <= 0xBB)  # Thai, Lao
    alone |= (lead == 0xE1) & ((second == 0x80) | (second == 0x81))  # Burmese
    alone |= (lead == 0xE1) & ((second == 0x9E) | (second == 0x9F))  # Khmer
    alone |= (lead == 0xF0) & (second >= 0xA0) & (second <= 0xAF)  # rare Chinese characters
    return high[alone], high[marks]


def _mixed(values: Any) -> Any:
    """A bijection after which every bit depends on all (Stafford's variant of MurmurHash3)."""
    import numpy as np

    values = values ^ (values >> np.uint64(30))
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


def near(signatures: Any, order: Any, threshold: float) -> Any:
    """Whether each document is at least `threshold` similar to one before it in `order`."""
    import numpy as np

    order = order[(signatures[:, :4] != np.uint16(_NONE & 0xFFFF)).any(axis=1)[order]]
    found = np.zeros(len(signatures), bool)
    least = int(np.ceil(threshold * HASHES - 1e-9))
    rows = band_rows(threshold)
    factors = _tables()[2][:rows]
    for low in range(0, HASHES - rows + 1, rows):
        keys = np.zeros(len(order), np.uint64)
        for at in range(rows):
            keys = _mixed(keys + signatures[order, low + at] * factors[at])
        by_key = np.argsort(keys, kind="stable")  # in each group by order
        keys = keys[by_key]
        same = keys[1:] == keys[:-1]
        first = np.flatnonzero(np.concatenate(([True], ~same))) if len(keys) else by_key
        starts = np.repeat(first, np.diff(first, append=len(keys)))
        _compare(signatures, order[by_key], starts, found, least)
    return found


def _compare(signatures: Any, documents: Any, starts: Any, found: Any, least: int) -> None:
    """Marks the documents that have `least` minima in common with an earlier one of their group.

    A group is as long as its start is the same; its members come in order.
    """
    import numpy as np

    place = np.arange(len(documents)) - starts
    open_ones = np.flatnonzero(place > 0)
    nth = 0
    while len(open_ones):
        open_ones = open_ones[(place[open_ones] > nth) & ~found[documents[open_ones]]]
        for low in range(0, len(open_ones), _PAIRS):
            some = open_ones[low : low + _PAIRS]
            one, other = documents[some], documents[starts[some] + nth]
            equal = (signatures[one] == signatures[other]).sum(axis=1)
            found[one[equal >= least]] = True
        nth += 1


def band_rows(threshold: float) -> int:
    """Minima in a band: as many as leave a pair at the threshold a chance of _SURE to share one."""
    for rows in range(_LONGEST, 1, -1):
        if 1 - (1 - threshold**rows) ** (HASHES // rows) >= _SURE:
            return rows
    return 1
