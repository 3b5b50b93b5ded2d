"""Raters recovered, coefficients against published examples, and names that do not matter."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.coefficients import alpha, coefficients, cohen_kappa, fleiss_kappa
from sources.raters import SMOOTHING, DawidSkene, dawid_skene, judge
from sources.votes import Reading, Votes, build


def votes_of(rows: Iterable[tuple[str, str, str]], gold: dict[str, str] | None = None) -> Votes:
    known = gold or {}
    cells = [
        (f"line {at}", {"item": i, "rater": r, "label": c, "gold": known.get(i, "")})
        for at, (i, r, c) in enumerate(rows, start=2)
    ]
    return build(cells, Reading())


def simulated(seed: int, items: int = 300) -> tuple[Votes, np.ndarray, dict[str, float]]:
    """Experts who are right in 95%, novices in 75%, spammers who say anything: three classes."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, items)
    skill = {f"expert{i}": 0.95 for i in range(3)}
    skill |= {f"novice{i}": 0.75 for i in range(4)} | {f"spammer{i}": 1 / 3 for i in range(3)}
    rows = []
    for i, true in enumerate(truth):
        for rater, right in skill.items():
            if rng.random() < 0.7:
                said = true if rng.random() < right else (true + rng.integers(1, 3)) % 3
                rows.append((f"{i:03}", rater, str(said)))
    found = votes_of(rows)
    return found, truth[[int(name) for name in found.items]], skill


@pytest.mark.parametrize("seed", range(3))
def test_three_kinds_of_rater_are_recovered(seed: int) -> None:
    votes, truth, skill = simulated(seed)
    found = dawid_skene(votes)
    assert (found.truth.argmax(axis=1) == truth).mean() > 0.97
    covered = caught = 0
    for rater in judge(votes, found):
        assert rater.accuracy == pytest.approx(skill[rater.name], abs=0.09)
        covered += rater.low <= skill[rater.name] <= rater.high
        caught += rater.state == "spammer"
        assert rater.state == "better than chance" or "spammer" in rater.name
        assert rater.chance == pytest.approx(1 / 3, abs=0.05)
    assert covered >= 6  # of 10, at 90% each
    assert caught >= 2  # of 3: one in twenty passes a test at 5%
    at = votes.raters.index("novice0")
    assert np.diag(found.confusion[at]) == pytest.approx(0.75, abs=0.13)


def test_the_posterior_never_falls_and_is_no_worse_than_from_the_truth() -> None:
    votes, _, _ = simulated(7, 60)
    found = dawid_skene(votes)
    assert (np.diff(found.trace) >= -1e-9).all()
    assert dawid_skene(votes).trace == found.trace


def plain_step(votes: Votes, found: DawidSkene) -> np.ndarray:
    """P(class | votes) by the formula, one judgement after another."""
    joint = np.tile(found.prior, (len(votes.items), 1))
    for i, r, label in zip(votes.item, votes.rater, votes.label, strict=True):
        joint[i] *= found.confusion[r, :, label]
    return joint / joint.sum(axis=1, keepdims=True)


def test_the_result_satisfies_both_steps() -> None:
    votes, _, _ = simulated(3, 40)
    found = dawid_skene(votes)
    assert found.truth == pytest.approx(plain_step(votes, found), abs=1e-9)
    counts = np.full(found.confusion.shape, SMOOTHING)
    for i, r, label in zip(votes.item, votes.rater, votes.label, strict=True):
        counts[r, :, label] += found.truth[i]
    assert found.confusion == pytest.approx(counts / counts.sum(axis=2, keepdims=True), abs=1e-3)


def test_known_answers_are_held() -> None:
    rows = [("a", "x", "yes"), ("a", "y", "yes"), ("b", "x", "no"), ("b", "y", "no")]
    votes = votes_of(rows, {"a": "no"})
    assert dawid_skene(votes).truth[0].tolist() == [1.0, 0.0]
    assert dawid_skene(votes, use_gold=False).truth[0, 1] > 0.5


def test_accuracy_by_hand() -> None:
    """Three of four right against known answers: Beta(3.5, 1.5); chance 1/2 x 3/4 + 1/2 x 1/4."""
    rows = [("a", "x", "0"), ("b", "x", "1"), ("c", "x", "0"), ("d", "x", "0")]
    votes = votes_of(rows, {"a": "0", "b": "1", "c": "0", "d": "1"})
    (rater,) = judge(votes, dawid_skene(votes))
    assert rater.accuracy == pytest.approx(0.75)
    assert rater.chance == pytest.approx(0.5)
    assert (rater.low, rater.high) == pytest.approx((0.348, 0.954), abs=2e-3)
    assert rater.state == "too few judgements"


def test_one_who_always_says_the_common_class_is_a_spammer() -> None:
    rng = np.random.default_rng(0)
    rows, gold = [], {}
    for i in range(400):
        gold[f"{i}"] = "rare" if rng.random() < 0.2 else "common"
        rows += [(f"{i}", "lazy", "common"), (f"{i}", "good", gold[f"{i}"])]
    lazy, good = sorted(judge(v := votes_of(rows, gold), dawid_skene(v)), key=lambda r: r.accuracy)
    assert (lazy.name, lazy.state) == ("lazy", "spammer")
    assert lazy.accuracy == pytest.approx(0.8, abs=0.05)
    assert good.state == "better than chance"


