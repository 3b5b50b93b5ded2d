"""What two project documents say differently, and the documents in between."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
Keys = tuple[str, ...]

TABLES = ("sources", "models")  # of tables by name, one of which comes or goes as a whole
SETTING = 3  # parts of the longest key that is compared: what is below is one value
WORDS = ("provenance", "reference", "date")  # of a number, which change no figure of a plan


@dataclass(frozen=True)
class Difference:
    """A key whose values differ, or a source or model that came, went or is of another kind.

    old, new  values as in the documents; None where the key is absent
    words     whether only names or origins differ, which no cost can follow from
    """

    keys: Keys
    old: Any
    new: Any
    words: bool = False


def differences(old: Document, new: Document) -> tuple[Difference, ...]:
    """Every difference between two documents, in the order of the new one, then of the old."""
    before, after = dict(_leaves(old, new)), dict(_leaves(new, old))
    found = []
    for keys in dict.fromkeys((*after, *before)):
        values = before.get(keys), after.get(keys)
        if values[0] != values[1]:
            found.append(Difference(keys, *values, words=_words(keys, *values)))
    return tuple(found)


def applied(old: Document, new: Document, changes: Iterable[Difference]) -> dict[str, Any]:
    """The old document with some of its differences from the new one made."""
    made: dict[str, Any] = copy.deepcopy(dict(old))
    for change in changes:
        place = made
        for part in change.keys[:-1]:
            place = place.setdefault(part, {})
        last = change.keys[-1]
        if change.new is None:
            place.pop(last, None)
        else:
            place[last] = copy.deepcopy(change.new)
    # the order of sources settles ties, and is no input that a cost should hang on
    for table in TABLES:
        if isinstance(made.get(table), dict):
            order = dict.fromkeys((*new.get(table, {}), *old.get(table, {})))
            made[table] = {name: made[table][name] for name in order if name in made[table]}
    return {key: value for key, value in made.items() if value != {} or key in new}


def _leaves(document: Document, other: Document, above: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    for key, value in document.items():
        keys = (*above, key)
        if _is_whole(keys, value, other.get(key)):
            yield keys, value
        else:
            there = other.get(key)
            yield from _leaves(value, there if isinstance(there, Mapping) else {}, keys)


def _is_whole(keys: Keys, value: Any, other: Any) -> bool:
    """Whether a value is compared as a whole: no table, deep enough, or in one document only."""
    if not isinstance(value, Mapping) or len(keys) >= SETTING:
        return True
    if len(keys) == 2 and keys[0] in TABLES:
        return not isinstance(other, Mapping) or other.get("kind") != value.get("kind")
    return False


def _words(keys: Keys, old: Any, new: Any) -> bool:
    return keys == ("name",) or (old is not None and new is not None and _bare(old) == _bare(new))


def _bare(value: Any) -> Any:
    """A number without the words on its origin; anything else as it is."""
    if isinstance(value, Mapping) and ("value" in value or "base" in value):
        rest = {key: each for key, each in value.items() if key not in WORDS}
        return rest["value"] if rest.keys() == {"value"} else rest
    return value
