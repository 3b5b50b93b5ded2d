"""The first part of the page: the verdict, the questions behind it, and the plan in one table."""

from __future__ import annotations

from typing import Any

from planner.report.grid import (
    DASH,
    bullets,
    cents,
    figure,
    likely,
    pairs,
    paragraph,
    section,
    table,
)
from planner.report.markup import Html, element, joined, named
from planner.report.page import Page
from planner.screen import amount, chance, money, number, weeks
from planner.table import whole
from planner.verdict import SPARE

COLOURS = {
    "scales": "good",
    "scales with limits": "fair",
    "can't tell yet": "fair",
    "does not scale": "bad",
}


def verdict(page: Page) -> Html:
    """The answer in a sentence, the figures of it, and why."""
    say = page.say
    parts: list[Html] = [
        paragraph(badge(page), " ", element("span", sentence(page), class_="lead")),
        pairs(figures(page, joined([say("predicted"), " ", page.metric]))),
    ]
    if "verdict" in page.tables:
        parts += reasons(page)
    return section("verdict", say("verdict"), *parts)


def badge(page: Page) -> Html:
    """The answer in a word or two."""
    answer = str(page.facts["verdict"])
    text = page.say.speech(f"answer.{answer}")
    return element("strong", text, class_=f"badge {COLOURS.get(answer, 'fair')}")


def sentence(page: Page) -> Html:
    """What the plan does, in one sentence."""
    say, facts = page.say, page.facts
    key = f"lead.{facts['least']}" if page.reached else "lead.out"
    if facts["least"] == "weeks" and page.reached and facts["kept"] == "no":
        key = "lead.cost"
    told = say(
        key,
        aim=page.aim,
        cost=page.spent(facts["cost"]),
        weeks=weeks(facts["weeks"]),
        within=number(facts.get("kept_within"), 3),
        chance=chance(facts["fresh_probability"]),
        wanted=chance(facts["confidence"]),
    )
    return kept(page, told)


def kept(page: Page, told: Html) -> Html:
    """That sentence, and how surely budget and weeks are kept too where that is less than asked."""
    if not page.reached or page.facts["kept"] != "no":
        return told
    return joined([told, " ", page.say("lead.kept", met=chance(page.facts["met"]))])


def figures(page: Page, predicted: Html) -> list[tuple[object, object]]:
    """Cost, weeks, chances, error (named by `predicted`) and limits of the plan."""
    say, facts = page.say, page.facts
    low, high = facts["cost_low"], facts["cost_high"]
    cost = [element("b", page.spent(facts["cost"])), " ", page.span(low, high)]
    found: list[tuple[object, object]] = [(say("cost"), joined(cost))]
    found.append((say("weeks"), element("b", say("n weeks", n=weeks(facts["weeks"])))))
    wanted = say("wanted", wanted=chance(facts["confidence"]))
    sure = chance(facts["fresh_probability"])
    if 0 < facts["fresh_probability"] < 1:
        sure += f" ± {facts['fresh_error']:.2f}"
    found.append((say("P target"), joined([element("b", sure), " ", wanted])))
    parts = say("P parts", budget=chance(facts["on_budget"]), weeks=chance(facts["on_time"]))
    found.append((say("P all"), joined([element("b", chance(facts["met"])), " ", parts])))
    interval = say(
        "interval", low=number(facts["error_low"], 3), high=number(facts["error_high"], 3)
    )
    found.append(
        (
            predicted,
            joined([element("b", number(facts["error"], 3)), " ", interval]),
        )
    )
    limits = []
    if facts["budget"] is not None:
        limits.append(page.spent(facts["budget"]))
    if facts["weeks_limit"] is not None and facts.get("least") != "weeks":
        limits.append(say("n weeks", n=number(facts["weeks_limit"])))
    found.append((say("limits"), joined(limits, say("and")) if limits else say("no limits")))
    binding = [say.sentence(each) for each in str(facts["binding"] or "").split("; ") if each]
    found.append((say("binds"), joined(binding, say("and")) if binding else say("binds none")))
    return found


def reasons(page: Page) -> list[Html]:
    """The three questions, why, and what to measure next."""
    say, speech, rows = page.say, page.say.speech, page.records("verdict")

    def all_of(part: str, item: str) -> list[dict[str, Any]]:
        """Rows of one part of the verdict."""
        return [row for row in rows if row["part"] == part and row["item"] == item]

    asked = []
    for item in ("supply", "model", "feasible"):
        (row,) = all_of("question", item)[:1]
        asked.append(
            (
                speech(f"question.{item}"),
                speech(f"answer.{row['answer']}"),
                likely(row["probability"]),
                likely(row["given"]),
            )
        )
    heads = [speech(f"head.{name}") for name in ("question", "answer", "chance", "given")]
    lacking = [str(row["answer"]) for row in all_of("verdict", "lacking")] or ["none"]
    why = [speech(f"lacking.{name}", times=f"{SPARE:g}") for name in lacking]
    reason: object = bullets(why) if len(why) > 1 else why[0]
    known: list[tuple[object, object]] = [(say("why"), reason)]
    for part, item in (("now", "stage"), ("planned", "stage"), ("pattern", "pattern")):
        if shares := all_of(part, item):
            best = max(shares, key=lambda row: row["probability"])
            told = f"{speech(f'{item}.' + best['answer'])} ({chance(best['probability'])})"
            known.append(
                (speech("model.pattern" if part == "pattern" else f"model.stage {part}"), told)
            )
    if "path" in page.tables:
        known.append((speech("measure"), _measure(page, all_of)))
    return [
        table(say("three questions"), heads, asked, "<<>>", cards=True),
        paragraph(speech("question.note"), class_="note"),
        pairs(known, "known"),
    ]


