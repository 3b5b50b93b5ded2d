"""The end of the page: assumptions, the weakest first, warnings, and the sentence to paste."""

from __future__ import annotations

import math
from typing import Any

from planner.report.grid import bullets, figure, folded, paragraph, section, table
from planner.report.markup import Html, clean, element, joined, named
from planner.report.page import Page
from planner.screen import chance, money, number, weeks

ORDER = ("assumed", "published", "catalogue", "quoted", "measured")  # the weakest first
WEAKEST = 5  # that are named


def assumptions(page: Page) -> Html:
    """Every number with its range and origin, weakest first; those of sources that are not bought
    on demand."""
    say, rows = page.say, page.records("assumptions")
    bought = {str(row["source"]) for row in page.records("plan")}
    ranked = sorted(rows, key=_rank(page))
    weak = [row for row in ranked if _weak(row, bought)][:WEAKEST]
    asked = [row for row in rows if row["scope"] == "project"]
    mine = [row for row in ranked if row["scope"] in bought and row["scope"] != "project"]
    rest = [row for row in ranked if row["scope"] not in {*bought, "project"}]
    exact = [row for row in mine if _exact(page, row)]
    told: list[Html] = []
    if weak:
        items = [
            say(
                "weak",
                name=joined([named(row["scope"]), ": ", _name(row)]),
                value=_value(row),
                unit=_unit(page, row),
                low=number(row["low"], 3),
                high=number(row["high"], 3),
                origin=say.word(row["provenance"]),
            )
            for row in weak
        ]
        told = [paragraph(say("weakest")), bullets(items, "weak")]
    if exact:
        names = dict.fromkeys(map(_name, exact))
        told.append(paragraph(say("weakest exact", names=joined(names, say("list")))))
    if not told:
        told = [paragraph(say("weakest none"))]
    parts = [_table(page, say("assumptions.bought"), mine)] if mine else []
    parts.append(
        folded(say("assumptions.project"), _table(page, say("assumptions.project"), asked))
    )
    if rest:
        head = say("assumptions.rest", n=len({row["scope"] for row in rest}))
        parts.append(folded(head, _table(page, head, rest)))
    return section("assumptions", say("assumptions"), *told, *parts)


def _rank(page: Page) -> Any:
    """Weakest first: by origin, then by how far the number moves the cost where that is known, then
    by how wide its range is."""
    moved = {(row["scope"], row["name"]): _moved(row) for row in page.records("sensitivity")}

    def rank(row: dict[str, Any]) -> tuple[float, ...]:
        """Sorts the weakest number first."""
        origin = ORDER.index(row["provenance"]) if row["provenance"] in ORDER else len(ORDER)
        return (origin, -moved.get((row["scope"], row["name"]), 0.0), -_width(row))

    return rank


def _moved(row: dict[str, Any]) -> float:
    ends = [row["cost_low"], row["cost_high"]]
    if row["note"]:
        return 0.0
    return math.inf if None in ends else float(max(ends) - min(ends))


def _width(row: dict[str, Any]) -> float:
    low, high = row["low"], row["high"]
    if not isinstance(low, int | float) or not isinstance(high, int | float) or low >= high:
        return 0.0
    return math.log(high / low) if low > 0 else 10.0 + abs(high - low) / (abs(high) + 1)


def _weak(row: dict[str, Any], bought: set[str]) -> bool:
    return row["scope"] in bought and row["provenance"] == "assumed" and _width(row) > 0


def _exact(page: Page, row: dict[str, Any]) -> bool:
    """Whether a price, a speed or a quality is assumed and has no range: what is certain of the
    plan then is so by assumption alone."""
    value, unit = row["value"], str(row["unit"])
    told = any(part in unit for part in (page.study.inputs.currency, "week", "effective"))
    known = isinstance(value, int | float) and value != 0
    return row["provenance"] == "assumed" and known and told and _width(row) == 0


def _name(row: dict[str, Any]) -> Html:
    return element("code", clean(row["name"], 60))


def _value(row: dict[str, Any]) -> object:
    value = row["value"]
    if isinstance(value, int | float):
        return figure(value)
    return None if value is None else clean(value, 40)


def _unit(page: Page, row: dict[str, Any]) -> Html:
    return element("span", page.say.unit(clean(row["unit"] or "", 60)), class_="unit")


def _table(page: Page, caption: object, rows: list[dict[str, Any]]) -> Html:
    say = page.say
    cells = [
        (
            joined([named(row["scope"]), ": ", _name(row)])
            if row["scope"] != "project"
            else _name(row),
            _value(row),
            _unit(page, row),
            _range(page, row),
            say.word(row["provenance"]),
            _reference(page, row),
        )
        for row in rows
    ]
    heads = [say(key) for key in ("number", "value", "unit", "range", "rests on", "reference")]
    return table(caption, heads, cells, "<><><~")


def _reference(page: Page, row: dict[str, Any]) -> Html | None:
    """Where a number comes from, and what to know about it."""
    reference = str(row["reference"] or "")
    date = None if row["date"] is None else element("small", clean(row["date"], 20), class_="day")
    shown: Html | None = None
    if reference == "project file":
        shown = page.say("project file")
    elif reference:
        shown = element("span", clean(reference, 200), class_="reference")
    found = [each for each in (shown, date, _note(page, row)) if each]
    return joined(found, " ") if found else None


def _note(page: Page, row: dict[str, Any]) -> Html | None:
    """What to know about a number: that pilots overrule it, say, or why it is not known."""
    parts = [page.say.sentence(part) for part in str(row["note"] or "").split("; ") if part]
    return element("small", "(", joined(parts, page.say("and")), ")") if parts else None


def _range(page: Page, row: dict[str, Any]) -> object:
    low, high = row["low"], row["high"]
    if low is None or high is None or low == high or not isinstance(low, int | float):
        return None
    return page.say("from to", low=number(low, 3), high=number(high, 3))


def warnings(page: Page) -> Html:
    """What the reader of the plan should know."""
    say = page.say
    found = [row["answer"] for row in page.records("diagnosis") if row["question"] == "warning"]
    if not found:
        return section("warnings", say("warnings"), paragraph(say("warnings.none")))
    return section("warnings", say("warnings"), bullets(map(say.sentence, found), "warning"))


def proposal(page: Page) -> Html:
    """The sentence to paste into a proposal."""
    say, facts = page.say, page.facts
    bought = [
        say("amount", n=f"{row['quantity']:,.0f}", name=named(row["source"]))
        for row in page.records("plan")
        if row["kind"] != "model"
    ]
    weakest = page.records("plan")
    origins = {row["provenance"] for row in weakest}
    rests = next((each for each in ORDER if each in origins), "assumed")
    key = "proposal" if page.reached else "proposal.out"
    told = say(
        key,
        project=named(facts["project"]),
        aim=aim_of(page),
        chance=chance(facts["fresh_probability"]),
        what=joined(bought, say("list")) if bought else say("nothing"),
        cost=page.spent(facts["cost"]),
        low=money(facts["cost_low"]),
        high=money(facts["cost_high"]),
        weeks=weeks(facts["weeks"]),
        contingency=page.spent(facts["contingency"]),
        met=chance(facts["met"]),
        start=say.day(page.study.inputs.start),
        origin=say.word(rests),
    )
    return section(
        "proposal", say("proposal.title"), element("blockquote", element("p", told)), class_="keep"
    )


def aim_of(page: Page) -> Html:
    """The target, or that of all groups."""
    if "max_gap" in page.facts:
        return page.say("groups.targets")
    return page.aim
