"""The fit: same answer for same input, intervals that hold on curves it was not tuned to, bad
input."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner import fit_law
from planner.errors import InputError
from planner.fitted import smallest_meeting, weighted_quantile
from planner.measured import pool
from planner.pilots import Pilots
from planner.prior import BIASED_EXCESS, Beliefs, SourceBelief, Split


def curve(sizes, floor=0.05, scale=0.9, exponent=0.3, noise=0.01, seeds=3, seed=0):
    """Runs of a known power law with floor."""
    rng = np.random.default_rng(seed)
    n = np.repeat(sizes, seeds)
    error = (floor + scale * n**-exponent) * np.exp(rng.normal(0, noise, len(n)))
    return pd.DataFrame({"n": n, "seed": np.tile(np.arange(seeds), len(sizes)), "error": error})


PILOTS = curve(np.array([50, 100, 200, 400, 800, 1600]))


def test_same_seed_same_answer_and_another_seed_another():
    one, two = fit_law(PILOTS), fit_law(PILOTS)
    assert one.required(0.12) == two.required(0.12)
    assert np.array_equal(one.errors([[5000.0]]), two.errors([[5000.0]]))
    assert fit_law(PILOTS, seed=1).required(0.12) != one.required(0.12)


def test_order_of_runs_does_not_matter():
    shuffled = PILOTS.sample(frac=1.0, random_state=3)
    assert fit_law(shuffled).required(0.12) == pytest.approx(fit_law(PILOTS).required(0.12))


def test_intervals_cover_a_known_law():
    """90% intervals at 2 to 16 times the largest pilot hold on at least 80% of 40 curves."""
    held = 0
    rng = np.random.default_rng(7)
    for i in range(40):
        floor, exponent = rng.uniform(0, 0.1), rng.uniform(0.15, 0.6)
        pilots = curve(np.array([100, 200, 400, 800]), floor, 1.5, exponent, seed=i)
        factor = rng.choice([2.0, 4.0, 16.0])
        low, high = fit_law(pilots, draws=400).quantiles([[800 * factor]], (0.05, 0.95))
        truth = floor + 1.5 * (800 * factor) ** -exponent
        held += low[0] <= truth <= high[0]
    assert held >= 32


def test_predict_required_probability_agree():
    law = fit_law(PILOTS)
    need = law.required(0.13, 0.8)
    assert law.probability(0.13, [[need * 1.0001]]) >= 0.8
    assert law.probability(0.13, [[need * 0.99]]) < 0.8
    table = law.predict({"n": [800, 3200, 12_800]}, confidence=0.9)
    assert list(table.columns) == ["median", "low", "high"]
    assert (table.low < table["median"]).all() and (table["median"] < table.high).all()
    assert table["median"].is_monotonic_decreasing
    assert law.required(0.0001, 0.8) == math.inf
    assert law.required(0.13, 0.8, limit=need / 2) == math.inf
    frame = pd.DataFrame({"n": [need]})
    assert law.probability(0.13, frame) == law.probability(0.13, {"n": need})


def test_cold_start_is_not_read_as_a_hopeless_slope():
    """Errors near chance at small sizes: with chance known the law expects the steeper part to
    come."""
    n = np.repeat([25, 50, 100, 200, 400, 800], 3)  # repeats that agree: hardly any noise
    truth = lambda size: 0.5 * (1 + size / 300) ** -0.4  # noqa: E731
    pilots = pd.DataFrame({"n": n, "error": truth(n), "test_size": 20_000})
    law = fit_law(pilots, worst_error=0.5)
    low, middle, high = law.quantiles([[6400.0]], (0.05, 0.5, 0.95))
    assert low[0] <= truth(6400) <= high[0]
    assert abs(math.log(middle[0] / truth(6400))) < 0.25
    line = np.polyfit(np.log(n), np.log(truth(n)), 1)
    straight = math.exp(np.polyval(line, math.log(6400)))
    assert abs(math.log(middle[0] / truth(6400))) < abs(math.log(straight / truth(6400)))


def test_sources_are_told_apart():
    """A source worth half and one with a floor of its own are recovered."""
    rows = []
    for a, b, c in [(k, 0, 0) for k in (100, 200, 400, 800, 1600)] + [
        (0, 200, 0), (0, 800, 0), (0, 1600, 0), (0, 0, 400), (0, 0, 1600), (0, 0, 6400),
        (400, 400, 0), (400, 0, 400), (800, 0, 1600),
    ]:  # fmt: skip
        size = a + 0.5 * b + 0.8 * c
        rows.append(
            {"a": a, "b": b, "c": c, "error": 0.02 + 0.1 * 0.8 * c / size + 1.2 * size**-0.35}
        )
    beliefs = Beliefs(
        {"b": SourceBelief(excess=None), "c": SourceBelief(excess=BIASED_EXCESS)}, reference="a"
    )
    law = fit_law(pd.DataFrame(rows), beliefs=beliefs)
    read = {(p.source, p.name): p for p in law.parameters()}
    assert read["b", "quality"].low <= 0.5 <= read["b", "quality"].high
    assert read["c", "own floor"].low <= 0.1 <= read["c", "own floor"].high
    truth = 0.02 + 0.1 * 0.8 * 3200 / (3200 + 2560) + 1.2 * 5760**-0.35
    low, high = law.quantiles({"a": 3200, "c": 3200}, (0.05, 0.95))
    assert low[0] <= truth <= high[0]
    assert law.required(0.09, 0.5, source="a") < law.required(0.09, 0.5, source="b")


def test_untried_source_rests_on_its_belief():
    beliefs = Beliefs({"n": SourceBelief(), "new": SourceBelief()}, reference="n")
    law = fit_law(PILOTS, beliefs=beliefs)
    quality = next(p for p in law.parameters() if p.source == "new" and p.name == "quality")
    assert quality.identified == "prior"
    assert law.sources == ("n", "new")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_pilots_give_a_weak_prior(count):
    pilots = PILOTS[PILOTS.n.isin([50, 100][:count])]
    law = fit_law(pilots, worst_error=0.5)
    assert law.weak_prior and any("weak prior" in text for text in law.warnings)
    low, high = law.quantiles([[10_000.0]], (0.05, 0.95))
    assert 0 < low[0] < high[0] <= 0.5 and high[0] / low[0] > 1.5


def test_no_pilot_and_no_worst_error_is_a_clear_fault():
    with pytest.raises(InputError, match="worst_error"):
        fit_law(pd.DataFrame({"n": [], "error": []}))


def test_repeats_and_residuals():
    law = fit_law(PILOTS)
    fits = law.residuals()
    assert len(fits) == 6 and all(f.runs == 3 for f in fits)
    assert all(f.residual == pytest.approx(math.log(f.observed / f.fitted)) for f in fits)
    assert fits[-1].observed == pytest.approx(PILOTS[PILOTS.n == 1600].error.mean())


def test_groups_and_model_sizes_are_not_mixed_up():
    mixed = pd.concat(
        [PILOTS.assign(model_params=1e6), PILOTS.assign(model_params=1e9, error=PILOTS.error / 2)]
    )
    law = fit_law(mixed)
    assert any("model" in text for text in law.warnings)
    assert law.residuals()[-1].runs == 3
    with pytest.raises(InputError, match="group"):
        fit_law(PILOTS.assign(group="women"))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([1.0, 10.0, 100.0, 1e4, 1e9]),
            st.sampled_from([1e-6, 0.01, 0.3, 0.3, 0.5, 0.9999, 1.0]),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from([None, 0.5, 1.0]),
)
def test_odd_pilots_never_give_nan(runs, worst):
    """Constant, rising, repeated, extreme errors and sizes: an answer, never NaN, never a crash."""
    law = fit_law(pd.DataFrame(runs, columns=["n", "error"]), worst_error=worst, draws=100)
    values = law.errors([[1.0], [1e3], [1e9]])
    assert np.isfinite(values).all() and (values > 0).all()
    assert np.all(np.diff(values, axis=1) <= 1e-9 * values[:, :-1])
    assert 0 <= law.probability(0.2, [[1e4]]) <= 1


def test_bad_amounts_are_named():
    law = fit_law(PILOTS)
    with pytest.raises(InputError, match="crowdd"):
        law.predict({"crowdd": [1]})
    with pytest.raises(InputError, match="finite"):
        law.errors([[float("nan")]])
    with pytest.raises(InputError, match="source"):
        law.required(0.2, source="x")
    with pytest.raises(InputError, match="confidence"):
        law.required(0.2, confidence=1.5)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=30), st.floats(0.05, 0.95))
def test_quantile_and_probability_never_disagree(values, level):
    column, weights = np.array(values)[:, None], np.full(len(values), 1 / len(values))
    at = weighted_quantile(column, weights, level)[0]
    assert np.mean(column <= at) >= level - 1e-9
    assert np.mean(column < at) < level + 1e-9


def test_smallest_meeting_finds_the_crossing():
    need = smallest_meeting(lambda n: 1 / n, 0.01, 1)
    assert need[0] == pytest.approx(100.0, rel=1e-8)
    assert smallest_meeting(lambda n: 1 + 0 * n, 0.01, 1)[0] == math.inf


def test_a_big_pilot_of_a_poor_source_leaves_the_reference_alone():
    """b is worth a fiftieth of a: its pilots of 100,000 must not stand for large sizes of a."""
    sizes = np.array([50, 100, 200, 400, 800])
    truth = lambda size: 0.03 + 1.1 * size**-0.33  # noqa: E731
    alone = pd.DataFrame({"a": sizes, "b": 0.0, "error": truth(sizes)})
    poor = pd.DataFrame({"a": 0.0, "b": [5e3, 2e4, 1e5], "error": truth(np.array([1e2, 4e2, 2e3]))})
    beliefs = Beliefs({"b": SourceBelief(excess=None)}, reference="a")
    law = fit_law(pd.concat([alone, poor]), beliefs=beliefs)
    for size in (1600.0, 3200.0, 12_800.0):
        low, middle, high = law.quantiles({"a": size}, (0.05, 0.5, 0.95))
        assert low[0] <= truth(size) <= high[0]
        assert abs(math.log(middle[0] / truth(size))) < 0.2
    assert law.anchor.size < 10_000


def test_qualities_are_compared_with_the_reference():
    """Absolute qualities .4 and .8: against a reference of .4 the other source counts double."""
    beliefs = Beliefs(
        {
            "n": SourceBelief(quality=Split.of_range(0.39, 0.4, 0.41)),
            "new": SourceBelief(quality=Split.of_range(0.78, 0.8, 0.82), excess=None),
        },
        reference="n",
    )
    law = fit_law(PILOTS, beliefs=beliefs)
    quality = next(p for p in law.parameters() if p.source == "new" and p.name == "quality")
    assert quality.low < 2.0 < quality.high and quality.high / quality.low < 1.3
    assert "at 1,600 examples" in quality.meaning  # where the pilots are, not at some cap


def test_stated_ranges_hold_on_both_sides():
    wide = Split.of_range(0.2, 0.9, 1.0)
    assert np.exp(wide.at(np.array([-1.6449, 0.0, 1.6449]))) == pytest.approx(
        [0.2, 0.9, 1.0], rel=1e-3
    )
    beliefs = Beliefs({"n": SourceBelief(), "new": SourceBelief(quality=wide)}, reference="n")
    own = Beliefs(
        {"n": SourceBelief(quality=Split(0.0, 1e-3, 1e-3)), "new": beliefs.sources["new"]}, "n"
    )
    column = fit_law(PILOTS, beliefs=own).mix.quality[:, 1]
    assert np.mean(column > 1.01) < 0.06 and np.mean(column < 0.2) < 0.1


def test_without_pilots_the_reference_is_the_source_believed_best():
    good, poor = SourceBelief(quality=Split(0.0, 0.1, 0.1)), SourceBelief()
    for names in (("good", "poor"), ("zgood", "apoor")):
        beliefs = Beliefs(dict(zip(names, (good, poor), strict=True)), worst_error=0.5)
        law = fit_law(pd.DataFrame({names[0]: [], names[1]: [], "error": []}), beliefs=beliefs)
        assert law.reference == names[0]


def test_noise_without_repeats_is_open_and_never_below_that_of_the_test_set():
    runs = pd.DataFrame({"n": [100, 200, 400, 800], "error": [0.3, 0.25, 0.2, 0.17]})
    alone = pool(Pilots.from_frame(runs), 1)
    assert alone.noise.max() / alone.noise.min() > 4  # nothing is known of it
    tested = pool(Pilots.from_frame(runs.assign(test_size=100_000)), 1)
    assert tested.variance(0.02) == pytest.approx(alone.variance(0.02))
    small = pool(Pilots.from_frame(runs.assign(test_size=50)), 1)
    assert small.variance(0.02) == pytest.approx((1 - runs.error) / runs.error / 50)
    loss = pool(Pilots.from_frame(runs.assign(error=runs.error + 3, test_size=50)), 1)
    assert loss.variance(0.02) == pytest.approx(alone.variance(0.02))


def test_repeats_tell_the_noise():
    measured = pool(
        Pilots.from_frame(curve(np.array([100, 200, 400, 800]), noise=0.05, seeds=20)), 1
    )
    assert measured.noise.max() / measured.noise.min() < 1.6
    assert measured.noise.mean() == pytest.approx(0.05, rel=0.25)
    assert list(measured.runs) == [20] * 4


def test_many_sizes_are_joined_without_moving_the_curve():
    n = np.geomspace(100, 10_000, 900).round()
    runs = pd.DataFrame({"n": n, "error": 1.3 * n**-0.35})
    measured = pool(Pilots.from_frame(runs), 1)
    assert len(measured.runs) <= 24 and measured.runs.sum() == 900
    assert np.exp(measured.log_error) == pytest.approx(1.3 * measured.amounts[:, 0] ** -0.35)


def test_repeated_epochs_count_as_they_fade():
    runs = curve(np.array([100, 200, 400, 800, 1600]))
    worth = 1600 * (1 + 15.39 * (1 - math.exp(-3 / 15.39)))
    again = pd.DataFrame({"n": [1600], "error": [0.05 + 0.9 * worth**-0.3], "epochs": [4]})
    law = fit_law(pd.concat([runs.drop(columns="seed").assign(epochs=1), again]))
    assert max(p.amounts["n"] for p in law.residuals()) == pytest.approx(worth)
    assert any("1 epochs" in text for text in law.warnings)


def test_the_usual_epochs_change_nothing():
    """What is planned is trained on as often as the pilots were."""
    plain, often = fit_law(PILOTS), fit_law(PILOTS.assign(epochs=4))
    assert often.required(0.12) == pytest.approx(plain.required(0.12))
    assert often.warnings == plain.warnings


def test_many_sparse_mixtures_end():
    """More kinds of mixture than rows are wanted: they stay apart, and the fit ends."""
    rows = [[100.0 * (i >> k & 1) for k in range(8)] for i in range(1, 200)]
    runs = pd.DataFrame(rows, columns=list("abcdefgh"))
    runs["error"] = 2 * runs.sum(axis=1) ** -0.3
    assert len(pool(Pilots.from_frame(runs), 8).runs) == 199


def test_model_size_is_that_of_most_runs_with_data():
    runs = pd.DataFrame(
        {
            "n": [0, 0, 0, 100, 200, 400, 800],
            "model_params": [1e6, 1e6, 1e6, 1e6, 1e7, 1e7, 1e7],
            "error": [0.5, 0.5, 0.5, 0.4, 0.3, 0.25, 0.2],
        }
    )
    assert {p.amounts["n"] for p in fit_law(runs, draws=100).residuals()} == {200, 400, 800}


def test_what_one_run_measures_spreads_more_than_what_is_expected():
    law = fit_law(PILOTS.assign(test_size=100))
    expected = law.predict({"n": 3200}).iloc[0]
    measured = law.predict({"n": 3200}, measured=True).iloc[0]
    assert measured.low < expected.low and measured.high > expected.high
    binomial = math.sqrt((1 - 0.14) / 0.14 / 100)
    assert math.log(measured.high / measured["median"]) > 1.3 * binomial


def test_far_targets_are_within_the_search():
    n = np.array([1e9, 4e9, 2e10, 1e11, 4e11])
    law = fit_law(pd.DataFrame({"n": n, "error": 1.5 + 400 * n**-0.28}), worst_error=11.0)
    target = float(law.quantiles([[1e14]], (0.6,))[0, 0])
    need = law.required(target, 0.6)
    assert need == pytest.approx(1e14, rel=0.1)


@pytest.mark.parametrize("wrong", [{"worst_error": 0.0}, {"worst_error": -1.0}, {"draws": 0}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        fit_law(PILOTS, **wrong)


def test_sizes_within_a_tenth_count_once_and_text_is_no_size():
    near = pd.DataFrame({"n": [995, 1000, 1005, 1080], "error": [0.2] * 4})
    assert "1 pilot sizes" in fit_law(near, draws=100).warnings[0]
    runs = PILOTS.assign(notes=5000.0)
    texts = Beliefs({"notes": SourceBelief(is_text=True)})
    assert not fit_law(runs, beliefs=texts, draws=100).weak_prior


def test_mixes_of_one_size_are_no_pilot_sizes():
    mixes = pd.DataFrame(
        {"a": [400, 300, 200, 100, 0], "b": [0, 100, 200, 300, 400], "error": [0.2] * 5}
    )
    assert fit_law(mixes, draws=100).weak_prior
    more = pd.DataFrame({"a": [50, 100, 200, 400], "b": 0, "error": [0.4, 0.33, 0.27, 0.22]})
    assert not fit_law(pd.concat([mixes, more]), draws=100).weak_prior


def test_order_and_names_of_sources_do_not_matter():
    rows = [(k, 0) for k in (100, 200, 400, 800)] + [(0, 200), (0, 800), (400, 400)]
    runs = pd.DataFrame(rows, columns=["a", "b"])
    runs["error"] = 0.05 + (runs.a + 0.6 * runs.b) ** -0.35
    law = fit_law(runs, draws=200)
    turned = fit_law(runs[["b", "a", "error"]], draws=200)
    renamed = fit_law(runs.rename(columns={"a": "z"}), draws=200)
    assert turned.sources == ("b", "a")
    for amounts in ({"a": 3000}, {"b": 3000}, {"a": 1000, "b": 2000}):
        there = {{"a": "z"}.get(name, name): n for name, n in amounts.items()}
        assert np.array_equal(law.errors(amounts), turned.errors(amounts))
        assert np.array_equal(law.errors(amounts), renamed.errors(there))


def test_amounts_that_are_no_numbers_are_refused():
    law = fit_law(PILOTS, draws=100)
    for wrong in ({"n": ["x"]}, [["x"]], pd.DataFrame({"n": ["x"]})):
        with pytest.raises(InputError, match="not numbers"):
            law.predict(wrong)


def test_another_seed_hardly_moves_a_probability():
    """Several sources, few runs: the sampling error is that of 1,000 draws or less."""
    rng, names = np.random.default_rng(0), list("abcd")
    rows = np.array([np.eye(4)[k] * size for k in range(4) for size in (100, 300, 900)])
    size = rows @ [1.0, 0.7, 0.5, 0.8]
    error = (0.05 + 0.45 * (1 + size / 60) ** -0.4) * np.exp(rng.normal(0, 0.02, len(size)))
    runs = pd.DataFrame({**dict(zip(names, rows.T, strict=True)), "error": error})
    biased = {"d": SourceBelief(quality=Split.of_range(0.3, 0.8, 2.0))}
    laws = [fit_law(runs, worst_error=0.5, beliefs=Beliefs(biased), seed=seed) for seed in range(5)]
    amounts = {"a": 4000.0, "b": 2000.0, "d": 1000.0}
    target = float(np.quantile(laws[0].errors(amounts), 0.7))
    met = [law.probability(target, amounts) for law in laws[1:]]
    assert np.std(met, ddof=1) < 0.02
    assert np.mean(met) == pytest.approx(0.7, abs=0.03)
