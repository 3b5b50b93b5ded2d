"""Sources + law + target -> the cheapest plan, its frontier, and the least error within limits.

The legal purchases of each source are listed (whole batches, minimum orders, what arrives in time),
exactly where there are few, else on a grid that is refined around the best choice until neighbours
are one batch apart. search.py finds the cheapest choice on the lists. A plan's cost and probability
are then computed afresh from the sources and the law, never taken from the search.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.errors import Fault, InputError
from planner.fitted import FittedLaw, smallest_meeting, weighted_quantile
from planner.judge import Judge
from planner.laws import Array
from planner.plan import Plan, Step, Target
from planner.search import Options, Outcome, cheapest
from sources.base import Source

LISTED = 160  # sources with at most this many legal purchases are listed whole
GRID = 40  # else so many points, in geometric steps
ZOOM = 24  # points per source when refining around the best choice
SMALL = 30_000  # choices up to which the branch and bound may run to its end
SMALL_BOXES = 20_000
BOXES = 96  # boxes where it cannot hope to: the local search decides, the boxes give a bound
HUGE = 1e9  # [example] stands for "unlimited" where neither need nor budget ends it sooner
TOLERANCE, ROUGH = 1.0001, 1.003  # of the least error within limits: small markets, large ones
TEXT_LEVELS = 3  # amounts of each text source that are tried, besides none


@dataclass(frozen=True)
class Market:
    """What can be bought: sources in the law's order of columns, law, and contingency [ratio]."""

    sources: tuple[Source, ...]
    law: FittedLaw
    contingency: float

    @property
    def labels(self) -> tuple[Source, ...]:
        """Labelled sources."""
        return tuple(s for s in self.sources if s.role == "labels")

    @property
    def texts(self) -> tuple[Source, ...]:
        """Unlabelled text sources."""
        return tuple(s for s in self.sources if s.role == "text")

    def column(self, source: Source) -> int:
        """Column of a source in the law."""
        return self.law.sources.index(source.name)

    def price(self, source: Source, quantity: Array) -> Array:
        """Cost [currency], contingency included."""
        return source.cost(quantity) * (1 + self.contingency)


def cheapest_plan(
    sources: Sequence[Source],
    law: FittedLaw,
    target: Target,
    *,
    contingency: float = 0.0,
    prove: bool = True,
) -> Plan:
    """The cheapest legal purchases with P(error <= target.error) >= target.confidence.

    contingency [ratio] is added to every cost and counts against the budget. prove: also compute a
    lower bound on the cost of any legal plan (text in the few amounts that are tried). If no plan
    meets target, budget and weeks at once, the plan returned has `reaches` False and brings the
    error down as far as the limits allow at that confidence. Raises InputError if a source is not a
    column of the law.
    """
    market = _market(sources, law, contingency)
    found = _solve(market, target, prove=prove)
    if found.amounts is None:
        return least_error_plan(sources, law, target, contingency=contingency)
    return describe(market, target, found.amounts, found.bound if prove else None)


def least_error_plan(
    sources: Sequence[Source], law: FittedLaw, target: Target, *, contingency: float = 0.0
) -> Plan:
    """The plan whose error at the wanted confidence is least within budget and weeks.

    The least error is found by bisection, to 0.01% where choices are few and else to 0.3%; the
    cheapest plan that reaches it is returned.
    """
    market = _market(sources, law, contingency)
    best, owned = np.zeros(len(law.sources)), _owned(market)

    def reached(amounts: Array) -> float:
        errors = law.errors((amounts + owned)[None])
        return float(weighted_quantile(errors, law.weights, target.confidence)[0])

    high = reached(best)
    low = min(_least_conceivable(market, target), high)
    fine = math.prod(len(_quantities(market, s, target)) for s in market.labels) <= SMALL
    tolerance = TOLERANCE if fine else ROUGH
    while high / low > tolerance:
        middle = math.sqrt(low * high)
        aim = replace(target, error=middle)
        found = _solve(market, aim, warm=[best])
        if found.amounts is None:
            low = middle
        else:
            best, high = found.amounts, min(middle, reached(found.amounts))
    return describe(market, target, best, None)


