"""Days of time stamps, whatever their form, and how much comes in by the week.

A stamp is a date or a time in ISO 8601 or as in mails (RFC 5322), or a number: seconds since 1970,
or milli-, micro- or nanoseconds if it is that large, or a date like 20261124. A time without a zone
is UTC.
"""

from __future__ import annotations

import datetime
import email.utils
import math
from typing import Any

import numpy as np

from sources.corpus import Growth, Rate

MTIME = "mtime"  # instead of a column: when the file was last changed
UNDATED = 2**31 - 1  # day of a document without a readable stamp
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_FIRST, _LAST = 1, 2 * 36524  # days since 1970 that are taken for a date: up to the year 2169
_DAY = 86_400.0  # [s]
_UNITS = (1.0, 1e3, 1e6, 1e9)  # of a number, per second
_DATES = (19700102, 21691231)  # numbers that are read as dates
_HUGE = 1e30  # no number from here on is a time
_MONDAY = 4  # days from 1 January 1970, a Thursday, to a Monday
_WEEKS = 26  # whole weeks that growth is taken from, at most
_ENDS = (5, 50, 95)  # percentiles


def day(stamp: Any) -> int:
    """Days since 1 January 1970, UTC; UNDATED if the stamp cannot be read."""
    found: float | None
    if isinstance(stamp, datetime.datetime):
        found = _of_time(stamp)
    elif isinstance(stamp, datetime.date):
        found = stamp.toordinal() - _EPOCH
    elif isinstance(stamp, bool) or stamp is None:
        found = None
    elif isinstance(stamp, int | float):
        found = _of_number(float(stamp)) if abs(stamp) < _HUGE else None
    else:
        found = _of_text(str(stamp).strip())
    return UNDATED if found is None or not _FIRST <= found <= _LAST else math.floor(found)


def _of_time(time: datetime.datetime) -> float:
    try:
        utc = time if time.tzinfo is None else time.astimezone(datetime.UTC)
    except OverflowError:  # within a day of the first or last year there is
        utc = time
    return utc.toordinal() - _EPOCH


def _of_number(number: float) -> float | None:
    if not math.isfinite(number) or number <= 0:
        return None
    if _DATES[0] <= number <= _DATES[1] and number.is_integer():
        try:
            return datetime.date.fromisoformat(str(int(number))).toordinal() - _EPOCH
        except ValueError:
            pass
    return next((d for unit in _UNITS if (d := number / unit / _DAY) <= _LAST), None)


def _of_text(text: str) -> float | None:
    try:
        return _of_number(float(text))
    except ValueError:
        pass
    try:
        return _of_time(datetime.datetime.fromisoformat(text.replace("/", "-")))
    except (ValueError, OverflowError):
        pass
    try:
        return _of_time(email.utils.parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def growth(days: Any, tokens: Any) -> Growth:
    """What came in by the week, from the day of each document and its tokens.

    Robust: the median of the last whole weeks, weeks without any document included, so that neither
    one import of an old archive nor a holiday decides.
    """
    dated = days != UNDATED
    undated = int((~dated).sum())
    if not dated.any():
        return Growth(None, None, 0, None, None, undated)
    days, tokens = days[dated], tokens[dated]
    first, last = int(days.min()), int(days.max())
    start = -(-(first - _MONDAY) // 7)  # number of the first whole week, and of that after the last
    stop = (last + 1 - _MONDAY) // 7
    start = max(start, stop - _WEEKS)
    weeks = (days - _MONDAY) // 7 - start
    inside = (weeks >= 0) & (weeks < stop - start)
    rates: list[Rate | None] = (
        [
            _rate(np.bincount(weeks[inside], each, stop - start))
            for each in (np.ones(int(inside.sum())), tokens[inside])
        ]
        if stop > start
        else [None, None]
    )
    one, other = (datetime.date.fromordinal(at + _EPOCH) for at in (first, last))
    return Growth(rates[0], rates[1], max(0, stop - start), one, other, undated)


def _rate(weeks: Any) -> Rate:
    low, median, high = (float(each) for each in np.percentile(weeks, _ENDS))
    return Rate(low, median, high)
