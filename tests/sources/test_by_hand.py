"""Numbers recomputed another way, from the figures of the published sources."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from sources.base import Assumption, Source
from tests.sources.test_kinds import CROWD, HUMAN, TEACHER, faults, make, number, prices


def found(source: Source, name: str) -> Assumption:
    return next(each for each in source.assumptions if each.name == name)


def worked(votes: int, pay: float, gold: float, reject: float, paid: bool) -> float:
    """Pay and fee of 10,000 items on Mechanical Turk, judgement by judgement [currency]."""
    items = 10_000
    kept = items * votes * (1 + gold)
    made = kept / (1 - reject)
    wages = (made if paid else kept) * pay
    return wages * (1.4 if votes >= 10 else 1.2)


@pytest.mark.parametrize(
    ("votes", "gold", "reject", "paid"),
    list(itertools.product((1, 9, 10, 15), (0, 0.1), (0, 0.2), (True, False))),
)
def test_crowd_bill(votes: int, gold: float, reject: float, paid: bool) -> None:
    settings: dict[str, Any] = {**CROWD, "votes": votes, "workers": 100, "rejected_paid": paid}
    del settings["platform_fee"]
    source = make("crowd", {**settings, "gold_share": gold, "reject_share": reject})
    bill = worked(votes, 0.1, gold, reject, paid)
    assert float(source.cost(10_000)) - 20 == pytest.approx(bill)
    # all the hours of the weeks that it takes are the hours of the judgements made
    weeks = source.limits.weeks(10_000) - source.limits.lead_weeks
    made = 10_000 * votes * (1 + gold) / (1 - reject)
    assert weeks * 100 * 4 * 100 == pytest.approx(made)


def test_default_crowd_pay_is_above_the_floor() -> None:
    # SemSlicer: about 0.07 a label, 180 an hour, about 13 an hour
    pay = found(make("crowd", {}), "pay_per_hour")
    assert pay.value == pytest.approx(12.6)
    # .02 to .13 a label and 60 to 360 labels an hour, as independent errors
    assert pay.low is not None and pay.high is not None
    assert 0.07 * 60 > pay.low > 0.02 * 60
    assert 0.13 * 180 < pay.high < 0.13 * 360


def test_human_bill_and_hours_agree() -> None:
    source = make("human", HUMAN)
    wages = float(source.cost(source.limits.per_week)) - 150
    assert wages == pytest.approx(5 * 10 * 30)  # a week of all annotators


@pytest.mark.parametrize(
    ("model", "per_thousand"),
    [("gpt-4", 21.0), ("gpt-4-turbo", 9.0), ("gpt-4o", 2.75), ("gpt-4.1-mini", 0.44)],
)
@pytest.mark.parametrize("batch", [False, True])
def test_thousand_requests(model: str, per_thousand: float, batch: bool) -> None:
    settings = {"teacher": model, "prompt_tokens": 300, "completion_tokens": 200}
    settings |= {"keep_rate": 0.54, "setup_fee": 77, "batch_api": batch}
    source = make("distillation", settings)
    # 1.85 requests for one that is kept; the batch halves requests, not the set-up
    paid = per_thousand / 0.54 / (2 if batch else 1)
    assert float(source.cost(1000)) == pytest.approx(paid + 77)


def test_keep_rate_counts_once_in_price_speed_and_stock() -> None:
    half = make("distillation", {**TEACHER, "inputs": 900})
    whole = make("distillation", {**TEACHER, "inputs": 900, "keep_rate": 1})
    assert half.unit_cost(1) == pytest.approx(2 * whole.unit_cost(1))
    assert half.limits.per_week == pytest.approx(whole.limits.per_week / 2)
    assert half.limits.max_examples == whole.limits.max_examples / 2 == 450


def test_derived_speeds_carry_the_range_of_what_they_follow_from() -> None:
    pool = {"value": 5, "low": 2, "high": 20, "provenance": "measured"}
    rest = {k: {"value": v, "provenance": "measured"} for k, v in HUMAN.items() if k != "wage"}
    speed = found(make("human", {**rest, "pool": pool}), "per_week")
    assert (speed.low, speed.value, speed.high) == pytest.approx((250, 625, 2500))
    # the wage is assumed, but it says nothing of the speed
    assert speed.provenance == "measured"


def test_speed_of_a_teacher_ranges_with_the_keep_rate() -> None:
    keep = {"value": 0.5, "low": 0.25, "high": 1}
    speed = found(make("distillation", {**TEACHER, "keep_rate": keep}), "per_week")
    assert (speed.low, speed.value, speed.high) == pytest.approx((17_500, 35_000, 70_000))
    # twice the requests a day: tokens a minute bind from 576,000 a day on, which is far off
    rpd = {"value": 10_000, "low": 10_000, "high": 1e9}
    speed = found(make("distillation", {**TEACHER, "rpd": rpd}), "per_week")
    assert speed.high == pytest.approx(7 * 576_000 * 0.5)


def test_text_costs_carry_the_range_of_its_size() -> None:
    tokens = {"value": 100_000, "low": 50_000, "high": 400_000}
    settings = {"documents": 2000, "tokens": tokens, "cleaning_per_million_tokens": 10}
    source = make("text", {**settings, "usable_share": 1, "compute_per_million_tokens": 0})
    assert source.cost_range(2000) == pytest.approx((0.5, 4))
    size = found(source, "tokens_per_document")
    assert (size.low, size.value, size.high) == pytest.approx((25, 50, 200))


def test_few_samples_say_little_of_the_mean() -> None:
    settings = {**TEACHER, "samples": ["hello", "hello world hello"]}
    del settings["prompt_tokens"]
    two = found(make("distillation", settings), "prompt_tokens")
    # 1 and 3 tokens: mean 2, deviation 2**.5, Student's 6.314 at one degree of freedom
    assert (two.value, two.high) == pytest.approx((2, 2 + 6.3138), rel=1e-4)
    one = found(make("distillation", {**settings, "samples": ["hello world"]}), "prompt_tokens")
    assert (one.low, one.value, one.high) == (1, 2, 4)
    assert "one sample" in one.note


@pytest.mark.parametrize("batch", [False, True])
def test_samples_without_text_are_a_fault(batch: bool) -> None:
    settings = {**TEACHER, "samples": ["", ""], "batch_api": batch}
    del settings["prompt_tokens"]
    assert any(each.startswith("samples") for each in faults("distillation", settings))


def test_a_wage_without_hours_is_a_fault() -> None:
    settings = {k: v for k, v in TEACHER.items() if k != "setup_fee"}
    assert "setup_hours: is needed" in faults("distillation", {**settings, "setup_wage": 60})[0]


def test_votes_need_as_many_people() -> None:
    source = make("crowd", {**CROWD, "votes": 11, "workers": 10, "platform": "prolific"})
    assert "11 votes per item" in source.warnings[0]
    source = make("human", {**HUMAN, "annotators_per_item": 6})
    assert "6 annotators per item" in source.warnings[0]
    assert make("human", {**HUMAN, "annotators_per_item": 5}).warnings == ()


def test_one_s_own_machine_waits_for_no_batch() -> None:
    own = {"own_model": True, "compute_per_hour": 2, "examples_per_hour": 500, "batch_api": True}
    assert make("distillation", own).limits.lead_weeks == 0


def test_free_of_charge_is_no_line() -> None:
    assert "prompt" not in prices(
        make(
            "distillation", {**TEACHER, "price": {"input_per_million": 0, "output_per_million": 1}}
        )
    )
    assert number(make("human", HUMAN), "wage") == 30
