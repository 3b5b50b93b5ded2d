"""What is being done, on stderr, for anything that takes longer than a second on a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

PATIENCE = 1.0  # seconds before anything is shown


class Meter:
    """Tells which stage runs and how far it is; shows nothing unless `display` is given."""

    def __init__(self, display: Any = None) -> None:
        self._display = display
        self._task = None if display is None else display.add_task("starting", total=None)

    def stage(self, name: str) -> None:
        """A stage of unknown length begins."""
        if self._display is not None:
            self._display.update(self._task, description=name, completed=0, total=None)

    def share(self, done: float, total: float) -> None:
        """So much of the running stage is done."""
        if self._display is not None:
            self._display.update(self._task, completed=done, total=total)


@contextmanager
def meter(stream: IO[str] | None = None, patience: float = PATIENCE) -> Iterator[Meter]:
    """A meter for the work in the block, shown on `stream` (stderr) if that is a terminal."""
    out = sys.stderr if stream is None else stream
    if not out.isatty():
        yield Meter()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    display = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(file=out),
        transient=True,
    )
    lock, over = threading.Lock(), False

    def show() -> None:
        with lock:
            if not over:
                display.start()

    timer = threading.Timer(patience, show)
    timer.daemon = True
    timer.start()
    try:
        yield Meter(display)
    finally:
        timer.cancel()
        with lock:
            over = True
            display.stop()
