"""Killed at any point and run again: nothing answered is asked again, nothing is counted twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sources.distill.journal import Call, Journal
from tests.sources.fault_server import IN, OUT, Act, FaultServer

ROOT = Path(__file__).resolve().parents[2]
KILLS, WIDTH = 20, 4
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and fork are POSIX's")


class Runner:
    """Starts runs of one pilot, and kills them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def start(self) -> int:
        """The process id of a new run."""
        return self._asked()

    def end(self) -> int:
        """How the run ended: 0 done, -9 killed."""
        return os.waitstatus_to_exitcode(self._asked())

    def _asked(self) -> int:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def killed(self, seconds: float, calls: list[str] | None = None) -> int:
        """Kills a run after so many seconds, counted from its first call where calls are given."""
        before = len(calls or ())
        child = self.start()
        while calls is not None and len(calls) == before:
            time.sleep(0.002)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        return self.end()


@contextmanager
def runner(place: Path, url: str, n: int, how: str = "one") -> Iterator[Runner]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sources.killed", str(place), url, str(n), how],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Runner(process)
    finally:
        assert process.stdin and process.stdout
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()


def calls_in(place: Path) -> list[Call]:
    with Journal(place) as journal:
        return journal.calls()


def test_twenty_kills(tmp_path: Path) -> None:
    draw, n, place = random.Random(20261124), 240, tmp_path / "t.sqlite"
    with FaultServer(lambda number, body: Act(delay=0.02)) as server:
        with runner(place, server.url, n) as runs:
            for number in range(KILLS):
                calls = server.calls if number % 4 else None
                assert runs.killed(draw.uniform(0, 0.1), calls) == -9
            assert KILLS / 2 < len(server.calls) < n
            runs.start()
            assert runs.end() == 0
        asked = Counter(server.calls)
        assert set(asked) == {f"prompt number {i}" for i in range(n)}
        assert len(server.calls) <= n + KILLS * WIDTH
        time.sleep(0.1)  # answers to a run that was killed are still being made
        charged = sum(server.charged)
    found = calls_in(place)
    answered = Counter(each.key for each in found if each.outcome == "answered")
    assert answered == {f"key-{i}": 1 for i in range(n)}
    # prompts of three words: 3 + 5 tokens in, 7 out, as the server counts them
    known = sum(each.cost or 0 for each in found)
    assert known == pytest.approx(n * (8 * IN + 7 * OUT))
    assert known <= charged * (1 + 1e-9)
    assert known + sum(each.possible for each in found) >= charged * (1 - 1e-9)
    lost = [each for each in found if each.outcome is None]
    assert 0 < len(lost) <= KILLS * WIDTH
    assert len(server.calls) - n <= len(lost)


def test_a_batch_killed_anywhere_is_created_once(tmp_path: Path) -> None:
    draw, n, place = random.Random(3), 30, tmp_path / "t.sqlite"
    with FaultServer() as server:
        server.after_create = lambda: time.sleep(0.15)
        server.polls_before_done = 1
        with runner(place, server.url, n, "batch") as runs:
            for _ in range(8):
                runs.killed(draw.uniform(0, 0.2))
            runs.start()
            assert runs.end() == 0
        assert len(server.batches) == 1
        assert len(server.calls) == n
        charged = sum(server.charged)
    calls = calls_in(place)
    answered = Counter(each.key for each in calls if each.outcome == "answered")
    assert answered == {f"key-{i}": 1 for i in range(n)}
    assert sum(each.cost or 0 for each in calls) == pytest.approx(charged)
    assert all(each.possible == 0 for each in calls)


def test_a_batch_that_was_created_but_not_noted_is_found(tmp_path: Path) -> None:
    place = tmp_path / "t.sqlite"
    with FaultServer() as server, runner(place, server.url, 5, "batch") as runs:
        child = runs.start()
        # the server has made the batch, its answer never arrives
        server.after_create = lambda: (os.kill(child, signal.SIGKILL), time.sleep(0.2))  # type: ignore
        assert runs.end() == -9
        assert len(server.batches) == 1
        server.after_create = lambda: None
        runs.start()
        assert runs.end() == 0
        assert len(server.batches) == 1
        assert len(server.calls) == 5
