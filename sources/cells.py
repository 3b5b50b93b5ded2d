"""Cells of files that can be read from anywhere: plain text, .jsonl, .csv.

A cell is some hundred bytes from where a word or clause starts to where another does, so that its
tokens are those of the whole. Of a .jsonl the cells give the tokens of the lines as they stand;
what lines hold beside the text is measured on whole records that start in some of the cells.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from sources import csvcells
from sources.base import Fault
from sources.corpus import Options
from sources.documents import shape
from sources.estimates import Cell, Estimate, Stratum, by_ratio, spans
from sources.pieces import Counter
from sources.places import spans as reading

REACH = 64  # bytes in which a cell may find a place to start at
_BEFORE = 4  # bytes before a cell that are looked at
_HEAD = 65_536  # bytes of a .csv that tell its columns
_RECORDS = 0.25  # of the reading of .jsonl, for whole records
_LONGEST = 65_536  # bytes of a record that is read to see what it holds beside the text
_STEP = 2048  # bytes of a record read at once
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
# where a piece of an encoding surely starts, in UTF-8 or escaped in JSON; where a character does
_WORD = re.compile(
    rb"(?<=[^ \n]) |(?<=[A-Za-z\x80-\xff])\n|(?<=[\x80-\xff])(?:\xef\xbc\x8c|\xe3\x80[\x81\x82])|"
    rb"(?<=[0-9a-fA-F])\\u(?:[fF]{2}0[cC]|300[12])"
)
_CHARACTER = re.compile(rb"\\u[0-9a-fA-F]{4}|[^\x80-\xbf0-9a-fA-Fu\\]|[0-9a-fA-Fu](?!.{0,4}\\u)")
_LINE_END = re.compile(r"\r?\n")
_BLANK_LINE = re.compile(r"\n(?:[^\S\n]*\n)+")
Fetch = Callable[[int, int], bytes]


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
        self._read = 0
        self._beside: list[tuple[int, int]] = []  # of records: tokens beside the text; is it one
        self._shapes: dict[str, csvcells.Shape | None] = {}
        self.faults: list[Fault] = []

    def estimate(
        self, share: float, chance: random.Random, progress: Callable[[int], None]
    ) -> Estimate:
        """From about this share of the bytes."""
        total = sum(size for _, size in self._places)
        usual = self._cell + 3 * REACH
        budget = total * share * (1 - _RECORDS if self._lines else 1)
        ends: list[int] = []  # number of cells up to the end of each file
        for _, size in self._places:
            ends.append((ends[-1] if ends else 0) + -(-size // self._cell))
        number = max(1, min(ends[-1] // 2, int(budget / (2 * usual))))
        records = total * share * _RECORDS if self._lines else 0.0
        more = records / number  # bytes a stratum, for what is left
        strata: list[Stratum] = []
        at = 0
        for low, high in spans(ends, number):
            stratum = Stratum(high - low)
            spent = self._read
            for chosen in sorted(chance.sample(range(low, high), min(2, high - low))):
                while ends[at] <= chosen:
                    at += 1
                start = (chosen - (ends[at - 1] if at else 0)) * self._cell
                stratum.found.append(self._at(*self._places[at], start, records > 0))
            records -= max(0, self._read - spent - 2 * usual)
            records += more if records < 0 else 0
            strata.append(stratum)
            at = max(0, at - 1)
            progress((high - low) * self._cell)
        return self._summed(strata, total)

    def _summed(self, strata: Sequence[Stratum], total: int) -> Estimate:
        beside, texts, spread = self._records()
        if not texts:  # no record has the column
            return Estimate(read=self._read)
        found = by_ratio(strata, total, beside)
        documents = found.documents * texts
        if self._options.split == "file" and self._form not in (".jsonl", ".csv"):
            documents = float(len(self._places))
        variance = found.variance + found.documents**2 * spread
        return replace(found, variance=variance, documents=documents, read=self._read)

    def _records(self) -> tuple[float, float, float]:
        """Of a line of .jsonl: tokens beside its text, chance of text; variance of the first."""
        if not self._beside:
            return 0.0, 1.0, 0.0
        values = [value for value, _ in self._beside]
        mean = sum(values) / len(values)
        spread = sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)
        texts = sum(each for _, each in self._beside) / len(values)
        return mean, texts, spread / len(values)

    def _at(self, place: str, size: int, start: int, whole: bool) -> Cell:
        """A cell; with `whole` records that start in it are looked at as well."""
        stop = min(size, start + self._cell)
        before = min(start, _BEFORE)
        try:
            with reading(place) as fetch:
                data = fetch(start - before, stop + 2 * REACH)
                self._read += len(data)
                first = _boundary(data, before) if start else 0
                last = _boundary(data, stop - start + before) if stop < size else len(data)
                text = data[first:last].decode("utf-8", "replace")
                texts = self._texts(text)
                if self._form == ".csv":
                    texts, documents = self._row_texts(place, fetch, text, start == 0)
                else:
                    starts = self._starts(data, before, stop - start + before)
                    documents = len(starts)
                    for at in starts if whole else ():
                        self._look(fetch, start - before + at)
        except OSError as error:
            problem = error.strerror or str(error)
            self.faults.append(Fault("path", place, problem))
            return Cell(stop - start, 0, 0, 0)
        count = sum(map(self._counter.count, texts))
        return Cell(last - first, count, documents, sum(map(len, texts)))

    def _texts(self, text: str) -> tuple[str, ...]:
        """Documents, and parts of them, in a cell; what stands between them is no text."""
        if self._lines:
            return (unescaped(text),)
        if self._options.split == "file":
            return (text,)
        return tuple((_LINE_END if self._options.split == "line" else _BLANK_LINE).split(text))

    def _row_texts(self, place: str, fetch: Fetch, text: str, fresh: bool) -> csvcells.Piece:
        if place not in self._shapes:
            head = fetch(0, min(_HEAD, 16 * self._cell))
            self._read += len(head)
            column = self._options.column
            known = csvcells.shape(head.decode("utf-8-sig", "replace"), column)
            self._shapes[place] = known
            if known is None:
                self.faults.append(Fault("path", place, f"has no column {column!r}"))
        known = self._shapes[place]
        return csvcells.piece(text, known, fresh) if known else csvcells.Piece((), 0)

    def _look(self, fetch: Fetch, start: int) -> None:
        """What a record holds beside its text."""
        data = b""
        while b"\n" not in data and len(data) < _LONGEST:
            more = fetch(start + len(data), start + len(data) + _STEP)
            data += more
            self._read += len(more)
            if len(more) < _STEP:
                break
        line, found, _ = data.partition(b"\n")
        if not found and len(data) >= _LONGEST:
            return
        shown = line.decode("utf-8", "replace")
        try:
            row = json.loads(shown)
        except (ValueError, RecursionError):
            row = None
        text = row.get(self._options.column) if isinstance(row, dict) else row
        text = text if isinstance(text, str) else ""
        raw = self._counter.count(unescaped(shown) + "\n")
        kept = bool(text) and not text.isspace()
        self._beside.append((raw - self._counter.count(text) if kept else raw, int(kept)))

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


def _boundary(data: bytes, at: int) -> int:
    """Where the next word or clause from here on starts; if that is far, the next character."""
    found = _WORD.search(data, at, at + REACH) or _CHARACTER.search(data, at, at + REACH)
    return found.start() if found else min(at, len(data))


def unescaped(text: str) -> str:
    """A piece of JSON as the text that it stands for."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _ESCAPED.get(found[2], found[2]), text
    )
