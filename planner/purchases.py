"""Rows of what is bought; money is rounded to the cent first and summed afterwards: it adds up."""

from __future__ import annotations

from collections.abc import Iterable

from planner.plan import Plan, Step
from planner.table import Row, cent, figure, money, unit_cost, whole


def cents(values: Iterable[float]) -> float:
    """Sum [currency] of values that are each rounded to the cent before."""
    return cent(sum(cent(value) for value in values))


def plan_cost(plan: Plan) -> float:
    """[currency] sum of the totals of the plan's rows, each to the cent."""
    return cents(parts(step)[-1] for step in plan.steps)


def parts(step: Step) -> tuple[float, float, float, float]:
    """Fees, subtotal, contingency and total [currency] to the cent; they add up."""
    fees, variable, contingency = map(cent, (step.fees, step.variable, step.contingency))
    subtotal = cent(fees + variable)
    return fees, subtotal, contingency, cent(subtotal + contingency)


def price_range(step: Step) -> tuple[float, float]:
    """Low and high total [currency] to the cent; the total lies between them."""
    total = parts(step)[-1]
    return min(cent(step.low), total), max(cent(step.high), total)


def plan_row(number: int, step: Step) -> Row:
    """Row of the plan table for one purchase."""
    source = step.source
    fees, subtotal, contingency, total = parts(step)
    low, high = price_range(step)
    return (
        number,
        source.name,
        source.kind,
        source.unit,
        whole(step.quantity),
        unit_cost(step.variable, step.quantity),
        fees,
        subtotal,
        contingency,
        total,
        low,
        total,
        high,
        whole(step.effective_examples),
        figure(step.share),
        figure(step.start_week),
        figure(step.weeks),
        step.binding or None,
        source.weakest_provenance(),
    )


def cost_rows(plan: Plan) -> list[Row]:
    """Rows of the costs table: each line item of each purchase that costs anything."""
    rows: list[Row] = []
    for step in plan.steps:
        for line in step.source.every_line:
            cost, variable = float(line.cost(step.quantity)), float(line.variable(step.quantity))
            if not cost:
                continue
            rows.append(
                (
                    step.source.name,
                    line.item,
                    whole(step.quantity),
                    unit_cost(variable, step.quantity),
                    money(line.fixed),
                    money(cost),
                    money(cost * line.low),
                    money(cost * line.high),
                    line.provenance,
                    line.reference or None,
                )
            )
        if top_up := float(step.source.top_up(step.quantity)):
            rows.append(_contract_row(step, top_up))
    return rows


def _contract_row(step: Step, top_up: float) -> Row:
    """What a minimum contract adds, at base prices and at both ends of those of the work."""
    source, quantity = step.source, step.quantity
    ends = []
    for end in ("low", "high"):
        work = (float(line.variable(quantity)) * getattr(line, end) for line in source.lines)
        ends.append(money(max(source.minimum - sum(work), 0.0)))
    numbers = {each.name: each for each in source.assumptions}
    origin = numbers.get("minimum_contract")
    return (
        source.name,
        f"minimum contract of {source.minimum:,.2f}, beside the work",
        whole(quantity),
        0.0,
        money(top_up),
        money(top_up),
        *ends,
        origin.provenance if origin else source.weakest_provenance(),
        origin.reference if origin else None,
    )
