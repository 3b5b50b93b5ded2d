"""Project with groups -> their law -> plan for all targets -> who lags, what levelling costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from planner.errors import Fault, InputError
from planner.group_fit import fit_groups
from planner.group_law import GroupLaw
from planner.group_plan import GroupPlan, cheapest_group_plan
from planner.inputs import Inputs
from planner.risk import Risk, risk_of
from planner.study import Progress, beliefs
from planner.targets import Targets

FACTORS = (0.9, 0.95, 1.0, 1.1, 1.25, 1.5)  # of all targets, hardest first, that the frontier has
MOST = 0.99  # confidence that is planned for
ALIKE = 2.0  # draws that tell as much as one independent one: they are moved from shared starts


@dataclass(frozen=True)
class Eased:
    """The cheapest plan for all targets times `factor` [1]; None where the limits allow none."""

    factor: float
    plan: GroupPlan | None


@dataclass(frozen=True)
class Levelling:
    """What it takes to bring a group that lags to the population's mean error of the plan.

    level [error]; cost [currency] beside the plan's, budget aside; None if out of reach.
    """

    level: float
    cost: float | None


@dataclass(frozen=True)
class GroupStudy:
    """Everything that follows from a project with groups, ready for tables.

    fresh      P(all targets met) on draws that the plan was not made for, and its standard error
    levelling  by group, of those that lag: whose error is above the population's mean error as
               surely as the confidence asks
    frontier   the plans for all targets made harder and easier
    """

    inputs: Inputs
    law: GroupLaw
    plan: GroupPlan
    risk: Risk
    fresh: tuple[float, float]
    levelling: Mapping[str, Levelling]
    frontier: tuple[Eased, ...]
    warnings: tuple[str, ...]


def run_groups(inputs: Inputs, progress: Progress | None = None) -> GroupStudy:
    """Fit, plan and look at groups that lag. `progress` is called with the name of each stage as it
    begins. Raises InputError where the project has no groups, or holds unlabelled text."""
    say = progress or (lambda stage: None)
    groups = inputs.groups
    if groups is None or inputs.pilots is None:
        raise InputError(str(inputs.path), [Fault("groups", None, "are not given")])
    say("fitting the law of the groups")
    law, fresh = _halves(inputs)
    say("searching the cheapest plan for all targets")
    plan = _planned(inputs, law, fresh, groups.targets)
    chance = fresh_chance(fresh, plan, groups.targets)
    say("levelling the groups that lag")
    levels = _levelling(inputs, law, plan)
    say("tracing the frontier")
    points = _frontier(inputs, law, plan)
    risk = risk_of(plan)
    return GroupStudy(
        inputs=inputs,
        law=law,
        plan=plan,
        risk=risk,
        fresh=chance,
        levelling=levels,
        frontier=points,
        warnings=_warnings(inputs, law, plan, risk),
    )


def _halves(inputs: Inputs) -> tuple[GroupLaw, GroupLaw]:
    """The law in the project's number of draws, and as many fresh ones on which to check a plan."""
    assert inputs.groups is not None and inputs.pilots is not None
    pilots = inputs.pilots.only(~inputs.pilots.overall)
    both = fit_groups(
        pilots,
        splits=inputs.groups.splits,
        shares=inputs.groups.shares,
        beliefs=beliefs(inputs),
        seed=inputs.seed,
        draws=2 * inputs.draws,
    )
    order = np.random.default_rng(inputs.seed).permutation(2 * inputs.draws)
    return both.pick(np.sort(order[: inputs.draws])), both.pick(np.sort(order[inputs.draws :]))


def _planned(inputs: Inputs, law: GroupLaw, fresh: GroupLaw, targets: Targets) -> GroupPlan:
    """The cheapest plan that keeps targets, budget and weeks at the wanted confidence; made again
    for more confidence where prices, speeds or fresh draws contradict it."""
    money = inputs.contingency
    plan = cheapest_group_plan(inputs.sources, law, targets, contingency=money)
    if not plan.reaches:
        return plan
    chance, noise = fresh_chance(fresh, plan, targets)
    risk = risk_of(plan)
    kept = risk.on_budget * risk.on_time
    short = plan.probability - chance if chance + 2 * noise < plan.probability else 0.0
    wanted = targets.confidence / max(kept, targets.confidence) + max(short, 0.0)
    if wanted <= targets.confidence + 1e-9:
        return plan
    surer = replace(targets, confidence=min(MOST, wanted))
    start = [plan.amounts]
    again = cheapest_group_plan(inputs.sources, law, surer, contingency=money, warm=start)
    if not again.reaches:
        return plan
    bound = plan.bound
    return replace(again, target=targets.target, targets=targets, bound=bound)


def fresh_chance(fresh: GroupLaw, plan: GroupPlan, targets: Targets) -> tuple[float, float]:
    """P(all targets met) on fresh draws, and the standard error of that [1]."""
    errors = fresh.errors(plan.totals(fresh.sources)[None])[:, 0]
    met = targets.level(fresh.groups, errors, fresh.shares) <= 1
    chance = float(np.round(fresh.weights @ met, 12))
    return chance, math.sqrt(chance * (1 - chance) * ALIKE * float((fresh.weights**2).sum()))


def _levelling(inputs: Inputs, law: GroupLaw, plan: GroupPlan) -> dict[str, Levelling]:
    """Cost of the cheapest plan that also holds each group that lags to the plan's mean error."""
    targets = plan.targets
    assert targets is not None
    errors = law.errors(plan.totals(law.sources)[None])[:, 0]
    mean = errors.mean(axis=1) if law.shares is None else law.overall(errors)
    level = float(np.median(mean))
    found = {}
    for each in plan.groups:
        if each.behind is None or each.behind < targets.confidence:
            continue
        own = {**targets.groups, each.of: min(level, targets.groups.get(each.of, math.inf))}
        harder = replace(targets, groups=own, budget=math.inf)
        levelled = cheapest_group_plan(
            inputs.sources, law, harder, contingency=inputs.contingency, warm=[plan.amounts]
        )
        more = max(levelled.cost - plan.cost, 0.0) if levelled.reaches else None
        found[each.of] = Levelling(level, more)
    return found


def _frontier(inputs: Inputs, law: GroupLaw, plan: GroupPlan) -> tuple[Eased, ...]:
    """Hardest first: what meets a hard target meets an easier one, so the cost never falls."""
    assert plan.targets is not None
    warm: list[dict[str, float]] = []
    points = []
    for factor in FACTORS:
        if factor == 1.0:
            points.append(Eased(factor, plan if plan.reaches else None))
            warm = [plan.amounts] if plan.reaches else warm
            continue
        eased = plan.targets.eased(factor)
        found = cheapest_group_plan(
            inputs.sources, law, eased, contingency=inputs.contingency, warm=warm
        )
        if found.reaches:
            warm = [found.amounts]
        points.append(Eased(factor, found if found.reaches else None))
    return tuple(points)


def _warnings(inputs: Inputs, law: GroupLaw, plan: GroupPlan, risk: Risk) -> tuple[str, ...]:
    warnings = [*inputs.warnings, *law.warnings]
    for step in plan.steps:
        warnings += step.source.warnings
        if math.isinf(step.source.limits.per_week):
            name = step.source.name
            warnings.append(f"{name}: no per_week is known; it counts as there at once")
    if plan.reaches and risk.met < plan.target.confidence - 1e-9:
        warnings.append(
            f"targets, budget and weeks are all kept with probability {risk.met:.2f} only, below "
            f"the wanted {plan.target.confidence:g}"
        )
    return tuple(dict.fromkeys(warnings))
