"""The table of runs that Weights & Biases exports as CSV: told by its columns, finished runs only.

Every cell of it is quoted; the columns are those of the page: Name, State, Notes, User, Tags,
Created, Runtime, Sweep, then keys of the configuration, then the summary of each metric.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from planner.errors import Fault
from planner.intake.gathered import Gathered

OWN = {"Agent", "Created", "ID", "Notes", "Runtime", "Sweep", "Tags", "User"}
FINISHED = "finished"
SUMMARY = (
    "metrics are as the summary of each Weights & Biases run has them: the last value, unless the "
    "run set another"
)


def is_wandb(names: Sequence[str]) -> bool:
    """Whether a table has the columns of such an export."""
    return {"Name", "State"} <= set(names) and bool(OWN & set(names))


def panel_fault(names: Sequence[str]) -> Fault | None:
    """A fault where the table is of one chart or history, a row a step, and not that of runs."""
    ends = [name for name in names if name.endswith(("__MIN", "__MAX"))]
    problem = "is a chart exported from Weights & Biases, one row a step"
    if not any(name.removesuffix("__MIN") in names for name in ends):
        ends = [name for name in names if name in ("_step", "_timestamp")]
        problem = "is the history of Weights & Biases runs, one row a step"
        if not ends or is_wandb(names):
            return None
    advice = "export the table of runs instead: one row a run, configuration and summary"
    return Fault("columns", ends[0], problem, advice)


def finished(found: Gathered) -> Gathered:
    """The finished runs, named; how many others there are is noted."""
    states = [str(each).strip().lower() for each in found.values[found.names.index("State")]]
    names = found.values[found.names.index("Name")]
    keep = [row for row, state in enumerate(states) if state == FINISHED]
    others = Counter(state or "without a state" for state in states if state != FINISHED)
    notes = [SUMMARY]
    if others:
        told = ", ".join(f"{count} {state}" for state, count in sorted(others.items()))
        total = sum(others.values())
        notes.append(f"{total} run{'s' if total != 1 else ''} left out: {told}")
    lines = found.lines or ()
    return replace(
        found,
        values=tuple([_given(column[row]) for row in keep] for column in found.values),
        places=tuple(f"{found.places[row]} (run {names[row]})" for row in keep),
        lines=tuple(lines[row] for row in keep),
        loose=True,
        notes=(*found.notes, *notes),
    )


def _given(cell: str) -> str | None:
    """A cell, or None where the run has no such value."""
    return None if cell.strip() in {"", "-", "null", "undefined"} else cell
