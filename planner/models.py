"""Candidate models: the cheapest plan for each, what each costs in all, and the study of the best.

A dearer model may need less data, a smaller one more. Each has its law and its price of training an
example, which the optimiser sees as part of the price of every source; the fixed cost of its runs,
training on data in hand, fees and serving do not depend on what is bought and are added. All of it
counts against the budget, contingency included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planner.answers import (
    Answer,
    Option,
    answer,
    at_confidences,
    best_guess,
    cheapest_of,
    cost_of,
    for_targets,
    in_hand,
)
from planner.candidates import candidates
from planner.diagnose import ADVISE
from planner.fitted import FittedLaw
from planner.held import held
from planner.idea import Idea
from planner.inputs import Inputs
from planner.model_swings import LEFT_OUT, model_sensitivity
from planner.plan import Diagnosis, Plan
from planner.risk import risk_of
from planner.study import (
    CONFIDENCES,
    FrontierPoint,
    Progress,
    Study,
    SurePoint,
    fresh_chance,
    frontier_targets,
    no_swings,
    rebuilder,
    run,
    studied,
)
from planner.tried import Beside, Flip, Part, Tried
from planner.verdict import judge, said
from sources.base import CostLine, Source
from sources.training import trained

HOW = {
    "own pilots": "its own pilots",
    "size and data": "runs over model size and data",
    "priors": "priors alone",
}


def study_of(
    inputs: Inputs, progress: Progress | None = None, *, with_sensitivity: bool = False
) -> Study:
    """`study.run` for the model of the project that answers its question best: at the least cost,
    the least error, or in the fewest weeks, as it asks. Without candidate models it is `run`.

    For every other question that is answered beside it, a target, a confidence, the best-fitting
    law, model and data in hand are chosen anew. Raises InputError where a law is undefined.
    """
    if not inputs.models:
        return run(inputs, progress, with_sensitivity=with_sensitivity)
    say = progress or (lambda stage: None)
    say("fitting the laws of the models")
    found = candidates(inputs)
    answers = []
    for each in found:
        say(f"searching the cheapest plan of model {each.model.name}")
        answers.append(answer(inputs, each))
    say("tracing the frontier")
    answers, best, points = _frontier(inputs, answers)
    guess = best_guess(inputs, answers, best.inputs.target)
    surer: tuple[SurePoint, ...] = ()
    swings, left_out = None, no_swings(inputs, with_sensitivity)
    if with_sensitivity and inputs.least == "cost":
        say("planning anew for each assumption")
        left_out = (LEFT_OUT,)
        sure = at_confidences(inputs, answers, best, CONFIDENCES)
        surer = tuple(SurePoint(c, *_plan_of(option)) for c, option in sure)
        swings = model_sensitivity(inputs, answers, best, rebuilder(inputs))
    say("laying out rounds and diagnosis")
    candidate = best.candidate
    sources = tuple(trained(source, candidate.model) for source in inputs.sources)
    whole = replace(best.inputs, sources=sources)
    study = studied(
        whole, candidate.law, candidate.fresh, best.plan, points, offered=best.inputs.sources
    )
    study = replace(
        study,
        best_guess=guess and guess[0].plan,
        best_guess_of=guess and guess[0].of,
        best_guess_probability=guess and guess[1],
        surer=surer,
        sensitivity=swings,
        warnings=(*study.warnings, *left_out),
    )
    return _told(inputs, study, best, answers)


def _frontier(
    inputs: Inputs, answers: Sequence[Answer]
) -> tuple[list[Answer], Answer, tuple[FrontierPoint, ...]]:
    """The answers, the best of them and the frontier over all models, the best on it: coming from
    harder targets it may find a cheaper plan where none is proven best."""
    best = min(answers, key=lambda each: each.rank)
    aim = best.inputs.target
    targets = frontier_targets(best.inputs, best.candidate.law, best.plan)
    errors = sorted({aim.error, *targets}, reverse=True)
    points = [for_targets(inputs, each, aim, errors) for each in answers]
    own = errors.index(aim.error)
    mended = []
    for each, found in zip(answers, points, strict=True):
        same = (each.inputs.target.error, each.inputs.target.weeks) == (aim.error, aim.weeks)
        other = found[own]
        if same and each.reaches and other is not None and other.total < each.total:
            each = each.with_plan(other, inputs)
        mended.append(each)
    best = min(mended, key=lambda each: each.rank)
    least = cheapest_of(points, errors)
    if best.reaches:
        least[own] = best
    return mended, best, tuple(map(_point, errors, least))


def _point(error: float, option: Option | None) -> FrontierPoint:
    return FrontierPoint(error, *_plan_of(option))


def _plan_of(option: Option | None) -> tuple[Plan | None, Beside | None]:
    return (None, None) if option is None else (option.plan, option.of)


# -- what is told of them -------------------------------------------------------------------------


def _told(inputs: Inputs, study: Study, best: Answer, answers: Sequence[Answer]) -> Study:
    """The study with the models compared, the project's own budget, and its chances with all
    costs."""
    model, overhead, plan = best.candidate.model, best.overhead, study.plan
    if not best.afford:
        plan = replace(plan, reaches=False, binding=(*plan.binding, "budget"))
    bounds = [each.bound for each in answers if each.reaches]
    known = [bound for bound in bounds if bound is not None]
    if len(known) == len(bounds) and known:
        plan = replace(plan, bound=min(plan.cost, max(0.0, min(known) - cost_of(overhead))))
    else:
        plan = replace(plan, bound=None)
    chosen = replace(best, plan=plan)
    first = _tried(chosen, inputs)
    rest = [_tried(each, inputs) for each in answers if each is not best]
    rest = [_beside(each, first, inputs) for each in sorted(rest, key=_order)]
    aim = replace(study.inputs.target, budget=inputs.target.budget)
    steps = (*plan.steps, overhead) if overhead else plan.steps
    risk = risk_of(replace(plan, steps=steps, target=aim, probability=study.fresh[0]))
    warnings = _warnings(inputs, plan, chosen)
    if plan.reaches and risk.met < aim.confidence <= study.risk.met:
        text = f"with the range of what model {model.name} costs, target, budget and weeks are all"
        warnings.append(f"{text} kept with probability {risk.met:.2f} only")
    idea = _judged(study, replace(plan, steps=steps, target=aim), best.candidate.fresh)
    diagnosis = _unadvised(study.diagnosis)
    if idea is not None:
        diagnosis = replace(diagnosis, verdict=said(idea.verdict))
    return replace(
        study,
        inputs=replace(study.inputs, target=aim),
        plan=plan,
        risk=risk,
        warnings=(*study.warnings, *warnings),
        models=(replace(first, chosen=True), *rest),
        diagnosis=diagnosis,
        idea=idea,
    )


def _judged(study: Study, whole: Plan, fresh: FittedLaw) -> Idea | None:
    """The idea judged anew on the plan with all that the chosen model costs; what a pilot
    costs is not known, as training on data in hand would be left out."""
    if study.idea is None:
        return None
    verdict = judge(
        study.law,
        whole.target,
        whole,
        study.inputs.sources,
        fresh=fresh,
        noise=study.fresh[1],
    )
    measured = study.idea.measurement
    if measured and not whole.reaches:
        measured = replace(measured, cost=None)
    return replace(study.idea, verdict=verdict, measurement=measured)


def _unadvised(diagnosis: Diagnosis) -> Diagnosis:
    """The diagnosis without a word of `dataplan advise`, which weighs pilots of one model only."""
    (*checks, last) = diagnosis.checks
    return replace(
        diagnosis, checks=(*checks, replace(last, advice=last.advice.removesuffix(f"; {ADVISE}")))
    )


def _order(each: Tried) -> tuple[bool, float]:
    return (not each.reaches, each.total)


def _warnings(inputs: Inputs, plan: Plan, chosen: Answer) -> list[str]:
    found = []
    for source in held(inputs.sources, chosen.candidate.model):
        used = plan.used_in_hand.get(source.name, 0.0)
        if used < source.in_hand - 1:
            text = f"{used:,.0f} of {source.in_hand:,.0f} {source.unit}s in hand are trained on"
            found.append(f"{source.name}: {text}: more would cost compute and is not needed")
    return found


def _tried(answer: Answer, inputs: Inputs) -> Tried:
    candidate, plan, money = answer.candidate, answer.plan, 1 + inputs.contingency
    labels = {source.name for source in inputs.sources if source.role == "labels"}
    data = [_range(replace(s.source, training=None), s.quantity) for s in plan.steps]
    lines = [
        (step.source.training, step.quantity)
        for step in plan.steps
        if step.source.training is not None
    ]
    lines += [(line, 1.0) for line in answer.overhead.source.lines] if answer.overhead else []
    serving = [_line_range(*each) for each in lines if each[0] is candidate.model.serving]
    training = [_line_range(*each) for each in lines if each[0] is not candidate.model.serving]
    shared = f"that of {candidate.of}"
    return Tried(
        model=candidate.model,
        how=shared if candidate.of else HOW[candidate.how],
        plan=plan,
        overhead=answer.overhead,
        data=_part(data, money),
        training=_part(training, money),
        serving=_part(serving, money),
        fresh=fresh_chance(candidate.fresh, plan)[0],
        examples=sum(n for name, n in plan.amounts.items() if name in labels)
        + in_hand(inputs, plan),
        bound=answer.bound,
        reaches=answer.reaches,
    )


Three = tuple[float, float, float]


def _range(source: Source, quantity: float) -> Three:
    low, high = source.cost_range(quantity)
    return float(source.cost(quantity)), low, high


def _line_range(line: CostLine, quantity: float) -> Three:
    cost = float(line.cost(quantity))
    return cost, cost * line.low, cost * line.high


def _part(costs: Sequence[Three], factor: float) -> Part:
    return Part(*(factor * sum(each[i] for each in costs) for i in range(3)))


def _beside(other: Tried, chosen: Tried, inputs: Inputs) -> Tried:
    """A model that was not chosen: why, and what would make it as cheap."""
    if not other.reaches:
        if other.overhead and other.overhead.total > inputs.target.budget:
            return replace(other, why_not="its own costs alone exceed the budget")
        binds = "; ".join(name for name in other.plan.binding if not name.startswith("floor"))
        limits = f" ({binds})" if binds else ""
        chance = f"{other.plan.probability:.2f}"
        return replace(other, why_not=f"probability {chance} at most within the limits{limits}")
    if inputs.least == "error":
        why = f"its least error is {other.plan.target.error:.4g}"
        return replace(other, why_not=why)
    if inputs.least == "weeks" and other.plan.target.weeks > chosen.plan.target.weeks:
        return replace(other, why_not=f"takes {other.plan.target.weeks:.3g} weeks")
    more = other.total - chosen.total
    if not chosen.reaches:
        return other
    return replace(other, why_not=f"costs {more:,.2f} more", flip=_flip(other, chosen, inputs))


def _flip(other: Tried, chosen: Tried, inputs: Inputs) -> Flip:
    """Where the totals meet, purchases as they are: each total is linear in a price."""
    gap = other.total - chosen.total

    def factor(own: Part, theirs: Part) -> float | None:
        slope = own.base - theirs.base  # of the chosen's total against the other's
        return 1 + gap / slope if slope and 1 + gap / slope >= 0 else None

    predictions = None
    served = chosen.model.predictions
    if served and (times := factor(chosen.serving, other.serving)) is not None:
        predictions = served * times
    return Flip(
        predictions=predictions,
        training=factor(chosen.training, other.training),
        data=factor(chosen.data, other.data),
    )
