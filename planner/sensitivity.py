"""What moves the cost of a plan: each assumption at its ends, limits lifted, prices that would
change the plan. Every figure is of a plan made anew for the same question, not of the old one at
new prices: target, budget and weeks are kept together as surely as the plan keeps them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from planner.bill import describe
from planner.fitted import FittedLaw
from planner.market import Amounts, market_of
from planner.optimise import cheapest_plan
from planner.plan import Plan, Target
from planner.risk import risk_of
from planner.secure import secure_plan
from planner.switching import Solve, Switch, switches
from sources.base import Assumption, Source

MOST = 6  # assumptions whose two ends are planned for anew
REFITS = 2  # of them for which the law is fitted anew as well
UNBOUGHT = (
    3  # sources that are not bought, whose quality is varied: the cheapest for what they bring
)
TAIL = 0.2  # of the draws that stand for a source that is worse, or better, than believed
MORE = 1.1  # of a limit that is eased for its shadow price, or one batch more
SAME = 1e-6  # relative difference of costs below which a plan is as it was
QUALITY = "effective example/example"
Rebuild = Callable[[str, Mapping[str, float]], Source | None]
Refit = Callable[[Sequence[Source]], FittedLaw]


@dataclass(frozen=True)
class Swing:
    """Cost [currency] of the plan made for a number at its low and at its high end; None where the
    target is then out of reach, or where `note` says why it is not known."""

    scope: str
    name: str
    unit: str
    low: float
    base: float
    high: float
    cost_low: float | None
    cost_high: float | None
    provenance: str
    note: str = ""

    @property
    def width(self) -> float:
        """How far the cost moves [currency]; inf where an end puts the target out of reach, -1
        where it is not known."""
        if self.note:
            return -1.0
        if self.cost_low is None or self.cost_high is None:
            return math.inf
        return abs(self.cost_high - self.cost_low)


@dataclass(frozen=True)
class Lifted:
    """A limit that the plan runs into, and budget and weeks: cost [currency] without it, and what
    one more of its unit saves [currency/unit], from a tenth or one batch more of it; None where the
    target is then out of reach, or where `note` says why it is not known."""

    limit: str
    unit: str
    value: float
    without: float | None
    shadow_price: float | None
    note: str = ""


@dataclass(frozen=True)
class Sensitivity:
    """The widest swing first; limits that bind; prices that would change the plan. Where the target
    is out of reach there are limits alone."""

    swings: tuple[Swing, ...]
    limits: tuple[Lifted, ...]
    switches: tuple[Switch, ...]


def sensitivity(
    sources: Sequence[Source],
    law: FittedLaw,
    plan: Plan,
    *,
    contingency: float = 0.0,
    rebuild: Rebuild | None = None,
    refit: Refit | None = None,
) -> Sensitivity:
    """Sensitivity of a plan.

    rebuild(source, {number: value}) makes a source anew with numbers changed, None where it cannot;
    without it only what the law believes is varied. refit(sources) fits the law anew for what is
    believed of these; without it, numbers that act through quality are left out, with a note.
    """
    again = Again(tuple(sources), law, plan, contingency, rebuild, refit)
    if not plan.reaches:
        return Sensitivity((), tuple(_limits(again)), ())
    swings = [*_beliefs(again), *_numbers(again)]
    return Sensitivity(
        tuple(sorted(swings, key=lambda each: (-each.width, each.scope, each.name))),
        tuple(_limits(again)),
        tuple(switches(sources, law, plan, _plain(again))),
    )


@dataclass(frozen=True)
class Again:
    """Makes the plan anew: its sources, law and question, one of them changed."""

    sources: tuple[Source, ...]
    law: FittedLaw
    plan: Plan
    contingency: float
    rebuild: Rebuild | None = None
    refit: Refit | None = None
    holds: bool = field(init=False)
    target: Target = field(init=False)

    def __post_init__(self) -> None:
        aim, met = self.plan.target, risk_of(self.plan).met
        holds = self.plan.reaches and met >= aim.confidence - 1e-9
        object.__setattr__(self, "holds", holds)
        object.__setattr__(self, "target", aim)
        # a plan that fresh draws asked to be surer: what it is compared with is as sure
        before = self.cost(self.sources) if holds else None
        if before is not None and before < self.plan.cost * (1 - SAME):
            object.__setattr__(self, "target", replace(aim, confidence=min(met - 1e-9, 0.999)))

    def made(
        self,
        sources: Sequence[Source],
        law: FittedLaw | None = None,
        target: Target | None = None,
    ) -> Plan | None:
        """The cheapest plan; None where target, budget and weeks are not kept surely enough. Where
        the plan itself does not keep them, the target alone counts, as for it."""
        law, target = law or self.law, target or self.target
        kept = self.kept(sources, law, target)
        if self.holds:
            found = secure_plan(
                sources,
                law,
                target,
                contingency=self.contingency,
                warm=[kept] if kept else [self.plan],
                quick=True,
            )
            plan, good = found.plan, found.holds
        else:
            plan = cheapest_plan(sources, law, target, contingency=self.contingency, prove=False)
            good = plan.reaches
        if kept is not None and not (good and plan.cost < kept.cost):
            return kept
        return plan if good else None

    def cost(
        self,
        sources: Sequence[Source],
        law: FittedLaw | None = None,
        target: Target | None = None,
    ) -> float | None:
        """What that plan costs [currency]."""
        plan = self.made(sources, law, target)
        return None if plan is None else plan.cost

    def kept(self, sources: Sequence[Source], law: FittedLaw, target: Target) -> Plan | None:
        """The plan's purchases at other terms; None where they are no legal plan then."""
        if not self.plan.reaches:
            return None
        names = law.sources
        market = market_of(sources, law, self.contingency)
        named = {source.name: source for source in sources}
        for name, quantity in self.plan.amounts.items():
            limits = named[name].limits
            most = limits.available(target.weeks)
            if quantity > most or quantity < limits.smallest or quantity % limits.batch:
                return None
        bought = np.array([self.plan.amounts.get(name, 0.0) for name in names])
        owned = np.array([named[n].in_hand if n in named else 0.0 for n in names])
        before = {each.name: each.in_hand for each in self.sources}
        used = np.array([self.plan.used_in_hand.get(name, 0.0) for name in names])
        # what was used whole is used whole
        whole = np.array([used[k] >= before.get(n, 0.0) for k, n in enumerate(names)])
        used = np.where(whole, owned, np.minimum(used, owned))
        if not market.rules.allowed((bought + used)[None], bought[None])[0]:
            return None
        plan = describe(market, target, Amounts(bought, used), None)
        good = plan.reaches and plan.cost <= target.budget * (1 + 1e-9)
        if good and self.holds:
            good = risk_of(plan).met >= target.confidence - 1e-9
        return plan if good else None


