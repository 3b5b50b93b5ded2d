"""CSV as LibreOffice opens it: numbers are numbers, text is text, nothing runs, Chinese intact."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from planner.csvtext import Style, inert, to_csv
from planner.export import write_csv
from planner.table import Column, Table
from tests.planner.hostile import HOSTILE, cells, converted, soffice

NUMBERS = (1234.5, 1e-7, -3.25, 42, 2.0, 123456789.125)
NAMES = (
    "name",
    "text",
    *(f"n{at}" for at in range(len(NUMBERS))),
    "unknown",
    "=1+1",
    "\u6570\u91cf",
)
TABLE = Table(
    "t",
    tuple(Column(name, "", "") for name in NAMES),
    tuple((name, text, *NUMBERS, None, text, 7) for name, text in HOSTILE.items()),
)
STYLES = {  # the first is opened as LibreOffice offers to: every delimiter parts
    "comma": (Style(), "44/59/9,34,76,1,,1033,false,true"),
    "semicolon": (Style(";", decimal_comma=True, bom=True), "59,34,76,1,,1031,false,true"),
    "tab": (Style("\t"), "9,34,76,1,,1033,false,true"),
}


@pytest.mark.skipif(soffice() is None, reason="LibreOffice (soffice) is not installed")
@pytest.mark.parametrize("name", STYLES)
def test_what_libreoffice_makes_of_it(name: str, tmp_path: Path) -> None:
    style, tokens = STYLES[name]
    (path,) = write_csv({"t": TABLE}, tmp_path, style)
    infilter = f"Text - txt - csv (StarCalc):{tokens}"
    rows = cells(converted(path, "fods", infilter, tmp_path / "profile"))
    assert not [cell for row in rows for cell in row if cell[2]], "a formula came alive"
    head, *body = rows[: len(HOSTILE) + 1]
    assert [value for _, value, _ in head[: len(NAMES)]] == [inert(each) for each in NAMES]
    assert len(body) == len(HOSTILE)
    for row, text in zip(body, HOSTILE.values(), strict=True):
        kinds = [kind for kind, _, _ in row[: len(NAMES)]]
        assert kinds == ["string", "string", *["float"] * len(NUMBERS), "", "string", "float"]
        assert [float(value) for _, value, _ in row[2 : 2 + len(NUMBERS)]] == pytest.approx(
            list(NUMBERS), rel=1e-12
        )
        for _, shown, _ in (row[1], row[-2] if len(row) == len(NAMES) else row[len(NAMES) - 2]):
            assert plain(shown) == plain(inert(text, style.delimiter))


@pytest.mark.skipif(soffice() is None, reason="LibreOffice (soffice) is not installed")
@pytest.mark.parametrize(("name", "tokens"), [("comma", "59"), ("semicolon", "44")])
def test_nothing_runs_where_it_is_opened_with_another_delimiter(
    name: str, tokens: str, tmp_path: Path
) -> None:
    (path,) = write_csv({"t": TABLE}, tmp_path, STYLES[name][0])
    infilter = f"Text - txt - csv (StarCalc):{tokens},34,76,1,,1033,false,true"
    rows = cells(converted(path, "fods", infilter, tmp_path / "profile"))
    found = [cell for row in rows for cell in row]
    assert any("SUM(1)" in shown for _, shown, _ in found)
    assert not [cell for cell in found if cell[2]], "a formula came alive"


def test_texts_that_come_apart_stay_texts() -> None:
    assert inert("x;=cmd,=a") == "x;'=cmd,=a"
    assert inert("x;=cmd, =a", ";") == "x;=cmd,' =a"
    assert inert('one\n"=two"') == 'one\n\'"=two"'
    for told in ("a; b, c", "it's; 'quoted'", "90% 1.7, 2.5; none", "a-b; c=d", ""):
        assert inert(told) == inert(told, ";") == told
    table = Table("t", (Column("a", "", ""),), (("a; b",), ("a, b",), ("a\tb",), ("a b",)))
    assert to_csv(table) == 'a\r\n"a; b"\r\n"a, b"\r\n"a\tb"\r\na b\r\n'


def plain(text: str) -> str:
    """A text without what XML cannot hold or writes as elements: control characters and blanks."""
    return "".join(sign for sign in text if sign.isprintable() and not sign.isspace())


@pytest.mark.parametrize("name", STYLES)
def test_every_style_holds_the_same_cells(name: str) -> None:
    style, _ = STYLES[name]
    text = to_csv(TABLE, style)
    assert text.startswith("\ufeff") == style.bom
    rows = list(
        csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=style.delimiter)
    )
    assert rows[0] == [inert(each) for each in NAMES]
    for row, (key, value) in zip(rows[1:], HOSTILE.items(), strict=True):
        assert row[:2] == [key, inert(value, style.delimiter)]
        point = [cell.replace(",", ".") if style.decimal_comma else cell for cell in row]
        assert [float(cell) for cell in point[2 : 2 + len(NUMBERS)]] == list(NUMBERS)
        assert row[2 + len(NUMBERS)] == ""
    assert to_csv(TABLE, style) == text


def test_numbers_are_quoted_in_no_style() -> None:
    for style, _ in STYLES.values():
        for cell in ("1234.5", "1e-07", "-3.25"):
            shown = cell.replace(".", ",") if style.decimal_comma else cell
            assert f"{style.delimiter}{shown}{style.delimiter}" in to_csv(TABLE, style)


def test_a_comma_cannot_be_both() -> None:
    with pytest.raises(ValueError, match="comma"):
        Style(decimal_comma=True)
