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
from planner.fitted import weighted_quantile
from planner.optimise import cheapest_plan, frontier, least_error_plan
from planner.plan import Target
from tests.planner import small

quick = settings(
    max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
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


def ways(source, weeks=math.inf):
    """Cheapest cost of every total that purchases and data in hand make; any part of what is in
    hand may be left out."""
    found = {}
    for bought in legal(source, weeks):
        for used in range(int(source.in_hand) + 1):
            cost = float(source.cost(bought))
            found[bought + used] = min(cost, found.get(bought + used, math.inf))
    return found


def brute(sources, law, target, contingency=0.0):
    """Cheapest cost over every combination of legal supplies; inf if none meets the target."""
    order = [law.sources.index(s.name) for s in sources]
    listed = [ways(s, target.weeks) for s in sources]
    combos = np.array(list(itertools.product(*listed)))
    costs = np.array(list(itertools.product(*(each.values() for each in listed))))
    cost = costs.sum(axis=1) * (1 + contingency)
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


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
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


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(small.owned_markets())
def test_use_of_data_in_hand_equals_brute_force(market):
    sources, law, error, confidence = market
    target = Target(error, confidence)
    plan, best = cheapest_plan(sources, law, target), brute(sources, law, target)
    assert plan.reaches == math.isfinite(best)
    assert plan.probability == law.probability(error, plan.totals(law.sources))
    assert set(plan.used_in_hand) == {s.name for s in sources if s.in_hand}
    for source in sources:
        assert 0 <= plan.used_in_hand.get(source.name, 0.0) <= source.in_hand
    if plan.reaches:
        assert plan.cost == pytest.approx(best, rel=1e-9, abs=1e-9)
        assert plan.bound is not None and plan.bound <= best * (1 + 1e-9) + 1e-9
        assert plan.gap == pytest.approx(0.0, abs=1e-6)


@quick
@given(small.owned_markets(), st.integers(0, 2), st.integers(1, 4))
def test_more_in_hand_never_hurts(market, which, more):
    sources, law, error, confidence = market
    target, which = Target(error, confidence), which % len(sources)
    richer = list(sources)
    richer[which] = replace(sources[which], in_hand=sources[which].in_hand + more)
    before = cheapest_plan(sources, law, target, prove=False)
    after = cheapest_plan(richer, law, target, prove=False)
    if before.reaches:
        assert after.reaches and after.cost <= before.cost * (1 + 1e-9)
    else:
        assert after.reaches or reached(law, after) <= reached(law, before) * 1.0002


def reached(law, plan):
    """Error at the wanted confidence, recomputed."""
    errors = law.errors(plan.totals(law.sources)[None])
    return float(weighted_quantile(errors, law.weights, plan.target.confidence)[0])


@quick
@given(small.markets())
def test_plan_recomputed_from_sources_and_law(market):
    sources, law, error, confidence = market
    plan = cheapest_plan(sources, law, Target(error, confidence), contingency=0.2, prove=False)
    cost = sum(1.2 * float(step.source.cost(step.quantity)) for step in plan.steps)
    assert plan.cost == pytest.approx(cost)
    assert plan.probability == pytest.approx(law.probability(error, plan.totals(law.sources)))
    assert plan.reaches == (plan.probability >= confidence - 1e-12)
    for step in plan.steps:
        assert step.quantity in legal(step.source)
        assert step.low <= step.total * (1 + 1e-12) <= step.high * (1 + 1e-9)


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


@pytest.fixture
def poisoned():
    """Clean labels for sale, and far too much in hand of a source with a high floor."""
    law = small.law(("a", "b"), biased=("b",), draws=90)
    law = replace(law, mix=replace(law.mix, excess=law.mix.excess * 10))
    clean = small.source("a", 0.1, most=50_000, batch=1)
    return law, clean, replace(small.source("b", most=0), in_hand=100_000.0)


def test_harmful_data_in_hand_is_left_out(poisoned):
    law, clean, bad = poisoned
    target = Target(0.22, 0.8)
    plan, without = cheapest_plan([clean, bad], law, target), cheapest_plan([clean], law, target)
    assert plan.reaches and plan.cost <= without.cost * (1 + 1e-9)
    assert plan.used_in_hand["b"] < 5000
    assert plan.bound is not None and plan.bound <= plan.cost
    (point,) = frontier([clean, bad], law, target, [0.22])
    assert point is not None and point.cost <= without.cost * (1 + 1e-9)
    few = replace(clean, limits=replace(clean.limits, max_examples=2000))
    least, alone = (least_error_plan(s, law, Target(0.05, 0.8)) for s in ([few, bad], [few]))
    assert reached(law, least) <= reached(law, alone) * 1.0002


@pytest.mark.parametrize("factor", [0.1, 0.2, 0.3, 1.0])
def test_no_other_use_of_the_data_in_hand_is_better(poisoned, factor):
    law, clean, bad = poisoned
    law = replace(law, mix=replace(law.mix, excess=law.mix.excess * factor))
    few = replace(clean, limits=replace(clean.limits, max_examples=600))
    plan = least_error_plan([few, bad], law, Target(0.05, 0.8))
    rows = np.zeros((400, 2))
    rows[:, 0], rows[:, 1] = plan.amounts.get("a", 0.0), np.append(0, np.geomspace(1, 1e5, 399))
    best = float(weighted_quantile(law.errors(rows), law.weights, 0.8).min())
    assert reached(law, plan) <= best * 1.003


def test_harmful_text_in_hand_is_left_out_and_helpful_text_is_used():
    law = small.law(("a",), texts=("t",), draws=90)
    labels = small.source("a", 1.0, most=20_000, batch=100)
    text = replace(small.source("t", most=0, role="text"), in_hand=5000.0)
    alone = cheapest_plan([labels], law, Target(0.24, 0.8)).cost
    for shift, used in (np.array([-0.8, 0, -0.3, 0]), 0.0), (np.array([0.3, 0, 0.4, 0]), 5000.0):
        bent = replace(law, mix=replace(law.mix, text=law.mix.text + shift))
        plan = cheapest_plan([labels, text], bent, Target(0.24, 0.8))
        assert plan.reaches and plan.used_in_hand == {"t": used}
        assert plan.cost < alone if used else plan.cost == alone
        assert plan.gap == pytest.approx(0.0, abs=1e-6) if not used else plan.bound <= plan.cost


@quick
@given(st.integers(0, 30), st.sampled_from([0.0, 0.002, 0.02, 0.1]), st.integers(1, 40))
def test_bound_holds_over_every_amount_of_text(seed, price, most):
    law = small.law(("a",), texts=("t",), draws=60, seed=seed)
    law = replace(law, mix=replace(law.mix, text=law.mix.text + np.array([0.05, 0, 0.1, 0])))
    labels = small.source("a", 0.1, most=20_000, batch=500, fee=30.0)
    text = small.source("t", price, most=200 * most, batch=200, role="text")
    plan, best = (f([labels, text], law, Target(0.24, 0.8)) for f in (cheapest_plan, brute))
    assert plan.reaches == math.isfinite(best)
    if plan.reaches:
        assert best * (1 - 1e-9) <= plan.cost <= best * 1.1
        assert plan.bound is not None and plan.bound <= best * (1 + 1e-9)


def test_amount_of_text_is_refined():
    law = small.law(("a",), texts=("t",), draws=90)
    law = replace(law, mix=replace(law.mix, text=law.mix.text * 0 + np.array([0, 0, 0.5, 6.9])))
    labels = small.source("a", 1.0, most=20_000, batch=10)
    text = small.source("t", 0.05, most=1_000_000, batch=10, role="text")
    plan = cheapest_plan([labels, text], law, Target(0.24, 0.8))
    grid = np.round(np.geomspace(10, 1_000_000, 25), -1)
    best = math.inf
    for amount in grid:
        fixed = replace(small.source("t", 0, most=0, role="text"), in_hand=float(amount))
        rest = cheapest_plan([labels, fixed], law, Target(0.24, 0.8), prove=False)
        best = min(best, rest.cost + 0.05 * amount)
    assert plan.cost <= best * 1.02
    assert plan.bound is not None and plan.bound <= best


def test_several_texts_are_bounded_or_not_at_all():
    names = ("t", "u", "v", "w")
    law = small.law(("a",), texts=names, draws=30)
    labels = small.source("a", 1.0, most=5000, batch=500)
    texts = [small.source(n, 0.001, most=8000, batch=1000, role="text") for n in names]
    plan = cheapest_plan([labels, *texts[:1]], law, Target(0.27, 0.8))
    assert plan.bound is not None
    assert cheapest_plan([labels, *texts], law, Target(0.27, 0.8)).bound is None


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.995])
@pytest.mark.parametrize("size", [2000.0, 5e10])
def test_unlimited_source_is_searched_as_far_as_the_target_asks(confidence, size):
    law = small.floorless(small.law(("a",), draws=600))
    error = float(weighted_quantile(law.errors([[size]]), law.weights, confidence)[0])
    endless = {"most": math.inf, "batch": 1, "per_week": math.inf}
    target = Target(error, confidence)
    plan = cheapest_plan([small.source("a", 1e-6, **endless)], law, target)
    assert plan.reaches and not any("floor" in each for each in plan.binding)
    assert plan.amounts["a"] == pytest.approx(law.required(error, confidence), rel=1e-3)
    assert plan.bound is not None and plan.bound >= plan.cost * 0.9
    short = replace(target, budget=plan.cost / 2)
    poor = cheapest_plan([small.source("a", 1e-6, **endless)], law, short)
    assert not poor.reaches and poor.cost <= short.budget * (1 + 1e-9)
    assert poor.cost >= short.budget * 0.9 and poor.binding == ("budget",)


