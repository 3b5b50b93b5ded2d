"""Candidate pilots: what would be trained on, what of it must be bought, and when it decides."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.choices import text_sizes
from planner.fitted import FittedLaw
from planner.inputs import Inputs
from planner.laws import Array
from planner.pilots import Pilots
from planner.plan import Path, Plan
from planner.ray import SEEDS
from planner.rules import rules_of
from sources.base import Source

TIMES = (1.0, 2.0, 4.0, 8.0)  # sizes of a candidate, against the largest pilot of its source
REPEATS = (1, 3)
FIRST_ROUND = "path round 1"


@dataclass(frozen=True)
class Pilot:
    """A candidate: train on `trained` [example] by source `repeats` times, and measure.

    orders       [example] of these by source, not owned yet; legal orders
    data         [currency] of the orders, contingency and fees included
    run_cost     [currency/run]; None if unknown
    ready        [week] in which its measurement decides
    name         sources that are trained on, or that it is the path's first round
    worth        [currency] that the chance of meeting the target after it would cost more without
                 it, expected; None where not weighed
    error        [currency] standard error of the worth
    margin       [currency] by which the worth should exceed the cost
    price        [currency] of missing at which the chance is no less than before
    probability  P(target met) after it, expected
    keeps        whether that is no less than before, or little less where the target is out of
                 reach now
    changes      P(another purchase is chosen than now)
    explained    [ratio] of the variance of the log cost of the target
    settles      P(after it the best purchase is as sure as wanted or, if it is not so now,
                 hopeless); where no purchase is sure enough now
    effective    draws that a decision rests on, median, before any tempering
    enough       draws that it should rest on
    """

    trained: Mapping[str, float]
    orders: Mapping[str, float]
    repeats: int
    data: float
    run_cost: float | None
    ready: float = 0.0
    name: str = ""
    explained: float = 0.0
    worth: float | None = None
    error: float | None = None
    margin: float = 0.0
    price: float | None = None
    probability: float | None = None
    keeps: bool = False
    changes: float | None = None
    settles: float | None = None
    effective: float | None = None
    enough: float = 0.0

    @property
    def examples(self) -> float:
        """Trained on [example]."""
        return math.fsum(self.trained.values())

    @property
    def bought(self) -> float:
        """Bought for it [example]."""
        return math.fsum(self.orders.values())

    @property
    def spent(self) -> float:
        """What is known of its cost [currency]: all of it, or without the runs."""
        return self.data + self.repeats * (self.run_cost or 0.0)

    @property
    def cost(self) -> float | None:
        """Of data and runs [currency]; None where that of a run is unknown."""
        return None if self.run_cost is None else self.spent

    @property
    def gain(self) -> float | None:
        """Worth less cost [currency]; None where either is unknown."""
        return None if self.worth is None or self.cost is None else self.worth - self.cost

    @property
    def break_even(self) -> float | None:
        """What a run may cost [currency/run] before the pilot costs more than it is worth."""
        return None if self.worth is None else (self.worth - self.data) / self.repeats

    @property
    def merit(self) -> float:
        """What candidates are ranked by: gain or, where the cost of a run is unknown, what a run
        may cost."""
        found = self.break_even if self.run_cost is None else self.gain
        return -math.inf if found is None else found

    def row(self, law: FittedLaw) -> Array:
        """Trained on (1, sources of the law) [example]."""
        return np.array([[self.trained.get(name, 0.0) for name in law.sources]])


def trials(law: FittedLaw, inputs: Inputs, plan: Plan, path: Path | None = None) -> list[Pilot]:
    """Pilots that can be bought, delivered and measured within the rules of the project and the
    budget and weeks of the plan: each labelled source alone, in multiples of its largest pilot (of
    the largest of any source where it has none) as far as there is so much; labels that have been
    tried with text beside; and the first round of a path of several.
    """
    sources, pilots, target = inputs.sources, inputs.pilots, plan.target
    # shares are of what is trained on in the end
    rules = rules_of(sources, law.sources)
    rules = replace(rules, shares=rules.shares[:0])
    named = {source.name: source for source in sources}
    found: list[Pilot] = []

    def add(
        trained: Mapping[str, float], orders: Mapping[str, float], repeats: int, name: str
    ) -> None:
        orders = {n: q for n, q in orders.items() if q > 0}
        row = np.array([[orders.get(n, 0.0) for n in law.sources]])
        delivered = max((named[n].limits.weeks(q) for n, q in orders.items()), default=0.0)
        data = sum(float(named[n].cost(q)) for n, q in orders.items()) * (1 + inputs.contingency)
        ready = delivered + inputs.measure_weeks
        pilot = Pilot(trained, orders, repeats, data, inputs.run_cost, ready, name)
        if (
            rules.allowed(row, row)[0]
            and pilot.ready <= target.weeks + 1e-9
            and pilot.spent <= target.budget
        ):
            found.append(pilot)

    tried = {source.name: _tried(pilots, source.name) for source in sources}
    for source in sources:
        if source.role != "labels":
            continue
        for size, order in _sizes(source, tried[source.name], law.anchor.size, target.weeks):
            for repeats in REPEATS:
                add({source.name: size}, {source.name: order}, repeats, source.name)
    for trained, orders, name in _beside(law, sources, tried, target.weeks):
        for repeats in REPEATS:
            add(trained, orders, repeats, name)
    if path is not None and len(path.rounds) > 1:
        first = path.rounds[0].purchases
        whole = {n: first.get(n, 0.0) + plan.used_in_hand.get(n, 0.0) for n in law.sources}
        add({n: q for n, q in whole.items() if q > 0}, first, SEEDS, FIRST_ROUND)
    return found


def _tried(pilots: Pilots | None, name: str) -> float:
    """Largest pilot of a source [example], 0 if none."""
    if pilots is None or not len(pilots) or name not in pilots.sources:
        return 0.0
    return float(pilots.amounts[:, pilots.sources.index(name)].max())


def _sizes(
    source: Source, tried: float, largest: float, weeks: float
) -> Iterator[tuple[float, float]]:
    """Sizes [example] and what must be ordered for each: what was tried counts as had already, and
    against what there is in all."""
    owned, limits = max(source.in_hand, tried), source.limits
    most = limits.available(weeks)
    if math.isfinite(limits.max_examples):
        room = max(limits.max_examples - max(tried - source.in_hand, 0.0), 0.0)
        most = min(most, math.floor(room / limits.batch) * limits.batch)
    seen = set[float]()
    for times in TIMES:
        wanted = times * (tried or largest)
        more = max(wanted - owned, 0.0)
        if more > 0:  # a legal order, as far as there is one
            more = max(math.ceil(more / limits.batch - 1e-9) * limits.batch, limits.smallest)
            more = min(more, most)
            if more < limits.smallest:
                continue
        if more not in seen:
            yield owned + more, more
        seen.add(more)


def _beside(
    law: FittedLaw, sources: Sequence[Source], tried: Mapping[str, float], weeks: float
) -> Iterator[tuple[dict[str, float], dict[str, float], str]]:
    """Text beside the labels that there are most of: trained on, ordered, name."""
    owned = {s.name: max(s.in_hand, tried[s.name]) for s in sources if s.role == "labels"}
    base = max(owned, key=lambda name: owned[name], default=None)
    if base is None or owned[base] == 0:
        return
    for source in sources:
        if source.role != "text":
            continue
        had = max(source.in_hand, tried[source.name])
        orders = text_sizes(law, source, weeks)
        for order in [*([0.0] if had > 0 else []), *orders]:
            trained = {base: owned[base], source.name: had + order}
            yield trained, {source.name: order}, f"{base} + {source.name}"
