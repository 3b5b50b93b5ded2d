"""Agreement of raters beyond chance: Krippendorff's alpha, Fleiss' and Cohen's kappa."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sources.base import FloatArray
from sources.votes import IntArray, Votes

Level = Literal["nominal", "ordinal", "interval"]
DRAWS = 400  # of the bootstrap over items
MOST_STEPS = 2e7  # of a bootstrap
FEW_COMMON = 10  # items that two raters share, below which their kappa is not counted


@dataclass(frozen=True)
class Coefficient:
    """A coefficient [1]: 1 full agreement, 0 as chance, None where it is not defined.

    low, high  90% interval by the Bayesian bootstrap over items, None where there is none
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    meaning: str


def coefficients(votes: Votes) -> tuple[Coefficient, ...]:
    """Alpha of the votes, and of the ratings as ranks and as numbers where these are given;
    Fleiss' kappa; Cohen's kappa of two raters, or the mean over pairs."""
    table = votes.counts()
    found = [_alpha(table, np.arange(float(len(votes.classes))), "nominal", "votes")]
    if votes.values is not None:
        points, ratings = rating_table(votes)
        found += [_alpha(ratings, points, level, "ratings") for level in ("ordinal", "interval")]
    value = fleiss_kappa(table)
    low, high = _spread(value, len(table), len(table), lambda w: fleiss_kappa(table, w))
    found.append(Coefficient("fleiss kappa", value, low, high, "votes, chance by the classes"))
    value, pairs = cohen_kappa(votes)
    told = "the two raters" if len(votes.raters) == 2 else f"mean of {pairs:,} pairs of raters"
    meaning = f"{told} with {FEW_COMMON} items or more in common"
    effort = int((table.sum(axis=1) ** 2).sum())
    low, high = _spread(value, len(table), effort, lambda w: cohen_kappa(votes, w)[0])
    return (*found, Coefficient("cohen kappa", value, low, high, meaning))


def _spread(
    value: float | None, items: int, effort: int, kappa: Callable[[FloatArray], float | None]
) -> tuple[float | None, float | None]:
    """90% interval of kappa(weights of the items) by the Bayesian bootstrap; fewer draws where one
    draw takes many steps, as `effort` counts them."""
    if value is None:
        return None, None
    draws = int(np.clip(MOST_STEPS / max(effort, 1), 50, DRAWS))
    weights = np.random.default_rng(0).exponential(size=(draws, items))
    drawn = [found for each in weights if (found := kappa(each)) is not None]
    if not drawn:
        return None, None
    low, high = (float(each) for each in np.quantile(drawn, (0.05, 0.95)))
    return low, high


def rating_table(votes: Votes) -> tuple[FloatArray, IntArray]:
    """Points of the scale (P,) and how often each item got each, (I, P) [judgement]."""
    assert votes.values is not None
    given = ~np.isnan(votes.values)
    points, at = np.unique(votes.values[given], return_inverse=True)
    cells = votes.item[given] * len(points) + at
    flat = np.bincount(cells, minlength=len(votes.items) * len(points))
    return points, flat.reshape(len(votes.items), len(points)).astype(np.int64)


def alpha(table: IntArray, points: FloatArray, level: Level) -> float | None:
    """Krippendorff's alpha of judgements per item and value (I, P); None without two values.

    alpha = 1 - observed / expected disagreement, from the coincidences o_ck = sum over items of
    n_c (n_k - [c = k]) / (n - 1), items judged once left out. Differences delta_ck: nominal
    [c != k]; interval (c - k)^2; ordinal (sum of the n_g from c to k - (n_c + n_k) / 2)^2.
    Krippendorff 2011, "Computing Krippendorff's alpha-reliability".
    """
    patterns, times = np.unique(table, axis=0, return_counts=True)
    return _nan_none(_alphas(patterns, times[None].astype(float), points, level)[0])


def _alpha(table: IntArray, points: FloatArray, level: Level, of: str) -> Coefficient:
    patterns, times = np.unique(table, axis=0, return_counts=True)
    value = _nan_none(_alphas(patterns, times[None].astype(float), points, level)[0])
    low = high = None
    if value is not None:
        # the sum of exponential weights of items that look alike
        weights = np.random.default_rng(0).gamma(times, size=(DRAWS, len(times)))
        drawn = _alphas(patterns, weights, points, level)
        if np.isfinite(drawn).any():
            low, high = (float(each) for each in np.nanquantile(drawn, (0.05, 0.95)))
    meaning = {"nominal": "same or not", "ordinal": "by rank", "interval": "by squared distance"}
    return Coefficient(
        f"alpha, {level}", value, low, high, f"Krippendorff's, {of} {meaning[level]}"
    )


