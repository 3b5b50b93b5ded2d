"""Teachers side by side: each price is the catalogue's own for one request of that date."""

from __future__ import annotations

import datetime

import pytest
from genai_prices import Usage, calc_price
from hypothesis import given, settings
from hypothesis import strategies as st

from sources import prices
from sources.base import SourceError
from sources.teachers import Request, compare
from tests.sources.test_kinds import TEACHER, faults, make, number
from tests.sources.test_kinds import prices as lines_of

DATE = datetime.date(2026, 11, 1)
NOON = datetime.datetime(2026, 11, 1, 12, tzinfo=datetime.UTC)
OPENAI = prices.sold_by_batch("openai")
OTHERS = ("claude-sonnet-4-5", "gemini-2.5-flash", "deepseek-chat", "command-r")


def catalogued(
    model: str, size: Request, *, batch: bool = False, provider: str | None = None
) -> float:
    """Price of one request, asked of the catalogue without a detour."""
    usage = Usage(
        input_tokens=size.input,
        output_tokens=size.output,
        cache_read_tokens=size.cached or None,
    )
    context = {"processing": "batch"} if batch else None
    provider = "openai" if model in OPENAI else provider
    found = calc_price(
        usage,
        model,
        provider_id=provider,
        genai_request_timestamp=NOON,
        price_context=context,
    )
    return float(found.total_price)


@pytest.mark.parametrize(
    "size", [Request(300, 100), Request(3000, 1000, 2000), Request(300_000, 10), Request(1, 0)]
)
def test_every_price_is_the_catalogue_s(size: Request) -> None:
    found = {each.single.model: each for each in compare((*OPENAI, *OTHERS), size, 1000, DATE)}
    assert set(OPENAI) <= set(found)
    for model, teacher in found.items():
        assert teacher.single.request == pytest.approx(catalogued(model, size), rel=1e-12)
        assert teacher.single.date == "2026-11-01"
        if model in OPENAI:
            assert teacher.batch is not None
            asked = catalogued(model, size, batch=True)
            assert teacher.batch.request == pytest.approx(asked, rel=1e-12)


def test_a_long_prompt_is_in_its_own_tier() -> None:
    """The sum of many requests would be priced as one long prompt."""
    (one,) = compare(["gpt-5.4"], Request(1000, 10), 1000, DATE)
    whole = catalogued("gpt-5.4", Request(1_000_000, 10_000))
    assert one.cost == pytest.approx(1000 * catalogued("gpt-5.4", Request(1000, 10)))
    assert one.cost < 0.7 * whole


def test_the_cheapest_first_and_the_retired_last() -> None:
    found = compare(OPENAI, Request(300, 100), 50_000, DATE)
    ranks = [(each.retired, each.least) for each in found]
    assert ranks == sorted(ranks)
    known = {each.single.model: each for each in found}
    assert known["gpt-4-turbo"].retired
    assert not known["gpt-4o-mini"].retired
    assert known["gpt-4o-mini"].shutdown is not None
    later = compare(["gpt-4o-mini"], Request(300, 100), 1, datetime.date(2027, 1, 14))
    assert later[0].retired


@given(st.integers(0, 10**7), st.floats(0.01, 1))
@settings(max_examples=50, deadline=None)
def test_enough_requests_for_the_kept_examples(kept: int, rate: float) -> None:
    (one,) = compare(["gpt-4o-mini"], Request(300, 100), kept, DATE, keep_rates=[rate])
    assert one.requests * rate >= kept - 1e-6 * max(kept, 1)
    assert (one.requests - 1) * rate < kept
    assert one.cost == pytest.approx(one.requests * one.single.request)


def test_a_keep_rate_for_each() -> None:
    size = Request(300, 100)
    found = compare(["gpt-4o", "gpt-4o-mini"], size, 900, DATE, keep_rates=[1, 0.9])
    assert {each.single.model: each.requests for each in found} == {
        "gpt-4o": 900,
        "gpt-4o-mini": 1000,
    }


def test_all_faults_at_once() -> None:
    with pytest.raises(SourceError) as caught:
        compare(["gpt-4o-mini", "foo"], Request(3, 1, 4), 1, DATE, keep_rates=[0, 1])
    keys = [fault.key for fault in caught.value.faults]
    assert sorted(keys) == ["cached_tokens", "keep_rate", "teacher"]
    with pytest.raises(SourceError, match="has 3 values for 2 models"):
        compare(["gpt-4o-mini", "foo"], Request(3, 1), 1, DATE, keep_rates=[1, 1, 1])
    with pytest.raises(SourceError, match="give price = "):
        compare(["foo"], Request(3, 1), 1, DATE)


def test_cached_tokens_of_a_source() -> None:
    asked = {"teacher": "gpt-4o-mini", "prompt_tokens": 1000, "completion_tokens": 10}
    rest = {**asked, "keep_rate": 1}
    plain, cached = (
        lines_of(make("distillation", {**rest, **more})) for more in ({}, {"cached_tokens": 800})
    )
    assert plain["prompt"] == pytest.approx(1000 * 0.15e-6)
    assert cached["prompt"] == pytest.approx(200 * 0.15e-6 + 800 * 0.075e-6)
    assert cached["completion"] == plain["completion"]


def test_cached_tokens_at_a_price_of_one_s_own() -> None:
    price = {"input_per_million": 2, "output_per_million": 10, "cached_per_million": 1}
    source = make("distillation", {**TEACHER, "price": price, "cached_tokens": 300})
    # 400 tokens of a prompt, 300 of them at half the price
    assert number(source, "input_price") == pytest.approx((100 * 2 + 300 * 1) / 400 * 1e-6)
    (fault,) = faults("distillation", {**TEACHER, "cached_tokens": 401})
    assert fault.startswith("cached_tokens = 401.0: must be at most the 400 tokens")


def test_what_a_request_costs_beside_its_tokens() -> None:
    size = Request(1000, 200)
    (sonar,) = compare(["sonar"], size, 1000, DATE, provider="perplexity")
    assert sonar.single.request == pytest.approx(catalogued("sonar", size, provider="perplexity"))
    assert sonar.single.fee > 0
    asked = {"prompt_tokens": 1000, "completion_tokens": 200, "keep_rate": 0.5}
    source = make("distillation", {"teacher": "sonar", "provider": "perplexity", **asked})
    assert source.unit_cost(0) == pytest.approx(2 * sonar.single.request)


@pytest.mark.parametrize(
    ("model", "provider", "wanted"),
    [
        ("gpt-4.1-mini", "nobody", "provider = 'nobody': is not in the price catalogue"),
        ("gpt-4.1-mini", "anthropic", "is not sold by anthropic; set its provider: azure, openai"),
        ("sonar", None, "is not OpenAI's; set its provider: perplexity"),
    ],
)
def test_who_sells_a_model(model: str, provider: str | None, wanted: str) -> None:
    with pytest.raises(SourceError) as caught:
        compare([model], Request(3, 1), 1, DATE, provider=provider)
    assert wanted in str(caught.value)


def test_another_provider_has_shutdowns_of_its_own() -> None:
    late = datetime.date(2027, 2, 1)
    (theirs,) = compare(["gpt-4o"], Request(3, 1), 1, late, provider="azure")
    assert (theirs.shutdown, theirs.retired) == (None, False)
    assert compare(["gpt-4o"], Request(3, 1), 1, late)[0].retired
