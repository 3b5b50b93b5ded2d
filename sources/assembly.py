"""From a kind's numbers to a Source: cost lines with ranges, limits with reasons, quality."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sources.base import (
    PROVENANCES,
    Assumption,
    Context,
    CostLine,
    Fault,
    Limits,
    Provenance,
    Quality,
    Role,
    Source,
    SourceError,
)
from sources.holidays import closed_weeks
from sources.settings import PROJECT_FILE, KindSettings, Number, assumption

Numbers = Mapping[str, Assumption]
Formula = Callable[[Mapping[str, float]], float]
_UNKNOWN: list[Provenance] = ["assumed"]
SURE = (1.0, 1.0)  # range of a number that is exact, as factors
PLAIN_QUALITY_FACTOR = 1.4  # a quality given without a range may be off by this factor


def _unlimited(_: Mapping[str, float]) -> float:
    return math.inf


@dataclass(frozen=True)
class Speed:
    """Throughput [example/week] of a kind, where the settings give no per_week.

    reason   a few words on what sets it
    numbers  those it follows from, by formula(values), which `words` puts into words
    """

    reason: str = "throughput"
    numbers: Numbers = field(default_factory=dict)
    formula: Formula = _unlimited
    words: str = ""

    @property
    def amount(self) -> float:
        """Throughput [example/week] at the numbers' values; inf where nothing limits it."""
        return self.formula(_values(self.numbers))


@dataclass(frozen=True)
class Parts:
    """What a kind adds to what all kinds share.

    cap    [example] most there is, with a few words on what sets it, where the settings give no
           max_examples; a max_examples above it counts only where the cap is no stock
    stock  whether the cap is what exists (documents, inputs), and not a usual reach (of a crowd)
    """

    lines: tuple[CostLine | None, ...]
    numbers: Numbers
    cap: tuple[float, str] = (math.inf, "max_examples")
    stock: bool = False
    speed: Speed = Speed()
    quality: Quality = field(default_factory=Quality)
    role: Role = "labels"
    unit: str = "example"
    extra: tuple[Assumption, ...] = ()
    warnings: tuple[str, ...] = ()
    note: str = ""
    minimum: float = 0.0


def source(name: str, kind: str, settings: KindSettings, parts: Parts, context: Context) -> Source:
    """The Source of a kind: its parts and the settings that all kinds share."""
    numbers = dict(parts.numbers)
    if settings.min_share > settings.max_share:
        problem = f"is above max_share = {settings.max_share:g}"
        raise SourceError([Fault("min_share", settings.min_share, problem)])
    closed = closed_weeks(settings.holidays, context.date)
    assumptions = [*numbers.values(), *parts.extra, *_days_off(closed, context)]
    speed = parts.speed
    if "per_week" not in numbers and math.isfinite(speed.amount):
        assumptions.append(derived("per_week", speed.words, speed.numbers, speed.formula))
    fees = numbers.get("fees")
    lines = [*parts.lines, line("fees", {"fees": fees}, fixed=True) if fees else None]
    return Source(
        name=name,
        kind=kind,
        lines=tuple(each for each in lines if each),
        limits=replace(_limits(settings, numbers, parts), closed=closed),
        quality=_quality(settings, parts.quality),
        role=parts.role,
        unit=parts.unit,
        in_hand=value(numbers, "in_hand"),
        assumptions=tuple(assumptions) + _purchase(settings, context),
        warnings=(*parts.warnings, *_beyond_stock(name, numbers, parts)),
        note=parts.note,
        minimum=parts.minimum,
        min_share=settings.min_share,
        max_share=settings.max_share,
        excludes=tuple(settings.excludes),
        needs=tuple(settings.needs),
    )


def value(numbers: Numbers, key: str, default: float = 0.0) -> float:
    """Value of a number; `default` where it is not there."""
    found = numbers.get(key)
    return default if found is None or found.value is None else found.value


def line(
    item: str, used: Numbers, price: Formula | None = None, *, fixed: bool = False
) -> CostLine | None:
    """A cost line whose price [currency/example, or currency if fixed] follows from numbers.

    Without a formula the price is the one number used. The range comes from the numbers' ranges:
    each moves alone from its low to its high end, and the factors combine as independent errors do,
    by the root of the sum of squared logs. None if the price is 0. Raises SourceError for a price
    of 0 that a number's range makes more.
    """
    formula = price or (lambda v: next(iter(v.values())))
    values = _values(used)
    base = formula(values)
    if base == 0:
        for key, number in used.items():
            if number.high is not None and formula({**values, key: number.high}) > 0:
                raise SourceError([_from_nothing(key, number)])
        return None
    low, high = spread(used, formula)
    return CostLine(
        item,
        fixed=base if fixed else 0.0,
        unit_price=0.0 if fixed else base,
        low=low,
        high=high,
        provenance=weakest(used.values()),
        reference=references(used.values()),
    )


def _from_nothing(key: str, number: Assumption) -> Fault:
    """A range is a pair of factors on the base, which 0 has none of."""
    return Fault(
        key,
        number.value,
        f"a range up to {number.high:g} cannot start from a base of 0",
        "give the value that is likeliest, above 0, or no range",
    )


