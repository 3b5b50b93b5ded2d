"""The report: words, numbers, hostile texts, projects of every sort, and a real browser."""

from __future__ import annotations

import datetime
import html as escapes
import io
import math
import re
import shutil
import string
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner.errors import DataplanError
from planner.group_study import run_groups
from planner.group_tables import group_tables
from planner.models import study_of
from planner.project import read
from planner.report import charts, group_law, groups, report
from planner.report.calendar import Bar, calendar
from planner.report.calendar import Words as Names
from planner.report.look import SCRIPT, STYLE, hashed
from planner.report.markup import clean, element, named
from planner.report.page import Page
from planner.report.words import CATALOGUES, Words
from planner.risk import risk_of
from planner.study import Study, frontier_plans, run
from planner.tables import tables
from planner.whatif import BOTH, BUDGET, FLOOR, SUPPLY, WEEKS, WhatIf, what_if
from tests.planner import pictures
from tests.planner.browsing import browser, opened

ROOT = Path(__file__).resolve().parents[2]
GOLDENS = Path(__file__).parent / "report_goldens"
STARTER = ROOT / "planner" / "starter" / "project.toml"
MOST = 1_500_000  # bytes of a report
VOID = {"meta", "input", "br", "hr", "col"}
AXES = ("target", "confidence", "weeks", "budget")


def project(path: Path | str = STARTER, draws: int = 200, **target: Any) -> Any:
    return replace(read(path, target or None), draws=draws)


@pytest.fixture(scope="module")
def study() -> Study:
    return study_of(project(), with_sensitivity=True)


@pytest.fixture(scope="module")
def grid(study: Study) -> WhatIf:
    return what_if(study)


