"""The optimiser is never believed: brute force, recomputation, and laws that any answer obeys."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.errors import InputError
from planner.optimise import cheapest_plan, frontier, least_error_plan
from planner.plan import Target
from tests.planner import small

quick = settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def legal(source, weeks=math.inf):
    """Every legal purchase, counted out without the product's own list."""
    limits = source.limits
    options = [0.0]
    quantity = limits.batch
    while quantity <= limits.max_examples:
        late = limits.lead_weeks + quantity / limits.per_week > weeks
        if quantity >= limits.min_order and not late:
            options.append(float(quantity))
        quantity += limits.batch
    return options


def brute(sources, law, target, contingency=0.0):
    """Cheapest cost over every combination of legal purchases; inf if none meets the target."""
    order = [law.sources.index(s.name) for s in sources]
    combos = np.array(list(itertools.product(*(legal(s, target.weeks) for s in sources))))
    cost = sum(s.cost(combos[:, k]) for k, s in enumerate(sources)) * (1 + contingency)
    amounts = np.zeros((len(combos), len(law.sources)))
    amounts[:, order] = combos
    chance = np.concatenate(
        [
            law.weights @ (law.errors(part) <= target.error)
            for part in np.array_split(amounts, 8)
            if len(part)
        ]
    )
    good = (chance >= target.confidence - 1e-12) & (cost <= target.budget * (1 + 1e-9))
    return float(cost[good].min()) if good.any() else math.inf


