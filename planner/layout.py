"""Where each parameter of a law sits on the transformed scale, its prior, how people read it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.fitted import LawParameter
from planner.laws import (
    EARLY_SHARE,
    ERROR_AT_ANCHOR,
    FLOOR_FRACTION,
    Anchor,
    Array,
    Composition,
    Family,
    Parameter,
    logistic,
)
from planner.prior import LEAST_SD, SHAPE, CurvePrior, Normal, SourceBelief, Split

LEVEL_SD = 0.5  # of log error (or its logit) at the anchor around the largest pilot
TEXT_PARAMETERS = 4
TILT = Normal(0.0, 0.15)
TEXT_HALF_SD = 1.5


@dataclass(frozen=True)
class Layout:
    """Names, beliefs and scales; a vector u of standard scores of the transformed parameters is
    [curve parameters | per other labelled source: quality, saturation, excess | per text: 4].

    largest (sources,) [example] of each source in a pilot; nominal (rows,) effective size of each
    row and gap (rows,) its log distance below the largest runs, first at the prior medians, then as
    a first fit has them; error at the anchor or None where no pilot speaks.
    """

    names: tuple[str, ...]
    sources: dict[str, SourceBelief]
    reference: str
    anchor: Anchor
    scale: tuple[float, ...]
    curve: CurvePrior
    error: float | None
    largest: Array
    nominal: Array
    gap: Array

    @property
    def several(self) -> bool:
        """Whether more than one labelled source was tried."""
        return int(np.count_nonzero(self.largest[self.labels])) > 1

    @property
    def labels(self) -> list[int]:
        """Columns of labelled sources."""
        return [k for k, name in enumerate(self.names) if not self.sources[name].is_text]

    @property
    def texts(self) -> list[int]:
        """Columns of text sources."""
        return [k for k, name in enumerate(self.names) if self.sources[name].is_text]

    @property
    def others(self) -> list[str]:
        """Labelled sources other than the reference."""
        return [self.names[k] for k in self.labels if self.names[k] != self.reference]

    def priors(self, each: Family) -> list[Normal | Split]:
        """Priors (P,) of the transformed parameters of a family."""
        found: list[Normal | Split] = [self._curve_normal(one) for one in each.parameters]
        own = self.sources[self.reference].quality
        for name in self.others:
            belief = self.sources[name]
            quality = belief.quality.against(own)
            found += [quality, belief.saturation, belief.excess or Normal(0.0, 1.0)]
        for k in self.texts:
            belief = self.sources[self.names[k]]
            tried = float(self.largest[k])
            if tried:
                half = Normal(np.log(tried) - 1.0, TEXT_HALF_SD)
                found += [Normal(0.0, 0.3), TILT, Normal(0.0, 0.3), half]
            else:
                # untried text: the given effect is that of all of it, so the gain carries it alone
                half = Normal(np.log(belief.effect_at / (np.e - 1)), LEAST_SD)
                found += [Normal(0.0, LEAST_SD), Normal(0.0, LEAST_SD), belief.effect, half]
        return found

    def _curve_normal(self, parameter: Parameter) -> Normal:
        if parameter in SHAPE:
            return self.curve.of(parameter)
        if self.error is None:
            return self.curve.level
        if self.anchor.worst is None:
            return Normal(float(np.log(self.error)), LEVEL_SD)
        share = self.error / self.anchor.worst
        return Normal(float(np.log(share / (1 - share))), 1.0)

    def natural(self, each: Family, u: Array) -> tuple[Array, Composition]:
        """Natural curve parameters (draws, parameters) and composition of draws `u`."""
        values = self.values(each, u)
        theta = np.empty((len(u), len(each.parameters)))
        for i, parameter in enumerate(each.parameters):
            column = values[:, i]
            if parameter in (FLOOR_FRACTION, EARLY_SHARE):
                theta[:, i] = np.minimum(logistic(column), 1 - 1e-9)
            elif parameter is ERROR_AT_ANCHOR and self.anchor.worst is not None:
                theta[:, i] = self.anchor.worst * logistic(column)
            else:
                theta[:, i] = np.exp(np.clip(column, -60, 60))
        return theta, self._composition(values[:, len(each.parameters) :], theta[:, 0])

    def values(self, each: Family, u: Array) -> Array:
        """Transformed parameters (draws, P) of standard scores `u`."""
        priors = self.priors(each)
        shape = tuple(one for one in each.parameters if one in SHAPE)
        at = [each.parameters.index(one) for one in shape]
        u = u.copy()
        u[:, at] = u[:, at] @ self.curve.factor(shape).T
        out = np.empty_like(u)
        for i, prior in enumerate(priors):
            out[:, i] = prior.at(u[:, i])
        return out

    def _composition(self, rest: Array, error: Array) -> Composition:
        labels = [self.names[k] for k in self.labels]
        shape = (len(rest), len(labels))
        quality, saturation, excess = np.ones(shape), np.ones(shape), np.zeros(shape)
        for i, name in enumerate(self.others):
            column = labels.index(name)
            quality[:, column] = np.exp(np.clip(rest[:, 3 * i], -20, 20))
            saturation[:, column] = np.maximum(logistic(rest[:, 3 * i + 1]), 0.02)
            if self.sources[name].excess is not None:
                excess[:, column] = error * np.exp(np.clip(rest[:, 3 * i + 2], -20, 5))
        start = 3 * len(self.others)
        text = rest[:, start:].reshape(len(rest), len(self.texts), TEXT_PARAMETERS)
        scale = np.array(self.scale)
        still = np.zeros(shape)
        return Composition(quality, saturation, excess, still, scale, text, self.anchor.size)

    def join(self, parts: list[Composition]) -> Composition:
        """Compositions of several families below one another."""
        return Composition(
            np.vstack([p.quality for p in parts]),
            np.vstack([p.saturation for p in parts]),
            np.vstack([p.excess for p in parts]),
            np.vstack([p.speed for p in parts]),
            parts[0].scale,
            np.vstack([p.text for p in parts]),
            parts[0].text_scale,
        )

    def summarise(
        self, kept: list[tuple[Family, Array]], mix: Composition
    ) -> tuple[LawParameter, ...]:
        """Every parameter with its 90% interval: curves by family, sources over all draws."""
        total = sum(len(u) for _, u in kept)
        rows: list[LawParameter] = []
        for each, u in kept:
            theta, _ = self.natural(each, u)
            for i, parameter in enumerate(each.parameters):
                how = (each.name, len(u) / total, "", parameter, theta[:, i], float(u[:, i].std()))
                rows.append(_row(*how))
        scores = np.vstack([u[:, len(each.parameters) :] for each, u in kept])
        rest = np.vstack([self.values(each, u)[:, len(each.parameters) :] for each, u in kept])
        labels = [self.names[k] for k in self.labels]
        for i, name in enumerate(self.others):
            column = labels.index(name)
            for j, (parameter, values) in enumerate(
                (
                    (_quality(self.scale[column], self.reference), mix.quality[:, column]),
                    (_SATURATION, mix.saturation[:, column]),
                    (_EXCESS, mix.excess[:, column]),
                )
            ):
                spread = float(scores[:, 3 * i + j].std())
                rows.append(_row("all", 1.0, name, parameter, values, spread))
        for t, k in enumerate(self.texts):
            for j, parameter in enumerate(_TEXT):
                at = 3 * len(self.others) + TEXT_PARAMETERS * t + j
                values = np.exp(rest[:, at]) if j != 1 and j != 2 else rest[:, at]
                spread = float(scores[:, at].std())
                rows.append(_row("all", 1.0, self.names[k], parameter, values, spread))
        return tuple(rows)


def _quality(scale: float, reference: str) -> Parameter:
    meaning = f"effective examples ({reference}) per example, at {scale:,.0f} examples"
    return Parameter("quality", "effective example/example", meaning)


_SATURATION = Parameter("saturation", "1", "own exponent g: 1 adds in proportion, less saturates")
_EXCESS = Parameter("own floor", "error", "error that this source adds if it were the only one")
_TEXT = (
    Parameter("text jump", "1", "factor on effective examples from using text at all"),
    Parameter("text tilt", "1", "change of that factor's log per e-fold of labels"),
    Parameter("text gain", "1", "exponent of (1 + documents / half-size)"),
    Parameter("text half-size", "document", "documents at which text begins to count"),
)


def _row(
    family: str, weight: float, source: str, parameter: Parameter, values: Array, spread: float
) -> LawParameter:
    low, median, high = np.quantile(values, (0.05, 0.5, 0.95))
    identified = "pilots" if spread < 0.4 else "prior" if spread > 0.85 else "both"
    return LawParameter(
        family,
        weight,
        source,
        parameter.name,
        parameter.unit,
        float(low),
        float(median),
        float(high),
        parameter.meaning,
        identified,
    )
