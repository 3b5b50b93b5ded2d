"""The sheet Plan: what is bought, what it costs to the cent, and when it is there."""

from __future__ import annotations

from typing import Any

from planner.purchases import parts, plan_cost, price_range
from planner.table import cent
from planner.workbook import costs, given
from planner.workbook.book import INK, Book, Sheet, ref, span
from planner.workbook.places import PLAN, PLAN_FIRST, Places
from planner.workbook.state import NEVER, Bought, Item
from planner.workbook.text import label

QUANTITY, UNIT_COST, FEES, SUBTOTAL, CONTINGENCY, TOTAL, LOW, BASE, HIGH = range(4, 13)
EFFECTIVE, SHARE, START, WEEKS, CHECK, BINDING, PROVENANCE = range(13, 20)
SUMS = (FEES, SUBTOTAL, CONTINGENCY, TOTAL, LOW, BASE, HIGH)
BARS = 18  # rows that a chart stands on


def write_plan(sheet: Sheet, state: Bought, places: Places) -> None:
    """Write the sheet."""
    money = state.study.inputs.currency
    sheet.widths(6, 26, 13, 14, 12, 12, *[13] * 7, 12, 9, 9, 9, 20, 20, 12)
    sheet.text(0, 0, "Plan", "title")
    told = (
        "Quantities and prices are inputs on Assumptions; money is rounded to the cent, then added."
    )
    sheet.text(1, 0, told, "note")
    told = (
        "Effective examples, share and the limit as planned do not follow; sources below the "
        "purchases are not bought."
    )
    sheet.text(2, 0, told, "note")
    heads = [
        "item",
        "source",
        "kind",
        "one example is",
        "quantity [example]",
        f"average unit cost [{money}/example]",
        f"fees [{money}]",
        f"subtotal [{money}]",
        f"contingency [{money}]",
        f"total [{money}]",
        f"low [{money}]",
        f"base [{money}]",
        f"high [{money}]",
        "effective examples, as planned",
        "share, as planned",
        "first delivery [week]",
        "last delivery [week]",
        "check of the quantity",
        "limit that binds, as planned",
        "provenance",
    ]
    sheet.heads(PLAN_FIRST - 1, 0, heads, 45)
    for item in state.items:
        _item(sheet, item, places)
    _totals(sheet, state, places)
    below = PLAN_FIRST + places.items + 2
    sheet.page.insert_chart(below, 2, cost_chart(sheet.book, state, places), {"object_position": 3})
    sheet.reach(below + BARS, PROVENANCE)
    sheet.finish((PLAN_FIRST, 2), (PLAN_FIRST - 1, PLAN_FIRST - 1), wide=2)


def _item(sheet: Sheet, item: Item, places: Places) -> None:
    row, source, step = PLAN_FIRST + item.number - 1, item.source, item.step
    sheet.put(row, 0, item.number, "count")
    sheet.text(row, 1, label(source.name))
    sheet.text(row, 2, label(source.kind))
    sheet.text(row, 3, label(source.unit))
    fees, subtotal, contingency, total = parts(step) if step else (0.0, 0.0, 0.0, 0.0)
    low, high = price_range(step) if step else (0.0, 0.0)
    share, cost = places.wanted("contingency"), places.cost
    unit = cost(item, costs.UNIT_COST)
    average: float | str = step.variable / step.quantity if step else ""
    sheet.formula(row, QUANTITY, cost(item, costs.QUANTITY), item.quantity, "amount")
    sheet.formula(row, UNIT_COST, f'IF(ISNUMBER({unit}),{unit},"")', average, "price")
    at = {column: ref(row, column) for column in range(QUANTITY, PROVENANCE)}
    work = f"ROUND({cost(item, costs.WORK)},2)"
    money = [
        (FEES, f"ROUND({cost(item, costs.FEES)},2)", fees),
        (SUBTOTAL, f"ROUND({at[FEES]}+{work},2)", subtotal),
        (CONTINGENCY, f"ROUND({cost(item, costs.BASE)}*{share},2)", contingency),
        (TOTAL, f"ROUND({at[SUBTOTAL]}+{at[CONTINGENCY]},2)", total),
        (LOW, f"MIN(ROUND({cost(item, costs.LOW)}*(1+{share}),2),{at[TOTAL]})", low),
        (BASE, at[TOTAL], total),
        (HIGH, f"MAX(ROUND({cost(item, costs.HIGH)}*(1+{share}),2),{at[TOTAL]})", high),
    ]
    for column, formula, value in money:
        sheet.formula(row, column, formula, value, "money")
    sheet.put(row, EFFECTIVE, step.effective_examples if step else None, "amount")
    sheet.put(row, SHARE, step.share if step else None, "share")
    lead = places.number(item, given.LEAD)
    start: float | str = source.limits.lead_weeks if item.quantity > 0 else ""
    sheet.formula(row, START, f'IF({at[QUANTITY]}>0,{lead},"")', start, "weeks")
    weeks = item.weeks if item.quantity > 0 else ""
    formula = f'IF({at[QUANTITY]}>0,{cost(item, costs.WEEKS)},"")'
    sheet.formula(row, WEEKS, formula, weeks, "weeks")
    if not item.fixed:
        sheet.formula(row, CHECK, _check(item, row, places), check_of(item, places), "warn")
    sheet.text(row, BINDING, step.binding if step else "")
    sheet.text(row, PROVENANCE, source.weakest_provenance())


