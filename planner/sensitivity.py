"""What moves the cost of a plan: each assumption at its ends, limits lifted, prices that would
change the plan. Every figure is of a plan made anew, not of the old one at new prices."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from planner.fitted import FittedLaw
from planner.optimise import cheapest_plan
from planner.plan import Plan, Target
from planner.switching import Solve, Switch, switches
from sources.base import Assumption, Source

MOST = 12  # assumptions whose two ends are planned for anew
TAIL = 0.2  # of the draws that stand for a source that is worse, or better, than believed
MORE = 1.1  # of a limit that is eased for its shadow price
Rebuild = Callable[[str, Mapping[str, float]], Source | None]


@dataclass(frozen=True)
class Swing:
    """Cost [currency] of the plan made for a number at its low and at its high end; None where the
    target is then out of reach."""

    scope: str
    name: str
    unit: str
    low: float
    base: float
    high: float
    cost_low: float | None
    cost_high: float | None
    provenance: str

    @property
    def width(self) -> float:
        """How far the cost moves [currency]; inf where an end puts the target out of reach."""
        if self.cost_low is None or self.cost_high is None:
            return math.inf
        return abs(self.cost_high - self.cost_low)


@dataclass(frozen=True)
class Lifted:
    """A limit that the plan runs into: cost [currency] without it, and what one more of its unit
    saves [currency/unit], from a tenth more of it; None where the target is out of reach."""

    limit: str
    unit: str
    value: float
    without: float | None
    shadow_price: float | None


@dataclass(frozen=True)
class Sensitivity:
    """The widest swing first; limits that bind; prices that would change the plan."""

    swings: tuple[Swing, ...]
    limits: tuple[Lifted, ...]
    switches: tuple[Switch, ...]


def sensitivity(
    sources: Sequence[Source],
    law: FittedLaw,
    plan: Plan,
    *,
    contingency: float = 0.0,
    rebuild: Rebuild | None = None,
) -> Sensitivity:
    """Sensitivity of a plan that reaches its target.

    rebuild(source, {number: value}) makes a source anew with numbers changed, None where it cannot;
    without it only what the law believes is varied.
    """

    def solve(offered: Sequence[Source], under: FittedLaw, target: Target) -> Plan:
        return cheapest_plan(offered, under, target, contingency=contingency, prove=False)

    swings = list(_beliefs(sources, law, plan, solve))
    if rebuild is not None:
        swings += _numbers(sources, law, plan, solve, rebuild, contingency)
    return Sensitivity(
        tuple(sorted(swings, key=lambda each: (-each.width, each.scope, each.name))),
        tuple(_limits(sources, law, plan, solve)),
        tuple(switches(sources, law, plan, solve)),
    )


def _least(kept: float, made: Plan) -> float | None:
    """Cost of the plan made anew, or of the purchases as they are where these are still cheaper."""
    cost = min(kept, made.cost if made.reaches else math.inf)
    return cost if math.isfinite(cost) else None


def _kept(offered: Sequence[Source], plan: Plan, contingency: float) -> float:
    """Cost [currency] of the plan's purchases at other terms; inf where they cannot be had."""
    named, total = {source.name: source for source in offered}, 0.0
    for name, quantity in plan.amounts.items():
        if quantity > named[name].limits.available(plan.target.weeks):
            return math.inf
        total += float(named[name].cost(quantity)) * (1 + contingency)
    return total if total <= plan.target.budget * (1 + 1e-9) else math.inf


# -- assumptions ---------------------------------------------------------------------------------


def _numbers(
    sources: Sequence[Source],
    law: FittedLaw,
    plan: Plan,
    solve: Solve,
    rebuild: Rebuild,
    contingency: float,
) -> Iterator[Swing]:
    """Swings of the numbers that move the cost of the plan's own purchases most, and of what is
    not bought those that could make it cheap."""
    ranked = []
    for source in sources:
        for number in source.assumptions:
            ends = _ends(source, number, rebuild)
            if ends:
                ranked.append((_first_order(source, ends, plan), number, source, ends))
    ranked.sort(key=lambda each: (-each[0], each[2].name, each[1].name))
    for _, number, source, (low, high) in ranked[:MOST]:
        costs = []
        for changed in (low, high):
            offered = [changed if each.name == source.name else each for each in sources]
            costs.append(
                _least(_kept(offered, plan, contingency), solve(offered, law, plan.target))
            )
        yield Swing(
            source.name,
            number.name,
            number.unit,
            *_three(number),
            costs[0],
            costs[1],
            number.provenance,
        )


def _three(number: Assumption) -> tuple[float, float, float]:
    assert number.value is not None
    low, high = (number.value if end is None else end for end in (number.low, number.high))
    return low, number.value, high


