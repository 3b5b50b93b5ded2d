"""Puts measured numbers into the text of a project; comments and layout stay as they are."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from planner.errors import OutputError

_BEFORE = "before:"
_MEASURED = "distill run of"  # how the references of such numbers begin
Numbers = Mapping[str, Mapping[str, Any]]


def check_amendable(text: str, source: str, keys: Iterable[str]) -> None:
    """Raises OutputError where a source's numbers could not be put into the text later."""
    number = {"value": 0.5, "low": 0.25, "high": 0.75, "provenance": "measured"}
    number |= {"reference": _MEASURED, "date": "2000-01-01"}
    try:
        amended(text, source, dict.fromkeys(keys, number))
    except OutputError:
        problem = "the project file is laid out in a way that cannot be changed by itself"
        advice = f"give [sources.{source}] a table of its own, or use --no-write"
        raise OutputError(f"{problem}; {advice}") from None


def amended(text: str, source: str, numbers: Numbers) -> str:
    """The text of a project file with a source's numbers set to tables {value, low, ...}.

    What was there before is kept in a comment at the end of the line, before what the comment said
    already. Raises OutputError where the text is laid out in a way that cannot be changed safely;
    the lines to write by hand are named.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError
    from tomlkit.items import InlineTable

    try:
        document = tomlkit.parse(text)
        sources: Any = document["sources"]
        table: Any = sources[source]
        line = next((each for each in (sources, table) if isinstance(each, InlineTable)), None)
        for key, number in numbers.items():
            _set(table, key, number, line)
        new = tomlkit.dumps(document)
    except (TOMLKitError, TypeError, AttributeError, ValueError, LookupError):
        new = ""
    if "\r\n" in text and not re.search(r"(?<!\r)\n", text):
        new = re.sub(r"(?<!\r)\n", "\r\n", new)
    if not _agrees(text, new, source, numbers):
        lines = "; ".join(f"{key} = {_inline(number)}" for key, number in numbers.items())
        raise OutputError(f"the project file cannot be changed by itself: write by hand {lines}")
    return new


def _set(table: Any, key: str, number: Mapping[str, Any], line: Any) -> None:
    """Sets one number where the old one stood, else below the last key of the table. `line` is the
    inline table whose line the whole source is written in, if it is."""
    import tomlkit
    from tomlkit.items import Table

    made = tomlkit.inline_table()
    made.update(number)
    old = table.get(key)
    if old is not None and old.unwrap() == dict(number):
        return
    if isinstance(old, Table):  # [sources.NAME.key]
        _overwrite(old, number)
        return
    if line is not None:  # it has one comment for all
        if old is not None:
            _remark(line, f"{key} {_shown(old.unwrap())}", f"{key} ")
        table[key] = made
        return
    if old is not None:
        made.trivia.comment = old.trivia.comment
        _remark(made, _shown(old.unwrap()))
        table[key] = made
        return
    body = table.value.body
    tail = []  # blank lines and comments that lead to what follows
    while body and body[-1][0] is None:
        tail.append(body.pop())
    table.append(key, made)
    body.extend(reversed(tail))


def _remark(item: Any, old: str, label: str = "") -> None:
    """Puts the old value before the comment of a line. A value that was measured, and stands there
    from the last time, makes room for it; what the user wrote and had stays."""
    comment = item.trivia.comment.lstrip("#").strip()
    measured = rf"{_BEFORE} {re.escape(label)}[-+.\de]+ \([^;()]*provenance measured\)(; |$)"
    comment = re.sub(measured, "", comment)
    item.comment(f"{_BEFORE} {old}" + (f"; {comment}" if comment else ""))


def _overwrite(old: Any, number: Mapping[str, Any]) -> None:
    known = old.unwrap()
    again = str(known.get("reference", "")).startswith(_MEASURED)
    gone = []
    for key in [key for key in old if key not in number]:
        comment = old[key].trivia.comment.lstrip("#").strip()
        gone.append(f"{key} {_shown(known[key])}" + (f", {comment}" if comment else ""))
        del old[key]
    for key, value in number.items():
        before = known.get(key)
        if before == value and type(before) is type(value):
            continue
        old[key] = value
        if before is not None and not (again and _BEFORE in old[key].trivia.comment):
            _remark(old[key], _shown(before))
    for each in reversed(gone):
        _remark(old["value"], each)


def _shown(value: Any) -> str:
    """A number of the project in one line."""
    if isinstance(value, dict):
        known = (f"{key} {value[key]}" for key in ("low", "high", "provenance") if key in value)
        rest = ", ".join(known)
        return f"{value.get('value', value.get('base'))}" + (f" ({rest})" if rest else "")
    line = " ".join(str(value).split())
    return "".join(sign if sign.isprintable() else "?" for sign in line)


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
