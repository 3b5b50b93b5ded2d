"""CPU time and memory of the installed command, as whole processes; reports, never judges.

Goals: `dataplan --help` under 0.3 CPU s; the sentiment example under 4 CPU s and 400 MB.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATAPLAN = Path(sys.executable).with_name("dataplan")
RUNS = 5


def measure(*arguments: str) -> tuple[float, float]:
    """CPU seconds and peak memory [MB] of one run."""
    pid = os.posix_spawn(
        str(DATAPLAN),
        [str(DATAPLAN), *arguments],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("dataplan --help", ["--help"]),
        ("dataplan plan (sentiment)", ["plan", str(ROOT / "examples/sentiment/project.toml")]),
    ],
)
def test_cpu_and_memory(name, arguments):
    measure(*arguments)  # warm the file cache and the byte code
    runs = [measure(*arguments) for _ in range(RUNS)]
    cpu, memory = zip(*runs, strict=True)
    print(
        f"\n{name}: CPU s median {statistics.median(cpu):.2f} "
        f"({min(cpu):.2f} to {max(cpu):.2f}), peak {max(memory):.0f} MB, {RUNS} runs"
    )
