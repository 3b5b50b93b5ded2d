"""Pairs judged by people or a language model: noise from agreement, price, speed, faults."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import catalogue
from sources.base import Context, Source, SourceError
from sources.preference import flip_rate, judge_rate

CONTEXT = Context(date=datetime.date(2026, 12, 1))
AGREEMENT = st.floats(0.5001, 1.0)


def make(**settings: Any) -> Source:
    return catalogue.build("preference", "pairs", settings, CONTEXT)


def number(source: Source, name: str) -> float:
    found = next(each for each in source.assumptions if each.name == name).value
    assert found is not None
    return found


@given(flip=st.floats(0, 0.5))
def test_agreement_of_two_who_flip_alike(flip: float) -> None:
    agreed = (1 - flip) ** 2 + flip**2
    assert flip_rate(agreed) == pytest.approx(flip, abs=1e-6)


@given(people=st.floats(0, 0.49), judge=st.floats(0, 0.5))
def test_error_of_a_judge_from_how_often_it_chooses_as_people(people: float, judge: float) -> None:
    among = (1 - people) ** 2 + people**2
    agreed = (1 - judge) * (1 - people) + judge * people
    assert judge_rate(agreed, among) == pytest.approx(judge, abs=1e-6)


@given(agreed=AGREEMENT, more=AGREEMENT)
def test_more_agreement_is_never_worth_less(agreed: float, more: float) -> None:
    low, high = sorted((agreed, more))
    for settings in ({}, {"feedback": "ai"}):
        less = make(agreement=low, **settings).quality
        best = make(agreement=high, **settings).quality
        assert less.base <= best.base + 1e-12


def test_effective_pairs_of_a_pair() -> None:
    """(1 - 2 e)^2 = 2 agreement - 1 for one judgement; three votes leave less noise."""
    assert make(agreement=0.726).quality.base == pytest.approx(2 * 0.726 - 1)
    flip = flip_rate(0.726)
    majority = 3 * flip**2 * (1 - flip) + flip**3
    three = make(agreement=0.726, annotators_per_pair=3)
    assert number(three, "label_noise") == pytest.approx(majority)
    assert three.quality.base == pytest.approx((1 - 2 * majority) ** 2)
    assert not three.quality.biased


def test_a_model_asked_again_errs_alike() -> None:
    once, thrice = (make(feedback="ai", annotators_per_pair=k) for k in (1, 3))
    assert once.quality == thrice.quality
    assert once.quality.biased
    assert "errs alike" in thrice.warnings[0]
    assert not once.warnings


def test_price_and_speed_by_hand() -> None:
    pairs = make(
        cost_per_judgement=0.5,
        answers_cost=0.01,
        annotators_per_pair=3,
        discard_share=0.2,
        annotators=10,
        hours_per_week=20,
        judgements_per_hour=30,
        setup_fee=100,
    )
    assert float(pairs.cost(1000)) == pytest.approx(100 + 1000 * (3 * 0.5 + 0.01) / 0.8)
    assert pairs.limits.per_week == pytest.approx(10 * 20 * 30 * 0.8 / 3)
    assert pairs.unit == "pair"
    judge = make(feedback="ai", judgements_per_week=1000, discard_share=0.1)
    assert judge.limits.per_week == pytest.approx(900)


def test_pairs_a_week_as_given() -> None:
    given_speed = make(per_week=500, annotators_per_pair=3)
    assert given_speed.limits.per_week == 500
    assert given_speed.limits.speed_reason == "per_week as set"


def test_ranges_of_noise_follow_agreement() -> None:
    pairs = make(agreement={"value": 0.7, "low": 0.6, "high": 0.8})
    noise = next(each for each in pairs.assumptions if each.name == "label_noise")
    assert noise.low == pytest.approx(flip_rate(0.8))
    assert noise.high == pytest.approx(flip_rate(0.6))
    assert pairs.quality.low < pairs.quality.base < pairs.quality.high


def test_faults_at_once() -> None:
    with pytest.raises(SourceError) as caught:
        make(annotators_per_pair=1.5, most_annotators=1, people_agreement=0.7)
    keys = sorted(fault.key for fault in caught.value.faults)
    assert keys == ["annotators_per_pair", "most_annotators", "people_agreement"]
    with pytest.raises(SourceError, match="agreement = 0.5: must be above 0.5"):
        make(agreement=0.5)
    with pytest.raises(SourceError, match="annotators: is of the other feedback"):
        make(feedback="ai", annotators=3)


def test_defaults_are_marked() -> None:
    pairs = make()
    agreed = next(each for each in pairs.assumptions if each.name == "agreement")
    assert (agreed.value, agreed.provenance) == (0.726, "published")
    assert "2203.02155" in agreed.reference
    assert math.isfinite(pairs.limits.max_examples)
    assert pairs.warnings == ()
    assert "need as many" in make(annotators=2, annotators_per_pair=3).warnings[0]
