"""Sources + law of groups + several targets -> the cheapest plan that meets all of them.

joint.py searches lists of legal purchases; they are refined around what it finds down to single
batches. Cost, errors and probability of the plan are then computed afresh from sources and law.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.clock import Clock
from planner.fitted import weighted_quantile
from planner.group_law import GroupLaw
from planner.joint import Choice, Found, Judge, Search
from planner.laws import Array
from planner.offers import Stall, Ways, stall_of
from planner.plan import Plan, Step
from planner.targets import Targets
from sources.base import Source

QUICK = 250  # draws of the first search
ZOOMS = 5
WIDE = 1.35  # factor about a choice within which the last search looks
REPAIR = 4.0  # largest factor on all purchases that makes up for draws the first search left out
CELLS = 5e7  # draws x groups x choices up to which all choices are gone through
FINE = 2e-3  # relative step of an amount that is fine enough


@dataclass(frozen=True)
class Outcome:
    """What a plan means for one target: of a group, or of all ("overall", "worst", "gap").

    target       largest allowed error, or gap; None where none is asked
    error        (low, median, high) predicted, an interval of 90%
    probability  P(this target alone is met); None where none is asked
    examples     [example] of the group in the training set; None for targets of all groups
    share        [1] of the group in the training set; None for targets of all groups
    worst        P(this group has the largest error)
    behind       P(its error is above the population's mean error), by population shares, or by
                 equal ones where these are not known
    """

    of: str
    target: float | None
    error: tuple[float, float, float]
    probability: float | None
    examples: float | None = None
    share: float | None = None
    worst: float | None = None
    behind: float | None = None


@dataclass(frozen=True)
class GroupPlan(Plan):
    """A plan for several targets: `probability` is that all are met, `target.error` the loosest.

    error is that of the population's mean where its shares are known, else of the worst group.
    groups one outcome per group, totals those of all groups together.
    """

    targets: Targets | None = None
    groups: tuple[Outcome, ...] = ()
    totals_: tuple[Outcome, ...] = ()


def cheapest_group_plan(
    sources: Sequence[Source],
    law: GroupLaw,
    targets: Targets,
    *,
    contingency: float = 0.0,
    seconds: float | None = None,
    warm: Sequence[dict[str, float]] = (),
) -> GroupPlan:
    """The cheapest legal purchases with P(all targets are met) >= confidence over the joint draws.

    The budget [currency] holds for the cost with contingency [ratio]; seconds [s] limits the time.
    warm: amounts bought of each source [example] to start from as well. If no purchases meet all,
    the plan has `reaches` False and brings the largest ratio of an error to its target as low as
    the limits allow at that confidence. Raises InputError.
    """
    stall = stall_of(sources, law, targets, contingency)
    clock = Clock(seconds)
    found, lists, proven = _solve(stall, clock, warm)
    if found is None:
        found, lists = _nearest(stall, clock)
        proven = False
    return _described(stall, lists, found.choice, found.cost if proven else None)


def least_level(
    sources: Sequence[Source], law: GroupLaw, targets: Targets, *, contingency: float = 0.0
) -> GroupPlan:
    """The purchases within budget and weeks whose largest ratio of an error to its target is least,
    at the targets' confidence. Raises InputError."""
    stall = stall_of(sources, law, targets, contingency)
    found, lists = _nearest(stall, Clock(None))
    return _described(stall, lists, found.choice, None)


def _judges(stall: Stall) -> tuple[Judge, Judge]:
    law, confidence = stall.law, stall.target.confidence
    full = Judge(law, stall.targets, confidence)
    if len(law.weights) <= QUICK or np.ptp(law.weights) > 1e-12:
        return full, full
    every = np.random.default_rng(0).permutation(len(law.weights))[:QUICK]
    return full, Judge(law.pick(np.sort(every)), stall.targets, confidence)


def _search(stall: Stall, judge: Judge, lists: Sequence[Ways], clock: Clock) -> Search:
    return Search(judge, lists, stall.rules, stall.target.budget, clock)


def _solve(
    stall: Stall, clock: Clock, warm: Sequence[dict[str, float]]
) -> tuple[Found | None, list[Ways], bool]:
    """The cheapest choice, its lists, and whether it is proven to be cheapest."""
    full, quick = _judges(stall)
    lists = stall.coarse()
    cells = math.prod(map(len, lists)) * len(stall.law.weights) * len(stall.law.groups)
    if cells <= CELLS and stall.whole(lists):
        found = _search(stall, full, lists, clock).cheapest()
        owned = any(stall.optional[k] and s.in_hand for k, s in enumerate(stall.sources))
        return found, lists, found is not None and found.proven and not owned
    starts = [_placed(lists, [each.get(s.name, 0.0) for s in stall.sources]) for each in warm]
    found = _search(stall, quick, lists, clock).cheapest(starts, exhaust=False)
    if found is None:  # the first draws may be harder than all are
        found = _search(stall, full, lists, clock).cheapest(starts, exhaust=False)
        if found is None:
            return None, lists, False
        quick = full
    best: tuple[Found, list[Ways]] | None = None
    for judge in (quick, full) if quick is not full else (full,):
        made = _refined(stall, judge, lists, found, clock)
        if made is None:
            continue
        found, lists = made
        if judge is full:
            best = made
    if best is None:
        search = _search(stall, full, stall.coarse(), clock)
        again = search.cheapest(exhaust=False)
        if again is None:
            return None, lists, False
        made = _refined(stall, full, search.lists, again, clock)
        best = made or (again, search.lists)
    return (*best, False)


def _refined(
    stall: Stall, judge: Judge, lists: list[Ways], found: Found, clock: Clock
) -> tuple[Found, list[Ways]] | None:
    """The choice polished on ever finer lists; None where no choice near it satisfies the judge."""
    choice: Choice = found.choice
    search = _search(stall, judge, lists, clock)
    if search.levels(np.array([choice]))[0] > 1:
        lists = _enough(stall, judge, lists, found.choice, clock)
        choice = _placed(lists, [float(ways.bought[-1]) for ways in lists])
        if _search(stall, judge, lists, clock).levels(np.array([choice]))[0] > 1:
            return None
    amounts = [float(ways.bought[c]) for ways, c in zip(lists, choice, strict=True)]
    totals = [float(ways.total[c]) for ways, c in zip(lists, choice, strict=True)]
    for zoom in range(ZOOMS):
        finer = stall.finer(lists, choice, WIDE if zoom == 0 else 0.0)
        at = _placed(finer, amounts, totals)
        search = _search(stall, judge, finer, clock)
        if search.levels(np.array([at]))[0] > 1:  # a use of data in hand that is not listed
            break
        polished = search.polish(at)
        lists, choice = finer, polished.choice
        found = polished
        amounts = [float(ways.bought[c]) for ways, c in zip(lists, choice, strict=True)]
        totals = [float(ways.total[c]) for ways, c in zip(lists, choice, strict=True)]
        if clock.over() or _fine(stall, lists, choice):
            break
    return Found(choice, found.cost, found.level), lists


def _enough(
    stall: Stall, judge: Judge, lists: list[Ways], choice: Choice, clock: Clock
) -> list[Ways]:
    """Lists that end at the smallest multiple of a choice which is feasible."""
    made = lists
    for factor in np.geomspace(1.01, REPAIR, 24):
        made = []
        for k, (ways, at) in enumerate(zip(lists, choice, strict=True)):
            limits = stall.sources[k].limits
            bought = float(ways.bought[at])
            more = math.ceil(bought * factor / limits.batch) * limits.batch if bought else 0.0
            made.append(stall.ways(k, np.unique([0.0, bought, min(more, float(stall.most[k]))])))
        top = np.array([[len(ways) - 1 for ways in made]])
        if _search(stall, judge, made, clock).levels(top)[0] <= 1:
            break
    return made


def _fine(stall: Stall, lists: Sequence[Ways], choice: Choice) -> bool:
    """Whether neighbours on the lists are one batch apart, or next to nothing."""
    for source, ways, at in zip(stall.sources, lists, choice, strict=True):
        near = ways.bought[max(at - 1, 0) : at + 2]
        steps = np.diff(near[near > 0])
        allowed = max(source.limits.batch, FINE * float(ways.bought[at]))
        if len(steps) and steps.max() > allowed * (1 + 1e-9):
            return False
    return True


def _placed(
    lists: Sequence[Ways], bought: Sequence[float], totals: Sequence[float] | None = None
) -> Choice:
    """The choice nearest to amounts bought [example], not below them where there is one."""
    found = []
    for k, (ways, amount) in enumerate(zip(lists, bought, strict=True)):
        if totals is not None:
            exact = np.flatnonzero(np.isclose(ways.total, totals[k], rtol=0, atol=1e-6))
            if len(exact):
                found.append(int(exact[0]))
                continue
        at = int(np.searchsorted(ways.bought, amount * (1 - 1e-12), side="left"))
        if amount <= 0:
            at = int(np.flatnonzero(ways.bought <= 0)[-1])
        found.append(min(at, len(ways) - 1))
    return tuple(found)


def _nearest(stall: Stall, clock: Clock) -> tuple[Found, list[Ways]]:
    """What brings the level as low as the limits allow, at no more cost than that takes."""
    _, quick = _judges(stall)
    lists = stall.coarse()
    found = _search(stall, quick, lists, clock).nearest()
    for zoom in range(2):
        finer = stall.finer(lists, found.choice, WIDE if zoom == 0 else 0.0)
        amounts = [float(w.bought[c]) for w, c in zip(lists, found.choice, strict=True)]
        totals = [float(w.total[c]) for w, c in zip(lists, found.choice, strict=True)]
        at = _placed(finer, amounts, totals)
        again = _search(stall, quick, finer, clock).nearest([at])
        if again.level <= found.level * (1 + 1e-9):
            found, lists = again, finer
    if not math.isfinite(found.level):
        return found, lists
    targets = stall.targets.eased(found.level * 1.0005)
    eased = replace(stall, targets=targets)
    trimmed = _search(eased, Judge(quick.law, targets, stall.target.confidence), lists, clock)
    if trimmed.levels(np.array([found.choice]))[0] <= 1:
        found = trimmed.polish(found.choice)
    return found, lists


def _described(
    stall: Stall, lists: Sequence[Ways], choice: Choice, bound: float | None
) -> GroupPlan:
    """The plan with every figure computed afresh from sources and law."""
    law, target, targets = stall.law, stall.target, stall.targets
    bought = np.array([ways.bought[c] for ways, c in zip(lists, choice, strict=True)])
    total = np.array([ways.total[c] for ways, c in zip(lists, choice, strict=True)])
    errors = law.errors(total[None])[:, 0, :]
    level = targets.level(law.groups, errors, law.shares)
    # sums of equal weights must not miss a round confidence by a rounding error
    probability = float(np.round(law.weights @ (level <= 1), 12))
    parts = law.parts(total[None])[:, 0, :]
    steps = [_step(stall, k, float(q), parts) for k, q in enumerate(bought) if q > 0]
    steps.sort(key=lambda step: (step.start_week, -step.total, step.source.name))
    mean = errors.mean(axis=1) if law.shares is None else law.overall(errors)
    whole = errors.max(axis=1) if law.shares is None else mean
    plan = GroupPlan(
        target=target,
        steps=tuple(steps),
        reaches=probability >= target.confidence,
        probability=probability,
        error=_interval(law, whole),
        bound=bound,
        binding=(),
        used_in_hand={
            s.name: float(t - b)
            for s, b, t in zip(stall.sources, bought, total, strict=True)
            if s.in_hand
        },
        targets=targets,
        groups=_outcomes(law, targets, errors, mean, total),
        totals_=_of_all(law, targets, errors),
    )
    return replace(plan, binding=_binding(stall, plan))


def _interval(law: GroupLaw, values: Array) -> tuple[float, float, float]:
    low, middle, high = (
        float(weighted_quantile(values[:, None], law.weights, q)[0]) for q in (0.05, 0.5, 0.95)
    )
    return low, middle, high


def _outcomes(
    law: GroupLaw, targets: Targets, errors: Array, mean: Array, total: Array
) -> tuple[Outcome, ...]:
    examples = total @ law.splits
    limits = targets.limits(law.groups)
    worst = errors.argmax(axis=1)
    found = []
    for g, name in enumerate(law.groups):
        asked = math.isfinite(limits[g])
        met = float(np.round(law.weights @ (errors[:, g] <= limits[g]), 12))
        found.append(
            Outcome(
                of=name,
                target=float(limits[g]) if asked else None,
                error=_interval(law, errors[:, g]),
                probability=met if asked else None,
                examples=float(examples[g]),
                share=float(examples[g] / examples.sum()) if examples.sum() > 0 else None,
                worst=float(law.weights @ (worst == g)),
                behind=float(law.weights @ (errors[:, g] > mean)),
            )
        )
    return tuple(found)


def _of_all(law: GroupLaw, targets: Targets, errors: Array) -> tuple[Outcome, ...]:
    """Outcomes of the targets of all groups together; those not asked for as well."""
    rows = [
        ("worst", targets.worst, errors.max(axis=1)),
        ("gap", targets.gap, np.ptp(errors, axis=1)),
    ]
    if law.shares is not None:
        rows.insert(0, ("overall", targets.overall, law.overall(errors)))
    found = []
    for name, limit, values in rows:
        met = None
        if limit is not None:
            met = float(np.round(law.weights @ (values <= limit), 12))
        found.append(Outcome(name, limit, _interval(law, values), met))
    return tuple(found)


def _step(stall: Stall, k: int, quantity: float, parts: Array) -> Step:
    law, source, target = stall.law, stall.sources[k], stall.target
    cost, variable = float(source.cost(quantity)), float(source.work(quantity))
    low, high = source.cost_range(quantity)
    bought = np.array([source.in_hand + quantity, source.in_hand])
    with_, without = law.contribution(k, bought).T
    share = parts[:, k] / np.maximum(parts.sum(axis=1), 1e-12)
    most = source.limits.available(target.weeks)
    full = quantity + source.limits.batch > most
    return Step(
        source=source,
        quantity=quantity,
        fees=cost - variable,
        variable=variable,
        contingency=cost * (stall.factor - 1),
        low=low * stall.factor,
        high=high * stall.factor,
        effective_examples=float(np.median(with_ - without)),
        share=float(np.median(share)),
        start_week=source.limits.lead_weeks,
        weeks=source.limits.weeks(quantity),
        binding=source.limits.limit_name(target.weeks) if full else "",
    )


def _binding(stall: Stall, plan: GroupPlan) -> tuple[str, ...]:
    """Limits that the plan runs into, in plain words, and the targets that are missed."""
    found = [f"{step.source.name}: {step.binding}" for step in plan.steps if step.binding]
    bought = {step.source.name for step in plan.steps}
    for source in stall.sources:
        if source.name not in bought and source.limits.available(plan.target.weeks) == 0:
            found.append(
                f"{source.name}: nothing can be had ({source.limits.limit_name(plan.target.weeks)})"
            )
    if not plan.reaches:
        found += [
            f"target of {each.of}: met with probability {each.probability:.2f} only"
            for each in (*plan.groups, *plan.totals_)
            if each.probability is not None and each.probability < plan.target.confidence
        ]
        if plan.cost > 0.99 * plan.target.budget:
            found.append("budget")
    return tuple(found)
