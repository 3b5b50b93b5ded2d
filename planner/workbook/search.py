"""On the sheet Law: the quantity needed of one source, all others as they are, found in cells."""

from __future__ import annotations

import math

from planner.laws import LARGEST_SIZE
from planner.workbook import given
from planner.workbook.book import Sheet, number, ref, span
from planner.workbook.draws import SCALE, columns_of, last_label, tilted
from planner.workbook.places import DRAWS, Places, result
from planner.workbook.state import GRID, HALVINGS, LEAST, MOST, OUT_OF_REACH, State


def needed_of(state: State) -> tuple[float | str, float | str, float | str]:
    """Quantity needed, as an order, and how much more than in the plan that is."""
    item, needed = state.search.item, state.search.needed
    if needed is None:
        return OUT_OF_REACH, OUT_OF_REACH, OUT_OF_REACH
    limits, order = item.source.limits, 0.0
    if needed > 0:
        order = math.ceil((needed - 1e-6) / limits.batch) * limits.batch
        order = float(max(limits.smallest, order))
    return needed, order, order - item.quantity


def found_cell(top: int) -> str:
    """Formula of the quantity needed from the search that begins in row `top`."""
    first, last = ref(top + 2, 1), ref(_halvings(top) + HALVINGS, 2)
    return f'IF({first}=0,"{OUT_OF_REACH}",IF({first}=1,0,EXP({last})))'


def _grid(top: int) -> int:
    return top + 5


def _halvings(top: int) -> int:
    return _grid(top) + GRID + 4


def write_search(sheet: Sheet, state: State, places: Places, top: int) -> None:
    """The search, in rows: quantities in even steps of their log up to the most there is, then the
    first step that is enough halved again and again."""
    search, grid, halvings = state.search, _grid(top), _halvings(top)
    sheet.text(top, 0, "Search for the quantity needed of one source", "section")
    told = (
        "Each row counts, over all draws, how many meet the target with this quantity; with a "
        "source that has a floor of its own, more of it may also harm."
    )
    sheet.text(top + 1, 0, told, "note")
    chosen = places.wanted("marginal")
    cap = f"INDEX({places.numbers(given.MOST)},{chosen})"
    steps = span(grid, 8, grid + GRID + 1, 8)
    sheet.text(top + 2, 0, "first row that is enough")
    formula = f"IF(COUNTIF({steps},1)=0,0,MATCH(1,{steps},0))"
    sheet.formula(top + 2, 1, formula, float(search.first), "count")
    sheet.text(top + 3, 0, "most that is looked at")
    limit = f"IF(ISNUMBER({cap}),IF({cap}>0,MAX(2,{cap}),{number(MOST)}),{number(MOST)})"
    sheet.formula(top + 3, 1, limit, search.most, "amount")
    heads = ["step", "log low", "log high", "quantity [example]", "used", "log below", "log beyond"]
    sheet.heads(grid - 1, 0, [*heads, "P(target met)", "enough"], 20)
    sheet.heads(halvings - 1, 0, [*heads, "P(target met)", "enough"], 20)
    log_most = f"LN({ref(top + 3, 1)})"
    for step, (log, quantity, p) in enumerate(search.grid):
        row = grid + step
        if step:
            formula = f"{log_most}*{step - 1}/{GRID}"
            sheet.formula(row, 2, formula, log, "figure")
            sheet.formula(row, 3, f"EXP({ref(row, 2)})", quantity, "amount")
        else:
            sheet.put(row, 3, 0, "amount")
        _tried(sheet, state, places, (row, step), (quantity, p))
    for step, (low, high, quantity, p) in enumerate(search.halvings):
        row = halvings + step
        if step:
            above = [ref(row - 1, column) for column in (1, 2, 8)]
            middle = f"({above[0]}+{above[1]})/2"
            bracket = (
                f"IF({above[2]}=1,{above[0]},{middle})",
                f"IF({above[2]}=1,{middle},{above[1]})",
            )
        else:
            first, logs = ref(top + 2, 1), span(grid, 2, grid + GRID + 1, 2)
            bracket = (
                f"IF({first}<=2,LN({number(LEAST)}),INDEX({logs},{first}-1))",
                f"IF({first}=0,{log_most},INDEX({logs},MAX({first},2)))",
            )
        for column, formula, value in ((1, bracket[0], low), (2, bracket[1], high)):
            sheet.formula(row, column, formula, value, "figure")
        sheet.formula(row, 3, f"EXP(({ref(row, 1)}+{ref(row, 2)})/2)", quantity, "amount")
        _tried(sheet, state, places, (row, step), (quantity, p))
    row = halvings + HALVINGS
    above = [ref(row - 1, column) for column in (1, 2, 8)]
    low, high, _, p = search.halvings[-1]
    enough = round(p, 12) >= state.study.plan.target.confidence - 1e-12
    end = (low + high) / 2 if enough else high
    sheet.text(row, 0, "log of the quantity")
    formula = f"IF({above[2]}=1,({above[0]}+{above[1]})/2,{above[1]})"
    sheet.formula(row, 2, formula, end, "figure")


