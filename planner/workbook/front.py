"""The sheet Summary: what the plan costs and reaches now, beside what was planned."""

from __future__ import annotations

from planner.table import Table
from planner.workbook import given
from planner.workbook.book import Sheet, ref, span
from planner.workbook.lists import style_of
from planner.workbook.places import GIVEN, PLAN, PLAN_FIRST, Places, result
from planner.workbook.purchases import (
    CHECK,
    CONTINGENCY,
    HIGH,
    LOW,
    TOTAL,
    WEEKS,
    check_of,
    cost_chart,
)
from planner.workbook.state import Bought, State
from planner.workbook.text import label

FIRST = 6
KEYS = (
    "cost",
    "cost_low",
    "cost_high",
    "contingency",
    "budget",
    "weeks",
    "on time",
    "valid",
    "error",
    "median",
    "probability",
    "reaches",
    "needed",
)
BAD_INPUTS, BAD_ORDERS = "no: see inputs", "no: see Plan"
# what it is, formula, value as planned where no other cell has it, style, unit, meaning
Live = tuple[str, str, float | str | None, str, str, str]
FOLLOWS = (
    "Follows the yellow cells of Assumptions: quantities, prices, tiers, fees, ranges, "
    "contingency, confidence, target, budget, weeks; with them every value in the column 'now', "
    "the sheets Plan and Sources, and the error, probability and quantity needed on Law.",
    "Does not follow: the best purchases (this sheet never changes a quantity by itself), Path, "
    "Frontier, Pilots, the law, the verdict and warnings, the chances to keep budget and weeks, "
    "and the table below. To have them anew: change the project file, run dataplan plan "
    "PROJECT.toml --xlsx.",
)


def write_front(sheet: Sheet, state: State, places: Places, tables: dict[str, Table]) -> None:
    """Write the sheet."""
    study = state.study
    sheet.widths(30, 18, 18, 16, 16, 84)
    sheet.text(0, 0, label(study.inputs.name), "title")
    sheet.text(1, 0, f"Verdict, as planned: {study.diagnosis.verdict.answer}", "strong")
    evidence = study.diagnosis.verdict.evidence
    sheet.text(2, 0, evidence, "note")
    for row, text in enumerate(FOLLOWS, 3):
        sheet.merged(row, 0, 5, text)
        sheet.page.set_row(row, 28)
    write_live(sheet, [*cost_rows(sheet, state, places), *_reached_rows(sheet, state, places)])
    at = FIRST + len(KEYS) + 1
    sheet.page.insert_chart(at, 0, cost_chart(sheet.book, state, places), {"object_position": 3})
    at += 4 + min(max(240, 20 * places.items + 110), 900) // 20
    write_full(sheet, at, study.warnings, tables["summary"])
    sheet.finish((FIRST, 1), None)


def write_full(sheet: Sheet, row: int, warnings: tuple[str, ...], summary: Table) -> None:
    """The warnings and the whole summary as planned, from a row on."""
    at = _texts(sheet, row, "Warnings, as planned", warnings or ("none",), "warn")
    sheet.text(at, 0, "As planned, in full (does not follow)", "section")
    sheet.heads(at + 1, 0, ["quantity", "value", "unit", "meaning"], 20)
    for row, (key, value, unit, meaning) in enumerate(summary.rows, at + 2):
        sheet.text(row, 0, str(key))
        column = next(c for c in summary.columns if c.name == "value")
        column = type(column)(column.name, str(unit), column.meaning)
        style = "text" if isinstance(value, str) else style_of(value, column)
        sheet.put(row, 1, value, style)
        sheet.text(row, 2, label(str(unit)))
        sheet.text(row, 3, str(meaning), "note")


