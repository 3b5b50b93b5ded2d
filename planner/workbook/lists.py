"""Tables that do not follow the inputs: Path, Frontier and Pilots as the study has them."""

from __future__ import annotations

import datetime
import math

from planner.table import Column, Table, Value
from planner.workbook.book import INK, Sheet, span
from planner.workbook.text import label

NARROW, WIDE, WIDEST = 12.0, 26.0, 48.0
TOP = 5  # row of the heads


def write_rows(sheet: Sheet, row: int, table: Table, heights: bool = True) -> int:
    """Heads, units and rows of a table from a row on; the number of the row below it."""
    sheet.heads(row, 0, [label(column.name) for column in table.columns], 32)
    for column, each in enumerate(table.columns):
        sheet.text(row + 1, column, label(each.unit), "unit")
    for at, values in enumerate(table.rows, row + 2):
        for column, (value, each) in enumerate(zip(values, table.columns, strict=True)):
            sheet.put(at, column, value, style_of(value, each))
    return row + 2 + len(table.rows)


def style_of(value: Value, column: Column) -> str:
    """Style of a value by its type and unit."""
    if value is None:
        return "plain"
    if isinstance(value, str):
        return "wrap"
    if isinstance(value, datetime.date):
        return "day"
    unit = column.unit
    if unit in ("probability", "ratio"):
        return "share"
    if unit == "week":
        return "weeks"
    if len(unit) == 3 and unit.isupper():
        return "money"
    if "example" in unit or isinstance(value, int) or value.is_integer():
        return "amount"
    return "error" if 1e-3 <= abs(value) < 100 or value == 0 else "figure"


def write_list(sheet: Sheet, table: Table, title: str, notes: tuple[str, ...]) -> int:
    """A sheet of one table and what its columns mean; the number of the row below."""
    sheet.text(0, 0, title, "title")
    for row, text in enumerate(notes, 1):
        sheet.text(row, 0, text, "note")
    widths = [_width(table, column) for column in range(len(table.columns))]
    sheet.widths(*widths)
    below = write_rows(sheet, TOP, table)
    for row, values in enumerate(table.rows, TOP + 2):
        lines = [
            math.ceil(len(value) / (1.1 * width))
            for value, width in zip(values, widths, strict=True)
            if isinstance(value, str)
        ]
        sheet.page.set_row(row, 13.5 * max(1, min(8, max(lines, default=1))))
    if not table.rows:
        sheet.text(below, 0, "none", "note")
        below += 1
    return below


def _width(table: Table, column: int) -> float:
    texts = [row[column] for row in table.rows if isinstance(row[column], str)]
    longest = max((len(str(text)) for text in texts), default=0)
    return NARROW if longest <= 12 else WIDE if longest <= 30 else WIDEST


def write_meanings(sheet: Sheet, row: int, table: Table) -> int:
    """What the columns mean, below a table; the number of the row below that."""
    sheet.text(row, 0, "What the columns say", "section")
    for at, column in enumerate(table.columns, row + 1):
        unit = f" [{label(column.unit)}]" if column.unit else ""
        sheet.text(at, 0, f"{label(column.name)}{unit}: {column.meaning}", "plain")
    return row + 1 + len(table.columns)


