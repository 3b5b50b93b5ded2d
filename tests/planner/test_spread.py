"""Few draws that stand for many: closer to all of them than as many at random."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.spread import even_normals, representative
from tests.planner import small

MANY, FEW = 6000, 600


def weighted(seed=0):
    law = small.law(("a", "b", "c"), draws=MANY, seed=seed, biased=("c",), texts=("t",))
    weights = np.random.default_rng(seed).gamma(2.0, size=MANY)
    return replace(law, weights=weights / weights.sum())


def misses(law, chosen):
    """P(error <= target) of the chosen draws less that of all, at many amounts and targets."""
    rng, found = np.random.default_rng(1), []
    for _ in range(30):
        row = rng.uniform(0, 6000, (1, 4)) * (rng.random(4) < 0.7) + [[50, 0, 0, 0]]
        errors = law.errors(row)[:, 0]
        for level in (0.5, 0.8, 0.9):
            target = np.quantile(errors, level)
            found.append(np.mean(errors[chosen] <= target) - law.weights @ (errors <= target))
    return float(np.sqrt(np.mean(np.square(found))))


def test_few_draws_stand_for_all():
    law = weighted()
    even = [misses(law, representative(law, FEW, np.random.default_rng(s))) for s in range(5)]
    rng = np.random.default_rng(0)
    random = [misses(law, rng.choice(MANY, FEW, p=law.weights)) for _ in range(5)]
    assert np.mean(even) < 0.6 * np.mean(random)


def test_each_is_drawn_as_often_as_its_weight_says():
    law = weighted()
    chosen = np.array([representative(law, FEW, np.random.default_rng(s)) for s in range(60)])
    assert (np.diff(chosen, axis=1) >= 0).all()
    times = np.bincount(chosen.ravel(), minlength=MANY) / len(chosen)
    heavy = law.weights > np.median(law.weights)
    assert times[heavy].sum() == pytest.approx(FEW * law.weights[heavy].sum(), rel=0.03)


def test_one_source_and_one_draw():
    law = small.law(("a",), draws=90)
    assert len(representative(law, 90, np.random.default_rng(0))) == 90
    alone = law.best_guess()
    assert representative(alone, 3, np.random.default_rng(0)).tolist() == [0, 0, 0]


def test_even_normals_are_normal():
    scores = even_normals(1000, np.random.default_rng(0))
    assert np.mean(scores) == pytest.approx(0, abs=1e-9)
    assert np.std(scores) == pytest.approx(1, abs=0.01)
    assert np.mean(scores <= 1.2816) == pytest.approx(0.9, abs=1e-9)
