"""A small real experiment on preference data: reward models fitted to judged pairs, best-of-n.

Answers are vectors z ~ N(0, 1). People's reward is nonlinear in z; of two answers a person chooses
by Bradley & Terry's probability, and some choices are flipped on top. The reward model is linear in
z, fitted by Newton's method to the choices: limited, as real ones are. Best-of-n takes the answer
that the reward model likes best; what people think of it is counted against a random answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.preference.fit import Run
from planner.preference.laws import best_of_n_d

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Task:
    """People's reward: linear, products of features, waves, and a penalty on extremes.

    scale  [logit] standard deviation of the reward over answers
    """

    features: int
    products: float
    waves: float
    penalty: float
    scale: float
    seed: int

    def reward(self, z: FloatArray) -> FloatArray:
        rng = np.random.default_rng(self.seed)
        line = rng.standard_normal(self.features)
        line /= np.linalg.norm(line)
        other = rng.standard_normal((self.features, 3))
        other /= np.linalg.norm(other, axis=0)
        x, y = z @ line, z @ other
        raw = x + self.products * y[..., 0] * y[..., 1] + self.waves * np.sin(2 * y[..., 2])
        raw = raw - self.penalty * np.maximum(np.abs(x) - 1, 0) ** 2
        return self.scale * raw


@dataclass(frozen=True)
class Network:
    """People's reward: a line and a random network of tanh units, of another form than `Task`."""

    features: int
    units: int
    line: float
    scale: float
    seed: int

    def reward(self, z: FloatArray) -> FloatArray:
        rng = np.random.default_rng(self.seed)
        first = rng.standard_normal((self.features, self.units)) * 1.5 / np.sqrt(self.features)
        offset = rng.standard_normal(self.units)
        second = rng.standard_normal(self.units)
        spread = np.tanh(rng.standard_normal((4000, self.features)) @ first + offset) @ second
        line = rng.standard_normal(self.features)
        line /= np.linalg.norm(line)
        raw = np.tanh(z @ first + offset) @ second / spread.std()
        return self.scale * (raw + self.line * (z @ line))


TASKS: tuple[Task | Network, ...] = (  # looked at while the law was made
    Task(8, 0.3, 0.3, 0.15, 1.5, 1),
    Task(16, 0.5, 0.3, 0.3, 1.5, 2),
    Task(32, 0.3, 0.6, 0.2, 1.0, 3),
    Task(64, 0.5, 0.5, 0.3, 2.0, 4),
    Task(24, 0.8, 0.2, 0.45, 1.2, 5),
    Task(48, 0.2, 0.2, 0.1, 0.8, 6),
)


def fresh_tasks(number: int, seed: int) -> list[Task | Network]:
    """Tasks of either form, drawn; none was looked at while the law was made."""
    rng = np.random.default_rng(seed)
    found: list[Task | Network] = []
    for at in range(number):
        features = int(np.exp(rng.uniform(np.log(6), np.log(60))))
        scale = float(rng.uniform(0.7, 2.0))
        if at % 2:
            units = int(rng.integers(3, 40))
            found.append(Network(features, units, float(rng.uniform(0, 1)), scale, 1000 + at))
        else:
            shape = (float(rng.uniform(0, top)) for top in (0.7, 0.6, 0.4))
            found.append(Task(features, *shape, scale, 1000 + at))
    return found


FITTED_PAIRS = (300, 600, 1200, 2400)
OTHER_PAIRS = (4800, 9600, 19200, 38400)
FLIPS = (0.0, 0.15, 0.3)
FITTED_BEST, OTHER_BEST = (2, 4, 16, 64), (8, 32, 128, 512, 2048)
TEST = 4000  # comparisons of each measurement


def choices(gap: FloatArray, flips: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Whether the first of two answers is chosen, where its reward is higher by `gap`."""
    chosen = rng.random(len(gap)) < 1 / (1 + np.exp(-gap))
    return chosen ^ (rng.random(len(gap)) < flips)


def fitted(x: FloatArray, chosen: NDArray[np.bool_], ridge: float = 1.0) -> FloatArray:
    """Weights of Bradley & Terry's model by Newton's method; x are differences of features."""
    w = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ w))
        slope = x.T @ (chosen - p) - ridge * w
        bend = (x * (p * (1 - p))[:, None]).T @ x + ridge * np.eye(len(w))
        step = np.linalg.solve(bend, slope)
        w = w + step
        if np.abs(step).max() < 1e-8:
            break
    return w


def agreement(task: Task | Network, rng: np.random.Generator, pairs: int = 40_000) -> float:
    """P(two people choose the same of two answers) [ratio], counted."""
    z = rng.standard_normal((2, pairs, task.features))
    gap = task.reward(z[0]) - task.reward(z[1])
    return float((choices(gap, 0, rng) == choices(gap, 0, rng)).mean())


def experiment(task: Task | Network, seed: int) -> tuple[float, list[Run], list[Run]]:
    """Agreement, the runs to fit, the runs to predict: every one measured."""
    rng = np.random.default_rng((task.seed, seed))
    agreed = agreement(task, rng)
    own = np.sqrt(2 * agreed - 1)
    known: list[Run] = []
    unseen: list[Run] = []
    for flips in FLIPS:
        noise = (1 - own * (1 - 2 * flips)) / 2
        for pairs in (*FITTED_PAIRS, *OTHER_PAIRS):
            weights = _trained(task, pairs, flips, rng)
            # flip rates other than the first are never fitted, but at one size
            fit = pairs in FITTED_PAIRS and (flips == 0.0 or pairs == FITTED_PAIRS[-1])
            run = Run("accuracy", pairs, _accuracy(task, weights, rng), TEST, flips=noise)
            (known if fit else unseen).append(run)
            if flips == 0.3:
                continue
            for best in (*FITTED_BEST, *OTHER_BEST):
                won = _best_of(task, weights, best, rng)
                d = float(best_of_n_d(best))
                run = Run("best-of-n", pairs, won, TEST, d=d, flips=noise)
                (known if fit and best in FITTED_BEST else unseen).append(run)
    return agreed, known, unseen


def _trained(
    task: Task | Network, pairs: int, flips: float, rng: np.random.Generator
) -> FloatArray:
    z = rng.standard_normal((2, pairs, task.features))
    gap = task.reward(z[0]) - task.reward(z[1])
    return fitted(z[0] - z[1], choices(gap, flips, rng))


def _accuracy(task: Task | Network, weights: FloatArray, rng: np.random.Generator) -> float:
    z = rng.standard_normal((2, TEST, task.features))
    gap = task.reward(z[0]) - task.reward(z[1])
    liked = (z[0] - z[1]) @ weights > 0
    return float((liked == choices(gap, 0, rng)).mean())


def _best_of(
    task: Task | Network, weights: FloatArray, best: int, rng: np.random.Generator
) -> float:
    """Win rate of the best of `best` answers.

    Only what the reward model sees matters for the choice: its score is drawn first, as the largest
    of `best` normal ones, then the rest of the answer, which is independent of it.
    """
    axis = weights / np.linalg.norm(weights)
    # the largest of n normal scores: its distribution is Phi^n
    score = _normal_quantile(rng.random(TEST) ** (1 / best))
    z = rng.standard_normal((TEST, task.features))
    z += (score - z @ axis)[:, None] * axis
    gap = task.reward(z) - task.reward(rng.standard_normal(z.shape))
    return float(choices(gap, 0, rng).mean())


def _normal_quantile(share: FloatArray) -> FloatArray:
    from scipy.special import ndtri

    return np.asarray(ndtri(share))
