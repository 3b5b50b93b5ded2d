"""From judged pairs to accuracy, and from accuracy to gain: formulas only, elementwise in numpy.

Words: an effective pair is one without a wrong label. The correlation is that of the reward learned
with the reward that people have, over answers of the starting model [1]. A gain is in logits of the
win rate, the share of comparisons with the starting model that are won: gain 0 is a win rate of .5.
d is sqrt(KL) [sqrt(nat)], how far a policy is from the starting model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
LEAST_D = 1.0  # below it log d is negative, and the form of RL is not one to trust (Gao 2022)


def effective_pairs(pairs: ArrayLike, flips: ArrayLike) -> FloatArray:
    """n (1 - 2 e)^2 effective pairs of n pairs with flip rate e [effective pair].

    Angluin & Laird 1988, Machine Learning 2:343, for flips that hit every pair alike.
    """
    return np.asarray(pairs, float) * np.clip(1 - 2 * np.asarray(flips, float), 0, 1) ** 2


def learned(
    pairs: ArrayLike, cold: ArrayLike, half: ArrayLike, slope: ArrayLike, bend: ArrayLike
) -> FloatArray:
    """Share of the reachable correlation that effective pairs x teach, 0 to 1 [1].

    (1 + (half/(x - cold))^(slope bend))^(-1/bend): nothing up to `cold` pairs, then like x^slope,
    then saturating. slope 1/2 and bend 2 are the correlation of least squares in its examples. Gao
    2022, arXiv:2210.10760, section 3.3: nothing learned below about 2,000 pairs; Stiennon 2020,
    arXiv:2009.01325, figure 6: 1.1 points of accuracy a doubling from 8,000 to 64,000 pairs.
    """
    x = np.maximum(np.asarray(pairs, float) - cold, 0.0)
    power = np.asarray(slope, float) * bend
    with np.errstate(divide="ignore", over="ignore"):
        ratio = np.where(
            x > 0, (np.asarray(half, float) / np.where(x > 0, x, 1.0)) ** power, np.inf
        )
        return np.asarray((1 + ratio) ** (-1 / np.asarray(bend, float)))


def pairs_for(
    share: ArrayLike, cold: ArrayLike, half: ArrayLike, slope: ArrayLike, bend: ArrayLike
) -> FloatArray:
    """Effective pairs that teach a share, the inverse of `learned`; inf from a share of 1 on."""
    wanted = np.asarray(share, float)
    power = np.asarray(slope, float) * bend
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.clip(wanted, 1e-300, None) ** -np.asarray(bend, float) - 1
        x = np.asarray(half, float) * np.where(ratio > 0, ratio, np.nan) ** (-1 / power)
    found = np.where(wanted >= 1, np.inf, np.asarray(cold, float) + x)
    return np.where(wanted <= 0, 0.0, found)


def most_correlation(agreement: ArrayLike, spread: ArrayLike) -> FloatArray:
    """Correlation that no number of pairs passes, by how often people agree [1].

    Accuracy against one person's choice is at most the agreement A itself where all disagreement
    sits in pairs that are close to equal, and (1 + sqrt(2A - 1))/2 where every pair is flipped
    alike. `spread` from 0 to 1 lies between these two (in logs of the margin): 0 is the first.
    """
    margin = np.sqrt(np.clip(2 * np.asarray(agreement, float) - 1, 0, 1))
    return np.asarray(np.sin(np.pi / 2 * margin ** (1 - np.asarray(spread, float))))


def accuracy(correlation: ArrayLike, agreement: ArrayLike) -> FloatArray:
    """Accuracy against one person's choice [ratio] of a reward with such a correlation.

    Two Gaussian rewards with correlation r order a pair alike with probability 1/2 + asin(r)/pi
    (Sheppard 1899); a person flips that with e, and 1 - 2 e = sqrt(2 agreement - 1).
    """
    margin = np.sqrt(np.clip(2 * np.asarray(agreement, float) - 1, 0, 1))
    return np.asarray(0.5 + margin * np.arcsin(np.clip(correlation, -1, 1)) / np.pi)


def correlation_of(margin: ArrayLike) -> FloatArray:
    """Correlation of rewards that order a pair as people's does with (1 + margin)/2 (Sheppard)."""
    return np.asarray(np.sin(np.pi / 2 * np.clip(margin, 0, 1)))


def pooled(mine: ArrayLike, theirs: ArrayLike, biased: ArrayLike) -> FloatArray:
    """Correlation with people's reward of one learned from their pairs and a judge's [1].

    mine, theirs  [effective pair]; biased [1] is the correlation of the judge's own reward with
    people's. What is learned points to the sum of both rewards, each times its effective pairs:
    the cosine of that sum. For pairs weighted by 1 - 2 e; pooled without weights it is n (1 - 2 e)
    in place of n (1 - 2 e)^2, a little less in all (simulated in tests/planner/test_preference.py).
    """
    own, other = np.asarray(mine, float), np.asarray(theirs, float)
    along = own + other * biased
    across = other * np.sqrt(np.clip(1 - np.asarray(biased, float) ** 2, 0, 1))
    return np.asarray(along / np.maximum(np.hypot(along, across), 1e-300))


