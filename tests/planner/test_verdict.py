"""The verdict on an idea: each of the four, laws that hold for any, pages, languages, exits."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import string
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.advise import candidates, stand_of, weigh
from planner.fit import fit_law
from planner.fitted import FittedLaw, PilotFit
from planner.idea import idea_of
from planner.language import LANGUAGES, Speech
from planner.models import study_of
from planner.optimise import cheapest_plan
from planner.patterns import patterned
from planner.plan import Target
from planner.project import read
from planner.risk import risk_of
from planner.rounds import path
from planner.screen import rendered
from planner.stages import stage_at
from planner.tables import tables
from planner.telling import SHARE, TRUTHS, told
from planner.verdict import LIMITS, NOT, ORDER, SCALES, UNTOLD, _short_of, judge, said
from planner.verdict import given as conditional
from planner.verdict_page import chance, verdict_parts
from sources.base import CostLine, Limits, Quality, Source
from tests.planner import small
from tests.planner.calling import Run

GOLDEN = Path(__file__).parent / "verdict"
PROJECT = """
name = "labels"
currency = "EUR"
draws = 200
[target]
metric = "error rate"
error = {error}
confidence = 0.8
budget = {budget}
weeks = 10
[pilots]
rows = [{rows}]
[sources.crowd]
kind = "plain"
unit_price = 0.1
max_examples = {most}
per_week = 10000
"""
STEADY = ", ".join(
    f"{{crowd = {n}, error = {1.5 * n**-0.35:.4f}, test_size = 50000}}"
    for n in (100, 200, 400, 800, 1600, 3200)
)
USUAL: dict[str, Any] = {"error": 0.06, "budget": 9000, "rows": STEADY, "most": 1_000_000}
CASES: dict[str, dict[str, Any]] = {
    SCALES: {"error": 0.075},
    LIMITS: {"error": 0.06, "most": 40_000},
    UNTOLD: {"error": 0.06, "most": 11_000},
    NOT: {"error": 0.03, "most": 5_000},
}


@cache
def found(answer: str) -> dict[str, Any]:
    """The tables of one of the cases."""
    with tempfile.TemporaryDirectory() as folder:
        study = study_of(read(write(Path(folder), **CASES[answer])))
    return tables(told(study))


def write(folder: Path, **changed: Any) -> Path:
    file = folder / "project.toml"
    file.write_text(PROJECT.format(**{**USUAL, **changed}), encoding="utf-8")
    return file


@pytest.mark.parametrize("answer", CASES)
def test_each_of_the_four_answers_with_its_exit(answer: str, tmp_path: Path, run: Run) -> None:
    code, out, _ = run("verdict", write(tmp_path, **CASES[answer]), "--json")
    rows = json.loads(out)["verdict"]
    first = rows[0]
    assert (first["part"], first["item"], first["answer"]) == ("verdict", "answer", answer)
    assert 0 <= first["probability"] <= 1
    assert code == (0 if answer in (SCALES, LIMITS) else 1)
    chances = {row["item"]: row["probability"] for row in rows if row["part"] == "question"}
    assert chances["model"] >= chances["supply"] >= chances["feasible"]
    for part in ("now", "planned", "pattern"):
        shares = [row["probability"] for row in rows if row["part"] == part and row["answer"]]
        assert not shares or sum(shares) == pytest.approx(1, abs=1e-4)


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 50),
    error=st.floats(0.12, 0.28),
    easier=st.floats(1.0, 1.4),
    most=st.integers(1000, 30_000),
    more=st.floats(1.0, 20.0),
)
def test_an_easier_target_or_more_supply_never_makes_it_worse(
    seed: int, error: float, easier: float, most: int, more: float
) -> None:
    law = pilots_of(small.law(("a",), draws=80, seed=seed))
    base = rank(law, error, most)
    assert rank(law, error * easier, most) >= base
    assert rank(law, error, int(most * more)) >= base


def pilots_of(law):
    """The law, which counts as one that rests on a pilot."""

    class Tried(FittedLaw):
        def residuals(self):
            return (PilotFit({"a": 500.0}, 1, 0.3, None, 0.3, 0.29, 0.31, 0.0),)

    return Tried(**{name: getattr(law, name) for name in law.__dataclass_fields__})


def rank(law, error: float, most: int) -> int:
    source = small.source("a", 0.1, most=most, batch=10)
    target = Target(error, 0.8, 5000.0)
    plan = cheapest_plan([source], law, target, prove=False)
    return ORDER.index(judge(law, target, plan, [source]).answer)


def test_without_a_pilot_nothing_is_told() -> None:
    law = small.law(("a",), draws=80)
    source, target = small.source("a", 0.1, most=100_000, batch=10), Target(0.28, 0.8)
    plan = cheapest_plan([source], law, target, prove=False)
    assert plan.reaches
    found = judge(law, target, plan, [source])
    assert (found.answer, found.lacking[-1]) == (UNTOLD, "pilots")


def test_the_questions_multiply_to_the_chance_of_the_plan() -> None:
    law = pilots_of(small.law(("a",), draws=200, seed=3))
    source, target = small.source("a", 0.1, most=6000, batch=10), Target(0.2, 0.8, 300.0)
    plan = cheapest_plan([source], law, target, prove=False)
    found = judge(law, target, plan, [source])
    assert found.feasible == pytest.approx(plan.probability)
    steps = (found.model, conditional(found.supply, found.model))
    steps += (conditional(found.feasible, found.supply),)
    assert np.prod(steps) == pytest.approx(plan.probability)
    # recomputed from the law: all that there is of the only source, without a limit of money
    share = law.probability(0.2, np.array([[6000.0]]))
    assert found.supply == pytest.approx(float(share))


def test_what_is_lacking_is_where_the_chances_fall_below_the_wanted_one() -> None:
    plan = cheapest_plan(
        [small.source("a", 0.1, most=6000, batch=10)],
        pilots_of(small.law(("a",), draws=200, seed=3)),
        Target(0.2, 0.8, 300.0),
        prove=False,
    )
    missed = replace(plan, reaches=False)
    # each is sure enough given the one before; unlimited data alone would be sure enough too
    assert _short_of(0.86, 0.75, 0.73, 0.73, missed, 0.8) == ["supply"]
    assert _short_of(0.86, 0.82, 0.79, 0.79, missed, 0.8) == ["limits"]
    assert _short_of(0.5, 0.45, 0.4, 0.4, missed, 0.8) == ["model"]
    assert _short_of(0.9, 0.6, 0.6, 0.6, missed, 0.8) == ["supply"]


def test_evidence_claims_no_certainty() -> None:
    law = pilots_of(small.law(("a",), draws=200, seed=3))
    source, target = small.source("a", 0.1, most=6000, batch=10), Target(0.2, 0.8, 300.0)
    plan = cheapest_plan([source], law, target, prove=False)
    found = replace(judge(law, target, plan, [source]), model=1.0, supply=0.0, room=0.996)
    evidence = said(found).evidence
    assert evidence.startswith("P(target) > 99% with unlimited clean data, < 1% with all that")
    assert "> 99% with a third" in evidence


def test_an_idea_is_told_in_numbers() -> None:
    law = pilots_of(small.law(("a",), draws=200, seed=3))
    source, target = small.source("a", 0.1, most=1e6, batch=10, per_week=2000.0), Target(0.2, 0.8)
    plan = cheapest_plan([source], law, target, prove=False)
    idea = idea_of(law, plan, [source], path(law, plan, 0.0))
    supply = idea.supplies[0]
    needs = law.needs(0.2, "a")
    assert float(law.weights @ (needs <= supply.alone * (1 + 1e-9))) >= 0.8 - 1e-9
    assert supply.weeks == pytest.approx(source.limits.weeks(supply.alone))
    assert idea.planned is not None and idea.planned.size > idea.now.size


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("answer", CASES)
def test_the_page_is_as_it_was(answer: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Golden pages; DATAPLAN_REFRESH=1 writes them anew."""
    monkeypatch.setenv("COLUMNS", "80")
    out = rendered(verdict_parts(found(answer), language), io.StringIO())
    name = re.sub(r"\W+", "-", answer)
    golden = GOLDEN / f"{name}.{language}.txt"
    if os.environ.get("DATAPLAN_REFRESH"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(out, encoding="utf-8")
    assert out == golden.read_text(encoding="utf-8")


def test_both_languages_say_everything() -> None:
    english = LANGUAGES["en"].TEXTS
    for name, module in LANGUAGES.items():
        assert set(module.TEXTS) == set(english), name
        for key, text in module.TEXTS.items():
            assert text, (name, key)
            assert gaps(text) == gaps(english[key]), (name, key)


def gaps(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


def test_chinese_names_the_limits_and_no_english_is_left() -> None:
    say = Speech("zh")
    assert say.phrase("crowd: max scale") == "crowd：规模上限"
    assert (
        say.phrase("a: nothing can be had (lead time); budget")
        == "a：完全无法取得（准备时间）；预算"
    )
    assert say.phrase("throughput x weeks") == "产出速度 × 周数"
    assert say.phrase("union rules") == "union rules"  # a user's own words stay


@pytest.mark.parametrize("answer", CASES)
def test_chinese_pages_have_no_english_but_names(answer: str) -> None:
    text = (GOLDEN / f"{re.sub(r'[^a-z]+', '-', answer)}.zh.txt").read_text(encoding="utf-8")
    known = {"labels", "error", "rate", "crowd", "EUR", "max", "examples", "per", "week", "P"}
    known |= {"max_examples", "per_week"}
    assert set(re.findall(r"[A-Za-z_]+", text)) <= known


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("answer", CASES)
def test_columns_line_up_and_keep_80(answer: str, language: str) -> None:
    from rich.cells import cell_len

    name = re.sub(r"[^a-z]+", "-", answer)
    lines = (GOLDEN / f"{name}.{language}.txt").read_text(encoding="utf-8").splitlines()
    assert max(map(cell_len, lines)) <= 80
    # the answers of the three questions begin in one column of the terminal
    say = Speech(language)
    answers = [say(f"answer.{each}") for each in ("yes", "no", "unsure")]
    starts = set()
    for item in ("supply", "model", "feasible"):
        question = say(f"question.{item}")
        row = next(line for line in lines if line.startswith(question))
        rest = row[len(question) :]
        assert any(rest.strip().startswith(each) for each in answers)
        starts.add(cell_len(question) + len(rest) - len(rest.lstrip()))
    assert len(starts) == 1


def test_tables_have_units(tmp_path: Path, run: Run) -> None:
    code, _, err = run("verdict", write(tmp_path), "--out", tmp_path / "out")
    assert code == 0 and "tables written to" in err
    with open(tmp_path / "out" / "verdict.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        assert row["unit"] or not row["value"], row
        assert not row["low"] or float(row["low"]) <= float(row["value"]) <= float(row["high"])
    with open(tmp_path / "out" / "columns.csv", newline="", encoding="utf-8") as file:
        known = {(row["table"], row["column"]) for row in csv.DictReader(file)}
    assert {("verdict", name) for name in rows[0]} <= known
    assert (tmp_path / "out" / "diagnosis.csv").exists()


def test_a_plan_begins_with_the_verdict(tmp_path: Path, run: Run) -> None:
    file = write(tmp_path)
    for language, opening in (("en", "Verdict: "), ("zh", "结论：")):
        _, out, _ = run("plan", file, "--lang", language)
        lines = [line for line in out.splitlines() if line]
        at = next(i for i, line in enumerate(lines) if line.startswith(opening))
        assert at <= 2
        assert Speech(language)("question.supply") in out
        assert "{" not in out


def ranged() -> Source:
    """Enough at the expected speed, which may be a quarter of that."""
    limits = Limits(per_week=400.0, speed_range=(0.25, 1.5), batch=10)
    return Source(
        "a", "plain", (CostLine("label", 0.0, 0.1),), limits, Quality(1.0, 1.0, 1.0, False)
    )


def test_speeds_in_their_ranges_are_part_of_what_weeks_allow() -> None:
    law = pilots_of(small.law(("a",), draws=200, seed=3))
    error = float(np.quantile(law.errors(np.array([[3500.0]]))[:, 0], 0.82))
    source, target = ranged(), Target(error, 0.8, weeks=10.0)
    plan = cheapest_plan([source], law, target, prove=False)
    assert plan.reaches and risk_of(plan).met < 0.8
    found = judge(law, target, plan, [source])
    assert found.feasible == pytest.approx(risk_of(plan).met)
    assert (found.answer, "ranges" in found.lacking) == (UNTOLD, True)
    # with time enough for the slowest nothing is in the way
    free = Target(error, 0.8)
    sure = judge(law, free, replace(plan, target=free), [ranged()])
    assert sure.answer in (LIMITS, SCALES)


def test_chances_are_those_of_draws_that_the_plan_was_not_made_for() -> None:
    law, other = (pilots_of(small.law(("a",), draws=200, seed=seed)) for seed in (3, 4))
    source, target = small.source("a", 0.1, most=6000, batch=10), Target(0.2, 0.8, 300.0)
    plan = cheapest_plan([source], law, target, prove=False)
    found = judge(law, target, plan, [source], fresh=other)
    totals = plan.totals(law.sources)[None]
    assert found.feasible == pytest.approx(float(other.probability(0.2, totals)))
    assert found.feasible != pytest.approx(plan.probability)
    assert found.model >= found.supply >= found.feasible


def test_a_cold_start_is_hopeless_where_no_more_can_be_had_than_was_tried() -> None:
    runs = pd.DataFrame({"a": [200, 400, 800, 1600], "error": [0.5, 0.499, 0.5, 0.4995]})
    law = fit_law(runs.assign(test_size=5000), worst_error=0.5, draws=200)
    assert stage_at(law, law.anchor.size).answer == "cold start"
    target = Target(0.2, 0.8)
    for most, answer in ((1600, NOT), (4000, UNTOLD)):
        source = small.source("a", 0.1, most=most, batch=10)
        plan = cheapest_plan([source], law, target, prove=False)
        found = judge(law, target, plan, [source])
        assert (found.answer, "cold start" in found.lacking) == (answer, answer == UNTOLD)


def test_what_no_model_sizes_tell_has_no_share() -> None:
    law = small.law(("a",), draws=60)
    found = patterned(law, Target(0.2), [small.source("a", 0.1, most=6000, batch=10)], None, None)
    assert not {"emergent", "ran out of compute"} & set(found.shares)
    assert sum(found.shares.values()) == pytest.approx(1)


def test_no_pilot_that_tells_as_well_is_cheaper(tmp_path: Path) -> None:
    study = study_of(read(write(tmp_path, **CASES[UNTOLD])))
    idea = told(study).idea
    assert idea is not None and idea.measurement is not None
    chosen, stand = idea.measurement, stand_of(study)
    weighed = [weigh(stand, each, truths=TRUTHS, reaches=False) for each in candidates(study)]
    best = max(each.settles or 0.0 for each in weighed)
    assert chosen.settles is not None and chosen.settles >= SHARE * best > 0
    for each in weighed:
        assert each.spent >= (chosen.cost or 0.0) - 1e-9 or (each.settles or 0.0) < SHARE * best
    # on a hopeless idea no pilot is advised
    hopeless = told(study_of(read(write(tmp_path, **CASES[NOT])))).idea
    assert hopeless is not None and hopeless.measurement is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("answer", CASES)
def test_pages_claim_no_certainty_and_quote_one_chance(answer: str, language: str) -> None:
    name = re.sub(r"[^a-z]+", "-", answer)
    text = (GOLDEN / f"{name}.{language}.txt").read_text(encoding="utf-8")
    assert not re.search(r"(?<![\d.])(0\.00|1\.00)(?!\d)", text)
    tables = found(answer)
    rows = tables["verdict"].records()
    facts = {row["key"]: row["value"] for row in tables["summary"].records()}
    met = next(r["probability"] for r in rows if r["item"] == "feasible")
    assert met == pytest.approx(facts["met"], abs=1e-6)
    assert chance(met) in " ".join(text.split("\n")[:2])


def test_ranges_in_the_way_ask_for_firm_offers_and_fail_as_the_plan_does(
    tmp_path: Path, run: Run
) -> None:
    file = write(tmp_path, error=0.068)
    slow = "per_week = {low = 100, base = 900, high = 1000}"
    text = file.read_text(encoding="utf-8").replace("per_week = 10000", slow)
    file.write_text(text, encoding="utf-8")
    code, out, _ = run("verdict", file, "--json")
    assert code == 1
    rows = json.loads(out)["verdict"]
    assert {"ranges"} <= {row["answer"] for row in rows if row["item"] == "lacking"}
    assert rows[0]["answer"] == UNTOLD
    assert run("plan", file)[0] == 1
    _, out, _ = run("verdict", file, "--lang", "zh")
    assert "固定报价" in out


def test_bad_input_is_one_message(tmp_path: Path, run: Run) -> None:
    code, out, err = run("verdict", write(tmp_path), "--target", -1)
    assert (code, out) == (2, "") and "--target" in err
    code, out, err = run("verdict", tmp_path / "none.toml")
    assert (code, out) == (2, "") and "none.toml" in err
    code, out, err = run("verdict", write(tmp_path), "--lang", "fr")
    assert (code, out) == (2, "") and "--lang" in err


def test_a_verdict_of_a_law_alone_asks_for_what_is_missing() -> None:
    law = small.law(("a",), draws=60)
    assert judge(law, None, None, ()).lacking == ("target",)
    assert judge(law, Target(0.2), None, ()).lacking == ("sources",)
