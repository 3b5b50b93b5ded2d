"""Tables -> what the terminal shows, in 80 columns or fewer; nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planner.purchase_page import purchase_parts
from planner.screen import (
    Parts,
    Tables,
    amount,
    answer_of,
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
from planner.table import Table, Value
from planner.verdict_page import verdict_short

MOST_SWINGS = 6  # that the page lists
OTHER_TARGETS = "What other targets cost"
PROVEN = 0.0005  # a gap that is nothing but rounding


def _mix(names: Sequence[str], amounts: Sequence[Value]) -> str:
    """Amounts by source in words."""
    found = [f"{name} {amount(n)}" for name, n in zip(names, amounts, strict=True) if n]
    return ", ".join(found) or "nothing"


def plan_parts(tables: Tables, language: str = "en") -> Parts:
    """The plan: verdict, purchases, how sure, what binds, rounds, frontier, warnings, what next."""
    facts = facts_of(tables["summary"])
    findings = tables["diagnosis"].records()
    parts = [title(_verdict(facts)), line(f"Verdict: {facts['verdict']}")]
    if "verdict" in tables:
        parts[1:] = verdict_short(tables, language)
    if tables["plan"].rows:
        parts += ["", *purchase_parts(tables["plan"], facts)]
    if "models" in tables:
        parts += ["", *_models(tables["models"], facts)]
    parts += ["", pairs(_sureness(facts))]
    if len(tables["path"].rows) > 1:
        parts += ["", *_path(tables["path"], facts)]
    if tables["frontier"].rows:
        parts += ["", *_frontier(tables["frontier"], facts)]
    if "sensitivity" in tables and (swings := _sensitivity(tables, facts)):
        parts += ["", *swings]
    return [*parts, *_findings(findings)]


def _verdict(facts: Mapping[str, Any]) -> str:
    aim = f"{facts['metric']} <= {number(facts['target'])}"
    # on draws that the plan was not made for: the search has chosen what suits its own a little
    sure = f"probability {chance(facts['fresh_probability'])}"
    if facts["reaches"] == "yes" and facts["fresh_probability"] < facts["confidence"]:
        sure += f" +- {facts['fresh_error']:.2f}"
    sure += f", wanted {chance(facts['confidence'])}"
    if facts["reaches"] == "yes" and facts["kept"] == "no":
        sure += f"; budget and weeks kept too: {chance(facts['met'])}"
    spent = f"{money(facts['cost'])} {facts['unit of cost']} in {weeks(facts['weeks'])} weeks"
    if facts["reaches"] == "yes" and facts["least"] == "error":
        return f"{facts['project']}: {spent} bring {aim}, the least that the limits allow ({sure})"
    if facts["reaches"] == "yes" and facts["least"] == "weeks":
        within = f"{money(facts['cost'])} {facts['unit of cost']} within"
        if facts["kept"] == "yes":
            within += f" {number(facts['kept_within'], 3)} weeks, no sooner as surely"
        else:
            within = f"{spent}, no sooner"
        return f"{facts['project']}: {aim} can be reached for {within} ({sure})"
    if facts["reaches"] == "yes":
        return f"{facts['project']}: {aim} can be reached for {spent} ({sure})"
    return f"{facts['project']}: {aim} is out of reach; the least error costs {spent} ({sure})"


def _models(models: Table, facts: Mapping[str, Any]) -> Parts:
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
            "chosen" if row["chosen"] == "yes" else row["why_not"] or "",
        )
        for row in records
    ]
    heads = ("model", "examples", "data", "training", "serving", "total", "P(met)", "")
    parts: Parts = [grid(heads, rows, "<>>>>>>~")]
    for row in records[1:]:
        turns = [
            f"from {amount(row['flip_predictions'])} predictions on"
            if row["flip_predictions"] is not None and _more(row, records[0])
            else f"up to {amount(row['flip_predictions'])} predictions"
            if row["flip_predictions"] is not None
            else "",
            _factor("training", row["flip_training"]),
            _factor("data", row["flip_data"]),
        ]
        if any(turns):
            told = f"{row['model']} is cheaper {', or '.join(filter(None, turns))}"
            parts.append(pairs([("choice flips", told)]))
    return parts


def _more(row: Mapping[str, Any], chosen: Mapping[str, Any]) -> bool:
    """Whether it takes more predictions, not fewer, for a model to become as cheap."""
    return bool(row["serving_cost"] < chosen["serving_cost"])


def _factor(what: str, factor: Any) -> str:
    if factor is None:
        return ""
    side = "from" if factor > 1 else "below"
    return f"{side} {number(factor, 3)} times the price of {what}"


def _sureness(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    metric, money_unit = facts["metric"], facts["unit of cost"]
    interval = f"{number(facts['error_low'])} to {number(facts['error_high'])}, 90% interval"
    found = [("predicted", f"{metric} {number(facts['error'])} ({interval})")]
    if facts["best_guess_cost"] is not None:
        guess = f"{money(facts['best_guess_cost'])} {money_unit}"
        if facts.get("best_guess_model", facts.get("model")) != facts.get("model"):
            guess += f" with model {facts['best_guess_model']}"
        guess += ", and meets the target with "
        guess += f"probability {chance(facts['best_guess_probability'])}"
        if facts["best_guess_probability"] < facts["confidence"]:
            guess += " only"
        found.append(("best-guess plan", guess))
    else:
        found.append(("best-guess plan", "none: even the best-fitting law does not get there"))
    if facts["gap"] is not None:
        least = f"no plan can cost less than {money(facts['bound'])} {money_unit}"
        proof = "proven cheapest" if facts["gap"] < PROVEN else least
        found.append(("how good", proof))
    met, noise = facts["fresh_probability"], facts["fresh_error"]
    fresh = f"{met:.3f} +- {noise:.3f}"
    if met in {0, 1}:
        fresh = f"below {number(noise, 1)}" if met == 0 else f"above {1 - noise:.4f}"
    found.append(("fresh draws", f"meet the target with probability {fresh}"))
    if min(facts["on_budget"], facts["on_time"]) < 1:
        kept = [
            f"{word} {chance(facts[key])}"
            for word, key in (("budget", "on_budget"), ("weeks", "on_time"))
            if facts[key] < 1
        ]
        all_three = f"{chance(facts['met'])} with the target: prices and speeds lie in ranges"
        found.append(("kept with", f"{', '.join(kept)}; {all_three}"))
    given = facts["weeks_limit"] is not None and facts["least"] != "weeks"
    limits = [
        f"{money(facts['budget'])} {money_unit}" if facts["budget"] is not None else "",
        f"{number(facts['weeks_limit'])} weeks" if given else "",
    ]
    found.append(("limits", " and ".join(filter(None, limits)) or "no budget and no weeks given"))
    found.append(("what binds", facts["binding"] or "nothing: no limit is run into"))
    return found


def _path(path: Table, facts: Mapping[str, Any]) -> Parts:
    """The rounds; of a project with candidate models they are purchases and training on them."""
    fixed = path.header.index("lost") + 1
    rows = []
    for row, record in zip(path.rows, path.records(), strict=True):
        rows.append(
            (
                str(record["round"]),
                _mix(path.header[fixed:], row[fixed:]),
                money(record["cumulative_cost"]),
                weeks(record["arrival_week"]),
                chance(record["needed"]),
                chance(record["reached"]),
                number(record["done_below"], 3) or ("none" if record["buy_at"] else ""),
                number(record["stop_above"], 3),
            )
        )
    heads = ("round", "buy", "cost so far", "week", "P(buy)", "P(met)", "done at", "stop at")
    head = (
        f"Buy in rounds and measure in between: {money(facts['expected_cost'])} expected, "
        f"{money(facts['one_shot_cost'])} if all is bought at once, at the same chance"
    )
    return [title(head), grid(heads, rows, ">~>>>>>>"), *map(line, _rounds_told(path, facts))]


def _rounds_told(path: Table, facts: Mapping[str, Any]) -> list[str]:
    """What a reader of the rounds must know besides: when a later one is as listed, what is lost
    where the project is given up, what measuring takes."""
    at = [number(row["buy_at"], 3) for row in path.records() if row["buy_at"]]
    text = f"A later round is as listed where about {', then '.join(at)} is measured before it."
    if facts["stopped"]:
        text += f" P(given up) {chance(facts['stopped'])}, {money(facts['lost'])} then lost."
    text += (
        f" Weeks from a delivery to a decision: {number(facts['measure_weeks'])}; the next order"
    )
    text += " waits for it, so lead times add up."
    if facts.get("model_cost"):
        beside = f"{money(facts['model_cost'])} {facts['unit of cost']}"
        text += f" What the model costs beside the purchases, {beside}, is in no round."
    return [text]


def _frontier(table: Table, facts: Mapping[str, Any]) -> Parts:
    fixed, several = table.header.index("note") + 1, "model" in facts
    rows = []
    for row, record in _spread(table, facts["target"]):
        reached = record["cost"] is not None
        mix = _mix(table.header[fixed:], row[fixed:])
        shown = (
            number(record["target"]),
            money(record["cost"]) if reached else "out of reach",
            weeks(record["weeks"]) if reached else "",
            *([record["model"] or ""] if several else []),
            mix if reached else "",
        )
        rows.append(shown)
    heads = (str(facts["metric"]), "cost", "weeks", *["model"] * several, "cheapest purchases")
    head = "What other targets cost, the model chosen anew" if several else OTHER_TARGETS
    return [title(head), grid(heads, rows, ">>><~" if several else ">>>~")]


def _sensitivity(tables: Tables, facts: Mapping[str, Any]) -> Parts:
    """What moves the cost most, and at which prices the plan would change."""
    unit = facts["unit of cost"]

    def cost(value: Any) -> str:
        return "out of reach" if value is None else money(value)

    rows = [
        (
            f"{row['scope']}: {row['name']}",
            f"{number(row['low'], 3)} to {number(row['high'], 3)}",
            "not known" if row["note"] else cost(row["cost_low"]),
            "not known" if row["note"] else cost(row["cost_high"]),
            row["provenance"],
        )
        for row in tables["sensitivity"].records()[:MOST_SWINGS]
    ]
    heads = ("what moves the cost", "range", f"{unit} at low", "at high", "rests on")
    parts: Parts = [grid(heads, rows, "~>>><")] if rows else []
    if "limits" not in tables:  # with candidate models
        return parts
    limits = [
        f"{row['limit']}: {row['note'] or cost(row['cost_without']) + ' without it'}"
        for row in tables["limits"].records()
    ]
    parts += [pairs([("limits", text)]) for text in limits]
    turns = [
        f"at {number(row['unit_cost_then'], 2)} {unit} ({number(row['factor'], 2)} times): "
        f"{row['bought'] or 'nothing'}"
        for row in tables["switches"].records()
        if row["factor"] is not None
    ]
    named = [r["source"] for r in tables["switches"].records() if r["factor"] is not None]
    lines = [f"{name} {text}" for name, text in zip(named, turns, strict=True)]
    return [*parts, *(pairs([("plan turns", text)]) for text in lines)]


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


def _findings(findings: Sequence[Mapping[str, Any]]) -> Parts:
    """Stage and pattern in a line each, then warnings, then what to do next."""
    told = [row for row in findings if row["question"] not in {"warning", "next measurement"}]
    parts: Parts = [
        "",
        pairs([(str(row["question"]).split()[0], answer_of(row)) for row in told[1:3]]),
    ]
    warnings = [str(row["answer"]) for row in findings if row["question"] == "warning"]
    parts += ["", pairs([("warning", text) for text in warnings], "yellow")] if warnings else []
    advice = [row["advice"] for row in findings if row["question"] == "next measurement"]
    if told and told[0]["advice"]:
        advice.insert(0, told[0]["advice"])
    return [*parts, "", *(pairs([("next", text)]) for text in advice if text)]
