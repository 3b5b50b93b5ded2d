"""Projects with groups: what is read and refused, tables, page and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from planner import project
from planner.cli import main
from planner.errors import InputError
from planner.group_study import run_groups
from planner.group_tables import group_tables
from planner.library import Project
from planner.study import run
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
