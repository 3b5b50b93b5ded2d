"""What requests to a language model cost, and models side by side: tables and pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from planner.columns import SUMMARY, Spec
from planner.screen import Parts, Tables, amount, facts_of, grid, line, number, pairs, title
from planner.screen import money as spent
from planner.table import Fact, Row, Table, figure
from planner.tables import listed, with_columns

if TYPE_CHECKING:
    import datetime

    from sources.teachers import Request, Teacher

GONE = "from this day on it answers no more; empty if none is known"
MOST_SHOWN = 20  # models that a page lists
TEACHERS: Spec = (
    ("model", "", "as the price catalogue names it"),
    ("provider", "", "who runs it"),
    ("keep_rate", "ratio", "usable answers per request"),
    ("requests", "request", "needed for the kept examples"),
    ("request_cost", "USD/request", "asked one by one"),
    ("kept_cost", "USD/example", "of a kept example, asked one by one"),
    ("cost", "USD", "of all requests, asked one by one"),
    ("batch_request_cost", "USD/request", "asked by batch; empty if the catalogue has no price"),
    ("batch_cost", "USD", "of all requests, asked by batch; empty if the catalogue has no price"),
    ("retired", "", "yes: it answers no more at the date of the prices"),
    ("shutdown", "", GONE),
    ("replacement", "", "named by the provider; empty if none is known"),
    ("provenance", "", "where the price comes from"),
    ("reference", "", "catalogue or page of the price"),
)


def price_tables(teacher: Teacher, size: Request, batch: bool) -> dict[str, Table]:
    """What the requests cost with one model, and what to know of it."""
    price = teacher.batch if batch and teacher.batch else teacher.single
    requests, end = teacher.requests, teacher.shutdown
    facts: list[Fact] = [
        ("model", price.model, "", "as the price catalogue names it"),
        ("provider", price.provider, "", "who runs it"),
        *_sizes(size),
        ("keep_rate", figure(teacher.keep_rate), "ratio", "usable answers per request"),
        ("requests", requests, "request", "asked for"),
        ("batch", "yes" if batch else "no", "", "asked by the batch interface"),
        ("input_cost", _dollars(price.input * requests), "USD", "of all prompts"),
        ("output_cost", _dollars(price.output * requests), "USD", "of all answers"),
        (
            "fee_cost",
            _dollars(price.fee * requests),
            "USD",
            "beside tokens",
        ),
        ("request_cost", figure(price.request), "USD/request", "of one request"),
        ("cost", _dollars(price.request * requests), "USD", "of all requests"),
        ("date", price.date, "", "day whose prices these are"),
        ("provenance", price.provenance, "", "where the price comes from"),
        ("reference", price.reference, "", "page or catalogue"),
        ("retired", "yes" if teacher.retired else "no", "", "whether it answers no more then"),
        (
            "shutdown",
            end.date if end else None,
            "",
            GONE,
        ),
        (
            "replacement",
            end.replacement if end else None,
            "",
            "named by the provider; empty if none",
        ),
    ]
    return with_columns([listed("summary", SUMMARY, facts)])


def _dollars(amount: float) -> float:
    """To the cent, or where a cent says too little to six digits."""
    return round(amount, 2) if amount >= 1 else float(f"{amount:.6g}")


def _shown(amount: Any) -> str:
    return spent(amount) if amount >= 1 else number(amount, 3)


def _sizes(size: Request) -> list[Fact]:
    return [
        ("input_tokens", size.input, "token/request", "of the prompt"),
        ("cached_tokens", size.cached, "token/request", "of the prompt, read from a cache"),
        ("output_tokens", size.output, "token/request", "of the answer"),
    ]


def teacher_tables(
    teachers: Sequence[Teacher], size: Request, kept: int, date: datetime.date
) -> dict[str, Table]:
    """Models side by side at one number of kept examples."""
    facts: list[Fact] = [
        *_sizes(size),
        ("kept", kept, "example", "usable answers wanted"),
        ("date", date, "", "day whose prices these are"),
    ]
    rows: list[Row] = [
        (
            each.single.model,
            each.single.provider,
            figure(each.keep_rate),
            each.requests,
            figure(each.single.request),
            figure(each.single.request / each.keep_rate),
            _dollars(each.cost),
            figure(each.batch.request) if each.batch else None,
            None if each.batch_cost is None else _dollars(each.batch_cost),
            "yes" if each.retired else "no",
            each.shutdown.date if each.shutdown else None,
            each.shutdown.replacement if each.shutdown else None,
            each.single.provenance,
            each.single.reference,
        )
        for each in teachers
    ]
    return with_columns([listed("summary", SUMMARY, facts), listed("teachers", TEACHERS, rows)])


def price_parts(tables: Tables) -> Parts:
    """What requests to a model cost."""
    facts = facts_of(tables["summary"])
    how = "by batch" if facts["batch"] == "yes" else "one by one"
    asked = f"{amount(facts['requests'])} requests to {facts['model']} {how}"
    cached = f", {amount(facts['cached_tokens'])} of them cached" if facts["cached_tokens"] else ""
    rows = []
    for label, cost, tokens, note in (
        ("prompts", "input_cost", "input_tokens", cached),
        ("answers", "output_cost", "output_tokens", ""),
    ):
        each = f"{amount(facts[tokens])} tokens each{note}"
        rows.append((label, f"{_shown(facts[cost])} USD, {each}"))
    if facts["fee_cost"]:
        rows.append(("request fees", f"{_shown(facts['fee_cost'])} USD, beside the tokens"))
    rows.append(("one request", f"{number(facts['request_cost'])} USD"))
    if facts["keep_rate"] != 1:
        kept = facts["request_cost"] / facts["keep_rate"]
        rows.append(("one kept answer", f"{number(kept)} USD at {number(facts['keep_rate'])} kept"))
    rows.append(("prices of", f"{facts['date']}, {facts['reference']}"))
    if facts["shutdown"] is not None:
        rows.append(("warning", _end(facts["model"], facts)))
    return [title(f"{asked}: {_shown(facts['cost'])} USD"), pairs(rows)]


def _end(model: Any, row: dict[str, Any]) -> str:
    verb = "was" if row["retired"] == "yes" else "is"
    return f"{model} {verb} shut down on {row['shutdown']}; named instead: {row['replacement']}"


def teacher_parts(tables: Tables) -> Parts:
    """Models side by side."""
    facts = facts_of(tables["summary"])
    found = tables["teachers"].records()
    shown = found[:MOST_SHOWN]
    rows = [
        (
            row["model"],
            amount(row["requests"]),
            number(row["kept_cost"]),
            _shown(row["cost"]),
            _shown(row["batch_cost"]) if row["batch_cost"] is not None else "",
            f"{'shut down' if row['retired'] == 'yes' else 'until'} {row['shutdown']}"
            if row["shutdown"]
            else "",
        )
        for row in shown
    ]
    cached = f" ({amount(facts['cached_tokens'])} cached)" if facts["cached_tokens"] else ""
    size = (
        f"{amount(facts['input_tokens'])} tokens in{cached}, {amount(facts['output_tokens'])} out"
    )
    heads = ("teacher", "requests", "a kept example", "cost", "by batch", "")
    parts: Parts = [
        title(f"{amount(facts['kept'])} kept examples in USD: {size}"),
        grid(heads, rows, "~>>>>~"),
    ]
    if len(found) > len(shown):
        parts.append(line(f"the first {len(shown)} of {len(found)}; all of them: --json"))
    catalogue = str(found[0]["reference"]).partition(",")[0]
    note = "keep rates and quality differ by teacher: measure both with dataplan distill"
    return [*parts, line(note), pairs([("prices of", f"{facts['date']}, {catalogue}")])]
