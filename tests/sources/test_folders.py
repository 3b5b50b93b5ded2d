"""Which files there are: each once, and what cannot be read is named."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sources import places
from sources.base import SourceError
from sources.corpus import Options
from sources.counting import count_corpus


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / "corpus" / name).mkdir(parents=True)
        (tmp_path / "corpus" / name / "x.txt").write_text(f"text {name}")
    return tmp_path / "corpus"


@pytest.fixture
def refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Takes rights from a folder as the system does; root may read whatever it is denied."""
    scandir, stated = os.scandir, os.stat

    def refuse(inner: Path, rights: int) -> None:
        def may(path: Any, right: int) -> None:
            if not rights & right:
                raise PermissionError(13, "Permission denied", str(path))

        def scan(path: Any = ".") -> Any:
            if Path(path) == inner:
                may(path, stat.S_IRUSR)
            return scandir(path)

        def look(path: Any, **more: Any) -> Any:
            if isinstance(path, str | Path) and Path(path).parent == inner:
                may(path, stat.S_IXUSR)
            return stated(path, **more)

        monkeypatch.setattr(os, "scandir", scan)
        monkeypatch.setattr(os, "stat", look)

    yield refuse
    monkeypatch.undo()


def test_a_folder_without_rights_is_named(folder: Path, refused: Any) -> None:
    refused(folder / "a", 0)
    found = count_corpus([folder], Options())
    assert (found.documents, found.unreadable, found.files) == (1, 1, 1)
    (fault,) = found.faults
    assert (fault.value, fault.problem) == (str(folder / "a"), "cannot be read: permission denied")
    with pytest.raises(SourceError, match="cannot be read: permission denied"):
        places.files([folder])


def test_a_folder_that_may_only_be_listed_stops_nothing(folder: Path, refused: Any) -> None:
    refused(folder / "a", stat.S_IRUSR)
    found = count_corpus([folder], Options())
    assert (found.documents, found.unreadable) == (1, 1)
    assert found.faults[0].value == str(folder / "a" / "x.txt")


def test_a_folder_that_is_given_and_cannot_be_read(folder: Path, refused: Any) -> None:
    refused(folder, 0)
    with pytest.raises(SourceError) as caught:
        count_corpus([folder, folder.parent / "nowhere"], Options())
    one, other = caught.value.faults
    assert (one.value, one.problem) == (str(folder), "cannot be read: permission denied")
    assert other.problem == "there is no such file or folder"


def test_a_file_is_counted_once_however_it_is_spelled(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "link").symlink_to(folder / "a")
    (folder / "dangling").symlink_to(folder / "nothing")
    spellings = [folder, "a", folder / "b" / ".." / "a" / "x.txt", "./a/x.txt", "link/x.txt"]
    for paths in (spellings, spellings[::-1]):
        found = count_corpus(paths, Options())
        assert (found.files, found.documents, found.duplicates) == (2, 2, 0)
        assert not found.faults


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError) as caught:
        count_corpus([tmp_path / "pipe", "/dev/null", "/dev/zero"], Options())
    assert [each.problem for each in caught.value.faults] == ["is no regular file"] * 3


@pytest.mark.parametrize("name", ["x.txt", "x.jsonl"])
def test_a_file_that_may_not_be_read(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_text('"fine"')
    (tmp_path / "y.txt").write_text("fine")
    opened = Path.open

    def refuse(path: Path, *rest: Any, **more: Any) -> Any:
        if path.name == name:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *rest, **more)

    monkeypatch.setattr(Path, "open", refuse)
    (fault,) = count_corpus([tmp_path], Options()).faults
    assert fault.problem == "cannot be read: permission denied"
