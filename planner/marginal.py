"""What a little more of each source brings at one point: effective examples, error per money."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.fitted import FittedLaw, weighted_quantile
from planner.laws import Array
from planner.pilots import Pilots
from sources.base import Source

LEVELS = (0.05, 0.5, 0.95)
# of the examples at the point, bought of each source in turn: of a saturating source the first few
# alone would look better than any purchase is
STEP = 0.1
PERCENT = 0.01
Interval = tuple[float, float, float]  # low, median, high: 90%


@dataclass(frozen=True)
class Marginal:
    """`examples` more of one source at a point, everything else left as it is.

    cost       [currency] of these examples at the first price, fees and contingency not counted
    error      at the point, median
    effective  [effective example/example] that they add
    decrease   [error/example] by which they lower the error; negative where they raise it
    None where nothing can be had.
    """

    name: str
    examples: float
    cost: float
    error: float
    effective: Interval | None
    decrease: Interval | None

    @property
    def effective_cost(self) -> tuple[float | None, float | None, float | None]:
        """Low, median and high of cost / effective [currency/effective example]; None where the
        examples may add nothing."""
        if self.effective is None:
            return None, None, None
        each = self.cost / self.examples
        low, middle, high = (each / part if part > 0 else None for part in self.effective[::-1])
        return low, middle, high

    @property
    def gain(self) -> Interval | None:
        """Decrease of the error per unit of money [error/currency]; None where it costs nothing."""
        if self.decrease is None or not self.cost:
            return None
        low, middle, high = (part * self.examples / self.cost for part in self.decrease)
        return low, middle, high

    @property
    def percent_cost(self) -> tuple[float | None, float | None, float | None]:
        """Low, median and high of what an error lower by 1% costs at this rate [currency]; None
        where the examples may not lower it at all."""
        if self.decrease is None:
            return None, None, None
        each = self.cost / self.examples
        low, middle, high = (
            PERCENT * self.error * each / part if part > 0 else None for part in self.decrease[::-1]
        )
        return low, middle, high


def point_now(
    sources: Sequence[Source], pilots: Pilots | None, law: FittedLaw
) -> tuple[dict[str, float], str]:
    """Examples [example] of each source at which a project stands, and in words what they are.

    The data in hand or the largest pilot, whichever has more effective examples; without both the
    law's own anchor.
    """
    in_hand = {source.name: source.in_hand for source in sources if source.in_hand > 0}
    labelled = any(source.in_hand > 0 and source.role == "labels" for source in sources)
    owned = float(law.weights @ law.effective(in_hand)[:, 0]) if labelled else 0.0
    if pilots is not None and len(pilots):
        sizes = law.weights @ law.effective(
            dict(zip(pilots.sources, pilots.amounts.T, strict=True))
        )
        row = pilots.amounts[int(np.argmax(sizes))]
        if sizes.max() > owned:
            found = {n: float(a) for n, a in zip(pilots.sources, row, strict=True) if a > 0}
            return found, "the largest pilot run"
    if labelled:
        return in_hand, "data in hand"
    return {law.reference: law.anchor.size}, "no pilot and nothing in hand: where priors are quoted"


def marginals(
    law: FittedLaw, sources: Sequence[Source], point: Mapping[str, float], weeks: float = math.inf
) -> tuple[Marginal, ...]:
    """Every source at the point, the largest gain per money first; what is free and helps leads.

    Each buys the same number of examples, a tenth of those at the point, or what can be had within
    `weeks`. Where nothing can be had a source comes last.
    """
    labelled = {source.name for source in sources if source.role == "labels"}
    held = sum(amount for name, amount in point.items() if name in labelled) or law.anchor.size
    now = np.array([point.get(name, 0.0) for name in law.sources])
    error, size = law.errors(now[None])[:, 0], law.effective(now[None])[:, 0]
    level = _interval(law, error)[1]
    found = []
    for source in sources:
        more = min(max(1.0, STEP * held), source.limits.available(weeks))
        if more <= 0:
            found.append(Marginal(source.name, 0.0, 0.0, level, None, None))
            continue
        then = now.copy()
        then[law.sources.index(source.name)] += more
        added = law.effective(then[None])[:, 0] - size
        lower = error - law.errors(then[None])[:, 0]
        cost = source.unit_cost(0) * more
        parts = (_interval(law, each / more) for each in (added, lower))
        found.append(Marginal(source.name, more, cost, level, *parts))
    return tuple(sorted(found, key=_rank))


def _interval(law: FittedLaw, values: Array) -> Interval:
    low, middle, high = (
        float(weighted_quantile(values[:, None], law.weights, q)[0]) for q in LEVELS
    )
    return low, middle, high


def _rank(each: Marginal) -> tuple[int, float]:
    if each.decrease is None:
        return 2, 0.0
    gain = each.gain
    # where the error is still that of guessing, half of the draws show no decrease: then the mean
    middle = each.decrease[1] or (each.decrease[0] + each.decrease[2]) * 1e-9
    return (1, -middle * each.examples / each.cost) if gain else (0 if middle > 0 else 1, 0.0)
