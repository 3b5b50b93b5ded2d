"""What following the advice saves where the truth is drawn from the prior: reports.

A truth is a draw of the prior law of two sources: one dear and unbiased, with four sizes of pilots,
and one cheap that may have a floor of its own and that nobody has tried. Pilots are simulated from
it, the law is fitted to them, and four ways of going on are paid for under the truth:

- no pilot: the best purchase now;
- advice: the pilot that is advised, if any, then the best purchase given what it showed;
- largest candidate: the dearest candidate that costs no more than the best purchase now, then the
  same; candidates end at eight times the largest pilot;
- largest: as many examples of the dear source as the money of the best purchase now buys, runs
  included, then the same.

All ways aim at the same chance of meeting the target, or at SLIP less where no purchase is as sure
as wanted; cost is of pilots and purchases.
"""

from __future__ import annotations

import math
import os
from types import SimpleNamespace

import numpy as np
import pandas as pd

from planner import fit_law
from planner.advise import HOPELESS, TRUTHS, advise, candidates, stand_of, weigh
from planner.choices import meets
from planner.optimise import cheapest_plan
from planner.pilots import Pilots
from planner.plan import Target
from planner.prior import BIASED_EXCESS, UNBIASED_SATURATION, Beliefs, SourceBelief, Split
from planner.rounds import path
from planner.trials import Pilot
from sources.base import CostLine, Limits, Quality, Source

PROJECTS = int(os.environ.get("DATAPLAN_PROJECTS", "60"))
SIZES, REPEATS, TESTED = (125, 250, 500, 1000), 3, 2000
DRAWS = 500


def source(name: str, price: float, fee: float, biased: bool) -> Source:
    line = CostLine("labels", fee, price)
    quality = Quality(1.0, 0.9, 1.1, False) if not biased else Quality(0.8, 0.3, 1.2, True)
    return Source(name, "plain", (line,), Limits(max_examples=1e6, batch=10), quality)


def believed(sources) -> Beliefs:
    known = {}
    for each in sources:
        q = each.quality
        known[each.name] = SourceBelief(
            quality=Split.of_range(q.low, q.base, q.high),
            saturation=SourceBelief.saturation if q.biased else UNBIASED_SATURATION,
            excess=BIASED_EXCESS if q.biased else None,
        )
    return Beliefs(known, "dear", 0.5, "classification")


def simulated(truth, rng) -> pd.DataFrame:
    n = np.repeat(np.array(SIZES, dtype=float), REPEATS)
    row = np.zeros((len(n), len(truth.sources)))
    row[:, truth.sources.index("dear")] = n
    error = truth.errors(row)[0]
    variance = np.maximum(truth.noise[0, 0] ** 2, (1 - error) / error / TESTED)
    seen = error * np.exp(np.sqrt(variance) * rng.standard_normal(len(n)))
    seen = np.clip(seen, 0.5 / TESTED, 0.99)
    return pd.DataFrame({"dear": n, "cheap": 0.0, "error": seen, "test_size": TESTED})


def largest_pilot(dear, stand, run_cost) -> Pilot | None:
    """As many examples of the dear source as the money of the best purchase now buys beside REPEATS
    runs; None where it buys none."""
    line, batch = dear.lines[0], dear.limits.batch
    left = float(stand.listed.cost[stand.now]) - REPEATS * run_cost - line.fixed
    order = math.floor(left / line.unit_price / batch) * batch
    if order <= 0:
        return None
    trained = {"dear": max(SIZES) + order}
    return Pilot(trained, {"dear": order}, REPEATS, float(dear.cost(order)), run_cost, 1.0)


def paid(truth, stand, target: float, pilot, rng) -> tuple[bool, float]:
    """Success, and what was spent, pilot included, under a truth of one draw."""
    if pilot is None:
        then, spent = stand.now, float(stand.listed.cost[stand.now])
    else:
        error = float(truth.errors(pilot.row(truth))[0, 0])
        variance = max(truth.noise[0, 0] ** 2, (1 - error) / error / TESTED) / pilot.repeats
        shown = np.log(error) + np.sqrt(variance) * rng.standard_normal(1)
        then = int(stand.after(pilot, shown)[0])
        spent = pilot.cost + float(stand.still_to_pay(pilot)[then])
    met = bool(meets(truth, stand.listed.totals[[then]], target)[0, 0])
    return met, spent


def test_following_the_advice():
    rng, rows = np.random.default_rng(0), []
    empty = Pilots((), np.zeros((0, 0)), np.zeros(0))
    for project in range(PROJECTS):
        price = float(np.exp(rng.uniform(np.log(0.02), np.log(0.5))))
        sources = (
            source("dear", 1.0, 200.0, biased=False),
            source("cheap", price, float(rng.uniform(50, 400)), biased=True),
        )
        known = believed(sources)
        prior = fit_law(empty, beliefs=known, seed=project, draws=DRAWS)
        truth = prior.pick(np.array([int(rng.integers(DRAWS))]))
        runs = simulated(truth, rng)
        law = fit_law(runs, beliefs=known, seed=project, draws=DRAWS)
        run_cost = float(np.exp(rng.uniform(np.log(20), np.log(1000))))
        middle = law.quantiles({"dear": [float(rng.choice([2e3, 4e3, 8e3]))]}, (0.5,))[0, 0]
        target = Target(float(middle), 0.8, 60_000.0)
        plan = cheapest_plan(sources, law, target, prove=False)
        inputs = SimpleNamespace(
            sources=sources, pilots=Pilots.from_frame(runs), target=target, contingency=0.0,
            run_cost=run_cost, measure_weeks=1.0, models=(),
        )  # fmt: skip
        study = SimpleNamespace(
            inputs=inputs, law=law, plan=plan, frontier=(), best_guess=None,
            path=path(law, plan, 0.0, run_cost=run_cost, sources=sources),
        )  # fmt: skip
        stand, advice = stand_of(study), advise(study, truths=min(TRUTHS, DRAWS))
        affordable = [p for p in candidates(study) if p.cost <= stand.listed.cost[stand.now]]
        hopeless = stand.listed.met[:, stand.now].mean() <= HOPELESS
        most = largest_pilot(sources[0], stand, run_cost)
        dearest = max(affordable, key=lambda p: p.cost, default=None)
        ways = {"no pilot": None, "advice": advice.best}
        for name, pilot in (("largest candidate", dearest), ("largest", most)):
            ways[name] = pilot and weigh(stand, pilot, reaches=plan.reaches or hopeless)
        ours = law.with_order(truth.sources)
        assert ours.sources == law.sources, "rows of the choices are in the truth's order"
        scale = float(stand.listed.cost[stand.now]) or 1.0
        for name, pilot in ways.items():
            met, spent = paid(truth, stand, target.error, pilot, np.random.default_rng(project))
            rows.append((project, name, met, spent / scale, pilot is not None))
    heads = ["project", "way", "met", "cost", "piloted"]
    table = pd.DataFrame(rows, columns=heads)
    print(f"\n{PROJECTS} projects; costs against the best purchase now")
    print(table.groupby("way", sort=False)[heads[2:]].mean().round(3).to_string())
    for what in ("cost", "met"):
        wide = table.pivot(index="project", columns="way", values=what).astype(float)
        for other in ("no pilot", "largest candidate", "largest"):
            saved = wide[other] - wide["advice"]
            error = saved.std() / np.sqrt(len(saved))
            print(f"{what} of {other} less that of advice: {saved.mean():.3f} +- {error:.3f}")
