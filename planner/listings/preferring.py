"""RLHF or DPO: the page of its tables."""

from __future__ import annotations

from typing import Any

from planner.screen import (
    Parts,
    Tables,
    amount,
    chance,
    facts_of,
    grid,
    line,
    number,
    pairs,
    span,
    title,
)
from planner.screen import money as spent
from planner.screen import weeks as lasting

HEADS = ("route", "pairs", "cost", "weeks", "won", "90% interval", "P(met)")


def preference_parts(tables: Tables) -> Parts:
    """The choice first, then every route, what it rests on, where it flips, what may go wrong."""
    facts = facts_of(tables["summary"])
    parts: Parts = [
        *_routes_parts(tables, facts),
        "",
        *_binding_parts(tables, facts),
        "",
        *_reward_parts(tables, facts),
        *_flip_parts(tables),
        "",
        *_risk_parts(tables),
    ]
    notes = tables["diagnosis"].records()
    if notes:
        parts += ["", pairs([("note", str(row["answer"])) for row in notes], "yellow", 6)]
    return parts


def _routes_parts(tables: Tables, facts: dict[str, Any]) -> Parts:
    routes = tables["routes"].records()
    best = next(row for row in routes if row["chosen"] == "yes")
    rows = [
        (
            row["route"],
            amount(row["pairs"]),
            spent(row["cost"]),
            lasting(row["weeks"]),
            number(row["win_rate"], 3),
            span(row["win_low"], row["win_high"], 3),
            chance(row["probability"]),
        )
        for row in routes
    ]
    told = (
        f"{facts['currency']}, expected, with failed runs and contingency; pairs: of people; won: "
        "share of comparisons with the starting model, of one run"
    )
    return [title(_head(facts, best)), "", grid(HEADS, rows, "<>>>>>>"), line(told)]


def _head(facts: dict[str, Any], best: dict[str, Any]) -> str:
    asked = f"win rate >= {number(facts['target'], 3)} against the starting model"
    sure = f"probability {chance(best['probability'])}, wanted {chance(facts['confidence'])}"
    if facts["reaches"] == "yes":
        cost = f"{spent(best['cost'])} {facts['currency']} in {_weeks(lasting(best['weeks']))}"
        return f"{facts['name']}: {asked}: {facts['choice']}, for {cost} ({sure})"
    return (
        f"{facts['name']}: {asked}: no route reaches it{_within(facts)}; {facts['choice']} comes "
        f"nearest ({sure})"
    )


def _weeks(told: str) -> str:
    return f"{told} week{'' if told in ('1', '1.0') else 's'}"


def _binding_parts(tables: Tables, facts: dict[str, Any]) -> Parts:
    rows = []
    for row in tables["routes"].records():
        told = [
            str(row["binds"]),
            f"{spent(row['low'])} to {spent(row['high'])} {facts['currency']}",
        ]
        if row["judged"]:
            told.append(f"{amount(row['judged'])} pairs of the judge")
        if row["annotators"] != 1:
            told.append(f"{row['annotators']} judgements a pair")
        if row["rounds"] != 1:
            told.append(f"{row['rounds']} rounds")
        rows.append((str(row["route"]), "; ".join(told)))
    return [title("What binds, and what a cost may be"), pairs(rows, label=24)]


def _risk_parts(tables: Tables) -> Parts:
    rows = [
        (str(row["route"]), f"{row['risk']}: {_valued(row)}; {row['advice']}")
        for row in tables["risks"].records()
    ]
    return [title("Risks"), pairs(rows, label=24)]


def _within(facts: dict[str, Any]) -> str:
    limits = []
    if facts["budget"] is not None:
        limits.append(f"{spent(facts['budget'])} {facts['currency']}")
    if facts["weeks"] is not None:
        limits.append(_weeks(number(facts["weeks"], 3)))
    return f" within {' and '.join(limits)}" if limits else ""


def _reward_parts(tables: Tables, facts: dict[str, Any]) -> Parts:
    rows = [
        (amount(row["pairs"]), number(row["accuracy"], 3), span(row["low"], row["high"], 3))
        for row in tables["accuracy"].records()[2::2]
    ]
    ceiling = span(facts["ceiling_low"], facts["ceiling_high"], 3)
    worth = span(100 * facts["doubling_low"], 100 * facts["doubling_high"], 2)
    peak = span(facts["peak_low"], facts["peak_high"], 2)
    return [
        title("What pairs of people teach a reward model, against one person's choice"),
        grid(("pairs", "accuracy", "90% interval"), rows, ">>>"),
        line(
            f"ceiling {number(facts['ceiling'], 3)} ({ceiling}), set by how often people agree; "
            f"twice the RLHF plan's pairs add {number(100 * facts['doubling'], 2)} points ({worth})"
        ),
        line(
            f"RLHF gains most at sqrt(KL) {number(facts['peak'], 2)} ({peak}); it may go to "
            f"{number(facts['most_d'], 2)}. More of it than that only games the reward model."
        ),
        "",
    ]


def _flip_parts(tables: Tables) -> Parts:
    rows: list[tuple[Any, ...]] = []
    for row in tables["breakeven"].records():
        if row["value"] is None:
            end = row["from"] if row["side"] == "lower" else row["to"]
            rows.append((row["number"], number(row["now"], 3), f"none to {number(end, 3)}", "", ""))
            continue
        sure = "" if row["confirmed"] == "yes" else "?"
        at = f"{number(row['value'], 3)}{sure}"
        rows.append((row["number"], number(row["now"], 3), at, row["below"], row["above"]))
    parts: Parts = [
        title("Where the choice flips: each number alone, planned anew on both sides"),
        grid(("number", "now", "flips at", "below it", "above it"), rows, "~>>~~"),
    ]
    told = "a number moves with its range, and the others stay, also the agreement of the runs"
    parts.append(line(f"{told} (runs_agreement) and of the judge with people"))
    if any(str(row[2]).endswith("?") for row in rows):
        parts.append(line("?: the routes are nearly equal there, and the flip is not confirmed"))
    return parts


def _valued(row: dict[str, Any]) -> str:
    value, unit = row["value"], row["unit"]
    if unit == "probability":
        return chance(value)
    if unit in ("ratio", "1"):
        return number(value, 2)
    if unit == "pair":
        return f"{amount(value)} pairs"
    return f"{spent(value)} {unit}"
