"""The law of several groups: one frozen value of joint draws, which planner and tables read.

error of group g = delta_g + sigma_g^2 n_g^-p + tau_g^2 n^-q (Rolf 2021, arXiv:2103.03399), n_g the
effective examples of the group and n those of all groups. A draw holds all groups at once, so that
what they share (sources, exponents, misfit) is shared in every probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.errors import Fault, InputError
from planner.fitted import predicted_levels, weighted_quantile
from planner.laws import LARGEST_SIZE, SMALLEST_SIZE, Array, Composition

if TYPE_CHECKING:
    import pandas as pd

ONE = 1.0  # [effective example] a group counts for at least: the law has no value at none
CHUNK = 4_000_000  # draws x rows x groups that are predicted at once
REPLICATES = 8  # runs imagined for each draw where one run's noise is asked for
LEAST_ERROR = 1e-12


@dataclass(frozen=True)
class GroupFit:
    """One measured composition of one group beside the law; residual is log(observed / fitted)."""

    group: str
    amounts: dict[str, float]
    runs: int
    observed: float
    fitted: float
    low: float
    high: float
    residual: float


@dataclass(frozen=True)
class GroupLaw:
    """Errors of all groups over the examples of all sources, as weighted joint draws.

    sources    names, in the order of every (rows, sources) array
    groups     names, in the order of every (..., groups) array
    splits     (sources, groups) share of a source's examples that are of each group; rows sum to 1
    shares     (groups,) of the population, sum 1; None if not known
    reference  the source in whose examples effective examples are counted
    own, all   (groups,) and () [effective example] where the curves are pinned: the largest pilot
    worst      error with no data at all; None if unknown
    theta      (draws, groups, 5): error at the largest pilot, exponent p, floor / that error,
               exponent q, share of the group's own term in the reducible error
    mix        what examples of each source are worth, per draw
    log_speed  (draws, groups) misfit beyond the largest pilot, as in laws.stretch
    reach_own, reach_all  (draws, groups) and (draws,) [effective example] of the largest pilot
    noise      (draws, groups) sd of the log error of one measured run
    test_size  (groups,) [example] that errors were measured on; nan where unknown
    weights    (draws,), sum 1
    pilots     every measured composition beside the law
    """

    sources: tuple[str, ...]
    groups: tuple[str, ...]
    splits: Array
    shares: Array | None
    reference: str
    own: Array
    all: float
    worst: float | None
    theta: Array
    mix: Composition
    log_speed: Array
    reach_own: Array
    reach_all: Array
    noise: Array
    test_size: Array
    weights: Array
    pilots: tuple[GroupFit, ...] = ()
    warnings: tuple[str, ...] = ()

    def rows(self, amounts: Any) -> Array:
        """Amounts as an array (rows, sources) [example].

        Takes an array in the order of `sources`, a mapping name -> number or list, or a DataFrame;
        sources left out are 0. Raises InputError.
        """
        if hasattr(amounts, "columns"):
            amounts = {str(name): amounts[name].to_numpy(dtype=float) for name in amounts.columns}
        if isinstance(amounts, Mapping):
            known = ", ".join(self.sources)
            unknown = [str(name) for name in amounts if name not in self.sources]
            if unknown:
                faults = [Fault(n, None, "no such source", f"known: {known}") for n in unknown]
                raise InputError("amounts", faults)
            columns = [np.atleast_1d(np.asarray(amounts.get(n, 0.0), float)) for n in self.sources]
            table = np.stack(np.broadcast_arrays(*columns), axis=1)
        else:
            table = np.atleast_2d(np.asarray(amounts, dtype=float))
        if table.ndim != 2 or table.shape[1] != len(self.sources):
            wanted = f"(rows, {len(self.sources)})"
            raise InputError("amounts", [Fault("shape", table.shape, f"must be {wanted}")])
        if not np.all(np.isfinite(table) & (table >= 0)):
            raise InputError("amounts", [Fault("values", None, "must be finite and not negative")])
        return table

    def contribution(self, source: int, amount: Array) -> Array:
        """Effective examples (draws, rows) of `amount` (rows,) examples of column `source`."""
        return self.mix.contribution(source, np.asarray(amount, float)[None, :])

    def parts(self, table: Array) -> Array:
        """Effective examples (draws, rows, sources) of amounts (rows, sources) [example]."""
        columns = [self.contribution(k, table[:, k]) for k in range(len(self.sources))]
        return np.stack(columns, axis=2)

    def effective(self, amounts: Any) -> Array:
        """Effective examples (draws, rows, groups) that fall to each group."""
        return self.parts(self.rows(amounts)) @ self.splits

    def of_parts(self, parts: Array, tilt: bool = True) -> Array:
        """Expected error (draws, rows, groups) of effective examples (draws, rows, sources).

        tilt: with the own floors of biased sources, in proportion to their share of the group.
        """
        own, every = parts @ self.splits, parts.sum(axis=2)
        error = self.of_sizes(own, every)
        if tilt and self.mix.excess.any():
            biased = (parts * self.mix.excess[:, None, :]) @ self.splits
            error = error + biased / np.maximum(own, SMALLEST_SIZE)
        return error if self.worst is None else np.minimum(error, self.worst)

    def of_sizes(self, own: Array, every: Array) -> Array:
        """Error (draws, rows, groups) without own floors of sources, at effective examples of each
        group (draws, rows, groups) and of all (draws, rows)."""
        error, p, floor, q, share = (self.theta[:, None, :, i] for i in range(5))
        speed = np.exp(self.log_speed)[:, None, :]
        mine = _beyond(own, self.reach_own[:, None, :], speed)
        mine -= np.log(self.own)
        mine *= -p
        both = _beyond(every[..., None], self.reach_all[:, None, None], speed)
        both -= np.log(self.all)
        both *= -q
        level = error * (1 - floor)
        found = np.exp(mine, out=mine)
        found *= level * share
        rest = np.exp(both, out=both)
        rest *= level * (1 - share)
        found += rest
        found += error * floor
        return np.asarray(found)

    def errors(self, amounts: Any) -> Array:
        """Expected error (draws, rows, groups) of compositions, in the unit of the metric."""
        table = self.rows(amounts)
        step = max(1, CHUNK // (len(self.weights) * (len(self.groups) + len(self.sources))))
        parts = [self.of_parts(self.parts(table[i : i + step])) for i in range(0, len(table), step)]
        return np.concatenate(parts, axis=1)

    def overall(self, errors: Array) -> Array:
        """Mean (...,) of the groups' errors (..., groups) by their shares of the population.

        Raises InputError where the shares are not known.
        """
        if self.shares is None:
            advice = "give the shares of the groups in the population"
            raise InputError("groups", [Fault("shares", None, "are not known", advice)])
        return errors @ self.shares

    def quantiles(self, amounts: Any, levels: tuple[float, ...], measured: bool = False) -> Array:
        """Weighted quantiles (levels, rows, groups) of the error; measured: of what one run would
        measure, its noise included."""
        errors, weights = self.errors(amounts), self.weights
        if measured:
            variance = np.broadcast_to(self.noise[:, None, :] ** 2, errors.shape)
            with np.errstate(invalid="ignore"):
                sampling = np.clip((1 - errors) / errors, 0.0, None) / self.test_size
            variance = np.fmax(variance, sampling)
            scores = np.random.default_rng(0).standard_normal((REPLICATES, *errors.shape))
            errors = errors * np.exp(np.sqrt(variance) * scores)
            errors = errors.reshape(-1, *errors.shape[2:])
            weights = np.tile(weights / REPLICATES, REPLICATES)
        flat = errors.reshape(len(errors), -1)
        found = np.stack([weighted_quantile(flat, weights, level) for level in levels])
        return found.reshape(len(levels), *errors.shape[1:])

    def predict(
        self, amounts: Any, confidence: float = 0.9, *, measured: bool = False
    ) -> pd.DataFrame:
        """Predicted error of every group: a DataFrame of row, group, median, low, high.

        low and high enclose the expected error with probability `confidence`, or what one run would
        measure if `measured`. Raises InputError.
        """
        import pandas as pd

        middle, low, high = self.quantiles(amounts, predicted_levels(confidence), measured)
        count, many = middle.shape
        return pd.DataFrame(
            {
                "row": np.repeat(np.arange(count), many),
                "group": list(self.groups) * count,
                "median": middle.ravel(),
                "low": low.ravel(),
                "high": high.ravel(),
            }
        )

    def pick(self, index: np.ndarray) -> GroupLaw:
        """The law with only the draws `index`, equally weighted."""
        mix = replace(
            self.mix,
            quality=self.mix.quality[index],
            saturation=self.mix.saturation[index],
            excess=self.mix.excess[index],
            speed=self.mix.speed[index],
            text=self.mix.text[index],
        )
        return replace(
            self,
            theta=self.theta[index],
            mix=mix,
            log_speed=self.log_speed[index],
            reach_own=self.reach_own[index],
            reach_all=self.reach_all[index],
            noise=self.noise[index],
            weights=np.full(len(index), 1.0 / max(len(index), 1)),
        )


def _beyond(size: Array, reach: Array, speed: Array) -> Array:
    """Log of sizes (draws, rows, 1 or groups) after misfit: what lies beyond the largest pilot
    (draws, 1, 1 or groups) counts `speed` times (laws.stretch)."""
    log_size, start = np.log(np.clip(size, ONE, LARGEST_SIZE)), np.log(reach)
    beyond = np.maximum(log_size - start, 0.0)
    return log_size + beyond * (speed - 1)
