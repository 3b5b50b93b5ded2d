"""What moves the cost of a project with candidate models: each number at its ends, with model, data
in hand and purchases chosen anew.

The laws stay as they are. Numbers that act through a law, a quality or a model's size, are listed
and not planned for; limits and prices that turn the plan are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from planner.answers import Answer, anew, cheapest_over, cost_of, in_hand, overhead_of
from planner.inputs import Inputs
from planner.plan import Plan, Target
from planner.risk import risk_of
from planner.sensitivity import (
    MOST,
    SAME,
    Rebuild,
    Sensitivity,
    Swing,
    ends_of,
    quality_changed,
    shared_numbers,
    three_of,
)
from sources import training
from sources.base import Assumption, Source, SourceError
from sources.settings import Number, assumption
from sources.training import Model, trained

LEFT_OUT = (
    "--sensitivity with candidate models: limits, prices that turn the plan, and what the laws "
    "believe are left out; each number that is listed has the model chosen anew"
)
BY_LAW = "not planned anew: it acts through the law of the errors, which is not fitted anew"


@dataclass(frozen=True)
class Terms:
    """Sources without the price of training, and models by name, a number changed."""

    sources: tuple[Source, ...]
    models: Mapping[str, Model]


@dataclass(frozen=True)
class Varied:
    """A number with the project's terms at its low and high end; by_law: it changes a law too."""

    scope: str
    number: Assumption
    ends: tuple[Terms, Terms]
    by_law: bool


def model_sensitivity(
    inputs: Inputs, answers: Sequence[Answer], best: Answer, rebuild: Rebuild
) -> Sensitivity:
    """Swings of the numbers of sources and models that move the total most, the widest first;
    nothing where the target is out of reach."""
    if not best.reaches:
        return Sensitivity((), (), ())
    aim = _as_asked(inputs, answers, best)
    ranked, swings = [], []
    for each in (*_of_sources(inputs, rebuild), *_of_models(inputs)):
        if each.by_law:
            swings.append(_swing(each, None, None))
            continue
        low, high = (_at(inputs, answers, terms, aim) for terms in each.ends)
        # an end at which no model's plan is good as it is may move the total the farthest
        width = best.total if low is None or high is None else abs(high - low)
        if width > 0:  # else it is of nothing that is bought or used
            ranked.append((width, each))
    ranked.sort(key=lambda pair: (-pair[0], pair[1].scope, pair[1].number.name))
    for _, each in ranked[:MOST]:
        swings.append(_swing(each, *(_cost(inputs, answers, terms, aim) for terms in each.ends)))
    return Sensitivity(tuple(sorted(swings, key=lambda s: (-s.width, s.scope, s.name))), (), ())


def _swing(each: Varied, low: float | None, high: float | None) -> Swing:
    number, note = each.number, BY_LAW if each.by_law else ""
    ends = three_of(number)
    origin = number.provenance
    return Swing(each.scope, number.name, number.unit, *ends, low, high, origin, note)


def _as_asked(inputs: Inputs, answers: Sequence[Answer], best: Answer) -> Target:
    """The project's target, as surely kept as the plan keeps it if fresh draws asked for more."""
    ways = (way for each in answers for way in each.ways)
    base, met = cheapest_over(inputs, ways, inputs.target), risk_of(best.plan).met
    surer = base is not None and base.total < best.total * (1 - SAME)
    if surer and met > inputs.target.confidence:
        return replace(inputs.target, confidence=min(met - 1e-9, 0.999))
    return inputs.target


def _cost(inputs: Inputs, answers: Sequence[Answer], terms: Terms, aim: Target) -> float | None:
    """The total [currency] of the cheapest plan at other terms, over models and data in hand; None
    where none keeps the target."""
    changed = replace(inputs, sources=terms.sources)
    found = cheapest_over(changed, anew(changed, answers, terms.models), aim)
    kept = _at(inputs, answers, terms, aim)
    if found is None or (kept is not None and kept < found.total):
        return kept
    return found.total