def _check(item: Item, row: int, places: Places) -> str:
    """Formula of what is wrong with a quantity; nothing where it is a legal order in time."""
    q, weeks, limit = ref(row, QUANTITY), ref(row, WEEKS), places.wanted("weeks")
    smallest, batch, most = (
        places.number(item, at) for at in (given.SMALLEST, given.BATCH, given.MOST)
    )
    used, owned = places.number(item, given.USED), places.number(item, given.IN_HAND)
    tests = [
        (f"{used}>{owned}*(1+1E-12)", "more used than is in hand"),
        (f"{q}=0", ""),
        (f"{q}<{smallest}", "below the smallest order"),
        (f"IF(ISNUMBER({most}),{q}>{most}*(1+1E-12),FALSE)", "more than there is"),
        (f"ABS({q}/{batch}-ROUND({q}/{batch},0))>1E-6", "not in whole batches"),
        (f"NOT(ISNUMBER({weeks}))", "never delivered"),
        (f"IF(ISNUMBER({limit}),{weeks}>{limit}+1E-9,FALSE)", "later than the weeks"),
    ]
    formula = '""'
    for test, told in reversed(tests):
        formula = f'IF({test},"{told}",{formula})'
    return formula


def check_of(item: Item, places: Places) -> str:
    """What `_check` gives at the quantity of the plan."""
    q, limits = item.quantity, item.source.limits
    if item.used > item.source.in_hand * (1 + 1e-12):
        return "more used than is in hand"
    if q == 0:
        return ""
    if q < limits.smallest:
        return "below the smallest order"
    if q > limits.max_examples * (1 + 1e-12):
        return "more than there is"
    if abs(q / limits.batch - round(q / limits.batch)) > 1e-6:
        return "not in whole batches"
    if isinstance(item.weeks, str):
        return "never delivered"
    return "later than the weeks" if item.weeks > places.weeks_limit + 1e-9 else ""


def _totals(sheet: Sheet, state: Bought, places: Places) -> None:
    row, plan = PLAN_FIRST + places.items, state.study.plan
    sheet.page.set_row(row, None, sheet.book.style("strong", bold=True))
    sheet.text(row, 1, "total", "strong")
    pieces = [parts(step) for step in plan.steps]
    ranges = [price_range(step) for step in plan.steps]
    total = plan_cost(plan)
    values = [*(cent(sum(piece[k] for piece in pieces)) for k in range(3)), total]
    values += [cent(sum(low for low, _ in ranges)), total, cent(sum(high for _, high in ranges))]
    for column, value in zip(SUMS, values, strict=True):
        block = span(PLAN_FIRST, column, row - 1, column)
        sheet.formula(row, column, f"SUM({block})", value, "cash", bold=True)
    block = span(PLAN_FIRST, WEEKS, row - 1, WEEKS)
    weeks = [item.weeks for item in state.items if item.quantity > 0]
    latest: float | str = (
        NEVER if NEVER in weeks else max((w for w in weeks if w != NEVER), default=0.0)
    )
    formula = f'IF(COUNTIF({block},"{NEVER}")>0,"{NEVER}",MAX({block}))'
    sheet.formula(row, WEEKS, formula, latest, "weeks", bold=True)
    names = {"total_cost": TOTAL, "total_low": LOW, "total_high": HIGH, "total_weeks": WEEKS}
    for name, column in names.items():
        sheet.book.name(name, sheet.at(row, column))


def cost_chart(book: Book, state: Bought, places: Places) -> Any:
    """Bars of the total of each source, contingency included."""
    money, last = state.study.inputs.currency, PLAN_FIRST + places.items - 1
    chart = book.file.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": "total, contingency included",
            "categories": f"={span(PLAN_FIRST, 1, last, 1, PLAN)}",
            "values": f"={span(PLAN_FIRST, TOTAL, last, TOTAL, PLAN)}",
            "fill": {"color": INK},
            "gap": 40,
        }
    )
    chart.set_title({"name": "Cost by source", "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True, "num_font": {"size": 9}})
    axis = {"name": f"total [{label(money)}]", "num_format": "#,##0", "num_font": {"size": 9}}
    axis["label_position"] = "high"  # the rows run down, so that it is below
    chart.set_x_axis({**axis, "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})
    chart.set_size({"width": 620, "height": max(240, min(20 * places.items + 110, 900))})
    return chart
