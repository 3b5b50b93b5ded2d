"""The what-if: sliders over plans that were computed, and the same plans as a table."""

from __future__ import annotations

import json
import math
from typing import Any

from planner.report.grid import cents, folded, likely, paragraph, section, table
from planner.report.markup import Html, clean, element, joined, named, plain
from planner.report.page import Page
from planner.screen import chance, money, number, weeks
from planner.whatif import Position, WhatIf

ROUNDING = 0.005  # of a chance that is shown with two decimals
AXES = ("target", "confidence", "weeks", "budget")


def what_if(page: Page) -> Html | None:
    """Sliders, what they show, and every computed plan in tables for those who have no script."""
    grid = page.whatif
    if grid is None:
        return None
    say = page.say
    own = [at for at, p in enumerate(grid.positions) if _like_own(grid, p)]
    rest = [at for at in range(len(grid.positions)) if at not in set(own)]
    parts: list[Html | None] = [
        paragraph(say("whatif.lead", n=len(grid.positions))),
        _controls(page, grid),
        folded(
            say("whatif.own"),
            _table(page, grid, own, say("whatif.own"), limits=False),
            name="whatif-table",
            open_=True,
        ),
    ]
    if rest:
        head = say("whatif.rest", n=len(rest))
        parts.append(folded(head, _table(page, grid, rest, head, limits=True)))
    data = element("script", _data(page, grid), type="application/json", id="whatif-data")
    return section("whatif", say("whatif"), *parts, data)


def _like_own(grid: WhatIf, position: Position) -> bool:
    """Whether weeks and budget are the project's."""
    weeks, budget = grid.weeks[grid.own[2]], grid.budgets[grid.own[3]]
    return (position.weeks, position.budget) == (weeks, budget)


def _stops(page: Page, grid: WhatIf) -> list[list[Html]]:
    """The positions of each slider in words."""
    say = page.say
    return [
        [joined([page.metric, " ≤ ", number(each)]) for each in grid.targets],
        [Html(chance(each)) for each in grid.confidences],
        [
            say("no limit") if math.isinf(each) else say("n weeks", n=number(each))
            for each in grid.weeks
        ],
        [say("no limit") if math.isinf(each) else page.spent(each) for each in grid.budgets],
    ]


def _controls(page: Page, grid: WhatIf) -> Html:
    """Sliders with labels, and where the plan of a position is told; hidden without a script."""
    say, stops = page.say, _stops(page, grid)
    rows = []
    for name, words, own in zip(AXES, stops, grid.own, strict=True):
        slider = element(
            "input",
            type="range",
            id=f"whatif-{name}",
            min="0",
            max=str(len(words) - 1),
            step="1",
            value=str(own),
            disabled=len(words) < 2,
            aria_valuetext=plain(words[own]),
            autocomplete="off",
        )
        label = element("label", say(f"whatif.{name}"), for_=f"whatif-{name}")
        shown = element("output", words[own], id=f"whatif-{name}-now", for_=f"whatif-{name}")
        rows.append(element("div", label, slider, shown, class_="slider"))
    told = element(
        "div",
        element("p", "", id="whatif-cost", class_="lead"),
        element("p", "", id="whatif-told"),
        element("ul", "", id="whatif-buy"),
        id="whatif-plan",
        aria_live="polite",
        aria_atomic="true",
    )
    back = element("button", say("whatif.back"), type="button", id="whatif-back")
    sliders = element("fieldset", element("legend", say("whatif.legend")), *rows, back)
    return element("div", sliders, told, id="whatif-controls", hidden=True)


