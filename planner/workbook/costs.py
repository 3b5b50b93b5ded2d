"""The sheet Sources: what each source costs at its quantity, line by line, and what limits it."""

from __future__ import annotations

import math

from planner.workbook import given
from planner.workbook.book import Sheet, ref
from planner.workbook.places import COST_FIRST, Places
from planner.workbook.state import NEVER, Bought, Item
from planner.workbook.text import label
from sources.base import CostLine

QUANTITY, FEES, WORK, BASE, LOW, HIGH, UNIT_COST, WEEKS = 4, 5, 6, 7, 8, 9, 10, 11
AFTER = 24  # first column of the steps to the weeks


def write_costs(sheet: Sheet, state: Bought, places: Places) -> None:
    """Write the sheet."""
    money = state.study.inputs.currency
    sheet.widths(6, 26, 26, 14, 12, 13, 13, 13, 13, 13, 13, 10, 12, 12, 10, 12, 9, 9, 9, 10, 13, 40)
    sheet.text(0, 0, "Sources", "title")
    told = "Costs are before contingency and follow the inputs on Assumptions; quality does not."
    sheet.text(1, 0, told, "note")
    told = "Empty: not limited, or not of this kind. Quality is in effective examples per example."
    sheet.text(2, 0, told, "note")
    heads = [
        "item",
        "source",
        "kind",
        "one example is",
        "quantity [example]",
        f"fees, minimum contract included [{money}]",
        f"work [{money}]",
        f"cost, base [{money}]",
        f"cost, low [{money}]",
        f"cost, high [{money}]",
        f"average unit cost [{money}/example]",
        "weeks to the last delivery",
        "most there is [example]",
        "per week [example/week]",
        "lead time [week]",
        "in hand [example]",
        "quality low",
        "quality base",
        "quality high",
        "floor of its own",
        "weakest provenance",
        "note",
    ]
    sheet.heads(COST_FIRST - 1, 0, heads, 58)
    for item in state.items:
        _item(sheet, item, state, places)
    _lines(sheet, state, places)
    sheet.finish((COST_FIRST, 2), (COST_FIRST - 1, COST_FIRST - 1), wide=2)
    sheet.page.print_area(0, 0, places.costs + max(len(state.lines), 1), 21)


def _item(sheet: Sheet, item: Item, state: Bought, places: Places) -> None:
    row, source, quantity = COST_FIRST + item.number - 1, item.source, item.quantity
    sheet.put(row, 0, item.number, "count")
    sheet.text(row, 1, source.name)
    sheet.text(row, 2, source.kind)
    sheet.text(row, 3, label(source.unit))
    q = ref(row, QUANTITY)
    sheet.formula(row, QUANTITY, places.number(item, given.QUANTITY), quantity, "amount")
    work, fees = float(source.work(quantity)), float(source.cost(quantity) - source.work(quantity))
    minimum = places.number(item, given.MINIMUM)
    fixed, own = _sum(item, places, FEES), _sum(item, places, WORK, own=True)
    top_up = f"IF({q}>0,MAX(0,{minimum}-{own}),0)"
    sheet.formula(row, FEES, f"{fixed}+{top_up}", fees, "money")
    sheet.formula(row, WORK, _sum(item, places, WORK), work, "money")
    sheet.formula(row, BASE, f"{ref(row, FEES)}+{ref(row, WORK)}", fees + work, "money")
    for column, end, cost in zip(
        (LOW, HIGH), (given.LOW, given.HIGH), source.cost_range(quantity), strict=True
    ):
        fixed = _ends(item, places, FEES, end)
        own = _ends(item, places, WORK, end, own=True)
        trained = ""
        if source.training is not None:
            number = places.offsets[item.number - 1] + len(source.lines)
            trained = f"+{ref(places.costs + number, WORK)}*{places.line(number, end)}"
        formula = f"IF({q}>0,{fixed}+MAX({minimum},{own}){trained},0)"
        sheet.formula(row, column, formula, cost, "money")
    average: float | str = work / quantity if quantity > 0 else ""
    sheet.formula(row, UNIT_COST, f'IF({q}>0,{ref(row, WORK)}/{q},"")', average, "price")
    _weeks(sheet, item, row, places)
    for column, (at, style) in enumerate(
        ((given.MOST, "amount"), (given.SPEED, "amount"), (given.LEAD, "weeks")), 12
    ):
        cell = places.number(item, at)
        limits = source.limits
        known = (limits.max_examples, limits.per_week, limits.lead_weeks)[column - 12]
        shown: float | str = known if math.isfinite(known) else ""
        sheet.formula(row, column, f'IF(ISNUMBER({cell}),{cell},"")', shown, style)
    sheet.put(row, 15, source.in_hand if not item.fixed else None, "amount")
    worth = source.quality if source.role == "labels" else None
    ends = (worth.low, worth.base, worth.high) if worth else (None, None, None)
    for column, value in enumerate(ends, 16):
        sheet.put(row, column, value, "figure")
    biased = "" if worth is None else "yes" if worth.biased else "no"
    sheet.text(row, 19, biased)
    sheet.text(row, 20, source.weakest_provenance())
    sheet.text(row, 21, source.note)


def _sum(item: Item, places: Places, column: int, own: bool = False) -> str:
    if not (item.source.lines if own else item.lines):
        return "0"
    return f"SUM({places.lines(item, column, own)[0]})"


