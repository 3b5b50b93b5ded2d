"""Rounds add up to the plan; what they promise is recomputed from law and sources."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.fitted import weighted_quantile
from planner.optimise import cheapest_plan
from planner.plan import Plan, Step, Target
from planner.rounds import path
from tests.planner import small


@pytest.fixture
def study():
    law = small.law(("a", "b"), biased=("b",), draws=90)
    sources = [
        small.source("a", 0.5, fee=50.0, most=100_000, batch=10, per_week=2000, lead_weeks=1.0),
        small.source("b", 0.02, fee=20.0, most=100_000, batch=10, per_week=5000),
    ]
    plan = cheapest_plan(sources, law, Target(0.2, 0.8), contingency=0.1)
    return sources, law, plan


def test_rounds_add_up_to_the_plan(study):
    sources, law, plan = study
    rounds = path(law, plan, 0.1).rounds
    assert len(rounds) >= 2
    for name, quantity in plan.amounts.items():
        assert sum(r.purchases[name] for r in rounds) == quantity
    assert rounds[-1].cumulative_cost == pytest.approx(plan.cost)
    assert rounds[-1].reached == pytest.approx(plan.probability)
    assert [r.reached for r in rounds] == sorted(r.reached for r in rounds)
    assert rounds[0].needed == pytest.approx(1.0)
    assert [r.end_week for r in rounds] == sorted(r.end_week for r in rounds)
    for before, after in zip(rounds, rounds[1:], strict=False):
        assert after.needed == pytest.approx(1 - before.reached)


def test_stopping_early_is_expected_to_cost_less(study):
    sources, law, plan = study
    found = path(law, plan, 0.1)
    assert found.expected_cost < found.one_shot_cost == plan.cost


def test_rounds_are_merged_where_time_is_short(study):
    sources, law, plan = study
    many = path(law, plan, 0.1).rounds
    short = replace(plan, target=replace(plan.target, weeks=plan.weeks * 1.01))
    few = path(law, short, 0.1).rounds
    assert len(few) < len(many)
    assert few[-1].cumulative_cost == pytest.approx(plan.cost)


def buying(sources, quantities, target=None):
    """A plan that buys these amounts, its figures left out."""
    steps = tuple(
        Step(s, q, s.fees(), float(s.cost(q)) - s.fees(), 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0)
        for s, q in zip(sources, quantities, strict=True)
    )
    return Plan(target or Target(0.2, 0.8), steps, True, 0.8, (0.1, 0.2, 0.3), None, ())


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 10, 250]), st.sampled_from([1, 400, 3000]), st.integers(0, 90)
        ),
        min_size=1,
        max_size=2,
    )
)
def test_every_round_is_a_legal_order_and_buys(orders):
    law, sources, quantities = small.law(("a", "b"), draws=30), [], []
    for name, (batch, least, more) in zip("ab", orders, strict=False):
        tiers = ((900, 0.3),)
        limits = {"batch": batch, "min_order": least, "most": 1e6, "tiers": tiers}
        source = small.source(name, 0.5, fee=40.0, **limits)
        sources.append(source)
        quantities.append(float(source.limits.smallest + more * batch))
    plan = buying(sources, quantities)
    rounds = path(law, plan, 0.0).rounds
    for source, quantity in zip(sources, quantities, strict=True):
        bought = [r.purchases[source.name] for r in rounds]
        assert sum(bought) == quantity
        for order in bought:
            assert order == 0 or order >= source.limits.smallest
            assert order % source.limits.batch == 0
        assert bought[0] > 0, "fees fall due in the first round"
    assert all(any(r.purchases.values()) for r in rounds)
    assert rounds[0].cost >= sum(s.fees() for s in sources)
    assert rounds[-1].cumulative_cost == pytest.approx(plan.cost)


def test_a_plan_too_small_to_be_split_is_one_round():
    law = small.law(("a",), draws=30)
    source = small.source("a", 0.5, batch=500, min_order=5000, most=1e6)
    (only,) = path(law, buying([source], [9500.0]), 0.0).rounds
    assert only.purchases == {"a": 9500.0}
    two = path(law, buying([source], [10_000.0]), 0.0).rounds
    assert [r.purchases["a"] for r in two] == [5000.0, 5000.0]


def test_rounds_count_the_data_in_hand_that_the_plan_uses(study):
    sources, law, plan = study
    rounds = path(law, replace(plan, used_in_hand={"b": 30.0}), 0.1).rounds
    total = law.effective([[plan.amounts["a"], plan.amounts.get("b", 0.0) + 30.0]])
    middle = float(weighted_quantile(total, law.weights, 0.5)[0])
    assert rounds[-1].effective == pytest.approx(middle)


def test_a_plan_that_buys_nothing_has_no_rounds(study):
    sources, law, plan = study
    assert path(law, replace(plan, steps=()), 0.1).rounds == ()
