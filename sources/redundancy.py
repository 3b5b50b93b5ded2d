"""How many votes an item should have: noise, cost and effective examples of each redundancy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sources import crowd, defaults
from sources.agreement import effective_share
from sources.base import Context, FloatArray
from sources.hardness import Hardness

VOTES = tuple(range(1, 10))
PLATFORMS = ("mturk", "prolific")
Interval = tuple[float, float, float]  # low, median, high


@dataclass(frozen=True)
class Price:
    """What judgements cost.

    pay       [USD/judgement]
    platform  its fee, and the step from which it is higher, as in sources/defaults.toml
    item      [USD/item] what an item costs before anyone labels it, such as collecting it
    """

    pay: float
    platform: str = "mturk"
    item: float = 0.0

    @property
    def step(self) -> tuple[float | None, float | None]:
        """Votes of one task [judgement/item] from which the platform takes more, and how much more
        [ratio of pay]; None where there is no such step."""
        keys = ("platform_fee_step", "platform_fee_extra")
        found = [defaults.find(key, self.platform) for key in keys]
        step, extra = (None if one is None else one.value for one in found)
        return step, extra

    def judgements(self, votes: int) -> float:
        """Cost [USD/item] of so many votes with known answers, rejected work and fees: the unit
        cost of a `crowd` source with these settings."""
        given = {
            "platform": self.platform,
            "votes": votes,
            "pay_per_judgement": self.pay,
            "setup_fee": 0.0,
        }
        return crowd.build("votes", given, Context()).unit_cost(0)


@dataclass(frozen=True)
class Redundancy:
    """One way to buy labels; intervals are 90%, in the middle the median.

    votes      on an item at most; adaptive: the third is bought only if the first two disagree
    bought     expected votes per item [judgement/item]
    noise      error of the label [1]
    cost       of an item, `item` included [USD/item]
    share      effective examples per item, (1 - noise K / (K - 1))^2 [effective example/item]
    effective  cost per effective example [USD/effective example], None where share is 0
    cheapest   P(this is the cheapest per effective example) [1]
    """

    votes: int
    adaptive: bool
    bought: Interval
    noise: Interval
    cost: Interval
    share: Interval
    effective: Interval | None
    cheapest: float


def compare(hardness: Hardness, classes: int, price: Price) -> tuple[Redundancy, ...]:
    """1 to 9 votes, and a third on disagreement only, at one price.

    The best has the least cost per effective example. n (1 - 2 noise)^2 (`effective_share`) holds
    where errors fall on examples at random. On a real task with real raters (film snippets, 1, 3
    and 5 votes) it gave the fitted quality within a few per cent; hard items are often those near
    the boundary of classes, which a model can bear to lose, so it rather asks for too many votes.
    It says nothing of errors that most raters share, nor of a test set, which needs cleaner labels.
    """
    ways = [(k, False) for k in VOTES]
    ways.insert(VOTES.index(3) + 1, (3, True))
    bought, noise, cost = [], [], []
    still = np.ones_like(hardness.weights)
    for votes, adaptive in ways:
        spent = 2 + hardness.third_needed() if adaptive else votes * still
        bought.append(spent)
        noise.append(hardness.noise(votes))
        cost.append(price.item + spent * (price.judgements(votes) / votes))
    share = [_shares(each, classes) for each in noise]
    effective = np.array(
        [
            np.divide(c, s, out=np.full_like(c, np.inf), where=s > 0)
            for c, s in zip(cost, share, strict=True)
        ]
    )
    # of equal ones the first, which has the fewest votes
    best = np.where(np.isfinite(effective.min(axis=0)), effective.argmin(axis=0), -1)
    mass = hardness.weights / hardness.weights.sum()
    rows = []
    for i, (votes, adaptive) in enumerate(ways):
        span = hardness.interval(effective[i])
        rows.append(
            Redundancy(
                votes,
                adaptive,
                bought=hardness.interval(bought[i]),
                noise=hardness.interval(noise[i]),
                cost=hardness.interval(cost[i]),
                share=hardness.interval(share[i]),
                effective=span if np.isfinite(span).all() else None,
                cheapest=float(mass[best == i].sum()),
            )
        )
    return tuple(rows)


def _shares(noise: FloatArray, classes: int) -> FloatArray:
    return np.array([effective_share(float(each), classes) for each in noise])


def cheapest(rows: tuple[Redundancy, ...]) -> Redundancy | None:
    """The way with the least median cost per effective example, of equal ones the first."""
    known = [row for row in rows if row.effective is not None]
    return min(known, key=lambda row: row.effective[1] if row.effective else np.inf, default=None)
