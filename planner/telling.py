"""The cheapest measurement that would tell, where the verdict on an idea cannot say yet.

All candidate pilots of `advise` are weighed, not only those that look best there: the cheapest
may be none of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from planner.advise import candidates, stand_of, weigh
from planner.idea import Measurement
from planner.study import Study
from planner.trials import Pilot

SHARE = 0.5  # of the best chance to settle the question that a cheaper pilot must have
LEAST = 0.02  # chance to settle it below which a pilot tells nothing
TRUTHS = 300  # imagined for each: the chance to settle is known to .03


def told(study: Study) -> Study:
    """The study with the measurement that would tell: the cheapest of the candidate pilots that
    settle the question at least SHARE as often as any, and none where none would tell; as it is
    where the plan reaches the target, where nothing was measured yet, or with candidate models,
    whose pilots are not weighed."""
    idea = study.idea
    if idea is None or study.models or study.plan.reaches or not study.law.residuals():
        return study
    stand = stand_of(study)
    weighed = [
        weigh(stand, pilot, truths=TRUTHS, seed=study.inputs.seed, reaches=False)
        for pilot in candidates(study)
    ]
    pilot = cheapest(weighed)
    if pilot is None:
        # at a cold start a larger pilot may show what no draw of the law expects
        cold = "cold start" in idea.verdict.lacking
        return study if cold else replace(study, idea=replace(idea, measurement=None))
    trained = {name: n for name, n in pilot.trained.items() if n}
    priced = pilot.run_cost is not None
    measurement = Measurement(
        trained, pilot.repeats, pilot.spent, pilot.settles, runs_priced=priced
    )
    return replace(study, idea=replace(idea, measurement=measurement))


def cheapest(weighed: Iterable[Pilot]) -> Pilot | None:
    """The cheapest pilot that settles the question at least SHARE as often as the best does."""
    able = [each for each in weighed if (each.settles or 0.0) >= LEAST]
    most = max((each.settles or 0.0 for each in able), default=0.0)
    enough = [each for each in able if (each.settles or 0.0) >= SHARE * most]
    return min(
        enough, key=lambda each: (each.spent, each.repeats, -(each.settles or 0.0)), default=None
    )
