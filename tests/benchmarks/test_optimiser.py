"""The optimiser: distance from brute force, proven gaps, CPU time; reports, never judges.

Goals: random small cases within 2% of brute force, median 0; one draw of the law proven to 1e-4, 20
sources in 0.5 CPU s and 2,000 in 5; 1,000 draws with 4, 20, 200 sources in 0.5, 2, 10 CPU s; 50
targets of a frontier in 5. A limit on the time is kept.
"""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import replace

import numpy as np
import pytest

from planner.fitted import weighted_quantile
from planner.optimise import cheapest_plan, frontier, least_error_plan
from planner.plan import Target
from tests.planner import small

CASES = 300


def market(count, draws, seed, biased=0.0):
    """Sources with fees, tiers, minimum orders, batches; a law of `draws` draws, or best guess."""
    rng = np.random.default_rng(seed)
    names = tuple(f"s{k:04d}" for k in range(count))
    own = tuple(n for k, n in enumerate(names) if k and rng.random() < biased)
    law = small.law(names, draws=max(draws, 60), seed=seed, biased=own)
    law = law.best_guess() if draws == 1 else law
    sources = []
    for name in names:
        batch, price = int(rng.choice([1, 10, 50, 500])), float(rng.lognormal(np.log(0.2), 0.7))
        tiers = [(), ((2000, 0.6),), ((3000, 1.5),)][rng.integers(3)]
        most = batch * int(rng.integers(2000, 40_000) / batch + 1)
        sources.append(
            small.source(
                name,
                price,
                fee=float(rng.choice([0, 100, 500])),
                most=most,
                batch=batch,
                tiers=[(start, price * factor) for start, factor in tiers],
                min_order=batch * int(rng.integers(1, 5)),
            )
        )
    part = 0.3 / max(count / 4, 1)
    row = np.array([[s.limits.max_examples * part for s in sources]])
    error = float(weighted_quantile(law.errors(row), law.weights, 0.8)[0])
    return sources, law, Target(error, 0.8)


