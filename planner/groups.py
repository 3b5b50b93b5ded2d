"""Several targets at once, overall and per group: the entry points of the library.

    law = fit_groups(pilots, splits=..., shares=...)   # one row a run and group
    law.predict({"clinic": 2000, "web": 5000})         # median, low, high of every group
    plan = cheapest_group_plan(sources, law, Targets(worst=0.25, gap=0.05))
    plan.amounts, plan.cost, plan.probability, plan.groups

`pilots` has a column `group`, a column of examples per source, and `error`. Without `splits` the
columns are the groups' own examples.
"""

from __future__ import annotations

from planner.group_bill import GroupPlan, Outcome
from planner.group_fit import fit_groups
from planner.group_law import GroupLaw
from planner.group_plan import cheapest_group_plan, least_level
from planner.targets import Targets

__all__ = [
    "GroupLaw",
    "GroupPlan",
    "Outcome",
    "Targets",
    "cheapest_group_plan",
    "fit_groups",
    "least_level",
]