def spread(used: Numbers, formula: Formula) -> tuple[float, float]:
    """Factors (low, high) on formula(values) that span the numbers' ranges, low <= 1 <= high."""
    values = _values(used)
    base = formula(values)
    down = up = 0.0
    for key, number in used.items():
        ends = [
            formula({**values, key: end}) for end in (number.low, number.high) if end is not None
        ]
        factors = [end / base for end in ends] + [1.0]
        least, most = min(factors), max(factors)
        down = math.hypot(down, math.log(least)) if least > 0 else math.inf
        up = math.hypot(up, math.log(most))
    return math.exp(-down), math.exp(up)


def weakest(numbers: Iterable[Assumption]) -> Provenance:
    """The least trustworthy provenance among the numbers; "assumed" if there are none."""
    found: list[Provenance] = [number.provenance for number in numbers]
    return max(found or _UNKNOWN, key=PROVENANCES.index)


def references(numbers: Iterable[Assumption]) -> str:
    """Names and provenances of the numbers; the assumptions hold what each refers to."""
    return ", ".join(f"{number.name} {number.provenance}" for number in numbers)


def derived(name: str, words: str, numbers: Numbers, formula: Formula) -> Assumption:
    """A number that follows from others by `formula`, which `words` puts into words.

    It is as trustworthy as the weakest of them; its range is theirs, as in `spread`.
    """
    amount = formula(_values(numbers))
    low, high = spread(numbers, formula) if amount else (1.0, 1.0)
    units = {"per_week": "example/week", "label_noise": "ratio", "pay_per_hour": "money/hour"}
    return Assumption(
        name=name,
        value=amount,
        unit=units.get(name, "1"),
        provenance=weakest(numbers.values()),
        reference=f"derived: {words}",
        date=max((number.date for number in numbers.values()), default=""),
        low=amount * low,
        high=amount * high,
        note="follows from the numbers above",
    )


def _values(numbers: Numbers) -> dict[str, float]:
    return {key: value(numbers, key) for key in numbers}


def _limits(settings: KindSettings, numbers: Numbers, parts: Parts) -> Limits:
    cap, reason = parts.cap
    wanted = settings.max_examples
    if wanted and not (parts.stock and cap <= wanted.value):
        cap, reason = wanted.value, "max_examples as set"
    speed, speed_reason = parts.speed.amount, parts.speed.reason
    speed_range = spread(parts.speed.numbers, parts.speed.formula) if 0 < speed < math.inf else SURE
    if "per_week" in numbers:
        speed, speed_reason = value(numbers, "per_week"), "per_week as set"
        speed_range = _range(numbers["per_week"])
    return Limits(
        max_examples=cap,
        per_week=speed,
        lead_weeks=value(numbers, "lead_weeks"),
        min_order=settings.min_order,
        batch=settings.batch,
        cap_reason=reason,
        speed_reason=speed_reason,
        ramp_weeks=value(numbers, "ramp_weeks"),
        speed_range=speed_range,
        lead_range=_range(numbers["lead_weeks"]) if "lead_weeks" in numbers else SURE,
    )


def _range(number: Assumption) -> tuple[float, float]:
    """Factors (low, high) on a number's value that span its range. Raises SourceError for a range
    about 0."""
    if not number.value:
        if number.high:
            raise SourceError([_from_nothing(number.name, number)])
        return SURE
    low, high = (number.value if end is None else end for end in (number.low, number.high))
    return low / number.value, high / number.value


def _days_off(closed: Sequence[tuple[float, float]], context: Context) -> tuple[Assumption, ...]:
    """Weeks without work, as a number that the tables list."""
    if not closed:
        return ()
    amount = sum(end - begin for begin, end in closed)
    first, last = (context.date + timedelta(weeks=week) for week in (closed[0][0], closed[-1][1]))
    spans = f"{len(closed)} between {first} and {last - timedelta(days=1)}"
    return (
        Assumption(
            name="holidays",
            value=amount,
            unit="week",
            provenance="assumed",
            reference=PROJECT_FILE,
            date=context.date.isoformat(),
            low=amount,
            high=amount,
            note=f"no work is done; spans of days off: {spans}",
        ),
    )


def _beyond_stock(name: str, numbers: Numbers, parts: Parts) -> tuple[str, ...]:
    """Says that more is wanted than there is; the limits then hold the stock."""
    wanted, (cap, reason) = value(numbers, "max_examples"), parts.cap
    if not parts.stock or wanted <= cap:
        return ()
    return (f"{name}: max_examples = {wanted:,.0f} exceeds the {cap:,.0f} {reason}, which count",)


def _quality(settings: KindSettings, default: Quality) -> Quality:
    given = settings.quality
    biased = default.biased if settings.biased is None else settings.biased
    if given is None:
        return Quality(
            default.base, default.low, default.high, biased, default.provenance, default.reference
        )
    alone = given.low is None and given.high is None
    low = given.value / PLAIN_QUALITY_FACTOR if alone else given.low
    high = given.value * PLAIN_QUALITY_FACTOR if alone else given.high
    return Quality(
        base=given.value,
        low=given.value if low is None else low,
        high=given.value if high is None else high,
        biased=biased,
        provenance=given.provenance,
        reference=f"{given.reference}, range by a factor {PLAIN_QUALITY_FACTOR:g}"
        if alone
        else given.reference,
    )


def _purchase(settings: KindSettings, context: Context) -> tuple[Assumption, ...]:
    """min_order and batch, where the user set them."""
    given = {"min_order": settings.min_order, "batch": settings.batch}
    return tuple(
        assumption(key, Number(value=amount), "example", context)
        for key, amount in given.items()
        if amount > 1
    )
