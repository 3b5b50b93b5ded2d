"""The only place that talks to a server: one call, one outcome, and no trace of the key."""

from __future__ import annotations

import asyncio
import base64
import datetime
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlsplit

from sources.base import Fault, SourceError
from sources.distill.answers import REJECTED, is_completion
from sources.distill.retries import asked_wait

OPENAI = "https://api.openai.com/v1"
KEY_NAME = "OPENAI_API_KEY"
NO_KEY = "none"  # what a server on this machine gets where there is no key
_SHOWN = 300  # characters of a server's message
_LEAST = 8  # characters of a key that can be told from ordinary text
_FILTERED = ("content_filter", "content_policy_violation")


@dataclass(frozen=True)
class Reply:
    """A chat completion, or what stands for one where the prompt itself was filtered out."""

    payload: Mapping[str, Any]
    seconds: float


@dataclass(frozen=True)
class Rejection:
    """The server said no, and nothing is paid. `wait` [s] is what it asks for, if it does.

    status   HTTP status; 0 where it could not be reached at all
    again    whether the same request may be taken later
    limited  whether the rate is limited, so that other requests have to wait as well
    """

    status: int
    message: str
    again: bool
    limited: bool = False
    wait: float | None = None


@dataclass(frozen=True)
class Loss:
    """No answer that can be read; it may have been paid."""

    problem: str
    seconds: float


Outcome = Reply | Rejection | Loss


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
    return key


class Endpoint:
    """A server that takes chat completions as OpenAI does. Use it in an `async with` block.

    Nothing that it returns or raises holds the key, whatever the server sends back.
    """

    def __init__(self, base_url: str, key: str) -> None:
        self.base_url = base_url
        self._key = key
        self._client: Any = None

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return host_of(self.base_url)

    async def __aenter__(self) -> Endpoint:
        from openai import AsyncOpenAI, OpenAIError

        try:  # its own retries would go around the cap
            self._client = AsyncOpenAI(api_key=self._key, base_url=self.base_url, max_retries=0)
        except (OpenAIError, ValueError, ImportError, OSError) as error:
            problem = f"no client can be made: {self.scrubbed(str(error))[:_SHOWN]}"
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
        if isinstance(found, Rejection | Loss):
            return found
        if isinstance(found, bytes):
            try:
                payload = json.loads(found)
            except (ValueError, RecursionError):
                return Loss("the answer is not JSON", seconds)
        else:
            payload = found
        if not is_completion(payload) and not (isinstance(payload, dict) and REJECTED in payload):
            return Loss("the answer is no chat completion", seconds)
        return Reply(self.scrubbed(payload), seconds)

    async def call(self, name: str, timeout: float, **given: Any) -> bytes | Any | Rejection | Loss:
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
            return self._rejection(error)
        except (openai.APITimeoutError, TimeoutError):
            return Loss(f"no answer within {timeout:.3g} s", time.monotonic() - before)
        except openai.APIConnectionError as error:
            cause = error.__cause__
            why = self.scrubbed(str(cause or error))[:_SHOWN]
            if type(cause).__name__ in ("ConnectError", "ConnectTimeout"):
                return Rejection(0, f"cannot be reached: {why}", again=True)
            return Loss(f"the connection broke: {why}", time.monotonic() - before)
        except openai.OpenAIError as error:
            problem = self.scrubbed(f"{type(error).__name__}: {error}")[:_SHOWN]
            return Loss(problem, time.monotonic() - before)

    def _rejection(self, error: Any) -> Any:
        status, headers = error.response.status_code, error.response.headers
        body = error.body if isinstance(error.body, dict) else {}
        code = str(body.get("code") or body.get("type") or "")
        message = body.get("message")
        if not isinstance(message, str):
            message = error.response.text
        message = " ".join(self.scrubbed(message).split())[:_SHOWN] or "without a word"
        if any(each in (body.get("code"), body.get("type")) for each in _FILTERED):
            return {REJECTED: message}
        broke = code == "insufficient_quota" or status == 402
        again = (status in (408, 409, 425, 429) or status >= 500) and not broke
        if (said := headers.get("x-should-retry")) in ("true", "false") and not broke:
            again = said == "true"
        asked = asked_wait(
            {name.lower(): value for name, value in headers.items()},
            datetime.datetime.now(datetime.UTC),
        )
        limited = again and (status == 429 or asked is not None)
        return Rejection(402 if broke else status, message, again, limited, asked)

    def scrubbed(self, value: Any) -> Any:
        """The same without the key, however it is written."""
        if len(self._key) < _LEAST:
            return value
        if isinstance(value, str):
            coded = base64.b64encode(self._key.encode()).decode()
            for secret in (self._key, quote(self._key, safe=""), coded, coded.rstrip("=")):
                value = value.replace(secret, "[key]")
            return value
        if isinstance(value, dict):
            return {self.scrubbed(name): self.scrubbed(each) for name, each in value.items()}
        return [self.scrubbed(each) for each in value] if isinstance(value, list) else value
