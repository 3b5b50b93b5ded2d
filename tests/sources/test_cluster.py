"""The count on a Dask cluster of two worker processes: the totals of one core, to the token."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from planner import cli
from sources import cluster, counting
from sources.base import SourceError
from sources.cluster import engine
from sources.corpus import Options
from sources.counting import count_corpus
from sources.journal import Journal

ROOT = Path(__file__).resolve().parent.parent.parent
QUIET = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__COMM__RETRY__COUNT": "0"}
pytest.importorskip("distributed")


def start(*args: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", *args],
        env=QUIET,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def cluster_of(size: int, folder: Path) -> Iterator[tuple[str, list[int]]]:
    """Address of a scheduler, and its process and those of so many workers."""
    known = folder / f"{size}.json"
    common = ["--scheduler-file", str(known)]
    running = [start("distributed.cli.dask_scheduler", *common, "--port", "0", "--no-dashboard")]
    options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder)]
    running += [start("distributed.cli.dask_worker", *common, *options) for _ in range(size)]
    until = time.monotonic() + 60
    while not known.exists() and time.monotonic() < until:
        time.sleep(0.05)
    try:
        yield json.loads(known.read_text())["address"], [each.pid for each in running]
    finally:
        for each in running:
            each.kill()
            each.wait()


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[int]]]:
    with cluster_of(2, tmp_path_factory.mktemp("dask")) as found:
        yield found


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(counting, "_PART", 20_000)
    monkeypatch.setattr(counting, "_TASK", 20_000)
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(4):
        rows = [
            {
                "text": f"row {at % 700} of {number % 3}, 数据越多，误差越小。" * 3,
                "day": "2026-01-02",
            }
            for at in range(1000)
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{number}.jsonl").write_text(lines)
    (folder / "bad.jsonl").write_text('{"text": "fine"}\n{bad\n')
    return folder


def test_the_totals_of_one_core(
    workers: tuple[str, list[int]],
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address, _ = workers
    options = Options(near=0.8, time="day")
    whole = count_corpus([corpus], options)
    assert count_corpus([corpus], options, engine=engine(address)) == whole
    monkeypatch.setenv("DATAPLAN_CACHE_DIR", str(tmp_path / "cache"))
    command = ["count", str(corpus), "--engine", "dask", "--scheduler", address, "--json"]
    assert cli.main(command) == 0
    (row,) = json.loads(capsys.readouterr().out)["counts"]
    assert (row["documents"], row["tokens"]) == (whole.documents, whole.tokens)


def test_relative_paths_are_those_of_the_client(
    workers: tuple[str, list[int]], corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = count_corpus([corpus], Options())
    monkeypatch.chdir(corpus.parent)
    assert count_corpus([corpus.name], Options(), engine=engine(workers[0])) == whole


def test_what_a_refused_address_leaves_behind() -> None:
    """Nothing that speaks up when the interpreter ends."""
    code = "from planner.cli import main; raise SystemExit(main())"
    place = str(Path(__file__).parent / "killed.py")
    command = [sys.executable, "-c", code, "count", place, "--no-cache", "--engine", "dask"]
    for address in ("foo", "tcp://127.0.0.1:9"):
        quick = "import sources.cluster as c; c.ARRIVAL = 0.5; "
        command[2] = quick + code
        asked = [*command, "--scheduler", address]
        done = subprocess.run(asked, env=QUIET, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "--scheduler = " in done.stderr and len(done.stderr.splitlines()) == 2, done.stderr


def test_a_worker_that_dies_loses_nothing(
    workers: tuple[str, list[int]], corpus: Path, tmp_path: Path
) -> None:
    address, processes = workers
    whole = count_corpus([corpus], Options())
    steps: list[int] = []

    def kill(done: int, total: int) -> None:
        steps.append(done)
        if len(steps) == 4:
            os.kill(processes[1], signal.SIGKILL)

    with Journal(tmp_path / "kept") as kept:
        found = count_corpus(
            [corpus], Options(), engine=engine(address), progress=kill, journal=kept
        )
        assert found == whole
        steps.clear()
        again = count_corpus(
            [corpus],
            Options(),
            engine=engine(address),
            journal=kept,
            progress=lambda done, _: steps.append(done),
        )
    assert again == whole
    # the file with a fault is all that is counted anew
    assert steps[0] == whole.bytes - (corpus / "bad.jsonl").stat().st_size


def test_what_can_be_wrong(
    workers: tuple[str, list[int]], corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "ARRIVAL", 0.5)
    with pytest.raises(SourceError, match="does not answer"):
        count_corpus([corpus], Options(), engine=engine("tcp://127.0.0.1:9"))
    for address in ("nonsense://x", "foo", "tcp://x", "tcp://:1", "a b:1", ""):
        with pytest.raises(SourceError, match="is no address of a scheduler; give the address"):
            count_corpus([corpus], Options(), engine=engine(address))
    monkeypatch.setattr(cluster, "VERSION", 0)
    with pytest.raises(SourceError, match="cannot run the count.*same dataplan"):
        count_corpus([corpus], Options(), engine=engine(workers[0]))
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SourceError, match=r"needs the package distributed; pip .*\[cluster\]"):
        count_corpus([corpus], Options(), engine=engine(workers[0]))


def test_a_scheduler_that_dies_is_told(workers: tuple[str, list[int]], corpus: Path) -> None:
    address, processes = workers

    def kill(done: int, total: int) -> None:
        if done:
            os.kill(processes[0], signal.SIGKILL)

    with pytest.raises(SourceError, match="was lost.*goes on from what is counted"):
        count_corpus([corpus], Options(), engine=engine(address), progress=kill)


def test_no_worker_at_all(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ARRIVAL", 2.0)
    with cluster_of(0, tmp_path) as (address, _), pytest.raises(SourceError, match="no worker"):
        count_corpus([corpus], Options(), engine=engine(address))
