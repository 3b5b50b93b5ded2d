"""The sheet Assumptions: inputs that may be changed, and every number that the plan rests on."""

from __future__ import annotations

import math
import re

from planner.table import Table, Value
from planner.workbook.book import Sheet, ref
from planner.workbook.places import FIRST_WANTED, GIVEN, Places
from planner.workbook.state import Bought, Item, State
from planner.workbook.text import label
from sources.base import CostLine

QUANTITY, USED, MOST, SPEED, LEAD, RAMP, MINIMUM, CLOSED = 3, 4, 8, 9, 10, 11, 12, 13
IN_HAND, SMALLEST, BATCH = 5, 6, 7
FEE, PRICE, LOW, HIGH, LOWEST, HIGHEST, TIERS = 3, 4, 5, 6, 7, 8, 9
WIDTH = 13
Rule = tuple[str, str, object, str]  # kind, sign, bound or bounds, in words
RULES: dict[str, Rule] = {
    "target": ("decimal", ">", 0, "an error above 0"),
    "confidence": ("decimal", "between", (0.01, 0.99), "a probability between 1% and 99%"),
    "contingency": ("decimal", ">=", 0, "a share of 0% or more"),
    "budget": ("decimal", ">=", 0, "money of 0 or more; empty: not limited"),
    "weeks": ("decimal", ">=", 0, "weeks of 0 or more; empty: not limited"),
}
TOLD = (
    "Change the yellow cells: costs, totals, low/base/high, the error reached, the probability "
    "and the quantity needed follow on Summary, Plan, Sources and Law.",
    "What does not follow: the best purchases for other numbers, Path, Frontier, and the law. "
    "Put the numbers into the project file and run dataplan plan PROJECT.toml --xlsx again.",
)


def write_given(
    sheet: Sheet,
    state: Bought,
    places: Places,
    assumptions: Table,
    told: tuple[str, str] = TOLD,
) -> None:
    """Write the sheet; `told` says what follows and what does not."""
    sheet.widths(6, 26, 30, *[WIDTH] * 16)
    sheet.text(0, 0, "Assumptions and inputs", "title")
    for row, text in enumerate(told, 1):
        sheet.text(row, 0, text, "note")
    sheet.put(3, 1, "an input: change it", "text", given=True)
    sheet.text(
        3, 2, "every other cell is locked; the sheets are protected without a password", "note"
    )
    _wanted(sheet, state, places)
    _quantities(sheet, state, places)
    _prices(sheet, state, places)
    _assumptions(sheet, places, assumptions, len(state.lines))
    sheet.finish((5, 3), (0, 0))


def _wanted(sheet: Sheet, state: Bought, places: Places) -> None:
    """The inputs of the project as a whole, each a named cell that takes only what makes sense."""
    sheet.text(FIRST_WANTED - 1, 1, "What is wanted", "section")
    inputs, target = state.study.inputs, state.study.plan.target
    limit = None if inputs.least == "weeks" else target.weeks
    money = "most that may be spent, contingency included; empty: not limited"
    time = "time from the start to the last delivery; empty: not limited"
    which = "number, in the table below, of the source whose needed quantity is shown"
    marginal = state.search.item.number if isinstance(state, State) else None
    rows: dict[str, tuple[str, str, Value, str, str, str]] = {
        "target": (
            "target_error",
            "target error",
            target.error,
            "error",
            target.metric,
            "error to reach",
        ),
        "confidence": (
            "wanted_confidence",
            "confidence",
            target.confidence,
            "share",
            "probability",
            "wanted probability that the error reached is at most the target",
        ),
        "contingency": (
            "contingency",
            "contingency",
            inputs.contingency,
            "share",
            "of every cost",
            "set aside for what is not foreseen",
        ),
        "budget": ("budget", "budget", target.budget, "cash", inputs.currency, money),
        "weeks": ("weeks_limit", "weeks", limit, "weeks", "week", time),
        "marginal": ("marginal_item", "source that is varied", marginal, "count", "item", which),
    }
    for row, key in enumerate(places.inputs, FIRST_WANTED):
        name, told, value, style, unit, meaning = rows[key]
        sheet.text(row, 1, told, "strong")
        sheet.put(row, 3, value, style, given=True)
        sheet.text(row, 4, label(unit))
        sheet.text(row, 5, meaning, "note")
        sheet.book.name(name, ref(row, 3, GIVEN))
        if key in RULES:
            _check(sheet, row, 3, RULES[key])
    if isinstance(state, State):
        _varied(sheet, state, places)


