"""Asking: every request once, within cap and time, whatever the server does."""

from __future__ import annotations

import gzip
import json
import random
import sqlite3
import tempfile
import time
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.base import SourceError
from sources.distill.asking import Ending, Limits, ask
from sources.distill.endpoint import Endpoint, Loss, Outcome, Rejection, Reply
from sources.distill.journal import End, Journal
from tests.sources.distilling import KEY, Fake, completion, job, price, reply
from tests.sources.fault_server import Act, FaultServer

pytest.importorskip("openai")  # loaded now, and not while a test looks at the clock
LIMITS = Limits(cap=1.0, concurrency=4, timeout=5.0, time_limit=60.0)


def run(place: Path, server: FaultServer, n: int = 12, limits: Limits = LIMITS) -> Ending:
    with Journal(place / "t.sqlite") as journal:
        return ask(job(n, server.url), Endpoint(server.url, KEY), journal, limits)


def outcomes(place: Path) -> Counter[str | None]:
    with Journal(place / "t.sqlite") as journal:
        return Counter(each.outcome for each in journal.calls())


def test_every_request_once_and_never_again(tmp_path: Path) -> None:
    with FaultServer(lambda n, body: Act(delay=0.02)) as server:
        assert run(tmp_path, server).reason == "done"
        assert sorted(server.calls) == sorted(f"prompt number {i}" for i in range(12))
        assert 1 < server.most <= 4
        assert run(tmp_path, server).reason == "done"
        assert len(server.calls) == 12
    with Journal(tmp_path / "t.sqlite") as journal:
        calls = journal.calls()
    assert sum(each.cost or 0 for each in calls) == pytest.approx(sum(server.charged))
    assert all(each.possible == 0 for each in calls)


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (Act(status=429, headers={"Retry-After": "0.05"}), "rejected"),
        (Act(status=429, headers={"retry-after-ms": "50"}), "rejected"),
        (Act(status=429), "rejected"),
        (Act(status=500), "lost"),
        (Act(status=408), "lost"),
        (Act(status=503), "lost"),
        (Act(status=504, headers={"Retry-After": "0"}), "lost"),
        (Act(status=409), "rejected"),
        (Act(status=503, headers={"Retry-After": "Tue, 24 Nov 2020 12:00:00 GMT"}), "rejected"),
        (Act(status=400, headers={"x-should-retry": "true"}), "rejected"),
        (Act(half=True), "lost"),
        (Act(raw=b"<html>busy</html>"), "lost"),
        (Act(raw=b'{"error": {"message": "upstream"}}'), "lost"),
        (Act(raw=b""), "lost"),
        (Act(raw=b"[1]"), "lost"),
        (Act(delay=1.0), "lost"),
    ],
)
def test_a_fault_is_asked_again(tmp_path: Path, act: Act, outcome: str) -> None:
    limits = Limits(1.0, 4, 0.4 if act.delay else 5.0, 60.0)
    with FaultServer(lambda n, body: act if n == 2 else Act()) as server:
        assert run(tmp_path, server, 5, limits).reason == "done"
    assert Counter(server.calls).most_common(1)[0][1] == 2
    assert outcomes(tmp_path) == {"answered": 5, outcome: 1}


@pytest.mark.parametrize(
    ("act", "key", "words"),
    [
        (Act(status=401), "--key-env", "401"),
        (Act(status=403), "--key-env", "403"),
        (Act(status=404), "teacher", "base_url"),
        (Act(status=400), "request", "settings"),
        (Act(status=422, error={"message": "extra: max_completion_tokens"}), "limit_key", "max_to"),
        (Act(status=429, error={"code": "insufficient_quota"}), "--key-env", "account"),
        (Act(status=402), "--key-env", "account"),
    ],
)
def test_what_will_never_do_is_not_asked_again(
    tmp_path: Path, act: Act, key: str, words: str
) -> None:
    with FaultServer(lambda n, body: act) as server:
        with pytest.raises(SourceError) as error:
            run(tmp_path, server)
        assert len(server.calls) == 1
    (fault,) = error.value.faults
    assert fault.key == key
    assert words in str(fault)
    assert fault.advice