def _ends(item: Item, places: Places, column: int, end: int, own: bool = False) -> str:
    """The lines of an item, each at an end of its range, added."""
    if not item.source.lines:
        return "0"
    amounts = places.lines(item, column, own=True)[0]
    return f"SUMPRODUCT({amounts},{places.lines(item, end, own=True)[1]})"


def _weeks(sheet: Sheet, item: Item, row: int, places: Places) -> None:
    """Weeks to the last delivery, by `Limits.weeks`: work, then closed spans one after another."""
    limits, q = item.source.limits, ref(row, QUANTITY)
    speed, ramp, lead = (places.number(item, at) for at in (given.SPEED, given.RAMP, given.LEAD))
    full = f"{q}/{speed}"
    ramped = f"IF({full}<{ramp}/2,SQRT(2*{ramp}*{full}),{full}+{ramp}/2)"
    formula = f'IF({q}>0,IF(ISNUMBER({speed}),IF({speed}>0,{ramped},"{NEVER}"),0),0)'
    never = item.quantity > 0 and limits.per_week == 0
    work: float | str = NEVER if never else _work(item)
    at, column = limits.lead_weeks, AFTER
    sheet.formula(row, column, formula, work, "figure")
    sheet.formula(row, column + 1, lead, at, "figure")
    for k, (begin, end) in enumerate(limits.closed):
        here, left = ref(row, column + 1), ref(row, column)
        first = places.number(item, given.CLOSED + 2 * k)
        last = places.number(item, given.CLOSED + 2 * k + 1)
        hit = f"AND({here}+{left}>{first},{last}>{here})"
        column += 2
        if isinstance(work, float) and at + work > begin and end > at:
            work, at = work - max(0.0, begin - at), end
        worked = f"IF({hit},{left}-MAX(0,{first}-{here}),{left})"
        sheet.formula(row, column, f'IF(ISNUMBER({left}),{worked},"{NEVER}")', work, "figure")
        moved = f"IF(ISNUMBER({left}),IF({hit},{last},{here}),{here})"
        sheet.formula(row, column + 1, moved, at, "figure")
    here, left = ref(row, column + 1), ref(row, column)
    weeks = f'IF({q}>0,IF(ISNUMBER({left}),{here}+{left},"{NEVER}"),0)'
    sheet.formula(row, WEEKS, weeks, item.weeks, "weeks")


def _work(item: Item) -> float:
    limits = item.source.limits
    if item.quantity <= 0 or math.isinf(limits.per_week):
        return 0.0
    full = item.quantity / limits.per_week
    if full < limits.ramp_weeks / 2:
        return math.sqrt(2 * limits.ramp_weeks * full)
    return full + limits.ramp_weeks / 2


def _lines(sheet: Sheet, state: Bought, places: Places) -> None:
    money, top = state.study.inputs.currency, places.costs - 2
    sheet.text(top, 1, "Lines of the costs", "section")
    heads = [
        "item",
        "source",
        "line of the cost",
        "",
        "quantity [example]",
        f"fee [{money}]",
        f"work [{money}]",
        f"cost, base [{money}]",
        f"cost, low [{money}]",
        f"cost, high [{money}]",
        f"average price [{money}/example]",
        "provenance",
        "reference",
    ]
    sheet.heads(top + 1, 0, heads, 45)
    for number, (item, line) in enumerate(state.lines):
        _line(sheet, item, line, number, places)
    steps = ["work [week]", "from [week]"]
    for k in range(places.spans):
        steps += [f"work left after closed span {k + 1} [week]", "going on from [week]"]
    for k, text in enumerate(steps):
        sheet.text(COST_FIRST - 1, AFTER + k, text, "head")
    sheet.text(COST_FIRST - 2, AFTER, "steps to the weeks", "note")


def _line(sheet: Sheet, item: Item, line: CostLine, number: int, places: Places) -> None:
    row, quantity = places.costs + number, item.quantity
    sheet.put(row, 0, item.number, "count")
    sheet.text(row, 1, label(item.source.name))
    sheet.text(row, 2, line.item)
    q = ref(row, QUANTITY)
    sheet.formula(row, QUANTITY, places.cost(item, QUANTITY), quantity, "amount")
    fixed = line.fixed if quantity > 0 else 0.0
    variable = float(line.variable(quantity))
    sheet.formula(row, FEES, f"IF({q}>0,{places.line(number, given.FEE)},0)", fixed, "money")
    before = places.line(number, given.PRICE)
    formula = f"{q}*{before}"
    for k in range(len(line.tiers)):
        start = places.line(number, given.TIERS + 2 * k)
        price = places.line(number, given.TIERS + 2 * k + 1)
        formula += f"+MAX({q}-{start},0)*({price}-{before})"
        before = price
    sheet.formula(row, WORK, formula, variable, "money")
    cost = fixed + variable
    sheet.formula(row, BASE, f"{ref(row, FEES)}+{ref(row, WORK)}", cost, "money")
    for column, end, share in ((LOW, given.LOW, line.low), (HIGH, given.HIGH, line.high)):
        formula = f"{ref(row, BASE)}*{places.line(number, end)}"
        sheet.formula(row, column, formula, cost * share, "money")
    average: float | str = variable / quantity if quantity > 0 else ""
    sheet.formula(row, UNIT_COST, f'IF({q}>0,{ref(row, WORK)}/{q},"")', average, "price")
    sheet.text(row, 11, line.provenance)
    sheet.text(row, 12, line.reference or "no reference is given")
