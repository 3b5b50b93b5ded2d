"""Twenty corpora of different make: python -m tests.benchmarks.corpora NAME FOLDER MEGABYTES.

Text is that of tests/benchmarks/make_corpus.py (nine languages and code), and real text that every
machine has: help pages and modules of Python itself. What is random has the corpus's name for its
seed. A maker writes files until they have the size, and gives the tokens of all documents.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import random
import re
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from pydoc_data import topics

from sources.documents import Split
from sources.pieces import Counter
from tests.benchmarks.make_corpus import documents

Texts = Iterator[str]
_BASE = 6_000_000  # bytes of text that is made; beyond, the same is turned round
_COUNTER = Counter("o200k_base")


def mixed(chance: random.Random, heavy: bool = False) -> Texts:
    """Texts of all languages in any order, without end."""
    found = documents(_BASE, heavy=heavy, seed=chance.randrange(1 << 30))
    base = [text for _, text in found]
    yield from base
    while True:
        yield turned(chance.choice(base), chance)


def by_language(chance: random.Random, size: int) -> Texts:
    """Texts of about so many bytes, one language after the other."""
    found = documents(_BASE, by_language=True, seed=chance.randrange(1 << 30))
    for _, texts in itertools.groupby(found, lambda each: each[0]):
        base = [text for _, text in texts]
        for _ in range(-(-size // _BASE)):
            yield from (turned(text, chance) for text in base)


def turned(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text)) if text else 0
    return text[at:] + text[:at]


def real(chance: random.Random) -> Texts:
    """Python's own modules and help pages, without end."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    places = [path for path in sorted(folder.rglob("*.py")) if "site-packages" not in path.parts]
    base = [path.read_text(encoding="utf-8", errors="ignore") for path in places]
    base = [text for text in [*base, *topics.topics.values()] if text and "\0" not in text]
    while True:
        yield chance.choice(base)


