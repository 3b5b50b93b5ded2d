"""A pilot of a teacher: its options, its requests, and the most that each may cost."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sources.base import Fault
from sources.distill.answers import Answer, Form
from sources.distill.tariff import Cost

OTHERS = 1.2  # another model's tokens per token counted here, until its server has counted some
BELIEVED = 1000.0  # times the most that a request may cost: a count beyond it is taken for none
MOST_SECONDS = 1e6  # of a request or a run
MOST_BATCH = 50_000  # requests of a batch, developers.openai.com/api/docs/guides/batch


@dataclass(frozen=True)
class Options:
    """How the pilot is run. cap [currency], timeout [s/request], time_limit [s]."""

    n: int
    base_url: str | None = None
    cap: float | None = None
    concurrency: int = 4
    timeout: float = 60.0
    time_limit: float = 900.0
    batch: bool = False
    seed: int = 0
    date: datetime.date = field(default_factory=datetime.date.today)

    def faults(self) -> list[Fault]:
        """Everything wrong with the options, by the option's name."""
        found = []
        most = MOST_BATCH if self.batch else 1_000_000
        if not 1 <= self.n <= most:
            found.append(Fault("--n", self.n, f"must lie between 1 and {most:,}"))
        if self.cap is not None and not 0 < self.cap < math.inf:
            advice = "leave it out for twice what the run is expected to cost"
            found.append(Fault("--cap", self.cap, "must be positive and finite", advice))
        if not 1 <= self.concurrency <= 256:
            found.append(Fault("--concurrency", self.concurrency, "must lie between 1 and 256"))
        for key, seconds in (("--timeout", self.timeout), ("--time-limit", self.time_limit)):
            if not 0 < seconds <= MOST_SECONDS:
                problem = f"must be positive, and at most {MOST_SECONDS:,.0f} seconds"
                found.append(Fault(key, seconds, problem))
        return found


@dataclass(frozen=True)
class Request:
    """One question to the teacher; `key` tells it from every other, in all runs.

    repeat   0 the first time that this input is asked
    gold     the known label; None where there is none
    counted  tokens of the prompt as counted here, with what the chat and the schema add
    """

    key: str
    text: str
    prompt: str
    repeat: int
    gold: str | None
    counted: int


@dataclass(frozen=True)
class Job:
    """A pilot that can be run: requests, where to, what each may cost. Money in [currency].

    settings  of every request alike, the messages excepted
    limit     [token] most of one answer
    inputs    distinct inputs at hand
    """

    name: str
    model: str
    base_url: str
    settings: Mapping[str, Any]
    requests: tuple[Request, ...]
    form: Form
    limit: int
    cost: Cost
    cap: float
    expected: float
    currency: str
    local: bool
    inputs: int
    warnings: tuple[str, ...] = ()

    def body(self, request: Request) -> dict[str, Any]:
        """What is sent."""
        return {**self.settings, "messages": [{"role": "user", "content": request.prompt}]}

    def worst(self, request: Request, factor: float, timeout: float) -> float:
        """The most that a request may cost [currency], if the server's tokens are at most `factor`
        times those counted here."""
        return self.cost(math.ceil(request.counted * factor), self.limit, timeout)

    def paid(self, answer: Answer, seconds: float, reserve: float) -> float | None:
        """What an answer cost [currency]; None where the server does not say, or says what nobody
        believes: more than a thousand times the most that it may cost."""
        sent, made = answer.input_tokens, answer.output_tokens
        if self.local:
            return self.cost(0, 0, seconds)
        if sent is None or made is None:
            return None
        cost = self.cost(sent, made, seconds, answer.cached_tokens)
        return cost if 0 <= cost <= BELIEVED * reserve else None
