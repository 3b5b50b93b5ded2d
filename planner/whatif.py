"""What other targets, confidences, weeks and budgets would take: plans that were computed, never
interpolated.

A grid of positions, each with the plan that the library makes for it. To keep that cheap, a
position is answered from a plan for looser limits only where this is the answer:

1. The cheapest plan of looser limits that keeps tighter ones as surely as wanted is the cheapest
   there too: every plan for the tighter limits is one for the looser.
2. Where the cheapest plan without a budget costs more than NEAR times a budget at base prices, that
   budget has no plan.

All others are searched for, by `study.frontier_plans` with these very limits, and those at the
project's own confidence, weeks and budget are the frontier of the study.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from planner.modelled import whole_study
from planner.optimise import frontier
from planner.plan import Plan, Target
from planner.purchases import cents, plan_cost, price_range
from planner.risk import risk_of
from planner.secure import secured_points
from planner.study import CONFIDENCES, Study
from planner.table import whole

NEAR = 1.1  # times a budget that a plan may cost for a cheaper one to be looked for
EDGE = 1e-9
# sources up to which a grid is so large: targets, confidences, weeks, budgets
SIZES = ((4, (7, 3, 3, 3)), (12, (5, 2, 2, 2)), (math.inf, (5, 1, 2, 2)))
NICE = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)  # of a budget that is offered

# what keeps a position out of reach
WEEKS, BUDGET, BOTH, SUPPLY, FLOOR, LIMITS = (
    "weeks",
    "budget",
    "budget and weeks",
    "supply",
    "floor",
    "limits",
)


@dataclass(frozen=True)
class Position:
    """One position of the sliders and its plan, None where none was found.

    target      [metric] error to reach
    confidence  wanted of target, budget and weeks together [1]
    weeks       [week] there are, inf if not limited
    budget      [currency] there is, inf if not limited
    plan        with what a candidate model costs beside the purchases as an item
    model       the candidate model it is for; None where there are none
    binds       what keeps it out of reach: weeks, budget, both, supply (what the sources can
                deliver), floor (more data of this sort does not do), limits (not told apart)
    """

    target: float
    confidence: float
    weeks: float
    budget: float
    plan: Plan | None
    model: str | None = None
    binds: str | None = None

    @property
    def cost(self) -> tuple[float, float, float] | None:
        """Low, base and high total [currency] as the tables have them; None if out of reach."""
        if self.plan is None:
            return None
        low, high = (cents(price_range(step)[at] for step in self.plan.steps) for at in (0, 1))
        return low, plan_cost(self.plan), high

    @property
    def purchases(self) -> dict[str, int]:
        """Examples bought by source [example]; empty if out of reach."""
        steps = self.plan.steps if self.plan else ()
        return {step.source.name: whole(step.quantity) or 0 for step in steps}

    @property
    def met(self) -> float | None:
        """P(target, budget and weeks are all kept) [1]; None if out of reach."""
        return None if self.plan is None else risk_of(self.plan).met


@dataclass(frozen=True)
class WhatIf:
    """Positions for every combination of `targets` (falling), `confidences` (rising), `weeks` and
    `budgets` (rising, inf last); `own` is the project's."""

    targets: tuple[float, ...]
    confidences: tuple[float, ...]
    weeks: tuple[float, ...]
    budgets: tuple[float, ...]
    positions: tuple[Position, ...]
    own: tuple[int, int, int, int]

    def at(self, target: int, confidence: int, weeks: int, budget: int) -> Position:
        """The position at these places of the four lists."""
        sizes = (len(self.confidences), len(self.weeks), len(self.budgets))
        place = target
        for at, size in zip((confidence, weeks, budget), sizes, strict=True):
            place = place * size + at
        return self.positions[place]


Key = tuple[float, float, float, float]  # target, confidence, weeks, budget


