"""Runs of one's own -> equally weighted draws of the law of preference data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from planner.preference import laws
from planner.preference.beliefs import PRIOR, Belief
from planner.preference.laws import FloatArray
from planner.preference.sampling import posterior
from sources.agreement import majority_errors

Measure = Literal["accuracy", "rl", "best-of-n", "dpo"]
MEASURES: tuple[Measure, ...] = ("accuracy", "rl", "best-of-n", "dpo")
WAYS = {"rl": "rl", "best-of-n": "best"}
PATH = 16  # steps of d on the way of a run
LEARNING = (
    "cold_pairs",
    "half_pairs",
    "slope",
    "bend",
    "spread",
    "limit",
    "scatter",
    "runs_agreement",
)
GAINING = ("fall", "rise", "beyond", "gain_misfit")
FEW = 4  # runs of a measure below which what is said of it is mostly prior


@dataclass(frozen=True)
class Run:
    """One measurement.

    measure    accuracy of a reward model on held-out choices of one person, or the win rate against
               the starting model after reinforcement learning, by best-of-n, or after DPO
    pairs      [pair] of people that it was trained on
    value      [ratio] accuracy or win rate
    test_size  [comparison] that value was measured on
    d          [sqrt(nat)] sqrt(KL) from the starting model; None for accuracy and dpo
    flips      [ratio] labels that are wrong; None: as the agreement says
    size       [parameter] of the reward model over that of the plan; 1 where none is given
    votes      [judgement/pair] whose majority is the label; None: as the project has it, else 1
    """

    measure: Measure
    pairs: float
    value: float
    test_size: float
    d: float | None = None
    flips: float | None = None
    size: float = 1.0
    votes: int | None = None


@dataclass(frozen=True)
class PreferenceLaw:
    """Draws of every number, by name; predictions have a row for each draw.

    most      [effective pair] of the largest run; beyond it the law may bend (`stretch`)
    standing  standard normal draws from which the agreement of the runs follows
    tried     [sqrt(nat)] largest d of a run, of "rl" and of "best"
    most_kl   [nat] that reinforcement learning may go from the starting model
    """

    numbers: Mapping[str, FloatArray]
    beliefs: tuple[Belief, ...]
    runs: tuple[Run, ...] = ()
    most: float = 0.0
    most_kl: float = 30.0
    tried: Mapping[str, float] = field(default_factory=dict)
    standing: FloatArray = field(default_factory=lambda: np.zeros(0))

    def with_agreement(self, belief: Belief) -> PreferenceLaw:
        """The same law for pairs of people who agree otherwise than those of the runs did.

        Draws stay matched: where the runs' agreement was drawn high, this one is.
        """
        others = tuple(b for b in self.beliefs if b.name != belief.name)
        numbers = {**self.numbers, belief.name: belief.of(self.standing)}
        return replace(self, numbers=numbers, beliefs=(*others, belief))

    def of_runs(self) -> PreferenceLaw:
        """The same law for pairs of people who agree as those of the runs did."""
        return replace(self, numbers={**self.numbers, "agreement": self.numbers["runs_agreement"]})

    @property
    def draws(self) -> int:
        """Number of draws."""
        return len(next(iter(self.numbers.values())))

    @property
    def most_d(self) -> float:
        """sqrt(KL) [sqrt(nat)] that reinforcement learning may reach."""
        return float(np.sqrt(self.most_kl))

    def of(self, name: str) -> FloatArray:
        """Draws of one number, as a column (draws, 1)."""
        return self.numbers[name][:, None]

    def top(self) -> FloatArray:
        """Correlation that no number of people's pairs passes, (draws, 1)."""
        return self.of("limit") * laws.most_correlation(self.of("agreement"), self.of("spread"))

    def flips(self) -> FloatArray:
        """P(one person's choice is wrong), (draws, 1)."""
        return (1 - np.sqrt(np.clip(2 * self.of("agreement") - 1, 0, 1))) / 2

    def learned(self, effective: FloatArray) -> FloatArray:
        """Share of the reachable correlation that effective pairs (draws or 1, m) teach."""
        return laws.learned(self._bent(effective), *self._shape())

    def pairs_for(self, share: FloatArray) -> FloatArray:
        """Effective pairs that teach a share, the inverse of `learned`; inf if none do."""
        x = laws.pairs_for(share, *self._shape())
        if self.most <= 0:
            return x
        with np.errstate(over="ignore", invalid="ignore"):
            straight = self.most * (x / self.most) ** (1 / self.of("stretch"))
        return np.where(x > self.most, straight, x)

    def coefficients(
        self, correlation: FloatArray, way: str = "rl"
    ) -> tuple[FloatArray, FloatArray]:
        """a and b of the gain at a correlation, of "rl" or "best"."""
        a = laws.steepness(correlation, self.of(f"{way}_first"))
        return a, laws.turning(correlation, self.of(f"{way}_second"), self.of("fall"))

    def gain(self, correlation: FloatArray, d: FloatArray, way: str = "rl") -> FloatArray:
        """Gain [logit] at sqrt(KL) d of "rl" or "best"; beyond the largest d tried it may bend."""
        a, b = self.coefficients(correlation, way)
        lost = self.of("beyond") * a * np.maximum(d - self.tried.get(way, np.inf), 0.0)
        if way == "rl":
            return laws.rl_gain(d, a, b, self.of("rise")) - lost
        return laws.best_of_n_gain(d, a, b, self.of("rise"), self.of("best_turn")) - lost

    def rl_path(self, correlation: FloatArray) -> tuple[FloatArray, FloatArray]:
        """d on the way of a run, (m,), and the gain there [logit], (draws, m); the correlation is a
        column, (draws, 1)."""
        d = np.geomspace(laws.LEAST_D, max(self.most_d, laws.LEAST_D), PATH)
        return d, self.gain(correlation, d)

    def peak(self, correlation: FloatArray) -> FloatArray:
        """sqrt(KL) at which reinforcement learning gains most, up to the most it may reach."""
        d, gains = self.rl_path(correlation)
        return d[np.argmax(gains, axis=1)][:, None]

    def rl_best(self, correlation: FloatArray) -> FloatArray:
        """Gain [logit] of reinforcement learning whose best checkpoint is kept; 0 is no run."""
        best = [self.rl_path(r[:, None])[1].max(axis=1) for r in correlation.T]
        return np.maximum(np.stack(best, axis=1), 0.0)

    def dpo(self, correlation: FloatArray) -> FloatArray:
        """Gain [logit] of DPO with what pairs teach it."""
        return self.of("dpo_share") * self.rl_best(correlation)

    def predict(self, run: Run) -> FloatArray:
        """Draws of what a run would measure [ratio], run-to-run misfit in, test noise not."""
        rng = np.random.default_rng(0)
        means, spread = _expected(self, (run,))
        noisy = means + spread * rng.standard_normal((self.draws, 1))
        if run.measure == "accuracy":
            return np.clip(noisy[:, 0], 0.0, 1.0)
        return laws.win_rate(noisy[:, 0])

    def _bent(self, effective: FloatArray) -> FloatArray:
        if self.most <= 0:
            return effective
        beyond = np.maximum(effective / self.most, 1.0)
        return np.minimum(effective, self.most) * beyond ** self.of("stretch")

    def _shape(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        cold, half = self.of("cold_pairs"), self.of("half_pairs")
        return cold, half, self.of("slope"), self.of("bend")


def fit_preferences(
    runs: Sequence[Run],
    more: Sequence[Belief],
    *,
    draws: int = 1000,
    seed: int = 0,
    most_kl: float = 30.0,
) -> PreferenceLaw:
    """Draws of the law given runs; without runs the draws are those of the prior.

    more: beliefs beside PRIOR, of which "agreement" is needed: P(two people agree on a pair), of
    the pairs that the runs were trained and tested on. `with_agreement` tells that of others.
    """
    own = {"agreement": "runs_agreement"}
    beliefs = (*PRIOR, *(replace(b, name=own.get(b.name, b.name)) for b in more))
    place = next(at for at, b in enumerate(beliefs) if b.name == "runs_agreement")
    given = tuple(runs)
    flips = (1 - np.sqrt(2 * beliefs[place].median - 1)) / 2
    own_pairs = np.array([run.pairs for run in given])
    sizes = laws.effective_pairs(own_pairs, label_flips(np.full((1, 1), flips), given))
    most = float(sizes.max(initial=0.0))
    tried: dict[str, float] = {}
    for run in given:
        if run.d is not None:
            way = WAYS[run.measure]
            tried[way] = max(run.d, tried.get(way, 0.0))

    def law(z: FloatArray) -> PreferenceLaw:
        numbers = {b.name: b.of(z[:, at]) for at, b in enumerate(beliefs)}
        numbers["agreement"] = numbers["runs_agreement"]
        return PreferenceLaw(numbers, beliefs, given, most, most_kl, tried, z[:, place])

    free = np.random.default_rng(seed).standard_normal((draws, len(beliefs)))
    if not given:
        return law(free)
    seen, noise = _observed(given)
    told = _told([b.name for b in beliefs], given)

    def whole(z: FloatArray) -> FloatArray:
        """With the numbers of which no run tells, which stay as the prior draws them."""
        full = free.copy()
        full[:, told] = z
        return full

    def log_likelihood(z: FloatArray) -> FloatArray:
        means, spread = _expected(law(whole(z)), given)
        variance = spread**2 + noise**2
        terms = (seen - means) ** 2 / variance + np.log(variance)
        return np.nan_to_num(-terms.sum(1) / 2, nan=-np.inf)

    return law(whole(posterior(log_likelihood, int(told.sum()), draws, seed)))


def label_flips(one: FloatArray, runs: Sequence[Run]) -> FloatArray:
    """P(the label of a run's pair is wrong), (draws, m); `one`: of one judgement, (draws, 1).

    The flips that a run names, else those of the majority of its votes.
    """
    found = np.zeros((len(one), len(runs)))
    for votes in {run.votes or 1 for run in runs}:
        found[:, [(run.votes or 1) == votes for run in runs]] = majority_errors(1 - one, votes)
    own = np.array([np.nan if run.flips is None else run.flips for run in runs])
    return np.where(np.isnan(own), found, own)


def _told(names: Sequence[str], runs: Sequence[Run]) -> np.ndarray:
    """Which numbers any of the runs tells of."""
    kinds = {run.measure for run in runs}
    found = set(LEARNING)
    found |= {"accuracy_misfit"} if "accuracy" in kinds else set()
    found |= set(GAINING) if kinds - {"accuracy"} else set()
    found |= {"rl_first", "rl_second"} if kinds & {"rl", "dpo"} else set()
    found |= {"best_first", "best_second", "best_turn"} if "best-of-n" in kinds else set()
    found |= {"dpo_share", "dpo_worth"} if "dpo" in kinds else set()
    found |= {"size_worth"} if any(run.size != 1 for run in runs) else set()
    return np.array([name in found for name in names])


def _observed(runs: Sequence[Run]) -> tuple[FloatArray, FloatArray]:
    """Accuracies [ratio] and gains [logit] of runs, and the noise of their tests.

    A share is moved toward one half by one comparison, so that none is 0 or 1.
    """
    size = np.array([run.test_size for run in runs])
    share = (np.array([run.value for run in runs]) * size + 0.5) / (size + 1)
    is_share = np.array([run.measure == "accuracy" for run in runs])
    deviation = np.sqrt(share * (1 - share) / size)
    seen = np.where(is_share, share, laws.gain_of(share))
    return seen, np.where(is_share, deviation, deviation / (share * (1 - share)))


def _expected(law: PreferenceLaw, runs: Sequence[Run]) -> tuple[FloatArray, FloatArray]:
    """What each run measures on average, accuracy [ratio] or gain [logit], and its misfit."""
    pairs = np.array([run.pairs for run in runs])
    size = np.array([run.size for run in runs]) ** law.of("size_worth")
    effective = laws.effective_pairs(pairs, label_flips(law.flips(), runs)) * size
    kinds = np.array([run.measure for run in runs])
    effective = np.where(kinds == "dpo", effective / law.of("dpo_worth"), effective)
    share = law.learned(effective)
    correlation = law.top() * share
    means = _measured(law, runs, correlation)
    # both measures grow nearly in proportion to the correlation, from one half and from nothing
    start = np.where(kinds == "accuracy", 0.5, 0.0)
    moved = law.of("scatter") * (1 - share) * (means - start)
    misfit = np.where(kinds == "accuracy", law.of("accuracy_misfit"), law.of("gain_misfit"))
    return means, np.hypot(misfit, moved)


def _measured(law: PreferenceLaw, runs: Sequence[Run], correlation: FloatArray) -> FloatArray:
    """Accuracy [ratio] or gain [logit] of runs whose reward has such a correlation, (draws, m)."""
    kinds = np.array([run.measure for run in runs])
    d = np.array([0.0 if run.d is None else run.d for run in runs])
    means = np.zeros(np.broadcast_shapes(correlation.shape, (law.draws, len(runs))))
    for kind in set(kinds):
        at = kinds == kind
        r = correlation[:, at]
        if kind == "accuracy":
            means[:, at] = laws.accuracy(r, law.of("agreement"))
        elif kind == "dpo":
            means[:, at] = law.dpo(r)
        else:
            means[:, at] = law.gain(r, d[at], WAYS[kind])
    return means
