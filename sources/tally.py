"""Counts the documents of a part, many at a time, checking the fast counter on some of them."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from sources import tokens
from sources.corpus import Options
from sources.cuts import last_end
from sources.pieces import FEW, Counter
from sources.rows import Table
from sources.screening import private, script

_TOGETHER = 300_000  # characters of documents that are counted at once
_LONG = 1_000_000  # characters of a document from which it is counted in blocks
_MOST = 4_000_000  # bytes without a place to cut them that are still counted
_NEAR_NUMBERS = frozenset("0123456789()+")
_TRIES = 100  # cuts in a row that such a character stands before, after which one is taken
_FIRST, _EVERY = 3, 100  # documents of a part that are checked, and one in so many of all
_LONGEST = 50_000  # characters that are checked of one


class Unequal(Exception):
    """The fast count of a document is not tiktoken's."""


class Uncut(ValueError):
    """A stretch of a document is too long to be counted."""


@cache
def counter(encoding: str) -> Counter:
    """That of this process, which remembers what it has counted."""
    return Counter(encoding)


@cache
def _numbers() -> Iterator[int]:
    """Numbers the documents that this process counts."""
    return itertools.count(1)


class Tally:
    """Collects what is in the documents of a part."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._number = 0
        self._table = Table(options)
        self._waiting: list[tuple[str, int]] = []
        self._size = 0  # of what is waiting [character]
        self.empty = 0

    def rows(self) -> Any:
        """A row for each document."""
        self._count()
        return self._table.rows()

    def add(self, text: str, day: int) -> None:
        """A document, and the day it is of. Raises Uncut, as if it had not been given."""
        if not text or text.isspace():
            self.empty += 1
            return
        if len(text) > _LONG:
            self._count()
            self.add_blocks((text[at : at + _LONG] for at in range(0, len(text), _LONG)), day)
            return
        self._waiting.append((text, day))
        self._size += len(text)
        if self._size >= _TOGETHER:
            self._count()

    def _count(self) -> None:
        texts = [text for text, _ in self._waiting]
        datas = [_encoded(text) for text in texts]
        counts = self._tokens(texts, datas, _FIRST)
        for (text, day), data, found in zip(self._waiting, datas, counts, strict=True):
            mark = hashlib.blake2b(data, digest_size=16).digest()
            self._table.compare(data)
            self._table.add(mark, (found, len(text)), private(text, data), script(data), day)
        self._waiting = []
        self._size = 0

    def add_blocks(self, texts: Iterable[str], day: int) -> None:
        """A document that comes in blocks, cut where a piece of it surely ends. Raises Uncut."""
        try:
            self._add_blocks(texts, day)
        except Uncut:
            self._table.forget()
            raise

    def _add_blocks(self, texts: Iterable[str], day: int) -> None:
        mark = hashlib.blake2b(digest_size=16)
        found = characters = kind = 0
        personal = [0, 0, 0]
        blank = True
        for text in _cut(texts):
            data = _encoded(text)
            mark.update(data)
            found += self._tokens([text], [data], first=0)[0]
            characters += len(text)
            personal = [a + b for a, b in zip(personal, private(text, data), strict=True)]
            if blank and not text.isspace():
                blank, kind = False, script(data)
            self._table.compare(data)
        if blank:
            self.empty += 1
            self._table.forget()
        else:
            self._table.add(mark.digest(), (found, characters), personal, kind, day)

    def _tokens(self, texts: list[str], datas: list[bytes], first: int) -> list[int]:
        """Tokens of each text; checks the first ones of a part and one in so many of all."""
        encoding = self._options.encoding
        if self._options.plain or sum(map(len, texts)) < FEW:
            return [tokens.count(text, encoding) for text in texts]
        fast = counter(encoding)
        counts = fast.count_all(texts, datas)
        for text, found in zip(texts, counts, strict=True):
            self._number += 1
            if self._number <= first or next(_numbers()) % _EVERY == 0:
                self._check(fast, text, found)
        return counts

    def _check(self, fast: Counter, text: str, found: int) -> None:
        if len(text) > _LONGEST:
            text = text[: last_end(text, 0, _LONGEST)]
            found = fast.count(text)
        if found != tokens.count(text, self._options.encoding):
            raise Unequal


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _cut(texts: Iterable[str]) -> Iterator[str]:
    """The same text in blocks, cut where a piece of it surely ends and no number goes on."""
    left = ""
    for text in texts:
        left += text
        at = _end(left)
        if at:
            yield left[:at]
            left = left[at:]
        elif len(left) * 4 > _MOST and len(_encoded(left)) > _MOST:
            size = f"{len(left):,} characters or more"
            raise Uncut(f"a stretch of {size} without a space cannot be counted")
    if left:
        yield left


def _end(text: str) -> int:
    """The last place for a cut, of the last ones that which no number may go over."""
    last = at = last_end(text, 0, len(text))
    for _ in range(_TRIES):
        if not at or text[at - 1] not in _NEAR_NUMBERS:
            break
        at = last_end(text, 0, at)
    return at or last
