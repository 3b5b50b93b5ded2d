"""Pilots -> FittedLaw: weighted draws over families and parameters.

log error of a composition ~ law + walk + noise: the noise from repeats and test-set size, the walk
a random walk in log size that starts at the largest pilot and so trusts early points less. Families
and levels of trust are averaged by their evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import Fault, InputError
from planner.fitted import FittedLaw, Member, PilotFit
from planner.inference import Posterior, Problem, mode, move, resample, sample, tempered
from planner.laws import (
    FAMILIES,
    SMALLEST_SIZE,
    Anchor,
    Array,
    Composition,
    Family,
    effective_size,
    text_factor,
)
from planner.laws.surfaces import repeated
from planner.layout import Layout
from planner.measured import Measured, pool
from planner.pilots import Pilots
from planner.prior import (
    BASE_NOISE,
    SLOWDOWN,
    TRUST,
    WEAK_ANCHOR,
    Beliefs,
    SourceBelief,
    Trust,
    curve_prior,
)

if TYPE_CHECKING:
    import pandas as pd

WEAK = 4  # fewer distinct pilot sizes than this leave the answer to the priors
PROPOSALS = 120  # importance draws per family and level of trust and noise


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
    beforehand. Returns
    `draws` draws; same pilots, beliefs and seed give the same law. Raises InputError.
    """
    given = pilots if isinstance(pilots, Pilots) else Pilots.from_frame(pilots)
    known = beliefs or Beliefs()
    if worst_error is not None:
        known = replace(known, worst_error=worst_error)
    table, names = _ordered(given, known)
    table, warnings = _overall_runs(table)
    if table.epochs is not None:
        table = replace(table, amounts=repeated(table.amounts, table.epochs[:, None]), epochs=None)
    measured = pool(table, len(names))
    layout = _refined(_layout(names, known, measured), measured)
    rng = np.random.default_rng(seed)
    problems = [(each, _problem(each, layout, measured)) for each in _usable(known.worst_error)]
    samples = [(each, p, sample(p, rng, PROPOSALS)) for each, p in problems]
    kept = _draw(samples, rng, draws)
    law = _assemble(layout, measured, kept, warnings + _cautions(layout, measured), rng)
    untried = tuple(name for name in known.sources if name not in given.sources)
    return law.with_order((*given.sources, *untried))


def _ordered(table: Pilots, known: Beliefs) -> tuple[Pilots, tuple[str, ...]]:
    """The runs with their sources in an order that follows from what is known of them, and every
    source's name in that order: neither names nor columns decide which draws come out."""

    def rank(name: str) -> tuple[float, ...]:
        column = table.amounts[:, table.sources.index(name)]
        belief = known.sources.get(name, SourceBelief())
        told = (belief.quality.mean, belief.quality.down, belief.quality.up)
        return (-column.max(initial=0), -column.sum(), float(column @ table.error), *told)

    tried = sorted(table.sources, key=rank)
    columns = [table.sources.index(name) for name in tried]
    untried = sorted(
        (name for name in known.sources if name not in table.sources),
        key=lambda name: (
            known.sources[name].is_text,
            known.sources[name].quality.mean,
            known.sources[name].effect.mean,
        ),
    )
    ordered = replace(table, sources=tuple(tried), amounts=table.amounts[:, columns])
    return ordered, (*tried, *untried)


def _usable(worst: float | None) -> tuple[Family, ...]:
    return tuple(each for each in FAMILIES if worst is not None or not each.needs_worst)


def _overall_runs(table: Pilots) -> tuple[Pilots, tuple[str, ...]]:
    """Runs of one model on the whole test set; laws over groups and model sizes come from
    elsewhere."""
    keep, warnings = np.ones(len(table.error), dtype=bool), []
    if table.group is not None and any(g for g in table.group):
        whole = np.array([not g or g.lower() in {"all", "overall"} for g in table.group])
        if not whole.any():
            fault = Fault(
                "group", None, "no run of all groups together", 'add rows with group "all"'
            )
            raise InputError("pilots", [fault])
        keep &= whole
        warnings.append(f"{int((~whole).sum())} runs of single groups are not used by this fit")
    if table.model_params is not None:
        sizes, counts = np.unique(table.model_params[keep], return_counts=True)
        if len(sizes) > 1:
            chosen = sizes[np.flatnonzero(counts == counts.max())[-1]]
            keep &= table.model_params == chosen
            warnings.append(f"only the runs of the model with {chosen:.4g} parameters are used")
    if keep.all():
        return table, tuple(warnings)
    size = None if table.test_size is None else table.test_size[keep]
    epochs = None if table.epochs is None else table.epochs[keep]
    chosen_runs = Pilots(
        table.sources, table.amounts[keep], table.error[keep], test_size=size, epochs=epochs
    )
    return chosen_runs, tuple(warnings)


