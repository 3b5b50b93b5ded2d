from __future__ import annotations

import io
import re
import time

from planner.progress import meter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_silent_where_no_one_watches() -> None:
    out = io.StringIO()
    with meter(out, patience=0) as progress:
        progress.stage("fitting")
        progress.share(1, 2)
        time.sleep(0.05)
    assert out.getvalue() == ""


def test_silent_while_it_is_quick() -> None:
    out = Terminal()
    with meter(out, patience=60) as progress:
        progress.stage("fitting")
    assert "fitting" not in out.getvalue()


def test_names_the_stage_when_it_takes_long() -> None:
    out = Terminal()
    with meter(out, patience=0) as progress:
        progress.stage("counting [x]")
        for _ in range(100):
            progress.share(1, 2)
            if "counting" in out.getvalue():
                break
            time.sleep(0.05)
    assert "counting [x]" in out.getvalue()


def test_tells_speed_and_time_left_of_bytes() -> None:
    out = Terminal()
    with meter(out, patience=0) as progress:
        progress.stage("counting", unit="byte")
        progress.share(900_000_000, 2_000_000_000)  # counted by an earlier run
        for at in range(100):
            progress.share(900_000_000 + at * 100_000, 2_000_000_000)
            if "MB/s" in out.getvalue():
                break
            time.sleep(0.05)
        shown = out.getvalue()
    assert "45%" in shown
    (speed, *_) = re.findall(r"([\d.]+) MB/s", shown)
    assert float(speed) < 100, "what was counted before is no speed"
    assert re.search(r"\d:\d\d:\d\d.*\d:\d\d:\d\d", shown)


def test_gone_after_a_fault() -> None:
    out = Terminal()
    try:
        with meter(out, patience=0):
            raise KeyError
    except KeyError:
        pass
    size = len(out.getvalue())
    time.sleep(0.2)
    assert len(out.getvalue()) == size