def _measure(page: Page, all_of: Any) -> object:
    """The next measurement, as the verdict's own page tells it."""
    told, cost = page.say.told, all_of("next", "cost")
    if not cost:
        return told("measure.once" if page.reached else "measure.none")
    row = cost[0]
    what = joined(
        [
            told("measure.amount", amount=amount(whole(n["value"])), name=named(n["subject"]))
            for n in all_of("next", "examples")
        ],
        told("list"),
    )
    spent = told("measure.unpriced") if row["value"] is None else money(row["value"])
    gaps = {"what": what, "cost": spent, "currency": page.currency}
    if page.reached:
        return told("measure.round", **gaps)
    sure = row["probability"]
    settles = "" if sure is None else told("measure.settles", chance=chance(sure))
    runs = amount(whole(all_of("next", "runs")[0]["value"]))
    return told("measure.pilot", runs=runs, settles=settles, **gaps)


def plan(page: Page) -> Html:
    """What is bought, what it costs at low, expected and high prices, and the sum."""
    say, facts = page.say, page.facts
    bound = any(row["binding_limit"] for row in page.records("plan"))
    rows = [
        (
            joined([named(row["source"]), " ", element("small", say.word(row["kind"]))]),
            joined([amount(row["quantity"]), " ", unit_of(page, row["unit"])]),
            figure(row["unit_cost"]),
            cents(row["fees"]),
            cents(row["low"]),
            element("b", cents(row["total"])),
            cents(row["high"]),
            _when(page, row),
            *([say.sentence(row["binding_limit"] or DASH)] if bound else []),
            say.word(row["provenance"]),
        )
        for row in page.records("plan")
    ]
    if not rows:
        return section("plan", say("plan"), paragraph(say("plan.none")))
    sums = (
        say("total"),
        "",
        "",
        "",
        cents(facts["cost_low"]),
        cents(facts["cost"]),
        cents(facts["cost_high"]),
        weeks(facts["weeks"]),
        *[""] * (1 + bound),
    )
    heads = [
        say("source"),
        say("quantity"),
        page.head("unit cost", page.currency),
        page.head("fees", page.currency),
        page.head("low", page.currency),
        page.head("expected", page.currency),
        page.head("high", page.currency),
        say("weeks from to"),
        *([say("limit")] if bound else []),
        say("rests on"),
    ]
    align = "<>>>>>>>" + "<" * (1 + bound)
    notes: list[object] = [say("plan.note", contingency=page.spent(facts["contingency"]))]
    if facts["used_in_hand"]:
        notes.append(say("plan.in hand", what=named(facts["used_in_hand"])))
    return section(
        "plan",
        say("plan"),
        table(say("plan.caption"), heads, rows, align, total=sums, cards=True),
        paragraph(joined(notes, " "), class_="note"),
        _sure(page),
        _models(page),
    )


def unit_of(page: Page, unit: object) -> Html:
    """The unit of a source's quantity."""
    return element("span", page.say.unit(str(unit)), class_="unit")


def _when(page: Page, row: dict[str, Any]) -> str:
    return page.say.plain("from to", low=weeks(row["start_week"]), high=weeks(row["weeks"]))


def _sure(page: Page) -> Html | None:
    """How good the plan is, and what a plan for the best guess alone would be."""
    say, facts = page.say, page.facts
    told: list[object] = []
    if facts.get("gap") is not None:
        proven = facts["gap"] < 0.0005
        told.append(say("proven") if proven else say("bound", bound=page.spent(facts["bound"])))
    if facts.get("best_guess_cost") is not None:
        told.append(
            say(
                "guess",
                cost=page.spent(facts["best_guess_cost"]),
                chance=chance(facts["best_guess_probability"]),
            )
        )
    elif "best_guess_cost" in facts:
        told.append(say("guess none"))
    return bullets(told) if told else None


def _models(page: Page) -> Html | None:
    """The candidate models side by side."""
    say = page.say
    rows = [
        (
            named(row["model"]),
            amount(row["examples"]),
            cents(row["data_cost"]),
            cents(row["training_cost"]),
            cents(row["serving_cost"]),
            cents(row["total"]),
            likely(row["fresh_probability"]),
            say("chosen") if row["chosen"] == "yes" else say.sentence(row["why_not"] or ""),
        )
        for row in page.records("models")
    ]
    if not rows:
        return None
    heads = [
        say("model"),
        say("examples"),
        page.head("data", page.currency),
        page.head("training", page.currency),
        page.head("serving", page.currency),
        page.head("total", page.currency),
        say("P target"),
        say("note"),
    ]
    return table(say("models.caption"), heads, rows, "<>>>>>>~", marked=0)
