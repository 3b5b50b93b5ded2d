"""One contract for every kind of source: a new kind is tested by adding it to CASES."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import catalogue
from sources.base import PROVENANCES, Context, Limits, Source, SourceError

TEACHER = {
    "teacher": "gpt-4o-mini",
    "prompt_tokens": 300,
    "completion_tokens": 200,
    "inputs": 9000,
}
PRICED = {"input_per_million": 3.0, "output_per_million": 12.0}
CORPUS = {"documents": 1000, "tokens": 50_000}
CLEAN = {"cleaning_per_million_tokens": 40, "compute_per_million_tokens": 2}

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "human": ("human", {}),
    "crowd": ("crowd", {}),
    "crowd elsewhere": ("crowd", {"platform": "other", "platform_fee": 0.1, "votes": 5}),
    "text": ("text", {**CORPUS, **CLEAN}),
    "text unpriced": ("text", CORPUS),
    "teacher": ("distillation", TEACHER),
    "teacher in batches": ("distillation", {**TEACHER, "batch_api": True}),
    "teacher at a price": ("distillation", {**TEACHER, "price": PRICED}),
    "own model": (
        "distillation",
        {"own_model": True, "compute_per_hour": 1.5, "examples_per_hour": 900},
    ),
    "pairs by people": ("preference", {"annotators_per_pair": 3}),
    "pairs by a model": ("preference", {"feedback": "ai", "agreement": 0.65}),
    "plain": ("plain", {"unit_price": 0.2}),
    "plain tiers": (
        "plain",
        {
            "unit_price": 0.2,
            "fees": 30,
            "tiers": [{"start": 100, "unit_price": 0.1}, {"start": 500, "unit_price": 0.3}],
            "per_week": 400,
            "max_examples": 5000,
            "min_order": 50,
            "batch": 20,
            "lead_weeks": 1.5,
        },
    ),
}
# every price, so that all can be doubled
PRICES = {
    "human": {"wage": 30, "recruiting_fee": 100, "guideline_fee": 50},
    "crowd": {"pay_per_judgement": 0.05, "setup_fee": 70},
    "crowd elsewhere": {"pay_per_judgement": 0.05, "setup_fee": 70},
    "text": CLEAN,
    "teacher at a price": {"price": PRICED, "setup_fee": 10},
    "own model": {"compute_per_hour": 1.5, "setup_fee": 10},
    "pairs by people": {"cost_per_judgement": 0.7, "answers_cost": 0.01, "setup_fee": 70},
    "plain": {"unit_price": 0.2, "fees": 3},
}
CONTEXT = Context(date=datetime.date(2026, 12, 1), weeks=8.0, classes=2)
AMOUNT = st.floats(0, 1e6)


def make(case: str, context: Context = CONTEXT, **more: Any) -> Source:
    kind, settings = CASES[case]
    return catalogue.build(kind, "name", {**settings, **more}, context)


def doubled(price: Any) -> Any:
    return {k: 2 * v for k, v in price.items()} if isinstance(price, dict) else 2 * price


@pytest.mark.parametrize("case", CASES)
class TestEveryKind:
    def test_nothing_bought_costs_nothing(self, case: str) -> None:
        built = make(case)
        assert built.cost(0) == 0
        assert (built.name, built.kind) == ("name", CASES[case][0])

    @given(first=AMOUNT, second=AMOUNT)
    def test_more_never_costs_less(self, case: str, first: float, second: float) -> None:
        built = make(case)
        less, more = sorted((first, second))
        assert built.cost(less) <= built.cost(more) * (1 + 1e-12)
        low, high = built.cost_range(more)
        assert low <= built.cost(more) <= high

    @given(weeks=st.floats(0.1, 500))
    def test_what_is_available_arrives_in_time(self, case: str, weeks: float) -> None:
        limits = make(case).limits
        amount = limits.available(weeks)
        assert amount <= limits.max_examples
        if math.isfinite(amount):
            assert limits.weeks(amount) <= weeks * (1 + 1e-9)
        assert limits.limit_name(weeks)

    def test_every_number_says_where_it_comes_from(self, case: str) -> None:
        built = make(case)
        assert built.assumptions
        names = [each.name for each in built.assumptions]
        assert len(names) == len(set(names))
        for each in built.assumptions:
            assert each.unit, each
            assert "money" not in each.unit, each
            assert each.provenance in PROVENANCES, each
            assert each.reference, each
            assert each.date, each
            assert each.value is None or each.low is not None, each
        for line in built.lines:
            assert line.reference, line

    def test_what_is_set_is_listed(self, case: str) -> None:
        numbers = {k: v for k, v in CASES[case][1].items() if isinstance(v, float | int)}
        numbers = {k: v for k, v in numbers.items() if not isinstance(v, bool)}
        listed = {each.name: each.value for each in make(case).assumptions}
        assert numbers.items() <= listed.items()

    def test_shared_settings_are_carried(self, case: str) -> None:
        quality = {"low": 0.2, "base": 0.4, "high": 0.9, "provenance": "measured"}
        built = make(
            case,
            in_hand=120,
            max_examples=777,
            per_week=55,
            lead_weeks=2,
            min_order=10,
            batch=5,
            quality=quality,
            biased=True,
            fees=1234,
        )
        limits, belief = built.limits, built.quality
        assert built.in_hand == 120
        assert (limits.max_examples, limits.per_week, limits.lead_weeks) == (777, 55, 2)
        assert (limits.min_order, limits.batch) == (10, 5)
        assert limits.cap_reason == "max_examples as set"
        assert (belief.low, belief.base, belief.high, belief.biased) == (0.2, 0.4, 0.9, True)
        assert belief.provenance == "measured"
        assert next(line.fixed for line in built.lines if line.item == "fees") == 1234

    def test_all_faults_at_once(self, case: str) -> None:
        with pytest.raises(SourceError) as caught:
            make(case, in_hand=-1, quality=0, max_exampels=5, per_week="many", batch=0)
        keys = sorted(fault.key for fault in caught.value.faults)
        assert keys == ["batch", "in_hand", "max_exampels", "per_week", "quality"]
        assert "did you mean max_examples" in str(caught.value)

    def test_same_settings_same_source(self, case: str) -> None:
        assert make(case) == make(case)


@pytest.mark.parametrize("case", PRICES)
def test_doubling_all_prices_doubles_the_cost(case: str) -> None:
    once = make(case, **PRICES[case])
    twice = make(case, **{key: doubled(price) for key, price in PRICES[case].items()})
    for amount in (1, 10, 333.3, 1e5):
        assert twice.cost(amount) == pytest.approx(2 * once.cost(amount))


@pytest.mark.parametrize("case", ["human", "crowd", "teacher"])
def test_defaults_in_dollars_are_converted(case: str) -> None:
    rate, dollars = 0.5, make(case)
    euros = make(case, Context(currency="EUR", usd_rate=rate, date=CONTEXT.date, classes=2))
    assert euros.cost(1000) == pytest.approx(rate * dollars.cost(1000))
    units = {each.unit for each in euros.assumptions}
    assert any("EUR" in unit for unit in units)
    assert not any("USD" in unit for unit in units)


@pytest.mark.parametrize(("case", "key"), [("human", "wage"), ("crowd", "pay_per_judgement")])
def test_a_default_in_dollars_needs_a_rate(case: str, key: str) -> None:
    context = Context(currency="EUR", usd_rate=None, date=CONTEXT.date)
    with pytest.raises(SourceError) as caught:
        make(case, context)
    fault = next(fault for fault in caught.value.faults if fault.key == key)
    assert "usd_rate" in fault.advice
    prices = PRICES[case] | ({"platform_floor_per_hour": 7} if case == "crowd" else {})
    assert make(case, context, **prices).cost(10) > 0


def test_what_arrives_when_the_lead_time_ends() -> None:
    at_once = Limits(max_examples=500, lead_weeks=2.0, cap_reason="cap", speed_reason="speed")
    assert at_once.available(2.0) == 500
    assert at_once.available(1.99) == 0
    assert at_once.weeks(500) == 2.0
    assert (at_once.limit_name(2.0), at_once.limit_name(1.99)) == ("cap", "lead time")
    slow = Limits(max_examples=500, per_week=100, lead_weeks=2.0)
    assert [slow.available(weeks) for weeks in (2.0, 3.0, 9.0)] == [0, 100, 500]
    assert Limits(lead_weeks=2.0).available(2.0) == math.inf
    assert Limits(per_week=0.0).available(math.inf) == 0
    assert Limits(max_examples=7).available(0.0) == 7