def _least_conceivable(market: Market, target: Target) -> float:
    """Error that no purchase undercuts at the confidence: all of everything, no own floors."""
    law, size = market.law, np.zeros((len(market.law.weights), 1))
    for source in market.labels:
        most = np.array([_quantities(market, source, target)[-1] + source.in_hand])
        size = size + law.contribution(market.column(source), most)
    least = []
    for text, _ in _text_levels(market, target):
        floor, part = law.curve(law.with_text(size, _law_text(market, text)))
        least.append(floor + part)
    return float(weighted_quantile(np.min(least, axis=0), law.weights, target.confidence)[0])


def frontier(
    sources: Sequence[Source],
    law: FittedLaw,
    target: Target,
    errors: Sequence[float],
    *,
    contingency: float = 0.0,
) -> tuple[Plan | None, ...]:
    """Cheapest plan for each of `errors` at the target's confidence, budget and weeks; None where
    no legal plan reaches it."""
    market = _market(sources, law, contingency)
    plans: dict[float, Plan | None] = {}
    warm: list[Array] = []
    # hardest first: what meets a hard target meets an easier one, so cost never falls
    for error in sorted({float(e) for e in errors}):
        aim = replace(target, error=error)
        found = _solve(market, aim, warm=warm)
        if found.amounts is not None:
            warm = [found.amounts]
        plans[error] = None if found.amounts is None else describe(market, aim, found.amounts, None)
    return tuple(plans[float(error)] for error in errors)


def _market(sources: Sequence[Source], law: FittedLaw, contingency: float) -> Market:
    unknown = [s.name for s in sources if s.name not in law.sources]
    if unknown:
        known = ", ".join(law.sources)
        raise InputError(
            "sources", [Fault(n, None, "not in the law", f"known: {known}") for n in unknown]
        )
    ordered = sorted(sources, key=lambda s: law.sources.index(s.name))
    return Market(tuple(ordered), law, contingency)


def _owned(market: Market) -> Array:
    """Examples in hand (sources of the law,)."""
    owned = np.zeros(len(market.law.sources))
    for source in market.sources:
        owned[market.column(source)] = source.in_hand
    return owned


@dataclass(frozen=True)
class Found:
    """Amounts bought (sources of the law,), their cost [currency] and a proven bound; amounts None
    where nothing was found that meets the target (bound inf: proven that nothing does)."""

    amounts: Array | None
    cost: float
    bound: float


def _solve(
    market: Market, target: Target, *, warm: Sequence[Array] = (), prove: bool = False
) -> Found:
    """The cheapest purchases that meet the target; `warm` are amounts worth trying first."""
    best = Found(None, math.inf, math.inf)
    bounds = []
    for text, text_cost in _text_levels(market, target):
        left = min(target.budget, best.cost * (1 - 1e-9)) - text_cost
        if left < 0:
            bounds.append(math.inf)
            continue
        used = _law_text(market, text)
        if not prove and text_cost > 0 and not _helps(market, target, best.amounts, used):
            continue
        lists = [_quantities(market, s, replace(target, budget=left)) for s in market.labels]
        judge = Judge(market.law, target.error, used, _largest(market, lists))
        few = math.prod(map(len, lists)) <= SMALL
        boxes = SMALL_BOXES if few else BOXES if prove else 0
        starts = [_nearest(market, lists, amounts) for amounts in warm]
        aim = Aim(judge, target.confidence, boxes)
        chosen, outcome, lists = _refine(market, lists, aim, left, starts)
        if outcome.choice is not None and outcome.cost + text_cost < best.cost:
            amounts = np.zeros(len(market.law.sources))
            for source, quantity in zip(market.labels, chosen, strict=True):
                amounts[market.column(source)] = quantity
            for source, quantity in zip(market.texts, text, strict=True):
                amounts[market.column(source)] = quantity
            best = Found(amounts, outcome.cost + text_cost, math.inf)
        if prove:
            ceiling = min(target.budget, best.cost) - text_cost
            bounds.append(text_cost + _bound(market, lists, aim, ceiling))
    return replace(best, bound=min([best.cost, *bounds]) if prove else 0.0)


