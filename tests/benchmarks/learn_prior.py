"""Learns the belief on classification curves from public learning curves (LCDB 1.0).

    DATAPLAN_DATA=... python -m tests.benchmarks.learn_prior

Each curve is fitted whole, with the prior of the round before; its parameters are then expressed
against the largest *pilot*, as a planner will meet them, and the mean and spread of these over all
curves are the next round's prior (empirical Bayes by expectation maximisation, the posterior
variance of each curve included). Writes the numbers, and the data sets they were learned from, into
[classification] of planner/prior.toml, and into tests/benchmarks/priors.toml the same learned
without each half of the data sets and of the learners, with which the benchmarks report.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from planner import fit_law
from planner.prior import SHAPE, Beliefs, CurvePrior, Normal, shipped
from tests.benchmarks.public import DATA, fold, learning_curves

ROOT = Path(__file__).resolve().parents[2]
ROUNDS, EVERY = 2, 3  # every third case: more change the second digit only
START = (Normal(-1.0, 1.0), Normal(-0.5, 2.0), Normal(-2.0, 2.5), Normal(-1.5, 1.0))
LEARNED = 3  # of SHAPE; the slope before a break is hardly seen, and stays a judgement
DIGITS = 2
NAMES = ("exponent", "floor_fraction", "offset_size", "early_share")


def whole_curves(cases: pd.DataFrame) -> list[tuple[pd.DataFrame, float]]:
    """Every run of each case's curve, and the largest pilot [example]."""
    curves = pd.read_csv(DATA / "learning-curves" / "curves.csv.gz")
    curves = dict(list(curves.groupby("curve_id")))
    found = []
    for case in cases.itertuples():
        table = curves[case.curve_id]
        table = table[table.n <= 34 * case.pilot_max]
        error = table.error.clip(lower=0.5 / table.size_test)
        runs = pd.DataFrame({"n": table.n, "error": error, "test_size": table.size_test})
        found.append((runs, float(case.pilot_max)))
    return found


def moments(runs: pd.DataFrame, pilot: float, prior: CurvePrior) -> np.ndarray:
    """Draws (draws, 3) of the transformed parameters of one curve against its largest pilot."""
    law = fit_law(runs, beliefs=Beliefs(curve=replace(prior, families={"shifted": 1.0})), draws=200)
    error, exponent, fraction, shift = law.members[0].theta.T
    at_pilot = law.errors([[pilot]])[:, 0]
    relative = np.clip(fraction * error / at_pilot, 1e-6, 1 - 1e-6)
    knee = np.log(shift * law.anchor.size / pilot)
    return np.stack([np.log(exponent), np.log(relative / (1 - relative)), knee], axis=1)


def learn(curves: list[tuple[pd.DataFrame, float]]) -> tuple[Normal, ...]:
    """Normals of SHAPE from whole curves."""
    prior = replace(shipped()["classification"], shape=START)
    for _ in range(ROUNDS):
        draws = np.concatenate([moments(runs, pilot, prior) for runs, pilot in curves])
        # robust: a curve that hardly moves says little of its exponent
        low, middle, high = np.quantile(draws, (0.16, 0.5, 0.84), axis=0)
        learned = [
            Normal(float(m), float(s)) for m, s in zip(middle, (high - low) / 2, strict=True)
        ]
        prior = replace(prior, shape=(*learned, *START[LEARNED:]))
    return prior.shape


def lines(shape: tuple[Normal, ...]) -> str:
    """The learned numbers as TOML."""
    rows = zip(NAMES, shape, strict=True)
    return "\n".join(f"{n} = [{x.mean:.{DIGITS}f}, {x.sd:.{DIGITS}f}]" for n, x in rows)


def main() -> None:
    """Learn, write, print."""
    assert len(SHAPE) == len(NAMES)
    cases, _, _ = learning_curves()
    cases = cases.iloc[::EVERY]
    curves = whole_curves(cases)
    path = ROOT / "planner" / "prior.toml"
    text = path.read_text(encoding="utf-8")
    head, mark, rest = text.partition("[classification]\n")
    section, following = re.match(r"(.*?)(\n\[.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    kept = [
        line for line in section.split("\n") if line.split(" = ")[0] not in (*NAMES, "fitted_on")
    ]
    sets = ", ".join(f'"{name}"' for name in sorted(set(cases.dataset)))
    shape = learn(curves)
    learned = f"{lines(shape)}\nfitted_on = [{sets}]\n"
    path.write_text(head + mark + learned + "\n".join(kept) + following, encoding="utf-8")
    print(lines(shape))
    found = [
        "# Written by learn_prior.py: beliefs learned without one half; for benchmarks only.\n"
    ]
    for by in ("dataset", "learner"):
        side = fold(cases[by])
        for each in (0, 1):
            name = f"without {by} fold {each}"
            table = lines(learn([c for c, s in zip(curves, side, strict=True) if s != each]))
            found.append(f'["{name}"]\n{table}\n' + "\n".join(kept).strip() + "\n")
            print(name, table.replace("\n", "; "))
    (ROOT / "tests" / "benchmarks" / "priors.toml").write_text("\n".join(found), encoding="utf-8")


if __name__ == "__main__":
    main()
