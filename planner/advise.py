"""Which pilot to run next, and what it is worth: preposterior analysis over the law's draws.

For each candidate pilot a truth is drawn, its measurement imagined, the other draws reweighted,
and the best purchase chosen anew from a short list (choices.py): legal, within what the pilot
leaves of budget and weeks, its examples kept and not paid for twice. As in policy.py, choosing
minimises cost + price of missing x P(missed), at the least price [currency] at which the target is
met as often as by the plan. Worth is what the chance so reached would cost without the pilot less
what it costs after it. Without it a chance costs what the lower convex hull of cost against chance
says, since a rule may choose by lot: a pilot that shows nothing does no more, and is worth nothing.

Where no purchase is as sure as wanted, the plan is the surest one, and a pilot may cost SLIP of its
chance, as it takes money or weeks; where even the plan is hopeless, a pilot lowers no cost that
anybody should pay, and worth is unknown.

Candidates are screened first by a criterion of c-optimality (Elfving 1952): the share of the
variance of the log cost of the target that a linear look at the measurement would explain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.choices import ROUNDING, Choices, choices
from planner.errors import Fault, InputError
from planner.fitted import FittedLaw
from planner.inputs import Inputs
from planner.laws import Array
from planner.plan import Plan, Target
from planner.preposterior import LEAST_EFFECTIVE, MOST_SHARE, Sight, scores, sight, stratified
from planner.study import Study
from planner.trials import FIRST_ROUND, Pilot, trials

SCREENED = 12  # candidates whose worth is computed
TRUTHS = 500
SURE = 1.0  # standard errors by which a pilot's gain must lie above 0 to be advised, and
LEAST_GAIN = 0.01  # of what the plan costs: less is within what so few draws can tell
HOPELESS = 0.2  # chance of the target up to which an idea does not scale (diagnose.NO)
SLIP = 0.02  # of the chance that a pilot may cost where it is too small anyway


@dataclass(frozen=True)
class Advice:
    """Candidates, the best first; no pilot has worth and cost 0.

    best              the pilot to run, None where none is worth its cost, or none can be weighed
    cost, probability of the best purchase now, which is the plan: [currency], P(target met)
    reaches           whether that is as sure as wanted
    run_cost          [currency/run]; None if not given
    pilots            runs that the law rests on
    """

    candidates: tuple[Pilot, ...]
    best: Pilot | None
    cost: float
    probability: float
    reaches: bool
    run_cost: float | None
    pilots: int


@dataclass(frozen=True)
class Stand:
    """Where a decision stands before any pilot: law, target, what could be bought, and the number
    of the plan among it."""

    law: FittedLaw
    target: Target
    listed: Choices
    now: int

    @property
    def need(self) -> Array:
        """Cost (draws,) [currency] of the cheapest choice that meets the target; inf if none."""
        met = self.listed.met > 0
        return np.asarray(np.where(met, self.listed.cost, math.inf).min(axis=1))

    def still_to_pay(self, pilot: Pilot) -> Array:
        """Cost (choices,) [currency] of each choice after a pilot whose examples are kept; inf
        where rules, budget or weeks allow it no longer."""
        whole = self.listed.spent_with(pilot.orders)
        good = self.listed.open_after(pilot.orders, pilot.ready, self.target.weeks)
        runs = pilot.spent - pilot.data
        good &= whole + runs <= self.target.budget * (1 + 1e-9)
        good[0] = True  # nothing more is always open
        return np.asarray(np.where(good, whole - pilot.data, math.inf))

    def after(self, pilot: Pilot, measured: Array) -> np.ndarray:
        """The best choice (n,) once a weighed pilot has shown these log errors (n,)."""
        if pilot.price is None:
            raise ValueError("the pilot has not been weighed")
        seen = sight(self.law, pilot.row(self.law), pilot.repeats)
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
    now = listed.number(plan, law.sources)
    if now is None:  # a plan that the limits do not allow
        now = listed.cheapest(law.weights, min(plan.target.confidence, plan.probability))
    return Stand(law, plan.target, listed, now)


def candidates(study: Study) -> list[Pilot]:
    """The pilots that a study's project may run next, not weighed yet."""
    return trials(study.law, study.inputs, study.plan, study.path)


