"""A study as one HTML file that opens anywhere: for a screen, a phone and paper, without a network.

Every number on the page comes from the tables of the study; the what-if holds plans that were
computed. All text is escaped, and a policy in the page forbids it to load or run anything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.errors import DataplanError
from planner.group_study import GroupStudy
from planner.group_tables import group_tables
from planner.report import choices, closing, group_law, groups, middle, opening, path
from planner.report.look import SCRIPT, STYLE, policy
from planner.report.markup import Html, clean, element, joined, named
from planner.report.page import Page
from planner.report.words import Words
from planner.study import Study
from planner.tables import tables
from planner.whatif import what_if

if TYPE_CHECKING:
    from planner.whatif import WhatIf

__all__ = ["report"]


def report(study: Study | GroupStudy, *, language: str = "en", whatif: WhatIf | None = None) -> str:
    """The page of a study as HTML text.

    language: en or zh. whatif: the plans that the sliders move through, computed if not given; a
    study of groups has none. Raises DataplanError for an unknown language and for what is no study.
    """
    say = Words(language)
    if isinstance(study, GroupStudy):
        page = Page.of(study, group_tables(study), say)
        parts = [
            groups.opening(page),
            opening.plan(page),
            path.dates(page),
            groups.groups(page),
            group_law.law(page),
            groups.frontier(page),
            closing.assumptions(page),
            groups.findings(page),
            closing.warnings(page),
            closing.proposal(page),
        ]
    elif isinstance(study, Study):
        page = Page.of(study, tables(study), say, whatif or what_if(study))
        parts = [
            opening.verdict(page),
            opening.plan(page),
            path.path(page),
            middle.law(page),
            middle.frontier(page),
            choices.what_if(page),
            middle.sensitivity(page),
            closing.assumptions(page),
            closing.warnings(page),
            closing.proposal(page),
        ]
    else:
        kind = type(study).__name__
        raise DataplanError(f"a report is made from a study of a project, not from {kind}")
    return _document(page, [part for part in parts if part is not None])


def _document(page: Page, parts: list[Html]) -> str:
    say = page.say
    name = page.study.inputs.name
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=Html(_quoted(policy()))),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="generator", content="dataplan"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", say.plain("title", name=clean(name, 60))),
        element("style", Html(STYLE)),
    )
    body = element(
        "body",
        element("a", say("skip"), href="#main", class_="skip"),
        element(
            "header",
            element("h1", named(name)),
            element("p", say("subtitle", start=say.day(page.study.inputs.start)), class_="note"),
        ),
        element("main", *parts, id="main", tabindex="-1"),
        element("footer", element("p", say("footer"))),
        element("script", Html(SCRIPT)) if page.whatif is not None else None,
    )
    document = element("html", head, body, lang=say.tag)
    return f"<!DOCTYPE html>\n{joined([document])}\n"


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;")
