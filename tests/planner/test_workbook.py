"""The workbook, read back and recalculated: every formula gives what the library computed."""

from __future__ import annotations

import io
import math
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner import Project
from planner.errors import DataplanError
from planner.laws import FAMILIES, Anchor
from planner.purchases import parts, plan_cost, price_range
from planner.tables import tables
from planner.workbook import SHEETS, workbook
from planner.workbook.forms import FORMS, softplus
from planner.workbook.text import safe
from sources.base import Tier
from tests.planner import booked, small
from tests.planner.hostile import HOSTILE, soffice
from tests.planner.office import recalculated

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")
pytest.importorskip("xlsxwriter", reason="XlsxWriter is not installed")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sentiment" / "project.toml"
NAMES = ("sentiment", "rich", "bare")
needs_office = pytest.mark.skipif(soffice() is None, reason="LibreOffice is not installed")


@pytest.fixture(scope="module")
def studies() -> dict[str, Any]:
    example = Project.load(EXAMPLE).study()
    return {"sentiment": example, "rich": booked.rich(), "bare": booked.bare()}


@pytest.fixture(scope="module")
def made(studies) -> dict[str, bytes]:
    return {name: workbook(study) for name, study in studies.items()}


def read(content: bytes, values: bool = False) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def formulas(book: Any) -> Iterator[tuple[str, str, str]]:
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    yield sheet.title, cell.coordinate, cell.value


def place(book: Any, name: str) -> tuple[str, str]:
    """Sheet and cell of a defined name."""
    sheet, cell = book.defined_names[name].attr_text.split("!")
    return sheet, cell.replace("$", "")


def value(book: Any, name: str) -> Any:
    sheet, cell = place(book, name)
    return book[sheet][cell].value


# -- recalculated by LibreOffice, all in one run ---------------------------------------------------


def changed(content: bytes, edits: dict[str, Any]) -> bytes:
    """The workbook with inputs changed: by defined name, or "source/line/heading" of a price."""
    book = read(content)
    for key, new in edits.items():
        if "/" in key:
            source, line, heading = key.split("/")
            sheet, cell = "Assumptions", price_cell(book["Assumptions"], source, line, heading)
        else:
            names = [n for n in book.defined_names if n == key or re.fullmatch(rf"{key}_\d+.*", n)]
            found = [n for n in names if n == key] or [
                n for n in book.defined_names if re.fullmatch(r"quantity_\d+_" + key, n)
            ]
            sheet, cell = place(book, found[0])
        assert not book[sheet][cell].protection.locked, key
        book[sheet][cell].value = new
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def price_cell(sheet: Any, source: str, line: str, heading: str) -> str:
    heads = next(row for row in sheet.iter_rows() if row[2].value == "line of the cost")
    column = next(cell.column for cell in heads if str(cell.value).startswith(heading))
    for row in sheet.iter_rows(min_row=heads[0].row):
        if (row[1].value, row[2].value) == (source, line):
            return str(sheet.cell(row[0].row, column).coordinate)
    raise AssertionError(f"no price of {source}, {line}")


CHANGES: dict[str, dict[str, Any]] = {
    "sentiment": {
        "crowd1/judgements/unit price": 0.09,
        "crowd1/set-up/fee": 650,
        "crowd1": 8000,
        "contingency": 0.2,
        "wanted_confidence": 0.9,
    },
    "rich": {
        "gold/work/tier 1 price": 1.3,
        "gold/work/tier 2 from": 800,
        "crowd/votes/high end": 2.5,
        "crowd/set-up/fee": 400,
        "crowd": 5000,
        "gold": 1200,
        "contingency": 0.25,
        "wanted_confidence": 0.55,
    },
}


