"""How hard the items are: raters err together on hard items, so a majority gains less."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sources.agreement import majority_errors
from sources.base import FloatArray
from sources.votes import Votes

IntArray = NDArray[np.int64]
NODES = 160  # quantiles of the items' error at which a distribution is summed
LEVELS = (0.05, 0.5, 0.95)
# log of the concentration of the items' error: small where few items make most of the errors. Two
# real sets of votes give 2.7 (1,500 film snippets) and about 60 (462 pairs of events); assumed.
CONCENTRATION = (float(np.log(3)), 1.2)
# power of the likelihood: a rater judges many items, so these are not quite independent. Without it
# 90% intervals held the noise of one vote in 80% of samples of real items rated twice.
TEMPER = 0.7
MOST_GRIDS, ENOUGH = 8, 200  # grids, and points of the last that bear mass
FEW_WRONG = 20  # pairs of wrong votes below which wrong votes are taken to fall on one rival


@dataclass(frozen=True, eq=False)
class Hardness:
    """Weighted draws (G,) over distributions of the items' error.

    weights    (G,) posterior probability of each distribution [1]
    errors     (G, NODES) P(a vote that does not abstain is wrong) at even quantiles of items [1]
    abstains   (G, NODES) P(a vote abstains) on those items [1]
    choices    right class and the rivals among which wrong votes fall evenly, at least 2
    basis      "gold": wrong means against the known answer; "votes": against what most raters of
               the pool would say, so an error that most of them share is not seen
    items      that the distributions were learned from [item]
    most_votes on one of them [judgement/item]
    """

    weights: FloatArray
    errors: FloatArray
    abstains: FloatArray
    choices: int
    basis: str
    items: int
    most_votes: int

    @cached_property
    def _plain(self) -> dict[int, FloatArray]:
        return {0: np.full_like(self.errors, 1 - 1 / self.choices)}

    def noise(self, votes: int) -> FloatArray:
        """Error (G,) of the label with most of `votes` votes, ties and no votes by coin [1].

        Votes on one item are independent given its error e; over items e varies, so the noise is
        E[majority_error(1 - e, k)], above the error of independent raters of the same accuracy.
        More votes never raise it while e stays below guessing, as it does on the basis of votes.
        """
        found = np.zeros_like(self.errors)
        for used in range(votes + 1):
            if used not in self._plain:
                self._plain[used] = majority_errors(1 - self.errors, used, self.choices)
            found += _binomial(votes, used, 1 - self.abstains) * self._plain[used]
        return np.asarray(found.mean(axis=1))

    def independent(self, votes: int) -> float:
        """Noise if every item were as hard as the mean one: votes, abstentions too, that fall
        independently of each other [1]. At the median draw's mean error of a vote that is cast."""
        error = self.interval(np.asarray((self.errors * (1 - self.abstains)).mean(axis=1)))[1]
        away = self.interval(np.asarray(self.abstains.mean(axis=1)))[1]
        right = 1 - error / (1 - away)
        noise = (1 - 1 / self.choices) * away**votes
        for used in range(1, votes + 1):
            chance = float(_binomial(votes, used, np.asarray(1 - away)))
            noise += chance * float(majority_errors(np.asarray(right), used, self.choices))
        return noise

    def third_needed(self) -> FloatArray:
        """P(the first two votes do not give one label) (G,), so that a third is bought [1].

        A third vote cannot change two that agree: buying it only on disagreement gives exactly the
        label, and the noise, of three votes, for 2 + this votes an item.
        """
        right, wrong = 1 - self.errors, self.errors
        same = right**2 + wrong**2 / (self.choices - 1)
        return np.asarray((1 - (1 - self.abstains) ** 2 * same).mean(axis=1))

    def interval(self, values: FloatArray) -> tuple[float, float, float]:
        """Low, median and high of a quantity (G,) over the draws, a 90% interval."""
        order = np.argsort(values, kind="stable")
        mass = np.cumsum(self.weights[order])
        at = np.minimum(np.searchsorted(mass, np.array(LEVELS) * mass[-1]), len(mass) - 1)
        low, middle, high = (float(each) for each in values[order][at])
        return low, middle, high


