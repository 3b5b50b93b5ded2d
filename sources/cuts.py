"""Where a text may be cut so that its parts have, each by itself, the tokens they have in it.

An encoding first cuts a text into pieces by a pattern and merges bytes inside each piece only. So
the count of a text is the sum over its parts wherever every part ends at the end of a piece. Where
one surely does, in both encodings:

- before the first of some blanks (spaces, tabs) that follow a visible character: no piece has a
  blank inside, but for runs of blanks;
- before the last of several blanks when a visible character follows, which takes that last one;
- after the end of a line, before a visible character other than a slash, or before blanks and then
  a visible character;
- between ASCII letters and what is no letter, if it is no apostrophe; between ASCII digits and
  other visible ASCII characters;
- in and around East Asian writing where `sources.eastern` says so.

Where a character is not surely of one sort or the other, nothing is cut: longer parts count right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

HEAD = b"\n\n"  # before the first text: two bytes to look back on
_EAST = "\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fef\uac00-\ud7a3"
_OTHER_ENDS = re.compile(
    r"(?<=[A-Za-z])(?=[0-9!-&(-/:-@\[-`{-~])|(?<=[0-9])(?=[!-/:-~])"
    rf"|(?<=[{_EAST}])(?=[、。，！？：；])|(?<=\n)(?=[0-9A-Za-z{_EAST}])"
)
_BACK = 1_000  # characters in which such a place is looked for first
SEPARATORS = (b"", b" \n", b"a \n")
_SPACE, _TAB, _LINE, _SLASH = b" \t\n/"
# kinds of ASCII characters, and which of them start a part after each
_LETTER, _MARK, _APOSTROPHE, _DIGIT = 1, 2, 4, 8
_STARTING = {
    _LETTER: _MARK | _DIGIT,
    _MARK: _DIGIT,
    _APOSTROPHE: _DIGIT,
    _DIGIT: _LETTER | _MARK | _APOSTROPHE,
}


def _kind(byte: int) -> int:
    if not 0x21 <= byte < 0x7F:
        return 0
    if byte == ord("'"):
        return _APOSTROPHE
    return _DIGIT if chr(byte).isdigit() else _LETTER if chr(byte).isalpha() else _MARK


_KINDS = bytes(map(_kind, range(256)))
_STARTS_AFTER = bytes(_STARTING.get(kind, 0) for kind in _KINDS)


def mark_parts(data: bytes, eights: Any, ends: Any) -> None:
    """Marks in `ends` bytes before which a part ends; data is UTF-8 that begins with HEAD.

    eights: the eight bytes of the data from each place on, read as one number.
    """
    import numpy as np

    codes = np.frombuffer(data, np.uint8, len(ends))
    _mark_blanks(eights, codes, ends)
    after, kinds = (
        np.frombuffer(data.translate(each), np.uint8, len(ends)) for each in (_STARTS_AFTER, _KINDS)
    )
    ends[1:] |= (after[:-1] & kinds[1:]) != 0


def _mark_blanks(eights: Any, codes: Any, ends: Any) -> None:
    """Marks where parts may end before blanks and after lines."""
    import numpy as np

    visible_before, visible_after, after_line = _visible()
    lines = np.flatnonzero(codes == _LINE)[len(HEAD) : -1] + 1
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


def separators(eights: Any, starts: Any, sizes: Any) -> Any:
    """What may stand between each part and any other that has a separator too, so that both have
    the tokens they have by themselves: its number in SEPARATORS, 0 if none surely does."""
    import numpy as np

    visible_before, visible_after, after_line = _visible()
    first, last = _pair(eights, starts), _pair(eights, starts + sizes - 2)
    blank = np.isin(first & 0xFF, (_SPACE, _TAB))
    sure = np.where(blank, visible_after.take(_pair(eights, starts + 1)), after_line.take(first))
    return sure * (visible_before.take(last) + 2 * (last >> 8 == _LINE))


def _pair(eights: Any, places: Any) -> Any:
    """The two bytes at each place."""
    import numpy as np

    return eights.take(places).astype(np.uint16)


@cache
def _visible() -> tuple[Any, Any, Any]:
    """By two bytes: does a surely visible character end with them; start with them; start with
    them and is no slash."""
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


def stretches(text: str, size: int) -> Iterator[str]:
    """A text in stretches of at most so many characters, or of more where it cannot be cut."""
    start = 0
    while len(text) - start > size:
        reach, at = size, start
        while at == start and start + reach < len(text):
            at = last_end(text, start, start + reach)
            reach *= 2
        if at == start:
            break
        yield text[start:at]
        start = at
    yield text[start:]


def last_end(text: str, start: int, stop: int) -> int:
    """The last place before `stop` that is before a space after a visible character; or else before
    the end of a line after a letter; or else any other where a part ends. `start` if there is none
    after it."""
    at = stop
    while (at := text.rfind(" ", start, at)) > start:
        if not text[at - 1].isspace():
            return at
    at = stop
    while (at := text.rfind("\n", start, at)) > start:
        if text[at - 1].isalpha():
            return at
    return _last_other_end(text, start, stop)


def _last_other_end(text: str, start: int, stop: int) -> int:
    low, back = stop, _BACK
    while low > start:
        low, high, back = max(start, stop - back), low, back * 8
        places = [found.start() for found in _OTHER_ENDS.finditer(text, low, min(stop, high + 1))]
        if places and places[-1] > start:
            return places[-1]
    return start
