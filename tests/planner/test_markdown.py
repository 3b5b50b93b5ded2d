"""Markdown of a plan, as a parser of Markdown reads it: tables hold, texts show as they are."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt  # which rich brings

from planner.csvtext import neutral
from planner.markdown import ORDER, escaped, markdown
from planner.screen import shown
from planner.tables import tables
from tests.planner import samples
from tests.planner.hostile import HOSTILE


def parser() -> MarkdownIt:
    """Near GitHub's: tables, struck text, and raw HTML let through."""
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


class Reader(HTMLParser):
    """Tags of a page, its text, and the cells of each row of its tables."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        self.text += data
        data = data.strip("\n")
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def read(text: str) -> Reader:
    found = Reader()
    found.feed(parser().render(text))
    return found


def one_line(text: str) -> str:
    return " ".join(shown(neutral(text)).split())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_shows_as_it_is(name: str) -> None:
    text = HOSTILE[name]
    table = read(f"| a | b |\n|---|---|\n| {escaped(text)} | 1 |\n")
    assert [cell.strip() for cell in table.rows[1]] == [one_line(text), "1"]
    assert set(table.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "a"}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_shows_as_it_is(text: str) -> None:
    table = read(f"| a | b |\n|---|---|\n| {escaped(text)} | 1 |\n")
    assert [cell.strip() for cell in table.rows[1]] == [one_line(text).strip(), "1"]
    assert "script" not in table.tags and "strong" not in table.tags


def test_nobody_is_mentioned_and_no_issue_referred_to() -> None:
    for text in ("ask @someone", "fixes #12", "mail a@b.example", "GH-7", "www.evil.example"):
        assert not re.search(r"@\w|#\d|GH-\d|www\.\w", escaped(text)), text
        assert read(escaped(text)).text.strip() == text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_plan_is_all_there(language: str) -> None:
    found = tables(samples.study())
    text = markdown(found, language)
    assert text == markdown(found, language)
    page = read(text)
    assert page.tags.count("table") == len(re.findall(r"^\|-", text, re.MULTILINE)) >= 4
    widths = [len(row) for row in page.rows]
    assert all(widths), "a row without cells"
    assert "2,588" in page.text and "0.26" in page.text
    for row in found["plan"].records():
        assert one_line(str(row["source"])) in page.text
    assert any("weak prior" in part or "先验" in part for part in page.text.split("\n"))


def test_assumptions_begin_with_the_weakest() -> None:
    text = markdown(tables(samples.study()))
    rows = read(text[text.index("### Assumptions") :]).rows
    ranged = [row[5] for row in rows if len(row) == 8 and " to " in row[4]]
    order = [ORDER.index(name) for name in ranged if name in ORDER]
    assert len(set(order)) > 1 and order == sorted(order)
    first = next(at for at, row in enumerate(rows) if row[4] == "")
    assert not [row for row in rows[first:] if " to " in row[4]], "what is certain comes last"


def test_hostile_names_break_no_table() -> None:
    source = replace(samples.HUMAN, name="a|b`c`<script>@me")
    step = samples.step(source, 5, 5.0, 1.0)
    plan = replace(samples.plan(), steps=(step,), binding=("x | y\n\n# head",))
    inputs = replace(samples.Inputs(), name="</details> **bold** @team", sources=(source,))
    study = samples.study(plan=plan, inputs=inputs, warnings=("`code` | <img src=x>\n- item",))
    page = read(markdown(tables(study)))
    assert not {"script", "img", "code"} & set(page.tags)
    assert page.tags.count("details") == page.tags.count("summary") <= 1
    assert {len(row) for row in page.rows[:3]} == {9}
