from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner import screen
from planner.listings.sources import source_parts, source_tables
from planner.screen import amount, chance, money, number, rendered
from planner.study import FrontierPoint
from planner.summary import plan_parts
from planner.tables import tables
from tests.planner import samples


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def page(**changes: object) -> str:
    return rendered(plan_parts(tables(samples.study(**changes))), io.StringIO())


def test_says_what_a_reader_needs() -> None:
    text = page()
    first = text.split("\n\n")[0].replace("\n", " ")
    assert first.startswith("Sample: error rate <= 0.26 can be reached for 2,588 EUR in 6.0 weeks")
    # on draws that the plan was not made for, and with budget and weeks
    assert "probability 0.79 +- 0.01, wanted 0.80; budget and weeks kept too: 0.70" in first
    assert "Verdict: yes, with crowd labels" in first
    for row in (
        "human                 1,000     0.8333  1,533  1,246 to 1,917    6.0  published",
        "total                                   2,588  2,113 to 3,254    6.0",
        "what binds         pool of annotators: human stops at 1,000",
        "warning            weak prior: 2 pilot sizes",
        "next               measure human at 800 next",
        "    1  human 300",
        "0.1  out of reach",
        "how good           no plan can cost less than 2,500 EUR",
    ):
        assert row in text
    assert "error rate 0.2512 (0.2312 to 0.271, 90% interval)" in text
    assert "probability 0.37 only" in text
    assert "338 of contingency" in text


def test_says_when_the_target_is_out_of_reach() -> None:
    out = {"plan": samples.plan(False), "fresh": (0.31, 0.01)}
    text = page(**out, best_guess=None, best_guess_probability=None)
    first = text.split("\n\n")[0].replace("\n", " ")
    assert "error rate <= 0.26 is out of reach" in first
    assert "probability 0.31, wanted 0.80" in first
    assert "best-guess plan    none" in text


def test_a_plan_that_buys_nothing() -> None:
    empty = replace(samples.plan(), steps=(), bound=0.0)
    text = page(plan=empty, frontier=(), path=replace(samples.path(), rounds=()))
    assert "unit cost" not in text
    assert "proven cheapest" in text


def numbers(text: str) -> list[str]:
    """Every number of a page, sorted: another language may put them in another order."""
    return sorted(re.findall(r"\d+(?:[.,]\d+)*(?:e[+-]?\d+)?", " ".join(text.split())))


CHANGES: tuple[dict[str, object], ...] = (
    {},
    {"plan": samples.plan(False), "fresh": (0.31, 0.01)},
    {"best_guess": None, "best_guess_probability": None},
    {"inputs": replace(samples.Inputs(), least="error")},
    {"inputs": replace(samples.Inputs(), least="weeks")},
)


@pytest.mark.parametrize("changes", CHANGES)
def test_chinese_says_the_same_numbers(
    changes: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    found = tables(samples.study(**changes))
    english, chinese = (
        rendered(plan_parts(found, language), io.StringIO()) for language in ("en", "zh")
    )
    assert numbers(english) == numbers(chinese)
    assert max(map(screen_width, chinese.split("\n"))) <= 80
    # what is left in English is what a user or another module has put into words
    for word in ("weeks", "buy", "budget", "rounds", "probability", "interval", "total", "warning"):
        assert word in english
        assert not re.search(rf"^(?!下一步|警告).*\b{word}\b", chinese, re.MULTILINE), word


def test_columns_stand_under_each_other_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = rendered(plan_parts(tables(samples.study()), "zh"), io.StringIO()).split("\n")
    at = next(i for i, text in enumerate(lines) if text.startswith("轮次"))
    ends = [lines[at].index(head) + len(head) for head in ("累计成本", "达标概率")]
    edges = [screen_width(lines[at][:end]) for end in ends]
    for row in lines[at + 1 : at + 3]:
        cells = [row[:edge].split()[-1] for edge in edges]  # names of this row are of one width
        assert all(re.fullmatch(r"[\d.,]+", cell) for cell in cells), row


def test_no_colours_but_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    parts = plan_parts(tables(samples.study()))
    assert "\x1b[" not in rendered(parts, io.StringIO())
    assert "\x1b[" in rendered(parts, Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in rendered(parts, Terminal())


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=120), st.floats(1e-6, 1e6), st.floats(1, 1e9))
def test_fits_80_columns_whatever_the_names_and_sizes(
    name: str, price: float, quantity: float
) -> None:
    line = replace(samples.HUMAN.lines[0], unit_price=price)
    source = replace(samples.HUMAN, name=name, lines=(line,))
    step = samples.step(source, quantity, quantity, 1.0)
    plan = replace(samples.plan(), steps=(step,), binding=(name,), bound=None)
    inputs = replace(samples.Inputs(), name=name, sources=(source,))
    study = samples.study(
        plan=plan, inputs=inputs, frontier=(FrontierPoint(0.26, plan),), warnings=(name,)
    )
    text = rendered(plan_parts(tables(study)), io.StringIO())
    text += rendered(source_parts(source_tables(samples.standing((source,)))), io.StringIO())
    assert max(map(screen_width, text.split("\n"))) <= 80
    assert "\u2026" not in text or "\u2026" in name  # no number is cut


def screen_width(line: str) -> int:
    from rich.cells import cell_len

    return cell_len(line)


def test_names_cannot_steer_the_terminal_nor_the_markup() -> None:
    source = replace(samples.HUMAN, name="\x1b[31m[red]:smile:\x07")
    plan = replace(samples.plan(), steps=(samples.step(source, 5, 5.0, 1.0),))
    text = page(plan=plan)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[red]" in text
    assert ":smile:" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, "0"),
        (0.0, "0"),
        (0.26, "0.26"),
        (0.2512345, "0.2512"),
        (12.5, "12.5"),
        (100.0, "100"),
        (1000, "1,000"),
        (123456.7, "123,457"),
        (9.99999, "10"),
        (0.00001234, "1.234e-05"),
        (2e9, "2e+09"),
        (-0.5, "-0.5"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


def test_other_figures() -> None:
    assert [money(x) for x in (None, 0, 99.994, 100, 1234567.8, 2.5e7, 3e12)] == [
        "", "0.00", "99.99", "100", "1,234,568", "25.0M", "3e+12",
    ]  # fmt: skip
    assert [amount(x) for x in (None, 0, 1000, 5e10)] == ["", "0", "1,000", "5e+10"]
    assert [chance(x) for x in (None, 0, 0.001, 0.8, 0.999, 1)] == [
        "", "0.00", "< .01", "0.80", "> .99", "1.00",
    ]  # fmt: skip
    assert screen.shown("a\x00\u202eb\u3000\U0001f600\n") == "a\\x00\\u202eb \U0001f600\n"
