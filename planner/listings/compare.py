"""What changed between two plans: tables and page."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from planner.columns import CURRENCY, EXAMPLE, SUMMARY, Spec
from planner.compare import Changed, Comparison, Moved
from planner.screen import Parts, Tables, amount, chance, facts_of, grid, line, number, pairs, title
from planner.screen import money as shown
from planner.table import Fact, Table, Value, figure, money, whole
from planner.tables import listed, with_columns

LONGEST = 100  # characters of a value on the page
CHANGES: Spec = (
    ("name", "", "key of the project file, or number of a source"),
    ("old", "", "before; empty if not given"),
    ("new", "", "after; empty if not given"),
    ("unit", "", "of both; empty for words, files, settings of the search and whole sources"),
    ("words_only", "", "yes where no cost can follow: names, references, dates"),
)
SHARES: Spec = (
    ("cause", "", "what changed; several where no cost is known between them"),
    ("change", CURRENCY, "part of the change of cost; the parts add up to it"),
    ("low", CURRENCY, "least of it among the orders in which the changes were made"),
    ("high", CURRENCY, "most of it among these orders"),
)
MOVED: Spec = (
    ("source", "", "whose purchase differs"),
    ("old_quantity", EXAMPLE, "bought before"),
    ("new_quantity", EXAMPLE, "bought after"),
    ("old_total", CURRENCY, "paid before, contingency included"),
    ("new_total", CURRENCY, "paid after, contingency included"),
    ("change", CURRENCY, "new less old; the rows add up to the change of cost"),
)
FACTS: Spec = (
    ("key", "", "name of the quantity, as in summary.csv"),
    ("old", "", "before; empty if unknown or not limited"),
    ("new", "", "after; empty if unknown or not limited"),
    ("unit", "", "of both; empty for text"),
)
# facts that the page tells beside the cost, with the words for them
TOLD = {
    "reaches": "reaches the target",
    "verdict": "verdict",
    "target": "target",
    "fresh_probability": "probability",
    "met": "target, budget, weeks",
    "error": "error, median",
    "weeks": "weeks",
    "cost_low": "cost, low",
    "cost_high": "cost, high",
    "expected_cost": "in rounds",
    "binding": "what binds",
}


def compare_tables(found: Comparison) -> dict[str, Table]:
    """Summary, inputs, causes of the change of cost, purchases and figures that differ."""
    old, new = found.costs
    change = None if old is None or new is None else money(new - old)
    currency = found.currency
    facts: list[Fact] = [
        ("old", found.places[0], "", "project file, or folder of a written plan"),
        ("new", found.places[1], "", "project file, or folder of a written plan"),
        ("same", "yes" if found.same else "no", "", "whether nothing differs"),
        ("old_cost", money(old), currency, "of the old plan; empty if out of reach or not planned"),
        ("new_cost", money(new), currency, "of the new plan; empty if out of reach or not planned"),
        ("change", change, currency, "new less old; empty if one of them is"),
        ("causes", found.why or None, "", "what the causes rest on, or why there are none"),
    ]
    inputs = [*found.inputs, *found.assumed]
    return with_columns(
        [
            listed("summary", SUMMARY, facts),
            listed("changes", CHANGES, [_change(each) for each in inputs]),
            listed(
                "causes",
                SHARES,
                [
                    (each.cause, money(each.change), money(each.low), money(each.high))
                    for each in found.shares
                ],
                currency,
            ),
            listed("purchases", MOVED, [_moved(each) for each in found.moved], currency),
            listed(
                "figures",
                FACTS,
                [
                    (each.name, _cell(each.old), _cell(each.new), each.unit or None)
                    for each in found.facts
                ],
            ),
        ]
    )


def _change(each: Changed) -> tuple[Value, ...]:
    words = "yes" if each.words else "no"
    return (each.name, told(each.old), told(each.new), each.unit or None, words)


def _moved(each: Moved) -> tuple[Value, ...]:
    (before, after), (paid, pays) = each.quantity, each.total
    change = money(pays - paid)
    return (each.source, whole(before), whole(after), money(paid), money(pays), change)


def _cell(value: Any) -> Value:
    return figure(value) if isinstance(value, float) else value


def told(value: Any) -> str | None:
    """A value of a project file in one line; None where it is not given."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number(value, 12)
    if isinstance(value, tuple):
        base, low, high = (told(each) or "?" for each in value)
        return f"{base} ({low} to {high})"
    if isinstance(value, Mapping):
        return _table(value)
    if isinstance(value, list):
        return ", ".join(told(each) or "" for each in value)
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _table(value: Mapping[str, Any]) -> str:
    base = value.get("value", value.get("base"))
    if base is None:
        return ", ".join(f"{name} = {told(each)}" for name, each in value.items())
    ends = f" ({told(value.get('low', base))} to {told(value.get('high', base))})"
    words = f", {value['provenance']}" if "provenance" in value else ""
    return f"{told(base)}{ends if 'low' in value or 'high' in value else ''}{words}"


