"""Runs behind pilots.csv: three sizes of a model that predicts the next character of a manual.

The text is that of Python's own help (pydoc_data.topics), which every machine has. A page is 1,000
characters; a model is an embedding, one hidden layer and a softmax, trained by Adam until pages
kept aside stop improving. Writes pilots.csv (or larger_runs.csv with --larger) beside this file and
prints epochs and time of a prediction. Minutes on one core; numpy is all it takes.
"""

from __future__ import annotations

import csv
import sys
import time
from pathlib import Path

import numpy as np

PAGE, CONTEXT, SYMBOLS = 1000, 6, 64
SIZES = {"small": (4, 16), "medium": (8, 64), "large": (16, 256)}  # embedding, hidden
UNTRIED = {"wide": (12, 128)}  # of which no pilot is run: measured afterwards, as a check
PAGES, LARGER, SEEDS = (16, 32, 64, 96), (240,), (0, 1)
TEST, ASIDE = 60, 20
BATCH, RATE, MOST_EPOCHS = 256, 5e-3, 30


def pages() -> np.ndarray:
    """The text as numbers of symbols (pages, PAGE), in an order that is always the same."""
    from pydoc_data.topics import topics

    text = "\n".join(topics[name] for name in sorted(topics))
    found, counts = np.unique(list(text), return_counts=True)
    kept = found[np.argsort(-counts, kind="stable")][: SYMBOLS - 1]
    number = {sign: at for at, sign in enumerate(kept)}
    codes = np.array([number.get(sign, SYMBOLS - 1) for sign in text])
    whole = codes[: len(codes) // PAGE * PAGE].reshape(-1, PAGE)
    return whole[np.random.default_rng(0).permutation(len(whole))]


def examples(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Contexts (n, CONTEXT) and the symbol after each (n,)."""
    windows = np.lib.stride_tricks.sliding_window_view(chosen, CONTEXT + 1, axis=1)
    flat = windows.reshape(-1, CONTEXT + 1)
    return flat[:, :CONTEXT], flat[:, CONTEXT]


class Model:
    """Weights and one pass forward; `step` learns from a batch."""

    def __init__(self, size: tuple[int, int], seed: int) -> None:
        wide, hidden = size
        rng = np.random.default_rng(seed)
        shapes = [(SYMBOLS, wide), (CONTEXT * wide, hidden), (hidden,), (hidden, SYMBOLS)]
        self.weights = [
            (rng.normal(0, 1 / np.sqrt(shape[0] if len(shape) > 1 else 1e9), shape)).astype("f4")
            for shape in [*shapes, (SYMBOLS,)]
        ]
        self.weights[0] *= np.sqrt(SYMBOLS).astype("f4") * 0.5
        self.first = [np.zeros_like(w) for w in self.weights]
        self.second = [np.zeros_like(w) for w in self.weights]
        self.steps = 0

    @property
    def params(self) -> int:
        """How many weights there are."""
        return sum(w.size for w in self.weights)

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Inputs, hidden layer and log probabilities of contexts x (n, CONTEXT)."""
        embed, inner, inner_bias, outer, outer_bias = self.weights
        seen = embed[x].reshape(len(x), -1)
        hidden = np.tanh(seen @ inner + inner_bias)
        scores = hidden @ outer + outer_bias
        scores -= scores.max(axis=1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return seen, hidden, scores

    def loss(self, x: np.ndarray, y: np.ndarray) -> float:
        """Mean loss [nat/character]."""
        parts = [
            -self.forward(x[at : at + 8192])[2][
                np.arange(len(y[at : at + 8192])), y[at : at + 8192]
            ]
            for at in range(0, len(y), 8192)
        ]
        return float(np.concatenate(parts).mean())

    def step(self, x: np.ndarray, y: np.ndarray) -> None:
        """One step of Adam on a batch."""
        seen, hidden, scores = self.forward(x)
        wrong = np.exp(scores)
        wrong[np.arange(len(y)), y] -= 1
        wrong /= len(y)
        back = (wrong @ self.weights[3].T) * (1 - hidden**2)
        embed = np.zeros_like(self.weights[0])
        np.add.at(embed, x, (back @ self.weights[1].T).reshape(*x.shape, -1))
        slopes = [embed, seen.T @ back, back.sum(0), hidden.T @ wrong, wrong.sum(0)]
        self.steps += 1
        for at, slope in enumerate(slopes):
            self.first[at] += 0.1 * (slope - self.first[at])
            self.second[at] += 0.001 * (slope**2 - self.second[at])
            mean = self.first[at] / (1 - 0.9**self.steps)
            spread = np.sqrt(self.second[at] / (1 - 0.999**self.steps)) + 1e-8
            self.weights[at] -= RATE * mean / spread


def run(text: np.ndarray, size: tuple[int, int], count: int, seed: int) -> tuple[float, int, Model]:
    """Test loss [nat/character] of the best epoch, epochs made, the model."""
    test, aside, rest = text[:TEST], text[TEST : TEST + ASIDE], text[TEST + ASIDE :]
    rng = np.random.default_rng([seed, count])
    x, y = examples(rest[rng.permutation(len(rest))[:count]])
    ax, ay = examples(aside)
    model, best, kept, worse = Model(size, seed), np.inf, [], 0
    epochs = 0
    while epochs < MOST_EPOCHS and worse < 2:
        epochs += 1
        order = rng.permutation(len(y))
        for at in range(0, len(order), BATCH):
            model.step(x[order[at : at + BATCH]], y[order[at : at + BATCH]])
        found = model.loss(ax, ay)
        if found < best:
            best, kept, worse = found, [w.copy() for w in model.weights], 0
        else:
            worse += 1
    model.weights = kept
    return model.loss(*examples(test)), epochs, model


def main(larger: bool) -> None:
    """Run every size on every number of pages, and write the table."""
    text = pages()
    rows = []
    for name, size in {**SIZES, **UNTRIED}.items() if larger else SIZES.items():
        for count in (*PAGES[2:], *LARGER) if name in UNTRIED else LARGER if larger else PAGES:
            for seed in SEEDS:
                loss, epochs, model = run(text, size, count, seed)
                rows.append((name, model.params, count, seed, round(loss, 4)))
                print(*rows[-1], epochs, flush=True)
        x, _ = examples(text[:4])
        began = time.process_time()
        for _ in range(20):
            model.forward(x)
        each = (time.process_time() - began) / (20 * len(x))
        print(f"{name}: {len(text)} pages in all, {each:.2e} s a prediction")
    place = Path(__file__).with_name("larger_runs.csv" if larger else "pilots.csv")
    with place.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [("model", "model_params", "licensed", "seed", "error"), *rows]
        )


if __name__ == "__main__":
    main("--larger" in sys.argv[1:])
