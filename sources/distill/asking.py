"""Asks each request of a pilot once, within its cap and its time, and keeps what comes at once."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from sources.base import SourceError
from sources.distill.answers import read
from sources.distill.endpoint import ODD, Endpoint, Filtered, Loss, Outcome, Rejection, Reply
from sources.distill.job import OTHERS, Job, Request
from sources.distill.journal import End, Journal
from sources.distill.refusals import refusal
from sources.distill.retries import ATTEMPTS, wait

GRACE = 10.0  # seconds that answers under way may still take when the run is broken off
UNTOLD = 4.0  # tokens a token counted here, where the server counts none: every few bytes are one
LEAST = 1.0  # seconds that must be left for a request to be sent
DOUBT = 10.0  # a call under way is held to cost up to so many times the most that it should
MARGIN = 2.0  # and so many times the dearest answer so far
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


@dataclass
class _Flight:
    """A call under way; `share` [s] is its part of the time, divided among all at once."""

    request: Request
    start: int
    worst: float
    share: float = 0.0


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
    cost, the most that this one should cost, and of each call under way ten times the most that it
    should, or twice the dearest answer so far. So a server that keeps to the limit of tokens never
    breaks the cap, and one that goes up to tenfold beyond breaks it by one request at most; near
    the cap requests go one at a time. The first goes alone, then two, four and so on, each step
    after as many answers: a server that goes further beyond the limit shows itself early, and from
    then on all others go one at a time, and are held to cost as much. One that begins to do so late
    can break the cap by as many requests as are under way at that moment.
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
        answered = {each.key for each in calls if each.over}
        self.spent = sum((each.cost or 0.0) + each.possible for each in calls)
        self.done = len(answered)
        self.order = itertools.count()
        self.waiting: list[tuple[float, int, Request]] = []  # not before this time
        for request in job.requests:
            if request.key not in answered:
                heapq.heappush(self.waiting, (0.0, next(self.order), request))
        self.flying: dict[asyncio.Task[Outcome], _Flight] = {}
        self.attempts: Counter[str] = Counter()
        beyond = [each.cost or 0.0 for each in calls if _beyond(each.cost, each.reserve)]
        self.factor, self.width, self.wins = OTHERS, 1, 0
        self.least = 0.0 if job.local else max(beyond, default=0.0)  # of a server beyond its limits
        self.dearest = max((each.cost or 0.0 for each in calls), default=0.0)
        self.looked = time.monotonic()
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
            alone = self.limits.timeout / self.width  # of the time of a machine paid by the hour
            worst = max(self.least, self.job.worst(request, self.factor, alone))
            if self.spent + self._held() + worst > self.limits.cap:
                return not self.flying
            heapq.heappop(self.waiting)
            self._share_time()
            start = self.journal.start(request.key, worst)
            task = asyncio.create_task(self.endpoint.ask(self.job.body(request), timeout))
            self.flying[task] = _Flight(request, start, worst)
        return False

    def _held(self) -> float:
        """What the calls under way are held to cost at most [currency]."""
        if self.job.local:  # its time is ours to end
            return sum(each.worst for each in self.flying.values())
        least = MARGIN * self.dearest
        return sum(max(DOUBT * each.worst, least) for each in self.flying.values())

    def _share_time(self) -> None:
        """Divides the time since the last look among the calls that were under way."""
        now = time.monotonic()
        for each in self.flying.values():
            each.share += (now - self.looked) / len(self.flying)
        self.looked = now

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
        self._share_time()
        flight = self.flying.pop(task)
        outcome = task.result()
        if isinstance(outcome, Reply):
            try:
                self._answered(flight, outcome)
            except ODD as error:  # of one odd answer
                outcome = Loss(f"the answer cannot be read: {type(error).__name__}", 0.0)
        if isinstance(outcome, Loss):
            self._lost(flight, outcome)
        elif isinstance(outcome, Rejection):
            self._rejected(flight, outcome)
        elif isinstance(outcome, Filtered):
            detail = {"problem": outcome.message}
            self.journal.end(End(flight.start, "filtered", 0.0, None, detail))
            self._went_well()

    def _answered(self, flight: _Flight, reply: Reply) -> None:
        answer = read(reply.payload, self.job.form)
        known = self.job.paid(answer, flight.share, flight.worst)
        payload = json.loads(json.dumps(reply.payload))  # it can be kept
        cost = flight.worst if known is None else known  # not said: the most is taken
        factor = UNTOLD
        if known is not None and answer.input_tokens is not None:
            factor = OTHERS * answer.input_tokens / flight.request.counted
        self.journal.end(End(flight.start, "answered", cost, reply.seconds, payload))
        self.factor = max(self.factor, factor)
        self.spent += cost
        self.dearest = max(self.dearest, cost)
        if not self.job.local and _beyond(cost, flight.worst):
            self.least = max(self.least, cost)
        self._went_well()

    def _went_well(self) -> None:
        self.done += 1
        self.streak = 0
        self.wins += 1
        if self.least:
            self.width = 1
        elif self.wins >= self.width:
            self.width, self.wins = min(2 * self.width, self.limits.concurrency), 0
        self.progress(self.done, len(self.job.requests))

    def _lost(self, flight: _Flight, outcome: Loss) -> None:
        known = f"{self.endpoint.host} answers {outcome.status}: {outcome.problem}"
        problem = known if outcome.status else outcome.problem
        detail = {"problem": outcome.problem, "status": outcome.status}
        self.journal.end(End(flight.start, "lost", None, outcome.seconds, detail))
        self.spent += flight.worst
        self._go_on(flight.request, replace(outcome, problem=problem))

    def _rejected(self, flight: _Flight, outcome: Rejection) -> None:
        detail = {"status": outcome.status, "problem": outcome.message}
        self.journal.end(End(flight.start, "rejected", 0.0, None, detail))
        known = f"{self.endpoint.host} answers {outcome.status}: {outcome.message}"
        problem = known if outcome.status else f"{self.endpoint.host} {outcome.message}"
        again, wait = outcome.again, outcome.wait
        self._go_on(flight.request, Loss(problem, 0.0, outcome.status, again, wait))

    def _go_on(self, request: Request, found: Loss) -> None:
        """Puts a request back for later, unless the server wants none of it."""
        message = found.problem
        if found.wait:
            found = replace(found, problem=f"{message} (wait {found.wait:g} s)")
        if found.again:
            self._again(request, found)
        elif self.fatal is None:
            self.fatal = refusal(found.status, message, found.problem, self.job)

    def _again(self, request: Request, found: Loss) -> None:
        """Puts a request back for later, unless it has failed too often. A limit of the rate is no
        failure."""
        self.problem = found.problem
        self.attempts[request.key] += 1
        attempt, limited = self.attempts[request.key], found.status == 429
        self.streak += not limited
        if attempt >= ATTEMPTS and not limited:
            self.failed += 1
            return
        later = time.monotonic() + wait(attempt, found.wait, random.random())
        if limited or found.wait is not None:
            self.pause = max(self.pause, later)
        heapq.heappush(self.waiting, (later, next(self.order), request))


def _beyond(cost: float | None, reserve: float) -> bool:
    """Whether an answer cost more than it may."""
    return cost is not None and cost > reserve * (1 + 1e-9)
