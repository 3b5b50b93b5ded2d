"""Project with groups -> their law -> plan for all targets -> who lags, what levelling costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from planner.errors import Fault, InputError
from planner.fitted import weighted_quantile
from planner.group_bill import GroupPlan
from planner.group_fit import fit_groups
from planner.group_law import GroupLaw
from planner.group_plan import plan_of
from planner.group_secure import Offer
from planner.group_verdict import GroupIdea, group_idea
from planner.inputs import Inputs
from planner.risk import Risk, risk_of
from planner.study import Progress, beliefs
from planner.targets import Targets

FACTORS = (0.9, 0.95, 1.0, 1.1, 1.25, 1.5)  # of all targets, hardest first, that the frontier has
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
    frontier   the plans for all targets made harder and easier, each kept with budget and weeks
    idea       the verdict on reaching all targets at once, and what each group could reach
    risk       with the probability on fresh draws
    """

    inputs: Inputs
    law: GroupLaw
    plan: GroupPlan
    risk: Risk
    fresh: tuple[float, float]
    levelling: Mapping[str, Levelling]
    frontier: tuple[Eased, ...]
    idea: GroupIdea
    warnings: tuple[str, ...]

    @property
    def kept(self) -> bool:
        """Whether targets, budget and weeks are kept together at the wanted confidence, as far as
        fresh draws can tell: within two of their standard errors."""
        met = self.risk.met + 2 * self.fresh[1]
        return self.plan.reaches and met >= self.plan.target.confidence - 1e-9


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
    offer = _offer(inputs, law, fresh, groups.targets)
    plan = offer.cheapest(groups.targets)
    say("tracing the frontier")
    plan, points = _frontier(offer, plan)
    say("levelling the groups that lag")
    levels = _levelling(offer, plan)
    chance = fresh_chance(fresh, plan, groups.targets)
    # the chance to state is that on draws that the plan was not made for
    risk = risk_of(replace(plan, probability=chance[0]))
    return GroupStudy(
        inputs=inputs,
        law=law,
        plan=plan,
        risk=risk,
        fresh=chance,
        levelling=levels,
        frontier=points,
        idea=group_idea(fresh, plan, inputs.sources, chance[1]),
        warnings=_warnings(inputs, law, plan, risk, chance[1]),
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


def _offer(inputs: Inputs, law: GroupLaw, fresh: GroupLaw, targets: Targets) -> Offer:
    """What plans are made from. The chance of a plan that counts is that of its own draws, unless
    fresh ones contradict it by more than their noise."""

    def chance(plan: GroupPlan) -> float:
        told, noise = fresh_chance(fresh, plan, plan.targets or targets)
        return plan.probability if told + 2 * noise >= plan.probability else told

    return Offer(inputs.sources, law, inputs.contingency, chance)


def fresh_chance(fresh: GroupLaw, plan: GroupPlan, targets: Targets) -> tuple[float, float]:
    """P(all targets met) on fresh draws, and the standard error of that [1]."""
    errors = fresh.errors(plan.totals(fresh.sources)[None])[:, 0]
    met = targets.level(fresh.groups, errors, fresh.shares) <= 1
    chance = float(np.round(fresh.weights @ met, 12))
    alike = ALIKE * float((fresh.weights**2).sum())
    # none or all of n draws say: hardly more than 3 / n of the others are otherwise
    return chance, math.sqrt(chance * (1 - chance) * alike) or 3 * alike


def _levelling(offer: Offer, plan: GroupPlan) -> dict[str, Levelling]:
    """Cost of the cheapest plan that also holds each group that lags to the plan's mean error."""
    targets, law = plan.targets, offer.law
    assert targets is not None
    errors = law.errors(plan.totals(law.sources)[None])[:, 0]
    mean = errors.mean(axis=1) if law.shares is None else law.overall(errors)
    level = float(weighted_quantile(mean[:, None], law.weights, 0.5)[0])
    found = {}
    for each in plan.groups:
        if each.behind is None or each.behind < targets.confidence:
            continue
        own = {**targets.groups, each.of: min(level, targets.groups.get(each.of, math.inf))}
        harder = replace(targets, groups=own, budget=math.inf)
        levelled = offer.cheapest(harder, [plan.amounts], quick=True)
        # where weeks are not kept surely enough it is still what levelling takes
        more = max(levelled.cost - plan.cost, 0.0) if levelled.reaches else None
        found[each.of] = Levelling(level, more)
    return found


def _frontier(offer: Offer, plan: GroupPlan) -> tuple[GroupPlan, tuple[Eased, ...]]:
    """The plan, and those for all targets times each of FACTORS, hardest first.

    What keeps a hard target keeps an easier one, so that the cost never falls: also the plan is
    taken from a harder point where that is cheaper.
    """
    targets = plan.targets
    assert targets is not None
    warm = [plan.amounts] if plan.reaches else []
    found: list[GroupPlan | None] = []
    harder: GroupPlan | None = None
    for factor in FACTORS:
        eased = targets.eased(factor)
        made = plan if factor == 1.0 else offer.cheapest(eased, warm, quick=True)
        if harder is not None and (not offer.kept(made) or harder.cost < made.cost):
            other = plan_of(offer.sources, offer.law, eased, harder, contingency=offer.contingency)
            made = replace(other, bound=made.bound) if offer.kept(other) else made
        if factor == 1.0:
            plan = made
        kept = offer.kept(made)
        found.append(made if kept or (factor == 1.0 and made.reaches) else None)
        if kept:
            harder, warm = made, [made.amounts]
    return plan, tuple(map(Eased, FACTORS, found))


def _warnings(
    inputs: Inputs, law: GroupLaw, plan: GroupPlan, risk: Risk, noise: float
) -> tuple[str, ...]:
    warnings = [*inputs.warnings, *law.warnings]
    for step in plan.steps:
        warnings += step.source.warnings
        if math.isinf(step.source.limits.per_week):
            name = step.source.name
            warnings.append(f"{name}: no per_week is known; it counts as there at once")
    if plan.reaches and risk.met + 2 * noise < plan.target.confidence - 1e-9:
        warnings.append(
            f"targets, budget and weeks are all kept with probability {risk.met:.2f} only, below "
            f"the wanted {plan.target.confidence:g}: no plan was found that keeps them surely "
            "enough"
        )
    return tuple(dict.fromkeys(warnings))
