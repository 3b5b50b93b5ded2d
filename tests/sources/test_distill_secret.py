"""A key is found in every form that a server may send it back in."""

from __future__ import annotations

import base64
import html
import json
import logging
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.base import SourceError
from sources.distill.asking import Limits, ask
from sources.distill.endpoint import Endpoint
from sources.distill.journal import Journal
from sources.distill.secret import forms, scrubbed, shown
from tests.sources.distilling import KEY, job
from tests.sources.fault_server import Act, FaultServer

pytest.importorskip("openai")
keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=60)


@given(keys, st.binary(max_size=7), st.binary(max_size=7))
def test_base64_at_any_place(key: str, before: bytes, after: bytes) -> None:
    coded = base64.b64encode(before + key.encode() + after).decode()
    found = scrubbed(coded, forms(key))
    assert len(found) <= len(coded) - len(key) + len("[key]")
    assert "[key]" in found
    safe = base64.urlsafe_b64encode(before + key.encode() + after).decode()
    assert "[key]" in scrubbed(safe, forms(key))


@given(keys)
def test_escaped(key: str) -> None:
    hidden = forms(key)
    escaped = json.dumps(key)[1:-1]
    for text in (
        key,
        escaped,
        escaped.replace("/", "\\/"),
        html.escape(key),
        html.escape(key).replace("&#x27;", "&#39;"),
        quote(key, safe=""),
    ):
        assert text not in str(scrubbed({text: [f"a {text} b", 1]}, hidden))


def test_a_message_is_one_harmless_line() -> None:
    text = shown("no\x1b[31m red\r\n\ud800 \x07" + "x" * 500, forms(KEY))
    assert text.isprintable()
    assert len(text) == 300
    assert "\n" not in text


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: list[object] = []
    for _ in range(500):
        deep = [deep]
    with pytest.raises(ValueError, match="deep"):
        scrubbed(deep, forms(KEY))


@pytest.mark.parametrize("name", ["x-request-id", "x-echo", "content-type", "server"])
def test_the_clients_log_shows_no_header_of_the_server(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    act = Act(status=400, headers={name: f"Bearer {KEY}"})
    caplog.set_level(logging.DEBUG, logger="openai")
    with (
        FaultServer(lambda n, body: act if n else Act()) as server,
        Journal(tmp_path / "t.sqlite") as journal,
        pytest.raises(SourceError, match="400"),
    ):
        ask(job(3, server.url), Endpoint(server.url, KEY), journal, Limits(1, 1, 5.0, 9.0))
    assert "HTTP Response" in caplog.text
    assert KEY not in caplog.text
