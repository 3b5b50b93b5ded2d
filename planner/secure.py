"""A plan that keeps target, budget and weeks together at the wanted confidence.

`cheapest_plan` takes prices and speeds at their base values. Here they lie in ranges: since these
are independent of the law, a plan keeps all three with the product of the chances. Where that falls
short of the wanted confidence, more is bought (a surer target makes up for the rest), or what
arrives in time even at slow speeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from planner.fitted import FittedLaw
from planner.optimise import cheapest_plan
from planner.plan import Plan, Target
from planner.risk import Risk, risk_of, slower
from sources.base import Source

LEVELS = (0.5, 0.8, 0.95)  # quantiles of slowness that purchases are made for
STEPS = 4  # in which the confidence in the target is raised
MOST = 0.999  # confidence in the target alone
Solve = Callable[[Sequence[Source], Target], Plan]


@dataclass(frozen=True)
class Secured:
    """A plan, its chances, and the confidence in the target alone [1] that it was made for.

    Where no plan keeps all three often enough, the plan is the one made for the wanted confidence
    in the target alone.
    """

    plan: Plan
    risk: Risk
    confidence: float

    @property
    def holds(self) -> bool:
        """Whether target, budget and weeks are kept together at the wanted confidence."""
        return self.plan.reaches and self.risk.met >= self.plan.target.confidence - 1e-9


def secure_plan(
    sources: Sequence[Source], law: FittedLaw, target: Target, *, contingency: float = 0.0
) -> Secured:
    """The cheapest plan found that keeps target, budget and weeks at target.confidence.

    Its bound is that of the problem with base prices and speeds, which no surer plan undercuts.
    Raises InputError as `cheapest_plan` does.
    """
    first = cheapest_plan(sources, law, target, contingency=contingency)
    found = Secured(first, risk_of(first), target.confidence)
    if not first.reaches or found.holds:
        return found

    def solve(offered: Sequence[Source], aim: Target) -> Plan:
        return cheapest_plan(offered, law, aim, contingency=contingency, prove=False)

    levels = LEVELS if found.risk.on_time < 1 else LEVELS[:1]
    tried = [each for level in levels if (each := _surer(sources, found, level, solve))]
    if not tried:
        return found
    best = min(tried, key=lambda each: each.plan.cost)
    return replace(best, plan=replace(best.plan, bound=first.bound))


def _surer(sources: Sequence[Source], first: Secured, level: float, solve: Solve) -> Secured | None:
    """The cheapest plan that holds among purchases in time at this quantile of slowness."""
    target = first.plan.target
    if first.risk.on_budget < target.confidence:  # and whatever is surer costs more
        return None
    offered = [replace(source, limits=slower(source.limits, level)) for source in sources]
    risk, confidence = first.risk, target.confidence
    for _ in range(STEPS):
        kept = risk.on_budget * risk.on_time if level == LEVELS[0] else risk.on_budget
        confidence = max(confidence, target.confidence / max(kept, target.confidence))
        if confidence > MOST:
            return None
        plan = solve(offered, replace(target, confidence=confidence))
        if not plan.reaches:
            return None
        named = {source.name: source for source in sources}
        steps = tuple(
            replace(
                step,
                source=named[step.source.name],
                start_week=named[step.source.name].limits.lead_weeks,
                weeks=named[step.source.name].limits.weeks(step.quantity),
            )
            for step in plan.steps
        )
        plan = replace(plan, steps=steps, target=target)
        risk = risk_of(plan)
        found = Secured(plan, risk, confidence)
        if found.holds:
            return found
        if risk.on_budget * risk.on_time < target.confidence:
            return None
        confidence = min(MOST, target.confidence / (risk.on_budget * risk.on_time)) + 1e-6
    return None
