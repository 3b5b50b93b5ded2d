"""Figures: what must be on each, the same bytes each time, fonts, and what is missing without
matplotlib."""

from __future__ import annotations

import builtins
import io
import warnings
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from planner.errors import DataplanError
from planner.figures import draw
from planner.figures.calendar import draw_calendar
from planner.figures.costs import draw_costs
from planner.figures.frontier import draw_frontier
from planner.figures.law import draw_law
from planner.figures.style import Pictures, canvas, eastern, label
from planner.fit import fit_law
from planner.language import Speech
from planner.prior import Beliefs, SourceBelief
from planner.screen import facts_of
from planner.swings import SENSITIVITY
from planner.table import Table
from planner.tables import listed, tables
from tests.planner import samples
from tests.planner.hostile import HOSTILE

PILOTS = pd.DataFrame({"n": np.repeat([100, 200, 400, 800], 3)})
PILOTS["error"] = 0.05 + PILOTS.n**-0.3 * np.tile([0.97, 1.0, 1.03], 4)


def test_everything_is_on_it():
    law = fit_law(PILOTS, draws=200)
    need = law.required(0.15, 0.8)
    svg = draw_law(law, 0.15, 0.8).files["law.svg"].decode()
    for text in (
        "examples",
        "error",
        "target 0.15",
        f"{need:,.0f} needed for 80%",
        "90%",
        "median",
    ):
        # matplotlib draws text as paths and keeps it in a comment
        assert f"<!-- {text} -->" in svg
    assert "<!-- pilots of n -->" in svg
    far = draw_law(law, 1e-4, 0.8).files["law.svg"].decode()
    assert "<!-- out of reach at 80% -->" in far
    assert "target" not in draw_law(law).files["law.svg"].decode().replace("targets", "")


def test_the_same_law_gives_the_same_bytes():
    assert draw_law(fit_law(PILOTS, draws=200), 0.15) == draw_law(fit_law(PILOTS, draws=200), 0.15)


def test_several_sources_and_no_pilots():
    rows = pd.concat([PILOTS.assign(m=0), PILOTS.rename(columns={"n": "m"}).assign(n=0)])
    svg = draw_law(fit_law(rows, draws=200)).files["law.svg"].decode()
    assert "<!-- other pilots -->" in svg
    none = fit_law(pd.DataFrame({"n": [], "error": []}), worst_error=0.5, draws=200)
    assert draw_law(none, 0.2).files["law.png"]
    texts = Beliefs({"t": SourceBelief(is_text=True)})
    only = pd.DataFrame({"m": [0.0], "t": [500.0], "error": [0.4]})
    assert draw_law(fit_law(only, beliefs=texts, draws=200)).files["law.png"]


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    law, real = fit_law(PILOTS, draws=200), builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(DataplanError, match=r"dataplan\[figures\]"):
        draw_law(law)


@pytest.fixture(scope="module")
def found() -> dict[str, Table]:
    swing = ("human", "wage", "EUR/hour", 10.0, 20.0, 30.0, 2100.0, 2588.0, None, "assumed", None)
    made = tables(samples.study())
    return {**made, "sensitivity": listed("sensitivity", SENSITIVITY, [swing], "EUR")}


def drawn(found: dict[str, Table], language: str = "en") -> Pictures:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of glyphs that it lacks
        return draw(samples.study(), found, language)


def test_each_figure_says_what_it_shows(found):
    made = drawn(found)
    assert set(made.files) == {
        f"{name}.{kind}"
        for name in ("frontier", "costs", "calendar", "tornado")
        for kind in ("png", "svg")
    }
    wanted = {
        "frontier": ("cost [EUR]", "error rate", "out of reach", "this plan: 2,588 EUR"),
        "costs": ("cost [EUR]", "human", "total", "2,588 (2,113 to 3,254)"),
        "calendar": ("round 1", "human 300", "order to last delivery", "week (0 is 2026-12-01)"),
        "tornado": ("human: wage", "30: out of reach", "10: 2,100", "the plan: 2,588 EUR"),
    }
    for name, texts in wanted.items():
        svg = made.files[f"{name}.svg"].decode()
        for text in texts:
            assert f"<!-- {text} -->" in svg, (name, text)
        assert made.files[f"{name}.png"].startswith(b"\x89PNG")
    assert made.notes == ()


