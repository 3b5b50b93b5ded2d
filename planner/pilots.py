"""Pilot runs as a checked table: examples used of each source, and the error that was measured."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from planner.errors import Fault, InputError
from planner.names import MODEL, RESERVED, name_problem, same_names
from sources.settings import nearest

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 1_000_000
MOST_FAULTS = 20  # faults listed one by one; the rest are counted
EMPTY, NO_NUMBER = "is empty or not a number (NaN)", "is not a number"

FloatArray = NDArray[np.float64]
Locate = Callable[[int], str]


@dataclass(frozen=True, eq=False)
class Pilots:
    """Checked pilot runs; R runs, K sources.

    sources       (K,) names, in the order of the columns of `amounts`
    amounts       (R, K) examples used [example], finite and not negative
    error         (R,) measured error, above 0 and finite
    seed          (R,) which repeat, or None
    test_size     (R,) examples the error was measured on [example], at least 1, or None
    model_params  (R,) parameters of the trained model, above 0, or None
    epochs        (R,) passes over the examples [epoch], above 0, or None: each was seen once
    group         (R,) part of the test set that the error is of, "" for all of it, or None
    model         (R,) name of the candidate model that was trained, "" if none is named, or None
    rows          (R,) line of each run in its file, counted from 1, or None
    origin        (R,) where each run stands: file and line, sheet and row, store and run; or None
    notes         what was left out where the runs were found, and how they were read
    """

    sources: tuple[str, ...]
    amounts: FloatArray
    error: FloatArray
    seed: FloatArray | None = None
    test_size: FloatArray | None = None
    model_params: FloatArray | None = None
    epochs: FloatArray | None = None
    group: tuple[str, ...] | None = None
    model: tuple[str, ...] | None = None
    rows: tuple[int, ...] | None = None
    origin: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        runs = len(self.error)
        if self.amounts.shape != (runs, len(self.sources)):
            raise ValueError(
                f"amounts has shape {self.amounts.shape}, not {runs, len(self.sources)}"
            )
        several = (
            "seed",
            "test_size",
            "model_params",
            "epochs",
            "group",
            "model",
            "rows",
            "origin",
        )
        for name in several:
            column = getattr(self, name)
            if column is not None and len(column) != runs:
                raise ValueError(f"{name} has {len(column)} rows, error has {runs}")

    def __len__(self) -> int:
        return len(self.error)

    @property
    def overall(self) -> NDArray[np.bool_]:
        """Which runs (R,) are measured on the whole test set, not on one group."""
        names = self.group or ("",) * len(self.error)
        return np.array([not n or n.lower() in {"all", "overall"} for n in names], dtype=bool)

    def only(self, keep: NDArray[Any]) -> Pilots:
        """The runs at which `keep` (R,) holds, or of those numbers."""
        chosen: dict[str, Any] = {"amounts": self.amounts[keep], "error": self.error[keep]}
        for name in ("seed", "test_size", "model_params", "epochs"):
            column = getattr(self, name)
            chosen[name] = None if column is None else column[keep]
        for name in ("group", "model", "rows", "origin"):
            entries = getattr(self, name)
            chosen[name] = None if entries is None else tuple(np.array(entries, object)[keep])
        return replace(self, **chosen)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, place: str = "pilots") -> Pilots:
        """Check a DataFrame of runs: `error`, a column of examples per source, optional others.

        Raises InputError with every fault found; rows are counted from 0, as `frame.iloc` does.
        """
        names = [str(name).strip() for name in frame.columns]
        columns = [(name, frame.iloc[:, at].tolist()) for at, name in enumerate(names)]
        pilots, faults = check(columns, lambda row: f"row {row}")
        if pilots is None:
            raise InputError(place, faults)
        return pilots

    def to_frame(self) -> pd.DataFrame:
        """One row a run: a column per source [example], `error`, and what else is known."""
        import pandas as pd

        columns: dict[str, Any] = dict(zip(self.sources, self.amounts.T, strict=True))
        columns["error"] = self.error
        for name in (*RESERVED[1:], MODEL):
            if getattr(self, name) is not None:
                columns[name] = getattr(self, name)
        return pd.DataFrame(columns)


def check(
    columns: Sequence[tuple[str, Sequence[Any]]],
    locate: Locate,
    most_error: float = math.inf,
    known: Sequence[str] = (),
    rows: Sequence[int] | None = None,
    *,
    models: bool = False,
) -> tuple[Pilots | None, list[Fault]]:
    """Named columns of equal length -> (Pilots, no faults) or (None, every fault found).

    locate tells the user where a row is; most_error is the largest error the metric can have;
    known are the names that sources may have, any if there are none; rows are the line numbers to
    remember. A lone column `n` is the only known source. models: a column `model` names the model
    that was trained, and is no source.
    """
    if models and MODEL in (every := dict(columns)):
        rest = [(name, values) for name, values in columns if name != MODEL]
        pilots, faults = check(rest, locate, most_error, known, rows)
        return pilots and replace(pilots, model=_groups(every[MODEL])), faults
    names = [name for name, _ in columns]
    if len(known) == 1 and [name for name in names if name not in RESERVED] == ["n"]:
        columns = [(known[0] if name == "n" else name, values) for name, values in columns]
        names = [name for name, _ in columns]
    faults = _name_faults(names, known)
    count = len(columns[0][1]) if columns else 0
    if count > MOST_ROWS:
        advice = "average the repeats first"
        return None, [*faults, Fault("rows", count, f"at most {MOST_ROWS:,} runs", advice)]
    found = dict(columns)
    sources = tuple(name for name in found if name not in RESERVED)
    bad: list[Fault] = []
    checked = {
        name: _column(name, found[name], locate, most_error, bad)
        for name in (*sources, *RESERVED[:-1])
        if name in found
    }
    faults += shorten(bad)
    error = checked.get("error")
    if faults or error is None:
        return None, faults
    amounts = [array for name in sources if (array := checked[name]) is not None]
    return (
        Pilots(
            sources=sources,
            amounts=np.column_stack(amounts),
            error=error,
            seed=checked.get("seed"),
            test_size=checked.get("test_size"),
            model_params=checked.get("model_params"),
            epochs=checked.get("epochs"),
            group=_groups(found["group"]) if "group" in found else None,
            rows=None if rows is None else tuple(rows),
        ),
        [],
    )


def together(origins: Sequence[str]) -> str | None:
    """Where runs stand, in one line: `pilots.csv line 2, line 5`; None where that is not known."""
    told: list[str] = []
    last = ""
    for each in sorted(origins, key=_natural):
        start, place = _parted(each)
        told.append(place if start == last else each)
        last = start
    more = len(told) - MOST_FAULTS
    return (", ".join(told[:MOST_FAULTS]) + (f" and {more} more" if more > 0 else "")) or None


def _parted(origin: str) -> tuple[str, str]:
    """`runs.xlsx sheet A row 4` -> (`runs.xlsx sheet A`, `row 4`): what runs share, and the run."""
    found = re.fullmatch(r"(.*?) ((?:(?:line|row) \d+|run \w+)(?: \(.*\))?|\[\d+\])", origin)
    return (found[1], found[2]) if found else (origin, origin)


def _natural(origin: str) -> list[tuple[bool, int, str]]:
    """Sorts line 10 after line 9."""
    parts = re.split(r"(\d+)", origin)
    return [(p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in parts]


def shorten(faults: list[Fault]) -> list[Fault]:
    """The first `MOST_FAULTS` faults, and one that counts the rest."""
    more = len(faults) - MOST_FAULTS
    if more <= 0:
        return faults
    return [
        *faults[:MOST_FAULTS],
        Fault(f"{more} more", None, "faults of the same table, not shown"),
    ]


def _name_faults(names: list[str], known: Sequence[str]) -> list[Fault]:
    faults = []
    for name, times in Counter(names).items():
        if times > 1:
            faults.append(
                Fault(f"column {name}", None, f"appears {times} times", "keep one of them")
            )
    for first, second in same_names(dict.fromkeys(names)):
        problem = f"differs from {first} in upper and lower case only"
        faults.append(Fault(f"column {second}", None, problem, "rename one of them"))
    if "error" not in names:
        faults.append(Fault("column error", None, "is missing", nearest("error", names)))
    sources = [name for name in names if name not in RESERVED]
    if not sources:
        faults.append(Fault("columns", None, "no column of examples", "add one per source, or n"))
    for name in dict.fromkeys(sources):
        if problem := name_problem(name):
            faults.append(Fault(f"column {name!r}", None, problem, "rename the column"))
        elif known and name not in known:
            problem = "is no source of this project"
            faults.append(Fault(f"column {name}", None, problem, nearest(name, list(known))))
    return faults


def _column(
    name: str, values: Sequence[Any], locate: Locate, most_error: float, bad: list[Fault]
) -> FloatArray | None:
    """One checked column of numbers; None for an optional column that is empty throughout."""
    if name in RESERVED[1:] and all(_empty(value) for value in values):
        return None
    numbers = _numbers(values)
    problems = _problems(name, numbers, most_error)
    for row in np.flatnonzero(problems != "").tolist():
        value, problem = values[row], str(problems[row])
        if _empty(value):
            problem, value = EMPTY, None
        elif math.isnan(numbers[row]):
            problem = NO_NUMBER
        bad.append(Fault(f"{locate(row)}, {name}", value, problem, _advice(name, value, problem)))
    return numbers


def _problems(name: str, numbers: FloatArray, most_error: float) -> NDArray[Any]:
    """(R,) what is wrong with each number of a column, "" for nothing."""
    finite = np.isfinite(numbers)
    whole = finite & (numbers == np.floor(numbers))
    if name == "error":
        most = f"at most {most_error:g}" if math.isfinite(most_error) else "finite"
        holds, problem = finite & (numbers > 0) & (numbers <= most_error), f"above 0 and {most}"
    elif name == "seed":
        holds, problem = whole, "a whole number"
    elif name == "test_size":
        holds, problem = whole & (numbers >= 1), "a whole number of at least 1"
    elif name in ("model_params", "epochs"):
        holds, problem = finite & (numbers > 0), "above 0 and finite"
    else:
        holds, problem = finite & (numbers >= 0), "finite and not negative"
    return np.where(holds, "", f"must be {problem}")


def _advice(name: str, value: Any, problem: str) -> str:
    if problem == EMPTY:
        if name == "error":
            return "give the measured error or leave the run out"
        if name in RESERVED:
            return "give it in every row or leave the column out"
        return "write 0 if the run used none of this source"
    if problem == NO_NUMBER:
        return "write it without separators or units, with a decimal point"
    number = _number(value)
    if name == "error" and number == 0:
        return "for no mistake at all write half of one, 0.5 / test_size, and give test_size"
    if name == "error" and 1 < number <= 100:
        return f"if this is a percentage, write {number / 100:g}"
    return ""


def _empty(value: Any) -> bool:
    """Whether a cell holds nothing: blank text, None, or a mark of pandas for a missing value."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, int | float):
        return value != value  # only NaN differs from itself
    return value is None or str(value) in {"<NA>", "NaT"}


def _number(value: Any) -> float:
    """A cell as a number, NaN if it is none; a yes or no is not a number."""
    if isinstance(value, bool | np.bool_):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _numbers(values: Sequence[Any]) -> FloatArray:
    return np.fromiter((_number(value) for value in values), dtype=float, count=len(values))


def _groups(values: Sequence[Any]) -> tuple[str, ...] | None:
    names = tuple("" if _empty(value) else str(value).strip() for value in values)
    return names if any(names) else None
