"""The verdict on an idea: can the sources supply it, does the model scale with it, is it feasible.

Each question is answered by the share of the law's draws for which it holds, given those before it:
P(all kept) = P(model) x P(supply | model) x P(feasible | both). None looks at a slope alone. The
shares are those of draws that the plan was not made for, where there are any.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.evidence import best_within, error_at, most_available, share_of, unlimited
from planner.fitted import FittedLaw, weighted_quantile
from planner.plan import Finding, Plan, Target
from planner.risk import risk_of
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
    feasible   P(the plan meets it and keeps budget and weeks, prices and speeds in their ranges)
               [1], at most supply; None without a plan
    planned    P(the plan meets it) [1], whatever becomes of budget and weeks; None without a plan
    room       P(it is met with a third (1 / ROOM) of all that the sources supply in time) [1]
    spare      budget over the cost of the plan [1]; inf without a limit, None without a plan
    need       effective examples that meet the target [effective example] in a half of the draws
               and at the wanted confidence; inf where out of reach
    available  effective examples [effective example] of all that is supplied in time, median; inf
               if not limited
    confidence wanted [1]
    lacking    what keeps it from scaling freely, of: model, supply, limits, ranges, room, spare,
               pilots, cold start, target, sources
    binding    limits that bind, in words
    """

    answer: str
    model: float | None
    supply: float | None
    feasible: float | None
    planned: float | None
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
    law: FittedLaw,
    target: Target | None,
    plan: Plan | None,
    sources: Sequence[Source],
    *,
    fresh: FittedLaw | None = None,
    noise: float = 0.0,
) -> Verdict:
    """The verdict on reaching a target with these sources; what is not given is said to lack.

    fresh: draws of the law that the plan was not made for, which all chances are read off; noise:
    standard error of the plan's chance on them [1]. A plan that keeps all within two of these at
    the wanted confidence, as Study.kept has it, scales.
    """
    if target is None:
        none = (None,) * 8
        return Verdict(UNTOLD, *none, confidence=0.0, lacking=("target",), binding=())  # type: ignore[arg-type,misc]
    tried, law = law, fresh or law
    ever = error_at(law, unlimited(law))
    need = _need(law, target)
    if plan is None:
        reach = share_of(law, ever <= target.error)
        return Verdict(
            UNTOLD,
            reach,
            *(None,) * 5,
            need=need,
            available=None,
            confidence=target.confidence,
            lacking=("sources",),
            binding=(),
        )
    most = most_available(law, sources, target.weeks)
    totals = plan.totals(law.sources)[None]
    supplied = np.minimum(best_within(law, most), law.errors(totals)[:, 0])
    reach = share_of(law, np.minimum(ever, supplied) <= target.error)
    supply = share_of(law, supplied <= target.error)
    room = share_of(law, best_within(law, most / ROOM) <= target.error)
    planned = min(float(law.probability(target.error, totals)), supply)
    risk = risk_of(replace(plan, target=target, probability=planned))
    spare = target.budget / plan.cost if plan.cost > 0 else math.inf
    effective = law.effective(np.where(np.array(law.is_text), 0.0, most)[None])
    available = float(weighted_quantile(effective, law.weights, 0.5)[0])
    if (most[law.labels] >= unlimited(law)).any():
        available = math.inf
    lacking = []
    if plan.reaches and risk.met + 2 * noise >= target.confidence - 1e-9:
        lacking += ["room"] if room < target.confidence else []
        lacking += ["spare"] if spare < SPARE else []
        answer = LIMITS if lacking else SCALES
    else:
        lacking = _short_of(reach, supply, planned, risk.met, plan, target.confidence)
        answer = NOT if risk.met <= NO else UNTOLD
        cold = stage_at(tried, tried.anchor.size).answer == "cold start"
        if answer == NOT and cold and available > tried.anchor.size:
            # nothing is learned yet at such sizes, whatever comes: a larger pilot decides
            answer, lacking = UNTOLD, [*lacking, "cold start"]
    if not tried.residuals():
        # priors alone tell what others' curves did, not whether this idea scales
        answer, lacking = UNTOLD, [*lacking, "pilots"]
    return Verdict(
        answer=answer,
        model=reach,
        supply=supply,
        feasible=risk.met,
        planned=planned,
        room=room,
        spare=spare,
        need=need,
        available=available,
        confidence=target.confidence,
        lacking=tuple(lacking),
        binding=_binding(plan, sources),
    )


def _short_of(
    reach: float, supply: float, planned: float, met: float, plan: Plan, confidence: float
) -> list[str]:
    """Which steps to the target fall short of the confidence wanted, given those before; where each
    alone is sure enough, the one with which they are no longer so together."""
    steps = {
        "model": reach,
        "supply": given(supply, reach),
        "limits": given(planned, supply),
        "ranges": given(met, planned),
    }
    known = {name: chance for name, chance in steps.items() if chance is not None}
    short = [name for name, chance in known.items() if chance < confidence]
    if plan.reaches and met < planned and "ranges" not in short:
        short.append("ranges")  # all would be kept, were prices and speeds what is expected
    together = zip(steps, (reach, supply, planned, met), strict=True)
    first = next((name for name, chance in together if chance < confidence), None)
    return short or [first or min(known, key=lambda name: known[name])]


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
        text = f"P(target within reach of unlimited data) {_percent(verdict.model)}"
        advice = "describe the sources in a project"
        return Finding(question, answer, verdict.model, f"{text}; no sources were given", advice)
    chances = (verdict.model, verdict.supply, verdict.planned, verdict.feasible, verdict.room)
    model, supply, planned, feasible, room = map(_percent, chances)
    evidence = (
        f"P(target) {model} with unlimited clean data, {supply} with all that the sources can "
        f"supply in time, {planned} with the plan, {feasible} within budget and weeks too; wanted "
        f"{verdict.confidence:.0%}; {room} with a third of all that they can supply"
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
        if "ranges" in verdict.lacking:
            advice = "ask for firm prices and delivery dates, or plan for more budget or weeks"
    return Finding(question, answer, verdict.probability, evidence, advice)


def _percent(chance: float | None) -> str:
    """A share of draws, which proves neither certainty nor its contrary."""
    assert chance is not None
    return "> 99%" if chance >= 0.995 else "< 1%" if chance < 0.005 else f"{chance:.0%}"


def _short(verdict: Verdict) -> bool:
    return "spare" in verdict.lacking
