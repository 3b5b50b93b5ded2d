"""The public measurements that benchmarks read from the folder that DATAPLAN_DATA names."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DATA = Path(os.environ.get("DATAPLAN_DATA", "missing"))
FOLDS = 2


def needs(name: str) -> pytest.MarkDecorator:
    """Skips a benchmark whose data are not there."""
    return pytest.mark.skipif(
        not (DATA / name).exists(), reason=f"DATAPLAN_DATA does not name a folder with {name}"
    )


def fold(names: pd.Series) -> np.ndarray:
    """0 or 1 for each row: the sorted distinct names in turn, so that a name is in one fold."""
    order = {name: i % FOLDS for i, name in enumerate(sorted(set(names)))}
    return names.map(order).to_numpy()


def learning_curves() -> tuple[pd.DataFrame, dict[str, pd.DataFrame], dict[str, pd.Series]]:
    """Cases with their truth, runs by case, and mean error by size of each curve."""
    folder = DATA / "learning-curves"
    cases = pd.read_csv(folder / "cases.csv").merge(
        pd.read_csv(folder / "truth.csv"), on="case_id", validate="one_to_one"
    )
    curves = pd.read_csv(folder / "curves.csv.gz")
    curves = curves[curves.curve_id.isin(cases.curve_id)].groupby(["curve_id", "n"]).error.mean()
    means = {name: series.droplevel(0) for name, series in curves.groupby(level=0)}
    runs = {}
    for case, table in pd.read_csv(folder / "pilots.csv").groupby("case_id"):
        runs[case] = table[["n", "seed", "error"]].reset_index(drop=True)
    for case in cases.itertuples():
        table = runs[case.case_id]
        # no mistake at all is measured as half of one
        table["error"] = table.error.clip(lower=0.5 / case.n_test)
        table["test_size"] = case.n_test
    return cases, runs, means
