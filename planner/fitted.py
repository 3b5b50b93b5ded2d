"""The fitted law: one frozen value that hands everything known of the error to optimiser and
tables.

It holds weighted draws, never a point. Whoever plans needs only `errors`, `effective` and the few
pieces they are made of; how the draws came about is fit.py's business.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.errors import Fault, InputError
from planner.laws import (
    LARGEST_SIZE,
    SMALLEST_SIZE,
    Anchor,
    Array,
    Composition,
    effective_size,
    family,
    stretch,
    text_factor,
)

if TYPE_CHECKING:
    import pandas as pd

REPLICATES = 8  # runs imagined for each draw where one run's noise is asked for
SEARCH_STEPS = 200  # bisection of a log size to the last bit that matters


@dataclass(frozen=True)
class Member:
    """The draws of one family: natural parameters (draws of the family, parameters)."""

    family: str
    theta: Array


@dataclass(frozen=True)
class LawParameter:
    """A parameter as people read it: median and 90% interval over the draws of one family.

    identified says whether the pilots narrowed it: "pilots", "prior" or "both".
    """

    family: str
    family_weight: float
    source: str
    name: str
    unit: str
    low: float
    median: float
    high: float
    meaning: str
    identified: str


@dataclass(frozen=True)
class PilotFit:
    """One measured composition beside the law's fit; residual is log(observed / fitted).

    origins: where each of its runs is written down, none where that is not known.
    """

    amounts: dict[str, float]
    runs: int
    observed: float
    observed_sd: float | None
    fitted: float
    low: float
    high: float
    residual: float
    origins: tuple[str, ...] = ()


@dataclass(frozen=True)
class FittedLaw:
    """A scaling law with its uncertainty.

    sources      names, in the order of every (rows, sources) array
    is_text      per source: unlabelled text that multiplies instead of adding
    reference    the source in whose examples effective examples are counted
    members      draws by family, in the order of every (draws, ...) array
    mix          composition parameters per draw, labelled sources in order, then texts
    log_speed    (draws, 1) misfit beyond the largest pilot (laws.stretch)
    bend         flattening of the log distance beyond it (laws.stretch)
    reach        (draws, 1) [effective example] of the largest pilot, as each draw counts it
    noise        (draws, 1) sd of the log error of one measured run
    test_size    [example] that a run's error was measured on, the median; None if unknown
    weights      (draws,), sum 1
    weak_prior   too few pilots: the published priors decide the answer
    guess        the single most probable curve and composition, as arrays of one draw
    """

    sources: tuple[str, ...]
    is_text: tuple[bool, ...]
    reference: str
    anchor: Anchor
    members: tuple[Member, ...]
    mix: Composition
    log_speed: Array
    bend: float
    reach: Array
    noise: Array
    test_size: float | None
    weights: Array
    weak_prior: bool
    pilots: tuple[PilotFit, ...]
    summary: tuple[LawParameter, ...]
    warnings: tuple[str, ...]
    guess: tuple[Member, Composition]

    @property
    def families(self) -> tuple[tuple[str, float], ...]:
        """(family, weight) of each family that has draws."""
        pairs, start = [], 0
        for member in self.members:
            end = start + len(member.theta)
            pairs.append((member.family, float(self.weights[start:end].sum())))
            start = end
        return tuple(pairs)

    @cached_property
    def known(self) -> dict[tuple[str, float, bytes], Array]:
        """What was computed of the law and will be asked for again: what, target error, of what."""
        return {}

    @property
    def labels(self) -> np.ndarray:
        """Column numbers of the labelled sources."""
        return np.flatnonzero(~np.array(self.is_text, dtype=bool))

    @property
    def texts(self) -> np.ndarray:
        """Column numbers of the unlabelled text sources."""
        return np.flatnonzero(np.array(self.is_text, dtype=bool))

    def parameters(self) -> tuple[LawParameter, ...]:
        """Every parameter with its interval, by family."""
        return self.summary

    def residuals(self) -> tuple[PilotFit, ...]:
        """Every measured composition beside its fitted error."""
        return self.pilots

    def rows(self, amounts: Any) -> Array:
        """Amounts as an array (rows, sources) [example].

        Takes an array or list in the order of `sources` (one number per row will do for a single
        source), a mapping name -> number or list, or a DataFrame; sources left out are 0. Raises
        InputError for names that the law does not know and for negative or non-finite amounts.
        """
        try:
            return self._rows(amounts)
        except (TypeError, ValueError) as error:
            raise InputError("amounts", [Fault("values", None, f"not numbers: {error}")]) from None

    def _rows(self, amounts: Any) -> Array:
        if hasattr(amounts, "columns"):
            amounts = {str(name): amounts[name].to_numpy(dtype=float) for name in amounts.columns}
        if isinstance(amounts, Mapping):
            unknown = [name for name in amounts if name not in self.sources]
            if unknown:
                known = ", ".join(self.sources)
                faults = [Fault(str(n), None, "no such source", f"known: {known}") for n in unknown]
                raise InputError("amounts", faults)
            columns = [np.atleast_1d(np.asarray(amounts.get(n, 0.0), float)) for n in self.sources]
            table = np.stack(np.broadcast_arrays(*columns), axis=1)
        else:
            table = np.asarray(amounts, dtype=float)
            if table.ndim < 2:
                table = table.reshape(-1, len(self.sources))
        if table.ndim != 2 or table.shape[1] != len(self.sources):
            wanted = f"(rows, {len(self.sources)})"
            raise InputError("amounts", [Fault("shape", table.shape, f"must be {wanted}")])
        if not np.all(np.isfinite(table) & (table >= 0)):
            raise InputError("amounts", [Fault("values", None, "must be finite and not negative")])
        return table

    def curve(self, size: Array) -> tuple[Array, Array]:
        """Floor (draws, 1) and reducible error (draws, rows) at effective size (draws, rows)."""
        stretched = stretch(size, self.log_speed, self.reach, self.bend)
        floors, parts, start = [], [], 0
        for member in self.members:
            end = start + len(member.theta)
            floor, part = family(member.family).curve(
                member.theta, stretched[start:end], self.anchor
            )
            floors.append(floor)
            parts.append(part)
            start = end
        return np.vstack(floors), np.vstack(parts)

    def error_at(self, draws: np.ndarray, size: Array) -> Array:
        """Floor and reducible error (n,) of the draws numbered `draws` (n,), rising, each at its
        size (n,) without text."""
        log_speed, reach = self.log_speed[draws], self.reach[draws]
        stretched, found = stretch(size[:, None], log_speed, reach, self.bend), []
        start = 0
        for member in self.members:
            mine = slice(*np.searchsorted(draws, [start, start + len(member.theta)]))
            if mine.stop > mine.start:
                theta = member.theta[draws[mine] - start]
                found.append(
                    np.add(*family(member.family).curve(theta, stretched[mine], self.anchor))
                )
            start += len(member.theta)
        return np.vstack(found)[:, 0]

    def pick(self, index: np.ndarray, *, weighted: bool = False) -> FittedLaw:
        """The law with only the draws `index` (rising, repeats allowed), weighted equally or in
        proportion to their weights."""
        members, start = [], 0
        for member in self.members:
            end = start + len(member.theta)
            mine = index[(index >= start) & (index < end)] - start
            if len(mine):
                members.append(Member(member.family, member.theta[mine]))
            start = end
        mix = replace(
            self.mix,
            quality=self.mix.quality[index],
            saturation=self.mix.saturation[index],
            excess=self.mix.excess[index],
            speed=self.mix.speed[index],
            text=self.mix.text[index],
        )
        weights = np.full(len(index), 1.0 / max(len(index), 1))
        if weighted:
            weights = self.weights[index] / self.weights[index].sum()
        return replace(
            self,
            members=tuple(members),
            mix=mix,
            log_speed=self.log_speed[index],
            reach=self.reach[index],
            noise=self.noise[index],
            weights=weights,
        )

    def with_order(self, names: tuple[str, ...]) -> FittedLaw:
        """The same law with its sources in the order of `names`, a permutation of `sources`."""
        at = [self.sources.index(name) for name in names]
        labels = [list(self.labels).index(k) for k in at if not self.is_text[k]]
        texts = [list(self.texts).index(k) for k in at if self.is_text[k]]

        def turned(mix: Composition) -> Composition:
            return replace(
                mix,
                quality=mix.quality[:, labels],
                saturation=mix.saturation[:, labels],
                excess=mix.excess[:, labels],
                speed=mix.speed[:, labels],
                scale=mix.scale[labels],
                text=mix.text[:, texts],
            )

        fits = tuple(replace(p, amounts={n: p.amounts[n] for n in names}) for p in self.pilots)
        return replace(
            self,
            sources=names,
            is_text=tuple(self.is_text[k] for k in at),
            mix=turned(self.mix),
            pilots=fits,
            guess=(self.guess[0], turned(self.guess[1])),
        )

    def best_guess(self) -> FittedLaw:
        """The single best-fitting law, taken at its word: one draw, no misfit beyond the pilots."""
        member, mix = self.guess
        sure, one = np.zeros((1, 1)), np.ones(1)
        law = replace(self, members=(member,), mix=mix, log_speed=sure, weights=one)
        return replace(law, bend=0.0, reach=self.reach[:1], noise=self.noise[:1])

    def contribution(self, source: int, amount: Array) -> Array:
        """Effective examples (draws, rows) of `amount` (rows,) examples of labelled column
        `source`."""
        k = int(np.flatnonzero(self.labels == source)[0])
        return self.mix.contribution(k, np.asarray(amount, float)[None, :])

    def excess(self, source: int) -> Array:
        """Own floor (draws,) of labelled column `source` above the reference's floor [error]."""
        return self.mix.excess[:, int(np.flatnonzero(self.labels == source)[0])]

    def with_text(self, size: Array, text: Array) -> Array:
        """Effective size (draws, rows) once text amounts (rows, texts) are used as well."""
        if not text.any():
            return size
        return size * text_factor(self.mix, text, size)

    def effective(self, amounts: Any) -> Array:
        """Effective examples (draws, rows) of compositions, text included."""
        table = self.rows(amounts)
        size, _ = effective_size(self.mix, table[:, self.labels])
        return self.with_text(size, table[:, self.texts])

    def errors(self, amounts: Any) -> Array:
        """Expected error (draws, rows) of compositions, in the unit of the metric.

        error = floor + sum_k phi_k excess_k + reducible(S), never above the worst error if known.
        """
        table = self.rows(amounts)
        size, tilt = effective_size(self.mix, table[:, self.labels])
        floor, part = self.curve(
            np.maximum(self.with_text(size, table[:, self.texts]), SMALLEST_SIZE)
        )
        error = floor + tilt + part
        return error if self.anchor.worst is None else np.minimum(error, self.anchor.worst)

    def quantiles(self, amounts: Any, levels: tuple[float, ...]) -> Array:
        """Weighted quantiles (levels, rows) of the error."""
        errors = self.errors(amounts)
        return np.stack([weighted_quantile(errors, self.weights, level) for level in levels])

    def measured_quantiles(self, amounts: Any, levels: tuple[float, ...]) -> Array:
        """Weighted quantiles (levels, rows) of the error that one run would measure: noise of a
        run included."""
        errors = self.errors(amounts)
        variance = np.broadcast_to(self.noise**2, errors.shape)
        if self.test_size is not None:
            sampling = np.clip((1 - errors) / errors, 0.0, None) / self.test_size
            variance = np.maximum(variance, sampling)
        scores = np.random.default_rng(0).standard_normal((REPLICATES, *errors.shape))
        noisy = (errors * np.exp(np.sqrt(variance) * scores)).reshape(-1, errors.shape[1])
        if self.anchor.worst is not None:
            noisy = np.minimum(noisy, max(1.0, self.anchor.worst))
        weights = np.tile(self.weights / REPLICATES, REPLICATES)
        return np.stack([weighted_quantile(noisy, weights, level) for level in levels])

    def predict(
        self, amounts: Any, confidence: float = 0.9, *, measured: bool = False
    ) -> pd.DataFrame:
        """Predicted error: a DataFrame of median, low, high, one row per row of amounts.

        low and high enclose the expected error with probability `confidence`, or what one run would
        measure if `measured`. Raises InputError.
        """
        import pandas as pd

        quantiles = self.measured_quantiles if measured else self.quantiles
        middle, low, high = quantiles(amounts, predicted_levels(confidence))
        return pd.DataFrame({"median": middle, "low": low, "high": high})

    def probability(self, target: float, amounts: Any) -> Any:
        """P(error <= target): a float for one composition, an array for several."""
        # sums of equal weights must not miss a round confidence by a rounding error
        met = np.round(self.weights @ (self.errors(amounts) <= target), 12)
        return float(met[0]) if len(met) == 1 else met

    def required(
        self,
        target: float,
        confidence: float = 0.8,
        source: str | None = None,
        limit: float = math.inf,
    ) -> float:
        """Examples of one source alone that meet the target at this confidence [example].

        `source` is the reference if None; inf if out of reach or above `limit`. Raises InputError.
        """
        name = self.reference if source is None else source
        faults = []
        if name not in self.sources or self.is_text[self.sources.index(name)]:
            known = ", ".join(self.sources[k] for k in self.labels)
            faults.append(Fault("source", name, "no such labelled source", f"known: {known}"))
        if not 0 < confidence < 1:
            faults.append(Fault("confidence", confidence, "must lie in (0, 1)"))
        if not target > 0:
            faults.append(Fault("target", target, "must be positive"))
        if faults:
            raise InputError("required", faults)
        need = weighted_quantile(self.needs(target, name)[:, None], self.weights, confidence)[0]
        return float(need) if need <= limit else math.inf

    def needs(self, target: float, source: str, within: float = 1e-9) -> Array:
        """Examples (draws,) of `source` alone at which each draw meets the target, to `within`
        relative; inf if never."""
        key = (f"needs {within:g}", target, source.encode())
        if key in self.known:
            return self.known[key]
        k = self.sources.index(source)

        def error(amount: Array) -> Array:
            j = int(np.flatnonzero(self.labels == k)[0])
            size = self.mix.contribution(j, amount[:, None])
            floor, part = self.curve(np.maximum(size, SMALLEST_SIZE))
            return (floor + part)[:, 0] + self.mix.excess[:, j]

        self.known[key] = smallest_meeting(error, target, len(self.weights), within=within)
        return self.known[key]


