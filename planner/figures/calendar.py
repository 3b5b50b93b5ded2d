"""The path as a picture: when each round is ordered, delivered, and measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.figures.style import BAND, INK, MARK, Pictures, canvas, label, pictures, thousands
from planner.language import Speech
from planner.screen import amount
from planner.table import Table


def draw_calendar(path: Table, facts: Mapping[str, Any], say: Speech) -> Pictures:
    """`calendar.png` and `.svg`: a row for each round, with what is bought and the days. Raises
    DataplanError where matplotlib is not installed."""
    rows: list[Any] = list(path.records())
    first = path.header.index("lost") + 1
    with canvas(height=1.5 + 0.62 * len(rows)) as (figure, axes):
        ends = []
        for i, (row, cells) in enumerate(zip(rows, path.rows, strict=True)):
            start, arrival, end = (
                row[f"{name}_week"] or 0.0 for name in ("order", "arrival", "end")
            )
            ends.append(max(arrival, end))
            axes.barh(
                i,
                arrival - start,
                left=start,
                height=0.42,
                color=BAND,
                edgecolor=INK,
                label=say("figure.delivery") if i == 0 else None,
            )
            if end > arrival:
                axes.barh(
                    i,
                    end - arrival,
                    left=arrival,
                    height=0.42,
                    color="white",
                    edgecolor=INK,
                    hatch="////",
                    label=None if _drawn(rows[:i]) else say("figure.measure"),
                )
            bought = say("list").join(
                f"{label(name, 20)} {amount(n)}"
                for name, n in zip(path.header[first:], cells[first:], strict=True)
                if n
            )
            days = " \u2192 ".join(
                str(row[f"{name}_date"])
                for name in ("order", "arrival", "decision")
                if row[f"{name}_date"]
            )
            axes.annotate(label(bought, 70), (start, i - 0.27), fontsize=9, va="bottom")
            axes.annotate(days, (start, i + 0.25), fontsize=7.5, va="top", color="#444444")
        limit = facts["weeks_limit"]
        if limit is not None and limit <= 2.5 * max(ends):
            axes.axvline(limit, color=MARK, lw=1.4, ls="--", label=say("figure.limit"))
            ends.append(limit)
        axes.set_yticks(range(len(rows)), [say("figure.round", n=row["round"]) for row in rows])
        axes.set_ylim(len(rows) - 0.4, -0.75)
        axes.set_xlim(0, 1.12 * max(ends) or 1.0)
        begin = rows[0]["order_date"] if not rows[0]["order_week"] else None
        axes.set_xlabel(say("figure.weeks from", date=begin) if begin else say("figure.weeks"))
        thousands(axes.xaxis)
        figure.legend(frameon=False, fontsize=9, loc="outside upper center", ncols=3)
        return pictures("calendar", figure)


def _drawn(rows: list[Any]) -> bool:
    return any((row["end_week"] or 0.0) > (row["arrival_week"] or 0.0) for row in rows)