def test_a_filtered_prompt_is_a_refusal_that_costs_nothing(tmp_path: Path) -> None:
    filtered = Act(status=400, error={"code": "content_filter", "message": "filtered"})
    with FaultServer(lambda n, body: filtered if n == 1 else Act()) as server:
        assert run(tmp_path, server, 4).reason == "done"
    with Journal(tmp_path / "t.sqlite") as journal:
        costs = [each.cost for each in journal.calls()]
    assert costs.count(0.0) == 1


def test_without_usage_the_most_is_counted(tmp_path: Path) -> None:
    with FaultServer(lambda n, body: Act(usage=False)) as server:
        run(tmp_path, server, 3)
    with Journal(tmp_path / "t.sqlite") as journal:
        assert all(each.cost == each.reserve > 0 for each in journal.calls())


@pytest.mark.parametrize("wait", ["0.05", None])
def test_a_storm_of_429_ends_in_time(tmp_path: Path, wait: str | None) -> None:
    headers = {"Retry-After": wait} if wait else {}
    before = time.monotonic()
    with FaultServer(lambda n, body: Act(status=429, headers=headers)) as server:
        ending = run(tmp_path, server, 12, Limits(1.0, 4, 5.0, 2.0))
    assert time.monotonic() - before < 2.0 + 3.0  # 2.0 as stated, the rest for a busy machine
    assert ending.reason == "time"
    assert "429" in ending.problem
    assert set(outcomes(tmp_path)) == {"rejected"}


def test_a_wait_beyond_the_time_is_not_begun(tmp_path: Path) -> None:
    before = time.monotonic()
    act = Act(status=429, headers={"Retry-After": "Sun, 01 Jan 2090 00:00:00 GMT"})
    with FaultServer(lambda n, body: act) as server:
        assert run(tmp_path, server, 3).reason == "time"
        assert len(server.calls) == 1
    assert time.monotonic() - before < 30  # of the 60 that the run may take


def test_hanging_servers_end_in_time_too(tmp_path: Path) -> None:
    before = time.monotonic()
    with FaultServer(lambda n, body: Act(delay=20.0)) as server:
        assert run(tmp_path, server, 3, Limits(1.0, 4, 60.0, 1.0)).reason == "time"
    assert time.monotonic() - before < 1.0 + 3.0
    assert outcomes(tmp_path) == {"lost": 1}


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources.distill.retries.FIRST", 0.01)
    with FaultServer() as server:
        pass
    ending = run(tmp_path, server)
    assert ending.reason == "failed"
    assert "cannot be reached" in ending.problem


def test_one_request_that_always_fails_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.distill.retries.FIRST", 0.01)

    def act(number: int, body: dict[str, Any]) -> Act:
        return Act(status=500 if body["messages"][0]["content"].endswith(" 3") else 200)

    with FaultServer(act) as server:
        assert run(tmp_path, server).reason == "failed"
    assert outcomes(tmp_path) == {"answered": 11, "lost": 6}


def test_a_server_that_falls_silent_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.distill.retries.FIRST", 0.001)
    with FaultServer(lambda n, body: Act(status=200 if n < 3 else 500)) as server:
        assert run(tmp_path, server, 40).reason == "failed"
    assert len(server.calls) <= 3 + 6 * 4 + 8  # not all of the 37 that are left, six times each