def test_unlimited_biased_source_beside_a_few_clean_labels():
    law = small.law(("a", "b"), biased=("b",), draws=90)
    clean = small.source("a", 1.0, most=3000, batch=100)
    endless = small.source("b", 0.001, most=math.inf, batch=1, per_week=math.inf)
    capped = replace(endless, limits=replace(endless.limits, max_examples=1_000_000))
    target = Target(0.22, 0.8)
    plan, other = (cheapest_plan([clean, b], law, target) for b in (endless, capped))
    assert other.reaches and plan.reaches
    assert plan.cost <= other.cost * 1.001
    assert plan.bound is not None and plan.bound <= min(plan.cost, other.cost)


def test_a_free_unlimited_source_within_a_budget_of_nothing():
    law = small.law(("a",), draws=90)
    free = small.source("a", 0.0, most=math.inf, batch=1, per_week=math.inf)
    plan = cheapest_plan([free], law, Target(0.24, 0.8, budget=0.0))
    assert plan.reaches and plan.cost == 0


@quick
@given(small.markets(3), st.integers(0, 2))
def test_bound_on_a_grid_holds_for_every_purchase_between(market, which):
    sources, law, error, confidence = market
    fine = [
        replace(s, limits=replace(s.limits, batch=10, min_order=10, max_examples=4000))
        if i == which % len(sources)
        else s
        for i, s in enumerate(sources)
    ]
    target = Target(error, confidence)
    plan, best = cheapest_plan(fine, law, target), brute(fine, law, target)
    if plan.reaches:
        assert plan.bound is not None and plan.bound <= best * (1 + 1e-9) + 1e-9
        assert plan.cost >= best * (1 - 1e-9)


