"""A project file as a document that can be compared with another and planned from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from planner.reading import digest_of, toml_of

# keys whose texts may name files beside the project file
FILES = (
    "file",
    "path",
    "annotations",
    "samples",
    "completions",
    "inputs",
    "prompt_template",
    "answer_schema",
)


@dataclass(frozen=True)
class File:
    """A file that a project names; two are equal if they hold the same.

    given  as the project names it
    """

    path: str = field(compare=False)
    given: str = field(compare=False)
    digest: str

    def __str__(self) -> str:
        return f"{self.given} (sha256 {self.digest[:8]})"


def document_of(place: Path) -> dict[str, Any]:
    """What a project file holds, the files it names as `File`. Raises InputError."""
    found = _marked(toml_of(place), "", place.parent)
    assert isinstance(found, dict)
    return found


def plain(value: Any) -> Any:
    """A document with the full path of each `File` in its place."""
    if isinstance(value, File):
        return value.path
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def _marked(value: Any, key: str, folder: Path) -> Any:
    if isinstance(value, Mapping):
        return {name: _marked(each, name, folder) for name, each in value.items()}
    if isinstance(value, list):
        return [_marked(each, key, folder) for each in value]
    return _file(value, folder) if isinstance(value, str) and key in FILES else value


def _file(given: str, folder: Path) -> File | str:
    """The file of that name, what is asked of it after # or ? aside; the text where there is none,
    such as the address of a server, whose runs are not compared."""
    ends = (len(given), given.find("?"), given.find("#"))
    for end in sorted((each for each in ends if each > 0), reverse=True):
        try:
            place = (folder / given[:end]).absolute()
            if place.exists():
                asked = given[end:]
                return File(f"{place}{asked}", given, f"{digest_of(place)}{asked}")
        except (OSError, ValueError):  # no name of a file, or one that reading will complain of
            continue
    return given