def _varied(sheet: Sheet, state: State, places: Places) -> None:
    """The name of the source that is varied; its number takes only labelled sources."""
    at = FIRST_WANTED + len(places.inputs)
    chosen = f"INDEX({places.numbers(1)},{places.wanted('marginal')})"
    sheet.text(at, 1, "its name")
    sheet.formula(at, 3, chosen, label(state.search.item.source.name), "text")
    sheet.book.name("marginal_name", ref(at, 3, GIVEN))
    numbers = [str(item.number) for item in state.labels if item is not None]
    if len(",".join(numbers)) <= 255:
        options = {
            "validate": "list",
            "source": numbers,
            "error_title": "Not such an item",
            "error_message": "The number of a labelled source of the table below.",
        }
        sheet.page.data_validation(at - 1, 3, at - 1, 3, options)
    else:
        rule = ("integer", "between", (1, places.items), "the number of a source")
        _check(sheet, at - 1, 3, rule)


def _check(sheet: Sheet, row: int, column: int, rule: Rule) -> None:
    """Let a cell take only what keeps the rule; `rule` ends in words for it."""
    kind, sign, bound, text = rule
    options: dict[str, object] = {
        "validate": kind,
        "criteria": sign,
        "error_message": f"Give {text}.",
    }
    if isinstance(bound, tuple):
        options |= {"minimum": bound[0], "maximum": bound[1]}
    else:
        options["value"] = bound
    sheet.page.data_validation(row, column, row, column, options)


def _quantities(sheet: Sheet, state: Bought, places: Places) -> None:
    top = places.quantities - 2
    sheet.text(top, 1, "Quantities and limits", "section")
    sheet.text(top, 3, "examples are usable ones of the source; empty: not limited", "note")
    heads = [
        "item",
        "source",
        "one example is",
        "quantity to buy [example]",
        "used of those in hand [example]",
        "in hand [example]",
        "smallest order [example]",
        "batch [example]",
        "most there is [example]",
        "per week [example/week]",
        "lead time [week]",
        "ramp-up [week]",
        f"minimum contract [{state.study.inputs.currency}]",
    ]
    for k in range(places.spans):
        heads += [f"closed from [week] ({k + 1})", f"closed to [week] ({k + 1})"]
    sheet.heads(top + 1, 0, heads, 45)
    for item in state.items:
        _quantity(sheet, item, places.quantities + item.number - 1)


def _quantity(sheet: Sheet, item: Item, row: int) -> None:
    source, limits = item.source, item.source.limits
    own = not item.fixed
    sheet.put(row, 0, item.number, "count")
    sheet.text(row, 1, label(source.name))
    sheet.text(row, 2, label(source.unit))
    cells: list[tuple[int, float, str, bool]] = [
        (QUANTITY, item.quantity, "amount", own),
        (USED, item.used, "amount", own and source.in_hand > 0),
        (IN_HAND, source.in_hand, "amount", False),
        (SMALLEST, limits.smallest, "amount", False),
        (BATCH, limits.batch, "amount", False),
        (MOST, limits.max_examples, "amount", own),
        (SPEED, limits.per_week, "amount", own),
        (LEAD, limits.lead_weeks, "weeks", own),
        (RAMP, limits.ramp_weeks, "weeks", False),
        (MINIMUM, source.minimum, "money", own),
    ]
    for column, value, style, given in cells:
        sheet.put(row, column, value, style, given=given)
        if given:
            _check(sheet, row, column, ("decimal", ">=", 0, "a number of 0 or more"))
    for k, ends in enumerate(limits.closed):
        for side in (0, 1):
            sheet.put(row, CLOSED + 2 * k + side, ends[side], "weeks")
    if own:
        sheet.book.name(f"quantity_{item.number}{_slug(source.name)}", sheet.at(row, QUANTITY))


def _slug(name: str) -> str:
    """What a defined name may hold of a source's, if anything."""
    plain = re.sub("[^A-Za-z0-9]+", "_", name)[:40].strip("_")
    return f"_{plain}" if plain else ""


