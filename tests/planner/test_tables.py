from __future__ import annotations

import datetime
import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import table as values
from planner.plan import Target
from planner.purchases import plan_cost
from planner.table import Column, Table
from planner.tables import amount_columns, tables
from tests.planner import samples

PLAN_COLUMNS = (
    "item,source,kind,unit,quantity,unit_cost,fees,subtotal,contingency,total,low,base,high,"
    "effective_examples,share,start_week,weeks,binding_limit,provenance"
)
NAMES = "summary,plan,costs,path,frontier,law,pilots,assumptions,diagnosis,tables,columns"


def get(made: dict[str, Table], key: str) -> Any:
    return {row[0]: row[1] for row in made["summary"].rows}[key]


def test_names_and_columns_are_those_of_the_design() -> None:
    made = tables(samples.study())
    assert ",".join(made) == NAMES
    assert ",".join(made["plan"].header) == PLAN_COLUMNS
    names = [source.name for source in samples.SOURCES]
    assert list(made["frontier"].header) == [
        "target",
        "cost",
        "weeks",
        "probability",
        "met",
        "note",
        *names,
    ]
    assert list(made["pilots"].header)[-3:] == names


def test_every_column_of_every_table_is_explained() -> None:
    made = tables(samples.study())
    explained = {(row[0], row[1]) for row in made["columns"].rows}
    assert explained == {(t.name, c) for t in made.values() for c in t.header}
    assert all(row[3] for row in made["columns"].rows)
    units = {(row[0], row[1]): row[2] for row in made["columns"].rows}
    assert units["plan", "unit_cost"] == "EUR/example"
    assert units["frontier", "target"] == "error rate"
    assert units["path", "notes"] == "document"


def test_plan_rows_add_up_to_the_cent_and_totals_to_the_summary() -> None:
    made = tables(samples.study())
    rows = made["plan"].records()
    assert len(rows) == 3
    cents = [
        {key: Decimal(repr(value)) for key, value in row.items() if isinstance(value, int | float)}
        for row in rows
    ]
    for row in cents:
        assert abs(row["quantity"] * row["unit_cost"] + row["fees"] - row["subtotal"]) <= Decimal(
            "0.01"
        )
        assert row["subtotal"] + row["contingency"] == row["total"] == row["base"]
        assert row["low"] <= row["total"] <= row["high"]
    assert sum(row["total"] for row in cents) == Decimal(repr(get(made, "cost")))
    assert sum(row["contingency"] for row in cents) == Decimal(repr(get(made, "contingency")))
    assert made["frontier"].records()[1]["cost"] == get(made, "cost")


def test_costs_are_the_line_items_of_the_plan() -> None:
    made = tables(samples.study())
    lines = made["costs"].records()
    assert [row["item"] for row in lines] == ["annotation", "guidelines", "judgements", "cleaning"]
    for row in made["plan"].records():
        mine = [line["cost"] for line in lines if line["source"] == row["source"]]
        assert sum(mine) == pytest.approx(row["subtotal"], abs=0.01)  # type: ignore[arg-type]


def test_unknown_is_empty_and_explained_never_nought() -> None:
    made = tables(samples.study(best_guess=None, best_guess_probability=None))
    far = made["frontier"].records()[-1]
    assert far["cost"] is None
    assert far["probability"] is None
    assert far["human"] is None
    assert far["note"]
    assert made["frontier"].records()[0]["notes"] == 0  # known: none of it is bought
    assert made["plan"].records()[2]["effective_examples"] is None
    budget = [row for row in made["assumptions"].records() if row["name"] == "target.budget"][0]
    assert budget["value"] is None
    assert "not limited" in str(budget["note"])
    assert get(made, "best_guess_cost") is None
    assert get(made, "budget") is None
    assert made["law"].records()[1]["high"] is None


