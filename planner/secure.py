"""A plan that keeps target, budget and weeks together at the wanted confidence.

`cheapest_plan` takes prices and speeds at their base values. Here they lie in ranges: since these
are independent of the law, a plan keeps all three with the product of the chances. Where that falls
short of the wanted confidence, many purchases are taken as a start: what is cheapest where speeds
are slow, prices high, a risky source left out or the target reached more surely, and each source
alone. Each is mended until all is kept, and the best are made cheaper on the true joint chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.bill import describe
from planner.fitted import FittedLaw
from planner.laws import Array
from planner.market import Amounts, in_hand, market_of
from planner.odds import Odds, cheapened, repaired
from planner.optimise import cheapest_plan, rough_plan
from planner.plan import Plan, Target
from planner.risk import Risk, between, risk_of, slower
from sources.base import CostLine, Source

LEVELS = (0.7, 0.9)  # quantiles of slowness, and of prices, that purchases are made for
SURER = 0.5  # of the way from the wanted confidence to certainty
LEFT_OUT = 4  # risky sources that are left out, one at a time
POLISHED = 2  # starts that are made cheaper
QUICK = 0.1  # of that work, for a point of the frontier

TIGHT = 0.2  # of -log P(all kept), which each limit and the target add to


@dataclass(frozen=True)
class Secured:
    """A plan, its chances, and the confidences [1] that it was made for: in the target alone, which
    it has at least, and `asked` in target, budget and weeks together.

    Where no plan was found that keeps all three often enough, the plan is the one made for the
    wanted confidence in the target alone.
    """

    plan: Plan
    risk: Risk
    confidence: float
    asked: float

    @property
    def holds(self) -> bool:
        """Whether target, budget and weeks are kept together at the wanted confidence."""
        return self.plan.reaches and self.risk.met >= self.plan.target.confidence - 1e-9


def secure_plan(
    sources: Sequence[Source],
    law: FittedLaw,
    target: Target,
    *,
    contingency: float = 0.0,
    warm: Sequence[Plan] = (),
    quick: bool = False,
) -> Secured:
    """The cheapest plan found that keeps target, budget and weeks at target.confidence.

    Its bound is that of the problem with base prices and speeds, which no surer plan undercuts.
    warm: plans worth a look. quick: without the bound, from the cheapest plan and `warm` alone.
    Raises InputError as `cheapest_plan` does.
    """
    first = cheapest_plan(sources, law, target, contingency=contingency, prove=not quick)
    wanted = target.confidence
    found = Secured(first, risk_of(first), wanted, wanted)
    if found.holds or not first.reaches:
        return found
    market = market_of(sources, law, contingency)
    names = law.sources
    tried: list[tuple[float, Odds, Array]] = []
    starts = () if quick else _starts(sources, law, first, contingency)
    for plan in (first, *warm, *starts):
        bought = np.array([plan.amounts.get(name, 0.0) for name in names])
        odds = Odds(market, target, plan.totals(names) - bought)
        _try(odds, bought, tried)
    odds = Odds(market, target, in_hand(market))
    _try(odds, np.zeros(len(names)), tried)
    tried.sort(key=lambda each: each[0])
    plans = []
    for _, odds, bought in tried[:POLISHED]:
        better = cheapened(odds, bought)
        for amounts in (better, bought):
            plan = describe(market, target, Amounts(amounts, odds.used), None)
            plans.append(Secured(plan, risk_of(plan), wanted, wanted))
    held = [each for each in plans if each.holds]
    if not held:
        return found
    best = min(held, key=lambda each: each.plan.cost)
    plan = replace(best.plan, bound=first.bound, binding=(*best.plan.binding, *_tight(best.risk)))
    return Secured(plan, best.risk, plan.probability, wanted)


def _tight(risk: Risk) -> list[str]:
    """Limits that a plan made to keep them in their ranges runs into: those that at least TIGHT of
    what may go wrong with it goes by."""
    tight = (
        (risk.on_budget, "budget, prices in their ranges"),
        (risk.on_time, "weeks, speeds in their ranges"),
    )
    wrong = -math.log(max(risk.met, 1e-12))
    return [name for chance, name in tight if -math.log(max(chance, 1e-12)) > TIGHT * wrong]


def secured_points(  # noqa: PLR0913
    sources: Sequence[Source],
    law: FittedLaw,
    target: Target,
    plans: Sequence[Plan | None],
    errors: Sequence[float],
    own: Plan,
    *,
    contingency: float = 0.0,
) -> list[Plan | None]:
    """Plans that keep each of `errors`, falling, with budget and weeks at target.confidence.

    plans: the cheapest for each at base prices and speeds, taken as starts beside the plan for the
    error before and the project's `own`. None from the first error on that none was found for.
    """
    market, names = market_of(sources, law, contingency), law.sources
    found: list[Plan | None] = []
    for error, plan in zip(errors, plans, strict=True):
        aim = replace(target, error=error)
        before = found[-1] if found else None
        if plan is None or (found and before is None):
            found.append(None)
            continue
        if risk_of(replace(plan, target=aim)).met >= target.confidence:
            found.append(plan)
            continue
        tried: list[tuple[float, Odds, Array]] = []
        for start in filter(None, (before or own, plan)):
            bought = np.array([start.amounts.get(name, 0.0) for name in names])
            odds = Odds(market, aim, start.totals(names) - bought)
            _try(odds, bought, tried, climb=False)
        best: Plan | None = None
        for _, odds, bought in sorted(tried, key=lambda each: each[0])[:1]:
            for amounts in (cheapened(odds, bought, QUICK), bought):
                made = describe(market, aim, Amounts(amounts, odds.used), None)
                if risk_of(made).met >= target.confidence - 1e-9 and (
                    best is None or made.cost < best.cost
                ):
                    best = made
        found.append(best)
    for at in range(len(found) - 2, -1, -1):  # what keeps a harder target keeps an easier one
        harder, mine = found[at + 1], found[at]
        if harder is not None and mine is not None and harder.cost < mine.cost:
            bought = np.array([harder.amounts.get(name, 0.0) for name in names])
            given = Amounts(bought, harder.totals(names) - bought)
            found[at] = describe(market, replace(target, error=errors[at]), given, None)
    return found


def _try(
    odds: Odds, bought: Array, tried: list[tuple[float, Odds, Array]], *, climb: bool = True
) -> None:
    """Add the purchases as they are where they keep all, and as mended."""
    if odds.met(bought[None])[0] >= odds.target.confidence:
        mended: Array | None = bought
    else:
        mended = repaired(odds, bought, climb=climb)
    if mended is not None:
        cost = float(odds.cost(mended[None])[0])
        if not any(math.isclose(cost, other, rel_tol=1e-9) for other, _, _ in tried):
            tried.append((cost, odds, mended))


def _starts(
    sources: Sequence[Source], law: FittedLaw, first: Plan, contingency: float
) -> Iterator[Plan]:
    """Plans that some pessimism makes: none needs to be kept surely enough as it is. first: the
    cheapest without any."""
    target = first.target

    def solve(offered: Sequence[Source], confidence: float) -> Iterator[Plan]:
        aim = replace(target, confidence=confidence)
        plan = rough_plan(offered, law, aim, contingency=contingency)
        if plan is not None:
            yield plan

    wanted = target.confidence
    surer = wanted + SURER * (1 - wanted)
    for level in LEVELS:
        offered = [pessimistic(source, level, target) for source in sources]
        yield from solve(offered, wanted)
        yield from solve(offered, surer)
    # without a source that it does not buy the first plan would be the same
    risky = [s for s in sources if s.name in first.amounts and _risk_of_source(s, target)]
    for source in sorted(risky, key=lambda s: -_risk_of_source(s, target))[:LEFT_OUT]:
        rest = [other for other in sources if other is not source]
        if source.in_hand == 0 and rest:
            yield from solve(rest, wanted)


def pessimistic(source: Source, level: float, target: Target) -> Source:
    """A source as slow, where weeks are limited, and as dear, where the budget is, as its worst
    `level` quantile [1]."""
    if math.isfinite(target.weeks):
        source = replace(source, limits=slower(source.limits, level))
    if math.isfinite(target.budget):
        source = replace(source, lines=tuple(_dearer(line, level) for line in source.lines))
    return source


def _dearer(line: CostLine, level: float) -> CostLine:
    from scipy.special import ndtri

    factor = float(between(np.array(float(ndtri(level))), line.low, line.high))
    tiers = tuple(replace(tier, unit_price=tier.unit_price * factor) for tier in line.tiers)
    return replace(
        line,
        fixed=line.fixed * factor,
        unit_price=line.unit_price * factor,
        tiers=tiers,
        low=1.0,
        high=1.0,
    )


def _risk_of_source(source: Source, target: Target) -> float:
    """How far [log ratio] a source's limited ranges go to the bad side."""
    limits, far = source.limits, 0.0
    if math.isfinite(target.weeks) and math.isfinite(limits.per_week):
        far += -math.log(max(limits.speed_range[0], 1e-3)) + math.log(limits.lead_range[1])
    if math.isfinite(target.budget):
        far += max((math.log(line.high) for line in source.lines), default=0.0)
    return far
