"""The example end to end: plan.csv recomputed, and the law held against later runs."""

from __future__ import annotations

import csv
import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from planner import Project
from planner.export import write_csv
from planner.plan import Target
from planner.study import _halves, fresh_chance, run
from planner.tables import tables

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "sentiment"


@pytest.fixture(scope="module")
def study():
    return Project.load(EXAMPLE / "project.toml").study()


@pytest.fixture(scope="module")
def written(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    write_csv(tables(study), folder)
    return folder


def read(folder, name):
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def marginal_cost(line, quantity):
    """A line item's cost added up tier by tier, by another way than CostLine's."""
    if quantity == 0:
        return 0.0
    edges = [0.0, *(tier.start for tier in line.tiers), float("inf")]
    prices = [line.unit_price, *(tier.unit_price for tier in line.tiers)]
    parts = zip(edges, edges[1:], prices, strict=False)
    return line.fixed + sum(
        max(0.0, min(quantity, high) - low) * price for low, high, price in parts
    )


def test_plan_csv_recomputed(study, written):
    rows = read(written, "plan")
    assert rows
    sources = {source.name: source for source in study.inputs.sources}
    amounts = dict.fromkeys(study.law.sources, 0.0)
    total = 0.0
    for row in rows:
        source, quantity = sources[row["source"]], float(row["quantity"])
        lines = [marginal_cost(line, quantity) for line in source.lines]
        assert float(row["subtotal"]) == pytest.approx(sum(lines), abs=0.01)
        spare = sum(lines) * study.inputs.contingency
        assert float(row["contingency"]) == pytest.approx(spare, abs=0.01)
        assert float(row["total"]) == pytest.approx(sum(lines) + spare, abs=0.01)
        low = sum(c * line.low for c, line in zip(lines, source.lines, strict=True))
        assert float(row["low"]) == pytest.approx(low * (1 + study.inputs.contingency), abs=0.01)
        fees, unit = float(row["fees"]), float(row["unit_cost"])
        assert quantity * unit + fees == pytest.approx(float(row["subtotal"]), rel=1e-4)
        assert float(row["weeks"]) <= study.inputs.target.weeks
        amounts[row["source"]] = quantity
        total += float(row["total"])
    assert total <= study.inputs.target.budget
    errors = study.law.errors(amounts)[:, 0]
    chance = float(study.law.weights @ (errors <= study.inputs.target.error))
    shown = {row["key"]: row["value"] for row in read(written, "summary")}
    assert float(shown["probability"]) == pytest.approx(chance, abs=1e-6)
    assert chance >= study.inputs.target.confidence - 1e-9
    assert float(shown["cost"]) == pytest.approx(total, abs=0.02)


def test_costs_csv_adds_up_to_the_plan(written):
    plan = {row["source"]: float(row["subtotal"]) for row in read(written, "plan")}
    items: dict[str, float] = {}
    for row in read(written, "costs"):
        items[row["source"]] = items.get(row["source"], 0.0) + float(row["cost"])
    assert items == pytest.approx(plan, abs=0.03)


def test_frontier_has_twelve_targets_and_never_gets_cheaper_when_harder(study, written):
    rows = read(written, "frontier")
    assert len(rows) >= 12
    known = [(float(r["target"]), float(r["cost"])) for r in rows if r["cost"]]
    assert known == sorted(known, key=lambda pair: -pair[0])
    costs = [cost for _, cost in known]
    assert costs == sorted(costs)
    assert study.plan.target.error in [target for target, _ in known]


def test_every_assumption_has_unit_and_provenance(written):
    for row in read(written, "assumptions"):
        assert row["provenance"], row
        assert row["value"] or row["note"], f"unknown must be explained: {row}"


def test_later_runs_lie_in_the_stated_intervals(study):
    """60 larger compositions that the law never saw: at least 80% inside the 90% interval."""
    spec = importlib.util.spec_from_file_location("check_plan", EXAMPLE / "check_plan.py")
    assert spec is not None
    assert spec.loader is not None
    check = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(check)
    table = check.compare(study.law, pd.read_csv(EXAMPLE / "larger_runs.csv"))
    assert len(table) == 60
    assert table.inside.mean() >= 0.8
    assert float(np.sqrt(np.mean((table.ratio - 1) ** 2))) < 0.08


def test_the_plan_knows_this_task(study):
    """What the runs say: one vote beats three and five, text and rules are not worth buying."""
    bought = set(study.plan.amounts)
    assert "crowd1" in bought
    assert not bought & {"crowd5", "lexicon", "text", "human"}
    assert study.diagnosis.stage.answer == "scaling"
    text = next(f for f in study.diagnosis.checks if f.question.startswith("unlabelled text"))
    assert text.answer == "does not help"


def test_best_guess_is_riskier_and_cheaper(study):
    assert study.best_guess is not None
    assert study.best_guess.cost <= study.plan.cost
    assert study.best_guess_probability < study.plan.probability


def test_same_input_same_bytes(study, written, tmp_path):
    again = run(study.inputs)
    write_csv(tables(again), tmp_path)
    names = sorted(path.name for path in written.iterdir())
    assert names == sorted(path.name for path in tmp_path.iterdir())
    assert all((written / n).read_bytes() == (tmp_path / n).read_bytes() for n in names)


def test_out_of_reach_says_how_far_it_gets(study):
    hard = replace(study.inputs, target=Target(0.05, 0.8, 5000.0, 12.0, "test error rate"))
    far = run(hard)
    assert not far.plan.reaches
    assert far.plan.cost <= 5000.0
    assert far.plan.steps
    assert far.plan.binding
    assert far.diagnosis.verdict.answer == "does not scale"


def test_a_language_model_counts_documents_by_their_tokens(tmp_path):
    """Ten times the tokens a document is ten times the effective examples; epochs fade."""
    project = tmp_path / "project.toml"
    project.write_text(
        """name = "texts"
task = "language model"
worst_error = 4.0
reference = "short"
start = 2026-12-01
[target]
metric = "loss"
error = 3.0
[pilots]
rows = [{short = 1000, error = 3.6}, {short = 4000, error = 3.3}, {short = 16000, error = 3.05}]
[sources.short]
kind = "text"
documents = 100000
tokens = 10000000
[sources.long]
kind = "text"
documents = 100000
tokens = 100000000
epochs = 4
""",
        encoding="utf-8",
    )
    law = Project.load(project).study().law
    quality = next(p for p in law.parameters() if (p.source, p.name) == ("long", "quality"))
    repeats = 1 + 15.39 * (1 - np.exp(-3 / 15.39))
    assert quality.median == pytest.approx(10 * repeats, rel=0.2)
    assert repeats == pytest.approx(4 * 0.93, rel=0.01)


def test_a_plan_is_checked_on_draws_that_it_was_not_made_for(study):
    """Many of them, none of the law's own, and they agree with it within their error."""
    law, fresh = _halves(study.inputs)
    assert law.log_speed.tolist() == study.law.log_speed.tolist()
    assert len(fresh.weights) >= 4 * len(law.weights)
    assert fresh.weights.sum() == pytest.approx(1.0)
    assert not set(law.log_speed[:, 0]) & set(fresh.log_speed[:, 0])
    chance, noise = study.fresh
    assert (chance, noise) == fresh_chance(fresh, study.plan)
    assert 0.002 < noise < 0.01
    assert chance == pytest.approx(study.plan.probability, abs=0.02)
