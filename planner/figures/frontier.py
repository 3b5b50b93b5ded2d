"""The frontier as a picture: what easier and harder targets cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.figures.style import INK, MARK, Pictures, canvas, label, pictures, thousands
from planner.language import Speech
from planner.screen import money
from planner.table import Table

WIDE = 20.0  # times the least cost from which the axis of costs is logarithmic


def draw_frontier(table: Table, facts: Mapping[str, Any], say: Speech) -> Pictures:
    """`frontier.png` and `.svg`: a mark for each target that was planned for, and a cross on the
    axis for one out of reach. Raises DataplanError where matplotlib is not installed."""
    rows: list[Any] = sorted((row[0], row[1]) for row in table.rows if row[1] is not None)
    beyond: list[Any] = [row[0] for row in table.rows if row[1] is None]
    own = 1.0 if table.header[0] == "factor" else facts["target"]
    with canvas() as (figure, axes):
        errors, costs = [row[0] for row in rows], [row[1] for row in rows]
        if rows:
            axes.plot(errors, costs, "o-", color=INK, lw=1, ms=5, label=say("figure.frontier"))
        else:  # no cost to show
            axes.set_yticks([])
        if beyond:
            along = {"transform": axes.get_xaxis_transform(), "ls": "", "marker": "x", "ms": 8}
            axes.plot(
                beyond,
                [0.0] * len(beyond),
                color=INK,
                clip_on=False,
                label=say("page.out"),
                **along,
            )
        if costs and min(costs) > 0 and max(costs) / min(costs) > WIDE:
            axes.set_yscale("log")
        cost = facts["cost"] if facts["reaches"] == "yes" else None
        if cost is not None:
            told = say("figure.own", cost=f"{money(cost)} {label(facts['unit of cost'])}")
            axes.plot([own], [cost], "D", color=MARK, ms=8, mfc="none", mew=1.8, label=told)
        axes.axvline(own, color=MARK, lw=1, ls="--")
        metric = say("md.factor") if table.header[0] == "factor" else label(facts["metric"], 60)
        axes.set_xlabel(metric)
        axes.set_ylabel(say("figure.cost", currency=label(facts["unit of cost"])))
        thousands(axes.yaxis)
        axes.legend(frameon=False, fontsize=9)
        return pictures("frontier", figure)
