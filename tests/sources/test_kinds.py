"""Each kind on numbers that can be worked out on paper."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from sources import catalogue
from sources.base import Context, Source, SourceError

DATE = datetime.date(2026, 12, 1)


def make(kind: str, settings: dict[str, Any], **context: Any) -> Source:
    return catalogue.build(kind, "s", settings, Context(**{"date": DATE, "classes": 2, **context}))


def faults(kind: str, settings: dict[str, Any], **context: Any) -> list[str]:
    with pytest.raises(SourceError) as caught:
        make(kind, settings, **context)
    return [str(fault) for fault in caught.value.faults]


def prices(source: Source) -> dict[str, float]:
    return {line.item: line.unit_price or line.fixed for line in source.lines}


def number(source: Source, name: str) -> float | None:
    return next(each.value for each in source.assumptions if each.name == name)


HUMAN = {
    "wage": 30,
    "minutes_per_item": 2,
    "annotators_per_item": 2,
    "review_share": 0.25,
    "rework_share": 0.2,
    "recruiting_fee": 100,
    "guideline_fee": 50,
    "pool": 5,
    "hours_per_week": 10,
}


def test_human() -> None:
    source = make("human", HUMAN)
    # 2 people x 2 minutes at 0.5 a minute; one reviews a quarter; a fifth of that by 3 people anew
    assert prices(source) == pytest.approx(
        {"wages": 2.0, "review": 0.25, "rework": 0.15, "recruiting": 100, "guideline": 50}
    )
    assert float(source.cost(10)) == pytest.approx(174)
    # 3,000 minutes a week, 4.8 minutes an item
    assert source.limits.per_week == pytest.approx(625)
    assert source.limits.max_examples == 1000
    assert source.limits.cap_reason == "experts within reach"
    cap = next(each for each in source.assumptions if each.name == "max_examples")
    assert cap.high == 13_000
    assert "13,000" in cap.reference
    assert (source.quality.base, source.quality.biased) == (1, False)


def test_ranges_combine_as_independent_errors_do() -> None:
    wage = {"value": 30, "low": 15, "high": 60}
    minutes = {"value": 2, "low": 2, "high": 4}
    wages = make("human", {**HUMAN, "wage": wage, "minutes_per_item": minutes}).lines[0]
    assert wages.low == pytest.approx(0.5)
    assert wages.high == pytest.approx(2 ** (2**0.5))


CROWD = {
    "pay_per_judgement": 0.1,
    "votes": 3,
    "gold_share": 0.1,
    "reject_share": 0.2,
    "platform_fee": 0.2,
    "worker_accuracy": {"value": 0.8, "low": 0.7, "high": 0.9},
    "judgements_per_hour": 100,
    "workers": 10,
    "hours_per_week": 4,
    "setup_fee": 20,
}


def test_crowd() -> None:
    source = make("crowd", CROWD)
    # 0.30 of votes, 10% known answers: 0.33; of 100 made 20 are rejected: 0.33/0.8 paid; 20% fee
    assert prices(source) == pytest.approx(
        {
            "judgements": 0.30,
            "gold questions": 0.03,
            "rejected work": 0.0825,
            "platform fee": 0.0825,
            "set-up": 20,
        }
    )
    # 4,000 judgements a week, 80% kept, 3.3 an item
    assert source.limits.per_week == pytest.approx(3200 / 3.3)
    assert number(source, "label_noise") == pytest.approx(0.104)
    assert source.quality.base == pytest.approx((1 - 2 * 0.104) ** 2)
    assert source.quality.low == pytest.approx((1 - 2 * 0.216) ** 2)
    assert source.quality.high == pytest.approx((1 - 2 * 0.028) ** 2)
    assert not source.quality.biased
    assert source.warnings == ()


def test_rejected_work_that_is_not_paid() -> None:
    source = make("crowd", {**CROWD, "rejected_paid": False})
    assert "rejected work" not in prices(source)
    assert prices(source)["platform fee"] == pytest.approx(0.066)
    assert source.limits.per_week == pytest.approx(3200 / 3.3)


def test_pay_below_the_floor_names_both_numbers() -> None:
    (warning,) = make("crowd", {**CROWD, "judgements_per_hour": 50}).warnings
    assert "5.00 USD/hour" in warning
    assert "7.25 USD/hour" in warning
    assert "0.145 USD per judgement" in warning
    (warning,) = make(
        "crowd", {**CROWD, "platform": "prolific", "judgements_per_hour": 50}
    ).warnings
    assert "8.00 USD/hour" in warning
    assert make("crowd", {**CROWD, "platform": "other", "judgements_per_hour": 50}).warnings == ()


def test_mechanical_turk_takes_more_from_ten_votes_on() -> None:
    def fee(votes: int, **more: Any) -> float:
        found = prices(make("crowd", {**CROWD, "votes": votes, "reject_share": 0, **more}))
        return found["platform fee"] / (found["judgements"] + found["gold questions"])

    assert fee(9) == pytest.approx(0.2)
    assert fee(10) == pytest.approx(0.4)
    assert fee(10, platform="prolific") == pytest.approx(0.2)
    assert "at most 9 votes" in make("crowd", {**CROWD, "votes": 11}).warnings[0]


def test_crowd_faults() -> None:
    settings = {"platform": "other", "votes": 2.5, "worker_accuracy": 0.5, "platform_fee_step": 3}
    found = faults("crowd", settings)
    keys = ("platform_fee:", "platform_fee_step:", "votes = 2.5", "worker_accuracy = 0.5")
    assert len(found) == len(keys)
    assert all(any(each.startswith(key) for each in found) for key in keys), found
    assert make("crowd", {"worker_accuracy": 0.5}, classes=4).quality.base < 1


def test_text_given_as_figures() -> None:
    settings = {
        "documents": 2000,
        "tokens": 100_000,
        "usable_share": 0.5,
        "growth_documents_per_week": 30,
        "cleaning_per_million_tokens": 10,
        "compute_per_million_tokens": 4,
        "epochs": 3,
        "effect": {"low": 0.8, "base": 1, "high": 1.5},
    }
    source = make("text", settings, weeks=10.0)
    # 50 tokens a document; two are cleaned for one that is used, which is read three times
    assert prices(source) == pytest.approx({"cleaning": 0.001, "compute": 0.0006})
    assert source.limits.max_examples == 1150
    assert source.limits.cap_reason == "documents in hand and to come"
    assert (source.role, source.unit) == ("text", "document")
    assert number(source, "tokens_per_document") == 50
    assert number(source, "effect") == 1
    given = next(each for each in source.assumptions if each.name == "documents")
    assert given.provenance == "measured"
    assert source.warnings == ()


def test_text_trains_a_language_model() -> None:
    source = make("text", {"documents": 10, "tokens": 100}, task="language model", classes=None)
    assert source.role == "labels"
    assert number(source, "tokens_per_document") == 10
    effect = {"low": 0.5, "base": 1, "high": 2}
    settings = {"documents": 10, "tokens": 100, "effect": effect}
    assert "supervised" in faults("text", settings, task="language model")[0]


def test_what_is_not_known_of_a_text_is_said() -> None:
    source = make("text", {"documents": 10, "tokens": 100})
    unknown = {each.name: each.note for each in source.assumptions if each.value is None}
    assert set(unknown) == {
        "growth_documents_per_week",
        "cleaning_per_million_tokens",
        "compute_per_million_tokens",
    }
    assert all("unknown" in note for note in unknown.values())
    assert "cost is not all counted" in source.warnings[0]


def test_text_is_counted_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello world\nhello world\n\nbye\n")
    source = make("text", {"path": "a.txt", "split": "line"}, folder=tmp_path)
    assert source.limits.max_examples == 2
    assert (number(source, "documents"), number(source, "duplicates")) == (2, 1)
    assert number(source, "tokens") == 3
    assert str(tmp_path) not in str(source)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "path: the corpus is not known"),
        ({"documents": 5}, "path: the corpus is not known"),
        ({"path": "x", "tokens": 5}, "tokens is given as well"),
        ({"path": "nowhere"}, "no such file or folder"),
        ({"path": "x", "effect": {"low": 1.1, "base": 1.2, "high": 2}}, "range must include 1"),
        ({"path": "x", "effect": {"low": 0.5, "base": 1}}, "effect.high: is missing"),
    ],
)
def test_text_faults(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    assert any(message in fault for fault in faults("text", settings, folder=tmp_path))


TEACHER = {
    "teacher": "some-model",
    "price": {"input_per_million": 2, "output_per_million": 10},
    "prompt_tokens": 400,
    "completion_tokens": 100,
    "keep_rate": 0.5,
    "teacher_error": {"value": 0.1, "low": 0.05, "high": 0.2},
    "setup_fee": 40,
    "rpm": 500,
    "rpd": 10_000,
    "tpm": 200_000,
}


def test_distillation() -> None:
    source = make("distillation", TEACHER)
    # 400 tokens at 2 and 100 at 10 a million, twice for one that is kept
    assert prices(source) == pytest.approx({"prompt": 0.0016, "completion": 0.002, "set-up": 40})
    assert source.limits.per_week == pytest.approx(7 * 10_000 * 0.5)
    assert source.limits.limit_name(2) == "requests per day (RPD) x weeks"
    assert source.quality.base == pytest.approx(0.64)
    assert source.quality.low == pytest.approx(0.192)
    assert source.quality.high == 1
    assert source.quality.biased
    assert any("terms" in warning for warning in source.warnings)
    assert any("not in the price catalogue" in warning for warning in source.warnings)
    unknown = next(each for each in source.assumptions if each.name == "inputs")
    assert unknown.value is None


@pytest.mark.parametrize(
    ("limits", "per_day", "reason"),
    [
        ({"rpm": 5}, 7200, "requests per minute (RPM)"),
        ({"rpm": 500, "rpd": 10_000}, 10_000, "requests per day (RPD)"),
        ({"rpm": 500, "tpm": 1000}, 2880, "tokens per minute (TPM)"),
        ({"batch_queue_tokens": 2e6, "batch_fills_per_day": 3}, 15_000, "batch queue"),
    ],
)
def test_the_rate_limit_that_binds(limits: dict, per_day: float, reason: str) -> None:
    asked = {k: v for k, v in TEACHER.items() if k not in ("rpm", "rpd", "tpm")}
    asked["batch_api"] = "batch_queue_tokens" in limits
    source = make("distillation", {**asked, **limits, "keep_rate": 1})
    assert source.limits.per_week == pytest.approx(7 * per_day)
    assert source.limits.speed_reason == reason


def test_published_limits_of_a_tier_and_assumed_ones() -> None:
    tokens = {"prompt_tokens": 300, "completion_tokens": 200, "keep_rate": 1}
    source = make("distillation", {"teacher": "gpt-4o-mini", **tokens})
    assert source.limits.per_week == 70_000
    assert source.limits.speed_reason == "requests per day (RPD)"
    assert not any("rate limits" in warning for warning in source.warnings)
    source = make("distillation", {"teacher": "gpt-6-luna", **tokens})
    rpd = next(each for each in source.assumptions if each.name == "rpd")
    assert rpd.provenance == "assumed"
    assert any("rate limits of gpt-6-luna are not known" in each for each in source.warnings)


def test_price_from_the_catalogue_and_in_batches() -> None:
    settings = {"teacher": "gpt-4o-mini", "prompt_tokens": 300, "completion_tokens": 200}
    settings |= {"keep_rate": 1, "inputs": 5000}
    source = make("distillation", settings)
    # in the catalogue: 0.15 and 0.60 a million
    assert prices(source)["prompt"] == pytest.approx(45e-6)
    assert prices(source)["completion"] == pytest.approx(120e-6)
    assert source.limits.max_examples == 5000
    batch = make("distillation", {**settings, "batch_api": True})
    assert batch.unit_cost(1) == pytest.approx(source.unit_cost(1) / 2)
    assert 0 < batch.limits.lead_weeks <= 1 / 7 + 0.001
    assert any("shut down on 2027-01-14" in warning for warning in source.warnings)


def test_a_retired_teacher_is_said() -> None:
    settings = {"teacher": "text-davinci-003", "prompt_tokens": 300, "completion_tokens": 200}
    warnings = make("distillation", settings).warnings
    assert any("was shut down on 2024-01-04" in warning for warning in warnings)


def test_a_model_of_one_s_own() -> None:
    settings = {
        "own_model": True,
        "teacher": "small",
        "compute_per_hour": 2,
        "examples_per_hour": 500,
        "hours_per_week": 40,
        "keep_rate": 0.8,
        "setup_hours": 5,
        "setup_wage": 60,
    }
    source = make("distillation", settings)
    assert prices(source) == pytest.approx({"compute": 0.005, "set-up": 300})
    assert source.limits.per_week == pytest.approx(16_000)
    assert source.warnings == ()


def test_tokens_counted_from_a_template_and_samples(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("hello\nhello world\n")
    (tmp_path / "prompt.txt").write_text("Say: {text}")
    settings = {**TEACHER, "samples": "in.txt", "completions": ["hello world", "hello"]}
    del settings["prompt_tokens"], settings["completion_tokens"]
    for template in ("Say: {text}", "prompt.txt"):
        source = make("distillation", {**settings, "prompt_template": template}, folder=tmp_path)
        assert number(source, "prompt_tokens") == 3.5
        assert number(source, "completion_tokens") == 1.5
        counted = next(each for each in source.assumptions if each.name == "prompt_tokens")
        assert counted.provenance == "measured"
        assert counted.low is not None
        assert counted.low < 3.5


@pytest.mark.parametrize(
    ("settings", "messages"),
    [
        ({}, ["price: what an example costs", "prompt_tokens: is missing", "completion_tokens"]),
        ({"teacher": "gpt-4o-minni", "teacher_error": 0.6}, ["gpt-4o-mini", "teacher_error = 0.6"]),
        ({"own_model": True, "compute_per_hour": 1}, ["examples_per_hour: is needed"]),
        ({"teacher": "gpt-4o", "setup_hours": 2}, ["setup_wage: is needed"]),
        ({"teacher": "gpt-4o", "prompt_template": "{text}"}, ["prompt_template"]),
        ({"price": {"input_per_million": -1}}, ["price.input_per_million = -1", "price.output"]),
        ({"teacher": "gpt-4o", "samples": "nowhere.txt"}, ["samples"]),
        ({"teacher": "gpt-4o", "samples": ["a"], "prompt_template": "x.txt"}, ["prompt_template"]),
    ],
)
def test_distillation_faults(settings: dict, messages: list[str], tmp_path: Path) -> None:
    found = faults("distillation", settings, folder=tmp_path)
    for message in messages:
        assert any(message in fault for fault in found), found


def test_plain() -> None:
    settings = {
        "unit_price": {"value": 2, "low": 1, "high": 3, "provenance": "quoted"},
        "fees": 10,
        "tiers": [{"start": 10, "unit_price": 1}, {"start": 20, "unit_price": 5}],
    }
    source = make("plain", settings)
    assert [float(source.cost(n)) for n in (0, 1, 10, 15, 22)] == [0, 12, 30, 35, 50]
    assert source.cost_range(10) == pytest.approx((20, 40))
    assert source.lines[0].provenance == "quoted"
    assert source.quality.biased
    assert make("plain", {"unit_price": 0}).cost(100) == 0
    free = make("plain", {"unit_price": 0, "tiers": [{"start": 5, "unit_price": 2}]})
    assert float(free.cost(7)) == 4


def test_plain_faults() -> None:
    tiers = [{"start": 5, "unit_price": 1}, {"start": 5, "unit_price": 1}]
    assert "each tier must start above" in faults("plain", {"unit_price": 1, "tiers": tiers})[0]
    found = faults("plain", {"tiers": [{"start": 0, "unit_pric": 1}]})
    assert any(fault == "unit_price: is missing" for fault in found)
    assert any(fault.startswith("tiers[0].start = 0") for fault in found)
    assert any("did you mean unit_price" in fault for fault in found)
