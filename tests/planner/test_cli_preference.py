"""dataplan preference as its user sees it: page, tables, JSON, exits; and plan on the same file."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.planner.calling import Run
from tests.planner.preferring import JUDGE, PROJECT, USUAL


def write(folder: Path, **changed: Any) -> Path:
    path = folder / "project.toml"
    path.write_text(PROJECT.format(**{**USUAL, **changed}), encoding="utf-8")
    return path


def test_page_and_tables(tmp_path: Path, run: Run) -> None:
    runs = "runs = [{measure='accuracy', pairs=4000, value=0.62, test_size=1000}]"
    path = write(tmp_path, judge=JUDGE, more=f"rounds = 2\n{runs}")
    code, out, err = run("preference", path, "--out", tmp_path / "out")
    assert code == 0
    assert max(map(len, out.split("\n"))) <= 80
    assert "\x1b" not in out
    for text in ("win rate >= 0.56", "What binds", "Where the choice flips", "Risks", "weak prior"):
        assert text in out
    assert "tables written to" in err
    found = {path.stem for path in (tmp_path / "out").glob("*.csv")}
    assert found == {
        "summary",
        "routes",
        "costs",
        "accuracy",
        "distance",
        "breakeven",
        "risks",
        "runs",
        "law",
        "assumptions",
        "diagnosis",
        "tables",
        "columns",
    }
    with open(tmp_path / "out" / "routes.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["chosen"] for row in rows].count("yes") == 1
    for row in rows:
        assert float(row["low"]) <= float(row["cost"]) <= float(row["high"])
        assert row["binds"]
    with open(tmp_path / "out" / "columns.csv", newline="", encoding="utf-8") as file:
        known = {(row["table"], row["column"]) for row in csv.DictReader(file)}
    assert {("routes", name) for name in rows[0]} <= known
    with open(tmp_path / "out" / "assumptions.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            assert row["unit"] and row["provenance"] and row["reference"], row
    with open(tmp_path / "out" / "costs.csv", newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    for row in rows:
        mine = sum(float(line["cost"]) for line in lines if line["route"] == row["route"])
        assert 1.15 * mine == pytest.approx(float(row["cost"]), abs=0.1)


def test_json_is_finite_and_says_its_units(tmp_path: Path, run: Run) -> None:
    code, out, _ = run("preference", write(tmp_path), "--json")
    assert code == 0
    found = json.loads(out)
    assert found["summary"]["target"] == pytest.approx(0.56)
    assert {row["route"] for row in found["routes"]} == {"DPO", "RLHF"}
    assert found["units"]["routes"]["weeks"] == "week"
    for row in found["distance"]:
        assert row["rl_low"] <= row["rl"] <= row["rl_high"]
        assert math.isclose(row["kl"], row["d"] ** 2, rel_tol=1e-5)
    past = [row["past_peak"] for row in found["distance"]]
    assert past == sorted(past)
    assert code == run("preference", write(tmp_path), "--json")[0]


def test_what_cannot_be_reached_exits_with_1(tmp_path: Path, run: Run) -> None:
    path = write(tmp_path, error=0.1)
    code, out, _ = run("preference", path, "--weeks", 6, "--out", tmp_path / "out")
    assert code == 1
    words = " ".join(out.split())
    assert "no route reaches it within 1,000,000 USD and 6 weeks" in words
    assert "comes nearest" in words
    assert (tmp_path / "out" / "routes.csv").exists()


def test_options_replace_the_target(tmp_path: Path, run: Run) -> None:
    path = write(tmp_path, budget=10)
    assert run("preference", path)[0] == 1
    assert run("preference", path, "--budget", 1e6)[0] == 0
    code, out, err = run("preference", path, "--target", 0.7)
    assert (code, out) == (2, "")
    assert "--target = 0.7" in err


def test_bad_input_exits_with_2(tmp_path: Path, run: Run) -> None:
    path = write(tmp_path, more="rl_failure = 2\nrounds = 99")
    code, out, err = run("preference", path, "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert "2 faults" in err
    assert not (tmp_path / "out").exists()
    code, _, err = run("preference", tmp_path / "none.toml")
    assert code == 2
    assert "there is no such file" in err


def test_plan_and_sources_take_the_same_file(tmp_path: Path, run: Run) -> None:
    path = write(tmp_path, judge=JUDGE)
    code, out, _ = run("sources", path)
    assert code == 0
    assert "people" in out and "judge" in out
    code, out, err = run("plan", path, "--out", tmp_path / "plan")
    assert code in (0, 1), err
    assert "lost comparisons" in out


GOLDEN = """\
tuning: win rate >= 0.56 against the starting model: DPO, for 7,966 USD in 6.7
weeks (probability 0.60, wanted 0.60)

route  pairs   cost  weeks    won    90% interval  P(met)
DPO    8,422  7,966    6.7  0.577  0.508 to 0.918    0.60
RLHF   5,274  9,261    6.6  0.578  0.504 to 0.897    0.60
USD, expected, with failed runs and contingency; pairs: of people; won: share of
comparisons with the starting model, of one run

What binds, and what a cost may be
DPO                      the target; 5,652 to 16,135 USD
RLHF                     the target; 6,409 to 18,318 USD
"""


def test_page_as_printed(tmp_path: Path, run: Run) -> None:
    assert GOLDEN in run("preference", write(tmp_path))[1]
