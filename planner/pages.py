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

MOST_NAMED = 20  # unreadable files that a page lists
LEAST_GOOD = 10  # raters that a page lists


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
    found = f"{amount(row['files'])} files of {amount(row['bytes'])} bytes"
    if row["read"] != row["bytes"]:
        spans = [
            (str(row["encoding"]), f"{amount(row['low'])} to {amount(row['high'])} tokens")
            for row in tables["counts"].records()
        ]
        estimate = f"95% intervals of an estimate from {amount(row['read'])} bytes"
        note = f"{found}; repeated documents are not told apart in a sample"
        return [grid(heads, rows, "<>>>>>>"), line(note), "", title(estimate), pairs(spans)]
    parts: Parts = [
        grid(heads, rows, "<>>>>>>"),
        line(f"{found}; repeated and empty left out"),
        "",
        _scripts(tables),
    ]
    private = tables["private"].records()[0]
    if private["documents"]:
        text = (
            f"{amount(private['documents'])} documents of {amount(private['tokens'])} tokens hold "
            f"{amount(private['emails'])} e-mail addresses, {amount(private['phones'])} telephone "
            f"numbers, {amount(private['cards'])} card numbers"
        )
        parts += ["", pairs([("personal data", text)], "yellow")]
    if row["unreadable"]:
        parts += ["", title(f"{amount(row['unreadable'])} files or records not read")]
        for fault in tables["unreadable"].records()[:MOST_NAMED]:
            parts.append(line(f"{fault['place']}: {fault['problem']}", indent=2))
    return parts


def _scripts(tables: Tables) -> Any:
    first = tables["counts"].records()[0]["encoding"]
    rows = [
        (row["script"], amount(row["documents"]), amount(row["tokens"]), chance(row["share"]))
        for row in tables["scripts"].records()
        if row["encoding"] == first
    ]
    return grid(("script", "documents", f"tokens ({first})", "share"), rows, "<>>>")


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


def agreement_parts(tables: Tables) -> Parts:
    """How raters agree, what their votes are worth, and how many to buy."""
    facts = facts_of(tables["summary"])
    counted = f"{amount(facts['judgements'])} judgements of {amount(facts['items'])} items"
    parts: Parts = [title(f"{counted} by {amount(facts['raters'])} raters")]
    rows = [
        (row["coefficient"], number(row["value"], 3), _to(row["low"], row["high"]), row["meaning"])
        for row in tables["coefficients"].records()
        if row["value"] is not None
    ]
    parts += [grid(("agreement", "value", "90% interval", "of"), rows, "<>>~")]
    parts += _noise_parts(tables, facts) + _redundancy_parts(tables, facts)
    parts += _rater_parts(tables, facts)
    warnings = [str(row["answer"]) for row in tables["diagnosis"].records()]
    return parts + [pairs([("warning", text)]) for text in warnings]


def _noise_parts(tables: Tables, facts: dict[str, Any]) -> Parts:
    rows = [
        (
            row["votes"],
            number(row["noise"], 3),
            _to(row["low"], row["high"]),
            number(row["independent"], 3),
            number(row["observed"], 3),
        )
        for row in tables["noise"].records()
        if row["noise"] is not None or row["observed"] is not None
    ]
    if not rows:
        return []
    on = f" ({amount(facts['used'])} items)" if facts["used"] else ""
    against = "most raters" if facts["basis"] == "votes" else "known answers"
    heads = ("votes", "noise", "90% interval", "if independent", "observed")
    return ["", title(f"Label noise against {against}{on}"), grid(heads, rows, ">>>>>")]


def _redundancy_parts(tables: Tables, facts: dict[str, Any]) -> Parts:
    rows = [
        (
            "3 if 2 differ" if row["adaptive"] == "yes" else row["votes"],
            number(row["bought"], 3),
            number(row["cost"], 3),
            number(row["share"], 3),
            number(row["effective_cost"], 3),
            _to(row["effective_low"], row["effective_high"]),
            chance(row["cheapest"]),
        )
        for row in tables["redundancy"].records()
    ]
    if not rows:
        return []
    item = f", {number(facts['item_cost'])} USD an item" if facts["item_cost"] else ""
    price = f"{number(facts['pay'])} USD a judgement on {facts['platform']}{item}"
    heads = ("votes", "bought", "cost", "worth", "cost/worth", "90% interval", "P(best)")
    limits = (
        "bought: judgements an item; worth: effective examples an item, (1 - 2 noise)^2 for two"
        " classes, which holds for errors that fall at random; hard items often cost a model less"
    )
    way = "a third vote where two differ" if facts["adaptive"] == "yes" else facts["votes"]
    best = "none: the noise may leave nothing of an example"
    if facts["votes"] is not None:
        best = f"{way} an item, with probability {chance(facts['sure'])}"
    known = [("cheapest votes", best)]
    if facts["fee_step"] is not None:
        told = f"from {amount(facts['fee_step'])} votes of one task on, {facts['platform']} takes"
        known.append(("fee step", f"{told} {number(facts['fee_extra'])} of the pay more"))
    table = grid(heads, rows, ">>>>>>>")
    return ["", title(f"Redundancy at {price}"), table, line(limits), pairs(known)]


def _rater_parts(tables: Tables, facts: dict[str, Any]) -> Parts:
    known = tables["raters"].records()
    order = {"spammer": 0, "worse than chance": 1}
    ranked = sorted(
        (row for row in known if row["accuracy"] is not None),
        key=lambda row: (order.get(str(row["state"]), 2), row["high"]),
    )
    rows = [
        (
            row["rater"],
            amount(row["judgements"]),
            chance(row["accuracy"]),
            f"{chance(row['low'])} to {chance(row['high'])}",
            chance(row["chance"]),
            row["state"],
        )
        for row in ranked[:LEAST_GOOD]
    ]
    states = [str(row["state"]) for row in known]
    told = "; ".join(f"{each} {amount(states.count(each))}" for each in sorted(set(states)))
    heads = ("rater", "judgements", "accuracy", "90% interval", "chance", "")
    parts: Parts = ["", title(f"Raters: {told}"), grid(heads, rows, "~>>>>~")]
    if len(known) > len(rows):
        parts.append(line(f"the {len(rows)} least good; all of them: --json or --out DIR"))
    parts.append("")
    about = []
    if facts["estimate_right"] is not None:
        found = (
            f"Dawid-Skene {facts['estimate_right']:.3f}, all votes {facts['majority_right']:.3f}"
        )
        about.append(("known answers", f"found by {found}"))
    if facts["seconds"] is not None:
        span = f"{number(facts['seconds_low'], 3)} to {number(facts['seconds_high'], 3)}"
        hour = (
            f"; the pay is {money(facts['pay_per_hour'])} USD an hour"
            if facts["pay_per_hour"]
            else ""
        )
        about.append(("seconds", f"{number(facts['seconds'], 3)} a judgement ({span}){hour}"))
    return parts + ([pairs(about)] if about else [])


def _to(low: Any, high: Any) -> str:
    return "" if low is None else f"{number(low, 3)} to {number(high, 3)}"
