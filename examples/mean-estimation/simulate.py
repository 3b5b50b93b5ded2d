"""Why error falls as a power of the data: `python simulate.py`.

Two estimators whose rate is known from theory, simulated, and their slopes recovered:

- the mean of n normal numbers: E (mean - mu)^2 = sigma^2 / n, slope -1 in log-log;
- a regression that assumes nothing but smoothness, averaging the noisy answers in bins of a
  d-dimensional cube: E (f^ - f)^2 ~ n^(-2 / (2 + d)) for a Lipschitz f with bins as wide as
  n^(-1 / (2 + d)) (Stone 1982, Annals of Statistics 10:1040): the more dimensions, the slower.

Real learning is closer to the second: that is why measured exponents are small.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from planner import fit_law

SIZES = np.array([250, 500, 1000, 2000, 4000, 8000])
LARGER = 64_000  # predicted from the sizes above, then simulated
REPEATS = 40
SIGMA = 1.0  # noise of one observation
T95 = 2.132  # Student's t, 4 degrees of freedom, 5% in either tail

Simulation = Callable[[int, np.random.Generator], float]


def mean_error(n: int, rng: np.random.Generator) -> float:
    """Squared error of the mean of n draws of N(3, SIGMA^2)."""
    return float((rng.normal(3.0, SIGMA, n).mean() - 3.0) ** 2)


def bin_error(n: int, rng: np.random.Generator, dimensions: int) -> float:
    """Mean squared error of binned means as an estimate of f(x) = sum of |x_i - 1/2|."""
    bins = max(round(n ** (1 / (2 + dimensions))), 1)

    def truth(x: np.ndarray) -> np.ndarray:
        return np.abs(x - 0.5).sum(axis=1)

    def cell(x: np.ndarray) -> np.ndarray:
        return np.ravel_multi_index(tuple((x * bins).astype(int).T), (bins,) * dimensions)

    x = rng.random((n, dimensions))
    y = truth(x) + rng.normal(0.0, SIGMA, n)
    count = np.bincount(cell(x), minlength=bins**dimensions)
    total = np.bincount(cell(x), weights=y, minlength=bins**dimensions)
    mean = np.where(count > 0, total / np.maximum(count, 1), y.mean())
    new = rng.random((4000, dimensions))
    return float(np.mean((mean[cell(new)] - truth(new)) ** 2))


def simulated(simulation: Simulation, sizes: np.ndarray, seed: int = 0) -> pd.DataFrame:
    """One row a size: mean error over REPEATS, as pilots want it."""
    rng = np.random.default_rng(seed)
    errors = [np.mean([simulation(int(n), rng) for _ in range(REPEATS * 4)]) for n in sizes]
    return pd.DataFrame({"n": sizes, "error": errors})


def slope(runs: pd.DataFrame) -> tuple[float, float, float]:
    """Slope of log error on log n by least squares, and its 90% interval."""
    x = np.log(runs.n) - np.log(runs.n).mean()
    y = np.log(runs.error) - np.log(runs.error).mean()
    found = float((x * y).sum() / (x * x).sum())
    scatter = np.sqrt(((y - found * x) ** 2).sum() / (len(x) - 2) / (x * x).sum())
    return found, found - T95 * scatter, found + T95 * scatter


CASES: dict[str, tuple[Simulation, float]] = {
    "mean of n numbers": (mean_error, -1.0),
    "bins, 1 dimension": (lambda n, rng: bin_error(n, rng, 1), -2 / 3),
    "bins, 2 dimensions": (lambda n, rng: bin_error(n, rng, 2), -2 / 4),
    "bins, 4 dimensions": (lambda n, rng: bin_error(n, rng, 4), -2 / 6),
}


def main() -> None:
    """Print theory, slope recovered, and an eightfold extrapolation by the planner's law."""
    print(f"{'':20} {'theory':>7} {'slope (90%)':>22} {'error at 64,000: predicted':>28} seen")
    for name, (simulation, theory) in CASES.items():
        runs = simulated(simulation, SIZES)
        found, low, high = slope(runs)
        law = fit_law(runs)
        ends = law.predict({"n": LARGER}).iloc[0]
        later = simulated(simulation, np.array([LARGER]), seed=1).error[0]
        print(
            f"{name:20} {theory:7.2f} {found:7.2f} ({low:5.2f} to {high:5.2f})"
            f"   {ends['median']:.2g} ({ends['low']:.2g} to {ends['high']:.2g})   {later:.2g}"
        )


if __name__ == "__main__":
    main()
