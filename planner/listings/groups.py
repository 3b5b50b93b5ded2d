"""Tables of a study of groups -> what the terminal shows, in 80 columns or fewer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
from planner.table import Table
from planner.verdict_page import verdict_short

SCALES = "does this idea scale"  # the question that the verdict answers
PROVEN = 0.0005  # a gap that is nothing but rounding


def group_parts(tables: Tables, language: str = "en") -> Parts:
    """The plan for several targets: verdict, purchases, groups, how sure, other targets."""
    facts = facts_of(tables["summary"])
    parts = [title(head_of(facts)), *verdict_short(tables, language)]
    if tables["plan"].rows:
        parts += ["", *purchase_parts(tables["plan"], facts)]
    parts += ["", *_groups(tables["groups"], facts), "", pairs(_sureness(facts))]
    parts += ["", *_frontier(tables["frontier"], facts)]
    findings = tables["diagnosis"].records()
    warnings = [str(row["answer"]) for row in findings if row["question"] == "warning"]
    parts += ["", pairs([("warning", text) for text in warnings], "yellow")] if warnings else []
    advice = [
        f"{row['answer']}: {row['advice']}" if row["question"] != SCALES else str(row["advice"])
        for row in findings
        if row["advice"]
    ]
    return [*parts, *(["", *(pairs([("next", text)]) for text in advice)] if advice else [])]


def asked(facts: Mapping[str, Any]) -> str:
    """What is asked of the groups, in words."""
    own = [
        f"{key.removeprefix('target of ')} <= {number(value)}"
        for key, value in facts.items()
        if key.startswith("target of ")
    ]
    if facts["target"] is not None:
        own.insert(0, f"overall <= {number(facts['target'])}")
    if facts["worst_group"] is not None:
        own.append(f"no group worse than {number(facts['worst_group'])}")
    if facts["max_gap"] is not None:
        own.append(f"gap <= {number(facts['max_gap'])}")
    return f"{facts['metric']} {', '.join(own)}"


def head_of(facts: Mapping[str, Any]) -> str:
    """The plan in a sentence: what is reached for how much, by when, how surely."""
    sure = f"probability {chance(facts['fresh_probability'])}, "
    sure += f"wanted {chance(facts['confidence'])}"
    if facts["reaches"] == "yes" and facts["kept"] == "no":
        sure += f"; budget and weeks kept too: {chance(facts['met'])}"
    spent = f"{money(facts['cost'])} {facts['unit of cost']} in {weeks(facts['weeks'])} weeks"
    head = f"{facts['project']}: {asked(facts)}"
    if facts["reaches"] == "yes":
        return f"{head} can be reached for {spent} ({sure})"
    return f"{head} is out of reach; the nearest costs {spent} ({sure})"


def _groups(table: Table, facts: Mapping[str, Any]) -> Parts:
    rows = []
    for row in table.records():
        levelling = ""
        if row["lags"] == "yes":
            levelling = money(row["levelling"]) or "no way"
        ends = f"{number(row['error_low'], 3)}-{number(row['error_high'], 3)}"
        rows.append(
            (
                row["group"],
                number(row["target"], 3),
                number(row["error"], 3),
                ends,
                chance(row["met"]),
                amount(row["examples"]),
                chance(row["share"]),
                row["lags"] or "",
                levelling,
            )
        )
    heads = ("group", "target", "error", "90%", "P(met)", "examples", "share", "lags", "levelling")
    told = (
        f"{facts['metric']}; share of the training set; levelling: {facts['unit of cost']} beside "
        "the plan, budget aside, that bring a group that lags to the population's mean"
    )
    return [grid(heads, rows, "~>>>>>>>>"), line(told)]


def _sureness(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    unit = facts["unit of cost"]
    fresh = f"{facts['fresh_probability']:.3f} +- {facts['fresh_error']:.3f}"
    found = [("fresh draws", f"meet all targets with probability {fresh}")]
    if facts["bound"] is not None and facts["reaches"] == "yes":
        least = f"no legal purchases cost less than {money(facts['bound'])} {unit}"
        proven = facts["cost"] <= facts["bound"] * (1 + PROVEN)
        found.append(("how good", "proven cheapest of all legal purchases" if proven else least))
    if facts["met"] < facts["probability"]:
        kept = [
            f"{word} {chance(facts[key])}"
            for word, key in (("budget", "on_budget"), ("weeks", "on_time"))
            if facts[key] < 1
        ]
        text = f"{', '.join(kept)}; {chance(facts['met'])} with the targets"
        found.append(("kept with", text))
    limits = [
        f"{money(facts['budget'])} {unit}" if facts["budget"] is not None else "",
        f"{number(facts['weeks_limit'])} weeks" if facts["weeks_limit"] is not None else "",
    ]
    found.append(("limits", " and ".join(filter(None, limits)) or "no budget and no weeks given"))
    found.append(("what binds", facts["binding"] or "nothing: no limit is run into"))
    return found


def _frontier(table: Table, facts: Mapping[str, Any]) -> Parts:
    names = [name for name in table.header if name.startswith("share of ")]
    rows = []
    for row in table.records():
        reached = row["cost"] is not None
        mix = [f"{n.removeprefix('share of ')} {chance(row[n])}" for n in names]
        rows.append(
            (
                f"x {number(row['factor'])}",
                money(row["cost"]) if reached else "out of reach",
                weeks(row["weeks"]) if reached else "",
                ", ".join(mix) if reached else "",
            )
        )
    return [
        title("What other targets cost, and the composition they take"),
        grid(("all targets", "cost", "weeks", "share of the training set"), rows, ">>>~"),
    ]
