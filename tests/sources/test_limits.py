"""How much and how fast: each limit stands alone, and nothing exceeds what there is."""

from __future__ import annotations

import math
from typing import Any

import pytest

from sources.base import Source
from tests.sources.test_kinds import CROWD, HUMAN, TEACHER, faults, make, number

REQUEST = {"prompt_tokens": 300, "completion_tokens": 200, "keep_rate": 1}
CORPUS = {"documents": 1000, "tokens": 50_000}
UNKNOWN = "gpt-6-luna"
# FACTS 2c, tier 1 in late 2024
TIER_1 = {
    "gpt-4o": {"rpm": 500, "tpm": 30_000},
    "gpt-4o-mini": {"rpm": 500, "rpd": 10_000, "tpm": 200_000},
    "gpt-4": {"rpm": 500, "rpd": 10_000, "tpm": 10_000},
    "gpt-3.5-turbo": {"rpm": 3500, "rpd": 10_000, "tpm": 200_000},
}


def per_week(limits: dict[str, float], tokens: float = 500) -> float:
    days = [
        limits.get("rpm", math.inf) * 1440,
        limits.get("rpd", math.inf),
        limits.get("tpm", math.inf) * 1440 / tokens,
    ]
    return 7 * min(days)


def provenances(source: Source) -> dict[str, str]:
    return {each.name: each.provenance for each in source.assumptions}


@pytest.mark.parametrize("teacher", TIER_1)
@pytest.mark.parametrize("given", [{}, {"rpm": 40_000}, {"rpd": 1e6}, {"tpm": 9e9}, {"rpm": 1}])
def test_a_limit_that_is_given_leaves_the_others(teacher: str, given: dict[str, float]) -> None:
    source = make("distillation", {"teacher": teacher, **REQUEST, **given})
    assert source.limits.per_week == pytest.approx(per_week(TIER_1[teacher] | given))
    listed = provenances(source)
    others = TIER_1[teacher].keys() - given.keys()
    assert {listed[key] for key in others} == {"published"}


@pytest.mark.parametrize("key", ["rpm", "rpd", "tpm"])
def test_limits_of_an_unknown_model_are_assumed_one_by_one(key: str) -> None:
    source = make("distillation", {"teacher": UNKNOWN, "price": PRICE, **REQUEST, key: 1e9})
    stand_in = TIER_1["gpt-4o-mini"] | {key: 1e9}
    assert source.limits.per_week == pytest.approx(per_week(stand_in))
    assumed = [k for k in ("rpm", "rpd", "tpm") if k != key]
    numbers = {each.name: each for each in source.assumptions}
    assert all(numbers[k].provenance == "assumed" for k in assumed)
    assert numbers[key].reference == "project file"
    (warning,) = (each for each in source.warnings if "rate limits" in each)
    assert f"set {', '.join(assumed)} " in warning


PRICE = {"input_per_million": 2, "output_per_million": 10}


def test_a_model_of_one_s_own_has_no_limit_but_those_given() -> None:
    settings = {"own_model": True, "price": PRICE, **REQUEST}
    assert make("distillation", settings).limits.per_week == math.inf
    source = make("distillation", {**settings, "rpm": 5})
    assert source.limits.per_week == pytest.approx(7 * 5 * 1440)


@pytest.mark.parametrize("name", ["gpt-4o-2024-08-06", "openai/gpt-4o", "GPT-4o"])
def test_a_snapshot_has_the_limits_of_its_model(name: str) -> None:
    source = make("distillation", {"teacher": name, "price": PRICE, **REQUEST})
    assert source.limits.per_week == pytest.approx(7 * 86_400)
    assert provenances(source)["tpm"] == "published"


@pytest.mark.parametrize(
    ("teacher", "fill"), [("gpt-4o", 300), ("gpt-4", 333), ("gpt-4o-mini", 6667)]
)
def test_a_batch_queue_holds_input_tokens(teacher: str, fill: int) -> None:
    settings = {"teacher": teacher, "price": PRICE, **REQUEST, "batch_api": True}
    source = make("distillation", settings)
    assert source.limits.per_week / 7 == pytest.approx(fill, abs=0.5)
    # a limit of the other way of asking changes nothing
    assert make("distillation", {**settings, "rpm": 1}).limits == source.limits


@pytest.mark.parametrize(
    ("kind", "settings", "stock", "reason"),
    [
        ("text", {**CORPUS, "usable_share": 0.5}, 500, "documents in hand"),
        (
            "text",
            {**CORPUS, "growth_documents_per_week": 10},
            1080,
            "documents in hand and to come",
        ),
        ("distillation", {**TEACHER, "inputs": 5000}, 2500, "distinct inputs"),
    ],
)
def test_no_more_than_there_is(kind: str, settings: dict, stock: float, reason: str) -> None:
    def limits(most: float) -> tuple[float, str]:
        found = make(kind, {**settings, "max_examples": most}, weeks=8.0)
        warned = any("max_examples" in warning for warning in found.warnings)
        assert warned == (most > stock)
        assert number(found, "max_examples") == most
        return found.limits.max_examples, found.limits.limit_name()

    assert limits(stock + 1) == (stock, reason)
    assert limits(400_000) == (stock, reason)
    assert limits(stock - 1) == (stock - 1, "max_examples as set")
    assert limits(0) == (0, "max_examples as set")


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("human", HUMAN), ("crowd", CROWD), ("plain", {"unit_price": 1}), ("distillation", TEACHER)],
)
def test_a_usual_reach_is_the_user_s_to_change(kind: str, settings: dict[str, Any]) -> None:
    source = make(kind, {**settings, "max_examples": 400_000})
    assert source.limits.max_examples == 400_000
    assert source.limits.cap_reason == "max_examples as set"
    assert not any("max_examples" in warning for warning in source.warnings)


def test_unlimited_inputs_do_not_bind() -> None:
    assert (
        make("distillation", {**TEACHER, "own_model": True}).limits.cap_reason == "no limit given"
    )


@pytest.mark.parametrize("share", [0.29, 0.57, 0.07, 0.99])
def test_a_share_of_the_stock_is_not_one_short(share: float) -> None:
    # .29 * 100 is 28.999999999999996 in binary
    source = make("text", {"documents": 100, "tokens": 100, "usable_share": share})
    assert source.limits.max_examples == round(100 * share)


def test_growth_without_an_end_is_said_not_to_count() -> None:
    settings = {**CORPUS, "growth_documents_per_week": 10}
    source = make("text", settings)
    assert source.limits.max_examples == 1000
    assert any("growth" in warning and "weeks" in warning for warning in source.warnings)
    assert not any("growth" in warning for warning in make("text", settings, weeks=2.0).warnings)
    settings["growth_documents_per_week"] = 0
    assert not any("growth" in warning for warning in make("text", settings).warnings)


def test_a_sample_of_an_archive(tmp_path: Any) -> None:
    (tmp_path / "sample.txt").write_text("hello world\nbye\nbye\n")
    settings = {"path": "sample.txt", "split": "line", "documents": 400_000}
    settings["cleaning_per_million_tokens"] = 10
    source = make("text", settings, folder=tmp_path)
    assert source.limits.max_examples == 400_000
    assert number(source, "documents") == 400_000
    assert number(source, "sample_documents") == 2
    assert number(source, "tokens_per_document") == 1.5
    assert number(source, "tokens") == 600_000
    assert source.unit_cost(1) == pytest.approx(15e-6)
    found = faults("text", {**settings, "documents": 1}, folder=tmp_path)
    assert "documents = 1.0: the sample at path alone holds 2" in found[0]
