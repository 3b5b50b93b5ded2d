"""What a little more of each source brings: against plain differences, and laws of any answer."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.fitted import weighted_quantile
from planner.marginal import marginals, point_now
from planner.pilots import Pilots
from sources.base import CostLine, Limits, Source
from tests.planner.small import law

LAW = law(("a", "b", "c"), draws=90, biased=("c",), texts=("t",))
POINT = {"a": 400.0, "b": 100.0}


def source(name: str, price: float, **more: object) -> Source:
    return Source(name, "plain", (CostLine("each", 50.0, price),), **more)  # type: ignore[arg-type]


SOURCES = (
    source("a", 1.0),
    source("b", 0.2),
    source("c", 0.0),
    source("t", 0.01, role="text"),
)


def test_against_plain_differences() -> None:
    found = {each.name: each for each in marginals(LAW, SOURCES, POINT)}
    before = LAW.errors(POINT)[:, 0]
    for name, price in (("a", 1.0), ("b", 0.2), ("t", 0.01)):
        after = LAW.errors({**POINT, name: POINT.get(name, 0) + 50})[:, 0]
        lower = ((before - after) / 50)[:, None]
        wanted = [weighted_quantile(lower, LAW.weights, q)[0] for q in (0.05, 0.5, 0.95)]
        each = found[name]
        assert each.examples == 50
        assert each.decrease == pytest.approx(wanted)
        assert each.gain == pytest.approx([part / price for part in wanted])
    now = float(weighted_quantile(before[:, None], LAW.weights, 0.5)[0])
    a = found["a"]
    assert a.decrease is not None
    assert a.percent_cost[1] == pytest.approx(0.01 * now / a.decrease[1])
    assert a.effective is not None
    assert a.effective_cost[1] == pytest.approx(1.0 / a.effective[1])


def test_free_help_leads_and_what_cannot_be_had_ends() -> None:
    none = source("b", 0.2, limits=Limits(max_examples=0))
    gift = source("a", 0.0)
    names = [each.name for each in marginals(LAW, (none, SOURCES[3], gift), POINT)]
    assert names[0] == "a"
    assert names[-1] == "b"
    last = marginals(LAW, (none,), POINT)[0]
    assert (last.effective, last.decrease, last.gain) == (None, None, None)
    assert last.percent_cost == last.effective_cost == (None, None, None)
    free = marginals(LAW, (gift,), POINT)[0]
    assert free.gain is None
    assert free.effective_cost == (0, 0, 0)


def test_what_may_not_help_has_no_price() -> None:
    """The text may lower or raise the worth of labels: the dear end of its range is unknown."""
    (text,) = marginals(LAW, SOURCES[3:], POINT)
    assert text.decrease is not None
    assert text.decrease[0] < 0
    assert text.percent_cost[2] is None


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(4)), st.floats(0.1, 10), st.floats(0, 3000), st.floats(0, 3000))
def test_order_of_sources_and_currency(
    order: list[int], rate: float, human: float, crowd: float
) -> None:
    point = {"a": human, "b": crowd}
    first = marginals(LAW, SOURCES, point)
    again = marginals(LAW, [SOURCES[k] for k in order], point)
    assert {each.name: each for each in first} == {each.name: each for each in again}
    gains = [each.gain[1] for each in first if each.gain]
    assert gains == sorted(gains, reverse=True)
    priced = (0, 1, 3)
    dear = [
        source(SOURCES[k].name, SOURCES[k].unit_cost(0) * rate, role=SOURCES[k].role)
        for k in priced
    ]
    for one, other in zip(
        (each for each in first if each.name != "c"), marginals(LAW, dear, point), strict=True
    ):
        assert one.name == other.name
        assert other.gain == pytest.approx([part / rate for part in one.gain or ()])


def test_where_a_project_stands() -> None:
    pilots = Pilots(("a", "b"), np.array([[100.0, 0], [200, 300], [300, 0]]), np.full(3, 0.3))
    held = (replace(SOURCES[0], in_hand=7000.0), replace(SOURCES[3], in_hand=9.0))
    assert point_now(held, pilots, LAW) == ({"a": 7000.0, "t": 9.0}, "data in hand")
    few = (replace(SOURCES[0], in_hand=2.0),)  # less than what was trained on already
    assert point_now(few, pilots, LAW)[1] == "the largest pilot run"
    assert point_now(few, None, LAW) == ({"a": 2.0}, "data in hand")
    text_only = (SOURCES[0], replace(SOURCES[3], in_hand=9.0))
    assert point_now(text_only, pilots, LAW) == ({"a": 200.0, "b": 300.0}, "the largest pilot run")
    point, why = point_now(SOURCES, None, LAW)
    assert point == {"a": LAW.anchor.size}
    assert why.startswith("no pilot")


def test_a_source_with_less_than_the_step() -> None:
    (few,) = marginals(LAW, (source("a", 1.0, limits=Limits(max_examples=7)),), POINT)
    assert few.examples == 7
    (slow,) = marginals(LAW, (source("a", 1.0, limits=Limits(per_week=3)),), POINT, weeks=2)
    assert slow.examples == 6
    assert math.isfinite(slow.cost)