def _at(inputs: Inputs, answers: Sequence[Answer], terms: Terms, aim: Target) -> float | None:
    """The least total [currency] of the models' plans, purchases as they are, at other terms; None
    where none of them keeps the target then."""
    totals = []
    for each in answers:
        if not each.reaches:
            continue
        model = terms.models[each.candidate.model.name]
        whole = _repriced(inputs, each.plan, terms, model)
        if whole is None:
            continue
        overhead = overhead_of(model, in_hand(inputs, each.plan), inputs.contingency)
        left = aim.budget - cost_of(overhead)
        if left < whole.cost * (1 - 1e-9):
            continue
        if risk_of(replace(whole, target=replace(aim, budget=left))).met >= aim.confidence - 1e-9:
            totals.append(whole.cost + cost_of(overhead))
    return min(totals, default=None)


def _repriced(inputs: Inputs, plan: Plan, terms: Terms, model: Model) -> Plan | None:
    """The plan's purchases at other terms; None where they cannot be had then."""
    named = {source.name: source for source in terms.sources}
    steps, factor = [], 1 + inputs.contingency
    for step in plan.steps:
        source, quantity = trained(named[step.source.name], model), step.quantity
        limits = source.limits
        if quantity > limits.available(plan.target.weeks) or quantity < limits.smallest:
            return None
        if quantity % limits.batch:
            return None
        cost, (low, high) = float(source.cost(quantity)), source.cost_range(quantity)
        steps.append(
            replace(
                step,
                source=source,
                fees=cost,
                variable=0.0,
                contingency=cost * inputs.contingency,
                low=low * factor,
                high=high * factor,
                weeks=limits.weeks(quantity),
            )
        )
    used = plan.used_in_hand
    if any(used.get(name, 0.0) > each.in_hand for name, each in named.items()):
        return None
    return replace(plan, steps=tuple(steps))


def _of_sources(inputs: Inputs, rebuild: Rebuild) -> Iterator[Varied]:
    models = {model.name: model for model in inputs.models}
    for members, number in shared_numbers(inputs.sources):
        ends = ends_of(members, number, rebuild)
        if ends is None:
            continue
        terms = []
        for changed in ends:
            named = {each.name: each for each in changed}
            offered = tuple(named.get(each.name, each) for each in inputs.sources)
            terms.append(Terms(offered, models))
        by_law = any(
            quality_changed(end, own)
            for changed in ends
            for end, own in zip(changed, members, strict=True)
        )
        scope = members[0].family if len(members) > 1 else members[0].name
        yield Varied(scope, number, (terms[0], terms[1]), by_law)


def _of_models(inputs: Inputs) -> Iterator[Varied]:
    """Numbers of each model, and predictions, which all share."""
    given = inputs.predictions
    names = tuple(inputs.model_settings)
    if given is not None:
        number = assumption("predictions", given, "prediction", inputs.context)
        yield from _varied(inputs, "project", number, names)
    for model in inputs.models:
        for number in model.assumptions:
            if model.name in inputs.model_settings:
                yield from _varied(inputs, model.name, number, (model.name,))


def _varied(
    inputs: Inputs, scope: str, number: Assumption, names: Sequence[str]
) -> Iterator[Varied]:
    if number.value is None:
        return
    low, value, high = three_of(number)
    if low == high == value:
        return
    terms = []
    for end in (low, high):
        models = {model.name: model for model in inputs.models}
        for name in names:
            table, given = dict(inputs.model_settings[name]), inputs.predictions
            if number.name == "predictions":
                given = Number(value=end)
            else:
                table[number.name] = end
            try:
                models[name] = training.build(name, table, inputs.context, given)
            except SourceError:
                return
        terms.append(Terms(inputs.sources, models))
    yield Varied(scope, number, (terms[0], terms[1]), number.name == "params")
