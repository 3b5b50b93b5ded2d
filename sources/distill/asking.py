"""Asks each request of a pilot once, within its cap and its time, and keeps what comes at once."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sources.base import SourceError
from sources.distill.answers import REJECTED, read
from sources.distill.endpoint import Endpoint, Loss, Outcome, Rejection, Reply
from sources.distill.job import OTHERS, Job, Request
from sources.distill.journal import End, Journal
from sources.distill.refusals import refusal
from sources.distill.retries import ATTEMPTS, wait

GRACE = 10.0  # seconds that answers under way may still take when the run is broken off
UNTOLD = 4.0  # tokens a token counted here, where the server counts none: every few bytes are one
LEAST = 1.0  # seconds that must be left for a request to be sent
DOUBT = 10.0  # a call under way is held to cost up to so many times the most that it should
_NAP = 0.5  # seconds between looks at the clock
Reason = Literal["done", "cap", "time", "failed"]


@dataclass(frozen=True)
class Limits:
    """cap [currency] of these requests in all runs, concurrency [request], timeout [s/request],
    time_limit [s] of this run."""

    cap: float
    concurrency: int
    timeout: float
    time_limit: float


@dataclass(frozen=True)
class Ending:
    """Why a run ended, and the last problem that kept it from being done."""

    reason: Reason
    problem: str = ""


@dataclass(frozen=True)
class _Flight:
    request: Request
    start: int
    worst: float


def ask(
    job: Job,
    endpoint: Endpoint,
    journal: Journal,
    limits: Limits,
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Ending:
    """Asks what the journal holds no answer to. Raises SourceError where the server will have none
    of it (a wrong key, an unknown model), KeyboardInterrupt when broken off; both can be resumed.

    Before a request is sent, the cap must hold what is known to be spent, what lost calls may have
    cost, ten times the most that calls under way should cost, and the most that this one should. So
    a server that keeps to the limit of tokens never breaks the cap, and one that goes up to tenfold
    beyond breaks it by one request at most; near the cap requests go one at a time. The first goes
    alone: its answer tells how the server counts tokens. Where one costs more than it should, all
    others follow one at a time, and are held to cost as much.
    """

    async def run() -> Ending:
        async with endpoint:
            return await _Run(job, endpoint, journal, limits, progress).go()

    return asyncio.run(run())


class _Run:
    """The state of one run; everything happens in one thread, between two awaits."""

    def __init__(
        self,
        job: Job,
        endpoint: Endpoint,
        journal: Journal,
        limits: Limits,
        progress: Callable[[float, float], None],
    ) -> None:
        self.job, self.endpoint, self.journal, self.limits = job, endpoint, journal, limits
        self.progress = progress
        calls = journal.calls({each.key for each in job.requests})
        answered = {each.key for each in calls if each.outcome == "answered"}
        self.spent = sum((each.cost or 0.0) + each.possible for each in calls)
        self.done = len(answered)
        self.order = itertools.count()
        self.waiting: list[tuple[float, int, Request]] = []  # not before this time
        for request in job.requests:
            if request.key not in answered:
                heapq.heappush(self.waiting, (0.0, next(self.order), request))
        self.flying: dict[asyncio.Task[Outcome], _Flight] = {}
        self.attempts: Counter[str] = Counter()
        self.factor, self.least, self.width = OTHERS, 0.0, 1
        self.pause = 0.0  # no request before this time
        self.problem, self.failed = "", 0
        self.streak = 0  # failures since the last answer, limits of rate not counted
        self.fatal: SourceError | None = None
        self.deadline = time.monotonic() + limits.time_limit
        # what is sent later could hardly be answered, but might be paid
        self.last = self.deadline - min(LEAST, limits.time_limit / 4)

    async def go(self) -> Ending:
        try:
            while self.waiting or self.flying:
                blocked = self._launch()
                if not self.flying and (end := self._stuck(blocked)):
                    return end
                await self._look()
        except asyncio.CancelledError:
            await self._drain()
            raise
        if self.fatal:
            raise self.fatal
        return Ending("failed", self.problem) if self.failed else Ending("done")

    def _stuck(self, blocked: bool) -> Ending | None:
        """Why nothing more can be asked, if so."""
        if self.fatal:
            raise self.fatal
        if blocked:
            return Ending("cap", self.problem)
        first = max(self.pause, self.waiting[0][0]) if self.waiting else 0.0
        if first >= self.last or time.monotonic() >= self.last:
            return Ending("time", self.problem)
        if self._hopeless():
            return Ending("failed", self.problem)
        return None

    def _hopeless(self) -> bool:
        """Whether the server answers no more, neither the first request nor several at once."""
        return self.streak >= ATTEMPTS * self.width

    def _launch(self) -> bool:
        """Sends what may be sent now; True if the cap is in the way."""
        while self.waiting and len(self.flying) < self.width and not self.fatal:
            now = time.monotonic()
            if now < max(self.pause, self.waiting[0][0]) or now >= self.last:
                return False
            if self._hopeless():
                return False
            request = self.waiting[0][2]
            timeout = min(self.limits.timeout, self.deadline - now)
            worst = max(self.least, self.job.worst(request, self.factor, self.limits.timeout))
            held = DOUBT * sum(each.worst for each in self.flying.values())
            if self.spent + held + worst > self.limits.cap:
                return not self.flying
            heapq.heappop(self.waiting)
            start = self.journal.start(request.key, worst)
            task = asyncio.create_task(self.endpoint.ask(self.job.body(request), timeout))
            self.flying[task] = _Flight(request, start, worst)
        return False

    async def _look(self) -> None:
        """Waits until an answer is there or something may be sent, and keeps what came."""
        now = time.monotonic()
        nap = (
            min(_NAP, max(0.0, max(self.pause, self.waiting[0][0]) - now)) if self.waiting else _NAP
        )
        if not self.flying:
            await asyncio.sleep(nap)
            return
        full = not self.waiting or len(self.flying) >= self.width or nap == 0.0
        timeout = None if full else nap
        found, _ = await asyncio.wait(
            self.flying, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
        )
        for task in found:
            self._land(task)

    async def _drain(self) -> None:
        """Broken off: nothing new is sent, answers under way are waited for a little."""
        if self.flying:
            found, _ = await asyncio.wait(self.flying, timeout=GRACE)
            for task in found:
                self._land(task)

    def _land(self, task: asyncio.Task[Outcome]) -> None:
        flight = self.flying.pop(task)
        outcome = task.result()
        if isinstance(outcome, Reply):
            self._answered(flight, outcome)
        elif isinstance(outcome, Loss):
            detail = {"problem": outcome.problem}
            self.journal.end(End(flight.start, "lost", None, outcome.seconds, detail))
            self.spent += flight.worst
            self._again(flight.request, outcome.problem, None, limited=False)
        else:
            self._rejected(flight, outcome)

    def _answered(self, flight: _Flight, reply: Reply) -> None:
        answer = read(reply.payload, self.job.form)
        sent, made = answer.input_tokens, answer.output_tokens
        if REJECTED in reply.payload:
            cost = 0.0
        elif sent is None or made is None:
            cost = flight.worst  # the server does not say: the most is taken
            self.factor = max(self.factor, UNTOLD)
        else:
            cost = self.job.cost(sent, made, reply.seconds, answer.cached_tokens)
            self.factor = max(self.factor, OTHERS * sent / flight.request.counted)
        end = End(flight.start, "answered", cost, reply.seconds, dict(reply.payload))
        self.journal.end(end)
        self.spent += cost
        self.done += 1
        self.streak = 0
        if cost > flight.worst * (1 + 1e-9):
            self.least = max(self.least, cost)
        self.width = 1 if self.least else self.limits.concurrency
        self.progress(self.done, len(self.job.requests))

    def _rejected(self, flight: _Flight, outcome: Rejection) -> None:
        detail = {"status": outcome.status, "problem": outcome.message}
        self.journal.end(End(flight.start, "rejected", 0.0, None, detail))
        known = f"{self.endpoint.host} answers {outcome.status}: {outcome.message}"
        problem = known if outcome.status else f"{self.endpoint.host} {outcome.message}"
        if outcome.wait:
            problem += f" (wait {outcome.wait:g} s)"
        if outcome.again:
            self._again(flight.request, problem, outcome.wait, limited=outcome.limited)
        elif self.fatal is None:
            self.fatal = refusal(outcome, problem, self.job)

    def _again(self, request: Request, problem: str, asked: float | None, limited: bool) -> None:
        """Puts a request back for later, unless it has failed too often."""
        self.problem = problem
        self.attempts[request.key] += 1
        attempt = self.attempts[request.key]
        self.streak += not limited
        if attempt >= ATTEMPTS and not limited:
            self.failed += 1
            return
        later = time.monotonic() + wait(attempt, asked, random.random())
        if limited:
            self.pause = max(self.pause, later)
        heapq.heappush(self.waiting, (later, next(self.order), request))