# study, inputs changed, what the first sheet says then
WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "price deleted": ("bare", {"only/labels/unit price": None}, "no: see inputs"),
    "fee a text": ("bare", {"only/labels/fee": "250 EUR"}, "no: see inputs"),
    "part of a batch": ("bare", {"only": 10.5}, "no: see Plan"),
    "tiers out of order": ("rich", {"gold/work/tier 2 from": 1}, "no: see inputs"),
    "more than there is": ("rich", {"gold": 1e9}, "no: see Plan"),
    "right": ("bare", {"only": 10}, "yes"),
}


def spoiled(content: bytes) -> bytes:
    """The workbook with a wrong value beside the formula of the total cost."""
    sheet, cell = place(read(content), "total_cost")
    out, number = io.BytesIO(), SHEETS.index(sheet) + 1
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename == f"xl/worksheets/sheet{number}.xml":
                pattern = rf'(<c r="{cell}"[^>]*><f>[^<]*</f><v>)[^<]*'.encode()
                data, count = re.subn(pattern, rb"\g<1>123456", data)
                assert count == 1
            new.writestr(item, data)
    return out.getvalue()


@pytest.fixture(scope="module")
def opened(made, tmp_path_factory) -> dict[str, Any]:
    """Workbooks as LibreOffice saves them after it has computed every formula anew."""
    files = {**made, "spoiled": spoiled(made["bare"]), "hostile": workbook(hostile())}
    files |= {f"changed-{name}": changed(made[name], edits) for name, edits in CHANGES.items()}
    files |= {f"wrong-{name}": changed(made[of], to) for name, (of, to, _) in WRONG.items()}
    found = recalculated(files, tmp_path_factory.mktemp("office"))
    return {name: (read(content), read(content, True)) for name, content in found.items()}


def same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) or isinstance(found, str) or wanted is None or found is None:
        return (found or "") == (wanted or "")
    return math.isclose(found, wanted, rel_tol=1e-6, abs_tol=1e-15)


@needs_office
@pytest.mark.parametrize("name", NAMES)
def test_every_formula_recalculates_to_the_library_s_number(name, made, opened) -> None:
    held, now = read(made[name], True), opened[name][1]
    count = 0
    for sheet, cell, formula in formulas(read(made[name])):
        wanted, found = held[sheet][cell].value, now[sheet][cell].value
        assert not str(found).startswith(("#", "Err:")), (sheet, cell, formula)
        assert same(found, wanted), (sheet, cell, wanted, found, formula)
        count += 1
    assert count > 900


@needs_office
def test_that_it_recalculates_at_all(made, opened) -> None:
    assert value(read(spoiled(made["bare"]), True), "total_cost") == 123456
    assert value(opened["spoiled"][1], "total_cost") == value(
        read(made["bare"], True), "total_cost"
    )


def edited(study: Any, name: str) -> tuple[list[Any], dict[str, float]]:
    """The sources and purchases of a study with the same changes made in the library."""
    by = {source.name: source for source in study.inputs.sources}
    amounts = {step.source.name: step.quantity for step in study.plan.steps}

    def line(source, item, **changes):
        lines = tuple(
            replace(each, **changes) if each.item == item else each for each in by[source].lines
        )
        by[source] = replace(by[source], lines=lines)

    if name == "sentiment":
        line("crowd1", "judgements", unit_price=0.09)
        line("crowd1", "set-up", fixed=650.0)
        amounts["crowd1"] = 8000.0
    else:
        line("gold", "work", tiers=(Tier(300.0, 1.3), Tier(800.0, 1.0)))
        line("crowd", "votes", high=2.5)
        line("crowd", "set-up", fixed=400.0)
        amounts |= {"crowd": 5000.0, "gold": 1200.0}
    return list(by.values()), amounts


