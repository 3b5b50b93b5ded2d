"""Exact token counts of texts that repeat themselves, faster than encoding every text anew.

An encoding first cuts a text into pieces by a pattern and merges bytes inside each piece only. So
the count of a text is the sum over its parts wherever every part ends at the end of a piece, and
parts that come again (" the", "数据") are encoded once. They are found and looked up in numpy, for
many texts at a time. Where one may end, in both encodings:

- before the first of some blanks (spaces, tabs) that follow a visible character: no piece has a
  blank inside, but for runs of blanks;
- before the last of several blanks when a visible character follows, which takes that last one;
- after the end of a line, before a visible character other than a slash, or before blanks and then
  a visible character;
- in and around East Asian writing where `sources.eastern` says so.

Where a character is not surely of one sort or the other, nothing is cut: longer parts count right.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

from sources import tokens
from sources.eastern import cutter, is_eastern

FEW = 3_000  # characters that are encoded before their parts are found
_LARGE = 200_000  # characters of a text from which it is counted in stretches
_HEAD = b"\n\n"  # before the first text: two bytes to look back on
_WIDTHS = (1, 2, 4)  # of the keys of parts that are remembered [8 byte]
_SHORT = 128  # bytes of a part that is worth remembering in full
_MOST = 50_000  # such parts
_SLOTS = 17  # bits of the number of a place where a part may be remembered
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
_AFTER = b"\xff" * 8 * _WIDTHS[-1]  # after the last, so that keys may be read there
_NO_BYTE = 2**64 - 1  # 0xFF is in no UTF-8, so keys padded with it are of one part only
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf]")
_SPACE, _TAB, _LINE, _SLASH = b" \t\n/"


class Counter:
    """Counts texts as tokens.count does; remembers a bounded number of parts."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._coder = tokens.coder(encoding)
        self._lock = threading.Lock()
        self._known = [_Known(width) for width in _WIDTHS]
        self._encodings = _Encodings(self._coder)
        self._line = len(self._coder.encode_ordinary("\n"))

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
        batches: tuple[list[tuple[int, str, bytes]], ...] = ([], [])
        for at, text in enumerate(texts):
            if tokens.has_long_blank(text):
                found[at] = tokens.count(text, self._encoding)
            elif datas and len(text) <= _LARGE and not _lone(datas[at]):
                batches[is_eastern(datas[at])].append((at, text, datas[at]))
            else:
                for stretch in _stretches(text):
                    stretch, data = _readable(stretch)
                    batches[is_eastern(data)].append((at, stretch, data))
        for eastern, batch in enumerate(batches):
            if batch:
                which, parts, encoded = zip(*batch, strict=True)
                with self._lock:  # what is remembered of a part changes in more than one step
                    counts = self._counts(encoded, parts if eastern else None)
                for at, count in zip(which, counts, strict=True):
                    found[at] += count
        return found

    def _counts(self, datas: Sequence[bytes], eastern: Sequence[str] | None) -> list[int]:
        """Tokens of each of some UTF-8, of which the texts are given if they are East Asian."""
        import numpy as np

        data = b"".join((_HEAD, b"\n".join(datas), b"\n", _AFTER))
        size = len(data) - len(_AFTER)
        codes = np.frombuffer(data, np.uint8, size)
        # the eight bytes from each place on; copied, as numpy looks things up in sound order only
        eights = np.ndarray((len(data) - 7,), "<u8", data, strides=(1,)).copy()
        # where each text starts; before the next one is the end of a line
        firsts = np.cumsum([len(_HEAD), *(len(each) + 1 for each in datas)])
        ends = np.zeros(size, bool)
        ends[firsts[:-1]] = True
        ends[firsts[1:] - 1] = True
        _mark_blanks(eights, codes, ends)
        if eastern:
            characters = np.flatnonzero(codes.view(np.int8) >= -64)
            inner = cutter(self._encoding).ends("\n\n" + "\n".join(eastern) + "\n")
            ends[characters[inner]] = True
        starts = np.flatnonzero(ends)
        sizes = np.append(starts[1:], size) - starts
        counts = self._of_parts(data, eights, starts, sizes)
        sums = np.add.reduceat(counts, np.searchsorted(starts, firsts[:-1])) - self._line
        return list(sums.tolist())

    def _of_parts(self, data: bytes, eights: Any, starts: Any, sizes: Any) -> Any:
        """Tokens of each part of some UTF-8."""
        import numpy as np

        counts = np.zeros(len(starts), np.int64)
        least = 0
        for known in self._known:
            mine = np.flatnonzero((sizes > least) & (sizes <= known.most))
            least = known.most
            at = starts.take(mine)
            size = sizes.take(mine)
            keys = known.keys(eights, at, size)
            found = known.find(keys)
            if not found.all():
                new = np.flatnonzero(found == 0)
                found[new] = self._encoded(data, at[new], size[new])
                known.put([key[new] for key in keys], found[new])
            counts[mine] = found
        longer = np.flatnonzero(sizes > least)
        if len(longer):
            counts[longer] = self._encoded(data, starts[longer], sizes[longer])
        return counts

    def _encoded(self, data: bytes, starts: Any, sizes: Any) -> list[int]:
        """Tokens of parts, each by itself."""
        stops = (starts + sizes).tolist()
        parts = map(data.__getitem__, map(slice, starts.tolist(), stops))
        return list(map(self._encodings.__getitem__, parts))


