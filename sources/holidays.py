"""Days off, as a project writes them -> spans of weeks in which no work is done."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

DAYS = 7  # of a week
ADVICE = "write a day as 2026-12-24, days in a row as 2026-12-24/2027-01-01"
Day = datetime.date | str


def day_off(given: object) -> Day:
    """A day off as it is written, checked. Raises ValueError that says what is wrong."""
    try:
        first, last = _ends(given)
    except ValueError:
        raise ValueError(f"is not a day; {ADVICE}") from None
    if last < first:
        raise ValueError("ends before it begins")
    return given  # type: ignore[return-value]


def closed_weeks(days: Sequence[Day], start: datetime.date) -> tuple[tuple[float, float], ...]:
    """Spans (from, to) [week after `start`], apart and in order, that the days off cover.

    A day is a date, or text in ISO 8601: a date, or two with a slash between them, both included.
    Days before the start are left out. Raises ValueError for an unreadable entry.
    """
    ends = [_ends(day_off(day)) for day in days]
    spans = [(max((first - start).days, 0), (last - start).days + 1) for first, last in ends]
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(span for span in spans if span[1] > 0):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return tuple((begin / DAYS, end / DAYS) for begin, end in joined)


def _ends(day: object) -> tuple[datetime.date, datetime.date]:
    if isinstance(day, datetime.datetime):
        raise ValueError(day)
    if isinstance(day, datetime.date):
        return day, day
    if not isinstance(day, str):
        raise ValueError(day)
    first, slash, last = day.partition("/")
    start = datetime.date.fromisoformat(first)
    return start, datetime.date.fromisoformat(last) if slash else start
