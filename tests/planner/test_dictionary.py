"""The data dictionary: every table that any command makes is in it, and its key names its rows."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from planner.dictionary import KNOWN, key_of
from planner.fit import fit_law
from planner.listings.law import law_tables
from planner.listings.sources import default_tables, source_tables
from planner.sensitivity import Lifted, Sensitivity, Swing
from planner.study import FrontierPoint, SurePoint
from planner.switching import Switch
from planner.table import Column, Table
from planner.tables import tables, with_columns
from sources.defaults import entries
from tests.planner import samples
from tests.planner.explained import check_explained

ROOT = Path(__file__).resolve().parents[2]


def named_in(path: Path) -> set[str]:
    """Names that a module gives to tables: first argument of listed, make and Table."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {
            "listed",
            "make",
            "Table",
        }:
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
    return found


def test_every_table_of_any_command_is_known() -> None:
    paths = [*(ROOT / "planner").glob("*tables.py"), *(ROOT / "planner" / "listings").glob("*.py")]
    found = set().union(*map(named_in, paths))
    assert {"plan", "groups", "teachers", "raters"} <= found
    assert found <= set(KNOWN)


def test_a_table_without_an_entry_is_a_fault() -> None:
    with pytest.raises(KeyError, match="nobody"):
        with_columns([Table("nobody", (Column("a", "", "first"),), ())])


def made() -> list[dict[str, Table]]:
    runs = pd.DataFrame({"n": np.repeat([100, 200, 400], 2)})
    runs["error"] = 0.1 + runs.n**-0.4
    law = fit_law(runs, draws=100)
    return [
        tables(samples.study()),
        law_tables(law, 0.15, 0.8),
        source_tables(samples.standing((samples.HUMAN,))),
        default_tables(entries()),
    ]


def test_it_says_what_each_table_is_and_its_key_names_the_rows() -> None:
    for found in made():
        rows = {row["table"]: row for row in found["tables"].records()}
        assert list(rows) == list(found)
        for name, table in found.items():
            key = key_of(table)
            assert key, name
            assert set(key) <= set(table.header)
            assert rows[name]["columns"] == len(table.columns)
            assert rows[name]["rows"] == len(table.rows)
            assert rows[name]["row"] and rows[name]["use"]
            assert str(rows[name]["key"]).startswith(", ".join(key))
            cells = [tuple(record[each] for each in key) for record in table.records()]
            if KNOWN[name].unique:
                assert len(set(cells)) == len(cells), name


def test_every_empty_cell_is_explained_and_every_number_has_a_unit() -> None:
    plain = samples.study()
    target = plain.inputs.target.error
    study = replace(
        plain,
        frontier=(FrontierPoint(target, plain.plan), FrontierPoint(target / 2, None)),
        surer=(SurePoint(0.9, None),),
        sensitivity=Sensitivity(
            swings=(Swing("s", "n", "1", 1.0, 2.0, 3.0, None, None, "assumed"),),
            limits=(Lifted("weeks", "week", 12.0, None, None),),
            switches=(Switch("s", 1.0, None, None, None),),
        ),
        warnings=("anything",),
    )
    check_explained(tables(study))
