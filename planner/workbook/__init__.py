"""A study as a workbook for Excel and LibreOffice, its formulas live: `workbook(study)` -> bytes.

On the sheet Assumptions prices, quantities, contingency and confidence may be changed; costs,
totals, ranges, weeks, the error reached, its probability and the quantity needed of one source
follow, with the same law. Each formula cell also holds the value that the library computed.
"""

from __future__ import annotations

from planner.group_study import GroupStudy
from planner.study import Study
from planner.tables import tables
from planner.workbook.book import Book, Sheet
from planner.workbook.costs import write_costs
from planner.workbook.draws import write_draws
from planner.workbook.front import write_front
from planner.workbook.given import write_given
from planner.workbook.grouped import group_workbook
from planner.workbook.lawsheet import write_law
from planner.workbook.lists import write_frontier, write_path, write_pilots
from planner.workbook.places import places_of, result
from planner.workbook.purchases import TOTAL, write_plan
from planner.workbook.state import draws_of, state_of

SHEETS = ("Summary", "Plan", "Path", "Frontier", "Sources", "Law", "Assumptions", "Pilots", "Draws")


def workbook(study: Study | GroupStudy) -> bytes:
    """The workbook of a study as the bytes of an .xlsx file; the same study gives the same bytes.

    Sheets: see SHEETS, the last hidden. Money in the project's currency, amounts in examples, time
    in weeks, errors in the unit of the metric. Of a study of groups costs and weeks follow, errors
    do not (grouped.py). Raises DataplanError where XlsxWriter is not installed, and for a law that
    formulas cannot hold.
    """
    if isinstance(study, GroupStudy):
        return group_workbook(study)
    state = state_of(study)
    places, draws, found = places_of(state), draws_of(state), tables(study)
    inputs = study.inputs
    book = Book(f"{inputs.name}: data plan", inputs.currency, inputs.start)
    sheets = {name: Sheet(book, name) for name in SHEETS}
    write_given(sheets["Assumptions"], state, places, found["assumptions"])
    write_costs(sheets["Sources"], state, places)
    write_plan(sheets["Plan"], state, places)
    write_law(sheets["Law"], state, places, draws, found)
    write_draws(sheets["Draws"], state, places, draws, result("column"))
    write_path(sheets["Path"], found["path"])
    now = (places.wanted("target"), places.total(TOTAL))
    write_frontier(sheets["Frontier"], found["frontier"], now, found.get("confidence"))
    write_pilots(sheets["Pilots"], found["pilots"])
    write_front(sheets["Summary"], state, places, found)
    return book.bytes()
