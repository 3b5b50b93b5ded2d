"""Rounds of buying and measuring along a ray: the cheapest rule that succeeds often enough.

A rule buys to a first state, measures, and buys on. Before the last round it buys what meets the
target in a share of the draws that have not met it yet, as the measurements have reweighted them;
in the last round, and whenever it asks whether to go on at all, it minimises

    cost of buying to a state + price of missing x P(target missed there | all measured)

over states, as Learn-Optimize-Collect does (Mahmood 2022, arXiv:2210.01234, eq. 4) with the law's
posterior in place of a bootstrap. The price of missing [currency] is not asked for: it is the least
one at which the rule as a whole succeeds as often as wanted. Stopping short therefore follows from
cost against chance, and never happens while all draws say that the target is within the limits.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from planner.laws import Array
from planner.preposterior import scores, stratified
from planner.ray import SEEDS, Ray

MOST_ROUNDS = 4
FIRST = 7  # states tried for the first purchase
LEVELS = (0.4, 0.7)  # shares of what is still open that a middle round buys for
DRAWS, TRUTHS = 400, 100  # draws and imagined truths while rules are compared
JUDGED = 300  # imagined truths that the chosen ones are judged by, with every draw
WORTH = 0.03  # of the expected cost that a further round must save
BISECTIONS = 24
SURE = 1 - 1e-9


@dataclass(frozen=True)
class Rule:
    """First state to buy to, and the level of each middle round; none: all in one purchase."""

    first: int
    levels: tuple[float, ...] | None

    @property
    def rounds(self) -> int:
        """Most rounds of buying."""
        return 1 if self.levels is None else 2 + len(self.levels)


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
    """What truths (n,) would show under a rule, whatever missing costs: before each decision the
    state (n,), the moves (n, G) in time, and P(need at most each state) (n, G)."""

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


def buy_for(chance: Array, state: np.ndarray, moves: np.ndarray, level: float) -> np.ndarray:
    """State (n,) that meets the target in `level` of the draws still open; the present one where no
    move is left."""
    rows = np.arange(len(state))
    now, most = chance[rows, state], chance[:, -1]
    enough = chance >= (now + level * (most - now))[:, None] - 1e-12
    first = np.argmax(moves & enough, axis=1)
    last = chance.shape[1] - 1 - np.argmax(moves[:, ::-1], axis=1)
    found = np.where((moves & enough).any(axis=1), first, last)
    return np.where(moves.any(axis=1), found, state)


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
    levels: list[float | None] = [*(rule.levels or ()), None]
    for number, level in enumerate(levels):
        seen = ray.sight.measured(truths, state, measured[number])
        log_likelihood = log_likelihood + ray.sight.log_likelihood(seen, state)
        chance = chance_of(ray, ray.sight.posterior(log_likelihood, truths))
        ways = ray.moves(state, week)
        states.append(state)
        moves.append(ways)
        chances.append(chance)
        if level is None:
            break
        then = buy_for(chance, state, ways, level)
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
    scale = max(float(ray.spent[-1]), 1e-9)
    low, high = math.log(scale * 1e-3), math.log(scale * 1e6)
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
        Rule(ray.plan, None),
        math.inf,
        np.arange(draws),
        ray.sight.weights,
        held,
        ~no,
        no,
        met,
        paid,
    )


def best_rule(ray: Ray, most_rounds: int = MOST_ROUNDS, wanted: float | None = None) -> Played:
    """The rule of at most so many rounds with the least expected cost that succeeds with
    probability `wanted`, as often as the plan if None; a further round must save WORTH of it."""
    best = at_once(ray)
    wanted = best.success if wanted is None else min(wanted, best.success)
    if wanted <= 0:
        return best
    firsts, quick = _firsts(ray), ray.thinned(DRAWS)
    aim = wanted - best.success + at_once(quick).success
    near = firsts
    for rounds in range(2, most_rounds + 1):
        tried: list[tuple[float, Rule]] = []
        for rule in _rules(near, rounds):
            found = priced(quick, chain_of(quick, rule, TRUTHS), aim)
            if found is not None:
                tried.append((found.cost, rule))
        if not tried:
            break
        tried.sort(key=lambda each: each[0])
        full = priced(ray, chain_of(ray, tried[0][1], JUDGED), wanted)
        if full is not None and full.cost < best.cost * (1 - WORTH):
            best = full
        # more rounds begin smaller: look at and below the best first purchase so far
        at = firsts.index(tried[0][1].first)
        near = firsts[max(0, at - 2) : at + 1]
    return best


def _firsts(ray: Ray) -> list[int]:
    """States worth a first purchase: spread from the smallest up to the plan."""
    last = ray.plan - 1
    return sorted({int(i) for i in np.round(np.linspace(1, last, FIRST))}) if last >= 1 else []


def _rules(firsts: list[int], rounds: int) -> Iterable[Rule]:
    """Rules of so many rounds, the middle ones at one level."""
    middles = [(q,) * (rounds - 2) for q in LEVELS] if rounds > 2 else [()]
    return (Rule(first, levels) for first, levels in itertools.product(firsts, middles))
