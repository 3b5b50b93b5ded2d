"""Rules between sources: shares, what excludes and what needs another, against brute force."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.asked import rules_that_bind
from planner.clock import Clock
from planner.hunt import solve
from planner.market import market_of
from planner.optimise import cheapest_plan, frontier
from planner.plan import Target
from planner.rules import rules_of
from tests.planner import small

quick = settings(
    max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def keeps_the_rules(sources, bought, total):
    """Whether named amounts obey every rule, said another way than the product does."""
    names = {s.name: s for s in sources}
    whole = sum(total[s.name] for s in sources if s.role == "labels")
    for s in sources:
        if s.role == "labels" and whole > 0:
            share = total[s.name] / whole
            if not s.min_share - 1e-9 <= share <= s.max_share + 1e-9:
                return False
        if bought[s.name] > 0:
            if any(bought.get(other, 0) > 0 for other in s.excludes):
                return False
            for other in s.needs:
                if bought.get(other, 0) <= 0 and not (other in names and names[other].in_hand > 0):
                    return False
    return True


def brute(sources, law, target):
    """Cheapest cost over every purchase and every use of the data in hand that keeps the rules."""
    ways = []
    for s in sources:
        legal = [0.0]
        quantity = s.limits.batch
        while quantity <= s.limits.max_examples:
            if quantity >= s.limits.min_order:
                legal.append(float(quantity))
            quantity += s.limits.batch
        ways.append([(n, n + used) for n in legal for used in range(int(s.in_hand) + 1)])
    rows, costs = [], []
    for combo in itertools.product(*ways):
        bought = {s.name: n for s, (n, _) in zip(sources, combo, strict=True)}
        total = {s.name: n for s, (_, n) in zip(sources, combo, strict=True)}
        if keeps_the_rules(sources, bought, total):
            rows.append([total.get(name, 0.0) for name in law.sources])
            costs.append(sum(float(s.cost(bought[s.name])) for s in sources))
    chance = law.weights @ (law.errors(np.array(rows)) <= target.error)
    good = np.array(costs)[chance >= target.confidence - 1e-12]
    return float(good.min()) if len(good) else math.inf


def kept(plan, sources, law):
    amounts = dict(zip(law.sources, plan.totals(law.sources), strict=True))
    return keeps_the_rules(sources, {n: plan.amounts.get(n, 0.0) for n in law.sources}, amounts)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(small.ruled_markets())
def test_equals_brute_force_under_rules(market):
    sources, law, error, confidence = market
    target = Target(error, confidence)
    plan, best = cheapest_plan(sources, law, target), brute(sources, law, target)
    assert kept(plan, sources, law)
    assert plan.reaches == math.isfinite(best)
    if plan.reaches:
        assert plan.cost == pytest.approx(best, rel=1e-9, abs=1e-9)
        assert plan.bound is not None and plan.bound <= best * (1 + 1e-9) + 1e-9


@quick
@given(small.ruled_markets(), st.integers(0, 2))
def test_removing_a_rule_never_hurts(market, which):
    sources, law, error, confidence = market
    target, which = Target(error, confidence), which % len(sources)
    freer = list(sources)
    freer[which] = replace(sources[which], min_share=0.0, max_share=1.0, excludes=(), needs=())
    before, after = (solve(market_of(s, law, 0.0), target) for s in (sources, freer))
    assert after.amounts is not None or before.amounts is None
    if before.amounts is not None:
        assert after.cost <= before.cost * (1 + 1e-9)


def fine(law_names=("a", "b", "c"), **rules):
    law = small.law(law_names, draws=90)
    sources = [
        replace(small.source(name, price, most=60_000, batch=1, fee=fee), **rules.get(name, {}))
        for name, price, fee in zip(law_names, (1.0, 0.2, 0.5), (0, 50, 20), strict=True)
    ]
    return sources, law


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_share_of_single_examples_is_kept_to_the_example(share):
    sources, law = fine(b={"max_share": share})
    target = Target(0.24, 0.8)
    plan = cheapest_plan(sources, law, target)
    assert plan.reaches and kept(plan, sources, law)
    free = cheapest_plan([replace(s, max_share=1.0) for s in sources], law, target)
    assert free.cost < plan.cost and plan.bound is not None and plan.bound <= plan.cost
    assert any("b: max share" in name for name in plan.binding)
    # b and one other in these shares, the whole as small as it can be
    best = math.inf
    for k, other in enumerate(("a", "c")):
        for whole in np.unique(np.geomspace(500, 60_000, 4000).astype(int)):
            b = math.floor(share * whole)
            row = np.array([[0.0, b, 0.0]])
            row[0, 2 * k] = whole - b
            if law.probability(0.24, row) >= 0.8:
                amounts = dict(zip("abc", row[0], strict=True))
                best = min(best, sum(float(s.cost(amounts[s.name])) for s in sources))
                break
        assert other
    assert plan.cost <= best * 1.002


def test_a_least_share_is_bought_even_where_it_is_dear():
    sources, law = fine(a={"min_share": 0.3})
    plan = cheapest_plan(sources, law, Target(0.24, 0.8))
    total = plan.totals(law.sources)
    assert plan.reaches and total[0] >= 0.3 * total.sum() - 1e-6
    assert total[0] <= 0.305 * total.sum() and "a: min share 0.3" in plan.binding


def test_what_excludes_and_what_needs_is_named():
    sources, law = fine(b={"needs": ("a",), "excludes": ("c",)})
    sources[0] = replace(
        sources[0], limits=replace(sources[0].limits, min_order=3000, max_examples=3000)
    )
    target = Target(0.24, 0.8)
    plan = cheapest_plan(sources, law, target)
    assert plan.reaches and kept(plan, sources, law)
    assert "b needs a" in plan.binding
    freer = cheapest_plan([sources[0], replace(sources[1], needs=()), sources[2]], law, target)
    assert freer.cost < plan.cost


def without(sources, said):
    """The sources free of one rule of what excludes or needs another."""
    own, what, other = said.split(" ", 2)
    pair = {(own, other), (other, own)} if what == "excludes" else {(own, other)}
    return [
        replace(s, **{what: tuple(o for o in getattr(s, what) if (s.name, o) not in pair)})
        for s in sources
    ]


@quick
@given(small.ruled_markets())
def test_a_rule_that_is_named_stands_in_the_way(market):
    sources, law, error, confidence = market
    target = Target(error, confidence)
    plan = cheapest_plan(sources, law, target)
    for said in plan.binding:
        if " excludes " in said or " needs " in said:
            freed = brute(without(sources, said), law, target)
            assert math.isfinite(freed)
            assert not plan.reaches or freed < plan.cost


def test_variants_of_one_source_are_no_limit_to_each_other():
    sources, law = fine(b={"excludes": ("c",)}, c={"excludes": ("b",)})
    sources[1:] = [replace(s, limits=replace(s.limits, max_examples=1500)) for s in sources[1:]]
    target = Target(0.24, 0.8)
    apart = cheapest_plan(sources, law, target)
    assert "b excludes c" in apart.binding
    variants = [sources[0], *(replace(s, family="b") for s in sources[1:])]
    plan = cheapest_plan(variants, law, target)
    assert plan.cost == pytest.approx(apart.cost) and not any("excl" in b for b in plan.binding)


def test_a_cheaper_plan_found_in_asking_is_taken():
    """What asks which rules bind is given a plan that is not the cheapest."""
    sources, law = fine(b={"excludes": ("c",)})
    target = Target(0.24, 0.8)
    market, best = market_of(sources, law, 0.0), cheapest_plan(sources, law, target)
    dear = cheapest_plan([replace(sources[1], limits=replace(
        sources[1].limits, max_examples=0)), sources[0]], law, target)  # fmt: skip
    assert dear.reaches and dear.cost > 1.05 * best.cost
    told = rules_that_bind(market, dear, Clock())
    assert told.reaches and kept(told, sources, law)
    assert told.cost <= best.cost * 1.02
    names = [b for b in told.binding if " excludes " in b]
    assert names == [b for b in best.binding if " excludes " in b]


def test_rules_that_contradict_each_other_leave_nothing():
    sources, law = fine(a={"min_share": 0.7}, b={"min_share": 0.7})
    plan = cheapest_plan(sources, law, Target(0.24, 0.8))
    assert not plan.reaches and plan.cost == 0 and kept(plan, sources, law)
    assert any("min share" in name for name in plan.binding)
    both = [
        replace(sources[0], min_share=0.5, max_share=0.5, needs=("b",)),
        replace(sources[1], min_share=0.0, excludes=("a",)),
    ]
    plan = cheapest_plan(both, law, Target(0.24, 0.8))
    assert not plan.reaches and kept(plan, both, law)


def test_a_needed_source_that_is_not_there_or_in_hand():
    sources, law = fine(b={"needs": ("zzz",)})
    plan = cheapest_plan(sources, law, Target(0.24, 0.8))
    assert plan.reaches and "b" not in plan.amounts
    owned = [replace(sources[0], in_hand=1.0), replace(sources[1], needs=("a",)), sources[2]]
    assert "b" in cheapest_plan(owned, law, Target(0.24, 0.8)).amounts


def test_rules_with_text():
    law = small.law(("a", "b"), texts=("t",), draws=60)
    law = replace(law, mix=replace(law.mix, text=law.mix.text + np.array([0.6, 0, 0.3, 0])))
    labels = small.source("a", 1.0, most=20_000, batch=100)
    other = replace(small.source("b", 0.6, most=20_000, batch=100), excludes=("t",))
    text = replace(small.source("t", 0.001, most=8000, batch=1000, role="text"), needs=("a",))
    sources = [labels, other, text]
    plan = cheapest_plan(sources, law, Target(0.24, 0.8))
    assert plan.reaches and kept(plan, sources, law)
    assert not {"b", "t"} <= set(plan.amounts)


def test_frontier_under_rules_never_falls():
    sources, law = fine(b={"max_share": 0.5}, c={"excludes": ("a",)})
    plans = frontier(sources, law, Target(0.24, 0.8), np.geomspace(0.28, 0.2, 6))
    costs = [math.inf if plan is None else plan.cost for plan in plans]
    assert costs == sorted(costs)
    assert all(plan is None or kept(plan, sources, law) for plan in plans)


def test_rules_as_arrays():
    names = ("a", "b", "t")
    a = replace(small.source("a"), max_share=0.5, excludes=("b", "b", "a"), needs=("t", "gone"))
    b = replace(small.source("b"), min_share=0.25, excludes=("a",))
    rules = rules_of([b, a, small.source("t", role="text")], names)
    assert rules.said == (
        "a: max share 0.5",
        "b: min share 0.25",
        "a excludes b",
        "a needs t",
        "a needs gone",
    )
    totals = np.array([[1.0, 1.0, 9.0], [2.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    assert rules.allowed(totals, totals * 0).tolist() == [True, False, True, True]
    assert rules.without(0).allowed(totals, totals * 0).tolist() == [True] * 4
    assert rules.without(2).said == (*rules.said[:2], *rules.said[3:])
    assert not rules.none() and rules
    bought = np.array([[1.0, 0.0, 1.0]])
    assert not rules.allowed(bought / 10, bought)[0], "gone can never be bought"
