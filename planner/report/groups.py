"""What the page of a project with groups has of its own: opening, groups, frontier, findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planner.report import charts
from planner.report.grid import (
    bullets,
    cents,
    figure,
    likely,
    pairs,
    paragraph,
    section,
    table,
)
from planner.report.markup import Html, clean, element, joined, named
from planner.report.middle import bought
from planner.report.opening import badge, figures, kept, reasons
from planner.report.page import Page
from planner.report.svg import BAND, GRID, INK, MARK, MUTED, NARROW, Sheet, fitted, linear, ticks
from planner.screen import amount, chance, money, number, weeks

ROWS = 40  # groups that are drawn


def opening(page: Page) -> Html:
    """The verdict, what was asked of the groups, whether the plan meets it, and its figures."""
    say, facts = page.say, page.facts
    asked = [
        say("asked", what=say(f"asked.{key}"), target=number(facts[key]))
        for key in ("target", "worst_group", "max_gap")
        if facts[key] is not None
    ]
    asked += [
        say("asked", what=named(key.removeprefix("target of ")), target=number(value))
        for key, value in facts.items()
        if key.startswith("target of ")
    ]
    key = "groups.lead" if page.reached else "groups.lead out"
    lead = say(
        key,
        cost=page.spent(facts["cost"]),
        weeks=weeks(facts["weeks"]),
        chance=chance(facts["fresh_probability"]),
        wanted=chance(facts["confidence"]),
    )
    rows: list[tuple[object, object]] = [
        (joined([say("groups.asked"), " ", page.metric]), bullets(asked)),
        *figures(page, say("groups.error")),
        (say("groups.lag"), named(facts["lags"]) if facts["lags"] else say("nobody")),
    ]
    told = paragraph(badge(page), " ", element("span", kept(page, lead), class_="lead"))
    return section(
        "verdict",
        say("groups.answer"),
        told,
        pairs(rows),
        *reasons(page),
        paragraph(say("groups.left out"), class_="note"),
    )


def groups(page: Page) -> Html:
    """Each group: target, error, share, and whether it lags."""
    say = page.say
    rows = page.records("groups")
    cells = [
        (
            say(f"of {row['group']}") if row["of"] == "all" else named(row["group"]),
            figure(row["target"]),
            page.interval(row),
            likely(row["met"]),
            amount(row["examples"]) or None,
            likely(row["share"]),
            likely(row["population"]),
            likely(row["behind"]),
            _levelled(page, row),
        )
        for row in rows
    ]
    heads = [
        say("group"),
        joined([say("target"), " ", element("small", page.metric)]),
        joined([say("error then"), " ", element("small", page.metric)]),
        say("P met alone"),
        say("examples"),
        say("share"),
        say("population"),
        say("P behind"),
        page.head("levelling", page.currency),
    ]
    return section(
        "groups",
        say("groups"),
        charts.figure("groups", say("groups.title"), say("groups.about"), _dots(page, rows)),
        table(say("groups.caption"), heads, cells, "<>>>>>>>>"),
    )


def _levelled(page: Page, row: dict[str, Any]) -> object:
    if row["lags"] != "yes":
        return None
    return page.say("out") if row["levelling"] is None else cents(row["levelling"])


def _dots(page: Page, rows: Sequence[dict[str, Any]]) -> charts.Draw:
    """Error of each group with its interval, and its target."""
    mine = [row for row in rows if row["of"] == "group"][:ROWS]
    ends = [
        row[key]
        for row in mine
        for key in ("error_low", "error_high", "target")
        if row[key] is not None
    ]

    def draw(width: int) -> Sheet:
        """The groups on a sheet of this width."""
        narrow = width == NARROW
        step = 40.0 if narrow else 28.0
        sheet = Sheet(width, 66.0 + step * len(mine))
        left, right = (12.0, width - 14.0) if narrow else (180.0, width - 20.0)
        top, bottom = 26.0, sheet.height - 34.0
        x = linear(0.0, max(ends) * 1.08, left, right)
        for value in ticks(0.0, max(ends) * 1.08, 5):
            sheet.line((x(value), top), (x(value), bottom), GRID)
            sheet.text((x(value), bottom + 15), f"{value:.3g}", "middle", MUTED)
        for number_, row in enumerate(mine):
            y = top + step * number_ + (26.0 if narrow else 14.0)
            place, anchor = ((left, y - 10), "start") if narrow else ((left - 10, y + 4), "end")
            sheet.text(place, fitted(row["group"], width - 24.0 if narrow else left - 16), anchor)
            sheet.line((x(row["error_low"]), y), (x(row["error_high"]), y), BAND, stroke_width=4)
            sheet.dot((x(row["error"]), y), 5.0, INK)
            if row["target"] is not None:
                at = x(row["target"])
                sheet.line((at, y - 9), (at, y + 9), MARK, stroke_width=2.5)
        sheet.line((8.0, 10.0), (24.0, 10.0), BAND, stroke_width=4)
        sheet.dot((16.0, 10.0), 4.0, INK)
        words = page.say.plain("groups.legend error")
        sheet.text((30.0, 14.0), words)
        sheet.line((width - 130.0, 3.0), (width - 130.0, 17.0), MARK, stroke_width=2.5)
        sheet.text((width - 122.0, 14.0), page.say.plain("target"))
        sheet.text(
            ((left + right) / 2, sheet.height - 4), clean(page.facts["metric"], 60), "middle", MUTED
        )
        return sheet

    return draw


def frontier(page: Page) -> Html:
    """What all targets made harder or easier cost."""
    say = page.say
    shares = [c.name for c in page.tables["frontier"].columns if c.name.startswith("share of ")]
    rows = page.records("frontier")
    cells = [
        (
            f"× {number(row['factor'])}",
            cents(row["cost"]) or say("out"),
            weeks(row["weeks"]) or None,
            likely(row["probability"]),
            bought(page, row),
            joined(
                [joined([named(s.removeprefix("share of ")), f" {row[s]:.2f}"]) for s in shares],
                say("list"),
            )
            if row["cost"] is not None
            else None,
        )
        for row in rows
    ]
    heads = [
        say("factor"),
        page.head("cost", page.currency),
        say("weeks"),
        say("P met"),
        say("buy or binds"),
        say("composition"),
    ]
    own = next((at for at, row in enumerate(rows) if row["factor"] == 1), None)
    return section(
        "frontier",
        say("frontier"),
        paragraph(say("groups.frontier", wanted=chance(page.facts["confidence"]))),
        table(say("frontier.caption"), heads, cells, ">>>>~~", marked=own),
    )


def findings(page: Page) -> Html | None:
    """Who lags, and what would level it."""
    say = page.say
    rows = [row for row in page.records("groups") if row["lags"] == "yes"]
    if not rows:
        return None
    told = [
        say(
            "lags",
            name=named(row["group"]),
            error=number(row["error"], 3),
            level=number(row["level"], 3),
            chance=chance(row["behind"]),
            what=say("lags.out")
            if row["levelling"] is None
            else say("lags.cost", cost=joined([money(row["levelling"]), " ", page.currency])),
        )
        for row in rows
    ]
    return section("lagging", say("lagging"), bullets(told))
