"""Projects with groups: what is read and refused, tables, page and exit codes."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len as wcwidth

from planner import project
from planner.cli import main
from planner.errors import InputError
from planner.group_study import _halves, run_groups
from planner.group_tables import group_tables
from planner.language import Speech
from planner.library import Project
from planner.listings.group_verdict import group_verdict_parts
from planner.listings.groups import group_parts
from planner.markdown import markdown
from planner.screen import rendered
from planner.study import run
from tests.planner.explained import check_explained
from tests.planner.test_groups import runs

HEAD = """
name = "Two groups"
start = 2026-12-01
classes = 2
draws = 100
[groups]
a = 0.7
b = 0.3
[target]
metric = "error rate"
{target}
[pilots]
file = "pilots.csv"
[sources.clinic]
kind = "plain"
unit_price = 0.1
max_examples = 20000
per_week = 1000
batch = 50
quality = {{ value = 1, low = 1, high = 1 }}
biased = false
groups = {{ a = 1 }}
[sources.web]
kind = "plain"
unit_price = 0.2
max_examples = 20000
per_week = 1000
batch = 50
quality = {{ value = 1, low = 1, high = 1 }}
biased = false
{web}
"""
TARGET = "error = 0.17\nworst_group = 0.2\nmax_gap = 0.09\n[target.groups]\na = 0.18\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("groups"))


def write(folder: Path, target: str = TARGET, web: str = "groups = { a = 0.1, b = 0.9 }") -> Path:
    table = runs().rename(columns={"a": "clinic", "b": "web"})
    table["seed"] = table.index // 2  # a run measures both groups
    table.to_csv(folder / "pilots.csv", index=False)
    place = folder / "project.toml"
    place.write_text(HEAD.format(target=target, web=web), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def study(made):
    return run_groups(project.read(made))


def test_plan_is_what_sources_and_law_say(study):
    plan, law, targets = study.plan, study.law, study.inputs.groups.targets
    cost = sum(float(s.cost(plan.amounts.get(s.name, 0.0))) for s in study.inputs.sources) * 1.15
    assert plan.cost == pytest.approx(cost)
    errors = law.errors([[plan.amounts.get(n, 0.0) for n in law.sources]])[:, 0]
    met = (errors <= targets.limits(law.groups)).all(axis=1)
    met &= (errors @ law.shares <= 0.17) & (abs(errors[:, 0] - errors[:, 1]) <= 0.09)
    assert plan.probability == pytest.approx(float(law.weights @ met))
    assert plan.reaches and plan.probability >= 0.8


def test_groups_table(study):
    tables = group_tables(study)
    rows = {row["group"]: row for row in tables["groups"].records()}
    assert set(rows) == {"a", "b", "overall", "worst", "gap"}
    assert rows["a"]["target"] == 0.18 and rows["b"]["target"] == 0.2
    bought = study.plan.amounts
    clinic, web = bought.get("clinic", 0.0), bought.get("web", 0.0)
    assert rows["a"]["examples"] == pytest.approx(clinic + 0.1 * web, abs=1)
    assert rows["b"]["share"] == pytest.approx(0.9 * web / (clinic + web), rel=1e-4)
    for row in rows.values():
        assert row["error_low"] <= row["error"] <= row["error_high"]
        assert row["met"] is None or row["met"] >= study.plan.probability - 1e-9
        assert row["lags"] in ("yes", "no", None)
    units = {(row["table"], row["column"]): row["unit"] for row in tables["columns"].records()}
    assert units["groups", "levelling"] == "USD"
    assert units["groups", "error"] == "error rate"
    assert units["frontier", "share of b"] == "ratio"


def test_every_empty_cell_is_explained(study):
    check_explained(group_tables(study))


def test_frontier_costs_never_fall_with_harder_targets(study):
    costs = [point.plan.cost for point in study.frontier if point.plan is not None]
    assert costs == sorted(costs, reverse=True) and len(costs) >= 3
    assert costs[[p.factor for p in study.frontier if p.plan].index(1.0)] == study.plan.cost


def test_levelling_costs_more_than_the_plan(study):
    assert set(study.levelling) == {
        each.of for each in study.plan.groups if each.behind >= study.plan.target.confidence
    }
    for each in study.levelling.values():
        assert each.cost is None or each.cost >= 0


def test_page_json_and_exit(made, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["plan", str(made), "--out", str(tmp_path / "out")]) == 0
    page = capsys.readouterr().out
    assert max(map(len, page.splitlines())) <= 80
    assert "no group worse than 0.2" in page and "levelling" in page
    written = pd.read_csv(tmp_path / "out" / "groups.csv")
    assert main(["plan", str(made), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["group"] for row in told["groups"]] == written.group.tolist()
    assert told["summary"]["probability"] >= 0.8
    assert main(["plan", str(made), "--budget", "5", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["summary"]["reaches"] == "no" and "target of" in told["summary"]["binding"]


def test_library(made):
    found = Project.load(made).study_groups()
    assert list(found.tables()["groups"].group) and found.plan.reaches


def test_sources_without_a_split_follow_the_population(tmp_path):
    read = project.read(write(tmp_path, web=""))
    assert dict(read.groups.splits["web"]) == {"a": 0.7, "b": 0.3}


def test_other_commands_see_the_overall_error(made, tmp_path):
    inputs = project.read(made)
    overall = inputs.pilots.only(inputs.pilots.overall)
    first = runs().iloc[:2]
    assert overall.error[0] == pytest.approx(0.7 * first.error.iloc[0] + 0.3 * first.error.iloc[1])
    assert len(overall) == len(inputs.pilots) // 3
    assert any("left out here" in each for each in run(inputs).warnings)
    with pytest.raises(InputError, match="target.error"):
        run(project.read(write(tmp_path, target="worst_group = 0.2")))


def test_overall_errors_are_as_sure_as_a_mean_by_shares(tmp_path):
    """A group of 90% of the population decides the mean: other groups' tests add little to it."""
    place = write(tmp_path)
    text = place.read_text(encoding="utf-8")
    place.write_text(text.replace("a = 0.7\nb = 0.3", "a = 0.9\nb = 0.1"), encoding="utf-8")
    table = pd.read_csv(tmp_path / "pilots.csv")
    table.assign(test_size=500).to_csv(tmp_path / "pilots.csv", index=False)
    pilots = project.read(place).pilots
    size = float(pilots.test_size[pilots.overall][0])
    rng = np.random.default_rng(0)
    rates = rng.binomial(500, 0.2, (200_000, 2)) / 500  # one error rate in both groups
    measured = np.var(rates @ [0.9, 0.1])
    assert 0.2 * 0.8 / size == pytest.approx(measured, rel=0.02)


