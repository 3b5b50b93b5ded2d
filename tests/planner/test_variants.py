"""Decisions inside a source: variants become sources that exclude each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner.errors import Fault, InputError
from planner.fitted import FittedLaw
from planner.inputs import Inputs
from planner.optimise import cheapest_plan
from planner.plan import Plan
from planner.project import read, read_source
from planner.study import fitted
from planner.variants import expanded
from sources.base import Source

PROJECT = """
start = 2026-12-01
classes = 2
[target]
error = 0.2
[pilots]
rows = [{crowd = 100, error = 0.36}, {crowd = 400, error = 0.27}]
[sources.crowd]
kind = "crowd"
votes = 3
in_hand = 50
%s
"""


def project(folder: Path, variants: str) -> Path:
    place = folder / "p.toml"
    place.write_text(PROJECT % variants)
    return place


def test_variants_replace_keys_and_exclude_each_other(tmp_path: Path) -> None:
    found = read(project(tmp_path, "variants = [{votes = 1}, {adaptive = true}]")).sources
    named = {source.name: source for source in found}
    assert list(named) == ["crowd", "crowd votes=1", "crowd adaptive=true"]
    for name, source in named.items():
        assert set(source.excludes) == set(named) - {name}
    single = named["crowd votes=1"]
    assert single.unit_cost(0) == pytest.approx(named["crowd"].unit_cost(0) / 3)
    assert [source.in_hand for source in found] == [50, 0, 0]


RUNS = (
    "rows = ["
    + ", ".join(
        f"{{a = {n}, error = {e}}}"
        for n, e in ((100, 0.398), (200, 0.323), (400, 0.264), (800, 0.218), (1600, 0.182))
    )
    + "]"
)
RULED = f"""
start = 2026-12-01
contingency = 0
classes = 2
draws = 100
[target]
error = 0.15
[pilots]
{RUNS}
[sources.a]
kind = "plain"
unit_price = 0.03
%s
[sources.c]
kind = "crowd"
setup_fee = 0
quality = 0.9
%s
"""


def planned(folder: Path, first: str, second: str) -> tuple[tuple[Source, ...], Plan]:
    place = folder / "p.toml"
    place.write_text(RULED % (first, second))
    inputs = read(place)
    law = fit_law_of(inputs)
    return inputs.sources, cheapest_plan(inputs.sources, law, inputs.target, prove=False)


def fit_law_of(inputs: Inputs) -> FittedLaw:
    return fitted(inputs, inputs.pilots).pick(np.arange(0, 1000, 10))


def test_what_excludes_a_source_excludes_its_variants(tmp_path: Path) -> None:
    ruled = 'max_examples = 3000\nexcludes = ["c"]'
    sources, plan = planned(tmp_path, ruled, "variants = [{votes = 1, quality = 0.9}]")
    assert plan.reaches and "a" not in plan.amounts
    assert set(sources[0].excludes) == {"c", "c votes=1, quality=0.9"}


def test_a_variant_will_do_where_its_source_is_needed(tmp_path: Path) -> None:
    ruled = "max_examples = 0\nvariants = [{votes = 1, max_examples = 50}]"
    _, plan = planned(tmp_path, 'needs = ["c"]', ruled)
    assert plan.reaches and set(plan.amounts) == {"a", "c votes=1, max_examples=50"}


@pytest.mark.parametrize("share", [0.2, 0.4])
def test_a_share_is_of_all_variants_together(tmp_path: Path, share: float) -> None:
    ruled = f"min_share = {share}\nvariants = [{{votes = 1}}, {{votes = 5}}]"
    _, plan = planned(tmp_path, "", ruled)
    bought = dict(plan.amounts)
    assert plan.reaches and len(bought) == 2
    own = bought.pop("a")
    (variant,) = bought.values()
    assert share <= variant / (own + variant) < share + 0.01


def test_at_most_a_share_of_all_variants_together(tmp_path: Path) -> None:
    ruled = "max_share = 0.3\npay_per_judgement = 0.001\nvariants = [{votes = 1}, {votes = 5}]"
    _, plan = planned(tmp_path, "", ruled)
    bought = dict(plan.amounts)
    own = bought.pop("a")
    assert plan.reaches and sum(bought.values()) <= 0.3 * (own + sum(bought.values())) + 1


def test_what_can_never_be_bought_is_a_fault(tmp_path: Path) -> None:
    place = tmp_path / "p.toml"
    place.write_text(RULED % ('needs = ["c"]', 'excludes = ["a"]'))
    with pytest.raises(InputError, match="the two exclude each other"):
        read(place)
    # one variant that does not exclude it is enough
    place.write_text(RULED % ('needs = ["c"]', 'excludes = ["a"]\nvariants = [{excludes = []}]'))
    read(place)


def test_ranges_tell_variants_apart() -> None:
    faults: list[Fault] = []
    ends = [{"votes": {"value": 5, "low": low, "high": 7}} for low in (5, 3)]
    made, _ = expanded({"c": {"kind": "crowd", "variants": ends}}, faults)
    assert list(made) == ["c", "c votes=5", "c votes=5 (3 to 7)"]
    assert not faults


def test_a_source_with_variants_can_be_measured(tmp_path: Path) -> None:
    place = tmp_path / "p.toml"
    place.write_text(
        '[sources.d]\nkind = "distillation"\nteacher = "gpt-5"\nvariants = [{keep_rate = 0.5}]\n'
    )
    _, table, _, _ = read_source(place, "distillation")
    assert set(table) == {"teacher"}


def test_a_variant_with_a_range_is_named_by_its_value() -> None:
    faults: list[Fault] = []
    tables = {"c": {"kind": "crowd", "variants": [{"votes": {"value": 5, "low": 5, "high": 5}}]}}
    made, origin = expanded(tables, faults)
    assert list(made) == ["c", "c votes=5"]
    assert origin == {"c votes=5": "c"}
    assert not faults


@pytest.mark.parametrize(
    ("variants", "wanted"),
    [
        ("variants = 3", "sources.crowd.variants: must be a list of tables"),
        ("variants = [{}]", "sources.crowd.variants: must be a list of tables"),
        ('variants = [{kind = "human"}]', "variants[0].kind: cannot differ between variants"),
        ("variants = [{min_share = 0.3}]", "variants[0].min_share: cannot differ"),
        ("variants = [{in_hand = 3}]", "variants[0].in_hand: cannot differ"),
        ("variants = [{votes = 1}, {votes = 1}]", "variants[1] = 'votes=1': is there already"),
        ("variants = [{votes = 1.5}]", 'sources."crowd votes=1.5".votes = 1.5: must be a whole'),
        (f"variants = [{', '.join(f'{{votes = {k}}}' for k in range(1, 14))}]", "at most 12"),
    ],
)
def test_what_cannot_be(tmp_path: Path, variants: str, wanted: str) -> None:
    with pytest.raises(InputError) as caught:
        read(project(tmp_path, variants))
    assert wanted in str(caught.value)


def test_sources_without_variants_stay_as_they_are() -> None:
    tables: dict[str, Any] = {"a": {"kind": "plain", "unit_price": 1}, "b": 3}
    assert expanded(tables, []) == (tables, {})