# What a server that keeps to the limit of tokens may do; its tokenizer is its own, and constant.
@settings(max_examples=80)
@given(
    ratio=st.floats(0.2, 3.0),
    seed=st.integers(0, 10**6),
    width=st.integers(1, 8),
    cap=st.floats(1e-5, 3e-3),
    start=st.integers(0, 3),
)
def test_the_cap_holds(ratio: float, seed: int, width: int, cap: float, start: int) -> None:
    draw = random.Random(seed)
    ledger: list[float] = []

    def answer(number: int) -> Outcome:
        kind = draw.random()
        tokens = (round(20 * ratio), draw.randint(0, 10))
        if kind < 0.1:
            return Rejection(429, "busy", again=True, wait=1e-4)
        ledger.append(price(*tokens, 0.0))
        return Loss("cut", 0.01) if kind < 0.2 else reply(None if kind < 0.3 else tokens)

    fake = Fake(answer)
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder) / "t.sqlite") as journal:
        for number in range(start):  # of an earlier run that was killed
            journal.start(f"key-{number}", 1e-4)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sources.distill.retries.FIRST", 1e-4)
            limits = Limits(cap, width, 5.0, 20.0)
            ending = ask(job(30), fake, journal, limits)  # type: ignore[arg-type]
        calls = journal.calls()
    spent = sum(ledger) + 1e-4 * start
    assert spent <= cap + (max(ledger, default=0.0) if ledger else 1e-4 * start)
    if ratio <= 1.2:
        assert sum(ledger) + (1e-4 * start if ledger else 0) <= cap * (1 + 1e-9)
        counted = sum((each.cost or 0) + each.possible for each in calls)
        assert counted >= spent * (1 - 1e-9)
    assert fake.most <= width
    answered = Counter(each.key for each in calls if each.outcome == "answered")
    assert set(answered.values()) <= {1}
    assert (ending.reason == "done") == (len(answered) == 30)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    cap=st.floats(1e-5, 3e-2),
    width=st.integers(1, 8),
    lies=st.floats(0, 1),
)
def test_a_server_that_breaks_its_limits_overdraws_by_one_request(
    seed: int, cap: float, width: int, lies: float
) -> None:
    draw = random.Random(seed)
    ledger: list[float] = []

    def answer(number: int) -> Outcome:
        times = 10 if draw.random() < lies else 1
        tokens = (draw.randint(0, 20 * times), draw.randint(0, 10 * times))
        ledger.append(price(*tokens, 0.0))
        return reply(tokens)

    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder) / "t.sqlite") as journal:
        limits = Limits(cap, width, 5.0, 20.0)
        ask(job(30), Fake(answer), journal, limits)  # type: ignore[arg-type]
    assert sum(ledger) <= cap + max(ledger, default=0.0)


def test_after_a_broken_limit_requests_go_one_at_a_time(tmp_path: Path) -> None:
    fake = Fake(lambda n: reply((900, 900) if n == 0 else (9, 7)))
    with Journal(tmp_path / "t.sqlite") as journal:
        ask(job(9), fake, journal, LIMITS)  # type: ignore[arg-type]
    assert fake.most == 1
    assert len(fake.calls) == 9


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 524])
def test_what_a_gateway_hides_may_be_paid(tmp_path: Path, status: int) -> None:
    """The server makes each answer and charges for it; a gateway says that it failed."""
    with FaultServer() as server:

        def act(number: int, body: dict[str, Any]) -> Act:
            server.completion(Act(), body)
            return Act(status=status)

        server.act = act
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sources.distill.retries.FIRST", 1e-3)
            assert run(tmp_path, server, 12, Limits(5e-4, 4, 5.0, 30.0)).reason == "cap"
        assert sum(server.charged) <= 5e-4
    assert set(outcomes(tmp_path)) == {"lost"}


@pytest.mark.parametrize("tokens", [600, 60])
@pytest.mark.parametrize("late", [1, 3])
def test_far_beyond_the_limit_the_cap_is_broken_by_one_request(
    tmp_path: Path, tokens: int, late: int
) -> None:
    ledger: list[float] = []

    def answer(number: int) -> Outcome:
        counts = (9, 7) if number < late else (9, tokens)
        ledger.append(price(*counts, 0.0))
        return reply(counts)

    with Journal(tmp_path / "t.sqlite") as journal:
        limits = Limits(0.05, 16, 5.0, 20.0)
        ask(job(300), Fake(answer), journal, limits)  # type: ignore[arg-type]
    assert sum(ledger) <= 0.05 + max(ledger)


