"""One draw of the law: against HiGHS over every legal purchase, time limits, odd markets."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from planner.branches import Branches
from planner.clock import Clock
from planner.market import market_of
from planner.optimise import _easing, cheapest_plan, frontier, least_error_plan
from planner.pieces import pieces_of
from planner.plan import Target
from tests.planner import small


def highs(sources, law, error):
    """Cheapest cost over every legal purchase, one binary variable each."""
    # the smallest size that meets the target, by bisection on the law itself
    low, high = 1.0, 1e12
    for _ in range(200):
        middle = math.sqrt(low * high)
        floor, part = law.curve(np.array([[middle]]))
        low, high = (low, middle) if float((floor + part)[0, 0]) <= error else (middle, high)
    costs, gains, owner = [], [], []
    for k, s in enumerate(sources):
        n = np.arange(0, s.limits.max_examples + 1, s.limits.batch, dtype=float)
        n = n[(n == 0) | (n >= s.limits.min_order)]
        costs.append(s.cost(n))
        gains.append(law.contribution(k, n + s.in_hand)[0] / low)
        owner.append(np.full(len(n), k))
    owner = np.concatenate(owner)
    cost = np.concatenate(costs)
    one = (owner[None] == np.arange(len(sources))[:, None]).astype(float)
    found = milp(
        cost,
        integrality=np.ones(len(cost)),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(one, 1, 1),
            LinearConstraint(np.concatenate(gains)[None], 1, np.inf),
        ],
        options={"mip_rel_gap": 1e-9},
    )
    return float(found.fun) if found.status == 0 else math.inf


def market(seed, count=4, most=60):
    rng = np.random.default_rng(seed)
    names = tuple(f"s{k}" for k in range(count))
    law = small.law(names, draws=60, seed=seed).best_guess()
    sources = []
    for name in names:
        batch, price = int(rng.choice([50, 100, 500])), float(rng.choice([0.05, 0.2, 1.0]))
        tiers = [(), ((1200, 0.5),), ((900, 1.5),)][rng.integers(3)]
        made = small.source(
            name,
            price,
            fee=float(rng.choice([0, 30, 200])),
            most=batch * int(rng.integers(0, most)),
            batch=batch,
            tiers=[(start, price * factor) for start, factor in tiers],
            min_order=batch * int(rng.integers(1, 4)),
        )
        minimum = float(rng.choice([0, 0, 150]))
        sources.append(replace(made, minimum=minimum, in_hand=float(rng.choice([0, 0, 130]))))
    return sources, law


@pytest.mark.parametrize("seed", range(25))
def test_equals_highs_over_every_purchase(seed):
    sources, law = market(seed, 4 + seed % 3)
    error = [0.28, 0.25, 0.22][seed % 3]
    plan, best = cheapest_plan(sources, law, Target(error, 0.8)), highs(sources, law, error)
    assert plan.reaches == math.isfinite(best)
    if plan.reaches:
        assert plan.cost == pytest.approx(best, rel=1e-6, abs=1e-9)
        assert plan.bound is not None
        assert best * (1 - 1e-4) <= plan.bound <= best * (1 + 1e-9) + 1e-9


def test_single_examples_of_many_sources_are_proven():
    rng = np.random.default_rng(0)
    names = tuple(f"s{k}" for k in range(60))
    law = small.law(names, draws=60, seed=3).best_guess()
    sources = [
        small.source(n, p, fee=f, most=20_000, batch=1)
        for n, p, f in zip(names, rng.uniform(0.1, 1, 60), rng.choice([0, 50.0], 60), strict=True)
    ]
    plan = cheapest_plan(sources, law, Target(0.15, 0.8))
    assert plan.reaches and plan.gap is not None and plan.gap <= 1e-4
    turned = cheapest_plan(sources[::-1], law, Target(0.15, 0.8))
    assert turned.cost == pytest.approx(plan.cost, rel=1e-4)


def test_best_guess_of_biased_sources_and_text_has_an_honest_bound():
    law = small.law(("a", "b"), biased=("b",), texts=("t",), draws=60).best_guess()
    sources = [
        small.source("a", 1.0, most=20_000, batch=100),
        small.source("b", 0.1, most=20_000, batch=100),
        small.source("t", 0.01, most=5000, batch=1000, role="text"),
    ]
    plan = cheapest_plan(sources, law, Target(0.24, 0.8))
    assert plan.reaches and plan.bound is not None and plan.bound <= plan.cost


@pytest.mark.parametrize("seconds", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("draws", [1, 900])
def test_a_time_limit_ends_a_slow_case_with_the_best_found(draws, seconds):
    names = tuple(f"s{k}" for k in range(40))
    law = small.law(names, draws=60 if draws == 1 else draws, biased=names[1::2])
    law = law.best_guess() if draws == 1 else law
    rng = np.random.default_rng(1)
    sources = [
        replace(small.source(n, p, fee=20.0, most=30_000, batch=1), max_share=0.6)
        for n, p in zip(names, rng.uniform(0.1, 1, 40), strict=True)
    ]
    start = time.monotonic()
    plan = cheapest_plan(sources, law, Target(0.22, 0.8), seconds=seconds)
    taken = time.monotonic() - start
    print(f"limit {seconds} s, took {taken:.2f} s, cost {plan.cost:,.0f}, bound {plan.bound}")
    assert plan.bound is None or plan.bound <= plan.cost
    assert plan.reaches == (plan.probability >= 0.8)
    if not plan.reaches:
        assert any(each.startswith("time: ") for each in plan.binding)


def test_what_the_time_cut_short_says_so():
    names = ("a", "b")
    law = small.law(names, draws=100)
    sources = [small.source("a", 1.0, most=30_000, batch=1), small.source("b", 0.5, fee=20.0)]
    target = Target(0.3, 0.8, 3000.0)
    cut = least_error_plan(sources, law, target, seconds=0.0).binding
    assert any("time: " in each and "smaller error" in each for each in cut)

    class Once(Clock):
        """Over after the first search."""

        searches = 0

        def part(self, share):
            self.searches += 1
            return Clock()

        def over(self):
            return self.searches > 0

    aims = [replace(target, error=error) for error in (0.28, 0.3)]
    (_, first), (_, second) = _easing(market_of(sources, law, 0.0), aims, Once())
    assert not any("time" in each for each in first.binding)
    assert any("cheaper plan" in each for each in second.binding)
    whole = frontier(sources, law, target, (0.3, 0.28))
    assert not any("time" in each for plan in whole for each in plan.binding)


def test_odd_markets_have_clear_answers():
    law = small.law(("a", "b"), draws=60)
    target = Target(0.24, 0.8)
    same = [small.source("a", 0.5, most=9000, batch=1), small.source("b", 0.5, most=9000, batch=1)]
    twins = replace(law, mix=replace(law.mix, quality=law.mix.quality * 0 + 1))
    twins = replace(twins, mix=replace(twins.mix, saturation=law.mix.saturation * 0 + 1))
    twins = replace(twins, mix=replace(twins.mix, speed=law.mix.speed * 0))
    plan, turned = (cheapest_plan(s, twins, target) for s in (same, same[::-1]))
    assert plan.reaches and plan.cost == turned.cost and plan.amounts == turned.amounts
    free = [small.source("a", 0.0, most=90_000), small.source("b", 0.5)]
    assert cheapest_plan(free, law, target).cost == 0
    none = [small.source("a", most=0), small.source("b", most=0)]
    assert not cheapest_plan(none, law, target).reaches
    vast = [small.source("a", 1e-6, most=1e12, batch=1), small.source("b", 1.0)]
    assert cheapest_plan(vast, law, target).reaches


def test_text_alone_has_no_labels_to_work_on():
    law = small.law(("a",), texts=("t",), draws=60)
    text = small.source("t", 0.1, most=5000, batch=1000, role="text")
    plan = cheapest_plan([text], law, Target(0.24, 0.8))
    assert not plan.reaches and plan.cost == 0
    assert not least_error_plan([text], law, Target(0.24, 0.8)).reaches
    assert frontier([text], law, Target(0.24, 0.8), [0.3, 0.2]) == (None, None)


@given(st.integers(0, 1000), st.integers(0, 1000), st.sampled_from([1, 7, 50]))
@settings(max_examples=60, deadline=None)
def test_a_cut_loses_no_purchase(one, other, batch):
    law = small.law(("a", "b"), draws=60, seed=1).best_guess()
    tiers = [(500, 0.5), (700, 0.7)]
    sources = [
        small.source("a", 1.0, most=1000, tiers=tiers, batch=batch),
        small.source("b", 0.7, fee=10.0, most=800),
    ]
    pieces = pieces_of(market_of(sources, law, 0.0), Target(0.2, 0.8), 1e9)
    branches = Branches(pieces, 100.0, 1.0, lambda x: 1e9, lambda x: 1e9, Clock())
    legal = np.arange(0, 1001, batch)
    one, other = (float(legal[n % len(legal)]) for n in (one, other))
    if one == other:
        return
    (low, end), (start, high) = branches._cut(0, branches.whole[0], one, other)
    assert low <= end < start <= high
    assert not ((legal > end) & (legal < start)).any()
    assert min(one, other) <= end and start <= max(one, other)


@pytest.mark.parametrize("seed", range(12))
def test_single_examples_with_tiers_equal_highs(seed):
    """Batches of one and tiers at whole numbers: prices that meet within the legal purchases."""
    rng = np.random.default_rng(seed)
    names = tuple("abc")
    law = small.law(names, draws=60, seed=seed).best_guess()
    sources = []
    for name in names:
        price, start = float(rng.lognormal(-1, 0.6)), int(rng.integers(20, 120))
        factor = float(rng.choice([0.4, 0.7, 1.5]))
        fee = float(rng.choice([0, 5, 20]))
        tiers = [(start, price * factor)]
        sources.append(small.source(name, price, fee=fee, most=160, batch=1, tiers=tiers))
    most = float(law.errors(np.full((1, 3), 160.0))[0, 0])
    least = float(law.errors(np.full((1, 3), 1.0))[0, 0])
    error = most + (least - most) * float(rng.uniform(0.02, 0.5))
    plan = cheapest_plan(sources, law, Target(error, 0.8))
    best = highs(sources, law, error)
    assert plan.bound <= best * (1 + 1e-6)
    assert plan.cost <= best * 1.002
