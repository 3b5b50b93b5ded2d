"""The sheet Law: what the law says at the quantities, the quantity needed of one, the curve."""

from __future__ import annotations

import math

import numpy as np

from planner.fitted import weighted_quantile
from planner.table import Table
from planner.workbook import given
from planner.workbook.book import Sheet, span
from planner.workbook.curve import (
    CHART,
    CURVE,
    POINTS,
    axis_ends,
    law_chart,
    pilot_points,
    write_curve,
)
from planner.workbook.draws import ITEM, cells, columns_of, last_label
from planner.workbook.lists import write_rows
from planner.workbook.places import DRAWS, LAW_FIRST, LAW_ROWS, Places, result
from planner.workbook.search import found_cell, needed_of, write_search
from planner.workbook.state import OUT_OF_REACH, Draws, State
from planner.workbook.text import label

SLACK = "1E-12"  # as `weighted_quantile` allows for rounding


def write_law(
    sheet: Sheet, state: State, places: Places, draws: Draws, tables: dict[str, Table]
) -> None:
    """Write the sheet."""
    sheet.widths(28, 14, 14, 22, 16, 12, 12, 12, 12, 46)
    sheet.text(0, 0, "Law", "title")
    law, count = state.law, len(state.law.weights)
    told = (
        f"{count:,} equally likely curves that fit the pilots: the hidden sheet Draws holds them."
    )
    if law.weak_prior:
        told += " There are too few pilots: the priors decide."
    sheet.text(1, 0, told, "note")
    told = "The error, the probability and the quantity needed follow the inputs; the law does not."
    sheet.text(2, 0, told, "note")
    sheet.heads(LAW_FIRST - 1, 0, ["", "now", "as planned", "unit", "meaning"], 20)
    pilots = pilot_points(law)
    ends = axis_ends(state, pilots)
    below = CURVE + 3 + max(POINTS, len(pilots))
    search = below + 4 + len(tables["law"].rows)
    _results(sheet, state, places, draws, search)
    write_curve(sheet, state, places, pilots, ends)
    sheet.page.insert_chart(
        CHART, 0, law_chart(sheet.book, state, pilots, ends), {"object_position": 3}
    )
    sheet.text(below, 0, "Parameters of the law", "section")
    write_rows(sheet, below + 1, tables["law"])
    write_search(sheet, state, places, search)
    sheet.finish((LAW_FIRST, 1), None)


def _results(sheet: Sheet, state: State, places: Places, draws: Draws, search: int) -> None:
    law, target = state.law, state.study.plan.target
    count, confidence = len(law.weights), places.wanted("confidence")
    errors, at = cells("error", state), {name: result(name).split("!")[1] for name in LAW_ROWS}
    item = state.search.item
    metric, n = label(target.metric), at["draws"]

    def quantile(level: float) -> float:
        return float(weighted_quantile(draws.errors[:, None], law.weights, level)[0])

    reached = quantile(target.confidence)
    probability = float(law.weights @ (draws.errors <= target.error))
    sizes = np.exp(draws.log_size)[:, None]
    effective = float(weighted_quantile(sizes, law.weights, 0.5)[0])
    head = span(ITEM, columns_of(state).block(0), ITEM, last_label(columns_of(state)), DRAWS)
    needed, order, more = needed_of(state)
    smallest, batch, own = (
        f"INDEX({places.numbers(column)},{places.wanted('marginal')})"
        for column in (given.SMALLEST, given.BATCH, given.QUANTITY)
    )
    whole = f"MAX({smallest},CEILING(MAX({at['needed']}-0.000001,0),{batch}))"
    rows: list[tuple[str, str, float | str, str, str, str]] = [
        ("draws", f"COUNT({errors})", count, "count", "draw", "curves of the law"),
        (
            "rank",
            _rank(confidence, n),
            float(max(1, math.ceil(count * (target.confidence - 1e-12)))),
            "count",
            "draw",
            "how many of them must meet the target",
        ),
        (
            "error at the confidence",
            f"SMALL({errors},{at['rank']})",
            reached,
            "error",
            metric,
            "the error reached: exceeded with probability 1 - confidence only",
        ),
        ("error, low", _quantile(errors, 0.05, n), quantile(0.05), "error", metric, "5% are below"),
        (
            "error, median",
            _quantile(errors, 0.5, n),
            quantile(0.5),
            "error",
            metric,
            "half are below",
        ),
        (
            "error, high",
            _quantile(errors, 0.95, n),
            quantile(0.95),
            "error",
            metric,
            "5% are above",
        ),
        (
            "P(target met)",
            f"SUMPRODUCT(--({errors}<={places.wanted('target')}))/{n}",
            probability,
            "share",
            "probability",
            "share of the curves whose error is at most the target",
        ),
        (
            "effective examples",
            f"EXP({_quantile(cells('log_size', state), 0.5, n)})",
            effective,
            "amount",
            "effective example",
            f"median, in examples of {label(law.reference)}",
        ),
        (
            "source that is varied",
            f"INDEX({places.numbers(1)},{places.wanted('marginal')})",
            label(item.source.name),
            "right",
            "",
            "its number is an input; all other quantities stay as they are",
        ),
        (
            "its column on Draws",
            f"MATCH({places.wanted('marginal')},{head},0)",
            float(state.search.label + 1),
            "count",
            "",
            "",
        ),
        (
            "quantity needed of it",
            found_cell(search),
            needed,
            "amount",
            "example",
            "smallest that meets the target at the confidence; see the search below",
        ),
        (
            "as an order",
            f'IF(ISNUMBER({at["needed"]}),IF({at["needed"]}>0,{whole},0),"{OUT_OF_REACH}")',
            order,
            "amount",
            "example",
            "in whole batches, and no less than the smallest order",
        ),
        (
            "more than the quantity",
            f'IF(ISNUMBER({at["order"]}),{at["order"]}-{own},"{OUT_OF_REACH}")',
            more,
            "amount",
            "example",
            "what has to be bought beside; below 0: what is bought beyond the need",
        ),
    ]
    for row, (name, formula, value, style, unit, meaning) in enumerate(rows, LAW_FIRST):
        sheet.text(row, 0, name, "strong")
        sheet.formula(row, 1, formula, value, style)
        sheet.put(row, 2, value, style)
        sheet.text(row, 3, unit)
        sheet.text(row, 4, meaning, "note")
    names = {"error_reached": "error", "probability_met": "probability"}
    names |= {"quantity_needed": "needed", "error_median": "error_median"}
    for name, key in names.items():
        sheet.book.name(name, result(key))


def _rank(level: str, count: str) -> str:
    return f"MAX(1,MIN({count},ROUNDUP({count}*({level}-{SLACK}),0)))"


def _quantile(values: str, level: float, count: str) -> str:
    return f"SMALL({values},{_rank(repr(level), count)})"
