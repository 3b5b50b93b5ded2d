"""Prices at which a plan would buy of other sources."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from planner.fitted import FittedLaw
from planner.plan import Plan, Target
from sources.base import Source

FACTORS = (1.5, 2.0, 4.0, 8.0)  # on a price, up for what is bought, down for what is not
HALVINGS = 4  # of the step in which a plan changes
Solve = Callable[[Sequence[Source], FittedLaw, Target], Plan]


@dataclass(frozen=True)
class Switch:
    """Price factor [1] of a source at which the plan buys of other sources; `bought` names them.

    None where no factor up to 8 (down to 1/8 for what is not bought) changes them.
    """

    source: str
    unit_cost: float
    factor: float | None
    bought: tuple[str, ...]


def switches(
    sources: Sequence[Source], law: FittedLaw, plan: Plan, solve: Solve
) -> Iterator[Switch]:
    """For each source with a price, in their order, where the plan turns."""
    own = frozenset(plan.amounts)
    for source in sources:
        price = replace(source, training=None).unit_cost(0)
        if not price:
            continue
        up = source.name in own

        def mix(factor: float, name: str = source.name) -> frozenset[str]:
            offered = [_priced(each, factor) if each.name == name else each for each in sources]
            return frozenset(solve(offered, law, plan.target).amounts)

        base = mix(1.0)  # as the same search finds it, which a proven plan may differ from
        yield Switch(source.name, price, *_turn(mix, source.name, base, up))


def _turn(
    mix: Callable[[float], frozenset[str]], name: str, base: frozenset[str], up: bool
) -> tuple[float | None, tuple[str, ...]]:
    """The factor nearest to 1 at which the source is bought (dearer: other sources are), and what
    is bought then."""

    def turned(found: frozenset[str]) -> bool:
        return found != base if up else name in found and name not in base

    same = 1.0
    for step in FACTORS:
        other = step if up else 1 / step
        found = mix(other)
        if not turned(found):
            same = other
            continue
        for _ in range(HALVINGS):
            middle = math.sqrt(same * other)
            inside = mix(middle)
            if turned(inside):
                other, found = middle, inside
            else:
                same = middle
        return other, tuple(sorted(found))
    return None, ()


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
