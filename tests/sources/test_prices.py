"""Prices by date from the catalogue, per request; shutdowns as the provider announced them."""

from __future__ import annotations

import datetime

import pytest

from sources import prices
from sources.base import SourceError

DATE = datetime.date(2026, 11, 1)


def test_price_of_one_request() -> None:
    found = prices.price("gpt-4o-mini", 300, 200, DATE)
    assert found.input == pytest.approx(300 * 0.15e-6)
    assert found.output == pytest.approx(200 * 0.60e-6)
    assert found.request == pytest.approx(0.000165)
    assert (found.provenance, found.date, found.provider) == ("catalogue", "2026-11-01", "openai")
    assert found.reference.startswith("genai-prices ")


def test_price_depends_on_the_date() -> None:
    old = prices.price("o3", 1000, 1000, datetime.date(2025, 5, 1))
    new = prices.price("o3", 1000, 1000, datetime.date(2025, 7, 1))
    assert new.request < old.request / 2


def test_batches_are_half_price() -> None:
    for model in ("gpt-4o-mini", "gpt-4-32k"):
        whole = prices.price(model, 300, 200, DATE)
        assert prices.price(model, 300, 200, DATE, batch=True).request == pytest.approx(
            whole.request / 2
        )
    assert "9197833" in prices.price("gpt-4-32k", 300, 200, DATE, batch=True).reference
    with pytest.raises(SourceError, match="has no batch price"):
        prices.price("command-r", 300, 200, DATE, batch=True)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("gpt-4o-minni", "did you mean gpt-4o-mini"),
        ("", "not in the price catalogue"),
        ("zzzzqqqq", "give price = {input_per_million, output_per_million}"),
        ("whisper-1", "no price per token"),
    ],
)
def test_a_model_without_a_price(model: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        prices.price(model, 300, 200, DATE)
    (fault,) = caught.value.faults
    assert fault.key == "teacher"
    assert message in str(fault)


def test_shutdowns() -> None:
    def date(model: str) -> str | None:
        found = prices.shutdown(model)
        return found.date.isoformat() if found else None

    assert date("text-davinci-003") == "2024-01-04"
    assert date("GPT-4o-mini-2024-07-18") == "2027-01-14"
    assert date("gpt-4o-2024-05-13") == "2026-10-23"
    assert date("gpt-3.5-turbo-1106") == "2026-09-28"
    assert date("o3-deep-research") == "2026-07-23"
    assert date("gpt-6-luna") is None