def _prices(sheet: Sheet, state: Bought, places: Places) -> None:
    top, money = places.prices - 2, state.study.inputs.currency
    sheet.text(top, 1, "Prices", "section")
    told = "cost of a line = (fee + quantity x unit price, in tiers) x its low, 100% or high share"
    sheet.text(top, 3, told, "note")
    heads = [
        "item",
        "source",
        "line of the cost",
        f"fee, paid once [{money}]",
        f"unit price [{money}/example]",
        "low end [share of base]",
        "high end [share of base]",
        "low price (or fee)",
        "high price (or fee)",
    ]
    for k in range(places.tiers):
        heads += [f"tier {k + 1} from [example]", f"tier {k + 1} price [{money}/example]"]
    sheet.heads(top + 1, 0, [*heads, "provenance", "reference"], 45)
    for number, (item, line) in enumerate(state.lines):
        _price(sheet, item, line, number, places)


def _price(sheet: Sheet, item: Item, line: CostLine, number: int, places: Places) -> None:
    row = places.prices + number
    sheet.put(row, 0, item.number, "count")
    sheet.text(row, 1, label(item.source.name))
    sheet.text(row, 2, label(line.item))
    checks = [
        (FEE, line.fixed, "money", ">=", 0, "a fee of 0 or more"),
        (PRICE, line.unit_price, _price_style(line.unit_price), ">=", 0, "a price of 0 or more"),
        (LOW, line.low, "factor", "between", (0, 1), "a share of the base from 0% to 100%"),
        (HIGH, line.high, "factor", ">=", 1, "a share of the base of 100% or more"),
    ]
    for column, value, style, sign, bound, text in checks:
        sheet.put(row, column, value, style, given=True)
        _check(sheet, row, column, ("decimal", sign, bound, text))
    fee, price = ref(row, FEE), ref(row, PRICE)
    base = line.unit_price or line.fixed
    for column, end, share in ((LOWEST, LOW, line.low), (HIGHEST, HIGH, line.high)):
        formula = f"IF({price}>0,{price},{fee})*{ref(row, end)}"
        sheet.formula(row, column, formula, base * share, _price_style(base * share))
    for k, tier in enumerate(line.tiers):
        sheet.put(row, TIERS + 2 * k, tier.start, "amount", given=True)
        sheet.put(row, TIERS + 2 * k + 1, tier.unit_price, _price_style(tier.unit_price), True)
        _check(sheet, row, TIERS + 2 * k, ("decimal", ">", 0, "a quantity above 0"))
        _check(sheet, row, TIERS + 2 * k + 1, ("decimal", ">=", 0, "a price of 0 or more"))
    last = TIERS + 2 * places.tiers
    sheet.text(row, last, line.provenance)
    sheet.text(row, last + 1, line.reference or "no reference is given")


def _price_style(price: float) -> str:
    return "tiny" if 0 < price < 1e-4 else "price"


def _assumptions(sheet: Sheet, places: Places, table: Table, lines: int) -> None:
    top = places.prices + lines + 2
    sheet.text(top, 1, "Every number that the plan was made from", "section")
    told = "these do not follow, and prices above were computed from them"
    sheet.text(top, 3, told, "note")
    heads = ["", "scope", "name", "value", "unit", "low", "high", "provenance", "date"]
    sheet.heads(top + 1, 0, heads, 20)
    sheet.merged(top + 1, 9, 12, "reference", "head")
    sheet.merged(top + 1, 13, 18, "note", "head")
    for row, record in enumerate(table.records(), top + 2):
        sheet.text(row, 1, label(str(record["scope"])))
        sheet.text(row, 2, label(str(record["name"])), "wrap")
        for column, key in ((3, "value"), (5, "low"), (6, "high")):
            value = record[key]
            sheet.put(row, column, value, _style_of(value))
        sheet.text(row, 4, label(str(record["unit"])), "wrap")
        sheet.text(row, 7, str(record["provenance"]))
        sheet.text(row, 8, str(record["date"] or ""))
        texts = [str(record[key] or "") for key in ("reference", "note")]
        sheet.merged(row, 9, 12, texts[0])
        sheet.merged(row, 13, 18, texts[1])
        need = [len(texts[0]) / 56, len(texts[1]) / 84, len(str(record["unit"])) / 13]
        sheet.page.set_row(row, 13.5 * min(8, max(1, *map(math.ceil, need))))


def _style_of(value: Value) -> str:
    if isinstance(value, str) or value is None:
        return "text"
    if isinstance(value, int | float):
        return "amount" if abs(value) >= 1000 else "figure"
    return "day"
