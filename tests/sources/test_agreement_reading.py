"""Files of judgements: CSV and Label Studio, every fault at once with its place."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sources.agreement import read
from sources.base import SourceError
from sources.votes import Reading, Votes

GOOD = "item,rater,label\na,x,yes\na,y,no\nb,x,no\n"


def faults(path: Path, how: Reading | None = None) -> list[str]:
    with pytest.raises(SourceError) as error:
        read(path, how)
    return [str(each) for each in error.value.faults]


def csv(folder: Path, text: str, how: Reading | None = None) -> Votes:
    (folder / "a.csv").write_text(text, encoding="utf-8")
    return read(folder / "a.csv", how)


def test_columns_in_any_order_others_passed_over(tmp_path: Path) -> None:
    text = "\ufeffgold,note,label,item,rater,seconds\nyes,n,yes,a,x,2.5\n,n,no,a,y,\n\n,,no,b,x,4\n"
    votes = csv(tmp_path, text)
    assert (votes.items, votes.raters, votes.classes) == (("a", "b"), ("x", "y"), ("no", "yes"))
    assert votes.label.tolist() == [1, 0, 0]
    assert votes.gold.tolist() == [1, -1]
    assert votes.seconds == pytest.approx([2.5, np.nan, 4], nan_ok=True)
    assert csv(tmp_path, text, Reading(use_gold=False)).gold.tolist() == [-1, -1]


def test_packed(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(GOOD.encode()))
    assert len(read(tmp_path / "a.csv.gz").item) == 3
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(GOOD.encode())[:-9])
    assert "cannot be read" in faults(tmp_path / "a.csv.gz")[0]


def test_ratings_cut_and_abstentions(tmp_path: Path) -> None:
    text = "item,rater,rating\na,x,2\na,y,-1\nb,x,0\nb,y,2.0\nc,x,skip\n"
    votes = csv(tmp_path, text, Reading(cut=0.0, abstain=("skip",)))
    assert votes.classes == ("above 0", "below 0")
    assert votes.label.tolist() == [0, 1, -1, 0, -1]
    assert votes.values == pytest.approx([2, -1, 0, 2, np.nan], nan_ok=True)
    assert votes.counts(abstained=True).tolist() == [[1, 1, 0], [1, 0, 1], [0, 0, 1]]
    plain = csv(tmp_path, text, Reading(abstain=("skip",)))
    assert plain.classes == ("-1", "0", "2")


def test_stamps_give_seconds(tmp_path: Path) -> None:
    text = "item,rater,label,started,ended\n"
    text += "a,x,1,2026-11-24T09:00:00,2026-11-24T09:01:30\na,y,2,,\n"
    assert csv(tmp_path, text).seconds == pytest.approx([90, np.nan], nan_ok=True)


def test_every_fault_at_once_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "item,rater,label,gold,seconds,started,ended\n"
        "a,x,1,1,-3,,\n"
        "a,x,2,2,nan,,\n"
        ",y,,,,yesterday,2026-11-24T09:00:00\n"
        "b,x,high,,,2026-11-24T10:00:00,2026-11-24T09:00:00\n"
        "c,x,1,,,2026-11-24T10:00:00Z,2026-11-24T11:00:00\n"
    )
    found = faults(tmp_path / "a.csv", Reading(ratings=True))
    told = "\n".join(found)
    for part in (
        "line 2, seconds = '-3': is not a time",
        "line 3, seconds = 'nan'",
        "line 3, gold = '2': line 2 says 1 for the same item",
        "line 3, rater = 'x': x has judged a already, at line 2",
        "line 4, item: is empty",
        "line 4, label: is empty",
        "line 4, started = 'yesterday': is not a time stamp",
        "line 5, label = 'high': is not a number",
        "line 5, ended = '2026-11-24T09:00:00': is before",
        "line 6, ended = '2026-11-24T11:00:00': only one stamp has a zone",
    ):
        assert part in told
    assert len(found) == 10


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "this column is missing"),
        ("item,rater\na,x\n", "header = 'label': this column is missing; there is: item, rater"),
        ("item,rater,label,label\na,x,1,2\n", "header = 'label': appears twice"),
        ("item,rater,label\n", "holds no judgement"),
        ("item,rater,label\na,x,1,2\n", "line 2: has 4 cells, the header 3"),
        ('item,rater,label\na,x,"1\n', "line 2: is not CSV"),
        ("item,rater,label\na,x,1\na,y,1\n", "labels = '1': there must be two different"),
        ("item,rater,label\na,x,1\nb,y,2\n", "every item was judged once"),
        ("item,rater,label\na,x,1\0\n", "zero byte"),
    ],
)
def test_bad_files(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert told in "\n".join(faults(tmp_path / "a.csv"))


def test_many_faults_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("item,rater,label\n" + "a,,1\n" * 500)
    found = faults(tmp_path / "a.csv")
    assert len(found) == 51
    assert "and more = 450" in found[-1]


def test_too_many_classes_and_a_cut_outside(tmp_path: Path) -> None:
    rows = "".join(f"{i},{r},{i}.{r}\n" for i in range(30) for r in range(2))
    (tmp_path / "a.csv").write_text(f"item,rater,rating\n{rows}")
    assert "at most 50" in faults(tmp_path / "a.csv")[0]
    assert "set --cut inside" in faults(tmp_path / "a.csv", Reading(cut=99.0))[0]


def test_what_is_no_file(tmp_path: Path) -> None:
    assert "no such file" in faults(tmp_path / "none.csv")[0]
    assert "is a folder" in faults(tmp_path)[0]
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in faults(tmp_path / "a.csv")[0]


def annotation(who: Any, value: dict[str, Any], kind: str = "choices", **more: Any) -> Any:
    result = {"from_name": more.pop("name", "mood"), "type": kind, "value": {kind: value}}
    return {"completed_by": who, "result": [result], **more}


def export(folder: Path, tasks: Any, how: Reading | None = None) -> Votes:
    (folder / "a.json").write_text(json.dumps(tasks))
    return read(folder / "a.json", how)


def test_label_studio(tmp_path: Path) -> None:
    tasks = [
        {
            "id": 7,
            "data": {"text": "fine"},
            "annotations": [
                annotation(1, ["good"], lead_time=3.5),
                annotation({"id": 2, "email": "b@example.org"}, ["bad"]),
                annotation(3, ["good"], was_cancelled=True),
                annotation(4, ["good"], ground_truth=True),
                {"completed_by": 5, "result": []},
            ],
        },
        {"id": 8, "annotations": [annotation(1, ["bad"], lead_time=2)]},
    ]
    votes = export(tmp_path, tasks)
    assert (votes.items, votes.raters) == (("7", "8"), ("1", "b@example.org"))
    assert votes.classes == ("bad", "good")
    assert votes.gold.tolist() == [1, -1]
    assert votes.seconds == pytest.approx([3.5, np.nan, 2], nan_ok=True)
    rated = [{"id": 1, "annotations": [annotation(w, w + 2, "rating") for w in (1, 2)]}]
    assert export(tmp_path, rated).values == pytest.approx([3, 4])


def test_label_studio_with_two_controls(tmp_path: Path) -> None:
    two = annotation(1, ["good"])
    two["result"] += annotation(1, ["short"], name="length")["result"]
    tasks = [{"id": 1, "annotations": [two, annotation(2, ["bad"])]}]
    (tmp_path / "a.json").write_text(json.dumps(tasks))
    assert "several controls: length, mood; choose" in faults(tmp_path / "a.json")[0]
    assert "known: length, mood" in faults(tmp_path / "a.json", Reading(field="none"))[0]
    assert len(read(tmp_path / "a.json", Reading(field="mood")).item) == 2
    (tmp_path / "a.csv").write_text(GOOD)
    assert "belongs to a Label Studio export" in faults(tmp_path / "a.csv", Reading(field="m"))[0]


@pytest.mark.parametrize(
    ("tasks", "told"),
    [
        ({"a": 1}, "is not a list of tasks"),
        ([1], "is not a list of tasks"),
        ([{"id": 3, "sentiment": "good"}], "task 3: has no list of annotations; export as JSON"),
        ([{"id": 3, "annotations": [1]}], "task 3, annotation 1 = 1: is not an annotation"),
        ([{"id": 3, "annotations": [{}]}], "task 3, annotation 1: has no list of results"),
        ([{"id": 3, "annotations": [annotation(1, ["a", "b"])]}], "gives several labels"),
        ([{"id": 3, "annotations": [annotation(None, ["a"])]}], "rater: is empty"),
        ([{"id": 3, "annotations": [annotation(1, None, lead_time=-1)]}], "is not a time"),
        ([], "holds no judgement"),
    ],
)
def test_bad_exports(tmp_path: Path, tasks: Any, told: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps(tasks))
    assert told in "\n".join(faults(tmp_path / "a.json"))


def test_an_export_that_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[{")
    assert "is not JSON" in faults(tmp_path / "a.json")[0]
