"""The law on large published runs: images, translation, language models; reports, never judges.

Reads scaling-runs/ and mixtures/ below DATAPLAN_DATA. Log-RMSE is that of the posterior median on
runs that the fit did not see, averaged over curves; coverage that of the 90% interval for a
measured error. Medians of the peers are taken over the same runs.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from planner import fit_law
from tests.benchmarks.peers import PEERS
from tests.benchmarks.public import DATA, needs

PILOTS = 8  # of the pilot version, in equal log steps within the first quarter of the sizes
FARTHEST = 8.0  # times the largest pilot that it predicts


def rmse(ratio: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.log(ratio) ** 2)))


def judged(fit: pd.DataFrame, later: pd.DataFrame) -> dict[str, float]:
    """Log-RMSE of ours and of every peer on later runs, coverage and width of our interval."""
    begin = time.process_time()
    law = fit_law(fit[["n", "error"]])
    spent = time.process_time() - begin
    sizes, error = later.n.to_numpy(float), later.error.to_numpy()
    low, middle, high = law.measured_quantiles(sizes[:, None], (0.05, 0.5, 0.95))
    mean = fit[fit.n > 0].groupby("n").error.mean()
    row = {
        "ours": rmse(middle / error),
        "covered": float(np.mean((error >= low) & (error <= high))),
        "width": float(np.mean(np.log(high / low))),
        "CPU s": spent,
    }
    for name, peer in PEERS.items():
        row[name] = rmse(peer(mean.index.to_numpy(float), mean.to_numpy())(sizes) / error)
    return row


def pilot_version(curve: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """8 runs in equal log steps in the first quarter of the sizes, and those up to 8 times out."""
    sizes = np.sort(curve.n.unique())
    few = sizes[sizes <= sizes[0] * (sizes[-1] / sizes[0]) ** 0.25]
    few = few if len(few) >= PILOTS else sizes[: max(len(sizes) // 4, PILOTS)]
    wanted = np.geomspace(few[0], few[-1], PILOTS)
    chosen = {few[np.argmin(np.abs(np.log(few / each)))] for each in wanted}
    fit = curve[curve.n.isin(chosen)].groupby("n", as_index=False).first()
    later = curve[(curve.n > few[-1]) & (curve.n <= FARTHEST * few[-1])]
    return fit, later


@needs("scaling-runs")
def test_revisited_scaling_laws():
    runs = pd.read_csv(DATA / "scaling-runs" / "revisiting_neural_scaling_laws.csv.gz")
    versions = {"official split": [], "pilots, 8 times out": []}
    for _, curve in runs.groupby("curve_id"):
        domain = curve.domain.iloc[0]
        fit, later = curve[curve.fit == 1], curve[curve.fit == 0]
        versions["official split"].append({"domain": domain, **judged(fit, later)})
        fit, later = pilot_version(curve)
        if len(later) and len(fit) >= 4:
            versions["pilots, 8 times out"].append({"domain": domain, **judged(fit, later)})
    for name, rows in versions.items():
        table = pd.DataFrame(rows)
        print(f"\n{name}: {len(table)} curves, worst {table.ours.max():.3f}")
        print(table.groupby("domain").mean().round(4).to_string())
        print(table.drop(columns="domain").mean().round(4).to_frame("all").T.to_string())


@needs("scaling-runs")
def test_fine_tuning():
    runs = pd.read_csv(DATA / "scaling-runs" / "llm_finetuning_flan.csv")
    runs = runs.rename(columns={"loss": "error"})
    for largest in (3200, 25_600, 204_800):
        rows = []
        for _, curve in runs.groupby("model"):
            rows.append(judged(curve[curve.n <= largest], curve[curve.n > largest]))
        table = pd.DataFrame(rows)
        shown = table.median()
        shown["covered"] = table.covered.mean()
        print(f"\nfine-tuning, fitted up to {largest:,}: medians over {len(table)} models")
        print(shown.round(4).to_frame("all").T.to_string())
