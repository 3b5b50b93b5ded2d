"""All that a file of judgements says: raters, agreement, noise of votes, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sources.coefficients import Coefficient, coefficients
from sources.hardness import Hardness, fit_hardness, observed_noise
from sources.raters import DawidSkene, Rater, dawid_skene, judge
from sources.redundancy import VOTES, Price, Redundancy, compare
from sources.votes import Votes

FEW_GOLD = 30  # items with known answers, below which a warning is due
FEW_ITEMS = 100


@dataclass(frozen=True, eq=False)
class Assessment:
    """Results of one file of judgements.

    labels      the truth estimated from votes alone, known answers left aside
    raters      judged against known answers where there are any, else against `labels`
    confusion   (R, K, K) of each rater and `pooled` (K, K) of all, P(says the last | true) [1]
    hardness    None where nothing was rated twice; then `redundancy` is empty
    observed    error of 1 to 9 votes as counted against known answers [1], or None
    right       share of the known answers that the estimate, and the majority, give [1], or None
    times       5%, 50% and 95% of the seconds per judgement [s], or None
    """

    votes: Votes
    labels: DawidSkene
    raters: tuple[Rater, ...]
    confusion: np.ndarray
    pooled: np.ndarray
    coefficients: tuple[Coefficient, ...]
    hardness: Hardness | None
    observed: tuple[float | None, ...]
    redundancy: tuple[Redundancy, ...]
    price: Price
    right: tuple[float, float] | None
    times: tuple[float, float, float] | None
    warnings: tuple[str, ...]


def assess(votes: Votes, price: Price) -> Assessment:
    """Everything at once; the same votes and price give the same answer."""
    labels = dawid_skene(votes, use_gold=False)
    known = votes.gold >= 0
    held = dawid_skene(votes) if known.any() else labels
    hardness = fit_hardness(votes)
    classes = len(votes.classes)
    raters = judge(votes, held)
    return Assessment(
        votes,
        labels,
        raters,
        held.confusion,
        _pooled(votes, held),
        coefficients(votes),
        hardness,
        tuple(observed_noise(votes, VOTES)),
        compare(hardness, classes, price) if hardness else (),
        price,
        _right(votes, labels) if known.any() else None,
        votes.times(),
        tuple(_warnings(votes, hardness, raters)),
    )


def _pooled(votes: Votes, held: DawidSkene) -> np.ndarray:
    cast = ~votes.abstained
    said = np.eye(len(votes.classes))[votes.label[cast]]
    table = held.truth[votes.item[cast]].T @ said
    total = table.sum(axis=1, keepdims=True)
    return np.divide(table, total, out=np.zeros_like(table), where=total > 0)


def _right(votes: Votes, labels: DawidSkene) -> tuple[float, float]:
    """Share of known answers given by the estimate and by the majority, ties shared."""
    known = np.flatnonzero(votes.gold >= 0)
    gold = votes.gold[known]
    shares = []
    for table in (labels.truth[known], votes.counts()[known]):
        lead = table == table.max(axis=1, keepdims=True)
        shares.append(float((lead[np.arange(len(known)), gold] / lead.sum(axis=1)).mean()))
    return shares[0], shares[1]


def _warnings(votes: Votes, hardness: Hardness | None, raters: tuple[Rater, ...]) -> list[str]:
    found = []
    if hardness is None:
        found.append(
            "no item was judged twice: what more votes bring is unknown; have some 100 judged twice"
        )
    elif hardness.basis == "votes":
        found.append(
            "no answer is known: noise counts against what most of these raters would say, so an"
            " error that most of them share is not seen"
        )
    elif hardness.items < FEW_GOLD:
        found.append(
            f"only {hardness.items} items have a known answer: --no-gold uses all that were judged"
            " twice"
        )
    if hardness and hardness.items < FEW_ITEMS:
        found.append(f"only {hardness.items} items tell how votes err: judge {FEW_ITEMS} or more")
    if hardness and hardness.most_votes == 2:
        found.append(
            "no item has more than two votes: whether errors gather on a few hard items, on which"
            " more votes do not help, is mostly assumed"
        )
    bad = sum(each.state in ("spammer", "worse than chance") for each in raters)
    if bad:
        share = f"{bad} of {len(raters)} raters"
        found.append(f"{share} cannot be told from chance: look at their work before paying more")
    if votes.abstained.any():
        found.append("votes that abstain count as bought; an item without a vote gets a coin")
    return found
