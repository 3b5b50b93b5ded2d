"""The workbook of a study of groups: what is bought follows the inputs; errors are as planned."""

from __future__ import annotations

from planner.group_study import GroupStudy
from planner.group_tables import group_tables
from planner.table import Table
from planner.workbook import given
from planner.workbook.book import Book, Sheet
from planner.workbook.costs import write_costs
from planner.workbook.front import FIRST, Live, cost_rows, write_full, write_live
from planner.workbook.given import write_given
from planner.workbook.lists import TOP, write_list, write_meanings, write_pilots
from planner.workbook.places import Places, places_of
from planner.workbook.purchases import cost_chart, write_plan
from planner.workbook.state import Bought, items_of
from planner.workbook.text import label

SHEETS = ("Summary", "Plan", "Groups", "Frontier", "Sources", "Law", "Assumptions", "Pilots")
TOLD = (
    "Change the yellow cells: costs, totals, low/base/high and weeks follow on Summary, Plan and "
    "Sources.",
    "What does not follow: the groups' errors, the best purchases for other numbers, Frontier, and "
    "the law. Put the numbers into the project file and run dataplan plan PROJECT.toml --xlsx "
    "again.",
)
FOLLOWS = (
    "Follows the yellow cells of Assumptions: quantities, prices, tiers, fees, ranges, "
    "contingency, budget, weeks; with them every value in the column 'now' and the sheets Plan and "
    "Sources.",
    "Does not follow: the groups' errors and their probabilities, the best purchases, Frontier, "
    "Pilots, the law, the verdict and warnings, and the table below. To have them anew: change the "
    "project file, run dataplan plan PROJECT.toml --xlsx.",
)
YES = "yes"
NO = "no: quantities changed"


def group_workbook(study: GroupStudy) -> bytes:
    """The workbook of a study of groups as the bytes of an .xlsx file; the same study gives the
    same bytes. Sheets: see SHEETS. Raises DataplanError where XlsxWriter is not installed."""
    state, found = Bought(study, items_of(study)), group_tables(study)
    places, inputs = places_of(state), study.inputs
    book = Book(f"{inputs.name}: data plan", inputs.currency, inputs.start)
    sheets = {name: Sheet(book, name) for name in SHEETS}
    write_given(sheets["Assumptions"], state, places, found["assumptions"], TOLD)
    write_costs(sheets["Sources"], state, places)
    write_plan(sheets["Plan"], state, places)
    _list(
        sheets["Groups"],
        found["groups"],
        "The error of every group and what is asked of it, at the planned quantities.",
        "It does not follow the inputs: the first sheet says whether the quantities are still the "
        "planned ones.",
    )
    _list(
        sheets["Frontier"],
        found["frontier"],
        "Cheapest plan found for all targets times a factor, each optimised anew by dataplan.",
        "It does not follow the inputs: other prices may make other purchases best.",
    )
    _list(
        sheets["Law"],
        found["law"],
        "What the groups' laws believe after the pilots: medians with 90% intervals.",
        "It does not follow the inputs.",
    )
    write_pilots(sheets["Pilots"], found["pilots"])
    _front(sheets["Summary"], state, places, found)
    return book.bytes()


def _list(sheet: Sheet, table: Table, *notes: str) -> None:
    below = write_list(sheet, table, sheet.name, notes)
    write_meanings(sheet, below + 1, table)
    sheet.finish((TOP + 2, 1), (TOP, TOP + 1))


def _front(sheet: Sheet, state: Bought, places: Places, tables: dict[str, Table]) -> None:
    """The sheet Summary."""
    study = state.study
    assert isinstance(study, GroupStudy)
    sheet.widths(30, 18, 18, 16, 16, 84)
    sheet.text(0, 0, label(study.inputs.name), "title")
    verdict = next(iter(tables["diagnosis"].records()))
    sheet.text(1, 0, f"Verdict, as planned: {verdict['answer']}", "strong")
    sheet.text(2, 0, str(verdict["evidence"]), "note")
    for row, text in enumerate(FOLLOWS, 3):
        sheet.merged(row, 0, 5, text)
        sheet.page.set_row(row, 28)
    rows = [*cost_rows(sheet, state, places), _unchanged(state, places)]
    write_live(sheet, rows)
    at = FIRST + len(rows) + 1
    sheet.page.insert_chart(at, 0, cost_chart(sheet.book, state, places), {"object_position": 3})
    at += 4 + min(max(240, 20 * places.items + 110), 900) // 20
    write_full(sheet, at, study.warnings, tables["summary"])
    sheet.finish((FIRST, 1), None)


def _unchanged(state: Bought, places: Places) -> Live:
    """Whether the errors, which do not follow, are still those of the quantities."""
    planned = {
        given.QUANTITY: [item.quantity for item in state.items],
        given.USED: [item.used for item in state.items],
    }
    off = "+".join(
        f"SUMPRODUCT(ABS({places.numbers(column)}-{{{';'.join(map(repr, amounts))}}}))"
        for column, amounts in planned.items()
    )
    return (
        "errors as planned hold",
        f'IF({off}<0.5,"{YES}","{NO}")',
        YES,
        "right",
        "",
        "whether quantities are the planned ones, for which errors and chances were computed",
    )
