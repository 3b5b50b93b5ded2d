"""The likelihood of the laws of groups: standard scores of the parameters against pooled pilots.

A vector of scores is [per group: error, p, floor, q, own share | shared: p, floor, q, own share |
per source whose worth is open: quality, saturation, excess].
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from planner.group_law import LEAST_ERROR, ONE
from planner.inference import Problem
from planner.laws import (
    EXPONENT,
    FLOOR_FRACTION,
    SMALLEST_SIZE,
    Array,
    Composition,
    effective_size,
    logistic,
)
from planner.layout import LEVEL_SD
from planner.measured import Measured
from planner.prior import (
    BASE_NOISE,
    CurvePrior,
    Normal,
    SourceBelief,
)

OWN = 5  # parameters of a group
SHARED = 4  # of these have a part that all groups share
POOLED = 0.5  # of their prior variance is that part: a judgement
OWN_SHARE = Normal(0.85, 1.5)  # logit: mostly the group's own examples (Rolf 2021, figure 3)


@dataclass(frozen=True)
class Model:
    """Pooled pilots of each group, priors and scales; see the module for the scores.

    own (groups,) and all: [effective example] anchors; nominal: groups x (rows,) effective examples
    of all groups at the prior medians; kinds: per source, whether its worth is open and whether it
    is free of a floor of its own; reference its column.
    """

    sources: tuple[str, ...]
    groups: tuple[str, ...]
    splits: Array
    measured: tuple[Measured, ...]
    beliefs: tuple[SourceBelief, ...]
    kinds: tuple[tuple[bool, bool], ...]
    reference: int
    scale: Array
    own: Array
    all: float
    nominal: tuple[Array, ...]
    gaps: tuple[Array, ...]
    level: Array
    curve: CurvePrior
    worst: float | None
    cache: dict[int, tuple[Array, Array, Array]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many parameters there are."""
        return OWN * len(self.groups) + SHARED + 3 * len(self.free)

    @property
    def free(self) -> list[int]:
        """Columns of the sources whose worth is open."""
        return [k for k, (free, _) in enumerate(self.kinds) if free]

    @property
    def blocks(self) -> list[np.ndarray]:
        """Numbers of the parameters of each group, then of what is shared, then of the sources."""
        groups = [np.arange(OWN * g, OWN * (g + 1)) for g in range(len(self.groups))]
        start = OWN * len(self.groups)
        rest = np.arange(start + SHARED, self.size)
        return [*groups, np.arange(start, start + SHARED), *([rest] if len(rest) else [])]

    def natural(self, g: int, u: Array) -> Array:
        """Parameters (draws, 5) of group number g as `laws.surfaces.Groups` has them."""
        own = u[:, OWN * g : OWN * (g + 1)]
        start = OWN * len(self.groups)
        shared = u[:, start : start + SHARED]
        score = np.sqrt(POOLED) * shared + np.sqrt(1 - POOLED) * own[:, 1:]
        if self.worst is None:
            error = np.exp(np.log(self.level[g]) + LEVEL_SD * own[:, 0])
        else:
            share = self.level[g] / self.worst
            error = self.worst * logistic(np.log(share / (1 - share)) + own[:, 0])
        exponent, floor = self.curve.of(EXPONENT), self.curve.of(FLOOR_FRACTION)
        columns = [
            error,
            np.exp(np.clip(exponent.at(score[:, 0]), -30, 3)),
            np.minimum(logistic(floor.at(score[:, 1])), 1 - 1e-9),
            np.exp(np.clip(exponent.at(score[:, 2]), -30, 3)),
            logistic(OWN_SHARE.at(score[:, 3])),
        ]
        return np.stack(columns, axis=1)

    def mix(self, u: Array, every: bool = False) -> Composition:
        """What examples of each source are worth in each draw; one draw where nothing is open,
        unless `every` is asked for."""
        draws = len(u) if self.free or every else 1
        shape = (draws, len(self.sources))
        quality, saturation, excess = np.ones(shape), np.ones(shape), np.zeros(shape)
        own = self.beliefs[self.reference].quality
        start = OWN * len(self.groups) + SHARED
        for k, belief in enumerate(self.beliefs):
            if k != self.reference and not self.kinds[k][0]:
                quality[:, k] = np.exp(belief.quality.mean - own.mean)
        for i, k in enumerate(self.free):
            score, belief = u[:, start + 3 * i : start + 3 * i + 3], self.beliefs[k]
            worth = belief.quality.against(own).at(score[:, 0])
            quality[:, k] = np.exp(np.clip(worth, -20, 20))
            saturation[:, k] = np.maximum(logistic(belief.saturation.at(score[:, 1])), 0.02)
            if belief.excess is not None:
                above = np.exp(np.clip(belief.excess.at(score[:, 2]), -20, 5))
                excess[:, k] = float(np.mean(self.level)) * above
        none = np.zeros((draws, 0, 4))
        return Composition(quality, saturation, excess, np.zeros(shape), self.scale, none, self.all)

    def _sizes(self, g: int, u: Array) -> tuple[Array, Array, Array]:
        """Own and all effective examples (draws or 1, rows) of the rows of a group, and the floor
        that biased sources add."""
        if not self.free and g in self.cache:
            return self.cache[g]
        mix, amounts = self.mix(u), self.measured[g].amounts
        every, _ = effective_size(mix, amounts)
        own = np.zeros_like(every)
        tilt = np.zeros_like(every)
        for k in np.flatnonzero(self.splits[:, g] * amounts.max(axis=0, initial=0.0)):
            part = self.splits[k, g] * mix.contribution(int(k), amounts[None, :, k])
            own, tilt = own + part, tilt + part * mix.excess[:, k : k + 1]
        found = (own, every, tilt / np.maximum(own, SMALLEST_SIZE))
        self.cache[g] = found
        return found

    def log_error(self, g: int, u: Array) -> Array:
        """Log error (draws, rows) of the measured compositions of group number g."""
        own, every, tilt = self._sizes(g, u)
        error, p, floor, q, share = (self.natural(g, u)[:, i : i + 1] for i in range(OWN))
        mine = np.log(np.maximum(own, ONE) / self.own[g])
        both = np.log(np.maximum(every, ONE) / self.all)
        reducible = share * np.exp(-p * mine) + (1 - share) * np.exp(-q * both)
        found = error * (floor + (1 - floor) * reducible) + tilt
        if self.worst is not None:
            # soft cap: errors above chance keep a gradient, so that the search is not stuck there
            over = np.maximum(found - self.worst, 0.0)
            found = np.minimum(found, self.worst) + 0.02 * over
        return np.asarray(np.log(np.maximum(found, LEAST_ERROR)))

    @cached_property
    def whitened(self) -> tuple[tuple[Array, Array], ...]:
        """Per group: inverse Cholesky factors (levels, rows, rows) and log weights (levels,)."""
        found = []
        base = BASE_NOISE["mixture"] ** 2
        for each, gap in zip(self.measured, self.gaps, strict=True):
            walk = np.minimum(gap[:, None], gap[None, :])
            white, weight = [], []
            for trust in self.curve.trust:
                for noise in each.noise:
                    spread = np.diag(each.variance(float(noise)) + base) + trust.walk**2 * walk
                    inverse = np.linalg.inv(np.linalg.cholesky(spread))
                    white.append(inverse)
                    prior = float(np.log(trust.weight / len(each.noise)))
                    weight.append(prior + float(np.sum(np.log(np.diag(inverse)))))
            found.append((np.array(white), np.array(weight)))
        return tuple(found)

    @property
    def speeds(self) -> list[Array]:
        """Per group: speed (levels,) of each level."""
        trusts = self.curve.trust
        return [np.repeat([t.speed for t in trusts], len(m.noise)) for m in self.measured]

    @property
    def noises(self) -> list[Array]:
        """Per group: sd of the log error of one run (levels,) of each level."""
        return [np.tile(each.noise, len(self.curve.trust)) for each in self.measured]

    @property
    def middle(self) -> np.ndarray:
        """A middling level (groups,) to start from."""
        return np.array([len(white) // 2 for white, _ in self.whitened])

    def misfit_of(self, g: int, u: Array) -> Array:
        """Log likelihood (draws, levels) of the pilots of group number g, level priors included."""
        raw = self.measured[g].log_error - self.log_error(g, u)
        white, weight = self.whitened[g]
        levels, rows, _ = white.shape
        scaled = raw @ white.reshape(levels * rows, rows).T
        squares = np.sum(scaled.reshape(len(raw), levels, rows) ** 2, axis=2)
        return np.asarray(weight - 0.5 * squares)

    def misfit(self, u: Array) -> list[Array]:
        """`misfit_of` every group."""
        return [self.misfit_of(g, u) for g in range(len(self.groups))]

    def problem(self) -> Problem:
        """All groups at their middle levels, for the search of the mode."""
        rows = [len(m.log_error) for m in self.measured]
        white = np.zeros((1, sum(rows), sum(rows)))
        at = 0
        for g, count in enumerate(rows):
            white[0, at : at + count, at : at + count] = self.whitened[g][0][self.middle[g]]
            at += count

        def predict(u: Array) -> Array:
            return np.concatenate([self.log_error(g, u) for g in range(len(rows))], axis=1)

        observed = np.concatenate([m.log_error for m in self.measured])
        return Problem(predict, observed, white, np.zeros(1), self.size)

    def reach(self, mix: Composition) -> tuple[Array, Array]:
        """Effective size of the largest pilot of each group (draws, groups) and of all (draws,)."""
        rows = np.unique(np.vstack([m.amounts for m in self.measured]), axis=0)
        parts = np.stack(
            [mix.contribution(k, rows[None, :, k]) for k in range(len(self.sources))], axis=2
        )
        own = np.maximum((parts @ self.splits).max(axis=1), ONE)
        return own, np.maximum(parts.sum(axis=2).max(axis=1), ONE)
