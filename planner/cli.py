"""The command line: parse, call, print, exit code; nothing else.

Exit code 0 done, 1 the target cannot be met (the tables are still written), 2 bad input, 130 broken
off. Results go to stdout, messages to stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from planner.arguments import parse
from planner.commands.base import BAD, BROKEN_OFF, DONE, say


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    # the matrices are small: more threads only burn time, and sums in another order
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the terminal cannot show is no fault
            stream.reconfigure(errors="backslashreplace")
    args = parse(argv)
    from planner.errors import DataplanError  # brings numpy, which --help must not wait for

    try:
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return _closed(DONE)  # the reader has seen enough
    except KeyboardInterrupt:
        return say("broken off", BROKEN_OFF)
    except DataplanError as error:
        return say(str(error), BAD)
    except OSError as error:
        say(f"{error.filename or 'output'}: {error.strerror or error}", BAD)
        return _closed(BAD)


def _closed(code: int) -> int:
    """Drop what stdout still holds: writing it at exit would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
