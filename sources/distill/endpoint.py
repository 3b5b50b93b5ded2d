"""The only place that talks to a server: one call, one outcome, and no trace of the key."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import re
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from sources.base import Fault, SourceError
from sources.distill.answers import is_completion
from sources.distill.bodies import TooMuch, bounded_client
from sources.distill.retries import asked_wait
from sources.distill.secret import LEAST, forms, scrubbed, shown

OPENAI = "https://api.openai.com/v1"
KEY_NAME = "OPENAI_API_KEY"
NO_KEY = "none"  # what a server on this machine gets where there is no key
# what an odd answer may raise while it is read: one answer is lost then, and not the run
ODD = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
    zlib.error,
)
_FILTERED = ("content_filter", "content_policy_violation")


@dataclass(frozen=True)
class Reply:
    """A chat completion."""

    payload: Mapping[str, Any]
    seconds: float


@dataclass(frozen=True)
class Filtered:
    """A filter of the server's did not let the prompt through: refused, and nothing is paid."""

    message: str


@dataclass(frozen=True)
class Rejection:
    """The server said no, and nothing is paid. `wait` [s] is what it asks for, if it does.

    status   HTTP status; 0 where it could not be reached at all
    again    whether the same request may be taken later
    """

    status: int
    message: str
    again: bool
    wait: float | None = None


@dataclass(frozen=True)
class Loss:
    """No answer that can be read; it may have been made, and paid. `seconds` is how long it took.

    status   HTTP status; 0 where there was none
    again    whether the same request may be taken later
    wait     [s] that the server asks for, if it does
    """

    problem: str
    seconds: float
    status: int = 0
    again: bool = True
    wait: float | None = None


Outcome = Reply | Filtered | Rejection | Loss


def is_near(base_url: str) -> bool:
    """Whether the server runs on this machine."""
    host = urlsplit(base_url).hostname or ""
    return host in ("localhost", "::1") or re.fullmatch(r"127(\.\d+){3}", host) is not None


def host_of(base_url: str) -> str:
    """Host and port of an address, for messages."""
    return urlsplit(base_url).netloc


def key_from(name: str, base_url: str) -> str:
    """The key in the environment variable of that name. Raises SourceError; shows no value.

    A server on this machine may have none.
    """
    # what is given for a name may be the key itself: then it is not repeated
    known = name if name == KEY_NAME or re.fullmatch(r"[A-Z][A-Z_]*", name) else None
    key = os.environ.get(name, "").strip()
    if not key and is_near(base_url):
        return NO_KEY
    advice = "put the key into an environment variable and its name into --key-env"
    if not key:
        problem = f"holds no key for {host_of(base_url)}"
        problem = problem if known else f"the environment variable of this name {problem}"
        raise SourceError([Fault("--key-env", known, problem, advice)])
    if not key.isascii() or not key.isprintable() or " " in key:
        problem = "holds blanks or signs that no key has"
        raise SourceError([Fault("--key-env", known, problem, "copy the key anew")])
    if len(key) < LEAST:
        problem = f"holds a key of less than {LEAST} signs, which could not be told from other text"
        raise SourceError([Fault("--key-env", known, problem, "give the server a longer key")])
    return key


class Endpoint:
    """A server that takes chat completions as OpenAI does. Use it in an `async with` block.

    Nothing that it returns or raises holds the key, whatever the server sends back.
    """

    def __init__(self, base_url: str, key: str) -> None:
        self.base_url = base_url
        self._key = key
        self._hidden = () if key == NO_KEY else forms(key)
        self._client: Any = None

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return host_of(self.base_url)

    async def __aenter__(self) -> Endpoint:
        from openai import AsyncOpenAI, OpenAIError

        try:  # its own retries would go around the cap
            self._client = AsyncOpenAI(
                api_key=self._key,
                base_url=self.base_url,
                max_retries=0,
                http_client=bounded_client(),
            )
        except (OpenAIError, ValueError, ImportError, OSError) as error:
            problem = f"no client can be made: {self.told(str(error))}"
            advice = "look at proxies and certificates in the environment"
            raise SourceError([Fault("request", None, problem, advice)]) from None
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.close()

    async def ask(self, body: Mapping[str, Any], timeout: float) -> Outcome:
        """Sends one request; waits at most `timeout` seconds for the whole answer."""
        before = time.monotonic()
        found = await self.call("chat.completions.create", timeout, **body)
        seconds = time.monotonic() - before
        if not isinstance(found, bytes):
            return found
        try:
            payload = self.scrubbed(json.loads(found))
        except ODD as error:
            return Loss(f"the answer cannot be read as JSON: {self.told(str(error))}", seconds)
        if not is_completion(payload):
            return Loss("the answer is no chat completion", seconds)
        return Reply(payload, seconds)

    async def call(
        self, name: str, timeout: float, **given: Any
    ) -> bytes | Filtered | Rejection | Loss:
        """One call of the client by its dotted name: the body of the answer, or what went wrong."""
        import openai

        *path, method = name.split(".")
        at = self._client
        for part in path:
            at = getattr(at, part)
        before = time.monotonic()
        try:
            async with asyncio.timeout(timeout):
                answer = await getattr(at.with_raw_response, method)(timeout=timeout, **given)
                return bytes(answer.http_response.content)
        except openai.APIStatusError as error:
            return self._refused(error, time.monotonic() - before)
        except (openai.APITimeoutError, TimeoutError):
            return Loss(f"no answer within {timeout:.3g} s", time.monotonic() - before)
        except openai.APIConnectionError as error:
            cause = error.__cause__
            why = self.told(str(cause or error))
            if type(cause).__name__ in ("ConnectError", "ConnectTimeout"):
                return Rejection(0, f"cannot be reached: {why}", again=True)
            what = why if isinstance(cause, TooMuch) else f"the connection broke: {why}"
            return Loss(what, time.monotonic() - before)
        except openai.OpenAIError as error:
            problem = self.told(f"{type(error).__name__}: {error}")
            return Loss(problem, time.monotonic() - before)
        except ODD as error:
            problem = self.told(f"the answer cannot be read: {error}")
            return Loss(problem, time.monotonic() - before)

    def _refused(self, error: Any, seconds: float) -> Filtered | Rejection | Loss:
        status, headers = error.response.status_code, error.response.headers
        body = error.body if isinstance(error.body, dict) else {}
        code = str(body.get("code") or body.get("type") or "")
        message = body.get("message")
        if not isinstance(message, str):
            message = error.response.text
        message = self.told(message) or "without a word"
        if any(each in (body.get("code"), body.get("type")) for each in _FILTERED):
            return Filtered(message)
        broke = code == "insufficient_quota" or status == 402
        again = (status in (408, 409, 425, 429) or (status >= 500 and status != 501)) and not broke
        if (said := headers.get("x-should-retry")) in ("true", "false") and not broke:
            again = said == "true"
        asked = asked_wait(
            {name.lower(): value for name, value in headers.items()},
            datetime.datetime.now(datetime.UTC),
        )
        # a server that says when it will be free again took nothing in; behind any other 5xx, or
        # a time-out of its own, an answer may have been made
        free = status == 501 or (status == 503 and asked is not None)
        free = free or (status < 500 and status != 408)
        if free or broke:
            return Rejection(402 if broke else status, message, again, asked)
        return Loss(message, seconds, status, again, asked)

    def scrubbed(self, value: Any) -> Any:
        """The same without the key, however it is written. Raises ValueError as `secret` does."""
        return scrubbed(value, self._hidden)

    def told(self, text: str) -> str:
        """A message of the server's for people: short, in one line, without the key."""
        return shown(text, self._hidden)