@needs_office
@pytest.mark.parametrize("name", CHANGES)
def test_changed_inputs_give_what_the_library_gives(name, studies, made, opened) -> None:
    study, book = studies[name], opened[f"changed-{name}"][1]
    sources, amounts = edited(study, name)
    edits = CHANGES[name]
    varied = value(read(made[name], True), "marginal_name")
    wanted = booked.numbers_of(
        study, sources, amounts, edits["contingency"], edits["wanted_confidence"], varied
    )
    for each in study.models[:1]:  # what the model costs beside the purchases
        step = booked.bought(each.overhead.source, 1.0, edits["contingency"])
        wanted = replace(
            wanted,
            total=wanted.total + parts(step)[-1],
            low=wanted.low + price_range(step)[0],
            high=wanted.high + price_range(step)[1],
        )
    for key, name_of in (
        ("total", "total_cost"),
        ("low", "total_low"),
        ("high", "total_high"),
        ("weeks", "total_weeks"),
        ("error", "error_reached"),
        ("probability", "probability_met"),
        ("needed", "quantity_needed"),
    ):
        found, number = value(book, name_of), getattr(wanted, key)
        if number is None:
            assert found == "out of reach"
        else:
            assert found == pytest.approx(number, rel=1e-6), key
    held = read(made[name], True)
    moved = ("total_cost", "total_low", "total_high", "error_reached", "probability_met")
    assert all(value(book, each) != value(held, each) for each in moved)
    for sheet, cell, formula in formulas(opened[f"changed-{name}"][0]):
        found = book[sheet][cell].value
        assert not str(found).startswith(("#", "Err:")), (sheet, cell, formula)


@needs_office
@pytest.mark.parametrize("name", WRONG)
def test_the_first_sheet_says_where_an_input_or_an_order_is_not_valid(name, opened) -> None:
    rows = opened[f"wrong-{name}"][1]["Summary"].iter_rows(values_only=True)
    shown = {row[0]: row[1] for row in rows}
    assert shown["inputs and orders are valid"] == WRONG[name][2]


# -- what the file says ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_values_beside_formulas_are_those_of_plan_and_law(name, studies, made) -> None:
    study, book = studies[name], read(made[name], True)
    shown = {row["key"]: row["value"] for row in tables(study)["summary"].records()}
    assert value(book, "total_cost") == shown["cost"]
    assert value(book, "total_low") == shown["cost_low"]
    assert value(book, "total_high") == shown["cost_high"]
    assert value(book, "total_weeks") == pytest.approx(study.plan.weeks)
    assert value(book, "probability_met") == pytest.approx(study.plan.probability)
    assert value(book, "error_median") == pytest.approx(study.plan.error[1])
    rows = {row[0]: row for row in book["Plan"].iter_rows(min_row=6, values_only=True)}
    for record in tables(study)["plan"].records():
        row = rows[record["item"]]
        keys = ("quantity", "fees", "subtotal", "contingency", "total", "low", "base", "high")
        assert [row[4], *row[6:13]] == [record[key] for key in keys]
    assert plan_cost(study.plan) <= shown["cost"]


def test_the_needed_quantity_is_the_smallest_that_is_enough(studies, made) -> None:
    study = studies["sentiment"]
    amounts = {step.source.name: step.quantity for step in study.plan.steps}
    target = study.plan.target
    wanted = booked.numbers_of(
        study, study.inputs.sources, amounts, 0.15, target.confidence, "crowd1"
    )
    assert value(read(made["sentiment"], True), "quantity_needed") == pytest.approx(
        wanted.needed, rel=1e-6
    )
    assert value(read(made["bare"], True), "quantity_needed") == "out of reach"