def _alphas(
    patterns: IntArray, weights: FloatArray, points: FloatArray, level: Level
) -> FloatArray:
    """Alpha (B,) for weights (B, patterns) of items."""
    n = patterns.sum(axis=1)
    use = n > 1
    table, weights = patterns[use].astype(float), weights[:, use] / (n[use] - 1)
    k = patterns.shape[1]
    found = np.full(len(weights), np.nan)
    for b, weight in enumerate(weights):
        met = table.T @ (table * weight[:, None]) - np.diag(weight @ table)
        margin = met.sum(axis=1)
        total = margin.sum()
        apart = _differences(margin, points, level)
        # n - 1 counts judgements, so that items of fractional weight keep to the formula
        expected = margin @ apart @ margin / (total - 1) if total > 1 else 0.0
        if k > 1 and expected > 0:
            found[b] = 1 - (met * apart).sum() / expected
    return found


def _differences(margin: FloatArray, points: FloatArray, level: Level) -> FloatArray:
    if level == "nominal":
        return 1 - np.eye(len(margin))
    place = points if level == "interval" else np.cumsum(margin) - margin / 2
    return np.asarray(np.subtract.outer(place, place) ** 2, dtype=float)


def fleiss_kappa(table: IntArray, weights: FloatArray | None = None) -> float | None:
    """Fleiss' kappa of votes per item and class (I, K): (P - P_e) / (1 - P_e).

    P is the mean over items of the share of agreeing pairs, P_e the sum of squared shares of the
    classes. Fleiss 1971, Psychological Bulletin 76:378; items with unequal numbers of votes enter
    with their own pairs, those with one are left out. weights (I,): how much each item counts, 1
    if None. None where all votes are for one class.
    """
    n = table.sum(axis=1)
    w = np.ones(len(table))[n > 1] if weights is None else weights[n > 1]
    used, n = table[n > 1].astype(float), n[n > 1]
    if not w.sum():
        return None
    agreeing = float(w @ (((used**2).sum(axis=1) - n) / (n * (n - 1))) / w.sum())
    votes = w @ used
    by_chance = float(((votes / votes.sum()) ** 2).sum())
    return (agreeing - by_chance) / (1 - by_chance) if by_chance < 1 else None


def cohen_kappa(votes: Votes, weights: FloatArray | None = None) -> tuple[float | None, int]:
    """Cohen's kappa (1960), the mean over pairs of raters weighted by their common items, and how
    many pairs these are; None where no two share FEW_COMMON items and differ in chance from 1.
    weights (I,): how much each item counts, 1 if None."""
    cast = ~votes.abstained
    order = np.lexsort((votes.rater[cast], votes.item[cast]))
    item, rater, label = (each[cast][order] for each in (votes.item, votes.rater, votes.label))
    first, second = _pairs(item)
    classes = len(votes.classes)
    pair = rater[first] * len(votes.raters) + rater[second]
    names, at, shared = np.unique(pair, return_inverse=True, return_counts=True)
    if not len(names):
        return None, 0
    w = np.ones(len(first)) if weights is None else weights[item[first]]
    common = np.bincount(at, w, len(names))
    sides = []
    for one in (first, second):
        flat = np.bincount(at * classes + label[one], w, minlength=len(names) * classes)
        sides.append(flat.reshape(len(names), classes) / common[:, None])
    same = np.bincount(at, w * (label[first] == label[second]), len(names)) / common
    by_chance = (sides[0] * sides[1]).sum(axis=1)
    use = (shared >= FEW_COMMON) & (by_chance < 1)
    if not use.any():
        return None, 0
    kappa = (same[use] - by_chance[use]) / (1 - by_chance[use])
    return float(np.average(kappa, weights=common[use])), int(use.sum())


def _pairs(item: IntArray) -> tuple[IntArray, IntArray]:
    """Positions of every two judgements of one item, the items in order."""
    first, second = [], []
    for away in range(1, int(np.bincount(item).max()) if len(item) else 1):
        at = np.flatnonzero(item[away:] == item[:-away])
        first.append(at)
        second.append(at + away)
    none = np.zeros(0, dtype=np.int64)
    return np.concatenate([none, *first]), np.concatenate([none, *second])


def _nan_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