def _helps(market: Market, target: Target, amounts: Array | None, text: Array) -> bool:
    """Whether text makes the target likelier beside the labels found without it; a quick look that
    spares a search where the pilots say that text does nothing."""
    if amounts is None:
        return True
    total = (amounts + _owned(market))[None]
    without = market.law.probability(target.error, total)
    total[0, market.law.texts] = text[0]
    return bool(market.law.probability(target.error, total) > without)


def _largest(market: Market, lists: list[Array]) -> float:
    """Largest labelled size [effective example] that the lists can make, in any draw."""
    total = 0.0
    for source, quantity in zip(market.labels, lists, strict=True):
        most = market.law.contribution(market.column(source), quantity[-1:] + source.in_hand)
        total += float(most.max())
    return total


def _nearest(market: Market, lists: list[Array], amounts: Array) -> tuple[int, ...]:
    """Options at or above the given amounts (sources of the law,)."""
    return tuple(
        int(min(np.searchsorted(quantity, amounts[market.column(source)]), len(quantity) - 1))
        for source, quantity in zip(market.labels, lists, strict=True)
    )


def _text_levels(market: Market, target: Target) -> list[tuple[Array, float]]:
    """Combinations of text amounts to try and their cost [currency], none first."""
    levels: list[tuple[Array, float]] = [(np.zeros(0), 0.0)]
    for source in market.texts:
        most = source.limits.available(target.weeks)
        if math.isinf(most):
            most = HUGE
        steps = [0.0]
        for i in range(TEXT_LEVELS if most else 0):
            wanted = most * 4.0**-i
            batch = source.limits.batch
            legal = max(math.floor(wanted / batch) * batch, source.limits.smallest)
            steps.append(float(legal))
        unique = sorted(set(steps))
        levels = [
            (np.append(chosen, amount), cost + float(market.price(source, np.array(amount))))
            for chosen, cost in levels
            for amount in unique
        ]
    return sorted(levels, key=lambda level: level[1])


def _law_text(market: Market, text: Array) -> Array:
    """Text used (1, texts of the law): bought and in hand, in the law's order."""
    names = [market.law.sources[k] for k in market.law.texts]
    used = np.zeros((1, len(names)))
    for source, quantity in zip(market.texts, text, strict=True):
        used[0, names.index(source.name)] = quantity + source.in_hand
    return used


def _quantities(market: Market, source: Source, target: Target) -> Array:
    """Legal purchases [example] within weeks and budget, rising from 0: all or a grid."""
    limits = source.limits
    most = limits.available(target.weeks)
    if math.isinf(most):
        most = _enough(market, source, target)
    if most < limits.smallest:
        return np.zeros(1)
    listed = np.concatenate([[0.0], _between(source, limits.smallest, most, LISTED, GRID)])
    affordable = market.price(source, listed) <= target.budget * (1 + 1e-9) + 1e-300
    if affordable.all():
        return listed
    last = (
        int(np.argmin(affordable)) - 1
    )  # cost rises: all before the first dear one are affordable
    if len(listed) <= LISTED or last < 1:
        return listed[: last + 1]
    return listed[: last + 2]  # the last grid point is dear, but not all purchases before it are


def _between(source: Source, low: float, high: float, listed: int, points: int) -> Array:
    """Legal purchases from `low` to `high`: all if at most `listed`, else `points` of them in
    geometric steps, with the starts of price tiers among them."""
    batch = source.limits.batch
    count = int(round((high - low) / batch)) + 1
    if count <= listed:
        return low + batch * np.arange(count, dtype=float)
    steps = np.geomspace(low, high, points)
    starts = [tier.start for line in source.lines for tier in line.tiers]
    steps = np.concatenate([steps, [t for t in starts if low <= t <= high]])
    whole = np.ceil((steps - low) / batch - 1e-9) * batch + low
    return np.unique(np.clip(whole, low, high))