def what_if(study: Study) -> WhatIf:
    """The grid about a study's own target. With candidate models, whose answers a study does not
    hold, at the project's own confidence, weeks and budget alone."""
    aim = study.inputs.target
    sizes = next(sizes for most, sizes in SIZES if len(study.inputs.sources) <= most)
    targets = _targets(study, sizes[0])
    if study.models:
        confidences, weeks, budgets = [aim.confidence], [aim.weeks], [aim.budget]
    else:
        confidences = _confidences(aim.confidence, sizes[1])
        weeks = _weeks(study, sizes[2])
        budgets = _budgets(study, sizes[3])
    found = _own(study)
    if not study.models:
        for confidence in confidences:
            found = {**_of_confidence(study, targets, confidence, (weeks, budgets)), **found}
    positions = tuple(
        _position(study, found, (t, c, w, b))
        for t in targets
        for c in confidences
        for w in weeks
        for b in budgets
    )
    own = (
        targets.index(aim.error),
        confidences.index(aim.confidence),
        weeks.index(aim.weeks),
        budgets.index(aim.budget),
    )
    return WhatIf(tuple(targets), tuple(confidences), tuple(weeks), tuple(budgets), positions, own)


def _own(study: Study) -> dict[Key, tuple[Plan | None, str | None]]:
    """The frontier of the study, as its tables have it."""
    aim = study.inputs.target
    return {
        (point.target, aim.confidence, aim.weeks, aim.budget): (
            point.plan,
            point.of.model if point.of else None,
        )
        for point in whole_study(study).frontier
    }


def _of_confidence(
    study: Study,
    targets: Sequence[float],
    confidence: float,
    limits: tuple[Sequence[float], Sequence[float]],
) -> dict[Key, tuple[Plan | None, None]]:
    """Plans for every target within every limit of weeks and budget, at one confidence."""
    inputs, law, money = study.inputs, study.law, study.inputs.contingency
    free = replace(inputs.target, confidence=confidence, weeks=math.inf, budget=math.inf)
    cheapest = frontier(inputs.sources, law, free, targets, contingency=money)
    found: dict[Key, tuple[Plan | None, None]] = {}
    for weeks in reversed(limits[0]):  # the loosest first
        aim = replace(free, weeks=weeks)
        base = _at_base(study, cheapest, aim, targets)
        kept: list[Plan | None] | None = None
        for budget in reversed(limits[1]):
            within = replace(aim, budget=budget)
            kept = _kept(study, base, kept, within, targets)
            for target, plan in zip(targets, kept, strict=True):
                found[target, confidence, weeks, budget] = (plan, None)
    return found


def _at_base(
    study: Study, plans: Sequence[Plan | None], aim: Target, targets: Sequence[float]
) -> list[Plan | None]:
    """The cheapest plans at base prices and speeds within `aim`, given those for looser limits."""
    found = [_for(plan, aim) for plan in plans]
    asked = [
        error
        for error, plan in zip(targets, found, strict=True)
        if plan is not None and not _allowed(plan) and plan.cost <= NEAR * aim.budget
    ]
    money = study.inputs.contingency
    again = (
        frontier(study.inputs.sources, study.law, aim, asked, contingency=money) if asked else ()
    )
    searched = dict(zip(asked, again, strict=True))
    return [
        searched[error] if error in searched else plan if plan and _allowed(plan) else None
        for error, plan in zip(targets, found, strict=True)
    ]


def _kept(
    study: Study,
    base: Sequence[Plan | None],
    looser: Sequence[Plan | None] | None,
    aim: Target,
    targets: Sequence[float],
) -> list[Plan | None]:
    """The plans that keep `aim` as surely as wanted: those of a looser budget where they do, else
    what is found from the cheapest at base prices and speeds."""
    found = [_for(plan, aim) for plan in looser or [None] * len(targets)]
    known = {
        error: plan
        for error, plan in zip(targets, found, strict=True)
        if looser is not None and (plan is None or _keeps(plan))
    }
    asked = [error for error in targets if error not in known]
    if asked:
        start = dict(zip(targets, base, strict=True))
        starts = _at_base(study, [start[error] for error in asked], aim, asked)
        again = secured_points(
            study.inputs.sources,
            study.law,
            aim,
            starts,
            asked,
            study.plan,
            contingency=study.inputs.contingency,
        )
        known |= {e: _for(plan, aim) for e, plan in zip(asked, again, strict=True)}
    return [known[error] for error in targets]


