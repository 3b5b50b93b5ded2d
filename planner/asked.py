"""Which of the rules between sources bind: without them the plan would be cheaper, or reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.clock import Clock
from planner.hunt import solve
from planner.laws import Array
from planner.market import Amounts, Market
from planner.plan import Plan

ASKED = 16  # rules that a plan is sought without, one by one
CHEAPER = 1e-6  # relative saving from which on a rule binds
AT_LIMIT = 0.005  # of the whole: a share this close to its limit has reached it


def rules_that_bind(market: Market, plan: Plan, clock: Clock) -> Plan:
    """The plan with the rules that bind named among its limits.

    A share binds where it has reached its limit; any other rule where a cheaper plan is found
    without it, or one that reaches the target where this one does not.
    """
    rules = market.rules
    if not rules or clock.over():
        return plan
    amounts = _amounts(market, plan)
    if (
        not plan.reaches
        and solve(replace(market, rules=rules.none()), plan.target, clock=clock, branches=1).amounts
        is None
    ):
        return plan
    close = _at_limit(market, amounts) if plan.reaches else np.zeros(0, dtype=bool)
    names = []
    for number, said in enumerate(rules.said[:ASKED]):
        if plan.reaches and number < len(close):
            binds = bool(close[number])
        elif clock.over():
            break
        else:
            freer = replace(market, rules=rules.without(number))
            warm = [amounts] if plan.reaches else []
            found = solve(freer, plan.target, warm=warm, clock=clock, branches=1)
            binds = found.amounts is not None and found.cost < plan.cost * (1 - CHEAPER)
            binds = binds or (not plan.reaches and found.amounts is not None)
        if binds:
            names.append(said)
    if not plan.reaches and not names:
        names.append("rules: several together leave no plan that reaches the target")
    return replace(plan, binding=(*plan.binding, *names))


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
