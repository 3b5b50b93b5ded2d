"""The law of each group on the page: charts with pilots, bands and target, and its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from planner.report import charts
from planner.report.charts import Curve, Labels
from planner.report.grid import figure, folded, paragraph, section, table
from planner.report.markup import Html, clean, element, joined, named
from planner.report.middle import LEVELS, pilot_table
from planner.report.page import Page
from planner.screen import number

if TYPE_CHECKING:
    from planner.group_law import GroupLaw
    from planner.group_study import GroupStudy

POINTS = 40  # of a curve
BEYOND = 4.0  # times the plan that the laws are drawn for
DRAWN = 12  # groups that have a chart; the tables have all


def law(page: Page) -> Html:
    """The law of each group as a chart and in its parameters, and the pilots behind it."""
    say = page.say
    rows = [
        (
            named(row["group"]) if row["group"] else say("all groups"),
            element("code", clean(row["parameter"], 60)),
            named(row["source"]) if row["source"] else None,
            figure(row["low"], 3),
            figure(row["median"], 3),
            figure(row["high"], 3),
        )
        for row in page.records("law")
    ]
    heads = [say(key) for key in ("group", "parameter", "source", "low end", "median", "high end")]
    return section(
        "law",
        say("law"),
        paragraph(say("groups.law")),
        *_charts(page),
        folded(say("law.pilots"), pilot_table(page)),
        folded(say("law.parameters"), table(say("parameters.caption"), heads, rows, "<<<>>>")),
    )


def _charts(page: Page) -> list[Html]:
    """A chart for each group, the one that lags most first and open; none where nothing is trained
    on: the proportions of the sources are those of the plan."""
    rows = [row for row in page.records("groups") if row["of"] == "group"][:DRAWN]
    curves = _curves(cast("GroupStudy", page.study), {r["group"]: r["target"] for r in rows})
    return [
        folded(
            named(row["group"]),
            _chart(page, f"law-{at}", row, curves[row["group"]]),
            open_=at == 0,
        )
        for at, row in enumerate(row for row in rows if row["group"] in curves)
    ]


def _chart(page: Page, name: str, row: dict[str, Any], curve: Curve) -> Html:
    say, target = page.say, row["target"]
    marks = {
        "target": "" if target is None else say.plain("target n", n=number(target)),
        "median": say.plain("median"),
        "band": say.plain("bands"),
        "pilots": say.plain("pilots"),
        "plan": say.plain("the plan"),
    }
    unit = say.plain("groups.examples", name=clean(row["group"], 24))
    about = say("groups.law about", name=named(row["group"]), error=page.interval(row))
    if target is not None:
        about = joined([about, " ", say("groups.law target", target=number(target))])
    return charts.figure(
        name,
        say("groups.law title", name=named(row["group"])),
        about,
        charts.law(curve, Labels(unit, clean(page.facts["metric"], 60), marks)),
        say("groups.law caption", metric=page.metric, unit=unit),
    )


def _curves(study: GroupStudy, targets: dict[str, float | None]) -> dict[str, Curve]:
    """The error of each group over its examples [example], sources in the plan's proportions."""
    fitted = study.law
    total = np.asarray(study.plan.totals(fitted.sources), dtype=float)
    own = dict(zip(fitted.groups, total @ fitted.splits, strict=True))
    pilots = {group: _pilots(fitted, group) for group in targets if own[group] > 0}
    # as far as the pilots and the plan reach, in times of the plan
    held = [size / own[group] for group, points in pilots.items() for size, _, _ in points]
    scale = np.geomspace(min([1.0, *held]) / 1.2, max([BEYOND, *held]) * 1.1, POINTS)
    levels = fitted.quantiles(np.outer(scale, total), LEVELS)
    at_plan = fitted.quantiles(total[None], (0.05, 0.5, 0.95))[:, 0, :]
    found = {}
    for group, points in pilots.items():
        at = fitted.groups.index(group)
        low, middle, high = (float(level) for level in at_plan[:, at])
        found[group] = Curve(
            [float(size) for size in own[group] * scale],
            [[float(value) for value in row] for row in levels[:, :, at]],
            points,
            targets[group],
            None,
            (float(own[group]), (low, middle, high)),
        )
    return found


def _pilots(law: GroupLaw, group: str) -> list[tuple[float, float, bool]]:
    """Examples of the group [example] and its error in each measured composition that has any."""
    at = law.groups.index(group)
    found = []
    for fit in law.pilots:
        amounts = np.array([fit.amounts.get(name, 0.0) for name in law.sources])
        size = float(amounts @ law.splits[:, at])
        if fit.group == group and size > 0:
            found.append((size, fit.observed, True))
    return found