def _layout(names: tuple[str, ...], known: Beliefs, measured: Measured) -> Layout:
    """Fix reference, anchor and scales from the pilots and the prior medians of quality."""
    sources = {name: known.sources.get(name, SourceBelief()) for name in names}
    labels = [name for name in names if not sources[name].is_text]
    if not labels:
        raise InputError("pilots", [Fault("sources", None, "no labelled source", "add one")])
    reference = known.reference or _reference(names, labels, sources, measured)
    if reference not in labels:
        advice = f"use one of {', '.join(labels)}"
        raise InputError("pilots", [Fault("reference", reference, "no such source", advice)])
    rows = len(measured.runs)
    if not rows and known.worst_error is None:
        advice = (
            "give worst_error (the chance level, or the pretrained model's loss) or one pilot run"
        )
        raise InputError(
            "pilots", [Fault("error", None, "nothing says how large errors are", advice)]
        )
    nominal = np.zeros(rows)
    own = sources[reference].quality
    for name in labels:
        worth = float(np.exp(sources[name].quality.against(own).mean))
        nominal += worth * measured.amounts[:, names.index(name)]
    size, error = _first_anchor(measured, nominal, names.index(reference))
    layout = Layout(
        names=names,
        sources=sources,
        reference=reference,
        anchor=Anchor(size, known.worst_error),
        scale=(),
        curve=curve_prior(known.task_family, _sizes(measured, nominal)),
        error=error,
        largest=measured.amounts.max(axis=0) if rows else np.zeros(len(names)),
        nominal=nominal,
    )
    return _anchored(layout, size, error)


def _anchored(layout: Layout, size: float, error: float | None) -> Layout:
    """The layout with its anchor at `size` and the qualities quoted at the largest amounts tried,
    or at the anchor where a source was never tried."""
    worst = layout.anchor.worst
    if worst is not None and error is not None:
        error = min(error, worst * (1 - 1e-3))
    scale = tuple(float(layout.largest[k]) or size for k in layout.labels)
    return replace(layout, anchor=Anchor(size, worst), error=error, scale=scale)


def _reference(
    names: tuple[str, ...], labels: list[str], sources: dict[str, SourceBelief], measured: Measured
) -> str:
    """The labelled source tried at most sizes, then at the largest, then believed best, then first
    by name."""

    def rank(name: str) -> tuple[int, float, float, str]:
        column = measured.amounts[:, names.index(name)]
        largest = float(column.max(initial=0.0))
        return (-len(np.unique(column)), -largest, -sources[name].quality.mean, name)

    return min(labels, key=rank)


def _first_anchor(measured: Measured, nominal: Array, reference: int) -> tuple[float, float | None]:
    """Size and error of the largest run of the reference alone, of any run if there is none.

    A big pilot of a poor source must not decide where the reference's law is pinned.
    """
    used = nominal > 0
    if not used.any():
        error = float(np.exp(measured.log_error.min())) if len(nominal) else None
        return WEAK_ANCHOR, error
    alone = used & (measured.amounts[:, reference] == measured.amounts.sum(axis=1))
    chosen = np.flatnonzero(alone if alone.any() else used)
    largest = chosen[np.argmax(nominal[chosen])]
    return float(nominal[largest]), float(np.exp(measured.log_error[largest]))