def _plain(again: Again) -> Solve:
    """The cheapest plan that is as sure of the target as the plan is, budget and weeks at base
    prices and speeds: for the many plans that look for a price."""
    sure = min(max(again.target.confidence, again.plan.probability - 1e-9), 0.999)
    confidence = sure if again.holds else again.target.confidence

    def solve(offered: Sequence[Source], under: FittedLaw, target: Target) -> Plan:
        aim = replace(target, confidence=confidence)
        return cheapest_plan(offered, under, aim, contingency=again.contingency, prove=False)

    return solve


# -- assumptions ---------------------------------------------------------------------------------


def _numbers(again: Again) -> Iterator[Swing]:
    """Swings of the numbers that move the cost of the plan's own purchases most, and of what is
    not bought those that could make it cheap. Variants that share a number share its end."""
    if again.rebuild is None:
        return
    ranked = []
    for members, number in shared_numbers(again.sources):
        ends = ends_of(members, number, again.rebuild)
        if ends:
            first = sum(_first_order(own, pair, again.plan) for own, pair in
                        zip(members, zip(*ends, strict=True), strict=True))  # fmt: skip
            believed = any(quality_changed(end, own) for each in ends
                           for end, own in zip(each, members, strict=True))  # fmt: skip
            if believed:  # how far it moves the cost is not known beforehand
                bought = any(own.name in again.plan.amounts for own in members)
                first = max(first, again.plan.cost * (0.3 if bought else 0.02))
            ranked.append((first, number, members, ends, believed))
    ranked.sort(key=lambda each: (-each[0], _scope(each[2]), each[1].name))
    refits = 0
    for _, number, members, ends, believed in ranked[:MOST]:
        costs: list[float | None] = [None, None]
        note = ""
        if believed and again.refit is None:
            note = "not planned anew: it acts through the quality, and the law is not fitted anew"
        elif believed and refits >= REFITS:
            note = f"not planned anew: it acts through the quality; {REFITS} such are, at most"
        else:
            refits += believed
            for at, changed in enumerate(ends):
                named = {each.name: each for each in changed}
                offered = [named.get(each.name, each) for each in again.sources]
                pairs = zip(changed, members, strict=True)
                anew = again.refit if any(quality_changed(*pair) for pair in pairs) else None
                law = anew(offered) if anew else None
                costs[at] = again.cost(offered, law)
        three, unit, origin = three_of(number), number.unit, number.provenance
        yield Swing(_scope(members), number.name, unit, *three, costs[0], costs[1], origin, note)


