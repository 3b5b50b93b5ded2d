"""The sums of a corpus: from a row a document to what is in it, whatever the order of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sources.base import Fault
from sources.corpus import CorpusCount, Growth, NearCount, Options, Part, Screen, ScriptCount
from sources.near import near
from sources.rows import Counted, counted_faults, first_of_each, joined
from sources.screening import SCRIPTS
from sources.stamps import growth

_MOST_NAMED = 20  # documents without a time stamp


def total(found: list[Counted], parts: Sequence[Part], options: Options) -> CorpusCount:
    """What is in all parts together; empties `found`."""
    empty, unreadable, faults = counted_faults(found)
    undated = tuple(fault for each in found for fault in each.undated)
    rows = joined(found, options)
    order, starts = first_of_each(rows["mark"])
    unique = order[starts]  # by mark, so that nothing below knows of files
    tokens = rows["tokens"][unique].astype(np.int64)
    characters = rows["characters"][unique].astype(np.int64)
    return CorpusCount(
        documents=len(unique),
        tokens=int(tokens.sum()),
        characters=int(characters.sum()),
        duplicates=len(rows) - len(unique),
        empty=empty,
        files=len({part.path for part in parts}),
        bytes=sum(part.stop - part.start for part in parts),
        encoding=options.encoding,
        unreadable=unreadable,
        faults=faults,
        scripts=_scripts(rows["script"][unique], tokens, characters),
        screen=_screen(rows, unique, tokens),
        near=None if options.near is None else _near(rows, unique, tokens, options.near),
        growth=None if options.time is None else _growth(rows, order, starts, tokens, undated),
    )


def _scripts(scripts: Any, tokens: Any, characters: Any) -> tuple[ScriptCount, ...]:
    found = []
    for number, name in enumerate(SCRIPTS):
        mine = scripts == number
        if mine.any():
            sums = (int(mine.sum()), int(tokens[mine].sum()), int(characters[mine].sum()))
            found.append(ScriptCount(name, *sums))
    return tuple(sorted(found, key=lambda each: -each.tokens))


def _screen(rows: Any, unique: Any, tokens: Any) -> Screen:
    found = [rows[name][unique].astype(np.int64) for name in ("emails", "phones", "cards")]
    touched = sum(found) > 0
    emails, phones, cards = (int(each.sum()) for each in found)
    return Screen(emails, phones, cards, int(touched.sum()), int(tokens[touched].sum()))


def _near(rows: Any, unique: Any, tokens: Any, threshold: float) -> NearCount:
    order = unique[np.argsort(-tokens, kind="stable")]  # the longest first, then by mark
    found = near(rows["near"], order, threshold)[unique]
    return NearCount(threshold, int(found.sum()), int(tokens[found].sum()))


def _growth(rows: Any, order: Any, starts: Any, tokens: Any, undated: tuple[Fault, ...]) -> Growth:
    """By the earliest stamp of each text: a copy is nothing new."""
    days = rows["day"][order]
    days = np.minimum.reduceat(days, starts) if len(starts) else days
    return replace(growth(days, tokens), faults=undated[:_MOST_NAMED])
