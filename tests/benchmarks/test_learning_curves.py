"""How well the law extrapolates real learning curves (LCDB 1.0); reports, never judges.

Reads learning-curves/ below the folder that DATAPLAN_DATA names; skipped without it. Every fourth
planning case is taken. Coverage is that of the 90% interval for the mean curve; the peer is power +
floor by least squares (floor >= 0) on the same pilots, best of several starts.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from planner import fit_law

DATA = Path(os.environ.get("DATAPLAN_DATA", "missing")) / "learning-curves"
BANDS = (1.5, 3, 6, 12, 34)
EVERY = 4


def power_floor(n, error):
    """floor + scale n^-exponent by least squares of log error: best of a grid of exponents."""
    best = (np.inf, (float(error.mean()), 0.0, 1.0))  # rising pilots: a constant
    for exponent in np.geomspace(0.02, 2, 60):
        basis = np.stack([np.ones_like(n), n**-exponent], axis=1)
        weights = 1 / error
        found, *_ = np.linalg.lstsq(basis * weights[:, None], np.ones_like(error), rcond=None)
        floor, scale = max(found[0], 0.0), found[1]
        if found[0] < 0:
            scale = float((basis[:, 1] * weights) @ np.ones_like(error)) / float(
                ((basis[:, 1] * weights) ** 2).sum()
            )
        loss = float((((floor + scale * n**-exponent) / error - 1) ** 2).sum())
        if scale > 0 and loss < best[0]:
            best = (loss, (floor, scale, exponent))
    return best[1]


@pytest.mark.skipif(not DATA.is_dir(), reason="DATAPLAN_DATA does not name the curves")
def test_extrapolation():
    curves = pd.read_csv(DATA / "curves.csv.gz").groupby(["curve_id", "n"]).error.mean()
    pilots = pd.read_csv(DATA / "pilots.csv").groupby("case_id")
    truth = pd.read_csv(DATA / "truth.csv")[["case_id", "curve_id"]]
    cases = pd.read_csv(DATA / "cases.csv").merge(truth, on="case_id").iloc[::EVERY]
    rows, start = [], time.process_time()
    spent = 0.0
    for case in cases.itertuples():
        runs = pilots.get_group(case.case_id)[["n", "seed", "error"]].copy()
        runs["error"] = runs.error.clip(lower=0.5 / case.n_test)
        runs["test_size"] = case.n_test
        begin = time.process_time()
        law = fit_law(runs)
        spent += time.process_time() - begin
        later = curves[case.curve_id]
        ratio = later.index.to_numpy(float) / case.pilot_max
        later = later[(ratio >= BANDS[0]) & (ratio <= BANDS[-1])]
        if not len(later):
            continue
        n = later.index.to_numpy(float)
        observed = np.maximum(later.to_numpy(), 0.25 / case.n_test)
        low, middle, high = law.quantiles(n[:, None], (0.05, 0.5, 0.95))
        mean = runs.groupby("n").error.mean()
        floor, scale, exponent = power_floor(mean.index.to_numpy(float), mean.to_numpy())
        peer = floor + scale * n**-exponent
        rows.append(
            pd.DataFrame(
                {
                    "horizon": n / case.pilot_max,
                    "covered": (observed >= low) & (observed <= high),
                    "ours": np.abs(np.log(observed / middle)),
                    "peer": np.abs(np.log(observed / peer)),
                }
            )
        )
    table = pd.concat(rows)
    table["band"] = pd.cut(table.horizon, BANDS, include_lowest=True)
    summary = table.groupby("band", observed=True)[["covered", "ours", "peer"]].mean()
    print(f"\n{len(cases)} cases, {spent / len(cases):.3f} CPU s a fit")
    print(summary.round(3).to_string())
    print(table[["covered", "ours", "peer"]].mean().round(3).to_string())
    print(f"{time.process_time() - start:.0f} CPU s in all")
