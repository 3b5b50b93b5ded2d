"""What the answers of a pilot measure, each number with its 90% interval; unknown is None."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sources.distill.answers import INVALID, Answer
from sources.distill.job import Job
from sources.distill.journal import Call
from sources.distill.records import Record, records
from sources.intervals import Span, expected_distinct, mean_span, outcomes_span, ratio_span

MOST_DRAWS = 2000  # outputs that the number of distinct ones is estimated from
NOTHING = "nothing was answered"
FEWEST = 3  # answers for each request that may be under way, from which a speed is told
MOMENT = 0.1  # seconds from an answer to the next request, at most
_STEPS = (1, 2, 5)  # times powers of ten: the numbers of outputs at which duplicates are shown


@dataclass(frozen=True)
class Measure:
    """A measured number with its 90% interval; None where it cannot be told, and `note` says why.

    of  what it was measured on, and how many
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    of: int
    note: str = ""


@dataclass(frozen=True)
class ClassError:
    """Errors of the teacher on the items whose known label is this one."""

    label: str
    items: int
    wrong: int
    span: Span


@dataclass(frozen=True)
class Decay:
    """Distinct answers among the first so many usable ones, and what the fitted U expects."""

    answers: int
    distinct: int
    expected: float | None


@dataclass(frozen=True)
class Findings:
    """Everything that a pilot measured. Money in [currency].

    spent     on answers that are here
    possible  may have been spent on calls whose answer was lost
    """

    job: Job
    records: tuple[Record, ...]
    spent: float
    possible: float
    lost: int
    measures: tuple[Measure, ...]
    classes: tuple[ClassError, ...]
    decay: tuple[Decay, ...]

    def __getitem__(self, name: str) -> Measure:
        return next(each for each in self.measures if each.name == name)


def findings(job: Job, calls: Sequence[Call], concurrency: int) -> Findings:
    """What the calls of a job's requests measured, in all runs so far."""
    found = records(job, calls)
    outputs = [each.answer.text.strip() for each in found if each.answer.state == "usable"]
    free = job.form.labels is None
    decay, distinct = _diversity(outputs) if free else ((), None)
    measures = [
        *_tokens(found),
        *_money(found, job.currency),
        *_rates(found, free),
        _error(found),
        *_speed(found, calls, concurrency),
        *([distinct] if distinct else []),
    ]
    return Findings(
        job=job,
        records=found,
        spent=math.fsum(each.cost for each in found),
        possible=math.fsum(each.possible for each in calls),
        lost=sum(each.outcome in (None, "lost") for each in calls),
        measures=tuple(measures),
        classes=_classes(found),
        decay=decay,
    )


def _mean(name: str, unit: str, values: Sequence[float], least: float, why: str) -> Measure:
    if not values:
        return Measure(name, None, None, None, unit, 0, why)
    return Measure(name, *mean_span(values, least), unit, len(values))


def _ratio(name: str, hits: int, of: int, why: str, note: str = "") -> Measure:
    if not of:
        return Measure(name, None, None, None, "ratio", 0, why)
    return Measure(name, *ratio_span(hits, of), "ratio", of, note)


def _tokens(found: Sequence[Record]) -> Iterable[Measure]:
    ways: tuple[tuple[str, Callable[[Answer], int | None]], ...] = (
        ("prompt_tokens", lambda answer: answer.input_tokens),
        ("completion_tokens", lambda answer: answer.output_tokens),
    )
    for name, way in ways:
        counts = [float(count) for each in found if (count := way(each.answer)) is not None]
        why = "the server does not say" if found else NOTHING
        yield _mean(name, "token/request", counts, 1.0, why)


def _money(found: Sequence[Record], currency: str) -> Iterable[Measure]:
    costs = [each.cost for each in found]
    request = _mean("request_cost", f"{currency}/request", costs, 0.0, NOTHING)
    if untold := sum(not each.told for each in found):
        note = f"for {untold:,} the server names no tokens that can be believed: the most is taken"
        request = replace(request, note=note)
    yield request
    kept = sum(each.kept for each in found)
    unit, name = f"{currency}/example", "example_cost"
    if not kept:
        why = "no answer can be used" if found else NOTHING
        yield Measure(name, None, None, None, unit, len(found), why)
        return
    _, low, high = ratio_span(kept, len(found))
    ends = (request.low or 0.0) / high, (request.high or 0.0) / low  # low > 0 where any is kept
    note = "request_cost / keep_rate, the ends of both taken together"
    yield Measure(name, math.fsum(costs) / kept, *ends, unit, len(found), note)


