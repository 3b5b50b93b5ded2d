"""Pilot runs as the inference sees them: repeats pooled, many sizes joined, noise still open.

The noise of one run is one unknown, the same for all runs up to what their repeats say: its levels
come from the scatter of repeats where there are any, else from what is usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.laws import Array
from planner.pilots import Pilots

# What the log error of a run scatters before repeats are seen, (degrees of freedom, sd): runs of
# one source, and compositions of several, whose law is rougher.
NOISE, NOISE_OF_MIXTURES = (1.5, 0.015), (3.0, 0.05)
OWN_DOF = 6.0  # how far the repeats of one composition are drawn to those of all
NOISE_LEVELS, KNOWN_LEVELS, KNOWN = 4, 2, 20.0  # fewer where so many degrees of freedom tell it
UNSEEN_NOISE = (0.003, 0.008, 0.02, 0.06)  # without any repeat: the residuals have to tell
MOST_SIZES, MOST_ROWS = 24, 150  # of one source, of several, before neighbours are joined


@dataclass(frozen=True)
class Measured:
    """Pilots with repeats pooled, one row per distinct composition.

    amounts    (rows, sources) [example]
    log_error  (rows,) of the mean error
    runs       (rows,) how many
    scatter    (rows,) sd of the repeats [error], or nan
    own        (rows,) variance of log error of one run of the row over that of any run
    sampling   (rows,) variance of log error from the size of the test set, a lower limit; 0 if
               unknown, or for a loss of 1 and more
    noise      (levels,) equally likely sd of log error of one run
    test_size  [example] that errors were measured on, the median; None if unknown
    origins    (rows,) where the runs of each row are written down; none where that is not known
    """

    amounts: Array
    log_error: Array
    runs: np.ndarray
    scatter: Array
    own: Array
    sampling: Array
    noise: Array
    test_size: float | None = None
    origins: tuple[tuple[str, ...], ...] = ()

    def variance(self, noise: float) -> Array:
        """Variance (rows,) of log_error where a run scatters by `noise`."""
        return np.maximum(noise**2 * self.own, self.sampling) / self.runs


def pool(table: Pilots, columns: int) -> Measured:
    """Pool repeats of `table` into rows of `columns` sources (those without runs are 0)."""
    amounts = np.zeros((len(table.error), columns))
    amounts[:, : len(table.sources)] = table.amounts
    order = np.lexsort((table.error, *amounts.T))  # sums must not depend on the order of the runs
    table, amounts = table.only(order), amounts[order]
    if not len(amounts):
        empty = np.zeros(0)
        none = np.zeros(0, dtype=int)
        return Measured(amounts, empty, none, empty, empty, empty, np.array([NOISE[1]]))
    unique, index = np.unique(amounts, axis=0, return_inverse=True)
    index = index.reshape(-1)
    runs = np.bincount(index)
    mean = np.bincount(index, weights=table.error) / runs
    squares = np.bincount(index, weights=(table.error - mean[index]) ** 2)
    scatter = np.where(runs > 1, np.sqrt(squares / np.maximum(runs - 1, 1)), np.nan)
    freedom = (runs - 1).astype(float)
    relative = squares / mean**2
    total = float(freedom.sum())
    several = _several(amounts)
    prior, sd = NOISE_OF_MIXTURES if several else NOISE
    common = (float(relative.sum()) + prior * sd**2) / (total + prior)
    own = (relative / common + OWN_DOF) / (freedom + OWN_DOF)
    sampling = np.zeros(len(unique))
    if table.test_size is not None:
        size = np.bincount(index, weights=table.test_size) / runs
        sampling = np.clip((1 - mean) / mean, 0, None) / size
    unseen = not total and not several
    noise = np.array(UNSEEN_NOISE) if unseen else np.sqrt(common) * _spread(total + prior)
    tested = None if table.test_size is None else float(np.median(table.test_size))
    pooled = Measured(unique, np.log(mean), runs, scatter, own, sampling, noise, tested)
    if table.origin is not None:
        pooled = replace(pooled, origins=_by_row([(o,) for o in table.origin], index, len(runs)))
    return joined(pooled)


def _by_row(
    origins: Sequence[tuple[str, ...]], index: np.ndarray, rows: int
) -> tuple[tuple[str, ...], ...]:
    """Origins put together by the row (of `rows`) that each goes into."""
    found: list[tuple[str, ...]] = [()] * rows
    for row, each in zip(index.tolist(), origins, strict=True):
        found[row] += each
    return tuple(found)


def _several(amounts: Array) -> bool:
    """Whether runs used more than one source."""
    return int(np.count_nonzero(amounts.max(axis=0))) > 1


def _spread(freedom: float) -> Array:
    """Middles of equal parts of the sd's distribution, against its estimate: the scaled inverse
    chi-squared law of a variance with so many degrees of freedom."""
    count = KNOWN_LEVELS if freedom >= KNOWN else NOISE_LEVELS
    draws = np.random.default_rng(0).chisquare(freedom, 20_001) / freedom
    levels = (np.arange(count) + 0.5) / count
    return 1.0 / np.sqrt(np.quantile(draws, levels))


def joined(measured: Measured) -> Measured:
    """Neighbouring compositions joined until few rows are left, so that time grows with the runs.

    Log sizes are put on ever coarser grids; what falls into one cell is averaged in log size and
    log error, which a power law survives.
    """
    most = MOST_ROWS if _several(measured.amounts) else MOST_SIZES
    if len(measured.runs) <= most:
        return measured
    used = measured.amounts > 0
    logs = np.where(used, np.log(np.where(used, measured.amounts, 1.0)), -1.0)
    step, coarsest = 1e-3, 2 * float(np.ptp(logs[used])) + 1.0
    while True:
        cells = np.where(used, np.round((logs - logs.max(axis=0)) / step), 1.0)
        unique, index = np.unique(cells, axis=0, return_inverse=True)
        # on the coarsest grid only the sources used still tell compositions apart
        if len(unique) <= most or step > coarsest:
            return _averaged(measured, logs, index.reshape(-1))
        step *= 1.25


def _averaged(measured: Measured, logs: Array, index: np.ndarray) -> Measured:
    runs = np.bincount(index, weights=measured.runs).astype(int)

    def mean(values: Array) -> Array:
        return np.asarray(np.bincount(index, weights=values * measured.runs) / runs)

    amounts = np.stack([mean(column) for column in logs.T], axis=1)
    present = np.stack([mean((column > 0).astype(float)) for column in measured.amounts.T], axis=1)
    return replace(
        measured,
        amounts=np.where(present > 0, np.exp(amounts), 0.0),
        log_error=mean(measured.log_error),
        runs=runs,
        scatter=np.full(len(runs), np.nan),
        own=mean(measured.own),
        sampling=mean(measured.sampling),
        origins=_by_row(measured.origins, index, len(runs)) if measured.origins else (),
    )
