"""The cheapest way by each route, what it reaches, what binds it, and which route to take."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.plan import Target
from planner.preference import laws
from planner.preference.fit import PreferenceLaw, fit_preferences
from planner.preference.question import Question
from planner.preference.routes import (
    DPO,
    JUDGED_RLHF,
    KEPT,
    REPLACED,
    RLHF,
    Need,
    Option,
    Routes,
    options,
)
from planner.preference.spending import CostItem, costs, total, weeks
from sources.base import Source

ORDER = (DPO, RLHF, JUDGED_RLHF, KEPT, REPLACED)
ENDS = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class RoutePlan:
    """The best found of one route.

    pairs        [pair] of people that are used, in hand included; `bought` of them are bought
    cost         [currency] expected, contingency included; low and high: every price at its end
    weeks        [week] to the end of training, failed runs included as expected
    win_rate     low, median and high end of the 90% interval
    probability  that the target is reached
    binds        limit that keeps it from the target or sets its size
    """

    option: Option
    pairs: float
    bought: float
    cost: float
    low: float
    high: float
    weeks: float
    win_rate: tuple[float, float, float]
    probability: float
    reaches: bool
    binds: str
    lines: tuple[CostItem, ...]


@dataclass(frozen=True)
class Offer:
    """Pairs of an option within limits, before its quality is worked out."""

    need: Need
    pairs: float
    cost: float
    weeks: float
    probability: float
    reaches: bool


@dataclass(frozen=True)
class Needs:
    """A law, what is to be reached, and what every option needs for it.

    None of it depends on prices, speeds, budget or weeks.
    """

    law: PreferenceLaw
    routes: Routes
    needs: tuple[Need, ...]


def work_out(question: Question) -> Needs:
    """Fit the law to the runs and find what every option needs."""
    inputs = question.inputs
    law = fit_preferences(
        question.runs,
        question.beliefs(),
        draws=inputs.draws,
        seed=inputs.seed,
        most_kl=question.value("most_kl"),
    )
    routes = Routes(law, float(laws.gain_of(1 - inputs.target.error)))
    return _needs(question, routes)


def agreeing(question: Question, found: Needs) -> Needs:
    """What every option needs where people agree as `question` says; the runs stay as fitted."""
    return _needs(question, found.routes)


def _needs(question: Question, fitted: Routes) -> Needs:
    routes = fitted.with_agreement(question.agreement())
    every = options(tuple(question.people), question.judge is not None, question.rounds)
    return Needs(routes.law, routes, tuple(routes.need(option) for option in every))


def best_by_route(question: Question, found: Needs) -> dict[str, RoutePlan]:
    """The best plan of every route that there is, in their order."""
    plans = {}
    for route in ORDER:
        mine = [need for need in found.needs if need.option.route == route]
        if mine:
            offer = best_offer(question, mine)
            plans[route] = _plan(question, found, offer, mine)
    return plans


def choice(question: Question, found: Needs) -> tuple[str, bool]:
    """Route that is best and whether it reaches the target; the fast form of `chosen`."""
    offers = {
        route: best_offer(question, mine)
        for route in ORDER
        if (mine := [need for need in found.needs if need.option.route == route])
    }
    least = question.inputs.least
    route = min(offers, key=lambda name: _rank(offers[name], least, ORDER.index(name)))
    return route, offers[route].reaches


def chosen(question: Question, plans: Mapping[str, RoutePlan]) -> str:
    """Route that is best: of those that reach the target the cheapest (or, where weeks are asked
    for, the fastest), else the one most likely to."""
    least = question.inputs.least
    return min(plans, key=lambda name: _rank(plans[name], least, ORDER.index(name)))


def _rank(offer: Offer | RoutePlan, least: str, place: int) -> tuple[float, ...]:
    if offer.reaches:
        first = (offer.weeks, offer.cost) if least == "weeks" else (offer.cost, offer.weeks)
        return (0.0, *first, float(place))
    return (1.0, -offer.probability, offer.cost, offer.weeks, float(place))


def best_offer(question: Question, needs: Sequence[Need]) -> Offer:
    """The best of some options, by the same order as between routes."""
    least = question.inputs.least
    # a judge that cannot make so many pairs offers nothing; one way of each route is always left
    able = [need for need in needs if _judged_fits(question, need.option)] or needs[:1]
    offers = [offer_of(question, need) for need in able]
    return min(offers, key=lambda offer: _rank(offer, least, 0))


def offer_of(question: Question, need: Need) -> Offer:
    """Fewest pairs that reach the target within the limits, else the most that limits allow."""
    target, option = question.inputs.target, need.option
    people = question.people[option.votes]
    wanted = need.at(target.confidence)
    pairs = _legal(people, wanted)
    if _judged_fits(question, option) and math.isfinite(pairs):
        bought = max(0.0, pairs - people.in_hand)
        if bought <= people.limits.max_examples:
            spent, late = total(question, option, bought), weeks(question, option, bought)
            if spent <= target.budget and late <= target.weeks:
                return Offer(need, pairs, spent, late, need.probability(pairs), True)
    most = _most(question, option)
    if most is None:
        return Offer(need, 0.0, total(question, option, 0), weeks(question, option, 0), 0.0, False)
    pairs = most + people.in_hand
    spent, late = total(question, option, most), weeks(question, option, most)
    return Offer(need, pairs, spent, late, need.probability(pairs), False)


def _judged_fits(question: Question, option: Option) -> bool:
    judge = question.judge
    return not option.judged or (
        judge is not None and option.judged <= judge.limits.max_examples + judge.in_hand
    )


def _legal(people: Source, wanted: float) -> float:
    """Pairs with what is in hand [pair], the purchase rounded up to whole batches."""
    if not math.isfinite(wanted):
        return math.inf
    bought = max(0.0, math.ceil(wanted - people.in_hand - 1e-9))
    if not bought:
        return people.in_hand
    batch = people.limits.batch
    return people.in_hand + max(people.limits.smallest, math.ceil(bought / batch) * batch)


def _most(question: Question, option: Option) -> float | None:
    """Most pairs of people that budget, weeks and caps allow to buy; None if not even none."""
    target, people = question.inputs.target, question.people[option.votes]
    if not _judged_fits(question, option):
        return None
    spent, late = total(question, option, 0.0), weeks(question, option, 0.0)
    if spent > target.budget or late > target.weeks:
        return None
    left = (target.budget - spent) / (1 + question.inputs.contingency) - people.fees()
    unit = people.unit_cost(0.0)  # of pairs it is the same at every quantity
    paid = math.inf if unit == 0 and left >= 0 else max(0.0, left / max(unit, 1e-300))
    time_left = target.weeks - weeks(question, option, 0.0, collecting=False)
    batch = people.limits.batch
    most = min(people.limits.available(time_left), paid, 1e12)
    whole = math.floor(most / batch * (1 + 1e-12)) * batch
    return float(whole) if whole >= people.limits.smallest else 0.0


def _plan(question: Question, found: Needs, offer: Offer, mine: Sequence[Need]) -> RoutePlan:
    option, inputs = offer.need.option, question.inputs
    people = question.people[option.votes]
    bought = max(0.0, offer.pairs - people.in_hand)
    lines = costs(question, option, bought)
    factor = 1 + inputs.contingency
    rate = laws.win_rate(found.routes.gain(option, offer.pairs))
    low, median, high = (float(v) for v in np.quantile(rate, ENDS))
    return RoutePlan(
        option=option,
        pairs=offer.pairs,
        bought=bought,
        cost=offer.cost,
        low=factor * sum(line.low for line in lines),
        high=factor * sum(line.high for line in lines),
        weeks=offer.weeks,
        win_rate=(low, median, high),
        probability=offer.probability,
        reaches=offer.reaches,
        binds=_binds(question, offer, mine),
        lines=lines,
    )


def _binds(question: Question, offer: Offer, mine: Sequence[Need]) -> str:
    """What keeps a route from the target, by lifting one limit after the other."""
    if offer.reaches:
        return "the target"
    target = question.inputs.target
    free = replace(target, budget=math.inf, weeks=math.inf)
    uncapped = {k: _uncapped(s) for k, s in question.people.items()}

    def lifted(changed: Target, people: Mapping[int, Source] = question.people) -> bool:
        inputs = replace(question.inputs, target=changed)
        return best_offer(replace(question, inputs=inputs, people=people), mine).reaches

    if lifted(replace(target, weeks=math.inf)):
        return "pairs a week x weeks"
    if lifted(replace(target, budget=math.inf)):
        return "budget"
    if lifted(target, uncapped):
        return "most pairs there are"
    if lifted(free):
        return "budget and weeks"
    if lifted(free, uncapped):
        return "budget, weeks and most pairs"
    return "what pairs can teach, at this confidence"


def _uncapped(people: Source) -> Source:
    return replace(people, limits=replace(people.limits, max_examples=math.inf))
