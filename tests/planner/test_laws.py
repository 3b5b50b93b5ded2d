"""One contract for every family, and the composition against arithmetic a reader can check."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.laws import (
    EARLY_SHARE,
    ERROR_AT_ANCHOR,
    EXPONENT,
    FAMILIES,
    FLOOR_FRACTION,
    LARGEST_SIZE,
    OFFSET_SIZE,
    Anchor,
    Composition,
    effective_size,
    family,
    stretch,
    text_factor,
)

DRAWN = {
    ERROR_AT_ANCHOR: st.floats(0.01, 0.45),
    EXPONENT: st.floats(0.02, 2.0),
    FLOOR_FRACTION: st.floats(0.0, 0.99),
    OFFSET_SIZE: st.floats(1e-4, 10.0),
    EARLY_SHARE: st.floats(0.0, 1.0),
}
INSIDE = {  # away from the ends, where differences lose their digits
    ERROR_AT_ANCHOR: st.floats(0.05, 0.4),
    EXPONENT: st.floats(0.05, 1.0),
    FLOOR_FRACTION: st.floats(0.05, 0.9),
    OFFSET_SIZE: st.floats(1e-2, 10.0),
    EARLY_SHARE: st.floats(0.1, 0.9),
}


@pytest.mark.parametrize("each", FAMILIES, ids=lambda f: f.name)
class TestEveryFamily:
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(data=st.data(), size=st.floats(1.0, 1e7))
    def test_contract(self, each, data, size):
        theta = np.array([[data.draw(DRAWN[p]) for p in each.parameters]])
        anchor = Anchor(size, 0.5)
        grid = np.geomspace(1e-9, LARGEST_SIZE, 200)[None]
        floor, part = each.curve(theta, grid, anchor)
        assert floor.shape == (1, 1) and part.shape == grid.shape
        assert np.isfinite(floor).all() and np.isfinite(part).all() and (part >= 0).all()
        assert np.all(np.diff(part[0]) <= 1e-12 * part[0, :-1]), "more data never raises the error"
        at_floor, at = each.curve(theta, np.array([[size]]), anchor)
        assert at_floor + at == pytest.approx(theta[0, 0], rel=1e-6), "pinned at the largest pilot"

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(data=st.data(), size=st.floats(10.0, 1e6))
    def test_gradient_is_that_of_the_curve(self, each, data, size):
        """Against central differences, on every parameter and on log size."""
        theta = np.array([[data.draw(INSIDE[p]) for p in each.parameters]])
        anchor = Anchor(size, 0.5)
        sizes = size * np.geomspace(1e-2, 1e3, 7)[None]

        def log_error(t, s):
            return np.log(sum(each.curve(t, s, anchor)))

        on_theta, on_size = each.gradient(theta, sizes, anchor)
        assert on_theta.shape == (1, 7, len(each.parameters)) and on_size.shape == sizes.shape
        for i in range(theta.shape[1]):
            step = np.zeros_like(theta)
            step[0, i] = 1e-6 * theta[0, i]
            slope = (log_error(theta + step, sizes) - log_error(theta - step, sizes)) / 2
            assert on_theta[..., i] * step[0, i] == pytest.approx(slope, rel=1e-3, abs=1e-9)
        up, down = (log_error(theta, sizes * np.exp(h)) for h in (1e-5, -1e-5))
        assert on_size == pytest.approx((up - down) / 2e-5, rel=1e-3, abs=1e-6)

    def test_is_found_by_name_and_explained(self, each):
        assert family(each.name) is each
        assert each.formula and each.__class__.__doc__
        assert each.parameters[0] is ERROR_AT_ANCHOR


def test_unknown_family_names_the_known_ones():
    with pytest.raises(ValueError, match="power"):
        family("magic")


def test_saturating_starts_at_the_worst_error():
    theta = np.array([[0.3, 0.4, 0.2]])
    floor, part = family("saturating").curve(theta, np.array([[1e-9]]), Anchor(800.0, 0.5))
    assert floor[0, 0] + part[0, 0] == pytest.approx(0.5)
    with pytest.raises(ValueError, match="worst"):
        family("saturating").curve(theta, np.array([[1.0]]), Anchor(800.0))


def composition(quality, saturation, excess, text=()):
    shape = (1, len(quality))
    return Composition(
        np.array(quality, float).reshape(shape),
        np.array(saturation, float).reshape(shape),
        np.array(excess, float).reshape(shape),
        np.zeros(shape),
        np.full(len(quality), 100.0),
        np.array(text, float).reshape(1, -1, 4),
        100.0,
    )


def test_effective_size_by_hand():
    mix = composition([1.0, 0.5], [1.0, 0.5], [0.0, 0.1])
    size, tilt = effective_size(mix, np.array([[200.0, 0.0], [0.0, 100.0], [100.0, 400.0]]))
    # 400 of the second: 0.5 * 400 * (400 / 100)^-0.5 = 100
    assert size[0] == pytest.approx([200.0, 50.0, 200.0])
    assert tilt[0] == pytest.approx([0.0, 0.1, 0.05])


def test_text_factor_by_hand():
    mix = composition([1.0], [1.0], [0.0], [np.log(0.8), -0.1, 0.5, np.log(1000.0)])
    size = np.array([[100.0, 100.0, 200.0]])
    factor = text_factor(mix, np.array([[0.0], [3000.0], [3000.0]]), size)
    assert factor[0] == pytest.approx([1.0, 0.8 * 4**0.5, 0.8 * 2**-0.1 * 4**0.5])


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.floats(-2.0, 2.0), st.floats(10.0, 1e6))
def test_stretch_leaves_the_pilots_alone_and_keeps_order(speed, start):
    sizes = np.geomspace(start / 100, start * 1e4, 50)[None]
    warped = stretch(sizes, np.array([[speed]]), np.array([[start]]))
    inside = sizes[0] <= start
    assert warped[0, inside] == pytest.approx(sizes[0, inside])
    assert np.all(np.diff(warped[0]) >= 0)
    beyond = np.log(warped[0, -1] / start) / np.log(sizes[0, -1] / start)
    assert beyond == pytest.approx(
        min(np.exp(speed), np.log(LARGEST_SIZE / start) / np.log(1e4)), rel=1e-6
    )


def test_a_source_may_bend_beyond_its_own_largest_pilot():
    mix = composition([0.5], [0.8], [0.0])
    bent = replace(mix, speed=np.array([[-0.5]]))
    amounts = np.array([[50.0, 100.0, 400.0]])
    plain, after = mix.contribution(0, amounts)[0], bent.contribution(0, amounts)[0]
    assert after[:2] == pytest.approx(plain[:2])
    assert plain[2] == pytest.approx(0.5 * 100 * 4**0.8)
    assert after[2] == pytest.approx(0.5 * 100 * 4 ** (0.8 * np.exp(-0.5)))
