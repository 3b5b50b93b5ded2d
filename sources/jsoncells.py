"""What a record of .jsonl holds beside its text, read from where it starts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple

from sources.pieces import Counter
from sources.records import text_of
from sources.settings import nearest

Fetch = Callable[[int, int], bytes]
_HUGE = 1 << 25  # bytes of a record, of which no more is read
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_QUOTE = re.compile(rb'(?<!\\)(?:\\\\)*"')


class Piece(NamedTuple):
    """Tokens and characters of some text."""

    tokens: int
    characters: int


class Record(NamedTuple):
    """Bytes (0 if it is longer than what is read), its text; what is beside; what is wrong.

    Of a record that is no JSON, or has no such column, everything is beside.
    """

    size: int
    text: Piece
    beside: Piece
    problem: str = ""


class Records:
    """Looks at records: `longest` bytes of one are read if its text goes on after them."""

    def __init__(self, column: str, counter: Counter, step: int, longest: int) -> None:
        self._column = column
        self._counter = counter
        self._step = step
        self._longest = longest
        names = {json.dumps(column), json.dumps(column, ensure_ascii=False)}
        name = b"|".join(re.escape(each.encode("utf-8", "surrogatepass")) for each in names)
        self._opens = re.compile(rb"(?:" + name + rb')\s*:\s*"')

    def at(self, fetch: Fetch, start: int, known: bytes) -> Record:
        """The record that starts there, of which these bytes are known."""
        data = known
        while b"\n" not in data and len(data) < _HUGE:
            if len(data) >= self._longest and (before := self._before(data)):
                # what follows is text, as far as can be seen
                head = unescaped(before.decode("utf-8", "replace"))
                return Record(0, Piece(1, 1), Piece(self._counter.count(head), len(head)))
            wanted = max(self._step, len(data) // 8)
            more = fetch(start + len(data), start + len(data) + wanted)
            data += more
            if len(more) < wanted:
                break
        return self._of(data.partition(b"\n")[0].removeprefix(b"" if start else b"\xef\xbb\xbf"))

    def _before(self, data: bytes) -> bytes:
        """The start of a record up to its text, if that does not end in it."""
        opened = self._opens.search(data)
        return data[: opened.end()] if opened and not _QUOTE.search(data, opened.end()) else b""

    def _of(self, line: bytes) -> Record:
        shown = line.decode("utf-8", "replace")
        text, problem = "", ""
        try:
            text = self._text(line)
        except UnicodeDecodeError:
            problem = "is not UTF-8 text"
        except json.JSONDecodeError as error:
            problem = f"is not JSON: {error.msg}"
        except (ValueError, RecursionError) as error:
            problem = str(error)
        raw = unescaped(shown) + "\n"
        whole = Piece(self._counter.count(raw), len(raw))
        if not text or text.isspace():
            return Record(len(line) + 1, Piece(0, 0), whole, problem)
        mine = Piece(self._counter.count(text), len(text))
        beside = Piece(whole.tokens - mine.tokens, whole.characters - mine.characters)
        return Record(len(line) + 1, mine, beside)

    def _text(self, line: bytes) -> str:
        row = json.loads(line.decode())
        if isinstance(row, dict):
            if self._column not in row:
                known = nearest(self._column, [str(key) for key in row])
                raise ValueError(f"has no {self._column!r}; {known}")
            row = row[self._column]
        text = text_of(row)
        if "\0" in text:
            raise ValueError("is not text: it holds a zero byte")
        return text


def unescaped(text: str) -> str:
    """A piece of JSON as the text that it stands for."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _ESCAPED.get(found[2], found[2]), text
    )
