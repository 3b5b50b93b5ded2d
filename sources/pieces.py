"""Exact token counts of texts that repeat themselves, faster than encoding every text anew.

Texts are cut into parts that count by themselves (`sources.cuts`), and a part that comes again
(" the", "数据") is encoded once. Parts are found and looked up in numpy, for many texts at a time.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sources import tokens
from sources.cuts import HEAD, SEPARATORS, mark_parts, separators, stretches
from sources.eastern import cutter, is_eastern

FEW = 3_000  # characters that are encoded before their parts are found
_LARGE = 200_000  # characters of a text from which it is counted in stretches
_TOGETHER = 1_000_000  # characters that are counted at once, at most
_WIDTHS = (1, 2, 4)  # of the keys of parts that are remembered [8 byte]
_SLOTS = 18  # bits of the number of a place where a part may be remembered
_LONGER = 128  # bytes of a longer part that is remembered
_MOST = 20_000  # such parts
_JOINED = 10, 1_000  # new parts that are encoded at once: at least, most bytes of one
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
_NO_BYTE = 2**64 - 1  # 0xFF is in no UTF-8, so keys padded with it are of one part only
_AFTER = b"\xff" * 8 * _WIDTHS[-1]  # after the last text, so that keys may be read there
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf]")

_Stretch = tuple[int, str, bytes]  # number of its text, the stretch, its UTF-8


class Counter:
    """Counts texts as tokens.count does; remembers a bounded number of parts."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._coder = tokens.coder(encoding)
        self._lock = threading.Lock()
        self._known = [_Known(width) for width in _WIDTHS]
        self._longer: dict[bytes, int] = {}  # parts that are too long for keys
        self._line = len(self._coder.encode_ordinary("\n"))

    def prepare(self) -> None:
        """Makes the tables that the first texts would wait for."""
        cutter(self._encoding)
        _lengths(self._encoding)

    def count(self, text: str, data: bytes | None = None) -> int:
        """Tokens of a text, of which `data` is the UTF-8; special tokens are ordinary text."""
        if len(text) < FEW:
            return tokens.count_coded(self._coder, text)
        return self.count_all([text], None if data is None else [data])[0]

    def count_all(self, texts: Sequence[str], datas: Sequence[bytes] | None = None) -> list[int]:
        """Tokens of each text; quick if they have more than FEW characters together.

        datas: the texts in UTF-8, with lone surrogates passed, if at hand.
        """
        found = [0] * len(texts)
        batches: tuple[list[_Stretch], ...] = ([], [])
        sizes = [0, 0]
        for at, text in enumerate(texts):
            if tokens.has_long_blank(text):
                found[at] = tokens.count(text, self._encoding)
                continue
            for stretch, data in _stretches(text, datas[at] if datas else None):
                if len(stretch) > _TOGETHER:  # it cannot be cut
                    found[at] += tokens.count_coded(self._coder, stretch)
                    continue
                eastern = is_eastern(data)
                if sizes[eastern] + len(stretch) > _TOGETHER:
                    self._add(batches[eastern], found, eastern)
                    sizes[eastern] = 0
                batches[eastern].append((at, stretch, data))
                sizes[eastern] += len(stretch)
        for number, batch in enumerate(batches):
            self._add(batch, found, bool(number))
        return found

    def _add(self, batch: list[_Stretch], found: list[int], eastern: bool) -> None:
        """Adds the tokens of a batch, and empties it."""
        if not batch:
            return
        which, parts, encoded = zip(*batch, strict=True)
        with self._lock:  # what is remembered of a part changes in more than one step
            counts = self._counts(encoded, parts if eastern else None)
        for at, count in zip(which, counts, strict=True):
            found[at] += count
        batch.clear()

    def _counts(self, datas: Sequence[bytes], eastern: Sequence[str] | None) -> list[int]:
        """Tokens of each of some UTF-8, of which the texts are given if they are East Asian."""
        import numpy as np

        data = b"".join((HEAD, b"\n".join(datas), b"\n", _AFTER))
        size = len(data) - len(_AFTER)
        # copied, as numpy looks things up quickly only in what is aligned
        eights = np.ndarray((len(data) - 7,), "<u8", data, strides=(1,)).copy()
        # where each text starts; before the next one is the end of a line
        firsts = np.cumsum([len(HEAD), *(len(each) + 1 for each in datas)])
        ends = np.zeros(size, bool)
        ends[firsts[:-1]] = True
        ends[firsts[1:] - 1] = True
        mark_parts(data, eights, ends)
        if eastern:
            characters = np.flatnonzero(np.frombuffer(data, np.int8, size) >= -64)
            inner = cutter(self._encoding).ends(HEAD.decode() + "\n".join(eastern) + "\n")
            ends[characters[inner]] = True
        starts = np.flatnonzero(ends)
        counts = self._of_parts(data, eights, starts, np.append(starts[1:], size) - starts)
        sums = np.add.reduceat(counts, np.searchsorted(starts, firsts[:-1])) - self._line
        return list(sums.tolist())

    def _of_parts(self, data: bytes, eights: Any, starts: Any, sizes: Any) -> Any:
        """Tokens of each part of some UTF-8."""
        import numpy as np

        counts = np.zeros(len(starts), np.int64)
        unknown = []
        least = 0
        for known in self._known:
            mine = np.flatnonzero((sizes > least) & (sizes <= known.most))
            least = known.most
            keys = known.keys(eights, starts.take(mine), sizes.take(mine))
            found = known.find(keys)
            counts[mine] = found
            new = np.flatnonzero(found == 0)
            unknown.append((known, mine[new], [key[new] for key in keys]))
        new = np.concatenate([np.flatnonzero(sizes > least), *(mine for _, mine, _ in unknown)])
        if len(new):
            counts[new] = self._encoded(data, eights, starts[new], sizes[new])
            for known, mine, keys in unknown:
                known.put(keys, counts[mine])
        return counts

    def _encoded(self, data: bytes, eights: Any, starts: Any, sizes: Any) -> list[int]:
        """Tokens of parts that are new, or too long for keys."""
        import numpy as np

        spans = map(slice, starts.tolist(), (starts + sizes).tolist())
        parts = list(map(data.__getitem__, spans))
        found = {part: self._longer[part] for part in parts if part in self._longer}
        places = {part: at for at, part in enumerate(parts) if part not in found}
        at = np.fromiter(places.values(), np.intp, len(places))
        joinable = separators(eights, starts[at], sizes[at]) * (sizes[at] <= _JOINED[1])
        joined = {
            part: SEPARATORS[number]
            for part, number in zip(places, joinable.tolist(), strict=True)
            if number
        }
        if len(joined) >= _JOINED[0]:
            found.update(zip(joined, self._of_joined(joined), strict=True))
        for part in places:
            if part not in found:
                found[part] = tokens.count_coded(self._coder, part.decode())
            if self._known[-1].most < len(part) <= _LONGER:
                if len(self._longer) >= _MOST:
                    self._longer.clear()
                self._longer[part] = found[part]
        return [found[part] for part in parts]

    def _of_joined(self, parts: dict[bytes, bytes]) -> list[int]:
        """Tokens of parts, each with its separator: to encode one costs more than its tokens."""
        import numpy as np

        text = b"".join(itertools.chain.from_iterable(parts.items())).decode()
        found = np.array(self._coder.encode_ordinary(text))
        ends = np.cumsum(_lengths(self._encoding).take(found))
        sizes = np.array([(len(part), len(after)) for part, after in parts.items()])
        through = np.searchsorted(ends, np.cumsum(sizes), "right")  # tokens up to each's end
        return list(np.diff(through, prepend=0)[::2].tolist())


