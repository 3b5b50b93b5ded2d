"""How well the law extrapolates and plans on real learning curves (LCDB 1.0): reports only.

Reads learning-curves/ below DATAPLAN_DATA; DATAPLAN_EVERY=4 (the default) takes every fourth case.
The prior that ships was learned from the public data sets, so here each case is fitted with the
prior that was learned from the *other* half of the data sets, or of the learners (priors.toml,
written by learn_prior.py). Coverage is that of the 90% interval for the mean curve.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

from planner import fit_law
from planner.fitted import weighted_quantile
from planner.prior import Beliefs, parsed
from tests.benchmarks.peers import PEERS, bootstrap_needs, need
from tests.benchmarks.public import fold, learning_curves, needs

PRIORS = parsed((Path(__file__).parent / "priors.toml").read_text(encoding="utf-8"))

BANDS = (1.0, 3, 6, 12, 34)
REACH = 32.0  # times the largest pilot: targets were chosen within it
LEVELS = np.linspace(0.02, 0.98, 97)
FACTORS = np.geomspace(0.25, 32, 97)
SUCCESS = 0.8
EVERY = int(os.environ.get("DATAPLAN_EVERY", "4"))
BOOTSTRAPS = 20


def halves(cases: pd.DataFrame, by: str) -> list[tuple[str, np.ndarray]]:
    """(name of the prior fitted without them, rows) for both halves by data set or by learner."""
    side = fold(cases[by])
    return [(f"without {by} fold {i}", np.flatnonzero(side == i)) for i in (0, 1)]


def beliefs(prior: str) -> Beliefs:
    return Beliefs(curve=PRIORS[prior])


def means(runs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    mean = runs.groupby("n").error.mean()
    return mean.index.to_numpy(float), mean.to_numpy()


def extrapolated(case, runs, curve, law) -> pd.DataFrame:
    """Later points of the curve beside our interval and every peer's guess."""
    ratio = curve.index.to_numpy(float) / case.pilot_max
    later = curve[(ratio > BANDS[0] * 1.001) & (ratio <= BANDS[-1])]
    n = later.index.to_numpy(float)
    observed = np.maximum(later.to_numpy(), 0.25 / case.n_test)
    low, middle, high = law.quantiles(n[:, None], (0.05, 0.5, 0.95))
    table = {
        "horizon": n / case.pilot_max,
        "covered": (observed >= low) & (observed <= high),
        "width": np.log(high / low),
        "ours": np.abs(np.log(observed / middle)),
    }
    for name, guess in fitted_peers(runs).items():
        table[name] = np.abs(np.log(observed / guess(n)))
    return pd.DataFrame(table)


FITTED: dict[int, dict] = {}


def fitted_peers(runs) -> dict:
    """Every peer fitted to the runs, once for both ways of holding out."""
    if id(runs) not in FITTED:
        sizes, error = means(runs)
        FITTED[id(runs)] = {name: peer(sizes, error) for name, peer in PEERS.items()}
    return FITTED[id(runs)]


def bought(law, target: float, start: float) -> tuple[np.ndarray, float]:
    """What each level of LEVELS buys [example], and P(target within reach)."""
    draws = law.needs(target, "n")
    within = draws <= REACH * start
    reach = float(law.weights @ within)
    if reach <= 0:
        return np.full(len(LEVELS), REACH * start), 0.0
    weights = law.weights[within] / reach
    found = [weighted_quantile(draws[within][:, None], weights, q)[0] for q in LEVELS]
    return np.maximum(found, start), reach


def tuned(amounts: np.ndarray, oracle: np.ndarray, learn: np.ndarray, report: np.ndarray):
    """Success, geometric mean and p90 of n / oracle on `report` at the first level that succeeds in
    80% of `learn`; amounts (cases, levels) rising with the level."""
    met = (amounts[learn] >= oracle[learn, None]).mean(axis=0) >= SUCCESS
    level = int(np.argmax(met)) if met.any() else amounts.shape[1] - 1
    ratio = amounts[report, level] / oracle[report]
    return ratio >= 1, ratio


def planning_table(cases, amounts: dict[str, np.ndarray], by: str) -> pd.DataFrame:
    oracle = cases.oracle_n.to_numpy()
    reachable = np.flatnonzero(np.isfinite(oracle))
    side = fold(cases[by])
    rows = {}
    for name, each in amounts.items():
        met, ratio = [], []
        for report in (0, 1):
            learn = reachable[side[reachable] != report]
            shown = reachable[side[reachable] == report]
            won, cost = tuned(each, oracle, learn, shown)
            met.append(won)
            ratio.append(cost)
        ratio = np.concatenate(ratio)
        rows[name] = {
            "success": np.concatenate(met).mean(),
            "n/oracle": np.exp(np.log(ratio).mean()),
            "p90": np.quantile(ratio, 0.9),
        }
    return pd.DataFrame(rows).T


def auc(score: np.ndarray, positive: np.ndarray) -> float:
    ranks = pd.Series(score).rank().to_numpy()
    count = positive.sum()
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(score) - count)))


ROUNDS = ((0.35, 0.6, 0.95), (0.4, 0.6, 0.95), (0.5, 0.7, 0.95))  # levels, bought in turn


