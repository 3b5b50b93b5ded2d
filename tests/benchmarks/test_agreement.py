"""Raters, votes and their noise on real judgements; reports, never judges.

Reads annotations/ and sentiment/ below DATAPLAN_DATA. crowd-kit, if it is installed, gives the
second opinion on Dawid and Skene.
"""

from __future__ import annotations

import importlib
import time

import numpy as np
import pandas as pd
import pytest

from sources.agreement import effective_share, read
from sources.assessment import assess
from sources.hardness import fit_hardness
from sources.raters import dawid_skene, judge
from sources.redundancy import Price
from sources.votes import Reading, Votes, build
from tests.benchmarks.public import DATA, needs

ORDER = DATA / "annotations" / "temporal_order.csv"
RATINGS = DATA / "sentiment" / "annotations.csv.gz"
README = {1: 0.066, 3: 0.024, 5: 0.012}  # label error of votes in sentiment/README.md
REPEATS = 60


@needs("annotations")
def test_raters_against_gold() -> None:
    votes = read(ORDER)
    begin = time.process_time()
    found = assess(votes, Price(0.05))
    print(f"\nassessed in {time.process_time() - begin:.2f} CPU s")
    assert found.right is not None
    print("known answers found: Dawid-Skene {:.4f}, all votes {:.4f}".format(*found.right))
    true = np.bincount(votes.rater, votes.label == votes.gold[votes.item]) / np.bincount(
        votes.rater
    )
    blind = judge(votes, dawid_skene(votes, use_gold=False))
    inside = [r.low <= t <= r.high for r, t in zip(blind, true, strict=True)]
    off = np.array([r.accuracy for r in blind]) - true
    print(f"accuracy without gold: off by {np.abs(off).mean():.3f}, inside {np.mean(inside):.2f}")
    for use in (True, False):
        known = votes if use else read(ORDER, Reading(use_gold=False))
        hardness = fit_hardness(known)
        assert hardness is not None
        spans = [hardness.interval(hardness.noise(k)) for k in (1, 3, 5, 7, 9)]
        print("gold" if use else "votes", [tuple(round(x, 4) for x in each) for each in spans])
    print("counted", found.observed)


@needs("annotations")
def test_against_crowd_kit() -> None:
    try:
        aggregation = importlib.import_module("crowdkit.aggregation")
    except ImportError:
        pytest.skip("crowd-kit is not installed")
    votes = read(ORDER)
    frame = pd.DataFrame({"task": votes.item, "worker": votes.rater, "label": votes.label})
    theirs = aggregation.DawidSkene(n_iter=500).fit_predict(frame).sort_index().to_numpy()
    ours = dawid_skene(votes, use_gold=False).truth.argmax(axis=1)
    shares = [(each == votes.gold).mean() for each in (ours, theirs)]
    print(f"\nours {shares[0]:.4f}, crowd-kit {shares[1]:.4f}, same {(ours == theirs).mean():.4f}")


KINDS = {"good": 0.9, "tired": 0.65, "spammer": 0.5}  # P(right) of each kind of rater


def test_simulated_raters_against_crowd_kit() -> None:
    try:
        aggregation = importlib.import_module("crowdkit.aggregation")
    except ImportError:
        pytest.skip("crowd-kit is not installed")
    for classes in (2, 4):
        found = []
        for seed in range(25):
            rng = np.random.default_rng(seed)
            truth = rng.integers(classes, size=400)
            kinds = rng.choice(list(KINDS), size=30)
            rows, cells = [], []
            for item, right in enumerate(truth):
                for rater in rng.choice(30, size=5, replace=False):
                    sure = KINDS[kinds[rater]] if kinds[rater] != "spammer" else 1 / classes
                    others = [k for k in range(classes) if k != right]
                    label = right if rng.random() < sure else rng.choice(others)
                    cells.append((item, rater, int(label)))
                    named = {"item": f"{item:03}", "rater": f"{rater:02}", "label": str(label)}
                    rows.append(("", named))
            votes = build(rows, Reading())
            frame = pd.DataFrame(cells, columns=["task", "worker", "label"])
            model = aggregation.DawidSkene(n_iter=500)
            theirs = model.fit_predict(frame).sort_index().to_numpy()
            ours = dawid_skene(votes, use_gold=False).truth.argmax(axis=1)
            found.append([(each == truth).mean() for each in (ours, theirs)])
        mean, off = np.mean(found, axis=0), np.ptp(found, axis=1).max()
        told = f"ours {mean[0]:.4f}, crowd-kit {mean[1]:.4f}, one run apart by at most {off:.4f}"
        print(f"\n{classes} classes, 30 raters of three kinds, 25 runs: {told}")