def steepness(correlation: ArrayLike, first: ArrayLike) -> FloatArray:
    """a of `rl_gain` and `best_of_n_gain` [logit/sqrt(nat)]: first x correlation.

    Of Gaussian rewards, selection by a proxy moves the true reward by the correlation (regressional
    Goodhart, Gao 2022, section 4.4).
    """
    return np.asarray(first, float) * np.asarray(correlation, float)


def turning(correlation: ArrayLike, second: ArrayLike, fall: ArrayLike) -> FloatArray:
    """b of `rl_gain` and `best_of_n_gain`: second x (1 - correlation^2)^fall.

    What the proxy's variance holds that is not the true reward is what over-optimisation lives on;
    so b falls with the pairs and the size of a reward model, as Gao 2022 found, and does not vanish
    while the reward model is limited. The coefficients are plotted there, not printed: they are
    fitted to the user's runs or are a weak prior.
    """
    rest = np.clip(1 - np.asarray(correlation, float) ** 2, 0, 1)
    return np.asarray(second, float) * rest ** np.asarray(fall, float)


def rl_gain(d: ArrayLike, a: FloatArray, b: FloatArray, rise: ArrayLike = 1.0) -> FloatArray:
    """d^rise (a - b log d) [logit], reinforcement learning.

    Gao 2022, arXiv:2210.10760, section 3, with rise 1, which is not exact near the start.
    """
    x = np.asarray(d, float)
    return np.asarray(x**rise * (a - b * np.log(np.where(x > 0, x, 1.0))))


def best_of_n_gain(
    d: ArrayLike, a: FloatArray, b: FloatArray, rise: ArrayLike = 1.0, turn: ArrayLike = 1.0
) -> FloatArray:
    """d^rise (a - b d^turn) [logit], the best of n: Gao 2022, section 3, with rise and turn 1."""
    x = np.asarray(d, float)
    return np.asarray(x**rise * (a - np.asarray(b, float) * x**turn))


def best_of_n_d(samples: ArrayLike) -> FloatArray:
    """sqrt(log n - (n - 1)/n) [sqrt(nat)]: how far the best of n is (Stiennon 2020, app. G)."""
    n = np.asarray(samples, float)
    return np.asarray(np.sqrt(np.maximum(np.log(n) - (n - 1) / n, 0.0)))


def rl_peak(a: ArrayLike, b: ArrayLike, most: float, rise: ArrayLike = 1.0) -> FloatArray:
    """d of the largest `rl_gain`, exp(a/b - 1/rise), at least 1 and at most `most`."""
    with np.errstate(divide="ignore", over="ignore"):
        d = np.exp(np.asarray(a, float) / np.asarray(b, float) - 1 / np.asarray(rise, float))
    return np.asarray(np.clip(d, LEAST_D, most))


def best_of_n_peak(
    a: ArrayLike, b: ArrayLike, rise: ArrayLike = 1.0, turn: ArrayLike = 1.0
) -> FloatArray:
    """d of the largest `best_of_n_gain`, (rise/(rise + turn) a/b)^(1/turn)."""
    p, q = np.asarray(rise, float), np.asarray(turn, float)
    with np.errstate(divide="ignore"):
        return np.asarray((p / (p + q) * np.asarray(a, float) / np.asarray(b, float)) ** (1 / q))


def round_factor(rounds: int, keeps: bool) -> float:
    """Factor on the effective pairs that a judge makes in rounds on the model's own answers.

    What each round adds is worth less, as the model that it comes from carries the errors of those
    before. Where all rounds are kept, errors add up like 1 + 1/4 + 1/9 + ..., at most pi^2/6; where
    each round replaces the one before, like the number of rounds (Gerstgrasser 2024,
    arXiv:2404.01413, for linear regression; taken over here by analogy).
    """
    total = sum(1 / i**2 for i in range(1, rounds + 1)) if keeps else float(rounds)
    return 1 / total


def win_rate(gain: ArrayLike) -> FloatArray:
    """Share of comparisons with the starting model that are won [ratio]: Bradley & Terry 1952."""
    return np.asarray(1 / (1 + np.exp(-np.clip(np.asarray(gain, float), -500, 500))))


def gain_of(rate: ArrayLike) -> FloatArray:
    """Gain [logit] of a win rate, the inverse of `win_rate`."""
    share = np.asarray(rate, float)
    return np.asarray(np.log(share) - np.log1p(-share))
