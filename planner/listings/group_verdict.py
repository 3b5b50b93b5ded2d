"""The page of the verdict on an idea with groups, in each language; nothing is computed here."""

from __future__ import annotations

from typing import Any

from planner.language import Speech
from planner.listings.groups import asked
from planner.screen import Parts, Tables, amount, facts_of, grid, line, number, pairs, title
from planner.table import whole
from planner.verdict_page import chance, verdict_feasible, verdict_short

Rows = list[dict[str, Any]]


def group_verdict_parts(tables: Tables, language: str = "en") -> Parts:
    """All targets at once: three questions, what each group could reach, supply, budget and weeks,
    who lags, and what this page leaves out."""
    say, facts, rows = Speech(language), facts_of(tables["summary"]), tables["verdict"].records()
    feasible = _one(rows, "question", "feasible")["probability"]
    head = say(
        "groups.title",
        project=facts["project"],
        asked=asked(facts, say),
        answer=say(f"answer.{_one(rows, 'verdict', 'answer')['answer']}"),
        chance=chance(feasible),
        wanted=chance(facts["confidence"]),
    )
    parts: Parts = [title(head), "", *verdict_short(tables, language), line(say("question.note"))]
    parts += ["", title(say("groups.part")), *_groups(rows, say)]
    parts += ["", title(say("part.supply")), _supplied(rows, say)]
    parts += ["", *verdict_feasible(tables, language)]
    lags = facts["lags"] or say("groups.nobody")
    told = [(say("groups.lags"), lags), (say("groups.left out"), say("groups.left out.told"))]
    return [*parts, "", pairs(told)]


def _one(rows: Rows, part: str, item: str, subject: str | None = None) -> dict[str, Any]:
    keys = {"part": part, "item": item, "subject": subject}
    return next(row for row in rows if all(row[key] == value for key, value in keys.items()))


def _named(rows: Rows, part: str, item: str) -> list[str]:
    return [row["subject"] for row in rows if row["part"] == part and row["item"] == item]


def _groups(rows: Rows, say: Speech) -> Parts:
    found = []
    for name in _named(rows, "group", "floor"):
        floor = _one(rows, "group", "floor", name)
        ends = [number(floor[end], 3) for end in ("value", "low", "high")]
        met = [_one(rows, "group", item, name) for item in ("model", "supply", "plan")]
        told = "{} ({}-{})".format(*ends)
        found.append((name, told, *(chance(row["probability"]) for row in met)))
    heads = [say(f"groups.head.{n}") for n in ("group", "floor", "model", "supply", "plan")]
    return [grid(heads, found, "~>>>>"), line(say("groups.note"))]


def _supplied(rows: Rows, say: Speech) -> Any:
    def told(value: Any) -> str:
        return say("supply.unlimited") if value is None else amount(whole(value))

    found = []
    for name in _named(rows, "supply", "most"):
        most, speed = (_one(rows, "supply", item, name) for item in ("most", "speed"))
        limit = say.phrase(str(most["answer"] or ""))
        found.append((name, told(most["value"]), told(speed["value"]), limit))
    heads = [say(f"supply.head.{n}") for n in ("source", "most", "speed", "limit")]
    return grid(heads, found, "~>>~")
