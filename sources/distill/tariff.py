"""What one request costs, priced by itself, and how much a run may spend."""

from __future__ import annotations

import datetime
import math
from functools import cache
from typing import Protocol

from sources import prices
from sources.base import Context, Fault, SourceError
from sources.teaching import MILLION, Settings

SMALLEST_CAP = 0.05  # [USD] of a run whose cost is next to nothing


class Cost(Protocol):
    """The cost [currency] of one request by its tokens in, tokens out and seconds; `cached` of the
    tokens in were read from the provider's cache."""

    def __call__(self, sent: int, made: int, seconds: float, cached: int = 0) -> float:
        """Cost of one request [currency]."""


def tariff(model: Settings, context: Context, *, date: datetime.date, batch: bool) -> Cost:
    """What a request to the source's teacher costs. Raises SourceError where nobody knows it.

    A price of the project's own counts as it is, cached or by batch. Of a machine paid by the hour
    `seconds` are the request's share of it: its time, divided among those that ran at once.
    """
    if model.compute_per_hour is not None:
        per_second = model.compute_per_hour.value / 3600
        return lambda sent, made, seconds, cached=0: per_second * seconds
    if model.price is not None:
        ways = (model.price.input_per_million, model.price.output_per_million)
        per_token = [each.value / MILLION for each in ways]
        return lambda sent, made, seconds, cached=0: sent * per_token[0] + made * per_token[1]
    teacher, rate = model.teacher or "", context.usd_rate
    if rate is None:
        problem = f"its price is in USD, the project in {context.currency}"
        raise SourceError([Fault("teacher", teacher, problem, "give usd_rate in the project")])

    @cache
    def request(sent: int, made: int, cached: int) -> float:
        read = 0 if batch else min(cached, sent)  # the two discounts are not both given
        found = prices.price(
            teacher, sent, made, date, cached_tokens=read, batch=batch, provider=model.provider
        )
        return found.request * rate

    request(1, 1, 0)  # says now if there is no price
    return lambda sent, made, seconds, cached=0: request(sent, made, cached)


def usual_cap(expected: float, worst: float, concurrency: int, usd_rate: float | None) -> float:
    """A cap [currency] that does not stop an ordinary run: twice what it is expected to cost, and
    room for as many of the dearest requests as are under way at once; whole cents. Raises
    SourceError where that is no number.

    expected  [currency] of all requests;  worst  [currency] of the dearest one
    """
    most = max(SMALLEST_CAP * (usd_rate or 1.0), 2 * expected, expected + (concurrency + 1) * worst)
    if not math.isfinite(most * 100):
        problem = "a run would cost more than can be counted"
        raise SourceError([Fault("request", None, problem, "check the price and --timeout")])
    return math.ceil(most * 100 - 1e-9) / 100