def _ends(source: Source, number: Assumption, rebuild: Rebuild) -> tuple[Source, Source] | None:
    """The source with a number at its low and at its high end; None where it cannot be varied."""
    if number.value is None or number.reference.startswith("derived: "):
        return None
    low, value, high = _three(number)
    if low == high == value:
        return None
    found = [rebuild(source.name, {number.name: end}) for end in (low, high)]
    return None if found[0] is None or found[1] is None else (found[0], found[1])


def _first_order(source: Source, ends: tuple[Source, Source], plan: Plan) -> float:
    """How far the plan's own cost moves [currency]; of what is not bought, how much a thousandth of
    what the plan costs would buy more of it, as money."""
    bought = plan.amounts.get(source.name, 0.0)
    if bought:
        costs = [float(end.cost(bought)) for end in ends]
        short = [plan.cost * (bought > end.limits.available(plan.target.weeks)) for end in ends]
        return max(abs(costs[1] - costs[0]), *short)
    prices = [end.unit_cost(0) for end in ends]
    dearest = max(prices)
    return 0.0 if not dearest else 0.01 * plan.cost * (1 - min(prices) / dearest)


def _beliefs(
    sources: Sequence[Source], law: FittedLaw, plan: Plan, solve: Solve
) -> Iterator[Swing]:
    """Swings of what the law believes: the quality of each labelled source of the plan, and how
    much data the target asks for at all."""
    total = plan.totals(law.sources)
    labels = [k for k in law.labels if total[k] > 0 or law.sources[k] == law.reference]
    for k in labels:
        size = max(total[k], law.anchor.size)
        worth = law.contribution(int(k), np.array([size]))[:, 0] / size
        if np.ptp(worth) <= 1e-9 * abs(worth).max():  # the reference, if nothing bends it
            continue
        yield _belief(
            sources,
            law,
            plan,
            solve,
            (law.sources[k], "quality", "effective example/example"),
            worth,
        )
    error = law.errors(total[None])[:, 0]
    yield _belief(
        sources, law, plan, solve, ("law", "error of the plan", plan.target.metric), error
    )


def _belief(
    sources: Sequence[Source],
    law: FittedLaw,
    plan: Plan,
    solve: Solve,
    what: tuple[str, str, str],
    values: Any,
) -> Swing:
    """Plans for the fifth of the draws with the lowest, and with the highest, values."""
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(law.weights[order])
    low = np.sort(order[mass <= TAIL]) if (mass <= TAIL).any() else order[:1]
    high = np.sort(order[mass > 1 - TAIL])
    made = [solve(sources, law.pick(index), plan.target) for index in (low, high)]
    costs = [each.cost if each.reaches else None for each in made]
    middle = float(values[order[int(np.searchsorted(mass, 0.5))]])
    scope, name, unit = what
    ends = [float(law.weights[i] @ values[i] / law.weights[i].sum()) for i in (low, high)]
    return Swing(scope, name, unit, ends[0], middle, ends[1], costs[0], costs[1], "fitted")


# -- limits --------------------------------------------------------------------------------------


def _limits(
    sources: Sequence[Source], law: FittedLaw, plan: Plan, solve: Solve
) -> Iterator[Lifted]:
    for step in plan.steps:
        source, limits = step.source, step.source.limits
        most = limits.available(plan.target.weeks)
        if math.isinf(most) or step.quantity + limits.batch <= most:
            continue
        if most >= limits.max_examples - limits.batch:
            costs = [
                _least(plan.cost, solve(_capped(sources, source.name, factor), law, plan.target))
                for factor in (math.inf, MORE)
            ]
            limit = f"{source.name}: {limits.cap_reason}"
            yield _lifted(limit, "example", limits.max_examples, plan, costs)
    if math.isfinite(plan.target.weeks):
        weeks = plan.target.weeks
        costs = [
            _least(plan.cost, solve(sources, law, replace(plan.target, weeks=each)))
            for each in (math.inf, weeks * MORE)
        ]
        yield _lifted("weeks", "week", weeks, plan, costs)


def _capped(sources: Sequence[Source], name: str, factor: float) -> list[Source]:
    """The sources, with one's max scale times a factor."""

    def eased(source: Source) -> Source:
        most = source.limits.max_examples * factor
        return replace(source, limits=replace(source.limits, max_examples=most))

    return [eased(each) if each.name == name else each for each in sources]


def _lifted(
    limit: str, unit: str, value: float, plan: Plan, costs: Sequence[float | None]
) -> Lifted:
    """From the costs without the limit, and with a tenth more of it."""
    without, more = costs
    saved = None if more is None else max(0.0, plan.cost - more) / (value * (MORE - 1))
    return Lifted(limit, unit, value, without, saved)