def _binomial(votes: int, used: int, share: FloatArray) -> FloatArray:
    from scipy.special import comb

    return np.asarray(comb(votes, used) * share**used * (1 - share) ** (votes - used))


def fit_hardness(votes: Votes) -> Hardness | None:
    """Posterior over distributions of the items' error; None where nothing was rated twice.

    The error of an item is cap x Beta(m s, (1 - m) s): m its mean, s small where few items make
    most of the errors, large where raters err independently. With known answers cap is 1 (an item
    may mislead most raters) and j wrong among n votes have likelihood E[e^j (1 - e)^(n - j)].
    Without, cap is the error of guessing, the truth is what most raters of the pool would say, and
    the likelihood is summed over the classes that this may be. The grid over (m, s) has the prior
    Beta(1/2, 1/2) on m and a wide log-normal on s; two votes an item say little of s, and the
    interval shows it. The likelihood counts with the power TEMPER. Binomials mixed over a Beta:
    Skellam 1948, J. R. Stat. Soc. B 10:257.
    Stops being true where the later raters come from another pool, or see each other's votes.
    """
    counts, known = votes.counts(abstained=True), votes.gold >= 0
    cast = counts.sum(axis=1)
    use, by_gold = known & (cast > 0), True
    if not (known & (cast > 1)).any():
        use, by_gold = cast > 1, False
    if not use.any():
        return None
    table, gold = counts[use], votes.gold[use] if by_gold else None
    choices = _choices(table[:, :-1], gold)
    pattern = _Pattern(table, gold, choices)
    share = float(table[:, -1].sum() / table.sum())
    cap = 1.0 if gold is not None else 1 - 1 / choices
    means, spreads = np.linspace(-8, 8, 25), np.linspace(-3.5, 6.5, 13)
    for _ in range(MOST_GRIDS):  # each grid lies where the one before found the mass
        logit, log_s = (each.ravel() for each in np.meshgrid(means, spreads, indexing="ij"))
        errors = cap * _quantiles(logit, log_s)
        abstains = _abstaining(errors, share)
        score = TEMPER * pattern.likelihood(errors, abstains) + _prior(logit, log_s)
        near = score > score.max() - 9
        if near.sum() > ENOUGH:
            break
        means, spreads = _around(means, logit[near], 41), _around(spreads, log_s[near], 21)
    weights = np.exp(score - score.max())
    keep = weights > 1e-5
    weights = weights[keep] / weights[keep].sum()
    basis = "votes" if gold is None else "gold"
    most = int(cast[use].max())
    return Hardness(weights, errors[keep], abstains[keep], choices, basis, int(use.sum()), most)


def _around(old: FloatArray, found: FloatArray, size: int) -> FloatArray:
    step = float(old[1] - old[0])
    return np.linspace(found.min() - step, found.max() + step, size)


def _quantiles(logit: FloatArray, log_s: FloatArray) -> FloatArray:
    from scipy.special import betaincinv

    mean, s = 1 / (1 + np.exp(-logit)), np.exp(log_s)
    u = (np.arange(NODES) + 0.5) / NODES
    found = betaincinv((mean * s)[:, None], ((1 - mean) * s)[:, None], u)
    return np.clip(found, 1e-12, 1 - 1e-12)


def _prior(logit: FloatArray, log_s: FloatArray) -> FloatArray:
    """Log density, on the scale of the grid, of Beta(1/2, 1/2) means and log-normal spreads."""
    middle, width = CONCENTRATION
    half = -0.5 * (np.logaddexp(0, logit) + np.logaddexp(0, -logit))
    return np.asarray(half - 0.5 * ((log_s - middle) / width) ** 2)


def _choices(table: IntArray, gold: IntArray | None) -> int:
    """1 + effective number of rivals: 1 / P(two wrong votes on an item are for the same class)."""
    right = table.argmax(axis=1) if gold is None else gold
    wrong = table.astype(float)
    wrong[np.arange(len(wrong)), right] = 0
    n = wrong.sum(axis=1)
    pairs, same = float((n * (n - 1)).sum()) / 2, float((wrong * (wrong - 1)).sum()) / 2
    classes = table.shape[1]
    if classes == 2 or pairs < FEW_WRONG:
        return 2
    return int(np.clip(1 + round(pairs / max(same, 1e-9)), 2, classes))


