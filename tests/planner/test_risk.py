"""Chances of budget and weeks: against plain simulation, and laws of any answer."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.fitted import weighted_quantile
from planner.market import market_of
from planner.odds import Odds, _worth_trying
from planner.optimise import at_confidences, cheapest_plan, frontier, least_error_plan
from planner.plan import Plan, Step, Target
from planner.questions import least_error, least_weeks
from planner.risk import between, paid, risk_of, slower, spent
from planner.secure import secure_plan, secured_points
from sources.base import CostLine, Limits, Source
from tests.planner import small
from tests.planner.small import law

LAW = law(("a", "b"), draws=80)
Z = 1.6448536269514722


def source(name: str, price: float = 1.0, low: float = 0.5, high: float = 2.0) -> Source:
    lines = (
        CostLine("work", 0.0, price, low=low, high=high),
        CostLine("fee", 20.0, low=0.9, high=1.1),
    )
    limits = Limits(20_000, 500, 1.0, speed_range=(0.5, 1.5), lead_range=(0.5, 2.0))
    return Source(name, "plain", lines, limits)


def step(of: Source, quantity: float) -> Step:
    variable = float(of.work(quantity))
    return Step(
        of, quantity, of.fees(), variable, 0.0, 0.0, 0.0, None, None, 0.0,
        of.limits.weeks(quantity),
    )  # fmt: skip


def plan(steps: list[Step], **limits: float) -> Plan:
    target = Target(0.3, 0.8, **limits)
    return Plan(target, tuple(steps), True, 0.9, (0.1, 0.2, 0.3), None, ())


def test_a_range_spans_90_per_cent() -> None:
    assert between(np.array([-Z, 0, Z]), 0.5, 3.0) == pytest.approx([0.5, 1, 3])
    cost = paid(source("a"), 100, np.array([-Z, 0.0, Z]))
    assert cost == pytest.approx([50 + 18, 120, 200 + 22])


def test_budget_against_simulation() -> None:
    steps = [step(source("a"), 300), step(source("b", 0.5, 0.8, 1.5), 500)]
    rng = np.random.default_rng(5)
    z = rng.standard_normal((2, 200_000))
    total = sum(paid(s.source, s.quantity, z[k]) for k, s in enumerate(steps))
    for budget in (400, 600, 800):
        wanted = float(np.mean(total <= budget))
        assert risk_of(plan(steps, budget=budget)).on_budget == pytest.approx(wanted, abs=0.005)
    assert risk_of(plan(steps)).on_budget == 1
    bought = [(s.source, s.quantity) for s in steps]
    assert np.array_equal(spent(bought), spent(bought[::-1]))


def test_weeks_against_simulation() -> None:
    steps = [step(source("a"), 1000), step(source("b"), 700)]
    rng = np.random.default_rng(6)
    late = np.zeros(20_000)
    for each in steps:
        z = rng.standard_normal((2, len(late)))
        speeds, leads = between(z[0], 0.5, 1.5), between(z[1], 0.5, 2.0)
        late = np.maximum(late, leads + each.quantity / (500 * speeds))
    for weeks in (2.5, 3.0, 5.0):
        wanted = float(np.mean(late <= weeks))
        assert risk_of(plan(steps, weeks=weeks)).on_time == pytest.approx(wanted, abs=0.01)
    assert risk_of(plan(steps)).on_time == 1


def test_without_ranges_nothing_is_at_risk() -> None:
    sure = Source("a", "plain", (CostLine("each", 5.0, 1.0),), Limits(1e4, 100))
    found = risk_of(plan([step(sure, 300)], budget=305.0, weeks=3.0))
    assert (found.on_budget, found.on_time, found.met) == (1, 1, 0.9)


def test_slow_limits() -> None:
    limits = Limits(per_week=100, lead_weeks=2, speed_range=(0.5, 1.5), lead_range=(0.5, 3.0))
    slow = slower(limits, 0.95)
    assert slow.per_week == pytest.approx(50)
    assert slow.lead_weeks == pytest.approx(6)
    same = slower(limits, 0.5)
    assert (same.per_week, same.lead_weeks) == (100, 2)


SOURCES = (source("a", 1.0), source("b", 0.4))


def test_a_secured_plan_keeps_all_three() -> None:
    free = cheapest_plan(SOURCES, LAW, Target(0.26, 0.8))
    target = Target(0.26, 0.8, budget=2.7 * free.cost)
    first = cheapest_plan(SOURCES, LAW, target)
    assert risk_of(first).met < 0.8
    found = secure_plan(SOURCES, LAW, target)
    assert found.holds
    assert found.risk.met >= 0.8 - 1e-9
    assert found.plan.cost > first.cost
    again = LAW.probability(0.26, found.plan.totals(LAW.sources)[None])
    assert found.plan.probability == pytest.approx(again)
    assert found.plan.target == target
    assert found.plan.bound is None or found.plan.bound <= found.plan.cost


def test_without_limits_a_secured_plan_is_the_cheapest() -> None:
    target = Target(0.22, 0.8)
    found = secure_plan(SOURCES, LAW, target)
    assert found.plan == cheapest_plan(SOURCES, LAW, target)
    assert found.holds


def test_where_no_plan_keeps_all_three_the_cheapest_is_told() -> None:
    free = cheapest_plan(SOURCES, LAW, Target(0.22, 0.8))
    target = Target(0.22, 0.8, budget=1.02 * free.cost)
    found = secure_plan(SOURCES, LAW, target)
    assert not found.holds
    assert found.plan.reaches
    assert found.risk.on_budget < 0.8


def test_weeks_make_it_buy_what_is_quick() -> None:
    """Slow source b cannot be relied on within the weeks: some of the dearer a is bought."""
    slow = replace(SOURCES[1], limits=Limits(20_000, 700, 1.0, speed_range=(0.3, 1.2)))
    quick = replace(SOURCES[0], limits=Limits(20_000, 5000, 0.5))
    loose = cheapest_plan([slow, quick], LAW, Target(0.22, 0.8))
    target = Target(0.22, 0.8, weeks=loose.weeks * 1.05)
    found = secure_plan([slow, quick], LAW, target)
    assert found.holds
    assert found.risk.on_time > risk_of(replace(loose, target=target)).on_time


def test_least_error_within_a_budget() -> None:
    """All three are kept as wanted: ranges of prices and speeds count too."""
    for asked in (Target(1e-9, 0.8, budget=800.0), Target(1e-9, 0.8, budget=800.0, weeks=3.5)):
        aim = least_error(SOURCES, LAW, asked)
        assert aim.plan is not None
        found = secure_plan(SOURCES, LAW, aim.target, warm=[aim.plan])
        assert found.holds
        at_base = least_error_plan(SOURCES, LAW, asked)
        assert aim.target.error > weighted_quantile(
            LAW.errors(at_base.totals(LAW.sources)[None]), LAW.weights, 0.8
        )
        # one source alone, any amount of it: none reaches a lower error as surely
        lower = replace(asked, error=aim.target.error * 0.99)
        odds = Odds(market_of(SOURCES, LAW, 0.0), lower, np.zeros(2))
        rows = np.zeros((60, 2))
        for column in (0, 1):
            rows[:, 1 - column], rows[:, column] = 0, np.linspace(10, 2000, 60).round()
            assert (odds.met(rows) < 0.8).all()


def test_least_error_without_ranges_is_that_of_the_optimiser() -> None:
    sure = Source("a", "plain", (CostLine("each", 5.0, 1.0),), Limits(1e4, 100))
    aim = least_error([sure], LAW, Target(1e-9, 0.8, budget=800.0))
    assert aim.plan is None
    assert cheapest_plan([sure], LAW, aim.target).amounts == {"a": 795.0}


def test_least_weeks_to_a_target() -> None:
    aim = least_weeks(SOURCES, LAW, Target(0.26, 0.8))
    assert aim.plan is not None
    assert secure_plan(SOURCES, LAW, aim.target, warm=[aim.plan]).holds
    assert cheapest_plan(SOURCES, LAW, aim.target, prove=False).reaches
    # neither source alone is there sooner as surely
    sooner = replace(aim.target, weeks=aim.target.weeks - 0.1)
    odds = Odds(market_of(SOURCES, LAW, 0.0), sooner, np.zeros(2))
    rows = np.zeros((60, 2))
    for column in (0, 1):
        rows[:, 1 - column], rows[:, column] = 0, np.linspace(10, 20_000, 60).round()
        assert (odds.met(rows) < 0.8).all()
    never = Target(0.0001, 0.8, weeks=9.0)
    assert least_weeks(SOURCES, LAW, never).target == never


@settings(max_examples=4, deadline=None)
@given(st.floats(300, 3000), st.floats(1.01, 3))
def test_a_larger_budget_never_buys_a_larger_error(budget: float, more: float) -> None:
    sure = [replace(s, lines=(CostLine("each", 20.0, 0.5),)) for s in SOURCES]
    small, large = (
        least_error(sure, LAW, Target(1e-9, 0.8, budget=each)).target
        for each in (budget, budget * more)
    )
    assert large.error <= small.error * 1.005
    assert math.isfinite(small.error)


def test_a_surer_target_never_costs_less() -> None:
    levels = (0.5, 0.9, 0.8, 0.999)
    plans = at_confidences(SOURCES, LAW, Target(0.22, 0.8), levels)
    costs = [math.inf if each is None else each.cost for each in plans]
    assert costs[0] <= costs[2] <= costs[1] <= costs[3]
    for level, each in zip(levels, plans, strict=True):
        if each is not None:
            assert each.probability >= level - 1e-9
            alone = cheapest_plan(SOURCES, LAW, Target(0.22, level))
            assert each.cost == pytest.approx(alone.cost, rel=0.02)


def test_cheapest_joint_against_every_purchase() -> None:
    """On small markets with ranges no purchase keeps all three for less, within 2%."""
    rng = np.random.default_rng(0)
    kept = 0
    for _ in range(5):
        made = [
            Source(
                name,
                "plain",
                (CostLine("each", 0.0, rng.uniform(0.6, 2), low=0.5, high=rng.uniform(1, 2)),),
                Limits(9000, 500, batch=100, speed_range=(rng.uniform(0.5, 1), 1)),
            )
            for name in ("a", "b")
        ]
        free = cheapest_plan(made, LAW, Target(0.22, 0.8), prove=False)
        target = Target(0.22, 0.8, 1.8 * free.cost, 1.6 * free.weeks)
        odds = Odds(market_of(made, LAW, 0.0), target, np.zeros(2))
        grid = np.arange(0, 9001, 100.0)
        rows = np.stack([each.ravel() for each in np.meshgrid(grid, grid)], axis=1)
        rows = rows[odds.cost(rows) <= target.budget]
        rows = rows[np.concatenate([
            LAW.weights @ (LAW.errors(part) <= target.error) for part in np.array_split(rows, 9)
        ]) >= 0.8]  # fmt: skip
        rows = rows[np.argsort(odds.cost(rows))]
        least = next((row for row in rows if odds.met(row[None])[0] >= 0.8), None)
        if least is None:
            continue
        kept += 1
        found = secure_plan(made, LAW, target)
        assert found.holds
        assert found.plan.cost <= 1.02 * float(odds.cost(least[None])[0])
    assert kept >= 3


def test_a_dearer_exact_price_may_keep_a_budget() -> None:
    exact = Source("a", "plain", (CostLine("each", 0.0, 1.1),))
    wide = Source("b", "plain", (CostLine("each", 0.0, 1.0, low=0.3, high=3.0),))
    free = cheapest_plan([exact], LAW, Target(0.22, 0.8))
    target = Target(0.22, 0.8, budget=1.15 * free.cost)
    both = secure_plan([exact, wide], LAW, target)
    alone = secure_plan([exact], LAW, target)
    assert both.holds and alone.holds
    assert both.plan.cost <= alone.plan.cost * (1 + 1e-9)


def test_every_point_of_the_frontier_keeps_all_and_costs_rise() -> None:
    errors = [0.3, 0.28, 0.27, 0.26]
    target = Target(0.26, 0.8, weeks=9.0)
    own = secure_plan(SOURCES, LAW, target)
    assert own.holds
    plans = frontier(SOURCES, LAW, target, errors)
    assert any(each is not None and risk_of(each).met < 0.8 for each in plans)
    points = secured_points(SOURCES, LAW, target, plans, errors, own.plan)
    assert all(each is not None and risk_of(each).met >= 0.8 - 1e-9 for each in points)
    costs = [each.cost for each in points if each is not None]
    assert costs == sorted(costs)


def test_a_search_that_stops_just_short_of_a_limit_names_it() -> None:
    capped = Source("a", "plain", (CostLine("each", 0.0, 1.0),), Limits(3000))
    far = cheapest_plan([capped], LAW, Target(0.1, 0.8))
    assert not far.reaches and any("max scale" in each for each in far.binding)
    free = Source("a", "plain", (CostLine("each", 0.0, 1.0),))
    most = least_error([free], LAW, Target(1e-9, 0.8, budget=3000.0))
    found = cheapest_plan([free], LAW, most.target)
    assert found.reaches and "budget" in found.binding


def test_sources_are_tried_by_the_price_of_what_they_are_worth() -> None:
    names = ("a", "good", *(f"poor{k}" for k in range(6)))
    own = small.law(names, draws=60)
    quality = np.full((60, len(names)), 0.01)
    quality[:, :2] = 1.0
    own = replace(own, mix=replace(own.mix, quality=quality))
    made = [small.source(n, 0.05 if n.startswith("poor") else 0.1) for n in names]
    made[1] = small.source("good", 0.3)
    odds = Odds(market_of(made, own, 0.0), Target(0.25, 0.8), np.zeros(len(names)))
    bought = np.zeros(len(names))
    bought[0] = 1000.0
    assert [s.name for s in _worth_trying(odds, bought)][:2] == ["a", "good"]
