"""What a source is: frozen values for cost, limits, quality and provenance, and their arithmetic.

Units used throughout: money in the project's currency, amounts in usable examples [example] of the
source itself, time in weeks [week], quality in effective examples per example
[effective example/example].
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

Provenance = Literal["measured", "quoted", "catalogue", "published", "assumed"]
PROVENANCES: tuple[str, ...] = get_args(Provenance)
Role = Literal["labels", "text"]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input: where, what was found, what is allowed, what to do next."""

    key: str
    value: Any
    problem: str
    advice: str = ""

    def __str__(self) -> str:
        shown = repr(self.value)
        if len(shown) > 160:  # the end of a path says more than its start
            shown = f"{shown[:60]}...{shown[-97:]}"
        found = "" if self.value is None else f" = {shown}"
        advice = f"; {self.advice}" if self.advice else ""
        return _printable(f"{self.key}{found}: {self.problem}{advice}")


def _printable(text: str) -> str:
    """The text with what would steer a terminal written as its escape."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


class SourceError(ValueError):
    """A source cannot be built from its settings; carries every fault found, not just the first."""

    def __init__(self, faults: tuple[Fault, ...] | list[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True)
class Assumption:
    """One number with its unit, range, provenance and date.

    `value` None means unknown: `note` then says why and how to find it. `low` and `high` span about
    90% of what is plausible; equal to `value` where the number is exact. `reference` names the
    page, paper, offer or measurement; `date` is an ISO date, month or year.
    """

    name: str
    value: float | None
    unit: str
    provenance: Provenance
    reference: str
    date: str
    low: float | None = None
    high: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.provenance not in PROVENANCES:
            raise ValueError(
                f"{self.name}: provenance {self.provenance!r} is none of {PROVENANCES}"
            )
        if self.value is None and not self.note:
            raise ValueError(f"{self.name}: an unknown value needs a note")
        ends = (self.low, self.value, self.high)
        known = [end for end in ends if end is not None]
        if any(math.isnan(end) for end in known) or known != sorted(known):
            raise ValueError(f"{self.name}: low <= value <= high does not hold for {ends}")


@dataclass(frozen=True)
class Tier:
    """From example number `start` on (counted from 0), each further one costs `unit_price`."""

    start: float
    unit_price: float


@dataclass(frozen=True)
class CostLine:
    """One line item of a source's cost.

    cost(q) = 0 if q = 0, else fixed + integral of the marginal unit price from 0 to q.

    fixed         [currency], paid once when anything is bought
    unit_price    [currency/example], for examples below the first tier
    tiers         graduated prices: each applies to the examples from its start on
    low, high     factors on the cost of this line that span its plausible range, low <= 1 <= high
    """

    item: str
    fixed: float = 0.0
    unit_price: float = 0.0
    tiers: tuple[Tier, ...] = ()
    low: float = 1.0
    high: float = 1.0
    provenance: Provenance = "assumed"
    reference: str = ""

    def __post_init__(self) -> None:
        prices = [self.fixed, self.unit_price, *(tier.unit_price for tier in self.tiers)]
        if not all(math.isfinite(price) and price >= 0 for price in prices):
            raise ValueError(f"{self.item}: prices must be finite and not negative, got {prices}")
        starts = [tier.start for tier in self.tiers]
        if starts != sorted(set(starts)) or any(start <= 0 for start in starts):
            raise ValueError(f"{self.item}: tier starts must be positive and rising, got {starts}")
        if not 0 <= self.low <= 1 <= self.high < math.inf:
            raise ValueError(
                f"{self.item}: low <= 1 <= high does not hold: {self.low}, {self.high}"
            )

    def variable(self, quantity: ArrayLike) -> FloatArray:
        """Cost without the fixed part [currency] of `quantity` examples, elementwise."""
        amount = np.asarray(quantity, dtype=float)
        total = amount * self.unit_price
        before = self.unit_price
        for tier in self.tiers:
            total = total + np.maximum(amount - tier.start, 0.0) * (tier.unit_price - before)
            before = tier.unit_price
        return total

    def cost(self, quantity: ArrayLike) -> FloatArray:
        """Cost [currency] of `quantity` examples, elementwise; nothing bought costs nothing."""
        amount = np.asarray(quantity, dtype=float)
        return np.where(amount > 0, self.fixed + self.variable(amount), 0.0)


@dataclass(frozen=True)
class Limits:
    """How much, how fast, in which portions.

    max_examples  [example] most there is to have; inf only where truly unlimited
    per_week      [example/week] throughput once under way
    lead_weeks    [week] before the first example arrives; all of it then if per_week is inf
    ramp_weeks    [week] of work over which throughput grows evenly from none to per_week
    closed        [week] spans (from, to), counted from the start, in which no work is done
    min_order     [example] smallest purchase other than none
    batch         [example] purchases are multiples of this
    cap_reason, speed_reason   what sets the two limits, in a few words, for "what binds"
    speed_range, lead_range    factors on per_week and lead_weeks that span their plausible ranges
    """

    max_examples: float = math.inf
    per_week: float = math.inf
    lead_weeks: float = 0.0
    min_order: int = 1
    batch: int = 1
    cap_reason: str = "max scale"
    speed_reason: str = "throughput"
    ramp_weeks: float = 0.0
    closed: tuple[tuple[float, float], ...] = ()
    speed_range: tuple[float, float] = (1.0, 1.0)
    lead_range: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        if self.min_order < 1 or self.batch < 1:
            raise ValueError("min_order and batch are at least 1")
        for name in ("max_examples", "per_week", "lead_weeks", "ramp_weeks"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is negative or not a number")
        for name in ("lead_weeks", "ramp_weeks"):
            if math.isinf(getattr(self, name)):
                raise ValueError(f"{name} must be finite")
        for name in ("speed_range", "lead_range"):
            low, high = getattr(self, name)
            if not 0 <= low <= 1 <= high < math.inf:
                raise ValueError(f"{name}: 0 <= low <= 1 <= high does not hold: {low}, {high}")
        ends = [end for span in self.closed for end in span]
        if ends != sorted(set(ends)) or not all(math.isfinite(end) for end in ends):
            raise ValueError(f"closed spans must be finite, rising and apart, got {self.closed}")

    @property
    def smallest(self) -> int:
        """Smallest legal purchase but none [example]: min_order rounded up to whole batches."""
        return math.ceil(self.min_order / self.batch) * self.batch

    def _flow(self, weeks: float) -> float:
        """Examples that can have been delivered by `weeks` [example]; without a limit on the speed
        all of them arrive when the lead time ends."""
        if weeks < self.lead_weeks or self.per_week == 0:
            return 0.0
        if math.isinf(self.per_week):
            return math.inf if weeks >= self.weeks(1) else 0.0
        shut = sum(
            max(0.0, min(end, weeks) - max(begin, self.lead_weeks)) for begin, end in self.closed
        )
        worked = weeks - self.lead_weeks - shut
        if worked < self.ramp_weeks:
            return self.per_week * worked**2 / (2 * self.ramp_weeks)
        return self.per_week * (worked - self.ramp_weeks / 2)

    def available(self, weeks: float = math.inf) -> float:
        """Largest legal purchase [example] delivered within `weeks`, that week included; 0 if none
        is; inf if unbounded."""
        most = min(self.max_examples, self._flow(weeks))
        if math.isinf(most):
            return math.inf
        whole = math.floor(most / self.batch * (1 + 1e-12)) * self.batch
        return float(whole) if whole >= self.smallest else 0.0

    def weeks(self, quantity: float, start: float = 0.0) -> float:
        """Weeks from an order at week `start` to the last delivery of `quantity` examples; inf if
        it never arrives."""
        if quantity <= 0:
            return 0.0
        if self.per_week == 0:
            return math.inf
        full = quantity / self.per_week  # weeks of work at full speed
        ramping = full < self.ramp_weeks / 2
        work = math.sqrt(2 * self.ramp_weeks * full) if ramping else full + self.ramp_weeks / 2
        at = start + self.lead_weeks
        for begin, end in self.closed:
            if at + work <= begin:
                break
            if end > at:  # the work before it is done, the rest waits for its end
                work -= max(0.0, begin - at)
                at = end
        return at + work - start

    def limit_name(self, weeks: float = math.inf) -> str:
        """Name of the limit that sets `available(weeks)`."""
        flow = self._flow(weeks)
        if flow == 0 and self.per_week and self.max_examples:
            return "lead time"
        if 0 < min(flow, self.max_examples) < self.smallest:
            return "smallest order"
        slow = flow < self.max_examples
        return f"{self.speed_reason} x weeks" if slow else self.cap_reason


@dataclass(frozen=True)
class Quality:
    """What is believed of a source's worth before pilots speak [effective example/example].

    `low` to `high` spans about 90%. `biased` means that its labels or its domain differ from the
    task's in a systematic way, so that it has a floor of its own (laws.py).
    """

    base: float = 1.0
    low: float = 0.3
    high: float = 1.5
    biased: bool = True
    provenance: Provenance = "assumed"
    reference: str = "default range of a source that no pilot has tried"

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.base <= self.high < math.inf:
            raise ValueError(
                f"0 < low <= base <= high does not hold: {self.low}, {self.base}, {self.high}"
            )


@dataclass(frozen=True)
class Source:
    """One place where training data can come from; quantities count usable examples.

    Costs are per usable example: waste (rejects, refusals, duplicates) is already in the unit
    prices. `minimum` [currency] of work, the part of the cost that grows with quantity, is paid at
    least, once anything is bought. `role` "labels" adds effective examples; "text" is unlabelled
    text that may make labels go further. `in_hand` [example] is owned already and costs nothing; a
    plan may leave it out where it would not help. `training` is what training on each example that
    is bought costs besides, which is no work of the source's and counts for no minimum.

    What a plan must obey besides: of all labelled examples trained on, data in hand included, a
    share [1] from `min_share` to `max_share` is of this source; where it is bought, none of
    `excludes` is, and each of `needs` is bought or in hand. Variants of one source, of which one is
    bought at most, have its name as `family`: a share is then of all of them together, and what
    needs that source needs one of them.
    """

    name: str
    kind: str
    lines: tuple[CostLine, ...]
    limits: Limits = field(default_factory=Limits)
    quality: Quality = field(default_factory=Quality)
    role: Role = "labels"
    unit: str = "example"
    in_hand: float = 0.0
    minimum: float = 0.0
    min_share: float = 0.0
    max_share: float = 1.0
    excludes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    warnings: tuple[str, ...] = ()
    note: str = ""
    training: CostLine | None = None
    family: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a source needs a name")
        if not 0 <= self.min_share <= self.max_share <= 1:
            raise ValueError(f"{self.name}: 0 <= min_share <= max_share <= 1 does not hold")
        for name in ("in_hand", "minimum"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{self.name}: {name} must be finite and not negative")

    def cost(self, quantity: ArrayLike) -> FloatArray:
        """Cost [currency] of buying `quantity` examples, elementwise, without contingency."""
        amount = np.asarray(quantity, dtype=float)
        paid = sum((line.cost(amount) for line in self.every_line), np.zeros_like(amount))
        return paid + self.top_up(amount)

    @property
    def every_line(self) -> tuple[CostLine, ...]:
        """The cost lines, that of training included."""
        return self.lines if self.training is None else (*self.lines, self.training)

    def work(self, quantity: ArrayLike) -> FloatArray:
        """Part of the cost [currency] that grows with quantity, elementwise."""
        amount = np.asarray(quantity, dtype=float)
        return sum((line.variable(amount) for line in self.every_line), np.zeros_like(amount))

    def _own_work(self, quantity: ArrayLike) -> FloatArray:
        """The work that counts for the minimum [currency], elementwise."""
        amount = np.asarray(quantity, dtype=float)
        return sum((line.variable(amount) for line in self.lines), np.zeros_like(amount))

    def top_up(self, quantity: ArrayLike) -> FloatArray:
        """What is paid beside the work [currency] because of a minimum, elementwise."""
        amount = np.asarray(quantity, dtype=float)
        if not self.minimum:
            return np.zeros_like(amount)
        return np.where(amount > 0, np.maximum(self.minimum - self._own_work(amount), 0.0), 0.0)

    def covered(self) -> float:
        """Examples [example] that the minimum pays for; inf where work never costs as much."""
        low, high = 0.0, 1.0
        while self._own_work(high) < self.minimum:
            low, high = high, 2 * high
            if high > 1e18:
                return math.inf
        for _ in range(100):
            middle = (low + high) / 2
            short = self._own_work(middle) < self.minimum
            low, high = (middle, high) if short else (low, middle)
        return high

    def fees(self) -> float:
        """Fixed part of the cost [currency], paid once when anything is bought."""
        return sum(line.fixed for line in self.lines)

    def cost_range(self, quantity: float) -> tuple[float, float]:
        """Low and high cost [currency] of `quantity` examples, every line at its own end."""
        if quantity <= 0:
            return 0.0, 0.0
        ends = []
        for end in ("low", "high"):
            fixed = sum(line.fixed * getattr(line, end) for line in self.lines)
            parts = (float(line.variable(quantity)) * getattr(line, end) for line in self.lines)
            cost = fixed + max(self.minimum, sum(parts))
            if self.training is not None:
                cost += float(self.training.variable(quantity)) * getattr(self.training, end)
            ends.append(cost)
        return ends[0], ends[1]

    def unit_cost(self, quantity: float) -> float:
        """Average variable cost [currency/example] at `quantity` examples (first price if 0)."""
        at = quantity if quantity > 0 else 1e-9
        return float(self.work(at)) / at

    def weakest_provenance(self) -> Provenance:
        """The least trustworthy provenance among the cost lines."""
        found = {
            line.provenance
            for line in self.every_line
            if line.fixed or line.unit_price or line.tiers
        }
        return max(found or {"assumed"}, key=PROVENANCES.index)  # type: ignore[return-value]


@dataclass(frozen=True)
class Context:
    """What a kind may know of the project it is built for.

    usd_rate  [currency/USD] factor from US dollars to the project's currency: 1 for USD; None where
              the project gives none, and then no default in dollars may be used.
    folder    relative paths in the settings start here
    classes   number of classes of the task, where it is a classification (turns noise into quality)
    """

    currency: str = "USD"
    usd_rate: float | None = 1.0
    date: datetime.date = field(default_factory=datetime.date.today)
    weeks: float | None = None
    task: Literal["supervised", "language model"] = "supervised"
    folder: Path = field(default_factory=Path)
    classes: int | None = None


Settings = Mapping[str, Any]
