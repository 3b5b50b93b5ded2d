"""Stage, pattern and verdict on laws whose answer is known, each with probabilities that add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from planner import fit_law
from planner.diagnose import as_planned, diagnose
from planner.optimise import cheapest_plan
from planner.plan import Target
from planner.rounds import path
from tests.planner import small

SIZES = np.array([25, 50, 100, 200, 400, 800])


def pilots(errors, sizes=SIZES):
    return pd.DataFrame({"n": sizes, "error": errors, "test_size": 50_000})


def judged(law, error, sources, **limits):
    target = Target(error, 0.8, **limits)
    plan = cheapest_plan(sources, law, target)
    return diagnose(law, target, plan, sources)


def test_near_chance_is_a_cold_start_and_asks_for_a_larger_pilot():
    law = fit_law(pilots(0.5 * (1 + SIZES / 20_000.0) ** -0.5), worst_error=0.5)
    stage = diagnose(law).stage
    assert stage.answer == "cold start"
    assert stage.probability is not None
    assert stage.probability > 0.7
    assert "3,200" in stage.advice


def test_steady_fall_is_scaling_and_flat_is_plateau():
    steady = fit_law(pilots(1.5 * SIZES**-0.35))
    assert diagnose(steady).stage.answer == "scaling"
    sizes = SIZES * 100
    flat = fit_law(pilots(0.2 + 60.0 * sizes**-0.9, sizes))  # fell, and then no more
    assert diagnose(flat).stage.answer == "plateau"


def test_flat_from_the_start_is_never_called_sure():
    """Without a known worst error a curve that never fell may be a plateau or a cold start."""
    stage = diagnose(fit_law(pilots(np.full(6, 0.2)))).stage
    assert stage.answer in {"plateau", "cold start"} and stage.probability < 0.9
    assert "cold start" in stage.evidence and "plateau" in stage.evidence
    chance = diagnose(fit_law(pilots(np.full(6, 0.4995)), worst_error=0.5)).stage
    assert chance.answer == "cold start" and chance.probability > 0.9


def test_slow_exponent_is_said_with_its_threshold():
    law = fit_law(pilots(0.5 * SIZES**-0.05))
    pattern = diagnose(law).pattern
    assert pattern.answer == "slow"
    assert "100 times" in pattern.evidence


def test_enough_supply_scales_and_too_little_does_not():
    law = fit_law(pilots(1.5 * SIZES**-0.35), draws=300)
    plenty = replace(small.source("n", 0.1, most=1_000_000, batch=100), name="n")
    assert judged(law, 0.09, [plenty]).verdict.answer == "scales"
    tight = judged(law, 0.09, [small.source("n", 0.1, most=6000, batch=100)]).verdict
    assert tight.answer in {"scales with limits", "can't tell yet"}
    short = judged(law, 0.06, [small.source("n", 0.1, most=1000, batch=100)])
    assert short.verdict.answer == "does not scale"
    assert short.pattern.answer in {"ran out of data", "slow"}
    assert "max scale" in short.verdict.advice


def test_without_target_or_sources_it_says_what_is_missing():
    law = fit_law(pilots(1.5 * SIZES**-0.35), draws=300)
    assert "target" in diagnose(law).verdict.advice
    assert "sources" in diagnose(law, Target(0.05)).verdict.advice


def test_every_finding_has_evidence_and_sane_probabilities():
    law = small.law(("a", "b"), biased=("b",), texts=("t",), draws=90)
    sources = [
        small.source("a", 0.5, most=50_000, batch=100),
        small.source("b", 0.05, most=50_000, batch=100),
        small.source("t", 0.01, most=4000, batch=1000, role="text"),
    ]
    found = judged(law, 0.22, sources)
    for finding in found.findings:
        assert finding.answer
        assert finding.evidence
        assert finding.probability is None or 0 <= finding.probability <= 1
    questions = {finding.question for finding in found.findings}
    assert {"bias of b", "unlabelled text t", "floor"} <= questions
    assert found.findings[0] is found.verdict


@pytest.mark.parametrize("which", ["stage", "pattern"])
def test_probabilities_of_the_alternatives_add_up(which):
    law = small.law(("a",), draws=90)
    finding = getattr(diagnose(law), which)
    shares = [
        float(part.split()[-1].rstrip("%.")) for part in finding.evidence.split(". ")[0].split(",")
    ]
    assert sum(shares) == pytest.approx(100, abs=2)


def test_the_next_measurement_of_a_plan_in_rounds_is_its_first_round():
    law = small.law(("a",), draws=200)
    sources = [small.source("a", 1.0, most=1e6, batch=10)]
    plan = cheapest_plan(sources, law, Target(0.2, 0.8), prove=False)
    rounds = path(law, plan, 0.0)
    assert len(rounds.rounds) > 1
    found = as_planned(judged(law, 0.2, sources), plan, rounds).checks[-1]
    assert found.question == "next measurement"
    assert f"{rounds.rounds[0].purchases['a']:,.0f} a" in found.answer
    assert "dataplan advise" in found.advice
    once = replace(rounds, rounds=rounds.rounds[:1])
    assert as_planned(judged(law, 0.2, sources), plan, once).checks[-1].answer.startswith("none")
    far = replace(plan, reaches=False)
    before = judged(law, 0.2, sources)
    assert as_planned(before, far, rounds) is before


def test_the_next_measurement_is_no_larger_than_what_can_be_had():
    law = small.law(("a",), draws=60)
    none = judged(law, 0.2, [small.source("a", 1.0, most=0)]).checks[-1]
    assert none.answer == "none" and "0 examples" not in none.advice
    slow = small.source("a", 1.0, most=1e6, batch=1, per_week=100.0, lead_weeks=1.0)
    late = diagnose(
        law, Target(0.2, 0.8, weeks=6.0),
        cheapest_plan([slow], law, Target(0.2, 0.8, weeks=6.0), prove=False), [slow],
    ).checks[-1]  # fmt: skip
    assert late.answer == "500 examples of a"


def test_no_advice_is_given_twice():
    law = small.law(("a",), draws=60)
    found = judged(law, 0.2, [small.source("a", 1.0, most=3500, batch=1)])
    assert found.verdict.answer == "can't tell yet"
    assert found.checks[-1].advice not in found.verdict.advice
