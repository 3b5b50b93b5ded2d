"""A candidate model with its plan: what it costs by data, training and serving, and why not it."""

from __future__ import annotations

from dataclasses import dataclass

from planner.plan import Plan, Step
from sources.training import Model


@dataclass(frozen=True)
class Part:
    """A part of a cost [currency], contingency included, with its low and high end."""

    base: float
    low: float
    high: float


@dataclass(frozen=True)
class Flip:
    """What would have to change for a model to become as cheap as the chosen one, purchases as they
    are; each None where nothing of that sort would do.

    predictions     [prediction] over the life
    training, data  factors [1] on all prices of training, and of data
    """

    predictions: float | None = None
    training: float | None = None
    data: float | None = None


@dataclass(frozen=True)
class Beside:
    """The model that a plan is for, and what it costs beside the purchases; None if nothing."""

    model: str
    overhead: Step | None


@dataclass(frozen=True)
class Tried:
    """A candidate model with the cheapest plan found for it.

    how             where its law comes from, in words
    plan            purchases with what training on them costs; its target's budget is what the
                    model leaves of the project's
    overhead        what the model costs beside the purchases: fixed cost of its runs, training on
                    data in hand, fees, serving; None if nothing
    data, training, serving   parts of the total; fixed cost of runs and fees are of training
    fresh           P(target met) on draws of the law that the plan was not made for [1]
    examples        labelled examples trained on [example], data in hand included
    bound           [currency] proven lower bound on the total of this model; None if not proven
    reaches         whether the plan reaches the target and all of it keeps the budget
    chosen, why_not "" for the chosen one
    """

    model: Model
    how: str
    plan: Plan
    overhead: Step | None
    data: Part
    training: Part
    serving: Part
    fresh: float
    examples: float
    bound: float | None
    reaches: bool
    chosen: bool = False
    why_not: str = ""
    flip: Flip = Flip()

    @property
    def total(self) -> float:
        """Cost [currency] of data, training and serving, contingency included."""
        return self.data.base + self.training.base + self.serving.base
