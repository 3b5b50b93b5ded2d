"""The text column in any piece of a CSV file, held against the whole file read as it is."""

from __future__ import annotations

import csv
import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import csvcells
from sources.csvcells import Piece, Shape, piece, shape

WORDS = ["the", "model,", 'says "yes"', "data\nis", "good.", "误差，", "1,5", "\r\nend"]


def written(rows: list[list[str]], header: list[str]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows(rows)
    return file.getvalue()


def table(seed: int, columns: int, size: int = 400, long: int = 60) -> list[list[str]]:
    """The last column but one is text."""
    chance = random.Random(seed)
    found = []
    for number in range(size):
        text = " ".join(chance.choices(WORDS, k=chance.randrange(8, long)))
        row = [str(number), 'a "note"', text, "x"][-columns:] if columns > 1 else [text]
        found.append(row)
    return found


@pytest.mark.parametrize(("columns", "at"), [(4, 2), (3, 1), (2, 0), (1, 0)])
@pytest.mark.parametrize("cell", [300, 2000])
def test_pieces_hold_the_text_of_the_whole(columns: int, at: int, cell: int) -> None:
    rows = table(columns, columns)
    header = ["id", "note", "text", "n"][-columns:] if columns > 1 else ["text"]
    data = written(rows, header)
    known = shape(data[:4000], "text")
    assert known is not None and (known.columns, known.text) == (columns, at)
    pieces = [
        piece(data[start : start + cell], known, start == 0) for start in range(0, len(data), cell)
    ]
    characters = sum(len(text) for each in pieces for text in each.texts)
    truth = sum(len(row[at]) for row in rows)
    assert characters == pytest.approx(truth, rel=0.02)
    assert sum(each.records for each in pieces) == pytest.approx(len(rows), rel=0.06)


@given(st.integers(0, 10_000))
def test_what_a_piece_from_the_start_holds_is_exact(seed: int) -> None:
    rows = table(seed, 4, size=3)
    data = written(rows, ["id", "note", "text", "n"]).split("\r\n", 1)[1]
    found = piece(data, Shape(4, 2, True), fresh=True)
    assert found == Piece(tuple(row[2] for row in rows), 3)


def test_a_column_that_is_not_there() -> None:
    assert shape("id,body\n1,x\n", "text") is None
    assert shape("", "text") is None


@pytest.mark.parametrize(
    ("data", "quoted", "text"),
    [
        ('inside of it", 5\r\n7,"more', True, "inside of it\nmore"),
        ("no sign of anything", True, "no sign of anything"),
        ("no sign of anything", False, "no sign of anything"),
        ('he said ""yes"" and', True, 'he said "yes" and'),
        ("plain,3\r\n8,other,4\r\n", False, "plain\nother"),
    ],
)
def test_what_the_rules_decide(data: str, quoted: bool, text: str) -> None:
    columns = Shape(3 if quoted is False else 2, 1 if not quoted else 0, quoted)
    if data.startswith("inside"):
        columns = Shape(2, 0, True)
        data, text = data.replace('7,"more', '"more'), text
    assert "\n".join(piece(data, columns, fresh=False).texts).strip() == text


def test_unquoted_lines() -> None:
    rows = [[str(at), f"line {at} of text", "0.5"] for at in range(500)]
    data = written(rows, ["id", "text", "n"])
    known = csvcells.shape(data[:1000], "text")
    assert known and not known.quoted
    found = [piece(data[at : at + 200], known, at == 0) for at in range(0, len(data), 200)]
    assert sum(each.records for each in found) == pytest.approx(501, abs=3)
    characters = sum(len(row[1]) for row in rows)
    assert sum(len(text) for each in found for text in each.texts) == pytest.approx(
        characters, rel=0.01
    )
