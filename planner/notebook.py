"""A study as a notebook shows it: the plan in a sentence, its purchases, and a figure."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from planner.errors import DataplanError
from planner.language import Speech
from planner.listings.groups import head_of as head_of_groups
from planner.purchase_page import purchase_cells
from planner.screen import facts_of, shown
from planner.sentences import head_of
from planner.table import Table
from planner.verdict_page import verdict_sentence

if TYPE_CHECKING:
    from planner.group_study import GroupStudy
    from planner.study import Study


def study_html(study: Study | GroupStudy, tables: Mapping[str, Table]) -> str:
    """HTML of a study: head, verdict, purchases with their sum, and the law, or the frontier of
    groups, as a picture where matplotlib is installed. Texts are escaped."""
    say, facts = Speech(), facts_of(tables["summary"])
    head = head_of_groups(facts, say) if "groups" in tables else head_of(facts, say)
    parts = [f"<p><strong>{_text(head)}</strong></p>"]
    if "verdict" in tables:
        parts.append(f"<p>{_text(verdict_sentence(tables))}</p>")
    heads, rows, note = purchase_cells(tables["plan"], facts, say)
    parts += [_table(heads, rows), f"<p>{_text(note)}</p>"]
    return "\n".join([f"<div>{parts[0]}", *parts[1:], f"{_figure(study, tables)}</div>"])


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    head = "".join(f"<th scope='col'>{_text(name)}</th>" for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _figure(study: Study | GroupStudy, tables: Mapping[str, Table]) -> str:
    from planner.figures import first_picture

    try:
        name, picture = first_picture(study, tables)
    except DataplanError as error:  # the table tells without it
        return f"<p>{_text(error)}</p>"
    data = base64.b64encode(picture).decode()
    about = {"law": "How the error falls with data", "frontier": "What other targets cost"}
    return f'<img alt="{_text(about[name])}" width="540" src="data:image/png;base64,{data}">'


def _text(text: object) -> str:
    return escape(shown(text))
