"""The cheapest plan of each candidate model, over all that may be done with the data in hand: for
the project's own question, for other targets and confidences, for the best-fitting law alone.

Which model, and how much of the data in hand is trained on, is part of every question: a harder
target may be cheaper with another model, and uses what is in hand before anything is bought.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.bill import describe
from planner.candidates import Candidate
from planner.fitted import FittedLaw
from planner.held import Case, cases, chance_of, exhaustive, held, merged, trimmed
from planner.inputs import Inputs
from planner.market import Amounts, market_of
from planner.optimise import cheapest_plan
from planner.plan import Plan, Step, Target
from planner.risk import risk_of
from planner.schema import model_item
from planner.secure import Secured, secure_plan
from planner.study import frontier_plans, solved
from planner.tried import Beside
from sources.base import Source
from sources.training import Model


@dataclass(frozen=True)
class Way:
    """What may be done with the data in hand for one model: the project as it is then solved, its
    budget what is left, and the purchases that answer its question."""

    candidate: Candidate
    case: Case
    offered: Inputs
    secured: Secured


@dataclass(frozen=True)
class Option:
    """A plan with the model it is for; its target's budget is what the model leaves.

    afford  whether what the model costs beside the purchases keeps the budget
    """

    candidate: Candidate
    plan: Plan
    overhead: Step | None
    afford: bool

    @property
    def reaches(self) -> bool:
        """Whether target and budget are kept."""
        return self.plan.reaches and self.afford

    @property
    def total(self) -> float:
        """[currency] in all."""
        return self.plan.cost + cost_of(self.overhead)

    @property
    def of(self) -> Beside:
        """The model, and what it costs beside the purchases."""
        return Beside(self.candidate.model.name, self.overhead)


@dataclass(frozen=True)
class Answer(Option):
    """The plan of one model that answers the project's question.

    inputs  the project with the target that is reached, sources with the price of training, of the
            data in hand what is used, and the budget that is left
    bound   [currency] proven lower bound on the total; None if not proven
    ways    all that may be done with the data in hand
    """

    inputs: Inputs
    bound: float | None = None
    ways: tuple[Way, ...] = ()

    @property
    def rank(self) -> tuple[float, ...]:
        """Smaller is better."""
        if not self.reaches:
            return (1.0, 0.0 if self.afford else 1.0, -self.plan.probability, self.plan.error[1])
        aim = self.inputs.target
        first = {"cost": 0.0, "error": aim.error, "weeks": aim.weeks}[self.inputs.least]
        return (0.0, first, self.total)

    def with_plan(self, other: Option, project: Inputs) -> Answer:
        """The answer with another plan of the same model for the same question."""
        aim = replace(self.inputs.target, budget=other.plan.target.budget)
        plan = replace(other.plan, target=aim, bound=None)
        sources = _kept(project, plan, self.candidate)
        inputs = replace(self.inputs, sources=sources, target=aim)
        return replace(self, plan=plan, overhead=other.overhead, inputs=inputs)


def answer(inputs: Inputs, candidate: Candidate) -> Answer:
    """The plan of one model that answers the project's question, over all that may be done with the
    data in hand. Raises InputError if a source is not a column of the model's law."""
    best: Answer | None = None
    bounds: list[float | None] = []
    ways = []
    for case, offered, spent in _offered(inputs, candidate):
        answered, secured = solved(offered, candidate.law, candidate.fresh)
        way = Way(candidate, case, offered, secured)
        ways.append(way)
        if secured.plan.reaches and inputs.target.budget >= spent:
            bound = secured.plan.bound
            sure = spent - _each(candidate.model, inputs.contingency) * case.slack
            bounds.append(None if bound is None else bound + sure)
        found = _finished(inputs, way, secured.plan, secured.confidence)
        aim = replace(answered.target, budget=found.plan.target.budget)
        planned = replace(answered, sources=_kept(inputs, found.plan, candidate), target=aim)
        plan = replace(found.plan, target=aim)
        made = Answer(candidate, plan, found.overhead, found.afford, planned)
        if best is None or made.rank < best.rank:
            best = made
    assert best is not None  # there is always the case in which everything in hand is used
    known = [bound for bound in bounds if bound is not None]
    proven = len(known) == len(bounds) > 0 and exhaustive(inputs.sources, candidate.model)
    return replace(best, bound=min(known) if proven else None, ways=tuple(ways))


