"""The table of purchases, as every page of a plan shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.language import Speech
from planner.screen import Parts, amount, grid, line, money, number, weeks
from planner.table import Table


def purchase_parts(plan: Table, facts: Mapping[str, Any], say: Speech | None = None) -> Parts:
    """What is bought, source by source, and the sum; facts are those of the summary."""
    heads, rows, note = purchase_cells(plan, facts, say or Speech())
    return [grid(heads, rows, "~>>>>><", last=True), line(note)]


def purchase_cells(
    plan: Table, facts: Mapping[str, Any], say: Speech
) -> tuple[list[str], list[tuple[str, ...]], str]:
    """Heads, rows with the sum as the last, and what is in the costs, as they are shown."""
    rows = [
        (
            str(row["source"]),
            amount(row["quantity"]),
            number(row["unit_cost"]),
            money(row["total"]),
            say("to", low=money(row["low"]), high=money(row["high"])),
            weeks(row["weeks"]),
            provenance(row["provenance"], say),
        )
        for row in plan.records()
    ]
    spread = say("to", low=money(facts["cost_low"]), high=money(facts["cost_high"]))
    total, spent = say("page.total"), money(facts["cost"])
    sums = (total, "", "", spent, spread, weeks(facts["weeks"]), "")
    names = ("buy", "quantity", "unit cost", "total", "range", "weeks", "rests on")
    heads = [say(f"page.{name}") for name in names]
    kept = {"currency": facts["unit of cost"], "contingency": money(facts["contingency"])}
    return heads, [*rows, sums], say("page.purchases.note", **kept)


def provenance(name: Any, say: Speech) -> str:
    """Where a number comes from, in the language; "" for what is free."""
    return say(f"provenance.{name}") if say.knows(f"provenance.{name}") else str(name or "")
