"""The other two questions: the least error that a budget buys, and the least weeks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from planner.fitted import FittedLaw, weighted_quantile
from planner.optimise import cheapest_plan, least_error_plan
from planner.plan import Target
from sources.base import Source

STEPS = 12  # of the bisection of the weeks
FINE = 0.01  # [week] to which it goes


def least_error(
    sources: Sequence[Source], law: FittedLaw, target: Target, *, contingency: float = 0.0
) -> Target:
    """The target with the least error [metric] that budget and weeks allow at its confidence."""
    plan = least_error_plan(sources, law, target, contingency=contingency)
    errors = law.errors(plan.totals(law.sources)[None])
    reached = float(weighted_quantile(errors, law.weights, target.confidence)[0])
    return replace(target, error=math.nextafter(reached, math.inf))


def least_weeks(
    sources: Sequence[Source], law: FittedLaw, target: Target, *, contingency: float = 0.0
) -> Target:
    """The target with the fewest weeks [week], to 0.01, in which it is reached within the budget.

    Unchanged where its own weeks do not suffice.
    """

    def weeks_of(weeks: float) -> float | None:
        aim = replace(target, weeks=weeks)
        plan = cheapest_plan(sources, law, aim, contingency=contingency, prove=False)
        return plan.weeks if plan.reaches else None

    high = weeks_of(target.weeks)
    if high is None:
        return target
    low = 0.0
    for _ in range(STEPS):
        if high - low <= FINE:
            break
        middle = (low + high) / 2
        found = weeks_of(middle)
        low, high = (middle, high) if found is None else (low, min(found, middle))
    return replace(target, weeks=high)
