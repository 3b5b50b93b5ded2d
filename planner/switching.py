"""Prices at which a plan would buy of other sources."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from planner.fitted import FittedLaw
from planner.plan import Plan, Target
from sources.base import Source

FACTORS = (1.5, 2.0, 4.0, 8.0)  # on a price, up for what is bought, down for what is not
FINE = 1.02  # ratio of the two factors between which the plan turns
Solve = Callable[[Sequence[Source], FittedLaw, Target], Plan]


@dataclass(frozen=True)
class Switch:
    """Price factor [1] of a source at which the plan buys of other sources; `bought` names them,
    and is None where the target is out of reach from there on. `same` is the factor up to which
    nothing changes: the turn lies between the two, within 2%.

    None where no factor up to 8 (down to 1/8 for what is not bought) changes them.
    """

    source: str
    unit_cost: float
    factor: float | None
    bought: tuple[str, ...] | None
    same: float | None = None


def switches(
    sources: Sequence[Source], law: FittedLaw, plan: Plan, solve: Solve
) -> Iterator[Switch]:
    """For each source with a price, in their order, where the plan turns."""
    own = frozenset(plan.amounts)
    first = solve(sources, law, plan.target)
    # as the same search finds it, which a proven plan may differ from
    base = frozenset(first.amounts) if first.reaches else own
    for source in sources:
        price = replace(source, training=None).unit_cost(0)
        if not price:
            continue
        up = source.name in own

        def mix(factor: float, name: str = source.name) -> frozenset[str] | None:
            offered = [_priced(each, factor) if each.name == name else each for each in sources]
            found = solve(offered, law, plan.target)
            return frozenset(found.amounts) if found.reaches else None

        yield Switch(source.name, price, *_turn(mix, source.name, base, up))


Mix = frozenset[str] | None


def _turn(
    mix: Callable[[float], Mix], name: str, base: frozenset[str], up: bool
) -> tuple[float | None, tuple[str, ...] | None, float | None]:
    """The factor nearest to 1 at which the source is bought (dearer: other sources are), what the
    plan then buys, and the factor up to which it does not."""

    def turned(found: Mix) -> bool:
        if up or found is None:
            return found != base
        return name in found and name not in base

    last = FACTORS[-1] if up else 1 / FACTORS[-1]
    end = mix(last)
    if not turned(end):
        return None, (), None
    same = 1.0
    for step in FACTORS:
        other = step if up else 1 / step
        found = end if other == last else mix(other)
        if not turned(found):
            same = other
            continue
        while max(other / same, same / other) > FINE:
            middle = math.sqrt(same * other)
            inside = mix(middle)
            if turned(inside):
                other, found = middle, inside
            else:
                same = middle
        return other, None if found is None else tuple(sorted(found)), same
    return None, (), None


def _priced(source: Source, factor: float) -> Source:
    """The source with the prices of its work times a factor; fees stay."""
    lines = tuple(
        replace(
            line,
            unit_price=line.unit_price * factor,
            tiers=tuple(replace(t, unit_price=t.unit_price * factor) for t in line.tiers),
        )
        for line in source.lines
    )
    return replace(source, lines=lines)
