"""Shingles of texts as numbers: bytes -> units -> five units in a row, of many texts at once.

A unit is a word without case or punctuation, or a character of a script without spaces (Chinese,
Japanese, Thai, Lao, Khmer, Burmese).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from typing import Any

UNITS = 5  # in a shingle
_LONGEST = 64  # bytes of a unit that have their own place in it
_LETTERS = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def numbers(seed: int, size: int, bits: int) -> Any:
    """Random odd numbers, the same on every machine and with every numpy."""
    import numpy as np

    chance = random.Random(seed)
    kind = np.uint64 if bits == 64 else np.uint32
    return np.array([chance.getrandbits(bits) | 1 for _ in range(size)], kind)


@cache
def _tables() -> tuple[Any, ...]:
    """Per byte whether it is of a word, and its number; factors of places and of units."""
    import numpy as np

    word = np.zeros(256, bool)
    word[list(_LETTERS)] = True
    word[128:] = True
    number = numbers(1, 256, 64)
    number[ord("A") : ord("Z") + 1] = number[ord("a") : ord("z") + 1]
    return word, number, numbers(2, _LONGEST, 64), numbers(3, UNITS, 64)


def shingles(texts: Sequence[bytes]) -> tuple[Any, Any, Any]:
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
    shingles = (mixed(total[inside]) >> np.uint64(32)).astype(np.uint32)
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
    units = mixed(np.add.reduceat(values, first))
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


def mixed(values: Any) -> Any:
    """A bijection after which every bit depends on all (Stafford's variant of MurmurHash3)."""
    import numpy as np

    values = values ^ (values >> np.uint64(30))
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values
