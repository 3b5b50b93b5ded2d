"""Numbers put into a project's text: nothing else in it changes, and comments stay."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.amend import amended, check_amendable
from planner.errors import OutputError
from planner.export import write_over
from planner.reading import text_of
from planner.template import template_files

NUMBER = {
    "value": 412.5,
    "low": 400.0,
    "high": 425.0,
    "provenance": "measured",
    "reference": 'distill run of 2026-11-24, "20" requests',
    "date": "2026-11-24",
}
PROJECT = """\
# head
name = "a"   # nm
[sources.gpt]   # the teacher
kind = "distillation"
prompt_tokens = 400     # guess
samples = [
  "a",  # one
]

# next one
[sources.human]
kind = "human"
"""


def test_layout_and_comments_stay() -> None:
    new = amended(PROJECT, "gpt", {"prompt_tokens": NUMBER, "keep_rate": NUMBER})
    old_lines, new_lines = PROJECT.splitlines(), new.splitlines()
    assert [line for line in new_lines if line in old_lines] == [
        line for line in old_lines if not line.startswith("prompt_tokens")
    ]
    (changed,) = (line for line in new_lines if line.startswith("prompt_tokens"))
    assert changed.endswith("# before: 400; guess")
    assert new_lines[new_lines.index("]") + 1].startswith("keep_rate = {")
    assert tomllib.loads(new)["sources"]["gpt"]["keep_rate"] == NUMBER


def test_measured_again() -> None:
    once = amended(PROJECT, "gpt", {"prompt_tokens": NUMBER})
    twice = amended(once, "gpt", {"prompt_tokens": {**NUMBER, "value": 410.0}})
    last = "before: 412.5 (low 400.0, high 425.0, provenance measured); "
    assert f"# {last}before: 400; guess\n" in twice
    thrice = amended(twice, "gpt", {"prompt_tokens": {**NUMBER, "value": 402.0}})
    assert f"# {last.replace('412.5', '410.0')}before: 400; guess\n" in thrice


COMMENTED = [
    "[sources.gpt]\nprompt_tokens = 50 # before: 40; by hand\n",
    "[sources.gpt]\nprompt_tokens = {base = 50} # by hand\n",
    '[sources]\ngpt = {kind = "d", prompt_tokens = 50} # by hand\n',
    "sources = {gpt = {prompt_tokens = 50}} # by hand\n",
    "[sources.gpt]\n[sources.gpt.prompt_tokens]\nvalue = 50 # by hand\nlow = 1\n# by me\n",
    "[sources.gpt]\n[sources.gpt.prompt_tokens]\nbase = 50 # by hand\n",
]


@pytest.mark.parametrize("text", COMMENTED)
def test_comments_and_old_values_are_never_lost(text: str) -> None:
    once = amended(text, "gpt", {"prompt_tokens": NUMBER})
    twice = amended(once, "gpt", {"prompt_tokens": {**NUMBER, "value": 410.0}})
    thrice = amended(twice, "gpt", {"prompt_tokens": {**NUMBER, "value": 420.0}})
    for new in (once, twice, thrice):
        comments = " ".join(line.partition("#")[2] for line in new.splitlines())
        assert "by hand" in comments
        assert " 50" in comments
        assert ("40;" in comments) == ("40;" in text)
        assert ("by me" in comments) == ("by me" in text)
    assert len(thrice) <= len(twice) + 10
    assert amended(thrice, "gpt", {"prompt_tokens": {**NUMBER, "value": 420.0}}) == thrice


def test_mixed_line_ends_stay() -> None:
    text = '# a\r\n[sources.gpt]\nkind = "d"\r\nprompt_tokens = 5\r\n\n[x]\na = """l1\nl2"""\n'
    new = amended(text, "gpt", {"prompt_tokens": NUMBER, "keep_rate": NUMBER})
    kept = new.splitlines(keepends=True)
    for line in text.splitlines(keepends=True):
        assert line in kept or line.startswith("prompt_tokens")
    assert re.search(r"\nprompt_tokens = [^\n]*\r\n", new)


def test_a_layout_that_cannot_be_changed_is_known_before() -> None:
    text = '[sources.gpt]\nkind = "d"\nprompt_tokens.value = 4\nprompt_tokens.low = 3\n'
    with pytest.raises(OutputError, match="--no-write"):
        check_amendable(text, "gpt", ["prompt_tokens"])
    check_amendable(PROJECT, "gpt", ["prompt_tokens"])


@pytest.mark.parametrize(
    "text",
    [
        '[sources.gpt]\nkind = "d"\n[sources.gpt.prompt_tokens]\nvalue = 4  # x\n[target]\na = 1\n',
        'sources.gpt.kind = "d"\n[target]\nerror = 1\n',
        'sources = {gpt = {kind = "d", prompt_tokens = 4}}\n',
        '[sources]\ngpt = {kind = "d"}\n',
        '[sources.gpt]\r\nkind = "d"\r\n\r\n[target]\r\na = 1\r\n',
        '[sources.gpt]\nkind = "d"',
        '[sources.a]\nk = 1\n[target]\ne = 1\n[sources.gpt]\nkind = "d"\n# end\n',
        '[sources."gpt"]\nprompt_tokens = {base = 1, low = 0}\n[sources.gpt.price]\na = 1\n',
    ],
)
def test_any_layout(text: str) -> None:
    new = amended(text, "gpt", {"prompt_tokens": NUMBER})
    expected = tomllib.loads(text)
    expected["sources"]["gpt"]["prompt_tokens"] = NUMBER
    assert tomllib.loads(new) == expected
    assert ("\r\n" in text) == ("\r\n" in new)
    assert new.count("\r\n") in (0, new.count("\n"))


def test_a_layout_that_cannot_be_changed_is_left_to_the_user() -> None:
    text = '[sources.gpt]\nkind = "d"\nprompt_tokens.value = 4\nprompt_tokens.low = 3\n'
    with pytest.raises(OutputError, match=r"by hand prompt_tokens = \{value = 412.5"):
        amended(text, "gpt", {"prompt_tokens": NUMBER})


@given(st.floats(0, 1e9), st.text(max_size=20))
def test_any_number_and_reference(value: float, reference: str) -> None:
    try:
        reference.encode()
    except UnicodeEncodeError:
        return
    number = {"value": value, "provenance": "measured", "reference": reference}
    new = amended(PROJECT, "gpt", {"keep_rate": number})
    assert tomllib.loads(new)["sources"]["gpt"]["keep_rate"] == number


def test_the_starter_project() -> None:
    text = template_files()["project.toml"]
    new = amended(text, "crowd", {"votes": NUMBER})
    assert set(text.splitlines()) <= set(new.splitlines())


def test_written_in_one_step_with_its_mode(tmp_path: Path) -> None:
    place = tmp_path / "project.toml"
    place.write_bytes(b"a = 1\r\n")
    place.chmod(0o640)
    write_over(place, text_of(place).replace("1", "2"))
    assert place.read_bytes() == b"a = 2\r\n"
    assert place.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["project.toml"]


def test_links_and_read_only_files_are_left_alone(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "project.toml"
    real.write_text("a = 1\n")
    link.symlink_to(real)
    with pytest.raises(OutputError, match=r"is a link.*real\.toml"):
        write_over(link, "a = 2\n")
    real.chmod(0o440)
    with pytest.raises(OutputError, match="read-only.*--no-write"):
        write_over(real, "a = 2\n")
    assert real.read_text() == "a = 1\n"
