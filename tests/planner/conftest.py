"""Commands called inside the test's own process, on a terminal of 80 columns."""

from __future__ import annotations

import pytest

from planner.cli import main
from tests.planner.calling import Run


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """`dataplan` with these arguments; no answer of it is a traceback."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*args: object) -> tuple[int, str, str]:
        try:
            code = main([str(arg) for arg in args])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


@pytest.fixture
def short_frontier(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans with fewer other targets, for tests that do not look at these: they take a third of a
    plan's time."""
    monkeypatch.setattr("planner.study.POINTS", 3)
