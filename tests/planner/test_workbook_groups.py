"""The workbook of groups: costs and weeks follow, and it says when the errors no longer hold."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from planner import Project
from planner.purchases import plan_cost
from planner.workbook import workbook
from planner.workbook.grouped import NO, SHEETS, YES
from tests.planner.office import recalculated
from tests.planner.test_workbook import changed, formulas, needs_office, read, same, value

GROUPS = Path(__file__).resolve().parents[2] / "examples" / "groups" / "project.toml"
EDITS = {
    "listings/examples/unit price": 0.11,
    "appraiser/examples/high end": 1.9,
    "appraiser": 900,
    "contingency": 0.3,
    "budget": 1500,
}


@pytest.fixture(scope="module")
def study():
    return Project.load(GROUPS).study_groups()


@pytest.fixture(scope="module")
def made(study) -> bytes:
    return workbook(study)


@pytest.fixture(scope="module")
def opened(made, tmp_path_factory):
    files = {"as it is": made, "changed": changed(made, EDITS)}
    found = recalculated(files, tmp_path_factory.mktemp("office"))
    return {name: read(content, True) for name, content in found.items()}


def line(book, told: str) -> tuple[object, object]:
    """Now and as planned, of a row of the first sheet."""
    row = next(row for row in book["Summary"].iter_rows() if row[0].value == told)
    return row[1].value, row[2].value


def test_it_holds_what_the_study_says(study, made):
    book = read(made, True)
    assert tuple(book.sheetnames) == SHEETS
    assert math.isclose(value(book, "total_cost"), plan_cost(study.plan))
    assert math.isclose(value(book, "total_weeks"), study.plan.weeks)
    assert line(book, "errors as planned hold") == (YES, YES)
    heads, first, *_ = (
        row for row in book["Groups"].iter_rows(values_only=True) if row[0] in ("group", "fair")
    )
    told = dict(zip(heads, first, strict=True))
    assert math.isclose(told["error"], study.plan.groups[0].error[1], rel_tol=1e-5)
    assert workbook(study) == made


@needs_office
def test_every_formula_recalculates_to_the_library_s_number(made, opened):
    held, now = read(made, True), opened["as it is"]
    every = list(formulas(read(made)))
    for sheet, cell, formula in every:
        wanted, found = held[sheet][cell].value, now[sheet][cell].value
        assert not str(found).startswith(("#", "Err:")), (sheet, cell, formula)
        assert same(found, wanted), (sheet, cell, wanted, found, formula)
    assert len(every) > 80


@needs_office
def test_changed_inputs_give_what_the_library_gives(study, opened):
    book = opened["changed"]
    steps = {step.source.name: step for step in study.plan.steps}
    cheap, dear = steps["listings"].source, steps["appraiser"].source
    cheap = replace(cheap, lines=tuple(replace(x, unit_price=0.11) for x in cheap.lines))
    dear = replace(dear, lines=tuple(replace(x, high=1.9) for x in dear.lines))
    bought = ((cheap, steps["listings"].quantity), (dear, 900.0))
    total = sum(round(float(source.cost(q)) * 1.3, 2) for source, q in bought)
    high = sum(round(source.cost_range(q)[1] * 1.3, 2) for source, q in bought)
    weeks = max(source.limits.weeks(q) for source, q in bought)
    assert math.isclose(value(book, "total_cost"), total, rel_tol=1e-6)
    assert math.isclose(value(book, "total_high"), high, rel_tol=1e-6)
    assert math.isclose(value(book, "total_weeks"), weeks, rel_tol=1e-6)
    assert line(book, "within the budget") == ("no", "yes")
    assert line(book, "errors as planned hold") == (NO, YES)
