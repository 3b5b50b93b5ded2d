"""Runs a pilot in a process of its own that may be killed at any point.

Started once, so that the heavy imports are paid for once only: at a line from stdin it forks a
child and prints the child's process id, at the next it waits for it and prints how it ended.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sources.distill.asking import Limits, ask
from sources.distill.batches import ask_by_batch
from sources.distill.endpoint import Endpoint
from sources.distill.journal import Journal
from tests.sources.distilling import KEY, job


def main() -> None:
    import openai

    client = openai.AsyncOpenAI(api_key=KEY, base_url="http://127.0.0.1:1/v1")
    assert client.chat.completions.with_raw_response  # imported now, so that no child waits for it
    place, url, n, how = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    run = ask_by_batch if how == "batch" else ask
    while sys.stdin.readline():
        child = os.fork()
        if child == 0:
            with Journal(place) as journal:
                ending = run(job(n, url), Endpoint(url, KEY), journal, Limits(1.0, 4, 60.0, 300.0))
            os._exit(0 if ending.reason == "done" else 3)
        print(child, flush=True)
        sys.stdin.readline()  # until then the child is not reaped, and its id is nobody else's
        _, status = os.waitpid(child, 0)
        print(status, flush=True)


if __name__ == "__main__":
    main()
