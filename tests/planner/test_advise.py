"""Advice: worth is recomputed by brute force, laws any advice obeys, and that following it pays."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner import advise as module
from planner.advise import advisable, advise, blind, candidates, stand_of, weigh
from planner.choices import choices, meets
from planner.cli import main
from planner.diagnose import diagnose
from planner.listings.advise import advise_parts, advise_tables
from planner.optimise import cheapest_plan
from planner.pilots import Pilots
from planner.plan import Plan, Target
from planner.preposterior import sight
from planner.rounds import path
from planner.rules import rules_of
from planner.screen import rendered
from planner.trials import FIRST_ROUND, Pilot, trials
from sources.base import CostLine, Limits, Source
from tests.planner import small

TRUTHS = 200


def study_of(law, sources, aim, run_cost=5.0, contingency=0.1, measure_weeks=1.0, pilots=None):
    """What advise reads of a study."""
    plan = cheapest_plan(sources, law, aim, contingency=contingency, prove=False)
    inputs = SimpleNamespace(
        sources=tuple(sources),
        pilots=pilots,
        models=(),
        target=aim,
        contingency=contingency,
        run_cost=run_cost,
        measure_weeks=measure_weeks,
        name="Sample",
        currency="EUR",
    )
    diagnosis = diagnose(law, aim, plan, sources)
    return SimpleNamespace(
        inputs=inputs, law=law, plan=plan, frontier=(), best_guess=None, diagnosis=diagnosis,
        path=None,
    )  # fmt: skip


def studied(draws=400, seed=0, target=0.2, budget=math.inf, run_cost=5.0, currency=1.0):
    """A dear source that is known, a cheap one that may be biased."""
    law = small.law(("dear", "cheap"), draws=draws, seed=seed, biased=("cheap",))
    law = replace(law, noise=np.full((draws, 1), 0.02))
    sources = (
        small.source("dear", 1.0 * currency, fee=100.0 * currency, most=1e6, batch=10),
        small.source("cheap", 0.2 * currency, fee=60.0 * currency, most=1e6, batch=10),
    )
    aim = Target(target, 0.8, budget * currency)
    return study_of(law, sources, aim, None if run_cost is None else run_cost * currency)


def pilot_of(source, examples, bought, repeats, data=0.0, run_cost=0.0, ready=0.0):
    return Pilot(
        {source: examples}, {source: bought} if bought else {}, repeats, data, run_cost, ready
    )


def need_law(needs, noise=0.01):
    """A law of one source `a`, as a power with exponent a half: draw d meets .2 at `needs[d]`."""
    needs = np.asarray(needs, float)
    law = small.law(("a",), draws=3)
    draws = len(needs)
    theta = np.stack([0.2 * np.sqrt(needs / 500.0), np.full(draws, 0.5)], 1)
    one, none = np.ones((draws, 1)), np.zeros((draws, 1))
    mix = replace(
        law.mix, quality=one, saturation=one, excess=none, speed=none,
        text=np.zeros((draws, 0, 4)),
    )  # fmt: skip
    return replace(
        law,
        members=(replace(law.members[0], theta=theta),),
        mix=mix,
        log_speed=none,
        reach=np.full((draws, 1), 500.0),
        noise=np.full((draws, 1), noise),
        weights=np.full(draws, 1.0 / draws),
    )


def seller(name="a", price=1.0, fee=0.0, **limits):
    known = {"max_examples": 1e6, "per_week": 1e6, **limits}
    return Source(name, "plain", (CostLine("labels", fee, price),), Limits(**known))


@pytest.fixture(scope="module")
def study():
    return studied()


@pytest.fixture(scope="module")
def advice(study):
    return advise(study, truths=TRUTHS)


def test_the_listed_choices_hold_the_plan_and_cost_what_sources_say(study):
    stand = stand_of(study)
    listed, at = stand.listed, stand.now
    assert listed.cost[at] == pytest.approx(study.plan.cost)
    assert float(study.law.weights @ listed.met[:, at]) == pytest.approx(study.plan.probability)
    for row, cost in zip(listed.bought, listed.cost, strict=True):
        each = zip(listed.sources, row, strict=True)
        assert cost == pytest.approx(1.1 * sum(float(s.cost(q)) for s, q in each))
    assert listed.cost[0] == 0 and not listed.met[:, 0].any()


def test_the_best_purchase_now_is_the_plan(study):
    """Also where the plan was made surer than the target asks, as it is for budget or speed."""
    surer = cheapest_plan(
        study.inputs.sources, study.law, replace(study.plan.target, confidence=0.9),
        contingency=0.1, prove=False,
    )  # fmt: skip
    plan = replace(surer, target=study.plan.target)
    found = advise(SimpleNamespace(**{**vars(study), "plan": plan}), truths=50)
    assert found.cost == pytest.approx(plan.cost)
    assert found.probability == pytest.approx(plan.probability) and found.probability >= 0.9 - 1e-6


def ruled_market(seed):
    """A few sources with shares, companions, batches and data in hand, and a target."""
    rng = np.random.default_rng(seed)
    names = ("a", "b", "c")[: rng.integers(1, 4)]
    law = small.coarse(small.law(names, draws=30, seed=seed), 500.0)
    found = []
    for name in names:
        rest = [other for other in names if other != name]
        excludes, needs = (
            (str(rng.choice(rest)),) if rest and rng.random() < 0.3 else () for _ in range(2)
        )
        made = small.source(
            name,
            float(rng.choice([5.0, 25.0, 100.0])),
            fee=float(rng.choice([0.0, 30.0])),
            most=int(rng.integers(0, 7)),
            batch=int(rng.choice([1, 1, 2])),
        )
        made = replace(
            made,
            in_hand=float(rng.integers(0, 6)),
            min_share=float(rng.choice([0.0, 0.0, 0.2, 0.4])),
            max_share=float(rng.choice([1.0, 1.0, 0.75, 0.5])),
            excludes=excludes,
            needs=needs,
        )
        found.append(made)
    budget = float(rng.choice([math.inf, 300.0]))
    return tuple(found), law, Target(float(rng.choice([0.28, 0.25, 0.22])), 0.8, budget)


@pytest.mark.parametrize("seed", range(24))
def test_every_choice_keeps_rules_limits_and_budget(seed):
    sources, law, aim = ruled_market(seed)
    plan = cheapest_plan(sources, law, aim, prove=False)
    listed = choices(law, sources, [plan], aim, plan.used_in_hand, 0.0)
    rules = rules_of(sources, law.sources)
    whole = np.zeros_like(listed.totals)
    whole[:, listed.columns] = listed.bought
    keeps = rules.allowed(listed.totals, whole) | (listed.bought == 0).all(axis=1)
    assert keeps.all()
    assert (listed.cost <= aim.budget * (1 + 1e-9)).all()
    assert listed.number(plan, law.sources) is not None
    for k, source in enumerate(listed.sources):
        own = listed.bought[:, k]
        assert ((own == 0) | (own >= source.limits.smallest)).all()
        assert np.allclose(own % source.limits.batch, 0)
        assert (own <= source.limits.available()).all()


def test_shares_leave_purchases_to_choose_from():
    """A share limit, data in hand, batches: still purchases smaller and larger than the plan."""
    law = small.law(("dear", "cheap"), draws=200)
    sources = (
        seller("dear", 2.0),
        replace(seller("cheap", 0.05, batch=50), max_share=0.3, in_hand=400.0),
    )
    aim = Target(0.24, 0.8)
    plan = cheapest_plan(sources, law, aim, prove=False)
    listed = choices(law, sources, [plan], aim, plan.used_in_hand, 0.0)
    assert (listed.cost < plan.cost * 0.99).sum() >= 10
    assert (listed.cost > plan.cost * 1.01).sum() >= 10
    assert listed.cheapest(law.weights, 0.8) is not None
    cheapest = listed.cost[listed.cheapest(law.weights, 0.8)]
    assert cheapest >= plan.cost * 0.98, "nothing illegal undercuts the plan"


def test_worth_against_brute_force(study, monkeypatch):
    """One candidate, every truth by a loop over plain Bayes, without gate or single precision."""
    monkeypatch.setattr("planner.preposterior.LEAST_EFFECTIVE", 0.0)
    stand, law = stand_of(study), study.law
    pilot = pilot_of("cheap", 1500.0, 1500.0, 3, 1.1 * 360.0)
    found = weigh(stand, pilot, truths=len(law.weights))
    listed, seen = stand.listed, sight(law, np.array([[0.0, 1500.0]]), 3)
    order = np.argsort(stand.need, kind="stable")
    normal = module.scores(1, len(order))[0]
    source = listed.sources[1]
    costs, met, chosen, open_ = [], [], [], []
    for k, (bought, cost) in enumerate(zip(listed.bought, listed.cost, strict=True)):
        if 0 < bought[1] - 1500.0 < source.limits.smallest:
            continue  # what is missing is no legal order
        whole = cost - 1.1 * float(source.cost(bought[1]))
        whole += 1.1 * float(source.cost(max(bought[1], 1500.0)))
        open_.append((k, whole - 1.1 * float(source.cost(1500.0))))
    for truth, score in zip(order, normal, strict=True):
        y = seen.log_error[truth, 0] + math.sqrt(seen.variance[truth, 0]) * score
        weight = np.exp(-0.5 * (y - seen.log_error[:, 0]) ** 2 / seen.variance[:, 0])
        weight /= np.sqrt(seen.variance[:, 0])
        after = np.flatnonzero(order == truth)[0] + 1
        weight[order[after] if after < len(order) else order[-2]] *= 2.0
        weight[truth] = 0.0
        weight /= weight.sum()
        values = [
            (left + found.price * (1 - weight @ listed.met[:, k]), left, k) for k, left in open_
        ]
        _, left, k = min(values)
        costs.append(left)
        met.append(listed.met[truth, k])
        chosen.append(k)
    # without a pilot: the cheapest lottery between two purchases at the same chance
    chance, cheapest = listed.met[order].mean(axis=0), math.inf
    reached = found.probability
    for a, low in enumerate(chance):
        for b, high in enumerate(chance):
            if low <= reached <= high:
                part = 0.0 if high == low else (reached - low) / (high - low)
                cheapest = min(cheapest, (1 - part) * listed.cost[a] + part * listed.cost[b])
    assert np.mean(met) == pytest.approx(reached, abs=0.01)
    assert found.worth == pytest.approx(cheapest - np.mean(costs), rel=0.03)
    assert found.keeps and found.changes == pytest.approx(
        np.mean(np.array(chosen) != stand.now), abs=0.02
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.floats(0, 1))
def test_without_a_pilot_a_chance_costs_what_the_best_lottery_costs(seed, count, wanted):
    rng = np.random.default_rng(seed)
    met = (rng.random((12, count)) < rng.random(count)).astype(float)
    cost = rng.integers(0, 6, count).astype(float)
    met[:, 0], cost[0] = 0.0, 0.0
    chance = met.mean(axis=0)
    wanted = min(wanted, chance.max())
    best = math.inf
    for a in range(count):
        for b in range(count):
            if chance[a] <= wanted <= chance[b]:
                part = 0.0
                if chance[b] > chance[a]:
                    part = (wanted - chance[a]) / (chance[b] - chance[a])
                best = min(best, cost[a] + part * (cost[b] - cost[a]))
    found = blind(met, cost, wanted)
    assert found.cost == pytest.approx(best, abs=1e-4)
    assert found.met.mean() >= wanted - 1e-5 and found.slope >= 0


def _two_sizes(small_share):
    """Cost is not convex in the chance: some truths need 100 examples, the others 10,000."""
    rng, first = np.random.default_rng(1), int(1000 * small_share)
    return np.concatenate(
        [
            100 * np.exp(rng.normal(0, 0.05, first)),
            10_000 * np.exp(rng.normal(0, 0.05, 1000 - first)),
        ]
    )


@pytest.mark.parametrize(
    ("needs", "confidence", "fee"),
    [
        (1000 * np.exp(np.random.default_rng(0).normal(0, 1, 1000)), 0.8, 0.0),
        (_two_sizes(0.4), 0.7, 0.0),
        (_two_sizes(0.7), 0.8, 0.0),
        (_two_sizes(0.4), 0.7, 20_000.0),
    ],
)
def test_a_pilot_that_shows_nothing_is_worth_nothing(needs, confidence, fee):
    blind_law = need_law(needs, noise=100.0)
    study = study_of(blind_law, [seller(fee=fee)], Target(0.2, confidence), 0.0, 0.0)
    stand = stand_of(study)
    for size, repeats in ((1000.0, 1), (4000.0, 3)):
        found = weigh(stand, pilot_of("a", size, 0.0, repeats))
        assert abs(found.worth) <= 2 * found.error + 0.005 * study.plan.cost
        assert not advisable(found)


def test_what_splits_the_truths_is_worth_what_it_saves():
    """40% need 100 examples and the others 10,000: whoever knows saves 9,900 of each of the 40%."""
    law = need_law(_two_sizes(0.4), noise=0.1)
    study = study_of(law, [seller()], Target(0.2, 0.99), 0.0, 0.0)
    found = weigh(stand_of(study), pilot_of("a", 1000.0, 0.0, 3))
    assert found.worth == pytest.approx(0.4 * (study.plan.cost - 110), rel=0.1)


def test_repeats_and_size_cost_what_they_cost(study, advice):
    for each in advice.candidates:
        (source,) = (s for s in study.inputs.sources if s.name == each.name)
        assert each.cost == pytest.approx(1.1 * float(source.cost(each.bought)) + 5 * each.repeats)
        assert each.bought == 0 or each.bought >= source.limits.smallest
        assert each.bought % source.limits.batch == 0
    gains = [each.gain for each in advice.candidates if each.gain is not None and each.keeps]
    assert gains == sorted(gains)[::-1]
    assert (
        advice.best is None
        or advice.best is advice.candidates[0]
        or not advisable(advice.candidates[0])
    )


def test_a_pilot_is_no_larger_than_its_source():
    """800 have been tried of the 1,000 there are, and of the 300 beside 500 in hand."""
    law = small.law(("a", "b"), draws=30)
    sources = (
        seller("a", most := 1.0),
        replace(seller("b", most, max_examples=300), in_hand=500.0),
    )
    sources = (
        replace(sources[0], limits=replace(sources[0].limits, max_examples=1000)),
        sources[1],
    )
    runs = Pilots(("a", "b"), np.array([[800.0, 0.0], [0.0, 400.0]]), np.array([0.3, 0.3]))
    inputs = study_of(law, sources, Target(0.2), pilots=runs).inputs
    nothing = Plan(Target(0.2), (), False, 0.0, (0.3, 0.3, 0.3), None, ())
    found = trials(law, inputs, nothing)
    sizes = {name: {p.examples for p in found if p.name == name} for name in ("a", "b")}
    assert sizes == {"a": {800.0, 1000.0}, "b": {500.0, 800.0}}
    assert {p.bought for p in found if p.name == "a"} == {0.0, 200.0}
    endless = replace(sources[0], limits=replace(sources[0].limits, max_examples=math.inf))
    found = trials(law, study_of(law, [endless], Target(0.2), pilots=runs).inputs, nothing)
    assert {p.examples for p in found} == {800.0, 1600.0, 3200.0, 6400.0}


def test_text_is_a_candidate_beside_labels():
    law = small.law(("a",), draws=60, texts=("t",))
    text = replace(small.source("t", 0.001, fee=10.0, most=8000, batch=1), role="text")
    study = study_of(law, (seller(), text), Target(0.24, 0.8))
    study.inputs.pilots = Pilots(("a", "t"), np.array([[500.0, 0.0]]), np.array([0.3]))
    found = [p for p in candidates(study) if "t" in p.orders]
    assert {p.bought for p in found} == {8000.0, 2000.0, 500.0}
    assert all(p.trained["a"] == 500.0 and p.name == "a + t" for p in found)
    listed = stand_of(study).listed
    k = [s.name for s in listed.sources].index("t")
    assert (listed.bought[:, k] > 0).any() and (listed.bought[:, k] == 0).any()
    weighed = weigh(stand_of(study), found[0], truths=50)
    assert math.isfinite(weighed.worth)


def test_the_first_round_of_the_path_is_a_candidate():
    study = studied(run_cost=1.0)
    study.path = path(study.law, study.plan, 0.1, measure_weeks=1.0, run_cost=1.0)
    assert len(study.path.rounds) > 1
    (first,) = (p for p in advise(study, truths=50).candidates if p.name == FIRST_ROUND)
    assert first.worth is not None, "it is never screened out"
    assert first.orders == {n: q for n, q in study.path.rounds[0].purchases.items() if q > 0}
    assert first.cost == pytest.approx(study.path.rounds[0].cost)


def test_what_cannot_be_measured_in_time_is_no_candidate():
    law = need_law(1000 * np.exp(np.random.default_rng(0).normal(0, 1, 300)))
    slow = seller(lead_weeks=4.0, per_week=1000.0)
    study = study_of(law, [slow], Target(0.2, 0.5, weeks=6.0), 0.0, 0.0, measure_weeks=2.0)
    assert [p for p in candidates(study) if p.orders] == []


def test_a_pilot_after_which_nothing_arrives_saves_nothing():
    """Weeks for a pilot or for what follows it, not for both: without weeks it is worth much."""
    law = need_law(1000 * np.exp(np.random.default_rng(0).normal(0, 1, 300)))
    slow = seller(lead_weeks=4.0, per_week=100_000.0)
    aim = Target(0.2, 0.8, weeks=6.5)
    study = study_of(law, [slow], aim, 0.0, 0.0, measure_weeks=1.0)
    assert study.plan.reaches
    stand, seen = stand_of(study), pilot_of("a", 500.0, 0.0, 3, ready=3.0)
    then = stand.still_to_pay(seen)
    assert then[0] == 0 and np.isinf(then[1:]).all(), "an order in week 3 arrives after week 7"
    late = weigh(stand, seen, truths=TRUTHS)
    assert late.worth == pytest.approx(0.0, abs=1e-9) and not late.keeps and not advisable(late)
    soon = weigh(stand, replace(seen, ready=1.0), truths=TRUTHS)
    assert soon.keeps and soon.worth > 0.2 * study.plan.cost
    assert all(p.ready <= 6.5 for p in candidates(study))


def test_the_pilot_and_what_follows_keep_the_budget():
    rng = np.random.default_rng(2)
    law = need_law(1000 * np.exp(rng.normal(0, 1, 400)), noise=0.02)
    first = study_of(law, [seller()], Target(0.2, 0.8), 0.0, 0.0)
    aim = Target(0.2, 0.8, budget=first.plan.cost * 1.2)
    study = study_of(law, [seller()], aim, 20.0, 0.0)
    stand = stand_of(study)
    for pilot in candidates(study):
        found = weigh(stand, pilot, truths=TRUTHS)
        shown = np.log(law.errors(pilot.row(law))[:, 0])
        paid = found.cost + stand.still_to_pay(found)[stand.after(found, shown)]
        assert paid.max() <= aim.budget * (1 + 1e-9)


def test_a_second_order_is_a_legal_one():
    law = need_law(1000 * np.exp(np.random.default_rng(0).normal(0, 1, 50)))
    study = study_of(law, [seller(min_order=300)], Target(0.2, 0.8), 0.0, 0.0)
    stand = stand_of(study)
    good = np.isfinite(stand.still_to_pay(pilot_of("a", 500.0, 500.0, 1, 500.0)))
    own = stand.listed.bought[:, 0]
    assert (good == ((own <= 500) | (own >= 800))).all() and not good.all()


def test_what_excludes_the_pilots_source_cannot_follow_it():
    law = small.law(("a", "b"), draws=60)
    sources = (seller("a"), replace(seller("b", 0.3), excludes=("a",)))
    stand = stand_of(study_of(law, sources, Target(0.24, 0.8)))
    then = stand.still_to_pay(pilot_of("a", 100.0, 100.0, 1, 110.0))
    holds_b = stand.listed.bought[:, 1] > 0
    assert holds_b.any() and np.isinf(then[holds_b]).all() and np.isfinite(then[~holds_b]).all()


def test_dear_runs_end_the_advice():
    dear = advise(studied(run_cost=1e6), truths=TRUTHS)
    assert dear.best is None
    assert all(each.gain < 0 for each in dear.candidates if each.gain is not None)


def test_an_unknown_cost_of_runs_is_not_taken_for_none(study):
    """Then the pilot advised is the one that pays up to the dearest run, and stays unpriced."""
    found = advise(studied(run_cost=None), truths=TRUTHS)
    weighed = [p for p in found.candidates if p.worth is not None and p.keeps]
    assert all(p.cost is None and p.gain is None for p in found.candidates)
    evens = [(p.worth - p.data) / p.repeats for p in weighed]
    assert evens == sorted(evens)[::-1]
    dearest = found.best.break_even
    known = advise(studied(run_cost=dearest * 0.7), truths=TRUTHS)
    assert known.best is not None
    assert advise(studied(run_cost=dearest * 1.3), truths=TRUTHS).best is None


def test_the_gate_is_on_draws_before_tempering():
    law = need_law(1000 * np.exp(np.random.default_rng(2).normal(0, 1, 300)), noise=0.02)
    study = study_of(law, [seller()], Target(0.2, 0.8), 0.0, 0.0)
    stand, pilot = stand_of(study), pilot_of("a", 1000.0, 0.0, 3)
    found = weigh(stand, pilot, truths=300)
    seen = sight(law, np.array([[1000.0]]), 3)
    raw = []
    order = np.argsort(stand.need, kind="stable")
    for truth, score in zip(order, module.scores(1, 300)[0], strict=True):
        y = seen.log_error[truth, 0] + math.sqrt(seen.variance[truth, 0]) * score
        weight = np.exp(-0.5 * (y - seen.log_error[:, 0]) ** 2 / seen.variance[:, 0])
        weight /= np.sqrt(seen.variance[:, 0])
        after = np.flatnonzero(order == truth)[0] + 1
        weight[order[after] if after < len(order) else order[-2]] *= 2.0
        weight[truth] = 0.0
        raw.append(weight.sum() ** 2 / (weight**2).sum())
    assert found.effective == pytest.approx(np.median(raw), rel=0.01)
    assert found.effective < found.enough == 25.0
    assert found.worth > 2 * found.error and not advisable(found)
    assert advisable(replace(found, effective=25.0))


def test_nothing_above_the_budget_is_a_candidate(study):
    few = studied(budget=study.plan.cost * 1.2)
    assert all(p.cost <= few.inputs.target.budget for p in advise(few, truths=50).candidates)


def test_the_currency_changes_nothing_else(advice):
    other = advise(studied(currency=7.0), truths=TRUTHS)
    assert other.cost == pytest.approx(7 * advice.cost, rel=1e-3)
    assert other.best.price == pytest.approx(7 * advice.best.price, rel=0.05)
    assert (other.best.name, other.best.examples) == (advice.best.name, advice.best.examples)
    assert other.best.worth == pytest.approx(7 * advice.best.worth, rel=1e-3)


def _page(study, found):
    return rendered(advise_parts(advise_tables(study, found)), _Screen())


def test_what_is_hopeless_has_no_worth_in_money():
    far = studied(draws=60, target=0.05, budget=500.0)
    assert far.plan.probability <= 0.2
    found = advise(far, truths=TRUTHS)
    assert found.best is None and not found.reaches
    assert all(p.worth is None for p in found.candidates)
    settled = [p.settles for p in found.candidates if p.settles is not None]
    assert settled == sorted(settled)[::-1] and all(0 <= p <= 1 for p in settled)
    text = _page(far, found)
    assert "cannot be told" in text and far.diagnosis.verdict.answer in text
    assert "Run no further pilot" not in text and "+-" not in text
    assert "none yet" in text, "no pilot has been run, and that is said"


@pytest.fixture(scope="module")
def unsure():
    return studied(draws=150, target=0.17, budget=6000.0)


@pytest.mark.parametrize("run_cost", [5.0, 1e6, None])
def test_where_no_purchase_is_sure_enough_a_pilot_comes_first(unsure, run_cost):
    """Its worth is money that the surest purchase would cost, and it may cost little of the
    chance; what it says is bounded by what there is to spend."""
    inputs = SimpleNamespace(**{**vars(unsure.inputs), "run_cost": run_cost})
    near = SimpleNamespace(**{**vars(unsure), "inputs": inputs})
    assert 0.2 < near.plan.probability < 0.8
    found = advise(near, truths=TRUTHS)
    for each in found.candidates:
        if each.worth is not None:
            assert abs(each.worth) <= 6000 and each.error <= 6000
            assert not each.keeps or each.probability >= found.probability - 0.021
    text = _page(near, found)
    assert "wanted probability 0.80" in text and near.diagnosis.verdict.answer in text
    assert ("run a pilot" in text) == (found.best is not None) == (run_cost != 1e6)


def test_time_that_a_pilot_takes_settles_nothing():
    law = need_law(1000 * np.exp(np.random.default_rng(0).normal(0, 1, 300)))
    aim = Target(0.2, 0.99, weeks=4.0 + 2e3 / 1e5)
    study = study_of(law, [seller(lead_weeks=4.0, per_week=1e5)], aim, 0.0, 0.0)
    assert not study.plan.reaches and study.plan.probability > 0.5
    vague = pilot_of("a", 500.0, 0.0, 1, ready=1.0)
    noisy = replace(stand_of(study), law=replace(law, noise=np.full((300, 1), 100.0)))
    assert weigh(noisy, vague, truths=50, reaches=False).settles == 0


def test_following_the_advice_pays():
    """Truths from another sample of the same beliefs: pilots, purchases and misses are paid for."""
    study = studied(run_cost=20.0)
    stand, found = stand_of(study), advise(study, truths=TRUTHS)
    others = small.law(("dear", "cheap"), draws=600, seed=99, biased=("cheap",))
    met = meets(others, stand.listed.totals, study.plan.target.error)
    affordable = [p for p in candidates(study) if p.cost <= found.cost]
    largest = weigh(stand, max(affordable, key=lambda p: p.cost), truths=TRUTHS)

    def total(pilot):
        truth = np.arange(len(met))
        error = others.errors(pilot.row(others))[:, 0]
        score = np.random.default_rng(1).standard_normal(len(met))
        then = stand.after(pilot, np.log(error) + 0.02 / math.sqrt(pilot.repeats) * score)
        return pilot.cost + stand.still_to_pay(pilot)[then], met[truth, then]

    advised, success = total(found.best)
    assert success.mean() >= met[:, stand.now].mean() - 0.04
    for other in (np.full(len(met), found.cost), total(largest)[0]):
        saved = other - advised
        assert saved.mean() > 2 * saved.std(ddof=1) / math.sqrt(len(saved))


def test_more_of_a_mix_of_what_is_in_hand():
    law = small.law(("a",), draws=60)
    source = small.source("a", 1.0, batch=1, most=1000)
    listed = choices(law, [source], [], Target(0.28, 0.8), {"a": 400.0}, 0.0)
    assert (listed.totals[:, 0] == listed.bought[:, 0] + 400.0).all()
    assert listed.bought.max() <= 1000


def test_page_and_tables(study, advice):
    unknown = advise(studied(run_cost=None), truths=50)
    for found in (advice, replace(advice, best=None), unknown):
        made = advise_tables(study, found)
        text = rendered(advise_parts(made), _Screen())
        assert max(map(len, text.splitlines())) <= 80
        assert "no pilot" in text
        assert ("Next pilot" in text) == (found.best is not None)
        priced = found.run_cost is not None
        assert ("pilots.run_cost" in text) != priced
        assert ("if a run costs less than" in text) == (not priced and found.best is not None)
        rows = made["advise"].records()
        assert all((row["cost"] is None) != priced for row in rows if row["pilot"])
        assert all(row["worth_error"] is not None for row in rows if row["worth"])
        assert all(
            row["probability_error"] is not None for row in rows if row["pilot"] and row["worth"]
        )
        assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
        assert sum(row["advised"] == "yes" for row in rows) >= 1
        described = {(r["table"], r["column"]) for r in made["columns"].records()}
        assert {("advise", name) for name in made["advise"].header} <= described


class _Screen:
    def isatty(self):
        return False


def test_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["init", str(tmp_path)]) == 0
    project = tmp_path / "project.toml"
    capsys.readouterr()
    assert main(["advise", str(project), "--json"]) == 0
    out = capsys.readouterr().out
    found = json.loads(out)
    assert found["summary"]["reaches"] == "yes"
    assert found["advise"][0]["rank"] == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[pilots]\nrun_cost = -1\nfile = 'x.csv'", "run_cost"),
        ("[pilots]\nmeasure_weeks = 'soon'\nfile = 'x.csv'", "measure_weeks"),
        ("[pilots]", "must have either file or rows"),
    ],
)
def test_bad_input(tmp_path, capsys, text, told):
    project = tmp_path / "project.toml"
    project.write_text(
        f"[target]\nerror = 0.2\n[sources.a]\nkind = 'plain'\nunit_price = 1\n{text}"
    )
    assert main(["advise", str(project)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and told in err
    assert main(["advise", str(tmp_path / "none.toml")]) == 2
