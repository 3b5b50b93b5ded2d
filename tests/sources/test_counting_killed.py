"""A count that is killed at any point goes on from there, and counts nothing twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sources.corpus import Options
from sources.counting import count_corpus

ROOT = Path(__file__).resolve().parent.parent.parent
# logs each part as it is counted, and as it is safe on disk
RUN = """
import os, sys, time
from sources import counting, journal
from sources.corpus import Options
folder, kept, log, workers = sys.argv[1:]
options = Options(near=0.8, time="on")
journal._EVERY = 0.0
counting._PART, counting._TASK = 3000, 6000
said = open(log, "a", buffering=1)
put, count_part = journal.Journal.put, counting.count_part
def logged_put(self, key, data):
    put(self, key, data)
    said.write(f"kept {key.hex()}\\n")
def logged_count(part, given, *rest):
    said.write(f"counted {counting._key(part, given).hex()}\\n")
    time.sleep(0.01)
    return count_part(part, given, *rest)
journal.Journal.put, counting.count_part = logged_put, logged_count
with journal.Journal(__import__("pathlib").Path(kept)) as store:
    found = counting.count_corpus([folder], options, workers=int(workers), journal=store)
said.write(f"workers {os.getpid()}\\n")
print(repr(found))
"""


def corpus(folder: Path) -> Path:
    folder.mkdir()
    chance = random.Random(4)
    words = [f"word{at}" for at in range(500)]
    for number in range(6):
        rows = []
        for at in range(120):
            text = " ".join(chance.choices(words, k=chance.randrange(5, 40)))
            rows.append({"text": text, "on": f"2026-0{at % 9 + 1}-11"})
        rows += rows[:20]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{number}.jsonl").write_text(lines)
    (folder / "plain.txt").write_text(" ".join(chance.choices(words, k=9000)))
    return folder


def test_killed_five_times(tmp_path: Path) -> None:
    chance = random.Random(5)
    folder, log = corpus(tmp_path / "corpus"), tmp_path / "log"
    log.touch()
    command = [sys.executable, "-c", RUN, str(folder), str(tmp_path / "kept"), str(log)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for kill in range(5):
        before = log.read_text().count("\n")
        workers = str(1 + kill % 2)
        running = subprocess.Popen([*command, workers], env=environment, stdout=subprocess.DEVNULL)
        until = before + chance.randrange(2, 40)
        while running.poll() is None and log.read_text().count("\n") < until:
            time.sleep(0.001)
        running.send_signal(signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL, "it was over before it was killed"
    command.append("1")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    whole = count_corpus([folder], Options(near=0.8, time="on"))
    assert done.stdout.strip() == repr(whole)
    kept: set[str] = set()
    for line in log.read_text().splitlines():
        what, key = line.split()
        assert what != "counted" or key not in kept, "counted again"
        kept |= {key} if what == "kept" else set()
    assert len(kept) > 50


def children(of: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(of)], capture_output=True, text=True, check=False)
    return [int(each) for each in found.stdout.split()]


def started(tmp_path: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """A count by two processes that is under way, and these."""
    log = tmp_path / "log"
    log.touch()
    folder = corpus(tmp_path / "corpus")
    command = [sys.executable, "-c", RUN, str(folder), str(tmp_path / "kept"), str(log), "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = subprocess.Popen(command, env=environment, text=True, **pipes)
    while running.poll() is None and log.read_text().count("kept") < 3:
        time.sleep(0.01)
    return running, children(running.pid)


@pytest.mark.parametrize("both", [False, True])
def test_killed_processes_make_it_slower_and_change_nothing(tmp_path: Path, both: bool) -> None:
    running, workers = started(tmp_path)
    assert len(workers) == 2
    for each in workers[: 1 + both]:
        os.kill(each, signal.SIGKILL)
    out, err = running.communicate(timeout=60)
    whole = count_corpus([tmp_path / "corpus"], Options(near=0.8, time="on"))
    assert (out.strip(), running.returncode) == (repr(whole), 0), err


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_process_outlives_the_count(tmp_path: Path, how: signal.Signals) -> None:
    running, workers = started(tmp_path)
    running.send_signal(how)
    _, err = running.communicate(timeout=60)
    assert running.returncode != 0
    assert how == signal.SIGKILL or "KeyboardInterrupt" in err
    until = time.monotonic() + 20
    while alive := [each for each in workers if Path(f"/proc/{each}").exists()]:
        assert time.monotonic() < until, alive
        time.sleep(0.05)
