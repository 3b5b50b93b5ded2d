"""Pilots of a teacher for tests: jobs without a project, and an endpoint without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sources.distill.answers import Form
from sources.distill.endpoint import Outcome, Reply
from sources.distill.job import Job, Request
from tests.sources.fault_server import IN, OUT

KEY = "sk-test-0123456789abcdefXYZ"
LABELS = ("yes", "no")
SCHEMA = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": list(LABELS)}},
    "required": ["label"],
    "additionalProperties": False,
}


def price(sent: int, made: int, seconds: float, cached: int = 0) -> float:
    return sent * IN + made * OUT


def job(n: int, url: str = "http://127.0.0.1:1/v1", **changed: Any) -> Job:
    """n requests of distinct prompts, each counted as 20 tokens, answers of at most 10."""
    golds = changed.pop("golds", [None] * n)
    requests = tuple(
        Request(f"key-{i}", f"text {i}", f"prompt number {i}", 0, golds[i], 20) for i in range(n)
    )
    facts: dict[str, Any] = {
        "name": "teacher",
        "model": "m",
        "base_url": url,
        "settings": {"model": "m", "max_completion_tokens": 10},
        "requests": requests,
        "form": Form(SCHEMA, LABELS),
        "limit": 10,
        "cost": price,
        "cap": 1.0,
        "expected": 0.1,
        "currency": "USD",
        "local": False,
        "inputs": n,
    }
    return Job(**{**facts, **changed})


def completion(
    text: str | None, tokens: tuple[int, int] | None = (9, 7), finish: str = "stop", **message: Any
) -> dict[str, Any]:
    usage = {} if tokens is None else {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]}
    choice = {"finish_reason": finish, "message": {"content": text, **message}}
    return {"choices": [choice], **({"usage": usage} if usage else {})}


@dataclass
class Fake:
    """An endpoint that answers from a function; charges are as the test says."""

    answer: Callable[[int], Outcome]
    host: str = "fake"
    calls: list[str] = field(default_factory=list)
    now: int = 0
    most: int = 0

    async def __aenter__(self) -> Fake:
        return self

    async def __aexit__(self, *_: Any) -> None:
        pass

    async def ask(self, body: Mapping[str, Any], timeout: float) -> Outcome:
        number = len(self.calls)
        self.calls.append(body["messages"][0]["content"])
        self.now += 1
        self.most = max(self.most, self.now)
        for _ in range(number % 3 + 1):  # so that answers come in another order
            await asyncio.sleep(0)
        self.now -= 1
        return self.answer(number)

    def scrubbed(self, value: Any) -> Any:
        return value


def reply(tokens: tuple[int, int] | None = (9, 7), text: str = '{"label": "yes"}') -> Reply:
    return Reply(completion(text, tokens), 0.01)