class _Encodings(dict[bytes, int]):
    """Tokens of parts that are long or new, or of short texts."""

    def __init__(self, coder: Any) -> None:
        self._coder = coder

    def __missing__(self, part: bytes) -> int:
        found = tokens.count_coded(self._coder, part.decode())
        if len(part) <= _SHORT:
            if len(self) >= _MOST:
                self.clear()
            self[part] = found
        return found


class _Known:
    """Tokens of parts of at most so many bytes; a new part may take the place of an old one."""

    def __init__(self, width: int) -> None:
        import numpy as np

        self.most = 8 * width
        self._keys = [np.full(1 << _SLOTS, _NO_BYTE, np.uint64) for _ in range(width)]
        self._counts = np.zeros(1 << _SLOTS, np.uint8)
        unused = [(_NO_BYTE << 8 * max(0, size)) & _NO_BYTE for size in range(9)]
        self._unused = np.array(unused, np.uint64)  # by bytes in use

    def keys(self, eights: Any, starts: Any, sizes: Any) -> list[Any]:
        """Each part as numbers that are those of no other part."""
        found = []
        for number in range(len(self._keys)):
            key = eights.take(starts + 8 * number)
            used = sizes - 8 * number if number else sizes
            key |= self._unused.take(used, mode="clip")
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


def _mark_blanks(eights: Any, codes: Any, ends: Any) -> None:
    """Marks where parts may end before blanks and after lines."""
    import numpy as np

    visible_before, visible_after, after_line = _visible()
    lines = np.flatnonzero(codes == _LINE)[len(_HEAD) : -1] + 1
    ends[lines[after_line.take(_pair(eights, lines))]] = True
    blank = codes == _SPACE
    blank |= codes == _TAB
    blanks = np.flatnonzero(blank)
    if not len(blanks):
        return
    new = np.ones(len(blanks), bool)
    np.not_equal(blanks[1:], blanks[:-1] + 1, out=new[1:])
    firsts, lasts = blanks[new], blanks[np.append(new[1:], True)]
    follows = visible_before.take(_pair(eights, firsts - 2))
    ends[firsts[follows]] = True
    starting = codes.take(firsts - 1) == _LINE
    several = np.flatnonzero(starting | ((firsts != lasts) & follows))
    firsts, lasts = firsts[several], lasts[several]
    leads = visible_after.take(_pair(eights, lasts + 1))
    ends[lasts[leads]] = True
    ends[firsts[leads]] = True


def _pair(eights: Any, places: Any) -> Any:
    """The two bytes at each place."""
    import numpy as np

    return eights.take(places).astype(np.uint16)


@cache
def _visible() -> tuple[Any, Any, Any]:
    """By two bytes: does a surely visible character end with them, start, start and is no slash."""
    import numpy as np

    sure = np.zeros(256, bool)
    sure[0x21:0x7F] = True
    sure[0x80:] = True
    before = np.repeat(sure, 256)  # by the second byte, which is the higher half
    after = np.tile(sure, 256)
    for first, second in (
        *((0xC2, last) for last in (0x85, 0xA0)),
        *((0x9A, 0x80), (0x81, 0x9F)),
        *((0x80, last) for last in (*range(0x80, 0x8B), 0xA8, 0xA9, 0xAF)),
    ):
        before[first | second << 8] = False
    for first, second in (
        *((0xC2, 0x85), (0xC2, 0xA0), (0xE1, 0x9A), (0xE2, 0x80), (0xE2, 0x81), (0xE3, 0x80)),
    ):
        after[first | second << 8] = False
    line = after.copy()
    line[_SLASH::256] = False
    return before, after, line


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


def _stretches(text: str) -> list[str]:
    """A text in stretches that end before a space after a visible character, or before a line's
    end after a letter."""
    found = []
    start = 0
    while len(text) - start > _LARGE:
        at = last_end(text, start, start + _LARGE)
        if at <= start:
            break
        found.append(text[start:at])
        start = at
    return [*found, text[start:]]


def last_end(text: str, start: int, stop: int) -> int:
    """The last place before `stop` where any text may be cut; `start` if there is none after it."""
    at = stop
    while (at := text.rfind(" ", start, at)) > start:
        if not text[at - 1].isspace():
            return at
    at = stop
    while (at := text.rfind("\n", start, at)) > start:
        if text[at - 1].isalpha():
            return at
    return start