@pytest.mark.parametrize("name", NAMES)
def test_sheets_are_protected_and_inputs_alone_unlocked(name, made) -> None:
    book = read(made[name])
    assert tuple(book.sheetnames) == SHEETS
    assert [sheet.title for sheet in book if sheet.sheet_state == "hidden"] == ["Draws"]
    for sheet in book:
        assert sheet.protection.sheet
        assert sheet.protection.password is None
        assert sheet.freeze_panes
        open_cells = [c for row in sheet.iter_rows() for c in row if not c.protection.locked]
        assert bool(open_cells) == (sheet.title == "Assumptions")
        assert all(c.data_type != "f" and c.fill.fgColor.rgb == "FFFFF2CC" for c in open_cells)
        if sheet.sheet_state != "hidden":
            assert sheet.print_area
            assert sheet.page_setup.fitToHeight == 0
    inputs = ("target_error", "wanted_confidence", "contingency", "budget", "weeks_limit")
    outputs = ("total_cost", "total_weeks", "error_reached", "probability_met", "quantity_needed")
    assert {*inputs, *outputs} <= set(book.defined_names)
    for each in inputs:
        sheet, cell = place(book, each)
        assert not book[sheet][cell].protection.locked


def test_no_function_is_younger_than_excel_2016(made) -> None:
    young = r"XLOOKUP|XMATCH|\bLET\(|LAMBDA|FILTER|SEQUENCE|UNIQUE|SORT|_xlfn|_xlws|IFS\("
    for content in made.values():
        for sheet, cell, formula in formulas(read(content)):
            assert not re.search(young, formula), (sheet, cell)
            assert len(formula) < 8192


def test_charts_and_nothing_from_outside(made) -> None:
    for content in made.values():
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            names = file.namelist()
            assert sum(name.startswith("xl/charts/chart") for name in names) >= 4
            assert not [name for name in names if "external" in name.lower() or "vba" in name]
            links = [file.read(name) for name in names if name.endswith(".rels")]
            assert not [text for text in links if b'TargetMode="External"' in text]


def test_the_same_study_gives_the_same_bytes(studies, made) -> None:
    assert workbook(studies["rich"]) == made["rich"]
    with zipfile.ZipFile(io.BytesIO(made["rich"])) as file:
        assert {item.date_time[0] for item in file.infolist()} == {1980}
        assert b"2026-12-01T00:00:00Z" in file.read("docProps/core.xml")


def test_unknown_is_empty_never_nought(made) -> None:
    sheet = read(made["bare"], True)["Assumptions"]
    heads = next(row for row in sheet.iter_rows() if row[2].value == "one example is")
    row = next(sheet.iter_rows(min_row=heads[0].row + 1))
    named = {
        str(head.value).partition(" [")[0]: cell.value
        for head, cell in zip(heads, row, strict=True)
    }
    assert named["most there is"] is None
    assert named["per week"] is None
    assert value(read(made["bare"], True), "budget") is None


def hostile() -> Any:
    """A study whose every name and text tries to be more."""
    texts = list(HOSTILE.values())
    study = booked.rich()
    names = dict(zip(("gold", "crowd", "teacher", "text", "mails"), texts, strict=False))
    sources = tuple(
        replace(
            source,
            name=names[source.name],
            kind=texts[5],
            unit=texts[6],
            note=texts[8],
            lines=tuple(
                replace(line, item=texts[k], reference=texts[k + 3])
                for k, line in enumerate(source.lines)
            ),
            assumptions=tuple(
                replace(each, name=texts[0], note=texts[9], reference=texts[1])
                for each in source.assumptions
            ),
        )
        for source in study.inputs.sources
    )
    law = replace(
        study.law,
        sources=tuple(names[name] for name in study.law.sources),
        reference=names[study.law.reference],
        pilots=tuple(
            replace(fit, amounts={names[n]: a for n, a in fit.amounts.items()})
            for fit in study.law.pilots
        ),
    )
    target = replace(study.plan.target, metric=texts[0])
    amounts = {names[step.source.name]: step.quantity for step in study.plan.steps}
    used = {names[name]: n for name, n in study.plan.used_in_hand.items()}
    made = booked.study_of(sources, law, target, amounts, used, name=texts[1], currency=texts[2])
    return replace(made, warnings=tuple(texts), models=study.models)


