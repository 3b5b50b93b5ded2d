"""Experts or staff who label items one by one, some of them checked by a second person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from sources.assembly import Numbers, Parts, Speed, line, source, value
from sources.base import Context, Quality, Source
from sources.settings import KindSettings, Number, Quantity, check, figures

CAP_REASON = "experts within reach"
WORK = ("pool", "hours_per_week", "minutes_per_item", "annotators_per_item", "review_share")
SPEED = "pool * hours_per_week * 60 / (minutes_per_item * annotators_per_item * (1 + review_share))"


class Settings(KindSettings):
    """[sources.NAME] with kind = "human"."""

    wage: Annotated[Number | None, Quantity("money/hour", ge=0)] = None
    minutes_per_item: Annotated[Number | None, Quantity("minute/item", gt=0)] = None
    annotators_per_item: Annotated[Number | None, Quantity("annotator/item", ge=1)] = None
    review_share: Annotated[Number | None, Quantity("ratio", ge=0, le=1)] = None
    recruiting_fee: Annotated[Number | None, Quantity("money", ge=0)] = None
    guideline_fee: Annotated[Number | None, Quantity("money", ge=0)] = None
    pool: Annotated[Number | None, Quantity("annotator", gt=0)] = None
    hours_per_week: Annotated[Number | None, Quantity("hour/annotator/week", gt=0, le=168)] = None


def build(name: str, settings: Mapping[str, Any], context: Context) -> Source:
    """Wages, review and fees -> Source. Raises SourceError with every fault of the settings."""
    model = check(Settings, settings)
    numbers = figures(model, context, "human")
    parts = Parts(
        lines=_lines(numbers),
        numbers=numbers,
        cap=(value(numbers, "max_examples"), CAP_REASON),
        speed=Speed("annotator hours", {key: numbers[key] for key in WORK}, throughput, SPEED),
        quality=Quality(
            base=1.0,
            low=0.9,
            high=1.0,
            biased=False,
            provenance="assumed",
            reference="careful labels are what the others are measured in",
        ),
        warnings=_warnings(name, numbers),
    )
    return source(name, "human", model, parts, context)


def throughput(v: Mapping[str, float]) -> float:
    """Finished items per week [example/week]."""
    minutes = v["pool"] * v["hours_per_week"] * 60
    work = v["minutes_per_item"] * v["annotators_per_item"]
    return minutes / (work * (1 + v["review_share"]))


def _warnings(name: str, numbers: Numbers) -> tuple[str, ...]:
    people, pool = value(numbers, "annotators_per_item"), value(numbers, "pool")
    if people <= pool:
        return ()
    return (f"{name}: {people:g} annotators per item need as many people, the pool has {pool:g}",)


def _lines(numbers: Numbers) -> tuple:
    work = {key: numbers[key] for key in ("wage", "minutes_per_item", "annotators_per_item")}
    return (
        line("wages", work, _wages),
        line(
            "review",
            {**work, "review_share": numbers["review_share"]},
            lambda v: _wages(v) * v["review_share"],
        ),
        line("recruiting", {"fee": numbers["recruiting_fee"]}, fixed=True),
        line("guideline", {"fee": numbers["guideline_fee"]}, fixed=True),
    )


def _wages(v: Mapping[str, float]) -> float:
    return v["wage"] * v["minutes_per_item"] / 60 * v["annotators_per_item"]
