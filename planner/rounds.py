"""A plan in rounds: what to buy now, at which size to measure again, what is decided then.

Each round multiplies the effective size by the same factor, at most three, starting at the largest
pilot, in the proportions of the plan. On real curves three rounds of a factor of three, measured in
between, reached the target in 94% of cases at 1.5 times the cost of knowing the curve beforehand
(DESIGN, section 3), while every single purchase planned from pilots did worse.

Every round is an order of its own: of each source it buys nothing or a legal purchase, whole
batches and no less than the smallest order. All sources start in the first round, where their fees
fall due; volume tiers run on, so that the rounds cost together what the plan costs. What minimum
orders or the weeks do not allow to be split is merged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from planner.fitted import FittedLaw, weighted_quantile
from planner.laws import Array
from planner.plan import Path, Plan, Round, Step

GROWTH = 3.0  # effective size of a round against the one before
MOST_ROUNDS = 6
SEEDS = 3  # repeats of each measurement that the decision text asks for


def path(law: FittedLaw, plan: Plan, contingency: float) -> Path:
    """The plan split into rounds; costs in currency with contingency [ratio] included.

    A round ends when its data has arrived; rounds run one after another. What the plan uses of the
    data in hand is there from the start. A plan that buys nothing has no rounds.
    """
    if not plan.steps:
        return Path((), 0.0, 0.0)
    shares = _shares(law, plan)
    while True:
        totals = _totals(plan, shares)
        ends = _ends(plan, totals)
        if len(totals) == 1 or ends[-1] <= plan.target.weeks:
            break
        shares = shares[1:]  # merge the smallest round into the next
    rounds = _rounds(law, plan, totals, ends, contingency)
    expected = sum(each.needed * each.cost for each in rounds)
    return Path(rounds, float(expected), plan.cost)


def _shares(law: FittedLaw, plan: Plan) -> list[float]:
    """Share of the plan's quantities owned after each round, rising to 1."""
    bought = _amounts(law, plan.amounts)
    owned = _amounts(law, plan.used_in_hand)

    def size(share: float) -> float:
        total = np.where(law.is_text, 0.0, owned + share * bought)[None]
        return float(weighted_quantile(law.effective(total), law.weights, 0.5)[0])

    start, final = max(law.anchor.size, size(0.0)), size(1.0)
    if final <= start:
        return [1.0]
    count = min(math.ceil(math.log(final / start) / math.log(GROWTH)), MOST_ROUNDS)
    shares = []
    for number in range(1, count):
        wanted, low, high = start * (final / start) ** (number / count), 0.0, 1.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if size(middle) < wanted else (low, middle)
        shares.append(high)
    return [*shares, 1.0]


def _totals(plan: Plan, shares: list[float]) -> list[dict[str, float]]:
    """Examples of each source bought by the end of each round [example]; every round buys."""
    split = {step.source.name: _split(step, shares) for step in plan.steps}
    totals: list[dict[str, float]] = []
    for number in range(len(shares)):
        now = {name: bought[number] for name, bought in split.items()}
        if not totals or now != totals[-1]:  # where nothing can be bought, the round is merged
            totals.append(now)
    return totals


def _split(step: Step, shares: list[float]) -> list[float]:
    """Examples bought by the end of each round [example]: legal orders near the wanted shares."""
    whole, batch, smallest = step.quantity, step.source.limits.batch, step.source.limits.smallest
    bought, totals = 0.0, list[float]()
    for share in shares[:-1]:
        order = float(math.ceil((share * whole - bought) / batch - 1e-9) * batch)
        if order < smallest:  # the first round buys of every source, a later one may pass
            order = smallest if not totals or order > smallest / 2 else 0.0
        if whole - bought - order < smallest:  # the rest would be no legal order
            rest = whole - bought - smallest
            order = whole - bought if rest < smallest else min(order, rest)
        bought += order
        totals.append(bought)
    return [*totals, whole]


def _ends(plan: Plan, totals: list[dict[str, float]]) -> list[float]:
    """Week in which each round ends: its sources side by side, one round after another."""
    ends: list[float] = []
    before: dict[str, float] = {}
    for total in totals:
        start = ends[-1] if ends else 0.0
        taken = (
            step.source.limits.weeks(
                total[step.source.name] - before.get(step.source.name, 0.0), start
            )
            for step in plan.steps
        )
        ends.append(start + max(taken))
        before = total
    return ends


def _rounds(
    law: FittedLaw,
    plan: Plan,
    totals: list[dict[str, float]],
    ends: Sequence[float],
    contingency: float,
) -> tuple[Round, ...]:
    owned, rounds, spent = _amounts(law, plan.used_in_hand), [], 0.0
    before: dict[str, float] = {}
    unmet = np.ones(len(law.weights), dtype=bool)
    for number, total in enumerate(totals, 1):
        amounts = owned + _amounts(law, total)
        errors = law.errors(amounts[None])[:, 0]
        low, middle, high = (
            float(weighted_quantile(errors[:, None], law.weights, q)[0]) for q in (0.05, 0.5, 0.95)
        )
        cost = 0.0
        for step in plan.steps:
            name = step.source.name
            cost += float(step.source.cost(total[name]) - step.source.cost(before.get(name, 0.0)))
        cost *= 1 + contingency
        spent += cost
        size = law.effective(np.where(law.is_text, 0.0, amounts)[None])
        rounds.append(
            Round(
                number=number,
                purchases={name: total[name] - before.get(name, 0.0) for name in total},
                cost=cost,
                cumulative_cost=spent,
                effective=float(weighted_quantile(size, law.weights, 0.5)[0]),
                error=(low, middle, high),
                reached=float(np.round(law.weights @ (errors <= plan.target.error), 12)),
                needed=float(np.round(law.weights @ unmet, 12)),
                end_week=ends[number - 1],
                decision=_decision(plan.target.error, high, number == len(totals)),
            )
        )
        unmet &= errors > plan.target.error
        before = total
    return tuple(rounds)


def _decision(target: float, high: float, last: bool) -> str:
    """What the measurement after a round decides."""
    stop = f"measure with {SEEDS} seeds; done if error <= {target:.4g}"
    if last:
        return f"{stop}, else plan again with these runs"
    return f"{stop}; add the runs to the pilots and plan again, above all if error > {high:.3g}"


def _amounts(law: FittedLaw, named: Mapping[str, float]) -> Array:
    """Examples by name as an array (sources of the law,)."""
    return np.array([named.get(name, 0.0) for name in law.sources])
