"""A plan for all targets of groups that keeps budget and weeks too, at the wanted confidence.

`cheapest_group_plan` takes prices and speeds at their base values. Where these lie in ranges, and
targets, budget and weeks together fall short of the confidence, it is asked again: for surer
targets, and for sources that are slow and dear. The cheapest of the plans that keep all is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from planner.group_bill import GroupPlan
from planner.group_law import GroupLaw
from planner.group_plan import cheapest_group_plan, plan_of
from planner.risk import risk_of
from planner.secure import pessimistic
from planner.targets import Targets
from sources.base import Source

LEVELS = (0.5, 0.75, 0.9, 0.97)  # quantiles of slowness and of prices that are planned for
MOST = 0.99  # confidence that is planned for
TRIES = 3  # confidences at each of these
Chance = Callable[[GroupPlan], float]  # P(all targets met) that counts [1]


@dataclass(frozen=True)
class Offer:
    """What plans for groups are made from: sources, their law, contingency [ratio] and the chance
    of a plan that counts."""

    sources: Sequence[Source]
    law: GroupLaw
    contingency: float
    chance: Chance

    def cheapest(
        self, targets: Targets, warm: Sequence[Mapping[str, float]] = (), *, quick: bool = False
    ) -> GroupPlan:
        """The cheapest plan found that keeps targets, budget and weeks at their confidence.

        Where none keeps all three, it is the one for the targets alone, with its `reaches`. Its
        bound is that of the problem with base prices and speeds. warm: amounts bought [example] to
        start from. quick: without plans for slow and dear sources. Raises InputError.
        """
        starts = [dict(each) for each in warm]
        first = cheapest_group_plan(
            self.sources, self.law, targets, contingency=self.contingency, warm=starts
        )
        if not first.reaches or self.kept(first):
            return first
        kept = []
        for level in LEVELS[:1] if quick else LEVELS:
            made = self._surer(targets, level, [*starts, first.amounts])
            if made is not None:
                kept.append(made)
        best = min(kept, key=lambda plan: plan.cost, default=first)
        return replace(best, bound=first.bound)

    def met(self, plan: GroupPlan) -> float:
        """P(targets, budget and weeks are all kept) [1]."""
        return risk_of(replace(plan, probability=self.chance(plan))).met

    def kept(self, plan: GroupPlan) -> bool:
        """Whether that is at least the wanted confidence."""
        return plan.reaches and self.met(plan) >= plan.target.confidence - 1e-9

    def _surer(
        self, targets: Targets, level: float, warm: list[dict[str, float]]
    ) -> GroupPlan | None:
        """The cheapest plan at the `level` quantile of prices and speeds that keeps all at the
        confidence of `targets`; None where none was found."""
        wanted = asked = targets.confidence
        offered, money = self.sources, self.contingency
        if level > LEVELS[0]:
            # high prices take the place of the reserve for them
            offered = [pessimistic(each, level, targets.target) for each in self.sources]
            money = 0.0 if math.isfinite(targets.budget) else money
        for _ in range(TRIES):
            aim = replace(targets, confidence=asked)
            made = cheapest_group_plan(offered, self.law, aim, contingency=money, warm=warm)
            if not made.reaches:
                return None
            plan = plan_of(self.sources, self.law, targets, made, contingency=self.contingency)
            if plan.cost > targets.budget * (1 + 1e-12):
                if money == self.contingency:
                    return None
                money = self.contingency
                continue
            chance = self.chance(plan)
            if self.kept(plan):
                return plan
            limits = self.met(plan) / chance if chance > 0 else 0.0
            short = max(wanted / limits - chance, 0.0) if limits > 0 else 1.0
            if asked >= MOST or wanted / max(limits, 1e-12) > MOST:
                return None
            asked = min(MOST, max(asked, plan.probability) + short)
        return None
