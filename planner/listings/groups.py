"""Tables of a study of groups -> what the terminal shows, in 80 columns or fewer, in
each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.language import Speech
from planner.purchase_page import purchase_parts
from planner.screen import (
    Parts,
    Tables,
    amount,
    chance,
    facts_of,
    grid,
    line,
    money,
    number,
    pairs,
    title,
    weeks,
)
from planner.sentences import limits_of
from planner.table import Table
from planner.verdict_page import verdict_short

SCALES = "does this idea scale"  # the question that the verdict answers
PROVEN = 0.0005  # a gap that is nothing but rounding


def group_parts(tables: Tables, language: str = "en") -> Parts:
    """The plan for several targets: verdict, purchases, groups, how sure, other targets."""
    say, facts = Speech(language), facts_of(tables["summary"])
    parts = [title(head_of(facts, say)), *verdict_short(tables, language)]
    if tables["plan"].rows:
        parts += ["", *purchase_parts(tables["plan"], facts, say)]
    parts += ["", *_groups(tables["groups"], facts, say), "", pairs(_sureness(facts, say))]
    parts += ["", *_frontier(tables["frontier"], say)]
    findings = tables["diagnosis"].records()
    label = say("warning")
    warnings = [
        (label, say.phrase(str(row["answer"]))) for row in findings if row["question"] == "warning"
    ]
    parts += ["", pairs(warnings, "yellow")] if warnings else []
    advice = [pairs([(say("page.next"), _advice(row, say))]) for row in findings if row["advice"]]
    return [*parts, *(["", *advice] if advice else [])]


def _advice(row: Mapping[str, Any], say: Speech) -> str:
    text = say.phrase(str(row["advice"]))
    return text if row["question"] == SCALES else say("page.label", name=row["answer"], text=text)


def asked(facts: Mapping[str, Any], say: Speech) -> str:
    """What is asked of the groups, in words."""
    own = [
        say("groups.own", name=key.removeprefix("target of "), value=number(value))
        for key, value in facts.items()
        if key.startswith("target of ")
    ]
    if facts["target"] is not None:
        named = {"name": say("groups.of.overall"), "value": number(facts["target"])}
        own.insert(0, say("groups.own", **named))
    if facts["worst_group"] is not None:
        own.append(say("groups.worst", value=number(facts["worst_group"])))
    if facts["max_gap"] is not None:
        own.append(say("groups.gap", value=number(facts["max_gap"])))
    return say("groups.aim", metric=facts["metric"], asked=say("list").join(own))


def head_of(facts: Mapping[str, Any], say: Speech) -> str:
    """The plan in a sentence: what is reached for how much, by when, how surely."""
    sure = say("page.sure", chance=chance(facts["fresh_probability"]))
    sure = say("page.wanted", sure=sure, wanted=chance(facts["confidence"]))
    if facts["reaches"] == "yes" and facts["kept"] == "no":
        sure = say("page.kept too", sure=sure, met=chance(facts["met"]))
    cost = {"cost": money(facts["cost"]), "currency": facts["unit of cost"]}
    spent = say("page.spent", **cost, weeks=weeks(facts["weeks"]))
    key = "page.head.cost" if facts["reaches"] == "yes" else "groups.out"
    return say(key, project=facts["project"], aim=asked(facts, say), spent=spent, sure=sure)


def _groups(table: Table, facts: Mapping[str, Any], say: Speech) -> Parts:
    rows = []
    for row in table.records():
        levelling = ""
        if row["lags"] == "yes":
            levelling = money(row["levelling"]) or say("groups.level.none")
        ends = f"{number(row['error_low'], 3)}-{number(row['error_high'], 3)}"
        rows.append(
            (
                name_of(row, say),
                number(row["target"], 3),
                number(row["error"], 3),
                ends,
                chance(row["met"]),
                amount(row["examples"]),
                chance(row["share"]),
                say(f"answer.{row['lags']}") if row["lags"] else "",
                levelling,
            )
        )
    heads = [say(f"md.{name}") for name in ("group", "target", "error")]
    heads += [say("groups.interval"), say("page.met"), say("page.examples")]
    heads += [say("groups.share"), say("md.lags"), say("groups.level")]
    told = say("groups.told", metric=facts["metric"], currency=facts["unit of cost"])
    return [grid(heads, rows, "~>>>>>>>>"), line(told)]


def name_of(row: Mapping[str, Any], say: Speech) -> str:
    """A group by its name, what is asked of all groups in the language."""
    return say(f"groups.of.{row['group']}") if row["of"] == "all" else str(row["group"])


def _sureness(facts: Mapping[str, Any], say: Speech) -> list[tuple[str, str]]:
    unit = facts["unit of cost"]
    fresh = f"{facts['fresh_probability']:.3f} +- {facts['fresh_error']:.3f}"
    found = [(say("page.fresh"), say("groups.fresh", fresh=fresh))]
    if facts["bound"] is not None and facts["reaches"] == "yes":
        proven = facts["cost"] <= facts["bound"] * (1 + PROVEN)
        least = say("groups.bound", bound=money(facts["bound"]), currency=unit)
        found.append((say("page.good"), say("groups.proven") if proven else least))
    if facts["met"] < facts["probability"]:
        kept = [
            say(f"page.kept.{word}", chance=chance(facts[key]))
            for word, key in (("budget", "on_budget"), ("weeks", "on_time"))
            if facts[key] < 1
        ]
        text = say("groups.kept", kept=say("list").join(kept), met=chance(facts["met"]))
        found.append((say("page.kept"), text))
    found.append((say("page.limits"), limits_of(facts, say)))
    binds = say.phrase(facts["binding"]) if facts["binding"] else say("page.binds.none")
    return [*found, (say("page.binds"), binds)]


def _frontier(table: Table, say: Speech) -> Parts:
    names = [name for name in table.header if name.startswith("share of ")]
    rows, records = [], table.records()
    for row in records:
        reached = row["cost"] is not None
        mix = [
            say("groups.mix.of", name=name.removeprefix("share of "), share=chance(row[name]))
            for name in names
        ]
        rows.append(
            (
                say("page.times", n=number(row["factor"])),
                money(row["cost"]) if reached else say("page.out"),
                weeks(row["weeks"]) if reached else "",
                say("list").join(mix) if reached else "",
            )
        )
    heads = [say(key) for key in ("groups.factor", "page.cost", "page.weeks", "groups.mix")]
    return [title(say("groups.frontier")), grid(heads, rows, ">>>~")]
