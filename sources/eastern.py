"""Where Chinese, Japanese and Korean writing may be cut without changing its tokens.

It has few spaces, so that what comes again are words inside a piece of the encoding's pattern. Two
parts of a piece count by themselves where no merge can cross. Such places are, in both encodings:

- between a Chinese, Japanese or Korean letter and a character that is neither letter, mark nor
  apostrophe: letters end there;
- between two such letters, or a full-width punctuation mark and a letter, whenever no token of the
  vocabulary holds both. Not where a run of such letters follows letters of other scripts: there the
  case of letters decides where the piece ends.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sources import tokens

_KANA = ((0x3041, 0x3096), (0x30A1, 0x30FA))
_LETTERS = (*_KANA, (0x3400, 0x4DB5), (0x4E00, 0x9FEF), (0xAC00, 0xD7A3))
_MARKS = "、。〈〉《》「」『』【】〔〕！（），．：；？～“”…—·"
_FIRST, _LAST = 0xE3, 0xED  # first bytes of an East Asian letter in UTF-8, from and to
_FIRSTS = bytes(range(_FIRST, _LAST + 1))
_SAMPLED = 17  # one byte in so many tells how a text is written; no multiple of a character's bytes
_SHARE = 20  # one such letter in so many bytes makes it worth a closer look
_LETTER, _PAUSE = 1, 2  # kinds of characters
_OPEN = 1
_LIMIT = 0x10000


def is_eastern(data: bytes) -> bool:
    """Whether much of some UTF-8 is East Asian, as far as a quick look shows."""
    sample = data[::_SAMPLED]
    return (len(sample) - len(sample.translate(None, _FIRSTS))) * _SHARE > len(sample)


@cache
def cutter(encoding: str) -> Cutter:
    """Of an encoding."""
    return Cutter(tokens.coder(encoding).token_byte_values())


class Cutter:
    """Knows neighbours, East Asian letters or punctuation, that some token holds both."""

    def __init__(self, vocabulary: list[bytes]) -> None:
        import numpy as np

        self._kind = np.zeros(_LIMIT, np.uint8)
        for low, high in _LETTERS:
            self._kind[low : high + 1] = _LETTER
        self._kind[[ord(mark) for mark in _MARKS]] = _PAUSE
        self._kind[[at for at in range(128) if not chr(at).isalpha() and chr(at) != "'"]] = _PAUSE
        east = self._kind.astype(bool)
        east[:128] = False
        # letters beside which some token ends or starts inside a character: never parted there
        self._left, self._right = np.zeros((2, _LIMIT), np.intp)
        joined = set()
        for left, right in _neighbours(vocabulary):
            first, second = _whole(left), _whole(right)
            if second is None:
                self._close(first, left, right)
            elif east[second]:
                if first is None:
                    self._right[second] = _OPEN
                elif east[first]:
                    joined.add((first, second))
        for table, ends in zip((self._left, self._right), zip(*joined, strict=True), strict=True):
            closed = [end for end in sorted(set(ends)) if table[end] != _OPEN]
            table[closed] = range(_OPEN + 1, len(closed) + _OPEN + 1)
        self._width = int(self._right.max()) + 1
        free = np.ones((int(self._left.max()) + 1, self._width), bool)
        free[_OPEN], free[:, _OPEN] = False, False
        for first, second in joined:
            free[self._left[first], self._right[second]] = False
        self._free = free.ravel()
        self._left *= self._width

    def _close(self, first: int | None, left: bytes, right: bytes) -> None:
        """A token ends inside a character: keep whole what could stand there."""
        if first is not None:
            self._left[first] = _OPEN
        elif _FIRST <= right[0] <= _LAST:
            rest = 3 - len(right)
            low, high = _code(right + b"\x80" * rest), _code(right + b"\xbf" * rest)
            self._right[low : high + 1] = _OPEN

    def ends(self, text: str) -> Any:
        """Characters before which a part may end."""
        import numpy as np

        codes = np.frombuffer(text.encode("utf-32-le"), "<u4").astype(np.intp)
        np.minimum(codes, _LIMIT - 1, out=codes)  # which is no character
        kind = self._kind.take(codes)
        left, right = kind[:-1], kind[1:]
        letter = right == _LETTER
        after_pause = left == _PAUSE
        pairs = self._left.take(codes[:-1])
        pairs += self._right.take(codes[1:])
        inner = self._free.take(pairs)
        inner &= letter
        inner &= left != 0
        inner &= codes[:-1] >= 128
        starts = letter & (left != _LETTER)  # of runs of letters
        if (starts & ~after_pause).any():  # some follow letters of another script
            inner &= _after(starts, starts & after_pause, bool(kind[0] == _LETTER)) | after_pause
        inner |= (left == _LETTER) & (right == _PAUSE)
        return np.flatnonzero(inner) + 1


def _after(starts: Any, good: Any, first: bool) -> Any:
    """Whether the last start up to here is a good one; `first` stands for that before all."""
    import numpy as np

    number = np.cumsum(starts)
    return np.concatenate(([first], good[starts])).take(number)


def _neighbours(vocabulary: list[bytes]) -> set[tuple[bytes, bytes]]:
    """Characters, or the parts of them that a token holds, next to each other in some token."""
    found: set[tuple[bytes, bytes]] = set()
    for token in vocabulary:
        if max(token) < _FIRST:  # holds no East Asian character, not even a part of one
            continue
        starts = [at for at in range(1, len(token)) if token[at] & 0xC0 != 0x80]
        if starts:
            parts = [token[a:b] for a, b in zip([0, *starts], [*starts, len(token)], strict=True)]
            found.update(zip(parts, parts[1:], strict=False))
    return found


def _whole(part: bytes) -> int | None:
    """Code of the character, at most 0xFFFF; None if only some of its bytes are there."""
    try:
        return min(ord(part.decode()), _LIMIT - 1)
    except UnicodeDecodeError:
        return None


def _code(data: bytes) -> int:
    return (data[0] & 0x0F) << 12 | (data[1] & 0x3F) << 6 | data[2] & 0x3F