def in_rounds(case, runs, curve, levels, belief) -> tuple[bool, float]:
    """Whether three rounds reach the target, and n / oracle: buy to a level, measure the mean curve
    there, fit again."""
    start, runs = float(case.pilot_max), runs[["n", "error", "test_size"]]
    sizes = curve.index.to_numpy(float)
    # what is measured after a round: the mean curve, falling as its truth was defined
    falling = np.minimum.accumulate(curve.to_numpy())
    n = start
    for level in levels:
        law = fit_law(runs, beliefs=belief)
        draws = law.needs(case.target, "n")
        within = (draws <= REACH * start) & (draws > n)
        if within.any():
            weights = law.weights[within] / law.weights[within].sum()
            wanted = float(weighted_quantile(draws[within][:, None], weights, level)[0])
        else:
            wanted = REACH * start
        n = min(max(wanted, n * 1.1), REACH * start)
        error = float(
            np.exp(np.interp(np.log(n), np.log(sizes), np.log(np.maximum(falling, 1e-6))))
        )
        if error <= case.target:
            break
        more = pd.DataFrame({"n": [n], "error": [max(error, 0.5 / case.n_test)]})
        runs = pd.concat([runs, more.assign(test_size=case.n_test)])
    return n >= case.oracle_n * (1 - 1e-9), n / case.oracle_n


@needs("learning-curves")
def test_three_rounds():
    cases, runs, curves = learning_curves()
    cases = cases[np.isfinite(cases.oracle_n)].iloc[::EVERY].reset_index(drop=True)
    priors = {int(i): name for name, rows in halves(cases, "dataset") for i in rows}
    print()
    for levels in ROUNDS:
        found = [
            in_rounds(case, runs[case.case_id], curves[case.curve_id], levels, beliefs(priors[i]))
            for i, case in enumerate(cases.itertuples())
        ]
        won, ratio = np.array([w for w, _ in found]), np.array([r for _, r in found])
        print(
            f"three rounds at {levels}: success {won.mean():.3f}, n/oracle median "
            f"{np.median(ratio):.2f}, geometric mean {np.exp(np.log(ratio).mean()):.2f}, "
            f"{len(cases)} cases"
        )
    tripled = np.array(
        [min(3.0 ** np.ceil(np.log(x) / np.log(3)), 27.0) for x in cases.oracle_n / cases.pilot_max]
    )
    ratio = tripled / (cases.oracle_n / cases.pilot_max)
    print(f"tripling: success {np.mean(ratio >= 1):.3f}, median {np.median(ratio):.2f}")


@needs("learning-curves")
def test_extrapolation_and_planning():
    data = learning_curves()
    for by in ("dataset", "learner"):
        report(by, *data)


def report(by: str, cases, runs, curves) -> None:
    cases = cases.iloc[::EVERY].reset_index(drop=True)
    oracle = cases.oracle_n.to_numpy()
    tables, reach, spent = [], np.zeros(len(cases)), 0.0
    amounts = {name: np.zeros((len(cases), len(LEVELS))) for name in ["ours", "multiple"]}
    amounts |= {name: np.zeros((len(cases), len(FACTORS))) for name in PEERS}
    amounts["bootstrap quantile"] = np.zeros((len(cases), BOOTSTRAPS))
    for prior, rows in halves(cases, by):
        for i in rows:
            case = cases.iloc[i]
            pilots, start = runs[case.case_id], float(case.pilot_max)
            begin = time.process_time()
            law = fit_law(pilots, beliefs=beliefs(prior))
            spent += time.process_time() - begin
            tables.append(extrapolated(case, pilots, curves[case.curve_id], law))
            amounts["ours"][i], reach[i] = bought(law, case.target, start)
            amounts["multiple"][i] = start * np.geomspace(1, REACH, len(LEVELS))
            for name, guess in fitted_peers(pilots).items():
                n = need(guess, case.target, start, REACH)
                amounts[name][i] = np.clip(n * FACTORS, start, REACH * start)
            amounts["bootstrap quantile"][i] = bootstrap_needs(pilots, case.target, start, REACH)
    table = pd.concat(tables)
    table["band"] = pd.cut(table.horizon, BANDS)
    shown = table.drop(columns="horizon").groupby("band", observed=True).mean()
    print(f"\nheld out by {by}: {len(cases)} cases, {spent / len(cases):.3f} CPU s a fit")
    print(shown.round(3).to_string())
    overall = table.drop(columns=["horizon", "band"]).mean()
    print(overall.round(3).to_frame("all").T.to_string())
    print(f"mean |log error| against power + floor: {overall.ours / overall['power + floor']:.3f}")
    print(planning_table(cases, amounts, by).round(3).to_string())
    unreachable = ~np.isfinite(oracle)
    print(f"unreachable targets told apart, AUC {auc(-reach, unreachable):.3f}")
    brier = np.mean((reach - ~unreachable) ** 2)
    print(
        f"P(within reach): Brier score {brier:.3f}, mean {reach.mean():.3f}, "
        f"reached {np.mean(~unreachable):.3f}"
    )
