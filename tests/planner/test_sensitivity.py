"""What moves the cost: against plans made by hand, and laws of any answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from planner.fitted import FittedLaw
from planner.optimise import cheapest_plan
from planner.plan import Plan, Target
from planner.secure import secure_plan
from planner.sensitivity import Sensitivity, sensitivity
from planner.swings import limit_rows, sensitivity_rows, switch_rows
from sources.base import Assumption, CostLine, Limits, Source
from tests.planner.small import law

LAW = law(("a", "b"), draws=60)
RANGES = {"a": (0.5, 1.0, 3.0), "b": (0.3, 0.6, 0.7)}


def source(name: str, price: float, cap: float = 4000.0) -> Source:
    low, value, high = RANGES[name]
    number = Assumption("price", value, "USD/example", "quoted", "offer", "2026", low, high)
    limits = Limits(cap, batch=10)
    lines = (CostLine("each", 0.0, price),)
    return Source(name, "plain", lines, limits, assumptions=(number,))


SOURCES = (source("a", 1.0), source("b", 0.6, cap=300.0))
TARGET = Target(0.25, 0.8)
BEST = cheapest_plan(SOURCES, LAW, TARGET)


def rebuild(name: str, changes: Mapping[str, float]) -> Source | None:
    cap = 4000.0 if name == "a" else 300.0
    return source(name, changes["price"], cap) if "price" in changes else None


@pytest.fixture(scope="module")
def found() -> Sensitivity:
    return sensitivity(SOURCES, LAW, BEST, rebuild=rebuild)


def cost_at(**prices: float) -> float:
    offered = [replace(source(n, prices.get(n, RANGES[n][1]), s.limits.max_examples))
               for n, s in zip("ab", SOURCES, strict=True)]  # fmt: skip
    return cheapest_plan(offered, LAW, TARGET, prove=False).cost


def test_numbers_are_planned_for_anew(found: Sensitivity) -> None:
    for name in "ab":
        (swing,) = (s for s in found.swings if (s.scope, s.name) == (name, "price"))
        low, base, high = RANGES[name]
        assert (swing.low, swing.base, swing.high) == (low, base, high)
        assert swing.cost_low is not None and swing.cost_high is not None
        assert swing.cost_low <= BEST.cost <= swing.cost_high + 1e-9
        assert swing.cost_low == pytest.approx(cost_at(**{name: low}), rel=0.02)
        assert swing.cost_high == pytest.approx(cost_at(**{name: high}), rel=0.02)


def test_the_widest_swing_comes_first(found: Sensitivity) -> None:
    widths = [swing.width for swing in found.swings]
    assert widths == sorted(widths, reverse=True)
    assert {(s.scope, s.name) for s in found.swings} >= {("law", "error of the plan")}


def test_a_better_source_costs_no_more(found: Sensitivity) -> None:
    (worth,) = (s for s in found.swings if (s.scope, s.name) == ("b", "quality"))
    assert worth.low < worth.base < worth.high
    assert worth.cost_high is not None
    assert worth.cost_low is None or worth.cost_high <= worth.cost_low


def test_a_cap_that_binds() -> None:
    def offered(cap: float) -> list[Source]:
        return [source("a", 1.0), source("b", 0.02, cap)]

    sure = law(("a", "b"), draws=3).pick(np.array([1]))  # many draws make steps in the cost
    plan = cheapest_plan(offered(500), sure, TARGET)
    assert plan.amounts["b"] == 500
    (limit,) = sensitivity(offered(500), sure, plan).limits
    assert limit.limit == "b: max scale"
    assert limit.without == pytest.approx(cheapest_plan(offered(1e6), sure, TARGET).cost, rel=0.02)
    more = cheapest_plan(offered(550), sure, TARGET)
    assert limit.shadow_price == pytest.approx((plan.cost - more.cost) / 50, rel=0.1, abs=0.01)


def test_weeks_are_a_limit() -> None:
    slow = [replace(s, limits=replace(s.limits, per_week=400, max_examples=1e6)) for s in SOURCES]
    target = replace(TARGET, weeks=4.5)
    plan = cheapest_plan(slow, LAW, target)
    assert plan.reaches
    (limit,) = (s for s in sensitivity(slow, LAW, plan).limits if s.limit == "weeks")
    assert limit.without is not None and limit.without <= plan.cost
    assert limit.shadow_price is not None and limit.shadow_price >= 0


def test_where_the_plan_turns() -> None:
    def offered(a: float, b: float) -> list[Source]:
        return [source("a", a, 1e5), source("b", b, 1e5)]

    plan = cheapest_plan(offered(1.0, 0.15), LAW, TARGET)
    assert set(plan.amounts) == {"b"}
    turns = {each.source: each for each in sensitivity(offered(1.0, 0.15), LAW, plan).switches}
    up, down = turns["b"].factor, turns["a"].factor
    assert up is not None and up > 1
    assert down is not None and down < 1
    assert "a" in turns["b"].bought and "a" in turns["a"].bought
    # before the factor the plan still buys the same, beyond it no longer
    for factor, same in ((0.9, True), (1.1, False)):
        dearer = cheapest_plan(offered(1.0, 0.15 * up * factor), LAW, TARGET)
        assert (set(dearer.amounts) == {"b"}) == same


def test_rows_say_out_of_reach_as_empty() -> None:
    hard = cheapest_plan(SOURCES, LAW, replace(TARGET, confidence=0.9))
    assert isinstance(hard, Plan)
    found = sensitivity(SOURCES, LAW, hard, rebuild=rebuild)
    rows = sensitivity_rows(found, hard.cost)
    for row, swing in zip(rows, found.swings, strict=True):
        assert (row[6] is None) == (swing.cost_low is None)
        assert (row[8] is None) == (swing.cost_high is None)
        assert math.isinf(swing.width) == (None in (swing.cost_low, swing.cost_high))
    assert len(limit_rows(found, hard.cost)) == len(found.limits)
    assert len(switch_rows(found)) == 2


def test_limits_are_of_the_same_question_as_the_plan() -> None:
    """Prices in ranges make a plan within a budget surer than the target alone asks; where more
    weeks change nothing, they are worth nothing, and more budget is worth what it saves."""
    wide = [replace(s, lines=(replace(s.lines[0], low=0.5, high=2.0),)) for s in SOURCES]
    free = cheapest_plan(wide, LAW, TARGET)
    target = replace(TARGET, budget=free.cost * 2.5, weeks=50.0)
    plan = secure_plan(wide, LAW, target)
    assert plan.holds and plan.plan.cost > free.cost * 1.01
    limits = {each.limit: each for each in sensitivity(wide, LAW, plan.plan).limits}
    assert limits["weeks"].shadow_price == pytest.approx(0.0, abs=1e-6)
    assert limits["weeks"].without == pytest.approx(plan.plan.cost)
    budget = limits["budget"]
    assert budget.without == pytest.approx(free.cost, rel=0.02)
    more = secure_plan(wide, LAW, replace(target, budget=target.budget * 1.1), quick=True)
    saved = (plan.plan.cost - more.plan.cost) / (target.budget * 0.1)
    assert budget.shadow_price == pytest.approx(saved, rel=0.05, abs=1e-3)


def test_less_in_hand_means_more_to_buy() -> None:
    sure = law(("a", "b"), draws=3).pick(np.array([1]))
    owned = Assumption("in_hand", 500.0, "example", "assumed", "", "2026", 100.0, 500.0)
    first = replace(source("a", 1.0), in_hand=500.0, assumptions=(owned,))

    def less(name: str, changes: Mapping[str, float]) -> Source | None:
        return replace(first, in_hand=changes["in_hand"])

    plan = cheapest_plan([first], sure, TARGET)
    found = sensitivity([first], sure, plan, rebuild=less)
    (swing,) = (s for s in found.swings if s.name == "in_hand")
    assert swing.cost_low == pytest.approx(plan.cost + 400, abs=10)
    assert swing.cost_high == pytest.approx(plan.cost)


def test_what_acts_through_quality_is_fitted_anew_or_left_out() -> None:
    skill = Assumption("skill", 0.9, "ratio", "assumed", "", "2026", 0.7, 0.95)
    base = replace(source("a", 1.0), assumptions=(skill,))
    better = replace(base, quality=replace(base.quality, base=1.2))

    def change(name: str, changes: Mapping[str, float]) -> Source | None:
        return better if changes.get("skill", 0.0) > 0.9 else base if name == "a" else None

    offered = [base, SOURCES[1]]
    plan = cheapest_plan(offered, LAW, TARGET)
    (left,) = (
        s for s in sensitivity(offered, LAW, plan, rebuild=change).swings if s.name == "skill"
    )
    assert left.note and left.cost_low is None and left.cost_high is None

    other = law(("a", "b"), draws=60, seed=3)

    def refit(sources: Sequence[Source]) -> FittedLaw:
        return other if sources[0].quality.base == 1.2 else LAW

    found = sensitivity(offered, LAW, plan, rebuild=change, refit=refit)
    (swing,) = (s for s in found.swings if s.name == "skill")
    assert not swing.note and swing.cost_low == pytest.approx(plan.cost)
    anew = cheapest_plan(offered, other, TARGET, prove=False)
    assert swing.cost_high == (pytest.approx(anew.cost, rel=0.02) if anew.reaches else None)


def test_variants_share_the_ends_of_what_they_share() -> None:
    twins = [
        replace(source("a", 1.0), family="a", excludes=("b",)),
        replace(source("b", 0.95, 4000.0), family="a", excludes=("a",)),
    ]
    twins[1] = replace(twins[1], assumptions=twins[0].assumptions)
    plan = cheapest_plan(twins, LAW, TARGET)

    def dearer(name: str, changes: Mapping[str, float]) -> Source | None:
        own = next(each for each in twins if each.name == name)
        return replace(own, lines=(CostLine("each", 0.0, changes["price"]),))

    (swing,) = (s for s in sensitivity(twins, LAW, plan, rebuild=dearer).swings
                if s.name == "price")  # fmt: skip
    high = [replace(each, lines=(CostLine("each", 0.0, 3.0),)) for each in twins]
    assert swing.scope == "a"
    assert swing.cost_high == pytest.approx(cheapest_plan(high, LAW, TARGET).cost, rel=0.02)


def test_a_small_cap_is_eased_by_a_batch_and_a_turn_may_be_out_of_reach() -> None:
    sure = law(("a", "b"), draws=3).pick(np.array([1]))
    offered = [source("a", 1.0, 1e5), source("b", 0.02, 50)]
    plan = cheapest_plan(offered, sure, TARGET)
    (limit,) = sensitivity(offered, sure, plan).limits
    assert limit.limit == "b: max scale" and limit.shadow_price is not None
    assert limit.shadow_price > 0.1
    tight = replace(TARGET, budget=plan.cost * 1.3)
    plan = cheapest_plan(offered, sure, tight)
    (turn,) = (s for s in sensitivity(offered, sure, plan).switches if s.source == "a")
    assert turn.bought is None and turn.factor is not None and turn.same is not None
    assert turn.same < turn.factor < turn.same * 1.03
    assert turn.factor == pytest.approx(1.3, rel=0.05)


def test_out_of_reach_says_which_limits_are_in_the_way() -> None:
    target = replace(TARGET, budget=BEST.cost / 2)
    plan = cheapest_plan(SOURCES, LAW, target)
    assert not plan.reaches
    found = sensitivity(SOURCES, LAW, plan, rebuild=rebuild)
    assert not found.swings and not found.switches
    (budget,) = (s for s in found.limits if s.limit == "budget")
    assert budget.without == pytest.approx(BEST.cost, rel=0.02)
