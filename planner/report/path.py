"""The path: rounds of buying and measuring on a calendar, or the orders of one purchase."""

from __future__ import annotations

import datetime
import math
from typing import Any

from planner.report import charts
from planner.report.calendar import Bar, Words, calendar
from planner.report.grid import bullets, cents, likely, paragraph, section, table
from planner.report.markup import Html, clean, element, joined, named
from planner.report.page import Page
from planner.screen import chance, money, number


def path(page: Page) -> Html:
    """The rounds on a calendar and as a table; the orders of the plan where all is bought at
    once."""
    say, facts, rows = page.say, page.facts, page.records("path")
    start = page.study.inputs.start
    limit = _day(start, facts["weeks_limit"]) if facts["weeks_limit"] is not None else None
    if len(rows) < 2:
        return section("path", say("path"), *orders(page, limit))
    rules = [
        joined([element("b", say("round n", n=row["round"])), ": ", _decision(page, row)])
        for row in rows
    ]
    told = say(
        "path.lead",
        expected=page.spent(facts["expected_cost"]),
        once=page.spent(facts["one_shot_cost"]),
    )
    if facts.get("model_cost"):  # the plan above has it, and no round
        beside = {"cost": money(facts["model_cost"]), "currency": page.currency}
        told = joined([told, " ", say.told("page.path.beside", **beside)])
    more = [say("path.measure", weeks=number(facts["measure_weeks"]))]
    if facts["stopped"]:
        more.append(
            say("path.stopped", chance=chance(facts["stopped"]), lost=page.spent(facts["lost"]))
        )
    return section(
        "path",
        say("path"),
        paragraph(told),
        _calendar(page, _bars(page), limit),
        _rounds(page),
        element("h3", say("rule")),
        bullets(rules),
        paragraph(joined(more, " "), class_="note"),
    )


def _bars(page: Page) -> list[Bar]:
    """A bar for each round that can be dated."""
    say = page.say
    return [
        Bar(
            say.plain("round n", n=row["round"]),
            row["order_date"],
            _first(page, row),
            row["arrival_date"],
            row["decision_date"],
            say.plain("P so far", chance=chance(row["reached"])),
        )
        for row in page.records("path")
        if row["order_date"] and row["arrival_date"] and row["decision_date"]
    ]


def _rounds(page: Page) -> Html:
    """The rounds as a table."""
    say = page.say
    cells = [
        (
            row["round"],
            page.mix("path", row),
            say.day(row["order_date"]),
            say.day(row["arrival_date"]),
            say.day(row["decision_date"]),
            cents(row["cost"]),
            cents(row["cumulative_cost"]),
            page.interval(row),
            likely(row["needed"]),
            likely(row["reached"]),
        )
        for row in page.records("path")
    ]
    heads = [
        say("round"),
        say("buy"),
        say("order"),
        say("arrival"),
        say("decision"),
        page.head("cost", page.currency),
        page.head("so far", page.currency),
        joined([say("error then"), " ", element("small", page.metric)]),
        say("P bought"),
        say("P so far head"),
    ]
    return table(say("path.caption"), heads, cells, "<<<<<>>>>>", cards=True)


def _first(page: Page, row: dict[str, Any]) -> datetime.date:
    """Day of the first delivery of a round: the shortest lead time of what it buys."""
    leads = [s.limits.lead_weeks for s in page.study.inputs.sources if row.get(s.name)]
    order, arrival = row["order_date"], row["arrival_date"]
    first = _day(page.study.inputs.start, row["order_week"] + min(leads, default=0.0))
    return max(order, min(arrival, first or arrival))


def dates(page: Page) -> Html:
    """The orders of a plan on a calendar, where there are no rounds."""
    limit = page.facts["weeks_limit"]
    last = None if limit is None else _day(page.study.inputs.start, limit)
    return section("path", page.say("path"), *orders(page, last))


def orders(page: Page, limit: datetime.date | None) -> list[Html | None]:
    """The orders of a plan that is bought at once, on a calendar."""
    say, start = page.say, page.study.inputs.start
    bars, rows = [], []
    for row in page.records("plan"):
        first, last = _day(start, row["start_week"]), _day(start, row["weeks"])
        if first is None or last is None:
            continue
        bars.append(Bar(clean(row["source"], 60), start, first, last, None))
        rows.append((named(row["source"]), say.day(start), say.day(first), say.day(last)))
    if not bars:
        return [paragraph(say("plan.none"))]
    heads = [say("source"), say("order"), say("first delivery"), say("arrival")]
    told = "path.once" if "path" in page.tables else "path.orders"
    if not page.reached:
        told = "path.out"
    return [
        paragraph(say(told)),
        _calendar(page, bars, limit),
        table(say("orders.caption"), heads, rows, "<<<<", cards=True),
    ]


def _calendar(page: Page, bars: list[Bar], limit: datetime.date | None) -> Html | None:
    if not bars:
        return None
    say = page.say
    words = Words(
        say.plain("calendar.wait"),
        say.plain("calendar.arrive"),
        say.plain("calendar.measure"),
        say.plain("calendar.limit"),
        say.plain("calendar.date"),
        tuple(say.plain("calendar.months").split()),
    )
    about = joined(
        [
            say(
                "calendar.bar",
                name=bar.name,
                order=say.day(bar.order),
                arrival=say.day(bar.arrival),
                decision=say.day(bar.decision or bar.arrival),
            )
            for bar in bars[:12]
        ],
        " ",
    )
    return charts.figure("calendar", say("calendar.title"), about, calendar(bars, limit, words))


def _day(start: datetime.date, week: float | None) -> datetime.date | None:
    try:
        return start + datetime.timedelta(days=math.ceil(7 * (week or 0.0) - 1e-6))
    except (OverflowError, ValueError):
        return None


def _decision(page: Page, row: dict[str, Any]) -> Html:
    """What is decided after a round, from the measured errors at which each thing is done."""
    say = page.say
    if row["buy_at"] is None:
        return say("rule.last", target=number(page.facts["target"]))
    done = number(row["done_below"], 4) if row["done_below"] is not None else None
    told = [say("rule.done", error=done) if done else say("rule.never done")]
    told.append(say("rule.buy", error=number(row["buy_at"], 4)))
    if row["stop_above"] is not None:
        told.append(say("rule.stop", error=number(row["stop_above"], 4)))
    return joined(told, say("and"))
