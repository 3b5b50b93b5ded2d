"""Rows of the path table, with its calendar, and what the summary says of the path."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence

from planner.plan import Path
from planner.table import Fact, Row, figure, money, whole
from sources.base import Source


def path_rows(path: Path, known: Sequence[Source], start: datetime.date) -> list[Row]:
    """One row a round; `start` is the day of week 0."""
    return [
        (
            each.number,
            money(each.cost),
            money(each.cumulative_cost),
            whole(each.effective),
            *map(figure, each.error),
            figure(each.reached),
            figure(each.needed),
            figure(each.end_week),
            each.decision,
            figure(each.order_week),
            _day(start, each.order_week),
            figure(each.arrival_week),
            _day(start, each.arrival_week),
            _day(start, each.end_week),
            figure(each.done_below),
            figure(each.buy_at),
            figure(each.stop_above),
            figure(each.stopped),
            money(each.lost),
            *(whole(each.purchases.get(source.name, 0.0)) for source in known),
        )
        for each in path.rounds
    ]


def _day(start: datetime.date, week: float) -> datetime.date | None:
    """The day on which `week` [week] after the start has passed; None beyond the calendar."""
    try:
        return start + datetime.timedelta(days=math.ceil(7 * week - 1e-6))
    except (OverflowError, ValueError):
        return None


def path_facts(path: Path, currency: str) -> list[Fact]:
    """Rows of the summary table on rounds beside their number and cost."""
    return [
        (
            "path_probability",
            figure(path.probability),
            "probability",
            "that buying in rounds meets the target in the end",
        ),
        ("stopped", figure(path.stopped), "probability", "that the project is given up on the way"),
        ("lost", money(path.lost), currency, "spent where it is given up; empty if it never is"),
        (
            "price_of_missing",
            money(path.price_of_missing),
            currency,
            "the rounds go on while more costs less than this times the chance it adds; empty if "
            "all is bought at once",
        ),
        (
            "measure_weeks",
            figure(path.measure_weeks),
            "week",
            "taken by each measurement; the next order waits for it, so that lead times add up",
        ),
    ]