def test_one_who_swaps_the_labels_is_worse_than_chance() -> None:
    rows = [(f"{i}", r, str(i % 2)) for i in range(60) for r in ("a", "b", "c")]
    rows += [(f"{i}", "swapped", str(1 - i % 2)) for i in range(60)]
    votes = votes_of(rows)
    states = {r.name: r.state for r in judge(votes, dawid_skene(votes))}
    assert states["swapped"] == "worse than chance"
    assert states["a"] == "better than chance"


KRIPPENDORFF = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""  # 2011, "Computing Krippendorff's alpha-reliability", section C


def test_alpha_of_the_paper() -> None:
    rows = [
        (f"{unit}", f"{who}", label)
        for who, line in enumerate(KRIPPENDORFF.split("\n")[1:-1])
        for unit, label in enumerate(line.split())
        if label != "."
    ]
    table = votes_of(rows).counts()
    points = np.arange(1.0, 6.0)
    found = [alpha(table, points, level) for level in ("nominal", "ordinal", "interval")]
    assert found == pytest.approx([0.743, 0.815, 0.849], abs=5e-4)


def test_fleiss_by_hand_and_a_known_table() -> None:
    assert fleiss_kappa(np.array([[2, 0], [1, 1]])) == pytest.approx((0.5 - 0.625) / 0.375)
    table = """0 0 0 0 14|0 2 6 4 2|0 0 3 5 6|0 3 9 2 0|2 2 8 1 1|7 7 0 0 0|3 2 6 3 0|2 5 3 2 2
    |6 5 2 1 0|0 2 2 3 7"""
    known = np.array([[int(n) for n in row.split()] for row in table.split("|")])
    assert fleiss_kappa(known) == pytest.approx(0.210, abs=5e-4)


def test_cohen_of_two_raters() -> None:
    rows = []
    for at, (a, b) in enumerate(
        [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    ):
        rows += [(f"{at}", "a", a), (f"{at}", "b", b)]
    assert cohen_kappa(votes_of(rows)) == (pytest.approx(0.4), 1)


def test_where_a_coefficient_is_not_defined() -> None:
    rows = [("a", "x", "0"), ("a", "y", "0"), ("b", "x", "1")]
    found = {one.name: one.value for one in coefficients(votes_of(rows))}
    assert found == {"alpha, nominal": None, "fleiss kappa": None, "cohen kappa": None}


table = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, 2)),
    min_size=6,
    max_size=30,
    unique_by=lambda cell: cell[:2],
).filter(lambda rows: len({c for _, _, c in rows}) > 1 and len({i for i, _, _ in rows}) < len(rows))


@settings(max_examples=25)
@given(table, st.permutations(range(7)), st.permutations(range(5)), st.permutations(range(3)))
def test_names_and_order_do_not_matter(
    rows: list[tuple[int, int, int]], items: list[int], raters: list[int], labels: list[int]
) -> None:
    one = votes_of([(f"i{i}", f"r{r}", f"c{c}") for i, r, c in rows])
    other = votes_of([(f"i{items[i]}", f"r{raters[r]}", f"c{labels[c]}") for i, r, c in rows[::-1]])
    before, after = dawid_skene(one), dawid_skene(other)
    assert before.trace[-1] == pytest.approx(after.trace[-1], rel=1e-6)
    values = [[c.value for c in coefficients(votes)] for votes in (one, other)]
    for a, b in zip(*values, strict=True):
        assert a == pytest.approx(b, abs=1e-9)


@given(st.permutations(range(3)))
def test_renamed_labels_give_the_same_raters(labels: list[int]) -> None:
    votes, _, _ = simulated(1, 80)
    rows = [
        (f"x{votes.items[i]}", f"y{votes.raters[r]}", f"{labels[c]}")
        for i, r, c in zip(votes.item, votes.rater, votes.label, strict=True)
    ]
    renamed = votes_of(rows)
    found = [judge(each, dawid_skene(each)) for each in (votes, renamed)]
    for a, b in zip(*found, strict=True):
        assert a.accuracy == pytest.approx(b.accuracy, abs=1e-3)
        assert a.state == b.state


def test_intervals_of_kappa_hold_what_many_items_show() -> None:
    """Raters of one accuracy: 90% intervals from 150 items against kappa of 40,000."""

    def drawn(items: int, seed: int) -> Votes:
        rng = np.random.default_rng(seed)
        truth = rng.random((items, 1)) < 0.3
        said = truth != (rng.random((items, 3)) < 0.15)
        return votes_of(
            (f"{i:05}", f"{r}", "yes" if said[i, r] else "no")
            for i in range(items)
            for r in range(3)
        )

    whole = drawn(40_000, 99)
    truth = {"fleiss kappa": fleiss_kappa(whole.counts()), "cohen kappa": cohen_kappa(whole)[0]}
    inside = dict.fromkeys(truth, 0)
    for seed in range(40):
        for each in coefficients(drawn(150, seed)):
            if each.name in truth:
                assert each.low is not None and each.value is not None and each.high is not None
                assert each.low < each.value < each.high
                inside[each.name] += each.low <= (truth[each.name] or 0) <= each.high
    assert all(32 <= count <= 40 for count in inside.values()), inside


def test_equal_weights_of_items_change_no_kappa() -> None:
    votes = votes_of((str(i), str(r), str((i * r) % 3)) for i in range(40) for r in range(4))
    same = np.full(40, 2.5)
    assert fleiss_kappa(votes.counts(), same) == pytest.approx(fleiss_kappa(votes.counts()))
    assert cohen_kappa(votes, same)[0] == pytest.approx(cohen_kappa(votes)[0])