def test_effective_examples_of_a_step_are_what_it_adds():
    law = small.law(("a", "b"), biased=("b",), draws=90)
    sources = [
        replace(small.source("a", 0.1, most=50_000, batch=1), in_hand=700.0),
        replace(small.source("b", 5.0, most=50_000), in_hand=400.0),
    ]
    plan = cheapest_plan(sources, law, Target(0.22, 0.8))
    (step,) = plan.steps
    total, before = plan.totals(law.sources), plan.totals(law.sources)
    before[0] -= step.quantity
    added = law.effective(total[None]) - law.effective(before[None])
    assert step.effective_examples == pytest.approx(
        float(weighted_quantile(added, law.weights, 0.5)[0])
    )
    own = law.contribution(0, total[:1]) / law.effective(total[None])
    assert step.share == pytest.approx(float(weighted_quantile(own, law.weights, 0.5)[0]))


def test_free_sources_and_empty_markets():
    law = small.law(("a", "b"), draws=90)
    free = small.source("a", 0.0, most=50_000)
    plan = cheapest_plan([free, small.source("b")], law, Target(0.24, 0.8, budget=0.0))
    assert plan.reaches and plan.cost == 0
    nothing = cheapest_plan([small.source("a", most=0)], law, Target(0.24, 0.8))
    assert not nothing.reaches and nothing.steps == () and nothing.cost == 0
    with pytest.raises(InputError, match="not in the law"):
        cheapest_plan([small.source("zzz")], law, Target(0.24, 0.8))


@pytest.mark.parametrize("spare", [1.0, 1.03, 1.1, 1.5])
def test_a_budget_between_two_points_of_the_grid_is_spent(spare):
    """20,000 single examples are listed on a grid: a budget just above the cost must still do."""
    law = small.law(("a",), draws=90)
    source = small.source("a", 1.0, most=20_000, batch=10)
    free = cheapest_plan([source], law, Target(0.24, 0.8))
    tight = cheapest_plan([source], law, Target(0.24, 0.8, budget=free.cost * spare))
    assert tight.reaches and tight.cost == pytest.approx(free.cost)
