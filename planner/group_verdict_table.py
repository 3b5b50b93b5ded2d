"""Rows of the verdict table of a study of groups: all targets at once, then each group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.table import Row, figure
from planner.verdict import ROOM
from planner.verdict_table import answer_rows

if TYPE_CHECKING:
    from planner.group_study import GroupStudy


def group_verdict_rows(study: GroupStudy) -> list[Row]:
    """As verdict_table.verdict_rows, of what verdict_table.VERDICT says, for targets of groups.

    Stage, pattern and next measurement are of one error, and are left out.
    """
    idea, metric = study.idea, study.inputs.target.metric
    verdict = idea.verdict
    rows: list[Row] = [
        *answer_rows(verdict),
        ("need", "room", None, None, figure(verdict.room), None, ROOM, None, None, "ratio"),
        ("need", "spare", None, None, None, None, figure(verdict.spare), None, None, "ratio"),
    ]
    for source in study.inputs.sources:
        limits, name, weeks = source.limits, source.name, study.plan.target.weeks
        most, speed = figure(idea.most[name]), figure(limits.per_week)
        said = limits.limit_name(weeks)
        rows += [
            ("supply", "most", name, said, None, None, most, None, None, source.unit),
            ("supply", "speed", name, None, None, None, speed, None, None, f"{source.unit}/week"),
        ]
    for each in idea.groups:
        low, middle, high = map(figure, each.floor)
        rows.append(("group", "floor", each.of, None, None, None, middle, low, high, metric))
        for item, chance in (("model", each.ever), ("supply", each.supply), ("plan", each.plan)):
            rows.append(("group", item, each.of, None, figure(chance), *(None,) * 5))
    return rows
