"""Anything whose numbers are known: a price, fees, volume tiers, limits and a quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from sources.assembly import Parts, Speed, line, source
from sources.base import Assumption, Context, CostLine, Fault, Source, SourceError, Tier
from sources.settings import KindSettings, Number, Quantity, Table, assumption, check, figures


class TierTable(Table):
    """From example number `start` on, each further one costs `unit_price`."""

    start: float = Field(gt=0, allow_inf_nan=False)
    unit_price: float = Field(ge=0, allow_inf_nan=False)


class Settings(KindSettings):
    """[sources.NAME] with kind = "plain"."""

    unit_price: Annotated[Number, Quantity("money/example", ge=0)]
    tiers: list[TierTable] = []
    unit: str = Field("example", min_length=1)


def build(name: str, settings: Mapping[str, Any], context: Context) -> Source:
    """Known numbers -> Source. Raises SourceError with every fault of the settings."""
    model = check(Settings, settings)
    starts = [tier.start for tier in model.tiers]
    if starts != sorted(set(starts)):
        problem = "each tier must start above the one before it"
        raise SourceError([Fault("tiers", starts, problem, "sort the tiers by start")])
    numbers = figures(model, context)
    parts = Parts(
        lines=(_line(model, numbers["unit_price"]),),
        numbers=numbers,
        cap=(float("inf"), "no limit given"),
        speed=Speed("no limit given"),
        unit=model.unit,
        extra=_tiers(model, context),
    )
    return source(name, "plain", model, parts, context)


def _line(model: Settings, price: Assumption) -> CostLine | None:
    tiers = tuple(Tier(tier.start, tier.unit_price) for tier in model.tiers)
    found = line("examples", {"unit_price": price})
    if found is None and any(tier.unit_price for tier in tiers):
        found = CostLine("examples", provenance=price.provenance, reference=price.reference)
    return replace(found, tiers=tiers) if found else None


def _tiers(model: Settings, context: Context) -> tuple[Assumption, ...]:
    origin = model.unit_price
    return tuple(
        assumption(
            f"tier {at} unit_price",
            Number(
                value=tier.unit_price,
                provenance=origin.provenance,
                reference=f"{origin.reference}, from example {tier.start:g} on",
                date=origin.date,
            ),
            "money/example",
            context,
        )
        for at, tier in enumerate(model.tiers, start=1)
    )
