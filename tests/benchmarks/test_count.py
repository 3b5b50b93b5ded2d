"""Speed and memory of `dataplan count`, and the reach of its sample, on a corpus made here.

DATAPLAN_BENCH_MB sets the size (default 200). Each way of counting is a process of its own, and all
take turns, so that what else the machine does falls on all alike; the best of the rounds counts.
One core is compared by processor time, two by the clock, with the processor time that they spent in
all beside one core's: a machine that is busy elsewhere shows little of the second core.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from sources import sampling
from sources.counting import Options
from tests.benchmarks.make_corpus import make

SIZE = float(os.environ.get("DATAPLAN_BENCH_MB", "200"))
ROUNDS = 3
WAYS = ("plain", "1", "2")
RUN = """
import contextlib, json, resource, sys, time
from sources import cluster, counting, documents, tokens
coder = tokens.coder("o200k_base")
how, folder = sys.argv[1], sys.argv[2]
def used():
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)
start, cpu, extra = time.perf_counter(), used(), {}
if how == "plain":
    counts = []
    for document in documents.documents(folder + "/0.jsonl", "text", "file"):
        counts.append(len(coder.encode_ordinary(document.text)))
else:
    with contextlib.ExitStack() as stack:
        if how == "dask":
            from distributed import LocalCluster
            workers = stack.enter_context(LocalCluster(n_workers=2, threads_per_worker=1,
                                                       dashboard_address=None))
            extra = {"engine": cluster.engine(workers.scheduler_address)}
        else:
            extra = {"workers": int(how)}
        found = counting.count_corpus([folder], counting.Options(), **extra)
wall, cpu = time.perf_counter() - start, used() - cpu
if how == "plain":  # what was counted twice is found when the clock has stopped
    texts = (each.text for each in documents.documents(folder + "/0.jsonl", "text", "file"))
    total = sum({hash(text): count for text, count in zip(texts, counts)}.values())
else:
    total = found.tokens
print(json.dumps([total, wall, cpu]))
"""


class Run(NamedTuple):
    """Tokens; seconds by the clock and of all processors; most memory of all processes [MB]."""

    tokens: int
    wall: float
    cpu: float
    memory: float


def family(process: int) -> Iterator[int]:
    yield process
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from family(int(child))


def memory(process: int) -> float:
    """Of a process and those that it started, shared pages counted once [MB]."""
    found = 0
    for each in family(process):
        for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                found += int(line.split()[1])
    return found / 1024


def run(how: str, folder: Path) -> Run:
    command = [sys.executable, "-c", RUN, how, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        most = 0.0
        while process.poll() is None:
            with contextlib.suppress(OSError):  # one of them has just ended
                most = max(most, memory(process.pid))
            time.sleep(0.1)
        assert process.stdout and process.returncode == 0
        found = Run(*json.loads(process.stdout.read()), most)
    print(f"{how:>6}: {found.wall:6.1f} s, {found.cpu:6.1f} s of all processors, {most:4.0f} MB")
    return found


def show_make_up(folder: Path) -> None:
    sizes: collections.Counter[str] = collections.Counter()
    documents = 0
    with (folder / "0.jsonl").open(encoding="utf-8") as file:
        for row in map(json.loads, file):
            sizes[row["lang"]] += len(row["text"].encode())
            documents += 1
    whole = sizes.total()
    shares = ", ".join(f"{name} {size / whole:.0%}" for name, size in sizes.most_common())
    print(f"\n{whole / 1e6:.0f} MB of text in {documents:,} documents: {shares}")


def test_exact_count_is_fast_and_small(tmp_path: Path) -> None:
    folder = make(tmp_path / "corpus", SIZE)
    show_make_up(folder)
    runs = {how: [] for how in WAYS}
    for _ in range(ROUNDS):
        for how in WAYS:
            runs[how].append(run(how, folder))
    dask = run("dask", folder)
    (plain_cpu, plain), (one_cpu, one), (two_cpu, two) = (
        (min(each.cpu for each in runs[how]), min(each.wall for each in runs[how])) for how in WAYS
    )
    print(f"one core: {plain_cpu / one_cpu:.2f} times tiktoken (by the clock {plain / one:.2f})")
    print(
        f"two: {one / two:.2f} times one core, with {two_cpu / one_cpu:.2f} of its processor time"
    )
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    assert len({each.tokens for way in runs.values() for each in way} | {dask.tokens}) == 1
    assert max(each.memory for how in ("1", "2") for each in runs[how]) < 300


@pytest.mark.parametrize("form", ["jsonl", "few", "txt", "heavy"])
def test_sample(tmp_path: Path, form: str) -> None:
    folder = make(tmp_path / "corpus", 60, form)
    whole = sampling.sample_corpus([folder], Options(), share=0.3, seed=99)
    found = sampling.sample_corpus([folder], Options())
    assert found.interval and found.read
    off = found.tokens / whole.tokens - 1
    half = (found.interval[1] - found.interval[0]) / 2 / found.tokens
    print(
        f"{form}: {off:+.2%} of a large sample, +-{half:.2%}, {found.read / found.bytes:.1%} read"
    )
    assert found.read <= 0.03 * found.bytes
