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
    (
        "cost_low",
        CURRENCY,
        "of the plan made anew for the low end; empty if out of reach, or noted",
    ),
    ("cost", CURRENCY, "of the plan as it is"),
    ("cost_high", CURRENCY, "of the plan made anew for the high end; empty as for the low end"),
    ("provenance", "", "where the number comes from"),
    ("note", "", "why there is no cost, where the target is not out of reach; else empty"),
)
OTHER = {
    "scope": "source or model that the number belongs to, or the project",
    "name": "of the number; what the laws believe is left out",
    "low": "low end",
    "high": "high end",
    "cost_low": "of the plan made anew for the low end, model and data in hand chosen anew, laws "
    "as they are; empty if out of reach, or noted",
}
# with candidate models
SENSITIVITY_OF_MODELS: Spec = tuple(
    (name, unit, OTHER.get(name, meaning)) for name, unit, meaning in SENSITIVITY
)
LIMITS: Spec = (
    ("limit", "", "that the plan runs into, or weeks or budget"),
    ("unit", "", "of value"),
    ("value", "see unit", "of the limit"),
    ("cost", CURRENCY, "of the plan as it is; empty if the target is out of reach"),
    ("cost_without", CURRENCY, "of the plan made without it; empty if out of reach, or noted"),
    (
        "shadow_price",
        "CURRENCY/unit",
        "saved by one more unit, from a tenth or a batch more; empty if out of reach",
    ),
    ("note", "", "why a figure is not known; empty if all are"),
)
SWITCHES: Spec = (
    ("source", "", "whose price changes, fees left as they are"),
    ("unit_cost", "CURRENCY/example", "now"),
    ("factor", "ratio", "on it at which the plan has turned; empty if none up to 8 or 1/8 does"),
    (
        "factor_before",
        "ratio",
        "the nearest at which it has not: the turn lies between the two; empty if there is none",
    ),
    ("unit_cost_then", "CURRENCY/example", "at `factor`; empty if there is none"),
    (
        "bought",
        "",
        "sources of the plan then; out of reach: no plan reaches the target from there; empty if "
        "there is no turn",
    ),
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
            each.note or None,
        )
        for each in found.swings
    ]


def limit_rows(found: Sensitivity, cost: float | None, currency: str = "") -> list[Row]:
    """A row for each limit; cost None where the target is out of reach."""
    return [
        (
            each.limit,
            each.unit or currency,
            figure(each.value),
            cost,
            None if each.without is None else money(each.without),
            figure(each.shadow_price),
            each.note or None,
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
            figure(each.same),
            None if each.factor is None else figure(each.unit_cost * each.factor),
            "out of reach" if each.bought is None else ", ".join(each.bought) or None,
        )
        for each in found.switches
    ]
