"""The path table's calendar, and the rounds on the page."""

from __future__ import annotations

import datetime
from dataclasses import replace

from planner.orders import path_rows
from planner.screen import rendered
from planner.summary import plan_parts
from planner.tables import tables
from tests.planner import samples
from tests.planner.test_advise import _Screen


def path():
    first, last = samples.path().rounds
    first = replace(
        first,
        arrival_week=2.0,
        done_below=0.25,
        buy_at=0.3,
        stop_above=0.34,
        stopped=0.1,
        lost=900.0,
    )
    last = replace(last, order_week=3.0, arrival_week=7.5)
    return replace(samples.path(), rounds=(first, last), stopped=0.1, lost=900.0, measure_weeks=1.0)


def test_dates_follow_the_weeks():
    start = datetime.date(2026, 12, 1)
    first, last = (
        dict(zip(tables(samples.study())["path"].header, row, strict=True))
        for row in path_rows(path(), samples.SOURCES, start)
    )
    assert first["order_date"] == start
    assert first["arrival_date"] == datetime.date(2026, 12, 15)
    assert first["decision_date"] == datetime.date(2026, 12, 22)
    assert last["order_date"] == first["decision_date"]
    assert last["arrival_date"] == start + datetime.timedelta(days=53)  # 7.5 weeks, the day after
    far = replace(path(), rounds=(replace(path().rounds[0], arrival_week=1e9),))
    (row,) = path_rows(far, samples.SOURCES, start)
    assert row[first_column("arrival_date")] is None


def first_column(name):
    return tables(samples.study())["path"].header.index(name)


def test_the_page_says_when_to_stop_and_what_is_lost():
    made = tables(samples.study(path=path()))
    text = rendered(plan_parts(made), _Screen())
    assert max(map(len, text.splitlines())) <= 80
    flat = " ".join(text.split())
    assert "done at stop at" in flat
    assert "A later round is as listed where about 0.3 is measured before it." in flat
    assert (
        "P(given up) 0.10, 900 then lost. Weeks from a delivery to a decision: 1; the next" in flat
    )
    facts = {row[0]: row[1] for row in made["summary"].rows}
    assert (facts["stopped"], facts["lost"], facts["measure_weeks"]) == (0.1, 900.0, 1.0)