def _scope(members: Sequence[Source]) -> str:
    """What a number belongs to: a source, or all its variants."""
    return members[0].family if len(members) > 1 else members[0].name


def shared_numbers(sources: Sequence[Source]) -> Iterator[tuple[list[Source], Assumption]]:
    """Each number with the source it belongs to, or with the variants that have the same."""
    seen: dict[tuple[Any, ...], list[Source]] = {}
    numbers: dict[tuple[Any, ...], Assumption] = {}
    for source in sources:
        for number in source.assumptions:
            ends = (number.low, number.value, number.high)
            key = (source.family or source.name, number.name, ends)
            seen.setdefault(key, []).append(source)
            numbers.setdefault(key, number)
    for key, members in seen.items():
        yield members, numbers[key]


def quality_changed(changed: Source, source: Source) -> bool:
    """Whether what the law believes of a source has changed."""
    ends = ("low", "base", "high", "biased")
    return any(getattr(changed.quality, e) != getattr(source.quality, e) for e in ends)


def three_of(number: Assumption) -> tuple[float, float, float]:
    """Its low end, value and high end; the value where an end is not given."""
    assert number.value is not None
    low, high = (number.value if end is None else end for end in (number.low, number.high))
    return low, number.value, high


def ends_of(
    members: Sequence[Source], number: Assumption, rebuild: Rebuild
) -> tuple[list[Source], list[Source]] | None:
    """The sources with a number at its low and at its high end; None where it cannot be varied."""
    if number.value is None or number.reference.startswith("derived: "):
        return None
    low, value, high = three_of(number)
    if low == high == value:
        return None
    ends: tuple[list[Source], list[Source]] = ([], [])
    for end, found in zip((low, high), ends, strict=True):
        for source in members:
            made = rebuild(source.name, {number.name: end})
            if made is None:
                return None
            found.append(made)
    return ends


def _first_order(source: Source, ends: tuple[Source, Source], plan: Plan) -> float:
    """How far the plan's own cost moves [currency]; of what is not bought, a hundredth of the
    plan's cost times how much its price may fall, so that these come after."""
    bought = plan.amounts.get(source.name, 0.0)
    if bought:
        costs = [float(end.cost(bought)) for end in ends]
        short = [plan.cost * (bought > end.limits.available(plan.target.weeks)) for end in ends]
        return max(abs(costs[1] - costs[0]), *short)
    prices = [end.unit_cost(0) for end in ends]
    dearest = max(prices)
    return 0.0 if not dearest else 0.01 * plan.cost * (1 - min(prices) / dearest)


