"""Pilots measured by group -> GroupLaw: joint draws of the laws of all groups.

Every group has a law of its own; exponents, floors and own shares are drawn towards what they have
in common (half of their prior variance is shared), and the worth of a source is one for all groups.
Given what is shared the groups are independent, so the draws are moved group by group (Metropolis
within Gibbs), from Laplace's approximation on. Noise, misfit and trust are those of fit.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import Fault, InputError
from planner.fitted import weighted_quantile
from planner.group_cautions import cautions
from planner.group_law import GroupFit, GroupLaw
from planner.group_model import Model
from planner.group_pooled import model_of
from planner.inference import mode
from planner.laws import EXPONENT, Array
from planner.pilots import Pilots
from planner.prior import OWN_SPEED, UNBIASED_SPEED, Beliefs, heavier

if TYPE_CHECKING:
    import pandas as pd

SWEEPS = 36  # over all blocks of parameters
SCALES = (2.4, 1.2, 0.4)  # of a move against the block's own width, in turn
COMMON = 0.5  # of the variance of the misfit beyond the pilots that all groups share: a judgement
MOST_SCORES = 5.0  # of the log speed, as in fit.py
SPLIT = 0.6  # of the sampling variance of a test set is common to all runs measured on it
OVERALL = {"all", "overall", ""}
Splits = Mapping[str, Mapping[str, float]]


def fit_groups(
    pilots: pd.DataFrame | Pilots,
    *,
    splits: Splits | None = None,
    shares: Mapping[str, float] | None = None,
    beliefs: Beliefs | None = None,
    seed: int = 0,
    draws: int = 1000,
) -> GroupLaw:
    """Fit the laws of all groups at once, with their uncertainty, to pilot runs.

    pilots: one row a run and group: `error`, `group`, a column of examples per source [example],
    optional `seed` and `test_size`; rows without a group are left out. splits: source -> {group:
    share of its examples [1]}; without them the columns are the groups' own examples. shares:
    {group: share of the population [1]}. beliefs: what is known beforehand; where they name no
    source, an example counts the same whatever its source. The same input and seed give the
    same law. Raises InputError.
    """
    table = pilots if isinstance(pilots, Pilots) else Pilots.from_frame(pilots)
    _refuse(table, draws)
    names = table.group or ()
    measured = sorted({name for name in names if name.lower() not in OVERALL})
    splits = {g: {g: 1.0} for g in table.sources} if splits is None else splits
    groups = tuple(dict.fromkeys([*(shares or {}), *(g for s in splits.values() for g in s)]))
    faults = _split_faults(table, splits, shares, groups, measured)
    if faults:
        raise InputError("groups", faults)
    known = beliefs or Beliefs()
    sources = (*table.sources, *(name for name in splits if name not in table.sources))
    model = model_of(table, sources, groups, splits, known, exact=not known.sources)
    rng = np.random.default_rng(seed)
    scores, level = _draw(model, rng, draws)
    return _assemble(model, scores, level, shares, rng)


def _refuse(table: Pilots, draws: int) -> None:
    faults = []
    if table.group is None:
        advice = "add it, with the part of the test set that each error is of"
        faults.append(Fault("column group", None, "is missing or empty", advice))
    for name in ("model_params", "epochs"):
        column = getattr(table, name)
        if column is not None and len(np.unique(column)) > 1:
            problem = "differs between runs: groups are fitted to runs of one model and recipe"
            faults.append(Fault(name, None, problem, "keep the runs of one"))
    if draws < 1:
        faults.append(Fault("draws", draws, "must be at least 1"))
    if faults:
        raise InputError("pilots", faults)


def _split_faults(
    table: Pilots,
    splits: Splits,
    shares: Mapping[str, float] | None,
    groups: tuple[str, ...],
    measured: list[str],
) -> list[Fault]:
    faults = []
    for name, split in [*splits.items(), ("population", shares or {})]:
        total = sum(split.values())
        if split and (abs(total - 1) > 1e-6 or min(split.values()) < 0):
            faults.append(Fault(name, total, "shares of groups must be 0 or more and sum to 1"))
    for name in table.sources:
        if name not in splits:
            faults.append(Fault(name, None, "has no split over groups", "give its shares"))
    faults += [
        Fault("group", name, "is in the pilots but in no split", f"known: {', '.join(groups)}")
        for name in measured
        if name not in groups
    ]
    faults += [
        Fault("group", name, "no pilot measures it", "add rows with its error")
        for name in groups
        if name not in measured
    ]
    return faults


def _draw(model: Model, rng: np.random.Generator, draws: int) -> tuple[Array, np.ndarray]:
    """Standard scores (draws, P) and levels of trust and noise (draws, groups)."""
    problem = model.problem()
    start = np.zeros((1, model.size))
    best, precision = mode(problem, start, np.zeros(1, dtype=int))
    precision = precision[0]
    whole = _factor(np.linalg.inv(precision))
    u = best + rng.standard_normal((draws, model.size)) @ whole.T
    # conditional widths: the rest of the parameters stays while a block moves
    blocks = [*model.blocks, np.arange(model.size)]
    factors = [_factor(np.linalg.inv(precision[np.ix_(b, b)])) for b in blocks]
    level = np.tile(model.middle, (draws, 1))
    misfit = model.misfit(u)  # groups x (draws, levels): log likelihood at every level
    for sweep in range(SWEEPS):
        level = _levels(misfit, rng)
        for at, (block, factor) in enumerate(zip(blocks, factors, strict=True)):
            own = [at] if at < len(model.groups) else list(range(len(model.groups)))
            step = SCALES[sweep % len(SCALES)] / np.sqrt(len(block))
            tried = u.copy()
            tried[:, block] += step * rng.standard_normal((draws, len(block))) @ factor.T
            new = {g: model.misfit_of(g, tried) for g in own}
            gain = 0.5 * (np.sum(u[:, block] ** 2, 1) - np.sum(tried[:, block] ** 2, 1))
            rows = np.arange(draws)
            for g in own:
                gain = gain + new[g][rows, level[:, g]] - misfit[g][rows, level[:, g]]
            take = np.log(rng.random(draws)) < gain
            u = np.where(take[:, None], tried, u)
            for g in own:
                misfit[g] = np.where(take[:, None], new[g], misfit[g])
    return u, level


def _levels(misfit: list[Array], rng: np.random.Generator) -> np.ndarray:
    """A level (draws, groups) for each group, drawn in proportion to its likelihood."""
    chosen = []
    for each in misfit:
        weight = np.exp(each - each.max(axis=1, keepdims=True))
        edges = np.cumsum(weight, axis=1)
        point = rng.random((len(each), 1)) * edges[:, -1:]
        chosen.append(np.minimum(np.sum(edges < point, axis=1), each.shape[1] - 1))
    return np.stack(chosen, axis=1)


def _factor(covariance: Array) -> Array:
    even = (covariance + covariance.T) / 2
    return np.asarray(np.linalg.cholesky(even + 1e-12 * np.eye(len(even))))


def _assemble(
    model: Model,
    u: Array,
    level: np.ndarray,
    shares: Mapping[str, float] | None,
    rng: np.random.Generator,
) -> GroupLaw:
    draws, groups = level.shape
    theta = np.stack([model.natural(g, u) for g in range(groups)], axis=1)
    for g, each in enumerate(model.measured):
        if each.sampling.any():  # the same test set in all runs: repeats do not average it away
            largest = each.sampling[int(np.argmax(model.nominal[g]))]
            shared = np.exp(np.sqrt(SPLIT * largest) * rng.standard_normal(draws))
            theta[:, g, 0] *= shared
            if model.worst is not None:
                theta[:, g, 0] = np.minimum(theta[:, g, 0], model.worst * (1 - 1e-6))
    mix = model.mix(u, every=True)
    own_speed = np.array(
        [0.0 if not free else UNBIASED_SPEED if clean else OWN_SPEED for free, clean in model.kinds]
    )
    mix = replace(
        mix, speed=np.minimum(own_speed * rng.standard_normal(mix.speed.shape), np.log(2))
    )
    speed = np.stack([model.speeds[g][level[:, g]] for g in range(groups)], axis=1)
    common = rng.standard_normal((draws, 1))
    score = np.sqrt(COMMON) * common
    score = score + np.sqrt(1 - COMMON) * rng.standard_normal((draws, groups))
    score = heavier(score, model.curve.of(EXPONENT).tail)
    log_speed = model.curve.slowdown + speed * np.clip(score, -MOST_SCORES, MOST_SCORES)
    reach = model.reach(mix)
    law = GroupLaw(
        sources=model.sources,
        groups=model.groups,
        splits=model.splits,
        shares=None if not shares else np.array([shares.get(n, 0.0) for n in model.groups]),
        reference=model.sources[model.reference],
        own=model.own,
        all=model.all,
        worst=model.worst,
        theta=theta,
        mix=mix,
        log_speed=log_speed,
        reach_own=reach[0],
        reach_all=reach[1],
        noise=np.stack([model.noises[g][level[:, g]] for g in range(groups)], axis=1),
        test_size=np.array(
            [np.nan if m.test_size is None else m.test_size for m in model.measured]
        ),
        weights=np.full(draws, 1.0 / draws),
    )
    return replace(law, pilots=_compare(model, law), warnings=cautions(model))


def _compare(model: Model, law: GroupLaw) -> tuple[GroupFit, ...]:
    fits = []
    for g, each in enumerate(model.measured):
        errors = law.errors(each.amounts)[:, :, g]
        low, middle, high = (weighted_quantile(errors, law.weights, q) for q in (0.05, 0.5, 0.95))
        for i, runs in enumerate(each.runs):
            observed = float(np.exp(each.log_error[i]))
            amounts = dict(zip(law.sources, map(float, each.amounts[i]), strict=True))
            told = (float(middle[i]), float(low[i]), float(high[i]))
            residual = float(np.log(observed / middle[i]))
            fits.append(
                GroupFit(law.groups[g], amounts, int(runs), observed, *told, residual=residual)
            )
    return tuple(fits)