def test_the_width_grows_with_the_answers(tmp_path: Path) -> None:
    widths: list[int] = []
    fake = Fake(lambda n: reply())

    def answer(number: int) -> Outcome:
        widths.append(fake.most)
        return reply()

    fake.answer = answer
    with Journal(tmp_path / "t.sqlite") as journal:
        limits = Limits(1.0, 16, 5.0, 20.0)
        ask(job(60), fake, journal, limits)  # type: ignore[arg-type]
    assert widths[0] == 1
    assert max(widths[:3]) <= 2
    assert max(widths[:7]) <= 4
    assert 8 < max(widths) <= 16


def test_what_one_run_learns_the_next_one_knows(tmp_path: Path) -> None:
    dear = Fake(lambda n: reply((900, 900)))
    with Journal(tmp_path / "t.sqlite") as journal:
        ask(job(1), dear, journal, LIMITS)  # type: ignore[arg-type]
        cap = Limits(price(900, 900, 0.0) * 1.5, 4, 5.0, 20.0)
        assert ask(job(2), dear, journal, cap).reason == "cap"  # type: ignore[arg-type]
    assert len(dear.calls) == 1


def test_a_machine_by_the_hour_costs_the_time_that_it_was_busy(tmp_path: Path) -> None:
    """Money is seconds here. However many are under way at once, an hour is paid once."""
    with FaultServer(lambda n, body: Act(delay=0.2)) as server:
        hired = job(9, server.url, local=True, cost=lambda sent, made, seconds, cached=0: seconds)
        before = time.monotonic()
        with Journal(tmp_path / "t.sqlite") as journal:
            ask(hired, Endpoint(server.url, KEY), journal, Limits(1e3, 16, 5.0, 60.0))
            calls = journal.calls()
        whole = time.monotonic() - before
    paid = sum(each.cost or 0.0 for each in calls)
    spans = [(each.at, each.at + (each.seconds or 0.0)) for each in calls]
    busy = sum(end - start for start, end in _union(spans))
    assert paid == pytest.approx(busy, rel=0.1)
    assert 0.2 * 3 < paid <= whole
    assert server.most > 1


