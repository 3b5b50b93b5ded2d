"""Which pilot to run next, and what it is worth: preposterior analysis over the law's draws.

For each candidate pilot a truth is drawn, its measurement imagined, the other draws reweighted,
and the best purchase chosen anew from a short list (choices.py), so that the target is met as often
as by the best purchase now. Worth is the cost that this saves on average; the pilot's examples stay
and are not paid for twice. As in policy.py, choosing minimises cost + price of missing x P(missed),
at the least price [currency] that keeps the chance: what then looks hopeless is not bought.

Candidates are screened first by a criterion of c-optimality (Elfving 1952): the share of the
variance of the log cost of the target that a linear look at the measurement would explain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.choices import ROUNDING, Choices, choices
from planner.fitted import FittedLaw
from planner.laws import Array
from planner.pilots import Pilots
from planner.plan import Plan
from planner.preposterior import LEAST_EFFECTIVE, scores, sight, stratified
from planner.study import Study
from sources.base import Source

TIMES = (1.0, 2.0, 4.0, 8.0)  # sizes of a candidate, against the largest pilot of its source
REPEATS = (1, 3)
SCREENED = 12  # candidates whose worth is computed
TRUTHS = 500
SURE = 1.0  # standard errors that the gain of a pilot must lie above 0 to be advised


@dataclass(frozen=True)
class Pilot:
    """A candidate: train on `examples` [example] of one source `repeats` times, and measure.

    bought       [example] of these, not owned yet
    cost         [currency] of what is bought, contingency and fees included, and of runs
    worth        [currency] by which the cost of what is bought then falls at the same chance,
                 expected; None where screened out
    error        [currency] standard error of the worth, with that of the chance at its price
    price        [currency] of missing at which the chance is the same
    probability  P(target met) after it, expected
    changes      P(another purchase is chosen than now)
    explained    [ratio] of the variance of the log cost of the target
    effective    draws that decisions rest on, median
    """

    source: str
    examples: float
    bought: float
    repeats: int
    cost: float
    explained: float
    worth: float | None = None
    error: float | None = None
    price: float | None = None
    probability: float | None = None
    changes: float | None = None
    effective: float | None = None

    @property
    def gain(self) -> float | None:
        """Worth less cost [currency]."""
        return None if self.worth is None else self.worth - self.cost


@dataclass(frozen=True)
class Advice:
    """Candidates, the largest gain first; no pilot has worth and cost 0.

    best              the pilot to run, None where none is worth its cost
    cost, probability of the best purchase now: [currency], P(target met)
    run_cost          [currency/run]; None if not given, and then 0 is counted
    """

    candidates: tuple[Pilot, ...]
    best: Pilot | None
    cost: float
    probability: float
    run_cost: float | None


@dataclass(frozen=True)
class Stand:
    """Where a decision stands before any pilot: law, what could be bought, and the number of the
    best choice now."""

    law: FittedLaw
    listed: Choices
    now: int

    @property
    def need(self) -> Array:
        """Cost (draws,) [currency] of the cheapest choice that meets the target; inf if none."""
        met = self.listed.met > 0
        return np.asarray(np.where(met, self.listed.cost, math.inf).min(axis=1))

    def still_to_pay(self, pilot: Pilot) -> Array:
        """Cost (choices,) [currency] of each choice after a pilot whose examples are kept."""
        named = {source.name: source for source in self.listed.sources}
        source = named[pilot.source]
        data = float(self.listed.price(source, np.array(pilot.bought)))
        return self.listed.spent_with(source, pilot.bought) - data

    def after(self, pilot: Pilot, measured: Array) -> np.ndarray:
        """The best choice (n,) once a weighed pilot has shown these log errors (n,)."""
        if pilot.price is None:
            raise ValueError("the pilot has not been weighed")
        seen = sight(self.law, _alone(self.law, pilot), pilot.repeats)
        row = np.zeros(len(measured), dtype=int)
        chance = seen.posterior(seen.log_likelihood(measured, row)) @ self.listed.met
        return self.listed.best(chance, pilot.price, self.still_to_pay(pilot))


def stand_of(study: Study) -> Stand:
    """The decision of a study's project as it stands."""
    inputs, law, plan = study.inputs, study.law, study.plan
    plans = [plan, *(p.plan for p in study.frontier if p.plan is not None)]
    if study.best_guess is not None:
        plans.append(study.best_guess)
    listed = choices(
        law, inputs.sources, _distinct(plans), plan.target, plan.used_in_hand, inputs.contingency
    )
    wanted = min(inputs.target.confidence, plan.probability)
    return Stand(law, listed, listed.cheapest(law.weights, wanted))


def advise(study: Study, *, truths: int = TRUTHS, seed: int = 0) -> Advice:
    """What each candidate pilot of a study's project is worth, by `truths` imagined truths.

    The same study and seed give the same advice.
    """
    inputs, law, stand = study.inputs, study.law, stand_of(study)
    found = candidates(law, inputs.sources, inputs.pilots, stand.listed, inputs.run_cost or 0.0)
    found = [pilot for pilot in found if pilot.cost <= inputs.target.budget]
    screened = sorted(_screened(stand, found), key=lambda pilot: -pilot.explained)
    weighed = [weigh(stand, pilot, truths=truths, seed=seed) for pilot in screened[:SCREENED]]
    ranked = sorted(weighed, key=lambda pilot: -(pilot.gain or 0.0)) + screened[SCREENED:]
    return Advice(
        candidates=tuple(ranked),
        best=next((pilot for pilot in ranked if advisable(pilot)), None),
        cost=float(stand.listed.cost[stand.now]),
        probability=float(law.weights @ stand.listed.met[:, stand.now]),
        run_cost=inputs.run_cost,
    )


