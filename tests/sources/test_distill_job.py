"""From settings to requests: every fault at once, and requests that later runs find again."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import prices, tokens
from sources.base import Context, SourceError
from sources.distill.endpoint import KEY_NAME, NO_KEY, key_from
from sources.distill.job import Job, Options
from sources.distill.preparing import prepare
from sources.distill.tariff import tariff, usual_cap
from sources.settings import check
from sources.teaching import Settings

URL = "http://127.0.0.1:9/v1"
DATE = datetime.date(2026, 11, 1)
TEACHER: dict[str, Any] = {
    "teacher": "gpt-4.1-mini",
    "prompt_template": "Label: {text}",
    "samples": [f"text {i}" for i in range(30)],
    "labels": ["yes", "no"],
}


def make(changed: dict[str, Any] | None = None, n: int = 20, **options: Any) -> Job:
    settings = {k: v for k, v in {**TEACHER, **(changed or {})}.items() if v is not None}
    folder = options.pop("folder", Path())
    context = options.pop("context", Context(folder=folder))
    return prepare("t", settings, context, Options(n=n, date=DATE, **options))


def faults(changed: dict[str, Any] | None = None, n: int = 20, **options: Any) -> dict[str, str]:
    with pytest.raises(SourceError) as error:
        make(changed, n, **options)
    return {each.key: str(each) for each in error.value.faults}


def test_requests() -> None:
    job = make()
    assert (
        len({each.key for each in job.requests}) == len({each.text for each in job.requests}) == 20
    )
    assert all(each.prompt == f"Label: {each.text}" for each in job.requests)
    body = job.body(job.requests[0])
    assert body["model"] == "gpt-4.1-mini"
    assert body["max_completion_tokens"] == job.limit
    schema = body["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"]["properties"]["label"]["enum"] == ["yes", "no"]
    assert job.base_url == "https://api.openai.com/v1"
    assert json.dumps(body)


def test_a_larger_pilot_begins_with_the_smaller() -> None:
    small, large, other = make(n=5), make(n=25), make(n=5, seed=1)
    assert [each.key for each in large.requests[:5]] == [each.key for each in small.requests]
    assert {each.text for each in other.requests} != {each.text for each in small.requests}


@pytest.mark.parametrize(
    "changed",
    [
        {"teacher": "gpt-4o-mini"},
        {"prompt_template": "Name: {text}"},
        {"labels": ["yes", "no", "maybe"]},
        {"temperature": 0.5},
        {"max_completion_tokens": 9},
        {"base_url": URL},
    ],
)
def test_other_requests_have_other_keys(changed: dict[str, Any]) -> None:
    known = {each.key for each in make().requests}
    assert known.isdisjoint(each.key for each in make(changed).requests)


def test_few_inputs() -> None:
    labelled = make({"samples": ["a", "b", "a", " "]})
    assert sorted(each.text for each in labelled.requests) == ["a", "b"]
    assert any("2 distinct inputs" in each for each in labelled.warnings)
    free = make({"samples": ["a", "b"], "labels": None}, n=5)
    assert [each.repeat for each in free.requests] == [0, 0, 1, 1, 2]
    assert len({each.key for each in free.requests}) == 5
    assert any("asked again" in each for each in free.warnings)


def test_half_a_pair_can_be_sent() -> None:
    job = make({"samples": ["good \ud83d\ude00", "bad \ud83d"], "labels": None}, n=2)
    texts = {each.text for each in job.requests}
    assert texts == {"good \U0001f600", "bad \ufffd"}


def test_known_labels(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,team\none,yes\ntwo,\nthree,no\n")
    job = make({"samples": "in.csv", "gold": "team"}, folder=tmp_path)
    assert {each.text: each.gold for each in job.requests} == {
        "one": "yes",
        "two": None,
        "three": "no",
    }
    (tmp_path / "in.csv").write_text("text,team\none,yes\ntwo,perhaps\n")
    found = faults({"samples": "in.csv", "gold": "team"}, folder=tmp_path)
    assert "record 2" in found["gold"]
    assert "'perhaps'" in found["gold"]
    found = faults({"samples": "in.csv", "gold": "teem"}, folder=tmp_path)
    assert "did you mean team?" in found["gold"]


def test_every_fault_at_once(tmp_path: Path) -> None:
    found = faults(
        {"temperature": 3.0, "labels": ["a", "a"], "max_completion_tokens": 0, "colour": 1},
        n=0,
        cap=-1.0,
        concurrency=0,
        timeout=0.0,
        time_limit=float("nan"),
    )
    options = {"--n", "--cap", "--concurrency", "--timeout", "--time-limit"}
    assert set(found) == options | {"temperature", "labels", "max_completion_tokens", "colour"}
    found = faults({"answer_schema": "s.json", "gold": "g", "samples": None, "teacher": None})
    assert set(found) == {"answer_schema", "gold", "samples", "teacher"}
    found = faults(
        {
            "samples": "no.csv",
            "labels": None,
            "answer_schema": "no.json",
            "prompt_template": "x.txt",
        },
        folder=tmp_path,
    )
    assert set(found) == {"samples", "answer_schema", "prompt_template"}


@pytest.mark.parametrize(
    ("changed", "key", "words"),
    [
        ({"teacher": "no-such-model"}, "teacher", "price = {"),
        ({"teacher": "no-such-model", "own_model": True}, "price", "compute_per_hour"),
        (
            {"teacher": "mine", "price": {"input_per_million": 1, "output_per_million": 1}},
            "base_url",
            "--base-url",
        ),
        ({"base_url": "ftp://a/b"}, "base_url", "https://"),
        ({"base_url": "https://user:secret@host/v1"}, "base_url", "environment"),
        ({"base_url": "https://host/v1?key=secret"}, "base_url", "environment"),
        ({"base_url": "http://host:99999/v1"}, "base_url", "0-65535"),
        ({"base_url": "http://ho st/v1"}, "base_url", "https://"),
        ({"base_url": "http://[::1/v1"}, "base_url", "IPv6"),
        ({"labels": ["yes"]}, "labels", "2"),
        ({"labels": ["yes", " no"]}, "labels", "blank"),
        ({"samples": [" "]}, "samples", "blanks"),
        ({"samples": []}, "samples", "no text"),
        ({"prompt_template": "no place"}, "prompt_template", "no place"),
        ({"encoding": "p50"}, "encoding", "p50"),
        ({"gold": "team"}, "gold", "file"),
        ({"gold": "team", "samples": "in.txt"}, "gold", ".csv"),
    ],
)
def test_a_fault_says_what_to_do(changed: dict[str, Any], key: str, words: str) -> None:
    found = faults(changed)
    assert list(found) == [key]
    assert words in found[key]


def test_money_needs_a_rate() -> None:
    found = faults(context=Context(currency="EUR", usd_rate=None))
    assert "usd_rate" in found["teacher"]
    dollars, euros = make(), make(context=Context(currency="EUR", usd_rate=0.5))
    assert euros.expected == pytest.approx(dollars.expected / 2)
    assert euros.currency == "EUR"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("{", "not JSON"),
        ("[1]", "no JSON Schema"),
        ('{"type": "thing"}', "no JSON Schema"),
        ('{"$ref": "#/$defs/a"}', "does not hold"),
        ('{"$ref": "https://example.org/s.json"}', "does not hold"),
    ],
)
def test_schemas(tmp_path: Path, schema: str, words: str) -> None:
    (tmp_path / "s.json").write_text(schema)
    changed = {"labels": None, "answer_schema": "s.json"}
    assert words in faults(changed, folder=tmp_path)["answer_schema"]
    good = {"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"}
    (tmp_path / "s.json").write_text(json.dumps(good))
    assert make(changed, folder=tmp_path).form.schema == good


def test_each_request_is_priced_by_itself() -> None:
    model = check(Settings, TEACHER)
    cost = tariff(model, Context(), date=DATE, batch=False)
    half = tariff(model, Context(), date=DATE, batch=True)
    for sent, made in ((1, 1), (400, 20), (300_000, 5)):
        assert cost(sent, made, 9.0) == prices.price("gpt-4.1-mini", sent, made, DATE).request
        assert half(sent, made, 9.0) == pytest.approx(cost(sent, made, 9.0) / 2)
    assert cost(400, 20, 0.0, 300) < cost(400, 20, 0.0)
    assert half(400, 20, 0.0, 300) == half(400, 20, 0.0)
    own = check(Settings, {"teacher": "mine", "compute_per_hour": 2.0, "examples_per_hour": 9})
    hourly = tariff(own, Context(), date=DATE, batch=False)
    assert hourly(10**6, 10**6, 3600.0) == pytest.approx(2.0)
    assert "--batch" in faults(
        {"compute_per_hour": 2.0, "examples_per_hour": 9, "base_url": URL}, batch=True
    )


def test_what_a_pilot_is_expected_to_cost() -> None:
    measured = make(
        {"prompt_tokens": {"value": 50, "provenance": "measured"}, "completion_tokens": 7}
    )
    assert measured.expected == pytest.approx(
        20 * prices.price("gpt-4.1-mini", 50, 7, DATE).request
    )
    guessed = make()
    assert measured.expected < guessed.expected < guessed.cap
    assert guessed.expected < sum(guessed.worst(each, 1.0, 9.0) for each in guessed.requests)


def test_prompts_are_counted() -> None:
    job = make({"labels": None})
    for each in job.requests:
        assert each.counted == tokens.count(each.prompt) + 64


def test_the_time_of_a_machine_is_shared_by_those_that_run_at_once() -> None:
    own = {"compute_per_hour": 3600.0, "examples_per_hour": 9, "base_url": URL, "teacher": "mine"}
    assert make(own, n=1, concurrency=16, timeout=10.0).expected == pytest.approx(10.0)
    assert make(own, n=20, concurrency=4, timeout=10.0).expected == pytest.approx(50.0)
    assert "one may cost up to 10" in faults(own, n=20, timeout=10.0, cap=9.0)["--cap"]


def test_what_cannot_be_counted() -> None:
    own = {"compute_per_hour": 1e6, "base_url": URL, "teacher": "mine"}
    assert set(faults(own, timeout=1e308, time_limit=1e308)) == {"--timeout", "--time-limit"}
    dear = {"input_per_million": 1e308, "output_per_million": 1e308}
    changed = {"price": dear, "base_url": URL, "max_completion_tokens": 1_000_000}
    assert "counted" in faults(changed)["request"]


def test_a_password_in_an_address_is_not_repeated() -> None:
    bad = "https://user:s3cr3t@host/v1"
    for found in (faults({"base_url": bad}), faults(base_url=bad)):
        (text,) = found.values()
        assert "s3cr3t" not in text


@given(st.floats(0, 10), st.floats(0, 1), st.integers(1, 64))
def test_the_usual_cap_stops_no_usual_run(expected: float, worst: float, width: int) -> None:
    cap = usual_cap(expected, worst, width, 1.0)
    assert cap >= max(0.05, 2 * expected, expected + width * worst)
    assert round(cap * 100) / 100 == cap


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_NAME, raising=False)
    far = "https://api.example.org/v1"
    assert key_from(KEY_NAME, URL) == NO_KEY
    with pytest.raises(SourceError, match="OPENAI_API_KEY.*api.example.org"):
        key_from(KEY_NAME, far)
    with pytest.raises(SourceError) as error:
        key_from("sk-proj-abc123", far)  # a key in place of a name is not repeated
    assert "abc123" not in str(error.value)
    monkeypatch.setenv("MY_KEY", " abc-12345678\n")
    assert key_from("MY_KEY", far) == "abc-12345678"
    monkeypatch.setenv("MY_KEY", "sk-1234")
    with pytest.raises(SourceError, match="less than 8 signs") as error:
        key_from("MY_KEY", far)
    assert "sk-1234" not in str(error.value)
    for bad in ("two words", "schl\u00fcssel", "a\tb"):
        monkeypatch.setenv("MY_KEY", bad)
        with pytest.raises(SourceError) as error:
            key_from("MY_KEY", far)
        assert bad not in str(error.value)
