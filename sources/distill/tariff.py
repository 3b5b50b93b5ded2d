"""What one request costs, priced by itself, and how much a run may spend."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from functools import cache

from sources import prices
from sources.base import Context, Fault, SourceError
from sources.teaching import MILLION, Settings

SMALLEST_CAP = 0.05  # [USD] of a run whose cost is next to nothing
Cost = Callable[[int, int, float], float]


def tariff(
    model: Settings, context: Context, *, date: datetime.date, batch: bool, concurrency: int
) -> Cost:
    """The cost [currency] of one request from its tokens in, tokens out and seconds.

    A machine paid by the hour works at `concurrency` requests at once: each costs its share of the
    time. Raises SourceError for a teacher whose price nobody knows.
    """
    if model.compute_per_hour is not None:
        per_second = model.compute_per_hour.value / 3600 / concurrency
        return lambda sent, made, seconds: per_second * seconds
    if model.price is not None:
        ways = (model.price.input_per_million, model.price.output_per_million)
        per_token = [each.value / MILLION for each in ways]
        return lambda sent, made, seconds: sent * per_token[0] + made * per_token[1]
    teacher, rate = model.teacher or "", context.usd_rate
    if rate is None:
        problem = f"its price is in USD, the project in {context.currency}"
        raise SourceError([Fault("teacher", teacher, problem, "give usd_rate in the project")])

    @cache
    def request(sent: int, made: int) -> float:
        found = prices.price(teacher, sent, made, date, batch=batch, provider=model.provider)
        return found.request * rate

    request(1, 1)  # says now if there is no price
    return lambda sent, made, seconds: request(sent, made)


def usual_cap(expected: float, worst: float, concurrency: int, usd_rate: float | None) -> float:
    """A cap [currency] that does not stop an ordinary run: twice what it is expected to cost, and
    room for as many of the dearest requests as are under way at once; whole cents.

    expected  [currency] of all requests;  worst  [currency] of the dearest one
    """
    most = max(SMALLEST_CAP * (usd_rate or 1.0), 2 * expected, expected + (concurrency + 1) * worst)
    return math.ceil(most * 100 - 1e-9) / 100
