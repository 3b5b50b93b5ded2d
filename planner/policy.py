"""Rounds of buying and measuring along a ray: the cheapest rule that succeeds often enough.

A rule buys to a first state, measures, and buys on. In the last round, and whenever it asks whether
to go on at all, it minimises

    cost of buying to a state + price of missing x P(target missed there | all measured)

over states. Before the last round what is still to come takes the place of the price of missing: a
further measurement, and the best orders after it if all it told were that the target is not met.
That is the objective of Learn-Optimize-Collect (Mahmood 2022, arXiv:2210.01234, eq. 4), solved
exactly by dynamic programming over states, with the law's posterior in place of a bootstrap and the
cost of measuring counted; what a measured error tells beyond that is in the posterior of the next
decision. How far the first purchase goes is chosen by playing rules against imagined truths, where
it counts. The price of missing [currency] is not asked for: it is the least one at which the rule
as a whole succeeds as often as wanted. Stopping short therefore follows from cost against chance,
and never happens while all draws say that the target is within the limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from planner.laws import Array
from planner.preposterior import scores, stratified
from planner.ray import SEEDS, Ray

MOST_ROUNDS = 6
FIRST = 7  # states tried for the first purchase
AGAIN = 2  # times the chosen rule is priced, its middle rounds sized by the price found before
DRAWS, TRUTHS = 400, 100  # draws and imagined truths while rules are compared
JUDGED = 300  # imagined truths that the chosen ones are judged by, with every draw
WORTH = 0.03  # of the expected cost that a further round must save
BISECTIONS = 24
SURE = 1 - 1e-9


@dataclass(frozen=True)
class Rule:
    """First state to buy to, most rounds of buying, and the price of missing [currency] by which
    rounds between the first and the last are sized."""

    first: int
    rounds: int
    ahead: float = math.inf


@dataclass(frozen=True)
class Played:
    """A rule played against truths (n,) with their weights.

    price    [currency] of missing
    held     (rounds, n) state owned after each round; the last one again once over
    asked    (rounds, n) whether the round is bought
    stopped  (rounds, n) whether it ends after that round unmet, as far as one can tell
    met      (n,) whether the target is truly met in the end
    paid     (n,) [currency] in the end
    """

    rule: Rule
    price: float
    truths: np.ndarray
    weights: Array
    held: np.ndarray
    asked: np.ndarray
    stopped: np.ndarray
    met: np.ndarray
    paid: Array

    @property
    def cost(self) -> float:
        """Expected cost [currency]."""
        return float(self.weights @ self.paid)

    @property
    def success(self) -> float:
        """P(target met in the end)."""
        return float(np.round(self.weights @ self.met, 12))

    def lost(self, ray: Ray, short: np.ndarray) -> float | None:
        """Expected spending [currency] where the truths `short` (n,) are given up; None if none."""
        share = float(self.weights @ short)
        if share <= 0:
            return None
        return float(self.weights @ (short * self.paid)) / share


@dataclass(frozen=True)
class Chain:
    """What truths (n,) would show under a rule: before each decision the state (n,), the moves
    (n, G) in time, and P(need at most each state) (n, G); `wanted` where a middle round leads."""

    rule: Rule
    truths: np.ndarray
    weights: Array
    states: tuple[np.ndarray, ...]
    moves: tuple[np.ndarray, ...]
    chances: tuple[Array, ...]
    wanted: tuple[np.ndarray, ...]


def chance_of(ray: Ray, posterior: Array) -> Array:
    """P(need at most each state) (n, G) under weights (n, draws)."""
    onto = np.zeros((len(ray.need), ray.states + 1))
    onto[np.arange(len(ray.need)), ray.need] = 1.0
    return np.asarray(np.cumsum(posterior @ onto, axis=1)[:, :-1])


def onward(ray: Ray, chance: Array, price: float, left: int) -> Array:
    """Expected cost to come (n, G) [currency] after each state, with so many orders left and the
    chance that the target is missed there counted in: to stop at the price of missing, or the best
    order and what follows it, if measurements told no more than met or missed."""
    missed = (1.0 - chance).astype(np.float32)
    more = ray.spent[None, :] - ray.spent[:, None]
    more = np.where(ray.legal, more, 1e9 * (1.0 + ray.spent[-1])).astype(np.float32)
    stop = missed * np.float32(price)
    found = stop
    for number in range(left):
        step = more if number == 0 else more + np.float32(SEEDS * ray.run_cost)
        onward = (missed[:, :, None] * step + found[:, None, :]).min(axis=2)
        found = np.minimum(stop, onward)
    return np.asarray(found)


def buy_on(ray: Ray, state: np.ndarray, moves: np.ndarray, ahead: Array) -> np.ndarray:
    """State (n,) to buy to where `ahead` (n, G) [currency] is to come after each; the present one
    where no move is left."""
    value = np.where(moves, ray.spent[None, :] + ahead, math.inf)
    return np.where(moves.any(axis=1), np.argmin(value, axis=1), state)


def best_move(
    ray: Ray, chance: Array, state: np.ndarray, moves: np.ndarray, price: float
) -> np.ndarray:
    """State (n,) that minimises cost and price of missing; the present one means to stop."""
    rows = np.arange(len(state))
    value = np.where(moves, ray.spent[None, :] + price * (1.0 - chance), math.inf)
    met, most = chance[rows, state], chance[:, -1]
    # what is within the limits for sure, and not met as far as one can tell, is not given up
    stay = np.where((most >= SURE) & (met < 0.5), math.inf, ray.spent[state] + price * (1.0 - met))
    best = np.argmin(value, axis=1)
    return np.where(value[rows, best] < stay, best, state)


def chain_of(ray: Ray, rule: Rule, count: int | None = None, seed: int = 0) -> Chain:
    """What the rule would see of `count` truths, of all draws where None."""
    draws = len(ray.need)
    order = np.argsort(ray.need, kind="stable")
    few = count is not None and count < draws
    truths = stratified(order, ray.sight.weights, count or 1) if few else np.arange(draws)
    weights = np.full(len(truths), 1 / len(truths)) if few else ray.sight.weights
    state, week = np.full(len(truths), rule.first), np.zeros(len(truths))
    week += ray.arrival(0, rule.first, 0.0) + ray.pause
    log_likelihood = np.zeros((len(truths), draws))
    states, moves, chances, wanted = [], [], [], []
    measured = scores(rule.rounds - 1, len(truths), seed)
    for number in range(rule.rounds - 1):
        seen = ray.sight.measured(truths, state, measured[number])
        log_likelihood = log_likelihood + ray.sight.log_likelihood(seen, state)
        chance = chance_of(ray, ray.sight.posterior(log_likelihood, truths))
        left = rule.rounds - number - 1
        ways = ray.moves(state, week, number + 1 + (left > 1))
        states.append(state)
        moves.append(ways)
        chances.append(chance)
        if left == 1:
            break
        then = buy_on(ray, state, ways, onward(ray, chance, rule.ahead, left - 1))
        wanted.append(then)
        week = _weeks(ray, state, then, week)
        state = then
    return Chain(rule, truths, weights, tuple(states), tuple(moves), tuple(chances), tuple(wanted))


def _weeks(ray: Ray, state: np.ndarray, then: np.ndarray, week: Array) -> Array:
    """When what was bought has arrived and been measured (n,) [week]."""
    if math.isinf(ray.weeks):
        return week
    known: dict[tuple[int, int, float], float] = {}
    found = np.empty_like(week)
    for i, key in enumerate(zip(map(int, state), map(int, then), map(float, week), strict=True)):
        if key not in known:
            known[key] = ray.arrival(*key) + ray.pause
        found[i] = known[key]
    return found


def play(ray: Ray, chain: Chain, price: float) -> Played:
    """The chain with decisions at a price of missing [currency]."""
    n = len(chain.truths)
    alive = np.ones(n, dtype=bool)
    final, runs = chain.states[0].copy(), np.zeros(n)
    held, asked, stopped = [final.copy()], [alive.copy()], []
    for number, (state, moves, chance) in enumerate(
        zip(chain.states, chain.moves, chain.chances, strict=True)
    ):
        runs += alive * SEEDS
        best = best_move(ray, chance, state, moves, price)
        on = alive & (best != state)
        met = chance[np.arange(n), state] >= 0.5
        stopped.append(alive & ~on & ~met)
        then = chain.wanted[number] if number < len(chain.wanted) else best
        on &= then != state
        final = np.where(on, then, final)
        alive = on
        held.append(final.copy())
        asked.append(alive.copy())
    stopped.append(np.zeros(n, dtype=bool))
    paid = ray.spent[final] + runs * ray.run_cost
    met = ray.need[chain.truths] <= final
    return Played(
        chain.rule,
        price,
        chain.truths,
        chain.weights,
        np.array(held),
        np.array(asked),
        np.array(stopped),
        met,
        paid,
    )


def priced(ray: Ray, chain: Chain, wanted: float) -> Played | None:
    """The chain at the least price of missing at which it succeeds with probability `wanted`; None
    if it does at none."""
    low, high = math.log(_scale(ray) * 1e-3), math.log(_scale(ray) * 1e6)
    best = play(ray, chain, math.exp(high))
    if best.success < wanted:
        return None
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        found = play(ray, chain, math.exp(middle))
        if found.success >= wanted:
            high = middle
            if found.cost <= best.cost:
                best = found
        else:
            low = middle
        if high - low < 0.02:
            break
    return best


def at_once(ray: Ray) -> Played:
    """All in one purchase: the plan."""
    draws = len(ray.need)
    held, met = np.full((1, draws), ray.plan), ray.need <= ray.plan
    no = np.zeros((1, draws), dtype=bool)
    paid = np.full(draws, ray.spent[ray.plan])
    return Played(
        Rule(ray.plan, 1),
        math.inf,
        np.arange(draws),
        ray.sight.weights,
        held,
        ~no,
        no,
        met,
        paid,
    )


def alone(ray: Ray, wanted: float) -> float:
    """Least price of missing [currency] at which one purchase meets the target with probability
    `wanted`, as far as the ray reaches."""
    chance = chance_of(ray, ray.sight.weights[None, :])[0]
    aim = min(wanted, float(chance[-1])) - 1e-9
    # the cheapest purchase at a price lies on the lower hull of cost against chance
    low, high = math.log(_scale(ray) * 1e-3), math.log(_scale(ray) * 1e6)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        at = int(np.argmin(ray.spent - math.exp(middle) * chance))
        low, high = (low, middle) if chance[at] >= aim else (middle, high)
    return math.exp(high)


def best_rule(ray: Ray, most_rounds: int = MOST_ROUNDS, wanted: float | None = None) -> Played:
    """The rule of at most so many rounds with the least expected cost that succeeds with
    probability `wanted`, as often as the plan if None; a further round must save WORTH of it."""
    best = at_once(ray)
    wanted = best.success if wanted is None else min(wanted, best.success)
    if wanted <= 0 or ray.plan < 2:
        return best
    quick = ray.thinned(DRAWS)
    aim = wanted - best.success + at_once(quick).success
    price = alone(quick, aim)
    gap = max((ray.plan - 1) // (FIRST - 1), 1)
    firsts = {int(i) for i in np.round(np.linspace(1, ray.plan - 1, FIRST))}
    for rounds in range(2, most_rounds + 1):
        found: dict[int, Played] = {}
        _try(quick, firsts | {_blind(quick, rounds, price)}, rounds, price, aim, found)
        if not found:
            break
        at = min(found, key=lambda first: found[first].cost)
        _try(quick, {at - gap // 2, at + gap // 2}, rounds, price, aim, found)
        at = min(found, key=lambda first: found[first].cost)
        price = found[at].price
        full = None
        for _ in range(AGAIN):
            rule = Rule(at, rounds, price)
            again = priced(ray, chain_of(ray, rule, JUDGED), wanted)
            if again is None:
                break
            full, price = again if full is None or again.cost < full.cost else full, again.price
            if rounds == 2:
                break
        if full is None or full.cost >= best.cost * (1 - WORTH):
            if rounds > 2:
                break
        else:
            best = full
        # more rounds begin smaller
        firsts = {at, max(1, at - gap)}
    return best


def _try(
    ray: Ray, firsts: set[int], rounds: int, price: float, wanted: float, found: dict[int, Played]
) -> None:
    """Adds to `found` what rules with these first purchases come to, where they succeed."""
    within = ray.affordable(1)
    for first in sorted(firsts - set(found)):
        if 1 <= first < ray.plan and within[first]:
            played = priced(ray, chain_of(ray, Rule(first, rounds, price), TRUTHS), wanted)
            if played is not None:
                found[first] = played


def _blind(ray: Ray, rounds: int, price: float) -> int:
    """The first purchase if measurements told no more than met or missed."""
    chance = chance_of(ray, ray.sight.weights[None, :])
    nothing = np.zeros(1, dtype=int)
    moves = ray.moves(nothing, np.zeros(1), 1)
    return int(buy_on(ray, nothing, moves, onward(ray, chance, price, rounds - 1))[0])


def _scale(ray: Ray) -> float:
    return max(float(ray.spent[-1]), 1e-9)
