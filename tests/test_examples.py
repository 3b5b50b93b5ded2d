"""The four cases of the notes: each is a project that gives the verdict its README states."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from planner import project
from planner.group_study import run_groups
from planner.models import study_of
from planner.study import run
from planner.tables import tables

ROOT = Path(__file__).resolve().parent.parent
NOTES = ROOT / "examples" / "from-the-notes"
REACHES = {
    "expert-sentiment": False,
    "crowd-classification": True,
    "customer-service": True,
    "gpt-dialogues": True,
}


def test_every_case_is_tested() -> None:
    assert {path.parent.name for path in NOTES.glob("*/project.toml")} == set(REACHES)


@pytest.mark.parametrize("case", REACHES)
def test_verdict(case: str) -> None:
    inputs = project.read(NOTES / case / "project.toml")
    study = run(inputs)
    assert study.plan.reaches is REACHES[case]
    assert (study.plan.probability >= inputs.target.confidence) is REACHES[case]
    assert study.plan.cost <= inputs.target.budget
    assert study.plan.weeks <= inputs.target.weeks
    for source in inputs.sources:
        assert study.plan.amounts.get(source.name, 0) <= source.limits.max_examples
    assert ("does not scale" in study.diagnosis.verdict.answer) is not REACHES[case]


def test_experts_run_out_whatever_the_money(tmp_path: Path) -> None:
    path = NOTES / "expert-sentiment" / "project.toml"
    rich = run(project.read(path, {"budget": 1e9, "weeks": 1e4}))
    assert not rich.plan.reaches


def test_the_crowd_stays_within_the_scale_of_the_notes() -> None:
    study = run(project.read(NOTES / "crowd-classification" / "project.toml"))
    assert 10_000 <= study.plan.amounts["crowd"] <= 100_000


@pytest.mark.parametrize("case", REACHES)
def test_readme_says_what_is_assumed_and_how_to_run(case: str) -> None:
    text = (NOTES / case / "README.md").read_text(encoding="utf-8")
    assert f"dataplan plan examples/from-the-notes/{case}/project.toml" in text
    study = run(project.read(NOTES / case / "project.toml"))
    assert f"**Verdict: {study.diagnosis.verdict.answer}.**" in text
    assert "**Assumed:**" in text
    head = (NOTES / case / "project.toml").read_text(encoding="utf-8").splitlines()[:2]
    assert head[1].startswith("# ASSUMED:")


def test_rlhf_or_dpo() -> None:
    """Companies A and B: the routes, pairs and costs that the README of the example states."""
    from planner.preference.plans import best_by_route, chosen, work_out
    from planner.preference.question import read_question

    folder = ROOT / "examples" / "rlhf-or-dpo"
    text = " ".join((folder / "README.md").read_text(encoding="utf-8").split())
    for company, route in (("a", "DPO"), ("b", "RLHF with a judge")):
        place = folder / f"company-{company}" / "project.toml"
        question = read_question(place)
        plans = best_by_route(question, work_out(question))
        best = plans[chosen(question, plans)]
        assert chosen(question, plans) == route
        assert best.reaches
        stated = f"**{best.pairs:,.0f} pairs".rsplit(",", 1)[0]
        assert re.search(re.escape(stated) + r",\d00 pairs", text), best.pairs
        assert f"{round(best.cost, -2):,.0f} USD, {best.weeks:.1f} weeks" in text
        assert place.read_text(encoding="utf-8").splitlines()[1].startswith("# ASSUMED:")
        assert f"**Conclusion for {company.upper()}: {route}, as in the notes" in text
        assert f"dataplan preference examples/rlhf-or-dpo/company-{company}/project.toml" in text
    assert not plans["DPO"].reaches
    harder = read_question(folder / "company-b" / "project.toml", {"error": 0.3})
    assert not any(plan.reaches for plan in best_by_route(harder, work_out(harder)).values())


def test_groups_keep_every_target() -> None:
    """examples/groups: the plan and the predictions that its README states."""
    folder = ROOT / "examples" / "groups"
    study = run_groups(project.read(folder / "project.toml"))
    text = (folder / "README.md").read_text(encoding="utf-8")
    plan, bought = study.plan, study.plan.amounts
    assert plan.reaches and plan.cost <= 2500
    stated = f"buys {bought['listings']:,.0f} of listings and {bought['appraiser']:,.0f} from the"
    assert stated in " ".join(text.split())
    assert f"{plan.cost:,.0f} USD" in text
    for each in plan.groups:
        low, middle, high = (f"{error:.3f}"[1:] for error in each.error)
        assert f"| {each.of} | {middle} ({low} to {high}) |" in text
    assert set(study.levelling) == {"fair"} and study.levelling["fair"].cost is None


def test_tickets_are_those_of_the_script(tmp_path: Path) -> None:
    folder = NOTES / "customer-service"
    script = tmp_path / "make_tickets.py"
    script.write_text((folder / script.name).read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run([sys.executable, str(script)], check=True, capture_output=True)
    written = (tmp_path / "tickets.jsonl").read_text(encoding="utf-8")
    assert written == (folder / "tickets.jsonl").read_text(encoding="utf-8")
    texts = [json.loads(line)["text"] for line in written.splitlines()]
    assert (len(texts), len(set(texts))) == (156, 150)


def test_slopes_of_theory_are_recovered() -> None:
    """examples/mean-estimation: the rates of the mean and of binned means, each in its interval."""
    place = ROOT / "examples" / "mean-estimation" / "simulate.py"
    spec = importlib.util.spec_from_file_location("simulate", place)
    assert spec and spec.loader
    simulate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(simulate)
    for name, (simulation, theory) in simulate.CASES.items():
        runs = simulate.simulated(simulation, simulate.SIZES[:4])
        found, low, high = simulate.slope(runs)
        assert low - 0.05 <= theory <= high + 0.05, name
        assert abs(found - theory) < 0.25, name


SIZES = ROOT / "examples" / "model-size"


def test_the_cheapest_of_four_models_is_chosen() -> None:
    inputs = project.read(SIZES / "project.toml")
    study = study_of(inputs)
    found = {each.model.name: each for each in study.models}
    assert set(found) == {"small", "medium", "wide", "large"}
    assert found["wide"].how == "runs over model size and data"
    assert not found["small"].reaches and "budget" in found["small"].why_not
    reaching = [each for each in study.models if each.reaches]
    assert len(reaching) == 3
    assert study.models[0].total == min(each.total for each in reaching)
    assert found["large"].examples < found["medium"].examples
    facts = {row[0]: row[1] for row in tables(study)["summary"].rows}
    assert facts["model"] == study.models[0].model.name
    assert facts["cost"] <= inputs.target.budget


def test_laws_of_models_hold_against_later_runs(capsys: pytest.CaptureFixture[str]) -> None:
    place = SIZES / "check_models.py"
    spec = importlib.util.spec_from_file_location("check_models", place)
    assert spec and spec.loader
    check = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(check)
    inside, runs = check.main()
    assert runs == 12 and inside >= 8
    untried = [line for line in capsys.readouterr().out.splitlines() if line.startswith("wide")]
    assert len(untried) == 6 and not any("outside" in line for line in untried)


def test_model_sizes_are_those_of_the_script() -> None:
    place = SIZES / "measure.py"
    spec = importlib.util.spec_from_file_location("measure", place)
    assert spec and spec.loader
    measure = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(measure)
    known = {model.name: model.params for model in project.read(SIZES / "project.toml").models}
    sizes = {**measure.SIZES, **measure.UNTRIED}
    assert known == {name: measure.Model(size, 0).params for name, size in sizes.items()}
    text = measure.pages()[: measure.TEST + measure.ASIDE + 4]
    loss, epochs, _ = measure.run(text, (2, 4), 4, 0)
    assert 1.5 < loss < 4.16 and 1 <= epochs <= measure.MOST_EPOCHS
