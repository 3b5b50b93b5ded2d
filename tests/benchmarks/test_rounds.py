"""Rounds against other rules of buying data, on real learning curves with a cost model: reports.

Reads learning-curves/ below DATAPLAN_DATA, every DATAPLAN_EVERY-th case whose target can be
reached. The prior of each case was learned from the other half of the data sets (priors.toml). What
a rule leaves open (a confidence, a level, a multiple, a penalty) is chosen on the data sets of the
quarters 0 and 1, so that the rule succeeds as often as wanted there, and reported on quarters 2
and 3. What is measured after a round is the mean curve, without noise. That the
target lies within REACH of the largest pilot is given: so can tripling go on until it is met, and
our law keeps only such draws. Giving up is therefore not put to the test here.

Costs [example of the pilot's]: what is bought beyond the pilots at 1 each, FEE of the largest pilot
once, and for each round of buying and measuring ROUND of it; all against the same with one round
that buys exactly what was needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner import fit_law, policy
from planner.fitted import weighted_quantile
from planner.optimise import cheapest_plan
from planner.plan import Target
from planner.ray import ray_of
from sources.base import CostLine, Limits, Quality, Source
from tests.benchmarks.peers import need, power_floor
from tests.benchmarks.public import FOLDS, learning_curves, needs
from tests.benchmarks.test_learning_curves import EVERY, REACH, beliefs

FEE, ROUND = 1.0, 0.5
MOST = 4  # rounds
BOOTSTRAPS, GRID = 40, 80
WANTED = (0.8, 0.9, 0.95)
DRAWS = int(os.environ.get("DATAPLAN_DRAWS", "1000"))
CONFIDENCES = (0.6, 0.8, 0.9, 0.95, 0.98)
QUANTILES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
MULTIPLES = tuple(np.geomspace(1.5, REACH, 24))
PENALTIES = (5.0, 15.0, 50.0, 150.0, 1000.0, 1e4)


@dataclass(frozen=True)
class Case:
    """A case to be played: pilots, target, the largest pilot, the true curve and need."""

    runs: pd.DataFrame
    target: float
    start: float
    test_size: float
    sizes: np.ndarray
    falling: np.ndarray
    oracle: float
    prior: str
    laws: dict

    def measure(self, n: float) -> float:
        logs = np.log(np.maximum(self.falling, 1e-6))
        return float(np.exp(np.interp(np.log(n), np.log(self.sizes), logs)))

    def law(self, bought: tuple[float, ...]):
        """The law after measurements at these sizes."""
        if bought not in self.laws:
            errors = [max(self.measure(n), 0.5 / self.test_size) for n in bought]
            more = pd.DataFrame({"n": bought, "error": errors, "test_size": self.test_size})
            runs = pd.concat([self.runs[["n", "error", "test_size"]], more])
            self.laws[bought] = fit_law(runs, beliefs=beliefs(self.prior), draws=DRAWS)
        return self.laws[bought]

    def cost(self, n: float, rounds: int) -> float:
        """Cost of ending at n after so many rounds, over that of the oracle."""
        own = FEE * self.start + (n - self.start) + rounds * ROUND * self.start
        best = FEE * self.start + (self.oracle - self.start) + ROUND * self.start
        return own / best


def cases() -> list[tuple[bool, Case]]:
    """(chosen on?, case) for every case."""
    table, runs, curves = learning_curves()
    at = {name: i for i, name in enumerate(sorted(set(table.dataset)))}
    table = table[np.isfinite(table.oracle_n)].iloc[::EVERY]
    found = []
    for row in table.itertuples():
        curve = curves[row.curve_id]
        place = at[row.dataset]
        case = Case(
            runs[row.case_id],
            row.target,
            float(row.pilot_max),
            float(row.n_test),
            curve.index.to_numpy(float),
            np.minimum.accumulate(curve.to_numpy()),
            row.oracle_n,
            f"without dataset fold {place % FOLDS}",
            {},
        )
        found.append((place % 4 < 2, case))
    return found


def bought_in_rounds(case: Case, choose: Callable) -> tuple[float, int]:
    """Size at the end and rounds: `choose(sizes measured, rounds left)` gives the next size, or
    none to stop."""
    sizes: tuple[float, ...] = ()
    for left in range(MOST, 0, -1):
        n = choose(sizes, left)
        now = sizes[-1] if sizes else case.start
        if n is None or n <= now:
            break
        sizes = (*sizes, min(n, REACH * case.start))
        if case.measure(sizes[-1]) <= case.target or sizes[-1] >= REACH * case.start * (1 - 1e-9):
            break
    return (sizes[-1] if sizes else case.start), len(sizes)


def ours(case: Case, confidence: float) -> tuple[float, int]:
    """The path, planned again from a new law after every measurement."""

    def choose(sizes, left):
        law, now = case.law(sizes), sizes[-1] if sizes else case.start
        draws = law.needs(case.target, "n")
        open_ = np.flatnonzero((draws > now) & (draws <= REACH * case.start))
        if not len(open_):
            return now * 1.1
        law = law.pick(open_)  # that the target is within reach is given, as to the other rules
        most = max(REACH * case.start - now, 1.0)
        line = CostLine("labels", 0.0 if sizes else FEE * case.start, 1.0)
        limits = Limits(max_examples=np.floor(most))
        source = Source("n", "plain", (line,), limits, Quality(), in_hand=now)
        plan = cheapest_plan([source], law, Target(case.target, confidence), prove=False)
        if not plan.steps:
            return now * 1.1
        each = ROUND * case.start / policy.SEEDS
        ray = ray_of(law, plan, 0.0, run_cost=each)
        rule = policy.best_rule(ray, left).rule
        return now + float(ray.bought[rule.first, 0])

    return bought_in_rounds(case, choose)


def one_shot(case: Case, level: float) -> tuple[float, int]:
    draws = case.law(()).needs(case.target, "n")
    law = case.law(())
    within = draws <= REACH * case.start
    if not within.any():
        return REACH * case.start, 1
    weights = law.weights[within] / law.weights[within].sum()
    n = float(weighted_quantile(draws[within][:, None], weights, level)[0])
    return max(n, case.start), 1


def tripling(case: Case, _: float) -> tuple[float, int]:
    n, rounds = case.start, 0
    while case.measure(n) > case.target and n < REACH * case.start:
        n, rounds = min(3 * n, REACH * case.start), rounds + 1
    return n, rounds


def multiple(case: Case, factor: float) -> tuple[float, int]:
    return factor * case.start, 1


def bootstrap(case: Case, sizes: tuple[float, ...]) -> np.ndarray:
    """Needs by power + floor on resampled runs, at least three distinct sizes among them."""
    key = ("bootstrap", sizes)
    if key not in case.laws:
        rng = np.random.default_rng(0)
        n = np.concatenate([case.runs.n.to_numpy(float), sizes])
        error = np.concatenate([case.runs.error.to_numpy(), [case.measure(s) for s in sizes]])
        found = []
        while len(found) < BOOTSTRAPS:
            pick = rng.integers(0, len(n), len(n))
            distinct = np.unique(n[pick])
            if len(distinct) < 3:
                continue
            mean = np.array([max(error[pick][n[pick] == s].mean(), 1e-6) for s in distinct])
            found.append(need(power_floor(distinct, mean), case.target, case.start, REACH))
        case.laws[key] = np.array(found)
    return case.laws[key]


def learn_optimize_collect(case: Case, penalty: float) -> tuple[float, int]:
    """Mahmood 2022 (NeurIPS, arXiv:2210.01234), equation 4, own implementation.

    min over q_1 <= .. <= q_T of  c(q_1 - q_0) + sum_t c(q_(t+1) - q_t) (1 - F(q_t))
    + P (1 - F(q_T)),  F the distribution of the requirement: a Gaussian kernel estimate over
    bootstrap fits, here of the logarithm, given that q_0 was not enough. Solved anew in each round,
    exactly on a grid, with the cost of a round in c. P is `penalty` times the largest pilot.
    """
    from scipy.special import log_ndtr, logsumexp

    def choose(sizes, left):
        now = sizes[-1] if sizes else case.start
        logs = np.log(bootstrap(case, sizes))
        width = max(1.06 * logs.std() * len(logs) ** -0.2, 0.02)
        q = np.geomspace(now, REACH * case.start, GRID)
        # in logarithms: what is left beyond q_0 may be the far tail of the estimate
        left_over = logsumexp(log_ndtr(-(np.log(q)[:, None] - logs) / width), axis=1)
        more = q[None, :] - q[:, None]
        wait = 1e-6 * case.start  # of two ways that cost the same, to buy now
        step = np.where(more > 0, more + ROUND * case.start, np.where(more == 0, wait, np.inf))
        # value of what is still to come after owning q, given that it was not enough
        value = np.full(GRID, penalty * case.start)
        for _ in range(left):
            missed = np.exp(np.minimum(left_over[None, :] - left_over[:, None], 0.0))
            onward = step + missed * value[None, :]
            best, value = np.argmin(onward, axis=1), onward.min(axis=1)
        return q[best[0]] if best[0] else None

    return bought_in_rounds(case, choose)


RULES: dict[str, tuple[Callable, tuple[float, ...]]] = {
    "rounds of the law": (ours, CONFIDENCES),
    "one purchase of the law": (one_shot, QUANTILES),
    "tripling": (tripling, (0.0,)),
    "constant multiple": (multiple, MULTIPLES),
    "Learn-Optimize-Collect": (learn_optimize_collect, PENALTIES),
}


@needs("learning-curves")
def test_rounds_against_other_rules():
    played = cases()
    learn = np.array([side for side, _ in played])
    rows = []
    for name, (rule, knobs) in RULES.items():
        for knob in knobs:
            for at, (_, case) in enumerate(played):
                n, rounds = rule(case, knob)
                met = n >= case.oracle * (1 - 1e-9)
                rows.append((name, knob, at, learn[at], met, case.cost(n, rounds), rounds))
    heads = ["rule", "knob", "case", "learn", "success", "cost", "rounds"]
    table = pd.DataFrame(rows, columns=heads)
    if os.environ.get("DATAPLAN_KEEP"):
        table.to_csv(os.environ["DATAPLAN_KEEP"], index=False)
    print(f"\n{len(played)} cases, chosen on {learn.sum()}, reported on {(~learn).sum()}")
    print(summary(table).round(3).to_string())
    print(at_equal_success(table).round(3).to_string())


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Every rule at every knob, on the quarters that are reported."""
    groups = table[~table.learn].groupby(["rule", "knob"], sort=False)
    return pd.DataFrame(
        {
            "success": groups.success.mean(),
            "cost": groups.cost.mean(),
            "median": groups.cost.median(),
            "rounds": groups.rounds.mean(),
        }
    )


def at_equal_success(table: pd.DataFrame) -> pd.DataFrame:
    """Each rule at the knob that reaches the wanted success at the least cost on the quarters it is
    chosen on; tripling, which has none, gives a last wanted success."""
    learn = table[table.learn].groupby(["rule", "knob"], sort=False)[["success", "cost"]].mean()
    tripled = float(learn.loc["tripling"].success.iloc[0])
    rows = {}
    for wanted in (*WANTED, tripled):
        for name in RULES:
            enough = learn.loc[name].query("success >= @wanted - 1e-9")
            if not len(enough):
                continue
            knob = enough.cost.idxmin()
            shown = table[~table.learn & (table.rule == name) & (table.knob == knob)]
            rows[round(wanted, 3), name] = {
                "knob": knob,
                "success": shown.success.mean(),
                "cost": shown.cost.mean(),
                "se": shown.cost.std() / np.sqrt(len(shown)),
                "rounds": shown.rounds.mean(),
            }
    return pd.DataFrame(rows).T