def _texts(sheet: Sheet, row: int, title: str, texts: tuple[str, ...], style: str) -> int:
    sheet.text(row, 0, title, "section")
    for at, text in enumerate(texts, row + 1):
        sheet.merged(at, 0, 5, text, style)
        sheet.page.set_row(at, 14 * min(8, 1 + len(text) // 170))
    return row + len(texts) + 2


def cost_rows(sheet: Sheet, state: Bought, places: Places) -> list[Live]:
    """Rows of cost and weeks, and whether they keep their limits and can be ordered, the first
    of KEYS."""
    target, money = state.study.plan.target, state.study.inputs.currency
    at = {key: ref(FIRST + k, 1) for k, key in enumerate(KEYS)}
    planned = sheet.book.planned
    limit = {key: places.wanted(key) for key in ("budget", "weeks")}
    cost, weeks = planned[places.total(TOTAL)], planned[places.total(WEEKS)]
    late = isinstance(weeks, str) or weeks > places.weeks_limit + 1e-9
    kept = "no limit" if target.budget == float("inf") else "yes"
    if isinstance(cost, float) and cost > target.budget + 0.005:
        kept = "no"
    on_time = "no limit" if places.weeks_limit == float("inf") else "no" if late else "yes"
    over = f'IF(ISNUMBER({limit["budget"]}),IF({at["cost"]}<={limit["budget"]}+0.005,"yes","no"),'
    kept_weeks = f'IF({at["weeks"]}<={limit["weeks"]}+1E-9,"yes","no")'
    kept_weeks = f'IF(ISNUMBER({at["weeks"]}),{kept_weeks},"no")'
    return [
        ("total cost", places.total(TOTAL), None, "cash", money, "contingency included"),
        ("  low", places.total(LOW), None, "cash", money, "every price at its low end"),
        ("  high", places.total(HIGH), None, "cash", money, "every price at its high end"),
        ("  contingency in it", places.total(CONTINGENCY), None, "cash", money, "set aside"),
        (
            "within the budget",
            f'{over}"no limit")',
            kept,
            "right",
            "",
            "whether the total cost is at most the budget",
        ),
        ("last delivery", places.total(WEEKS), None, "weeks", "week", "sources run side by side"),
        (
            "in time",
            f'IF(ISNUMBER({limit["weeks"]}),{kept_weeks},"no limit")',
            on_time,
            "right",
            "",
            "whether the last delivery keeps the weeks, speeds and lead times as expected",
        ),
        _valid(state, places),
    ]


def _valid(state: Bought, places: Places) -> Live:
    """Whether all inputs are there and every purchase can be ordered: a sum passes over a price
    that is a text or was deleted, and would look like a smaller cost."""
    first, last = places.prices, places.prices + max(len(state.lines), 1) - 1
    tiers = given.TIERS + 2 * places.tiers - 1
    needed = [places.wanted(key) for key in places.inputs if key not in ("budget", "weeks")]
    columns = (given.QUANTITY, given.USED, given.LEAD, given.MINIMUM)
    needed += [places.numbers(column) for column in columns]
    needed.append(span(first, given.FEE, last, max(tiers, given.HIGH), GIVEN))
    open_ended = [places.wanted("budget"), places.wanted("weeks")]
    open_ended += [places.numbers(column) for column in (given.MOST, given.SPEED)]
    count = len(needed) - len(columns) - 1 + len(columns) * places.items
    # four numbers of a line and its two ends, which follow; two of each tier
    count += sum(6 + 2 * len(line.tiers) for _, line in state.lines)
    numbers, others = ",".join(needed), ",".join(open_ended)
    absent = f"OR(COUNT({numbers})<{count},COUNTA({others})>COUNT({others}))"
    wrong = [f"MIN({numbers},{others})<0"]
    for column in range(given.TIERS, tiers - 2, 2):
        here, after = (span(first, at, last, at, GIVEN) for at in (column, column + 2))
        wrong.append(f"SUMPRODUCT(ISNUMBER({after})*({here}>={after}))>0")
    checks = span(PLAN_FIRST, CHECK, PLAN_FIRST + places.items - 1, CHECK, PLAN)
    orders = f"SUMPRODUCT(--(LEN({checks})>0))"
    refused = any(check_of(item, places) for item in state.items if not item.fixed)
    return (
        "inputs and orders are valid",
        f'IF({absent},"{BAD_INPUTS}",IF(OR({",".join(wrong)}),"{BAD_INPUTS}",'
        f'IF({orders}>0,"{BAD_ORDERS}","yes")))',
        BAD_ORDERS if refused else "yes",
        "right",
        "",
        "if not, trust no number here: an input is missing, or Plan says what cannot be ordered",
    )


def _reached_rows(sheet: Sheet, state: State, places: Places) -> list[Live]:
    """Rows of the error reached, its probability, and the quantity needed, the last of KEYS."""
    target = state.study.plan.target
    metric, name = label(target.metric), label(state.search.item.source.name)
    reached = sheet.book.planned[result("probability")]
    assert isinstance(reached, float)
    reaches = "yes" if round(reached, 12) >= target.confidence - 1e-9 else "no"
    probability = ref(FIRST + KEYS.index("probability"), 1)
    return [
        (
            "error reached",
            result("error"),
            None,
            "error",
            metric,
            "at the confidence: exceeded with probability 1 - confidence only",
        ),
        ("  median", result("error_median"), None, "error", metric, "half of the draws are below"),
        (
            "P(target met)",
            result("probability"),
            None,
            "share",
            "probability",
            "on the draws that the plan was made for; fresh_probability below is the one to quote",
        ),
        (
            "reaches the target",
            f'IF({probability}>={places.wanted("confidence")}-1E-9,"yes","no")',
            reaches,
            "right",
            "",
            "whether that is at least the confidence",
        ),
        (
            "quantity needed of one source",
            result("needed"),
            None,
            "amount",
            "example",
            f"for the target alone, of the source chosen on Assumptions (as planned: {name}), all "
            "others as they are; keeping budget and weeks as surely too may take more",
        ),
    ]


def write_live(sheet: Sheet, rows: list[Live]) -> None:
    """The live block: formula, value as planned, and the change."""
    sheet.heads(FIRST - 1, 0, ["", "now", "as planned", "change", "unit", "meaning"], 20)
    for row, (told, formula, value, style, unit, meaning) in enumerate(rows, FIRST):
        shown = sheet.book.planned[formula] if value is None else value
        sheet.text(row, 0, told, "strong" if told[0] != " " else "text")
        sheet.formula(row, 1, formula, shown, style)
        sheet.put(row, 2, shown, style)
        if style != "right":
            now, then = ref(row, 1), ref(row, 2)
            same = f"ABS({now}-{then})<=1E-9*ABS({then})"
            change = f'IF(AND(ISNUMBER({now}),ISNUMBER({then})),IF({same},0,{now}-{then}),"")'
            none: float | str = "" if isinstance(shown, str) else 0.0
            sheet.formula(row, 3, change, none, style)
        sheet.text(row, 4, unit)
        sheet.text(row, 5, meaning, "note")