# -- the page -------------------------------------------------------------------------------------


def compare_parts(tables: Tables) -> Parts:
    """The change of cost, its causes, what was bought instead, and which inputs differ."""
    facts = facts_of(tables["summary"])
    if facts["same"] == "yes":
        return []
    currency = facts["unit of old_cost"]
    parts: Parts = [title(_head(facts, currency)), ""]
    if causes := tables["causes"].records():
        rows = [[each["cause"], _signed(each["change"]), _range(each)] for each in causes]
        rows.append(["total", _signed(facts["change"]), ""])
        heads = ["because of", f"change {currency}", "by order"]
        parts += [grid(heads, rows, "~>>", last=True), line(f"({facts['causes']})"), ""]
    elif facts["causes"]:
        parts += [line(facts["causes"]), ""]
    if moved := tables["purchases"].records():
        rows = [
            [
                each["source"],
                amount(each["old_quantity"]),
                amount(each["new_quantity"]),
                shown(each["old_total"]),
                shown(each["new_total"]),
                _signed(each["change"]),
            ]
            for each in moved
        ]
        heads = ["purchase", "old", "new examples", "old", f"new {currency}", "change"]
        parts += [grid(heads, rows, "<>>>>>"), ""]
    figures = {row["key"]: row for row in tables["figures"].records()}
    named = [(word, _step(figures[name])) for name, word in TOLD.items() if name in figures]
    if named:
        parts += [pairs(named, label=22), ""]
    changes = tables["changes"].records()
    if changes:
        parts += [title("inputs that differ"), pairs([_input(each) for each in changes], label=30)]
    return parts


def _head(facts: Mapping[str, Any], currency: str) -> str:
    old, new = (
        "out of reach" if facts[end] is None else f"{facts[end]:,.2f} {currency}"
        for end in ("old_cost", "new_cost")
    )
    if facts["change"] is None:
        return f"{old} -> {new}" if facts["causes"] else "only words differ: the plan is the same"
    share = f" ({facts['change'] / facts['old_cost']:+.1%})" if facts["old_cost"] else ""
    return f"{old} -> {new}: {_signed(facts['change'])} {currency}{share}"


def _signed(value: Any) -> str:
    return f"{value:+,.2f}" if value else "0.00"


def _range(row: Mapping[str, Any]) -> str:
    return "" if row["low"] == row["high"] else f"{row['low']:+,.0f} to {row['high']:+,.0f}"


def _step(row: Mapping[str, Any]) -> str:
    old, new = (_figure(row["key"], row[end]) for end in ("old", "new"))
    return f"{old} -> {new}{' ' + row['unit'] if row['unit'] not in (None, 'probability') else ''}"


def _figure(name: str, value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    if name in ("met", "fresh_probability"):
        return chance(value)
    return shown(value) if "cost" in name else number(value, 3)


def _input(row: Mapping[str, Any]) -> tuple[str, str]:
    old, new = (_short(row[end] or "not given") for end in ("old", "new"))
    unit = f" {row['unit']}" if row["unit"] else ""
    words = " (words only)" if row["words_only"] == "yes" else ""
    return str(row["name"]), f"{old} -> {new}{unit}{words}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