def _beliefs(again: Again) -> Iterator[Swing]:
    """Swings of what the law believes: the quality of each labelled source, the effect of each
    text, and how much data the target asks for at all."""
    law, plan = again.law, again.plan
    total = plan.totals(law.sources)
    named = {source.name: source for source in again.sources}
    unbought = []
    for k in law.labels:
        name = law.sources[int(k)]
        if name not in named or not (total[k] or named[name].limits.available(plan.target.weeks)):
            continue
        size = max(total[k], law.anchor.size)
        worth = law.contribution(int(k), np.array([size]))[:, 0] / size
        if np.ptp(worth) <= 1e-9 * abs(worth).max():  # the reference, if nothing bends it
            continue
        if total[k] or name == law.reference:
            yield _belief(again, (name, "quality", QUALITY), worth)
        else:
            price = float(named[name].cost(size)) / max(float(law.weights @ worth), 1e-12)
            unbought.append((price, name, worth))
    for _, name, worth in sorted(unbought, key=lambda each: each[:2])[:UNBOUGHT]:
        yield _belief(again, (name, "quality", QUALITY), worth)
    for k, text in enumerate(law.sources):
        if not law.is_text[k] or text not in named:
            continue
        most = named[text].limits.available(plan.target.weeks) + named[text].in_hand
        if not 0 < most < math.inf:
            continue
        both = np.array([total, total])
        both[:, k] = (0.0, most)
        errors = law.errors(both)
        effect = errors[:, 0] / errors[:, 1]
        if np.ptp(effect) > 1e-9:
            yield _belief(again, (text, "error without / with it", "ratio"), effect)
    error = law.errors(total[None])[:, 0]
    yield _belief(again, ("law", "error of the plan", plan.target.metric), error)


def _belief(again: Again, what: tuple[str, str, str], values: Any) -> Swing:
    """Plans for the fifth of the draws with the lowest, and with the highest, values."""
    law = again.law
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(law.weights[order])
    low = np.sort(order[mass <= TAIL]) if (mass <= TAIL).any() else order[:1]
    high = np.sort(order[mass > 1 - TAIL])
    costs = [again.cost(again.sources, law.pick(index, weighted=True)) for index in (low, high)]
    middle = float(values[order[int(np.searchsorted(mass, 0.5))]])
    scope, name, unit = what
    ends = [float(law.weights[i] @ values[i] / law.weights[i].sum()) for i in (low, high)]
    return Swing(scope, name, unit, ends[0], middle, ends[1], costs[0], costs[1], "fitted")


# -- limits --------------------------------------------------------------------------------------


def _limits(again: Again) -> Iterator[Lifted]:
    plan, target = again.plan, again.target
    bought = plan.amounts
    for source in again.sources:
        limits, quantity = source.limits, bought.get(source.name, 0.0)
        most = limits.available(target.weeks)
        if math.isinf(limits.max_examples) or quantity + limits.batch <= most:
            continue
        if most < limits.max_examples - limits.batch and limits.max_examples >= limits.smallest:
            continue  # the weeks are what binds
        if source.role == "text":
            note = "what more text than there is would bring is not known"
            yield Lifted(f"{source.name}: {limits.cap_reason}", source.unit, limits.max_examples,
                         None, None, note)  # fmt: skip
            continue
        step = max(limits.max_examples * (MORE - 1), limits.batch)
        step = max(step, limits.smallest - limits.max_examples)
        costs = [again.cost(_capped(again.sources, source.name, more)) for more in (math.inf, step)]
        yield _lifted(f"{source.name}: {limits.cap_reason}", source.unit, limits.max_examples,
                      plan, costs, step)  # fmt: skip
    for name, unit, amount in (("weeks", "week", target.weeks), ("budget", "", target.budget)):
        if math.isinf(amount):
            continue
        step = amount * (MORE - 1)
        aims = [
            replace(target, weeks=amount + more)
            if name == "weeks"
            else replace(target, budget=amount + more)
            for more in (math.inf, step)
        ]
        costs = [again.cost(again.sources, target=aim) for aim in aims]
        yield _lifted(name, unit, amount, plan, costs, step)


def _capped(sources: Sequence[Source], name: str, more: float) -> list[Source]:
    """The sources, with one's max scale larger by `more` [example]."""

    def eased(source: Source) -> Source:
        most = source.limits.max_examples + more
        return replace(source, limits=replace(source.limits, max_examples=most))

    return [eased(each) if each.name == name else each for each in sources]


def _lifted(
    limit: str,
    unit: str,
    value: float,
    plan: Plan,
    costs: Sequence[float | None],
    step: float,
) -> Lifted:
    """From the costs without the limit, and with `step` more of it."""
    without, more = costs
    if not plan.reaches:
        return Lifted(limit, unit, value, without, None)
    if without is not None:
        without = min(without, plan.cost)  # a looser limit never costs more
    saved = None if more is None or not step else max(0.0, plan.cost - more) / step
    return Lifted(limit, unit, value, without, saved)
