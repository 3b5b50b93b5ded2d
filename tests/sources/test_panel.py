"""A crowd source that measures its raters on judgements of its own."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sources.agreement import effective_share, majority_error, read
from sources.base import Source
from sources.hardness import fit_hardness
from tests.sources.test_kinds import CROWD, faults, make, number, prices

OWN = {key: each for key, each in CROWD.items() if key != "worker_accuracy"}
ERROR = 0.15


def judgements(place: Path, items: int = 300, votes: int = 2, seed: int = 0, **more: str) -> Path:
    """A file of judgements by raters who err independently."""
    rng = np.random.default_rng(seed)
    with place.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["item", "rater", "label", "gold", *more])
        for item in range(items):
            gold = rng.random() < 0.5
            for rater in rng.choice(20, votes, replace=False):
                wrong = rng.random() < ERROR
                label = "yes" if gold != wrong else "no"
                table.writerow([item, rater, label, "yes" if gold else "no", *more.values()])
    return place


def assumption(source: Source, name: str) -> Any:
    return next(each for each in source.assumptions if each.name == name)


def test_noise_of_the_votes_is_that_of_the_file(tmp_path: Path) -> None:
    judgements(tmp_path / "votes.csv", seconds="20")
    given = {**OWN, "annotations": "votes.csv"}
    del given["judgements_per_hour"]
    source = make("crowd", given, folder=tmp_path)
    hardness = fit_hardness(read(tmp_path / "votes.csv"))
    assert hardness is not None
    low, middle, high = hardness.interval(hardness.noise(3))
    noise = assumption(source, "label_noise")
    assert (noise.low, noise.value, noise.high) == (low, middle, high)
    assert (noise.provenance, noise.reference) == ("measured", "300 items of votes.csv, 20 raters")
    assert low < majority_error(1 - ERROR, 3) < high
    accuracy = assumption(source, "worker_accuracy")
    assert accuracy.low < 1 - ERROR < accuracy.high
    assert (source.quality.low, source.quality.base, source.quality.high) == pytest.approx(
        [effective_share(each) for each in (high, middle, low)]
    )
    assert source.quality.provenance == "measured"
    speed = assumption(source, "judgements_per_hour")
    assert (speed.value, speed.provenance) == (180, "measured")


def test_a_given_speed_stays(tmp_path: Path) -> None:
    judgements(tmp_path / "votes.csv", seconds="20")
    source = make("crowd", {**OWN, "annotations": "votes.csv"}, folder=tmp_path)
    assert number(source, "judgements_per_hour") == OWN["judgements_per_hour"]


def cost_per_effective(settings: dict[str, Any], votes: int) -> float:
    source = make("crowd", {**settings, "votes": votes})
    noise = number(source, "label_noise")
    assert noise is not None
    return source.unit_cost(0) / effective_share(noise)


@pytest.mark.parametrize("item_cost", [0, 0.5, 5])
@pytest.mark.parametrize("accuracy", [0.55, 0.7, 0.9])
def test_chosen_votes_cost_least_per_effective_example(item_cost: float, accuracy: float) -> None:
    settings = {**OWN, "worker_accuracy": accuracy, "item_cost": item_cost}
    del settings["votes"]
    chosen = number(make("crowd", {**settings, "most_votes": 9}), "votes")
    costs = {votes: cost_per_effective(settings, votes) for votes in range(1, 10)}
    assert chosen is not None
    assert costs[int(chosen)] == pytest.approx(min(costs.values()))


def test_dear_items_are_judged_more_often() -> None:
    settings = {**OWN, "worker_accuracy": 0.7, "most_votes": 9}
    del settings["votes"]
    few, many = (
        number(make("crowd", {**settings, "item_cost": cost}), "votes") for cost in (0, 20)
    )
    assert (few, many) == (1, 9)


def test_the_fee_step_keeps_votes_below_it() -> None:
    given: dict[str, Any] = {
        "worker_accuracy": 0.6,
        "pay_per_judgement": 0.05,
        "item_cost": 20,
        "most_votes": 11,
        "platform_fee": 0.2,
    }
    assert number(make("crowd", {**given, "platform": "other"}), "votes") == 11
    given |= {"platform_fee_step": 10, "platform_fee_extra": 10}
    assert number(make("crowd", given), "votes") == 9


def test_a_third_vote_only_where_two_differ(tmp_path: Path) -> None:
    plain, adaptive = (
        make("crowd", {**CROWD, "adaptive": way, "worker_accuracy": 0.8}) for way in (False, True)
    )
    bought = 2 + 2 * 0.8 * 0.2
    assert number(adaptive, "votes_bought") == pytest.approx(bought)
    assert number(adaptive, "label_noise") == number(plain, "label_noise")
    assert prices(adaptive)["judgements"] == pytest.approx(bought * 0.1)
    assert adaptive.limits.per_week == pytest.approx(plain.limits.per_week * 3 / bought)
    judgements(tmp_path / "votes.csv")
    measured = make("crowd", {**OWN, "annotations": "votes.csv", "adaptive": True}, folder=tmp_path)
    found = assumption(measured, "votes_bought")
    assert found.low < 2 + 2 * ERROR * (1 - ERROR) < found.high


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"most_votes": 9}, "most_votes = 9: votes is given as well"),
        ({"adaptive": True, "votes": 5}, "adaptive = True: a third vote"),
        ({"cut": 0.5}, "cut: says how annotations are read, and there are none"),
        ({"annotations": "none.csv"}, "annotations = 'none.csv': there is no such file"),
        ({"annotations": "once.csv"}, "annotations = 'once.csv': holds no item that was judged"),
        ({"annotations": "bad.csv"}, "annotations = 'bad.csv': line 2, rater: is empty"),
        ({"annotations": "good.csv", "worker_accuracy": 0.8}, "worker_accuracy: is measured on"),
    ],
)
def test_what_cannot_be(tmp_path: Path, change: dict[str, Any], wanted: str) -> None:
    judgements(tmp_path / "good.csv")
    judgements(tmp_path / "once.csv", votes=1)
    (tmp_path / "bad.csv").write_text("item,rater,label\n1,,yes\n")
    found = faults("crowd", {**OWN, **change}, folder=tmp_path)
    assert any(wanted in fault for fault in found), found


def test_classes_are_those_of_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = ["item,rater,label"]
    for item in range(200):
        gold = rng.integers(4)
        for rater in range(2):
            label = gold if rng.random() < 0.8 else (gold + rng.integers(1, 4)) % 4
            rows.append(f"{item},{rater},{'abcd'[label]}")
    (tmp_path / "four.csv").write_text("\n".join(rows))
    given = {**OWN, "annotations": "four.csv"}
    source = make("crowd", given, folder=tmp_path, classes=None)
    noise = number(source, "label_noise")
    assert noise is not None
    assert source.quality.base == pytest.approx(effective_share(noise, 4))
    (fault,) = faults("crowd", given, folder=tmp_path, classes=3)
    assert "holds 4 different labels, the project has classes = 3" in fault
    rare = make("crowd", given, folder=tmp_path, classes=6)  # some may be too rare to be seen
    assert rare.quality.base == pytest.approx(effective_share(noise, 6))


def test_votes_that_cost_nothing_are_bought_for_the_least_noise() -> None:
    settings = {**OWN, "worker_accuracy": 0.7, "pay_per_judgement": 0, "most_votes": 9}
    del settings["votes"]
    assert number(make("crowd", settings), "votes") == 9


def test_raters_who_guess_are_a_fault_of_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = ["item,rater,label,gold"]
    for item in range(200):
        rows += [f"{item},{r},{'yn'[rng.integers(2)]},{'yn'[item % 2]}" for r in range(2)]
    (tmp_path / "guess.csv").write_text("\n".join(rows))
    found = faults("crowd", {**OWN, "annotations": "guess.csv"}, folder=tmp_path)
    assert any("annotations = 'guess.csv': shows raters who are no better" in f for f in found)
