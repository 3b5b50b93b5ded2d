"""What a server answered: its text or label, whether it can be used, and its tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sources.prompts import LABEL

State = Literal["usable", "refused", "not JSON", "not allowed", "cut", "empty"]
INVALID: tuple[State, ...] = ("not JSON", "not allowed", "cut", "empty")
MOST_TOKENS = 10**9  # of one answer: more is no count


@dataclass(frozen=True)
class Form:
    """What answers must look like: obey a JSON Schema, which may list labels, or be any text."""

    schema: Mapping[str, Any] | None = None
    labels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Answer:
    """One answer. Tokens [token/request] are as the server counted them; None where it did not.

    text           as it came; as canonical JSON where a schema is asked for and obeyed
    label          where the answer is one of the labels
    cached_tokens  of the input tokens, read from the provider's cache and maybe cheaper
    """

    state: State
    text: str
    label: str | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int = 0


FILTERED = Answer("refused", "", None, None, None)  # where a filter did not let the prompt through


def read(payload: Mapping[str, Any], form: Form) -> Answer:
    """The answer in a chat completion. Never raises on odd content.

    A prompt of no tokens is that of a server which doesn't count.
    """
    choice = _first(payload.get("choices"))
    given = choice.get("message")
    message = given if isinstance(given, dict) else {}
    content = message.get("content")
    text = content if isinstance(content, str) else ""
    state, label = _state(choice, message, text, form)
    if state == "usable" and form.schema is not None:
        text = canonical(text)
    usage = payload.get("usage")
    sent, made = (_count(usage, key) for key in ("prompt_tokens", "completion_tokens"))
    if sent == 0:
        sent, made = None, made or None
    details = usage.get("prompt_tokens_details") if isinstance(usage, dict) else None
    return Answer(state, text, label, sent, made, _count(details, "cached_tokens") or 0)


def is_completion(payload: Any) -> bool:
    """Whether this is a chat completion at all."""
    return isinstance(payload, dict) and bool(_first(payload.get("choices")).get("message"))


def canonical(text: str) -> str:
    """JSON text with sorted keys and no blanks, so that equal values are equal texts."""
    return json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _state(
    choice: Mapping[str, Any],
    message: Mapping[str, Any],
    text: str,
    form: Form,
) -> tuple[State, str | None]:
    end = choice.get("finish_reason")
    if message.get("refusal") or end == "content_filter":
        return "refused", None
    if end == "length":
        return "cut", None
    if not text.strip():
        return "empty", None
    if form.schema is None:
        return "usable", None
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        return "not JSON", None
    try:
        allowed = _validator(json.dumps(form.schema)).is_valid(value)
        canonical(text)
    except RecursionError:
        allowed = False
    if not allowed:
        return "not allowed", None
    return "usable", value[LABEL] if form.labels is not None else None


def _first(choices: Any) -> dict[str, Any]:
    known = isinstance(choices, list) and choices and isinstance(choices[0], dict)
    return choices[0] if known else {}


def _count(usage: Any, key: str) -> int | None:
    count = usage.get(key) if isinstance(usage, dict) else None
    if not isinstance(count, int) or isinstance(count, bool):
        return None
    return count if 0 <= count <= MOST_TOKENS else None


@cache
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema))
