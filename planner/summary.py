"""Tables -> what the terminal shows, in 80 columns or fewer, in each language; nothing is computed
here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planner.language import Speech
from planner.purchase_page import provenance, purchase_parts
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
from planner.sentences import Facts, head_of, less_sure, mix, path_head, sureness, unreached
from planner.table import Table, Value
from planner.verdict_page import verdict_short

MOST_SWINGS = 6  # that the page lists


def plan_parts(tables: Tables, language: str = "en") -> Parts:
    """The plan: verdict, purchases, how sure, what binds, rounds, frontier, warnings, what next."""
    say, facts = Speech(language), facts_of(tables["summary"])
    findings = tables["diagnosis"].records()
    parts = [title(head_of(facts, say)), line(say("page.verdict", verdict=facts["verdict"]))]
    if "verdict" in tables:
        parts[1:] = verdict_short(tables, language)
    if tables["plan"].rows:
        parts += ["", *purchase_parts(tables["plan"], facts, say)]
    if "models" in tables:
        parts += ["", *_models(tables["models"], say)]
    parts += ["", pairs(sureness(facts, say))]
    if len(tables["path"].rows) > 1:
        parts += ["", *_path(tables["path"], facts, say)]
    if tables["frontier"].rows:
        parts += ["", *_frontier(tables["frontier"], facts, say)]
    if "sensitivity" in tables and (swings := _sensitivity(tables, facts, say)):
        parts += ["", *swings]
    return [*parts, *_findings(findings, say)]


def _models(models: Table, say: Speech) -> Parts:
    """What each candidate model costs, and where the choice would flip."""
    records = models.records()
    rows = [
        (
            row["model"],
            amount(row["examples"]),
            money(row["data_cost"]),
            money(row["training_cost"]),
            money(row["serving_cost"]),
            money(row["total"]),
            chance(row["fresh_probability"]),
            say("page.chosen") if row["chosen"] == "yes" else say.phrase(str(row["why_not"] or "")),
        )
        for row in records
    ]
    names = ("model", "examples", "data", "training", "serving", "total", "met")
    heads = (*(say(f"page.{name}") for name in names), "")
    parts: Parts = [grid(heads, rows, "<>>>>>>~")]
    for row in records[1:]:
        turns = [
            say(
                "page.flips.more" if _more(row, records[0]) else "page.flips.fewer",
                n=amount(row["flip_predictions"]),
            )
            if row["flip_predictions"] is not None
            else "",
            _factor("training", row["flip_training"], say),
            _factor("data", row["flip_data"], say),
        ]
        if any(turns):
            told = say("page.flips.or").join(filter(None, turns))
            text = say("page.flips.told", model=row["model"], turns=told)
            parts.append(pairs([(say("page.flips"), text)]))
    return parts


def _more(row: Mapping[str, Any], chosen: Mapping[str, Any]) -> bool:
    """Whether it takes more predictions, not fewer, for a model to become as cheap."""
    return bool(row["serving_cost"] < chosen["serving_cost"])


def _factor(what: str, factor: Any, say: Speech) -> str:
    if factor is None:
        return ""
    return say(f"page.flips.{what}.{'above' if factor > 1 else 'below'}", n=number(factor, 3))


def _path(path: Table, facts: Facts, say: Speech) -> Parts:
    """The rounds; of a project with candidate models they are purchases and training on them."""
    fixed = path.header.index("lost") + 1
    rows = []
    for row, record in zip(path.rows, path.records(), strict=True):
        never = say("page.none") if record["buy_at"] else ""
        rows.append(
            (
                str(record["round"]),
                mix(path.header[fixed:], row[fixed:], say),
                money(record["cumulative_cost"]),
                weeks(record["arrival_week"]),
                chance(record["needed"]),
                chance(record["reached"]),
                number(record["done_below"], 3) or never,
                number(record["stop_above"], 3),
            )
        )
    names = ("round", "buy", "so far", "week", "bought", "met", "done", "stop")
    heads = [say(f"page.{name}") for name in names]
    return [
        title(path_head(facts, say)),
        grid(heads, rows, ">~>>>>>>"),
        line(_told(path, facts, say)),
    ]


def _told(path: Table, facts: Facts, say: Speech) -> str:
    """What a reader of the rounds must know besides: when a later one is as listed, what is lost
    where the project is given up, what measuring takes."""
    at = [number(row["buy_at"], 3) for row in path.records() if row["buy_at"]]
    text = say("page.path.listed", at=say("page.path.then").join(at))
    if facts["stopped"]:
        lost = {"chance": chance(facts["stopped"]), "lost": money(facts["lost"])}
        text += say("page.path.given up", **lost)
    text += say("page.path.measure", weeks=number(facts["measure_weeks"]))
    if facts.get("model_cost"):
        beside = {"cost": money(facts["model_cost"]), "currency": facts["unit of cost"]}
        text += say("page.path.beside", **beside)
    return text


def _frontier(table: Table, facts: Facts, say: Speech) -> Parts:
    fixed, several = table.header.index("note") + 1, "model" in facts
    rows, picked = [], _spread(table, facts["target"])
    for row, record in picked:
        reached = record["cost"] is not None
        shown = (
            number(record["target"]),
            money(record["cost"]) if reached else say("page.out"),
            weeks(record["weeks"]) if reached else "",
            *([record["model"] or ""] if several else []),
            mix(table.header[fixed:], row[fixed:], say) if reached else "",
        )
        rows.append(shown)
    names = ("cost", "weeks", *["model"] * several, "cheapest")
    heads = (str(facts["metric"]), *(say(f"page.{name}") for name in names))
    head = say("page.frontier.models" if several else "page.frontier")
    records = [record for _, record in picked]
    told = [*unreached(records, say), *less_sure(records, facts, say)]
    shape = ">>><~" if several else ">>>~"
    return [title(head), grid(heads, rows, shape), *map(line, told)]


def _sensitivity(tables: Tables, facts: Facts, say: Speech) -> Parts:
    """What moves the cost most, and at which prices the plan would change."""
    unit = facts["unit of cost"]

    def cost(value: Any) -> str:
        return say("page.out") if value is None else money(value)

    rows = [
        (
            say("page.label", name=row["scope"], text=row["name"]),
            say("to", low=number(row["low"], 3), high=number(row["high"], 3)),
            say("page.not known") if row["note"] else cost(row["cost_low"]),
            say("page.not known") if row["note"] else cost(row["cost_high"]),
            provenance(row["provenance"], say),
        )
        for row in tables["sensitivity"].records()[:MOST_SWINGS]
    ]
    heads = [say("page.moves"), say("page.moves.range"), say("page.moves.low", currency=unit)]
    heads += [say("page.moves.high"), say("page.rests on")]
    parts: Parts = [grid(heads, rows, "~>>><")] if rows else []
    if "limits" not in tables:  # with candidate models
        return parts
    for row in tables["limits"].records():
        text = str(row["note"] or say("page.without", cost=cost(row["cost_without"])))
        told = say("page.label", name=say.phrase(str(row["limit"])), text=text)
        parts.append(pairs([(say("page.limits"), told)]))
    for row in tables["switches"].records():
        if row["factor"] is not None:
            text = say(
                "page.turns.told",
                name=row["source"],
                price=number(row["unit_cost_then"], 2),
                currency=unit,
                factor=number(row["factor"], 2),
                bought=row["bought"] or say("page.nothing"),
            )
            parts.append(pairs([(say("page.turns"), text)]))
    return parts


def _spread(table: Table, own: Any, most: int = 5) -> list[tuple[Any, dict[str, Value]]]:
    """The project's own target, others spread over what is in reach, and the first that is not."""
    both = list(zip(table.rows, table.records(), strict=True))
    reached = [i for i, (_, record) in enumerate(both) if record["cost"] is not None]
    beyond = [i for i in range(len(both)) if i not in reached][:1]
    asked = [i for i, (_, record) in enumerate(both) if record["target"] == own]
    pool = sorted({*reached, *beyond, *asked})
    picked = {pool[round(i * (len(pool) - 1) / (most - 1))] for i in range(most)}
    if asked and asked[0] not in picked:
        nearest = min(picked - {pool[0], pool[-1]}, key=lambda i: abs(i - asked[0]))
        picked = picked - {nearest} | {asked[0]}
    return [both[i] for i in sorted(picked)]


def _findings(findings: Sequence[Mapping[str, Any]], say: Speech) -> Parts:
    """Stage and pattern in a line each, then warnings, then what to do next."""
    told = [row for row in findings if row["question"] not in {"warning", "next measurement"}]
    shown = []
    for row in told[1:3]:
        name = str(row["question"]).split()[0]
        label = say(f"page.{name}") if say.knows(f"page.{name}") else name
        key = f"{name}.{row['answer']}"
        answer = say(key) if say.knows(key) else str(row["answer"])
        sure = "" if row["probability"] is None else f" ({chance(row['probability'])})"
        shown.append((label, f"{answer}{sure}"))
    parts: Parts = ["", pairs(shown)]
    warnings = [say.phrase(str(row["answer"])) for row in findings if row["question"] == "warning"]
    label = say("warning")
    parts += ["", pairs([(label, text) for text in warnings], "yellow")] if warnings else []
    advice = [row["advice"] for row in findings if row["question"] == "next measurement"]
    if told and told[0]["advice"]:
        advice.insert(0, told[0]["advice"])
    label = say("page.next")
    return [*parts, "", *(pairs([(label, say.phrase(str(text)))]) for text in advice if text)]
