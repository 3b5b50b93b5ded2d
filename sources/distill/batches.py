"""Asks a pilot by the batch interface: a file of requests, created once, polled, and collected.

Each step is noted in the journal before the next one, under a mark that the server keeps in the
batch's metadata. A run that was killed after the batch was created, but before its id was noted,
finds it again by that mark, and creates no other; so does one that got no clear answer.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sources.base import Fault, SourceError
from sources.distill.answers import is_completion, read
from sources.distill.asking import LEAST, Ending, Limits
from sources.distill.endpoint import ODD, Endpoint, Filtered, Loss, Rejection
from sources.distill.job import OTHERS, Job, Request
from sources.distill.journal import Call, End, Journal, Outcome
from sources.distill.refusals import refusal
from sources.distill.retries import ATTEMPTS, wait

MARK = "dataplan"  # key of a batch's metadata
WINDOW = "24h"
POLL = (2.0, 60.0)  # seconds between looks at a batch, first and at most
PAGES = 1000  # of a list of batches that are looked through, at most
SLACK = 3600.0  # seconds that the server's clock may be behind ours
_UNSENT = {"problem": "was never sent"}
_LATER = "run the same command again later"
_COMPLETED = "the batch completed"
_OVER = ("completed", "failed", "expired", "cancelled")
Progress = Callable[[float, float], None]


def ask_by_batch(
    job: Job,
    endpoint: Endpoint,
    journal: Journal,
    limits: Limits,
    progress: Progress = lambda done, total: None,
) -> Ending:
    """Sends what the journal holds no answer to as one batch, waits for it, and keeps the answers.

    A batch that is under way already is waited for first. At the time limit the batch goes on: the
    same call later collects it. Raises SourceError as `asking.ask` does.
    """

    async def run() -> Ending:
        async with endpoint:
            return await _Batches(job, endpoint, journal, limits, progress).go()

    return asyncio.run(run())


def open_batches(job: Job, journal: Journal) -> dict[str, dict[str, str]]:
    """The batches with requests of the job that were not collected: mark -> event -> value."""
    mine = {each.batch for each in journal.calls({each.key for each in job.requests})}
    return {
        mark: events
        for mark, events in journal.batches().items()
        if mark in mine and "collected" not in events
    }


def drop_unsent(job: Job, journal: Journal) -> None:
    """Ends the batches of which nothing was sent before a run was killed: they cost nothing."""
    for mark, events in open_batches(job, journal).items():
        if "uploaded" not in events:
            _drop(mark, journal)


def _drop(mark: str, journal: Journal) -> None:
    calls = [each for each in journal.calls() if each.batch == mark]
    journal.end_batch(mark, [End(each.start, "rejected", 0.0, None, _UNSENT) for each in calls])


class _NotTaken(SourceError):
    """The server refused: nothing came of the call."""


class _Gone(SourceError):
    """The server does not know what was asked for."""


class _Doubtful(SourceError):
    """Nobody knows whether anything came of the call."""


class _TimeOver(Exception):
    """Of the run."""


class _Batches:
    def __init__(
        self, job: Job, endpoint: Endpoint, journal: Journal, limits: Limits, progress: Progress
    ) -> None:
        self.job, self.endpoint, self.journal, self.limits = job, endpoint, journal, limits
        self.progress = progress
        self.requests = {each.key: each for each in job.requests}
        self.deadline = time.monotonic() + limits.time_limit

    async def go(self) -> Ending:
        drop_unsent(self.job, self.journal)
        mark = ""
        try:
            for mark, events in open_batches(self.job, self.journal).items():
                await self.finish(mark, events)
            calls = self.journal.calls(self.requests)
            answered = {each.key for each in calls if each.over}
            left = [each for each in self.job.requests if each.key not in answered]
            chosen = list(self.within_cap(left, calls))
            if chosen:
                mark = uuid.uuid4().hex
                self.journal.start_batch(mark, chosen)
                await self.finish(mark, {})
        except _TimeOver:
            noted = self.journal.batches().get(mark, {})
            if "uploaded" not in noted:
                _drop(mark, self.journal)
                return Ending("time", "no batch was created yet")
            return Ending("time", f"batch {noted.get('created', mark)} is still under way")
        except _Gone as error:
            calls = [each for each in self.journal.calls() if each.batch == mark]
            problem = str(error.faults[0].problem)
            ends = [End(each.start, "lost", None, None, {"problem": problem}) for each in calls]
            self.journal.end_batch(mark, ends)
            return Ending("failed", f"{problem}: what was in the batch is lost, and may be paid")
        return self.ending(left, chosen)

    def ending(self, left: Sequence[Request], chosen: Sequence[tuple[str, float]]) -> Ending:
        calls = self.journal.calls({key for key, _ in chosen})
        answered = {each.key for each in calls if each.over}
        ended = [each for each in calls if each.outcome in ("rejected", "lost")]
        problems = [str(each.detail.get("problem")) for each in ended]
        if len(chosen) < len(left):
            return Ending("cap")
        missing = len(chosen) - len(answered)
        return Ending("failed", problems[-1]) if missing and problems else Ending("done")

    def within_cap(
        self, left: Sequence[Request], calls: Sequence[Call]
    ) -> Iterator[tuple[str, float]]:
        """The requests that the cap holds even if each costs the most it may [currency]."""
        spent = sum((each.cost or 0.0) + each.possible for each in calls)
        for request in left:
            worst = self.job.worst(request, OTHERS, 0.0)
            if spent + worst > self.limits.cap:
                return
            spent += worst
            yield request.key, worst

    async def finish(self, mark: str, events: dict[str, str]) -> None:
        """Goes on with a batch from where its notes end. Raises _TimeOver and _Gone."""
        calls = [each for each in self.journal.calls() if each.batch == mark]
        batch = events.get("created")
        if batch is None and "uploaded" in events:
            batch = await self.found(mark, calls)
        if batch is None:
            try:
                batch = await self.created(mark, events.get("uploaded"), calls)
            except _NotTaken:
                _drop(mark, self.journal)
                raise
        delay = POLL[0]
        while True:
            state = await self.manage("batches.retrieve", batch_id=batch)
            if state.get("status") in _OVER:
                break
            done = _table(state.get("request_counts")).get("completed")
            self.progress(done if isinstance(done, int) else 0, len(calls))
            if time.monotonic() + delay > self.deadline:
                raise _TimeOver
            await asyncio.sleep(delay)
            delay = min(POLL[1], delay * 1.5)
        await self.collect(mark, calls, state)

    async def found(self, mark: str, calls: Sequence[Call]) -> str | None:
        """The id of the batch with this mark; None if there is none.

        Raises SourceError where the list cannot be read back to the time of the batch: then nobody
        knows whether there is one, and none must be created.
        """
        planned = min((each.at for each in calls), default=0.0) - SLACK
        after: dict[str, Any] = {}
        seen: set[str] = set()
        for _ in range(PAGES):
            try:
                known = await self.manage("batches.list", limit=100, **after)
            except (_NotTaken, _Gone) as error:
                raise SourceError(error.faults) from None
            rows = known.get("data")
            page = _tables(rows)
            for each in page:
                if _table(each.get("metadata")).get(MARK) == mark and _named(each):
                    self.journal.note(mark, "created", each["id"])
                    return str(each["id"])
            times = [each.get("created_at") for each in page]
            if isinstance(rows, list) and not known.get("has_more"):
                return None
            if any(isinstance(at, int | float) and at < planned for at in times):
                return None
            last = page[-1].get("id") if page else None
            if not isinstance(last, str) or last in seen:
                break
            seen.add(last)
            after = {"after": last}
        problem = f"{self.endpoint.host} lists its batches in a way that cannot be read to the end"
        advice = f"{_LATER}: a batch of the earlier run may be there, and no second is created"
        raise SourceError([Fault("--batch", None, problem, advice)])

    async def created(self, mark: str, file: str | None, calls: Sequence[Call]) -> str:
        """The id of a new batch, of the file that is uploaded already or now. Where the server
        gives no clear answer it is looked for, and never created twice by one run."""
        if file is None:
            lines = b"".join(self.line(each) for each in calls)
            sent = await self.manage("files.create", file=(f"{mark}.jsonl", lines), purpose="batch")
            if not _named(sent):
                raise self.unreadable()
            file = str(sent["id"])
            self.journal.note(mark, "uploaded", file)
        try:
            made = await self.manage(
                "batches.create",
                input_file_id=file,
                endpoint="/v1/chat/completions",
                completion_window=WINDOW,
                metadata={MARK: mark},
            )
            if not _named(made):
                raise _Doubtful(self.unreadable().faults)
        except _Doubtful:
            batch = await self.found(mark, calls)
            if batch is None:
                await asyncio.sleep(min(POLL[0], max(0.0, self.deadline - time.monotonic())))
                batch = await self.found(mark, calls)
            if batch is None:
                raise  # a later run looks again before it creates one
            return batch
        self.journal.note(mark, "created", str(made["id"]))
        return str(made["id"])

    def line(self, call: Call) -> bytes:
        row = {
            "custom_id": str(call.start),
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": self.job.body(self.requests[call.key]),
        }
        return json.dumps(row).encode() + b"\n"

    async def collect(self, mark: str, calls: Sequence[Call], state: dict[str, Any]) -> None:
        """Keeps every answer and every error; what is in neither file was not asked."""
        found: dict[str, dict[str, Any]] = {}
        for key in ("output_file_id", "error_file_id"):
            if isinstance(state.get(key), str) and state[key]:
                for row in await self.rows(state[key]):
                    found[str(row.get("custom_id"))] = row
        failed = [str(each.get("message")) for each in _errors(state)]
        why = f"the batch {state['status']}" + (f": {failed[0]}" if failed else "")
        ends = [self.ended(call, found.get(str(call.start)), why) for call in calls]
        self.journal.end_batch(mark, ends)
        self.progress(len(ends), len(calls))

    def ended(self, call: Call, row: dict[str, Any] | None, why: str) -> End:
        """How a call ended; one whose line cannot be read may have been paid."""
        try:
            end = self.end(call, row, why)
            json.dumps(end.detail)
        except ODD as error:
            problem = f"its line cannot be read: {type(error).__name__}"
            return End(call.start, "lost", None, None, {"problem": problem})
        return end

    def end(self, call: Call, row: dict[str, Any] | None, why: str) -> End:
        row = row or {}
        answer = row.get("response")
        if answer is not None and not isinstance(answer, dict):
            raise TypeError("no response")
        answer = answer or {}
        body, status = self.endpoint.scrubbed(answer.get("body")), answer.get("status_code")
        if status == 200 and is_completion(body):
            known = self.job.paid(read(body, self.job.form), 0.0, call.reserve)
            cost = call.reserve if known is None else known  # not said: the most is taken
            return End(call.start, "answered", cost, None, body)
        error = _table(body).get("error") or self.endpoint.scrubbed(row.get("error")) or {}
        said = error.get("message") if isinstance(error, dict) else error
        missing = f"{why} without it" if why == _COMPLETED and not row else why
        detail = {"problem": self.endpoint.told(str(said or missing))}
        if _table(error).get("code") in ("content_filter", "content_policy_violation"):
            return End(call.start, "filtered", 0.0, None, detail)
        # of a batch that was completed every line is somewhere: one that is not here may be paid
        made = not row and why == _COMPLETED
        if isinstance(status, int):
            made = status < 400 or status == 408 or status >= 500
        outcome: Outcome = "lost" if made else "rejected"
        return End(call.start, outcome, None if made else 0.0, None, detail)

    async def rows(self, file: str) -> list[dict[str, Any]]:
        """The lines of a file of the server's; a line that cannot be read counts as missing."""
        text = await self.fetch("files.content", file_id=file)
        found = []
        for line in text.splitlines():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(row, dict):
                found.append(row)
        return found

    def unreadable(self) -> SourceError:
        problem = f"{self.endpoint.host} has no batch interface that can be read"
        return SourceError([Fault("--batch", None, problem, "run without --batch")])

    async def manage(self, name: str, **given: Any) -> dict[str, Any]:
        """A call that costs nothing by itself; its answer as JSON."""
        text = await self.fetch(name, **given)
        try:
            found = self.endpoint.scrubbed(json.loads(text))
        except ODD:
            found = None
        if isinstance(found, dict):
            return found
        faults = self.unreadable().faults
        raise _Doubtful(faults) if name == "batches.create" else SourceError(faults)

    async def fetch(self, name: str, **given: Any) -> bytes:
        """The body of an answer, asked for again where the server is busy. Raises SourceError."""
        creates = name == "batches.create"
        found: Any = None
        for attempt in range(1, ATTEMPTS + 1):
            left = self.deadline - time.monotonic()
            if left <= (min(LEAST, self.limits.time_limit / 4) if creates else 0.0):
                raise _TimeOver
            found = await self.endpoint.call(name, min(self.limits.timeout, left), **given)
            if isinstance(found, bytes):
                return found
            unclear = isinstance(found, Loss) or (
                isinstance(found, Rejection) and found.status == 409
            )
            if creates and unclear:
                break
            again = not isinstance(found, Filtered) and found.again
            pause = wait(attempt, getattr(found, "wait", None), random.random())
            if not again or attempt == ATTEMPTS:
                break
            if time.monotonic() + pause > self.deadline:
                raise _TimeOver
            await asyncio.sleep(pause)
        raise self.fault(name, found)

    def fault(self, name: str, found: Filtered | Rejection | Loss) -> SourceError:
        """What to do about a call that brought nothing."""
        status = 0 if isinstance(found, Filtered) else found.status
        what = found.problem if isinstance(found, Loss) else found.message
        answers = f"{self.endpoint.host} answers {status}: {what}"
        problem = answers if status else f"{self.endpoint.host}: {what}"
        if status == 404 and name in ("batches.retrieve", "files.content"):
            return _Gone([Fault("--batch", None, problem, _LATER)])
        if isinstance(found, Loss) or status == 409:
            kind = _Doubtful if name == "batches.create" else SourceError
            return kind([Fault("--batch", None, problem, _LATER)])
        if isinstance(found, Rejection) and found.again:
            return SourceError([Fault("--batch", None, problem, _LATER)])
        if status in (404, 405, 501):
            return _NotTaken([Fault("--batch", None, problem, "run without --batch")])
        return _NotTaken(refusal(status, what, problem, self.job).faults)


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _named(value: dict[str, Any]) -> bool:
    return isinstance(value.get("id"), str) and bool(value["id"])


def _errors(state: dict[str, Any]) -> list[dict[str, Any]]:
    return _tables(_table(state.get("errors")).get("data"))
