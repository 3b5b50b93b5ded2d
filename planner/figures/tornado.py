"""What moves the cost, as a picture: each assumption at its ends, every one planned anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.figures.style import BAND, INK, Pictures, canvas, label, pictures, thousands, width_for
from planner.language import Speech
from planner.screen import money, number
from planner.table import Table

MOST = 12  # assumptions that are drawn, those that move the cost most


def draw_tornado(table: Table, facts: Mapping[str, Any], say: Speech) -> Pictures:
    """`tornado.png` and `.svg`: from the cost at the low end of each assumption to that at its high
    end; an end at which the target is out of reach is an arrow. Raises DataplanError where
    matplotlib is not installed."""
    rows: list[Any] = [row for row in table.records() if not row["note"]][:MOST]
    base = facts["cost"]
    known = [
        cost for row in rows for cost in (row["cost_low"], row["cost_high"]) if cost is not None
    ]
    most = max([base, *known])
    edge = base + 1.25 * (most - base) if most > base else 1.25 * base or 1.0
    names = [label(say("page.label", name=row["scope"], text=row["name"])) for row in rows]
    with canvas(width_for(names), 1.6 + 0.42 * len(rows)) as (figure, axes):
        for i, row in enumerate(rows):
            for end, colour, hatch in (("low", BAND, ""), ("high", INK, "////")):
                cost = row[f"cost_{end}"]
                style = {"color": colour, "edgecolor": INK if end == "low" else "white"}
                name = say(f"figure.{end} end") if i == 0 else None
                height = 0.3
                place = i + (-0.16 if end == "low" else 0.16)
                far = edge if cost is None else cost
                axes.barh(
                    place, far - base, left=base, height=height, hatch=hatch, label=name, **style
                )
                value = number(row[end], 3)
                text = f"{value}: {say('page.out') if cost is None else money(cost)}"
                right = far >= base
                axes.annotate(
                    text,
                    (far, place),
                    ((9 if cost is None else 4) if right else -4, 0),
                    textcoords="offset points",
                    va="center",
                    ha="left" if right else "right",
                    fontsize=8,
                )
                if cost is None:
                    axes.plot([edge], [place], ">", color=INK, ms=6)
        told = say("figure.base", cost=f"{money(base)} {label(facts['unit of cost'])}")
        axes.axvline(base, color="black", lw=1, label=told)
        axes.set_yticks(range(len(rows)), names)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        least = min([base, *known])
        room = 0.3 * (edge - least)
        axes.set_xlim(least - room, edge + room)
        axes.set_xlabel(say("figure.cost", currency=label(facts["unit of cost"])))
        thousands(axes.xaxis)
        figure.legend(frameon=False, fontsize=9, loc="outside upper center", ncols=3)
        return pictures("tornado", figure)