def advise(study: Study, *, truths: int = TRUTHS, seed: int = 0) -> Advice:
    """What each candidate pilot of a study's project is worth, by `truths` imagined truths.

    The same study and seed give the same advice. Raises InputError with candidate models.
    """
    of_one_model(study.inputs)
    inputs, law, stand = study.inputs, study.law, stand_of(study)
    screened = sorted(
        _screened(stand, candidates(study)),
        key=lambda pilot: (pilot.name != FIRST_ROUND, -pilot.explained),
    )
    weighed = [
        weigh(stand, pilot, truths=truths, seed=seed, reaches=study.plan.reaches)
        for pilot in screened[:SCREENED]
    ]
    weighed.sort(key=lambda p: (-p.keeps, -p.merit, -(p.settles or 0.0), p.spent))
    rest = sorted(screened[SCREENED:], key=lambda pilot: -pilot.explained)
    return Advice(
        candidates=(*weighed, *rest),
        best=next((pilot for pilot in weighed if advisable(pilot)), None),
        cost=float(stand.listed.cost[stand.now]),
        probability=float(law.weights @ stand.listed.met[:, stand.now]),
        reaches=study.plan.reaches,
        run_cost=inputs.run_cost,
        pilots=0 if inputs.pilots is None else len(inputs.pilots),
    )


def of_one_model(inputs: Inputs) -> None:
    """Raise InputError where a project has candidate models: what a pilot changes is which of them
    is chosen and how much of the data in hand it uses, and neither is weighed here."""
    if inputs.models:
        problem = "no advice on pilots with candidate models: they are weighed for one model only"
        step = "leave [models] and predictions out, with the pilots of one model alone"
        fault = Fault("models", ", ".join(each.name for each in inputs.models), problem, step)
        raise InputError(str(inputs.path), [fault])


def advisable(pilot: Pilot) -> bool:
    """Whether a pilot is worth more than what is known of its cost, surely enough, by draws enough,
    and keeps the chance of meeting the target."""
    if pilot.worth is None or pilot.effective is None or not pilot.keeps:
        return False
    return pilot.worth - pilot.margin > pilot.spent and pilot.effective >= pilot.enough


def _distinct(plans: Sequence[Plan]) -> list[Plan]:
    """Plans of different mixes: those whose shares differ by a tenth somewhere."""
    kept = list(plans[:1])
    for plan in plans[1:]:
        if plan.steps and all(_apart(plan.amounts, p.amounts) for p in kept if p.steps):
            kept.append(plan)
    return kept


def _apart(one: dict[str, float], other: dict[str, float]) -> bool:
    a, b = sum(one.values()), sum(other.values())
    return any(abs(one.get(n, 0) / a - other.get(n, 0) / b) > 0.1 for n in {*one, *other})


def _screened(stand: Stand, pilots: Sequence[Pilot]) -> list[Pilot]:
    """The candidates with what they explain of the log cost of the target, draw by draw; a draw
    that nothing brings to the target counts as twice the dearest choice."""
    law, most = stand.law, 2 * float(stand.listed.cost.max()) + 1e-9
    need = np.log(np.minimum(stand.need, most) + 1e-3 * most)
    need = need - law.weights @ need
    spread = float(law.weights @ need**2)
    kept = []
    for pilot in pilots:
        seen = sight(law, pilot.row(law), pilot.repeats)
        errors = seen.log_error[:, 0] - law.weights @ seen.log_error[:, 0]
        noisy = float(law.weights @ (errors**2 + seen.variance[:, 0]))
        common = float(law.weights @ (errors * need))
        explained = common**2 / (noisy * spread) if spread > 1e-18 and noisy > 0 else 0.0
        kept.append(replace(pilot, explained=explained))
    return kept


