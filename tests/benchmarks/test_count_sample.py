"""The sampled count on corpora of different make: error, bytes read, reach of its interval.

DATAPLAN_BENCH_MB sets the size of each corpus on disk (default 210); DATAPLAN_BENCH_NAMES chooses
some of them (names with ; between).
"""

from __future__ import annotations

import math
import os
import shutil
import time
from pathlib import Path

import pytest

from sources import sampling
from sources.corpus import Options
from sources.pieces import Counter
from sources.sampling import sample_corpus
from tests.benchmarks.corpora import FEW_PACKED, MAKERS, make

SIZE = float(os.environ.get("DATAPLAN_BENCH_MB", "210"))
RUNS = 10  # of each corpus


def test_sampled_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter("o200k_base")
    monkeypatch.setattr(sampling, "Counter", lambda _: counter)
    first_good = covered = runs = 0
    little = []
    print(f"{'corpus':<31}{'first':>8}{'rms':>7}{'95%+-':>7}{'cover':>7}{'read':>7}{'s':>6}")
    chosen = os.environ.get("DATAPLAN_BENCH_NAMES", "")
    for name, (split, _) in MAKERS.items():
        if chosen and name not in chosen.split(";"):
            continue
        folder = tmp_path / "corpus"
        truth = make(name, folder, SIZE)
        errors, halves, hits, share = [], [], 0, 0.0
        start = time.perf_counter()
        for seed in range(RUNS):
            found = sample_corpus([folder], Options(split=split), seed=seed)
            assert found.interval is not None, "too small for a sample"
            low, high = found.interval
            errors.append(found.tokens / truth - 1)
            halves.append((high - low) / 2 / truth)
            hits += low <= truth <= high
            share = max(share, (found.read or found.bytes) / found.bytes)
        took = (time.perf_counter() - start) / RUNS
        shutil.rmtree(folder)
        rms = math.sqrt(sum(each**2 for each in errors) / RUNS)
        print(
            f"{name:<31}{errors[0]:>+8.2%}{rms:>7.2%}{sum(halves) / RUNS:>7.2%}"
            f"{hits / RUNS:>7.0%}{share:>7.1%}{took:>6.1f}",
            flush=True,
        )
        first_good += abs(errors[0]) < 0.01
        covered += hits
        runs += RUNS
        if name not in FEW_PACKED:
            little.append(share)
    print(f"within 1%: {first_good} of {len(MAKERS)}; covered: {covered / runs:.1%} of {runs} runs")
    print(f"at most 3% read: {sum(each <= 0.03 for each in little)} of {len(little)}")
    assert first_good >= 0.95 * runs / RUNS - 1
    assert covered >= 0.9 * runs
