"""The batch interface: one batch, its answers and its errors, and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sources.base import SourceError
from sources.distill.asking import Ending, Limits
from sources.distill.batches import ask_by_batch, drop_unsent, open_batches
from sources.distill.endpoint import Endpoint
from sources.distill.journal import Journal
from tests.sources.distilling import KEY, job
from tests.sources.fault_server import IN, OUT, Act, FaultServer, send

LIMITS = Limits(cap=1.0, concurrency=4, timeout=5.0, time_limit=60.0)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources.distill.batches.POLL", (0.01, 0.05))
    monkeypatch.setattr("sources.distill.retries.FIRST", 0.01)


def run(place: Path, server: FaultServer, n: int = 8, limits: Limits = LIMITS) -> Ending:
    with Journal(place / "t.sqlite") as journal:
        return ask_by_batch(job(n, server.url), Endpoint(server.url, KEY), journal, limits)


def test_answers_and_money(tmp_path: Path) -> None:
    with FaultServer() as server:
        server.polls_before_done = 3
        assert run(tmp_path, server) == Ending("done")
        assert run(tmp_path, server) == Ending("done")
        assert len(server.batches) == 1
        assert run(tmp_path, server, 10) == Ending("done")  # two more: a batch of two
        assert [
            len(server.files[b["input_file_id"]].splitlines()) for b in server.batches.values()
        ] == [8, 2]
    with Journal(tmp_path / "t.sqlite") as journal:
        calls = journal.calls()
    assert [each.outcome for each in calls] == ["answered"] * 10
    assert sum(each.cost or 0 for each in calls) == pytest.approx(10 * (8 * IN + 7 * OUT))


def test_errors_of_single_requests(tmp_path: Path) -> None:
    """One is rejected, one expires: neither is paid, both are asked again by the next run."""

    def act(number: int, body: dict[str, Any]) -> Act:
        last = body["messages"][0]["content"][-1]
        return Act(status={"2": 400, "3": 408}.get(last, 200))

    with FaultServer(act) as server:
        ending = run(tmp_path, server)
        assert ending.reason == "failed"
        with Journal(tmp_path / "t.sqlite") as journal:
            calls = journal.calls()
        assert sorted(each.key for each in calls if each.cost == 0) == ["key-2", "key-3"]
        assert sum(each.possible for each in calls) == 0
        server.act = lambda number, body: Act()
        assert run(tmp_path, server) == Ending("done")
        assert len(server.files["file-0"].splitlines()) == 8
        assert len(server.calls) == 8 + 2


def test_the_time_limit_leaves_it_under_way(tmp_path: Path) -> None:
    with FaultServer() as server:
        server.polls_before_done = 10**9
        assert run(tmp_path, server, 4, Limits(1.0, 4, 5.0, 0.3)).reason == "time"
        with Journal(tmp_path / "t.sqlite") as journal:
            assert open_batches(job(4, server.url), journal)
            assert sum(each.possible for each in journal.calls()) > 0
        server.polls_before_done = 1
        assert run(tmp_path, server, 4).reason == "done"
        assert len(server.batches) == 1


def test_the_cap_holds_for_the_whole_batch(tmp_path: Path) -> None:
    worst = job(1).worst(job(1).requests[0], 1.2, 0.0)
    with FaultServer() as server:
        assert run(tmp_path, server, 8, Limits(3.5 * worst, 4, 5.0, 60.0)).reason == "cap"
        assert len(server.calls) == 3
        # what they really cost leaves room for more
        assert run(tmp_path, server, 8, Limits(3.5 * worst, 4, 5.0, 60.0)).reason == "cap"
        assert sum(server.charged) <= 3.5 * worst


def test_servers_without_batches(tmp_path: Path) -> None:
    with FaultServer() as server, Journal(tmp_path / "t.sqlite") as journal:
        server.post = lambda http: send(http, 404, {}, {"connection": "close"})  # type: ignore
        with pytest.raises(SourceError, match="run without --batch"):
            ask_by_batch(job(2, server.url), Endpoint(server.url, KEY), journal, LIMITS)
        assert not open_batches(job(2, server.url), journal)
        assert all(each.possible == 0 for each in journal.calls())
        server.post = lambda http: FaultServer.post(server, http)  # type: ignore[method-assign]
        assert ask_by_batch(
            job(2, server.url), Endpoint(server.url, KEY), journal, LIMITS
        ) == Ending("done")


def test_what_was_never_sent_is_dropped(tmp_path: Path) -> None:
    with FaultServer() as server, Journal(tmp_path / "t.sqlite") as journal:
        journal.start_batch("of a run that was killed", [("key-0", 0.5), ("key-1", 0.5)])
        assert open_batches(job(2), journal)
        drop_unsent(job(2), journal)
        assert not open_batches(job(2), journal)
        assert [each.cost for each in journal.calls()] == [0.0, 0.0]
        found = ask_by_batch(job(2, server.url), Endpoint(server.url, KEY), journal, LIMITS)
        assert found == Ending("done")
