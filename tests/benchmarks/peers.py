"""What others fit to pilots, as plain formulas: each takes mean errors at distinct sizes.

A peer is a function (n, error) -> law, and a law maps sizes to errors. All are fitted by least
squares from one customary start, as they are used in practice; `careful_floor` from many.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import least_squares

Law = Callable[[np.ndarray], np.ndarray]
TINY = 1e-12


def power(n: np.ndarray, error: np.ndarray) -> Law:
    """log error = a - b log n, a straight line."""
    slope, level = np.polyfit(np.log(n), np.log(error), 1)
    return lambda size: np.exp(level + slope * np.log(size))


def local_slope(n: np.ndarray, error: np.ndarray) -> Law:
    """The line through the last three pilots."""
    return power(n[-3:], error[-3:])


def _fitted(formula, start, bounds, n, error, log: bool) -> Law:
    def off(theta):
        guess = formula(theta, n)
        return np.log(np.maximum(guess, TINY)) - np.log(error) if log else guess - error

    try:
        found = least_squares(off, start, bounds=bounds, max_nfev=200).x
    except ValueError:  # a start on its bound, or numbers beyond what floats hold
        found = np.array(start)
    return lambda size: np.maximum(formula(found, size), TINY)


def power_floor(n: np.ndarray, error: np.ndarray) -> Law:
    """floor + scale n^-exponent with floor >= 0, least squares of the error."""

    def formula(theta, size):
        return theta[0] + theta[1] * (size / n[0]) ** -theta[2]

    start = [0.5 * error.min(), max(error[0] - 0.5 * error.min(), 1e-6), 0.5]
    return _fitted(formula, start, ([0, 0, 0], [np.inf, np.inf, 10]), n, error, log=False)


def curve_fit_floor(n: np.ndarray, error: np.ndarray) -> Law:
    """The same law by scipy's curve_fit from its own start (1, 1, 1): how it is mostly used."""
    from scipy.optimize import curve_fit

    def formula(size, floor, scale, exponent):
        return floor + scale * size**-exponent

    try:
        found, _ = curve_fit(formula, n, error, p0=(1, 1, 1), bounds=(0, np.inf), max_nfev=2000)
    except (RuntimeError, ValueError):  # did not converge: the last pilot for ever
        found = (error[-1], 0.0, 1.0)
    return lambda size: formula(size, *found)


def careful_floor(n: np.ndarray, error: np.ndarray) -> Law:
    """The same law, least squares of relative error, best of a grid of exponents."""
    best, found = np.inf, (float(error.mean()), 0.0, 1.0)
    for exponent in np.geomspace(0.02, 2, 60):
        basis = np.stack([np.ones_like(n), n**-exponent], axis=1) / error[:, None]
        (floor, scale), *_ = np.linalg.lstsq(basis, np.ones_like(error), rcond=None)
        if floor < 0:
            floor, scale = 0.0, float(basis[:, 1].sum() / (basis[:, 1] ** 2).sum())
        loss = float(((basis @ [floor, scale] - 1) ** 2).sum())
        if scale > 0 and loss < best:
            best, found = loss, (floor, scale, exponent)
    floor, scale, exponent = found
    return lambda size: floor + scale * size**-exponent


def m4(n: np.ndarray, error: np.ndarray) -> Law:
    """(e - E) / (e0 - e)^a = b n^-c (Alabdulmohsin 2022), solved for e by bisection."""

    def formula(theta, size):
        floor, worst, a, log_b, c = theta
        low, high = np.full_like(size, floor), np.full_like(size, floor + worst)
        wanted = log_b - c * np.log(size)
        for _ in range(45):
            middle = (low + high) / 2
            with np.errstate(divide="ignore"):
                value = np.log(middle - floor) - a * np.log(floor + worst - middle)
            above = value > wanted
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        return (low + high) / 2

    start = [0.5 * error.min(), 2 * error.max(), 0.5, np.log(error[0]), 0.3]
    bounds = ([0, 1e-6, 0, -50, 0], [np.inf, np.inf, 5, 50, 5])
    return _fitted(formula, start, bounds, n, error, log=True)


def broken_power(n: np.ndarray, error: np.ndarray) -> Law:
    """E + b n^-c0 (1 + (n / d)^(1/f))^(-c1 f), one break (Caballero 2022)."""

    def formula(theta, size):
        floor, log_b, c0, c1, log_d, log_f = theta
        f = np.exp(log_f)
        bend = np.logaddexp(0.0, (np.log(size) - log_d) / f)
        return floor + np.exp(np.clip(log_b - c0 * np.log(size) - c1 * f * bend, -50, 50))

    start = [0.1 * error.min(), np.log(error[0]), 0.2, 0.1, np.log(np.median(n)), 0.0]
    bounds = ([0, -50, 0, 0, 0, -3], [np.inf, 50, 5, 5, 40, 3])
    return _fitted(formula, start, bounds, n, error, log=True)


PEERS: dict[str, Callable[[np.ndarray, np.ndarray], Law]] = {
    "power": power,
    "power + floor": power_floor,
    "power + floor, curve_fit": curve_fit_floor,
    "power + floor, careful": careful_floor,
    "M4": m4,
    "broken power": broken_power,
    "local slope": local_slope,
}


def need(law: Law, target: float, start: float, factor: float) -> float:
    """First size from `start` to `factor` times that at which the law meets the target; the largest
    if none does."""
    sizes = np.geomspace(start, start * factor, 400)
    met = np.flatnonzero(law(sizes) <= target)
    return float(sizes[met[0]]) if len(met) else float(sizes[-1])


def bootstrap_needs(runs, target: float, start: float, factor: float, times: int = 20):
    """Needs by power + floor on resampled repeats (Mahmood 2022, Learn-Optimize-Collect): the
    spread from which a quantile is bought."""
    rng = np.random.default_rng(0)
    groups = [(n, errors.to_numpy()) for n, errors in runs.groupby("n").error]
    sizes = np.array([n for n, _ in groups], dtype=float)
    found = []
    for _ in range(times):
        means = [rng.choice(errors, len(errors)).mean() for _, errors in groups]
        found.append(need(power_floor(sizes, np.array(means)), target, start, factor))
    return np.sort(found)