def _for(plan: Plan | None, aim: Target) -> Plan | None:
    """The plan held against these limits, its own error kept."""
    return None if plan is None else replace(plan, target=replace(aim, error=plan.target.error))


def _allowed(plan: Plan) -> bool:
    """Whether budget and weeks are kept at base prices and speeds."""
    aim = plan.target
    return plan.cost <= aim.budget * (1 + EDGE) and plan.weeks <= aim.weeks * (1 + EDGE)


def _keeps(plan: Plan) -> bool:
    """Whether target, budget and weeks are kept together at the wanted confidence."""
    return _allowed(plan) and risk_of(plan).met >= plan.target.confidence - EDGE


def _position(study: Study, found: dict[Key, tuple[Plan | None, str | None]], key: Key) -> Position:
    target, confidence, weeks, budget = key
    plan, model = found[key]
    binds = None if plan else _binds(study, found, key)
    return Position(target, confidence, weeks, budget, plan, model, binds)


def _binds(study: Study, found: dict[Key, tuple[Plan | None, str | None]], key: Key) -> str:
    """What keeps a position out of reach: a limit without which there is a plan, else what the
    sources supply, or the law itself."""
    if study.models:
        return LIMITS
    target, confidence, weeks, budget = key
    for name, w, b in ((WEEKS, math.inf, budget), (BUDGET, weeks, math.inf)):
        if found[target, confidence, w, b][0] is not None:
            return name
    if found[target, confidence, math.inf, math.inf][0] is not None:
        return BOTH
    reach = study.law.required(target, confidence)
    return SUPPLY if math.isfinite(reach) else FLOOR


def _targets(study: Study, most: int) -> list[float]:
    """Targets of the frontier, the project's own among them, spread evenly, the easiest first."""
    every, own = [point.target for point in study.frontier], study.inputs.target.error
    at = every.index(own)
    picked = {round(i * (len(every) - 1) / (most - 1)) for i in range(most)} | {at}
    if len(picked) > most:
        inner = picked - {at, 0, len(every) - 1}
        picked.discard(min(inner, key=lambda i: (abs(i - at), i)))
    return [every[i] for i in sorted(picked)]


def _confidences(own: float, count: int) -> list[float]:
    """The project's own and its neighbours among those that the library compares, rising."""
    others = [each for each in CONFIDENCES if not math.isclose(each, own)]
    lower = [each for each in others if each < own]
    higher = [each for each in others if each > own]
    below = min(len(lower), (count - 1) // 2 + max(0, count // 2 - len(higher)))
    return sorted([own, *lower[len(lower) - below :], *higher[: count - 1 - below]])


def _weeks(study: Study, count: int) -> list[float]:
    """The project's own, none, and whole weeks about those of the plan, rising."""
    own, needed = study.inputs.target.weeks, max(study.plan.weeks, 0.5)
    offered = [math.ceil(needed), math.ceil(1.5 * needed), math.ceil(2 * needed)]
    return _stops(own, [float(each) for each in offered if each < 0.95 * own], count)


def _budgets(study: Study, count: int) -> list[float]:
    """The project's own, none, and round sums about the cost of the plan, rising."""
    own, cost = study.inputs.target.budget, plan_cost(study.plan)
    if cost <= 0:
        return _stops(own, [], count)
    offered = [_nice(cost * factor) for factor in (1.5, 0.6, 3.0)]
    return _stops(own, [each for each in offered if each < 0.95 * own], count)


def _stops(own: float, offered: Sequence[float], count: int) -> list[float]:
    stops = {own, math.inf}
    for each in offered:
        if len(stops) < count:
            stops.add(each)
    return sorted(stops)


def _nice(value: float) -> float:
    """The nearest sum with a round first figure."""
    scale = 10.0 ** math.floor(math.log10(value))
    return min((n * scale for n in NICE), key=lambda n: (abs(math.log(n / value)), n))
