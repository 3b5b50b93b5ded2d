"""The hidden sheet Draws: every draw of the law in numbers, and its error at the quantities."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from planner.laws import LARGEST_SIZE, SMALLEST_SIZE, Array
from planner.workbook import given
from planner.workbook.book import Sheet, number, ref, span
from planner.workbook.forms import COLUMNS
from planner.workbook.places import DRAWS, DRAWS_FIRST, Places
from planner.workbook.state import Draws, Item, State
from planner.workbook.text import label

ITEM, NAME, SCALE, TOTAL, USED, LOW, HIGH = range(2, 9)  # rows of what a column is about
CURVE, SPEED, START, BLOCKS = 1, 8, 9, 10  # columns
ANY = 999_998  # a row that stands for all
DIGITS = 12  # of the draws: as many as 1e-6 of a result could ever feel, and half the file
TOP, BOTTOM = math.log(LARGEST_SIZE), math.log(SMALLEST_SIZE)


@dataclass(frozen=True)
class Columns:
    """Columns of Draws: blocks of a column a source, then what the formulas give.

    made: name -> column of what is computed in each row
    """

    labels: int
    texts: int
    names: tuple[str, ...]

    def block(self, which: int) -> int:
        """First column of at_scale, below, beyond, excess (0 to 3) of the labelled sources."""
        return BLOCKS + which * self.labels

    def text(self, which: int) -> int:
        """First column of jump, tilt, gain, half (0 to 3) of the texts."""
        return BLOCKS + 4 * self.labels + which * self.texts

    @property
    def made(self) -> dict[str, int]:
        """Columns of what is computed in each row, by name."""
        first = BLOCKS + 4 * self.labels + 4 * self.texts
        return {name: first + k for k, name in enumerate(self.names)}


def columns_of(state: State) -> Columns:
    """The columns of a state's draws."""
    own = ("own",) if tilted(state) else ()
    text = ("text_constant", "text_slope") if state.texts else ()
    names = ("size", *own, *text, "log_size", "x", "error", "part")
    return Columns(len(state.labels), len(state.texts), names)


def tilted(state: State) -> bool:
    """Whether any source has a floor of its own."""
    return bool(state.law.mix.excess.any())


def last_label(at: Columns) -> int:
    """Last column of the first block of labelled sources."""
    return at.block(0) + at.labels - 1


def cells(name: str, state: State) -> str:
    """All draws' cells of something computed, as a formula names them."""
    column = columns_of(state).made[name]
    return span(DRAWS_FIRST, column, DRAWS_FIRST + len(state.law.weights) - 1, column, DRAWS)


def write_draws(sheet: Sheet, state: State, places: Places, draws: Draws, chosen: str) -> None:
    """Write the sheet; `chosen` is the cell with the number of the labelled column searched for."""
    at, mix = columns_of(state), state.law.mix
    sheet.page.set_column(0, at.made["part"], 11)
    sheet.text(0, 0, "Draws of the law", "title")
    told = (
        "Each row is one curve that fits the pilots, all equally likely. error = floor + own/size "
        "+ amplitude EXP(-(straight x + bent LN(1+EXP(steepness x - knee)) + constant))"
    )
    sheet.text(1, 0, told, "note")
    rows = ("item", "source", "scale", "examples", "used", "log below", "log beyond")
    for row, text in enumerate(rows, ITEM):
        sheet.text(row, BLOCKS - 1, text, "unit")
    for k, item in enumerate(state.labels):
        _head(sheet, at.block(0) + k, item, float(mix.scale[k]), state, places)
    for k, item in enumerate(state.texts):
        _head(sheet, at.text(0) + k, item, None, state, places)
    _names(sheet, at)
    texts = [mix.text[:, :, which] for which in range(3)]
    numbers = [
        np.arange(1, len(draws.x) + 1)[:, None],
        state.curve,
        draws.speed[:, None],
        draws.start[:, None],
        draws.at_scale,
        draws.below,
        draws.beyond,
        mix.excess,
        *texts,
        np.exp(mix.text[:, :, 3]),
    ]
    _write_numbers(sheet, np.hstack(numbers))
    _write_made(sheet, state, at, draws, chosen)
    sheet.finish((DRAWS_FIRST, 1), printed=False)
    sheet.page.hide()
    _define(sheet, state, at, chosen)


