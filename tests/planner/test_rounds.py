"""Rounds follow from the law's draws: legal orders, at the plan's chance, at no more than its cost;
compared with every policy there is where these can be counted.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner import policy
from planner.optimise import cheapest_plan
from planner.plan import Plan, Step, Target
from planner.policy import Rule, at_once, best_rule, chain_of, onward, play, priced
from planner.preposterior import Sight, scores, sight
from planner.ray import SEEDS, Ray, ray_of
from planner.rounds import path
from tests.planner import small


@pytest.fixture(scope="module")
def study():
    law = small.law(("a", "b"), biased=("b",), draws=300)
    sources = [
        small.source("a", 0.5, fee=50.0, most=100_000, batch=10, per_week=2000, lead_weeks=1.0),
        small.source("b", 0.02, fee=20.0, most=100_000, batch=10, per_week=5000),
    ]
    plan = cheapest_plan(sources, law, Target(0.2, 0.8), contingency=0.1)
    return sources, law, plan


def buying(sources, quantities, target=None):
    """A plan that buys these amounts, its figures left out."""
    steps = tuple(
        Step(s, q, s.fees(), float(s.cost(q)) - s.fees(), 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0)
        for s, q in zip(sources, quantities, strict=True)
    )
    return Plan(target or Target(0.2, 0.8), steps, True, 0.8, (0.1, 0.2, 0.3), None, ())


def test_rounds_cost_less_than_one_purchase_at_the_same_chance(study):
    _, law, plan = study
    found = path(law, plan, 0.1)
    assert len(found.rounds) >= 2
    assert found.expected_cost < found.one_shot_cost == plan.cost
    assert found.probability >= plan.probability - 1e-9
    assert found.price_of_missing > 0
    spent = np.cumsum([r.cost for r in found.rounds])
    assert [r.cumulative_cost for r in found.rounds] == pytest.approx(list(spent))
    assert [r.reached for r in found.rounds] == sorted(r.reached for r in found.rounds)
    assert [r.needed for r in found.rounds] == sorted(r.needed for r in found.rounds)[::-1]
    assert found.rounds[0].needed == pytest.approx(1.0)


def test_the_calendar_runs_on(study):
    sources, law, plan = study
    rounds = path(law, plan, 0.1, measure_weeks=2.0).rounds
    week = 0.0
    for each in rounds:
        assert each.order_week == pytest.approx(week)
        named = {source.name: source for source in sources}
        taken = max(named[n].limits.weeks(q, week) for n, q in each.purchases.items() if q)
        assert each.arrival_week == pytest.approx(week + taken)
        week = each.end_week
    assert rounds[0].end_week == pytest.approx(rounds[0].arrival_week + 2.0)
    assert rounds[-1].end_week == rounds[-1].arrival_week


def test_rounds_keep_the_weeks_and_none_is_left_where_time_is_short(study):
    _, law, plan = study
    last = path(law, plan, 0.1).rounds[-1].arrival_week
    for weeks in (plan.weeks, plan.weeks + 1.5, (plan.weeks + last) / 2, last):
        limited = replace(plan, target=replace(plan.target, weeks=weeks))
        found = path(law, limited, 0.1)
        assert all(each.arrival_week <= weeks + 1e-6 for each in found.rounds)
    short = replace(plan, target=replace(plan.target, weeks=plan.weeks))
    (only,) = path(law, short, 0.1, measure_weeks=plan.weeks).rounds
    assert only.purchases == plan.amounts
    assert only.reached == pytest.approx(plan.probability)


@pytest.mark.parametrize("run_cost", [0.0, 10.0, 60.0])
def test_purchases_and_runs_keep_the_budget_together(study, run_cost):
    _, law, plan = study
    for budget in (plan.cost, plan.cost + 100, plan.cost * 1.3):
        limited = replace(plan, target=replace(plan.target, budget=budget))
        ray = ray_of(law, limited, 0.1, run_cost=run_cost)
        played = best_rule(ray)
        assert played.paid.max() <= budget * (1 + 1e-6)
        found = path(law, limited, 0.1, run_cost=run_cost)
        assert all(each.cumulative_cost <= budget * (1 + 1e-6) for each in found.rounds)
    assert len(path(law, plan, 0.1, run_cost=run_cost).rounds) >= 2


def test_what_a_measurement_decides_is_in_order(study):
    _, law, plan = study
    found = path(law, plan, 0.1)
    for each in found.rounds[:-1]:
        if each.done_below is not None:
            assert each.done_below < each.buy_at
            assert each.done_below <= plan.target.error * 1.02
        if each.stop_above is not None:
            assert each.stop_above > each.buy_at
        assert "buy the next round" in each.decision
    assert "plan again" in found.rounds[-1].decision
    assert sum(each.stopped for each in found.rounds) == pytest.approx(found.stopped)


@settings(max_examples=12)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 10, 250]), st.sampled_from([1, 400, 3000]), st.integers(0, 90)
        ),
        min_size=1,
        max_size=2,
    )
)
def test_every_round_is_a_legal_order_and_buys(orders):
    law, sources, quantities = small.law(("a", "b"), draws=60), [], []
    for name, (batch, least, more) in zip("ab", orders, strict=False):
        tiers = ((900, 0.3),)
        limits = {"batch": batch, "min_order": least, "most": 1e6, "tiers": tiers}
        source = small.source(name, 0.5, fee=40.0, **limits)
        sources.append(source)
        quantities.append(float(source.limits.smallest + more * batch))
    plan = buying(sources, quantities)
    found = path(law, plan, 0.0)
    held = dict.fromkeys((s.name for s in sources), 0.0)
    for number, each in enumerate(found.rounds):
        assert any(each.purchases.values())
        before = sum(float(s.cost(held[s.name])) for s in sources)
        for source in sources:
            order = each.purchases[source.name]
            assert order == 0 or order >= source.limits.smallest
            assert order % source.limits.batch == 0
            assert order > 0 or number > 0, "fees fall due in the first round"
            held[source.name] += order
        after = sum(float(s.cost(held[s.name])) for s in sources)
        assert each.cost == pytest.approx(after - before), "tiers run on"
    assert found.expected_cost <= plan_cost(plan) * (1 + 1e-9)


def plan_cost(plan):
    return sum(float(step.source.cost(step.quantity)) for step in plan.steps)


def test_a_plan_too_small_to_be_split_is_one_round():
    law = small.law(("a",), draws=30)
    source = small.source("a", 0.5, batch=500, min_order=5000, most=5000)
    (only,) = path(law, buying([source], [5000.0]), 0.0).rounds
    assert only.purchases == {"a": 5000.0}


def test_a_plan_that_buys_nothing_has_no_rounds(study):
    _, law, plan = study
    assert path(law, replace(plan, steps=()), 0.1).rounds == ()


def test_one_draw_without_noise_is_bought_exactly():
    law = small.law(("a",), draws=3).pick(np.array([1]))
    law = replace(law, noise=np.zeros((1, 1)))
    source = small.source("a", 0.5, fee=10.0, batch=1, most=1e6)
    plan = cheapest_plan([source], law, Target(0.25, 0.8))
    found = path(law, plan, 0.0)
    (only,) = found.rounds
    assert only.purchases == plan.amounts
    assert law.errors([[plan.amounts["a"]]])[0, 0] <= 0.25
    assert law.errors([[plan.amounts["a"] - 1]])[0, 0] > 0.25
    assert found.expected_cost == pytest.approx(plan.cost)


def test_more_rounds_never_cost_more(study):
    _, law, plan = study
    ray = ray_of(law, plan, 0.1)
    costs = [best_rule(ray, rounds).cost for rounds in (1, 2, 3, 4)]
    assert costs == sorted(costs)[::-1]
    assert costs[0] == pytest.approx(plan.cost)


def test_dearer_measurements_are_asked_for_less_often(study):
    _, law, plan = study
    cheap, dear = path(law, plan, 0.1), path(law, plan, 0.1, run_cost=plan.cost)
    assert len(cheap.rounds) > len(dear.rounds) == 1


def test_currency_names_and_order_change_nothing(study):
    sources, law, plan = study
    found = path(law, plan, 0.1)
    dearer = [
        replace(
            s,
            lines=tuple(
                replace(x, fixed=7 * x.fixed, unit_price=7 * x.unit_price) for x in s.lines
            ),
        )
        for s in sources
    ]
    steps = {s.name: s for s in dearer}
    sevenfold = replace(
        plan, steps=tuple(replace(step, source=steps[step.source.name]) for step in plan.steps)
    )
    other = path(law, sevenfold, 0.1)
    assert other.expected_cost == pytest.approx(7 * found.expected_cost, rel=1e-6)
    assert [r.purchases for r in other.rounds] == [r.purchases for r in found.rounds]
    turned = replace(plan, steps=plan.steps[::-1])
    again = path(law.with_order(law.sources[::-1]), turned, 0.1)
    assert again.expected_cost == pytest.approx(found.expected_cost)
    assert [r.purchases for r in again.rounds] == [r.purchases for r in found.rounds]


def test_what_is_in_reach_for_sure_is_never_given_up():
    law = small.floorless(small.law(("a",), draws=90))
    source = small.source("a", 0.5, fee=10.0, batch=1, most=1e12)
    target = Target(0.25, 0.8)
    plan = cheapest_plan([source], law, target)
    ray = ray_of(law, plan, 0.0)
    assert (ray.need < ray.states).all(), "every draw is within the ray"
    for price in (1e-6, 1.0, 1e6):
        missing = price * ray.spent[-1]
        chain = chain_of(ray, Rule(ray.plan // 2, 3, missing))
        assert not play(ray, chain, missing).stopped.any()


# -- tiny cases, all policies counted -------------------------------------------------------------


def tiny(seed, draws=4, states=5, noise=1e-4):
    """A ray of a few states and draws whose curves are told apart by any measurement."""
    rng = np.random.default_rng(seed)
    source = small.source("a", 1.0, batch=1, most=1000)
    bought = np.concatenate([[0.0], np.cumsum(rng.integers(1, 9, states - 1))])[:, None]
    need = rng.permutation(np.arange(draws) % (states + 1))
    need = np.where(need == 0, states, need)
    steps = rng.uniform(0.05, 0.3, (draws, states)).cumsum(axis=1)
    log_error = -steps
    for j in range(draws):  # falls below log 1 = 0, the target, at its need
        level = steps[j, need[j]] if need[j] < states else steps[j, -1] + 0.1
        log_error[j] = level - steps[j] - 1e-9
    weights = np.full(draws, 1 / draws)
    seen = Sight(log_error, np.full((draws, states), noise**2), weights)
    spent = bought[:, 0].copy()
    return Ray((source,), bought, spent, states - 2, seen, need, bought[:, 0], math.inf, 0.0, 0.0)


def certain(ray, first, price):
    """Cost and success of the best second purchase in every draw, when draws are told apart."""
    paid, met = [], []
    for need in ray.need:
        options = [first, *range(first + 1, ray.states)]
        if need <= ray.states - 1 and need > first:
            options = options[1:]  # in reach for sure: not given up
        value = [ray.spent[g] + price * (need > g) for g in options]
        at = options[int(np.argmin(value))]
        paid.append(ray.spent[at])
        met.append(need <= at)
    return np.mean(paid), np.mean(met)


@pytest.mark.parametrize("seed", range(8))
def test_two_rounds_against_every_policy(seed, monkeypatch):
    """Draws that one measurement tells apart: the second purchase is known exactly."""
    ray = tiny(seed)
    # with so few draws a truth must be allowed to recognise itself
    own = Sight.posterior
    monkeypatch.setattr(Sight, "posterior", lambda self, logs, truth=None: own(self, logs))
    monkeypatch.setattr("planner.preposterior.LEAST_EFFECTIVE", 0.0)
    for first in range(1, ray.plan):
        chain = chain_of(ray, Rule(first, 2))
        for price in (0.5, 3.0, 10.0, 100.0):
            played = play(ray, chain, price)
            cost, success = certain(ray, first, price)
            assert played.cost == pytest.approx(cost), (first, price)
            assert played.success == pytest.approx(success)
    # of all first purchases and prices the cheapest that succeeds as often as the plan
    wanted = at_once(ray).success
    if wanted == 0:
        return
    known = [
        certain(ray, first, price)
        for first in range(1, ray.plan)
        for price in np.geomspace(1e-2, 1e4, 200)
    ]
    best = min(
        [cost for cost, success in known if success >= wanted - 1e-12] + [ray.spent[ray.plan]]
    )
    monkeypatch.setattr(policy, "WORTH", 0.0)
    assert best_rule(ray, 2).cost == pytest.approx(best)


def test_the_price_of_missing_is_the_least_that_succeeds(study):
    _, law, plan = study
    ray = ray_of(law, plan, 0.1)
    chain = chain_of(ray, Rule(max(1, ray.plan // 2), 2), 200)
    found = priced(ray, chain, 0.7)
    assert found.success >= 0.7
    assert play(ray, chain, found.price / 2).success < 0.7
    assert priced(ray, chain, 1.0 + 1e-6) is None


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("run_cost", [0.0, 1.0])
def test_what_is_to_come_against_every_sequence_of_orders(seed, run_cost):
    ray = replace(tiny(seed, draws=6, states=6), run_cost=run_cost)
    chance = np.searchsorted(np.sort(ray.need), np.arange(ray.states), side="right") / 6
    missed, price, most = 1 - chance, 25.0, 3
    found = onward(ray, chance[None, :], price, most)[0]
    for state in range(ray.states):
        costs = [missed[state] * price]
        for orders in range(1, most + 1):
            for ahead in itertools.combinations(range(state + 1, ray.states), orders):
                # bought while the target is missed; measured while another order may follow
                at = (state, *ahead)
                steps = [
                    missed[a] * (ray.spent[b] - ray.spent[a] + (most - k > 1) * SEEDS * run_cost)
                    for k, (a, b) in enumerate(itertools.pairwise(at))
                ]
                costs.append(sum(steps) + missed[at[-1]] * price)
        assert found[state] == pytest.approx(min(costs), rel=1e-5, abs=1e-5)


# -- stopping -------------------------------------------------------------------------------------


def test_a_project_out_of_reach_is_stopped_early_and_says_what_is_lost():
    """A fifth of the draws never meet the target, and a measurement tells which: those are given up
    after the first purchase, and their cost is what is lost."""
    law = small.law(("a",), draws=200)
    law = replace(law, noise=np.full((200, 1), 1e-4))
    source = small.source("a", 0.5, fee=100.0, batch=1, most=6000)
    plan = cheapest_plan([source], law, Target(0.21, 0.6))
    ray = ray_of(law, plan, 0.0)
    hopeless = float(law.weights @ (ray.need == ray.states))
    assert 0.1 < hopeless < 0.4, "the limits decide some draws"
    played = best_rule(ray)
    stopped = played.stopped.any(axis=0)
    assert stopped.any()
    beyond = ray.need[played.truths] > ray.plan
    assert beyond[stopped].mean() > beyond.mean() + 0.2, "given up where it is out of reach"
    assert played.weights @ (stopped & played.met) <= 0.05
    lost = played.paid[stopped].mean()
    assert played.lost(ray, stopped) == pytest.approx(lost)
    assert lost < plan.cost, "stopped early"
    found = path(law, plan, 0.0)
    assert found.stopped == pytest.approx(stopped.mean(), abs=1e-9)
    assert found.lost == pytest.approx(lost)
    assert sum(r.stopped * r.lost for r in found.rounds if r.stopped) == pytest.approx(
        found.stopped * found.lost
    )
    assert found.rounds[0].stop_above is not None
    # where nothing is within reach there is no rule but the plan
    never = replace(ray, need=np.full_like(ray.need, ray.states))
    assert best_rule(never).success == 0.0


# -- rules ----------------------------------------------------------------------------------------


def shared(seed=0, **rule):
    law = small.law(("a", "b"), draws=60, seed=seed)
    a = small.source("a", 0.5, batch=7, min_order=140, most=1e6)
    b = small.source("b", 0.1, batch=50, min_order=100, most=1e6)
    return law, [replace(a, in_hand=300.0, **rule), b]


@pytest.mark.parametrize("rule", [{"min_share": 0.3}, {"max_share": 0.4}])
def test_what_is_owned_after_each_round_keeps_the_rules_on_shares(rule):
    law, sources = shared(**rule)
    plan = cheapest_plan(sources, law, Target(0.21, 0.8))
    assert {"a", "b"} >= set(plan.amounts)
    assert "b" in plan.amounts
    ray = ray_of(law, plan, 0.0, market=sources)
    owned = np.array([plan.used_in_hand.get(s.name, 0.0) for s in ray.sources])
    rows = ray.bought[1:] + owned
    in_hand = plan.used_in_hand.get("a", 0.0)
    first = [i for i, s in enumerate(ray.sources) if s.name == "a"]
    of_a = rows[:, first[0]] if first else np.full(len(rows), in_hand)
    share = of_a / (rows.sum(axis=1) + (0.0 if first else in_hand))
    assert len(rows) > 5
    assert (share >= rule.get("min_share", 0.0) - 1e-6).all()
    assert (share <= rule.get("max_share", 1.0) + 1e-6).all()
    free = ray_of(
        law, plan, 0.0, market=[replace(s, min_share=0.0, max_share=1.0) for s in sources]
    )
    assert free.states > ray.states, "the rule forbids some"
    found = path(law, plan, 0.0, sources=sources)
    assert found.expected_cost <= plan.cost * (1 + 1e-9)


def test_a_share_that_no_smaller_purchase_keeps_leaves_one_round():
    law, sources = shared(max_share=0.2)
    a, b = sources
    # 300 of a in hand: the share holds from 1,200 of b on
    plan = buying([b], [1200.0])
    plan = replace(plan, used_in_hand={"a": 300.0})
    (only,) = path(law, plan, 0.0, sources=[a, b]).rounds
    assert only.purchases == {"b": 1200.0}


# -- reweighting ----------------------------------------------------------------------------------


def test_reweighting_is_bayes_rule_where_draws_are_many():
    rng = np.random.default_rng(0)
    center, variance = rng.normal(0, 1, (500, 1)), np.full((500, 1), 0.25)
    seen = Sight(center, variance, np.full(500, 1 / 500))
    measured = np.array([0.3, -0.5])
    found = seen.posterior(seen.log_likelihood(measured, np.zeros(2, dtype=int)))
    for y, weights in zip(measured, found, strict=True):
        exact = np.exp(-0.5 * (y - center[:, 0]) ** 2 / 0.25)
        assert weights == pytest.approx(exact / exact.sum(), rel=1e-3, abs=1e-7)
        # conjugate: prior N(0, 1), noise 0.25
        assert weights @ center[:, 0] == pytest.approx(y / 1.25, abs=0.1)


def test_a_truth_never_judges_itself_and_few_draws_never_decide():
    law = small.law(("a",), draws=300)
    seen = sight(replace(law, noise=np.full((300, 1), 1e-6)), np.array([[2000.0]]), 3)
    truth, row = np.arange(300), np.zeros(300, dtype=int)
    measured = seen.measured(truth, row, scores(1, 300)[0])
    found = seen.posterior(seen.log_likelihood(measured, row), truth)
    assert (found[truth, truth] == 0).all()
    assert found.sum(axis=1) == pytest.approx(np.ones(300), rel=1e-5)
    assert (1 / (found**2).sum(axis=1) >= 20).all()
