"""Small laws and markets made by hand or by Hypothesis, for tests of laws, plans and rounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from planner.fitted import FittedLaw, Member
from planner.laws import Anchor, Composition
from sources.base import CostLine, Limits, Quality, Source, Tier


def law(names=("a", "b"), draws=60, seed=0, *, biased=(), texts=(), worst=None) -> FittedLaw:
    """A law of `draws` random draws of three families over the named sources."""
    rng = np.random.default_rng(seed)
    labels, thirds = len(names), np.array_split(np.arange(draws), 3)
    error = rng.normal(0.3, 0.01, draws)
    exponent = np.exp(rng.normal(np.log(0.3), 0.2, draws))
    fraction = rng.beta(1.5, 5, draws)
    power = np.stack([error, exponent], 1)
    floored = np.stack([error, exponent, fraction], 1)
    shifted = np.stack([error, exponent, fraction, rng.uniform(0.01, 0.5, draws)], 1)
    quality = np.exp(rng.normal(-0.2, 0.25, (draws, labels)))
    quality[:, 0] = 1.0
    saturation = rng.uniform(0.85, 1.0, (draws, labels))
    saturation[:, 0] = 1.0
    excess = np.zeros((draws, labels))
    for k, name in enumerate(names):
        if name in biased:
            excess[:, k] = 0.3 * np.exp(rng.normal(-2.0, 0.5, draws))
    speed = rng.normal(0.0, 0.1 if labels > 1 else 0.0, (draws, labels))
    text = np.zeros((draws, len(texts), 4))
    if texts:
        text[:, :, 0] = rng.normal(0.0, 0.1, (draws, len(texts)))
        text[:, :, 1] = rng.normal(0.0, 0.05, (draws, len(texts)))
        text[:, :, 2] = rng.normal(0.1, 0.1, (draws, len(texts)))
        text[:, :, 3] = np.log(1000.0)
    return FittedLaw(
        sources=(*names, *texts),
        is_text=(*(False for _ in names), *(True for _ in texts)),
        reference=names[0],
        anchor=Anchor(500.0, worst),
        members=(
            Member("power", power[thirds[0]]),
            Member("power + floor", floored[thirds[1]]),
            Member("shifted", shifted[thirds[2]]),
        ),
        mix=Composition(quality, saturation, excess, speed, np.full(labels, 500.0), text, 500.0),
        log_speed=rng.normal(-0.1, 0.3, (draws, 1)),
        bend=0.0,
        reach=np.full((draws, 1), 500.0),
        noise=np.full((draws, 1), 0.01),
        test_size=None,
        weights=np.full(draws, 1.0 / draws),
        weak_prior=False,
        pilots=(),
        summary=(),
        warnings=(),
        guess=(
            Member("power", power[:1]),
            Composition(
                quality[:1],
                saturation[:1],
                excess[:1],
                np.zeros((1, labels)),
                np.full(labels, 500.0),
                text[:1],
                500.0,
            ),
        ),
    )


def source(name, price=0.1, *, fee=0.0, most=5000, batch=500, tiers=(), role="labels", **limits):
    """A plain source with one cost line."""
    line = CostLine("labels", fixed=fee, unit_price=price, tiers=tuple(Tier(*t) for t in tiers))
    limits = {"max_examples": most, "batch": batch, "min_order": batch, "per_week": 1e6, **limits}
    return Source(name, "plain", (line,), Limits(**limits), Quality(), role)


def coarse(fitted: FittedLaw, factor: float) -> FittedLaw:
    """The same law in examples that are each worth `factor` of the old ones."""
    mix = fitted.mix
    mix = replace(mix, quality=mix.quality * factor, scale=mix.scale / factor)
    return replace(fitted, mix=mix)


def floorless(fitted: FittedLaw) -> FittedLaw:
    """The same law without floors: any target is in reach of enough data."""
    members = []
    for member in fitted.members:
        theta = member.theta.copy()
        theta[:, 2:3] = 0.0
        members.append(replace(member, theta=theta))
    return replace(fitted, members=tuple(members))


@st.composite
def owned_markets(draw, most_sources=3):
    """As `markets`, in examples worth 500 of those, a few of them in hand."""
    sources, fitted, error, confidence = draw(markets(most_sources))
    units = []
    for source in sources:
        limits = replace(
            source.limits,
            max_examples=draw(st.integers(0, 6)),
            batch=draw(st.sampled_from([1, 1, 2])),
            min_order=draw(st.integers(1, 3)),
        )
        line = replace(source.lines[0], unit_price=source.lines[0].unit_price * 500, tiers=())
        owned = float(draw(st.integers(0, 5)))
        units.append(replace(source, lines=(line,), limits=limits, in_hand=owned))
    return tuple(units), coarse(fitted, 500.0), error, confidence


@st.composite
def markets(draw, most_sources=4):
    """(sources, law, target error, confidence): few options each, fees, tiers, minimum orders."""
    count = draw(st.integers(1, most_sources))
    names = tuple("abcd"[:count])
    biased = tuple(n for n in names[1:] if draw(st.booleans()))
    fitted = law(
        names, draws=draw(st.sampled_from([30, 90])), seed=draw(st.integers(0, 50)), biased=biased
    )
    sources = []
    for name in names:
        batch = draw(st.sampled_from([250, 500, 1000]))
        price = draw(st.sampled_from([0.01, 0.05, 0.2, 1.0]))
        tier = draw(st.sampled_from([(), ((1200, 0.5),), ((900, 1.5),)]))
        sources.append(
            source(
                name,
                price,
                fee=draw(st.sampled_from([0.0, 30.0, 200.0])),
                most=batch * draw(st.integers(0, 9)),
                batch=batch,
                tiers=[(start, price * factor) for start, factor in tier],
                min_order=batch * draw(st.integers(1, 2)),
            )
        )
    error = draw(st.sampled_from([0.28, 0.25, 0.22, 0.19, 0.15]))
    return tuple(sources), fitted, error, draw(st.sampled_from([0.5, 0.8, 0.9]))


@st.composite
def ruled_markets(draw, most_sources=3):
    """As `owned_markets`, with shares, sources that exclude and sources that need another."""
    sources, fitted, error, confidence = draw(owned_markets(most_sources))
    names = [source.name for source in sources]
    ruled = []
    for source in sources:
        others = st.sampled_from([(), (), *((n,) for n in names if n != source.name)])
        ruled.append(
            replace(
                source,
                min_share=draw(st.sampled_from([0.0, 0.0, 0.2, 0.4])),
                max_share=draw(st.sampled_from([1.0, 1.0, 0.75, 0.5])),
                excludes=draw(others),
                needs=draw(others),
            )
        )
    return tuple(ruled), fitted, error, confidence
