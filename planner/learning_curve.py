"""scikit-learn's `learning_curve` -> pilot runs: one row for each fold of each size."""

from __future__ import annotations

import csv
import io
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.errors import Fault, InputError
from planner.names import name_problem

if TYPE_CHECKING:
    import pandas as pd

# scorers of scikit-learn that lie between 0 and 1, best at 1: the error is what they lack of it
SCORES = {
    "accuracy",
    "average_precision",
    "balanced_accuracy",
    "d2_absolute_error_score",
    "explained_variance",
    "f1",
    "jaccard",
    "precision",
    "r2",
    "recall",
    "roc_auc",
    "top_k_accuracy",
}
VARIANTS = ("_macro", "_micro", "_weighted", "_samples", "_ovr", "_ovo")
HERE = "learning curve"


def pilots_from_learning_curve(
    train_sizes: Any,
    train_scores: Any,
    test_scores: Any,
    *,
    scoring: str = "accuracy",
    source: str = "n",
    test_size: int | None = None,
) -> pd.DataFrame:
    """What scikit-learn's `learning_curve` returns, as runs that `fit_law` takes.

    train_sizes: (sizes,) training examples [example]. train_scores, test_scores: (sizes, folds), as
    returned, or attributes of a `LearningCurveDisplay`; train_scores are checked but not used. A
    display of `negate_score=True` has the score as it came in its attributes.
    scoring: name of the scorer. Of one that is best at 1 (accuracy, f1, roc_auc, r2, ...) the error
    is 1 - score; of a `neg_...` one the sign is turned; "error" takes numbers that are errors
    already. source: name of the column of examples. test_size: examples in the test part of a fold
    [example], if known; the law then knows how finely an error rate can be measured.

    Returns one row a fold: source, error, seed (the fold's number), test_size if given. A fold is
    tested on the same examples at every size, and folds share most training examples: they are no
    independent runs, and what is odd of a test part moves its whole curve. Folds whose fit failed
    (NaN) are left out with a warning. An error of 0 cannot be fitted on a log scale: with test_size
    it counts as half a mistake. Raises InputError with every fault found.
    """
    sizes = _array(train_sizes, "train_sizes")
    scores = _array(test_scores, "test_scores")
    trained = _array(train_scores, "train_scores")
    faults = [each for each in (sizes, scores, trained) if isinstance(each, Fault)]
    turn = _turn(scoring)
    if isinstance(turn, Fault):
        faults.append(turn)
    if problem := name_problem(source):
        faults.append(Fault("source", source, problem, "choose another name"))
    if test_size is not None and (isinstance(test_size, bool) or test_size < 1):
        faults.append(Fault("test_size", test_size, "must be a whole number of at least 1"))
    if not faults:
        assert isinstance(sizes, np.ndarray) and isinstance(scores, np.ndarray)
        assert isinstance(trained, np.ndarray)
        faults += _shape_faults(sizes, trained, scores)
    if faults:
        raise InputError(HERE, faults)
    assert isinstance(sizes, np.ndarray) and isinstance(scores, np.ndarray)
    assert not isinstance(turn, Fault)
    return _rows(sizes, turn[0] + turn[1] * scores, source, test_size, scoring)


def _rows(
    sizes: np.ndarray, errors: np.ndarray, source: str, test_size: int | None, scoring: str
) -> pd.DataFrame:
    """One row a fold that was fitted."""
    import pandas as pd

    failed = np.isnan(errors)
    zero = errors <= 1e-12
    if zero.any() and test_size is not None and not (errors < -1e-12).any():
        errors, zero = np.where(zero, 0.5 / test_size, errors), np.zeros_like(zero)
    wrong = ~failed & (zero | ~np.isfinite(errors))
    faults = []
    for at, fold in np.argwhere(wrong)[:5].tolist():
        value = float(errors[at, fold])
        advice = f"is scoring = {scoring!r} the scorer that was used?"
        if abs(value) <= 1e-12:
            advice = "no mistake was seen: give test_size, and it counts as half of one"
        key = f"test_scores[{at}, {fold}]"
        faults.append(Fault(key, value, "is not an error above 0", advice))
    if failed.all():
        faults.append(Fault("test_scores", None, "every fold failed (NaN)"))
    if faults:
        raise InputError(HERE, faults)
    if failed.any():
        lost = sorted({int(sizes[at]) for at in np.argwhere(failed)[:, 0]})
        said = f"{int(failed.sum())} of {failed.size} folds left out: their fit failed (NaN), at "
        warnings.warn(f"{said}{', '.join(map(str, lost))} examples", stacklevel=3)
    rows, folds = np.nonzero(~failed)
    made: dict[str, Any] = {source: sizes[rows], "error": errors[rows, folds], "seed": folds}
    if test_size is not None:
        made["test_size"] = test_size
    return pd.DataFrame(made)


