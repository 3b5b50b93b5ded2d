"""A change of cost shared out among what caused it: pure, whatever the causes are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations

EVERY_ORDER = 3  # causes up to which they are made in every order
ORDERS = 6  # causes up to which they are also made in the reverse order
Cost = Callable[[frozenset[int]], int | None]


@dataclass(frozen=True)
class Part:
    """What some causes together changed.

    causes     their numbers; more than one where no cost is known between them
    change     part of the whole change; the parts add up to it exactly
    low, high  least and most among the orders in which the causes were made
    """

    causes: tuple[int, ...]
    change: int
    low: int
    high: int


def attributed(count: int, cost: Cost) -> tuple[Part, ...]:
    """Parts of cost(all causes) - cost(none), in whole units such as cents.

    cost(some): with only these of the `count` causes made, None where there is none. A part is the
    mean over the orders in which the causes can be made one after the other: of up to EVERY_ORDER
    all of them, which is Shapley's value; of more first to last, and up to ORDERS last to first as
    well. Raises ValueError where one of the ends has no cost.
    """
    first, last = cost(frozenset()), cost(frozenset(range(count)))
    if first is None or last is None:
        raise ValueError("the cost of one of the ends is unknown")
    chains = [_chain(order, cost) for order in _orders(count)]
    finest = max(map(len, chains))
    kept = [chain for chain in chains if len(chain) == finest]
    kept = [chain for chain in kept if chain.keys() == kept[0].keys()]
    parts, given = [], 0
    sums = 0
    for causes in sorted(kept[0], key=min):
        changes = [chain[causes] for chain in kept]
        sums += sum(changes)
        change = round(sums / len(kept)) - given  # rounded so that the parts still add up
        given += change
        parts.append(Part(tuple(sorted(causes)), change, min(changes), max(changes)))
    return tuple(parts)


def _orders(count: int) -> list[tuple[int, ...]]:
    every = tuple(range(count))
    if count <= EVERY_ORDER:
        return list(permutations(every))
    return [every, every[::-1]] if count <= ORDERS else [every]


def _chain(order: Sequence[int], cost: Cost) -> dict[frozenset[int], int]:
    """Change by the causes that brought it, made in this order."""
    found: dict[frozenset[int], int] = {}
    before = cost(frozenset())
    made, waiting = frozenset[int](), frozenset[int]()
    for cause in order:
        made, waiting = made | {cause}, waiting | {cause}
        now = cost(made)
        if now is not None:
            assert before is not None
            found[waiting] = now - before
            before, waiting = now, frozenset()
    return found
