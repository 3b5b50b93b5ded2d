"""The type of the fixture `run`: a command as its user types it -> exit code, stdout, stderr."""

from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]
