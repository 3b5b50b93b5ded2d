"""Candidate models: the cheapest plan for each, what each costs in all, and the study of the best.

A dearer model may need less data, a smaller one more. Each has its law and its price of training an
example, which the optimiser sees as part of the price of every source; the fixed cost of its runs,
training on data in hand, fees and serving do not depend on what is bought and are added. All of it
counts against the budget, contingency included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from planner.candidates import Candidate, candidates
from planner.held import cases, exhaustive, held, merged, trimmed
from planner.idea import Idea
from planner.inputs import Inputs
from planner.plan import Plan, Step
from planner.risk import risk_of
from planner.schema import model_item
from planner.secure import Secured
from planner.study import Progress, Study, fresh_chance, run, solved
from planner.tried import Flip, Part, Tried
from planner.verdict import judge
from sources.base import CostLine, Source
from sources.training import Model

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

    Raises InputError where a law is undefined.
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
    best = min(answers, key=lambda each: each.rank)
    laws = (best.candidate.law, best.candidate.fresh)
    study = run(best.inputs, progress, with_sensitivity=with_sensitivity, laws=laws)
    return _told(inputs, study, best, answers)


@dataclass(frozen=True)
class Answer:
    """The plan of one model; `inputs` are the project's as it is planned for this model: sources
    with the price of training and what is used of the data in hand, the budget that is left.

    afford  whether what the model costs beside the purchases keeps the budget
    """

    candidate: Candidate
    inputs: Inputs
    plan: Plan
    overhead: Step | None
    bound: float | None
    afford: bool

    @property
    def reaches(self) -> bool:
        """Whether target and budget are kept."""
        return self.plan.reaches and self.afford

    @property
    def total(self) -> float:
        """[currency] in all."""
        return self.plan.cost + (self.overhead.total if self.overhead else 0.0)

    @property
    def rank(self) -> tuple[float, ...]:
        """Smaller is better."""
        if not self.reaches:
            return (1.0, 0.0 if self.afford else 1.0, -self.plan.probability, self.plan.error[1])
        aim = self.inputs.target
        first = {"cost": 0.0, "error": aim.error, "weeks": aim.weeks}[self.inputs.least]
        return (0.0, first, self.total)


def answer(inputs: Inputs, candidate: Candidate) -> Answer:
    """The plan of one model that answers the project's question, over all that may be done with the
    data in hand. Raises InputError if a source is not a column of the model's law."""
    model, money = candidate.model, inputs.contingency
    beside = _cost(_overhead(model, 0.0, money))
    each = model.training.unit_price * (1 + money) if model.training else 0.0
    best: Answer | None = None
    bounds: list[float | None] = []
    for case in cases(inputs.sources, model, candidate.law):
        left = inputs.target.budget - beside - each * case.charged
        aim = replace(inputs.target, budget=max(left, 0.0))
        offered = replace(inputs, sources=case.sources, target=aim, model=model)
        answered, secured = solved(offered, candidate.law, candidate.fresh)
        if secured.plan.reaches and left >= 0:
            bound = secured.plan.bound
            sure = beside + each * (case.charged - case.slack)
            bounds.append(None if bound is None else bound + sure)
        plan = _settled(merged(secured.plan, case), candidate, secured)
        overhead = _overhead(model, _in_hand(inputs, plan), money)
        kept = _kept(inputs, plan, candidate)
        budget = inputs.target.budget - _cost(overhead)
        aim = replace(answered.target, budget=max(budget, 0.0))
        planned = replace(answered, sources=kept, target=aim)
        plan = replace(plan, target=aim)
        made = Answer(candidate, planned, plan, overhead, None, budget >= 0)
        if best is None or made.rank < best.rank:
            best = made
    assert best is not None  # there is always the case in which everything in hand is used
    known = [bound for bound in bounds if bound is not None]
    proven = len(known) == len(bounds) > 0 and exhaustive(inputs.sources, model)
    return replace(best, bound=min(known) if proven else None)


def _settled(plan: Plan, candidate: Candidate, secured: Secured) -> Plan:
    """The plan with no more data in hand than it needs, where training on it costs."""
    if not plan.reaches or not any(plan.used_in_hand.values()):
        return plan
    return trimmed(plan, candidate.law, candidate.model, secured.confidence)


def _kept(inputs: Inputs, plan: Plan, candidate: Candidate) -> tuple[Source, ...]:
    """The sources for the model's own study: in hand is what the plan uses."""
    first = next(cases(inputs.sources, candidate.model, candidate.law)).sources
    owned = {source.name for source in held(inputs.sources, candidate.model)}
    return tuple(
        replace(source, in_hand=plan.used_in_hand.get(source.name, 0.0))
        if source.name in owned
        else source
        for source in first
    )


def _in_hand(inputs: Inputs, plan: Plan) -> float:
    """Labelled examples in hand that a plan trains on [example]."""
    labels = {source.name for source in inputs.sources if source.role == "labels"}
    return sum(used for name, used in plan.used_in_hand.items() if name in labels)


def _cost(step: Step | None) -> float:
    return step.total if step else 0.0


def _overhead(model: Model, in_hand: float, contingency: float) -> Step | None:
    """What the model costs beside the purchases, as an item of the plan; None if nothing."""
    lines = list(model.fixed)
    if model.training is not None and in_hand > 0:
        each = model.training
        price = each.unit_price * in_hand
        item = f"{each.item}, {in_hand:,.0f} examples in hand"
        lines.append(replace(each, item=item, fixed=price, unit_price=0.0))
    if model.serving is not None:
        lines.append(model.serving)
    if not lines:
        return None
    source = Source(model_item(model.name), "model", tuple(lines), role="text", unit="model")
    low, high = source.cost_range(1.0)
    return Step(
        source=source,
        quantity=1.0,
        fees=source.fees(),
        variable=0.0,
        contingency=source.fees() * contingency,
        low=low * (1 + contingency),
        high=high * (1 + contingency),
        effective_examples=None,
        share=None,
        start_week=0.0,
        weeks=0.0,
    )


# -- what is told of them -------------------------------------------------------------------------


def _told(inputs: Inputs, study: Study, best: Answer, answers: Sequence[Answer]) -> Study:
    """The study with the models compared, the project's own budget, and its chances with all costs.

    The study's plan may be a little cheaper than the one that the models were compared by.
    """
    model, money = best.candidate.model, inputs.contingency
    overhead = _overhead(model, _in_hand(inputs, study.plan), money)
    plan = study.plan
    if not best.afford:
        plan = replace(plan, reaches=False, binding=(*plan.binding, "budget"))
    chosen = replace(best, plan=plan, overhead=overhead)
    bounds = [each.bound for each in answers if each.reaches]
    known = [bound for bound in bounds if bound is not None]
    if len(known) == len(bounds) and known:
        plan = replace(plan, bound=min(plan.cost, max(0.0, min(known) - _cost(overhead))))
    else:
        plan = replace(plan, bound=None)
    chosen = replace(chosen, plan=plan)
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
    return replace(
        study,
        inputs=replace(study.inputs, target=aim),
        plan=plan,
        risk=risk,
        warnings=(*study.warnings, *warnings),
        models=(replace(first, chosen=True), *rest),
        idea=_judged(study, replace(plan, steps=steps, target=aim)),
    )


def _judged(study: Study, whole: Plan) -> Idea | None:
    """The idea judged anew on the plan with all that the chosen model costs."""
    if study.idea is None:
        return None
    verdict = judge(study.law, whole.target, whole, study.inputs.sources)
    return replace(study.idea, verdict=verdict)


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
        + _in_hand(inputs, plan),
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
