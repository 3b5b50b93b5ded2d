"""What scikit-learn's own `learning_curve` returns, as pilots that a law is fitted to."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import planner
from planner import fit_law, pilots_from_learning_curve, pilots_from_pasted
from planner.errors import InputError

SIZES = np.array([100, 200, 400])
SCORES = np.array([[0.6, 0.62], [0.7, 0.69], [0.75, 0.78]])


@pytest.fixture(scope="module")
def curve() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    reason = "scikit-learn is not installed"
    datasets = pytest.importorskip("sklearn.datasets", reason=reason)
    bayes = pytest.importorskip("sklearn.naive_bayes", reason=reason)
    select = pytest.importorskip("sklearn.model_selection", reason=reason)
    digits, labels = datasets.load_digits(return_X_y=True)
    sizes = [40, 80, 160, 320, 640]
    made = select.learning_curve(
        bayes.GaussianNB(), digits, labels, train_sizes=sizes, cv=4, shuffle=True, random_state=0
    )
    return made[0], made[1], made[2]


def faults(*given: object, **asked: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        pilots_from_learning_curve(*given, **asked)
    return [str(fault) for fault in caught.value.faults]


def test_a_real_curve_can_be_fitted(curve: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    sizes, trained, tested = curve
    pilots = pilots_from_learning_curve(sizes, trained, tested, test_size=449)
    assert list(pilots) == ["n", "error", "seed", "test_size"]
    assert len(pilots) == tested.size
    for row in pilots.itertuples():
        at = sizes.tolist().index(row.n)
        assert row.error == pytest.approx(1 - tested[at, row.seed])
    law = fit_law(pilots[pilots.n <= 320], worst_error=0.9, draws=200)
    said = law.predict({"n": [640]}, confidence=0.98)
    measured = float(pilots.error[pilots.n == 640].mean())
    assert said.low[0] < measured < said.high[0]


def test_a_display_and_a_loss() -> None:
    select = pytest.importorskip("sklearn.model_selection", reason="scikit-learn is not installed")
    display = select.LearningCurveDisplay(
        train_sizes=SIZES, train_scores=-SCORES, test_scores=-SCORES, score_name="log loss"
    )
    pilots = pilots_from_learning_curve(
        display.train_sizes,
        display.train_scores,
        display.test_scores,
        scoring="neg_log_loss",
        source="human",
    )
    assert pilots.human.tolist() == [100, 100, 200, 200, 400, 400]
    assert pilots.error.tolist() == SCORES.ravel().tolist()
    assert pilots.seed.tolist() == [0, 1] * 3


def test_every_scorer_of_scikit_learn_is_known_or_refused() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    unknown, losses = [], []
    for name in metrics.get_scorer_names():
        try:
            pilots = pilots_from_learning_curve(SIZES, SCORES, SCORES, scoring=name)
        except InputError as error:
            (losses if "is not an error above 0" in str(error) else unknown).append(name)
            continue
        # of a scorer that is not a loss, one is the best that there is
        assert metrics.get_scorer(name)._sign == 1
        assert pilots.error.tolist() == pytest.approx((1 - SCORES).ravel().tolist())
    assert losses and all(name.startswith("neg_") for name in losses)
    # measures of clusterings, and likelihood ratios, which no law of error is about
    assert {"adjusted_rand_score", "rand_score"} <= set(unknown)
    assert not {"accuracy", "f1_macro", "roc_auc_ovr", "r2", "neg_log_loss"} & set(unknown)


def test_folds_that_failed_are_left_out() -> None:
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed")
    select = pytest.importorskip("sklearn.model_selection")
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 60)
    data = rng.normal(size=(120, 2)) + labels[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that fits failed: the first 20 are of one class
        sizes, trained, tested = select.learning_curve(
            linear.LogisticRegression(), data, labels, train_sizes=[20, 70, 80], cv=3
        )
    assert np.isnan(tested[0]).all()
    with pytest.warns(UserWarning, match=r"3 of 9 folds left out: .* at 20 examples"):
        pilots = pilots_from_learning_curve(sizes, trained, tested)
    assert sorted(set(pilots.n)) == [70, 80]
    assert faults(SIZES, SCORES * np.nan, SCORES * np.nan) == [
        "test_scores: every fold failed (NaN)"
    ]


def test_no_mistake_at_all() -> None:
    perfect = np.where(SCORES > 0.77, 1.0, SCORES)
    (found,) = faults(SIZES, perfect, perfect)
    assert "test_scores[2, 1] = 0.0: is not an error above 0; no mistake was seen" in found
    pilots = pilots_from_learning_curve(SIZES, perfect, perfect, test_size=50)
    assert pilots.error.tolist()[-1] == 0.01


@pytest.mark.parametrize(
    ("given", "asked", "message"),
    [
        ((SIZES, SCORES, SCORES.T), {}, "test_scores = (2, 3): must have shape (3, folds)"),
        ((SIZES, SCORES[:, :1], SCORES), {}, "train_scores = (3, 1): must have the shape of"),
        (([0.1, 0.5, 1.0], SCORES, SCORES), {}, "not the ratios that it was asked for"),
        ((["a"], SCORES, SCORES), {}, "train_sizes: is no array of numbers"),
        ((SIZES, SCORES, SCORES), {"scoring": "acc"}, "is no scorer whose error is known"),
        ((SIZES, SCORES, SCORES), {"scoring": len}, "must be the name of a scorer"),
        ((SIZES, SCORES, SCORES), {"scoring": "neg_log_loss"}, "is not an error above 0"),
        ((SIZES, SCORES * 100, SCORES * 100), {}, "is not an error above 0"),
        ((SIZES, SCORES, SCORES), {"source": "error"}, "is kept for another column"),
        ((SIZES, SCORES, SCORES), {"test_size": 0}, "test_size = 0: must be a whole number"),
    ],
)
def test_what_is_no_curve(
    given: tuple[object, ...], asked: dict[str, object], message: str
) -> None:
    assert any(message in each for each in faults(*given, **asked))


def test_all_faults_at_once() -> None:
    assert len(faults("x", SCORES, None, scoring="acc", source="seed", test_size=-1)) >= 4


@pytest.mark.parametrize(
    "text",
    [
        "n,fold 1,fold 2\n100,0.6,0.62\n200,0.7,0.69\n400,0.75,0.78\n",
        "100 0.6 0.62\n200 0.7 0.69\n\n400 0.75 0.78",
        "[[100. 0.6 0.62]\n [200. 0.7 0.69]\n [400. 0.75 0.78]]",
        "100;0.6;0.62\n200;0.7;0.69\n400;0.75;0.78\n",
        "100\t0.6\t0.62\n200\t0.7\t0.69\n400\t0.75\t0.78\n",
    ],
)
def test_pasted_text(text: str) -> None:
    expected = pilots_from_learning_curve(SIZES, SCORES, SCORES)
    assert pilots_from_pasted(text).equals(expected.astype(pilots_from_pasted(text).dtypes))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no numbers"),
        ("n,score\n", "holds no numbers"),
        ("100,0.6\n200,0.5,0.4\n", "as many scores as the others"),
        ("100\n200\n", "a size and as many scores"),
        ("100,0.6\n200,x\n", "line 2 = '200,x': is not all numbers"),
        ("100;0,6\n200;0,7\n", "is not all numbers"),
    ],
)
def test_pasted_text_that_is_none(text: str, message: str) -> None:
    with pytest.raises(InputError, match="learning curve: "):
        pilots_from_pasted(text)
    with pytest.raises(InputError) as caught:
        pilots_from_pasted(text)
    assert message in str(caught.value)


def test_the_library_offers_them() -> None:
    for name in planner.__all__:
        assert callable(getattr(planner, name))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1,000, 0.60, 0.62\n2,000, 0.70, 0.69", "may begin with thousands"),
        ("1OO, 0.60, 0.62\n200, 0.70, 0.69", "is not all numbers"),
        ("100; 0,60\n200; 0.70", "is not all numbers"),
    ],
)
def test_pasted_numbers_are_not_misread_or_lost(text, problem):
    with pytest.raises(InputError, match=problem):
        pilots_from_pasted(text)