def _define(sheet: Sheet, state: State, at: Columns, chosen: str) -> None:
    """Name the columns, and those of the source that is searched for."""
    end = DRAWS_FIRST + len(state.law.weights) - 1
    for name in at.names:
        sheet.book.name(f"draw_{name}", cells(name, state))
    for which, name in enumerate(("at_scale", "below", "beyond", "excess")):
        first = at.block(which)
        block = span(DRAWS_FIRST, first, end, first + at.labels - 1, DRAWS)
        sheet.book.name(f"draw_{name}", f"INDEX({block},0,{chosen})")
    for k, name in enumerate((*COLUMNS, "speed", "start"), CURVE):
        sheet.book.name(f"draw_{name}", span(DRAWS_FIRST, k, end, k, DRAWS))


def _head(
    sheet: Sheet, column: int, item: Item | None, scale: float | None, state: State, places: Places
) -> None:
    """What a column of a source is about: its item, scale, examples used, and logs of them."""
    if item is None:  # a source of the pilots that the project does not have
        sheet.text(NAME, column, "not in the project")
        sheet.put(TOTAL, column, 0, "amount")
        total = 0.0
    else:
        total = item.quantity + item.used
        sheet.put(ITEM, column, item.number, "count")
        sheet.text(NAME, column, label(item.source.name))
        both = f"{places.number(item, given.QUANTITY)}+{places.number(item, given.USED)}"
        sheet.formula(TOTAL, column, both, total, "amount")
    sheet.formula(USED, column, f"IF({ref(TOTAL, column)}>0,1,0)", float(total > 0), "count")
    if scale is None:
        return
    sheet.put(SCALE, column, scale, "figure")
    log = f"LN(MAX({ref(TOTAL, column)},{number(SMALLEST_SIZE)})/{ref(SCALE, column)})"
    ratio = math.log(max(total, SMALLEST_SIZE) / scale)
    sheet.formula(LOW, column, f"MIN({log},0)", min(ratio, 0.0), "figure")
    sheet.formula(HIGH, column, f"MAX({log},0)", max(ratio, 0.0), "figure")


def _names(sheet: Sheet, at: Columns) -> None:
    row = DRAWS_FIRST - 1
    for column, name in enumerate(("draw", *COLUMNS, "speed", "start")):
        sheet.text(row, column, name, "head")
    for which, name in enumerate(("at scale", "below", "beyond", "own floor")):
        for k in range(at.labels):
            sheet.text(row, at.block(which) + k, name, "head")
    for which, name in enumerate(("jump", "tilt", "gain", "half")):
        for k in range(at.texts):
            sheet.text(row, at.text(which) + k, name, "head")
    for name, column in at.made.items():
        sheet.text(row, column, name.replace("_", " "), "head")


def _write_numbers(sheet: Sheet, numbers: Array) -> None:
    look, write = sheet.book.style("figure"), sheet.page.write_number
    for row, values in enumerate(numbers.tolist(), DRAWS_FIRST):
        for column, value in enumerate(values):
            write(row, column, float(f"{value:.{DIGITS}g}"), look)
    sheet.reach(DRAWS_FIRST + len(numbers) - 1, numbers.shape[1] - 1)


