"""The verdict on an idea: can the sources supply it, does the model scale with it, is it feasible.

Each question is answered by the share of the law's draws for which it holds, given those before it:
P(target) = P(model) x P(supply | model) x P(feasible | both). None looks at a slope alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.evidence import best_within, error_at, most_available, share_of, unlimited
from planner.fitted import FittedLaw, weighted_quantile
from planner.plan import Finding, Plan, Target
from planner.stages import stage_at
from sources.base import Source

ROOM = 3.0  # times what the target needs that the sources must be able to supply to "scale"
SPARE = 1.5  # times the plan's cost that the budget must be to "scale"
NO, YES = 0.2, 0.5  # chance of the target below which an idea does not scale, above which it may
ALMOST = 0.98  # of what a source supplies in time: so near to it, its limit binds
SCALES, LIMITS, UNTOLD, NOT = "scales", "scales with limits", "can't tell yet", "does not scale"
ORDER = (NOT, UNTOLD, LIMITS, SCALES)  # from the worst on


@dataclass(frozen=True)
class Verdict:
    """The answer and the chances it rests on.

    answer     one of ORDER
    model      P(the target is within reach of unlimited data) [1]
    supply     P(it is within reach of all that the sources supply in time) [1], at most model
    feasible   P(the plan meets it) [1], at most supply; None without a plan
    room       P(it is met with a third (1 / ROOM) of all that the sources supply in time) [1]
    spare      budget over the cost of the plan [1]; inf without a limit, None without a plan
    need       effective examples that meet the target [effective example] in a half of the draws
               and at the wanted confidence; inf where out of reach
    available  effective examples [effective example] of all that is supplied in time, median
    confidence wanted [1]
    lacking    what keeps it from scaling freely, of: model, supply, limits, room, spare, pilots,
               cold start, target, sources
    binding    limits that bind, in words
    """

    answer: str
    model: float | None
    supply: float | None
    feasible: float | None
    room: float | None
    spare: float | None
    need: tuple[float, float] | None
    available: float | None
    confidence: float
    lacking: tuple[str, ...]
    binding: tuple[str, ...]

    @property
    def probability(self) -> float | None:
        """Of the answer: that the target is met, or is missed where the idea does not scale."""
        met = self.feasible if self.feasible is not None else self.model
        return 1 - met if self.answer == NOT and met is not None else met


def given(chance: float | None, before: float | None) -> float | None:
    """P(this | what was asked before); None where that never holds."""
    return None if chance is None or not before else min(1.0, chance / before)


def judge(
    law: FittedLaw, target: Target | None, plan: Plan | None, sources: Sequence[Source]
) -> Verdict:
    """The verdict on reaching a target with these sources; what is not given is said to lack."""
    if target is None:
        none = (None,) * 7
        return Verdict(UNTOLD, *none, confidence=0.0, lacking=("target",), binding=())  # type: ignore[arg-type,misc]
    ever = error_at(law, unlimited(law))
    need = _need(law, target)
    if plan is None:
        reach = share_of(law, ever <= target.error)
        return Verdict(
            UNTOLD, reach, None, None, None, None, need, None, target.confidence, ("sources",), ()
        )
    most = most_available(law, sources, target.weeks)
    planned = law.errors(plan.totals(law.sources)[None])[:, 0]
    supplied = np.minimum(best_within(law, most), planned)
    reach = share_of(law, np.minimum(ever, supplied) <= target.error)
    supply = share_of(law, supplied <= target.error)
    room = share_of(law, best_within(law, most / ROOM) <= target.error)
    spare = target.budget / plan.cost if plan.cost > 0 else math.inf
    effective = law.effective(np.where(np.array(law.is_text), 0.0, most)[None])
    available = float(weighted_quantile(effective, law.weights, 0.5)[0])
    lacking = []
    if plan.reaches:
        lacking += ["room"] if room < target.confidence else []
        lacking += ["spare"] if spare < SPARE else []
        answer = LIMITS if lacking else SCALES
    else:
        lacking += ["model"] if reach < target.confidence else []
        for name, chance in (
            ("supply", given(supply, reach)),
            ("limits", given(plan.probability, supply)),
        ):
            lacking += [name] if chance is not None and chance < target.confidence else []
        answer = NOT if plan.probability <= NO else UNTOLD
        if answer == NOT and stage_at(law, law.anchor.size).answer == "cold start":
            # nothing is learned yet at such sizes, whatever comes: a larger pilot decides
            answer, lacking = UNTOLD, [*lacking, "cold start"]
    if not law.residuals():
        # priors alone tell what others' curves did, not whether this idea scales
        answer, lacking = UNTOLD, [*lacking, "pilots"]
    return Verdict(
        answer=answer,
        model=reach,
        supply=supply,
        feasible=plan.probability,
        room=room,
        spare=spare,
        need=need,
        available=available,
        confidence=target.confidence,
        lacking=tuple(lacking),
        binding=_binding(plan, sources),
    )


def _binding(plan: Plan, sources: Sequence[Source]) -> tuple[str, ...]:
    """Limits that the plan names, and those it comes within ALMOST of without naming them."""
    named = [name for name in plan.binding if not name.startswith("floor")]
    bought, weeks = plan.amounts, plan.target.weeks
    for source in sources:
        limit = f"{source.name}: {source.limits.limit_name(weeks)}"
        most = source.limits.available(weeks)
        if limit not in named and bought.get(source.name, 0.0) >= ALMOST * most > 0:
            named.append(limit)
    return tuple(named)


def _need(law: FittedLaw, target: Target) -> tuple[float, float]:
    """Effective examples [effective example] that meet the target: median, and at confidence."""
    needs = law.needs(target.error, law.reference)
    levels = (0.5, target.confidence)
    half, sure = (float(weighted_quantile(needs[:, None], law.weights, q)[0]) for q in levels)
    return half, sure


def said(verdict: Verdict) -> Finding:
    """The verdict as a finding of a diagnosis."""
    question, answer = "does this idea scale", verdict.answer
    if "target" in verdict.lacking:
        return Finding(question, answer, None, "no target was given", "give a target error")
    if verdict.feasible is None:
        text = f"P(target within reach of unlimited data) = {verdict.model:.0%}"
        advice = "describe the sources in a project"
        return Finding(question, answer, verdict.model, f"{text}; no sources were given", advice)
    evidence = (
        f"P(target) = {verdict.model:.0%} with unlimited clean data, {verdict.supply:.0%} with all "
        f"that the sources can supply in time, {verdict.feasible:.0%} with the plan; wanted "
        f"{verdict.confidence:.0%}; {verdict.room:.0%} with a third of all that they can supply"
    )
    within = "; ".join(verdict.binding)
    advice = ""
    if "pilots" in verdict.lacking:
        advice = "run pilots: the law rests on other curves alone"
    elif answer == LIMITS:
        short = [f"the budget is {verdict.spare:.1f} times the cost"] if _short(verdict) else []
        advice = "watch: " + "; ".join([*verdict.binding, *short] or ["little room"])
    elif answer == NOT:
        advice = "lower the target" + (f", or lift what binds: {within}" if within else "")
        if (verdict.model or 0.0) < YES:
            advice += "; better labels, features or models come before more data"
    elif answer == UNTOLD:
        advice = f"the next measurement tells more; what binds: {within}" if within else ""
    return Finding(question, answer, verdict.probability, evidence, advice)


def _short(verdict: Verdict) -> bool:
    return "spare" in verdict.lacking
