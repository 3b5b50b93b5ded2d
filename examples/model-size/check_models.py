"""Holds the law of each model against the runs that were made afterwards (larger_runs.csv)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from planner.candidates import candidates
from planner.project import read

HERE = Path(__file__).resolve().parent


def main() -> tuple[int, int]:
    """Print a line for each run; returns how many lie inside the 90% interval, and how many."""
    laws = {each.model.name: each for each in candidates(read(HERE / "project.toml"))}
    with (HERE / "larger_runs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    inside = 0
    for row in rows:
        pages, measured = float(row["licensed"]), float(row["error"])
        law = laws[row["model"]].law
        low, middle, high = law.measured_quantiles(np.array([[pages]]), (0.05, 0.5, 0.95))[:, 0]
        held = bool(low <= measured <= high)
        inside += held
        print(
            f"{row['model']:8}{pages:6.0f} pages  predicted {middle:.3f} "
            f"({low:.3f} to {high:.3f})  measured {measured:.3f}{'' if held else '  outside'}"
        )
    print(f"{inside} of {len(rows)} inside")
    return inside, len(rows)


if __name__ == "__main__":
    main()
