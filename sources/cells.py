"""Cells of files that can be read from anywhere: plain text, .jsonl, .csv.

A cell is some hundred bytes from where a word or clause starts to where another does, so that its
tokens are those of the whole. Of a .jsonl a cell is worth the tokens of its bytes as they stand,
less what the records that start in it, each read to its end, hold beside their text: over all
cells that is the text, whatever the fields and however they lie in the file. Or it is worth the
text of those records, by their size, where that tells much more.
"""

from __future__ import annotations

import codecs
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from sources import csvcells
from sources.base import Fault
from sources.corpus import Options
from sources.documents import shape
from sources.estimates import Cell, Estimate, Stratum, by_ratio, spans
from sources.jsoncells import Fetch, Records, unescaped
from sources.pieces import Counter
from sources.places import spans as reading

REACH = 64  # bytes in which a cell may find a place to start at
_BEFORE = 4  # bytes before a cell that are looked at
_HEAD = 65_536  # bytes of a .csv that tell its columns
_LONGEST = 16_384, 0.05  # of a record that is read, if its text goes on: bytes, share of all read
_BETTER = 0.7  # of the variance: so much less that it is not chance
_MARK = "\ufeff"  # may stand before a text, and is none of it
# where a piece of an encoding surely starts, in UTF-8 or escaped in JSON; where a character does
_WORD = re.compile(
    rb"(?<=[^ \n]) |(?<=[A-Za-z\x80-\xff])\n|(?<=[\x80-\xff])(?:\xef\xbc\x8c|\xe3\x80[\x81\x82])|"
    rb"(?<=[0-9a-fA-F])\\u(?:[fF]{2}0[cC]|300[12])"
)
_CHARACTER = re.compile(rb"\\u[0-9a-fA-F]{4}|[^\x80-\xbf0-9a-fA-Fu\\]|[0-9a-fA-Fu](?!.{0,4}\\u)")
_LINE_END = re.compile(r"\r?\n")
_BLANK_LINE = re.compile(r"\n(?:[^\S\n]*\n)+")
_CUT = re.compile(rb"[\x80-\xbf]{1,3}")
_ESCAPED = re.compile("[\udc80-\udcff]")  # bytes that are no UTF-8
_NO_TEXT = "is not UTF-8 text"
_ZERO = "is not text: it holds a zero byte"