@pytest.fixture(scope="module")
def pages(study: Study, grid: WhatIf, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("report")
    found = {}
    for language in ("en", "zh"):
        found[language] = folder / f"{language}.html"
        text = report(study, language=language, whatif=grid)
        found[language].write_text(text, encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def chromium() -> Any:
    with browser() as found:
        yield found


class Parsed(HTMLParser):
    """Elements of a page in order, with their texts; fails on tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: dict[str, list[list[str]]] = {}
        self._table = ""
        self._text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"{tag} has an attribute twice"
        if tag not in VOID:
            self.open.append(tag)
        if tag in {"caption", "th", "td"}:
            self._text = []
        if tag == "tr":
            self.cells[self._table].append([])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raise AssertionError(f"{tag} closes itself")

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        text = "".join(self._text)
        if tag == "caption":
            self._table = text
            self.cells[text] = []
        if tag in {"th", "td"}:
            self.cells[self._table][-1].append(text)


def table_of(text: str, start: str) -> list[list[str]]:
    found = [rows for name, rows in Parsed(text).cells.items() if name.startswith(start)]
    assert len(found) == 1, start
    return found[0]


def figures(text: str) -> list[float]:
    return [float(n.replace(",", "")) for n in re.findall(r"-?\d[\d,]*\.?\d*(?:e-?\d+)?", text)]


# -- words ----------------------------------------------------------------------------------------


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_language_has_every_word() -> None:
    english = CATALOGUES["en"].TEXTS
    for catalogue in CATALOGUES.values():
        assert catalogue.TEXTS.keys() == english.keys()
        for key, text in catalogue.TEXTS.items():
            assert text.strip(), key
            assert gaps(text) == gaps(english[key]), key


def test_every_word_is_used() -> None:
    code = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "planner/report").glob("*.py"))
    quoted = set(re.findall(r'"([^"\n]+)"', code))
    starts = {"lead.", "asked.", "binds.", "whatif.", "of ", "calendar."}  # made in f-strings
    for key in CATALOGUES["en"].TEXTS:
        assert key in quoted | {"date"} or any(map(key.startswith, starts)), key


ALLOWED = {"dataplan", "CSV", "P", "PROJECT", "toml", "token", "EFLOP", "x"}


def latin(text: str) -> set[str]:
    """Latin words of a page that are no names, units, keys or sources of numbers."""
    for tag in ("style", "script", "bdi", "code", "title", "desc"):
        text = re.sub(rf"<{tag}\b.*?</{tag}>", "", text, flags=re.DOTALL)
    text = re.sub(r'<span class="(?:unit|reference)">.*?</span>', "", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", " ", text)
    return set(re.findall(r"[A-Za-z]{1,}", escapes.unescape(text))) - ALLOWED


def test_chinese_page_is_chinese(study: Study, grid: WhatIf) -> None:
    text = report(study, language="zh", whatif=grid)
    assert '<html lang="zh-Hans">' in text
    assert 'lang="en"' not in text  # no sentence was left in English
    known = tables(study)
    names = [cell for row in known["sensitivity"].records() for cell in (row["scope"], row["name"])]
    names += [row["source"] for row in known["plan"].records()]
    own = set(re.findall("[A-Za-z]+", " ".join([*map(str, names), "human error rate USD k e"])))
    assert latin(text) <= own


def test_chinese_units() -> None:
    say = Words("zh")
    known = {a.unit for s in project().sources for a in s.assumptions}
    for unit in known - {""}:
        left = re.findall("[A-Za-z]+", say.unit(unit))
        assert set(left) <= {"USD", "token", "EFLOP"}, unit


def test_warnings_are_translated() -> None:
    say = Words("zh")
    for text in (
        "target, budget and weeks are all kept with probability 0.71 only, below the wanted 0.8: "
        "no plan was found that keeps them surely enough",
        "crowd is in the plan but in no pilot: its quality is assumed",
        "a; b: no per_week is known; it counts as there at once",
        "notes: 1,000 of 2,000 documents in hand are left out: they would not help",
    ):
        assert "lang=" not in say.sentence(text), text
    assert "<b>" not in say.sentence("<b> is in the plan but in no pilot: its quality is assumed")
    assert say.sentence("no such phrase").startswith('<span lang="en">')


def test_unknown_language_and_no_study(study: Study) -> None:
    with pytest.raises(DataplanError, match=r"'fr'.*en, zh"):
        report(study, language="fr")
    with pytest.raises(DataplanError, match="study"):
        report(object())  # type: ignore[arg-type]


# -- the file -------------------------------------------------------------------------------------


def test_file_is_whole_and_allows_nothing_else(pages: dict[str, Path]) -> None:
    for path in pages.values():
        text = path.read_text(encoding="utf-8")
        assert len(text.encode()) < MOST
        assert text.startswith("<!DOCTYPE html>")
        page = Parsed(text)
        policy = next(a["content"] for t, a in page.tags if t == "meta" and a.get("http-equiv"))
        assert policy is not None and policy.startswith("default-src 'none'; ")
        assert hashed(SCRIPT) in policy and hashed(STYLE) in policy
        assert text.count(f"<script>{SCRIPT}</script>") == 1
        assert text.count(f"<style>{STYLE}</style>") == 1
        ids = [a["id"] for _, a in page.tags if "id" in a]
        assert len(set(ids)) == len(ids)
        for tag, attributes in page.tags:
            assert "style" not in attributes
            assert not [name for name in attributes if name.startswith("on")]
            assert tag not in {"img", "link", "iframe", "object", "embed", "form"}
        hrefs = {a["href"] for _, a in page.tags if "href" in a}
        assert hrefs == {"#main"}
        others = set(re.findall(r"https?://[^\s\"'<]+", text))
        assert others <= {"http://www.w3.org/2000/svg"}
        assert [t for t, _ in page.tags].count("main") == 1
        heads = [t for t, _ in page.tags if re.fullmatch("h[1-6]", t)]
        assert heads[0] == "h1" and heads.count("h1") == 1


def test_same_study_same_bytes(study: Study, grid: WhatIf) -> None:
    assert report(study, whatif=grid) == report(study, whatif=grid)
    assert what_if(study) == grid


def test_parts_in_order(pages: dict[str, Path]) -> None:
    for path in pages.values():
        page = Parsed(path.read_text(encoding="utf-8"))
        parts = [a["id"] for t, a in page.tags if t == "section"]
        assert parts == [
            "verdict",
            "plan",
            "path",
            "law",
            "frontier",
            "whatif",
            "sensitivity",
            "assumptions",
            "warnings",
            "proposal",
        ]
        drawn = [a for t, a in page.tags if t == "svg"]
        assert len(drawn) == 8  # four charts in two widths
        assert all(a["role"] == "img" and a["aria-labelledby"] for a in drawn)


# -- numbers --------------------------------------------------------------------------------------


def test_numbers_are_those_of_the_tables(study: Study, pages: dict[str, Path]) -> None:
    known = tables(study)
    facts = {row[0]: row[1] for row in known["summary"].rows}
    text = pages["en"].read_text(encoding="utf-8")
    head, *rows, total = table_of(text, "What is bought")
    assert len(rows) == len(known["plan"].rows)
    for cells, row in zip(rows, known["plan"].records(), strict=True):
        assert cells[0].startswith(str(row["source"]))
        assert figures(cells[1]) == [row["quantity"]]
        assert figures(cells[3]) == [row["fees"]]
        assert [figures(c)[0] for c in cells[4:7]] == [row["low"], row["total"], row["high"]]
    assert [figures(cell)[0] for cell in total[4:7]] == [
        facts["cost_low"],
        facts["cost"],
        facts["cost_high"],
    ]
    assert math.isclose(sum(figures(c[5])[0] for c in rows), facts["cost"], abs_tol=1e-9)
    _, *rows = table_of(text, "The frontier")
    for cells, row in zip(rows, known["frontier"].records(), strict=True):
        assert figures(cells[0]) == [row["target"]]
        assert figures(cells[1]) == ([] if row["cost"] is None else [row["cost"]])
        if row["cost"] is None:
            assert cells[5] == row["note"]
            continue
        assert sum(figures(cells[5])) == sum(row[s] or 0 for s in ("human", "crowd"))
    _, *rows = table_of(text, "Rounds")
    for cells, row in zip(rows, known["path"].records(), strict=True):
        assert cells[2:5] == [str(row[f"{k}_date"]) for k in ("order", "arrival", "decision")]
        assert [figures(c)[0] for c in cells[5:7]] == [row["cost"], row["cumulative_cost"]]
        assert figures(cells[1]) == [row[s] for s in ("human", "crowd") if row[s]]
    _, *rows = table_of(text, "Cost of the plan made anew")
    for cells, row in zip(rows, known["sensitivity"].records(), strict=True):
        for cell, key in ((cells[3], "cost_low"), (cells[4], "cost_high")):
            assert figures(cell) == ([] if row[key] is None else [row[key]])
    lead = re.search(r"<blockquote><p>(.*?)</p>", text)
    assert lead is not None
    assert f"{facts['cost']:,.0f}" in lead[1] and f"{facts['cost_high']:,.0f}" in lead[1]


def test_weakest_assumptions_are_assumed_and_first(study: Study, pages: dict[str, Path]) -> None:
    text = pages["en"].read_text(encoding="utf-8")
    _, *rows = table_of(text, "Numbers of what is bought")
    order = ["assumed", "published", "catalogue", "quoted", "measured"]
    ranks = [order.index(cells[4]) for cells in rows]
    assert ranks == sorted(ranks)
    listed = re.search(r'<ul class="weak">(.*?)</ul>', text)
    assert listed is not None
    assert listed[1].count("(assumed)") == listed[1].count("<li>") > 0


def test_notes_of_numbers_are_shown(pages: dict[str, Path]) -> None:
    for language, words in (("en", "pilots narrow it, see the law table"), ("zh", "由试点收窄")):
        text = pages[language].read_text(encoding="utf-8")
        rows = table_of(text, "Numbers of what is bought" if language == "en" else "所采购来源")
        assert [words in cells[-1] for cells in rows if cells[0].endswith("quality")] == [True]


def test_what_is_assumed_without_a_range_is_named(study: Study) -> None:
    def alone(each: Any) -> Any:
        if each.unit != "USD/example" and "week" not in each.unit:
            return each
        return replace(each, provenance="assumed", low=each.value, high=each.value)

    exact = tuple(
        replace(s, assumptions=tuple(map(alone, s.assumptions))) for s in study.inputs.sources
    )
    found = replace(study, inputs=replace(study.inputs, sources=exact))
    told = report(found).split('id="assumptions"')[1].split("<table")[0]
    assert re.search("taken as exact in low, high and every probability: .*per_week", told)
    assert "per_week" not in told.split("</ul>")[0]


def test_every_note_of_the_project_is_translated(study: Study) -> None:
    say = Words("zh")
    notes = {row["note"] for row in tables(study)["assumptions"].records()} - {None}
    parts = {part for note in notes for part in note.split("; ")}
    assert parts and [part for part in parts if "lang=" in say.sentence(part)] == []


# -- charts ---------------------------------------------------------------------------------------


def test_calendar_waits_for_the_lead_time(study: Study, pages: dict[str, Path]) -> None:
    text = pages["en"].read_text(encoding="utf-8")
    drawn = text.split('aria-labelledby="calendar-wide-title', 1)[1].split("</svg>", 1)[0]
    # one in the legend, and one for each round: all wait a week for the first delivery
    waits = re.findall(r'<rect [^>]*width="([\d.]+)"[^>]*fill-opacity', drawn)
    rounds = len(tables(study)["path"].rows)
    leads = {s.name: s.limits.lead_weeks for s in study.inputs.sources}
    assert all(leads[name] > 0 for name in ("human", "crowd"))
    assert len(waits) == rounds + 1 and all(float(width) > 2 for width in waits)


def test_days_of_a_calendar_are_read_alike_everywhere() -> None:
    day = datetime.date
    bar = Bar("a", day(2026, 12, 1), day(2026, 12, 8), day(2027, 1, 20), day(2027, 1, 27))
    months = tuple(Words("en").plain("calendar.months").split())
    words = Names("wait", "arrive", "measure", "limit", "{day} {month}", months)
    texts = re.findall("<text[^>]*>(.*?)</text>", "".join(calendar([bar], None, words)(720).marks))
    days = [text for text in texts if text[0].isdigit()]
    assert days[0] == "1 Dec" and not [text for text in days if "/" in text]
    assert [text for text in days if "’" in text] == ["12 Jan ’27"]  # the first of the year
    assert "limit" not in texts


def test_both_ends_on_one_side_of_a_swing_are_apart() -> None:
    labels = charts.Labels("cost", "", {"base": "plan", "out": "out"})
    swings = [charts.Swing("a", ("0.7", "1.3"), 90.0, 80.0), charts.Swing("b", ("1", "2"), 50, 150)]
    swings.append(charts.Swing("c", ("3", "4"), None, None))
    swings.append(charts.Swing("d", ("5", "6"), 100.0, 101.0))
    for width in (720, 350):
        drawn = "".join(charts.tornado(swings, 100.0, labels)(width).marks)
        boxes = {
            name: tuple(map(float, found))
            for *found, name in re.findall(
                r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"[^>]*></rect>'
                r"<text[^>]*>([\d.]+)(?:: out)?</text>",
                drawn,
            )
        }
        places = re.findall(
            r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>([\d.]+(?:: out)?)</text>', drawn
        )
        at = {name: (float(x), float(y)) for x, y, name in places}
        for one, other in (("0.7", "1.3"), ("3", "4")):
            assert boxes[one][1] + boxes[one][3] <= boxes[other][1]  # above each other
        assert at["1.3"][1] - at["0.7"][1] >= 9 and at["4: out"][1] - at["3: out"][1] >= 12
        assert at["5"][0] < at["6"][0]  # the one without a swing on the free side


# -- what if --------------------------------------------------------------------------------------


def test_positions_are_what_the_library_answers(study: Study, grid: WhatIf) -> None:
    own = grid.positions.index(grid.at(*grid.own))
    assert len(grid.positions) == 7 * 3 * 3 * 3
    for c, confidence in enumerate(grid.confidences):
        for w, weeks in enumerate(grid.weeks):
            for b, budget in enumerate(grid.budgets):
                if (c, w, b) == grid.own[1:]:
                    continue  # the study's own frontier, below
                aim = replace(
                    study.inputs.target, confidence=confidence, weeks=weeks, budget=budget
                )
                answers = frontier_plans(study.inputs, study.law, aim, grid.targets, study.plan)
                for t, plan in enumerate(answers):
                    mine = grid.at(t, c, w, b)
                    assert (mine.plan is None) == (plan is None), mine
                    if plan is not None and mine.plan is not None:
                        assert math.isclose(mine.plan.cost, plan.cost, rel_tol=1e-9)
                        assert mine.plan.amounts == plan.amounts
    points = {point.target: point.plan for point in study.frontier}
    for t, target in enumerate(grid.targets):
        assert grid.at(t, *grid.own[1:]).plan == points[target]
    assert grid.positions[own].plan == study.plan


def test_positions_keep_what_they_say(study: Study, grid: WhatIf) -> None:
    law = study.law
    for each in grid.positions:
        if each.plan is None:
            assert each.binds in {WEEKS, BUDGET, BOTH, SUPPLY, FLOOR}
            continue
        plan, aim = each.plan, each.plan.target
        assert (aim.error, aim.confidence) == (each.target, each.confidence)
        assert (aim.weeks, aim.budget) == (each.weeks, each.budget)
        assert plan.cost <= each.budget and plan.weeks <= each.weeks
        bought = np.array([[plan.amounts.get(name, 0.0) for name in law.sources]])
        reached = float(law.weights @ (law.errors(bought) <= each.target)[:, 0])
        assert math.isclose(reached, plan.probability, abs_tol=1e-9)
        kept = risk_of(plan)
        assert kept.met >= each.confidence - 1e-9
        assert each.met == kept.met
        low, cost, high = each.cost or (0.0, 0.0, 0.0)
        assert low <= cost <= high and math.isclose(cost, plan.cost, abs_tol=0.02)
        assert sum(each.purchases.values()) == round(sum(plan.amounts.values()))


def test_what_is_out_of_reach_binds_as_told(grid: WhatIf) -> None:
    free = len(grid.weeks) - 1, len(grid.budgets) - 1
    for t, _ in enumerate(grid.targets):
        for c, _ in enumerate(grid.confidences):
            for w, _ in enumerate(grid.weeks):
                for b, _ in enumerate(grid.budgets):
                    each = grid.at(t, c, w, b)
                    if each.binds == WEEKS:
                        assert grid.at(t, c, free[0], b).plan is not None
                    if each.binds == BUDGET:
                        assert grid.at(t, c, w, free[1]).plan is not None
                    if each.binds in {SUPPLY, FLOOR}:
                        assert grid.at(t, c, *free).plan is None


def test_easier_is_never_dearer(grid: WhatIf) -> None:
    def cost(*at: int) -> float:
        found = grid.at(*at).cost
        return found[1] if found else math.inf

    sizes = [len(axis) for axis in (grid.targets, grid.confidences, grid.weeks, grid.budgets)]
    harder = (1, 1, -1, -1)  # the step to a harder position on each axis
    for at in np.ndindex(*sizes):
        for axis, step in enumerate(harder):
            other = list(at)
            other[axis] += step
            if 0 <= other[axis] < sizes[axis]:
                assert cost(*at) <= cost(*other) * 1.01


def test_a_position_is_the_plan_of_a_project_with_those_limits(study: Study, grid: WhatIf) -> None:
    t, c, w, b = grid.own
    mine = grid.at(t - 1, c - 1, w, b + 1)
    target = {"error": mine.target, "confidence": mine.confidence, "budget": 1e12}
    other = study_of(project(**target))
    assert mine.cost is not None
    assert math.isclose(other.plan.cost, mine.cost[1], rel_tol=0.01)


# -- projects of every sort -----------------------------------------------------------------------


def check_page(text: str) -> Parsed:
    assert len(text.encode()) < MOST
    seen = re.sub(r"<(style|script)\b.*?</\1>", "", text, flags=re.DOTALL)
    assert not re.search(r">None<|= None\b", seen)
    assert not re.search(r">\s*(nan|inf)\s*<", text)
    return Parsed(text)


def test_target_out_of_reach() -> None:
    found = study_of(project(error=0.09))
    assert not found.plan.reaches
    for language in ("en", "zh"):
        check_page(report(found, language=language))
    text = report(found)
    assert "out of reach" in text and "We do not ask for this money" in text
    assert "would not be cheaper" not in text and "these orders would come nearest" in text
    nearest = [replace(p, plan=None) for p in found.frontier[1:]]
    one = replace(found, frontier=(replace(found.frontier[0], plan=found.plan), *nearest))
    assert "Of these targets only" in report(one, whatif=what_if(found))
    grid = what_if(found)
    assert grid.at(*grid.own).plan is None and grid.at(*grid.own).binds


def test_nothing_to_buy() -> None:
    inputs = project(error=0.3)
    owned = tuple(replace(s, in_hand=20_000.0) for s in inputs.sources)
    found = run(replace(inputs, sources=owned))
    assert not found.plan.steps
    for language in ("en", "zh"):
        check_page(report(found, language=language))
    assert "Nothing is bought." in report(found)


def test_no_pilots() -> None:
    found = run(replace(project(error=0.35), pilots=None))
    for language in ("en", "zh"):
        check_page(report(found, language=language))
    assert "No pilot was run" in report(found)


def test_candidate_models() -> None:
    found = study_of(project(ROOT / "examples/model-size/project.toml", 100))  # with rounds
    for language in ("en", "zh"):
        check_page(report(found, language=language))
    text, grid = report(found), what_if(found)
    assert len(grid.confidences) == len(grid.weeks) == len(grid.budgets) == 1
    assert "Candidate models" in text and text.count(" disabled") == 3
    facts = {row[0]: row[1] for row in tables(found)["summary"].rows}
    own = grid.at(*grid.own)
    assert own.cost is not None and own.cost[1] == facts["cost"]
    # the rounds cost less than the plan by what the model costs, and the page says so
    beside = facts["model_cost"]
    assert beside > 0 and f"{beside:,.0f} <" in text.split('id="path"')[1].split("<table")[0]


def test_groups() -> None:
    found = run_groups(project(ROOT / "examples/groups/project.toml", 60))
    text = report(found)
    assert "Limits" in text and f"{found.inputs.target.budget:,.0f}" in text
    late = replace(found, plan=replace(found.plan, reaches=True))
    known = group_tables(late)
    facts = Page.of(late, known, Words("en"))
    short = replace(facts, facts={**facts.facts, "reaches": "yes", "kept": "no", "met": 0.5})
    assert "all kept with probability 0.50 only" in groups.opening(short)
    for language in ("en", "zh"):
        page = check_page(report(found, language=language))
        parts = [a["id"] for t, a in page.tags if t == "section"]
        assert {"verdict", "plan", "groups", "law", "frontier", "proposal"} <= set(parts)
        assert "whatif" not in parts
        drawn = [a["aria-labelledby"] for t, a in page.tags if t == "svg"]
        assert sum(str(name).startswith("law-") for name in drawn) == 2 * len(found.law.groups)
    rows = table_of(report(found), "Groups at the plan")[1:]
    known = group_tables(found)["groups"].records()
    assert [figures(cells[1]) for cells in rows] == [
        [] if row["target"] is None else [row["target"]] for row in known
    ]


def test_law_of_each_group_is_that_of_the_library() -> None:
    found = run_groups(project(ROOT / "examples/groups/project.toml", 60))
    targets = {"fair": 0.26, "better": None}
    curves = group_law._curves(found, targets)
    assert list(curves) == ["fair", "better"]
    bought = found.plan.amounts
    for group, curve in curves.items():
        of = [found.law.splits[k, found.law.groups.index(group)] for k in range(2)]
        size, interval = curve.planned or (0.0, (0.0, 0.0, 0.0))
        mine = [bought.get(name, 0.0) for name in found.law.sources]
        assert math.isclose(size, sum(n * share for n, share in zip(mine, of, strict=True)))
        told = found.law.predict(bought, 0.9)
        row = told[told["group"] == group].iloc[0]
        assert np.allclose(interval, (row["low"], row["median"], row["high"]))
        half = found.law.predict({n: x * curve.sizes[7] / size for n, x in bought.items()}, 0.5)
        row = half[half["group"] == group].iloc[0]
        shown = [curve.levels[at][7] for at in (1, 2, 3)]
        assert np.allclose(shown, (row["low"], row["median"], row["high"]))
        assert sorted(error for _, error, _ in curve.pilots) == sorted(
            fit.observed for fit in found.law.pilots if fit.group == group
        )
        assert all(curve.sizes[0] < n < curve.sizes[-1] for n, _, _ in curve.pilots)
    nothing = replace(found, plan=replace(found.plan, steps=(), used_in_hand={}))
    assert group_law._curves(nothing, targets) == {}


# -- hostile texts --------------------------------------------------------------------------------

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "</script><script>hacked=1</script>",
    '"><img src=x onerror=hacked=1>',
    "'; alert(1); '",
    "<!--<script>",
    "]]></svg><svg onload=hacked=1>",
    "\u202egnp.exe\u2066",
    "😀" * 20,
    "a" * 10_000,
    "\ud800 half",
    "tab\tand\rreturn\nand \x00 \x1b[31m bell \x07",
    "&lt;b&gt; {name} {0} %s ${x}",
)


@pytest.fixture(scope="module")
def hostile() -> Study:
    """A study with such a text wherever a user can put one."""
    names = [text for text in HOSTILE if "\ud800" not in text and "\x00" not in text]
    own = [f"{text} {at}"[:200] for at, text in enumerate(names)]
    found = run(project(error=0.22))
    said = replace(
        found.inputs,
        name=HOSTILE[1] + HOSTILE[6] + HOSTILE[9],
        currency=HOSTILE[2],
        target=replace(found.inputs.target, metric=HOSTILE[5]),
        sources=tuple(_hostile(s, at) for at, s in enumerate(found.inputs.sources)),
    )
    step = found.plan.steps[0]
    steps = tuple(
        replace(step, source=replace(step.source, name=text), binding=text) for text in own
    )
    plan = replace(found.plan, steps=steps, binding=HOSTILE)
    frontier = tuple(
        replace(point, plan=plan) if point.target == plan.target.error else point
        for point in found.frontier
    )
    return replace(found, inputs=said, plan=plan, frontier=frontier, warnings=HOSTILE)


def _hostile(source: Any, at: int) -> Any:
    text = HOSTILE[at + 1]
    numbers = tuple(
        replace(
            each,
            name=HOSTILE[n % len(HOSTILE)],
            unit=text,
            reference=HOSTILE[-n - 1],
            date=text,
            note=HOSTILE[n % len(HOSTILE)],
        )
        for n, each in enumerate(source.assumptions[: len(HOSTILE)])
    )
    return replace(source, assumptions=numbers, unit=text, kind=text, warnings=HOSTILE)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hostile_texts_stay_texts(hostile: Study, language: str, tmp_path: Path) -> None:
    text = report(hostile, language=language)
    text.encode("utf-8")  # no half of a pair is left
    page = check_page(text)
    scripts = [a for t, a in page.tags if t == "script"]
    assert [a.get("type") for a in scripts] == ["application/json", None]
    assert not [t for t, _ in page.tags if t in {"img", "b<"}]
    assert not [name for _, a in page.tags for name in a if name.startswith("on")]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0e-\x1f]", text)
    assert "a" * 1_100 not in text


def test_hostile_texts_in_a_browser(hostile: Study, chromium: Any, tmp_path: Path) -> None:
    place = tmp_path / "hostile.html"
    place.write_text(report(hostile), encoding="utf-8")
    for width in (1280, 390):
        with opened(chromium, place, width) as page:
            assert page.evaluate("typeof hacked") == "undefined"
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_texts_are_cleaned() -> None:
    assert clean("a\u202eb\ud800\x00c\td") == "a\ufffdb\ufffd\ufffdc d"
    assert clean("x" * 2_000) == "x" * 1_000 + "… (2,000)"
    assert element("p", "<&>", title='"') == '<p title="&quot;">&lt;&amp;&gt;</p>'
    assert named("<i>") == "<bdi>&lt;i&gt;</bdi>"
    assert "👩\u200d🔬" in named("👩\u200d🔬")


# -- size -----------------------------------------------------------------------------------------


def test_fifty_sources_and_eight_groups(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = [f"g{at}" for at in range(8)]
    sources = [f"source {at}" for at in range(50)]
    shares = "\n".join(f"{name} = 0.125" for name in names)
    lines = [
        f'name = "Large"\nstart = 2026-12-01\nclasses = 2\ndraws = 100\n[groups]\n{shares}',
        '[target]\nmetric = "error rate"\nerror = 0.24\nbudget = 90000\nweeks = 30',
        '[pilots]\nfile = "pilots.csv"',
    ]
    for at, name in enumerate(sources):
        lines.append(
            f'[sources."{name}"]\nkind = "plain"\nunit_price = {0.1 + 0.01 * at}\n'
            f"max_examples = 20000\nper_week = 1000\nbatch = 500\nfees = 20\n"
            "quality = { value = 1, low = 0.9, high = 1.1 }\nbiased = false\n"
            f"groups = {{ {names[at % 8]} = 1 }}"
        )
    (tmp_path / "project.toml").write_text("\n".join(lines))
    rows = [",".join(["group", *sources[:8], "error"])]
    for size in (100, 200, 400):
        for name in names:
            error = 0.3 * (size / 100) ** -0.2 * math.exp(0.02 * rng.normal())
            rows.append(",".join([name, *[str(size)] * 8, f"{error:.4f}"]))
    (tmp_path / "pilots.csv").write_text("\n".join(rows))
    found = run_groups(read(tmp_path / "project.toml"))
    for language in ("en", "zh"):
        check_page(report(found, language=language))


# -- a real browser -------------------------------------------------------------------------------

MOVE = """places => places.map(at => {
  ['target', 'confidence', 'weeks', 'budget'].forEach((name, i) => {
    const slider = document.getElementById('whatif-' + name);
    slider.value = at[i];
    slider.dispatchEvent(new Event('input'));
  });
  const read = id => document.getElementById(id).textContent;
  return {
    head: read('whatif-cost'), told: read('whatif-told'), buy: read('whatif-buy'),
    cost: document.getElementById('whatif-plan').getAttribute('data-cost'),
    now: ['target', 'confidence', 'weeks', 'budget'].map(n => read('whatif-' + n + '-now')),
    said: ['target', 'confidence', 'weeks', 'budget'].map(
      n => document.getElementById('whatif-' + n).getAttribute('aria-valuetext')),
  };
})"""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_position_shows_its_plan(
    chromium: Any, pages: dict[str, Path], grid: WhatIf, language: str
) -> None:
    axes = (grid.targets, grid.confidences, grid.weeks, grid.budgets)
    places = list(np.ndindex(*map(len, axes)))
    with opened(chromium, pages[language]) as page:
        shown = page.evaluate(MOVE, [list(map(int, place)) for place in places])
        page.click("#whatif-back")
        assert page.evaluate(
            "['target', 'confidence', 'weeks', 'budget']"
            ".map(name => Number(document.getElementById('whatif-' + name).value))"
        ) == list(grid.own)
    assert len(shown) == len(grid.positions)
    for place, found in zip(places, shown, strict=True):
        each = grid.at(*place)
        assert found["now"] == found["said"]
        assert figures(found["now"][0]) == [each.target]
        assert figures(found["now"][1]) == [each.confidence]
        assert figures(found["now"][2]) == ([] if math.isinf(each.weeks) else [each.weeks])
        assert figures(found["now"][3]) == ([] if math.isinf(each.budget) else [each.budget])
        if each.plan is None or each.cost is None:
            assert found["cost"] == "" and found["buy"] == ""
            assert figures(found["head"] + found["told"]) == []
            continue
        low, cost, high = each.cost
        assert float(found["cost"]) == cost
        told = figures(found["head"])
        assert told[0] == cost
        assert abs(told[1] - low) <= 0.5 and abs(told[2] - high) <= 0.5
        told = figures(found["told"])
        assert abs(told[0] - each.plan.weeks) <= 0.05
        assert abs(told[1] - each.plan.probability) <= 0.01
        for name, amount in each.purchases.items():
            assert name in found["buy"] and f"{amount:,}" in found["buy"]


def test_sliders_by_keyboard(chromium: Any, pages: dict[str, Path], grid: WhatIf) -> None:
    with opened(chromium, pages["en"]) as page:
        page.focus("#whatif-target")
        before = page.text_content("#whatif-cost")
        page.keyboard.press("ArrowLeft")
        assert page.text_content("#whatif-cost") != before
        easier = grid.at(grid.own[0] - 1, *grid.own[1:]).cost
        assert easier is not None
        assert f"{easier[1]:,.2f}" in page.text_content("#whatif-cost")
        assert page.get_attribute("#whatif-plan", "aria-live") == "polite"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "whatif-confidence"


def test_without_script(chromium: Any, pages: dict[str, Path], grid: WhatIf) -> None:
    with opened(chromium, pages["en"], java_script_enabled=False) as page:
        assert not page.is_visible("#whatif-controls")
        assert page.is_visible("#whatif-table table")
    rows = table_of(pages["en"].read_text(encoding="utf-8"), "Plans within the project's own")[1:]
    rest = table_of(pages["en"].read_text(encoding="utf-8"), "168 plans within other")[1:]
    assert len(rows) + len(rest) == len(grid.positions)
    own = [p for p in grid.positions if (p.weeks, p.budget) == (12.0, 20_000.0)]
    for cells, each in zip(rows, own, strict=True):
        assert figures(cells[0] + " " + cells[1]) == [each.target, each.confidence]
        assert figures(cells[2]) == ([] if each.cost is None else [each.cost[1]])


HIDDEN = """[...document.querySelectorAll('.scroll')]
    .filter(box => box.scrollWidth > box.clientWidth)
    .map(box => box.getAttribute('aria-label'))"""


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nobody_is_shut_out(
    chromium: Any, pages: dict[str, Path], language: str, width: int
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    with opened(chromium, pages[language], width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == 1280:  # on a desk no column is out of sight
            assert page.evaluate(HIDDEN) == []
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        found = axe.Axe().run(page).response["violations"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    serious = [
        (each["id"], each["nodes"][0]["html"][:200])
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]
    assert serious == []


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("en", 390), ("zh", 390)])
def test_pictures(chromium: Any, pages: dict[str, Path], language: str, width: int) -> None:
    with opened(chromium, pages[language], width) as page:
        picture = page.screenshot(full_page=True)
    narrow = 360 if width > 600 else 195
    pictures.check(picture, GOLDENS / f"{language}-{width}.png", narrow)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_paper(chromium: Any, pages: dict[str, Path], language: str, tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is not installed: apt-get install poppler-utils")
    with opened(chromium, pages[language]) as page:
        page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    subprocess.run(
        ["pdftoppm", "-r", "40", "-png", tmp_path / "page.pdf", tmp_path / "sheet"], check=True
    )
    sheets = [pillow.open(path) for path in sorted(tmp_path.glob("sheet*.png"))]
    width, height = sheets[0].size
    assert math.isclose(height / width, 297 / 210, rel_tol=0.02)  # A4
    assert 4 <= len(sheets) <= 12
    across = 4
    whole = pillow.new("RGB", (across * width, math.ceil(len(sheets) / across) * height), "white")
    for at, sheet in enumerate(sheets):
        whole.paste(sheet, (at % across * width, at // across * height))
    made = io.BytesIO()
    whole.save(made, "PNG")
    pictures.check(made.getvalue(), GOLDENS / f"{language}-paper.png", 900)


def test_pictures_that_differ_are_told_apart() -> None:
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    golden = (GOLDENS / "en-1280.png").read_bytes()
    same, longer = pictures.alike(golden, golden)
    assert same > 0.999 and longer == 0.0
    found = pillow.open(io.BytesIO(golden)).convert("RGB")
    blank = pillow.new("RGB", found.size, "white")
    made = io.BytesIO()
    blank.save(made, "PNG")
    assert pictures.alike(made.getvalue(), golden)[0] < pictures.LIKE
    turned = io.BytesIO()
    found.transpose(pillow.Transpose.ROTATE_180).save(turned, "PNG")
    assert pictures.alike(turned.getvalue(), golden)[0] < pictures.LIKE
    assert pictures.alike((GOLDENS / "en-390.png").read_bytes(), golden)[0] < pictures.LIKE
