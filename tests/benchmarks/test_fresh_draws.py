"""The stated probability of a plan against 10,000 fresh draws, over random projects; never judges.

Goal: within 1.5 points over 100 random projects. Fresh draws are the same fit with another seed, so
that the Monte Carlo error of the fit itself counts; they are made twice, to tell it apart. 200 CPU
s or so.
"""

from __future__ import annotations

import time

import numpy as np

from planner import study
from planner.fit import fit_law
from planner.inputs import Inputs
from planner.plan import Plan
from tests.benchmarks import random_projects

PROJECTS, FRESH, NEAR = 100, 10_000, 0.015
SEEDS = 1_000_000, 2_000_000  # to which the number of the project is added


def stated(inputs: Inputs) -> tuple[Inputs, Plan, float, float]:
    """The project with its target, its plan, and P(target met) on the study's fresh draws with its
    standard error, as `study.run` finds them."""
    law, fresh = study._halves(inputs)
    inputs, secured = study.solved(inputs, law, fresh)
    return inputs, secured.plan, *study.fresh_chance(fresh, secured.plan)


def met(inputs: Inputs, plan: Plan, seed: int) -> float:
    """P(target met) on fresh draws of another seed."""
    law = fit_law(inputs.pilots, beliefs=study.beliefs(inputs), seed=seed, draws=FRESH)
    return float(law.probability(plan.target.error, plan.totals(law.sources)[None]))


def line(name: str, gaps: np.ndarray) -> str:
    far = np.abs(gaps)
    return (
        f"{name}: mean {100 * gaps.mean():+.2f} points, |gap| median {100 * np.median(far):.2f}, "
        f"90% {100 * np.quantile(far, 0.9):.2f}, worst {100 * far.max():.2f}; within "
        f"{100 * NEAR:g} points in {np.sum(far <= NEAR)} of {len(far)}"
    )


def test_stated_probability_on_fresh_draws(tmp_path):
    rows, taken = [], 0.0
    for number in range(PROJECTS):
        inputs = random_projects.inputs(number, tmp_path / str(number))
        start = time.process_time()
        inputs, plan, fresh, noise = stated(inputs)
        taken += time.process_time() - start
        found = [met(inputs, plan, seed + number) for seed in SEEDS]
        rows.append((plan.probability, fresh, noise, plan.reaches, *found))
    inside, fresh, noise, reaches, first, second = np.array(rows, float).T
    print(f"\n{PROJECTS} projects, {int(reaches.sum())} reach; {taken / PROJECTS:.2f} CPU s each")
    print(line("law's own draws - fresh", inside - first))
    print(line("stated - fresh", fresh - first))
    print(line("stated - mean of both fresh", fresh - (first + second) / 2))
    print(line("fresh of one seed - of another", first - second))
    known = noise > 0
    score = (fresh - (first + second) / 2)[known] / noise[known]
    print(f"standard error stated {100 * noise.mean():.2f} points; gap in it, rms {rms(score):.2f}")


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))
