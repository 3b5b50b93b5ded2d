"""Speed and memory of `dataplan count`, and the reach of its sample, on a corpus made here.

DATAPLAN_BENCH_MB sets the size (default 200).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sources import sampling
from sources.counting import Options
from tests.benchmarks.make_corpus import make

SIZE = float(os.environ.get("DATAPLAN_BENCH_MB", "200"))
RUN = """
import json, resource, sys, time
from sources import counting, tokens
coder = tokens.coder("o200k_base")
how, folder = sys.argv[1], sys.argv[2]
start, cpu = time.perf_counter(), time.process_time()
if how == "plain":
    total, seen = 0, set()
    for line in open(folder + "/0.jsonl", encoding="utf-8"):
        text = json.loads(line)["text"]
        if text not in seen:
            seen.add(text)
            total += len(coder.encode_ordinary(text))
else:
    total = counting.count_corpus([folder], counting.Options(), workers=int(how)).tokens
own, below = (resource.getrusage(who).ru_maxrss // 1024 for who in (0, -1))
print(json.dumps([total, time.perf_counter() - start, time.process_time() - cpu, own, below]))
"""


def run(how: str, folder: Path) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", RUN, how, str(folder)], capture_output=True, text=True, check=True
    )
    found: list[float] = json.loads(done.stdout)
    print(
        f"{how:>6}: {found[0]:,} tokens, {found[1]:.1f} s, {found[2]:.1f} s of this process,",
        end="",
    )
    print(f" {found[3]} MB, workers {found[4]} MB each")
    return found


def test_exact_count_is_fast_and_small(tmp_path: Path) -> None:
    folder = make(tmp_path / "corpus", SIZE)
    one, plain, two = (run(how, folder) for how in ("1", "plain", "2"))
    print(
        f"one core {plain[1] / one[1]:.2f} times tiktoken (CPU {plain[2] / one[2]:.2f}), ", end=""
    )
    print(f"two {one[1] / two[1]:.2f} times one")
    assert one[0] == two[0] == plain[0]
    assert max(one[3], two[3] + 2 * two[4]) < 600  # pages that processes share count for each
    assert one[3] < 300


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
