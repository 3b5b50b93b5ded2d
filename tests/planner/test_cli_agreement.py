"""`dataplan agreement`: page, tables, JSON, and bad input told once without a traceback."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest

from tests.planner.calling import Run


@pytest.fixture
def votes(tmp_path: Path) -> Path:
    """200 items, three good raters and one who guesses; every second answer known."""
    random.seed(1)
    lines = ["item,rater,label,gold,seconds"]
    for i in range(200):
        truth = random.choice(("spam", "=ham"))
        for rater in ("ann", "bob", "cy\x1b[31m", "guess"):
            right = random.random() < (0.5 if rater == "guess" else 0.9)
            said = truth if right else {"spam": "=ham", "=ham": "spam"}[truth]
            lines.append(f"{i},{rater},{said},{truth if i % 2 else ''},{random.randint(5, 30)}")
    path = tmp_path / "votes.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_page(votes: Path, run: Run) -> None:
    code, out, err = run("agreement", votes, "--pay", "0.05")
    assert (code, err) == (0, "")
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "\x1b" not in out
    for part in (
        "800 judgements of 200 items by 4 raters",
        "alpha, nominal",
        "Label noise against known answers (100 items)",
        "3 if 2 differ",
        "cheapest votes",
        "from 10 votes of one task on, mturk takes 0.2 of the pay more",
        "Raters: better than chance 3; spammer 1",
        "USD an hour",
    ):
        assert part in out
    assert "fee step" not in run("agreement", votes, "--platform", "prolific")[1]


def test_json_and_tables_agree(votes: Path, run: Run, tmp_path: Path) -> None:
    code, out, err = run("agreement", votes, "--json", "--out", tmp_path / "out")
    assert code == 0
    assert "9 tables written" in err
    made = json.loads(out)
    assert made["summary"]["votes"] == 1
    assert made["summary"]["known"] == 100
    noise = [row["noise"] for row in made["noise"]]
    assert noise == sorted(noise, reverse=True)
    assert all(row["low"] <= row["noise"] <= row["high"] for row in made["noise"])
    states = {row["rater"]: row["state"] for row in made["raters"]}
    assert states["guess"] == "spammer"
    shares = [row["share"] for row in made["confusion"] if row["rater"] == "ann"]
    assert sum(shares) == pytest.approx(2)
    text = (tmp_path / "out" / "confusion.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert {row["label"] for row in rows} == {"spam", "'=ham"}
    assert run("agreement", votes, "--json")[1] == out


def test_known_answers_can_be_left_aside(votes: Path, run: Run) -> None:
    made = json.loads(run("agreement", votes, "--no-gold", "--json")[1])
    assert (made["summary"]["known"], made["summary"]["basis"]) == (0, "votes")
    assert made["noise"][0]["observed"] is None
    assert "no answer is known" in made["diagnosis"][0]["answer"]


def test_an_item_that_costs_deserves_more_votes(votes: Path, run: Run) -> None:
    made = json.loads(run("agreement", votes, "--item-cost", "5", "--json")[1])
    assert made["summary"]["votes"] > 1


def test_ratings(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        "item,rater,rating\n"
        + "".join(f"{i},{r},{(i + r) % 5 - 2}\n" for i in range(30) for r in (1, 2))
    )
    code, out, _ = run("agreement", path, "--cut", "0")
    assert code == 0
    assert "alpha, interval" in out
    assert "votes that abstain" in out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--pay", "0"), "--pay = 0.0: must be positive and finite"),
        (("--item-cost", "-1"), "--item-cost = -1.0: must be at least 0"),
        (("--cut", "inf"), "--cut = inf: must be finite"),
        (("--cut", "x"), "'x' is not a number"),
        (("--platform", "other"), "invalid choice"),
        (("--field", "mood"), "--field = 'mood': belongs to a Label Studio export"),
        (("--ratings",), "line 2, label = 'spam': is not a number"),
    ],
)
def test_bad_options(votes: Path, run: Run, options: tuple[str, ...], told: str) -> None:
    votes.write_text(votes.read_text().replace("=ham", "spam", 1))
    code, out, err = run("agreement", votes, *options)
    assert (code, out) == (2, "")
    assert told in err.replace("'=ham'", "'spam'")
    assert err.count("dataplan") >= 1


def test_both_options_at_once(votes: Path, run: Run) -> None:
    code, _, err = run("agreement", votes, "--pay", "-1", "--item-cost", "nope")
    assert code == 2
    code, _, err = run("agreement", votes, "--pay", "-1", "--item-cost", "inf")
    assert code == 2
    assert "2 faults" in err


def test_every_fault_of_the_file(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("item,rater,label,seconds\na,x,1,2\na,x,2,2\n,y,1,2\nb,z,1,soon\n")
    code, out, err = run("agreement", path)
    assert (code, out) == (2, "")
    assert err.startswith(f"dataplan: {path}: 3 faults\n")
    for part in ("line 3, rater = 'x'", "line 4, item: is empty", "line 5, seconds = 'soon'"):
        assert part in err


def test_a_missing_file_and_a_blocked_folder(votes: Path, run: Run, tmp_path: Path) -> None:
    assert "no such file" in run("agreement", tmp_path / "none.csv")[2]
    (tmp_path / "file").write_text("")
    code, out, err = run("agreement", votes, "--out", tmp_path / "file")
    assert (code, out) == (2, "")
    assert "--out" in err
