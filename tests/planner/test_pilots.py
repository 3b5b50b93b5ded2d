"""Pilots: what is accepted survives a round trip, what is not is named with its place."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.errors import InputError
from planner.names import RESERVED, name_problem, same_names
from planner.pilots import MOST_FAULTS, MOST_ROWS, Pilots, check
from planner.runs import inline, parse
from sources.settings import nearest

names = (
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
    .filter(lambda name: not name_problem(name))
    .filter(lambda name: name.casefold() != "error" and name == name.strip())
)
finite = st.floats(0, 1e12)


@st.composite
def pilots(draw: st.DrawFn) -> Pilots:
    sources = draw(st.lists(names, min_size=1, max_size=4, unique_by=str.casefold))
    sources = [name for name in sources if name.casefold() not in RESERVED] or ["n"]
    runs = draw(st.integers(1, 6))

    def column(numbers: st.SearchStrategy[float], size: int = runs) -> np.ndarray:
        return np.array(draw(st.lists(numbers, min_size=size, max_size=size)), dtype=float)

    def maybe(numbers: st.SearchStrategy[float]) -> np.ndarray | None:
        return column(numbers) if draw(st.booleans()) else None

    words = st.lists(st.sampled_from(["young", "old", ""]), min_size=runs, max_size=runs)
    group = draw(st.none() | words.filter(any))
    return Pilots(
        sources=tuple(sources),
        amounts=column(finite, runs * len(sources)).reshape(runs, len(sources)),
        error=column(st.floats(1e-9, 1e6)),
        seed=maybe(st.integers(0, 99)),
        test_size=maybe(st.integers(1, 10**9)),
        model_params=maybe(st.floats(1, 1e12)),
        group=None if group is None else tuple(group),
    )


def same(left: Pilots, right: Pilots) -> bool:
    arrays = ("amounts", "error", "seed", "test_size", "model_params")
    return (
        left.sources == right.sources
        and left.group == right.group
        and all(
            (a is None) == (b is None) and (a is None or np.array_equal(a, b))
            for a, b in ((getattr(left, n), getattr(right, n)) for n in arrays)
        )
    )


@given(pilots())
def test_frame_round_trip(table: Pilots) -> None:
    assert same(Pilots.from_frame(table.to_frame()), table)


@given(pilots())
def test_csv_round_trip(table: Pilots) -> None:
    text = table.to_frame().to_csv(index=False)
    again, faults = parse(text, "pilots.csv", math.inf)
    assert faults == []
    assert again is not None
    assert same(again, table)
    assert again.rows == tuple(range(2, len(table) + 2))


@given(pilots(), st.data())
def test_one_bad_cell_is_one_fault_in_its_row(table: Pilots, data: st.DataObject) -> None:
    frame = table.to_frame().astype(object)
    row = data.draw(st.integers(0, len(frame) - 1))
    column = data.draw(st.sampled_from([*table.sources, "error"]))
    frame.iloc[row, frame.columns.get_loc(column)] = data.draw(
        st.sampled_from([math.nan, None, pd.NA, math.inf, -1.0, "many", True, ""])
    )
    with pytest.raises(InputError) as caught:
        Pilots.from_frame(frame)
    (fault,) = caught.value.faults
    assert fault.key == f"row {row}, {column}"


def faults_of(text: str, most_error: float = 1.0, known: tuple[str, ...] = ()) -> list[str]:
    table, faults = parse(text, "runs.csv", most_error, known)
    assert (table is None) == bool(faults)
    return [str(fault) for fault in faults]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "runs.csv: is empty"),
        ("\n\n", "runs.csv: is empty"),
        ("n\n100\n", "column error: is missing"),
        ("n,Error\n100,.3\n", "column error: is missing; did you mean Error?"),
        ("error\n.3\n", "no column of examples"),
        ("n,n,error\n1,2,.3\n", "column n: appears 2 times"),
        ("crowd,Crowd,error\n1,2,.3\n", "column Crowd: differs from crowd"),
        ("n,error\n100,.3,7\n", "line 2: has 3 fields where the first line has 2"),
        ("n,error\n100,1.2\n", "line 2, error = '1.2': must be above 0 and at most 1"),
        ("n,error\n100,12\n", "if this is a percentage, write 0.12"),
        ("n,error\n100,0\n", "half of one, 0.5 / test_size"),
        ("n,error\n100,-.1\n", "must be above 0"),
        ("n,error\n100,nan\n", "line 2, error = 'nan': is not a number"),
        ("n,error\n100,\n", "line 2, error: is empty"),
        ("n,error\n,.3\n", "line 2, n: is empty or not a number (NaN); write 0"),
        ("n,error\n-5,.3\n", "line 2, n = '-5': must be finite and not negative"),
        ("n,error\ninf,.3\n", "line 2, n = 'inf': must be finite"),
        ('n,error\n"1,000",.3\n', "line 2, n = '1,000': is not a number; write it without"),
        ("n,error,seed\n5,.3,1.5\n", "seed = '1.5': must be a whole number"),
        ("n,error,test_size\n5,.3,0\n", "test_size = '0': must be a whole number of at least 1"),
        ("n,error,test_size\n5,.3,9\n5,.3,\n", "line 3, test_size: is empty"),
        ("n,error,model_params\n5,.3,0\n", "model_params = '0': must be above 0"),
        ('n,error\n5,".3\n', "line 2: not CSV"),
        ("a\tb,error\n5,.3\n", "control characters"),
        ("x" * 201 + ",error\n5,.3\n", "has 201 characters, at most 200"),
    ],
)
def test_bad_csv(text: str, message: str) -> None:
    (fault,) = faults_of(text)
    assert message in fault


def test_every_fault_has_its_line_past_blank_lines_and_windows_endings() -> None:
    text = "n,error\r\n\r\n5,.3\r\n\r\nx,.3\r\n6,7\r\n"
    assert [fault.split(",")[0] for fault in faults_of(text)] == [
        "runs.csv line 5",
        "runs.csv line 6",
    ]


def test_a_cell_over_two_lines_does_not_shift_the_count() -> None:
    (fault,) = faults_of('n,error,group\n5,.3,"a\nb"\n6,-1,c\n')
    assert fault.startswith("runs.csv line 4, error")


def test_many_faults_are_counted_not_listed() -> None:
    text = "n,error\n" + "5,-1\n" * 100
    faults = faults_of(text)
    assert len(faults) == MOST_FAULTS + 1
    assert f"{100 - MOST_FAULTS} more" in faults[-1]


def test_columns_must_be_sources_of_the_project() -> None:
    (fault,) = faults_of("crwd,error\n5,.3\n", known=("human", "crowd"))
    assert "column crwd: is no source of this project; did you mean crowd?" in fault
    values_too = faults_of("crwd,error\n5,-1\n", known=("human", "crowd"))
    assert len(values_too) == 2


def test_n_is_the_only_source() -> None:
    table, _ = parse("n,error\n5,.3\n", "runs.csv", 1.0, ("human",))
    assert table is not None
    assert table.sources == ("human",)
    assert "no source of this project" in faults_of("n,error\n5,.3\n", known=("a", "b"))[0]


def test_header_alone_is_no_run_and_no_fault() -> None:
    table, faults = parse("n,error\n", "runs.csv", 1.0)
    assert faults == []
    assert table is not None
    assert len(table) == 0
    assert table.amounts.shape == (0, 1)


def test_a_spreadsheets_empty_columns_are_dropped() -> None:
    table, faults = parse("n,error,,\n5,.3,,\n", "runs.csv", 1.0)
    assert faults == []
    assert table is not None
    assert table.sources == ("n",)


def test_rows_in_the_project_file_leave_out_what_was_not_used() -> None:
    rows = [{"a": 5, "error": 0.3, "seed": 0}, {"b": 7, "error": 0.2, "seed": 1}]
    table, faults = inline(rows, "pilots.rows", 1.0)
    assert faults == []
    assert table is not None
    assert table.amounts.tolist() == [[5, 0], [0, 7]]
    _, faults = inline([{"a": 5}], "pilots.rows", 1.0)
    assert [fault.key for fault in faults] == ["pilots.rows column error"]


def test_too_many_rows_are_refused() -> None:
    table, faults = check([("n", range(MOST_ROWS + 1)), ("error", ())], str)
    assert table is None
    assert faults[0].key == "rows"
    assert "1,000,000" in str(faults[0])


def test_a_strange_name_is_a_name() -> None:
    assert name_problem("=cmd|'/c calc'!A1") == ""
    assert name_problem("\x1b[31m") != ""
    assert name_problem(" ") != ""
    assert name_problem("error") != ""


def test_names() -> None:
    assert same_names(["a", "B", "b", "A"]) == [("B", "b"), ("a", "A")]
    assert nearest("crwd", ["human", "crowd"]) == "did you mean crowd?"
    assert nearest("zzz", ["human", "crowd"]) == "known: human, crowd"
    assert nearest("zzz", []) == ""


def test_shapes_that_disagree_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        Pilots(("a", "b"), np.ones((2, 1)), np.ones(2))
    with pytest.raises(ValueError, match="seed has 3 rows"):
        Pilots(("a",), np.ones((2, 1)), np.ones(2), seed=np.ones(3))
