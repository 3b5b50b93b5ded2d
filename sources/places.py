"""Where the files of a corpus lie: on this machine, or in a store that fsspec reaches.

A place is a path, or an address with a scheme (s3://bucket/folder, https://host/file.jsonl). Which
schemes there are, and with which rights, is fsspec's matter and its configuration's.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from sources.base import Fault, SourceError

EXTRA = 'pip install "dataplan[remote]"'
# what tells, in one store or another, that a file has changed
_MARKS = "etag checksum md5hash content-md5 digest mtime last_modified last-modified updated"
_MARKS += " modified created version_id generation"
_CHANGED = ("mtime", "lastmodified", "last_modified", "last-modified", "updated", "created")
_ERRORS = {
    "aiohttp": "ClientError",
    "botocore.exceptions": "BotoCoreError",
    "gcsfs.retry": "HttpError",
    "azure.core.exceptions": "AzureError",
}


Place = Path | str


@dataclass(frozen=True)
class Facts:
    """Size [byte], what tells of a change (None if the store tells nothing), time of the last one
    as the store gives it."""

    size: int
    stamp: int | None
    changed: Any


def is_remote(place: Path | str) -> bool:
    """Whether it is an address with a scheme."""
    return not isinstance(place, Path) and "://" in place


def name(place: Path | str) -> str:
    """The last part of a place, without what a web address asks for besides."""
    text = str(place)
    if is_remote(place):
        return PurePosixPath(text.partition("?")[0].partition("://")[2]).name
    return Path(text).name


def absolute(place: str) -> str:
    """The same place, from wherever one looks."""
    return place if is_remote(place) else str(Path(place).absolute())


def files(places: Iterable[Path | str]) -> list[str]:
    """Files at the places and below, each once, in order of name; hidden ones are passed over."""
    found: dict[str, None] = {}
    faults: list[Fault] = []
    for place in places:
        try:
            mine = list(_remote_files(str(place)) if is_remote(place) else _files(Path(place)))
        except SourceError as error:
            faults += error.faults
        except OSError as error:
            faults.append(Fault("path", str(place), error.strerror or str(error)))
        else:
            found |= dict.fromkeys(mine)
    if faults:
        raise SourceError(faults)
    return list(found)


def _files(path: Path) -> Iterator[str]:
    if path.is_file():
        yield str(path)
    elif not path.is_dir():
        raise SourceError([Fault("path", str(path), "there is no such file or folder")])
    else:
        for folder, inner, names in os.walk(path):
            inner[:] = sorted(each for each in inner if not each.startswith("."))
            for each in sorted(names):
                if not each.startswith(".") and (Path(folder) / each).is_file():
                    yield str(Path(folder) / each)


def _remote_files(place: str) -> Iterator[str]:
    store, inner = _store(place)
    with _told(place):
        if store.isfile(inner):
            yield place
            return
        below = sorted(store.find(inner))
        if not below:
            raise SourceError([Fault("path", place, "there is no such file or folder")])
        start = len(inner.rstrip("/"))
        for each in below:
            if not any(part.startswith(".") for part in each[start:].split("/")):
                yield str(store.unstrip_protocol(each))


def facts(place: str) -> Facts:
    """Raises OSError."""
    if not is_remote(place):
        found = Path(place).stat()
        # the time of change can be set; that of the entry, and the entry's number, cannot
        told = f"{found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"
        return Facts(found.st_size, _stamp(told), found.st_mtime)
    store, inner = _store(place)
    with _told(place):
        known = {str(key).lower(): value for key, value in store.info(inner).items()}
    size = known.get("size")
    if size is None:
        problem, advice = "the server does not tell its size", "download it, and count the file"
        raise SourceError([Fault("path", place, problem, advice)])
    marks = [f"{key}={known[key]}" for key in _MARKS.split() if known.get(key)]
    changed = next((known[key] for key in _CHANGED if known.get(key)), None)
    return Facts(int(size), _stamp("\n".join(marks)) if marks else None, changed)


def _stamp(told: str) -> int:
    return int.from_bytes(hashlib.blake2b(told.encode(), digest_size=7).digest(), "little")


@contextmanager
def opened(place: Path | str) -> Iterator[BinaryIO]:
    """The bytes of a file. Raises OSError, or SourceError where its store is not to be had."""
    if not is_remote(place):
        with Path(place).open("rb") as file:
            yield file
        return
    store, inner = _store(str(place))
    with _told(str(place)), store.open(inner, "rb") as file:
        yield file


@contextmanager
def spans(place: str) -> Iterator[Callable[[int, int], bytes]]:
    """A function that reads the bytes from one place of a file to another, and no others."""
    if is_remote(place):
        store, inner = _store(place)

        def fetch(start: int, stop: int) -> bytes:
            with _told(place):
                return bytes(store.cat_file(inner, start=start, end=stop)) if stop > start else b""

        yield fetch
        return
    with Path(place).open("rb", buffering=0) as file:

        def read(start: int, stop: int) -> bytes:
            file.seek(start)
            return file.read(stop - start) or b""

        yield read


def _store(place: str) -> tuple[Any, str]:
    """fsspec's file system of an address, and what the address is there."""
    try:
        import fsspec
    except ImportError:
        raise SourceError([Fault("path", place, "needs the package fsspec", EXTRA)]) from None
    try:
        store, inner = fsspec.core.url_to_fs(place)
    except ImportError as error:  # s3fs and the like are the user's choice
        raise SourceError([Fault("path", place, "its store needs a package", str(error))]) from None
    except ValueError as error:
        known = "known: " + ", ".join(sorted(fsspec.available_protocols())[:40])
        raise SourceError([Fault("path", place, str(error), known)]) from None
    return store, str(inner)


@contextmanager
def _told(place: str) -> Iterator[None]:
    """What goes wrong in a store is an OSError, as for any file."""
    try:
        yield
    except _store_errors() as error:
        raise OSError(0, f"{type(error).__name__}: {error}", place) from error


def _store_errors() -> tuple[type[Exception], ...]:
    """Errors of the stores in use that are no OSError; fsspec does not unite them."""
    found = (getattr(sys.modules.get(module), each, None) for module, each in _ERRORS.items())
    return tuple(each for each in found if each is not None)
