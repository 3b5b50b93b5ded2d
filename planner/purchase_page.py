"""The table of purchases, as every page of a plan shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.screen import Parts, amount, grid, line, money, number, weeks
from planner.table import Table


def purchase_parts(plan: Table, facts: Mapping[str, Any]) -> Parts:
    """What is bought, source by source, and the sum; facts are those of the summary."""
    rows = [
        (
            row["source"],
            amount(row["quantity"]),
            number(row["unit_cost"]),
            money(row["total"]),
            f"{money(row['low'])} to {money(row['high'])}",
            weeks(row["weeks"]),
            row["provenance"],
        )
        for row in plan.records()
    ]
    spread = f"{money(facts['cost_low'])} to {money(facts['cost_high'])}"
    sums = ("total", "", "", money(facts["cost"]), spread, weeks(facts["weeks"]), "")
    heads = ("buy", "quantity", "unit cost", "total", "low to high", "weeks", "rests on")
    note = (
        f"{facts['unit of cost']}, {money(facts['contingency'])} of contingency and all fees "
        "included; unit cost without both"
    )
    return [grid(heads, [*rows, sums], "~>>>>><", last=True), line(note)]
