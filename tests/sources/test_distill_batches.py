"""The batch interface: one batch, its answers and its errors, and what it costs."""

from __future__ import annotations

import json
import time
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
    """One is rejected, one is in no file and may be paid: the next run asks both again."""

    def act(number: int, body: dict[str, Any]) -> Act:
        last = body["messages"][0]["content"][-1]
        return Act(status={"2": 400, "3": 408}.get(last, 200))

    with FaultServer(act) as server:
        ending = run(tmp_path, server)
        assert ending.reason == "failed"
        with Journal(tmp_path / "t.sqlite") as journal:
            calls = journal.calls()
        assert [each.key for each in calls if each.cost == 0] == ["key-2"]
        assert [each.key for each in calls if each.possible] == ["key-3"]
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


def journal_of(place: Path) -> Journal:
    return Journal(place / "t.sqlite")


@pytest.mark.parametrize("status", [504, 500, 408, 409])
@pytest.mark.parametrize("said", ["true", "false"])
def test_a_batch_that_was_created_without_a_clear_answer(
    tmp_path: Path, status: int, said: str
) -> None:
    """The server makes the batch and answers with an error: it is found, and no second is made."""
    with FaultServer() as server:
        real = server.create

        def create(http: Any, given: dict[str, Any]) -> None:
            sent: list[Any] = []
            server.create = real  # type: ignore[method-assign]
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("tests.sources.fault_server.send", lambda *a: sent.append(a))
                real(http, given)
            send(http, status, {"error": {"message": "gateway"}}, {"x-should-retry": said})

        server.create = create  # type: ignore[method-assign]
        assert run(tmp_path, server) == Ending("done")
        assert len(server.batches) == 1
        assert len(server.calls) == 8


def test_a_batch_that_was_not_created_is_created_by_the_next_run(tmp_path: Path) -> None:
    with FaultServer() as server:
        real = server.create
        server.create = lambda http, given: send(http, 504, {})  # type: ignore[method-assign]
        with pytest.raises(SourceError, match="again later"):
            run(tmp_path, server)
        with journal_of(tmp_path) as journal:
            assert sum(each.possible for each in journal.calls()) > 0
        server.create = real  # type: ignore[method-assign]
        assert run(tmp_path, server) == Ending("done")
        assert len(server.batches) == 1


def lost_note(place: Path, server: FaultServer) -> None:
    """A run that was killed after its batch was created and before that was noted."""

    def note(journal: Journal, mark: str, event: str, value: str) -> None:
        if event == "created":
            raise KeyboardInterrupt
        real(journal, mark, event, value)

    real = Journal.note
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "note", note)
        with pytest.raises(KeyboardInterrupt):
            run(place, server)


def listing(server: FaultServer, others: list[dict[str, Any]], pages: bool) -> None:
    """Many other batches before ours, in pages of a hundred, or always the same page."""
    real = server.get

    def get(http: Any) -> None:
        path, _, asked = http.path.partition("?")
        if not path.endswith("/batches"):
            return real(http)
        rows = [*others, *server.batches.values()]
        ids = [each["id"] for each in rows]
        after = asked.partition("after=")[2].partition("&")[0]
        start = ids.index(after) + 1 if after and pages else 0
        page = rows[start : start + 100]
        return send(http, 200, {"data": page, "has_more": start + 100 < len(rows)})

    server.get = get  # type: ignore[method-assign]


def test_a_batch_behind_many_others_is_found(tmp_path: Path) -> None:
    with FaultServer() as server:
        lost_note(tmp_path, server)
        listing(server, [{"id": f"other-{i}", "metadata": "odd"} for i in range(250)], pages=True)
        assert run(tmp_path, server) == Ending("done")
        assert len(server.batches) == 1


def test_a_list_without_end_creates_no_second_batch(tmp_path: Path) -> None:
    with FaultServer() as server:
        lost_note(tmp_path, server)
        listing(server, [{"id": f"other-{i}"} for i in range(250)], pages=False)
        with pytest.raises(SourceError, match="no second is created"):
            run(tmp_path, server)
        assert len(server.batches) == 1


def test_a_list_is_read_no_further_than_it_must(tmp_path: Path) -> None:
    with FaultServer() as server:
        lost_note(tmp_path, server)
        server.batches.clear()  # the server has made none after all
        old = [{"id": f"old-{i}", "created_at": 10**9} for i in range(250)]
        listing(server, old, pages=False)
        assert run(tmp_path, server) == Ending("done")
        assert len(server.batches) == 1


def test_a_batch_that_the_server_no_longer_has_is_lost(tmp_path: Path) -> None:
    with FaultServer() as server:
        server.polls_before_done = 10**9
        run(tmp_path, server, 4, Limits(1.0, 4, 5.0, 0.3))
        real = server.get
        server.get = lambda http: send(http, 404, {})  # type: ignore[method-assign]
        ending = run(tmp_path, server, 4)
        assert ending.reason == "failed"
        assert "lost" in ending.problem
        with journal_of(tmp_path) as journal:
            assert not open_batches(job(4, server.url), journal)
            assert {each.outcome for each in journal.calls()} == {"lost"}
            assert sum(each.possible for each in journal.calls()) > 0
        server.get, server.polls_before_done = real, 1  # type: ignore[method-assign]
        assert run(tmp_path, server, 4) == Ending("done")


def test_the_time_limit_holds_while_the_server_hangs(tmp_path: Path) -> None:
    with FaultServer() as server:
        server.after_create = lambda: time.sleep(20)
        before = time.monotonic()
        ending = run(tmp_path, server, 4, Limits(1.0, 4, 15.0, 1.5))
        assert time.monotonic() - before < 1.5 + 3.0
        assert ending.reason == "time"
        server.after_create = lambda: None
        assert run(tmp_path, server, 4) == Ending("done")
        assert len(server.batches) == 1


@pytest.mark.parametrize("what", ["response", "error", "both", "file", "state"])
def test_odd_files_and_states_are_no_accident(tmp_path: Path, what: str) -> None:
    with FaultServer() as server:
        real = server.work

        def work(batch: dict[str, Any]) -> None:
            real(batch)
            rows = [json.loads(row) for row in server.files[batch["output_file_id"]].splitlines()]
            for row in rows:
                if what in ("response", "both"):
                    row["response"] = "x"
                if what in ("error", "both"):
                    row["error"], row["response"] = "odd", row["response"] if what == "both" else 0
            server.files[batch["output_file_id"]] = b"\n".join(json.dumps(r).encode() for r in rows)
            if what == "state":
                batch |= {"output_file_id": 5, "errors": "bad", "request_counts": "x"}

        server.work = work  # type: ignore[method-assign]
        if what == "file":
            server.post = lambda http: send(http, 200, {})  # type: ignore[method-assign]
            with pytest.raises(SourceError, match="no batch interface"):
                run(tmp_path, server)
            return
        assert run(tmp_path, server).reason in ("failed", "done")
    with journal_of(tmp_path) as journal:
        found = {each.outcome for each in journal.calls()}
    assert found == {"lost"}
