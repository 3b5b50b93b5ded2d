"""A plan in rounds: what to buy now, at which size to measure, and what will then be decided.

The rule is not a fixed multiplier: policy.py derives it from the law's draws, as the one with the
least expected cost that meets the target as often as the plan does (bought at once, the plan is the
rule of one round). Every round is an order of its own, of each source nothing or whole batches and
no less than the smallest order, and what is owned after it keeps the rules on shares. All sources
start in the first round, where their fees fall due; volume tiers run on. What does not fit into the
weeks, with the time to measure, is no round. An order waits for the measurement before it, so that
lead times add up: an order placed sooner would not depend on that measurement, and is the same as a
larger order before it.

Later rounds depend on what is measured: those listed here are what is bought where the measurement
before says about what is expected of those that go on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.fitted import FittedLaw, weighted_quantile
from planner.laws import Array
from planner.plan import Path, Plan, Round
from planner.policy import (
    Played,
    Rule,
    best_move,
    best_rule,
    buy_on,
    chance_of,
    onward,
)
from planner.ray import SEEDS, Ray, ray_of
from sources.base import Source

MEASURE_WEEKS = 1.0  # [week] assumed from a delivery to what its measurement decides
LOOKS = 121  # measured errors at which decisions are looked up
TAIL = 0.002  # of what might be measured, beyond which no decision is looked up


def path(
    law: FittedLaw,
    plan: Plan,
    contingency: float,
    *,
    measure_weeks: float = MEASURE_WEEKS,
    run_cost: float = 0.0,
    sources: Sequence[Source] = (),
) -> Path:
    """The plan as the best rule of rounds; costs [currency] with contingency [ratio].

    measure_weeks [week] pass from a delivery to the next order, run_cost [currency/run] is paid for
    each of the SEEDS runs of a measurement between rounds. What the plan uses of the data in hand
    is there from the start. A plan that buys nothing has no rounds. sources: all that are on offer,
    whose rules on shares hold after every round; those of the plan if none.
    """
    if not plan.steps:
        return Path((), 0.0, 0.0)
    ray = ray_of(law, plan, contingency, pause=measure_weeks, run_cost=run_cost, market=sources)
    played = best_rule(ray)
    rounds = tuple(_rounds(ray, plan, played))
    short = np.asarray(played.stopped.any(axis=0))
    lost = played.lost(ray, short)
    return Path(
        rounds=rounds,
        expected_cost=played.cost,
        one_shot_cost=plan.cost,
        probability=played.success,
        stopped=float(np.round(played.weights @ short, 12)),
        lost=lost,
        measure_weeks=measure_weeks,
        price_of_missing=None if math.isinf(played.price) else played.price,
    )


@dataclass(frozen=True)
class View:
    """What the measurement after a round decides; errors in the unit of the metric.

    done_below  done at or below this error
    stop_above  given up above this error; None if never
    expected    the error at which the next round is described: the middle of those that go on
    then        the state that is bought there; None where no measurement leads on
    """

    done_below: float | None
    stop_above: float | None
    expected: float
    then: int | None


def _rounds(ray: Ray, plan: Plan, played: Played) -> list[Round]:
    rule, found = played.rule, list[Round]()
    state, before, week, spent = rule.first, 0, 0.0, 0.0
    log_likelihood = np.zeros((1, len(ray.need)))
    for number in range(rule.rounds):
        weights = ray.sight.posterior(log_likelihood)[0]
        arrival = ray.arrival(before, state, week)
        last = number == rule.rounds - 1
        view = None if last else _view(ray, played, number, state, arrival, log_likelihood)
        measured = view is not None and view.then is not None
        cost = float(ray.spent[state] - ray.spent[before]) + measured * SEEDS * ray.run_cost
        spent += cost
        stopped = played.stopped[number]
        found.append(
            Round(
                number=number + 1,
                purchases=ray.order(before, state),
                cost=cost,
                cumulative_cost=spent,
                effective=float(ray.size[state]),
                error=_interval(ray, state, weights),
                reached=_chance(played, ray.need[played.truths] <= played.held[number]),
                needed=_chance(played, played.asked[number]),
                end_week=arrival + ray.pause * measured,
                decision=_decision(plan.target.error, view),
                order_week=week,
                arrival_week=arrival,
                done_below=view.done_below if view else None,
                buy_at=view.expected if view and measured else None,
                stop_above=view.stop_above if view else None,
                stopped=_chance(played, stopped),
                lost=played.lost(ray, stopped),
            )
        )
        if view is None or view.then is None:
            break
        seen, at = np.array([math.log(view.expected)]), np.array([state])
        log_likelihood = log_likelihood + ray.sight.log_likelihood(seen, at)
        before, state, week = state, view.then, arrival + ray.pause
    return found


def _chance(played: Played, event: np.ndarray) -> float:
    return float(np.round(played.weights @ event, 12))


def _interval(ray: Ray, state: int, weights: Array) -> tuple[float, float, float]:
    errors = np.exp(ray.sight.log_error[:, [state]])
    low, middle, high = (float(weighted_quantile(errors, weights, q)[0]) for q in (0.05, 0.5, 0.95))
    return low, middle, high


def _view(
    ray: Ray, played: Played, number: int, state: int, arrival: float, log_likelihood: Array
) -> View:
    """Decisions over the errors that may be measured at a state, given what was measured before."""
    rule, weights = played.rule, ray.sight.posterior(log_likelihood)[0]
    center, spread = ray.sight.log_error[:, state], np.sqrt(ray.sight.variance[:, state])
    low, high = (
        float(weighted_quantile((center + sign * 2 * spread)[:, None], weights, level)[0])
        for sign, level in ((-1, TAIL), (1, 1 - TAIL))
    )
    seen = np.linspace(low, high, LOOKS)
    at = np.full(LOOKS, state)
    density = np.exp(ray.sight.log_likelihood(seen, at)) @ weights
    chance = chance_of(
        ray, ray.sight.posterior(log_likelihood + ray.sight.log_likelihood(seen, at))
    )
    left = rule.rounds - number - 1
    moves = ray.moves(at, np.full(LOOKS, arrival + ray.pause), number + 1 + (left > 1))
    then = best_move(ray, chance, at, moves, played.price)
    on = then != state
    if left > 1:
        then = buy_on(ray, at, moves, onward(ray, chance, rule.ahead, left - 1))
        on &= then != state
    met = chance[:, state] >= 0.5
    done, given_up = np.flatnonzero(~on & met), np.flatnonzero(~on & ~met)
    above = None
    if len(given_up) and given_up[-1] == LOOKS - 1:
        going = np.flatnonzero(on | met)
        above = float(np.exp(seen[going[-1]])) if len(going) else float(np.exp(seen[0]))
    middle = int(np.argmin(np.abs(seen - float(weights @ center))))
    if on.any():
        share = np.cumsum(density * on)
        middle = int(np.searchsorted(share, share[-1] / 2))
    return View(
        done_below=float(np.exp(seen[done[-1]])) if len(done) else None,
        stop_above=above,
        expected=float(np.exp(seen[middle])),
        then=int(then[middle]) if on.any() else None,
    )


def _decision(target: float, view: View | None) -> str:
    """What the measurement after a round decides."""
    text = f"measure with {SEEDS} seeds; done if error <= "
    if view is None or view.then is None:
        return f"{text}{target:.4g}, else plan again with these runs"
    text += f"{target if view.done_below is None else view.done_below:.4g}"
    text += f"; at about {view.expected:.4g} buy the next round"
    if view.stop_above is not None:
        text += f"; stop above {view.stop_above:.4g}: out of reach at this price"
    return f"{text}; add the runs to the pilots and plan again"


__all__ = ["MEASURE_WEEKS", "SEEDS", "Rule", "path"]
