"""Where everything stands: one value that all sheets read, so that formulas find each other."""

from __future__ import annotations

import math
from dataclasses import dataclass

from planner.workbook.book import ref, span
from planner.workbook.state import Bought, Item, State

GIVEN, COST, PLAN, LAW, DRAWS = "Assumptions", "Sources", "Plan", "Law", "Draws"
LIMITS = ("contingency", "budget", "weeks")  # inputs of every project as a whole
WANTED = ("target", "confidence", *LIMITS, "marginal")
FIRST_WANTED = 6  # row of the first input of the project as a whole on Assumptions
COST_FIRST = 5  # row of the first source on Sources
PLAN_FIRST = 5
DRAWS_FIRST = 10

LAW_ROWS = (
    "draws",
    "rank",
    "error",
    "error_low",
    "error_median",
    "error_high",
    "probability",
    "effective",
    "source",
    "column",
    "needed",
    "order",
    "more",
)
LAW_FIRST = 5  # row of the first of LAW_ROWS


def result(name: str) -> str:
    """Cell of one of LAW_ROWS."""
    return ref(LAW_FIRST + LAW_ROWS.index(name), 1, LAW)


@dataclass(frozen=True)
class Places:
    """Rows of items and lines on the sheets; columns are constants beside their methods.

    inputs               of the project as a whole: WANTED, or LIMITS where it has groups
    quantities, prices   row of the first item, and of the first cost line, on Assumptions
    costs                row of the first cost line on Sources
    """

    inputs: tuple[str, ...]
    items: int
    spans: int
    tiers: int
    quantities: int
    prices: int
    costs: int
    offsets: tuple[int, ...]
    draws: int
    weeks_limit: float

    def wanted(self, name: str) -> str:
        """Cell of an input of the project as a whole."""
        return ref(FIRST_WANTED + self.inputs.index(name), 3, GIVEN)

    def number(self, item: Item, column: int) -> str:
        """Cell of an item's row on Assumptions."""
        return ref(self.quantities + item.number - 1, column, GIVEN)

    def numbers(self, column: int) -> str:
        """All cells of a column of the items on Assumptions."""
        return span(self.quantities, column, self.quantities + self.items - 1, column, GIVEN)

    def line(self, number: int, column: int) -> str:
        """Cell of a cost line, numbered through all items, on Assumptions."""
        return ref(self.prices + number, column, GIVEN)

    def lines(self, item: Item, column: int, own: bool = False) -> tuple[str, str]:
        """Cells of an item's lines in a column of Sources, and in one of Assumptions by its
        number; `own` leaves training out."""
        first = self.offsets[item.number - 1]
        last = first + len(item.source.lines if own else item.lines) - 1
        return (
            span(self.costs + first, column, self.costs + last, column, COST),
            span(self.prices + first, column, self.prices + last, column, GIVEN),
        )

    def cost(self, item: Item, column: int) -> str:
        """Cell of an item's row on Sources."""
        return ref(COST_FIRST + item.number - 1, column, COST)

    def plan(self, item: Item, column: int) -> str:
        """Cell of an item's row on Plan."""
        return ref(PLAN_FIRST + item.number - 1, column, PLAN)

    def total(self, column: int) -> str:
        """Cell of the totals on Plan."""
        return ref(PLAN_FIRST + self.items, column, PLAN)


def places_of(state: Bought) -> Places:
    """The places of a state."""
    offsets, at = [], 0
    for item in state.items:
        offsets.append(at)
        at += len(item.lines)
    items = len(state.items)
    inputs = WANTED if isinstance(state, State) else LIMITS
    quantities = FIRST_WANTED + len(inputs) + 5
    return Places(
        inputs=inputs,
        items=items,
        spans=max((len(item.source.limits.closed) for item in state.items), default=0),
        tiers=max((len(line.tiers) for _, line in state.lines), default=0),
        quantities=quantities,
        prices=quantities + items + 4,
        costs=COST_FIRST + items + 4,
        offsets=tuple(offsets),
        draws=len(state.law.weights) if isinstance(state, State) else 0,
        weeks_limit=math.inf
        if state.study.inputs.least == "weeks"
        else state.study.plan.target.weeks,
    )
