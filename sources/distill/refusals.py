"""What to do where a server will not take a request, now or ever."""

from __future__ import annotations

from sources.base import Fault, SourceError
from sources.distill.job import Job


def refusal(status: int, message: str, problem: str, job: Job) -> SourceError:
    """What to do about a server that will not take the request at all."""
    key, value, advice = "request", None, "correct the project's settings of this source"
    if status == 401:
        key, advice = "--key-env", "check the key in that environment variable, or name another"
    elif status == 402:
        key, advice = "--key-env", "pay into the account of this key, or take another key"
    elif status == 403:
        key, advice = "--key-env", f"ask the provider to let this key use {job.model}"
    elif status == 404:
        key, advice = "teacher", "check teacher and base_url (most addresses end in /v1)"
        return SourceError([Fault(key, job.model, problem, advice)])
    elif status == 429:
        advice = (
            "a limit of this key is reached: wait, raise it at the provider, or ask less at once"
        )
    elif status >= 500 or status == 408:
        advice = "the server failed and wants no second try: run the same command again later"
    elif 300 <= status < 400:
        key, advice = "base_url", "it points elsewhere, which is not followed: give the new address"
    elif "max_completion_tokens" in message:
        key, advice = "limit_key", 'set limit_key = "max_tokens"'
    elif "response_format" in message or "schema" in message:
        advice = "the server knows no such structured output: take another, or leave labels out"
    elif "temperature" in message:
        key, advice = "temperature", "leave it out: the model allows no other than its own"
    return SourceError([Fault(key, value, problem, advice)])
