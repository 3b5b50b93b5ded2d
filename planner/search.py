"""Cheapest choice among listed purchases: a local search, then branch and bound to prove it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from planner.boxes import Boxes
from planner.field import Choice, Field
from planner.local import STARTS, improve

ALL = 3_000_000  # draws x choices up to which every choice is looked at, the cheapest first


@dataclass(frozen=True)
class Outcome:
    """Best choice (number of the option per source) or None, its cost [currency], a proven lower
    bound on the cost of any choice, how many boxes that took, and good choices of other sources."""

    choice: Choice | None
    cost: float
    bound: float
    boxes: int
    others: tuple[Choice, ...] = ()


def cheapest(
    field: Field, *, most_boxes: int, starts: Iterable[Choice] = (), most_starts: int = STARTS
) -> Outcome:
    """Cheapest choice of a field below its ceiling.

    Exact unless `most_boxes` ran out; then `bound` says what is proven. `starts` are choices worth
    trying first.
    """
    few = math.prod(int(top) + 1 for top in field.tops) * len(field.weights) <= ALL
    if few and (field.take(_all(field)) or not field.clock.over()):
        return Outcome(field.best, field.cost(), field.cost(), 1)
    boxes = Boxes(field)
    if not boxes.possible():
        return Outcome(None, math.inf, math.inf, 1)
    found = improve(field, starts, most_starts)
    bound = boxes.prove(most_boxes)
    others = tuple(choice for choice in found if choice != field.best)
    return Outcome(field.best, field.cost(), bound, boxes.boxes, others)


def _all(field: Field) -> np.ndarray:
    """Every choice (choices, sources)."""
    axes = np.meshgrid(*(np.arange(top + 1) for top in field.tops), indexing="ij")
    return np.stack([axis.ravel() for axis in axes], axis=1)
