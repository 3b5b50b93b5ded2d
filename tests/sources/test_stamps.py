"""Time stamps in every form, and the growth per week that they give."""

from __future__ import annotations

import csv
import datetime
import gzip
import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import catalogue, counting
from sources.base import Context, SourceError
from sources.corpus import Options
from sources.counting import count_corpus
from sources.journal import Journal
from sources.stamps import UNDATED, day, growth

EPOCH = datetime.date(1970, 1, 1)
DAYS = st.integers(365, 50_000)


def number(year: int, month: int, of_month: int) -> int:
    return (datetime.date(year, month, of_month) - EPOCH).days


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-11-24",
        "2026/11/24",
        "20261124",
        20261124,
        "2026-11-24T23:59:59Z",
        "2026-11-24 01:00:00.123",
        "2026-11-25T00:30:00+01:00",
        "Tue, 24 Nov 2026 12:00:00 +0000",
        1795521600,
        1795521600.5,
        "1795521600",
        1795521600000,
        1795521600000000,
        1795521600000000000,
        datetime.date(2026, 11, 24),
        datetime.datetime(2026, 11, 24, 5, tzinfo=datetime.UTC),
        " 2026-11-24 ",
    ],
)
def test_forms(stamp: Any) -> None:
    assert day(stamp) == number(2026, 11, 24)


@pytest.mark.parametrize(
    "stamp",
    [
        None,
        "",
        "soon",
        "2026",
        "2026-13-01",
        0,
        -5,
        True,
        [],
        {},
        "nan",
        float("inf"),
        "99",
        10**400,
        -(10**400),
    ]
    + [
        "1" * 400,
        datetime.datetime.min.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=9))),
    ],
)
def test_what_is_no_stamp(stamp: Any) -> None:
    assert day(stamp) == UNDATED


@given(DAYS, st.integers(0, 86_399), st.sampled_from([1, 10**3, 10**6, 10**9]))
def test_numbers_are_told_apart_by_their_size(at: int, second: int, unit: int) -> None:
    assert day((at * 86_400 + second) * unit) == at


@given(DAYS)
def test_iso(at: int) -> None:
    assert day((EPOCH + datetime.timedelta(at)).isoformat()) == at


@given(st.lists(st.tuples(st.integers(18_000, 18_400), st.integers(1, 99)), max_size=200))
def test_weeks_are_those_of_the_calendar(documents: list[tuple[int, int]]) -> None:
    """Recomputed date by date."""
    days = np.array([at for at, _ in documents], np.int32)
    tokens = np.array([size for _, size in documents], np.int64)
    found = growth(days, tokens)
    dates = [EPOCH + datetime.timedelta(int(at)) for at in days]
    mondays = []
    if dates:
        monday = min(dates)
        while monday <= max(dates):
            if monday.weekday() == 0 and monday + datetime.timedelta(6) <= max(dates):
                mondays.append(monday)
            monday += datetime.timedelta(1)
    mondays = mondays[-26:]
    assert found.weeks == len(mondays)
    if not mondays:
        assert found.documents is None and found.tokens is None
        return
    weekly = [
        [size for date, size in zip(dates, tokens, strict=True) if 0 <= (date - start).days < 7]
        for start in mondays
    ]
    assert found.documents and found.tokens
    assert found.documents.median == pytest.approx(np.median([len(week) for week in weekly]))
    assert found.tokens.median == pytest.approx(np.median([sum(week) for week in weekly]))
    assert found.documents.low <= found.documents.median <= found.documents.high


