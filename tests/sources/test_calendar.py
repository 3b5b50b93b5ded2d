"""When work is done, and what is paid at least: ramp-up, days off, a minimum contract."""

from __future__ import annotations

import datetime
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.base import Limits
from sources.holidays import closed_weeks
from tests.sources.test_kinds import DATE, HUMAN, faults, make, number

WEEKS = st.floats(0, 60)


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    ends = sorted(draw(st.sets(st.integers(0, 200), max_size=6)))
    closed = tuple((a / 7, b / 7) for a, b in zip(ends[::2], ends[1::2], strict=False))
    return Limits(
        per_week=draw(st.floats(0.1, 1e4)),
        lead_weeks=draw(st.floats(0, 10)),
        ramp_weeks=draw(st.floats(0, 10)),
        closed=closed,
    )


def by_hours(limits: Limits, weeks: float, steps: int = 20_000) -> float:
    """Examples by a sum over short times, each at its own speed."""
    worked = made = 0.0
    step = weeks / steps
    for part in range(steps):
        now = (part + 0.5) * step
        if now < limits.lead_weeks or any(a <= now < b for a, b in limits.closed):
            continue
        share = min(1.0, (worked + step / 2) / limits.ramp_weeks) if limits.ramp_weeks else 1.0
        worked, made = worked + step, made + share * limits.per_week * step
    return made


def test_ramp_up_by_hand() -> None:
    slow = Limits(per_week=100, lead_weeks=1, ramp_weeks=4)
    # half speed on average over four weeks: 200; full speed after
    assert slow.available(5) == 200
    assert slow.available(7) == 400
    assert slow.available(3) == 50  # a quarter of it after half the ramp
    assert slow.weeks(200) == pytest.approx(5)
    assert slow.weeks(50) == pytest.approx(3)


def test_days_off_by_hand() -> None:
    shut = Limits(per_week=70, closed=((1, 3),))
    assert [shut.available(w) for w in (1, 2, 3, 4)] == [70, 70, 70, 140]
    assert shut.weeks(70) == 1  # done before they begin
    assert shut.weeks(71) == pytest.approx(3 + 1 / 70)
    assert shut.weeks(70, start=2) == pytest.approx(2)  # waits a week, works a week
    assert shut.weeks(70, start=3) == 1


@given(limits(), st.floats(0.5, 60))
def test_amounts_are_the_sum_of_the_hours(limits: Limits, weeks: float) -> None:
    summed = by_hours(limits, weeks, 4000)
    assert abs(limits._flow(weeks) - summed) <= limits.per_week * weeks * 4 / 4000 + 1e-6


@given(limits(), st.floats(1, 1e5))
def test_weeks_is_the_inverse(limits: Limits, quantity: float) -> None:
    weeks = limits.weeks(quantity)
    assert limits._flow(weeks) == pytest.approx(quantity, rel=1e-6)
    assert limits._flow(weeks - 1e-3) < quantity


@given(limits(), WEEKS, WEEKS)
def test_more_time_never_brings_less(limits: Limits, one: float, two: float) -> None:
    assert limits.available(min(one, two)) <= limits.available(max(one, two))


@given(limits(), st.floats(1, 1e4), WEEKS)
def test_an_order_takes_no_less_than_its_work(
    limits: Limits, quantity: float, start: float
) -> None:
    least = limits.lead_weeks + quantity / limits.per_week
    off = sum(end - begin for begin, end in limits.closed)
    assert least - 1e-9 <= limits.weeks(quantity, start) <= least + limits.ramp_weeks + off + 1e-9


@pytest.mark.parametrize("closed", [((2, 1),), ((0, 2), (1, 3)), ((0, math.inf),), ((1, 1),)])
def test_spans_that_make_no_sense(closed: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match="closed spans"):
        Limits(closed=closed)


def test_days_as_they_are_written() -> None:
    start = datetime.date(2026, 12, 1)
    days = ["2026-12-24/2027-01-01", datetime.date(2026, 12, 8), "2027-01-02", "2026-11-30"]
    assert closed_weeks(days, start) == ((1, 8 / 7), (23 / 7, 33 / 7))
    assert closed_weeks(["2026-11-01/2026-12-07"], start) == ((0, 1),)


