"""Ways from judged pairs to a tuned model, and how many of people's pairs each asks for."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from planner.preference import laws
from planner.preference.beliefs import FULL_ROUND, Belief
from planner.preference.fit import PreferenceLaw
from planner.preference.laws import FloatArray
from sources.agreement import majority_errors

DPO, RLHF, JUDGED_RLHF = "DPO", "RLHF", "RLHF with a judge"
KEPT, REPLACED = "iterative DPO, kept", "iterative DPO, replaced"
MEANING = {
    DPO: "pairs of people, one run; no answers of the model's own",
    RLHF: "a reward model of people's pairs, then reinforcement learning on own answers",
    JUDGED_RLHF: "the same with a reward model of pairs of people and of an AI judge",
    KEPT: "DPO in rounds on own answers that an AI judge ranks; pairs of all rounds are kept",
    REPLACED: "the same where each round's pairs replace those before",
}
ROUNDED = (KEPT, REPLACED)
GRID = 81  # correlations at which the gain is tabulated
MOST_PAIRS = 1e12
HALVINGS = 19  # of log pairs, when they are solved for
JUDGE_STEP = 10**0.5  # between the numbers of judged pairs that are tried
FEWEST_JUDGED, MOST_JUDGED = 1000, 1_000_000
MOST_LUCK = 0.9  # of a run; below 1, so that more pairs never teach it less
LUCK = 20_000  # seed of the luck of runs


@dataclass(frozen=True)
class Option:
    """One way to go.

    votes   [judgement/pair] of people
    judged  [pair] of an AI judge, over all rounds; 0 without one
    rounds  of training
    """

    route: str
    votes: int
    judged: float = 0.0
    rounds: int = 1


@dataclass(frozen=True)
class Need:
    """Pairs of people that an option asks for, (draws,) [pair]; inf where none are enough."""

    option: Option
    pairs: FloatArray

    def at(self, confidence: float) -> float:
        """Fewest pairs [pair] that reach the target with such a probability; inf if none do."""
        place = int(np.ceil(confidence * len(self.pairs) - 1e-9)) - 1
        return float(self._sorted[max(place, 0)])

    def probability(self, pairs: float) -> float:
        """P(the target is reached) with so many pairs of people."""
        return float(np.searchsorted(self._sorted, pairs, side="right") / len(self.pairs))

    @cached_property
    def _sorted(self) -> FloatArray:
        return np.sort(self.pairs)


def options(votes: Sequence[int], judge: bool, rounds: int) -> tuple[Option, ...]:
    """Every way there is: with so many judgements a pair, with a judge or without, in rounds."""
    found = [Option(route, k) for route in (DPO, RLHF) for k in votes]
    if judge:
        steps = int(np.log(MOST_JUDGED / FEWEST_JUDGED) / np.log(JUDGE_STEP) + 1.5)
        amounts = [float(round(FEWEST_JUDGED * JUDGE_STEP**at)) for at in range(steps)]
        found += [Option(JUDGED_RLHF, k, m) for k in votes for m in amounts]
        found += [
            Option(route, k, m, r)
            for route in ROUNDED
            for k in votes
            for m in amounts
            for r in range(2, rounds + 1)
        ]
    return tuple(found)


@dataclass(frozen=True)
class Taught:
    """What the pairs of an option teach; every field but law is (draws, 1).

    top     correlation that no number of people's pairs passes
    worth   [effective pair/pair] of people's pairs
    theirs  [effective pair] of the judge, its random errors taken off
    biased  correlation of the judge's own reward with people's: its errors that repeat
    luck    [1] of the run: `scatter` of the law times a standard normal draw, within (-1, 1)
    """

    law: PreferenceLaw
    top: FloatArray
    worth: FloatArray
    theirs: FloatArray
    biased: FloatArray
    luck: FloatArray

    def correlation(self, people: FloatArray) -> FloatArray:
        """Correlation of what is learned with so many pairs of people (draws or 1, 1)."""
        mine = people * self.worth
        total = np.maximum(mine + self.theirs, 1e-300)
        mixed = laws.pooled(mine, self.theirs, self.biased)
        return self.top * mixed * lucky(self.law.learned(total), self.luck)


def lucky(learned: FloatArray, luck: FloatArray) -> FloatArray:
    """What a run learned, by its luck: L (1 + luck (1 - L)), rising in L from 0 to 1."""
    return learned * (1 + luck * (1 - learned))


def usual(learned: FloatArray, luck: FloatArray) -> FloatArray:
    """What runs learn on average where a run of such luck learned so much: inverse of `lucky`."""
    with np.errstate(invalid="ignore"):
        root = np.sqrt((1 + luck) ** 2 - 4 * luck * np.minimum(learned, 1))
    return np.where(learned > 1, learned, 2 * learned / (1 + luck + root))


class Routes:
    """What a law says of options at one target; holds what all of them share."""

    def __init__(self, law: PreferenceLaw, wanted: float) -> None:
        """wanted: gain [logit] to reach."""
        self.law = law
        self.wanted = wanted
        grid = np.linspace(0, 1, GRID)
        # more correlation never gains less: what little the law says otherwise is not believed
        self._gains = np.maximum.accumulate(
            law.rl_best(np.broadcast_to(grid, (law.draws, GRID))), axis=1
        )
        self._grid = grid
        # a plan is one run, not the mean of many: it has its own luck, the same on every route
        rng = np.random.default_rng(LUCK)
        self._luck = np.clip(
            law.of("scatter") * rng.standard_normal((law.draws, 1)), -MOST_LUCK, MOST_LUCK
        )
        self._misfit = law.of("gain_misfit") * rng.standard_normal((law.draws, 1))

    def with_agreement(self, belief: Belief) -> Routes:
        """The same for people who agree otherwise; what a correlation gains does not change."""
        other = copy(self)
        other.law = self.law.with_agreement(belief)
        return other

    def share(self, option: Option) -> FloatArray:
        """Gain over that of reinforcement learning at the same correlation, (draws, 1).

        DPO learns from answers of the starting model; each further round is on the model's own, and
        makes good a part of what that costs, a smaller one than FULL_ROUND in proportion.
        """
        if option.route in (RLHF, JUDGED_RLHF):
            return np.ones((self.law.draws, 1))
        rounds = (option.rounds - 1) * min(1.0, option.judged / option.rounds / FULL_ROUND.median)
        return 1 - (1 - self.law.of("dpo_share")) * (1 - self.law.of("round_gain")) ** rounds

    def need(self, option: Option) -> Need:
        """Pairs of people that reach the wanted gain, in each draw."""
        wanted = self._correlation((self.wanted - self._misfit) / self.share(option))
        taught = self._taught(option)
        if not option.judged:
            with np.errstate(divide="ignore", invalid="ignore"):
                share = usual(wanted / taught.top, taught.luck)
                pairs = self.law.pairs_for(share) / taught.worth
            return Need(option, np.where(np.isnan(pairs), np.inf, pairs)[:, 0])
        low, high = np.zeros_like(wanted), np.full_like(wanted, np.log1p(MOST_PAIRS))
        enough = taught.correlation(np.zeros((1, 1))) >= wanted
        never = taught.correlation(np.full((1, 1), MOST_PAIRS)) < wanted
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            reached = taught.correlation(np.expm1(middle)) >= wanted
            low, high = np.where(reached, low, middle), np.where(reached, middle, high)
        pairs = np.where(enough, 0.0, np.where(never, np.inf, np.expm1(high)))
        return Need(option, pairs[:, 0])

    def correlation(self, option: Option, people: FloatArray) -> FloatArray:
        """Correlation of what is learned from pairs of people (draws or 1, 1) and of the judge."""
        return self._taught(option).correlation(people)

    def worth(self, option: Option) -> FloatArray:
        """Effective pairs of one pair of people, (draws, 1)."""
        return self._taught(option).worth

    def gain(self, option: Option, people: float) -> FloatArray:
        """Gain [logit] of one run with so many pairs of people, its misfit in, (draws,)."""
        correlation = self.correlation(option, np.full((1, 1), people))
        return (self.share(option) * self.law.rl_best(correlation) + self._misfit)[:, 0]

    def _taught(self, option: Option) -> Taught:
        """What pairs of either source are worth in an option."""
        law = self.law
        right = 1 - law.flips()
        worth = laws.effective_pairs(1.0, majority_errors(right, option.votes))
        share = 1.0 if option.route in (RLHF, JUDGED_RLHF) else 1 / law.of("dpo_worth")
        worth = worth * share
        if not option.judged:
            return Taught(
                law, law.top(), worth, np.zeros_like(worth), np.ones_like(worth), self._luck
            )
        margin, repeated = judge_margin(law), law.of("systematic_share")
        kept = laws.round_factor(option.rounds, option.route != REPLACED)
        theirs = option.judged * margin ** (2 * (1 - repeated)) * kept * share
        if option.route == REPLACED:
            worth = worth * kept
        return Taught(
            law, law.top(), worth, theirs, laws.correlation_of(margin**repeated), self._luck
        )

    def _correlation(self, gain: FloatArray) -> FloatArray:
        """Least correlation with such a gain (draws, 1) by interpolation; above 1 if none has."""
        gains, grid = self._gains, self._grid
        above = np.argmax(gains >= gain, axis=1)
        at = np.clip(above, 1, GRID - 1)
        rows = np.arange(len(gains))
        low, high = gains[rows, at - 1], gains[rows, at]
        part = np.clip((gain[:, 0] - low) / np.maximum(high - low, 1e-12), 0, 1)
        found = grid[at - 1] + part * (grid[at] - grid[at - 1])
        return np.where(gains[:, -1] < gain[:, 0], 2.0, found)[:, None]


def judge_margin(law: PreferenceLaw) -> FloatArray:
    """1 - 2 P(the judge errs) [1], (draws, 1); see sources.preference.judge_rate."""
    people = np.sqrt(np.clip(2 * law.of("people_agreement") - 1, 1e-12, 1))
    return np.clip((2 * law.of("judge_agreement") - 1) / people, 0, 1)
