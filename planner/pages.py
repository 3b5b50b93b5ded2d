"""Terminal pages of the smaller commands: law, diagnosis, sources, defaults, counts, prices."""

from __future__ import annotations

from typing import Any

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
)


def findings_parts(tables: Tables) -> Parts:
    """A diagnosis in full: each question with answer, evidence and advice."""
    parts: Parts = []
    for row in tables["diagnosis"].records():
        parts.append(title(f"{row['question']}: {answer_of(row)}"))
        parts += [line(text, indent=2) for text in (row["evidence"], row["advice"]) if text]
    return parts


def law_parts(tables: Tables) -> Parts:
    """A law by itself: required examples, predictions, parameters."""
    facts = facts_of(tables["summary"])
    weak = " (weak prior: too few pilots)" if facts["weak_prior"] == "yes" else ""
    parts = [title(f"Law of {facts['runs']} runs at {facts['compositions']} amounts{weak}")]
    if tables["required"].rows:
        names = ("source", "examples", "in half of the cases", "P(reachable)")
        rows = [
            (
                row["source"],
                amount(row["examples"]) or "out of reach",
                amount(row["median"]) or "out of reach",
                chance(row["reachable"]),
            )
            for row in tables["required"].records()
        ]
        sure = f"error <= {number(facts['target'])} with probability {chance(facts['confidence'])}"
        parts += ["", title(f"Examples of one source alone for {sure}"), grid(names, rows, "~>>>")]
    predicted = [
        (
            row["source"],
            amount(row["examples"]),
            number(row["median"]),
            f"{number(row['low'])} to {number(row['high'])}",
        )
        for row in tables["predictions"].records()
    ]
    parts += ["", title("Predicted error")]
    parts += [grid(("source", "examples", "error", "90% interval"), predicted, "~>>>")]
    known: list[tuple[str, str, str, str]] = []
    family = None
    for row in tables["law"].records():
        if row["family"] != family:
            family = row["family"]
            known.append((f"{family}, weight {chance(row['weight'])}", "", "", ""))
        name = f"{row['source']}: {row['parameter']}" if row["source"] else str(row["parameter"])
        known.append(
            (
                f"  {name}",
                number(row["median"], 3),
                f"{number(row['low'], 3)} to {number(row['high'], 3)}",
                str(row["identified"]),
            )
        )
    heads = ("parameter", "median", "90% interval", "known from")
    parts += ["", title("Law"), grid(heads, known, "~>><")]
    warnings = [str(row["answer"]) for row in tables["diagnosis"].records()]
    return parts + (["", pairs([("warning", text) for text in warnings])] if warnings else [])


def source_parts(tables: Tables) -> Parts:
    """What the sources of a project cost, how much there is, how fast, how good."""
    rows = [
        (
            row["source"],
            number(row["unit_cost"]),
            money(row["fees"]),
            amount(row["max_examples"]) or "no limit",
            amount(row["per_week"]) or "no limit",
            _span(row["quality_low"], row["quality_high"]),
            row["provenance"],
        )
        for row in tables["sources"].records()
    ]
    unit = tables["sources"].columns[tables["sources"].header.index("fees")].unit
    heads = ("source", "unit cost", "fees", "most", "per week", "quality", "rests on")
    parts: Parts = [grid(heads, rows, "~>>>><<"), line(f"costs in {unit}, without contingency"), ""]
    for row in tables["sources"].records():
        kind = f"{row['kind']}, {amount(row['in_hand'])} in hand" if row["in_hand"] else row["kind"]
        most = f"; the most is set by {row['limited_by']}" if row["limited_by"] else ""
        parts.append(pairs([(str(row["source"]), f"{kind}{most}")]))
        parts += [pairs([("", f"warning: {row['warning']}")], "yellow")] if row["warning"] else []
    return parts


def _span(low: Any, high: Any) -> str:
    if low is None:
        return ""
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def default_parts(tables: Tables) -> Parts:
    """The default numbers of each kind of source."""
    parts: Parts = []
    rows = tables["defaults"].records()
    for kind in dict.fromkeys(row["kind"] for row in rows):
        mine = [
            (
                row["name"],
                number(row["value"]),
                _span(row["low"], row["high"]),
                row["unit"],
                f"{row['provenance']} {row['date']}",
            )
            for row in rows
            if row["kind"] == kind
        ]
        heads = (str(kind), "default", "range", "unit", "rests on")
        parts += [grid(heads, mine, "<>>~~"), ""]
    return [*parts, line("references: dataplan sources --json")]


def count_parts(tables: Tables) -> Parts:
    """What is in a corpus."""
    rows = [
        (
            row["encoding"],
            amount(row["documents"]),
            amount(row["tokens"]),
            amount(row["characters"]),
            amount(row["duplicates"]),
            amount(row["empty"]),
            number(row["tokens_per_document"]),
        )
        for row in tables["counts"].records()
    ]
    heads = ("encoding", "documents", "tokens", "characters", "repeated", "empty", "tokens each")
    row = tables["counts"].records()[0]
    read = (
        f"{amount(row['files'])} files of {amount(row['bytes'])} bytes; repeated and empty left out"
    )
    return [grid(heads, rows, "<>>>>>>"), line(read)]


def price_parts(tables: Tables) -> Parts:
    """What requests to a model cost."""
    facts = facts_of(tables["summary"])
    how = "by batch" if facts["batch"] == "yes" else "one by one"
    asked = f"{amount(facts['requests'])} requests to {facts['model']} {how}"
    rows = []
    for label, cost, tokens in (
        ("prompts", "input_cost", "input_tokens"),
        ("answers", "output_cost", "output_tokens"),
    ):
        rows.append((label, f"{money(facts[cost])} USD, {amount(facts[tokens])} tokens each"))
    rows.append(("one request", f"{number(facts['request_cost'])} USD"))
    rows.append(("prices of", f"{facts['date']}, {facts['reference']}"))
    if facts["shutdown"] is not None:
        end = f"{facts['model']} is shut down on {facts['shutdown']}"
        rows.append(("warning", f"{end}; the provider names {facts['replacement']} instead"))
    return [title(f"{asked}: {money(facts['cost'])} USD"), pairs(rows)]