class _Known:
    """Tokens of parts of at most so many bytes; a new part may take the place of an old one."""

    def __init__(self, width: int) -> None:
        import numpy as np

        self.most = 8 * width
        self._keys = [np.full(1 << _SLOTS, _NO_BYTE, np.uint64) for _ in range(width)]
        self._counts = np.zeros(1 << _SLOTS, np.uint8)
        unused = [(_NO_BYTE << 8 * size) & _NO_BYTE for size in range(9)]
        self._unused = np.array(unused, np.uint64)  # by bytes in use

    def keys(self, eights: Any, starts: Any, sizes: Any) -> list[Any]:
        """Each part as numbers that are those of no other part."""
        found = []
        for number in range(len(self._keys)):
            key = eights.take(starts + 8 * number)
            key |= self._unused.take(sizes - 8 * number, mode="clip")
            found.append(key)
        return found

    def find(self, keys: list[Any]) -> Any:
        """Tokens of each part, 0 where it is not known."""
        import numpy as np

        slots = _slots(keys)
        found: Any = self._counts.take(slots)
        found *= self._same(keys, slots)
        if not found.all():
            missed = np.flatnonzero(found == 0)
            slots = slots[missed] ^ 1  # the other place for a part
            same = self._same([key[missed] for key in keys], slots)
            found[missed] = self._counts.take(slots) * same
        return found

    def _same(self, keys: list[Any], slots: Any) -> Any:
        same = self._keys[0].take(slots) == keys[0]
        for mine, key in zip(self._keys[1:], keys[1:], strict=True):
            same &= mine.take(slots) == key
        return same

    def put(self, keys: list[Any], counts: Any) -> None:
        """Remembers parts."""
        import numpy as np

        slots = _slots(keys)
        slots ^= self._counts.take(slots) != 0
        slots, which = np.unique(slots, return_index=True)  # one part a place
        for mine, key in zip(self._keys, keys, strict=True):
            mine[slots] = key[which]
        self._counts[slots] = counts[which]


def _slots(keys: list[Any]) -> Any:
    import numpy as np

    mixed = keys[0] * np.uint64(_FACTORS[0])
    for key, factor in zip(keys[1:], _FACTORS[1:], strict=False):
        mixed += key * np.uint64(factor)
    mixed >>= np.uint64(64 - _SLOTS)
    return mixed.astype(np.intp)


@cache
def _lengths(encoding: str) -> Any:
    """Bytes of each token."""
    import numpy as np

    coder = tokens.coder(encoding)
    known = coder.token_byte_values()
    found = np.zeros(coder.n_vocab, np.int64)
    found[[coder.encode_single_token(token) for token in known]] = list(map(len, known))
    return found


def _stretches(text: str, data: bytes | None) -> Iterator[tuple[str, bytes]]:
    """A text in stretches as tiktoken reads it, with their UTF-8."""
    if data is not None and len(text) <= _LARGE and not _lone(data):
        yield text, data
    else:
        yield from map(_readable, stretches(text, _LARGE))


def _lone(data: bytes) -> bool:
    """Whether UTF-8 holds a lone surrogate."""
    return b"\xed" in data and _SURROGATE.search(data) is not None


def _readable(text: str) -> tuple[str, bytes]:
    """A text as tiktoken reads it, lone surrogates replaced, and its UTF-8."""
    try:
        return text, text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text, text.encode()
