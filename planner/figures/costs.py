"""Costs as a picture: each purchase at expected prices, and the range of its prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.figures.style import (
    BAND,
    DEEP,
    INK,
    MARK,
    Pictures,
    canvas,
    label,
    pictures,
    thousands,
    width_for,
)
from planner.language import Speech
from planner.screen import money
from planner.table import Table


def draw_costs(plan: Table, facts: Mapping[str, Any], say: Speech) -> Pictures:
    """`costs.png` and `.svg`: a bar for each purchase and one for all, with low and high. Raises
    DataplanError where matplotlib is not installed."""
    rows: list[Any] = [
        (label(row["source"]), row["total"], row["low"], row["high"]) for row in plan.records()
    ]
    total = (facts["cost"], facts["cost_low"], facts["cost_high"])
    rows.append((say("figure.total"), *total))
    size = {"width": width_for(row[0] for row in rows), "height": 1.4 + 0.5 * len(rows)}
    with canvas(**size) as (figure, axes):
        at = range(len(rows))
        axes.barh(
            at,
            [row[1] for row in rows],
            height=0.55,
            color=[BAND] * (len(rows) - 1) + [DEEP],
            edgecolor=INK,
            label=say("figure.expected"),
        )
        below = [max(row[1] - row[2], 0.0) for row in rows]
        above = [max(row[3] - row[1], 0.0) for row in rows]
        axes.errorbar(
            [row[1] for row in rows],
            list(at),
            xerr=[below, above],
            fmt="none",
            ecolor=MARK,
            elinewidth=1.6,
            capsize=4,
            label=say("figure.range"),
        )
        for i, (_, base, low, high) in enumerate(rows):
            text = f"{money(base)} ({say('to', low=money(low), high=money(high))})"
            axes.annotate(
                text,
                (max(high, base), i),
                (6, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
            )
        axes.set_yticks(list(at), [row[0] for row in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(0, 1.45 * max(max(row[3], row[1]) for row in rows) or 1.0)
        axes.set_xlabel(say("figure.cost", currency=label(facts["unit of cost"])))
        axes.locator_params(axis="x", nbins=6)
        thousands(axes.xaxis)
        figure.legend(frameon=False, fontsize=9, loc="outside upper center", ncols=2)
        return pictures("costs", figure)
