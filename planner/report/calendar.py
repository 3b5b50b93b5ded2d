"""The path, or the orders of a plan, as bars on a calendar."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from planner.report.svg import (
    BAND,
    GRID,
    INK,
    MARK,
    MUTED,
    WIDE,
    Sheet,
    fitted,
    letters,
    linear,
)

DAY = datetime.timedelta(days=1)
ROWS = 40  # that are drawn
YEARS = 40  # that a calendar shows at most


@dataclass(frozen=True)
class Bar:
    """A row: its name, the day of the order, the first and last deliveries, and the day of what is
    measured and decided; None where there is none."""

    name: str
    order: datetime.date
    first: datetime.date
    arrival: datetime.date
    decision: datetime.date | None
    note: str = ""


@dataclass(frozen=True)
class Words:
    """Names of the three parts of a bar, and of the last day that the weeks allow; how a day is
    written, and the twelve months: in figures it would be another day elsewhere."""

    wait: str
    arrive: str
    measure: str
    limit: str
    date: str
    months: tuple[str, ...]


def calendar(bars: Sequence[Bar], limit: datetime.date | None, words: Words):  # type: ignore[no-untyped-def]
    """Rows of waiting, deliveries and measurements over days, from the first order on."""
    bars = list(bars)[:ROWS]

    def draw(width: int) -> Sheet:
        """The calendar on a sheet of this width."""
        narrow = width != WIDE
        row = 44.0 if narrow else 32.0
        sheet = Sheet(width, 60.0 + row * len(bars))
        left, right = (12.0, width - 14.0) if narrow else (190.0, width - 20.0)
        top, bottom = 30.0, sheet.height - 28.0
        start = min(bar.order for bar in bars)
        last = max(bar.decision or bar.arrival for bar in bars)
        shown = limit if limit is not None and limit - start <= 2 * (last - start) else None
        end = max(last, shown or last, start + 7 * DAY)
        x = linear(start.toordinal(), end.toordinal() + 0.5, left, right)
        year = start.year
        for day in days(start, end, 4 if narrow else 7):
            at = x(day.toordinal())
            sheet.line((at, top), (at, bottom), GRID)
            form = words.date.format(month=words.months[day.month - 1], day=day.day)
            if day.year != year:  # the first of a new year
                year, form = day.year, f"{form} ’{day.year % 100:02d}"
            sheet.text((at, bottom + 16), form, _anchor(at, left, right), MUTED)
        for number, bar in enumerate(bars):
            y = top + row * number + (18.0 if narrow else 6.0)
            place, anchor = ((left, y - 4), "start") if narrow else ((left - 8, y + 15), "end")
            room = width - 24.0 if narrow else left - 14
            sheet.text(place, fitted(bar.name, room), anchor)
            points = [x(day.toordinal()) for day in (bar.order, bar.first, bar.arrival)]
            sheet.box((points[0], y + 7), (points[1] - points[0], 6.0), BAND, fill_opacity=0.45)
            sheet.box((points[1], y), (points[2] - points[1], 20.0), BAND)
            if bar.decision is not None and bar.decision > bar.arrival:
                wide = x(bar.decision.toordinal()) - points[2]
                sheet.box((points[2], y + 3), (wide, 14.0), "#ffffff", stroke=INK)
            if bar.note and not narrow:
                at = x((bar.decision or bar.arrival).toordinal())
                if at + 6 + letters(bar.note) < right + 10:
                    sheet.text((at + 6, y + 15), bar.note, "start", MUTED)
        if shown is not None:
            at = x(shown.toordinal())
            sheet.line((at, top - 6), (at, bottom), MARK, stroke_width=1.5, stroke_dasharray="6 4")
        _legend(sheet, words, bars, shown is not None)
        return sheet

    return draw


def _anchor(at: float, left: float, right: float) -> str:
    return "start" if at < left + 12 else "end" if at > right - 12 else "middle"


def _legend(sheet: Sheet, words: Words, bars: Sequence[Bar], limited: bool) -> None:
    """Names of the marks that are drawn."""
    x, y = 8.0, 14.0
    drawn = (
        (words.wait, any(bar.first > bar.order for bar in bars)),
        (words.arrive, True),
        (words.measure, any(bar.decision and bar.decision > bar.arrival for bar in bars)),
        (words.limit, limited),
    )
    for at, (name, there) in enumerate(drawn):
        if not there:
            continue
        if at == 0:
            sheet.box((x, y - 7), (16.0, 6.0), BAND, fill_opacity=0.45)
        elif at == 1:
            sheet.box((x, y - 10), (16.0, 12.0), BAND)
        elif at == 2:
            sheet.box((x, y - 10), (16.0, 12.0), "#ffffff", stroke=INK)
        else:
            line = {"stroke_width": 1.5, "stroke_dasharray": "6 4"}
            sheet.line((x, y - 4), (x + 16, y - 4), MARK, **line)
        sheet.text((x + 21, y), name)
        x += 21 + letters(name) + 12


def days(start: datetime.date, end: datetime.date, most: int) -> list[datetime.date]:
    """Days to name on a calendar: every so many weeks, or first days of months or years."""
    span = (end - start).days
    for weeks in (1, 2, 4):
        if span / (7 * weeks) <= most:
            return [start + 7 * weeks * i * DAY for i in range(span // (7 * weeks) + 1)]
    months = (end.year - start.year) * 12 + end.month - start.month
    every = next(n for n in (1, 2, 3, 6, 12, 24, 60, 120, 10**6) if months / n <= most)
    first = start.year * 12 + start.month - 1
    found = []
    for month in range(first, first + months + 1):
        if month % every == 0 and datetime.MINYEAR <= month // 12 <= datetime.MAXYEAR:
            day = datetime.date(month // 12, month % 12 + 1, 1)
            if start <= day <= end:
                found.append(day)
    return found or [start]
