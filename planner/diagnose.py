"""Stage, pattern and verdict of an idea, each with its probability and the numbers behind it.

Every draw of the law is classed by itself, so the shares of the draws are the probabilities. The
thresholds are conventions, stated in the evidence; none of them looks at a slope alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from planner.evidence import (
    error_at,
    listed,
    share_of,
    spelled,
    told,
)
from planner.fitted import FittedLaw, weighted_quantile
from planner.growth import GrowthLaw
from planner.patterns import emergence, pattern
from planner.plan import Diagnosis, Finding, Path, Plan, Target
from planner.stages import stage_at
from planner.verdict import judge, said
from sources.base import Source

ADVISE = "dataplan advise weighs pilots before it"


def diagnose(
    law: FittedLaw,
    target: Target | None = None,
    plan: Plan | None = None,
    sources: Sequence[Source] = (),
    growth: GrowthLaw | None = None,
    most_params: float | None = None,
) -> Diagnosis:
    """Stage at the largest pilot and at the planned size, pattern, and the verdict on the idea.

    growth: the law over model size and data (growth.fit_growth), None where one size was run;
    most_params [parameter]: the largest model that can be trained. Without target, plan or sources
    the findings that need them say so instead of guessing.
    """
    checks = [_floor(law), *_biased(law), *_texts(law, plan), emergence(law, growth)]
    planned = 0.0 if plan is None else planned_size(law, plan)
    if planned > law.anchor.size:
        checks.insert(0, _stage(law, planned, "stage at the planned size"))
    return Diagnosis(
        stage=_stage(law, law.anchor.size, "stage at the largest pilot"),
        pattern=pattern(law, target, sources, growth, most_params),
        verdict=said(judge(law, target, plan, sources)),
        checks=(*checks, _next(law, plan, sources)),
    )


def planned_size(law: FittedLaw, plan: Plan) -> float:
    """Effective examples (median) that the plan trains on."""
    total = np.where(np.array(law.is_text), 0.0, plan.totals(law.sources))
    return float(weighted_quantile(law.effective(total[None]), law.weights, 0.5)[0])


def _stage(law: FittedLaw, size: float, question: str) -> Finding:
    at = stage_at(law, size)
    evidence = (
        f"{listed(at.shares)}. At {size:,.0f} effective examples the error is "
        f"{spelled(at.error, '.3g')} and the slope {spelled(at.slope)}; ten times the data "
        f"lowers the error by {at.drop[1]:.0%} (median)"
    )
    if at.of_worst is not None:
        evidence += f"; it is {at.of_worst:.0%} of the worst error, {law.anchor.worst:.3g}"
    advice = {
        "cold start": f"pilots near {4 * size:,.0f} examples, 3 seeds each, before any verdict",
        "scaling": "",
        "plateau": (
            f"before more data check label noise (of the test set too), data quality, model "
            f"capacity and irreducible error: the floor is {spelled(at.floor, '.3g')}"
        ),
    }[at.answer]
    if law.weak_prior:
        advice = advice or f"few pilots: measure at {2 * size:,.0f} examples as well"
    return Finding(question, at.answer, at.shares[at.answer], evidence, advice)


def _floor(law: FittedLaw) -> Finding:
    floor, _ = law.curve(np.full((len(law.weights), 1), law.anchor.size))
    how = {p.identified for p in law.parameters() if p.name == "floor fraction"}
    known = "the pilots say" if how == {"pilots"} else "mostly the prior says, not the pilots"
    text = f"irreducible error {told(law, floor[:, 0], '.3g')}: {known}"
    return Finding("floor", "not identified" if known != "the pilots say" else "seen", None, text)


def _biased(law: FittedLaw) -> list[Finding]:
    findings = []
    for k in law.labels:
        own = law.excess(int(k))
        if own.any():
            name = law.sources[k]
            text = f"alone it ends {told(law, own, '.3g')} above the floor of {law.reference}"
            large = share_of(law, own > 0.1 * error_at(law, law.anchor.size))
            answer = "own floor" if large > 0.5 else "little bias"
            advice = "use it beside clean labels, never alone" if large > 0.5 else ""
            findings.append(Finding(f"bias of {name}", answer, max(large, 1 - large), text, advice))
    return findings


def _texts(law: FittedLaw, plan: Plan | None) -> list[Finding]:
    findings = []
    for column, k in enumerate(law.texts):
        name, size = law.sources[k], law.anchor.size
        used = np.zeros((1, len(law.texts)))
        used[0, column] = float(np.exp(np.median(law.mix.text[:, column, 3]))) * 4
        if plan is not None and plan.steps:
            size = planned_size(law, plan) or size
        sizes = np.full((len(law.weights), 1), size)
        factor = (law.with_text(sizes, used) / sizes)[:, 0]
        helps = share_of(law, factor > 1)
        answer = "helps" if helps > 0.8 else "does not help" if helps < 0.2 else "can't tell"
        text = (
            f"{used[0, column]:,.0f} documents multiply {size:,.0f} effective examples by "
            f"{told(law, factor)}"
        )
        findings.append(Finding(f"unlabelled text {name}", answer, max(helps, 1 - helps), text))
    return findings


def _next(law: FittedLaw, plan: Plan | None, sources: Sequence[Source]) -> Finding:
    """The next measurement: twice the largest pilot of the source that the plan mostly buys, four
    times at a cold start or weak prior, and no more than there is."""
    factor = 4 if law.weak_prior or _stage(law, law.anchor.size, "").answer == "cold start" else 2
    name = law.reference
    if plan is not None and (steps := [s for s in plan.steps if s.effective_examples]):
        name = max(steps, key=lambda step: step.effective_examples or 0.0).source.name
    tried = max((fit.amounts.get(name, 0.0) for fit in law.residuals()), default=0.0)
    size, capped = factor * (tried or law.anchor.size), ""
    text = (
        f"the largest pilot of {name} had {tried:,.0f}" if tried else f"no pilot has tried {name}"
    )
    weeks = plan.target.weeks if plan is not None else math.inf
    for source in sources:
        most = source.limits.available(weeks) + source.in_hand
        if source.name == name and size > most:
            size, capped = most, f" (no more can be had: {source.limits.limit_name(weeks)})"
            if most <= tried:
                advice = f"no larger pilot of {name} can be had: {source.limits.limit_name(weeks)}"
                return Finding("next measurement", "none", None, text, advice)
    what = f"{size:,.0f} examples of {name}"
    return Finding("next measurement", what, None, text, f"train on {what}{capped} with 3 seeds")


def as_planned(diagnosis: Diagnosis, plan: Plan, path: Path) -> Diagnosis:
    """The diagnosis with the path's first round as its next measurement, the last check, where the
    plan reaches the target: whoever follows the plan measures there."""
    if not plan.reaches or not path.rounds:
        return diagnosis
    first, count = path.rounds[0], len(path.rounds)
    bought = ", ".join(f"{n:,.0f} {name}" for name, n in first.purchases.items() if n)
    if count > 1:
        found = Finding(
            "next measurement",
            f"round 1: {bought}",
            None,
            f"the first of up to {count} rounds of the path",
            f"buy round 1 of the path ({bought}) and measure; {ADVISE}",
        )
    else:
        found = Finding(
            "next measurement",
            "none before buying",
            None,
            "to buy in rounds would not be cheaper at the same probability",
            f"buy the plan ({bought}) at once; {ADVISE}",
        )
    return replace(diagnosis, checks=(*diagnosis.checks[:-1], found))