def _tried(
    sheet: Sheet,
    state: State,
    places: Places,
    at: tuple[int, int],
    found: tuple[float, float],
) -> None:
    """The cells of a row that tries a quantity; `at` is the row and the number of the step."""
    search, target = state.search, state.study.plan.target
    (row, step), (quantity, p) = at, found
    used = f"INDEX({places.numbers(given.USED)},{places.wanted('marginal')})"
    total = quantity + search.item.used
    scale = float(state.law.mix.scale[search.label])
    ratio = math.log(max(total, 1e-9) / scale)
    columns = columns_of(state)
    scales = span(SCALE, columns.block(0), SCALE, last_label(columns), DRAWS)
    amount = f"({ref(row, 3)}+{used})"
    log = f"LN(MAX({amount},1E-9)/INDEX({scales},{result('column')}))"
    sheet.put(row, 0, step + 1, "count")
    sheet.formula(row, 4, f"IF({amount}>0,1,0)", float(total > 0), "count")
    sheet.formula(row, 5, f"MIN({log},0)", min(ratio, 0.0), "figure")
    sheet.formula(row, 6, f"MAX({log},0)", max(ratio, 0.0), "figure")
    sheet.formula(row, 7, _chance(state, places, row), p, "share")
    enough = f"IF({ref(row, 7)}>={places.wanted('confidence')}-1E-9,1,0)"
    sheet.formula(row, 8, enough, float(round(p, 12) >= target.confidence - 1e-9), "count")


def _chance(state: State, places: Places, row: int) -> str:
    """P(target met) with the quantity of a row, over all draws at once: the formula of Draws with
    ranges for cells. MAX and MIN would make one number of a range; (z + ABS(z))/2 does not."""
    law = state.law
    used, low, high = (ref(row, column) for column in (4, 5, 6))
    part = f"{used}*draw_at_scale*EXP({low}*draw_below+{high}*draw_beyond)"
    size = f"(draw_size-draw_part+{part}+1E-9)"
    log = f"LN({size})"
    if state.texts:
        log = f"((1+draw_text_slope)*{log}+draw_text_constant)"
    gap = f"({log}-draw_start)"
    ahead, behind = f"({gap}+ABS({gap}))/2", f"({gap}-ABS({gap}))/2"
    if law.bend > 0:
        bend = number(law.bend)
        ahead = f"LN(1+{bend}*{ahead})/{bend}"
    far = f"(draw_start+{behind}+draw_speed*{ahead})"
    top = number(math.log(LARGEST_SIZE))
    x = f"(({far}+{top}-ABS({far}-{top}))/2-{number(math.log(law.anchor.size))})"
    z = f"(draw_steepness*{x}-draw_knee)"
    fall = f"draw_straight*{x}+draw_constant"
    if state.curve[:, 3].any():
        fall += f"+draw_bent*(({z}+ABS({z}))/2+LN(1+EXP(-ABS({z}))))"
    error = f"draw_floor+draw_amplitude*EXP(-({fall}))"
    if tilted(state):
        error += f"+(draw_own+({part}-draw_part)*draw_excess)/{size}"
    target = places.wanted("target")
    if law.anchor.worst is not None:
        target = f"IF({target}>={number(law.anchor.worst)},1E+300,{target})"
    return f"SUMPRODUCT(--({error}<={target}))/{result('draws')}"
