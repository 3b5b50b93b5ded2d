"""Advice: worth is recomputed by brute force, laws any advice obeys, and that following it pays."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from planner import advise as module
from planner.advise import Pilot, advisable, advise, candidates, stand_of, weigh
from planner.choices import choices, meets
from planner.cli import main
from planner.listings.advise import advise_parts, advise_tables
from planner.optimise import cheapest_plan
from planner.plan import Target
from planner.preposterior import sight
from planner.screen import rendered
from tests.planner import samples, small

TRUTHS = 200


def studied(draws=400, seed=0, target=0.2, budget=math.inf, run_cost=5.0, currency=1.0):
    """What advise reads of a study: a dear source that is known, a cheap one that may be biased."""
    law = small.law(("dear", "cheap"), draws=draws, seed=seed, biased=("cheap",))
    law = replace(law, noise=np.full((draws, 1), 0.02))
    sources = (
        small.source("dear", 1.0 * currency, fee=100.0 * currency, most=1e6, batch=10),
        small.source("cheap", 0.2 * currency, fee=60.0 * currency, most=1e6, batch=10),
    )
    aim = Target(target, 0.8, budget * currency)
    plan = cheapest_plan(sources, law, aim, contingency=0.1, prove=False)
    inputs = SimpleNamespace(
        sources=sources,
        pilots=None,
        target=aim,
        contingency=0.1,
        run_cost=None if run_cost is None else run_cost * currency,
        name="Sample",
        currency="EUR",
    )
    return SimpleNamespace(inputs=inputs, law=law, plan=plan, frontier=(), best_guess=None)


@pytest.fixture(scope="module")
def study():
    return studied()


@pytest.fixture(scope="module")
def advice(study):
    return advise(study, truths=TRUTHS)


def test_the_listed_choices_hold_the_plan_and_cost_what_sources_say(study):
    listed = stand_of(study).listed
    amounts = np.array([study.plan.amounts.get(s.name, 0.0) for s in listed.sources])
    (at,) = np.flatnonzero((listed.bought == amounts).all(axis=1))
    assert listed.cost[at] == pytest.approx(study.plan.cost)
    assert float(study.law.weights @ listed.met[:, at]) == pytest.approx(study.plan.probability)
    for row, cost in zip(listed.bought, listed.cost, strict=True):
        each = zip(listed.sources, row, strict=True)
        assert cost == pytest.approx(1.1 * sum(float(s.cost(q)) for s, q in each))
    assert listed.cost[0] == 0 and not listed.met[:, 0].any()


def test_the_best_purchase_now_is_as_sure_as_wanted(study, advice):
    assert advice.probability >= 0.8 - 1e-6
    assert advice.cost <= study.plan.cost * 1.0001


def test_worth_against_brute_force(study, monkeypatch):
    """One candidate, every truth by a loop over plain Bayes, without gate or single precision."""
    monkeypatch.setattr("planner.preposterior.LEAST_EFFECTIVE", 0.0)
    stand, law = stand_of(study), study.law
    pilot = Pilot("cheap", 1500.0, 1500.0, 3, 0.0, 0.0)
    found = weigh(stand, pilot, truths=len(law.weights))
    listed, seen = stand.listed, sight(law, np.array([[0.0, 1500.0]]), 3)
    order = np.argsort(stand.need, kind="stable")
    normal = module.scores(1, len(order))[0]
    source = listed.sources[1]
    gains, met = [], []
    for truth, score in zip(order, normal, strict=True):
        y = seen.log_error[truth, 0] + math.sqrt(seen.variance[truth, 0]) * score
        weight = np.exp(-0.5 * (y - seen.log_error[:, 0]) ** 2 / seen.variance[:, 0])
        weight /= np.sqrt(seen.variance[:, 0])
        weight[truth] = 0.0
        weight /= weight.sum()
        values = []
        for k, (bought, cost) in enumerate(zip(listed.bought, listed.cost, strict=True)):
            whole = cost - 1.1 * float(source.cost(bought[1]))
            whole += 1.1 * float(source.cost(max(bought[1], 1500.0)))
            left = whole - 1.1 * float(source.cost(1500.0))
            values.append((left + found.price * (1 - weight @ listed.met[:, k]), left, k))
        _, left, k = min(values)
        gains.append(listed.cost[stand.now] - left)
        met.append(listed.met[truth, k] - listed.met[truth, stand.now])
    assert found.worth == pytest.approx(np.mean(gains), rel=0.03)
    assert np.mean(met) == pytest.approx(0.0, abs=0.01)
    both = np.array(gains) + found.price * np.array(met)
    assert found.error == pytest.approx(np.std(both, ddof=1) / math.sqrt(len(gains)), rel=0.05)


def test_a_pilot_that_shows_nothing_is_worth_nothing(study):
    blind = replace(study.law, noise=np.full((len(study.law.weights), 1), 1e4))
    stand = replace(stand_of(study), law=blind)
    owned = Pilot("dear", 500.0, 0.0, 1, 0.0, 0.0)
    found = weigh(stand, owned, truths=TRUTHS)
    assert found.worth <= 2 * found.error + 0.02 * stand.listed.cost[stand.now]


def test_repeats_and_size_cost_what_they_cost(study, advice):
    for each in advice.candidates:
        (source,) = (s for s in study.inputs.sources if s.name == each.source)
        assert each.cost == pytest.approx(1.1 * float(source.cost(each.bought)) + 5 * each.repeats)
        assert each.bought == 0 or each.bought >= source.limits.smallest
        assert each.bought % source.limits.batch == 0
    worths = [each.gain for each in advice.candidates if each.gain is not None]
    assert worths == sorted(worths)[::-1]
    assert (
        advice.best is None
        or advice.best is advice.candidates[0]
        or not advisable(advice.candidates[0])
    )


def test_dear_runs_end_the_advice():
    dear = advise(studied(run_cost=1e6), truths=TRUTHS)
    assert dear.best is None
    assert all(each.gain < 0 for each in dear.candidates if each.gain is not None)


def test_nothing_above_the_budget_is_a_candidate(study):
    few = studied(budget=study.plan.cost * 1.2)
    assert all(p.cost <= few.inputs.target.budget for p in advise(few, truths=50).candidates)


def test_the_currency_changes_nothing_else(advice):
    other = advise(studied(currency=7.0), truths=TRUTHS)
    assert other.cost == pytest.approx(7 * advice.cost, rel=1e-3)
    assert other.best.price == pytest.approx(7 * advice.best.price, rel=0.05)
    assert (other.best.source, other.best.examples) == (advice.best.source, advice.best.examples)
    assert other.best.worth == pytest.approx(7 * advice.best.worth, rel=1e-3)


def test_out_of_reach_is_weighed_too():
    far = studied(target=0.05, budget=4000.0)
    assert not far.plan.reaches
    found = advise(far, truths=TRUTHS)
    assert found.probability < 0.8
    assert all(math.isfinite(p.worth) for p in found.candidates if p.worth is not None)


def test_following_the_advice_pays():
    """Truths from another sample of the same beliefs: pilots, purchases and misses are paid for."""
    study = studied(run_cost=20.0)
    stand, found = stand_of(study), advise(study, truths=TRUTHS)
    others = small.law(("dear", "cheap"), draws=600, seed=99, biased=("cheap",))
    met = meets(others, stand.listed.totals, study.plan.target.error)
    all_ = candidates(study.law, study.inputs.sources, None, stand.listed, 20.0)
    affordable = [p for p in all_ if p.cost <= found.cost]
    largest = weigh(stand, max(affordable, key=lambda p: p.cost), truths=TRUTHS)

    def total(pilot):
        truth = np.arange(len(met))
        row = np.array([[pilot.examples * (n == pilot.source) for n in others.sources]])
        error = others.errors(row)[:, 0]
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
    study = SimpleNamespace(**vars(study))
    for found in (advice, replace(advice, best=None, run_cost=None)):
        made = advise_tables(study, found)
        text = rendered(advise_parts(made), _Screen())
        assert max(map(len, text.splitlines())) <= 80
        assert "no pilot" in text
        assert ("Next pilot" in text) == (found.best is not None)
        assert ("pilots.run_cost" in text) == (found.run_cost is None)
        rows = made["advise"].records()
        assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
        assert sum(row["advised"] == "yes" for row in rows) >= 1
        described = {(r["table"], r["column"]) for r in made["columns"].records()}
        assert {("advise", name) for name in made["advise"].header} <= described
    assert samples  # the shared sample study is printed elsewhere


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
