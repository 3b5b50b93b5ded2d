"""Tables of the page, numbers as people read them, and how sections are put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from planner.report.markup import Html, element, joined, plain
from planner.screen import chance, number

Cell = object
DASH = "–"
KINDS = {"<": None, ">": "number", "~": "text"}


def table(  # noqa: PLR0913
    caption: object,
    heads: Sequence[object],
    rows: Iterable[Sequence[Cell]],
    align: str,
    *,
    total: Sequence[Cell] | None = None,
    cards: bool = False,
    marked: int | None = None,
    name: str | None = None,
) -> Html:
    """A table whose first cells name the rows; `align` has < or > for each column, or
    ~ for long text.

    total: a last row of sums. cards: on a phone each row is a block of its own, else the table is
    scrolled sideways. marked: the row of the project's own. name: the id of the table.
    """
    kinds = [KINDS[side] for side in align]
    top = element(
        "tr",
        *(
            element("th", head, scope="col", class_=kind, role="columnheader")
            for head, kind in zip(heads, kinds, strict=True)
        ),
        role="row",
    )
    body = [_row(row, heads, kinds, "own" if at == marked else None) for at, row in enumerate(rows)]
    parts = [
        element("caption", caption),
        element("thead", top, role="rowgroup"),
        element("tbody", *body, role="rowgroup"),
    ]
    if total is not None:
        parts.append(element("tfoot", _row(total, heads, kinds, None), role="rowgroup"))
    made = element("table", *parts, role="table", class_="cards" if cards else None, id=name)
    # what can be scrolled can be reached by keyboard
    return element(
        "div", made, class_="scroll", tabindex="0", role="region", aria_label=plain(caption)
    )


def _row(
    row: Sequence[Cell], heads: Sequence[object], kinds: Sequence[str | None], mark: str | None
) -> Html:
    cells = []
    for at, (cell, head, kind) in enumerate(zip(row, heads, kinds, strict=True)):
        shown = element("span", DASH if cell is None else cell) if cell != "" else ""
        if at == 0:
            cells.append(element("th", shown, scope="row", role="rowheader", class_=kind))
        else:
            label = plain(head)
            cells.append(
                element(
                    "td",
                    shown,
                    role="cell",
                    class_=kind if shown != "" else "none",
                    data_label=label,
                )
            )
    return element("tr", *cells, role="row", class_=mark)


def section(name: str, title: object, *parts: object, class_: str | None = None) -> Html:
    """A part of the page under its heading."""
    head = element("h2", title, id=f"{name}-head")
    kept = [part for part in parts if part]
    return element("section", head, *kept, id=name, aria_labelledby=f"{name}-head", class_=class_)


def paragraph(*parts: object, class_: str | None = None) -> Html:
    """A paragraph."""
    return element("p", *parts, class_=class_)


def bullets(items: Iterable[object], class_: str | None = None) -> Html:
    """A list."""
    return element("ul", *(element("li", item) for item in items), class_=class_)


def folded(summary: object, *parts: object, name: str | None = None, open_: bool = False) -> Html:
    """What is shown on demand, and printed where it is open."""
    return element("details", element("summary", summary), *parts, id=name, open=open_)


def pairs(rows: Iterable[tuple[object, object]], class_: str = "figures") -> Html:
    """Names and what they are."""
    each = (element("div", element("dt", key), element("dd", value)) for key, value in rows)
    return element("dl", joined(each), class_=class_)


def unit(text: object) -> Html:
    """A unit beside a number."""
    return element("span", text, class_="unit")


def cents(value: Any) -> str | None:
    """Money to the cent, as the tables sum it; None where unknown."""
    return None if value is None else f"{value:,.2f}"


def figure(value: Any, digits: int = 4) -> str | None:
    """A number to so many digits; None where unknown."""
    return None if value is None else number(value, digits)


def likely(value: Any) -> str | None:
    """A probability; None where unknown."""
    return None if value is None else chance(value)
