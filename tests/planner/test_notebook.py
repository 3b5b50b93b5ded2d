"""A study in a notebook: a table and a figure, texts escaped, and no figure is no fault."""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

import pytest

from planner import Project
from planner.export import write_project
from planner.library import StudyResult


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    path = write_project(tmp_path_factory.mktemp("project"))[0]
    name = r'name = "<script>alert(1)</script> & friends"'
    text = re.sub(r"^name = .*$", lambda _: name, path.read_text(), count=1, flags=re.MULTILINE)
    path.write_text(text)
    return Project.load(path).study()


class Reader(HTMLParser):
    """Tags that are open, those there were, and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, Any]]) -> None:
        self.seen.append(tag)
        if tag != "img":
            self.open.append(tag)
        else:
            given = dict(attrs)
            assert given["alt"] and given["src"].startswith("data:image/png;base64,")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


def read(html: str) -> Reader:
    found = Reader()
    found.feed(html)
    assert found.open == []
    return found


def shown(study: StudyResult) -> str:
    """What a notebook makes of it: by IPython where it is installed."""
    try:
        from IPython.core.formatters import DisplayFormatter
    except ImportError:
        return study._repr_html_()
    data, _ = DisplayFormatter().format(study)
    return str(data["text/html"])


def test_a_notebook_shows_table_and_figure(study: StudyResult) -> None:
    html = shown(study)
    assert html == shown(study)
    page = read(html)
    assert page.seen.count("table") == page.seen.count("img") == 1
    assert "script" not in page.seen and "alert(1)" in page.text
    for step in study.plan.steps:
        assert step.source.name in page.text
        assert f"{step.quantity:,.0f}" in page.text
    assert "can be reached for" in page.text and "Verdict" in page.text


def test_without_matplotlib_the_table_is_shown(
    study: StudyResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    page = read(study._repr_html_())
    assert "table" in page.seen and "img" not in page.seen
    assert "dataplan[figures]" in page.text
