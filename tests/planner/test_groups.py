"""The law of groups and the plan for several targets, against truth and against brute force."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from planner import group_plan
from planner.errors import InputError
from planner.group_pooled import model_of
from planner.groups import Targets, cheapest_group_plan, fit_groups, least_level
from planner.pilots import Pilots
from planner.prior import Beliefs
from tests.planner.group_cases import brute, case, group_law
from tests.planner.small import source

SIZES = (100, 200, 400, 800)


def truth(a: float, b: float) -> dict[str, float]:
    return {
        "a": 0.05 + 1.2 * a**-0.45 + 0.3 * (a + b) ** -0.3,
        "b": 0.10 + 2.0 * b**-0.50 + 0.3 * (a + b) ** -0.3,
    }


def runs(seed: int = 0, noise: float = 0.03) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        {"a": n * f, "b": n * (1 - f), "group": g, "error": e * np.exp(noise * rng.normal())}
        for n in SIZES
        for f in (0.25, 0.5, 0.75)
        for _ in range(3)
        for g, e in truth(n * f, n * (1 - f)).items()
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def law():
    return fit_groups(runs(), shares={"a": 0.7, "b": 0.3}, draws=400)


def test_larger_runs_lie_in_the_interval(law):
    amounts = [[1600, 1600], [3000, 1000], [1000, 3000], [6000, 6000]]
    told = law.predict(amounts)
    for _, row in told.iterrows():
        expected = truth(*amounts[int(row["row"])])[row["group"]]
        assert row.low <= expected <= row.high
        assert row["median"] == pytest.approx(expected, rel=0.15)


def test_own_examples_help_more_than_others(law):
    few, own, other = law.errors([[800, 800], [1600, 800], [800, 1600]]).mean(axis=0)
    assert own[0] < other[0] < few[0]
    assert other[1] < own[1] < few[1]


def test_same_seed_same_law_and_names_do_not_matter():
    first = fit_groups(runs(), draws=100).errors([[2000, 2000]])
    again = fit_groups(runs(), draws=100).errors([[2000, 2000]])
    assert (first == again).all()
    table = runs().rename(columns={"a": "p", "b": "r"}).replace({"a": "p", "b": "r"})
    assert fit_groups(table, draws=100).errors([[2000, 2000]]) == pytest.approx(first)


def test_groups_share_their_draws(law):
    """What is shared moves the groups together: the joint chance is above the product."""
    errors = law.errors([[4000, 4000]])[:, 0]
    assert np.corrcoef(np.log(errors).T)[0, 1] > 0.15


def test_sources_that_hold_both_groups():
    splits = {"web": {"a": 0.8, "b": 0.2}, "clinic": {"a": 0.1, "b": 0.9}}
    rows = []
    for web, clinic in ((100, 100), (200, 50), (50, 200), (400, 400), (800, 100), (100, 800)):
        own = {g: web * splits["web"][g] + clinic * splits["clinic"][g] for g in "ab"}
        for g, error in truth(own["a"], own["b"]).items():
            rows.append({"web": web, "clinic": clinic, "group": g, "error": error})
    law = fit_groups(pd.DataFrame(rows), splits=splits, draws=200)
    held = law.effective({"web": 1000, "clinic": 1000})[0, 0]
    assert held == pytest.approx([900, 1100])
    told = law.predict({"web": 1500, "clinic": 1500})
    for name, error in truth(1350, 1650).items():
        row = told[told.group == name].iloc[0]
        assert row.low <= error <= row.high


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t.drop(columns="group"), "group"),
        (lambda t: t.assign(model_params=np.arange(len(t)) + 1.0), "model_params"),
        (lambda t: t[t.group == "a"], "no pilot measures"),
        (lambda t: t.replace({"group": {"b": "c"}}), "in no split"),
    ],
)
def test_faulty_pilots_are_told(change, told):
    with pytest.raises(InputError, match=told):
        fit_groups(change(runs()), draws=20)


def test_shares_must_sum_to_one():
    with pytest.raises(InputError, match="sum to 1"):
        fit_groups(runs(), shares={"a": 0.7, "b": 0.7}, draws=20)
    split = {"a": {"a": 1.2, "b": -0.2}, "b": {"b": 1.0}}
    with pytest.raises(InputError, match="sum to 1"):
        fit_groups(runs(), splits=split, draws=20)


@pytest.mark.parametrize("worst", [None, 0.5])
def test_errors_never_rise_with_data(worst):
    law = fit_groups(runs(), beliefs=Beliefs(worst_error=worst), draws=60)
    grid = np.geomspace(1, 1e8, 30)
    errors = law.errors(np.stack([grid, grid], axis=1))
    assert (np.diff(errors, axis=1) <= 1e-12).all()
    assert worst is None or errors.max() <= worst


# -- targets ---------------------------------------------------------------------------------------


def test_level_is_the_largest_ratio():
    targets = Targets(overall=0.2, groups={"x": 0.1}, worst=0.4, gap=0.3)
    errors, shares = np.array([0.05, 0.35]), np.array([0.5, 0.5])
    assert targets.level(("x", "y"), errors, shares) == pytest.approx(1.0)
    assert targets.limits(("x", "y")).tolist() == [0.1, 0.4]
    assert targets.eased(2).level(("x", "y"), errors, shares) == pytest.approx(0.5)


@pytest.mark.parametrize("bad", [{}, {"worst": 0.0}, {"gap": math.inf}, {"overall": -1.0}])
def test_targets_that_cannot_be(bad):
    with pytest.raises(ValueError):
        Targets(**bad)


# -- plans -----------------------------------------------------------------------------------------


def gap_to_brute(seed: int) -> float | None:
    """Relative cost above the cheapest of all purchases; None where both find none."""
    sources, law, targets = case(seed)
    plan, best = cheapest_group_plan(sources, law, targets), brute(sources, law, targets)
    if math.isinf(best):
        assert not plan.reaches, "called feasible what is not"
        return None
    check(plan, sources, law, targets)
    assert plan.reaches
    return plan.cost / best - 1 if best else plan.cost


def check(plan, sources, law, targets):
    """Cost, limits and probability from the sources and the law alone."""
    bought = plan.amounts
    cost = sum(float(s.cost(bought.get(s.name, 0.0))) for s in sources)
    assert plan.cost == pytest.approx(cost)
    assert cost <= targets.budget * (1 + 1e-9)
    totals = [bought.get(s.name, 0.0) + plan.used_in_hand.get(s.name, 0.0) for s in sources]
    errors = law.errors([totals])[:, 0]
    met = (errors <= targets.limits(law.groups)).all(axis=1)
    if targets.overall is not None:
        met &= errors @ law.shares <= targets.overall
    if targets.gap is not None:
        met &= np.ptp(errors, axis=1) <= targets.gap
    assert plan.probability == pytest.approx(float(law.weights @ met))
    assert plan.reaches == (plan.probability >= targets.confidence)
    for each in sources:
        quantity = bought.get(each.name, 0.0)
        assert quantity <= each.limits.max_examples
        assert quantity == 0 or quantity >= each.limits.min_order
        assert quantity % each.limits.batch == 0


def test_agrees_with_brute_force():
    gaps = [gap for seed in range(24) if (gap := gap_to_brute(seed)) is not None]
    assert len(gaps) > 18
    assert np.median(gaps) == pytest.approx(0.0, abs=1e-9)
    assert max(gaps) <= 0.02


def test_local_search_agrees_with_brute_force(monkeypatch):
    """The same without going through all choices, as for large problems."""
    monkeypatch.setattr(group_plan, "CELLS", 0)
    gaps = [gap for seed in range(200, 215) if (gap := gap_to_brute(seed)) is not None]
    assert np.median(gaps) == pytest.approx(0.0, abs=1e-9)
    assert max(gaps) <= 0.02


def test_many_legal_purchases_are_refined_to_batches():
    law = group_law(seed=3, splits=np.eye(2))
    sources = [source("a", 0.1, most=50_000, batch=1), source("b", 0.3, most=50_000, batch=1)]
    plan = cheapest_group_plan(sources, law, Targets(worst=0.22))
    check(plan, sources, law, Targets(worst=0.22))
    assert plan.reaches and len(plan.steps) == 2
    here = np.array([plan.amounts["a"], plan.amounts["b"]])
    prices = np.array([0.1, 0.3])
    angles = np.linspace(0.01, np.pi / 2 - 0.01, 60)
    for angle in angles:  # along rays of any mix nothing feasible is 1% cheaper
        ray = np.array([np.cos(angle), np.sin(angle)]) / prices
        amounts = ray / (ray @ prices) * (here @ prices) * 0.99
        levels = Targets(worst=0.22).level(law.groups, law.errors([amounts])[:, 0], None)
        assert law.weights @ (levels <= 1) < 0.8


@pytest.mark.parametrize("seed", range(5))
def test_easier_never_costs_more_and_prices_scale(seed):
    sources, law, targets = case(seed)
    plan = cheapest_group_plan(sources, law, targets)
    if not plan.reaches:
        return
    assert cheapest_group_plan(sources, law, targets.eased(1.1)).cost <= plan.cost * 1.0001
    rich = cheapest_group_plan(sources, law, replace(targets, budget=math.inf))
    assert rich.cost == pytest.approx(plan.cost)
    dear = [
        replace(
            s,
            lines=tuple(
                replace(
                    line,
                    fixed=2 * line.fixed,
                    unit_price=2 * line.unit_price,
                    tiers=tuple(replace(t, unit_price=2 * t.unit_price) for t in line.tiers),
                )
                for line in s.lines
            ),
        )
        for s in sources
    ]
    twice = cheapest_group_plan(dear, law, replace(targets, budget=2 * targets.budget))
    assert twice.cost == pytest.approx(2 * plan.cost)
    turned = cheapest_group_plan(sources[::-1], law, targets)
    assert turned.cost == pytest.approx(plan.cost)


def test_out_of_reach_is_said_and_the_nearest_shown():
    law = group_law(seed=1, splits=np.eye(2))
    sources = [source("a"), source("b", 0.2)]
    targets = Targets(worst=0.01, budget=600.0)
    plan = cheapest_group_plan(sources, law, targets)
    assert not plan.reaches and plan.cost <= 600.0
    assert any("target of worst" in each for each in plan.binding)
    poor = least_level(sources, law, replace(targets, budget=200.0))
    worse, better = poor.totals_[1].error[1], plan.totals_[1].error[1]
    assert worse >= better


def test_a_gap_is_closed_by_the_group_behind():
    law = group_law(seed=2, splits=np.eye(2))
    sources = [source("a", most=50_000, batch=50), source("b", most=50_000, batch=50)]
    loose = cheapest_group_plan(sources, law, Targets(worst=0.25))
    tight = cheapest_group_plan(sources, law, Targets(worst=0.25, gap=0.06))
    assert tight.reaches and tight.cost >= loose.cost
    assert tight.totals_[-1].probability >= 0.8


def test_text_and_unknown_names_are_refused():
    law = group_law()
    with pytest.raises(InputError, match="unlabelled text"):
        cheapest_group_plan([source("a", role="text")], law, Targets(worst=0.2))
    with pytest.raises(InputError, match="no column"):
        cheapest_group_plan([source("q")], law, Targets(worst=0.2))
    with pytest.raises(InputError, match="no group"):
        cheapest_group_plan([source("a")], law, Targets(groups={"q": 0.2}))
    unknown = replace(law, shares=None)
    with pytest.raises(InputError, match="shares"):
        cheapest_group_plan([source("a")], unknown, Targets(overall=0.2))


def test_groups_that_compete_are_told(law):
    assert not any("compete" in warning for warning in law.warnings)
    frame = runs()
    names = [c for c in frame if c not in ("error", "group", "seed", "test_size")]
    mine = frame.group == names[0]
    others = frame[names[1]].where(mine, 0.0)
    frame["error"] = np.where(mine, frame.error * (1 + others / others.max()), frame.error)
    told = [w for w in fit_groups(frame, draws=50).warnings if "compete" in w]
    assert len(told) == 1 and f"made {names[0]} worse" in told[0]


def test_plans_do_not_hang_on_a_budget_that_they_keep(law, monkeypatch):
    """A budget that the plan without one keeps leaves the plan as it is, however close."""
    monkeypatch.setattr(group_plan, "CELLS", 0)
    sources = [source("a", 0.1, most=50_000, batch=7), source("b", 0.7, most=20_000, batch=3)]
    targets = Targets(overall=0.2, worst=0.3)
    free = cheapest_group_plan(sources, law, targets)
    assert free.reaches and len(free.steps) == 2
    for factor in (1.0, 1.001, 1.01, 1.3):
        near = cheapest_group_plan(sources, law, replace(targets, budget=factor * free.cost))
        assert near.reaches and near.amounts == free.amounts
    short = cheapest_group_plan(sources, law, replace(targets, budget=0.5 * free.cost))
    assert not short.reaches and "budget" in short.binding


def test_what_all_targets_together_miss_is_said():
    law = group_law(seed=1, splits=np.eye(2))
    sources = [source("a"), source("b", 0.2)]
    hard = Targets(groups={"x": 0.22, "y": 0.22}, confidence=0.8)
    for factor in np.geomspace(0.8, 1.4, 25):  # from out of reach to each group sure, not both
        plan = cheapest_group_plan(sources, law, hard.eased(factor))
        assert plan.reaches or plan.binding


def test_curves_do_not_hang_on_the_order_of_groups():
    """Groups may be measured at different sizes: the prior is chosen by all of them."""
    table = Pilots.from_frame(runs().query("group == 'a' or (a == b and a == 400)"))
    splits = {"a": {"a": 1.0}, "b": {"b": 1.0}}
    one, two = (
        model_of(table, ("a", "b"), groups, splits, Beliefs(), exact=True)
        for groups in (("a", "b"), ("b", "a"))
    )
    assert one.curve == two.curve
