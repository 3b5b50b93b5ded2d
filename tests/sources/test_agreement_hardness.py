"""Noise of k votes: recovered from simulated raters, laws of the model, and what it costs."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.agreement import effective_share, majority_error, majority_errors
from sources.assessment import assess
from sources.hardness import Hardness, fit_hardness, observed_noise
from sources.redundancy import VOTES, Price, cheapest, compare
from sources.votes import Votes


def drawn(
    seed: int, items: int, each: int, how: tuple[float, float], cap: float = 0.5, k: int = 2
) -> tuple[Votes, np.ndarray]:
    """Items whose error is cap x Beta(how), each judged by `each` raters; and these errors."""
    rng = np.random.default_rng(seed)
    error, truth = cap * rng.beta(*how, items), rng.integers(0, k, items)
    item = np.repeat(np.arange(items), each)
    wrong = rng.random(items * each) < error[item]
    label = np.where(wrong, (truth[item] + rng.integers(1, k, items * each)) % k, truth[item])
    return votes_of(item, label, items, k), np.column_stack([error, truth])


def votes_of(item: np.ndarray, label: np.ndarray, items: int, k: int) -> Votes:
    times = np.bincount(item, minlength=items).max()
    return Votes(
        tuple(f"{i:05}" for i in range(items)),
        tuple(f"r{i}" for i in range(times)),
        tuple("abcdefgh"[:k]),
        item,
        np.arange(len(item)) % times,
        label,
        np.full(items, -1),
        np.full(len(item), np.nan),
    )


def fixed(errors: list[float], abstains: float = 0.0, choices: int = 2) -> Hardness:
    e = np.array([errors])
    return Hardness(np.ones(1), e, np.full_like(e, abstains), choices, "votes", 100, 5)


def test_intervals_hold_the_truth_from_two_votes() -> None:
    """Hard and easy items, two votes each, no answer known: 1, 3 and 5 votes of new raters."""
    inside = []
    for seed in range(8):
        votes, made = drawn(seed, 300, 2, (0.3, 1.5))
        found = fit_hardness(votes)
        assert found is not None and found.basis == "votes" and found.most_votes == 2
        for k in (1, 3, 5):
            low, _, high = found.interval(found.noise(k))
            inside.append(low <= majority_errors(1 - made[:, 0], k).mean() <= high)
    assert np.mean(inside) >= 0.8


def test_many_votes_narrow_the_interval_and_few_items_widen_it() -> None:
    widths = []
    for items, each in ((40, 3), (400, 3), (400, 12)):
        found = fit_hardness(drawn(1, items, each, (0.5, 1.5))[0])
        assert found is not None
        low, _, high = found.interval(found.noise(3))
        widths.append(high - low)
    assert widths[0] > 1.5 * widths[1] > 3 * widths[2]


def test_no_disagreement_at_all_is_not_no_noise() -> None:
    votes, _ = drawn(0, 50, 2, (1e-6, 1.0))
    found = fit_hardness(votes)
    assert found is not None
    low, _, high = found.interval(found.noise(1))
    assert low < 0.01 < high < 0.1


def test_known_answers_count_errors_that_most_raters_share() -> None:
    votes, made = drawn(2, 400, 5, (0.4, 1.6), cap=1.0)
    votes = replace(votes, gold=made[:, 1].astype(int))
    found = fit_hardness(votes)
    assert found is not None and found.basis == "gold"
    for k, counted in zip((1, 3, 5, 9), observed_noise(votes, (1, 3, 5, 9)), strict=True):
        low, middle, high = found.interval(found.noise(k))
        assert low <= majority_errors(1 - made[:, 0], k).mean() <= high
        assert counted is None if k == 9 else counted == pytest.approx(middle, abs=0.02)
    unknown = fit_hardness(replace(votes, gold=np.full(400, -1)))
    assert unknown is not None
    assert unknown.interval(unknown.noise(9))[1] < found.interval(found.noise(9))[0]


def test_wrong_votes_that_gather_on_one_rival() -> None:
    spread, _ = drawn(3, 300, 6, (0.6, 1.2), cap=0.7, k=5)
    found = fit_hardness(spread)
    assert found is not None and found.choices >= 4
    rival = replace(spread, label=np.where(spread.label > 1, 1, spread.label))
    gathered = fit_hardness(rival)
    assert gathered is not None and gathered.choices == 2


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=6), st.integers(2, 4), st.floats(0, 0.9))
def test_more_votes_never_raise_noise(errors: list[float], choices: int, away: float) -> None:
    found = fixed([e * 2 * (1 - 1 / choices) for e in errors], away, choices)
    noise = [float(found.noise(k)[0]) for k in range(1, 10, 2)]
    assert all(later <= before + 1e-9 for before, later in itertools.pairwise(noise))


@given(st.floats(0, 0.5), st.integers(1, 9))
def test_equally_hard_items_are_independent_errors(error: float, k: int) -> None:
    found = fixed([error] * 3)
    assert found.noise(k)[0] == pytest.approx(majority_error(1 - error, k), abs=1e-12)


def test_noise_and_adaptive_votes_by_counting() -> None:
    """Every list of three votes with abstention, by hand."""
    e, a = 0.2, 0.1
    chance = {"right": (1 - a) * (1 - e), "wrong": (1 - a) * e, "away": a}
    noise = third = 0.0
    for ballot in itertools.product(chance, repeat=3):
        p = np.prod([chance[vote] for vote in ballot])
        lead = ballot.count("right") - ballot.count("wrong")
        noise += p * (0.5 if lead == 0 else lead < 0)
        third += p * (ballot[0] != ballot[1] or ballot[0] == "away")
    found = fixed([e], a)
    assert found.noise(3)[0] == pytest.approx(noise)
    assert found.third_needed()[0] == pytest.approx(third)


@settings(max_examples=4)
@given(st.integers(0, 50), st.permutations(range(3)))
def test_names_of_classes_and_items_do_not_matter(seed: int, names: list[int]) -> None:
    votes, _ = drawn(seed, 60, 3, (0.5, 1.5), cap=0.6, k=3)
    other = replace(votes, label=np.array(names)[votes.label], item=59 - votes.item)
    one, two = fit_hardness(votes), fit_hardness(other)
    assert one is not None and two is not None
    for k in (1, 5):
        assert one.interval(one.noise(k)) == pytest.approx(two.interval(two.noise(k)), rel=1e-6)


def test_redundancy_recomputed() -> None:
    found = fixed([0.0, 0.2])
    rows = compare(found, 2, Price(0.05, "prolific", item=0.1))
    assert [(r.votes, r.adaptive) for r in rows] == [
        *((k, False) for k in (1, 2, 3)), (3, True), *((k, False) for k in range(4, 10))
    ]  # fmt: skip
    vote = 0.05 * 1.075 / 0.9 * 1.333  # known answers, rejected work, fee
    for row in rows:
        noise = (majority_error(0.8, row.votes) + 0) / 2
        bought = 2 + 0.5 * 0.32 if row.adaptive else row.votes
        assert row.bought[1] == pytest.approx(bought)
        assert row.cost[1] == pytest.approx(0.1 + bought * vote)
        assert row.effective is not None
        cost = (0.1 + bought * vote) / effective_share(noise)
        assert row.effective[1] == pytest.approx(cost)
    assert sum(row.cheapest for row in rows) == pytest.approx(1)


def test_dear_items_deserve_more_votes_and_cheap_ones_fewer() -> None:
    found = fixed([0.05, 0.35])
    best = [cheapest(compare(found, 2, Price(0.05, "mturk", item))) for item in (0.0, 0.5, 10.0)]
    votes = [one.votes for one in best if one is not None]
    assert votes == sorted(votes)
    assert votes[0] == 1 and votes[-1] == 9


@given(st.floats(0.01, 2), st.sampled_from(["mturk", "prolific"]))
def test_twice_the_price_is_twice_the_cost(pay: float, platform: str) -> None:
    found = fixed([0.1, 0.3])
    once, twice = (compare(found, 2, Price(p, platform)) for p in (pay, 2 * pay))
    for a, b in zip(once, twice, strict=True):
        assert b.cost[1] == pytest.approx(2 * a.cost[1])
        assert b.cheapest == a.cheapest


def test_the_fee_steps_at_ten_votes() -> None:
    price = Price(0.05, "mturk")
    nine, ten = price.judgements(9) / 9, price.judgements(10) / 10
    assert ten / nine == pytest.approx(1.4 / 1.2)
    assert price.step == (10, 0.2)
    assert Price(0.05, "prolific").step == (None, None)


def test_guessing_has_no_cheapest() -> None:
    rows = compare(fixed([0.5]), 2, Price(0.05))
    assert all(row.effective is None and row.cheapest == 0 for row in rows)
    assert cheapest(rows) is None


def test_assessment_says_what_it_cannot_know() -> None:
    votes, made = drawn(4, 50, 2, (0.5, 1.5))
    told = " ".join(assess(votes, Price(0.05)).warnings)
    assert "no answer is known" in told and "only 50 items" in told and "mostly assumed" in told
    once = replace(
        votes,
        item=votes.item[::2], rater=votes.rater[::2], label=votes.label[::2],
        seconds=votes.seconds[::2], gold=made[:, 1].astype(int),
    )  # fmt: skip
    found = assess(once, Price(0.05))
    assert found.hardness is None and found.redundancy == ()
    assert found.observed[0] is not None and found.observed[1:] == (None,) * (len(VOTES) - 1)
    assert "judged twice" in found.warnings[0]


@given(st.floats(0.02, 0.4), st.floats(0, 0.5), st.integers(1, 9), st.integers(2, 5))
def test_independent_noise_is_that_of_items_of_one_hardness(
    error: float, away: float, votes: int, choices: int
) -> None:
    found = replace(fixed([error]), abstains=np.full_like(fixed([error]).errors, away))
    found = replace(found, choices=choices)
    assert found.independent(votes) == pytest.approx(float(found.noise(votes)[0]), abs=1e-9)
