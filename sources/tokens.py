"""Exact token counts, of one text or of a corpus, with ranks that ship with this package."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sources.base import Fault, SourceError
from sources.documents import Split
from sources.settings import nearest

if TYPE_CHECKING:
    from sources.counting import CorpusCount

RANKS = {  # encoding -> file in sources/data, sha256 of it
    "o200k_base": (
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    "cl100k_base": (
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
}
ENCODINGS = tuple(RANKS)
# tiktoken's splitter keeps one step of its stack per blank and panics when a million are used up
_TOO_LONG = 999_990
_LONG_BLANK = re.compile(rf"[^\S\r\n]{{{_TOO_LONG}}}")
_PIECE = (
    100_000  # characters of such a run, or of a text that still fails, that are counted at once
)
_CACHE_KEY = "TIKTOKEN_CACHE_DIR"
_LOCK = threading.Lock()

Progress = Callable[[int, int], None]


def count(text: str, encoding: str = "o200k_base") -> int:
    """Tokens of a text, special tokens read as ordinary text.

    Equals tiktoken's encode_ordinary wherever that gives an answer; lone surrogates count as the
    replacement character, as there. A text with a run of a million blanks, on which it panics, is
    counted in pieces: at most a few tokens too many for each cut. Raises SourceError for an unknown
    encoding or damaged ranks.
    """
    return count_coded(coder(encoding), text)


def count_coded(coder: Any, text: str) -> int:
    """As count, with an encoder in hand."""
    if not has_long_blank(text):
        return _count(coder, text)
    return sum(_count(coder, piece) for piece in _without_long_blanks(text))


def has_long_blank(text: str) -> bool:
    """Whether a run of blanks is so long that tiktoken would panic."""
    return len(text) >= _TOO_LONG and _LONG_BLANK.search(text) is not None


def _count(coder: Any, text: str) -> int:
    try:
        return len(coder.encode_ordinary(text))
    except BaseException as error:
        # a panic in Rust derives from BaseException and has no public name
        if type(error).__name__ != "PanicException" or len(text) <= _PIECE:
            raise
    return sum(_count(coder, text[at : at + _PIECE]) for at in range(0, len(text), _PIECE))


def _without_long_blanks(text: str) -> Iterator[str]:
    start = 0
    while found := _LONG_BLANK.search(text, start):
        yield text[start : found.start()]
        for at in range(found.start(), found.end(), _PIECE):
            yield text[at : min(at + _PIECE, found.end())]
        start = found.end()
    yield text[start:]


def faults(encodings: Iterable[str]) -> list[Fault]:
    """Those encodings that are not known."""
    return [
        Fault("encoding", each, "is not a known encoding", nearest(each, ENCODINGS))
        for each in encodings
        if each not in RANKS
    ]


@cache
def coder(encoding: str) -> Any:
    """tiktoken's encoder from the ranks in this package, never from the network."""
    if wrong := faults([encoding]):
        raise SourceError(wrong)
    import tiktoken

    folder = Path(__file__).parent / "data"
    name, sha256 = RANKS[encoding]
    try:
        sound = hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
    except OSError:
        sound = False
    if not sound:  # tiktoken would delete the file and download another
        problem = f"its ranks in {folder / name} are missing or damaged"
        raise SourceError([Fault("encoding", encoding, problem, "reinstall the package")])
    with _LOCK:
        before = os.environ.get(_CACHE_KEY)
        os.environ[_CACHE_KEY] = str(folder)
        try:
            return tiktoken.get_encoding(encoding)
        finally:
            if before is None:
                del os.environ[_CACHE_KEY]
            else:
                os.environ[_CACHE_KEY] = before


def corpus(
    paths: Iterable[Path | str],
    *,
    column: str = "text",
    split: Split = "file",
    encoding: str = "o200k_base",
    progress: Progress | None = None,
) -> CorpusCount:
    """Counts the files, and all files in the folders, at `paths`.

    .jsonl, .csv and .parquet hold a document per row in `column` (a line of .jsonl may also be the
    text itself); any other file is read as UTF-8 text, one document per file, line or paragraph as
    `split` says; each may end in .gz or .zst besides. Hidden files are passed over. Memory grows by
    a hash per document only. progress(bytes done, bytes in all) is called after each document.
    Raises SourceError with a fault for each file or record that cannot be read, or if there is no
    document; sources.counting counts the rest all the same.
    """
    from sources.counting import Options, count_corpus

    found = count_corpus(paths, Options(column, split, encoding), progress=progress)
    if found.faults:
        raise SourceError(found.faults)
    return found
