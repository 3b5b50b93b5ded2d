"""Settings of a source: checked numbers with unit, range and origin, and every fault at once."""

from __future__ import annotations

import datetime
import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sources import defaults
from sources.base import Assumption, Context, Fault, Provenance, SourceError
from sources.holidays import day_off

PROJECT_FILE = "project file"
_NUMBER = "must be a number or {value, low, high, provenance, reference, date}"

Model = TypeVar("Model", bound=BaseModel)


class Table(BaseModel):
    """A table of settings: nothing unknown, no text where a number belongs."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @field_validator("*", mode="after")
    @classmethod
    def _within(cls, value: Any, info: ValidationInfo) -> Any:
        quantity = _quantity(cls, info.field_name or "")
        if isinstance(value, Number) and quantity and (problem := quantity.problem(value)):
            raise ValueError(problem)
        return value


class Number(Table):
    """A number as the user gives it: plain, or a table with its range and origin.

    A plain number counts as exact, with provenance "assumed" and reference "project file". `base`
    is another word for `value`.
    """

    value: float
    low: float | None = None
    high: float | None = None
    provenance: Provenance = "assumed"
    reference: str = PROJECT_FILE
    date: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, given: Any) -> Any:
        if isinstance(given, Mapping):
            table = dict(given)
            if "base" in table and "value" not in table:
                table["value"] = table.pop("base")
            if table.get("date") is not None:
                table["date"] = str(table["date"])
            return table
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise ValueError(_NUMBER)
        return {"value": given}

    @model_validator(mode="after")
    def _ordered(self) -> Number:
        ends = [end for end in (self.low, self.value, self.high) if end is not None]
        if not all(math.isfinite(end) for end in ends):
            raise ValueError("must be finite")
        if ends != sorted(ends):
            raise ValueError("must hold low <= value <= high")
        return self


@dataclass(frozen=True)
class Quantity:
    """Unit and limits of a number; "money" in a unit stands for the project's currency."""

    unit: str
    gt: float = -math.inf
    ge: float = -math.inf
    le: float = math.inf
    lt: float = math.inf

    def problem(self, number: Number) -> str | None:
        """What is wrong with the number or one end of its range; None if nothing is."""
        ends = [end for end in (number.low, number.value, number.high) if end is not None]
        limits = [
            (min(ends) > self.gt, f"above {self.gt:g}"),
            (min(ends) >= self.ge, f"at least {self.ge:g}"),
            (max(ends) <= self.le, f"at most {self.le:g}"),
            (max(ends) < self.lt, f"below {self.lt:g}"),
        ]
        broken = [text for holds, text in limits if not holds]
        return f"must be {' and '.join(broken)}" if broken else None


class KindSettings(Table):
    """Settings that every kind has; a kind adds its own."""

    in_hand: Annotated[Number | None, Quantity("example", ge=0)] = None
    max_examples: Annotated[Number | None, Quantity("example", ge=0)] = None
    per_week: Annotated[Number | None, Quantity("example/week", ge=0)] = None
    lead_weeks: Annotated[Number | None, Quantity("week", ge=0)] = None
    ramp_weeks: Annotated[Number | None, Quantity("week", ge=0)] = None
    holidays: list[Annotated[datetime.date | str, PlainValidator(day_off)]] = []
    fees: Annotated[Number | None, Quantity("money", ge=0)] = None
    quality: Annotated[Number | None, Quantity("effective example/example", gt=0, le=1000)] = None
    biased: bool | None = None
    min_share: float = Field(0.0, ge=0, le=1)
    max_share: float = Field(1.0, ge=0, le=1)
    excludes: list[str] = []
    needs: list[str] = []
    min_order: int = Field(1, ge=1)
    batch: int = Field(1, ge=1)


def check(model: type[Model], given: Mapping[str, Any], prefix: str = "") -> Model:
    """The model filled from a mapping. Raises SourceError with a Fault for each thing wrong."""
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        faults = [_fault(model, each, prefix) for each in error.errors()]
        raise SourceError(faults) from None