def _enough(market: Market, source: Source, target: Target) -> float:
    """More of an unlimited source than any sensible plan buys: what meets the target in 99% of the
    draws that it can meet, or what the budget affords."""
    needs = market.law.needs(target.error, source.name)
    finite = needs[np.isfinite(needs)]
    most = float(np.quantile(finite, 0.99)) * 2 if len(finite) else HUGE
    most = min(max(most, source.limits.smallest), HUGE)
    if math.isfinite(target.budget):
        over = smallest_meeting(lambda n: -market.price(source, n), -target.budget, 1, HUGE)
        most = min(most, float(over[0]))
    batch = source.limits.batch
    return float(max(math.ceil(most / batch) * batch, source.limits.smallest))


def _options(market: Market, lists: list[Array]) -> list[Options]:
    options = []
    for source, quantity in zip(market.labels, lists, strict=True):
        column = market.column(source)
        options.append(
            Options(
                quantity,
                market.price(source, quantity),
                np.asfortranarray(market.law.contribution(column, quantity + source.in_hand)),
                market.law.excess(column),
            )
        )
    return options


@dataclass(frozen=True)
class Aim:
    """What a search must meet, and how many boxes it may spend on proving its answer."""

    judge: Judge
    confidence: float
    boxes: int

    def cheapest(
        self, options: list[Options], ceiling: float, starts: Sequence[tuple[int, ...]] = ()
    ) -> Outcome:
        """Cheapest choice of options at a cost of at most `ceiling` [currency]."""
        return cheapest(
            options, self.judge, self.confidence, ceiling, most_boxes=self.boxes, starts=starts
        )


def _refine(
    market: Market,
    lists: list[Array],
    aim: Aim,
    ceiling: float,
    starts: list[tuple[int, ...]],
) -> tuple[list[float], Outcome, list[Array]]:
    """Search the lists, then ever finer lists around the best choice, down to single batches.

    Returns the quantities chosen, the outcome, and all that was listed: so fine near the best
    choice that a bound on what lies between is tight there.
    """
    outcome = aim.cheapest(_options(market, lists), ceiling, starts)
    if outcome.choice is None:
        return [], outcome, lists
    chosen = [float(q[i]) for q, i in zip(lists, outcome.choice, strict=True)]
    listed = lists
    for _ in range(12):
        zoomed = [_zoom(s, q, v) for s, q, v in zip(market.labels, lists, chosen, strict=True)]
        if not any(finer for _, finer in zoomed):
            break
        lists = [quantity for quantity, _ in zoomed]
        listed = [np.union1d(all_, near) for all_, near in zip(listed, lists, strict=True)]
        start = tuple(int(np.searchsorted(q, v)) for q, v in zip(lists, chosen, strict=True))
        again = aim.cheapest(_options(market, lists), outcome.cost, [start])
        if again.choice is None:
            break
        chosen = [float(q[i]) for q, i in zip(lists, again.choice, strict=True)]
        outcome = again
    return chosen, outcome, listed


def _zoom(source: Source, quantity: Array, value: float) -> tuple[Array, bool]:
    """Finer list around `value` between its neighbours; whether it is finer at all."""
    if value == 0:
        return quantity[:2] if len(quantity) > 1 else quantity, False
    at = int(np.searchsorted(quantity, value))
    low = quantity[at - 1] if at > 1 else value
    high = quantity[min(at + 1, len(quantity) - 1)]
    near = _between(source, low, high, ZOOM, ZOOM)
    grid = np.unique(np.concatenate([[0.0], near, [value]]))
    return grid, not set(grid) <= set(quantity)


