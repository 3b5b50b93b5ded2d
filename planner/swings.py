"""Rows of the sensitivity tables: what moves the cost, limits, prices that turn the plan."""

from __future__ import annotations

from planner.columns import CURRENCY, Spec
from planner.sensitivity import Sensitivity
from planner.table import Row, figure, money

SENSITIVITY: Spec = (
    ("scope", "", "source that the number belongs to, or the law"),
    ("name", "", "of the number; quality and error are as the law's draws hold them"),
    ("unit", "", "of low, base and high"),
    ("low", "see unit", "low end; of what is fitted the mean of the lowest fifth of the draws"),
    ("base", "see unit", "used in the plan"),
    ("high", "see unit", "high end; of what is fitted the mean of the highest fifth"),
    ("cost_low", CURRENCY, "of the plan made anew for the low end; empty if out of reach"),
    ("cost", CURRENCY, "of the plan as it is"),
    ("cost_high", CURRENCY, "of the plan made anew for the high end; empty if out of reach"),
    ("provenance", "", "where the number comes from"),
)
LIMITS: Spec = (
    ("limit", "", "that the plan runs into, or the weeks"),
    ("unit", "", "of value"),
    ("value", "see unit", "of the limit"),
    ("cost", CURRENCY, "of the plan as it is"),
    ("cost_without", CURRENCY, "of the plan made without the limit"),
    ("shadow_price", "CURRENCY/unit", "saved by one more unit, from a tenth more; empty if none"),
)
SWITCHES: Spec = (
    ("source", "", "whose price changes, fees left as they are"),
    ("unit_cost", "CURRENCY/example", "now"),
    ("factor", "ratio", "on it at which other sources are bought; empty if none up to 8 or 1/8"),
    ("unit_cost_then", "CURRENCY/example", "at that factor; empty if there is none"),
    ("bought", "", "sources of the plan then"),
)


def sensitivity_rows(found: Sensitivity, cost: float) -> list[Row]:
    """A row for each number, the widest swing of the cost first."""
    return [
        (
            each.scope,
            each.name,
            each.unit,
            figure(each.low),
            figure(each.base),
            figure(each.high),
            None if each.cost_low is None else money(each.cost_low),
            cost,
            None if each.cost_high is None else money(each.cost_high),
            each.provenance,
        )
        for each in found.swings
    ]


def limit_rows(found: Sensitivity, cost: float) -> list[Row]:
    """A row for each limit."""
    return [
        (
            each.limit,
            each.unit,
            figure(each.value),
            cost,
            None if each.without is None else money(each.without),
            figure(each.shadow_price),
        )
        for each in found.limits
    ]


def switch_rows(found: Sensitivity) -> list[Row]:
    """A row for each source with a price."""
    return [
        (
            each.source,
            figure(each.unit_cost),
            figure(each.factor),
            None if each.factor is None else figure(each.unit_cost * each.factor),
            ", ".join(each.bought) or None,
        )
        for each in found.switches
    ]
