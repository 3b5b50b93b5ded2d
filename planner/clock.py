"""A time limit that is looked at between pieces of work."""

from __future__ import annotations

import math
import time


class Clock:
    """Runs out `seconds` [s] of wall time after it was made; None never does."""

    def __init__(self, seconds: float | None = None) -> None:
        self.end = math.inf if seconds is None else time.monotonic() + max(seconds, 0.0)

    def left(self) -> float:
        """Time left [s], never below 0; inf without a limit."""
        return max(0.0, self.end - time.monotonic()) if math.isfinite(self.end) else math.inf

    def part(self, share: float) -> Clock:
        """A clock that runs out after this share of the time left."""
        return Clock(share * self.left()) if math.isfinite(self.end) else Clock()

    def earlier(self, seconds: float) -> Clock:
        """A clock that runs out `seconds` [s] before this one, or at once."""
        return Clock(self.left() - seconds) if math.isfinite(self.end) else Clock()

    def over(self) -> bool:
        """Whether the time is up."""
        return self.left() == 0.0