def test_assumptions_name_every_number_of_project_and_sources() -> None:
    rows = tables(samples.study())["assumptions"].records()
    found = {(row["scope"], row["name"]): row for row in rows}
    own = "target.error target.confidence target.budget target.weeks start contingency usd_rate"
    for name in [*own.split(), "worst_error", "classes", "seed", "draws"]:
        assert ("project", name) in found
    assert found["project", "start"]["value"] == datetime.date(2026, 12, 1)
    assert found["human", "wage"]["low"] == 35.0
    assert found["human", "turnover"]["value"] is None
    assert found["human", "turnover"]["note"]
    for source in samples.SOURCES:
        assert (source.name, "quality") in found
    assert all(row["provenance"] for row in rows)


def test_warnings_end_the_diagnosis() -> None:
    rows = tables(samples.study())["diagnosis"].rows
    assert rows[0][0] == "does it scale"
    assert rows[-1][:2] == ("warning", "weak prior: 2 pilot sizes")


def test_no_steps_no_pilots_no_rounds() -> None:
    empty = replace(samples.plan(False), steps=(), bound=None)
    law = replace(samples.Law())
    object.__setattr__(law, "residuals", tuple)
    made = tables(
        samples.study(
            plan=empty, law=law, frontier=(), path=replace(samples.path(), rounds=()), warnings=()
        )
    )
    assert [len(made[name].rows) for name in ("plan", "costs", "path", "frontier", "pilots")] == [
        0
    ] * 5
    assert get(made, "cost") == 0
    assert get(made, "reaches") == "no"
    assert made["plan"].frame().shape == (0, 19)


def test_metric_and_currency_are_put_into_units_once() -> None:
    inputs = replace(samples.Inputs(), currency="METRIC", target=Target(0.2, metric="CURRENCY"))
    units = {tuple(r[:2]): r[2] for r in tables(samples.study(inputs=inputs))["columns"].rows}
    assert units["plan", "fees"] == "METRIC"
    assert units["frontier", "target"] == "CURRENCY"


@given(
    st.lists(st.sampled_from(["a", "cost", "note", "cost (source)", "Kosten", "=x"]), unique=True)
)
def test_columns_of_sources_never_clash(names: list[str]) -> None:
    fixed = ["target", "cost", "note"]
    made = amount_columns(fixed, [(name, "example") for name in names], "bought")
    assert len({*fixed, *(c.name for c in made)}) == len(fixed) + len(names)
    assert [c.name for c in made if c.name in names] == [n for n in names if n not in fixed]


@given(st.floats(0, 1e9), st.integers(1, 10**8))
def test_quantity_times_unit_cost_gives_back_the_cents(variable: float, quantity: int) -> None:
    price = values.unit_cost(variable, quantity)
    assert price is not None
    assert price * quantity == pytest.approx(variable, abs=0.0051)


def test_rounding() -> None:
    assert values.money(1234.567) == 1234.57
    assert values.figure(0.123456789) == 0.123457
    assert values.whole(999.6) == 1000
    assert str(values.money(-0.001)) == "0.0"
    for rounded in (values.money, values.figure, values.whole):
        assert rounded(None) is None
        assert rounded(math.inf) is None
        assert rounded(math.nan) is None
    assert values.unit_cost(0.0, 0) is None


def test_half_a_cent_is_rounded_as_spreadsheets_do() -> None:
    assert [values.cent(x) for x in (1.005, 2.675, 185.175, -1.005)] == [1.01, 2.68, 185.18, -1.01]
    assert values.cent(0.1 + 0.2) == 0.3
    assert values.cent(1.00499999) == 1.0
    assert values.cent(1e300) == 1e300
    assert math.copysign(1, values.cent(-0.001)) == 1


def test_a_table_is_built_valid_or_not_at_all() -> None:
    column = Column("a", "", "")
    with pytest.raises(ValueError, match="repeat"):
        Table("t", (column, column), ())
    with pytest.raises(ValueError, match="cells"):
        Table("t", (column,), ((1, 2),))
    with pytest.raises(ValueError, match="finite"):
        Table("t", (column,), ((math.nan,),))


def test_frame_has_the_rows_and_names() -> None:
    frame = tables(samples.study())["plan"].frame()
    assert ",".join(frame.columns) == PLAN_COLUMNS
    assert frame["source"].tolist() == [source.name for source in samples.SOURCES]
    assert frame["total"].sum() == pytest.approx(plan_cost(samples.plan()))
