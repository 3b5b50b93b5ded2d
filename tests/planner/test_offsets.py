"""Whether composition moves only the offset: odds that follow the data, and how they are told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planner.diagnose import diagnose
from planner.fit import fit_law, log_evidence
from planner.offsets import composition_odds, with_odds
from planner.pilots import Pilots
from planner.prior import Beliefs, SourceBelief

SIZES = [50, 100, 200, 400, 800, 1600, 3200]


def runs(other, noise=0.01):
    """Runs of a, of b alone, and of equal parts, from a known law of b against a."""
    rng = np.random.default_rng(3)
    rows = [(n, 0) for n in SIZES] + [(0, n) for n in SIZES] + [(n / 2, n / 2) for n in SIZES]
    table = pd.DataFrame(rows * 3, columns=["a", "b"])
    size, tilt = other(table.a.to_numpy(float), table.b.to_numpy(float))
    error = 0.02 + tilt + 1.2 * size**-0.4
    table["error"] = error * np.exp(rng.normal(0, noise, len(table)))
    return Pilots.from_frame(table)


LAWS = {
    "offset only": lambda a, b: (a + 0.5 * b, 0.0),
    "own slope": lambda a, b: (a + 20 * (b / 20.0) ** 0.5 * (b > 0), 0.0),
    "own floor": lambda a, b: (a + 0.8 * b, 0.1 * 0.8 * b / (a + 0.8 * b)),
}


@pytest.mark.parametrize("truth", LAWS)
def test_the_truth_gets_the_odds(truth):
    pilots, known = runs(LAWS[truth]), Beliefs(reference="a")
    law = fit_law(pilots, beliefs=known, draws=200)
    (odds,) = composition_odds(pilots, law, known)
    assert odds.source == "b" and sum(odds.shares.values()) == pytest.approx(1)
    assert max(odds.shares, key=odds.shares.get) == truth
    found = with_odds(diagnose(law), (odds,), "a").checks
    assert found[-1].question == "next measurement"
    assert truth in found[-2].answer and "b" in found[-2].question


def test_one_source_has_no_odds():
    pilots = Pilots.from_frame(pd.DataFrame({"n": SIZES, "error": np.array(SIZES) ** -0.3}))
    law = fit_law(pilots, draws=200)
    assert composition_odds(pilots, law, Beliefs()) == ()


def test_evidence_prefers_the_belief_that_is_true():
    pilots = runs(LAWS["offset only"])
    right = Beliefs({"b": SourceBelief(excess=None)}, "a")
    wrong = Beliefs({"b": SourceBelief()}, "b")
    assert log_evidence(pilots, right) == log_evidence(pilots, right)
    assert np.isfinite(log_evidence(pilots, wrong))