def _write_made(sheet: Sheet, state: State, at: Columns, draws: Draws, chosen: str) -> None:
    """The formulas of each row, with their values."""
    values: dict[str, Array] = {
        "size": draws.size,
        "own": draws.own,
        "text_constant": draws.text_constant,
        "text_slope": draws.text_slope,
        "log_size": draws.log_size,
        "x": draws.x,
        "error": draws.errors,
        "part": draws.part,
    }
    look, write = sheet.book.style("figure"), sheet.page.write_formula
    made = at.made
    model = _formulas(state, at, ANY, chosen)  # of all rows alike but for their number
    for name, column in made.items():
        before = f"={model[name]}"
        for row, value in enumerate(values[name].tolist(), DRAWS_FIRST):
            write(row, column, before.replace(f"${ANY + 1}", f"${row + 1}"), look, value)
    sheet.reach(DRAWS_FIRST + len(draws.x) - 1, made["part"])


def _formulas(state: State, at: Columns, row: int, chosen: str) -> dict[str, str]:
    law, labels, texts = state.law, at.labels, at.texts
    cell = {name: ref(row, column) for name, column in at.made.items()}
    curve = [ref(row, CURVE + k) for k in range(len(COLUMNS))]
    floor, amplitude, straight, bent, steepness, knee, constant = curve

    def head(which: int) -> str:
        return span(which, at.block(0), which, at.block(0) + labels - 1)

    def own(which: int) -> str:
        return span(row, at.block(which), row, at.block(which) + labels - 1)

    grown = f"EXP({head(LOW)}*{own(1)}+{head(HIGH)}*{own(2)})"
    parts = f"{head(USED)}*{own(0)}*{grown}"
    log = f"LN(MAX({cell['size']},{number(SMALLEST_SIZE)}))"
    text_constant = text_slope = "0"
    log_size = log
    if texts:
        used, total = (span(r, at.text(0), r, at.text(0) + texts - 1) for r in (USED, TOTAL))
        jump, tilt, gain, half = (
            span(row, at.text(i), row, at.text(i) + texts - 1) for i in range(4)
        )
        scale = number(math.log(law.mix.text_scale))
        text_slope = f"SUMPRODUCT({used}*{tilt})"
        text_constant = f"SUMPRODUCT({used}*({jump}+{gain}*LN(1+{total}/{half})))"
        text_constant += f"-{cell['text_slope']}*{scale}"
        factor = f"MAX(-30,MIN(30,{cell['text_constant']}+{cell['text_slope']}*{log}))"
        log_size = f"MAX({number(BOTTOM)},{log}+IF({cell['size']}>0,{factor},0))"
    ahead = f"MAX({cell['log_size']}-{ref(row, START)},0)"
    counted = f"LN(1+{number(law.bend)}*{ahead})/{number(law.bend)}" if law.bend > 0 else ahead
    far = f"MIN({cell['log_size']},{ref(row, START)})+{ref(row, SPEED)}*{counted}"
    z = f"{steepness}*{cell['x']}-{knee}"
    plus = f"MAX({z},0)+LN(1+EXP(-ABS({z})))"
    fall = f"{straight}*{cell['x']}+{bent}*({plus})+{constant}"
    tilt = f"+{cell['own']}/MAX({cell['size']},{number(SMALLEST_SIZE)})" if tilted(state) else ""
    error = f"{floor}{tilt}+{amplitude}*EXP(-MAX(-300,MIN(300,{fall})))"
    if law.anchor.worst is not None:
        error = f"MIN({error},{number(law.anchor.worst)})"
    found = {
        "size": f"SUMPRODUCT({parts})",
        "own": f"SUMPRODUCT({parts}*{own(3)})",
        "text_constant": text_constant,
        "text_slope": text_slope,
        "log_size": f"MIN({number(TOP)},{log_size})",
        "x": f"MIN({far},{number(TOP)})-{number(math.log(law.anchor.size))}",
        "error": error,
    }
    low, high, used, at_scale, below, beyond = (
        f"INDEX({each},{chosen})"
        for each in (head(LOW), head(HIGH), head(USED), own(0), own(1), own(2))
    )
    found["part"] = f"{used}*{at_scale}*EXP({low}*{below}+{high}*{beyond})"
    return found