def _rates(found: Sequence[Record], free: bool) -> Iterable[Measure]:
    of, why = len(found), NOTHING
    kept = sum(each.kept for each in found)
    note = "valid, not refused"
    if free:
        note += f", and no copy of an earlier one; of {of:,} answers: copies grow with n"
    yield _ratio("keep_rate", kept, of, why, note)
    refused = sum(each.answer.state == "refused" for each in found)
    yield _ratio("refused", refused, of, why, "by the model, or by a filter of its server")
    invalid = sum(each.answer.state in INVALID for each in found)
    cut = sum(each.answer.state == "cut" for each in found)
    note = f"{cut:,} of them cut at the limit of tokens" if cut else ""
    yield _ratio("invalid", invalid, of, why, note)
    if free:
        usable = sum(each.answer.state == "usable" for each in found)
        copies = sum(each.copy for each in found)
        yield _ratio("duplicates", copies, usable, why, "of the usable answers; grows with n")


def _error(found: Sequence[Record]) -> Measure:
    judged = [each.right for each in found if each.right is not None]
    why = "no usable answer has a known label: name a column of them in gold"
    why = why if found else NOTHING
    note = "of the usable answers whose label is known"
    return _ratio("teacher_error", judged.count(False), len(judged), why, note)


def _classes(found: Sequence[Record]) -> tuple[ClassError, ...]:
    judged: dict[str, list[bool]] = {}
    for each in found:
        if each.right is not None:
            judged.setdefault(str(each.request.gold), []).append(each.right)
    return tuple(
        ClassError(label, len(right), wrong, ratio_span(wrong, len(right)))
        for label, right in sorted(judged.items())
        if (wrong := right.count(False)) >= 0
    )


def _speed(found: Sequence[Record], calls: Sequence[Call], concurrency: int) -> Iterable[Measure]:
    """Time of a request, and answers an hour while as many are under way as may be at once: the
    lone first, the others before the run is at full width, and the last ones are left out. Calls
    that were lost take their time too, and bring nothing."""
    asked = [each for each in found if not each.by_batch and each.seconds is not None]
    times = [each.seconds or 0.0 for each in asked]
    why = "nothing was answered but by batch" if found else NOTHING
    latency = _mean("latency", "s/request", times, 0.0, why)
    yield latency
    name, unit = "examples_per_hour", "example/hour"
    spans = [
        (each.at, each.at + each.seconds, each.outcome == "answered")
        for each in calls
        if each.batch is None and each.seconds
    ]
    full = _full([span[:2] for span in spans], concurrency)
    length = math.fsum(stop - start for start, stop in full)
    made = math.fsum(_within(span[:2], full) for span in spans if span[2])
    if len(asked) < FEWEST * concurrency or not made or not latency.value:
        if asked:
            why = f"needs {FEWEST * concurrency:,} answers, and {concurrency} requests at once"
        yield Measure(name, None, None, None, unit, len(asked), why)
        return
    rate, usual = 3600 * made / length, latency.value
    low = rate * usual / (latency.high or usual)
    high = rate * usual / max(latency.low or 0.0, usual / 10)
    note = f"answers, kept or not, while {concurrency} requests are under way at once"
    yield Measure(name, rate, low, high, unit, len(asked), note)


def _full(spans: Sequence[tuple[float, float]], width: int) -> list[tuple[float, float]]:
    """When at least so many of the spans of time [s] ran at once. The moments between an answer and
    the next request belong to it."""
    steps = sorted(
        [(start, 1) for start, _ in spans] + [(stop, -1) for _, stop in spans],
        key=lambda step: (step[0], -step[1]),
    )
    found: list[tuple[float, float]] = []
    now, since = 0, 0.0
    for at, step in steps:
        if now < width <= now + step:
            since = at
        elif now + step < width <= now:
            if found and since - found[-1][1] < MOMENT:
                since = found.pop()[0]
            found.append((since, at))
        now += step
    return found


def _within(span: tuple[float, float], full: Sequence[tuple[float, float]]) -> float:
    """Which part of a span of time lies in the others."""
    start, stop = span
    shared = math.fsum(max(0.0, min(stop, b) - max(start, a)) for a, b in full)
    return shared / (stop - start)


def _diversity(outputs: Sequence[str]) -> tuple[tuple[Decay, ...], Measure | None]:
    """How the distinct among the outputs grow, and how many there may be in all."""
    if not outputs:
        return (), None
    first = outputs[:MOST_DRAWS]
    value, low, high = outcomes_span(len(set(first)), len(first))
    steps = {times * 10**power for power in range(7) for times in _STEPS} | {len(outputs)}
    decay = tuple(
        Decay(n, len(set(outputs[:n])), None if value is None else expected_distinct(value, n))
        for n in sorted(steps)
        if n <= len(outputs)
    )
    note = "U of U (1 - exp(-n / U)); all outputs taken as equally likely, so rather too small"
    if value is None:
        note = "no answer came twice: only the low end can be told"
    return decay, Measure("outputs", value, low, high, "distinct output", len(first), note)
