"""Pilots and beliefs -> layout: which source counts as 1, where the curve is pinned, how far below
its largest runs each pilot lies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.errors import Fault, InputError
from planner.laws import Anchor, Array, Composition
from planner.layout import Layout
from planner.measured import Measured
from planner.prior import WEAK_ANCHOR, Beliefs, SourceBelief, curve_prior

AHEAD = 1.5  # e-folds beyond the largest runs at which candidate references are compared
RIDGE = {"size": 0.1, "share": 0.02, "slope": 1.0}


def first_layout(names: tuple[str, ...], known: Beliefs, measured: Measured) -> Layout:
    """Reference, anchor and scales from the pilots and the prior medians of quality.

    Raises InputError where there is no labelled source, the reference is none, or nothing says how
    large errors are.
    """
    sources = {name: known.sources.get(name, SourceBelief()) for name in names}
    labels = [k for k, name in enumerate(names) if not sources[name].is_text]
    if not labels:
        raise InputError("pilots", [Fault("sources", None, "no labelled source", "add one")])
    reference = known.reference or names[_reference(names, labels, sources, measured)]
    if reference not in [names[k] for k in labels]:
        advice = f"use one of {', '.join(names[k] for k in labels)}"
        raise InputError("pilots", [Fault("reference", reference, "no such source", advice)])
    rows = len(measured.runs)
    if not rows and known.worst_error is None:
        advice = (
            "give worst_error (the chance level, or the pretrained model's loss) or one pilot run"
        )
        fault = Fault("error", None, "nothing says how large errors are", advice)
        raise InputError("pilots", [fault])
    largest = measured.amounts.max(axis=0) if rows else np.zeros(len(names))
    own = sources[reference].quality
    worth = np.array([np.exp(sources[names[k]].quality.against(own).mean) for k in labels])
    nominal = measured.amounts[:, labels] @ worth
    several = int(np.count_nonzero(largest[labels])) > 1
    family = known.task_family or _task_family(measured)
    believed = known.worst_error is not None or set(names) <= set(known.sources) | {reference}
    count = sizes(measured.amounts[:, labels], nominal)
    curve = known.curve or curve_prior(family, count, several=several, known=believed)
    size = _size(measured, nominal, names.index(reference), largest)
    scale = tuple(float(largest[k]) or size for k in labels)
    return Layout(
        names=names,
        sources=sources,
        reference=reference,
        anchor=Anchor(size, known.worst_error),
        scale=scale,
        curve=curve,
        error=_error(measured, nominal, known.worst_error, several=several),
        largest=largest,
        nominal=nominal,
        gap=_first_gap(measured.amounts[:, labels], np.array(scale)),
    )


def refined(layout: Layout, mix: Composition, amounts: Array) -> Layout:
    """The layout with the gaps and sizes of a composition (one draw) instead of the prior's.

    A pilot lies below its largest runs by log R - log S, where S is its effective size and
    log R = sum_k phi_k log(effective size of the source's largest pilot): a big pilot of one source
    does not make small ones of the others.
    """
    labels = layout.labels
    parts = np.stack(
        [mix.contribution(i, amounts[None, :, k])[0] for i, k in enumerate(labels)], axis=1
    )
    size = np.maximum(parts.sum(axis=1), 1e-12)
    reach = (parts / size[:, None]) @ np.log(mix.quality[0] * mix.scale)
    gap = np.where(parts.any(axis=1), np.maximum(reach - np.log(size), 0.0), layout.gap)
    return replace(layout, nominal=size, gap=gap)


def _first_gap(amounts: Array, largest: Array) -> Array:
    """Log distance (rows,) of amounts (rows, sources) below the largest runs (sources,)."""
    return np.maximum(-np.log(np.maximum(amounts @ (1 / largest), 1e-12)), 0.0)


def _task_family(measured: Measured) -> str:
    """A loss where an error exceeds 1, else an error rate."""
    return "generation" if (measured.log_error > 0).any() else "classification"


def _reference(
    names: tuple[str, ...],
    labels: list[int],
    sources: dict[str, SourceBelief],
    measured: Measured,
) -> int:
    """Column of the source whose examples would lower the error most; without runs to compare,
    the only one tried, then the one believed best, then the first."""
    tried = [k for k in labels if len(measured.runs) and measured.amounts[:, k].any()]
    if len(tried) < 2:
        return tried[0] if tried else max(labels, key=lambda k: sources[names[k]].quality.mean)
    amounts = measured.amounts[:, tried]
    total = amounts.sum(axis=1)
    used = total > 0
    size = np.log(total[used] / total.max())
    share = amounts[used] / total[used, None]
    basis = np.hstack([size[:, None], share, share * size[:, None]])
    weight = np.exp(size)
    many = len(tried)
    ridge = np.diag([RIDGE["size"]] + [RIDGE["share"]] * many + [RIDGE["slope"]] * many)
    centred = measured.log_error[used] - np.average(measured.log_error[used], weights=weight)
    weighted = basis * weight[:, None]
    found = np.linalg.solve(weighted.T @ basis + ridge, weighted.T @ centred)
    return tried[int(np.argmin(found[1 : many + 1] + AHEAD * found[many + 1 :]))]


def _size(measured: Measured, nominal: Array, reference: int, largest: Array) -> float:
    """Where the curve is pinned [effective example]: at the most that was used of the reference."""
    if largest[reference] > 0:
        return float(largest[reference])
    return float(nominal.max()) if len(nominal) and nominal.max() > 0 else WEAK_ANCHOR


def _error(
    measured: Measured, nominal: Array, worst: float | None, *, several: bool
) -> float | None:
    """Error about which the curve is pinned: of the largest run; of several sources, the least."""
    if not len(measured.runs):
        return None
    at = int(np.argmin(measured.log_error)) if several else int(np.argmax(nominal))
    error = float(np.exp(measured.log_error[at]))
    return error if worst is None else min(error, worst * (1 - 1e-3))


def sizes(amounts: Array, nominal: Array) -> int:
    """Distinct sizes [1] that tell how error falls, of labelled amounts (rows, sources).

    On one ray of equal proportions, or over all compositions less two for each further source;
    sizes within 10% of one another count once.
    """
    used = nominal > 0
    if not used.any():
        return 0
    logs, amounts = np.log(nominal[used]), amounts[used]
    rays = np.round(amounts / amounts.sum(axis=1, keepdims=True), 6)
    _, ray = np.unique(rays, axis=0, return_inverse=True)
    ray = ray.reshape(-1)
    longest = max(_apart(logs[ray == each]) for each in np.unique(ray))
    further = int(np.count_nonzero(amounts.max(axis=0))) - 1
    return max(longest, _apart(logs) - 2 * further)


def _apart(logs: Array) -> int:
    """How many log sizes lie more than 10% above the last one counted."""
    count, last = 0, -np.inf
    for each in np.sort(logs):
        if each - last > np.log(1.1):
            count, last = count + 1, float(each)
    return count
