"""Exact token counts of text that repeats itself, faster than encoding every text anew.

An encoding first cuts a text into pieces by a pattern and merges bytes inside each piece only. So
the count of a text is the sum over its parts wherever every part ends at the end of a piece, and
parts that come again (" the", "数据") are encoded once. Where parts may end, in both encodings:

- before a space that follows a visible character; and before the last of several spaces, when a
  visible character follows: no piece has a blank inside, but for runs of blanks, which leave their
  last space to the word that follows;
- after the end of a line, before a visible character other than a slash;
- between a Chinese, Japanese or Korean letter and a character that is neither letter, mark nor
  apostrophe: letters end there;
- between two such letters, or a full-width punctuation mark and a letter, whenever no token of the
  vocabulary holds both (`_Pairs`): no merge can cross. Not where a run of such letters follows
  letters of other scripts: there the case of letters decides where the piece ends.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from sources import tokens

_MOST = 100_000  # parts that are remembered; then the memory is emptied
_SHORT = 96  # bytes of a part worth remembering
_WORTH = 48  # characters from which a part without spaces is cut further
_INDENT = re.compile(r"\n( +)(?=\S)")
_GAP = re.compile(r"(  (?:(?<=\S  )|(?<=\A  )) *)(?=\S)")
_LINE_ENDS = re.compile(r"(?<=\n)(?=[^\s/])")
_VISIBLE_SPACE = re.compile(r"(?<=\S) ")
_ODD = 1 << 50  # added to the tokens of a part after which a space may not end another
_KANA = ((0x3041, 0x3096), (0x30A1, 0x30FA))
_LETTERS = (*_KANA, (0x3400, 0x4DB5), (0x4E00, 0x9FEF), (0xAC00, 0xD7A3))
_MARKS = "、。〈〉《》「」『』【】〔〕！（），．：；？～“”…—·"
_UNKNOWABLE = 127
_FIRST = 0xE3  # least first byte of an East Asian letter in UTF-8
_LETTER, _PAUSE = 1, 2  # kinds of characters
_OPEN = 1
_LIMIT = 0x10000


class _Words(dict[bytes, int]):
    """Tokens of a space and what follows it up to the next one."""

    def __init__(self, counter: Counter, blanks: str) -> None:
        self._counter = counter
        self._blanks = blanks  # where a part does not end or, `blanks` being lines, not start

    def __missing__(self, word: bytes) -> int:
        text = word.decode()
        lines = _LINE_ENDS.split(" " + text) if "\n" in text else [text]
        several = len(lines) > 1
        found = self._counter.lines(lines) if several else self._counter.part(" " + text)
        ended = not text or (text[-1].isspace() and text[-1] not in self._blanks)
        if ended or (self._blanks and text[0].isspace()):
            found += _ODD
        if len(word) <= _SHORT and not several:
            if len(self) >= _MOST:
                self.clear()
            self[word] = found
        return found


class _Segments(dict[str, int]):
    """Tokens of any other part."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def __missing__(self, text: str) -> int:
        if "\n" in text and len(lines := _LINE_ENDS.split(text)) > 1:
            return self._counter.lines(lines)
        found = self._counter.part(text)
        if len(text) <= _SHORT:
            if len(self) >= _MOST:
                self.clear()
            self[text] = found
        return found


