"""What requests to a language model cost: tables and page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.columns import SUMMARY
from planner.screen import Parts, Tables, amount, facts_of, number, pairs, title
from planner.screen import money as spent
from planner.table import Fact, Table, figure, money
from planner.tables import listed, with_columns

if TYPE_CHECKING:
    from sources.prices import Price, Shutdown


def price_tables(
    price: Price, shutdown: Shutdown | None, tokens: tuple[int, int], requests: int, batch: bool
) -> dict[str, Table]:
    """What so many requests of (input, output) tokens each cost, and what to know of the model."""
    facts: list[Fact] = [
        ("model", price.model, "", "as the price catalogue names it"),
        ("provider", price.provider, "", "who runs it"),
        ("input_tokens", tokens[0], "token/request", "of the prompt"),
        ("output_tokens", tokens[1], "token/request", "of the answer"),
        ("requests", requests, "request", "asked for"),
        ("batch", "yes" if batch else "no", "", "asked by the batch interface"),
        ("input_cost", money(price.input * requests), "USD", "of all prompts"),
        ("output_cost", money(price.output * requests), "USD", "of all answers"),
        ("request_cost", figure(price.request), "USD/request", "of one request"),
        ("cost", money(price.request * requests), "USD", "of all requests"),
        ("date", price.date, "", "day whose prices these are"),
        ("provenance", price.provenance, "", "where the price comes from"),
        ("reference", price.reference, "", "page or catalogue"),
        (
            "shutdown",
            shutdown.date if shutdown else None,
            "",
            "last day of the model; empty if none is known",
        ),
        (
            "replacement",
            shutdown.replacement if shutdown else None,
            "",
            "named by the provider; empty if none",
        ),
    ]
    return with_columns([listed("summary", SUMMARY, facts)])


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
        rows.append((label, f"{spent(facts[cost])} USD, {amount(facts[tokens])} tokens each"))
    rows.append(("one request", f"{number(facts['request_cost'])} USD"))
    rows.append(("prices of", f"{facts['date']}, {facts['reference']}"))
    if facts["shutdown"] is not None:
        end = f"{facts['model']} is shut down on {facts['shutdown']}"
        rows.append(("warning", f"{end}; the provider names {facts['replacement']} instead"))
    return [title(f"{asked}: {spent(facts['cost'])} USD"), pairs(rows)]
