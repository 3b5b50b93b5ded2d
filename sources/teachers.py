"""Language models side by side: what the same number of kept examples costs with each."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass

from sources import prices
from sources.base import Fault, SourceError
from sources.prices import Price, Shutdown


@dataclass(frozen=True)
class Request:
    """Tokens of one request [token]: its prompt, those of it read from a cache, its answer."""

    input: int
    output: int
    cached: int = 0


@dataclass(frozen=True)
class Teacher:
    """A model at one size of request and one number of kept examples.

    keep_rate  usable answers per request [1]
    requests   needed for the kept examples [request]
    single     price of one request asked by itself [USD/request]
    batch      price of one request asked by batch; None where the catalogue has no such price
    retired    whether it answers no more at the date of the prices
    """

    keep_rate: float
    requests: int
    single: Price
    batch: Price | None
    shutdown: Shutdown | None
    retired: bool

    @property
    def cost(self) -> float:
        """Of all requests [USD], asked one by one."""
        return self.single.request * self.requests

    @property
    def batch_cost(self) -> float | None:
        """Of all requests [USD], asked by batch."""
        return None if self.batch is None else self.batch.request * self.requests

    @property
    def least(self) -> float:
        """Cost [USD] by the cheaper way of asking."""
        return self.cost if self.batch_cost is None else min(self.cost, self.batch_cost)


def compare(
    models: Sequence[str],
    size: Request,
    kept: int,
    date: datetime.date,
    *,
    keep_rates: Sequence[float] = (1.0,),
    provider: str | None = None,
) -> tuple[Teacher, ...]:
    """Each model's cost of `kept` usable examples, the cheapest first, retired ones last.

    keep_rates: one for all models, or one for each. Prices are those of one request, multiplied;
    every request is taken to have the same size. Raises SourceError with every fault found.
    """
    if len(keep_rates) not in (1, len(models)):
        problem = f"has {len(keep_rates)} values for {len(models)} models"
        raise SourceError([Fault("keep_rate", None, problem, "give one, or one for each model")])
    rates = list(keep_rates) * (len(models) if len(keep_rates) == 1 else 1)
    faults = [
        Fault("keep_rate", rate, "must be above 0 and at most 1")
        for rate in keep_rates
        if not 0 < rate <= 1
    ]
    found = []
    for model, rate in zip(models, rates, strict=True):
        try:
            single = _price(model, size, date, provider, batch=False)
        except SourceError as error:
            faults += error.faults
            continue
        try:
            batch = _price(model, size, date, provider, batch=True)
        except SourceError:
            batch = None
        end = prices.shutdown(model, single.provider)
        gone = end is not None and end.date <= date
        requests = math.ceil(kept / rate - 1e-9) if 0 < rate <= 1 else 0
        found.append(Teacher(rate, requests, single, batch, end, gone))
    if faults:
        raise SourceError(list(dict.fromkeys(faults)))
    return tuple(sorted(found, key=lambda each: (each.retired, each.least, each.single.model)))


def _price(
    model: str, size: Request, date: datetime.date, provider: str | None, *, batch: bool
) -> Price:
    return prices.price(
        model,
        size.input,
        size.output,
        date,
        cached_tokens=size.cached,
        batch=batch,
        provider=provider,
    )
