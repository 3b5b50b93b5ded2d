"""A plan as pictures: law, frontier, costs, calendar, and what moves the cost, as PNG and SVG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from planner.figures.calendar import draw_calendar
from planner.figures.costs import draw_costs
from planner.figures.frontier import draw_frontier
from planner.figures.law import draw_law
from planner.figures.style import Pictures
from planner.figures.tornado import draw_tornado
from planner.fitted import FittedLaw
from planner.language import Speech
from planner.screen import facts_of

if TYPE_CHECKING:
    from planner.group_study import GroupStudy
    from planner.study import Study
    from planner.table import Table


def draw(study: Study | GroupStudy, tables: Mapping[str, Table], language: str = "en") -> Pictures:
    """Every figure of a study that its tables have rows for; the same study gives the same bytes.

    Of groups there is no law to draw in one picture, and no path. Raises DataplanError where
    matplotlib is not installed.
    """
    say, facts = Speech(language), facts_of(tables["summary"])
    found = []
    if isinstance(study.law, FittedLaw):
        found.append(_law(study.law, facts, language))
    if tables["frontier"].rows:
        found.append(draw_frontier(tables["frontier"], facts, say))
    if tables["plan"].rows:
        found.append(draw_costs(tables["plan"], facts, say))
    if "path" in tables and tables["path"].rows:
        found.append(draw_calendar(tables["path"], facts, say))
    if "sensitivity" in tables and tables["sensitivity"].rows:
        found.append(draw_tornado(tables["sensitivity"], facts, say))
    files = {name: content for each in found for name, content in each.files.items()}
    return Pictures(files, tuple(dict.fromkeys(note for each in found for note in each.notes)))


def first_picture(study: Study | GroupStudy, tables: Mapping[str, Table]) -> tuple[str, bytes]:
    """The figure that tells most, as PNG with its name: the law, or of groups the frontier. Raises
    DataplanError where matplotlib is not installed."""
    facts = facts_of(tables["summary"])
    if isinstance(study.law, FittedLaw):
        return "law", _law(study.law, facts, "en").files["law.png"]
    return "frontier", draw_frontier(tables["frontier"], facts, Speech()).files["frontier.png"]


def _law(law: FittedLaw, facts: Mapping[str, Any], language: str) -> Pictures:
    return draw_law(law, facts["target"], facts["confidence"], str(facts["metric"]), language)
