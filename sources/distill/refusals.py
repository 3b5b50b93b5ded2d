"""What to do where a server will not take a request, now or ever."""

from __future__ import annotations

from sources.base import Fault, SourceError
from sources.distill.endpoint import Rejection
from sources.distill.job import Job


def refusal(outcome: Rejection, problem: str, job: Job) -> SourceError:
    """What to do about a server that will not take the request at all."""
    key, value, advice = "request", None, "correct the project's settings of this source"
    if outcome.status == 401:
        key, advice = "--key-env", "check the key in that environment variable, or name another"
    elif outcome.status == 402:
        key, advice = "--key-env", "pay into the account of this key, or take another key"
    elif outcome.status == 403:
        key, advice = "--key-env", f"ask the provider to let this key use {job.model}"
    elif outcome.status == 404:
        key, advice = "teacher", "check teacher and base_url (most addresses end in /v1)"
        return SourceError([Fault(key, job.model, problem, advice)])
    elif "max_completion_tokens" in outcome.message:
        key, advice = "limit_key", 'set limit_key = "max_tokens"'
    elif "response_format" in outcome.message or "schema" in outcome.message:
        advice = "the server knows no such structured output: take another, or leave labels out"
    elif "temperature" in outcome.message:
        key, advice = "temperature", "leave it out: the model allows no other than its own"
    return SourceError([Fault(key, value, problem, advice)])
