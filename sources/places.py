"""Where the files of a corpus lie: on this machine, or in a store that fsspec reaches.

A place is a path, or an address with a scheme (s3://bucket/folder, https://host/file.jsonl). Which
schemes there are, and with which rights, is fsspec's matter and its configuration's.
"""

from __future__ import annotations

import hashlib
import os
import stat
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


def files(places: Iterable[Path | str], unreadable: list[Fault] | None = None) -> list[str]:
    """Files at the places and below, each once, in order of name; hidden ones are passed over.

    What cannot be read below a place is described in `unreadable` where that is given. Raises
    SourceError with all that is wrong with the places themselves.
    """
    found: dict[Any, str] = {}  # by what tells a file from others, however its path is spelled
    wrong: list[Fault] = []
    below = wrong if unreadable is None else unreadable
    for place in places:
        try:
            if is_remote(place):
                mine: list[tuple[Any, str]] = [(each, each) for each in _remote_files(str(place))]
            else:
                mine = list(_files(Path(place), below))
        except SourceError as error:
            wrong += error.faults
        except OSError as error:
            wrong.append(Fault("path", str(place), told(error)))
        else:
            for mark, each in mine:
                found.setdefault(mark, each)
    if wrong:
        raise SourceError(wrong)
    return list(found.values())


def told(error: OSError) -> str:
    """What went wrong, in words."""
    if isinstance(error, PermissionError) and error.errno:
        return "cannot be read: permission denied"
    if error.errno and error.strerror:
        return f"cannot be read: {error.strerror[:1].lower()}{error.strerror[1:]}"
    return error.strerror or str(error) or type(error).__name__


def faults(places: Iterable[Path | str]) -> list[Fault]:
    """What is wrong with the places themselves; those in stores are not asked for."""
    found: list[Fault] = []
    for place in places:
        if not is_remote(place):
            try:
                _kind(Path(place))
            except SourceError as error:
                found += error.faults
            except OSError as error:
                found.append(Fault("path", str(place), told(error)))
    return found


def _files(path: Path, unreadable: list[Fault]) -> Iterator[tuple[Any, str]]:
    found = _kind(path)
    if stat.S_ISREG(found.st_mode):
        yield _mark(found, str(path)), str(path)
    else:
        yield from _below(path, unreadable)


def _kind(path: Path) -> os.stat_result:
    """Of a file, or a folder that can be read. Raises SourceError, OSError."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        fault = Fault("path", str(path), "there is no such file or folder")
        raise SourceError([fault]) from None
    if stat.S_ISDIR(found.st_mode):
        with os.scandir(path):  # raises OSError
            pass
    elif not stat.S_ISREG(found.st_mode):
        advice = "give a file or a folder; to count a stream, write it to a file first"
        raise SourceError([Fault("path", str(path), "is no regular file", advice)])
    return found


def _below(path: Path, unreadable: list[Fault]) -> Iterator[tuple[Any, str]]:
    def lost(error: OSError) -> None:
        unreadable.append(Fault("path", str(error.filename), told(error)))

    for folder, inner, names in os.walk(path, onerror=lost):
        inner[:] = sorted(each for each in inner if not each.startswith("."))
        for each in sorted(names):
            if each.startswith("."):
                continue
            place = str(Path(folder) / each)
            try:
                found = os.stat(place)
            except (FileNotFoundError, NotADirectoryError):  # a link to nowhere
                continue
            except OSError as error:
                unreadable.append(Fault("path", place, told(error)))
                continue
            if stat.S_ISREG(found.st_mode):
                yield _mark(found, place), place


def _mark(found: os.stat_result, place: str) -> Any:
    return (found.st_dev, found.st_ino) if found.st_ino else os.path.realpath(place)


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
