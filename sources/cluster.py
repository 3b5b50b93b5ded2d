"""Counts the parts of a corpus on the workers of a Dask cluster.

The workers open the files themselves, under the same paths, and send packed rows back. Two tasks
for each of their threads are under way at any time, so that the client holds nothing but the rows
that it is there to add up. A task whose worker dies is given to another one.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from sources import places
from sources.base import Fault, SourceError
from sources.corpus import Options, Part
from sources.counting import Engine, Tasks, count_part
from sources.rows import VERSION, packed, unpacked
from sources.schedulers import SHOWN, is_address

EXTRA = 'pip install "dataplan[cluster]"'
ARRIVAL = 30.0  # seconds in which the scheduler must answer, and in which workers must turn up
_AHEAD = 2  # tasks under way for each thread of a worker
_PAUSE = 1.0  # seconds between looks at the workers
_SAME = "install the same dataplan for the scheduler and all its workers"
_ONE = threading.Lock()  # the threads of a worker share its caches


def engine(address: str) -> Engine:
    """Counts on the cluster whose scheduler has this address, such as tcp://10.0.0.1:8786."""
    return partial(_count, address=address)


def _count(todo: Sequence[list[Part]], options: Options, *, address: str) -> Tasks:
    with _client(address) as client:
        waiting = iter(enumerate(todo))
        running: dict[Any, int] = {}
        done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        seen = time.monotonic()
        while True:
            threads = sum(client.nthreads().values())
            seen = time.monotonic() if threads else seen
            if time.monotonic() - seen > ARRIVAL:
                raise _fault(address, f"has had no worker for {ARRIVAL:.0f} s", "start some")
            while len(running) < _AHEAD * max(1, threads) and (task := next(waiting, None)):
                parts = [replace(part, path=places.absolute(part.path)) for part in task[1]]
                future = client.submit(count_packed, parts, options, VERSION, pure=False)
                running[future] = task[0]
                future.add_done_callback(done.put)
            if not running:
                return
            with suppress(queue.Empty):
                future = done.get(timeout=_PAUSE)
                found = _result(future, address)
                yield running.pop(future), [unpacked(data, options) for data in found]


def count_packed(task: list[Part], options: Options, version: int) -> list[bytes]:
    """Counts parts on a worker; what is found comes packed."""
    if version != VERSION:
        raise ImportError(f"the client packs rows as of version {version}, not {VERSION}")
    with _ONE:
        return [packed(count_part(part, options)) for part in task]


def _result(future: Any, address: str) -> list[bytes]:
    from distributed import KilledWorker

    try:
        found: list[bytes] = future.result()
    except KilledWorker as error:
        advice = "give each worker more memory; what is counted is kept for the next run"
        raise _fault(address, f"lost several workers at one task: {error}", advice) from error
    except ImportError as error:
        raise _fault(address, f"cannot run the count: {error}", _SAME) from error
    except RuntimeError as error:  # the scheduler could not load the task
        cause = error.__cause__ or error
        raise _fault(address, f"cannot run the count: {cause}", _SAME) from error
    return found


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise _fault(address, "needs the package distributed", EXTRA) from None
    if not is_address(address):
        raise _fault(address, "is no address of a scheduler", SHOWN)
    try:
        client = Client(address, timeout=ARRIVAL, set_as_default=False)
    except (OSError, ValueError) as error:
        raise _fault(address, f"does not answer: {error}", SHOWN) from None
    with client:
        try:
            yield client
        except (OSError, CancelledError) as error:
            advice = "start it again; the same command goes on from what is counted"
            raise _fault(address, f"was lost: {error or type(error).__name__}", advice) from None


def _fault(address: str, problem: str, advice: str) -> SourceError:
    return SourceError([Fault("scheduler", address, problem, advice)])
