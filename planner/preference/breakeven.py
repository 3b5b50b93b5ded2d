"""Where the choice of a route flips: found by solving, confirmed by planning anew on both sides."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from planner.preference.plans import Needs, agreeing, choice
from planner.preference.question import PRICE, SPEED, Question
from sources.base import Assumption

State = tuple[str, bool]  # route, and whether it reaches the target
REACH = 100.0  # a speed or a price is moved by this factor, to each side
STEPS = 12  # values that are tried on each side before solving
FINE = 1e-4  # relative width to which a flip is solved
LEAST_AGREEMENT = 0.501
BESIDE = 0.01  # relative distance from the flip at which the plan is made anew


@dataclass(frozen=True)
class Dial:
    """A number of the project that is moved.

    now    as the project has it; `values` are tried beside it
    state  at a value, planned anew
    """

    name: str
    unit: str
    now: float
    values: Sequence[float]
    state: Callable[[float], State]


@dataclass(frozen=True)
class Flip:
    """The nearest value of a number, to one side of its own, at which the choice is another.

    value      of the flip; None if there is none from `low` to `high`, which was tried
    below, above   state on its lower and on its upper side, each planned anew
    confirmed  whether those two plans differ as the solution says
    """

    name: str
    unit: str
    now: float
    side: str
    low: float
    high: float
    value: float | None
    below: State
    above: State
    confirmed: bool


def flips(question: Question, found: Needs, stage: Callable[[str], None]) -> tuple[Flip, ...]:
    """Nearest flips to either side of pairs a week, price, failed runs and agreement."""
    known: list[Flip] = []
    for dial in dials(question, found):
        stage(f"{dial.name}: where the choice flips")
        known += _both(dial)
    return tuple(known)


def dials(question: Question, found: Needs) -> list[Dial]:
    """The numbers that are moved, each as if the project file said so."""
    source = question.source
    numbers = {each.name: each for each in source.assumptions}
    agreed, price = numbers["agreement"].value or 0.0, numbers[PRICE].value or 0.0
    speed, failure = source.limits.per_week, question.value("rl_failure")

    def at_people(name: str) -> Callable[[float], State]:
        return lambda value: choice(question.with_people(name, value), found)

    def at_failure(value: float) -> State:
        return choice(question.with_number("rl_failure", value), found)

    def at_agreement(value: float) -> State:
        changed = question.with_people("agreement", shifted(numbers["agreement"], value))
        return choice(changed, agreeing(changed, found))

    made = []
    if 0 < speed < math.inf:
        move = at_people(SPEED)
        made.append(Dial("pairs of people a week", "pair/week", speed, _factors(speed), move))
    if price:
        move, unit = at_people(PRICE), numbers[PRICE].unit
        made.append(Dial("price of a judgement", unit, price, _factors(price), move))
    shares = [float(v) for v in np.linspace(0.0, 0.95, 20)]
    made.append(Dial("failed runs of RL", "ratio", failure, shares, at_failure))
    tried = [float(v) for v in np.linspace(0.54, 0.96, 8)]
    made.append(Dial("agreement of people", "ratio", agreed, tried, at_agreement))
    return made


def shifted(number: Assumption, value: float) -> dict[str, float]:
    """An agreement moved to `value` with its range, which stays above chance and at most 1."""
    middle = number.value or value
    ends = [middle if end is None else end for end in (number.low, number.high)]
    low, high = (min(max(value + end - middle, LEAST_AGREEMENT), 1.0) for end in ends)
    return {"value": value, "low": min(low, value), "high": max(high, value)}


def _factors(now: float) -> list[float]:
    return [now * REACH ** (at / STEPS) for at in range(-STEPS, STEPS + 1)]


def _both(dial: Dial) -> list[Flip]:
    """The nearest flip on the lower and on the upper side of `now`."""
    lower = [v for v in sorted(dial.values, reverse=True) if v < dial.now * (1 - 1e-9)]
    upper = [v for v in sorted(dial.values) if v > dial.now * (1 + 1e-9)]
    sides = (("lower", lower), ("higher", upper))
    return [_nearest(dial, side, tried) for side, tried in sides if tried]


def _nearest(dial: Dial, side: str, tried: Sequence[float]) -> Flip:
    """The nearest flip that planning anew confirms; else the nearest that it does not, else none.

    A near tie may look like a flip: the choice goes to and fro there.
    """
    now = dial.now
    low, high = min(tried[-1], now), max(tried[-1], now)
    here, last = dial.state(now), now
    doubtful: Flip | None = None
    for value in tried:
        if dial.state(value) != here:
            flip = _solved(dial, here, last, value)
            below, above = dial.state(flip * (1 - BESIDE)), dial.state(flip * (1 + BESIDE))
            near, far = (below, above) if side == "higher" else (above, below)
            sure = near == here and far != here
            found = Flip(dial.name, dial.unit, now, side, low, high, flip, below, above, sure)
            if sure:
                return found
            doubtful = doubtful or found
        last = value
    return doubtful or Flip(dial.name, dial.unit, now, side, low, high, None, here, here, True)


def _solved(dial: Dial, here: State, same: float, other: float) -> float:
    """Value between `same`, where the state is `here`, and `other`, where it is not."""
    while abs(other - same) > FINE * max(abs(same), abs(other)):
        middle = math.sqrt(same * other) if min(same, other) > 0 else (same + other) / 2
        same, other = (middle, other) if dial.state(middle) == here else (same, middle)
    return (same + other) / 2
