"""Random projects as files: sources with all kinds of cost, pilots from a random true law."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from planner import project as reader
from planner.fit import fit_law
from planner.fitted import weighted_quantile
from planner.inputs import Inputs
from planner.study import beliefs

TARGET_DRAWS = 400  # of the law by which a target within reach is chosen
NO_TARGET = 1e-6  # stands in until then


@dataclass(frozen=True)
class Truth:
    """Where pilots come from: error = E + (c - E)(1 + S/n0)^-alpha + sum_k phi_k excess_k, with S
    the sum of quality_k n_k^saturation_k, times (1 + documents/half)^gain where text is used."""

    worst: float
    floor: float
    knee: float
    exponent: float
    quality: np.ndarray
    saturation: np.ndarray
    excess: np.ndarray
    gain: float
    half: float

    def error(self, labels: np.ndarray, documents: np.ndarray) -> np.ndarray:
        """Expected error (rows,) of labelled amounts (rows, sources) and documents (rows,)."""
        parts = self.quality * labels**self.saturation
        size = parts.sum(axis=1)
        tilt = (parts * self.excess).sum(axis=1) / size
        size = size * (1 + documents / self.half) ** self.gain
        part = (self.worst - self.floor) * (1 + size / self.knee) ** -self.exponent
        return np.asarray(np.minimum(self.floor + tilt + part, self.worst))


def inputs(seed: int, folder: Path) -> Inputs:
    """Project number `seed`, written to `folder` and read as the command reads it.

    Its target is what a random purchase reaches at the wanted confidence, by a law of other draws.
    """
    rng = np.random.default_rng(seed)
    count, text = int(rng.integers(1, 6)), bool(rng.random() < 0.3)
    biased = np.array([k > 0 and rng.random() < 0.35 for k in range(count)])
    classes = int(rng.choice([2, 2, 3, 5, 10, 50]))
    pilot_size = float(np.exp(rng.uniform(np.log(150), np.log(5000))))
    truth = _truth(rng, biased, 1 - 1 / classes, pilot_size)
    folder.mkdir(parents=True, exist_ok=True)
    pilots = _pilots(rng, truth, pilot_size, text)
    (folder / "pilots.csv").write_text(pilots, encoding="utf-8")
    confidence = float(rng.choice([0.5, 0.7, 0.8, 0.8, 0.9, 0.95]))
    head = [
        f'name = "random {seed}"',
        f"classes = {classes}",
        f"seed = {seed % 7}",
        "start = 2026-12-01",
        "[pilots]",
        'file = "pilots.csv"',
    ]
    body = [line for k in range(count) for line in _source(rng, k, bool(biased[k]), pilot_size)]
    if text:
        body += [
            "[sources.text]",
            'kind = "text"',
            f"documents = {int(pilot_size * rng.uniform(10, 100))}",
            "tokens = 1e7",
            f"fees = {rng.uniform(50, 400):.0f}",
            "batch = 500",
        ]

    def read(target: list[str]) -> Inputs:
        place = folder / "project.toml"
        lines = [*head, "[target]", f"confidence = {confidence}", *target, *body]
        place.write_text("\n".join(lines), encoding="utf-8")
        return reader.read(place)

    first = read([f"error = {NO_TARGET}"])
    error, cost = _within_reach(rng, first, seed)
    target = [f"error = {error:.6g}"]
    if rng.random() < 0.3:
        target.append(f"budget = {cost * rng.uniform(1.0, 3.0):.2f}")
    return read(target)


def _truth(rng: np.random.Generator, biased: np.ndarray, worst: float, pilot_size: float) -> Truth:
    count = len(biased)
    quality = np.exp(rng.normal(-0.4, 0.5, count))
    saturation = np.where(biased, rng.uniform(0.6, 1.0, count), rng.uniform(0.95, 1.0, count))
    quality[0], saturation[0] = 1.0, 1.0
    floor = worst * float(rng.beta(1.2, 8.0))
    return Truth(
        worst=worst,
        floor=floor,
        knee=pilot_size * float(np.exp(rng.uniform(-5, 0))),
        exponent=float(np.exp(rng.normal(np.log(0.35), 0.4))),
        quality=quality,
        saturation=saturation,
        excess=np.where(biased, worst * rng.uniform(0.02, 0.2, count), 0.0),
        gain=float(rng.choice([0.0, 0.05, 0.15])),
        half=pilot_size,
    )


def _pilots(rng: np.random.Generator, truth: Truth, largest: float, text: bool) -> str:
    """CSV text of runs: each source alone at a few sizes, mixtures, repeats of some."""
    count = len(truth.quality)
    tried = [k for k in range(count) if k == 0 or rng.random() < 0.8]
    rows = []
    for k in tried:
        for size in np.geomspace(largest / rng.uniform(4, 30), largest, int(rng.integers(3, 7))):
            rows.append(np.eye(count)[k] * round(size))
    for _ in range(int(rng.integers(0, 5)) if len(tried) > 1 else 0):
        share = rng.dirichlet(np.ones(len(tried)))
        rows.append(np.zeros(count))
        rows[-1][tried] = np.round(share * largest) + 1
    amounts = np.array(rows)
    documents = np.zeros(len(rows))
    if text and rng.random() < 0.5:
        documents = rng.choice([0.0, round(largest * 4)], len(rows))
    repeats = int(rng.choice([1, 1, 3, 5]))
    amounts, documents = np.repeat(amounts, repeats, axis=0), np.repeat(documents, repeats)
    test_size = int(rng.choice([500, 2000, 10_000]))
    expected = truth.error(amounts, documents)
    expected = expected * np.exp(rng.normal(0.0, rng.choice([0.005, 0.02, 0.05]), len(expected)))
    wrong = rng.binomial(test_size, np.clip(expected, 1e-3, 0.999))
    error = np.maximum(wrong, 1) / test_size
    lines = [",".join([*(f"s{k}" for k in range(count)), *["text"] * text, "error", "test_size"])]
    for labels, used, value in zip(amounts, documents, error, strict=True):
        numbers = [*labels, *[used] * text, value, test_size]
        lines.append(",".join(f"{number:.10g}" for number in numbers))
    return "\n".join(lines) + "\n"


def _source(rng: np.random.Generator, k: int, biased: bool, pilot_size: float) -> list[str]:
    price, batch = float(rng.lognormal(np.log(0.15), 0.8)), int(rng.choice([1, 10, 50, 100]))
    spread = float(rng.choice([1.0, 1.2, 2.0]))
    lines = [
        f"[sources.s{k}]",
        'kind = "plain"',
        f"unit_price = {{ value = {price:.4f}, low = {price / spread:.4f}, "
        f"high = {price * spread:.4f} }}",
        f"fees = {rng.choice([0, 50, 200, 1000])}",
        f"max_examples = {int(pilot_size * rng.uniform(5, 60))}",
        f"per_week = {int(pilot_size * rng.uniform(5, 50))}",
        f"batch = {batch}",
        f"min_order = {batch * int(rng.integers(1, 5))}",
    ]
    if rng.random() < 0.5:
        start, factor = int(pilot_size * rng.uniform(1, 10)), float(rng.choice([0.5, 0.8, 1.4]))
        lines.append(f"tiers = [{{ start = {start}, unit_price = {price * factor:.4f} }}]")
    if biased:
        lines.append("biased = true")
    if k and rng.random() < 0.7:
        base = float(np.exp(rng.normal(-0.3, 0.3)))
        lines.append(
            f"quality = {{ value = {base:.3f}, low = {base * 0.7:.3f}, high = {base * 1.4:.3f} }}"
        )
    return lines


def _within_reach(rng: np.random.Generator, given: Inputs, seed: int) -> tuple[float, float]:
    """Error that a random purchase reaches at the wanted confidence, and what it costs."""
    law = fit_law(given.pilots, beliefs=beliefs(given), seed=seed + 10_000, draws=TARGET_DRAWS)
    amounts, cost = dict.fromkeys(law.sources, 0.0), 0.0
    bought = [s for s in given.sources if s.role == "labels" and rng.random() < 0.6]
    for source in bought or given.sources[:1]:
        most = source.limits.max_examples * float(np.exp(rng.uniform(-2.5, -0.3)))
        batch = source.limits.batch
        quantity = max(most // batch * batch, float(source.limits.smallest))
        amounts[source.name] = quantity
        cost += float(source.cost(quantity))
    errors = law.errors(amounts)
    error = float(weighted_quantile(errors, law.weights, given.target.confidence)[0])
    worst = given.worst_error or 1.0
    return min(error * 1.002, worst * 0.98), cost * (1 + given.contingency)