def case(seed):
    """A small market that can be counted out: up to 4 sources, 200 draws, all kinds of cost."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 5))
    names = tuple("abcd"[:count])
    own = tuple(n for n in names[1:] if rng.random() < 0.4)
    law = small.law(names, draws=200, seed=seed, biased=own)
    sources = []
    for name in names:
        batch, price = int(rng.choice([100, 250, 500])), float(rng.choice([0.01, 0.05, 0.2, 1.0]))
        tiers = [(), ((1200, 0.5),), ((900, 1.5),)][rng.integers(3)]
        made = small.source(
            name,
            price,
            fee=float(rng.choice([0, 30, 200])),
            most=batch * int(rng.integers(0, 25 if count < 4 else 12)),
            batch=batch,
            tiers=[(start, price * factor) for start, factor in tiers],
            min_order=batch * int(rng.integers(1, 4)),
        )
        owned = 0.0 if name in own else float(rng.choice([0, 0, 150]))
        sources.append(replace(made, minimum=float(rng.choice([0, 0, 150])), in_hand=owned))
    return sources, law, Target(float(rng.uniform(0.2, 0.29)), float(rng.choice([0.5, 0.8, 0.9])))


def brute(sources, law, target):
    """Cheapest cost over every combination of legal purchases."""
    listed = []
    for s in sources:
        n = np.arange(0, s.limits.max_examples + 1, s.limits.batch, dtype=float)
        listed.append(n[(n == 0) | (n >= s.limits.min_order)])
    rows = np.array(list(itertools.product(*listed)))
    cost = sum(s.cost(rows[:, k]) for k, s in enumerate(sources))
    order = np.argsort(cost, kind="stable")
    owned = np.array([s.in_hand for s in sources])
    for part in np.array_split(order, max(1, len(order) // 2000)):
        met = law.weights @ (law.errors(rows[part] + owned) <= target.error)
        good = np.flatnonzero(met >= target.confidence - 1e-12)
        if len(good):
            return float(cost[part[good[0]]])
    return math.inf


@pytest.mark.parametrize("prove", [True, False])
def test_distance_from_brute_force(prove):
    gaps, wrong, taken = [], 0, 0.0
    for seed in range(CASES):
        sources, law, target = case(seed)
        best = brute(sources, law, target)
        start = time.process_time()
        plan = cheapest_plan(sources, law, target, prove=prove)
        taken += time.process_time() - start
        wrong += plan.reaches != math.isfinite(best)
        wrong += plan.reaches and law.probability(target.error, plan.totals(law.sources)) < (
            target.confidence - 1e-12
        )
        if plan.reaches and math.isfinite(best):
            gaps.append(plan.cost / best - 1 if best > 0 else plan.cost)
    print(
        f"\n{CASES} small cases, prove={prove}: {len(gaps)} reach, gap median "
        f"{np.median(gaps):.2%}, 99% {np.quantile(gaps, 0.99):.2%}, worst {max(gaps):.2%}; "
        f"wrong about reach {wrong}; {taken / CASES:.3f} CPU s each"
    )


def timed(count, draws, seed, biased):
    """CPU seconds and plan."""
    sources, law, target = market(count, draws, seed, biased)
    start = time.process_time()
    plan = cheapest_plan(sources, law, target)
    return time.process_time() - start, plan


@pytest.mark.parametrize("count", [4, 20, 200, 2000])
def test_one_draw(count):
    timed(4, 1, 0, 0.0)  # scipy loads
    runs = [timed(count, 1, seed, 0.0) for seed in range(5)]
    seconds, plans = zip(*runs, strict=True)
    print(
        f"\none draw, {count} sources: CPU s median {np.median(seconds):.2f}, worst "
        f"{max(seconds):.2f}; proven gap worst {max(plan.gap for plan in plans):.1e}"
    )


@pytest.mark.parametrize("biased", [0.0, 0.5])
@pytest.mark.parametrize(
    ("count", "draws"), [(4, 1000), (20, 1000), (200, 1000), (20, 250), (20, 4000)]
)
def test_many_draws(count, draws, biased):
    runs = [timed(count, draws, seed, biased) for seed in range(3)]
    seconds, plans = zip(*runs, strict=True)
    gaps = [plan.gap for plan in plans if plan.reaches]
    print(
        f"\n{count} sources, {draws} draws, {biased:.0%} biased: CPU s median "
        f"{np.median(seconds):.2f}, worst {max(seconds):.2f}; proven gap median "
        f"{np.median(gaps):.0%}"
    )


@pytest.mark.parametrize("biased", [0.0, 0.5])
def test_frontier_of_50_targets(biased):
    sources, law, target = market(6, 1000, 3, biased)
    errors = np.geomspace(target.error * 0.9, target.error * 1.3, 50)
    start = time.process_time()
    plans = frontier(sources, law, target, errors)
    taken = time.process_time() - start
    print(
        f"\nfrontier of 50, 6 sources, 1000 draws, {biased:.0%} biased: CPU s {taken:.2f}, "
        f"{sum(plan is not None for plan in plans)} reached"
    )


def slow_market():
    """200 sources with and without own floors, some in hand, some without end; shares, sources that
    exclude and need each other, two texts; 4,000 draws: minutes of work without a limit."""
    rng, count = np.random.default_rng(1), 200
    names = tuple(f"s{k:03d}" for k in range(count))
    law = small.law(names, draws=4000, biased=names[1::2], texts=("t0", "t1"))
    sources = []
    for k, (name, price) in enumerate(zip(names, rng.uniform(0.1, 1, count), strict=True)):
        most = math.inf if k % 10 == 3 else 30_000
        made = small.source(name, price, fee=20.0, most=most, batch=1, per_week=math.inf)
        sources.append(
            replace(
                made,
                in_hand=50.0 if k % 3 == 1 else 0.0,
                max_share=0.6 if k % 2 else 1.0,
                excludes=(names[(k + 7) % count],) if k % 20 == 0 else (),
                needs=(names[(k + 3) % count],) if k % 20 == 10 else (),
            )
        )
    for name in ("t0", "t1"):
        text = small.source(name, 0.002, most=50_000, batch=100, role="text")
        sources.append(replace(text, in_hand=3000.0))
    row = {name: 300.0 if name in names else 0.0 for name in law.sources}
    return sources, law, float(law.quantiles(row, (0.8,))[0, 0])


@pytest.mark.parametrize("seconds", [0.5, 2.0, 5.0, 15.0])
def test_limits_on_the_time(seconds):
    def wall(work):
        start = time.monotonic()
        found = work()
        return time.monotonic() - start, found

    sources, law, error = slow_market()
    many, one, target = market(2000, 1, 4, 0.0)
    errors = np.geomspace(error * 1.3, error * 0.9, 20)
    taken, plan = wall(lambda: cheapest_plan(sources, law, Target(error, 0.8), seconds=seconds))
    far, _ = wall(lambda: cheapest_plan(sources, law, Target(0.02, 0.8), seconds=seconds))
    poor = Target(error, 0.8, budget=3000)
    least, _ = wall(lambda: least_error_plan(sources, law, poor, seconds=seconds))
    line, _ = wall(lambda: frontier(sources, law, Target(error, 0.8), errors, seconds=seconds))
    single, proven = wall(lambda: cheapest_plan(many, one, target, seconds=seconds))
    print(
        f"\nlimit {seconds} s, taken: 200 sources and 4,000 draws {taken:.2f} (reaches "
        f"{plan.reaches}), out of reach {far:.2f}, least error {least:.2f}, frontier of 20 "
        f"{line:.2f}; one draw of 2,000 sources {single:.2f} (gap {proven.gap:.0e})"
    )
