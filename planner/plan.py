"""Target, Step, Plan, Path: frozen values that the optimiser fills and the tables print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sources.base import Source


@dataclass(frozen=True)
class Target:
    """What the project must reach.

    error       wanted value of the metric, lower is better, in the metric's own unit
    confidence  wanted probability that the bought data reaches it, 0 < confidence < 1
    budget      [currency] most that may be spent, contingency included; inf if not limited
    weeks       [week] from the start date to the last delivery; inf if not limited
    """

    error: float
    confidence: float = 0.8
    budget: float = math.inf
    weeks: float = math.inf
    metric: str = "error"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.error) and self.error > 0):
            raise ValueError(f"target error must be positive and finite, got {self.error}")
        if not 0 < self.confidence < 1:
            raise ValueError(f"confidence must lie between 0 and 1, got {self.confidence}")
        if not self.budget >= 0 or not self.weeks >= 0:
            raise ValueError("budget and weeks must not be negative")


@dataclass(frozen=True)
class Step:
    """One purchase.

    quantity            [example] bought, in hand not counted
    fees, variable      [currency] the two parts of the cost before contingency: what is fixed, with
                        what a minimum contract adds at this quantity, and what grows with quantity
    contingency         [currency]
    low, high           [currency] total with every cost line at its low or high end
    effective_examples  [effective example] what the purchase adds to what is used of the source's
                        data in hand, median over the law's draws; None for text, which adds none
    share               of the whole training set's effective examples, what the source holds with
                        its data in hand: the weight of its own floor; None for text
    start_week, weeks   [week] first delivery counted from the start date; from order to last
                        delivery
    binding             name of the limit this purchase runs into, or ""
    """

    source: Source
    quantity: float
    fees: float
    variable: float
    contingency: float
    low: float
    high: float
    effective_examples: float | None
    share: float | None
    start_week: float
    weeks: float
    binding: str = ""

    @property
    def subtotal(self) -> float:
        """Cost [currency] before contingency."""
        return self.fees + self.variable

    @property
    def total(self) -> float:
        """Cost [currency], contingency included."""
        return self.subtotal + self.contingency


@dataclass(frozen=True)
class Plan:
    """Purchases, what they cost and what they reach.

    target       what was asked
    steps        purchases of more than nothing, in buying order
    reaches      whether probability >= target.confidence
    probability  P(error <= target.error) over the law's weighted draws
    error        (low, median, high) predicted error, an interval of 90%
    bound        [currency] proven lower bound on the cost of any legal plan, contingency included;
                 None where nothing was proven
    binding      limits that would have to give for a cheaper or better plan, in plain words
    used_in_hand source -> examples used of those in hand, for every source that has some; the rest
                 is left out because it would not help
    """

    target: Target
    steps: tuple[Step, ...]
    reaches: bool
    probability: float
    error: tuple[float, float, float]
    bound: float | None
    binding: tuple[str, ...]
    used_in_hand: dict[str, float] = field(default_factory=dict)

    @property
    def cost(self) -> float:
        """Total cost [currency], contingency included."""
        return sum(step.total for step in self.steps)

    @property
    def weeks(self) -> float:
        """Weeks until the last delivery, sources running side by side."""
        return max((step.weeks for step in self.steps), default=0.0)

    @property
    def amounts(self) -> dict[str, float]:
        """Examples bought of each source in the plan [example]."""
        return {step.source.name: step.quantity for step in self.steps}

    def totals(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Examples trained on of each named source (names,): bought and used of those in hand."""
        bought = self.amounts
        return np.array([bought.get(n, 0.0) + self.used_in_hand.get(n, 0.0) for n in names])

    @property
    def gap(self) -> float | None:
        """Proven relative distance to the cheapest plan, 0 if proven optimal; None if unproven."""
        if self.bound is None:
            return None
        return max(0.0, 1 - self.bound / self.cost) if self.cost > 0 else 0.0


@dataclass(frozen=True)
class Round:
    """One round of a path: buy, train, measure, decide.

    A round after the first is what is bought where the measurement before it is `buy_at`; cost,
    effective and error are of that case. The probabilities are of all cases.

    purchases    source -> examples bought in this round, a legal order by itself or 0
    cost         [currency] of this round, contingency included; fees fall due in the first round,
                 volume tiers run on from round to round
    effective    [effective example] median, cumulated
    error        (low, median, high) predicted after this round, an interval of 90%
    reached      P(target met after this round)
    needed       P(this round is bought: the target seemed not met before, and in reach)
    end_week     [week] when its data has arrived and, before a further round, been measured
    decision     what the measurement decides
    order_week, arrival_week   [week] of the order and of its last delivery
    done_below   measured error at or below which no more is bought; None if none is so low
    buy_at       measured error at which the next round is as listed; None in the last round
    stop_above   measured error above which the project is given up; None if it never is
    stopped      P(given up after this round)
    lost         [currency] spent by then where that happens, expected; None if it never does
    """

    number: int
    purchases: dict[str, float]
    cost: float
    cumulative_cost: float
    effective: float
    error: tuple[float, float, float]
    reached: float
    needed: float
    end_week: float
    decision: str
    order_week: float = 0.0
    arrival_week: float = 0.0
    done_below: float | None = None
    buy_at: float | None = None
    stop_above: float | None = None
    stopped: float = 0.0
    lost: float | None = None


@dataclass(frozen=True)
class Path:
    """The rounds, and what they are expected to cost against buying all at once.

    probability       P(target met in the end), no less than that of the plan
    stopped, lost     P(given up), and [currency] spent where that happens, expected; None if never
    measure_weeks     [week] from a delivery to the next order
    price_of_missing  [currency] that the rule is the cheapest for: it goes on while what it buys
                      costs less than this times the chance it adds; None if all is bought at once
    """

    rounds: tuple[Round, ...]
    expected_cost: float
    one_shot_cost: float
    probability: float = 0.0
    stopped: float = 0.0
    lost: float | None = None
    measure_weeks: float = 0.0
    price_of_missing: float | None = None


@dataclass(frozen=True)
class Finding:
    """One line of a diagnosis: a question, the answer, how sure, and the evidence in numbers."""

    question: str
    answer: str
    probability: float | None
    evidence: str
    advice: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """Stage, pattern and verdict, each with its probabilities and evidence."""

    stage: Finding
    pattern: Finding
    verdict: Finding
    checks: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, verdict first."""
        return (self.verdict, self.stage, self.pattern, *self.checks)
