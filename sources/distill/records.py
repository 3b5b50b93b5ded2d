"""The answers that a pilot has so far, each with the request that it answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sources.distill.answers import FILTERED, Answer, read
from sources.distill.job import Job, Request
from sources.distill.journal import Call


@dataclass(frozen=True)
class Record:
    """A request with its answer. cost [currency], seconds it took, `at` the time of its start
    [s since 1970]; `copy` where an earlier answer is equal and any text would have done; `told`
    where the server's count of tokens is there and can be believed: else the cost is the most."""

    request: Request
    answer: Answer
    cost: float
    seconds: float | None
    at: float
    copy: bool
    by_batch: bool
    told: bool

    @property
    def kept(self) -> bool:
        """Whether it makes a training example."""
        return self.answer.state == "usable" and not self.copy

    @property
    def right(self) -> bool | None:
        """Whether the label is the known one; None where either is not known."""
        known = self.request.gold is not None and self.answer.label is not None
        return self.answer.label == self.request.gold if known else None


def records(job: Job, calls: Iterable[Call]) -> tuple[Record, ...]:
    """The answer of each request that has one, in the order of the requests."""
    answered: dict[str, Call] = {}
    for call in calls:
        if call.over:
            answered.setdefault(call.key, call)
    seen: set[str] = set()
    found = []
    for request in job.requests:
        if (known := answered.get(request.key)) is None:
            continue
        answer, told = _answer(job, known)
        output = answer.text.strip()
        free = job.form.labels is None and answer.state == "usable"
        found.append(
            Record(
                request=request,
                answer=answer,
                cost=known.cost or 0.0,
                seconds=known.seconds,
                at=known.at,
                copy=free and output in seen,
                by_batch=known.batch is not None,
                told=told,
            )
        )
        if free:
            seen.add(output)
    return tuple(found)


def _answer(job: Job, call: Call) -> tuple[Answer, bool]:
    if call.outcome == "filtered":
        return FILTERED, True
    answer = read(call.detail, job.form)
    told = job.paid(answer, 0.0, call.reserve) is not None
    if not told and answer.input_tokens is not None and answer.output_tokens is not None:
        answer = replace(answer, input_tokens=None, output_tokens=None)
    return answer, told
