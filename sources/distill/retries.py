"""How long to wait before a request is sent again."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

FIRST, LONGEST = 0.5, 60.0  # seconds of the first wait without a word from the server, and at most
ATTEMPTS = 6  # of one request that fails for no limit of rate


def asked_wait(headers: Mapping[str, str], now: datetime.datetime) -> float | None:
    """Seconds that the server asks to wait; None where it does not say.

    Reads retry-after-ms, and Retry-After in seconds or as a date (RFC 9110, 10.2.3). `headers` has
    names in small letters, `now` has a zone. A date that is past is no wait.
    """
    for name, factor in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * factor
        except (KeyError, ValueError):
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    try:
        until = parsedate_to_datetime(headers["retry-after"])
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=datetime.UTC)
    return max(0.0, (until - now).total_seconds())


def wait(attempt: int, asked: float | None, draw: float) -> float:
    """Seconds before attempt number `attempt` + 1: doubled each time, with jitter, and never less
    than what the server asks. The first time its word is enough. `draw` is uniform between 0 and 1.
    """
    own = min(LONGEST, FIRST * 2.0 ** min(attempt - 1, 30)) * (0.5 + 0.5 * draw)
    if not asked:
        return own
    return max(asked * (1 + 0.1 * draw), own if attempt > 1 else 0.0)
