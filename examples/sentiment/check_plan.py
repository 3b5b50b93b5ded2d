"""Holds the plan against runs that were measured later: `python check_plan.py`.

The law sees pilots.csv only (at most 800 labels a run). larger_runs.csv holds the runs of up to
6,400 labels, so here one can see what the plan promised and what then came out, good or bad.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from planner import Project

HERE = Path(__file__).parent
CONFIDENCE = 0.9


def compare(law, runs: pd.DataFrame) -> pd.DataFrame:
    """Measured mean error of each larger composition beside the law's median and interval."""
    sources = list(law.sources)
    measured = runs.groupby(sources).error.mean().reset_index()
    predicted = law.predict(measured[sources], CONFIDENCE)
    table = pd.concat([measured, predicted], axis=1)
    table["inside"] = (table.error >= table.low) & (table.error <= table.high)
    table["ratio"] = table["median"] / table.error
    return table


def first_size(table: pd.DataFrame, source: str, target: float) -> float:
    """Labels of one source alone at which the measured error first meets the target, between runs
    by a straight line in log-log; nan if no run does."""
    labels = [c for c in table.columns if c in table.attrs["labels"]]
    alone = table[(table[source] > 0) & (table[labels].sum(axis=1) == table[source])]
    alone = alone[alone.text == 0].sort_values(source)
    size, error = np.log(alone[source].to_numpy(float)), np.log(alone.error.to_numpy())
    met = np.flatnonzero(error <= np.log(target))
    if not len(met):
        return float("nan")
    at = max(int(met[0]), 1)
    return float(np.exp(np.interp(-np.log(target), -error[at - 1 : at + 1], size[at - 1 : at + 1])))


def main() -> None:
    """Print the comparison."""
    study = Project.load(HERE / "project.toml").study()
    runs = pd.read_csv(HERE / "larger_runs.csv")
    table = compare(study.law, runs)
    table.attrs["labels"] = [study.law.sources[k] for k in study.law.labels]
    target = study.plan.target.error
    print(f"{len(table)} larger compositions, {table.inside.mean():.0%} inside the 90% interval,")
    print(f"relative RMSE of the median {np.sqrt(np.mean((table.ratio - 1) ** 2)):.1%}\n")
    for name in ("human", "crowd1", "llm"):
        alone = table[(table[name] > 0) & (table[table.attrs["labels"]].sum(axis=1) == table[name])]
        for row in alone[alone.text == 0].itertuples():
            print(
                f"{name:7} {getattr(row, name):5} labels: predicted {row.median:.3f} "
                f"({row.low:.3f} to {row.high:.3f}), measured {row.error:.3f}"
            )
    print(f"\ntarget {target}: the plan buys", end=" ")
    print(", ".join(f"{n:,.0f} {name}" for name, n in study.plan.amounts.items()), end=";\n")
    print(f"one vote a text met it in the later runs at {first_size(table, 'crowd1', target):,.0f}")


if __name__ == "__main__":
    main()