def test_hostile_texts_stay_texts() -> None:
    content = workbook(hostile())
    places = {(sheet, cell) for sheet, cell, _ in formulas(read(workbook(booked.rich())))}
    live = {(sheet, cell) for sheet, cell, _ in formulas(read(content))}
    shift = {sheet for sheet, _ in live ^ places}
    assert shift <= {"Summary", "Law"}, "formulas where a study of plain names has none"
    for _, _, formula in formulas(read(content)):
        assert not [text for text in HOSTILE.values() if text in formula]
    strings = [
        cell
        for sheet in read(content)
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.data_type != "f"
    ]
    assert all(cell.data_type == "s" for cell in strings)
    assert all(len(cell.value) <= 32_767 for cell in strings)
    shown = {cell.value for cell in strings}
    assert safe(HOSTILE["formula"]) in shown
    assert HOSTILE["long"] in shown


@needs_office
def test_hostile_texts_stay_texts_in_libreoffice(opened) -> None:
    book, values = opened["hostile"]
    wanted = {(s, c) for s, c, _ in formulas(read(workbook(hostile())))}
    assert {(s, c) for s, c, _ in formulas(book)} <= wanted
    found = {
        cell.value for sheet in values for row in sheet.iter_rows() for cell in row if cell.value
    }
    assert HOSTILE["formula"] in found
    assert HOSTILE["chinese"] in {str(each) for each in found}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x1b", "a\ufffdb\ufffd"),
        ("one\r\ntwo\tthree", "one two three"),
        ("\ud800", "\ufffd"),
        ("x" * 40_000, "x" * 32_766 + "…"),
        ("\U0001f600" * 20_000, "\U0001f600" * 16_383 + "…"),
    ],
)
def test_texts_that_no_cell_can_hold(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize("family", FAMILIES, ids=lambda each: each.name)
def test_every_family_has_the_same_curve_in_one_form(family) -> None:
    rng, draws, anchor = np.random.default_rng(1), 300, Anchor(700.0, 0.6)
    theta = np.stack(
        [
            rng.uniform(0.1, 0.5, draws),
            np.exp(rng.normal(-1.0, 0.6, draws)),
            rng.beta(1.0, 3.0, draws),
            np.exp(rng.normal(-2.0, 4.0, draws)),
            rng.uniform(0.0, 1.0, draws),
        ][: len(family.parameters)],
        axis=1,
    )
    sizes = np.broadcast_to(np.geomspace(1.0, 1e9, 40), (draws, 40))
    columns = [each[:, None] for each in FORMS[family.name](theta.T, anchor)]
    floor, amplitude, straight, bent, steepness, knee, constant = columns
    x = np.log(sizes / anchor.size)
    fall = straight * x + bent * softplus(steepness * x - knee) + constant
    wanted = sum(family.curve(theta, sizes, anchor))
    np.testing.assert_allclose(floor + amplitude * np.exp(-fall), wanted, rtol=1e-12)


def test_what_cannot_be_shown_is_said(studies, monkeypatch) -> None:
    study = studies["bare"]
    weights = np.arange(1.0, 91.0)
    law = replace(study.law, weights=weights / weights.sum())
    with pytest.raises(DataplanError, match="equally likely"):
        workbook(replace(study, law=law))
    member = replace(study.law.members[0], family="unheard of")
    with pytest.raises(DataplanError, match="unheard of"):
        workbook(replace(study, law=replace(study.law, members=(member, *law.members[1:]))))
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(DataplanError, match=r"pip install 'dataplan\[workbook\]'"):
        workbook(study)


def test_many_sources_are_held(tmp_path) -> None:
    names = tuple(f"s{k}" for k in range(30))
    sources = [small.source(name, 0.1 + k / 100) for k, name in enumerate(names)]
    study = booked.study_of(
        sources, small.law(names, 60, 2), booked.Target(0.2, 0.8), {"s3": 1000.0, "s7": 500.0}
    )
    book = read(workbook(study), True)
    assert value(book, "total_cost") == pytest.approx(study.plan.cost, abs=0.01)
