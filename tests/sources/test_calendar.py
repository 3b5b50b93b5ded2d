"""When work is done, and what is paid at least: ramp-up, days off, a minimum contract."""

from __future__ import annotations

import datetime
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.base import Limits, SourceError
from sources.holidays import closed_weeks
from tests.sources.test_kinds import DATE, HUMAN, faults, make, number, prices

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


def test_every_wrong_day_is_named() -> None:
    with pytest.raises(SourceError) as caught:
        closed_weeks(["24.12.2026", "2027-01-02/2027-01-01", "2026-12-24"], DATE)
    one, two = map(str, caught.value.faults)
    assert one.startswith("holidays[0] = '24.12.2026': is not a day; write a day as 2026-12-24")
    assert two.startswith("holidays[1] = '2027-01-02/2027-01-01': ends before it begins")


def test_holidays_and_ramp_of_a_project() -> None:
    source = make(
        "human", {**HUMAN, "holidays": ["2026-12-22/2027-01-04"], "ramp_weeks": 2, "lead_weeks": 0}
    )
    assert source.limits.closed == ((3, 5),)
    assert number(source, "holidays") == 2
    full = HUMAN["pool"] * HUMAN["hours_per_week"] * 60 / 5.4
    assert source.limits._flow(2) == pytest.approx(full)
    assert source.limits._flow(6) == pytest.approx(3 * full)
    (fault,) = faults("human", {**HUMAN, "holidays": ["Christmas"]})
    assert "holidays[0]" in fault


def test_a_minimum_contract_is_paid_at_least() -> None:
    plain = make("human", HUMAN)
    bound = make("human", {**HUMAN, "minimum_contract": 2700})
    # 2.70 an item: the contract pays for a thousand items
    once = 150.0
    for quantity in (1, 999, 1000, 1001, 5000):
        work = float(plain.cost(quantity)) - once
        assert float(bound.cost(quantity)) == pytest.approx(once + max(2700, work))
    assert float(bound.cost(0)) == 0
    items = prices(bound)
    assert items["minimum contract, pays for the first 1,000 items"] == 2700
    low, high = bound.cost_range(2000)
    assert low <= float(bound.cost(2000)) <= high