def advisable(pilot: Pilot) -> bool:
    """Whether a pilot is worth more than it costs, surely enough, by draws enough."""
    if pilot.worth is None or pilot.error is None or pilot.effective is None:
        return False
    return pilot.worth - SURE * pilot.error > pilot.cost and pilot.effective >= LEAST_EFFECTIVE


def _distinct(plans: Sequence[Plan]) -> list[Plan]:
    """Plans of different mixes: those whose shares differ by a tenth somewhere."""
    kept: list[Plan] = []
    for plan in plans:
        if plan.steps and all(_apart(plan.amounts, other.amounts) for other in kept):
            kept.append(plan)
    return kept


def _apart(one: dict[str, float], other: dict[str, float]) -> bool:
    a, b = sum(one.values()), sum(other.values())
    return any(abs(one.get(n, 0) / a - other.get(n, 0) / b) > 0.1 for n in {*one, *other})


def candidates(
    law: FittedLaw,
    sources: Sequence[Source],
    pilots: Pilots | None,
    listed: Choices,
    run_cost: float,
) -> list[Pilot]:
    """Pilots of every labelled source alone, in multiples of its largest pilot (of the largest of
    any source where it has none), as far as they can be had; explained is still 0."""
    found = []
    largest = law.anchor.size
    for source in sources:
        if source.role != "labels":
            continue
        tried = 0.0
        if pilots is not None and len(pilots) and source.name in pilots.sources:
            tried = float(pilots.amounts[:, pilots.sources.index(source.name)].max())
        owned = max(source.in_hand, tried)
        limits = source.limits
        sizes = set[float]()
        for times in TIMES:
            wanted = times * (tried or largest)
            more = max(wanted - owned, 0.0)
            if more > 0:  # a legal order, as far as there is one
                more = max(math.ceil(more / limits.batch - 1e-9) * limits.batch, limits.smallest)
            if more <= limits.available():
                sizes.add(max(owned, wanted) if more == 0 else owned + more)
        for size in sorted(sizes):
            data = float(listed.price(source, np.array(size - owned)))
            found += [
                Pilot(source.name, size, size - owned, repeats, data + repeats * run_cost, 0.0)
                for repeats in REPEATS
            ]
    return found


def _screened(stand: Stand, pilots: Sequence[Pilot]) -> list[Pilot]:
    """The candidates with what they explain of the log cost of the target, draw by draw; a draw
    that nothing brings to the target counts as twice the dearest choice."""
    law, most = stand.law, 2 * float(stand.listed.cost.max()) + 1e-9
    need = np.log(np.minimum(stand.need, most) + 1e-3 * most)
    need = need - law.weights @ need
    spread = float(law.weights @ need**2)
    kept = []
    for pilot in pilots:
        seen = sight(law, _alone(law, pilot), pilot.repeats)
        errors = seen.log_error[:, 0] - law.weights @ seen.log_error[:, 0]
        noisy = float(law.weights @ (errors**2 + seen.variance[:, 0]))
        common = float(law.weights @ (errors * need))
        explained = common**2 / (noisy * spread) if spread > 1e-18 and noisy > 0 else 0.0
        kept.append(replace(pilot, explained=explained))
    return kept


def _alone(law: FittedLaw, pilot: Pilot) -> Array:
    row = np.zeros((1, len(law.sources)))
    row[0, law.sources.index(pilot.source)] = pilot.examples
    return row


def weigh(stand: Stand, pilot: Pilot, *, truths: int = TRUTHS, seed: int = 0) -> Pilot:
    """The candidate with its worth, by so many imagined truths."""
    law, listed, now = stand.law, stand.listed, stand.now
    seen = sight(law, _alone(law, pilot), pilot.repeats)
    count = min(truths, len(law.weights))
    truth = stratified(np.argsort(stand.need, kind="stable"), law.weights, count)
    row = np.zeros(count, dtype=int)
    measured = seen.measured(truth, row, scores(1, count, seed)[0])
    posterior = seen.posterior(seen.log_likelihood(measured, row), truth)
    chance, cost, met = posterior @ listed.met, stand.still_to_pay(pilot), listed.met[truth]
    each, wanted = np.arange(count), float(met[:, now].mean())
    low, high = 1e-4 * float(cost.max()) + 1e-9, 1e6 * float(cost.max()) + 1e-9
    while high > 1.02 * low:
        price = math.sqrt(low * high)
        enough = met[each, listed.best(chance, price, cost)].mean() >= wanted - ROUNDING
        low, high = (low, price) if enough else (price, high)
    then = listed.best(chance, high, cost)
    saved = listed.cost[now] - cost[then]
    gained = saved + high * (met[each, then] - met[:, now])
    return replace(
        pilot,
        worth=float(saved.mean()),
        error=float(gained.std(ddof=1) / math.sqrt(count)) if count > 1 else 0.0,
        price=high,
        probability=float(met[each, then].mean()),
        changes=float(np.mean(then != now)),
        effective=float(np.median(1.0 / np.einsum("ij,ij->i", posterior, posterior))),
    )
