"""Counts the parts of a corpus in several processes of this machine.

So many tasks are under way at a time that every process has one more waiting, so that nothing but
the rows to add up is held here. If a process is killed, the tasks that are not over are counted in
this one: slower, and to the same totals.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection
from typing import TYPE_CHECKING

from sources.corpus import Options, Part
from sources.rows import Counted
from sources.tally import counter

if TYPE_CHECKING:
    from sources.counting import Tasks

_AHEAD = 2  # tasks under way for each process


def counted(tasks: Sequence[list[Part]], options: Options, workers: int) -> Tasks:
    """The number of each task and what is in its parts, in any order."""
    open_ones = dict(enumerate(tasks))
    try:
        with _processes(min(workers, len(tasks)), options) as pool:
            for number, found in _spread(pool, tasks, options, workers):
                del open_ones[number]
                yield number, found
    except BrokenProcessPool:
        for number, task in open_ones.items():
            yield number, count_task(task, options)


def _spread(
    pool: ProcessPoolExecutor, tasks: Sequence[list[Part]], options: Options, workers: int
) -> Iterator[tuple[int, list[Counted]]]:
    waiting = iter(enumerate(tasks))
    running: dict[Future[list[Counted]], int] = {}
    while True:
        while len(running) < _AHEAD * workers and (task := next(waiting, None)):
            running[pool.submit(count_task, task[1], options)] = task[0]
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future.result()


@contextmanager
def _processes(workers: int, options: Options) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with this one, and at once where it is broken off."""
    # a copy of this process has the tables already; with other threads running it might hang
    copies = sys.platform == "linux" and threading.active_count() == 1
    context = multiprocessing.get_context("fork" if copies else "spawn")
    if copies and not options.plain:
        counter(options.encoding).prepare()
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, context, _left_alone)
    over = False
    try:
        yield pool
        over = True
    finally:
        if not over:
            for process in set(multiprocessing.active_children()) - before:
                process.terminate()
        pool.shutdown(cancel_futures=True)


def _left_alone() -> None:
    """The first process alone answers to Ctrl-C; without it the others end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def count_task(task: list[Part], options: Options) -> list[Counted]:
    """What is in each part of a task."""
    from sources import counting

    return [counting.count_part(part, options) for part in task]
