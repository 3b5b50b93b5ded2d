"""Rounds against other rules of buying data, on real learning curves with a cost model: reports.

Reads learning-curves/ below DATAPLAN_DATA, every DATAPLAN_EVERY-th case. The prior of each case was
learned from the other half of the data sets (priors.toml). What a rule leaves open (a confidence, a
level, a multiple, a penalty, a factor) is chosen on the data sets of the quarters 0 and 1, so that
the rule succeeds as often as wanted there at the least cost, and reported on quarters 2 and 3, and
the reverse: every case is reported once, under what was chosen without its data set.

What is measured after a round is the mean curve, without noise, and a rule stops once that meets
the target; what was needed is the first size at which it does. truth.csv has another need, of which
we know only that it is mostly within a tenth of this one: whether that is reached is counted as
well (`truth`). A rule that ends exactly where the curve meets the target misses it in every second
case by a little, one that overshoots does not. That the target lies within REACH of the
largest pilot is given, so that tripling can go on until it is met, and our law keeps only such
draws. Giving up is therefore not put to the test here.

Costs [example of the pilot's]: what is bought beyond the pilots at 1 each, a fee in largest pilots
once, and for each round of buying and measuring a price in largest pilots; all against the same
with one round that buys exactly what was needed. No rule is limited in its number of rounds.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

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

PRICES = ((1.0, 0.5), (1.0, 0.05), (1.0, 2.0))  # fee, round [largest pilot]
MOST = 30  # rounds, so that no rule goes on for ever
STEP = 1.04  # our purchases are rounded to powers of it, so that laws can be kept
BOOTSTRAPS, GRID = 40, 80
WANTED = (0.9, 1.0)
DRAWS = int(os.environ.get("DATAPLAN_DRAWS", "1000"))
CONFIDENCE = 0.8  # what a project has if it says nothing
MARGINS = (0.0, 0.01)  # of the target, by which our rounds aim lower
QUANTILES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
MULTIPLES = tuple(np.geomspace(1.5, REACH, 24))
PENALTIES = (15.0, 150.0)
GROWTHS = (1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0)
RESAMPLED = 10_000


@dataclass(frozen=True)
class Case:
    """A case to be played: pilots, target, the largest pilot, the true curve and need."""

    runs: pd.DataFrame
    target: float
    start: float
    test_size: float
    sizes: np.ndarray
    falling: np.ndarray
    need: float
    truth: float
    prior: str
    laws: dict
    fee: float = 1.0
    round: float = 0.5

    def measure(self, n: float) -> float:
        logs = np.log(np.maximum(self.falling, 1e-6))
        return float(np.exp(np.interp(np.log(n), np.log(self.sizes), logs)))

    def met(self, n: float) -> bool:
        return n >= self.need * (1 - 1e-9)

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
        own = self.fee * self.start + (n - self.start) + rounds * self.round * self.start
        best = self.fee * self.start + (self.need - self.start) + self.round * self.start
        return own / best


def cases() -> list[tuple[bool, Case]]:
    """(chosen on?, case) for every case whose target is met beyond the pilots and within reach."""
    table, runs, curves = learning_curves()
    at = {name: i for i, name in enumerate(sorted(set(table.dataset)))}
    table = table[np.isfinite(table.oracle_n)].iloc[::EVERY]
    found = []
    for row in table.itertuples():
        curve, place = curves[row.curve_id], at[row.dataset]
        sizes, falling = curve.index.to_numpy(float), np.minimum.accumulate(curve.to_numpy())
        start = float(row.pilot_max)
        case = Case(
            runs[row.case_id],
            row.target,
            start,
            float(row.n_test),
            sizes,
            falling,
            first_size(sizes, falling, row.target),
            row.oracle_n,
            f"without dataset fold {place % FOLDS}",
            {},
        )
        if start * STEP < case.need <= REACH * start:
            found.append((place % 4 < 2, case))
    return found


def first_size(sizes: np.ndarray, falling: np.ndarray, target: float) -> float:
    """Where the curve, straight between logarithms, meets the target first; inf if it does not."""
    met = np.flatnonzero(falling <= target)
    if not len(met) or met[0] == 0:
        return float(sizes[0]) if len(met) else np.inf
    after = int(met[0])
    pair = slice(after - 1, after + 1)
    logs = np.log(np.maximum(falling[pair], 1e-6))[::-1]
    return float(np.exp(np.interp(np.log(target), logs, np.log(sizes[pair])[::-1])))


def bought_in_rounds(
    case: Case, choose: Callable, target: float | None = None
) -> tuple[float, int]:
    """Size at the end and rounds: `choose(sizes measured)` gives the next size, or none to stop."""
    enough = case.need if target is None else first_size(case.sizes, case.falling, target)
    sizes: tuple[float, ...] = ()
    for _ in range(MOST):
        n = choose(sizes)
        now = sizes[-1] if sizes else case.start
        if n is None or n <= now:
            break
        sizes = (*sizes, min(n, REACH * case.start))
        if sizes[-1] >= enough * (1 - 1e-9) or sizes[-1] >= REACH * case.start * (1 - 1e-9):
            break
    return (sizes[-1] if sizes else case.start), len(sizes)


def rounded(n: float, now: float, start: float) -> float:
    """The power of STEP times the largest pilot that is nearest to n, and more than `now`."""
    at = round(np.log(n / start) / np.log(STEP))
    least = np.floor(np.log(now / start) / np.log(STEP) + 1e-6) + 1
    return float(start * STEP ** max(at, least))


def ours(case: Case, margin: float) -> tuple[float, int]:
    """The path, planned again from a new law after every measurement, until the error is met by a
    margin [ratio]."""
    target = case.target * (1 - margin)

    def choose(sizes):
        law, now = case.law(sizes), sizes[-1] if sizes else case.start
        draws = law.needs(target, "n")
        open_ = np.flatnonzero((draws > now) & (draws <= REACH * case.start))
        if not len(open_):
            return rounded(now * 1.1, now, case.start)
        law = law.pick(open_)  # that the target is within reach is given, as to the other rules
        most = max(REACH * case.start - now, 1.0)
        line = CostLine("labels", 0.0 if sizes else case.fee * case.start, 1.0)
        limits = Limits(max_examples=np.floor(most))
        source = Source("n", "plain", (line,), limits, Quality(), in_hand=now)
        plan = cheapest_plan([source], law, Target(target, CONFIDENCE), prove=False)
        if not plan.steps:
            return rounded(now * 1.1, now, case.start)
        each = case.round * case.start / policy.SEEDS
        ray = ray_of(law, plan, 0.0, run_cost=each)
        rule = policy.best_rule(ray).rule
        return rounded(now + float(ray.bought[rule.first, 0]), now, case.start)

    return bought_in_rounds(case, choose, target)


def one_shot(case: Case, level: float) -> tuple[float, int]:
    draws = case.law(()).needs(case.target, "n")
    law = case.law(())
    within = draws <= REACH * case.start
    if not within.any():
        return REACH * case.start, 1
    weights = law.weights[within] / law.weights[within].sum()
    n = float(weighted_quantile(draws[within][:, None], weights, level)[0])
    return max(n, case.start), 1


def growing(case: Case, factor: float) -> tuple[float, int]:
    n, rounds = case.start, 0
    while not case.met(n) and n < REACH * case.start:
        n, rounds = min(factor * n, REACH * case.start), rounds + 1
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

    def choose(sizes):
        now = sizes[-1] if sizes else case.start
        logs = np.log(bootstrap(case, sizes))
        width = max(1.06 * logs.std() * len(logs) ** -0.2, 0.02)
        q = np.geomspace(now, REACH * case.start, GRID)
        # in logarithms: what is left beyond q_0 may be the far tail of the estimate
        left_over = logsumexp(log_ndtr(-(np.log(q)[:, None] - logs) / width), axis=1)
        more = q[None, :] - q[:, None]
        wait = 1e-6 * case.start  # of two ways that cost the same, to buy now
        step = np.where(more > 0, more + case.round * case.start, np.where(more == 0, wait, np.inf))
        # value of what is still to come after owning q, given that it was not enough
        value = np.full(GRID, penalty * case.start)
        for _ in range(policy.MOST_ROUNDS):
            missed = np.exp(np.minimum(left_over[None, :] - left_over[:, None], 0.0))
            onward = step + missed * value[None, :]
            best, value = np.argmin(onward, axis=1), onward.min(axis=1)
        return q[best[0]] if best[0] else None

    return bought_in_rounds(case, choose)


RULES: dict[str, tuple[Callable, tuple[float, ...]]] = {
    "rounds of the law": (ours, MARGINS),
    "tripling": (growing, (3.0,)),
    "growing by a factor": (growing, GROWTHS),
    "Learn-Optimize-Collect": (learn_optimize_collect, PENALTIES),
    "one purchase of the law": (one_shot, QUANTILES),
    "constant multiple": (multiple, MULTIPLES),
}
OURS, TRIPLING, *_ = RULES
QUICK = (OURS, TRIPLING, "growing by a factor", "constant multiple")


@needs("learning-curves")
def test_rounds_against_other_rules():
    known = cases()
    learn = [side for side, _ in known]
    print(f"\n{len(known)} cases; chosen on {sum(learn)}, reported on the rest, and the reverse")
    for fee, each in PRICES:
        # the bootstrap and a second margin take minutes: at the first prices only
        quick = {k: RULES[k] for k in QUICK} | {OURS: (ours, MARGINS[:1])}
        rules = RULES if (fee, each) == PRICES[0] else quick
        table = played(rules, [replace(case, fee=fee, round=each) for _, case in known], learn)
        if os.environ.get("DATAPLAN_KEEP"):
            table.to_csv(f"{os.environ['DATAPLAN_KEEP']}-{fee:g}-{each:g}.csv", index=False)
        print(f"\nfee {fee:g}, round {each:g} of the largest pilot")
        if (fee, each) == PRICES[0]:
            print(by_knob(table).round(3).to_string())
        for by in ("success", "truth"):
            print(at_equal_success(table, by).round(3).to_string())


def played(rules: dict, known: list[Case], learn: list[bool]) -> pd.DataFrame:
    rows = []
    for name, (rule, knobs) in rules.items():
        for knob in knobs:
            for at, case in enumerate(known):
                n, rounds = rule(case, knob)
                truth = n >= case.truth * (1 - 1e-9)
                cost = case.cost(n, rounds)
                rows.append((name, knob, at, learn[at], case.met(n), truth, cost, rounds))
    heads = ["rule", "knob", "case", "learn", "success", "truth", "cost", "rounds"]
    return pd.DataFrame(rows, columns=heads)


def by_knob(table: pd.DataFrame) -> pd.DataFrame:
    """Every rule at every knob, on all cases."""
    groups = table.groupby(["rule", "knob"], sort=False)
    found = groups[["success", "truth", "cost", "rounds"]].mean()
    return found.assign(median=groups.cost.median())


def at_equal_success(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Each rule at the knob that reaches the wanted success (the truth as often as tripling does)
    at the least cost where it is chosen, each side reported under the other's choice; what it costs
    more than ours, case by case, with an interval of 95% (paired bootstrap)."""
    rows = {}
    tripled = float(table[table.rule == TRIPLING][by].mean())
    for wanted in WANTED if by == "success" else (tripled,):
        chosen = {n: _chosen(table[table.rule == n], by, wanted) for n in table.rule.unique()}
        for name, shown in chosen.items():
            if shown is None:
                continue
            more = (
                shown.cost - chosen[OURS].cost if chosen[OURS] is not None else shown.cost * np.nan
            )
            rng = np.random.default_rng(0)
            means = [rng.choice(more, len(more)).mean() for _ in range(RESAMPLED)]
            rows[f"{by} {wanted:.3f}", name] = {
                "knobs": " ".join(f"{knob:.3g}" for knob in shown.knob.unique()),
                "success": shown.success.mean(),
                "truth": shown.truth.mean(),
                "cost": shown.cost.mean(),
                "se": shown.cost.std() / np.sqrt(len(shown)),
                "median": shown.cost.median(),
                "rounds": shown.rounds.mean(),
                "more": more.mean(),
                "low": np.quantile(means, 0.025),
                "high": np.quantile(means, 0.975),
            }
    return pd.DataFrame(rows).T


def _chosen(rule: pd.DataFrame, by: str, wanted: float) -> pd.DataFrame | None:
    """One row a case under what the other side chose; none where it chooses nothing."""
    parts = []
    for side in (True, False):
        known = rule[rule.learn == side].groupby("knob")[[by, "cost"]].mean()
        enough = known[known[by] >= wanted - 1e-9].cost
        if by == "truth" and not len(enough):  # the nearest there is
            enough = known[known[by] == known[by].max()].cost
        if not len(enough):
            return None
        parts.append(rule[(rule.learn != side) & (rule.knob == enough.idxmin())])
    return pd.concat(parts).set_index("case").sort_index()
