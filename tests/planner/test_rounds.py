"""Rounds add up to the plan; what they promise is recomputed from law and sources."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.optimise import cheapest_plan
from planner.plan import Target
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
    rounds = path(sources, law, plan, 0.1).rounds
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
    found = path(sources, law, plan, 0.1)
    assert found.expected_cost < found.one_shot_cost == plan.cost


def test_rounds_are_merged_where_time_is_short(study):
    sources, law, plan = study
    many = path(sources, law, plan, 0.1).rounds
    short = replace(plan, target=replace(plan.target, weeks=plan.weeks * 1.01))
    few = path(sources, law, short, 0.1).rounds
    assert len(few) < len(many)
    assert few[-1].cumulative_cost == pytest.approx(plan.cost)


def test_a_plan_that_buys_nothing_has_no_rounds(study):
    sources, law, plan = study
    assert path(sources, law, replace(plan, steps=()), 0.1).rounds == ()
