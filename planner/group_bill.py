"""A plan over groups from the amounts that were chosen, every figure computed afresh."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from planner.fitted import weighted_quantile
from planner.group_law import GroupLaw
from planner.laws import Array
from planner.offers import Stall
from planner.plan import Plan, Step
from planner.targets import Targets


@dataclass(frozen=True)
class Outcome:
    """What a plan means for one target: of a group, or of all ("overall", "worst", "gap").

    target       largest allowed error, or gap; None where none is asked
    error        (low, median, high) predicted, an interval of 90%
    probability  P(this target alone is met); None where none is asked
    examples     [example] of the group in the training set; None for targets of all groups
    share        [1] of the group in the training set; None for targets of all groups
    worst        P(this group has the largest error)
    behind       P(its error is above the population's mean error), by population shares, or by
                 equal ones where these are not known
    """

    of: str
    target: float | None
    error: tuple[float, float, float]
    probability: float | None
    examples: float | None = None
    share: float | None = None
    worst: float | None = None
    behind: float | None = None


@dataclass(frozen=True)
class GroupPlan(Plan):
    """A plan for several targets: `probability` is that all are met, `target.error` the loosest.

    error is that of the population's mean where its shares are known, else of the worst group.
    groups one outcome per group, totals those of all groups together.
    """

    targets: Targets | None = None
    groups: tuple[Outcome, ...] = ()
    totals_: tuple[Outcome, ...] = ()


def group_bill(stall: Stall, bought: Array, total: Array, bound: float | None = None) -> GroupPlan:
    """The plan that buys `bought` and trains on `total` (sources,) [example]; `bound` as of a Plan.

    Cost, errors and probability come from the sources and the law alone.
    """
    law, target, targets = stall.law, stall.target, stall.targets
    errors = law.errors(total[None])[:, 0, :]
    level = targets.level(law.groups, errors, law.shares)
    # sums of equal weights must not miss a round confidence by a rounding error
    probability = float(np.round(law.weights @ (level <= 1), 12))
    parts = law.parts(total[None])[:, 0, :]
    steps = [_step(stall, k, float(q), parts) for k, q in enumerate(bought) if q > 0]
    steps.sort(key=lambda step: (step.start_week, -step.total, step.source.name))
    mean = errors.mean(axis=1) if law.shares is None else law.overall(errors)
    whole = errors.max(axis=1) if law.shares is None else mean
    plan = GroupPlan(
        target=target,
        steps=tuple(steps),
        reaches=probability >= target.confidence,
        probability=probability,
        error=interval(law, whole),
        bound=bound,
        binding=(),
        used_in_hand={
            s.name: float(t - b)
            for s, b, t in zip(stall.sources, bought, total, strict=True)
            if s.in_hand
        },
        targets=targets,
        groups=_outcomes(law, targets, errors, mean, total),
        totals_=_of_all(law, targets, errors),
    )
    return replace(plan, binding=_binding(stall, plan))


def interval(law: GroupLaw, values: Array) -> tuple[float, float, float]:
    """5%, 50% and 95% of values (draws,)."""
    low, middle, high = (
        float(weighted_quantile(values[:, None], law.weights, q)[0]) for q in (0.05, 0.5, 0.95)
    )
    return low, middle, high


def _outcomes(
    law: GroupLaw, targets: Targets, errors: Array, mean: Array, total: Array
) -> tuple[Outcome, ...]:
    examples = total @ law.splits
    limits = targets.limits(law.groups)
    worst = errors.argmax(axis=1)
    found = []
    for g, name in enumerate(law.groups):
        asked = math.isfinite(limits[g])
        met = float(np.round(law.weights @ (errors[:, g] <= limits[g]), 12))
        found.append(
            Outcome(
                of=name,
                target=float(limits[g]) if asked else None,
                error=interval(law, errors[:, g]),
                probability=met if asked else None,
                examples=float(examples[g]),
                share=float(examples[g] / examples.sum()) if examples.sum() > 0 else None,
                worst=float(law.weights @ (worst == g)),
                behind=float(law.weights @ (errors[:, g] > mean)),
            )
        )
    return tuple(found)


def _of_all(law: GroupLaw, targets: Targets, errors: Array) -> tuple[Outcome, ...]:
    """Outcomes of the targets of all groups together; those not asked for as well."""
    rows = [
        ("worst", targets.worst, errors.max(axis=1)),
        ("gap", targets.gap, np.ptp(errors, axis=1)),
    ]
    if law.shares is not None:
        rows.insert(0, ("overall", targets.overall, law.overall(errors)))
    found = []
    for name, limit, values in rows:
        met = None
        if limit is not None:
            met = float(np.round(law.weights @ (values <= limit), 12))
        found.append(Outcome(name, limit, interval(law, values), met))
    return tuple(found)


def _step(stall: Stall, k: int, quantity: float, parts: Array) -> Step:
    law, source, target = stall.law, stall.sources[k], stall.target
    cost, variable = float(source.cost(quantity)), float(source.work(quantity))
    low, high = source.cost_range(quantity)
    bought = np.array([source.in_hand + quantity, source.in_hand])
    with_, without = law.contribution(k, bought).T
    share = parts[:, k] / np.maximum(parts.sum(axis=1), 1e-12)
    most = source.limits.available(target.weeks)
    full = quantity + source.limits.batch > most
    return Step(
        source=source,
        quantity=quantity,
        fees=cost - variable,
        variable=variable,
        contingency=cost * (stall.factor - 1),
        low=low * stall.factor,
        high=high * stall.factor,
        effective_examples=float(np.median(with_ - without)),
        share=float(np.median(share)),
        start_week=source.limits.lead_weeks,
        weeks=source.limits.weeks(quantity),
        binding=source.limits.limit_name(target.weeks) if full else "",
    )


def _binding(stall: Stall, plan: GroupPlan) -> tuple[str, ...]:
    """Limits that the plan runs into, in plain words, and the targets that are missed."""
    found = [f"{step.source.name}: {step.binding}" for step in plan.steps if step.binding]
    bought = {step.source.name for step in plan.steps}
    for source in stall.sources:
        if source.name not in bought and source.limits.available(plan.target.weeks) == 0:
            found.append(
                f"{source.name}: nothing can be had ({source.limits.limit_name(plan.target.weeks)})"
            )
    if not plan.reaches:
        found += [
            f"target of {each.of}: met with probability {each.probability:.2f} only"
            for each in (*plan.groups, *plan.totals_)
            if each.probability is not None and each.probability < plan.target.confidence
        ]
        if not any(name.startswith("target of") for name in found):
            found.append(f"all targets together: met with probability {plan.probability:.2f} only")
        if plan.cost > 0.99 * plan.target.budget:
            found.append("budget")
    return tuple(found)