def _bound(market: Market, lists: list[Array], aim: Aim, ceiling: float) -> float:
    """Lower bound on the cost [currency] of any legal purchase, between the listed ones too.

    Each option is priced as the cheapest purchase above the option before it, so the relaxed search
    undercuts every legal plan.
    """
    options = []
    for source, option in zip(market.labels, _options(market, lists), strict=True):
        before = np.concatenate([[0.0], option.quantity[:-1]])
        first = np.where(before > 0, before + source.limits.batch, source.limits.smallest)
        priced = market.price(source, np.minimum(first, option.quantity))
        options.append(replace(option, cost=np.where(option.quantity > 0, priced, 0.0)))
    return aim.cheapest(options, ceiling).bound


def describe(market: Market, target: Target, amounts: Array, bound: float | None) -> Plan:
    """A plan with every figure computed afresh from sources and law."""
    law, owned = market.law, _owned(market)
    total = (amounts + owned)[None]
    errors = law.errors(total)
    probability = float(np.round(law.weights @ (errors[:, 0] <= target.error), 12))
    low, middle, high = (
        float(weighted_quantile(errors, law.weights, q)[0]) for q in (0.05, 0.5, 0.95)
    )
    size = law.effective(np.where(np.array(law.is_text), 0.0, total))
    steps = []
    for source in market.sources:
        quantity = float(amounts[market.column(source)])
        if quantity > 0:
            steps.append(_step(market, source, quantity, total, size, target))
    steps.sort(key=lambda step: (step.start_week, -step.total, step.source.name))
    # the same comparison everywhere: a plan reaches if its probability is at least the confidence
    reaches = probability >= target.confidence
    plan = Plan(target, tuple(steps), reaches, probability, (low, middle, high), bound, ())
    return replace(plan, binding=_binding(market, plan))


def _step(
    market: Market, source: Source, quantity: float, total: Array, size: Array, target: Target
) -> Step:
    law, column = market.law, market.column(source)
    cost, fees = float(source.cost(quantity)), source.fees()
    low, high = source.cost_range(quantity)
    part = share = None
    if source.role == "labels":
        own = law.contribution(column, total[:, column])
        part = float(weighted_quantile(own, law.weights, 0.5)[0])
        share = float(weighted_quantile(own / size, law.weights, 0.5)[0])
    most = source.limits.available(target.weeks)
    binding = (
        source.limits.limit_name(target.weeks) if quantity + source.limits.batch > most else ""
    )
    factor = 1 + market.contingency
    return Step(
        source=source,
        quantity=quantity,
        fees=fees,
        variable=cost - fees,
        contingency=cost * market.contingency,
        low=low * factor,
        high=high * factor,
        effective_examples=part,
        share=share,
        start_week=source.limits.lead_weeks,
        weeks=source.limits.weeks(quantity),
        binding=binding,
    )


def _binding(market: Market, plan: Plan) -> tuple[str, ...]:
    """Limits that the plan runs into, in plain words."""
    found = [f"{step.source.name}: {step.binding}" for step in plan.steps if step.binding]
    bought = {step.source.name for step in plan.steps}
    for source in market.sources:
        if source.name not in bought and source.limits.available(plan.target.weeks) == 0:
            limit = source.limits.limit_name(plan.target.weeks)
            found.append(f"{source.name}: nothing can be had ({limit})")
    if not plan.reaches:
        spare = plan.target.budget - plan.cost
        cheapest_more = min(
            (float(market.price(s, np.array(s.limits.smallest))) for s in market.labels),
            default=math.inf,
        )
        if math.isfinite(plan.target.budget) and spare < max(
            cheapest_more, 0.01 * plan.target.budget
        ):
            found.append("budget")
        floor, _ = market.law.curve(np.full((len(market.law.weights), 1), HUGE))
        if float(market.law.weights @ (floor[:, 0] <= plan.target.error)) < plan.target.confidence:
            found.append("floor: more data of this sort may not reach the target at all")
    return tuple(found)
