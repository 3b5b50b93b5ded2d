"""Runs as they were found -> the columns that pilots have: chosen by name, turned round."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from planner.errors import Fault
from planner.intake.asked import Asked
from planner.names import MODEL, RESERVED
from sources.settings import nearest

WORDS = {"group", MODEL}  # columns of words; all others are of numbers
SAY = 'say which it is: columns = {{{0} = "..."}}, or ?{0}=... behind the place'
# words in the name of a metric that is best where it is high, and those that make it an error
SCORES = {
    *("acc", "accuracy", "auc", "auroc", "bleu", "dice", "f1", "iou", "kappa", "map", "mcc"),
    *("ndcg", "precision", "r2", "recall"),
}
ERRORS = {"err", "error", "inaccuracy", "loss", "minus", "one", "1"}
SHOWN = 12  # names that a message lists
_TURNED = re.compile(r"(?P<one>1\s*-\s*)?(?P<name>.+?)(?P<percent>\s*/\s*100)?")


class NoValue(NamedTuple):
    """A formula without a saved value."""

    formula: str


@dataclass(frozen=True)
class Gathered:
    """Runs as they stand where they are kept; R runs.

    names, values  of each column; R values each
    places         (R,) where each run is, as messages name it
    origin         of them all: what is put before a place
    lines          (R,) numbers of lines in a file, or None
    spaces         prefixes by which a name may be found, such as "params.", in order of trust, and
                   those for the error
    loose          whether columns that nobody named are something else: no source, no fault
    cell           (row, column) -> address of a cell, where cells have types
    notes          what the reader should know: what was left out and how many
    """

    names: tuple[str, ...]
    values: tuple[Sequence[Any], ...]
    places: tuple[str, ...]
    origin: str
    lines: tuple[int, ...] | None = None
    spaces: tuple[str, ...] = ("",)
    error_spaces: tuple[str, ...] = ("",)
    loose: bool = False
    cell: Callable[[int, int], str] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chosen:
    """Columns as `pilots.check` takes them, and of each row where it is (its place, its line)."""

    columns: list[tuple[str, Sequence[Any]]]
    places: tuple[str, ...]
    lines: tuple[int, ...] | None
    notes: tuple[str, ...]


def turned(asked: str) -> tuple[str, bool, bool]:
    """`1 - NAME / 100` -> (NAME, whether it is taken from 1, whether it is percent)."""
    found = _TURNED.fullmatch(asked.strip())
    assert found is not None  # asked is not empty
    return found["name"], bool(found["one"]), bool(found["percent"])


def chosen(
    found: Gathered, asked: Asked, known: Sequence[str] = (), *, models: bool = False
) -> tuple[Chosen | None, list[Fault]]:
    """The columns that are asked for, of the runs that are asked for; or every fault.

    known: sources that there may be, any if none. A word that `asked.columns` does not name is
    looked for under its own name. Of a table in which every column counts, all are taken as they
    are where `asked.columns` is empty.
    """
    keep, faults, notes = _rows(found, asked)
    if not asked.columns and not found.loose:
        picked = list(enumerate(found.names))
        named = [(name, at, name) for at, name in picked]
    else:
        named, more = _named(found, asked, known, models)
        faults += more
    if faults:
        return None, faults
    columns: list[tuple[str, list[Any]]] = []
    for word, at, name in named:
        values = [found.values[at][row] for row in keep]
        if word not in WORDS:
            faults += _type_faults(found, word, at, keep)
        if word == "error" and asked.columns.get("error"):
            values, more = _as_error(values, asked.columns["error"], name, found, keep)
            faults += more
        columns.append((word, values))
    if found.loose:
        columns, keep, more_notes = _measured_only(columns, keep)
        notes += more_notes
    if asked.unused_is_zero:
        columns = [
            (word, values if word in (*RESERVED, MODEL) else [0 if _none(v) else v for v in values])
            for word, values in columns
        ]
    if found.loose and not keep and not faults:
        told = f" ({'; '.join((*found.notes, *notes))})" if found.notes or notes else ""
        faults.append(Fault("runs", 0, f"none is left to fit{told}", _has(found)))
    lines = None if found.lines is None else tuple(found.lines[row] for row in keep)
    places = tuple(found.places[row] for row in keep)
    return Chosen([*columns], places, lines, (*found.notes, *notes)), faults


def _rows(found: Gathered, asked: Asked) -> tuple[list[int], list[Fault], tuple[str, ...]]:
    """Numbers of the runs that `where` keeps, and how many that is."""
    keep = list(range(len(found.places)))
    faults = []
    for name, wanted in asked.where.items():
        at = _find(found, name, found.spaces)
        if at is None:
            faults.append(Fault("where", name, "is no such column", _advice(found, name)))
        else:
            keep = [row for row in keep if _same(found.values[at][row], wanted)]
    if not asked.where or faults:
        return keep, faults, ()
    said = ", ".join(f"{name} = {value}" for name, value in asked.where.items())
    if not keep:
        some = [sorted({_told(v) for v in found.values[at]})[:5] for at in _wheres(found, asked)]
        advice = "; ".join(f"{n} is {', '.join(v)}" for n, v in zip(asked.where, some, strict=True))
        faults.append(Fault("where", said, f"none of {len(found.places)} runs has that", advice))
    return keep, faults, (f"{len(keep)} of {len(found.places)} runs taken: where {said}",)


def _told(value: Any) -> str:
    return "not given" if _none(value) else str(value)


def _wheres(found: Gathered, asked: Asked) -> list[int]:
    places = (_find(found, name, found.spaces) for name in asked.where)
    return [at for at in places if at is not None]


def _same(value: Any, wanted: str) -> bool:
    if str(value).strip() == str(wanted).strip():
        return True
    try:
        return not isinstance(value, bool) and float(value) == float(wanted)
    except (TypeError, ValueError):
        return str(value).casefold() == str(wanted).casefold() and isinstance(value, bool)


def _named(
    found: Gathered, asked: Asked, known: Sequence[str], models: bool
) -> tuple[list[tuple[str, int, str]], list[Fault]]:
    """(word, number of its column, its name there) of all that is taken."""
    words = [*RESERVED, *([MODEL] if models else [])]
    sources = [*known] or [*(w for w in asked.columns if w not in (*RESERVED, MODEL)), "n"]
    faults, named = [], []
    for word in asked.columns:
        if known and word not in (*words, *known):
            advice = nearest(word, [*known, *words])
            faults.append(Fault(f"columns.{word}", None, "is no source of this project", advice))
    for word in dict.fromkeys([*sources, *words]):
        spaces = found.error_spaces if word == "error" else found.spaces
        wanted = asked.columns.get(word, word)
        at, name = _find(found, wanted, spaces), wanted
        if at is None and word == "error":
            name = turned(wanted)[0]
            at = _find(found, name, spaces)
        if at is not None:
            named.append((word, at, name))
        elif word in asked.columns:
            problem = f"{name!r} is no such column"
            faults.append(Fault(f"columns.{word}", None, problem, _advice(found, name)))
        elif word == "error":
            advice = f"{SAY.format('error')}; {_has(found)}"
            faults.append(Fault("column error", None, "is missing", advice))
    tried = [word for word in asked.columns if word not in words]
    if not tried and not any(word in sources for word, _, _ in named):
        word = known[0] if known else "n"
        advice = f"{SAY.format(word)}; {_has(found)}"
        faults.append(Fault("columns", None, "no column of examples", advice))
    return named, faults


def _find(found: Gathered, name: str, spaces: Sequence[str]) -> int | None:
    """Number of the column with that name, bare or behind the first prefix that has it."""
    for space in dict.fromkeys(["", *spaces]):
        if space + name in found.names:
            return found.names.index(space + name)
    return None


def _advice(found: Gathered, name: str) -> str:
    bare = [each.split(".", 1)[1] if found.spaces != ("",) else each for each in found.names]
    hint = nearest(name, bare)
    return hint if hint.startswith("did you") else _has(found)


def _has(found: Gathered) -> str:
    names = [name for name in found.names if name and not name.startswith("tags.mlflow.")]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"there are: {', '.join(names[:SHOWN])}{more}" if names else "there are no columns"


def _none(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _measured_only(
    columns: list[tuple[str, list[Any]]], keep: list[int]
) -> tuple[list[tuple[str, list[Any]]], list[int], tuple[str, ...]]:
    """Runs that have an error and an amount: others of a store are runs of something else."""
    error = dict(columns)["error"]
    amounts = [values for word, values in columns if word not in (*RESERVED, MODEL)]
    unmeasured = {row for row, value in enumerate(error) if _none(value)}
    nameless = {
        row
        for row in range(len(keep))
        if row not in unmeasured and all(_none(values[row]) for values in amounts)
    }
    notes = []
    if unmeasured:
        notes.append(f"{_runs(len(unmeasured))} left out: without the metric of the error")
    if nameless:
        notes.append(f"{_runs(len(nameless))} left out: without any amount of examples")
    left = [row for row in range(len(keep)) if row not in unmeasured | nameless]
    taken = [(word, [values[row] for row in left]) for word, values in columns]
    return taken, [keep[row] for row in left], tuple(notes)


def _runs(count: int) -> str:
    return f"{count} run{'s' if count != 1 else ''}"


def _type_faults(found: Gathered, word: str, at: int, keep: Sequence[int]) -> list[Fault]:
    """What stands in a column of numbers and is none, by the address of its cell."""
    if found.cell is None:
        return []
    faults = []
    for row in keep:
        value = found.values[at][row]
        if isinstance(value, bool):
            problem, advice = "is a yes or no, not a number", "write the number"
        elif isinstance(value, datetime.date | datetime.time | datetime.timedelta):
            problem = "is a date or time, not a number"
            advice = "format the cell as a number and enter it again"
            value = str(value)
        elif isinstance(value, NoValue):
            problem = "is a formula without a saved value"
            advice = "open the file in a spreadsheet program and save it"
            value = value.formula
        elif isinstance(value, str) and value.strip():
            problem = "is text, not a number"
            advice = "format the cell as a number and enter it again"
        elif isinstance(value, Mapping | list):
            problem, advice, value = "is no single number", "keep one number a run", None
        else:
            continue
        faults.append(Fault(f"{found.cell(row, at)}, {word}", value, problem, advice))
    return faults


def _score_faults(name: str) -> list[Fault]:
    """A fault where the error would be a metric that is a score by its name."""
    words = set(re.split(r"[^a-z0-9]+", name.casefold()))
    if not words & SCORES or words & ERRORS:
        return []
    advice = f'for an error write error = "1 - {name}", and of per cent "1 - {name} / 100"'
    problem = "is by its name a score, which is best where it is high"
    return [Fault("columns.error", name, problem, advice)]


def _ratio_faults(values: Sequence[Any], name: str) -> list[Fault]:
    """A fault where every score that is to be per cent is 1 or less."""
    try:
        numbers = [float(value) for value in values if not _none(value)]
    except (TypeError, ValueError):
        return []  # the check names what is no number
    if not numbers or max(numbers) > 1:
        return []
    problem = f"is no per cent: the most is {max(numbers):g}"
    return [Fault("columns.error", f"1 - {name} / 100", problem, f'write "1 - {name}"')]


def _as_error(
    values: list[Any], asked: str, name: str, found: Gathered, keep: Sequence[int]
) -> tuple[list[Any], list[Fault]]:
    """A score or per cent as an error; what is no number stays, for the check to name."""
    if name == asked:
        return values, _score_faults(name)
    _, one, percent = turned(asked)
    faults = [] if one else _score_faults(name)
    if one and percent:
        faults += _ratio_faults(values, name)
    made: list[Any] = []
    for row, value in zip(keep, values, strict=True):
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if math.isnan(number):
            made.append(value)
            continue
        number = number / 100 if percent else number
        if one and not 0 <= number <= 1:
            problem = "must be a score from 0 to 1 to be taken from 1"
            advice = "" if percent else f'for percent write "1 - {name} / 100"'
            faults.append(Fault(f"{found.places[row]}, {name}", value, problem, advice))
        # 1 - 0.87 is 0.13 as it would be written, without what binary fractions add
        made.append(round(1 - number, 12) if one else number)
    return made, faults
