"""Decisions inside a source: variants become sources that exclude each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from planner.errors import Fault, InputError
from planner.project import read
from planner.variants import expanded

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