def write_path(sheet: Sheet, table: Table) -> None:
    """The sheet Path: a column a round, since rounds are few and what is said of each is much."""
    notes = (
        "Rounds of buying, training, measuring and deciding, as planned.",
        "It does not follow the inputs: the rules were found by simulation. For other numbers "
        "change the project file and run dataplan plan again.",
    )
    sheet.text(0, 0, "Path", "title")
    for row, text in enumerate(notes, 1):
        sheet.text(row, 0, text, "note")
    rounds = len(table.rows)
    sheet.widths(24, 18, *[WIDE] * rounds, 60)
    heads = ["", "unit", *(f"round {k}" for k in range(1, rounds + 1)), "meaning"]
    sheet.heads(TOP, 0, heads, 20)
    for row, column in enumerate(table.columns, TOP + 1):
        sheet.text(row, 0, label(column.name), "strong")
        sheet.text(row, 1, label(column.unit))
        values = [each[row - TOP - 1] for each in table.rows]
        for k, value in enumerate(values, 2):
            sheet.put(row, k, value, style_of(value, column))
        sheet.text(row, 2 + rounds, column.meaning, "note")
        longest = max((len(value) for value in values if isinstance(value, str)), default=0)
        sheet.page.set_row(row, 13.5 * min(10, 1 + longest // int(WIDE)))
    below = TOP + 1 + len(table.columns)
    if rounds:
        _spent(sheet, table, below + 1)
        sheet.reach(below + 16, 2)
    sheet.finish((TOP + 1, 2), (TOP, TOP))


def _spent(sheet: Sheet, table: Table, row: int) -> None:
    """A chart of what is spent up to the end of each round."""
    chart = sheet.book.file.add_chart({"type": "column"})
    at = table.header.index("cumulative_cost")
    unit, last = label(table.columns[at].unit), 1 + len(table.rows)
    chart.add_series(
        {
            "name": "cumulative cost",
            "categories": f"={span(TOP, 2, TOP, last, sheet.name)}",
            "values": f"={span(TOP + 1 + at, 2, TOP + 1 + at, last, sheet.name)}",
            "fill": {"color": INK},
            "gap": 60,
        }
    )
    chart.set_title({"name": "Spent up to the end of each round", "name_font": {"size": 12}})
    axis = {"name": f"cumulative cost [{unit}]", "num_format": "#,##0", "min": 0}
    chart.set_y_axis({**axis, "major_gridlines": {"visible": True, "line": {"color": "#E3E3E3"}}})
    chart.set_legend({"none": True})
    chart.set_size({"width": 560, "height": 280})
    sheet.page.insert_chart(row, 0, chart, {"object_position": 3})


def write_frontier(sheet: Sheet, table: Table, now: tuple[str, str], surer: Table | None) -> None:
    """The sheet Frontier; `now` are the cells of the target and of the total cost."""
    notes = (
        "Cheapest plan found for each target, each optimised anew by dataplan.",
        "It does not follow the inputs: other prices may make other purchases best. Change the "
        "project file and run dataplan plan again. Only the mark 'plan, now' of the chart follows.",
    )
    below = write_list(sheet, table, "Frontier", notes)
    number = {column: k for k, column in enumerate(table.header)}
    last = TOP + 1 + len(table.rows)
    if table.rows:
        chart = sheet.book.file.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
        targets = span(TOP + 2, number["target"], last, number["target"], sheet.name)
        costs = span(TOP + 2, number["cost"], last, number["cost"], sheet.name)
        mark = {"type": "circle", "size": 5, "fill": {"color": INK}, "border": {"color": INK}}
        chart.add_series(
            {
                "name": "cheapest plan",
                "categories": f"={targets}",
                "values": f"={costs}",
                "line": {"color": INK, "width": 1.75},
                "marker": mark,
            }
        )
        red = {"color": "#B3401F"}
        chart.add_series(
            {
                "name": "plan, now",
                "categories": f"={now[0]}",
                "values": f"={now[1]}",
                "line": {"none": True},
                "marker": {"type": "diamond", "size": 10, "fill": red, "border": red},
            }
        )
        units = [table.columns[number[name]].unit for name in ("target", "cost")]
        chart.set_title({"name": "Cost of each target", "name_font": {"size": 12}})
        known = [row[number["target"]] for row in table.rows]
        ends = _around([float(value) for value in known if isinstance(value, int | float)])
        grid = {"visible": True, "line": {"color": "#E3E3E3"}}
        axis = {"name": f"target: {label(units[0])}", "num_format": "0.00##", **ends}
        chart.set_x_axis({**axis, "major_gridlines": grid})
        axis = {"name": f"cost [{label(units[1])}]", "num_format": "#,##0", "min": 0}
        chart.set_y_axis({**axis, "major_gridlines": grid})
        chart.set_legend({"position": "bottom"})
        chart.show_blanks_as("gap")
        chart.set_size({"width": 640, "height": 340})
        sheet.page.insert_chart(below + 1, 0, chart, {"object_position": 3})
        below += 20
    below = write_meanings(sheet, below + 1, table)
    if surer is not None:
        sheet.text(below + 1, 0, "Cost of other confidences", "section")
        write_rows(sheet, below + 2, surer)
    sheet.finish((TOP + 2, 1), (TOP, TOP + 1))


def _around(values: list[float]) -> dict[str, float]:
    """Ends of an axis a little beyond the values."""
    if not values:
        return {}
    low, high = min(values), max(values)
    step = 10.0 ** math.floor(math.log10(max(high - low, high * 1e-3))) / 2
    return {"min": math.floor(low / step) * step, "max": math.ceil(high / step) * step}


def write_pilots(sheet: Sheet, table: Table) -> None:
    """The sheet Pilots."""
    notes = (
        "The training runs that the law was fitted to, one row for each composition, beside what "
        "the law says of it. It does not follow the inputs.",
    )
    below = write_list(sheet, table, "Pilots", notes)
    write_meanings(sheet, below + 1, table)
    sheet.finish((TOP + 2, 1), (TOP, TOP + 1))
