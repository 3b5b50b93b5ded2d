"""Asks a pilot by the batch interface: a file of requests, created once, polled, and collected.

Each step is noted in the journal before the next one, under a mark that the server keeps in the
batch's metadata. A run that was killed after the batch was created, but before its id was noted,
finds it again by that mark, and creates no other.
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
from sources.distill.answers import REJECTED, is_completion, read
from sources.distill.asking import Ending, Limits
from sources.distill.endpoint import Endpoint, Loss, Rejection
from sources.distill.job import OTHERS, Job, Request
from sources.distill.journal import Call, End, Journal, Outcome
from sources.distill.refusals import refusal
from sources.distill.retries import ATTEMPTS, wait

MARK = "dataplan"  # key of a batch's metadata
WINDOW = "24h"
POLL = (2.0, 60.0)  # seconds between looks at a batch, first and at most
_UNSENT = {"problem": "was never sent"}
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
        for mark, events in open_batches(self.job, self.journal).items():
            if not await self.finish(mark, events):
                return Ending("time", f"batch {events.get('created', mark)} is still under way")
        calls = self.journal.calls(self.requests)
        answered = {each.key for each in calls if each.outcome == "answered"}
        left = [each for each in self.job.requests if each.key not in answered]
        chosen = list(self.within_cap(left, calls))
        if chosen:
            mark = uuid.uuid4().hex
            self.journal.start_batch(mark, chosen)
            if not await self.finish(mark, {}):
                return Ending("time", f"batch {mark} is still under way")
        return self.ending(left, chosen)

    def ending(self, left: Sequence[Request], chosen: Sequence[tuple[str, float]]) -> Ending:
        calls = self.journal.calls({key for key, _ in chosen})
        answered = {each.key for each in calls if each.outcome == "answered"}
        problems = [each.detail["problem"] for each in calls if each.outcome == "rejected"]
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

    async def finish(self, mark: str, events: dict[str, str]) -> bool:
        """Goes on with a batch from where its notes end; False at the time limit."""
        calls = [each for each in self.journal.calls() if each.batch == mark]
        batch = events.get("created") or await self.found(mark, events)
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
            done = (state.get("request_counts") or {}).get("completed") or 0
            self.progress(done, len(calls))
            if time.monotonic() + delay > self.deadline:
                return False
            await asyncio.sleep(delay)
            delay = min(POLL[1], delay * 1.5)
        await self.collect(mark, calls, state)
        return True

    async def found(self, mark: str, events: dict[str, str]) -> str | None:
        """The id of the batch that a killed run created but could not note; None if it did not."""
        if "uploaded" not in events:
            return None
        known = await self.manage("batches.list", limit=100)
        for each in known.get("data") or []:
            if (each.get("metadata") or {}).get(MARK) == mark:
                self.journal.note(mark, "created", each["id"])
                return str(each["id"])
        return None

    async def created(self, mark: str, file: str | None, calls: Sequence[Call]) -> str:
        """The id of a new batch, of the file that is uploaded already or now."""
        if file is None:
            lines = b"".join(self.line(each) for each in calls)
            sent = await self.manage("files.create", file=(f"{mark}.jsonl", lines), purpose="batch")
            file = str(sent["id"])
            self.journal.note(mark, "uploaded", file)
        made = await self.manage(
            "batches.create",
            input_file_id=file,
            endpoint="/v1/chat/completions",
            completion_window=WINDOW,
            metadata={MARK: mark},
        )
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
            if state.get(key):
                for row in await self.rows(state[key]):
                    found[str(row.get("custom_id"))] = row
        failed = [str(each.get("message")) for each in _errors(state)]
        why = f"the batch {state['status']}" + (f": {failed[0]}" if failed else "")
        ends = [self.end(call, found.get(str(call.start)), why) for call in calls]
        self.journal.end_batch(mark, ends)
        self.progress(len(ends), len(calls))

    def end(self, call: Call, row: dict[str, Any] | None, why: str) -> End:
        answer = (row or {}).get("response") or {}
        body = self.endpoint.scrubbed(answer.get("body"))
        if answer.get("status_code") == 200 and is_completion(body):
            got = read(body, self.job.form)
            sent, made = got.input_tokens, got.output_tokens
            told = sent is not None and made is not None
            cost = self.job.cost(sent or 0, made or 0, 0.0) if told else call.reserve
            return End(call.start, "answered", cost, None, body)
        error = (body or {}).get("error") if isinstance(body, dict) else None
        error = error or self.endpoint.scrubbed((row or {}).get("error")) or {}
        outcome: Outcome = "rejected"
        detail: dict[str, Any] = {"problem": str(error.get("message") or why)}
        if error.get("code") in ("content_filter", "content_policy_violation"):
            outcome, detail = "answered", {REJECTED: detail["problem"]}
        return End(call.start, outcome, 0.0, None, detail)

    async def rows(self, file: str) -> list[dict[str, Any]]:
        """The lines of a file of the server's; a line that cannot be read counts as missing."""
        text = await self.fetch("files.content", file_id=file)
        found = []
        for line in text.splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                found.append(row)
        return found

    async def manage(self, name: str, **given: Any) -> dict[str, Any]:
        """A call that costs nothing by itself; its answer as JSON."""
        text = await self.fetch(name, **given)
        try:
            found = self.endpoint.scrubbed(json.loads(text))
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
        problem = f"{self.endpoint.host} has no batch interface that can be read"
        raise SourceError([Fault("--batch", None, problem, "run without --batch")])

    async def fetch(self, name: str, **given: Any) -> bytes:
        """The body of an answer, asked for again where the server is busy. Raises SourceError."""
        for attempt in range(1, ATTEMPTS + 1):
            found = await self.endpoint.call(name, self.limits.timeout, **given)
            if isinstance(found, bytes):
                return found
            asked = found.wait if isinstance(found, Rejection) else None
            pause = wait(attempt, asked, random.random())
            # whether a batch was created is not known then: the next run looks for it first
            lost = isinstance(found, Loss) and name == "batches.create"
            again = isinstance(found, Loss) or (isinstance(found, Rejection) and found.again)
            last = attempt == ATTEMPTS or time.monotonic() + pause > self.deadline
            if lost or last or not again:
                break
            await asyncio.sleep(pause)
        if isinstance(found, Rejection) and not found.again:
            problem = f"{self.endpoint.host} answers {found.status}: {found.message}"
            if found.status in (404, 405, 501):
                raise _NotTaken([Fault("--batch", None, problem, "run without --batch")])
            raise _NotTaken(refusal(found, problem, self.job).faults)
        what = found.message if isinstance(found, Rejection) else getattr(found, "problem", "")
        problem = f"{self.endpoint.host}: {what}"
        raise SourceError([Fault("--batch", None, problem, "run the same command again later")])


def _errors(state: dict[str, Any]) -> list[dict[str, Any]]:
    errors = (state.get("errors") or {}).get("data") or []
    return [each for each in errors if isinstance(each, dict)]
