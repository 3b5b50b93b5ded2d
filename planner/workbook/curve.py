"""On the sheet Law: the curve of the reference source with its band, pilots, target and plan."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from planner.fitted import FittedLaw
from planner.laws import Array
from planner.workbook.book import INK, Book, Sheet, span
from planner.workbook.places import LAW, LAW_FIRST, LAW_ROWS, Places, result
from planner.workbook.state import State
from planner.workbook.text import label

CHART, POINTS = LAW_FIRST + len(LAW_ROWS) + 1, 25  # row of the chart; sizes of the curve
CURVE = CHART + 22  # row of the curve's numbers
BEYOND = 30.0  # times the largest pilot that the chart shows


def pilot_points(law: FittedLaw) -> list[tuple[float, float]]:
    """Pilots at their effective examples, median, and their errors."""
    fits = law.residuals()
    if not fits:
        return []
    amounts = np.array([[fit.amounts.get(name, 0.0) for name in law.sources] for fit in fits])
    sizes = np.median(law.effective(amounts), axis=0)
    found = [(float(size), fit.observed) for size, fit in zip(sizes, fits, strict=True) if size > 0]
    return sorted(found)


def axis_ends(state: State, pilots: list[tuple[float, float]]) -> tuple[float, float]:
    """First and last size [effective example] of the curve."""
    sizes = [size for size, _ in pilots] or [state.law.anchor.size]
    plan = float(np.median(state.law.effective(state.totals[None])))
    return min(sizes) / 1.5, max(max(sizes) * BEYOND, plan * 3)


def write_curve(
    sheet: Sheet,
    state: State,
    places: Places,
    pilots: list[tuple[float, float]],
    ends: tuple[float, float],
) -> None:
    """Write its numbers, those of the pilots, and the target that the user wants."""
    law, metric = state.law, label(state.study.plan.target.metric)
    sheet.text(CURVE, 0, f"The curve of {label(law.reference)} alone, and the pilots", "section")
    heads = [f"examples of {label(law.reference)}", "low (5%)", "median", "high (95%)", "target"]
    heads += ["", "pilot: effective examples", f"pilot: {metric}"]
    sheet.heads(CURVE + 1, 0, heads, 45)
    sizes: Array = np.geomspace(*ends, POINTS)
    levels = law.quantiles({law.reference: sizes}, (0.05, 0.5, 0.95))
    target = state.study.plan.target.error
    for k, size in enumerate(sizes.tolist()):
        row = CURVE + 2 + k
        sheet.put(row, 0, size, "amount")
        for column, value in enumerate(levels[:, k].tolist(), 1):
            sheet.put(row, column, value, "error")
        sheet.formula(row, 4, places.wanted("target"), target, "error")
    for row, (size, error) in enumerate(pilots, CURVE + 2):
        sheet.put(row, 6, size, "amount")
        sheet.put(row, 7, error, "error")


def law_chart(
    book: Book, state: State, pilots: list[tuple[float, float]], ends: tuple[float, float]
) -> Any:
    """The chart of it; only the target and the mark of the plan follow the inputs."""
    chart = book.file.add_chart({"type": "scatter", "subtype": "smooth"})
    last = CURVE + 1 + POINTS
    sizes = f"={span(CURVE + 2, 0, last, 0, LAW)}"
    lines = [
        ("low (5%)", 1, {"color": "#5B8DB8", "width": 1, "dash_type": "dash"}),
        ("median", 2, {"color": INK, "width": 2}),
        ("high (95%)", 3, {"color": "#5B8DB8", "width": 1, "dash_type": "dash"}),
        ("target", 4, {"color": "#B3401F", "width": 1.25, "dash_type": "long_dash"}),
    ]
    for name, column, line in lines:
        values = f"={span(CURVE + 2, column, last, column, LAW)}"
        chart.add_series(
            {
                "name": name,
                "categories": sizes,
                "values": values,
                "line": line,
                "marker": {"type": "none"},
            }
        )
    points = [("plan, now", result("effective"), result("error_median"), "diamond", "#B3401F")]
    if pilots:
        end = CURVE + 1 + len(pilots)
        block = [span(CURVE + 2, column, end, column, LAW) for column in (6, 7)]
        points.append(("pilots", block[0], block[1], "circle", INK))
    for name, x, y, mark, color in points:
        look = {"type": mark, "size": 9 if mark == "diamond" else 5, "fill": {"color": color}}
        look["border"] = {"color": color}
        series = {"name": name, "categories": f"={x}", "values": f"={y}", "marker": look}
        chart.add_series({**series, "line": {"none": True}})
    chart.set_title({"name": "Law: error against data", "name_font": {"size": 12}})
    grid = {"visible": True, "line": {"color": "#E3E3E3"}}
    low, high = (
        10.0 ** round_(math.log10(end))
        for round_, end in zip((math.floor, math.ceil), ends, strict=True)
    )
    axis = {"log_base": 10, "min": low, "max": high, "num_format": "#,##0", "crossing": low}
    name = f"effective examples ({label(state.law.reference)})"
    chart.set_x_axis({"name": name, **axis, "major_gridlines": grid, "label_position": "low"})
    name = f"error: {label(state.study.plan.target.metric)}"
    chart.set_y_axis({"name": name, "num_format": "0.00", "major_gridlines": grid})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 780, "height": 420})
    return chart
