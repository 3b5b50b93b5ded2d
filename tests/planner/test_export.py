from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import export
from planner.errors import OutputError
from planner.export import neutral, to_csv, to_json, write_csv
from planner.table import Column, Table
from planner.tables import tables
from tests.planner import samples


def small(value: str = "x") -> dict[str, Table]:
    return {"t": Table("t", (Column("a", "", "first"),), ((value,),))}


def test_files_are_rfc_4180_and_hold_what_the_tables_hold(tmp_path: Path) -> None:
    made = tables(samples.study())
    written = write_csv(made, tmp_path / "deep" / "er")
    assert [path.name for path in written] == [f"{name}.csv" for name in made]
    raw = (tmp_path / "deep" / "er" / "plan.csv").read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n") == 4
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8"), newline="")))
    assert rows[1]["source"] == "'=cmd|'/c calc'!A1"
    assert float(rows[0]["total"]) == made["plan"].records()[0]["total"]
    assert rows[2]["effective_examples"] == ""


def test_headers_from_sources_are_neutralised() -> None:
    header = to_csv(tables(samples.study())["frontier"]).splitlines()[0]
    assert "'=cmd|" in header
    assert not any(name.startswith("=") for name in next(csv.reader([header])))


def test_the_same_bytes_twice(tmp_path: Path) -> None:
    for folder in ("one", "two", "two"):
        write_csv(tables(samples.study()), tmp_path / folder)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    assert len(list((tmp_path / "two").iterdir())) == 11


@pytest.mark.parametrize(
    "text",
    [
        "=1",
        "+1",
        "-1",
        "@a",
        "\tx",
        "\rx",
        "  =1",
        "\u3000=1",
        "\ufeff=1",
        "\u200b =1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff201",
        "\n=1",
        "\x00=1",
    ],
)
def test_what_a_spreadsheet_would_run_is_neutralised(text: str) -> None:
    assert neutral(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a", "a=1", "'=1", "1e-5 or less", "\u00e9t\u00e9", " "])
def test_other_text_is_left_alone(text: str) -> None:
    assert neutral(text) == text


def test_numbers_stay_numbers() -> None:
    columns = tuple(Column(name, "", "") for name in "abcd")
    text = to_csv(Table("t", columns, ((-1.5, 3, 1e-7, None), (2.0, -4, 1234567.25, 'a,"b"\nc'))))
    assert text.split("\r\n", 1)[1] == '-1.5,3,1e-07,\r\n2,-4,1234567.25,"a,""b""\nc"\r\n'


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_csv(text: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(small(text)["t"]), newline="")))
    assert (rows[1] if len(rows) > 1 and rows[1] else [""]) == [neutral(text)]


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    for folder in ("out", "out/below"):
        with pytest.raises(OutputError, match="out") as caught:
            write_csv(small(), tmp_path / folder)
        assert "--out" in str(caught.value)
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("folder", ["/dev/null/x", "/proc/nowhere"])
def test_a_folder_that_cannot_be(folder: str) -> None:
    if not Path(folder).parent.exists():
        pytest.skip("no such place on this machine")
    with pytest.raises(OutputError, match="cannot be written"):
        write_csv(small(), folder)


def test_one_bad_file_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("old")
    (tmp_path / "b.csv").mkdir()
    column = (Column("a", "", ""),)
    with pytest.raises(OutputError, match="b.csv"):
        write_csv({name: Table(name, column, ()) for name in "abc"}, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv"]
    assert (tmp_path / "a.csv").read_text() == "old"


def test_text_that_utf8_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="t.csv"):
        write_csv(small("\ud800"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write_csv(small(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_json_is_finite_stable_and_has_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "version", lambda: "9.9")
    text = to_json(tables(samples.study()))
    assert text == to_json(tables(samples.study()))
    shown = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert shown["dataplan"] == "9.9"
    assert shown["summary"]["target"] == 0.26
    assert shown["summary"]["budget"] is None
    assert shown["plan"][1]["source"] == "=cmd|'/c calc'!A1"
    assert shown["units"]["plan"]["fees"] == "EUR"
    assert shown["units"]["summary"]["cost"] == "EUR"
    assert {row["name"]: row["value"] for row in shown["assumptions"]}["start"] == "2026-12-01"


def test_neutral_is_for_files_only() -> None:
    assert tables(samples.study())["plan"].records()[1]["source"] == samples.CROWD.name
    assert export.ADVICE.endswith("--out DIR")
