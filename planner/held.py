"""Data in hand where training on it costs money: how much of it to use is part of the plan.

A source with data in hand is either bought from, and then what is in hand is used first, or it is
not, and then any part may be used at the price of training alone. Each case is a problem that the
optimiser solves as it is: in hand and used, or a source of its own that sells what is in hand.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from planner.fitted import FittedLaw
from planner.plan import Plan
from sources.base import Limits, Source
from sources.training import Model, trained

MOST = 3  # sources with data in hand, all of whose cases are looked at; of more, some


@dataclass(frozen=True)
class Case:
    """Sources as they are offered, and what is known of their data in hand.

    only     names of the sources that offer nothing but what is in hand
    charged  [example] in hand that is used whatever is bought
    slack    [example] of it that a plan may leave out at most, since it buys whole batches
    """

    sources: tuple[Source, ...]
    only: frozenset[str]
    charged: float
    slack: float


def held(sources: Sequence[Source], model: Model) -> list[Source]:
    """Sources of labels in hand, training on which costs money."""
    if model.training is None:
        return []
    return [each for each in sources if each.role == "labels" and each.in_hand > 0]


def cases(sources: Sequence[Source], model: Model, law: FittedLaw) -> Iterator[Case]:
    """What may be done with the data in hand: every case of few sources; of many all in use, one
    or none of them left to itself, and all left to themselves."""
    owned = [each.name for each in held(sources, model)]
    sizes = range(len(owned) + 1) if len(owned) <= MOST else (0, 1, len(owned))
    for size in sizes:
        for names in combinations(owned, size):
            yield _case(sources, model, law, frozenset(owned), frozenset(names))


def exhaustive(sources: Sequence[Source], model: Model) -> bool:
    """Whether `cases` leaves none out."""
    return len(held(sources, model)) <= MOST


def _case(
    sources: Sequence[Source],
    model: Model,
    law: FittedLaw,
    owned: frozenset[str],
    only: frozenset[str],
) -> Case:
    offered, charged, slack = [], 0.0, 0.0
    for each in sources:
        # what is in hand is there, whether it is trained on or not
        needs = tuple(name for name in each.needs if name not in owned)
        source = replace(trained(each, model), needs=needs)
        if each.name in only:
            limits = Limits(max_examples=math.floor(each.in_hand), cap_reason="data in hand")
            source = replace(
                source, lines=(), minimum=0.0, limits=limits, in_hand=0.0, excludes=(), needs=()
            )
        else:
            free = tuple(name for name in each.excludes if name not in only)
            source = replace(source, excludes=free)
            if each.name in owned:
                charged += each.in_hand
                biased = bool(law.excess(law.sources.index(each.name)).any())
                # of a biased source less may be better, whatever is bought
                slack += each.in_hand if biased else min(each.in_hand, each.limits.smallest)
        offered.append(source)
    return Case(tuple(offered), only, charged, slack)


def merged(plan: Plan, case: Case) -> Plan:
    """The plan with what it takes of sources that are only in hand as data in hand, not bought."""
    taken = {name: plan.amounts.get(name, 0.0) for name in case.only}
    steps = tuple(step for step in plan.steps if step.source.name not in case.only)
    return replace(plan, steps=steps, used_in_hand={**plan.used_in_hand, **taken})


def trimmed(plan: Plan, law: FittedLaw, model: Model, wanted: float) -> Plan:
    """The plan with as little of its data in hand as keeps P(target) at `wanted` [1]; as it is
    where shares would have to be kept too."""
    offered = [step.source for step in plan.steps]
    if model.training is None or any(s.min_share > 0 or s.max_share < 1 for s in offered):
        return plan
    error = plan.target.error
    for name in sorted(plan.used_in_hand):
        if law.is_text[law.sources.index(name)]:
            continue
        low, high = -1, math.floor(plan.used_in_hand[name])  # too few, enough

        def kept(amount: float, name: str = name, plan: Plan = plan) -> Plan:
            return replace(plan, used_in_hand={**plan.used_in_hand, name: float(amount)})

        def chance(made: Plan) -> float:
            return float(law.probability(error, made.totals(law.sources)[None]))

        if chance(kept(high)) < wanted:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if chance(kept(middle)) >= wanted else (middle, high)
        plan = kept(high)
    return replace(plan, probability=chance_of(plan, law))


def chance_of(plan: Plan, law: FittedLaw) -> float:
    """P(target met) of a plan [1]."""
    return float(law.probability(plan.target.error, plan.totals(law.sources)[None]))
