"""Legal ways to supply each source, for plans over groups: bought, used of data in hand, cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.errors import Fault, InputError
from planner.group_law import GroupLaw
from planner.laws import Array
from planner.plan import Target
from planner.rules import Rules, rules_of
from planner.targets import Targets
from sources.base import Source

LISTED = 160  # legal purchases of a source up to which all are listed
GRID = 40  # else so many points, in geometric steps
FINE = 24  # points between the neighbours of a choice
PARTS = 8  # of the data in hand, where leaving some out may help
ENDLESS = 1e4  # times the largest pilot: the end of the search where a source has none


@dataclass(frozen=True)
class Ways:
    """Ways to supply one source (ways,): total rises; cost [currency] with contingency."""

    bought: Array
    total: Array
    cost: Array

    def __len__(self) -> int:
        return len(self.total)


@dataclass(frozen=True)
class Stall:
    """What is on offer: sources in the order of the law's columns, their rules and limits.

    factor 1 + contingency; most (sources,) [example] largest legal purchases; optional (sources,)
    whether data in hand may be left out.
    """

    law: GroupLaw
    sources: tuple[Source, ...]
    targets: Targets
    factor: float
    rules: Rules
    most: Array
    optional: np.ndarray

    @property
    def target(self) -> Target:
        """Confidence and limits."""
        return self.targets.target

    @property
    def steady(self) -> bool:
        """Whether more data is never worse."""
        return self.targets.gap is None and not self.law.mix.excess.any()

    def ways(self, k: int, quantities: Array) -> Ways:
        """Ways of source number k: legal purchases (quantities,) that start with none."""
        source = self.sources[k]
        bought, total = quantities, quantities + source.in_hand
        if self.optional[k] and source.in_hand:
            parts = np.floor(np.linspace(0.0, source.in_hand, PARTS + 1)[:-1])
            total = np.concatenate([parts, total])
            bought = np.concatenate([np.zeros(len(parts)), bought])
        cost = np.asarray(source.cost(bought)) * self.factor
        keep = cost <= self.target.budget * (1 + 1e-12)
        total, at = np.unique(total[keep], return_index=True)
        return Ways(bought[keep][at], total, cost[keep][at])

    def coarse(self) -> list[Ways]:
        """All legal ways of each source, or a grid of them."""
        found = []
        for k, source in enumerate(self.sources):
            found.append(self.ways(k, _grid(source, float(self.most[k]), LISTED, GRID)))
        return found

    def whole(self, ways: Sequence[Ways]) -> bool:
        """Whether lists hold every legal purchase (the use of data in hand aside)."""
        return all(
            len(np.unique(each.bought)) >= _count(source, float(each.bought.max()))
            for source, each in zip(self.sources, ways, strict=True)
        )

    def finer(self, lists: Sequence[Ways], choice: Sequence[int], wide: float = 0.0) -> list[Ways]:
        """Lists around a choice: what lies between its neighbours, or within a factor `wide`."""
        found = []
        for k, (ways, at) in enumerate(zip(lists, choice, strict=True)):
            here = float(ways.bought[at])
            if wide:
                low, high = here / wide, here * wide
            else:
                low = float(ways.bought[max(at - 1, 0)])
                high = float(ways.bought[min(at + 1, len(ways) - 1)])
            high = min(high, float(self.most[k]))
            between = _between(self.sources[k], low, high, FINE)
            chosen = np.unique(np.concatenate([[0.0, here], between]))
            found.append(self.ways(k, chosen))
        return found


def stall_of(
    sources: Sequence[Source], law: GroupLaw, targets: Targets, contingency: float
) -> Stall:
    """What these sources offer under a law. Raises InputError for a source the law lacks."""
    named = {source.name: source for source in sources}
    faults = [
        Fault("sources", name, "is no column of the law")
        for name in named
        if name not in law.sources
    ]
    faults += [
        Fault("sources", s.name, "is unlabelled text, which has no groups here")
        for s in sources
        if s.role != "labels"
    ]
    if unknown := sorted(set(targets.groups) - set(law.groups)):
        known = ", ".join(law.groups)
        faults += [
            Fault("targets", n, "is no group of the law", f"known: {known}") for n in unknown
        ]
    if faults:
        raise InputError("group plan", faults)
    if targets.overall is not None:
        law.overall(np.zeros((1, len(law.groups))))  # raises where shares are not known
    target = targets.target
    law = _columns(law, [n for n in law.sources if n in named])
    ordered = tuple(named[name] for name in law.sources)
    rules = rules_of(ordered, law.sources)
    free = targets.gap is not None or bool(len(rules.shares))
    biased = (law.mix.excess != 0).sum(axis=0) > 0
    return Stall(
        law=law,
        sources=ordered,
        targets=targets,
        factor=1 + contingency,
        rules=rules,
        most=np.array([_most(s, law, target) for s in ordered]),
        optional=np.array([free or bool(b) for b in biased]),
    )


def _columns(law: GroupLaw, names: list[str]) -> GroupLaw:
    """The law over some of its sources only."""
    if list(law.sources) == names:
        return law
    at = [law.sources.index(name) for name in names]
    mix = replace(
        law.mix,
        quality=law.mix.quality[:, at],
        saturation=law.mix.saturation[:, at],
        excess=law.mix.excess[:, at],
        speed=law.mix.speed[:, at],
        scale=law.mix.scale[at],
    )
    return replace(law, sources=tuple(names), splits=law.splits[at], mix=mix)


def _most(source: Source, law: GroupLaw, target: Target) -> float:
    most = source.limits.available(target.weeks)
    if math.isinf(most):
        batch = source.limits.batch
        most = max(source.limits.smallest, ENDLESS * max(law.all, 1.0) // batch * batch)
    return most


def _count(source: Source, most: float) -> int:
    """Legal purchases up to `most`, none included."""
    limits = source.limits
    if most < limits.smallest:
        return 1
    return int((most - limits.smallest) // limits.batch) + 2


def _grid(source: Source, most: float, listed: int, points: int) -> Array:
    limits = source.limits
    if most < limits.smallest:
        return np.zeros(1)
    if _count(source, most) <= listed:
        return np.append(0.0, np.arange(limits.smallest, most + 0.5, limits.batch, dtype=float))
    steps = np.geomspace(limits.smallest, most, points)
    legal = np.round(steps / limits.batch) * limits.batch
    return np.unique(
        np.concatenate([[0.0, limits.smallest, most], np.clip(legal, limits.smallest, most)])
    )


def _between(source: Source, low: float, high: float, points: int) -> Array:
    """Legal purchases from `low` to `high`, at most `points` of them evenly spread."""
    limits = source.limits
    first = max(math.ceil(low / limits.batch) * limits.batch, limits.smallest)
    count = int((high - first) // limits.batch) + 1
    if high < first:
        return np.zeros(0)
    steps = np.unique(np.round(np.linspace(0, count - 1, min(points, count))))
    return np.asarray(first + limits.batch * steps)