@settings(
    max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(small.markets())
def test_equals_brute_force(market):
    sources, law, error, confidence = market
    target = Target(error, confidence)
    plan, best = cheapest_plan(sources, law, target), brute(sources, law, target)
    assert plan.reaches == math.isfinite(best)
    if plan.reaches:
        assert plan.cost == pytest.approx(best, rel=1e-9, abs=1e-9)
        assert plan.bound is not None and plan.bound <= best * (1 + 1e-9) + 1e-9
        assert plan.gap == pytest.approx(0.0, abs=1e-6), "small cases are proven, not only found"


@quick
@given(small.markets(3), st.sampled_from([50.0, 300.0, 1500.0]), st.sampled_from([1.0, 3.0]))
def test_budget_and_weeks_against_brute_force(market, budget, weeks):
    sources, law, error, confidence = market
    slow = tuple(
        replace(s, limits=replace(s.limits, per_week=900, lead_weeks=0.5)) for s in sources
    )
    target = Target(error, confidence, budget, weeks)
    plan, best = cheapest_plan(slow, law, target, contingency=0.1), brute(slow, law, target, 0.1)
    assert plan.reaches == math.isfinite(best)
    assert plan.cost <= budget * (1 + 1e-9)
    assert plan.weeks <= weeks * (1 + 1e-9)
    if plan.reaches:
        assert plan.cost == pytest.approx(best, rel=1e-9, abs=1e-9)


@quick
@given(small.markets())
def test_plan_recomputed_from_sources_and_law(market):
    sources, law, error, confidence = market
    plan = cheapest_plan(sources, law, Target(error, confidence), contingency=0.2, prove=False)
    cost = sum(1.2 * float(step.source.cost(step.quantity)) for step in plan.steps)
    assert plan.cost == pytest.approx(cost)
    amounts = {name: plan.amounts.get(name, 0.0) for name in law.sources}
    assert plan.probability == pytest.approx(law.probability(error, amounts))
    assert plan.reaches == (plan.probability >= confidence - 1e-12)
    for step in plan.steps:
        assert step.quantity in legal(step.source)
        assert step.low <= step.total * (1 + 1e-12) <= step.high * (1 + 1e-9)


@quick
@given(small.markets(3))
def test_laws_of_any_answer(market):
    sources, law, error, confidence = market
    target = Target(error, confidence)

    def cost(sources, law, target):
        plan = cheapest_plan(sources, law, target, prove=False)
        return plan.cost if plan.reaches else math.inf

    base = cost(sources, law, target)
    assert cost(sources, law, replace(target, error=error * 1.05)) <= base * (1 + 1e-9)
    assert cost(sources, law, replace(target, confidence=confidence * 0.9)) <= base * (1 + 1e-9)
    assert cost(sources[:-1], law, target) >= base * (1 - 1e-9) if len(sources) > 1 else True
    looser = tuple(
        replace(s, limits=replace(s.limits, max_examples=s.limits.max_examples * 2))
        for s in sources
    )
    assert cost(looser, law, target) <= base * (1 + 1e-9)
    assert cost(tuple(reversed(sources)), law, target) == pytest.approx(base)
    doubled = tuple(
        replace(s, lines=tuple(_scaled(line, 2.0) for line in s.lines)) for s in sources
    )
    assert cost(doubled, law, target) == pytest.approx(2 * base)


def _scaled(line, factor):
    tiers = tuple(replace(t, unit_price=t.unit_price * factor) for t in line.tiers)
    return replace(
        line, fixed=line.fixed * factor, unit_price=line.unit_price * factor, tiers=tiers
    )


@quick
@given(small.markets(3))
def test_names_and_currency_change_nothing_else(market):
    sources, law, error, confidence = market
    plan = cheapest_plan(sources, law, Target(error, confidence), prove=False)
    renamed = replace(law, sources=tuple(f"{n} 名" for n in law.sources), reference="a 名")
    other = cheapest_plan(
        tuple(replace(s, name=f"{s.name} 名") for s in sources), renamed, Target(error, confidence)
    )
    assert other.cost == pytest.approx(plan.cost)
    yen = tuple(replace(s, lines=tuple(_scaled(line, 150.0) for line in s.lines)) for s in sources)
    in_yen = cheapest_plan(yen, law, Target(error, confidence), prove=False)
    assert in_yen.cost == pytest.approx(150 * plan.cost)
    assert in_yen.amounts == plan.amounts


def test_many_legal_purchases_are_refined_to_single_examples():
    law = small.law(("a",), draws=90)
    only = small.source("a", 0.1, most=1_000_000, batch=1)
    plan = cheapest_plan([only], law, Target(0.24, 0.8))
    need = plan.amounts["a"]
    assert law.probability(0.24, {"a": need}) >= 0.8 > law.probability(0.24, {"a": need - 1})
    assert plan.bound is not None and plan.bound <= plan.cost


def test_text_is_bought_only_where_it_saves():
    law = small.law(("a",), texts=("t",), draws=90)
    labels = small.source("a", 1.0, most=20_000, batch=100)
    free = small.source("t", 0.0, most=8000, batch=1000, role="text")
    dear = small.source("t", 50.0, most=8000, batch=1000, role="text")
    helpful = replace(law, mix=replace(law.mix, text=law.mix.text + np.array([0.3, 0, 0.2, 0])))
    harmful = replace(law, mix=replace(law.mix, text=law.mix.text - np.array([0.8, 0, 0.3, 0])))
    target = Target(0.24, 0.8)
    assert "t" in cheapest_plan([labels, free], helpful, target).amounts
    assert "t" not in cheapest_plan([labels, dear], helpful, target).amounts
    assert "t" not in cheapest_plan([labels, free], harmful, target).amounts
    alone = cheapest_plan([labels], law, target).cost
    assert cheapest_plan([labels, free], law, target).cost <= alone


def test_frontier_costs_more_for_harder_targets():
    law = small.law(("a", "b"), biased=("b",), draws=90)
    sources = [
        small.source("a", 0.5, most=50_000, batch=1),
        small.source("b", 0.02, most=50_000, batch=1),
    ]
    errors = np.geomspace(0.28, 0.15, 12)
    plans = frontier(sources, law, Target(0.2, 0.8), errors)
    costs = [math.inf if plan is None else plan.cost for plan in plans]
    assert costs == sorted(costs)
    assert all(plan is None or plan.probability >= 0.8 for plan in plans)


def test_out_of_reach_brings_the_error_down_as_far_as_the_limits_allow():
    law = small.law(("a",), draws=90)
    only = small.source("a", 0.1, most=2000, batch=500)
    plan = cheapest_plan([only], law, Target(0.05, 0.8))
    assert not plan.reaches and plan.amounts == {"a": 2000.0}
    assert any("max scale" in name for name in plan.binding)
    capped = least_error_plan([only], law, Target(0.05, 0.8, budget=100.0))
    assert capped.cost <= 100.0 and capped.amounts == {"a": 1000.0}
    assert "budget" in capped.binding


def test_in_hand_counts_and_costs_nothing():
    law = small.law(("a",), draws=90)
    target = Target(0.25, 0.8)
    without = cheapest_plan([small.source("a", batch=1, most=50_000)], law, target)
    owned = replace(small.source("a", batch=1, most=50_000), in_hand=300.0)
    assert cheapest_plan([owned], law, target).amounts["a"] == without.amounts["a"] - 300
    plenty = replace(owned, in_hand=40_000.0)
    assert cheapest_plan([plenty], law, target).cost == 0


def test_free_sources_and_empty_markets():
    law = small.law(("a", "b"), draws=90)
    free = small.source("a", 0.0, most=50_000)
    plan = cheapest_plan([free, small.source("b")], law, Target(0.24, 0.8, budget=0.0))
    assert plan.reaches and plan.cost == 0
    nothing = cheapest_plan([small.source("a", most=0)], law, Target(0.24, 0.8))
    assert not nothing.reaches and nothing.steps == () and nothing.cost == 0
    with pytest.raises(InputError, match="not in the law"):
        cheapest_plan([small.source("zzz")], law, Target(0.24, 0.8))
