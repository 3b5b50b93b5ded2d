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
        self._begun = False  # whether the running stage has said how far it is
        self._task = None
        if display is not None:
            self._task = display.add_task("starting", total=None, unit="")

    def stage(self, name: str, unit: str = "") -> None:
        """A stage of unknown length begins; where its unit is the byte, its speed is shown."""
        self._begun = False
        if self._display is not None:
            known = {"description": name, "completed": 0, "total": None, "unit": unit}
            self._display.update(self._task, **known)

    def share(self, done: float, total: float) -> None:
        """So much of the running stage is done; what was so at first says nothing of speed."""
        if self._display is None:
            return
        if self._begun:
            self._display.update(self._task, completed=done, total=total)
        else:
            self._begun = True
            self._display.reset(self._task, completed=int(done), total=total)


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
        TransferSpeedColumn,
    )

    class Speed(TransferSpeedColumn):
        """Bytes a second, of work that is counted in bytes."""

        def render(self, task: Any) -> Any:
            return super().render(task) if task.fields["unit"] == "byte" else ""

    display = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        Speed(),
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