def _union(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def test_one_currency_a_journal(tmp_path: Path) -> None:
    with Journal(tmp_path / "t.sqlite", "USD") as journal:
        journal.start("a", 0.5)
    with pytest.raises(SourceError, match="costs in USD, and this run counts in JPY"):
        Journal(tmp_path / "t.sqlite", "JPY").__enter__()
    with Journal(tmp_path / "t.sqlite", "USD") as journal:
        assert len(journal.calls()) == 1


def test_a_journal_of_the_first_format(tmp_path: Path) -> None:
    place = tmp_path / "t.sqlite"
    old = sqlite3.connect(place)
    old.executescript(
        "CREATE TABLE starts (id INTEGER PRIMARY KEY, key TEXT NOT NULL, reserve REAL NOT NULL,"
        " at REAL NOT NULL, batch TEXT);"
        "CREATE TABLE ends (start INTEGER PRIMARY KEY REFERENCES starts, outcome TEXT NOT NULL,"
        " cost REAL, seconds REAL, detail TEXT NOT NULL);"
        "INSERT INTO starts VALUES (1, 'a', 0.5, 1.0, NULL), (2, 'b', 0.5, 1.0, NULL);"
        "INSERT INTO ends VALUES (1, 'answered', 0.1, 1.0, '{\"choices\": []}'),"
        " (2, 'answered', 0.0, NULL, '{\"rejected\": \"filtered\"}');"
        "PRAGMA user_version=1;"
    )
    old.close()
    with Journal(place) as journal:
        assert [each.outcome for each in journal.calls()] == ["answered", "filtered"]
        journal.start("c", 0.5)
    with Journal(place) as journal:
        assert len(journal.calls()) == 3


def test_a_key_of_ours_in_an_answer_makes_it_no_cheaper(tmp_path: Path) -> None:
    fake = Fake(lambda n: Reply({**completion('{"label": "yes"}'), "rejected": "x"}, 0.01))
    with Journal(tmp_path / "t.sqlite") as journal:
        ask(job(1), fake, journal, LIMITS)  # type: ignore[arg-type]
        assert [each.cost for each in journal.calls()] == [price(9, 7, 0.0)]


@pytest.mark.parametrize("count", [10**30, 10**400, 10**8, 0])
def test_absurd_counts_are_not_believed(tmp_path: Path, count: int) -> None:
    fake = Fake(lambda n: reply((count, 7)))
    with Journal(tmp_path / "t.sqlite") as journal:
        assert ask(job(3), fake, journal, LIMITS).reason == "done"  # type: ignore[arg-type]
        assert all(each.cost == each.reserve > 0 for each in journal.calls())


DEEP = b'{"choices": [{"message": {"content": "x"}}], "x": ' + b"[" * 600 + b"]" * 600 + b"}"


@pytest.mark.parametrize(
    "act",
    [
        Act(raw=DEEP),
        Act(raw=b"[" * 10**5),
        Act(status=500, raw=b"abc", headers={"content-type": "text/html; charset=hex"}),
        Act(raw=b'{"choices": [{"message": {"content": "x"}}], "usage": 1' + b"0" * 5000 + b"}"),
        Act(raw=zlib.compress(b" " * 2**26), headers={"content-encoding": "deflate"}),
        Act(raw=b" " * (2**24 + 1)),
        Act(raw=b"x", headers={"content-encoding": "br"}),
        Act(raw=b"x", headers={"content-encoding": "gzip"}),
    ],
)
def test_one_odd_answer_is_lost_and_not_the_run(tmp_path: Path, act: Act) -> None:
    with FaultServer(lambda n, body: act if n == 1 else Act()) as server:
        assert run(tmp_path, server, 4).reason == "done"
    assert outcomes(tmp_path) == {"answered": 4, "lost": 1}


def test_packed_answers_are_read(tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps(completion('{"label": "yes"}')).encode())
    act = Act(raw=packed, headers={"content-encoding": "gzip"})
    with FaultServer(lambda n, body: act) as server:
        assert run(tmp_path, server, 4).reason == "done"
    assert outcomes(tmp_path) == {"answered": 4}


def test_a_redirection_is_not_followed(tmp_path: Path) -> None:
    with FaultServer() as other:
        moved = Act(status=307, headers={"location": f"{other.url}/chat/completions"})
        with (
            FaultServer(lambda n, body: moved) as server,
            pytest.raises(SourceError, match="not followed"),
        ):
            run(tmp_path, server)
        assert not other.calls


def test_a_limit_that_will_not_pass_is_no_fault_of_the_project(tmp_path: Path) -> None:
    act = Act(status=429, headers={"x-should-retry": "false"})
    with FaultServer(lambda n, body: act) as server, pytest.raises(SourceError) as error:
        run(tmp_path, server)
    assert "limit of this key" in str(error.value)


def test_a_failing_server_that_asks_to_wait_is_left_all_the_same(tmp_path: Path) -> None:
    act = Act(status=503, headers={"retry-after-ms": "1"})
    with FaultServer(lambda n, body: act) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sources.distill.retries.FIRST", 1e-3)
        assert run(tmp_path, server).reason == "failed"
        assert len(server.calls) <= 7


def test_a_journal_serves_one_run_at_a_time(tmp_path: Path) -> None:
    with Journal(tmp_path / "t.sqlite"), pytest.raises(SourceError, match="in use by another run"):
        Journal(tmp_path / "t.sqlite").__enter__()
    with Journal(tmp_path / "t.sqlite") as journal:
        assert journal.calls() == []


def test_a_file_that_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "t.sqlite").write_text("these are my notes, and no journal of anything at all")
    with pytest.raises(SourceError, match="no journal of dataplan"):
        Journal(tmp_path / "t.sqlite").__enter__()


def test_rows_of_a_journal_are_only_added(tmp_path: Path) -> None:
    with Journal(tmp_path / "t.sqlite") as journal:
        start = journal.start("a", 0.5)
        journal.end(End(start, "answered", 0.2, 1.0, completion("x")))
        with pytest.raises(SourceError, match="UNIQUE"):
            journal.end(End(start, "answered", 0.2, 1.0, {}))
        lost = journal.start("b", 0.3)
        calls = journal.calls()
    assert [(each.start, each.cost, each.possible) for each in calls] == [
        (start, 0.2, 0.0),
        (lost, None, 0.3),
    ]
