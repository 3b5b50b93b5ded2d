"""Pilots of groups, pooled, with the scales and priors that their model starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from planner.group_law import ONE
from planner.group_model import Model
from planner.laws import Array
from planner.measured import Measured, pool
from planner.pilots import Pilots
from planner.prior import LEAST_SD, Beliefs, SourceBelief, curve_prior

# Misfit beyond the pilots against that of several sources, whose sizes are themselves inferred.
# One of two values tried on digits, diamonds and computers of tests/benchmarks/test_groups.py: 90%
# intervals then held .95 of 240 errors of mixes not fitted. Held out: 1.00 of 180 (movies and
# baseball: too wide), .60 of 80 (mnist, whose groups are labels: see the README).
SPEED = 0.75


def model_of(
    table: Pilots,
    sources: tuple[str, ...],
    groups: tuple[str, ...],
    splits: Mapping[str, Mapping[str, float]],
    known: Beliefs,
    *,
    exact: bool,
) -> Model:
    """Pools the pilots of each group and sets the scales. exact: an example counts the same
    whatever its source."""
    names = np.array(table.group, dtype=object)
    measured = tuple(pool(table.only(names == group), len(sources)) for group in groups)
    share = np.array([[splits[s].get(g, 0.0) for g in groups] for s in sources])
    every = np.vstack([m.amounts for m in measured])
    largest = every.max(axis=0)
    sure = SourceBelief(SourceBelief.quality.__class__(0.0, LEAST_SD, LEAST_SD), excess=None)
    beliefs = tuple(sure if exact else known.sources.get(s, SourceBelief()) for s in sources)
    reference = _reference(sources, known, largest, beliefs)
    own = beliefs[reference].quality
    kinds = tuple(
        (k != reference and not _certain(b), b.excess is None) for k, b in enumerate(beliefs)
    )
    worth = np.exp([b.quality.mean - own.mean for b in beliefs])
    mine = np.maximum((every * worth) @ share, ONE).max(axis=0)
    total = max(float(((every * worth).sum(axis=1)).max()), ONE)
    nominal = tuple((m.amounts * worth).sum(axis=1) for m in measured)
    gaps = []
    for g, each in enumerate(measured):
        held = np.maximum((each.amounts * worth) @ share[:, g], ONE)
        apart = np.log(mine[g] / held) + np.log(total / np.maximum(nominal[g], ONE))
        gaps.append(np.maximum(apart / 2, 0.0))
    worst = known.worst_error
    level = np.exp([m.log_error[int(np.argmax(n))] for m, n in zip(measured, nominal, strict=True)])
    if worst is not None:
        level = np.minimum(level, worst * (1 - 1e-3))
    sizes = max(len(np.unique(np.round(np.log(each), 1))) for each in nominal)
    curve = known.curve
    if curve is None:
        family = known.task_family or _family(measured)
        curve = curve_prior(family, sizes, several=True, known=worst is not None)
        trust = tuple(replace(each, speed=SPEED * each.speed) for each in curve.trust)
        curve = replace(curve, trust=trust)
    return Model(
        sources,
        groups,
        share,
        measured,
        beliefs,
        kinds,
        reference,
        np.where(largest > 0, largest, total),
        mine,
        total,
        nominal,
        tuple(gaps),
        level,
        curve,
        worst,
    )


def _certain(belief: SourceBelief) -> bool:
    """Whether an example's worth is known and free of bias."""
    return belief.excess is None and max(belief.quality.down, belief.quality.up) <= 2 * LEAST_SD


def _family(measured: tuple[Measured, ...]) -> str:
    loss = any((each.log_error > 0).any() for each in measured)
    return "generation" if loss else "classification"


def _reference(
    sources: tuple[str, ...], known: Beliefs, largest: Array, beliefs: tuple[SourceBelief, ...]
) -> int:
    """Column of the reference: as believed, else the best of those with the largest pilots."""
    if known.reference in sources:
        return sources.index(known.reference)
    return max(range(len(sources)), key=lambda k: (largest[k], beliefs[k].quality.mean, -k))