class _Pattern:
    """The votes as they differ from item to item, and their likelihood."""

    def __init__(self, table: IntArray, gold: IntArray | None, choices: int) -> None:
        """table (I, K + 1): votes per class, abstentions last; gold (I,) or None."""
        votes, away = table[:, :-1], table[:, -1:]
        n = votes.sum(axis=1, keepdims=True)
        if gold is None:
            cast = n[:, 0] > 0
            self.share = (votes[cast] / n[cast]).mean(axis=0)
            wrong = n - votes
        else:
            self.share = np.ones(1)
            wrong = n - np.take_along_axis(votes, gold[:, None], axis=1)
        rows, self.times = np.unique(np.hstack([n, away, wrong]), axis=0, return_counts=True)
        self.wrong = rows[:, 2:]
        cells = [np.broadcast_to(each, self.wrong.shape) for each in (rows[:, :1], rows[:, 1:2])]
        both = np.stack([*cells, self.wrong], -1).reshape(-1, 3)
        self.cells, at = np.unique(both, axis=0, return_inverse=True)
        self.at = at.reshape(self.wrong.shape)
        self.rivals = choices - 1

    def likelihood(self, errors: FloatArray, abstains: FloatArray) -> FloatArray:
        """Log likelihood (G,) of the votes, up to a constant."""
        return np.array([self._one(e, a) for e, a in zip(errors, abstains, strict=True)])

    def _one(self, e: FloatArray, a: FloatArray) -> float:
        found = self._moments(e, a)[self.at]
        if others := len(self.share) - 1:
            # share of votes = prior x (1 - mean) + (1 - prior) x mean / others
            prior = np.maximum(self.share - float(e.mean()) / others, 1e-4)
            found = found - self.wrong * np.log(self.rivals) + np.log(prior / prior.sum())
        return float(np.logaddexp.reduce(found, axis=1) @ self.times)

    def _moments(self, e: FloatArray, a: FloatArray) -> FloatArray:
        """log E[e^j (1 - e)^(n - j) a^m (1 - a)^n] for each row (n, m, j) of cells."""
        n, away, wrong = (self.cells[:, [i]] for i in range(3))
        terms = wrong * np.log(e) + (n - wrong) * np.log1p(-e)
        if a.any():
            terms = terms + away * np.log(a) + n * np.log1p(-a)
        top = terms.max(axis=1)
        return np.asarray(top + np.log(np.exp(terms - top[:, None]).mean(axis=1)))


def _abstaining(errors: FloatArray, share: float) -> FloatArray:
    """P(abstain) at each error, `share` on average: as if a vote were the sign of a normal score
    with a small neutral band, whose density at 0 is phi(Phi^-1(e))."""
    from scipy.special import ndtri

    density = np.exp(-0.5 * np.square(ndtri(np.clip(errors, 1e-12, 1 - 1e-12))))
    return np.minimum(share * density / density.mean(axis=1, keepdims=True), 0.95)


def observed_noise(votes: Votes, ks: ArrayLike) -> list[float | None]:
    """Error of k votes drawn at random from those of each item with known answer and k votes [1].

    Counted, not modelled: the mean over 400 fixed draws an item. None where fewer than 10 items
    have k votes. With fewer items than the model uses it may differ from it for that reason.
    """
    rng = np.random.default_rng(0)
    found: list[float | None] = []
    full = votes.counts(abstained=True)
    total = full.sum(axis=1)
    for k in np.atleast_1d(np.asarray(ks, dtype=int)):
        use = (votes.gold >= 0) & (total >= k)
        if use.sum() < 10:
            found.append(None)
            continue
        both = np.column_stack([votes.gold[use], full[use]])
        pattern, times = np.unique(both, axis=0, return_counts=True)
        wrong = 0.0
        for row, often in zip(pattern, times, strict=True):
            drawn = rng.multivariate_hypergeometric(row[1:], int(k), size=400)[:, :-1]
            top = drawn.max(axis=1)
            lead = drawn == top[:, None]
            wrong += often * float(1 - (lead[:, row[0]] / lead.sum(axis=1)).mean())
        found.append(float(wrong / times.sum()))
    return found
