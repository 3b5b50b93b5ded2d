"""Which of the rules between sources bind: without them the plan would be cheaper, or reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.bill import describe
from planner.clock import Clock
from planner.hunt import solve
from planner.laws import Array
from planner.market import Amounts, Market
from planner.plan import Plan

ASKED = 16  # rules that a plan is sought without, one by one
AGAIN = 3  # times that a cheaper plan found on the way is taken
CHEAPER = 1e-6  # relative saving from which on a rule binds
AT_LIMIT = 0.005  # of the whole: a share this close to its limit has reached it


def rules_that_bind(market: Market, plan: Plan, clock: Clock) -> Plan:
    """The plan with the rules that bind named among its limits.

    A share binds where it has reached its limit; any other rule where a cheaper plan is found
    without it, or one that reaches the target where this one does not. Where such a plan keeps the
    rule after all, it is the better answer, and returned instead. That variants of one source
    exclude each other is a decision inside that source, and no limit.
    """
    rules = market.rules
    if not rules or clock.over():
        return plan
    if (
        not plan.reaches
        and solve(replace(market, rules=rules.none()), plan.target, clock=clock, branches=1).amounts
        is None
    ):
        return plan
    for _ in range(AGAIN):
        names, better = _binding(market, plan, clock)
        made = None if better is None else describe(market, plan.target, better, plan.bound, clock)
        if made is None or not made.reaches:
            break
        plan = made
    if not plan.reaches and not names:
        names.append("rules: several together leave no plan that reaches the target")
    return replace(plan, binding=(*plan.binding, *names))


def _binding(market: Market, plan: Plan, clock: Clock) -> tuple[list[str], Amounts | None]:
    """The rules that bind, and None; or some of them, and better purchases that keep them all."""
    rules, amounts = market.rules, _amounts(market, plan)
    close = _at_limit(market, amounts) if plan.reaches else np.zeros(0, dtype=bool)
    names = []
    asked = [n for n in range(len(rules.said)) if not _inside(market, n)]
    for number in asked[:ASKED]:
        said = rules.said[number]
        if plan.reaches and number < len(close):
            if close[number]:
                names.append(said)
            continue
        if clock.over():
            break
        freer = replace(market, rules=rules.without(number))
        warm = [amounts] if plan.reaches else []
        found = solve(freer, plan.target, warm=warm, clock=clock, branches=1)
        if found.amounts is None:
            continue
        if plan.reaches and not found.cost < plan.cost * (1 - CHEAPER):
            continue
        if rules.allowed(found.amounts.total[None], found.amounts.bought[None])[0]:
            return names, found.amounts
        names.append(said)
    return names, None


def _inside(market: Market, number: int) -> bool:
    """Whether a rule is that two variants of one source exclude each other."""
    at = number - len(market.rules.shares)
    if not 0 <= at < len(market.rules.excludes):
        return False
    families = {market.column(s): s.family for s in market.sources}
    one, other = (families[column] for column in market.rules.excludes[at])
    return bool(one) and one == other


def _amounts(market: Market, plan: Plan) -> Amounts:
    names, bought = market.law.sources, plan.amounts
    paid = np.array([bought.get(name, 0.0) for name in names])
    return Amounts(paid, plan.totals(names) - paid)


def _at_limit(market: Market, amounts: Amounts) -> np.ndarray:
    """Which of the shares (rules,) are as near to their limits as whole batches allow."""
    shares, total = market.rules.shares, amounts.total
    batch: Array = np.zeros(len(total))
    for source in market.labels:
        batch[market.column(source)] = source.limits.batch
    whole = float(total[[market.column(s) for s in market.labels]].sum())
    near = np.maximum(AT_LIMIT * whole, np.abs(shares) @ batch)
    return (shares @ total > -near) & (whole > 0)
