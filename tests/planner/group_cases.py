"""Random laws of groups and markets, small enough to be gone through, for tests of group plans."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np

from planner.group_law import GroupLaw
from planner.laws import Composition
from planner.targets import Targets
from sources.base import CostLine, Limits, Quality, Source, Tier


def group_law(
    names=("a", "b"), groups=("x", "y"), *, draws=200, seed=0, biased=(), splits=None, worst=None
) -> GroupLaw:
    """A law of random joint draws; a source serves one group mostly, unless splits are given."""
    rng = np.random.default_rng(seed)
    count, many = len(names), len(groups)
    if splits is None:
        splits = rng.dirichlet(np.full(many, 0.3), count)
    common = rng.standard_normal((draws, 1))
    error = 0.3 * np.exp(
        0.2 * rng.standard_normal(many) + 0.02 * rng.standard_normal((draws, many))
    )
    p = np.exp(np.log(0.35) + 0.15 * common + 0.1 * rng.standard_normal((draws, many)))
    q = np.exp(np.log(0.3) + 0.15 * common + 0.1 * rng.standard_normal((draws, many)))
    floor = rng.beta(1.5, 6.0, (draws, many))
    share = rng.beta(6.0, 3.0, (draws, many))
    quality = np.exp(rng.normal(-0.1, 0.2, (draws, count)))
    quality[:, 0] = 1.0
    excess = np.zeros((draws, count))
    for k, name in enumerate(names):
        if name in biased:
            excess[:, k] = 0.3 * np.exp(rng.normal(-2.0, 0.5, draws))
    mix = Composition(
        quality,
        np.ones((draws, count)),
        excess,
        np.zeros((draws, count)),
        np.full(count, 500.0),
        np.zeros((draws, 0, 4)),
        500.0,
    )
    return GroupLaw(
        sources=tuple(names),
        groups=tuple(groups),
        splits=np.asarray(splits, dtype=float),
        shares=rng.dirichlet(np.full(many, 3.0)),
        reference=names[0],
        own=np.full(many, 300.0),
        all=500.0,
        worst=worst,
        theta=np.stack([error, p, floor, q, share], axis=2),
        mix=mix,
        log_speed=-0.1 + 0.3 * (0.7 * common + 0.7 * rng.standard_normal((draws, many))),
        reach_own=np.full((draws, many), 300.0),
        reach_all=np.full(draws, 500.0),
        noise=np.full((draws, many), 0.02),
        test_size=np.full(many, np.nan),
        weights=np.full(draws, 1.0 / draws),
    )


def case(seed: int) -> tuple[list[Source], GroupLaw, Targets]:
    """Sources with fees, tiers, minimum orders, data in hand and rules; law; targets; limits."""
    rng = np.random.default_rng(seed)
    count, many = int(rng.integers(1, 5)), int(rng.integers(2, 4))
    names = tuple("abcd"[:count])
    biased = tuple(n for n in names[1:] if rng.random() < 0.25)
    law = group_law(names, tuple("xyz"[:many]), seed=seed, biased=biased)
    options = {1: 40, 2: 30, 3: 14, 4: 9}[count]
    sources = []
    for name in names:
        batch = int(rng.choice([100, 250, 500]))
        price = float(rng.choice([0.05, 0.1, 0.3]))
        tiers = (
            ((batch * 4.0, price * float(rng.choice([0.6, 1.4]))),) if rng.random() < 0.4 else ()
        )
        line = CostLine(
            "labels", float(rng.choice([0, 0, 50, 300])), price, tuple(Tier(*t) for t in tiers)
        )
        limits = Limits(
            max_examples=batch * int(rng.integers(options // 2, options)),
            per_week=1e6,
            min_order=batch * int(rng.integers(1, 4)),
            batch=batch,
        )
        owned = float(rng.choice([0, 0, 0, 300]))
        share = 0.6 if rng.random() < 0.15 and count > 1 else 1.0
        sources.append(
            Source(name, "plain", (line,), limits, Quality(), in_hand=owned, max_share=share)
        )
    most = np.array([[s.limits.available() + s.in_hand for s in sources]])
    best = np.quantile(law.errors(most)[:, 0], 0.8, axis=0)
    slack = float(rng.uniform(1.02, 1.5))
    kind = rng.integers(0, 4)
    if kind == 0:
        targets = Targets(worst=float(best.max()) * slack)
    elif kind == 1:
        targets = Targets(
            groups={g: float(e) * slack for g, e in zip(law.groups, best, strict=True)}
        )
    elif kind == 2:
        overall = float(best @ law.shares) * slack
        targets = Targets(overall=overall, worst=float(best.max()) * (slack + 0.1))
    else:
        gap = float(np.quantile(np.ptp(law.errors(most)[:, 0], axis=1), 0.8)) * slack
        targets = Targets(worst=float(best.max()) * slack, gap=gap)
    limits = {"confidence": float(rng.choice([0.5, 0.8, 0.9]))}
    if rng.random() < 0.3:
        limits["budget"] = float(
            rng.uniform(0.3, 0.9) * sum(float(s.cost(s.limits.available())) for s in sources)
        )
    return sources, law, replace(targets, **limits)


def legal(source: Source) -> np.ndarray:
    """Every legal purchase of a source (purchases,) [example], none included."""
    limits = source.limits
    most = limits.available()
    rest = np.arange(limits.smallest, most + 0.5, limits.batch) if most else np.zeros(0)
    return np.append(0.0, rest)


def brute(sources, law, targets) -> float:
    """Cost of the cheapest legal purchases that meet all targets, all of what is in hand used or,
    where it may hurt, any eighth of it; inf if there are none."""
    from planner.offers import PARTS
    from planner.rules import rules_of

    rules = rules_of(sources, law.sources)
    ways = []
    for k, source in enumerate(sources):
        bought = legal(source)
        pairs = [(b, b + source.in_hand) for b in bought]
        free = targets.gap is not None or len(rules.shares) or law.mix.excess[:, k].any()
        if source.in_hand and free:
            pairs += [(0.0, float(np.floor(source.in_hand * i / PARTS))) for i in range(PARTS)]
        ways.append(pairs)
    best = math.inf
    every = np.array(list(itertools.product(*ways)))
    cost = sum(s.cost(every[:, k, 0]) for k, s in enumerate(sources))
    good = cost <= targets.budget
    if rules:
        good &= rules.allowed(every[:, :, 1], every[:, :, 0])
    every, cost = every[good], cost[good]
    order = np.argsort(cost)
    for at in range(0, len(order), 500):
        some = order[at : at + 500]
        errors = law.errors(every[some][:, :, 1])
        met = np.ones(errors.shape[:2], dtype=bool)
        for g, name in enumerate(law.groups):
            met &= errors[:, :, g] <= targets.groups.get(name, math.inf)
        if targets.worst is not None:
            met &= errors.max(axis=2) <= targets.worst
        if targets.overall is not None:
            met &= errors @ law.shares <= targets.overall
        if targets.gap is not None:
            met &= errors.max(axis=2) - errors.min(axis=2) <= targets.gap
        feasible = np.round(law.weights @ met, 12) >= targets.confidence
        if feasible.any():
            return float(cost[some][feasible].min())
    return best
