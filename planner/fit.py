"""Pilots -> FittedLaw: weighted draws over families and parameters.

log error of a composition ~ law + walk + noise: the noise from repeats and test-set size, the walk
a random walk in log size that starts at the largest pilot and so trusts early points less. Families
and levels of trust are averaged by their evidence.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.anchoring import refined, sizes
from planner.chains import bridged, moved
from planner.errors import Fault, InputError
from planner.fitted import FittedLaw, Member, PilotFit
from planner.inference import (
    Posterior,
    Problem,
    effective_sample_size,
    mode,
    resample,
    sample,
    starts,
)
from planner.laws import (
    EXPONENT,
    FAMILIES,
    SMALLEST_SIZE,
    Array,
    Composition,
    Family,
    effective_size,
    family,
    text_factor,
)
from planner.layout import Layout
from planner.measured import Measured
from planner.pilots import Pilots
from planner.prepared import prepared
from planner.prior import (
    BASE_NOISE,
    FASTEST,
    OWN_SPEED,
    UNBIASED_SPEED,
    Beliefs,
    CurvePrior,
    Trust,
    heavier,
)
from planner.spread import even_normals, representative

if TYPE_CHECKING:
    import pandas as pd

WEAK = 4  # fewer distinct pilot sizes than this leave the answer to the priors
SPLIT = 0.6  # of the sampling variance of a test set is common to all runs measured on it
PROPOSALS = 120  # importance draws per family and level of trust and noise
CHAINS, STATES = 2000, 5  # chains of moves, and draws taken from each
SHOWN = 1000  # draws that intervals of parameters and of the pilots' errors are read off
LEAST_CHAINS = 100  # of a family, by which its evidence is measured
MOST_SCORES = 5.0  # of the log speed, beyond which a tail is a flat line or a fall to nothing
LEAST_EFFECTIVE = 10.0  # effective importance draws below which the fit says so


def fit_law(
    pilots: pd.DataFrame | Pilots,
    *,
    worst_error: float | None = None,
    beliefs: Beliefs | None = None,
    seed: int = 0,
    draws: int = 1000,
) -> FittedLaw:
    """Fit a data scaling law with its uncertainty to pilot runs.

    pilots: one row a run: `error`, a column of examples per source [example] (a single one may be
    called `n`), optional `seed`, `test_size`, `model_params`, `epochs` and `group`. worst_error:
    error with no data at all, such as the chance level. beliefs: what is known of the sources
    beforehand. Returns `draws` equally likely draws that stand for many more; same pilots, beliefs
    and seed give the same law. Raises InputError.
    """
    known = beliefs or Beliefs()
    if worst_error is not None:
        known = replace(known, worst_error=worst_error)
    _refuse(known, draws)
    whole, described = _whole(pilots, known, seed, draws)
    return described(representative(whole, draws, np.random.default_rng(seed)))


def fit_whole(
    pilots: pd.DataFrame | Pilots, *, beliefs: Beliefs, seed: int = 0, draws: int = 1000
) -> FittedLaw:
    """All draws that `fit_law` chooses its `draws` from, at least twice as many, each with its
    weight. Raises InputError."""
    _refuse(beliefs, draws)
    whole, described = _whole(pilots, beliefs, seed, draws)
    few = described(np.sort(resample(np.log(whole.weights), SHOWN, np.random.default_rng(seed))))
    return replace(whole, pilots=few.pilots, summary=few.summary)


def _whole(
    pilots: pd.DataFrame | Pilots, known: Beliefs, seed: int, draws: int
) -> tuple[FittedLaw, Callable[[np.ndarray], FittedLaw]]:
    """The law of all draws, without a summary, and what makes one of some of them (rising)."""
    start = prepared(pilots, known)
    measured, layout = start.measured, _refined(start.layout, start.measured)
    rng = np.random.default_rng(seed)
    samples = _samples(layout, measured, rng)
    kept = _draw(layout.curve, samples, rng, max(CHAINS, -(-2 * draws // STATES)))
    warnings = (*start.warnings, *_cautions(layout, measured), *_thin(samples))
    whole = _assemble(layout, measured, kept, warnings, rng)

    def described(chosen: np.ndarray) -> FittedLaw:
        law = _described(layout, measured, kept, whole.pick(chosen), chosen)
        return law.with_order(start.names)

    return whole.with_order(start.names), described


def _refuse(known: Beliefs, draws: int) -> None:
    """Raises InputError for a worst error or a number of draws that cannot be."""
    worst, faults = known.worst_error, []
    if worst is not None and not 0 < worst < math.inf:
        faults.append(Fault("worst_error", worst, "must be positive and finite"))
    if draws < 1:
        faults.append(Fault("draws", draws, "must be at least 1"))
    if faults:
        raise InputError("fit", faults)


def log_evidence(pilots: pd.DataFrame | Pilots, beliefs: Beliefs, seed: int = 0) -> float:
    """Log probability density of the pilots under beliefs, all families and levels together.

    Differences between beliefs on the same pilots are log odds. Raises InputError.
    """
    start = prepared(pilots, beliefs)
    layout = _refined(start.layout, start.measured)
    samples = _samples(layout, start.measured, np.random.default_rng(seed))
    prior = np.log([layout.curve.families[each.name] for each, _, _ in samples])
    found = [
        weight + posterior.log_evidence(k)
        for weight, (_, problem, posterior) in zip(prior, samples, strict=True)
        for k in range(problem.levels)
    ]
    return float(np.logaddexp.reduce(found))


Sampled = tuple[Family, Problem, Posterior]


def _samples(layout: Layout, measured: Measured, rng: np.random.Generator) -> list[Sampled]:
    problems = [(each, _problem(each, layout, measured)) for each in _usable(layout)]
    return [(each, problem, sample(problem, rng, PROPOSALS)) for each, problem in problems]


def _thin(samples: list[Sampled]) -> tuple[str, ...]:
    """A warning where hardly any importance draw carries weight: then the evidence is Laplace's and
    the draws rest on the moves that follow."""
    total = np.concatenate([posterior.log_weight for _, _, posterior in samples])
    size = effective_sample_size(total)
    if size >= LEAST_EFFECTIVE:
        return ()
    return (
        f"importance sampling was thin ({size:.0f} effective draws of {len(total)}): families are "
        "weighted by Laplace's approximation and the draws were moved to the posterior",
    )


def _usable(layout: Layout) -> list[Family]:
    """Families of the prior; those that start at the worst error only where it is known."""
    worst, weights = layout.anchor.worst, layout.curve.families
    return [
        each
        for each in FAMILIES
        if weights.get(each.name, 0.0) > 0 and (worst is not None or not each.needs_worst)
    ]


def _refined(layout: Layout, measured: Measured) -> Layout:
    """The layout with gaps and sizes as a first fit has them instead of the prior medians.

    Only where several labelled sources were tried: there the prior medians may be far off.
    """
    if not layout.several:
        return layout
    each = family("power + floor")
    problem = _problem(each, layout, measured)
    level = np.arange(problem.levels)
    modes, _ = mode(problem, np.zeros((problem.levels, problem.parameters)), level)
    best = modes[[int(np.argmax(problem.log_posterior(modes, level)))]]
    _, mix = layout.natural(each, best)
    return refined(layout, mix, measured.amounts)


def _problem(each: Family, layout: Layout, measured: Measured) -> Problem:
    """The family against the pilots, on the transformed scale."""
    labels, texts = layout.labels, layout.texts
    used = measured.amounts[:, texts]

    def predict(u: Array) -> Array:
        theta, mix = layout.natural(each, u)
        size, tilt = effective_size(mix, measured.amounts[:, labels])
        if used.any():
            size = size * text_factor(mix, used, size)
        floor, part = each.curve(theta, np.maximum(size, SMALLEST_SIZE), layout.anchor)
        error = floor + tilt + part
        if layout.anchor.worst is not None:
            # soft cap: errors above chance keep a gradient, so that the search is not stuck there
            over = np.maximum(error - layout.anchor.worst, 0.0)
            error = np.minimum(error, layout.anchor.worst) + 0.02 * over
        return np.log(np.maximum(error, 1e-12))

    shared = np.minimum(layout.gap[:, None], layout.gap[None, :])
    base = BASE_NOISE["mixture" if layout.several else "single"] ** 2
    whiten, weight = [], []
    for trust, noise in _levels(layout, measured):
        covariance = np.diag(measured.variance(noise) + base) + trust.walk**2 * shared
        inverse = np.linalg.inv(np.linalg.cholesky(covariance))
        whiten.append(inverse)
        prior = np.log(trust.weight / len(measured.noise))
        weight.append(prior + float(np.sum(np.log(np.diag(inverse)))))
    parameters = len(layout.priors(each))
    return Problem(predict, measured.log_error, np.array(whiten), np.array(weight), parameters)


def _levels(layout: Layout, measured: Measured) -> list[tuple[Trust, float]]:
    """Levels of trust and of noise [sd of log error], every pair."""
    return [(trust, float(noise)) for trust in layout.curve.trust for noise in measured.noise]


@dataclass(frozen=True)
class Kept:
    """Draws of one family: transformed parameters (draws, P), level of trust, mode (P,), and the
    probability of the family [1], shared evenly by its draws."""

    family: Family
    u: Array
    level: np.ndarray
    mode: Array
    weight: float


def _draw(
    curve: CurvePrior, samples: list[Sampled], rng: np.random.Generator, chains: int
) -> list[Kept]:
    """Draws of each family, STATES from each of about `chains` chains moved to the posterior.

    Families count by their prior weight times their evidence, to the power of the prior's temper;
    levels inside a family by their evidence alone.
    """
    count_levels = samples[0][1].levels
    evidence = np.array([[p.log_evidence(k) for k in range(count_levels)] for _, _, p in samples])
    total = np.logaddexp.reduce(evidence, axis=1)
    prior = np.log([curve.families[each.name] for each, _, _ in samples])
    share = _shares(curve.temper * (total + prior))
    states = []
    for (_, problem, posterior), levels, part in zip(samples, evidence, share, strict=True):
        many = max(LEAST_CHAINS, round(chains * float(part)))
        level = np.sort(resample(levels, many, rng))
        u = starts(problem, posterior, level, rng)
        states.append(moved(problem, posterior, u, level, rng, STATES))
    if len(samples) > 1:
        total = np.array(
            [bridged(q, p, u[-1]) for (_, q, p), (u, _) in zip(samples, states, strict=True)]
        )
    share = _shares(curve.temper * (total + prior))
    return [
        Kept(each, u.reshape(-1, u.shape[-1]), level.reshape(-1), posterior.mode, float(part))
        for (each, _, posterior), (u, level), part in zip(samples, states, share, strict=True)
    ]


def _shares(log_weight: Array) -> Array:
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum())


def _assemble(
    layout: Layout,
    measured: Measured,
    kept: list[Kept],
    warnings: tuple[str, ...],
    rng: np.random.Generator,
) -> FittedLaw:
    naturals = [layout.natural(each.family, each.u) for each in kept]
    naturals = [(_offset(theta, layout, measured, rng), mix) for theta, mix in naturals]
    level = np.concatenate([each.level for each in kept])
    pairs = _levels(layout, measured)
    speed = np.array([trust.speed for trust, _ in pairs])[level]
    noise = np.array([noise for _, noise in pairs])[level]
    mix = layout.join([mix for _, mix in naturals])
    if layout.several:
        # beyond its own largest pilot a source may bend, whatever the others have shown
        labels = [layout.sources[layout.names[k]] for k in layout.labels]
        own = [UNBIASED_SPEED if each.excess is None else OWN_SPEED for each in labels]
        scores = [even_normals(len(level), rng) for _ in own]
        speeds = np.array(own) * np.stack(scores, axis=1)
        mix = replace(mix, speed=np.minimum(speeds, FASTEST))
    return FittedLaw(
        sources=layout.names,
        is_text=tuple(layout.sources[name].is_text for name in layout.names),
        reference=layout.reference,
        anchor=layout.anchor,
        members=tuple(Member(k.family.name, t) for k, (t, _) in zip(kept, naturals, strict=True)),
        mix=mix,
        log_speed=_log_speed(layout.curve, speed, rng),
        bend=layout.curve.bend,
        reach=_reach(layout, mix, measured),
        noise=noise[:, None],
        test_size=measured.test_size,
        weights=np.concatenate([np.full(len(k.u), k.weight / len(k.u)) for k in kept]),
        weak_prior=sizes(measured.amounts[:, layout.labels], layout.nominal) < WEAK,
        pilots=(),
        summary=(),
        warnings=warnings,
        guess=_guess(layout, kept),
    )


def _described(
    layout: Layout, measured: Measured, kept: list[Kept], law: FittedLaw, chosen: np.ndarray
) -> FittedLaw:
    """The law of the draws `chosen` (rising) with its parameters and the pilots beside it."""
    ends = np.cumsum([len(each.u) for each in kept])
    parts = np.split(chosen, np.searchsorted(chosen, ends[:-1]))
    starts = ends - [len(each.u) for each in kept]
    drawn = [
        (each.family, each.u[part - start])
        for each, part, start in zip(kept, parts, starts, strict=True)
        if len(part)
    ]
    return replace(law, pilots=_compare(law, measured), summary=layout.summarise(drawn, law.mix))


def _log_speed(curve: CurvePrior, speed: Array, rng: np.random.Generator) -> Array:
    """Misfit (draws, 1) beyond the largest pilot, with the tails of the prior."""
    scores = heavier(even_normals(len(speed), rng), curve.of(EXPONENT).tail)
    return (curve.slowdown + speed * np.clip(scores, -MOST_SCORES, MOST_SCORES))[:, None]


def _offset(theta: Array, layout: Layout, measured: Measured, rng: np.random.Generator) -> Array:
    """Parameters with e* moved by what all pilots share: the same test set, which repeats do not
    average away."""
    if not measured.sampling.any():
        return theta
    largest = measured.sampling[int(np.argmax(layout.nominal))]
    shared = np.exp(np.sqrt(SPLIT * largest) * rng.standard_normal(len(theta)))
    worst = layout.anchor.worst
    error = theta[:, 0] * shared
    return np.column_stack(
        [error if worst is None else np.minimum(error, worst * (1 - 1e-6)), theta[:, 1:]]
    )


def _reach(layout: Layout, mix: Composition, measured: Measured) -> Array:
    """Effective size (draws, 1) of the largest pilot in each draw."""
    if not len(measured.runs):
        return np.full((len(mix.quality), 1), layout.anchor.size)
    size, _ = effective_size(mix, measured.amounts[:, layout.labels])
    return np.maximum(size.max(axis=1, keepdims=True), SMALLEST_SIZE)


def _guess(layout: Layout, kept: list[Kept]) -> tuple[Member, Composition]:
    """The most probable parameters of the family with most draws, as a law of one draw."""
    heaviest = max(kept, key=lambda each: each.weight)
    theta, mix = layout.natural(heaviest.family, heaviest.mode[None])
    return Member(heaviest.family.name, theta), mix


def _compare(law: FittedLaw, measured: Measured) -> tuple[PilotFit, ...]:
    if not len(measured.runs):
        return ()
    middle, low, high = law.quantiles(measured.amounts, (0.5, 0.05, 0.95))
    fits = []
    for i, runs in enumerate(measured.runs):
        observed = float(np.exp(measured.log_error[i]))
        fits.append(
            PilotFit(
                amounts=dict(zip(law.sources, map(float, measured.amounts[i]), strict=True)),
                runs=int(runs),
                observed=observed,
                observed_sd=None if np.isnan(measured.scatter[i]) else float(measured.scatter[i]),
                fitted=float(middle[i]),
                low=float(low[i]),
                high=float(high[i]),
                residual=float(np.log(observed / middle[i])),
                origins=measured.origins[i] if measured.origins else (),
            )
        )
    return tuple(fits)


def _cautions(layout: Layout, measured: Measured) -> tuple[str, ...]:
    """Warnings that a reader of the law needs."""
    warnings = []
    count = sizes(measured.amounts[:, layout.labels], layout.nominal)
    if count < WEAK:
        rests = "floor and slope rest mostly on what other curves did"
        if count < 2:
            rests = f"the exponent rests on {layout.curve.reference}"
        warnings.append(f"weak prior: {count} pilot sizes; {rests}")
    worst = layout.anchor.worst
    if (
        worst is not None
        and len(measured.runs)
        and np.exp(measured.log_error.min()) >= worst * 0.98
    ):
        warnings.append(f"every pilot is at chance ({worst:g}): measure at larger sizes first")
    return tuple(warnings)