def _refined(layout: Layout, measured: Measured) -> Layout:
    """The layout with sizes and anchor as a first fit has them instead of the prior medians.

    Only where several labelled sources were tried: there the prior medians may be far off.
    """
    if sum(layout.largest[k] > 0 for k in layout.labels) < 2:
        return layout
    each = _usable(layout.anchor.worst)[-1]
    problem = _problem(each, layout, measured)
    level = np.full(1, problem.levels // 2)
    found, _ = mode(problem, np.zeros((1, problem.parameters)), level)
    theta, mix = layout.natural(each, found)
    size, _ = effective_size(mix, measured.amounts[:, layout.labels])
    largest = max(float(size.max()), layout.anchor.size)
    floor, part = each.curve(theta, np.full((1, 1), largest), layout.anchor)
    return _anchored(replace(layout, nominal=size[0]), largest, float((floor + part)[0, 0]))


def _sizes(measured: Measured, nominal: Array) -> int:
    """Distinct sizes [1] that tell how error falls: on one ray of equal proportions, or over all
    compositions less one for each further source, sizes within 10% counted once."""
    used = nominal > 0
    if not used.any():
        return 0
    steps = np.round(np.log(nominal[used]) / np.log(1.1)).astype(int)
    amounts = measured.amounts[used]
    rays = np.round(amounts / amounts.sum(axis=1, keepdims=True), 6)
    _, ray = np.unique(rays, axis=0, return_inverse=True)
    ray = ray.reshape(-1)
    longest: int = max(len(np.unique(steps[ray == each])) for each in np.unique(ray))
    further = int(np.count_nonzero(amounts.max(axis=0))) - 1
    return max(longest, len(np.unique(steps)) - 2 * further)


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

    gap = np.log(layout.anchor.size) - np.log(np.maximum(layout.nominal, SMALLEST_SIZE))
    shared = np.minimum(np.maximum(gap[:, None], 0), np.maximum(gap[None, :], 0))
    several = sum(layout.largest[k] > 0 for k in layout.labels) > 1
    base = BASE_NOISE["mixture" if several else "single"] ** 2
    whiten, weight = [], []
    for trust, noise in _levels(measured):
        covariance = np.diag(measured.variance(noise) + base) + trust.walk**2 * shared
        inverse = np.linalg.inv(np.linalg.cholesky(covariance))
        whiten.append(inverse)
        prior = np.log(trust.weight / len(measured.noise))
        weight.append(prior + float(np.sum(np.log(np.diag(inverse)))))
    parameters = len(layout.priors(each))
    return Problem(predict, measured.log_error, np.array(whiten), np.array(weight), parameters)


def _levels(measured: Measured) -> list[tuple[Trust, float]]:
    """Levels of trust and of noise [sd of log error], every pair."""
    return [(trust, float(noise)) for trust in TRUST for noise in measured.noise]


@dataclass(frozen=True)
class Kept:
    """Draws of one family: transformed parameters (draws, P), level of trust, mode (P,)."""

    family: Family
    u: Array
    level: np.ndarray
    mode: Array


def _draw(
    samples: list[tuple[Family, Problem, Posterior]], rng: np.random.Generator, draws: int
) -> list[Kept]:
    """`draws` draws over families and levels in proportion to their evidence, moved to the
    posterior."""
    count_levels = samples[0][1].levels
    cells = [(i, k) for i in range(len(samples)) for k in range(count_levels)]
    evidence = np.array([samples[i][2].log_evidence(k) for i, k in cells])
    share = np.bincount(resample(evidence, draws, rng), minlength=len(cells))
    kept = []
    for i, (each, problem, posterior) in enumerate(samples):
        starts, levels = [], []
        for k in range(count_levels):
            count = int(share[cells.index((i, k))])
            if count:
                mine = np.flatnonzero(posterior.level == k)
                logs = posterior.log_weight[mine]
                picked = resample(tempered(logs) * logs, count, rng)
                starts.append(posterior.draws[mine[picked]])
                levels.append(np.full(count, k))
        if starts:
            u, level = np.vstack(starts), np.concatenate(levels)
            u, _ = move(problem, u, level, posterior.factor, rng)
            kept.append(Kept(each, u, level, posterior.mode))
    return kept


def _assemble(
    layout: Layout,
    measured: Measured,
    kept: list[Kept],
    warnings: tuple[str, ...],
    rng: np.random.Generator,
) -> FittedLaw:
    naturals = [layout.natural(each.family, each.u) for each in kept]
    level = np.concatenate([each.level for each in kept])
    pairs = _levels(measured)
    speed = np.array([trust.speed for trust, _ in pairs])[level]
    noise = np.array([noise for _, noise in pairs])[level]
    draws = len(level)
    mix = layout.join([mix for _, mix in naturals])
    law = FittedLaw(
        sources=layout.names,
        is_text=tuple(layout.sources[name].is_text for name in layout.names),
        reference=layout.reference,
        anchor=layout.anchor,
        members=tuple(Member(k.family.name, t) for k, (t, _) in zip(kept, naturals, strict=True)),
        mix=mix,
        log_speed=(SLOWDOWN + speed * rng.standard_normal(draws))[:, None],
        reach=_reach(layout, mix, measured),
        noise=noise[:, None],
        weights=np.full(draws, 1.0 / draws),
        weak_prior=_sizes(measured, layout.nominal) < WEAK,
        pilots=(),
        summary=(),
        warnings=warnings,
        guess=_guess(layout, kept),
    )
    summary = layout.summarise([(each.family, each.u) for each in kept], law.mix)
    return replace(law, pilots=_compare(law, measured), summary=summary)


def _reach(layout: Layout, mix: Composition, measured: Measured) -> Array:
    """Effective size (draws, 1) of the largest pilot in each draw."""
    if not len(measured.runs):
        return np.full((len(mix.quality), 1), layout.anchor.size)
    size, _ = effective_size(mix, measured.amounts[:, layout.labels])
    return np.maximum(size.max(axis=1, keepdims=True), SMALLEST_SIZE)


def _guess(layout: Layout, kept: list[Kept]) -> tuple[Member, Composition]:
    """The most probable parameters of the family with most draws, as a law of one draw."""
    heaviest = max(kept, key=lambda each: len(each.u))
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
            )
        )
    return tuple(fits)


def _cautions(layout: Layout, measured: Measured) -> tuple[str, ...]:
    """Warnings that a reader of the law needs."""
    warnings = []
    sizes = _sizes(measured, layout.nominal)
    if sizes < WEAK:
        source = layout.curve.reference
        warnings.append(f"weak prior: {sizes} pilot sizes; the exponent rests on {source}")
    worst = layout.anchor.worst
    if (
        worst is not None
        and len(measured.runs)
        and np.exp(measured.log_error.min()) >= worst * 0.98
    ):
        warnings.append(f"every pilot is at chance ({worst:g}): measure at larger sizes first")
    return tuple(warnings)