@pytest.mark.parametrize(
    ("day", "problem"),
    [
        ("24.12.2026", "is not a day; write a day as 2026-12-24"),
        ("2026-12-24/", "is not a day"),
        (20261224, "is not a day"),
        (datetime.datetime(2026, 12, 24, tzinfo=datetime.UTC), "is not a day"),
        ("2027-01-02/2027-01-01", "ends before it begins"),
    ],
)
def test_a_wrong_day_is_named_beside_other_faults(day: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        closed_weeks([day], DATE)  # type: ignore[list-item]
    found = faults("human", {**HUMAN, "holidays": ["2026-12-24", day], "wage": -1})
    assert len(found) == 2
    assert any(each.startswith("holidays[1]") and problem in each for each in found)


def test_holidays_and_ramp_of_a_project() -> None:
    source = make(
        "human", {**HUMAN, "holidays": ["2026-12-22/2027-01-04"], "ramp_weeks": 2, "lead_weeks": 0}
    )
    assert source.limits.closed == ((3, 5),)
    assert number(source, "holidays") == 2
    full = HUMAN["pool"] * HUMAN["hours_per_week"] * 60 / 4.8
    assert source.limits._flow(2) == pytest.approx(full)
    assert source.limits._flow(6) == pytest.approx(3 * full)
    (fault,) = faults("human", {**HUMAN, "holidays": ["Christmas"]})
    assert "holidays[0]" in fault


def test_without_a_speed_all_arrives_after_the_days_off() -> None:
    shut = Limits(lead_weeks=1, closed=((0, 2),))
    assert shut.weeks(10) == 2
    assert (shut.available(1.9), shut.available(2)) == (0, math.inf)


def test_a_minimum_contract_is_paid_at_least() -> None:
    plain = make("human", HUMAN)
    bound = make("human", {**HUMAN, "minimum_contract": 2400})
    # 2.40 an item: the contract pays for a thousand items
    assert bound.covered() == pytest.approx(1000)
    once = 150.0
    for quantity in (1, 999, 1000, 1001, 5000):
        work = float(plain.cost(quantity)) - once
        assert float(bound.cost(quantity)) == pytest.approx(once + max(2400, work))
        assert bound.unit_cost(quantity) == plain.unit_cost(quantity)
    assert float(bound.cost(0)) == 0
    assert bound.fees() == once


@pytest.mark.parametrize(("quantity", "low", "high"), [
    (900, 1000, 1800), (1100, 1000, 2200), (2000, 1000, 4000)
])  # fmt: skip
def test_range_of_a_minimum_contract(quantity: int, low: float, high: float) -> None:
    """One dollar an item, from half to twice that; a contract of 1,000."""
    wage = {"value": 30, "low": 15, "high": 60}
    rest = {"review_share": 0, "recruiting_fee": 0, "guideline_fee": 0, "minutes_per_item": 2}
    source = make("human", {**rest, "wage": wage, "minimum_contract": 1000})
    assert source.cost_range(quantity) == pytest.approx((low, high))
    assert float(source.cost(quantity)) == max(1000, quantity)


def test_a_contract_is_due_where_the_work_is_free() -> None:
    fees = {"recruiting_fee": 0, "guideline_fee": 0}
    source = make("human", {"wage": 0, "minimum_contract": 5000, **fees})
    assert float(source.cost(10)) == 5000
    assert source.covered() == math.inf


def test_what_limits_a_source_of_which_nothing_can_be_had() -> None:
    assert Limits(max_examples=1000, per_week=10, lead_weeks=3).limit_name(2) == "lead time"
    assert Limits(max_examples=10, min_order=20).limit_name() == "smallest order"
    assert Limits(per_week=5, min_order=20).limit_name(2) == "smallest order"
    assert Limits(max_examples=0).limit_name() == "max scale"
    assert Limits(per_week=0).limit_name(3) == "throughput x weeks"
