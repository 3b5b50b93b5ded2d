"""What is believed of preference data before any run of one's own: a weak prior, and from where.

Gao 2022 plots its coefficients and prints none, and no paper found gives the pairs that halve what
is still to be learned: these ranges are judgements, anchored where a figure is published, and a
plan that rests on them says so. Runs of the project narrow them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from planner.preference.laws import FloatArray
from sources.base import Assumption, Provenance

Shape = Literal["log", "logit", "range"]
NORMAL_95 = 1.645  # standard deviations from the median to the ends of a 90% range


@dataclass(frozen=True)
class Belief:
    """A number and its 90% range; its draws follow from standard normal ones.

    shape  how it is spread, to each side as wide as the range says: "log" in logs, "logit" in
           logits, "range" plainly, cut off at `least` and `most`
    """

    name: str
    median: float
    low: float
    high: float
    unit: str
    shape: Shape
    provenance: Provenance
    reference: str
    date: str = "2026"
    note: str = ""
    least: float = 0.0
    most: float = np.inf

    def of(self, z: FloatArray) -> FloatArray:
        """Draws of the number from standard normal draws, rising in them."""
        if self.shape == "range":
            down, up = self.median - self.low, self.high - self.median
            moved = self.median + np.where(z < 0, down, up) / NORMAL_95 * z
            return np.clip(moved, self.least, self.most)
        middle, low, high = (self._stretched(v) for v in (self.median, self.low, self.high))
        line = middle + np.where(z < 0, middle - low, high - middle) / NORMAL_95 * z
        return np.exp(line) if self.shape == "log" else 1 / (1 + np.exp(-line))

    def _stretched(self, value: float) -> float:
        logs = np.log(value)
        return float(logs if self.shape == "log" else logs - np.log1p(-value))

    def assumption(self) -> Assumption:
        """The belief as a line of the assumptions."""
        return Assumption(
            name=self.name,
            value=self.median,
            unit=self.unit,
            provenance=self.provenance,
            reference=self.reference,
            date=self.date,
            low=self.low,
            high=self.high,
            note=self.note,
        )


WEAK = "weak prior"
STIENNON = "Stiennon 2020, arXiv:2009.01325, figure 6"
GAO = "Gao 2022, arXiv:2210.10760"
PRIOR: tuple[Belief, ...] = (
    Belief(
        "cold_pairs",
        900,
        1,
        3200,
        "effective pair",
        "log",
        "published",
        f"{GAO}, section 3.3: below about 2,000 comparisons nothing is learned; 900 effective "
        "pairs of them at an agreement of .726",
        "2022",
        "up to here a reward model learns nothing; the low end is that of small models",
    ),
    Belief(
        "half_pairs",
        3000,
        300,
        30000,
        "effective pair",
        "log",
        "assumed",
        f"{WEAK}, set so that accuracy rises by about 1.1 points a doubling from 8,000 to 64,000 "
        f"pairs ({STIENNON})",
        note="beyond cold_pairs, the scale on which what is learned saturates",
    ),
    Belief(
        "slope",
        0.25,
        0.12,
        0.55,
        "1",
        "log",
        "assumed",
        f"{WEAK}, set with half_pairs; 0.5 is least squares",
        note="exponent of what few pairs teach",
    ),
    Belief(
        "bend",
        1.6,
        0.7,
        4.0,
        "1",
        "log",
        "assumed",
        f"{WEAK}; 2 is least squares",
        note="how sharply learning bends into its limit",
    ),
    Belief(
        "spread",
        0.2,
        0.03,
        0.7,
        "1",
        "logit",
        "assumed",
        f"{WEAK}: reward models end near the agreement of people (72.4% and 72.6%, Ouyang 2022, "
        "arXiv:2203.02155)",
        note="0: the agreement is the ceiling of accuracy; 1: all disagreement is noise",
    ),
    Belief(
        "limit",
        0.95,
        0.75,
        0.995,
        "1",
        "logit",
        "assumed",
        f"{WEAK}: what such a reward model can represent",
        note="correlation that all pairs would teach, over what the agreement allows",
    ),
    Belief(
        "size_worth",
        1.64,
        1.0,
        2.7,
        "1",
        "log",
        "published",
        f"{STIENNON}: 1.8 points a doubling of size, 1.1 a doubling of pairs",
        "2020",
        "pairs count like (size/size of the runs)^this",
    ),
    Belief(
        "rl_first",
        0.65,
        0.35,
        1.2,
        "logit/sqrt(nat)",
        "log",
        "assumed",
        f"{WEAK}: {GAO} plots its coefficients and prints none",
        note="gain of the first steps of reinforcement learning, at full correlation",
    ),
    Belief(
        "rl_second",
        0.3,
        0.12,
        0.75,
        "logit/sqrt(nat)",
        "log",
        "assumed",
        f"{WEAK}: {GAO} plots its coefficients and prints none",
        note="over-optimisation of reinforcement learning, at no correlation",
    ),
    Belief(
        "fall",
        0.5,
        0.2,
        1.3,
        "1",
        "log",
        "assumed",
        f"{WEAK}: over-optimisation falls as reward models grow ({GAO})",
        note="exponent of 1 - correlation^2 in over-optimisation",
    ),
    Belief(
        "best_first",
        0.8,
        0.35,
        1.8,
        "logit/sqrt(nat)",
        "log",
        "assumed",
        f"{WEAK}: {GAO}: best-of-n gains more per KL than reinforcement learning",
        note="gain of the best of few answers, at full correlation",
    ),
    Belief(
        "best_second",
        0.15,
        0.04,
        0.6,
        "logit/nat",
        "log",
        "assumed",
        f"{WEAK}: {GAO} plots its coefficients and prints none",
        note="over-optimisation of best-of-n, at no correlation",
    ),
    Belief(
        "best_turn",
        1.0,
        0.5,
        3.0,
        "1",
        "log",
        "assumed",
        f"judgement around 1, which is the form of {GAO}",
        note="exponent of d in what over-optimisation costs best-of-n",
    ),
    Belief(
        "rise",
        1.0,
        0.75,
        1.33,
        "1",
        "log",
        "assumed",
        f"judgement around 1, which is the form of {GAO}; near the start it is not exact",
        note="exponent of d in a gain",
    ),
    Belief(
        "beyond",
        0.2,
        0.02,
        0.9,
        "1",
        "logit",
        "assumed",
        "judgement: beyond the largest d tried a policy may find what no run has shown",
        note="part of the first steepness lost there",
    ),
    Belief(
        "dpo_share",
        0.93,
        0.85,
        0.985,
        "1",
        "logit",
        "published",
        "Ivison 2024, arXiv:2406.09279: PPO ahead of DPO by up to 1.2 points in general, 2.5 in "
        "mathematics; taken as points of win rate at .7",
        "2024",
        "gain of DPO over that of reinforcement learning with the same correlation",
    ),
    Belief(
        "dpo_worth",
        1.3,
        0.8,
        2.2,
        "pair/pair",
        "log",
        "assumed",
        f"{WEAK}: pairs that DPO needs for one of a reward model; no figure found",
        note="DPO learns from answers of the starting model only",
    ),
    Belief(
        "stretch",
        1.0,
        0.7,
        1.43,
        "1",
        "log",
        "assumed",
        "judgement: beyond the largest run the law may bend, in either direction",
        note="exponent of pairs beyond the largest run's, in logs",
    ),
    Belief(
        "scatter",
        0.12,
        0.04,
        0.35,
        "1",
        "log",
        "assumed",
        "judgement: reward models of equally many pairs differ, most where little is learned",
        note="relative standard deviation of the correlation, over the share not yet learned",
    ),
    Belief(
        "accuracy_misfit",
        0.008,
        0.004,
        0.02,
        "ratio",
        "log",
        "assumed",
        "judgement: between reward models of the same pairs",
        note="standard deviation of accuracy that no test noise explains",
    ),
    Belief(
        "gain_misfit",
        0.06,
        0.035,
        0.16,
        "logit",
        "log",
        "assumed",
        "judgement: between runs of the same kind",
        note="standard deviation of a gain that no test noise explains",
    ),
    Belief(
        "round_gain",
        0.5,
        0.2,
        0.8,
        "ratio",
        "logit",
        "assumed",
        "judgement: rounds on own answers close the gap to RL, but rarely all of it "
        "(notes on iterative DPO; Llama 3 used six rounds); no share found",
        note="of what DPO lacks, made good by each full round after the first",
    ),
)
FULL_ROUND = Belief(
    "full_round",
    3600,
    3600,
    3600,
    "pair",
    "log",
    "published",
    "Self-Rewarding, arXiv:2401.10020: about 10,900 pairs in 3 rounds",
    "2024",
    "judged pairs that make a round a full one; fewer count in proportion",
)
