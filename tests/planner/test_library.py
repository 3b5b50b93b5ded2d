from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

import planner
from planner import Project, fit_law
from planner.errors import InputError
from planner.export import write_project
from planner.study import Study


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("project"))[0]


def test_a_study_has_everything_of_the_design(path: Path) -> None:
    study = Project.load(path).study()
    for each in fields(Study):
        assert hasattr(study, each.name)
    tables = study.tables()
    assert all(isinstance(table, pd.DataFrame) for table in tables.values())
    total = tables["plan"]["total"].sum()
    assert total == pytest.approx(study.plan.cost, abs=0.01 * len(study.plan.steps))
    reached = tables["summary"].set_index("key")["value"]["probability"]
    assert reached == pytest.approx(study.plan.probability, rel=1e-5)


def test_the_stages_are_told_and_the_answer_is_the_same(path: Path) -> None:
    said: list[str] = []
    one = Project.load(path).study(said.append)
    two = Project.load(str(path)).study()
    assert "fitting the law" in said
    for name, table in one.tables().items():
        pd.testing.assert_frame_equal(table, two.tables()[name])


def test_the_target_can_be_replaced(path: Path) -> None:
    loaded = Project.load(path, {"error": 0.24, "weeks": 9.0})
    assert (loaded.inputs.target.error, loaded.inputs.target.weeks) == (0.24, 9.0)
    with pytest.raises(InputError, match="target.error"):
        Project.load(path, {"error": -1.0})


def test_what_the_package_offers() -> None:
    assert callable(fit_law)
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = planner.nothing_such  # type: ignore[attr-defined]