def rows(size: int = 700) -> list[dict[str, Any]]:
    """Ten a day from a Thursday on; one in fifty has no stamp, and one in ten is old text again."""
    start = datetime.date(2026, 1, 1)
    found = []
    for at in range(size):
        stamp = (start + datetime.timedelta(at // 10)).isoformat() if at % 50 else "soon"
        found.append({"text": f"text {0 if at % 10 == 9 else at}", "on": stamp})
    return found


@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz", "csv", "parquet"])
def test_growth_of_every_format(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"a.{form}"
    if form == "parquet":
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        table = pyarrow.Table.from_pylist(rows())
        parquet.write_table(table, path)
    elif form == "csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["on", "text"])
            writer.writeheader()
            writer.writerows(rows())
    else:
        data = "".join(json.dumps(row) + "\n" for row in rows()).encode()
        path.write_bytes(gzip.compress(data) if form.endswith("gz") else data)
    found = count_corpus([path], Options(time="on"))
    assert found.growth is not None and found.growth.documents is not None
    assert (found.growth.first, found.growth.last) == (
        datetime.date(2026, 1, 1),
        datetime.date(2026, 3, 11),
    )
    assert found.growth.weeks == 9
    assert found.growth.documents.median == pytest.approx(62, abs=1)  # 70, less copies and undated
    assert found.growth.undated == 13  # the fourteenth has copies with a stamp
    assert any("'soon' is no date" in each.problem for each in found.growth.faults)


def test_parquet_timestamps(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    times = [
        datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(days=at)
        for at in range(40)
    ]
    table = pyarrow.table({"text": [f"t {at}" for at in range(40)], "on": times})
    for unit in ("s", "ns"):
        on = pyarrow.array(times, pyarrow.timestamp(unit))
        parquet.write_table(table.set_column(1, "on", on), tmp_path / f"{unit}.parquet")
        found = count_corpus([tmp_path / f"{unit}.parquet"], Options(time="on")).growth
        assert found and found.undated == 0 and found.last == datetime.date(2026, 2, 9)


def test_parquet_stamps_that_python_has_no_date_for(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    on = pyarrow.array([0, 1_767_225_600, 2**40, -(2**40), None], pyarrow.int64())
    table = {"text": list("abcde"), "on": on.cast(pyarrow.timestamp("s"))}
    parquet.write_table(pyarrow.table(table), tmp_path / "a.parquet")
    found = count_corpus([tmp_path], Options(time="on"))
    assert (found.documents, found.unreadable) == (5, 0)
    assert found.growth and found.growth.undated == 4  # no day before the second of 1970 is one


def test_parquet_with_a_column_twice(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    one = pyarrow.array(["a", "b"])
    for names in (["text", "text", "on"], ["text", "on", "on"]):
        table = pyarrow.Table.from_arrays([one, one, one], names=names)
        parquet.write_table(table, tmp_path / "a.parquet")
        with pytest.raises(SourceError, match="has 2 columns '(text|on)'; rename all but one"):
            count_corpus([tmp_path], Options(time="on"))


def test_time_of_the_file(tmp_path: Path) -> None:
    for at in range(40):
        path = tmp_path / f"{at}.txt"
        path.write_text(f"text {at}")
        second = datetime.datetime(2026, 1, 5, tzinfo=datetime.UTC).timestamp() + at * 86_400
        os.utime(path, (second, second))
    found = count_corpus([tmp_path], Options(time="mtime")).growth
    assert found and found.documents and found.documents.median == 7
    none = count_corpus([tmp_path], Options(time="on")).growth
    assert none and none.undated == 40 and none.documents is None
    assert "has no 'on'" in none.faults[0].problem


def test_neither_parts_nor_order_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = rows()
    whole = None
    for seed in range(4):
        random.Random(seed).shuffle(made)
        data = "".join(json.dumps(row) + "\n" for row in made)
        (tmp_path / "a.jsonl").write_text(data)
        monkeypatch.setattr(counting, "_PART", [8_000_000, 3000, 700, 9999][seed])
        with Journal(tmp_path / "kept") as kept:
            for _ in range(2):
                found = count_corpus([tmp_path / "a.jsonl"], Options(time="on"), journal=kept)
                assert found.growth is not None
                facts = (found.growth.documents, found.growth.tokens, found.growth.undated)
                whole = whole or facts
                assert facts == whole


def test_nothing_in_a_few_weeks_is_no_measured_growth(tmp_path: Path) -> None:
    old = {"text": "old", "on": "2026-01-04"}
    context = Context(date=datetime.date(2026, 4, 1), folder=tmp_path, weeks=10)
    settings = {"path": "a.jsonl", "time": "on"}
    for days, enough in ((21, False), (28, True)):
        last = datetime.date(2026, 1, 5) + datetime.timedelta(days)
        rows = [old, {"text": "new", "on": last.isoformat()}]
        (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        found = count_corpus([tmp_path], Options(time="on")).growth
        assert found and found.documents and found.documents.median == 0
        assert found.measured == enough
        if enough:
            assert catalogue.build("text", "notes", settings, context)
        else:
            with pytest.raises(SourceError, match="no growth, but in 3 whole weeks only"):
                catalogue.build("text", "notes", settings, context)


def test_it_is_the_growth_of_a_source(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()))
    context = Context(date=datetime.date(2026, 4, 1), folder=tmp_path, weeks=10)
    settings = {"path": "a.jsonl", "time": "on"}
    source = catalogue.build("text", "notes", settings, context)
    (grown,) = [each for each in source.assumptions if each.name == "growth_documents_per_week"]
    assert grown.value == pytest.approx(62, abs=1) and grown.provenance == "measured"
    assert grown.low and grown.high and grown.low <= grown.value <= grown.high
    given = catalogue.build("text", "notes", {**settings, "growth_documents_per_week": 5}, context)
    (kept,) = [each for each in given.assumptions if each.name == "growth_documents_per_week"]
    assert kept.value == 5
    with pytest.raises(SourceError, match="no whole week"):
        catalogue.build("text", "notes", {**settings, "time": "off"}, context)
    with pytest.raises(SourceError, match="needs path"):
        catalogue.build("text", "notes", {"documents": 5, "tokens": 9, "time": "x"}, context)