def test_budget_and_weeks_count_towards_the_exit(made, tmp_path, capsys):
    """Speeds in a range: the plan is made for them, or the exit says that it is not kept."""
    text = made.read_text(encoding="utf-8")
    slow = text.replace("per_week = 1000", "per_week = { value = 1000, low = 300, high = 1500 }")
    place = tmp_path / "project.toml"
    (tmp_path / "pilots.csv").write_text((made.parent / "pilots.csv").read_text())
    place.write_text(slow, encoding="utf-8")
    sure = run_groups(project.read(made))
    weeks = {}
    for factor in (1.02, 5.0):
        limit = factor * sure.plan.weeks
        found = run_groups(project.read(place, {"weeks": limit}))
        kept = found.risk.met + 2 * found.fresh[1] >= 0.8 - 1e-9
        assert found.kept == (found.plan.reaches and kept)
        assert found.risk.met <= found.fresh[0] + 1e-12
        assert found.idea.verdict.feasible == pytest.approx(found.risk.met, abs=1e-6)
        weeks[factor] = (limit, found.kept)
    assert [kept for _, kept in weeks.values()] == [False, True]
    assert found.plan.probability > sure.plan.probability  # surer targets make up for late data
    limit = weeks[1.02][0]
    assert main(["plan", str(place), "--weeks", str(limit), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)["summary"]
    assert told["kept"] == "no" and told["on_time"] < 1
    assert main(["verdict", str(place), "--weeks", str(limit)]) == 1
    page = capsys.readouterr().out
    assert max(map(len, page.splitlines())) <= 80
    assert "who lags" in page and "left out" in page


def test_verdict_is_of_all_targets(study):
    """Chances fall from unlimited data to the plan, and are those of brute force over mixes."""
    verdict, plan, law = study.idea.verdict, study.plan, study.law
    assert 1 >= verdict.model >= verdict.supply >= verdict.planned >= verdict.feasible > 0
    assert verdict.answer.startswith("scales") == study.kept
    _, fresh = _halves(study.inputs)
    grid = np.stack(np.meshgrid(*[np.linspace(0, 20000, 15)] * 2), axis=-1).reshape(-1, 2)
    level = plan.targets.level(law.groups, fresh.errors(grid), law.shares)
    brute = fresh.weights @ (level <= 1).any(axis=1)
    assert verdict.supply == pytest.approx(brute, abs=0.05)
    for each in study.idea.groups:
        assert each.ever >= each.supply >= each.plan
        assert each.floor[0] <= each.floor[1] <= each.floor[2]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_begin_with_the_verdict(study, language):
    tables = group_tables(study)
    answer = tables["verdict"].records()[0]["answer"]
    assert answer == study.idea.verdict.answer
    stream = io.StringIO()
    for parts in (group_parts(tables, language), group_verdict_parts(tables, language)):
        page = rendered(parts, stream)
        assert max(wcwidth(line) for line in page.splitlines()) <= 80
        assert Speech(language)("question.supply") in page


def test_the_page_in_chinese_is_all_chinese_with_the_same_numbers(study):
    found = group_tables(study)
    english, chinese = (
        rendered(group_parts(found, name), io.StringIO()).replace("x ", "") for name in ("en", "zh")
    )
    names = set(re.findall(r"[A-Za-z]{2,}", "Two groups USD error rate web clinic"))
    assert set(re.findall(r"[A-Za-z]{2,}", chinese)) <= names
    numbers = r"\d[\d,.]*\d|\d"
    assert sorted(re.findall(numbers, chinese)) == sorted(re.findall(numbers, english))
    text = markdown(found, "zh")
    assert "| 总体 |" in text and "out of reach" not in text and "| worst |" not in text


@pytest.mark.parametrize(
    ("target", "web", "told"),
    [
        (TARGET, "groups = { a = 0.5, b = 0.6 }", "sources.web.groups = 1.1: shares must sum to 1"),
        (TARGET, "groups = { a = 0.5, c = 0.5 }", "sources.web.groups.c: is no group"),
        (TARGET, "groups = { a = 1.5, b = -0.5 }", "sources.web.groups.a = 1.5: must be a share"),
        (TARGET, 'groups = "a"', "sources.web.groups = 'a': must be a table"),
        (TARGET.replace("a = 0.18", "q = 0.18"), "", "target.groups.q: is no group"),
        ("worst_group = 20", "", "if it is a percentage, write 0.2"),
        ("worst_group = 0.6", "", "target.worst_group = 0.6: must be below worst_error"),
        ("max_gap = 0", "", "target.max_gap"),
        ('worst_group = 0.2\nleast = "weeks"\nerror = 0.2', "", "without groups only"),
    ],
)
def test_faults_of_a_project(tmp_path, capsys, target, web, told):
    place = write(tmp_path, target, web)
    assert main(["plan", str(place)]) == 2
    shown = capsys.readouterr().err
    assert told in shown and "Traceback" not in shown


def test_groups_need_pilots_of_each(tmp_path, capsys):
    place = write(tmp_path)
    table = runs().rename(columns={"a": "clinic", "b": "web"})
    table[table.group == "a"].to_csv(tmp_path / "pilots.csv", index=False)
    assert main(["plan", str(place)]) == 2
    assert "no pilot measures this group" in capsys.readouterr().err
    table.replace({"group": {"b": "bee"}}).to_csv(tmp_path / "pilots.csv", index=False)
    assert main(["plan", str(place)]) == 2
    assert "is no group of this project" in capsys.readouterr().err


def test_text_has_no_groups(tmp_path, capsys):
    place = write(tmp_path)
    text = place.read_text(encoding="utf-8")
    more = '[sources.notes]\nkind = "text"\ndocuments = 1000\n'
    place.write_text(text + more, encoding="utf-8")
    assert main(["plan", str(place)]) == 2
    assert "sources.notes: is unlabelled text" in capsys.readouterr().err


def test_without_shares_there_is_no_overall_error(tmp_path, capsys):
    place = write(tmp_path)
    text = place.read_text(encoding="utf-8").replace("[groups]\na = 0.7\nb = 0.3\n", "")
    place.write_text(text, encoding="utf-8")
    assert main(["plan", str(place)]) == 2
    assert "needs the shares of the groups" in capsys.readouterr().err
    place.write_text(text.replace("error = 0.17\n", ""), encoding="utf-8")
    assert main(["plan", str(place), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["group"] for row in told["groups"]} == {"a", "b", "worst", "gap"}
