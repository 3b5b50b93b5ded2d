"""Runs of CSV in other dialects, workbooks, parquet and Weights & Biases exports."""

from __future__ import annotations

import csv
import datetime
import io
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import read_pilots
from planner.errors import InputError
from planner.pilots import Pilots, together
from planner.runs import parse

FRAME = pd.DataFrame(
    {"human": [100, 200, 400], "crowd": [0, 50, 800], "error": [0.4, 0.35, 0.3], "seed": [1, 2, 3]}
)


def faults(place: Path | str, **asked: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_pilots(place, **asked)
    return [str(fault) for fault in caught.value.faults]


def same(pilots: Pilots, frame: pd.DataFrame = FRAME) -> bool:
    found = pilots.to_frame()
    return list(found) == list(frame) and np.array_equal(found.to_numpy(), frame.to_numpy())


def text_faults(text: str) -> list[str]:
    pilots, found = parse(text, "r.csv", math.inf)
    assert (pilots is None) == bool(found)
    return [str(each) for each in found]


# -- CSV


@given(
    st.sampled_from([",", ";", "\t"]),
    st.booleans(),
    st.lists(st.tuples(st.integers(1, 10**7), st.floats(0.001, 0.999)), min_size=1, max_size=5),
    st.sampled_from(["human", "crowd, one vote", "a;b", "数据"]),
)
def test_dialects_are_told_from_the_text(
    sign: str, commas: bool, rows: list[tuple[int, float]], name: str
) -> None:
    commas = commas and sign != ","
    out = io.StringIO()
    writer = csv.writer(out, delimiter=sign)
    writer.writerow([name, "error"])
    for amount, error in rows:
        told = f"{error:.6f}"
        writer.writerow([amount, told.replace(".", ",") if commas else told])
    pilots, found = parse(out.getvalue(), "r.csv", math.inf)
    assert found == []
    assert pilots is not None
    assert pilots.sources == (name,)
    assert pilots.amounts[:, 0].tolist() == [amount for amount, _ in rows]
    assert pilots.error.tolist() == [float(f"{error:.6f}") for _, error in rows]
    assert pilots.origin == tuple(f"r.csv line {at + 2}" for at in range(len(rows)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n;error\n1,000;0,3\n", "r.csv line 2, n = '1,000': may be thousands or a decimal; write"),
        ("n;error\n1.000;0,3\n", "r.csv line 2, n = '1.000': has a point where other numbers have"),
        ("n;error\n100;0,3\n200;0.2\n", "r.csv line 3, error = '0.2': has a point where"),
        ("n;error\n1.000,5;0,3\n", "r.csv line 2, n = '1.000,5': has a point"),
        ("n;error\n100;1,250\n", "r.csv line 2, error = '1,250': may be thousands or a decimal"),
        ("n;error\n1.000;3\n", "r.csv line 2, n = '1.000': may be thousands or a decimal"),
        ("n\terror\n1.000\t.3\n", "r.csv line 2, n = '1.000': may be thousands or a decimal"),
        ('"_step","error","n"\n0,0.5,100\n', "history of Weights & Biases runs, one row a step"),
        ("n;error\n1,000;0.3\n", "r.csv line 2, n = '1,000': may be thousands or a decimal"),
        ("a;b,error\n1;2,3\n", "a;b = '1;2': is not a number"),
        ("error;n,group\n", "r.csv line 1 = 'error;n,group': may be separated by"),
        ('n,error\n"0,5",.3\n', "n = '0,5': is not a number; write it without separators"),
        ("n;error\n100;0,3;7\n", "line 2: has 3 fields where the first line has 2"),
    ],
)
def test_doubtful_text_is_refused_with_one_message(text: str, message: str) -> None:
    (found,) = text_faults(text)
    assert message in found


def test_a_loss_may_have_three_decimals_beside_others() -> None:
    pilots, _ = parse("n;error\n100;1,250\n200;0,98\n", "r.csv", math.inf)
    assert pilots is not None
    assert pilots.error.tolist() == [1.25, 0.98]


def test_words_are_no_numbers_with_commas(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_bytes("\ufeffn;error;group\n100;0,3;1,5\n".encode())
    pilots = read_pilots(path)
    assert pilots.group == ("1,5",)
    assert pilots.rows == (2,)


def test_columns_by_name_and_runs_by_value(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("size,acc %,split,lr\n100,60,test,.1\n100,70,train,.1\n200,62.5,test,.1\n")
    columns = {"n": "size", "error": "1 - acc % / 100"}
    pilots = read_pilots(path, columns=columns, where={"split": "test"})
    assert pilots.to_frame().to_dict("list") == {"n": [100, 200], "error": [0.4, 0.375]}
    assert pilots.notes == ("2 of 3 runs taken: where split = test",)
    assert pilots.origin == (f"{path} line 2", f"{path} line 4")
    by_address = read_pilots(f"{path}?n=size&error=1 - acc % / 100&where.split=test")
    assert same(by_address, pilots.to_frame())
    found = faults(path, columns={"n": "sizes", "error": "1 - acc %"})
    assert found == [f"{path} columns.n: 'sizes' is no such column; did you mean size?"]
    (found_,) = faults(path, columns={"n": "size", "error": "1 - acc %"}, where={"lr": "0.10"})[:1]
    assert "line 2, acc % = '60': must be a score from 0 to 1" in found_
    assert 'for percent write "1 - acc % / 100"' in found_
    (found_,) = faults(path, columns=columns, where={"split": "dev"})
    assert "none of 3 runs has that; split is test, train" in found_


def test_an_amount_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("human,crowd,error\n100,,.4\n")
    (found,) = faults(path)
    assert "line 2, crowd: is empty" in found
    assert read_pilots(path, unused_is_zero=True).amounts.tolist() == [[100, 0]]


def test_a_name_with_signs_is_taken_at_its_word(tmp_path: Path) -> None:
    path = tmp_path / "runs#1?a=b.csv"
    FRAME.to_csv(path, index=False)
    assert same(read_pilots(path))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("postgresql://db/x", "is a store that is not read directly; start `mlflow server"),
        ("http://me:secret@host", "must not hold a name or password"),
        ("http://", "names no server"),
        ("gone.csv?take=first", "?take = 'first': must be last or best"),
        ("gone.csv?unused_is_zero=maybe", "must be true or false"),
        ("gone.csv?n=", "?n: has no value"),
        ("gone.csv#A", "only an .xlsx file has sheets"),
        ("gone.csv?experiment=a", "only an MLflow store has experiments"),
        ("gone.csv?take=best", "a table has one value a run"),
        ("gone.csv", "there is no such file"),
    ],
)
def test_addresses_that_are_none(address: str, message: str) -> None:
    (found,) = faults(address)
    assert message in found
    assert "secret" not in found


def test_options_that_are_none() -> None:
    assert "column: is no such option; did you mean columns?" in faults("a.csv", column={})[0]
    assert "must be last or best" in faults("a.csv", take="first")[0]


# -- parquet


def test_parquet_round_trip(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "runs.parquet"
    FRAME.set_index("seed", drop=False).to_parquet(path, index=False)
    pilots = read_pilots(path)
    assert same(pilots)
    assert pilots.origin == tuple(f"{path} row {row}" for row in (1, 2, 3))
    other = tmp_path / "runs.data"  # told by what is in it, not by its name
    FRAME.iloc[1:].to_parquet(other)
    assert same(read_pilots(other), FRAME.iloc[1:])


def test_parquet_that_holds_no_numbers(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "runs.parquet"
    day = datetime.date(2026, 1, 2)
    pd.DataFrame({"a": [day], "b": [True], "c": [[1]], "error": ["0.3"]}).to_parquet(path)
    found = faults(path)
    assert [each.split(" ", 1)[1].split(";")[0] for each in found] == [
        "row 1, a = '2026-01-02': is a date or time, not a number",
        "row 1, b = True: is a yes or no, not a number",
        "row 1, c: is no single number",
        "row 1, error = '0.3': is text, not a number",
    ]
    path.write_bytes(b"PAR1 but nothing more")
    assert "is no parquet file that can be read" in faults(path)[0]
    old = tmp_path / "runs.feather"
    old.write_bytes(b"")
    assert faults(old) == [f"{old}: is not read; write it with DataFrame.to_parquet"]


# -- xlsx


@pytest.fixture
def book():
    openpyxl = pytest.importorskip("openpyxl")
    return openpyxl.Workbook()


def test_workbook_round_trip(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    path = tmp_path / "runs.xlsx"
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        FRAME.to_excel(writer, sheet_name="Runs", index=False)
        FRAME.iloc[:1].to_excel(writer, sheet_name="Läufe 2", index=False, startrow=3, startcol=2)
    pilots = read_pilots(path)
    assert same(pilots)
    assert pilots.rows == (2, 3, 4)
    assert pilots.origin == tuple(f"{path} sheet Runs row {row}" for row in (2, 3, 4))
    assert "sheet Runs of 2 was read" in pilots.notes[0]
    second = read_pilots(f"{path}#Läufe 2")
    assert same(second, FRAME.iloc[:1])
    assert (second.rows, second.notes) == ((5,), ())
    assert same(read_pilots(path, sheet="Läufe 2"), FRAME.iloc[:1])
    assert faults(f"{path}#Run") == [f"{path}#Run: is no sheet; did you mean Runs?"]


def test_cells_that_are_no_numbers_are_named(tmp_path: Path, book) -> None:
    sheet = book.active
    sheet.title = "Runs"
    sheet.append([None])
    sheet.append(["human", "crowd", "error", "group"])
    sheet.append([datetime.date(2026, 1, 2), True, "0.3", 5])
    sheet.append(["=50*2", 5, 0.2, "b"])
    sheet.append([100, "", "#DIV/0!", "b"])
    path = tmp_path / "runs.xlsx"
    book.save(path)
    found = faults(path)
    start = f"{path} sheet Runs "
    assert all(each.startswith(start) for each in found)
    assert [each.removeprefix(start).split(";")[0] for each in found] == [
        "A3, human = '2026-01-02 00:00:00': is a date or time, not a number",
        "A4, human = '=50*2': is a formula without a saved value",
        "B3, crowd = True: is a yes or no, not a number",
        "C3, error = '0.3': is text, not a number",
        "C5, error = '#DIV/0!': is text, not a number",
    ]


def test_saved_values_of_formulas_count(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    xlsxwriter = pytest.importorskip("xlsxwriter")  # writes values beside formulas
    path = tmp_path / "runs.xlsx"
    made = xlsxwriter.Workbook(str(path))
    sheet = made.add_worksheet()
    sheet.write_row(0, 0, ["n", "error"])
    sheet.write_formula(1, 0, "=50*2", None, 100)
    sheet.write_number(1, 1, 0.4)
    made.close()
    assert read_pilots(path).amounts.tolist() == [[100]]


def test_headers_that_are_merged_or_titles(tmp_path: Path, book) -> None:
    sheet = book.active
    sheet.append(["Pilot runs", None, None])
    sheet.merge_cells("A1:C1")
    sheet.append(["human", "error", "seed"])
    sheet.append([100, 0.4, 1])
    path = tmp_path / "runs.xlsx"
    book.save(path)
    (found,) = faults(path)
    assert "Sheet!B1, Sheet!C1: names no column, but numbers stand below; unmerge" in found


def test_files_that_are_no_workbooks(tmp_path: Path, book) -> None:
    path = tmp_path / "runs.xlsx"
    path.write_text("n,error\n100,.3\n")
    assert "is no workbook that can be read" in faults(path)[0]
    path.write_bytes(b"\xd0\xcf\x11\xe0rest")
    assert "is an old .xls file or has a password" in faults(path)[0]
    book.save(path)
    assert faults(path) == [f"{path} sheet Sheet: is empty"]
    old = tmp_path / "runs.ods"
    old.write_bytes(b"")
    assert faults(old) == [f"{old}: is not read; save it as .xlsx"]


# -- Weights & Biases

# as the page of a project exports its table: every cell quoted, "-" for no notes, empty where a run
# has no such key
WANDB = '''"Name","Agent","State","Notes","User","Tags","Created","Runtime","Sweep","data.n_human",\
"lr","model","_step","_timestamp","val/acc","loss, mean"
"vivid-sun-4","","finished","-","me","a, b","2025-11-13T09:48:11.000Z","9910","1wfhjnkh","400",\
"0.0001","unet","100","1763027298.5","0.7","0.41"
"firm-oak-3","","finished","say ""hi""","me","","2025-11-13T09:34:15.000Z","5902","","200","1e-4",\
"unet","100","1763026462.1","0.64","0.5"
"new-moon-2","","crashed","-","me","","2025-11-13T09:21:36.000Z","12","","100","1e-4","unet","3",\
"1763025703.9","0.2",""
"dry-lake-1","","finished","-","me","","2025-11-13T07:56:21.000Z","5628","","","1e-4","unet","100",\
"1763020588.2","0.7","0.3"
"cold-ice-0","","failed","-","me","","2025-11-13T07:42:37.000Z","5691","","100","1e-4","unet","1",\
"1763019763.5","",""
'''


def test_wandb_table_of_runs(tmp_path: Path) -> None:
    path = tmp_path / "wandb_export_2025-11-13T18_02_11.csv"
    path.write_text(WANDB)
    asked = {"columns": {"error": "1 - val/acc", "human": "data.n_human"}}
    pilots = read_pilots(path, **asked)
    assert pilots.to_frame().to_dict("list") == {"human": [400, 200], "error": [0.3, 0.36]}
    assert pilots.origin == (
        f"{path} line 2 (run vivid-sun-4)",
        f"{path} line 3 (run firm-oak-3)",
    )
    assert pilots.notes[1:] == (
        "2 runs left out: 1 crashed, 1 failed",
        "1 run left out: without any amount of examples",
    )
    assert "the last value, unless the run set another" in pilots.notes[0]
    loss = read_pilots(path, columns={"error": "loss, mean", "n": "data.n_human"})
    assert loss.error.tolist() == [0.41, 0.5]
    (missing, source) = faults(path)
    assert 'columns = {error = "..."}, or ?error=... behind the place; there are: Name,' in missing
    assert 'columns = {n = "..."}' in source
    assert "values of all steps are in MLflow stores only" in faults(path, take="best", **asked)[0]
    one = read_pilots(path, where={"Name": "firm-oak-3"}, **asked)
    assert one.error.tolist() == [0.36]


def test_wandb_chart_is_not_a_table_of_runs(tmp_path: Path) -> None:
    path = tmp_path / "chart.csv"
    path.write_text('"Step","a - val","a - val__MIN","a - val__MAX"\n"1","0.5","0.5","0.5"\n')
    (found,) = faults(path)
    assert "is a chart exported from Weights & Biases, one row a step; export the table" in found


# -- where runs are written down


def test_origins_are_told_together() -> None:
    assert together(()) is None
    told = together(["p.csv line 10", "p.csv line 9", "b.xlsx sheet run 5 row 2"])
    assert told == "b.xlsx sheet run 5 row 2, p.csv line 9, line 10"
    runs = ["m.db experiment a run ab12 (my run 5)", "m.db experiment a run ff (x)"]
    assert together(runs) == "m.db experiment a run ab12 (my run 5), run ff (x)"
    many = together([f"p.csv line {at}" for at in range(100)])
    assert many is not None and many.endswith("line 19 and 80 more")


def test_points_that_can_only_be_decimal_make_a_column_decimal(tmp_path: Path) -> None:
    place = tmp_path / "r.tsv"
    place.write_text("n\terror\tepochs\n100.000\t1.431\t1.250\n1000.000\t1.322\t2.500\n")
    pilots = read_pilots(place)
    assert pilots.amounts[:, 0].tolist() == [100, 1000]
    assert pilots.error.tolist() == [1.431, 1.322]
    assert pilots.epochs is not None and pilots.epochs.tolist() == [1.25, 2.5]


@pytest.mark.parametrize(
    ("name", "asked", "problem"),
    [
        ("val_acc", "val_acc", "by its name a score"),
        ("eval/f1", "eval/f1 / 100", "by its name a score"),
        ("val_acc", "1 - val_acc / 100", "is no per cent: the most is 0.7"),
        ("val_acc", "1 - val_acc", ""),
        ("acc_loss", "acc_loss", ""),
        ("map error", "map error", ""),
    ],
)
def test_a_score_is_never_taken_as_an_error(
    tmp_path: Path, name: str, asked: str, problem: str
) -> None:
    place = tmp_path / "r.csv"
    place.write_text(f"n,{name}\n100,0.6\n200,0.7\n")
    if problem:
        with pytest.raises(InputError, match=problem):
            read_pilots(place, columns={"error": asked})
    else:
        assert len(read_pilots(place, columns={"error": asked})) == 2


@pytest.mark.parametrize("amounts", [[100, 200, 300], [100, 200, 400]])
def test_an_index_of_amounts_is_read_from_parquet(tmp_path: Path, amounts: list[int]) -> None:
    frame = pd.DataFrame({"a": amounts, "b": [5, 6, 7], "error": [0.4, 0.3, 0.2]})
    frame.set_index("a").to_parquet(tmp_path / "r.parquet")
    pilots = read_pilots(tmp_path / "r.parquet")
    found = dict(zip(pilots.sources, pilots.amounts.T.tolist(), strict=True))
    assert found == {"a": amounts, "b": [5, 6, 7]}