def weigh(
    stand: Stand, pilot: Pilot, *, truths: int = TRUTHS, seed: int = 0, reaches: bool = True
) -> Pilot:
    """The candidate with its worth and, where no plan reaches the target, how often it settles
    whether one does, by so many imagined truths."""
    law, listed, now = stand.law, stand.listed, stand.now
    seen = sight(law, pilot.row(law), pilot.repeats)
    count = min(truths, len(law.weights))
    order = np.argsort(stand.need, kind="stable")
    truth = stratified(order, law.weights, count)
    row = np.zeros(count, dtype=int)
    told = seen.log_likelihood(seen.measured(truth, row, scores(1, count, seed)[0]), row)
    told[np.arange(count), _next_to(order, truth)] += _shifted(law.weights, order, truth)
    chance, cost = seen.posterior(told, truth) @ listed.met, stand.still_to_pay(pilot)
    pilot = replace(
        pilot,
        effective=float(np.median(_effective(seen, told, truth))),
        enough=min(LEAST_EFFECTIVE, MOST_SHARE * len(law.weights)),
    )
    met, each = listed.met[truth], np.arange(count)
    wanted = float(met[:, now].mean())
    if not reaches:
        # what the pilot leaves no time or money for is not hopeless by what it showed
        sure = chance[:, np.isfinite(cost)].max(axis=1) >= stand.target.confidence - ROUNDING
        if wanted <= HOPELESS:
            return replace(pilot, settles=float(sure.mean()))
        settled = sure | (chance.max(axis=1) <= HOPELESS)
        pilot, wanted = replace(pilot, settles=float(settled.mean())), wanted - SLIP
    top = float(cost[np.isfinite(cost)].max())
    low, high = 1e-4 * top + 1e-9, 1e6 * top + 1e-9
    while high > 1.02 * low:
        price = math.sqrt(low * high)
        enough = met[each, listed.best(chance, price, cost)].mean() >= wanted - ROUNDING
        low, high = (low, price) if enough else (price, high)
    then = listed.best(chance, high, cost)
    reached = met[each, then]
    probability = float(reached.mean())
    without = blind(met, listed.cost, probability)
    gained = without.slope * (reached - without.met) - cost[then]
    error = float(gained.std(ddof=1) / math.sqrt(count)) if count > 1 else 0.0
    return replace(
        pilot,
        worth=without.cost - float(cost[then].mean()),
        error=error,
        margin=max(SURE * error, LEAST_GAIN * float(listed.cost[now])),
        price=high,
        probability=probability,
        keeps=probability >= wanted - ROUNDING,
        changes=float(np.mean(then != now)),
    )


def _next_to(order: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The draws (n,) that come after truths (n,) in this order, before the last."""
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order))
    return np.asarray(order[np.where(place[truth] + 1 < len(order), place[truth] + 1, -2)])


def _shifted(weights: Array, order: np.ndarray, truth: np.ndarray) -> Array:
    """By what the log weight (n,) of a truth's neighbour rises that takes over the truth's own.

    A truth is left out of its posterior; were nothing put in its place, what it needs would count
    for less, and where a pilot shows little, decisions would lean away from it.
    """
    beside = np.maximum(weights[_next_to(order, truth)], 1e-30)
    return np.asarray(np.log1p(weights[truth] / beside))


def _effective(seen: Sight, log_likelihood: Array, truth: np.ndarray) -> Array:
    """Effective draws (n,) (Kish) of posteriors that are not tempered, own truths left out."""
    logs = log_likelihood + np.log(np.maximum(seen.weights, 1e-30))
    if len(seen.weights) > 1:
        logs[np.arange(len(truth)), truth] = -np.inf
    weight = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weight.sum(axis=1) ** 2 / (weight**2).sum(axis=1))


@dataclass(frozen=True)
class Blind:
    """The cheapest rule without a pilot: one purchase, or one of two by lot.

    cost   [currency] expected
    met    (truths,) P(target met)
    slope  [currency] by which the cost rises with the chance there
    """

    cost: float
    met: Array
    slope: float


def blind(met: Array, cost: Array, wanted: float) -> Blind:
    """The cheapest rule without a pilot that meets the target in a share `wanted` of truths, or as
    often as any; met (truths, choices), cost (choices,) [currency]."""
    chance = met.mean(axis=0, dtype=float)
    hull: list[int] = []
    for k in np.lexsort((cost, chance)):
        # a choice that is no surer than one before, or dearer than one after, is on no lower hull
        while hull and cost[hull[-1]] >= cost[k]:
            hull.pop()
        if hull and chance[hull[-1]] >= chance[k]:
            continue
        while len(hull) > 1 and _bends(chance, cost, hull[-2], hull[-1], k):
            hull.pop()
        hull.append(int(k))
    after = next((i for i, k in enumerate(hull) if chance[k] >= wanted - ROUNDING), len(hull) - 1)
    high, low = hull[after], hull[max(after - 1, 0)]
    if high == low:
        return Blind(float(cost[high]), np.asarray(met[:, high], float), 0.0)
    part = float(np.clip((wanted - chance[low]) / (chance[high] - chance[low]), 0.0, 1.0))
    mixed = (1 - part) * met[:, low] + part * met[:, high]
    slope = float((cost[high] - cost[low]) / (chance[high] - chance[low]))
    return Blind(float((1 - part) * cost[low] + part * cost[high]), mixed, slope)


def _bends(chance: Array, cost: Array, a: int, b: int, c: int) -> bool:
    """Whether b lies on or above the line from a to c."""
    rise = (cost[c] - cost[a]) * (chance[b] - chance[a])
    return bool((cost[b] - cost[a]) * (chance[c] - chance[a]) >= rise)