def figures(settings: KindSettings, context: Context, *sections: str) -> dict[str, Assumption]:
    """Every number of the settings, or its default from the first section that has one, by key.

    Numbers that are neither given nor have a default are left out. Raises SourceError where a
    default is in dollars and the project has another currency without usd_rate.
    """
    found: dict[str, Assumption] = {}
    faults = []
    for key in type(settings).model_fields:
        quantity, given = _quantity(type(settings), key), getattr(settings, key)
        if quantity is None or key == "quality":
            continue
        if isinstance(given, Number):
            found[key] = assumption(key, given, quantity.unit, context)
        elif default := defaults.find(key, *sections):
            if default.unit.startswith("USD") and context.usd_rate is None:
                faults.append(_no_rate(default, context))
            else:
                found[key] = _converted(default, context)
    if faults:
        raise SourceError(faults)
    return found


def assumption(key: str, number: Number, unit: str, context: Context) -> Assumption:
    """A number of the project as an Assumption; without a range it counts as exact."""
    return Assumption(
        name=key,
        value=number.value,
        unit=unit.replace("money", context.currency),
        provenance=number.provenance,
        reference=number.reference,
        date=number.date or context.date.isoformat(),
        low=number.value if number.low is None else number.low,
        high=number.value if number.high is None else number.high,
    )


def _quantity(model: type[BaseModel], key: str) -> Quantity | None:
    field = model.model_fields.get(key)
    found = [each for each in field.metadata if isinstance(each, Quantity)] if field else []
    return found[0] if found else None


def _no_rate(default: Assumption, context: Context) -> Fault:
    problem = (
        f"its default of {default.value:g} is in {default.unit}, the project in {context.currency}"
    )
    return Fault(default.name, None, problem, "give the number, or usd_rate in the project")


def _converted(default: Assumption, context: Context) -> Assumption:
    if not default.unit.startswith("USD"):
        return default
    rate = context.usd_rate or 1.0
    note = default.note
    if context.currency != "USD":
        note = f"{note}; {default.value:g} {default.unit} at {rate:g}".lstrip("; ")
    return replace(
        default,
        unit=default.unit.replace("USD", context.currency),
        value=None if default.value is None else default.value * rate,
        low=None if default.low is None else default.low * rate,
        high=None if default.high is None else default.high * rate,
        note=note,
    )


def nearest(name: str, known: Iterator[str] | tuple[str, ...] | list[str]) -> str:
    """Advice naming the known name most like `name`, else all of them."""
    names = list(known)
    folded = {each.casefold(): each for each in names}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    if close:
        return f"did you mean {folded[close[0]]}?"
    return f"known: {', '.join(names)}" if names else ""


def _fault(model: type[BaseModel], error: Any, prefix: str) -> Fault:
    place, value = error["loc"], error["input"]
    path = _path(place)
    key = ".".join(part for part in (prefix, path) if part) or "settings"
    if error["type"] == "extra_forbidden":
        return Fault(key, value, "is not a known key", nearest(str(place[-1]), _keys(model, place)))
    if error["type"] == "missing":
        return Fault(key, None, "is missing")
    raised = error.get("ctx", {}).get("error")
    problem = str(raised) if raised else error["msg"].replace("Input should", "must")
    return Fault(key, value, problem[0].lower() + problem[1:])


def _path(place: tuple[str | int, ...]) -> str:
    path = ""
    for part in place:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            bare = part.isascii() and part.replace("-", "").replace("_", "").isalnum()
            path += ("." if path else "") + (part if bare else f'"{part}"')
    return path


def _keys(model: type[BaseModel], place: tuple[str | int, ...]) -> list[str]:
    """Known keys of the table in which the last part of `place` stands."""
    for part in place[:-1]:
        field = model.model_fields.get(str(part))
        if field is not None:
            inner = list(_models(field.annotation))
            if not inner:
                return []
            model = inner[0]
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
