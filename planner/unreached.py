"""Why no plan was found for a target: what the law, the sources, or ranges of prices allow."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from planner.evidence import most_available, share_of, unlimited
from planner.fitted import FittedLaw
from planner.laws import SMALLEST_SIZE, Array
from planner.plan import Plan, Target
from planner.risk import Risk, risk_of
from sources.base import Source

UNTOLD = "no purchase was found that reaches it within budget, weeks and caps"
TIGHT = 0.2  # of -log P(limits kept), from which on a limit is in the way
PARTS = 24  # into which the purchases of all sources are cut


@dataclass(frozen=True)
class Reasons:
    """Why targets are out of reach within the budget and weeks of `target`, at its confidence."""

    law: FittedLaw
    sources: tuple[Source, ...]
    target: Target
    currency: str

    def why(self, error: float, base: Plan | None) -> str:
        """Why no plan was found that keeps this error, budget and weeks as surely as wanted.

        base: the cheapest plan for it at expected prices and speeds, None where none was found. The
        chances given otherwise are such as no purchase of these sources exceeds.
        """
        if base is not None:
            risk = risk_of(replace(base, target=replace(self.target, error=error)))
            return (
                f"{base.cost:,.0f} {self.currency} would reach it at expected prices and speeds, "
                f"but with {_ranged(risk)} in their ranges target, budget and weeks are all kept "
                f"with probability {risk.met:.3g} only"
            )
        in_time = " in time" if math.isfinite(self.target.weeks) else ""
        for what, least in (
            ("unlimited data of these sources reach it", self._ever),
            (f"all that the sources can supply{in_time} reaches it", self._supplied),
        ):
            chance = share_of(self.law, least <= error)
            if chance < self.target.confidence:
                return f"{what} with probability {chance:.3g} at most"
        return UNTOLD

    @cached_property
    def _ever(self) -> Array:
        return least_errors(self.law, np.full(len(self.law.sources), unlimited(self.law)))

    @cached_property
    def _supplied(self) -> Array:
        most = most_available(self.law, self.sources, self.target.weeks)
        return least_errors(self.law, most)


def _ranged(risk: Risk) -> str:
    """Whose ranges are in the way."""
    wrong = {name: -math.log(max(chance, 1e-12)) for name, chance in _chances(risk)}
    tight = [name for name, each in wrong.items() if each > TIGHT * sum(wrong.values())]
    return " and ".join(tight) or "prices and speeds"


def _chances(risk: Risk) -> tuple[tuple[str, float], ...]:
    return (("prices", risk.on_budget), ("speeds", risk.on_time))


def least_errors(law: FittedLaw, most: Array) -> Array:
    """Error (draws,) that no amounts up to `most` (sources of the law,) [example] go below.

    In a draw whatever size is reached has the least bias where the sources are taken in the order
    of their own floors, so that these purchases alone are looked at, in parts: a part has the size
    of its end and the bias of its beginning. Text is not used, or hardly any, or all of it.
    """
    labels = [k for k in law.labels if most[k] > 0]
    if not labels:
        return np.full(len(law.weights), np.inf)
    own = np.stack([law.excess(k) for k in labels], axis=1)
    size = np.concatenate([law.contribution(k, most[k : k + 1]) for k in labels], axis=1)
    order = np.argsort(own, axis=1, kind="stable")
    own, size = np.take_along_axis(own, order, 1), np.take_along_axis(size, order, 1)
    cuts = np.linspace(0.0, 1.0, max(PARTS // len(labels), 1) + 1)

    def up_to(each: Array, shares: Array) -> Array:
        done = np.cumsum(each, axis=1) - each
        return (done[:, :, None] + each[:, :, None] * shares).reshape(len(each), -1)

    begun, reached = up_to(size, cuts[:-1]), up_to(size, cuts[1:])
    bias = up_to(size * own, cuts[:-1]) / np.maximum(begun, SMALLEST_SIZE)
    bias[:, 0] = own[:, 0]
    least = np.full(len(law.weights), np.inf)
    for text in (np.zeros(len(law.texts)), np.minimum(most[law.texts], 1.0), most[law.texts]):
        used = np.broadcast_to(text, (reached.shape[1], len(text)))
        floor, part = law.curve(np.maximum(law.with_text(reached, used), SMALLEST_SIZE))
        least = np.minimum(least, (floor + part + bias).min(axis=1))
    return least if law.anchor.worst is None else np.minimum(least, law.anchor.worst)