def _offered(inputs: Inputs, candidate: Candidate) -> Iterator[tuple[Case, Inputs, float]]:
    """Each use of the data in hand, the project as it is then (sources with the price of training,
    the budget that is left), and what is spent whatever is bought [currency]."""
    model, money = candidate.model, inputs.contingency
    beside = cost_of(overhead_of(model, 0.0, money))
    for case in cases(inputs.sources, model, candidate.law):
        spent = beside + _each(model, money) * case.charged
        aim = replace(inputs.target, budget=max(inputs.target.budget - spent, 0.0))
        yield case, replace(inputs, sources=case.sources, target=aim, model=model), spent


def _each(model: Model, contingency: float) -> float:
    """Price of training an example [currency/example], contingency included."""
    return model.training.unit_price * (1 + contingency) if model.training else 0.0


def _finished(
    inputs: Inputs, way: Way, plan: Plan, wanted: float, law: FittedLaw | None = None
) -> Option:
    """Purchases as the plan of a model: no more data in hand than keeps P(target) at `wanted` [1],
    where training on it costs, and the budget that what it costs beside leaves."""
    candidate, law = way.candidate, law or way.candidate.law
    plan = merged(plan, way.case)
    if plan.reaches and any(plan.used_in_hand.values()):
        plan = trimmed(plan, law, candidate.model, wanted)
    if held(inputs.sources, candidate.model):
        plan = _described(inputs, plan, candidate, law)
    overhead = overhead_of(candidate.model, in_hand(inputs, plan), inputs.contingency)
    left = inputs.target.budget - cost_of(overhead)
    plan = replace(plan, target=replace(plan.target, budget=max(left, 0.0)))
    return Option(candidate, plan, overhead, left >= 0)


def _described(inputs: Inputs, plan: Plan, candidate: Candidate, law: FittedLaw) -> Plan:
    """The plan with error and shares of what it uses of the data in hand in the end."""
    market = market_of(_kept(inputs, plan, candidate), law, inputs.contingency)
    bought = np.array([plan.amounts.get(name, 0.0) for name in law.sources])
    amounts = Amounts(bought, plan.totals(law.sources) - bought)
    made = describe(market, plan.target, amounts, plan.bound)
    used = {**dict.fromkeys(plan.used_in_hand, 0.0), **made.used_in_hand}
    return replace(made, used_in_hand=used, binding=plan.binding)


def _as_sure(plan: Plan) -> float:
    """P(target) [1] that keeps target, budget and weeks together at the wanted confidence."""
    risk = risk_of(plan)
    kept = risk.on_budget * risk.on_time
    return min(plan.probability, plan.target.confidence / kept) if kept else plan.probability


def _kept(inputs: Inputs, plan: Plan, candidate: Candidate) -> tuple[Source, ...]:
    """The sources as the plan's rounds see them: in hand is what the plan uses."""
    first = next(cases(inputs.sources, candidate.model, candidate.law)).sources
    owned = {source.name for source in held(inputs.sources, candidate.model)}
    return tuple(
        replace(source, in_hand=plan.used_in_hand.get(source.name, 0.0))
        if source.name in owned
        else source
        for source in first
    )


def in_hand(inputs: Inputs, plan: Plan) -> float:
    """Labelled examples in hand that a plan trains on [example]."""
    labels = {source.name for source in inputs.sources if source.role == "labels"}
    return sum(used for name, used in plan.used_in_hand.items() if name in labels)


def cost_of(step: Step | None) -> float:
    """Its total [currency]; 0 if there is none."""
    return step.total if step else 0.0


def overhead_of(model: Model, in_hand: float, contingency: float) -> Step | None:
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


# -- other questions ------------------------------------------------------------------------------

Points = tuple[Option | None, ...]


