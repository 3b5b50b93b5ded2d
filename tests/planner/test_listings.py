from __future__ import annotations

import math
from dataclasses import replace

import pytest

from planner.listings.law import law_tables
from planner.listings.sources import default_tables, source_tables
from sources.base import Assumption
from sources.defaults import Default
from tests.planner import samples
from tests.planner.small import law


def test_required_examples_reach_the_target_and_one_less_does_not() -> None:
    fitted = law(("a", "b"), draws=80)
    rows = law_tables(fitted, 0.27, 0.8)["required"].records()
    assert [row["source"] for row in rows] == ["a", "b"]
    for row in rows:
        name, examples = str(row["source"]), row["examples"]
        assert isinstance(examples, int)
        assert fitted.probability(0.27, {name: [float(examples)]}) >= 0.8
        assert fitted.probability(0.27, {name: [examples * 0.99 - 1]}) < 0.8
        assert row["median"] is not None
        assert row["median"] <= examples


def test_out_of_reach_is_empty() -> None:
    row = law_tables(law(draws=80), 0.0001, 0.8)["required"].records()[0]
    assert row["examples"] is None
    assert row["reachable"] is not None
    assert row["reachable"] < 0.8


def test_no_target_no_required_and_no_pilots_no_predictions() -> None:
    made = law_tables(law(draws=60), None, 0.8)
    assert made["required"].rows == ()
    assert made["predictions"].rows == ()


def test_sources_show_limits_within_the_weeks() -> None:
    rows = {r["source"]: r for r in source_tables(samples.standing())["sources"].records()}
    human, crowd, text = (rows[source.name] for source in samples.SOURCES)
    assert human["max_examples"] == 400  # 200 a week after a lead of one
    assert human["limited_by"] == "throughput x weeks"
    assert crowd["unit_cost"] == 0.123457
    assert crowd["unit_cost_at_scale"] == pytest.approx(0.11172835, rel=1e-5)
    assert crowd["in_hand"] == 10
    assert text["max_examples"] is None
    assert text["quality"] is None
    far = source_tables(samples.standing(weeks=math.inf))["sources"].records()[-1]
    assert far["max_examples"] == 1000
    assert far["limited_by"] == "pool of annotators"


def test_sources_are_ranked_with_what_they_bring() -> None:
    made = source_tables(samples.standing())
    rows = made["sources"].records()
    assert [row["source"] for row in rows] == [each.name for each in samples.SOURCES[::-1]]
    assert [row["rank"] for row in rows] == [1, 2, 3]
    human = rows[-1]
    assert human["effective_cost"] == pytest.approx(0.8333333 / 0.5, rel=1e-5)
    assert human["effective_cost_low"] == pytest.approx(0.8333333 / 0.8, rel=1e-5)
    assert human["gain"] == pytest.approx(2e-5 / 0.8333333, rel=1e-5)
    assert human["percent_cost"] == pytest.approx(0.003 * 0.8333333 / 2e-5, rel=1e-5)
    assert human["percent_cost_high"] is None  # it may raise the error
    summary = {row["key"]: row["value"] for row in made["summary"].records()}
    assert (summary["at human"], summary["step"]) == (200, 20)


def test_the_weakest_number_is_named_with_its_date() -> None:
    human = source_tables(samples.standing())["sources"].records()[-1]
    assert (human["weakest"], human["provenance"], human["date"]) == ("turnover", "assumed", None)
    wage = replace(samples.HUMAN, assumptions=samples.HUMAN.assumptions[:1])
    row = source_tables(samples.standing((wage,)))["sources"].records()[0]
    assert (row["weakest"], row["provenance"], row["date"]) == ("wage", "published", "2026-05")


def test_units_of_sources_are_in_the_currency() -> None:
    made = source_tables(samples.standing())
    units = {row[1]: row[2] for row in made["columns"].rows if row[0] == "sources"}
    assert units["fees"] == "EUR"
    assert units["unit_cost"] == "EUR/example"
    assert units["gain"] == "error rate/EUR"


def test_lines_add_up_to_the_unit_cost() -> None:
    made = source_tables(samples.standing())
    for row in made["sources"].records():
        mine = [each for each in made["lines"].records() if each["source"] == row["source"]]
        assert sum(each["unit_price"] for each in mine) == pytest.approx(row["unit_cost"])
        assert sum(each["fixed"] for each in mine) == row["fees"]


def test_defaults_keep_their_origin() -> None:
    one = Assumption("wage", 40.0, "USD/hour", "published", "page", "2026", 13.0, 120.0)
    row = default_tables([Default("human", one, "F")])["defaults"].records()[0]
    assert (row["kind"], row["value"], row["reference"]) == ("human", 40.0, "page")
    assert row["mark"] == "F"