class Counter:
    """Counts texts as tokens.count does; remembers a bounded number of parts."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._coder = tokens.coder(encoding)
        self._plain = _Words(self, "")
        self._lines = _Words(self, "\n")
        self._segments = _Segments(self)
        self._ones: Any = None  # tokens of each character, 0 if not yet known
        self._twos: Any = None  # and of pairs, by number

    def count(self, text: str, data: bytes | None = None) -> int:
        """Tokens of a text, whose UTF-8 is `data` if at hand; special tokens are ordinary."""
        if tokens.has_long_blank(text):
            return tokens.count(text, self._encoding)
        try:
            return self._count(text, text.encode() if data is None else data)
        except UnicodeError:  # as tiktoken does with lone surrogates
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            return self._count(text, text.encode())

    def _count(self, text: str, data: bytes) -> int:
        if "\n " not in text and "  " not in text:
            found = self._spaced(data.split(b" "), self._plain)
            if found < _ODD:
                return found
        runs = []
        if "\n " in text:
            parts = _INDENT.split(text)
            runs += parts[1::2]
            text = "\n ".join(parts[::2])
        if "  " in text:
            parts = _GAP.split(text)
            runs += parts[1::2]
            text = " ".join(parts[::2])
        found = sum(self._segments[run[1:]] for run in runs)
        found += self._spaced(text.encode().split(b" "), self._lines)
        if found < _ODD:
            return found
        return self._visibly_spaced(text) + sum(self._segments[run[1:]] for run in runs)

    def _spaced(self, parts: list[bytes], words: _Words) -> int:
        first, last = parts[0].decode(), parts[-1].decode()
        found = self._segments[first]
        if len(parts) == 1:
            return found
        found += self._segments[" " + last]
        if words is self._lines:
            ended = first[-1:].isspace() and first[-1] != "\n"
            odd = ended or not last or last[0].isspace()
        else:
            odd = first[-1:].isspace()
        return found + odd * _ODD + sum(map(words.__getitem__, parts[1:-1]))

    def _visibly_spaced(self, text: str) -> int:
        first, *rest = _VISIBLE_SPACE.split(text)
        segments = self._segments
        return segments[first] + sum(segments[" " + part] for part in rest)

    def lines(self, parts: list[str]) -> int:
        """Tokens of lines with their ends."""
        return sum(map(self._segments.__getitem__, parts))

    def part(self, text: str) -> int:
        """Tokens of one part."""
        if len(text) >= _WORTH and not text.isascii():
            return self._cut(text)
        return tokens.count_coded(self._coder, text)

    def _cut(self, text: str) -> int:
        """Tokens of a text that may hold East Asian letters."""
        import numpy as np

        table = _pairs(self._encoding)
        codes, numbers, inner = table.ends(text)
        if not len(inner):
            return tokens.count_coded(self._coder, text)
        if self._ones is None:
            self._ones = np.zeros(_LIMIT, np.int8)
            self._twos = np.where(table.exact, 0, _UNKNOWABLE).astype(np.int8)
        starts = np.zeros(len(inner) + 2, np.intp)
        starts[1:-1], starts[-1] = inner, len(codes)
        starts, ends = starts[:-1], starts[1:]
        sizes = ends - starts
        longer = sizes > 2
        known = 0
        for size, keys, counts in ((1, codes, self._ones), (2, numbers, self._twos)):
            which = np.flatnonzero(sizes == size)
            at = starts.take(which)
            mine = keys.take(at)
            found = counts.take(mine)
            if not found.all():
                for place in at[found == 0].tolist():
                    part = text[place : place + size]
                    counts[keys[place]] = tokens.count_coded(self._coder, part)
                found = counts.take(mine)
            if size == 2 and (unknowable := found == _UNKNOWABLE).any():
                longer[which[unknowable]] = True
                found = found[~unknowable]
            known += int(found.sum())
        spans = zip(starts[longer].tolist(), ends[longer].tolist(), strict=True)
        for start, end in spans:
            part = text[start:end]
            if len(part) < _WORTH:
                known += self._segments[part]
            else:  # has no end inside, or none that is sure
                known += tokens.count_coded(self._coder, part)
        return known


@cache
def _pairs(encoding: str) -> _Pairs:
    return _Pairs(tokens.coder(encoding).token_byte_values())


class _Pairs:
    """Neighbours, East Asian letters or punctuation, that some token of a vocabulary holds both."""

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
        exact = np.zeros_like(free)  # pairs that have their number for themselves
        exact[_OPEN + 1 :, _OPEN + 1 :] = True
        self.exact = exact.ravel()
        self._left *= self._width

    def _close(self, first: int | None, left: bytes, right: bytes) -> None:
        """A token ends inside a character: keep whole what could stand there."""
        if first is not None:
            self._left[first] = _OPEN
        elif _FIRST <= right[0] <= 0xED:
            rest = 3 - len(right)
            low, high = _code(right + b"\x80" * rest), _code(right + b"\xbf" * rest)
            self._right[low : high + 1] = _OPEN

    def ends(self, text: str) -> tuple[Any, Any, Any]:
        """Codes of the characters, numbers of each with the next, places where a part may end."""
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
        return codes, pairs, np.flatnonzero(inner) + 1


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