def pilots_from_pasted(text: str, *, scoring: str = "accuracy", source: str = "n") -> pd.DataFrame:
    """A learning curve pasted as text: a size and then the scores of its folds in each line.

    Separated by commas, semicolons, tabs or blanks; brackets, as numpy prints them, are skipped,
    and so is a first line of names. scoring and source as in `pilots_from_learning_curve`. Raises
    InputError.
    """
    lines = [line for line in text.replace("[", " ").replace("]", " ").splitlines() if line.strip()]
    rows: list[list[float]] = []
    faults = []
    for number, line in enumerate(lines, 1):
        sign = next((sign for sign in ("\t", ";", ",") if sign in line), None)
        cells = (
            line.split() if sign is None else next(csv.reader(io.StringIO(line), delimiter=sign))
        )
        try:
            rows.append([float(cell) for cell in cells if cell.strip()])
        except ValueError:
            if number > 1 or _has_number(cells):
                advice = "write a size and the scores of its folds, with decimal points"
                faults.append(Fault(f"line {number}", line[:80], "is not all numbers", advice))
        if re.match(r"\s*[1-9]\d{0,2}(,\d{3})+\s*(,|$)", line):
            advice = "write sizes without separators, or put a blank behind each comma"
            faults.append(Fault(f"line {number}", line[:80], "may begin with thousands", advice))
    widths = {len(row) for row in rows}
    if not rows:
        faults.append(Fault("text", None, "holds no numbers"))
    elif len(widths) > 1 or widths == {1}:
        problem = "each line must hold a size and as many scores as the others"
        faults.append(Fault("text", sorted(widths), problem))
    if faults:
        raise InputError(HERE, faults)
    table = np.array(rows)
    return pilots_from_learning_curve(
        table[:, 0], table[:, 1:], table[:, 1:], scoring=scoring, source=source
    )


def _has_number(cells: list[str]) -> bool:
    """Whether a cell begins as a number does; then the line is none of names."""
    return any(re.match(r"[+-]?[.,]?\d", cell.strip()) for cell in cells)


def _array(values: Any, name: str) -> np.ndarray | Fault:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        return Fault(name, None, f"is no array of numbers: {error}")


def _shape_faults(sizes: np.ndarray, trained: np.ndarray, scores: np.ndarray) -> list[Fault]:
    faults = []
    if sizes.ndim != 1 or not sizes.size:
        faults.append(Fault("train_sizes", sizes.shape, "must have shape (sizes,)"))
    elif not np.all(np.isfinite(sizes) & (sizes >= 1)):
        problem = "must be numbers of examples, at least 1"
        advice = "give what learning_curve returned, not the ratios that it was asked for"
        faults.append(Fault("train_sizes", sizes.tolist()[:5], problem, advice))
    if scores.ndim != 2 or scores.shape[0] != sizes.size:
        wanted = f"must have shape ({sizes.size}, folds), a row for each size"
        faults.append(Fault("test_scores", scores.shape, wanted))
    elif trained.shape != scores.shape:
        problem = f"must have the shape of test_scores, {scores.shape}"
        faults.append(Fault("train_scores", trained.shape, problem))
    return faults


def _turn(scoring: Any) -> tuple[float, float] | Fault:
    """(a, b) with error = a + b * score."""
    advice = 'name the scorer, as in scoring="f1_macro"; "error" if the numbers are errors already'
    if not isinstance(scoring, str):
        return Fault("scoring", scoring, "must be the name of a scorer", advice)
    if scoring == "error":
        return 0.0, 1.0
    if scoring.startswith("neg_"):
        return 0.0, -1.0
    bare = scoring
    for end in VARIANTS:
        bare = bare.removesuffix(end)
    if bare in SCORES:
        return 1.0, -1.0
    return Fault("scoring", scoring, "is no scorer whose error is known", advice)
