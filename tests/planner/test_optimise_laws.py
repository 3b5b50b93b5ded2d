"""Laws that any answer obeys, over markets with everything in them.

Fees, tiers, minimum orders and contracts, data in hand, own floors, text, shares, sources that
exclude or need each other, weeks and budget. The markets are small enough to be counted out, so
that the laws hold to the last digit.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.hunt import solve
from planner.market import market_of
from planner.optimise import at_confidences, cheapest_plan, frontier, least_error_plan
from planner.plan import Target
from tests.planner import small


@st.composite
def whole_markets(draw):
    """(sources, law, target, contingency): two or three labelled sources, none or one of text."""
    names = tuple("abc"[: draw(st.integers(2, 3))])
    texts = draw(st.sampled_from([(), ("t",)]))
    biased = tuple(n for n in names[1:] if draw(st.booleans()))
    law = small.law(names, draws=30, seed=draw(st.integers(0, 30)), biased=biased, texts=texts)
    if texts:
        law = replace(law, mix=replace(law.mix, text=law.mix.text + np.array([0.1, 0, 0.1, 0])))
    sources = []
    for name in names:
        price = draw(st.sampled_from([0.0, 0.02, 0.1, 1.0]))
        tiers = draw(st.sampled_from([(), ((1200, price * 0.5),), ((900, price * 1.5),)]))
        others = st.sampled_from([(), (), (), *((n,) for n in names if n != name)])
        made = small.source(
            name,
            price,
            fee=draw(st.sampled_from([0.0, 30.0, 200.0])),
            most=500 * draw(st.integers(0, 6)),
            tiers=tiers,
            min_order=500 * draw(st.integers(1, 2)),
            per_week=draw(st.sampled_from([400.0, 1e6])),
            lead_weeks=draw(st.sampled_from([0.0, 1.0])),
        )
        sources.append(
            replace(
                made,
                in_hand=draw(st.sampled_from([0.0, 0.0, 2.0])),
                minimum=draw(st.sampled_from([0.0, 0.0, 150.0])),
                min_share=draw(st.sampled_from([0.0, 0.0, 0.0, 0.3])),
                max_share=draw(st.sampled_from([1.0, 1.0, 0.6])),
                excludes=draw(others),
                needs=draw(others),
            )
        )
    for name in texts:
        cost = draw(st.sampled_from([0.0, 0.005]))
        sources.append(small.source(name, cost, most=3000, batch=1000, role="text"))
    target = Target(
        draw(st.sampled_from([0.29, 0.27, 0.25, 0.22, 0.18])),
        draw(st.sampled_from([0.5, 0.8, 0.95])),
        budget=draw(st.sampled_from([math.inf, math.inf, 150.0, 800.0])),
        weeks=draw(st.sampled_from([math.inf, 2.0, 5.0])),
    )
    return tuple(sources), law, target, draw(st.sampled_from([0.0, 0.1]))


def _limits(sources, k, **change):
    each = sources[k]
    return _one(sources, k, limits=replace(each.limits, **change))


def _one(sources, k, **change):
    return (*sources[:k], replace(sources[k], **change), *sources[k + 1 :])


LOOSER = {
    "error": lambda s, k, t: (s, replace(t, error=t.error * 1.04)),
    "confidence": lambda s, k, t: (s, replace(t, confidence=t.confidence * 0.9)),
    "budget": lambda s, k, t: (s, replace(t, budget=t.budget * 1.5)),
    "weeks": lambda s, k, t: (s, replace(t, weeks=t.weeks * 1.6)),
    "cap": lambda s, k, t: (_limits(s, k, max_examples=s[k].limits.max_examples + 1000), t),
    "speed": lambda s, k, t: (_limits(s, k, per_week=s[k].limits.per_week * 2), t),
    "minimum order": lambda s, k, t: (_limits(s, k, min_order=s[k].limits.batch), t),
    "minimum contract": lambda s, k, t: (_one(s, k, minimum=0.0), t),
    "price": lambda s, k, t: (_one(s, k, lines=tuple(_scaled(x, 0.7) for x in s[k].lines)), t),
    "least share": lambda s, k, t: (_one(s, k, min_share=0.0), t),
    "largest share": lambda s, k, t: (_one(s, k, max_share=1.0), t),
    "excludes": lambda s, k, t: (_one(s, k, excludes=()), t),
    "needs": lambda s, k, t: (_one(s, k, needs=()), t),
    "in hand": lambda s, k, t: (_one(s, k, in_hand=s[k].in_hand + 3), t),
}


def _scaled(line, factor):
    tiers = tuple(replace(t, unit_price=t.unit_price * factor) for t in line.tiers)
    return replace(
        line, fixed=line.fixed * factor, unit_price=line.unit_price * factor, tiers=tiers
    )


def _scaled_all(sources, factor):
    return tuple(
        replace(s, lines=tuple(_scaled(x, factor) for x in s.lines), minimum=s.minimum * factor)
        for s in sources
    )


def solved(sources, law, target, contingency):
    """What cheapest_plan describes, without the time that describing takes."""
    return solve(market_of(sources, law, contingency), target)


quick = settings(
    max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.mark.parametrize("name", LOOSER)
@quick
@given(whole_markets(), st.integers(0, 3))
def test_a_looser_limit_never_hurts(name, market, which):
    sources, law, target, contingency = market
    freer, aim = LOOSER[name](sources, which % len(sources), target)
    before, after = solved(sources, law, target, contingency), solved(freer, law, aim, contingency)
    if before.amounts is not None:
        assert after.amounts is not None and after.cost <= before.cost * (1 + 1e-9) + 1e-9


@settings(quick, max_examples=25)
@given(whole_markets())
def test_another_source_never_hurts(market):
    sources, law, target, contingency = market
    last = [s.name for s in sources if s.role == "labels"][-1]
    fewer = tuple(s for s in sources if s.name != last)
    if any(s.min_share or last in s.needs for s in sources):
        fewer = tuple(
            replace(s, needs=tuple(n for n in s.needs if n != last), min_share=0.0) for s in fewer
        )
        sources = tuple(replace(s, needs=(), min_share=0.0) for s in sources)
        fewer = tuple(replace(s, needs=()) for s in fewer)
    # the law keeps its columns: none is bought of a source that is not for sale
    before = solved(fewer, law, target, contingency)
    after = solved(sources, law, target, contingency)
    if before.amounts is not None:
        assert after.amounts is not None and after.cost <= before.cost * (1 + 1e-9) + 1e-9


@settings(quick, max_examples=25)
@given(whole_markets(), st.sampled_from([2.0, 150.0, 1e-3]))
def test_prices_names_and_order_change_nothing_else(market, factor):
    sources, law, target, contingency = market
    base = solved(sources, law, target, contingency)
    dear = solved(
        _scaled_all(sources, factor),
        law,
        replace(target, budget=target.budget * factor),
        contingency,
    )
    assert (dear.amounts is None) == (base.amounts is None)
    turned = solved(sources[::-1], law, target, contingency)
    assert (turned.amounts is None) == (base.amounts is None)
    new = {s.name: f"{s.name} 名" for s in sources}
    renamed = tuple(
        replace(
            s,
            name=new[s.name],
            excludes=tuple(new[n] for n in s.excludes),
            needs=tuple(new[n] for n in s.needs),
        )
        for s in sources
    )
    other_law = replace(
        law, sources=tuple(new[n] for n in law.sources), reference=new[law.reference]
    )
    named = solved(renamed, other_law, target, contingency)
    assert (named.amounts is None) == (base.amounts is None)
    if base.amounts is not None:
        assert dear.cost == pytest.approx(factor * base.cost, rel=1e-9, abs=1e-9)
        assert turned.cost == pytest.approx(base.cost, rel=1e-9, abs=1e-9)
        assert named.cost == pytest.approx(base.cost, rel=1e-9, abs=1e-9)


@settings(quick, max_examples=10)
@given(whole_markets())
def test_frontiers_never_fall_and_agree_with_single_plans(market):
    sources, law, target, contingency = market
    errors = [target.error * f for f in (1.0, 1.05, 1.1)]
    plans = frontier(sources, law, target, errors, contingency=contingency)
    costs = [math.inf if p is None else p.cost for p in plans]
    assert costs == sorted(costs, reverse=True)
    alone = solved(sources, law, target, contingency)
    assert (alone.amounts is not None) == (plans[0] is not None)
    if alone.amounts is not None:
        assert costs[0] == pytest.approx(alone.cost, rel=1e-9, abs=1e-9)
    sure = at_confidences(sources, law, target, (0.5, 0.8), contingency=contingency)
    assert sure[1] is None or (sure[0] is not None and sure[0].cost <= sure[1].cost * (1 + 1e-12))


def _pair():
    law = small.law(("a", "b"), draws=60, biased=("b",))
    return law, [small.source("a", 0.1, most=9000), small.source("b", 0.02, most=9000)]


def test_a_target_above_what_is_reached_already_costs_nothing():
    law, sources = _pair()
    owned = [replace(sources[0], in_hand=2000.0), sources[1]]
    plan = cheapest_plan(owned, law, Target(0.29, 0.8))
    assert plan.reaches and plan.cost == 0 and plan.steps == () and plan.gap == 0
    with pytest.raises(ValueError, match="positive"):
        Target(0.0)


def test_a_tiny_target_is_out_of_reach_and_says_why():
    law, sources = _pair()
    plan = cheapest_plan(sources, law, Target(1e-9, 0.8))
    assert not plan.reaches and any("floor" in each for each in plan.binding)


@pytest.mark.parametrize("confidence", [1e-6, 0.999, 1 - 1e-9])
def test_confidence_near_its_ends(confidence):
    law, sources = _pair()
    plan = cheapest_plan(sources, law, Target(0.27, confidence))
    every = bool((law.errors(plan.totals(law.sources)[None])[:, 0] <= 0.27).all())
    assert plan.reaches == (plan.probability >= confidence)
    if confidence > 0.99 and plan.reaches:
        assert every
    if confidence < 0.01:
        assert plan.reaches


@pytest.mark.parametrize("draws", [1, 60])
def test_no_sources_zero_prices_and_zero_caps(draws):
    law, sources = _pair()
    law = law if draws > 1 else law.best_guess()
    target = Target(0.25, 0.8)
    empty = cheapest_plan([], law, target)
    assert not empty.reaches and empty.cost == 0 and empty.steps == ()
    assert frontier([], law, target, [0.3]) == (None,)
    assert least_error_plan([], law, target).cost == 0
    free = [small.source("a", 0.0, most=9000), small.source("b", 0.0, most=9000)]
    plan = cheapest_plan(free, law, replace(target, budget=0.0))
    assert plan.reaches and plan.cost == 0 and plan.gap == 0
    shut = cheapest_plan([small.source("a", most=0), small.source("b", most=0)], law, target)
    assert not shut.reaches and any("nothing can be had" in each for each in shut.binding)


@pytest.mark.parametrize("draws", [1, 60])
def test_a_million_million_examples(draws):
    law, _ = _pair()
    law = law if draws > 1 else law.best_guess()
    vast = [small.source("a", 1e-6, most=1e12, batch=1), small.source("b", 1.0, most=1e12, batch=1)]
    plan = cheapest_plan(vast, law, Target(0.2, 0.8))
    assert plan.reaches and 0 < plan.cost < 1e6 and plan.bound <= plan.cost


def test_equal_sources_under_one_draw_are_proven():
    names = tuple(f"s{k}" for k in range(12))
    law = small.law(names, draws=60).best_guess()
    same = replace(
        law.mix,
        quality=law.mix.quality * 0 + 1,
        saturation=law.mix.saturation * 0 + 0.95,
        speed=law.mix.speed * 0,
    )
    law = replace(law, mix=same)
    sources = [small.source(n, 0.2, fee=60.0, most=3000, batch=10) for n in names]
    plan = cheapest_plan(sources, law, Target(0.18, 0.8))
    assert plan.reaches and plan.gap is not None and plan.gap <= 1e-4
    assert cheapest_plan(sources[::-1], law, Target(0.18, 0.8)).cost == plan.cost
