from __future__ import annotations

import io
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