def smallest_meeting(
    error: Any, target: float, draws: int, most: float = LARGEST_SIZE, within: float = 1e-9
) -> Array:
    """Smallest amount (draws,) at which a falling `error(amount)` (draws,) is at most `target`.

    inf where even `most` misses it; bisection on the logarithm, exact to `within` relative.
    """
    low, high = np.full(draws, np.log(1e-3)), np.full(draws, np.log(most))
    reachable = error(np.exp(high)) <= target
    free = error(np.exp(low)) <= target
    for _ in range(SEARCH_STEPS):
        middle = (low + high) / 2
        met = error(np.exp(middle)) <= target
        high, low = np.where(met, middle, high), np.where(met, low, middle)
        if float(np.max(high - low)) < within:
            break
    return np.where(free, 0.0, np.where(reachable, np.exp(high), np.inf))


def predicted_levels(confidence: float) -> tuple[float, float, float]:
    """Levels of the median and of both ends of an interval that holds with this confidence [1].

    Raises InputError.
    """
    if not 0 < confidence < 1:
        raise InputError("predict", [Fault("confidence", confidence, "must lie in (0, 1)")])
    tail = (1 - confidence) / 2
    return 0.5, tail, 1 - tail


def weighted_quantile(values: Array, weights: Array, level: float) -> Array:
    """Smallest value (rows,) that at least `level` of the weight does not exceed.

    values (draws, rows), weights (draws,) summing to 1. P(X <= quantile) >= level holds exactly, so
    a plan judged by quantile and one judged by probability never disagree.
    """
    order = np.argsort(values, axis=0, kind="stable")
    total = np.cumsum(weights[order], axis=0)
    index = np.argmax(total >= level - 1e-12, axis=0)
    return np.take_along_axis(values, np.take_along_axis(order, index[None, :], 0), 0)[0]