def _told(page: Page, position: Position) -> dict[str, Any]:
    """A position in words; `cost`, `weeks` and chances in figures too."""
    say = page.say
    if position.plan is None:
        reason = say(f"binds.{position.binds}")
        return {"head": plain(say("whatif.out")), "told": plain(reason), "buy": [], "cost": None}
    low, cost, high = position.cost or (0.0, 0.0, 0.0)
    more = round(cost - page.facts["cost"], 2)
    head = say(
        "whatif.head",
        cost=joined([cents(cost), " ", page.currency]),
        span=page.span(low, high),
    )
    against = (
        say("whatif.same")
        if not more
        else (say("whatif.more" if more > 0 else "whatif.less", cost=page.spent(abs(more))))
    )
    told = say(
        "whatif.told",
        weeks=weeks(position.plan.weeks),
        chance=chance(position.plan.probability),
        met=chance(position.met),
        against=against,
    )
    if (position.met or 0.0) < position.confidence - ROUNDING:
        told = joined([told, " ", say("whatif.short")])
    if position.model:
        told = joined([told, " ", say("whatif.model", name=named(position.model))])
    bought = [
        plain(
            say(
                "whatif.buys",
                n=f"{step.quantity:,.0f}",
                name=named(step.source.name),
                cost=page.spent(step.total),
            )
        )
        if step.source.kind != "model"
        else plain(joined([named(step.source.name), " ", page.spent(step.total)]))
        for step in position.plan.steps
    ]
    return {
        "head": plain(head),
        "told": plain(told),
        "buy": bought or [plain(say("plan.none"))],
        "cost": cost,
        "low": low,
        "high": high,
        "weeks": position.plan.weeks,
        "probability": position.plan.probability,
        "met": position.met,
        "purchases": [[clean(name, 60), n] for name, n in position.purchases.items()],
    }


def _data(page: Page, grid: WhatIf) -> Html:
    """The positions for the script, each plan once; nothing in it can close the element."""
    plans: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    places = []
    for position in grid.positions:
        told = _told(page, position)
        key = json.dumps(told, sort_keys=True)
        if key not in seen:
            seen[key] = len(plans)
            plans.append(told)
        places.append(seen[key])
    data = {
        "axes": [[plain(word) for word in words] for words in _stops(page, grid)],
        "values": [
            [None if math.isinf(each) else each for each in values]
            for values in (grid.targets, grid.confidences, grid.weeks, grid.budgets)
        ],
        "own": grid.own,
        "plans": plans,
        "at": places,
    }
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return Html(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _table(page: Page, grid: WhatIf, places: list[int], caption: object, *, limits: bool) -> Html:
    say = page.say
    rows = []
    for at in places:
        p = grid.positions[at]
        told = _cells(page, p)
        within = (
            [
                say("no limit") if math.isinf(p.weeks) else number(p.weeks),
                say("no limit") if math.isinf(p.budget) else money(p.budget),
            ]
            if limits
            else []
        )
        rows.append((number(p.target), chance(p.confidence), *within, *told))
    heads = [
        joined([say("target"), " ", element("small", page.metric)]),
        say("confidence"),
        *([say("within weeks"), page.head("within budget", page.currency)] if limits else []),
        page.head("cost", page.currency),
        page.head("low to high", page.currency),
        say("weeks"),
        say("P target"),
        say("buy or binds"),
    ]
    align = ">>" + ">>" * limits + ">>>>~"
    mine = grid.positions.index(grid.at(*grid.own))
    return table(caption, heads, rows, align, marked=places.index(mine) if mine in places else None)


def _cells(page: Page, position: Position) -> list[object]:
    say = page.say
    if position.plan is None or position.cost is None:
        return [say("out"), None, None, None, say(f"binds.{position.binds}")]
    low, cost, high = position.cost
    bought = [
        say("amount", n=f"{step.quantity:,.0f}", name=named(step.source.name))
        for step in position.plan.steps
        if step.source.kind != "model"
    ]
    if position.model:
        bought.append(named(position.model))
    return [
        cents(cost),
        say("from to", low=money(low), high=money(high)),
        weeks(position.plan.weeks),
        likely(position.plan.probability),
        joined(bought, say("list")) if bought else say("nothing"),
    ]