class Cells:
    """Estimates files of one form (.jsonl, .csv, or any plain text) from cells of them."""

    def __init__(
        self, places: Sequence[tuple[str, int]], options: Options, counter: Counter, cell: int
    ) -> None:
        self._places = places  # with their sizes
        self._options = options
        self._counter = counter
        self._cell = cell
        self._form = shape(places[0][0])[1]
        self._lines = self._form == ".jsonl"
        self._single = options.split == "file" and self._form not in (".jsonl", ".csv")
        self._read = 0
        self._whole: list[Stratum] = []  # the strata of .jsonl, by the records that start in them
        self._all_read = True  # each of these to its end
        self.records = 0  # of .jsonl that were looked at
        self._shapes: dict[str, csvcells.Shape | None] = {}
        self._bad: set[str] = set()
        self._blank: dict[str, bool] = {}  # of files that are a document: is all blank that is seen
        self.faults: list[Fault] = []

    def estimate(
        self, share: float, chance: random.Random, progress: Callable[[int], None]
    ) -> Estimate:
        """From about this share of the bytes."""
        total = sum(size for _, size in self._places)
        budget = total * share
        # of a cell of .jsonl the records are as long, on average, as the cell is
        usual = self._cell + 3 * REACH + (self._cell - REACH // 2 if self._lines else 0)
        longest = max(_LONGEST[0], int(budget * _LONGEST[1]))
        self._looks = Records(self._options.column, self._counter, self._cell, longest)
        ends: list[int] = []  # number of cells up to the end of each file
        for _, size in self._places:
            ends.append((ends[-1] if ends else 0) + -(-size // self._cell))
        number = max(1, min(ends[-1] // 2, int(budget / (2 * usual))))
        strata: list[Stratum] = []
        owners: list[list[int]] = []  # of the cells of each stratum: number of the file
        at = 0
        for low, high in spans(ends, number):
            strata.append(Stratum(high - low))
            self._whole.append(Stratum(high - low))
            owners.append([])
            for chosen in sorted(chance.sample(range(low, high), min(2, high - low))):
                while ends[at] <= chosen:
                    at += 1
                start = (chosen - (ends[at - 1] if at else 0)) * self._cell
                strata[-1].found.append(self._at(*self._places[at], start))
                owners[-1].append(at)
            at = max(0, at - 1)
            progress((high - low) * self._cell)
        return self._summed(strata, owners, total)

    def _summed(
        self, strata: Sequence[Stratum], owners: Sequence[Sequence[int]], total: int
    ) -> Estimate:
        """What a fault shows in one cell of a file is so for all."""
        none = self._bad | {place for place, blank in self._blank.items() if blank}
        good = known = 0.0
        for stratum, mine in zip(strata, owners, strict=True):
            for at, owner in enumerate(mine):
                place, size = self._places[owner]
                part = stratum.among / -(-size // self._cell)  # of the file, that the cell is for
                known += part
                if place in none:
                    stratum.found[at] = Cell(stratum.found[at].size, 0, 0, 0)
                else:
                    good += part
        found = by_ratio(strata, total)
        if self._all_read and self.records and not self._bad:
            other = by_ratio(self._whole, total)
            found = other if other.variance < _BETTER * found.variance else found
        documents = found.documents
        if self._single:
            seen = {self._places[owner][0] for mine in owners for owner in mine}
            files = len(self._places)
            documents = files - len(none) if len(seen) == files else files * good / (known or 1)
        elif self.records and not documents:  # no record has a text
            found = replace(found, tokens=0.0, characters=0.0)
        return replace(
            found,
            tokens=max(0.0, found.tokens),
            documents=documents,
            characters=max(0.0, found.characters),
            read=self._read,
        )

    def _fault(self, place: str, problem: str, advice: str = "") -> None:
        """The whole file counts nothing."""
        if place not in self._bad:
            self._bad.add(place)
            self.faults.append(Fault("path", place, problem, advice))

    def _at(self, place: str, size: int, start: int) -> Cell:
        stop = min(size, start + self._cell)
        if place in self._bad:
            return Cell(stop - start, 0, 0, 0)
        before = min(start, _BEFORE)
        low, high = before, stop - start + before
        try:
            with reading(place) as fetch:
                data = self._fetched(fetch, start - before, stop + 2 * REACH)
                first = _boundary(data, low) if start else 0
                last = _boundary(data, high) if stop < size else len(data)
                if self._lines:
                    beside = self._beside(place, fetch, start - before, data, (low, high))
                    raw = _raw(data[first:last])
                    count = self._counter.count(raw) - beside.tokens
                    return Cell(last - first, count, beside.documents, len(raw) - beside.characters)
                text = self._text(place, data[first:last], start > 0, stop < size)
                if self._form == ".csv":
                    texts, documents = self._row_texts(place, fetch, text, start == 0)
                else:
                    texts, documents = self._texts(text), len(self._starts(data, low, high))
        except OSError as error:
            self._fault(place, error.strerror or str(error))
            return Cell(stop - start, 0, 0, 0)
        if self._single and text:
            self._blank[place] = self._blank.get(place, True) and text.isspace()
        elif not self._single:
            texts = self._sound(place, start, texts)
        count = sum(map(self._counter.count, texts))
        return Cell(last - first, count, documents, sum(map(len, texts)))

    def _fetched(self, fetch: Fetch, start: int, stop: int) -> bytes:
        data = fetch(start, stop)
        self._read += len(data)
        return data

    def _text(self, place: str, data: bytes, cut_start: bool, cut_end: bool) -> str:
        """What bytes stand for, a cut character aside; those that are no text lose a document."""
        if cut_start and (cut := _CUT.match(data)):
            data = data[cut.end() :]
        errors = "strict" if self._single else "surrogateescape"
        try:
            text = codecs.getincrementaldecoder("utf-8")(errors).decode(data, final=not cut_end)
        except UnicodeDecodeError:
            self._fault(place, _NO_TEXT, "convert it, or move it elsewhere")
            return ""
        if "\0" in text and self._form != ".csv":
            self._fault(place, _ZERO)
            return ""
        return text if cut_start else text.removeprefix(_MARK)

    def _sound(self, place: str, start: int, texts: Sequence[str]) -> tuple[str, ...]:
        """Those of some documents that are text, and no blank."""
        wrong = {each for each in texts if "\0" in each or _ESCAPED.search(each)}
        if wrong:
            problem = _ZERO if any("\0" in each for each in wrong) else _NO_TEXT
            self.faults.append(Fault("record", place, f"what is at byte {start} {problem}"))
        return tuple(each for each in texts if each not in wrong and not each.isspace())

    def _beside(
        self, place: str, fetch: Fetch, offset: int, data: bytes, span: tuple[int, int]
    ) -> Cell:
        """Of the records that start in data[span]: documents, and what is no text of them."""
        beside, whole = Cell(0, 0, 0, 0), Cell(0, 0, 0, 0)
        for at in self._starts(data, *span):
            found = self._looks.at(
                lambda low, high: self._fetched(fetch, low, high), offset + at, data[at:]
            )
            self.records += 1
            self._all_read &= found.size > 0
            kept = int(found.text.tokens > 0)
            beside = _plus(beside, Cell(found.size, found.beside[0], kept, found.beside[1]))
            whole = _plus(whole, Cell(found.size, found.text[0], kept, found.text[1]))
            if found.problem:
                problem = f"record at byte {offset + at} {found.problem}"
                self.faults.append(Fault("record", place, problem))
        self._whole[-1].found.append(whole)
        return beside

    def _texts(self, text: str) -> tuple[str, ...]:
        """Documents, and parts of them, in a cell; what stands between them is no text."""
        if self._options.split == "file":
            return (text,)
        return tuple((_LINE_END if self._options.split == "line" else _BLANK_LINE).split(text))

    def _row_texts(self, place: str, fetch: Fetch, text: str, fresh: bool) -> csvcells.Piece:
        if place not in self._shapes:
            head = self._fetched(fetch, 0, min(_HEAD, 16 * self._cell))
            column = self._options.column
            known = csvcells.shape(head.decode("utf-8-sig", "replace"), column)
            self._shapes[place] = known
            if known is None:
                self._fault(place, f"has no column {column!r}")
        known = self._shapes[place]
        return csvcells.piece(text, known, fresh) if known else csvcells.Piece((), 0)

    def _starts(self, data: bytes, low: int, high: int) -> list[int]:
        """Where documents start in data[low:high]; some bytes before it may be there to look at."""
        split = "line" if self._lines else self._options.split
        if split == "file":
            return []
        found = []
        at = low
        while at < high:
            if not at or data[at - 1 : at] == b"\n":
                blank = not data[at : at + REACH].split(b"\n", 1)[0].strip()
                later = split == "paragraph" and at and not data[:at].endswith((b"\n\n", b"\n\r\n"))
                if not blank and not later:
                    found.append(at)
            at = data.find(b"\n", at, high) + 1
            if not at:
                break
        return found


def _plus(one: Cell, other: Cell) -> Cell:
    return Cell(*(a + b for a, b in zip(one, other, strict=True)))


def _boundary(data: bytes, at: int) -> int:
    """Where the next word or clause from here on starts; if that is far, the next character."""
    found = _WORD.search(data, at, at + REACH) or _CHARACTER.search(data, at, at + REACH)
    return found.start() if found else min(at, len(data))


def _raw(data: bytes) -> str:
    """A piece of .jsonl as the text that it stands for."""
    text = data.decode("utf-8", "replace")
    return "" if text.isspace() else unescaped(text)
