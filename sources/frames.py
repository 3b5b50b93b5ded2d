"""Whether packed .zst data ends where a frame does: a file that was cut off reads like a whole one.

The data is not unpacked here; its frames are walked through by their headers (RFC 8878).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

_MAGIC = 0xFD2FB528
_SKIPPABLE = 0x184D2A50  # the lowest four bits are free
_DICTIONARY = (0, 1, 2, 4)  # bytes of its number, by flag
_CONTENT = (0, 2, 4, 8)  # bytes of the content's size, by flag
_RUN = 1  # type of a block that is one byte, repeated
CUT_OFF = "is cut off: it ends inside a .zst frame, and what follows is missing"


class Frames:
    """A packed file as it is read; raises EOFError where it ends inside a frame."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._walk = _walk()
        self._wanted = next(self._walk)
        self._head = b""  # what is there of the bytes that are wanted

    def read(self, size: int = -1) -> bytes:
        """Bytes of the file as they are."""
        data: bytes = self._raw.read(size)
        if data:
            self._pass(data)
        elif size and (self._head or not self._wanted.first):
            raise EOFError(CUT_OFF)
        return data

    def _pass(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            missing = self._wanted.size - len(self._head)
            step = min(missing, len(data) - at)
            if self._wanted.skipped:
                self._wanted = self._wanted._replace(size=missing - step)
            else:
                self._head += data[at : at + step]
            at += step
            while self._wanted.size == len(self._head):
                self._wanted, self._head = self._walk.send(self._head), b""


class _Wanted(NamedTuple):
    """Bytes to come, whether they are passed over, whether a frame begins with them."""

    size: int
    skipped: bool = False
    first: bool = False


def _walk() -> Generator[_Wanted, bytes, None]:
    """Says which bytes come next, and is sent those that are not passed over."""
    while True:
        magic = _number((yield _Wanted(4, first=True)))
        if magic & ~0xF == _SKIPPABLE:
            yield _Wanted(_number((yield _Wanted(4))), skipped=True)
            continue
        if magic != _MAGIC:  # whoever unpacks it says so
            while True:
                yield _Wanted(1 << 62, skipped=True, first=True)
        flags = _number((yield _Wanted(1)))
        single = flags >> 5 & 1
        content = _CONTENT[flags >> 6] or single
        yield _Wanted(1 - single + _DICTIONARY[flags & 3] + content, skipped=True)
        last = 0
        while not last:
            block = _number((yield _Wanted(3)))
            last = block & 1
            yield _Wanted(1 if block >> 1 & 3 == _RUN else block >> 3, skipped=True)
        if flags >> 2 & 1:  # a checksum
            yield _Wanted(4, skipped=True)


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
