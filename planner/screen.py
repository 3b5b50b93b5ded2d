"""Pieces of a terminal page: numbers as people read them, grids, pairs; at most 80 columns wide."""

from __future__ import annotations

import io
import os
import shutil
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from planner.table import Table

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDTH, LEAST = 80, 40
LABEL = 18  # columns of the label of a pair
Parts = list["RenderableType"]
Tables = Mapping[str, Table]


def rendered(parts: Iterable[RenderableType], stream: IO[str]) -> str:
    """Parts as text for a stream: at most 80 columns wide, with colours only on a terminal."""
    from rich.console import Console

    terminal = stream.isatty()
    page = io.StringIO()
    Console(
        file=page,
        width=max(LEAST, min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns)),
        force_terminal=terminal,
        color_system="auto" if terminal and "NO_COLOR" not in os.environ else None,
        highlight=False,
        markup=False,
        emoji=False,
    ).print(*parts, sep="\n")
    text = "\n".join(line.rstrip() for line in page.getvalue().split("\n"))
    return text if text.endswith("\n") else f"{text}\n"


def title(text: object) -> RenderableType:
    """A line that opens a part."""
    return line(text, "bold")


def line(text: object, style: str = "", indent: int = 0) -> RenderableType:
    """Wrapped text."""
    from rich.padding import Padding
    from rich.text import Text

    return Padding(Text(shown(text), style), (0, 0, 0, indent))


def pairs(rows: Sequence[tuple[str, str]], style: str = "", label: int = LABEL) -> RenderableType:
    """Label and text, the texts wrapped under themselves; labels are `label` columns wide."""
    from rich.table import Table as Grid
    from rich.text import Text

    table = Grid.grid(padding=(0, 1, 0, 0))
    table.add_column(width=label, style=style, overflow="fold")
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(Text(shown(name)), Text(shown(text)))
    return table


def grid(
    heads: Sequence[str], rows: Iterable[Sequence[Any]], align: str, last: bool = False
) -> RenderableType:
    """Columns under their names; `align` has < or > for each, or ~ for left and wrapped.

    last: the last row is a total.
    """
    from rich.table import Table as Grid
    from rich.text import Text

    table = Grid(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for head, side in zip(heads, align, strict=True):
        table.add_column(
            Text(shown(head)),
            justify="right" if side == ">" else "left",
            no_wrap=side != "~",
            overflow="fold" if side == "~" else "ellipsis",
        )
    body = list(rows)
    for at, row in enumerate(body):
        style = "bold" if last and at == len(body) - 1 else None
        table.add_row(*(Text(shown(cell)) for cell in row), style=style)
    return table


def shown(text: object) -> str:
    """Text without signs that would steer a terminal, or turn its direction: these are spelled."""
    return "".join(sign if sign.isprintable() else _spelled(sign) for sign in str(text))


def _spelled(sign: str) -> str:
    """A line break as it is, any other space as a space, and else what Python writes for it."""
    if sign == "\n" or unicodedata.category(sign) == "Zs":
        return sign if sign == "\n" else " "
    return repr(sign)[1:-1]


def number(value: Any, digits: int = 4) -> str:
    """A number to so many significant digits, thousands apart; "" for unknown."""
    if value is None:
        return ""
    size = abs(value)
    if size and (size >= 1e9 or size < 1e-4):
        return f"{value:.{digits}g}"
    if size >= 10**digits:
        return f"{value:,.0f}"
    whole = len(str(int(size))) if size >= 1 else 0
    text = f"{value:,.{digits}g}" if size < 1 else f"{value:,.{max(digits - whole, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(value: Any) -> str:
    """A whole number, thousands apart, or in short from a billion on; "" for unknown."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) < 1e9 else f"{value:.3g}"


def money(value: Any) -> str:
    """An amount of money: cents below 100, none above, in short from ten million on."""
    if value is None:
        return ""
    if abs(value) < 100:
        return f"{value:,.2f}"
    return f"{value / 1e6:,.1f}M" if 1e7 <= abs(value) < 1e9 else amount(value)


def span(low: Any, high: Any, digits: int = 4) -> str:
    """A range as "low to high"; one number if its ends are equal; nothing if it is unknown."""
    if low is None or high is None:
        return ""
    ends = (number(low, digits), number(high, digits))
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def weeks(value: Any) -> str:
    """Weeks to the tenth; "" for unknown, and what is shorter is said to be."""
    if value is None:
        return ""
    return "< 0.1" if 0 < value < 0.05 else f"{value:,.1f}"


def chance(value: Any) -> str:
    """A probability with two decimals that never claims certainty it does not have."""
    if value is None:
        return ""
    if 0.995 <= value < 1:
        return "> .99"
    return "< .01" if 0 < value < 0.005 else f"{value:.2f}"


def facts_of(table: Table) -> dict[str, Any]:
    """Key -> value of a summary table, and "unit of KEY" -> unit."""
    facts: dict[str, Any] = {str(row[0]): row[1] for row in table.rows}
    return facts | {f"unit of {row[0]}": row[2] for row in table.rows}


def answer_of(row: Mapping[str, Any]) -> str:
    """Answer of a finding, with its probability where there is one."""
    sure = "" if row["probability"] is None else f" ({chance(row['probability'])})"
    return f"{row['answer']}{sure}"
