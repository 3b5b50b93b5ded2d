"""Days off, as a project writes them -> spans of weeks in which no work is done."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from sources.base import Fault, SourceError

DAYS = 7  # of a week
ADVICE = "write a day as 2026-12-24, days in a row as 2026-12-24/2027-01-01"
Day = datetime.date | str


def closed_weeks(days: Sequence[Day], start: datetime.date) -> tuple[tuple[float, float], ...]:
    """Spans (from, to) [week after `start`], apart and in order, that the days off cover.

    A day is a date, or text in ISO 8601: a date, or two with a slash between them, both included.
    Days before the start are left out. Raises SourceError with a Fault for each unreadable entry.
    """
    spans, faults = [], []
    for at, day in enumerate(days):
        try:
            first, last = _ends(day)
        except ValueError:
            faults.append(Fault(f"holidays[{at}]", str(day), "is not a day", ADVICE))
            continue
        if last < first:
            faults.append(Fault(f"holidays[{at}]", str(day), "ends before it begins", ADVICE))
        spans.append((max((first - start).days, 0), (last - start).days + 1))
    if faults:
        raise SourceError(faults)
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(span for span in spans if span[1] > 0):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return tuple((begin / DAYS, end / DAYS) for begin, end in joined)


def _ends(day: Day) -> tuple[datetime.date, datetime.date]:
    if isinstance(day, datetime.datetime):
        raise ValueError(day)
    if isinstance(day, datetime.date):
        return day, day
    first, _, last = day.partition("/")
    return datetime.date.fromisoformat(first), datetime.date.fromisoformat(last or first)
