"""The middle of the page: the law, the frontier, what moves the cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from planner.report import charts
from planner.report.charts import Curve, Labels, Swing
from planner.report.grid import cents, figure, folded, likely, paragraph, section, table
from planner.report.markup import Html, clean, element, joined, named
from planner.report.page import Page
from planner.screen import amount, chance, money, number, weeks

if TYPE_CHECKING:
    from planner.fitted import FittedLaw
    from planner.study import Study

POINTS = 60  # of a curve
BEYOND = 30.0  # times the largest pilot that the law is drawn for, or as far as the plan goes
MOST_SWINGS = 15  # bars of the tornado; the table has all
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def law(page: Page) -> Html:
    """The scaling law with pilots, bands and target."""
    say, facts = page.say, page.facts
    study = cast("Study", page.study)
    fitted, pilots = study.law, page.records("pilots")
    several = len(fitted.labels) > 1
    unit = (
        say.plain("effective of", name=clean(fitted.reference, 24))
        if several
        else say.plain("examples of data")
    )
    need = fitted.required(facts["target"], facts["confidence"])
    curve = _curve(study, need)
    sure = chance(facts["confidence"])
    marks = {
        "target": say.plain("target n", n=number(facts["target"])),
        "median": say.plain("median"),
        "band": say.plain("bands"),
        "pilots": say.plain("pilots of", name=clean(fitted.reference, 24))
        if several
        else say.plain("pilots"),
        "others": say.plain("other pilots"),
        "plan": say.plain("the plan"),
        "need": say.plain("needed", n=amount(_rounded(need)), chance=sure)
        if math.isfinite(need)
        else "",
    }
    labels = Labels(unit, clean(facts["metric"], 60), marks)
    about = say(
        "law.about",
        metric=page.metric,
        pilots=len(pilots),
        low=number(curve.levels[0][-1], 3),
        high=number(curve.levels[4][-1], 3),
        size=amount(_rounded(curve.sizes[-1])),
        target=number(facts["target"]),
    )
    told = (
        say("law.need", aim=page.aim, wanted=sure, n=amount(_rounded(need)), unit=unit)
        if math.isfinite(need)
        else say("law.never", aim=page.aim, wanted=sure)
    )
    weak = say("law.weak") if facts["weak_prior"] == "yes" else None
    notes = [told, weak if pilots else say("law.no pilots")]
    return section(
        "law",
        say("law"),
        paragraph(joined(notes, " ")),
        charts.figure(
            "law",
            say("law.title"),
            about,
            charts.law(curve, labels),
            say("law.caption", metric=page.metric, unit=unit),
        ),
        folded(say("law.pilots"), pilot_table(page)) if pilots else None,
        folded(say("law.parameters"), _parameters(page)),
    )


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def _curve(study: Study, need: float) -> Curve:
    fitted, plan = study.law, study.plan
    points = _pilots(fitted)
    sizes = [size for size, _, _ in points] or [fitted.anchor.size / 100, fitted.anchor.size]
    planned = None
    total = plan.totals(fitted.sources)
    if total.any():
        planned = (float(np.median(fitted.effective(total[None]))), plan.error)
    far = max(max(sizes) * BEYOND, planned[0] * 2 if planned else 0.0)
    if math.isfinite(need):
        far = max(far, min(need * 1.5, max(sizes) * 1e4))
    near = min([*sizes, planned[0] if planned and planned[0] > 0 else sizes[0]])
    axis = np.geomspace(max(near / 1.5, 1e-3), far, POINTS)
    levels = fitted.quantiles({fitted.reference: axis}, LEVELS)
    return Curve(
        [float(x) for x in axis],
        [[float(v) for v in row] for row in levels],
        points,
        study.plan.target.error,
        need if math.isfinite(need) and need > 0 else None,
        planned,
    )


def _pilots(law: FittedLaw) -> list[tuple[float, float, bool]]:
    """Median effective size and error of each pilot, and whether it is of the reference alone."""
    fits = law.residuals()
    if not fits:
        return []
    amounts = np.array([[fit.amounts.get(name, 0.0) for name in law.sources] for fit in fits])
    size = np.median(law.effective(amounts), axis=0)
    alone = amounts[:, law.sources.index(law.reference)] == amounts.sum(axis=1)
    return [
        (float(n), fit.observed, bool(own))
        for n, fit, own in zip(size, fits, alone, strict=True)
        if n > 0
    ]


def pilot_table(page: Page) -> Html:
    """Each measured composition beside what the law says of it."""
    say = page.say
    grouped = "group" in page.tables["pilots"].header
    rows = []
    for row in page.records("pilots"):
        rows.append(
            (
                page.mix("pilots", row),
                *([named(row["group"])] if grouped else []),
                row["runs"],
                figure(row["observed"], 3),
                figure(row["fitted"], 3),
                say("from to", low=number(row["low"], 3), high=number(row["high"], 3)),
            )
        )
    heads = [
        say("examples"),
        *([say("group")] if grouped else []),
        say("runs"),
        say("observed"),
        say("fitted"),
        say("range 90"),
    ]
    return table(
        say("pilots.caption", metric=page.metric), heads, rows, "<" * (1 + grouped) + ">>>>"
    )


def _parameters(page: Page) -> Html:
    say = page.say
    rows = [
        (
            joined([say.word(row["family"]), " ", element("small", chance(row["weight"]))]),
            element("code", clean(row["parameter"], 40)),
            named(row["source"]) if row["source"] else None,
            figure(row["low"], 3),
            figure(row["median"], 3),
            figure(row["high"], 3),
            say.word(row["identified"]),
        )
        for row in page.records("law")
    ]
    heads = [
        say(key)
        for key in ("family", "parameter", "source", "low end", "median", "high end", "known from")
    ]
    return table(say("parameters.caption"), heads, rows, "<<<>>><")


def frontier(page: Page) -> Html:
    """What other targets cost."""
    say, facts, rows = page.say, page.facts, page.records("frontier")
    if not rows:
        return section("frontier", say("frontier"), paragraph(say("frontier.none")))
    points = [(row["target"], row["cost"]) for row in rows]
    marks = {
        "own": say.plain("own n", n=money(facts["cost"])),
        "out": say.plain("cross"),
    }
    labels = Labels(
        say.plain("target of", metric=clean(facts["metric"], 40)),
        say.plain("cost in", unit=clean(page.study.inputs.currency, 12)),
        marks,
    )
    reached = [row for row in rows if row["cost"] is not None]
    about = say("frontier.nothing")
    if reached:
        first, last = reached[0], reached[-1]
        about = say(
            "frontier.about" if len(reached) > 1 else "frontier.one",
            easy=number(first["target"]),
            least=page.spent(first["cost"]),
            hard=number(last["target"]),
            most=page.spent(last["cost"]),
        )
    drawn = (
        charts.figure(
            "frontier",
            say("frontier.title"),
            about,
            charts.frontier(points, facts["target"], labels),
            about,
        )
        if reached
        else paragraph(about)
    )
    return section(
        "frontier",
        say("frontier"),
        paragraph(say("frontier.lead", wanted=chance(facts["confidence"]))),
        drawn,
        _targets(page),
    )


def _targets(page: Page) -> Html:
    """The frontier as a table."""
    say, facts, rows = page.say, page.facts, page.records("frontier")
    several = "model" in rows[0]
    cells = [
        (
            number(row["target"]),
            cents(row["cost"]) or say("out"),
            weeks(row["weeks"]) or None,
            likely(row["probability"]),
            likely(row["met"]),
            *([named(row["model"]) if row["model"] else None] if several else []),
            bought(page, row),
        )
        for row in rows
    ]
    heads = [
        joined([say("target"), " ", element("small", page.metric)]),
        page.head("cost", page.currency),
        say("weeks"),
        say("P target"),
        say("P all"),
        *([say("model")] if several else []),
        say("buy or binds"),
    ]
    own = next((at for at, row in enumerate(rows) if row["target"] == facts["target"]), None)
    return table(say("frontier.caption"), heads, cells, ">>>>>" + "<" * several + "~", marked=own)


def bought(page: Page, row: Mapping[str, Any]) -> Html | None:
    """What a row of the frontier buys, or why its target is out of reach."""
    if row["cost"] is not None:
        return page.mix("frontier", row)
    return page.say.sentence(row["note"]) if row["note"] else None


def sensitivity(page: Page) -> Html:
    """What moves the cost, as a tornado and a table; how to get it where it was not computed."""
    say, facts, rows = page.say, page.facts, page.records("sensitivity")
    if "sensitivity" not in page.tables:
        command = element("code", "dataplan plan PROJECT.toml --sensitivity")
        return section(
            "sensitivity", say("sensitivity"), paragraph(say("sensitivity.how", command=command))
        )
    if not rows:
        return section("sensitivity", say("sensitivity"), paragraph(say("sensitivity.none")))
    swings = [
        Swing(
            f"{clean(row['scope'], 24)}: {clean(row['name'], 24)}",
            (number(row["low"], 3), number(row["high"], 3)),
            row["cost_low"],
            row["cost_high"],
        )
        for row in rows
        if not row["note"]
    ]
    labels = Labels(
        say.plain("cost in", unit=clean(page.study.inputs.currency, 12)),
        "",
        {"base": say.plain("own n", n=money(facts["cost"])), "out": say.plain("out")},
    )

    top = rows[0]
    about = say(
        "sensitivity.about",
        name=joined([named(top["scope"]), ": ", element("code", clean(top["name"], 60))]),
        low=_told(page, top["cost_low"], top["note"]),
        high=_told(page, top["cost_high"], top["note"]),
    )
    drawn = swings[:MOST_SWINGS]
    chart = (
        charts.figure(
            "tornado",
            say("tornado.title"),
            about,
            charts.tornado(drawn, facts["cost"], labels),
            say("tornado.caption"),
        )
        if drawn
        else None
    )
    return section(
        "sensitivity",
        say("sensitivity"),
        paragraph(about),
        chart,
        _ends(page),
    )


def _cost(page: Page, value: Any, note: Any) -> object:
    """Cost at an end of a range; why there is none."""
    return page.say("not known") if note else page.say("out") if value is None else cents(value)


def _told(page: Page, value: Any, note: Any) -> object:
    """The same in a sentence."""
    return _cost(page, value, note) if note or value is None else page.spent(value)


def _ends(page: Page) -> Html:
    """What moves the cost as a table."""
    say = page.say
    cells = [
        (
            joined([named(row["scope"]), ": ", element("code", clean(row["name"], 60))]),
            say("from to", low=number(row["low"], 3), high=number(row["high"], 3)),
            element("span", say.unit(str(row["unit"])), class_="unit"),
            _cost(page, row["cost_low"], row["note"]),
            _cost(page, row["cost_high"], row["note"]),
            say.word(row["provenance"]),
        )
        for row in page.records("sensitivity")
    ]
    heads = [
        say("number"),
        say("range"),
        say("unit"),
        page.head("cost at low", page.currency),
        page.head("cost at high", page.currency),
        say("rests on"),
    ]
    return table(say("sensitivity.caption"), heads, cells, "<><>><")
