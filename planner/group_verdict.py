"""The verdict on an idea with groups: can all their targets be met at once, with what is on offer.

The questions and rules are those of verdict.py, each answered by the share of the joint draws in
which every target of the groups holds at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from planner.group_bill import GroupPlan, interval
from planner.group_law import GroupLaw
from planner.laws import LARGEST_SIZE, Array
from planner.risk import risk_of
from planner.targets import Targets
from planner.verdict import LIMITS, NO, NOT, ROOM, SCALES, SPARE, UNTOLD, Verdict, given
from sources.base import Source

UNLIMITED = 1e9  # [effective example] stands for as much data as anyone has, or
BEYOND = 1e6  # times the largest pilot where that is more
EXACT = 1e-9  # by which a ratio to a target may pass 1 for rounding


@dataclass(frozen=True)
class GroupReach:
    """What one group could reach: P(its target is met) [1] with unlimited data of every group, with
    the best use of what the sources supply in time, and with the plan; None where it has no target.
    floor [error]: 5%, 50% and 95% of its error with unlimited data."""

    of: str
    ever: float | None
    supply: float | None
    plan: float | None
    floor: tuple[float, float, float]


@dataclass(frozen=True)
class GroupIdea:
    """The verdict for all targets together, and what each group could reach.

    most: source -> [example] that can be trained on in time, with what is in hand; inf if no limit
    """

    verdict: Verdict
    groups: tuple[GroupReach, ...]
    most: dict[str, float]


def group_idea(
    fresh: GroupLaw, plan: GroupPlan, sources: Sequence[Source], noise: float = 0.0
) -> GroupIdea:
    """The verdict on the targets that a plan was made for.

    fresh: draws that the plan was not made for; noise: standard error of its chance on them [1].
    """
    law, targets = fresh, plan.targets
    assert targets is not None
    most = {s.name: s.limits.available(targets.weeks) + s.in_hand for s in sources}
    caps = np.array([min(most.get(name, 0.0), _unlimited(law)) for name in law.sources])
    floors = _floors(law)
    supplied = law.errors(np.concatenate([_mixes(caps), plan.totals(law.sources)[None]]))
    met = _all_met(law, targets, supplied)
    ever = met.any(axis=1) | _all_met(law, targets, _brought_up(floors, targets))
    third = _all_met(law, targets, law.errors(_mixes(caps / ROOM))).any(axis=1)
    chances = {"model": ever, "supply": met.any(axis=1), "planned": met[:, -1], "room": third}
    verdict = _verdict(plan, noise, **{name: _share(law, each) for name, each in chances.items()})
    return GroupIdea(verdict, _reaches(law, plan, targets, floors, supplied), most)


def _verdict(
    plan: GroupPlan, noise: float, *, model: float, supply: float, planned: float, room: float
) -> Verdict:
    """As verdict.judge, from chances that all targets hold at once."""
    target = plan.target
    kept = risk_of(replace(plan, probability=planned)).met
    spare = target.budget / plan.cost if plan.cost > 0 else math.inf
    if plan.reaches and kept + 2 * noise >= target.confidence - EXACT:
        lacking = ["room"] if room < target.confidence else []
        lacking += ["spare"] if spare < SPARE else []
        answer = LIMITS if lacking else SCALES
    else:
        steps = {
            "model": model,
            "supply": given(supply, model),
            "limits": given(planned, supply),
            "ranges": given(kept, planned),
        }
        known = {name: chance for name, chance in steps.items() if chance is not None}
        lacking = [name for name, chance in known.items() if chance < target.confidence]
        lacking = lacking or [min(known, key=lambda name: known[name])]
        answer = NOT if kept <= NO else UNTOLD
    return Verdict(
        answer=answer,
        model=model,
        supply=supply,
        feasible=kept,
        planned=planned,
        room=room,
        spare=spare,
        need=None,
        available=None,
        confidence=target.confidence,
        lacking=tuple(lacking),
        binding=plan.binding,
    )


def _reaches(
    law: GroupLaw, plan: GroupPlan, targets: Targets, floors: Array, supplied: Array
) -> tuple[GroupReach, ...]:
    limits = targets.limits(law.groups)
    supplied, planned = supplied.min(axis=1), supplied[:, -1]
    found = []
    for g, each in enumerate(plan.groups):
        asked = each.probability is not None
        best = np.minimum(floors[:, g], supplied[:, g])
        found.append(
            GroupReach(
                of=each.of,
                ever=_share(law, best <= limits[g]) if asked else None,
                supply=_share(law, supplied[:, g] <= limits[g]) if asked else None,
                plan=_share(law, planned[:, g] <= limits[g]) if asked else None,
                floor=interval(law, floors[:, g]),
            )
        )
    return tuple(found)


def _unlimited(law: GroupLaw) -> float:
    return min(max(UNLIMITED, BEYOND * law.all), LARGEST_SIZE)


def _floors(law: GroupLaw) -> Array:
    """Error (draws, groups) of each group with unlimited unbiased data of all groups."""
    count, many, size = len(law.weights), len(law.groups), _unlimited(law)
    errors = law.of_sizes(np.full((count, 1, many), size), np.full((count, 1), size))[:, 0]
    return errors if law.worst is None else np.minimum(errors, law.worst)


def _brought_up(floors: Array, targets: Targets) -> Array:
    """Errors with unlimited data that keep a gap: less of it for the groups that are far ahead."""
    if targets.gap is None:
        return floors
    return np.maximum(floors, floors.max(axis=-1, keepdims=True) - targets.gap)


def _mixes(most: Array) -> Array:
    """All of everything, all but one source, and each alone: rows (mixes, sources) [example].

    More is not always best: biased sources bring an error of their own, and a gap may be closed by
    data of the group behind alone.
    """
    alone = np.diag(most)
    return np.unique(np.concatenate([most[None], alone, most - alone]), axis=0)


def _all_met(law: GroupLaw, targets: Targets, errors: Array) -> np.ndarray:
    """Whether all targets hold (...,) at errors (..., groups)."""
    return np.asarray(targets.level(law.groups, errors, law.shares) <= 1 + EXACT)


def _share(law: GroupLaw, which: Any) -> float:
    return float(np.round(law.weights @ which, 12))