class Writer:
    """Writes documents to files, and counts bytes on disk and tokens."""

    def __init__(self, folder: Path, size: float) -> None:
        self.folder = folder
        self.tokens = 0
        self._left = size
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def full(self) -> bool:
        """Whether there are bytes enough."""
        return self._left <= 0

    def file(self, name: str, texts: list[str], form: Callable[[list[str]], bytes]) -> None:
        """A file of these documents."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = form(texts)
        path.write_bytes(data)
        self._left -= len(data)
        self.tokens += sum(_COUNTER.count_all(texts, [text.encode() for text in texts]))


def jsonl(texts: list[str], ascii_only: bool = False, more: bool = False) -> bytes:
    rows = []
    for number, text in enumerate(texts):
        row = {"id": number, "text": text}
        if more:
            row = {"url": f"https://example.org/{number % 97}", "tags": ["a", "b"], **row, "n": 1.5}
        rows.append(json.dumps(row, ensure_ascii=ascii_only) + "\n")
    return "".join(rows).encode()


def rows(texts: list[str], alone: bool = False) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["text"] if alone else ["id", "note", "text", "score"])
    for number, text in enumerate(texts):
        note = 'it said "yes"' if number % 7 else ""
        writer.writerow([text] if alone else [number, note, text, number % 5])
    return file.getvalue().encode()


def text(texts: list[str]) -> bytes:
    return "".join(texts).encode()


def lines(texts: list[str]) -> bytes:
    return "".join(f"{each}\n" for each in texts).encode()


def paragraphs(texts: list[str]) -> bytes:
    return "".join(f"{each}\n\n" for each in texts).encode()


def packed(form: Callable[[list[str]], bytes]) -> Callable[[list[str]], bytes]:
    return lambda texts: gzip.compress(form(texts), 1)


def zst(texts: list[str]) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor(level=1).compress(jsonl(texts))


def parquet(texts: list[str]) -> bytes:
    import pyarrow
    from pyarrow import parquet as format

    file = io.BytesIO()
    table = pyarrow.table({"id": range(len(texts)), "text": texts})
    format.write_table(table, file, row_group_size=40)
    return file.getvalue()


def few(folder: Path, size: float, texts: Texts, name: str, form: Callable[..., bytes]) -> int:
    """Eight files."""
    writer = Writer(folder, size)
    for number in range(8):
        batch: list[str] = []
        left = size / 8
        while left > 0 and (text := next(texts, None)) is not None:
            batch.append(text)
            left -= len(text.encode())
        writer.file(f"{number}.{name}", batch, form)
    return writer.tokens


def many(
    folder: Path,
    size: float,
    texts: Texts,
    name: str,
    form: Callable[..., bytes],
    each: Callable[[], float] = lambda: 1,
) -> int:
    """Files until there are bytes enough, of so many documents each."""
    writer = Writer(folder, size)
    for number in itertools.count():
        batch = list(itertools.islice(texts, max(1, round(each()))))
        if writer.full or not batch:
            return writer.tokens
        writer.file(f"{number // 1000:03}/{number:06}.{name}", batch, form)
    return 0


def flat(texts: Texts, longest: int = 400) -> Texts:
    """Lines."""
    return (" ".join(each.split())[:longest].strip() or "x" for each in texts)


def blocks(texts: Texts) -> Texts:
    """Paragraphs."""
    return (re.sub(r"\s*\n\s*\n\s*", "\n", each).strip() or "x" for each in texts)


def repeated(texts: Texts, chance: random.Random) -> Texts:
    """Every second one comes again, some of them often."""
    known = [next(texts) for _ in range(500)]
    while True:
        yield chance.choice(known) if chance.random() < 0.5 else next(texts)


def folders(folder: Path, size: float, chance: random.Random) -> int:
    """A bit of everything."""
    return (
        few(folder / "a", size * 0.4, mixed(chance), "jsonl", jsonl)
        + few(folder / "b", size * 0.2, mixed(chance), "csv", rows)
        + many(folder / "c", size * 0.2, real(chance), "py", text)
        + many(folder / "d", size * 0.2, mixed(chance), "jsonl.gz", packed(jsonl), lambda: 8)
    )


def make(name: str, folder: Path, megabytes: float) -> int:
    """Writes a corpus; its tokens, those of repeated documents included."""
    chance = random.Random(name)
    return MAKERS[name][1](folder, megabytes * 1e6, chance)


def _pareto(chance: random.Random, least: float) -> Callable[[], float]:
    return lambda: min(least * 300, least * chance.paretovariate(1.1))


Maker = Callable[[Path, float, random.Random], int]
MAKERS: dict[str, tuple[Split, Maker]] = {
    "few large, by language": (
        "file",
        lambda f, s, c: few(f, s, by_language(c, int(s)), "txt", text),
    ),
    "few large .jsonl": ("file", lambda f, s, c: few(f, s, mixed(c), "jsonl", jsonl)),
    "many small, by language": (
        "file",
        lambda f, s, c: many(f, s, by_language(c, int(s)), "txt", text),
    ),
    "modules and help pages": ("file", lambda f, s, c: many(f, s, real(c), "py", text)),
    ".jsonl by language": (
        "file",
        lambda f, s, c: few(f, s, by_language(c, int(s)), "jsonl", jsonl),
    ),
    "heavy-tailed documents": (
        "file",
        lambda f, s, c: few(f, s, mixed(c, heavy=True), "jsonl", jsonl),
    ),
    "heavy-tailed files": (
        "file",
        lambda f, s, c: many(f, s, mixed(c), "jsonl", jsonl, _pareto(c, 20)),
    ),
    "heavy-tailed single texts": (
        "file",
        lambda f, s, c: many(f, s, mixed(c, heavy=True), "txt", text),
    ),
    ".jsonl, escaped, more columns": (
        "file",
        lambda f, s, c: few(f, s, mixed(c), "jsonl", lambda t: jsonl(t, True, True)),
    ),
    ".csv, four columns": ("file", lambda f, s, c: few(f, s, mixed(c), "csv", rows)),
    ".csv by language, one column": (
        "file",
        lambda f, s, c: few(f, s, by_language(c, int(s)), "csv", lambda t: rows(t, True)),
    ),
    "lines": ("line", lambda f, s, c: few(f, s, flat(mixed(c)), "txt", lines)),
    "paragraphs": ("paragraph", lambda f, s, c: few(f, s, blocks(mixed(c)), "txt", paragraphs)),
    "repeated documents": (
        "file",
        lambda f, s, c: few(f, s, repeated(mixed(c), c), "jsonl", jsonl),
    ),
    "packed, many of one text": (
        "file",
        lambda f, s, c: many(f, s, mixed(c), "txt.gz", packed(text)),
    ),
    "packed, many": (
        "file",
        lambda f, s, c: many(f, s, mixed(c), "jsonl.gz", packed(jsonl), lambda: 20),
    ),
    "packed, many, by language": (
        "file",
        lambda f, s, c: many(
            f, s, by_language(c, int(4 * s)), "jsonl.gz", packed(jsonl), lambda: 20
        ),
    ),
    "packed, heavy-tailed files": (
        "file",
        lambda f, s, c: many(f, s, mixed(c), "jsonl.zst", zst, _pareto(c, 10)),
    ),
    ".parquet": ("file", lambda f, s, c: many(f, s, mixed(c), "parquet", parquet, lambda: 2000)),
    "folders of everything": ("file", folders),
}
# read through whatever is done: few packed files
FEW_PACKED: dict[str, tuple[Split, Maker]] = {
    "packed, few": ("file", lambda f, s, c: few(f, 3 * s, mixed(c), "jsonl.gz", packed(jsonl))),
}
MAKERS |= FEW_PACKED


if __name__ == "__main__":
    sys.stdout.write(f"{make(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])):,} tokens\n")
