"""Puts measured numbers into the text of a project; comments and layout stay as they are."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from planner.errors import OutputError

_BEFORE = "before:"
Numbers = Mapping[str, Mapping[str, Any]]


def amended(text: str, source: str, numbers: Numbers) -> str:
    """The text of a project file with a source's numbers set to tables {value, low, ...}.

    What was there before is kept in a comment at the end of the line. Raises OutputError where the
    text is laid out in a way that cannot be changed safely; the lines to write by hand are named.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        table: Any = document["sources"][source]  # type: ignore[index]
        for key, number in numbers.items():
            _set(table, key, number)
        new = tomlkit.dumps(document)
    except (TOMLKitError, TypeError, AttributeError, ValueError):
        new = ""
    if "\r\n" in text:
        new = re.sub(r"(?<!\r)\n", "\r\n", new)
    if not _agrees(text, new, source, numbers):
        lines = "; ".join(f"{key} = {_inline(number)}" for key, number in numbers.items())
        raise OutputError(f"the project file cannot be changed by itself: write by hand {lines}")
    return new


def _set(table: Any, key: str, number: Mapping[str, Any]) -> None:
    """Sets one number where the old one stood, else below the last key of the table."""
    import tomlkit
    from tomlkit.items import InlineTable, Table

    made = tomlkit.inline_table()
    made.update(number)
    old = table.get(key)
    if old is not None and old.unwrap() == dict(number):
        return
    if isinstance(old, Table):  # [sources.NAME.key]
        _overwrite(old, number)
        return
    if isinstance(table, InlineTable):
        table[key] = made  # a line that may hold no comment
        return
    if old is not None:
        comment = old.trivia.comment.lstrip("#").strip()
        kept = f"; {comment}" if comment and not comment.startswith(_BEFORE) else ""
        made.comment(f"{_BEFORE} {_shown(old.unwrap())}{kept}")
        table[key] = made
        return
    body = table.value.body
    tail = []  # blank lines and comments that lead to what follows
    while body and body[-1][0] is None:
        tail.append(body.pop())
    table.append(key, made)
    body.extend(reversed(tail))


def _overwrite(old: Any, number: Mapping[str, Any]) -> None:
    for key in [key for key in old if key not in number]:
        del old[key]
    for key, value in number.items():
        before = old.get(key)
        old[key] = value
        if before is not None and before != value:
            old[key].comment(f"{_BEFORE} {_shown(before.unwrap())}")


def _shown(value: Any) -> str:
    """A number of the project in one line."""
    if isinstance(value, dict):
        known = (f"{key} {value[key]}" for key in ("low", "high", "provenance") if key in value)
        rest = ", ".join(known)
        return f"{value.get('value', value.get('base'))}" + (f" ({rest})" if rest else "")
    return " ".join(str(value).split())


def _inline(number: Mapping[str, Any]) -> str:
    import tomlkit

    made = tomlkit.inline_table()
    made.update(number)
    return made.as_string()


def _agrees(old: str, new: str, source: str, numbers: Numbers) -> bool:
    """Whether the new text says the same as the old one but for the numbers."""
    try:
        before, after = tomllib.loads(old), tomllib.loads(new)
        before["sources"][source].update({key: dict(each) for key, each in numbers.items()})
    except (tomllib.TOMLDecodeError, KeyError):
        return False
    return before == after
