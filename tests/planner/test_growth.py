"""Model size and data together: recovery, breakthrough, repeated epochs, what is said of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planner.diagnose import diagnose
from planner.errors import InputError
from planner.fit import fit_law
from planner.growth import fit_growth
from planner.laws.surfaces import SURFACES, repeated
from planner.plan import Target

SIZES, EXAMPLES = np.array([1e6, 4e6, 16e6, 64e6]), np.array([1e4, 3e4, 1e5, 3e5])


def grid(error, noise=0.01, seed=0):
    """Runs of every model size with every number of examples."""
    rng = np.random.default_rng(seed)
    size, examples = (each.ravel() for each in np.meshgrid(SIZES, EXAMPLES))
    measured = error(size, examples) * np.exp(rng.normal(0, noise, size.size))
    return pd.DataFrame({"model_params": size, "n": examples, "error": measured})


def ordinary(size, examples):
    return 0.05 + 0.1 * (size / 1e6) ** -0.35 + 0.2 * (examples / 1e4) ** -0.3


def emergent(size, examples):
    through = 1 / (1 + (2e7 / size) ** 4)
    return 0.75 - (0.75 - ordinary(size, examples)) * through


@pytest.mark.parametrize("each", SURFACES, ids=lambda each: each.name)
def test_every_surface_is_pinned_and_falls_and_has_its_gradient(each):
    rng = np.random.default_rng(0)
    theta = rng.uniform(0.2, 0.6, (7, len(each.parameters)))
    if "worst error" in [p.name for p in each.parameters]:
        theta[:, -1] = 0.9
    ones = np.ones((1, len(each.columns)))
    if each.name != "emergent":
        assert np.exp(each.log_error(theta, ones))[:, 0] == pytest.approx(theta[:, 0])
    rows = np.stack([np.geomspace(0.01, 100, 9)] * len(each.columns), axis=1)
    assert (np.diff(each.log_error(theta, rows), axis=1) <= 1e-12).all()
    assert each.gradient(theta, rows).shape == (7, 9, len(each.parameters))
    step = np.zeros_like(theta)
    step[:, 1] = 1e-5
    rise = each.log_error(theta + step, rows) - each.log_error(theta - step, rows)
    assert each.gradient(theta, rows)[..., 1] * 2e-5 == pytest.approx(rise, rel=1e-3, abs=1e-12)


def test_ordinary_growth_is_predicted_and_not_called_emergent():
    law = fit_growth(grid(ordinary))
    low, middle, high = np.quantile(law.errors(256e6, 3e6), (0.01, 0.5, 0.99))
    assert low <= ordinary(256e6, 3e6) <= high
    assert middle == pytest.approx(ordinary(256e6, 3e6), rel=0.15)
    assert law.breakthrough()[0] < 0.3


def test_a_breakthrough_is_found_with_its_size():
    runs = grid(emergent)
    law = fit_growth(runs, worst_error=0.75)
    share, sizes = law.breakthrough()
    assert share > 0.9
    low, high = np.quantile(sizes, (0.05, 0.95))
    assert low < 2e7 < high and high / low < 5
    found = diagnose(fit_law(runs, worst_error=0.75), growth=law)
    assert found.pattern.answer == "emergent" and "2" in found.pattern.evidence
    assert any(each.answer == "breaks through" for each in found.checks)


def test_the_largest_model_ends_it():
    runs = grid(lambda size, examples: 0.3 * (size / 1e6) ** -0.3 + 0.01 * (examples / 1e4) ** -0.5)
    law = fit_law(runs)
    found = diagnose(law, Target(0.05), growth=fit_growth(runs), most_params=64e6)
    assert found.pattern.answer == "ran out of compute"
    free = diagnose(law, Target(0.05), growth=fit_growth(runs), most_params=1e12)
    assert free.pattern.answer != "ran out of compute"


def test_repeated_epochs_by_hand():
    assert repeated(np.array(100.0), np.array(1.0)) == pytest.approx(100)
    assert repeated(np.array(100.0), np.array(0.5)) == pytest.approx(50)
    worth = 100 * (1 + 15.39 * (1 - np.exp(-3 / 15.39)))
    assert repeated(np.array(100.0), np.array(4.0)) == pytest.approx(worth)
    assert repeated(np.array(100.0), np.array(1e9)) == pytest.approx(1639)


def test_epochs_beyond_the_law_are_warned_of():
    runs = grid(ordinary).assign(epochs=1)
    law = fit_growth(runs)
    assert law.warnings(4) == ()
    assert "no run" in law.warnings(20)[0]
    assert "does not hold" in law.warnings(61)[0]


def test_one_model_size_has_no_growth_law_and_missing_sizes_are_a_fault():
    runs = grid(ordinary)
    assert fit_growth(runs[runs.model_params == 1e6]) is None
    with pytest.raises(InputError, match="model_params"):
        fit_growth(runs.drop(columns="model_params"))


def test_single_groups_and_texts_do_not_count():
    runs = grid(ordinary)
    law = fit_growth(runs)
    group = pd.concat([runs.assign(group="all"), runs.assign(group="few", error=0.9)])
    texts = runs.assign(notes=50_000.0)
    for same in (fit_growth(group), fit_growth(texts, texts=["notes"])):
        assert np.median(same.errors(64e6, 3e5)) == pytest.approx(np.median(law.errors(64e6, 3e5)))
