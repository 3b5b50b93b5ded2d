"""The cheapest measurement that would tell, where the verdict on an idea cannot say yet."""

from __future__ import annotations

from dataclasses import replace

from planner.advise import Advice, advise
from planner.idea import Measurement
from planner.study import Study
from planner.trials import Pilot

SHARE = 0.5  # of the best chance to settle the question that a cheaper pilot must have
LEAST = 0.02  # chance to settle it below which a pilot tells nothing


def told(study: Study) -> Study:
    """The study with the measurement that would tell: the cheapest of the pilots that `advise`
    weighs which settle the question nearly as often as any; as it is where the plan reaches the
    target, where nothing was measured yet, where none would tell, or with candidate models, whose
    pilots are not weighed."""
    idea = study.idea
    if idea is None or study.models or study.plan.reaches or not study.law.residuals():
        return study
    pilot = cheapest(advise(study))
    if pilot is None:
        return study
    cost = pilot.data if pilot.run_cost is None else pilot.spent
    trained = {name: n for name, n in pilot.trained.items() if n}
    measurement = Measurement(trained, pilot.repeats, cost, pilot.settles)
    return replace(study, idea=replace(idea, measurement=measurement))


def cheapest(advice: Advice) -> Pilot | None:
    """The cheapest pilot that settles the question at least SHARE as often as the best does."""
    able = [each for each in advice.candidates if (each.settles or 0.0) >= LEAST]
    if not able:
        return None
    most = max(each.settles or 0.0 for each in able)
    enough = [each for each in able if (each.settles or 0.0) >= SHARE * most]
    return min(enough, key=lambda each: (each.spent, -(each.settles or 0.0)))
