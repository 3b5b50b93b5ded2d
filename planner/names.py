"""What a source may be called, and which name was meant by one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

RESERVED = ("error", "seed", "test_size", "model_params", "group")  # other columns of the pilots
MOST_NAME = 200  # characters of a name


def name_problem(name: str) -> str:
    """What is wrong with a source's name, "" if nothing: any text will do that fits on a line."""
    if not name.strip():
        return "a source needs a name"
    if len(name) > MOST_NAME:
        return f"has {len(name)} characters, at most {MOST_NAME} are allowed"
    if not name.isprintable():
        return "must not contain control characters"
    if name in RESERVED:
        return f"is kept for another column of the pilots ({', '.join(RESERVED)})"
    return ""


def same_names(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of names that differ in nothing but upper and lower case."""
    first: dict[str, str] = {}
    pairs = []
    for name in names:
        key = name.casefold()
        if key in first:
            pairs.append((first[key], name))
        else:
            first[key] = name
    return pairs


def nearest(name: str, known: Iterable[str]) -> str:
    """Advice naming the known name most like `name`, or all of them, for the end of a message."""
    names = list(known)
    folded = {each.casefold(): each for each in names}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    if close:
        return f"did you mean {folded[close[0]]}?"
    return f"known: {', '.join(names)}" if names else ""
