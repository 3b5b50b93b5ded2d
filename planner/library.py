"""The library's front door: a project file in, a study with its tables as DataFrames out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.group_study import GroupStudy, run_groups
from planner.group_tables import group_tables
from planner.inputs import Inputs
from planner.models import study_of
from planner.notebook import study_html
from planner.project import read
from planner.study import Progress, Study
from planner.tables import tables

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class StudyResult(Study):
    """A study (inputs, law, plan, frontier, path, diagnosis, warnings) and its tables."""

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name; `columns` gives unit and meaning of each column of the others."""
        return {name: table.frame() for name, table in tables(self).items()}

    def _repr_html_(self) -> str:
        """What a notebook shows of it: the plan in a sentence and a table, the law as a figure."""
        return study_html(self, tables(self))


@dataclass(frozen=True)
class GroupStudyResult(GroupStudy):
    """A study of groups (inputs, law, plan, levelling, frontier, warnings) and its tables."""

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name; `columns` gives unit and meaning of each column of the others."""
        return {name: table.frame() for name, table in group_tables(self).items()}

    def _repr_html_(self) -> str:
        """What a notebook shows of it: the plan in a sentence and a table, and its frontier."""
        return study_html(self, group_tables(self))


@dataclass(frozen=True)
class Project:
    """A checked project.

    study = Project.load("project.toml").study()
    study.plan.cost, study.tables()["frontier"]
    """

    inputs: Inputs

    @classmethod
    def load(cls, path: Path | str, target: Mapping[str, Any] | None = None) -> Project:
        """Read and check a project file; `target` replaces keys of its [target], such as budget
        [currency] or weeks [week]. Raises InputError with every fault of the file at once."""
        return cls(read(path, target))

    def study_groups(self, progress: Progress | None = None) -> GroupStudyResult:
        """Plan for the targets of all groups at once, where the project has groups.

        Raises InputError where it has none.
        """
        study = run_groups(self.inputs, progress)
        return GroupStudyResult(**{each.name: getattr(study, each.name) for each in fields(study)})

    def study(self, progress: Progress | None = None) -> StudyResult:
        """Fit the law, search the plan, diagnose. `progress` is called with the name of each stage.

        Of candidate models the best is planned for, and `models` of the study compares all.

        The same project gives the same study. Raises InputError where the law is undefined.
        """
        study = study_of(self.inputs, progress)
        return StudyResult(**{each.name: getattr(study, each.name) for each in fields(study)})
