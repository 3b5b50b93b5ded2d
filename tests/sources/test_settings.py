"""Numbers with their origin, faults with their place, and the file of defaults."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import pytest

from sources import catalogue, defaults
from sources.base import Context, SourceError
from sources.settings import KindSettings, Number, Quantity, Table, check, figures


class Inner(Table):
    share: Annotated[Number, Quantity("ratio", ge=0, le=1)]


class Outer(KindSettings):
    inner: Inner | None = None
    rows: list[Inner] = []


def fault(given: dict[str, Any], prefix: str = "") -> str:
    with pytest.raises(SourceError) as caught:
        check(Outer, given, prefix)
    (found,) = caught.value.faults
    return str(found)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"in_hand": True}, "in_hand = True: must be a number or {value"),
        ({"in_hand": "5"}, "in_hand = '5': must be a number"),
        ({"in_hand": float("nan")}, "in_hand = nan: must be finite"),
        ({"in_hand": float("inf")}, "in_hand = inf: must be finite"),
        ({"in_hand": {"value": 5, "low": 6}}, "must hold low <= value <= high"),
        ({"in_hand": {"value": 5, "low": -1}}, "must be at least 0"),
        (
            {"in_hand": {"valu": 5, "value": 5}},
            "in_hand.valu = 5: is not a known key; did you mean",
        ),
        ({"in_hand": {"low": 5}}, "in_hand.value: is missing"),
        ({"in_hand": {"value": 5, "provenance": "guess"}}, "in_hand.provenance = 'guess': must be"),
        ({"batch": 0}, "batch = 0: must be greater than or equal to 1"),
        ({"biased": 1}, "biased = 1: must be a valid boolean"),
        ({"inner": {"share": 2}}, "inner.share = 2: must be at most 1"),
        ({"inner": {"share": 0.5, "shar": 2}}, "inner.shar = 2: is not a known key; did you mean"),
        ({"rows": [{"share": 0.5}, {"share": -1}]}, "rows[1].share = -1: must be at least 0"),
        ({"odd key.": 1}, '"odd key." = 1: is not a known key'),
    ],
)
def test_one_wrong_value_is_one_fault(given: dict[str, Any], message: str) -> None:
    assert fault(given).startswith(message) or message in fault(given)
    assert fault(given, "sources.a").startswith("sources.a.")


def test_numbers_keep_their_origin() -> None:
    offer = {"base": 5, "low": 4, "high": 9, "provenance": "quoted", "reference": "offer 7"}
    model = check(Outer, {"in_hand": offer, "fees": 3})
    found = figures(model, Context(currency="EUR", usd_rate=None))
    hand, fees = found["in_hand"], found["fees"]
    assert (hand.value, hand.low, hand.high, hand.unit) == (5, 4, 9, "example")
    assert (hand.provenance, hand.reference) == ("quoted", "offer 7")
    assert (fees.value, fees.low, fees.high, fees.unit) == (3, 3, 3, "EUR")
    assert (fees.provenance, fees.reference) == ("assumed", "project file")
    assert set(found) == {"in_hand", "fees"}


def test_every_default_belongs_to_a_setting_and_has_its_unit() -> None:
    kinds = {kind: import_module(f"sources.{kind}").Settings for kind in catalogue.BUILT_IN}
    platforms = {"mturk": "crowd", "prolific": "crowd", "batch api": "distillation"}
    platforms |= {f"{judge} preferences": "preference" for judge in ("human", "ai")}
    for section, entries in defaults.load().items():
        kind = platforms.get(section, "distillation" if " tier " in section else section)
        for key, default in entries.items():
            (quantity,) = (
                each
                for each in kinds[kind].model_fields[key].metadata
                if isinstance(each, Quantity)
            )
            assert default.unit == quantity.unit.replace("money", "USD"), (section, key)
            ends = {"value": default.value, "low": default.low, "high": default.high}
            assert quantity.problem(Number(**ends)) is None, (section, key)  # type: ignore[arg-type]
