"""What counts as a usable answer, and how long to wait for the next."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.distill.answers import Form, canonical, is_completion, read
from sources.distill.retries import LONGEST, asked_wait, wait
from tests.sources.distilling import LABELS, SCHEMA, completion

LABELLED = Form(SCHEMA, LABELS)
NOW = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("payload", "state"),
    [
        (completion('{"label": "yes"}'), "usable"),
        (completion(' {"label":"no"}\n'), "usable"),
        (completion('{"label": "maybe"}'), "not allowed"),
        (completion('{"label": "yes", "more": 1}'), "not allowed"),
        (completion('["yes"]'), "not allowed"),
        (completion("yes"), "not JSON"),
        (completion('{"label": "yes"'), "not JSON"),
        (completion('{"label": NaN}'), "not JSON"),
        (completion('{"label": "yes"}', finish="length"), "cut"),
        (completion(None, refusal="I will not"), "refused"),
        (completion(None, finish="content_filter"), "refused"),
        ({**completion('{"label": "yes"}'), "rejected": "x"}, "usable"),
        (completion(None), "empty"),
        (completion("  "), "empty"),
    ],
)
def test_states(payload: dict[str, Any], state: str) -> None:
    answer = read(payload, LABELLED)
    assert answer.state == state
    assert (answer.label is not None) == (state == "usable")


def test_tokens_are_the_servers_or_unknown() -> None:
    answer = read(completion("free", (12, 3)), Form())
    assert (answer.input_tokens, answer.output_tokens) == (12, 3)
    assert (answer.state, answer.text, answer.label) == ("usable", "free", None)
    without = read(completion("free", None), Form())
    assert (without.input_tokens, without.output_tokens) == (None, None)
    odd = completion("free")
    odd["usage"] = {"prompt_tokens": -1, "completion_tokens": True, "prompt_tokens_details": 3}
    assert read(odd, Form()).input_tokens is None
    odd["usage"] = {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4}}
    assert read(odd, Form()).cached_tokens == 4


def test_equal_values_are_equal_texts() -> None:
    one = read(completion('{"b": 1, "a": [2]}'), Form({"type": "object"}))
    two = read(completion('{ "a":[2],"b":1}'), Form({"type": "object"}))
    assert one.text == two.text == canonical('{"a": [2], "b": 1}')


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "usage", "refusal", "label"]), inner
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_odd_bodies_are_no_accident(value: Any) -> None:
    body = json.loads(json.dumps(value))
    if is_completion(body):
        assert read(body, LABELLED).state
    assert read(completion(json.dumps(value)), LABELLED).state


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "Tue, 24 Nov 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Tue, 24 Nov 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "Tue, 24 Nov 2026 13:00:30 +0100"}, 30),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e999"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait(headers, NOW) == (None if seconds is None else pytest.approx(seconds))


@given(st.integers(1, 50), st.floats(0, 1), st.floats(0, 1e4) | st.none())
def test_waits_grow_and_never_fall_short(attempt: int, draw: float, asked: float | None) -> None:
    found = wait(attempt, asked, draw)
    assert found >= (asked or 0.0)
    assert found > 0
    if asked is None:
        assert found <= LONGEST
        assert wait(attempt + 1, None, draw) >= found