def for_targets(inputs: Inputs, one: Answer, aim: Target, errors: Sequence[float]) -> Points:
    """The cheapest plan of one model for each of `errors`, falling, within the weeks of `aim`; each
    as sure of target, budget and weeks together as its own plan was asked to be."""
    found: list[Option | None] = [None] * len(errors)
    for way in one.ways:
        budget = way.offered.target.budget
        target = replace(aim, budget=budget, confidence=way.secured.asked)
        law = way.candidate.law
        plans = frontier_plans(way.offered, law, target, errors, way.secured.plan)
        for at, plan in enumerate(plans):
            if plan is not None:
                made = _finished(inputs, way, plan, _as_sure(plan))
                found[at] = _cheaper(found[at], made)
    return tuple(found)


def cheapest_of(points: Sequence[Points], errors: Sequence[float]) -> list[Option | None]:
    """The cheapest of several models' plans for each error, falling; what reaches a harder target
    reaches an easier one, so the cost never falls."""
    found: list[Option | None] = []
    for each in zip(*points, strict=True):
        least: Option | None = None
        for option in each:
            least = _cheaper(least, option)
        found.append(least)
    for at in range(len(found) - 2, -1, -1):
        harder, mine = found[at + 1], found[at]
        if harder is not None and (mine is None or harder.total < mine.total):
            found[at] = _eased(harder, errors[at])
    return found


def _cheaper(one: Option | None, other: Option | None) -> Option | None:
    """The cheaper of two that keep target and budget."""
    if other is None or not other.reaches:
        return one
    return other if one is None or other.total < one.total else one


def _eased(option: Option, error: float) -> Option:
    plan = replace(option.plan, target=replace(option.plan.target, error=error))
    plan = replace(plan, probability=chance_of(plan, option.candidate.law))
    return replace(option, plan=plan)


def best_guess(
    inputs: Inputs, answers: Iterable[Answer], aim: Target
) -> tuple[Option, float] | None:
    """The cheapest plan over the models, each with its single best-fitting law taken at its word,
    and its chance under the whole law; None where none reaches the target."""
    best: Option | None = None
    for each in answers:
        sure = each.candidate.law.best_guess()
        for way in each.ways:
            target = replace(aim, budget=way.offered.target.budget)
            plan = cheapest_plan(
                way.offered.sources, sure, target, contingency=inputs.contingency, prove=False
            )
            best = _cheaper(best, _finished(inputs, way, plan, target.confidence, sure))
    return None if best is None else (best, chance_of(best.plan, best.candidate.law))


def at_confidences(
    inputs: Inputs, answers: Sequence[Answer], best: Answer, confidences: Iterable[float]
) -> list[tuple[float, Option | None]]:
    """The cheapest plan over the models for the target at other confidences in target, budget and
    weeks together, rising; a surer target never costs less. Nothing where it is out of reach."""
    if not best.reaches:
        return []
    own = best.plan.target.confidence
    least: Option | None = None
    found: list[tuple[float, Option | None]] = []
    for confidence in sorted({*confidences, own}, reverse=True):
        if confidence == own:
            if least is None or best.total <= least.total:
                least = best
        else:
            aim = replace(inputs.target, confidence=confidence)
            least = _cheaper(
                least, cheapest_over(inputs, (w for a in answers for w in a.ways), aim)
            )
        found.append((confidence, least))
    return found[::-1]


def cheapest_over(inputs: Inputs, ways: Iterable[Way], aim: Target) -> Option | None:
    """The cheapest plan found over models and data in hand that keeps a target, budget and weeks;
    None where none does. Without a bound, and from the plan of each way as a start."""
    best: Option | None = None
    for way in ways:
        target = replace(aim, budget=way.offered.target.budget)
        secured = secure_plan(
            way.offered.sources,
            way.candidate.law,
            target,
            contingency=inputs.contingency,
            warm=[way.secured.plan],
            quick=True,
        )
        if secured.holds:
            best = _cheaper(best, _finished(inputs, way, secured.plan, _as_sure(secured.plan)))
    return best


def anew(inputs: Inputs, answers: Sequence[Answer], models: Mapping[str, Model]) -> Iterator[Way]:
    """The ways of a project with numbers of its sources or models changed, the laws as they are;
    the purchases of each are those it had, as a start."""
    for each in answers:
        candidate = each.candidate
        changed = replace(candidate, model=models.get(candidate.model.name, candidate.model))
        for (case, offered, _), way in zip(_offered(inputs, changed), each.ways, strict=False):
            yield Way(changed, case, offered, way.secured)
