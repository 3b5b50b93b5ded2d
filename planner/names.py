"""What a source may be called."""

from __future__ import annotations

from collections.abc import Iterable

# other columns of the pilots
RESERVED = ("error", "seed", "test_size", "model_params", "epochs", "group")
MODEL = "model"  # a column of names where a project has candidate models
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