def two_votes(table: pd.DataFrame, items: np.ndarray, seed: int) -> Votes:
    """Two judgements drawn at random of each of the items."""
    some = table[table.item.isin(items)].sample(frac=1, random_state=seed).groupby("item").head(2)
    rows = (
        ("", {"item": i, "rater": r, "label": str(v)})
        for i, r, v in zip(some.item, some.rater, some.rating, strict=True)
    )
    return build(rows, Reading(ratings=True, cut=0.0))


def noise_of(table: pd.DataFrame, k: int, draws: int = 40) -> float:
    """Error of k random votes against the sign of the mean rating of all raters."""
    rng = np.random.default_rng(0)
    wrong = []
    for _, ratings in table.groupby("item").rating:
        gold, signs = np.sign(ratings.mean()), np.sign(ratings.to_numpy())
        for _ in range(draws if gold else 0):
            lead = gold * np.sign(rng.choice(signs, k, replace=False).sum())
            wrong.append((1 - lead) / 2)
    return float(np.mean(wrong))


@needs("sentiment")
@pytest.mark.parametrize("least", [0.3, 0.0])
def test_noise_from_300_items_rated_twice(least: float) -> None:
    """No answer is given; `least` is the |mean rating| below which items are left out."""
    table = pd.read_csv(RATINGS)
    mean = table.groupby("item").rating.mean().abs()
    table = table[table.item.isin(mean.index[mean >= least])]
    items, rng = table.item.unique(), np.random.default_rng(1)
    truth = {k: noise_of(table, k) for k in README}
    spans = {k: [] for k in README}
    for seed in range(REPEATS):
        found = fit_hardness(two_votes(table, rng.choice(items, 300, replace=False), seed))
        assert found is not None
        for k, kept in spans.items():
            kept.append(found.interval(found.noise(k)))
    print(f"\n{len(items)} items with |mean| >= {least}, {REPEATS} samples of 300 rated twice")
    for k, kept in spans.items():
        low, middle, high = np.array(kept).T
        held = [((low <= x) & (x <= high)).mean() for x in (truth[k], README[k])]
        print(
            f"{k} votes: predicted {middle.mean():.4f} ({low.mean():.4f} to {high.mean():.4f}), "
            f"these items {truth[k]:.4f} inside {held[0]:.2f}, README {README[k]} {held[1]:.2f}"
        )


@needs("sentiment")
def test_effective_examples_of_votes() -> None:
    """n (1 - 2 noise)^2 against curves: how many human labels give the error of the votes."""
    runs = pd.read_csv(DATA / "sentiment" / "runs.csv")
    runs = runs[runs.setup == "single"]
    names = ["human", "crowd1", "crowd3", "crowd5"]
    curves = {n: runs[runs[n] > 0].groupby(n).error.mean() for n in names}
    human = curves["human"]
    human = human[human.index >= 400]
    print()
    for k, noise in README.items():
        curve = curves[f"crowd{k}"]
        curve = curve[(curve.index >= 800) & (curve <= human.max()) & (curve >= human.min())]
        bought = np.log(curve.index.to_numpy(float))
        same = np.interp(-curve.to_numpy(), -human.to_numpy(), np.log(human.index.to_numpy(float)))
        quality = np.exp((same - bought).mean())
        print(
            f"{k} votes: worth {quality:.3f} measured, {effective_share(noise):.3f} by the relation"
        )
