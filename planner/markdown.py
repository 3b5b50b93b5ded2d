"""Tables -> a plan as GitHub-flavoured Markdown, for a pull request or a wiki.

Texts are escaped so that they show as they are: no table breaks, no HTML, no mention, no reference
to an issue, and nothing that a spreadsheet would run when the table is pasted there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from planner.csvtext import neutral
from planner.language import Speech
from planner.listings.groups import head_of as head_of_groups
from planner.listings.groups import name_of
from planner.purchase_page import provenance
from planner.screen import amount, chance, facts_of, money, number, shown, weeks
from planner.sentences import head_of, less_sure, mix, path_head, sureness, unreached
from planner.table import Table
from planner.verdict_page import verdict_sentence

ORDER = ("assumed", "published", "catalogue", "quoted", "measured")  # the weakest first
FIRST = 12  # assumptions that are seen without unfolding
SPLIT = "<!-- -->"  # shows as nothing, and parts a sign from the name that it would mention
SIGNS = re.compile(r"[\\`*_{}\[\]<>|~!&$]")
LINK = re.compile(r"(https?://[A-Za-z0-9.~:/?#!&'()*+,;=%_-]+)")


def markdown(tables: Mapping[str, Table], language: str = "en") -> str:
    """The plan of a study or of a study of groups: verdict, purchases, path, frontier, warnings,
    assumptions with the weakest first. Ends with a line break; the same tables give the same text.
    """
    say, facts = Speech(language), facts_of(tables["summary"])
    groups = "groups" in tables
    head = head_of_groups(facts, say) if groups else head_of(facts, say)
    parts = [f"## {escaped(say('md.title', project=facts['project']))}", f"**{escaped(head)}**"]
    if "verdict" in tables:
        parts.append(escaped(verdict_sentence(tables, language)))
    if tables["plan"].rows:
        parts += [f"### {escaped(say('md.plan'))}", *_plan(tables["plan"], facts, say)]
    if groups:
        parts += [f"### {escaped(say('md.groups'))}", _groups(tables["groups"], say)]
    else:
        told = [f"**{escaped(name)}** {escaped(text)}" for name, text in sureness(facts, say)]
        parts += [f"### {escaped(say('md.sure'))}", _bullets(told)]
    if "path" in tables and len(tables["path"].rows) > 1:
        parts += [f"### {escaped(say('md.path'))}", escaped(path_head(facts, say))]
        parts.append(_path(tables["path"], say))
    if tables["frontier"].rows:
        parts += [f"### {escaped(say('page.frontier'))}", _frontier(tables["frontier"], facts, say)]
        parts += map(escaped, _unreached(tables["frontier"], facts, say))
    findings = tables["diagnosis"].records()
    warnings = [str(row["answer"]) for row in findings if row["question"] == "warning"]
    if warnings:
        told = [escaped(say.phrase(text)) for text in warnings]
        parts += [f"### {escaped(say('md.warnings'))}", _bullets(told)]
    parts.append(f"### {escaped(say('md.assumptions'))}")
    parts += _assumptions(tables["assumptions"], tables["plan"], say)
    return "\n\n".join(parts) + "\n"


def escaped(text: object) -> str:
    """A text on one line that Markdown shows as it is; addresses of the web become links."""
    line = " ".join(shown(neutral(str(text))).split())
    parts = LINK.split(line)
    kept = [f"<{part}>" if at % 2 else _escaped(part) for at, part in enumerate(parts)]
    return re.sub(r"^(\d+)([.)] )", r"\1\\\2", "".join(kept))


def _escaped(text: str) -> str:
    plain = SIGNS.sub(lambda found: _entity(found[0]), text)
    return re.sub(r"[@#]|(?<=\bGH)-|(?<=\bwww)\.", lambda found: f"{found[0]}{SPLIT}", plain)


def _entity(sign: str) -> str:
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(sign, f"\\{sign}")


def _bullets(texts: Iterable[str]) -> str:
    return "\n".join(f"- {text}" for text in texts)


def _table(heads: Sequence[object], rows: Iterable[Sequence[object]], align: str) -> str:
    """A table; align has < or > for each column."""
    lines = [heads, *rows]
    shown = [f"| {' | '.join(escaped(cell) for cell in line)} |" for line in lines]
    rule = "|".join("---:" if side == ">" else "---" for side in align)
    return "\n".join([shown[0], f"|{rule}|", *shown[1:]])


def _plan(plan: Table, facts: Mapping[str, Any], say: Speech) -> list[str]:
    rows = [
        (
            row["source"],
            amount(row["quantity"]),
            number(row["unit_cost"]),
            *(money(row[name]) for name in ("total", "low", "high")),
            weeks(row["weeks"]),
            say.phrase(str(row["binding_limit"] or "")),
            provenance(row["provenance"], say),
        )
        for row in plan.records()
    ]
    ends = (money(facts["cost_low"]), money(facts["cost_high"]))
    total = (say("page.total"), "", "", money(facts["cost"]), *ends, weeks(facts["weeks"]), "", "")
    heads = [say(f"page.{name}") for name in ("buy", "quantity", "unit cost", "total")]
    heads += [say("md.low"), say("md.high"), say("page.weeks"), say("page.binds")]
    heads.append(say("page.rests on"))
    kept = {"currency": facts["unit of cost"], "contingency": money(facts["contingency"])}
    note = escaped(say("page.purchases.note", **kept))
    return [_table(heads, [*rows, total], "<>>>>>><<"), note]


def _groups(table: Table, say: Speech) -> str:
    rows = [
        (
            name_of(row, say),
            number(row["target"], 3),
            number(row["error"], 3),
            say("to", low=number(row["error_low"], 3), high=number(row["error_high"], 3)),
            chance(row["met"]),
            amount(row["examples"]),
            say(f"answer.{row['lags']}") if row["lags"] else "",
        )
        for row in table.records()
    ]
    names = ("group", "target", "error", "interval", "met", "examples", "lags")
    return _table([say(f"md.{name}") for name in names], rows, "<>>>>><")


def _path(path: Table, say: Speech) -> str:
    fixed = path.header.index("lost") + 1
    rows = [
        (
            record["round"],
            mix(path.header[fixed:], row[fixed:], say),
            money(record["cumulative_cost"]),
            *(record[name] or "" for name in ("order_date", "arrival_date", "decision_date")),
            chance(record["needed"]),
            chance(record["reached"]),
            number(record["done_below"], 3),
            number(record["stop_above"], 3),
        )
        for row, record in zip(path.rows, path.records(), strict=True)
    ]
    heads = [say(f"page.{name}") for name in ("round", "buy", "so far")]
    heads += [say(f"md.{name}") for name in ("order", "arrival", "decision")]
    heads += [say(f"page.{name}") for name in ("bought", "met", "done", "stop")]
    return _table(heads, rows, "><><<<>>>>")


def _frontier(table: Table, facts: Mapping[str, Any], say: Speech) -> str:
    """Every target, hardest or easiest first as the table has them, with what it takes."""
    factor = table.header[0] == "factor"
    first = table.header.index("note") + 1
    at = [i for i in range(first, len(table.header)) if not table.header[i].startswith("share of ")]
    names = [table.header[i] for i in at]
    rows: list[tuple[str, ...]] = []
    for row, record in zip(table.rows, table.records(), strict=True):
        reached = record["cost"] is not None
        rows.append(
            (
                number(row[0]),
                money(record["cost"]) if reached else say("page.out"),
                weeks(record["weeks"]),
                chance(record["probability"]),
                str(record.get("model") or ""),
                mix(names, [row[i] for i in at], say) if reached else "",
            )
        )
    target = say("md.factor") if factor else str(facts["metric"])
    heads = [target, say("page.cost"), say("page.weeks"), say("page.met")]
    heads += [say("page.model"), say("page.cheapest")]
    if "model" not in table.header:
        heads, rows = heads[:4] + heads[5:], [(*row[:4], *row[5:]) for row in rows]
    return _table(heads, rows, ">>>>" + "<" * (len(heads) - 4))


def _unreached(table: Table, facts: Mapping[str, Any], say: Speech) -> list[str]:
    """Why the easiest target that is out of reach is so, and the project's own; or that its plan
    keeps all less surely than wanted."""
    own = facts["target"]
    beyond = [row for row in table.records() if row["cost"] is None]
    asked = [row for row in beyond[1:] if row.get("target") == own]
    less = [] if table.header[0] == "factor" else less_sure(table.records(), facts, say)
    return [*unreached([*beyond[:1], *asked], say), *less]


def _weakness(row: Mapping[str, Any], bought: set[Any]) -> tuple[bool, int, bool, float]:
    """What is certain last, then by origin, what is bought first, and by the width of the range."""
    low, high = row["low"], row["high"]
    certain = low is None or high is None or low == high
    origin = ORDER.index(row["provenance"]) if row["provenance"] in ORDER else len(ORDER)
    width = 0.0 if certain else high / low if low > 0 else math.inf
    return certain, origin, row["scope"] not in bought, -width


def _assumptions(table: Table, plan: Table, say: Speech) -> list[str]:
    bought = {row["source"] for row in plan.records()}
    ranked = sorted(table.records(), key=lambda row: _weakness(row, bought))
    rows = [
        (
            row["scope"],
            row["name"],
            row["value"] if isinstance(row["value"], str) else _value(row["value"]),
            row["unit"],
            ""
            if row["low"] is None or row["low"] == row["high"]
            else say("to", low=_value(row["low"]), high=_value(row["high"])),
            provenance(row["provenance"], say),
            row["reference"] or "",
            row["date"] or "",
        )
        for row in ranked
    ]
    names = ("scope", "name", "value", "unit", "range", "provenance", "reference", "date")
    heads, align = [say(f"md.{name}") for name in names], "<<><><<<"
    found = [_table(heads, rows[:FIRST], align)]
    if rows[FIRST:]:
        more = escaped(say("md.more", n=len(rows) - FIRST))
        found += [f"<details><summary>{more}</summary>", _table(heads, rows[FIRST:], align)]
        found.append("</details>")
    return found


def _value(value: Any) -> str:
    return number(value) if isinstance(value, int | float) else str(value or "")
