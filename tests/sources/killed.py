"""Runs a pilot in a process of its own that may be killed at any point.

Started once, it reads lines from stdin: for each it forks a child, prints the child's process id
and "go", and when the child has ended how it did. So the heavy imports are paid for once only.
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
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            with Journal(place) as journal:
                ending = run(job(n, url), Endpoint(url, KEY), journal, Limits(1.0, 4, 10.0, 60.0))
            os._exit(0 if ending.reason == "done" else 3)
        print(child, "go", flush=True)
        _, status = os.waitpid(child, 0)
        print("ended", status, flush=True)


if __name__ == "__main__":
    main()