def test_the_same_study_gives_the_same_pictures(found):
    assert drawn(found) == drawn(found)


def costs(found: dict[str, Table], language: str = "en") -> Pictures:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return draw_costs(found["plan"], facts_of(found["summary"]), Speech(language))


def with_name(found: dict[str, Table], name: str) -> dict[str, Table]:
    plan = found["plan"]
    rows = tuple((row[0], name, *row[2:]) for row in plan.rows)
    return {**found, "plan": replace(plan, rows=rows)}


def test_chinese_is_drawn_where_a_font_has_it(found):
    with canvas():
        if not eastern():
            pytest.skip("no font with Chinese signs on this machine")
    made = costs(with_name(found, "众包标注"), "zh")
    assert made.notes == ()
    assert "<!-- 众包标注 -->" in made.files["costs.svg"].decode()


def test_without_such_a_font_signs_are_spelled_and_it_is_said(found, monkeypatch):
    monkeypatch.setattr("planner.figures.style.eastern", list)
    made = costs(with_name(found, "众包"))
    (note,) = made.notes
    assert "众" in note and "fonts-noto-cjk" in note
    assert "<!-- \\u4f17\\u5305 -->" in made.files["costs.svg"].decode()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_drawn_as_text(found, name):
    made = costs(with_name(found, f"{HOSTILE[name]} $x^$ ]]>"))
    svg = made.files["costs.svg"].decode()
    root = ElementTree.fromstring(svg)
    assert not [each for each in root.iter() if each.tag.endswith(("}script", "}image", "}a"))]
    assert "\u202e" not in svg and "\x1b" not in svg


def ink_at_the_edge(png: bytes) -> bool:
    """Whether something is drawn on the outermost lines of a picture, as where it is cut off."""
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    dots = np.asarray(pillow.open(io.BytesIO(png)).convert("L"))
    lines = (dots[:2], dots[-2:], dots[:, :2], dots[:, -2:])
    return any(bool((line < 250).any()) for line in lines)


def test_nothing_is_cut_off(found):
    path, plan = found["path"], found["plan"]
    facts, say = facts_of(found["summary"]), Speech()
    late = list(path.rows[-1])
    for name, week in (("order_week", 9.0), ("arrival_week", 9.1), ("end_week", 9.1)):
        late[path.header.index(name)] = week
    found_late = replace(path, rows=(*path.rows[:-1], tuple(late)))
    assert not ink_at_the_edge(draw_calendar(found_late, facts, say).files["calendar.png"])
    long = [(at, f"{'众包平台' * 9} {at}", *plan.rows[0][2:]) for at in range(30)]
    many = costs({**found, "plan": replace(plan, rows=tuple(long))})
    assert not ink_at_the_edge(many.files["costs.png"])


def test_labels_are_cut_by_the_room_that_they_take():
    assert label("a" * 34) == "a" * 34
    assert label("a" * 35) == "a" * 33 + "\u2026"
    assert label("众" * 17) == "众" * 17
    assert label("众" * 18) == "众" * 16 + "\u2026"


def test_where_nothing_is_reached_no_cost_is_shown(found):
    rows = tuple((row[0], *[None] * (len(row) - 1)) for row in found["frontier"].rows)
    beyond = replace(found["frontier"], rows=rows)
    facts = {**facts_of(found["summary"]), "reaches": "no"}
    svg = draw_frontier(beyond, facts, Speech()).files["frontier.svg"].decode()
    assert "<!-- out of reach -->" in svg
    assert "cheapest plan found" not in svg and "<!-- -0.02 -->" not in svg
    assert "<!-- 0.02 -->" not in svg
