"""Experts or staff who label items one by one, some of them checked by a second person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from sources.assembly import Numbers, Parts, Speed, line, source, value
from sources.base import Context, CostLine, Quality, Source
from sources.settings import KindSettings, Number, Quantity, check, figures

CAP_REASON = "experts within reach"
LABOUR = ("minutes_per_item", "annotators_per_item", "review_share", "rework_share")
WORK = ("pool", "hours_per_week", *LABOUR)
SPEED = (
    "pool * hours_per_week * 60 / (minutes_per_item"
    " * (annotators_per_item + review_share * (1 + rework_share * (annotators_per_item + 1))))"
)


class Settings(KindSettings):
    """[sources.NAME] with kind = "human"."""

    wage: Annotated[Number | None, Quantity("money/hour", ge=0)] = None
    minutes_per_item: Annotated[Number | None, Quantity("minute/item", gt=0)] = None
    annotators_per_item: Annotated[Number | None, Quantity("annotator/item", ge=1)] = None
    review_share: Annotated[Number | None, Quantity("ratio", ge=0, le=1)] = None
    rework_share: Annotated[Number | None, Quantity("ratio", ge=0, le=1)] = None
    minimum_contract: Annotated[Number | None, Quantity("money", ge=0)] = None
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
        minimum=value(numbers, "minimum_contract"),
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
    return minutes / (v["minutes_per_item"] * (v["annotators_per_item"] + _checking(v)))


def _checking(v: Mapping[str, float]) -> float:
    """Work beside the labels of an item [1], in units of one person labelling it once.

    A share of the items is reviewed by one person, at the effort of labelling. What review sends
    back, a share of those, is labelled by all its annotators and reviewed once more.
    """
    return v["review_share"] + _rework(v)


def _rework(v: Mapping[str, float]) -> float:
    return v["review_share"] * v["rework_share"] * (v["annotators_per_item"] + 1)


def _warnings(name: str, numbers: Numbers) -> tuple[str, ...]:
    people, pool = value(numbers, "annotators_per_item"), value(numbers, "pool")
    if people <= pool:
        return ()
    return (f"{name}: {people:g} annotators per item need as many people, the pool has {pool:g}",)


def _lines(numbers: Numbers) -> tuple[CostLine | None, ...]:
    once = {key: numbers[key] for key in ("wage", "minutes_per_item")}
    people = {"annotators_per_item": numbers["annotators_per_item"]}
    review = {**once, "review_share": numbers["review_share"]}
    rework = {**review, **people, "rework_share": numbers["rework_share"]}
    return (
        line("wages", once | people, lambda v: _once(v) * v["annotators_per_item"]),
        line("review", review, lambda v: _once(v) * v["review_share"]),
        line("rework", rework, lambda v: _once(v) * _rework(v)),
        line("recruiting", {"fee": numbers["recruiting_fee"]}, fixed=True),
        line("guideline", {"fee": numbers["guideline_fee"]}, fixed=True),
    )


def _once(v: Mapping[str, float]) -> float:
    """One person labels one item [currency]."""
    return v["wage"] * v["minutes_per_item"] / 60
