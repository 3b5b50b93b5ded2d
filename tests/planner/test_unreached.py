"""Why a target is out of reach: bounds that no purchase undercuts, and what is then said."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from planner.language import Speech
from planner.optimise import frontier
from planner.plan import Plan, Target
from planner.sentences import less_sure, unreached
from planner.unreached import UNTOLD, Reasons, least_errors
from sources.base import CostLine
from tests.planner import small


@pytest.mark.parametrize("texts", [(), ("t",)])
@pytest.mark.parametrize("biased", [(), ("b",), ("a", "c")])
def test_no_amounts_go_below(biased: tuple[str, ...], texts: tuple[str, ...]) -> None:
    law = small.law(("a", "b", "c"), draws=90, biased=biased, texts=texts)
    most = np.array([800.0, 20_000.0, 3_000.0, 9_000.0])[: len(law.sources)]
    least = least_errors(law, most)
    rng = np.random.default_rng(1)
    shares = rng.random((4000, len(most))) * rng.integers(0, 2, (4000, len(most)))
    errors = law.errors(np.vstack([shares, np.ones(len(most))]) * most)
    assert (errors >= least[:, None] - 1e-12).all()
    assert np.median(errors.min(axis=1) / least) < 1.03, "the bound is close"


def offered(**limits: float) -> tuple[Reasons, Target]:
    law = small.law(("a",), draws=300)
    lines = (CostLine("work", unit_price=0.1, low=0.5, high=2.0),)
    source = replace(small.source("a", most=limits.get("most", 1e6), batch=1), lines=lines)
    if "per_week" in limits:
        source = replace(source, limits=replace(source.limits, per_week=limits["per_week"]))
    target = Target(0.2, 0.8, limits.get("budget", math.inf), limits.get("weeks", math.inf))
    return Reasons(law, (source,), target, "EUR"), target


def base(reasons: Reasons, error: float) -> Plan | None:
    return frontier(reasons.sources, reasons.law, reasons.target, [error])[0]


def test_what_the_law_does_not_allow() -> None:
    reasons, _ = offered()
    floor = float(np.quantile(least_errors(reasons.law, np.array([1e15])), 0.5))
    assert base(reasons, floor) is None
    told = reasons.why(floor, None)
    assert told.startswith("unlimited data of these sources reach it with probability 0.")
    assert float(told.split()[-3]) < 0.8


def test_what_the_sources_cannot_supply() -> None:
    reasons, _ = offered(most=1000)
    error = float(np.quantile(reasons.law.errors(np.array([[1000.0]])), 0.6))
    assert base(reasons, error) is None
    told = reasons.why(error, None)
    assert told == "all that the sources can supply reaches it with probability 0.6 at most"
    slow, _ = offered(per_week=100, weeks=10)
    assert "supply in time reaches it with probability 0.6 at most" in slow.why(error, None)


def test_what_ranges_of_prices_do_not_allow() -> None:
    free, _ = offered()
    error = float(np.quantile(free.law.errors(np.array([[5000.0]])), 0.8))
    plan = base(free, error)
    assert plan is not None
    reasons, _ = offered(budget=plan.cost * 1.05)
    first = base(reasons, error)
    told = reasons.why(error, first)
    assert told.startswith(f"{plan.cost:,.0f} EUR would reach it at expected prices and speeds, ")
    assert "but with prices in their ranges" in told
    # on a budget of 1.05 times the cost, a price whose 95% quantile is twice the base
    kept = float(
        np.mean(np.random.default_rng(0).normal(size=10**6) <= math.log(1.05) * 1.645 / math.log(2))
    )
    assert first is not None
    assert float(told.split()[-2]) == pytest.approx(first.probability * kept, abs=0.01)


def test_what_is_not_known_is_not_guessed() -> None:
    reasons, _ = offered(budget=10.0)
    error = float(np.quantile(reasons.law.errors(np.array([[5000.0]])), 0.8))
    assert base(reasons, error) is None
    assert reasons.why(error, None) == UNTOLD


def test_it_is_said_in_both_languages() -> None:
    free, _ = offered()
    plan = base(free, 0.25)
    notes = [
        UNTOLD,
        "all that the sources can supply reaches it with probability 0.6 at most",
        "all that the sources can supply in time reaches it with probability 0.6 at most",
        "unlimited data of these sources reach it with probability 0.6 at most",
        free.why(0.25, plan),
    ]
    rows = [{"target": 0.25, "cost": None, "note": note} for note in notes]
    rows.append({"target": 0.3, "cost": 5.0, "note": None})
    english, chinese = (unreached(rows, Speech(name)) for name in ("en", "zh"))
    assert english == [f"0.25: out of reach; {note}" for note in notes]
    for text in chinese:
        assert not set("abcdefghijklmnopqrstuvwxyz") & set(text), text


def test_a_plan_that_keeps_all_too_seldom_is_marked_among_other_targets() -> None:
    rows = [{"target": 0.3, "cost": 10.0}, {"target": 0.22, "cost": 90.0}]
    facts = {"target": 0.22, "kept": "no", "met": 0.714}
    told = less_sure(rows, facts, Speech("en"))
    assert told == ["0.22: target, budget and weeks are all kept with probability 0.71 only"]
    assert less_sure(rows, facts | {"kept": "yes"}, Speech("en")) == []
    assert less_sure([rows[0], rows[1] | {"cost": None}], facts, Speech("en")) == []
