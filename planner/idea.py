"""An idea in full: verdict, stage now and as planned, pattern, supply, and what to measure."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from planner.diagnose import planned_size
from planner.fitted import FittedLaw, weighted_quantile
from planner.growth import GrowthLaw
from planner.laws import LARGEST_SIZE
from planner.patterns import Pattern, patterned
from planner.plan import Diagnosis, Path, Plan
from planner.stages import Stage, stage_at
from planner.verdict import Verdict, judge
from sources.base import Source

SEEDS = 3  # runs of a measurement that the diagnosis names


@dataclass(frozen=True)
class Supply:
    """What one source can bring.

    most      [example] within the weeks, with what is in hand; inf if nothing limits it
    per_week  [example/week] once under way; inf if not limited
    alone     [example] of this source alone that meet the target at the wanted confidence; inf if
              none do, None for text, which brings no labels
    weeks     [week] in which that could be there; None if never
    limit     what sets `most`, in words
    """

    name: str
    unit: str
    most: float
    per_week: float
    alone: float | None
    weeks: float | None
    limit: str


@dataclass(frozen=True)
class Measurement:
    """What to measure next: examples by source trained on, runs, and what it costs [currency]; None
    where that is not known. settles: P(afterwards the answer is clear) or, of an idea that does not
    scale, P(it turns out to), None if not weighed; runs_priced: whether the cost counts runs."""

    examples: dict[str, float]
    runs: int
    cost: float | None
    settles: float | None = None
    runs_priced: bool = False


@dataclass(frozen=True)
class Idea:
    """Verdict and evidence; `planned` is None where the plan is no larger than the pilots."""

    verdict: Verdict
    now: Stage
    planned: Stage | None
    pattern: Pattern
    supplies: tuple[Supply, ...]
    measurement: Measurement | None
    emergent_size: float | None


def idea_of(  # noqa: PLR0913
    law: FittedLaw,
    plan: Plan,
    sources: Sequence[Source],
    path: Path,
    growth: GrowthLaw | None = None,
    most_params: float | None = None,
    *,
    fresh: FittedLaw | None = None,
    noise: float = 0.0,
) -> Idea:
    """The idea of a project that has been planned for; fresh and noise as for `judge`."""
    target, size = plan.target, planned_size(law, plan)
    return Idea(
        verdict=judge(law, target, plan, sources, fresh=fresh, noise=noise),
        now=stage_at(law, law.anchor.size),
        planned=stage_at(law, size) if size > law.anchor.size else None,
        pattern=patterned(law, target, sources, growth, most_params),
        supplies=tuple(_supply(law, plan, source) for source in sources),
        measurement=_first_round(plan, path),
        emergent_size=_breakthrough(growth),
    )


def _supply(law: FittedLaw, plan: Plan, source: Source) -> Supply:
    limits, target = source.limits, plan.target
    alone = when = None
    if source.role == "labels":
        needs = law.needs(target.error, source.name)
        alone = float(weighted_quantile(needs[:, None], law.weights, target.confidence)[0])
        alone = float("inf") if alone >= LARGEST_SIZE else alone
        more = max(alone - source.in_hand, 0.0)
        if more <= limits.max_examples and limits.per_week > 0:
            when = limits.weeks(more) if more else 0.0
    return Supply(
        name=source.name,
        unit=source.unit,
        most=limits.available(target.weeks) + source.in_hand,
        per_week=limits.per_week,
        alone=alone,
        weeks=when,
        limit=limits.limit_name(target.weeks),
    )


def _first_round(plan: Plan, path: Path) -> Measurement | None:
    """The first round of a plan that reaches the target, where it has several."""
    if not plan.reaches or len(path.rounds) < 2:
        return None
    first = path.rounds[0]
    return Measurement({n: q for n, q in first.purchases.items() if q}, 1, first.cost)


def followed(
    idea: Idea,
    plan: Plan,
    sources: Sequence[Source],
    diagnosis: Diagnosis,
    contingency: float = 0.0,
) -> Idea:
    """The idea with the diagnosis's next measurement where the plan does not reach the target: what
    is to be bought for it costs as an order does, whole batches and contingency [1] included."""
    found = re.fullmatch(r"([\d,]+) examples of (.+)", diagnosis.checks[-1].answer)
    if plan.reaches or found is None:
        return idea
    count, name = float(found[1].replace(",", "")), found[2]
    source = next((each for each in sources if each.name == name), None)
    cost = None
    if source is not None:
        more, limits = max(count - source.in_hand, 0.0), source.limits
        order = max(math.ceil(more / limits.batch - 1e-9) * limits.batch, limits.smallest)
        cost = float(source.cost(order)) * (1 + contingency) if more else 0.0
    return replace(idea, measurement=Measurement({name: count}, SEEDS, cost))


def _breakthrough(growth: GrowthLaw | None) -> float | None:
    """Parameters at which an emergent ability breaks through, median [parameter]."""
    if growth is None:
        return None
    _, sizes = growth.breakthrough()
    return float(sorted(sizes)[len(sizes) // 2]) if len(sizes) else None
