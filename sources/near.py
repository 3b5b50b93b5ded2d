"""Near-duplicates by MinHash: which documents share most of their shingles with another one.

A shingle is five words in a row, or five characters of a script without spaces
(`sources.shingles`). Of a document 128 minima over its shingles are kept, 16 bits of each: 256
bytes whatever its length. The share of equal minima of two documents estimates the Jaccard
similarity J of their sets of shingles (Broder 1997, doi 10.1109/SEQUEN.1997.666900; few bits: Li &
Koenig 2010, doi 10.1145/1772690.1772759), with a standard deviation of sqrt(J (1 - J) / 128), .035
at J = .8. Pairs to compare are those with a band of minima in common; the bands are so many that a
pair at the threshold is compared with a chance of 99%.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from sources.shingles import mixed, numbers, shingles

HASHES = 128
_MOST_ROWS = 64  # minima in a band
_SURE = 0.99  # chance that a pair at the threshold is compared
_PIECE = 250_000  # bytes whose shingles are made at once
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
def _hashes() -> tuple[Any, Any]:
    """Factors and shifts of the hashes."""
    return numbers(4, HASHES, 32), numbers(5, HASHES, 32)


def _minima(texts: Sequence[bytes]) -> Any:
    """Minima [32 bits] over the shingles of each text, (texts, HASHES)."""
    import numpy as np

    factors, shifts = _hashes()
    hashes, first, owners = shingles(texts)
    found = np.full((HASHES, len(texts)), _NONE, np.uint32)
    if len(owners):
        hashed = np.empty_like(hashes)
        for row, factor, shift in zip(found, factors, shifts, strict=True):
            np.multiply(hashes, factor, out=hashed)
            hashed ^= shift
            row[owners] = np.minimum.reduceat(hashed, first)
    return np.ascontiguousarray(found.T)


def near(signatures: Any, order: Any, threshold: float) -> Any:
    """Whether each document is at least `threshold` similar to one before it in `order`."""
    import numpy as np

    order = order[(signatures[:, :4] != np.uint16(_NONE & 0xFFFF)).any(axis=1)[order]]
    found = np.zeros(len(signatures), bool)
    least = int(np.ceil(threshold * HASHES - 1e-9))
    rows = band_rows(threshold)
    factors = numbers(6, rows, 64)
    for low in range(0, HASHES - rows + 1, rows):
        keys = np.zeros(len(order), np.uint64)
        for at in range(rows):
            keys = mixed(keys + signatures[order, low + at] * factors[at])
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
    for rows in range(_MOST_ROWS, 1, -1):
        if 1 - (1 - threshold**rows) ** (HASHES // rows) >= _SURE:
            return rows
    return 1
