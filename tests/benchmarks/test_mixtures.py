"""Several sources at once, repeated epochs, text mixtures; reports, never judges.

Reads mixtures/, scaling-runs/ and sentiment/ below DATAPLAN_DATA.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from planner import fit_law
from planner.growth import MOST_EPOCHS, fit_growth
from tests.benchmarks.pretraining import fit_mixture
from tests.benchmarks.public import DATA, needs

SOURCES = ["n_gold", "n_crowd", "n_weak", "n_shift"]
SMALL, LARGE = 400, 1600  # examples in all: fitted up to, predicted from


@needs("mixtures")
def test_labelled_sources():
    runs = pd.read_csv(DATA / "mixtures" / "labelled_sources.csv")
    runs["total"] = runs[SOURCES].sum(axis=1)
    rows = []
    for task, table in runs.groupby("pair"):
        begin = time.process_time()
        law = fit_law(table[table.total <= SMALL][[*SOURCES, "seed", "error"]])
        spent = time.process_time() - begin
        later = table[table.total >= LARGE].groupby(SOURCES).error.mean().reset_index()
        low, middle, high = law.quantiles(later[SOURCES].to_numpy(float), (0.05, 0.5, 0.95))
        inside = (later.error >= low) & (later.error <= high)
        rows.append(
            {
                "task": task,
                "relative RMSE": np.sqrt(np.mean((middle / later.error - 1) ** 2)),
                "inside": inside.sum(),
                "compositions": len(later),
                "reference": law.reference,
                "CPU s": spent,
            }
        )
    table = pd.DataFrame(rows)
    print("\n" + table.round(3).to_string(index=False))
    covered = table.inside.sum() / table.compositions.sum()
    print(f"median relative RMSE {table['relative RMSE'].median():.4f}, covered {covered:.3f}")


@needs("scaling-runs")
def test_repeated_tokens():
    runs = pd.read_csv(DATA / "scaling-runs" / "repeated_tokens.csv")
    runs = runs.rename(columns={"params": "model_params", "unique_tokens": "n", "loss": "error"})
    runs = runs[["model_params", "n", "epochs", "error"]]
    few = runs[runs.epochs <= MOST_EPOCHS].reset_index(drop=True)

    def explained(law, table):
        middle = np.median(law.errors(table.model_params, table.n, table.epochs), axis=0)
        return 1 - ((table.error - middle) ** 2).sum() / table.error.var(ddof=0) / len(table)

    print(f"\nrepeated tokens, at most {MOST_EPOCHS:g} epochs: {len(few)} runs")
    print(f"R2 in sample {explained(fit_growth(few), few):.3f}")
    for column in ("model_params", "n"):
        scores = []
        side = few[column].rank(method="dense") % 2
        for each in (0, 1):
            law = fit_growth(few[side != each])
            scores.append(explained(law, few[side == each]))
        print(f"R2 on the other half by {column}: {scores[0]:.3f}, {scores[1]:.3f}")
    print(fit_growth(few).warnings(float(runs.epochs.max()))[0])


@needs("mixtures")
def test_pretraining_mixtures():
    table = pd.read_csv(DATA / "mixtures" / "pretraining_mixtures_1m.csv")
    shares = [name for name in table.columns if name.startswith("w_")]
    losses = [name for name in table.columns if name.startswith("loss_")]
    learn, test = (table[table.split == split] for split in ("train", "test"))
    begin, scores = time.process_time(), {}
    for loss in losses:
        law = fit_mixture(learn[shares].to_numpy(), learn[loss].to_numpy())
        guess = pd.Series(law(test[shares].to_numpy()))
        scores[loss] = guess.rank().corr(test[loss].reset_index(drop=True).rank())
    spent = time.process_time() - begin
    found = pd.Series(scores)
    print(f"\nSpearman on {len(test)} test mixtures, {2 + 2 * len(shares)} parameters a loss")
    print(found.round(4).to_string())
    print(f"mean {found.mean():.4f}, {spent:.0f} CPU s for {len(losses)} losses")


def test_cost_of_a_fit():
    rng = np.random.default_rng(0)
    print()
    for sizes in (6, 60, 600, 6000):
        n = np.geomspace(100, 10_000, sizes).round()
        runs = pd.DataFrame({"n": n, "error": 1.2 * n**-0.3 * np.exp(rng.normal(0, 0.02, sizes))})
        fit_law(runs)
        begin = time.process_time()
        fit_law(runs)
        print(f"one source, {sizes} runs: {time.process_time() - begin:.2f} CPU s")
    for count in (60, 120, 240, 480):
        amounts = rng.dirichlet(np.ones(5), count) * np.geomspace(100, 4000, count)[:, None]
        size = amounts @ [1, 0.9, 0.7, 0.5, 0.3]
        runs = pd.DataFrame(amounts.round(), columns=list("abcde"))
        runs["error"] = 1.2 * size**-0.3 * np.exp(rng.normal(0, 0.02, count))
        begin = time.process_time()
        fit_law(runs)
        print(f"five sources, {count} runs: {time.process_time() - begin:.2f} CPU s")
