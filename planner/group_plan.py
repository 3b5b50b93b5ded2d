"""Sources + law of groups + several targets -> the cheapest plan that meets all of them.

joint.py searches lists of legal purchases; they are refined around what it finds down to single
batches. Cost, errors and probability of the plan are then computed afresh from sources and law.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from planner.clock import Clock
from planner.group_bill import GroupPlan, group_bill
from planner.group_law import GroupLaw
from planner.joint import Search
from planner.joint_lists import Choice, Found, Judge
from planner.offers import Stall, Ways, stall_of
from planner.targets import Targets
from sources.base import Source

QUICK = 250  # draws of the first search
ZOOMS = 5
WIDE = 1.35  # factor about a choice within which the last search looks
REPAIR = 4.0  # largest factor on all purchases that makes up for draws the first search left out
CELLS = 5e7  # draws x groups x choices up to which all choices are gone through
FINE = 2e-3  # relative step of an amount that is fine enough


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
    clock, budget = Clock(seconds), targets.budget * (1 + 1e-12)
    # without the budget first: which purchases are found must not hang on how large it is
    free = replace(stall, targets=replace(targets, budget=math.inf))
    found, lists, proven = _solve(free, clock, warm)
    dear = found is not None and found.cost > budget
    if dear:
        found, lists, proven = (None, lists, True) if proven else _solve(stall, clock, warm)
    if found is None:
        found, lists = _nearest(stall, clock)
        plan = _billed(stall, lists, found.choice, None)
        binds = dear and not plan.reaches and "budget" not in plan.binding
        return replace(plan, binding=(*plan.binding, *["budget"] * binds))
    return _billed(stall, lists, found.choice, found.cost if proven else None)


def plan_of(
    sources: Sequence[Source],
    law: GroupLaw,
    targets: Targets,
    like: GroupPlan,
    *,
    contingency: float = 0.0,
) -> GroupPlan:
    """The purchases of another plan, for these targets and at the prices of these sources.

    Raises InputError.
    """
    stall = stall_of(sources, law, targets, contingency)
    bought = np.array([like.amounts.get(name, 0.0) for name in stall.law.sources])
    return group_bill(stall, bought, like.totals(stall.law.sources))


def least_level(
    sources: Sequence[Source], law: GroupLaw, targets: Targets, *, contingency: float = 0.0
) -> GroupPlan:
    """The purchases within budget and weeks whose largest ratio of an error to its target is least,
    at the targets' confidence. Raises InputError."""
    stall = stall_of(sources, law, targets, contingency)
    found, lists = _nearest(stall, Clock(None))
    return _billed(stall, lists, found.choice, None)


def _billed(stall: Stall, lists: Sequence[Ways], choice: Choice, bound: float | None) -> GroupPlan:
    bought = np.array([ways.bought[c] for ways, c in zip(lists, choice, strict=True)])
    total = np.array([ways.total[c] for ways, c in zip(lists, choice, strict=True)])
    return group_bill(stall, bought, total, bound)


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
