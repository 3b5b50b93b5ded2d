"""Studies for tests of the workbook, made by hand, and the numbers that it must show."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from planner.fitted import FittedLaw, LawParameter, Member, PilotFit, weighted_quantile
from planner.inputs import Inputs
from planner.plan import Plan, Step, Target
from planner.study import FrontierPoint, Study, studied
from planner.table import cent
from sources.base import Assumption, CostLine, Limits, Quality, Source, Tier
from tests.planner import samples, small


def line(item, fixed=0.0, price=0.0, tiers=(), low=0.5, high=2.0):
    """A cost line with a range."""
    made = tuple(Tier(*tier) for tier in tiers)
    return CostLine(item, fixed, price, made, low, high, "quoted", f"offer for {item}")


def rich_sources() -> tuple[Source, ...]:
    """Sources that have, one or another, all that a source may have."""
    number = Assumption("wage", 13.0, "EUR/hour", "quoted", "offer", "2026-11-01", 10.0, 20.0)
    gold = Source(
        "gold",
        "human",
        (line("work", 0, 1.5, [(300, 1.25), (900, 1.0)]), line("guideline", 800.0)),
        Limits(4000, 120.0, 2.0, 10, 10, ramp_weeks=3.0, closed=((4.0, 5.5), (7.0, 8.0))),
        Quality(1.0, 0.9, 1.1, biased=False),
        in_hand=60.0,
        assumptions=(number,),
        training=CostLine("training of big", 0.0, 0.02, low=0.5, high=3.0, provenance="assumed"),
    )
    crowd = Source(
        "crowd",
        "crowd",
        (line("votes", 0, 0.08, low=0.6, high=1.9), line("set-up", 250.0)),
        Limits(50_000, 2_000.0, 1.0, 100, 50),
        Quality(0.8, 0.5, 1.0, biased=False),
        minimum=700.0,
        training=CostLine("training of big", 0.0, 0.02, low=0.5, high=3.0, provenance="assumed"),
    )
    teacher = Source(
        "teacher",
        "distillation",
        (line("tokens", 40.0, 0.004),),
        Limits(batch=1),
        Quality(0.5, 0.2, 0.9),
        in_hand=300.0,
    )
    text = Source("text", "text", (line("cleaning", 90.0, 0.001),), Limits(9000), role="text")
    other = replace(text, name="mails", in_hand=500.0)
    return gold, crowd, teacher, text, other


def rich_law(draws=120) -> FittedLaw:
    """A law of every family, with misfit that bends, text, and a source with its own floor."""
    made = small.law(
        ("gold", "crowd", "teacher"),
        draws,
        3,
        biased=("teacher",),
        texts=("text", "mails"),
        worst=0.6,
    )
    rng, each = np.random.default_rng(5), draws // 6
    error, exponent = rng.normal(0.3, 0.01, draws), np.exp(rng.normal(-1.0, 0.2, draws))
    fraction, shift = rng.beta(1.5, 6, draws), rng.uniform(0.01, 2.0, draws)
    early = rng.uniform(0.1, 0.9, draws)
    theta = np.stack([error, exponent, fraction, shift, early], 1)
    forms = {"power": 2, "power + floor": 3, "shifted": 4, "broken": 5, "rectified": 4}
    sizes = {**forms, "saturating": 3}
    members = tuple(
        Member(name, theta[k * each : (k + 1) * each, :count])
        for k, (name, count) in enumerate(sizes.items())
    )
    return replace(made, members=members, bend=0.15, **told("gold", "crowd"))


def told(*names: str) -> dict:
    """Pilots and parameters, as tables show them."""
    fits = [
        PilotFit({names[0]: float(n)}, 2, 0.5 * n**-0.1, 0.01, 0.4, 0.35, 0.45, 0.01)
        for n in (50, 100, 200, 400)
    ]
    zero = dict.fromkeys(("gold", "crowd", "teacher", "text", "mails"), 0.0)
    fits = [replace(fit, amounts={**zero, **fit.amounts}) for fit in fits]
    parameter = LawParameter("power", 0.2, "", "exponent", "1", 0.1, 0.2, 0.4, "slope", "both")
    return {"pilots": tuple(fits), "summary": (parameter,)}


def inputs_of(sources, target: Target, **changes) -> Inputs:
    """A project's values."""
    made = Inputs(
        path=Path("project.toml"),
        folder=Path(),
        name="Made by hand",
        currency="EUR",
        usd_rate=0.9,
        task="supervised",
        target=target,
        metric_kind="error rate",
        pilots=None,
        sources=tuple(sources),
        start=datetime.date(2026, 12, 1),
        contingency=0.12,
        draws=120,
    )
    return replace(made, **changes)


def bought(source: Source, quantity: float, contingency: float) -> Step:
    """A step of a plan, from its source alone."""
    cost, work = float(source.cost(quantity)), float(source.work(quantity))
    low, high = (end * (1 + contingency) for end in source.cost_range(quantity))
    weeks = source.limits.weeks(quantity)
    money = cost * contingency
    part = (None, None) if source.role == "text" else (quantity, 0.4)
    return Step(source, quantity, cost - work, work, money, low, high, *part, 1.0, weeks)


def study_of(sources, law, target: Target, amounts, used=None, **changes) -> Study:
    """A study of a plan of these amounts."""
    inputs = inputs_of(sources, target, **changes)
    named = {source.name: source for source in sources}
    steps = tuple(bought(named[name], n, inputs.contingency) for name, n in amounts.items())
    plan = Plan(target, steps, False, 0.0, (0.0, 0.0, 0.0), None, (), dict(used or {}))
    errors = law.errors(plan.totals(law.sources)[None])
    probability = float(np.round(law.weights @ (errors[:, 0] <= target.error), 12))
    ends = tuple(float(weighted_quantile(errors, law.weights, q)[0]) for q in (0.05, 0.5, 0.95))
    reaches = probability >= target.confidence
    plan = replace(plan, probability=probability, error=ends, reaches=reaches)
    points = (FrontierPoint(target.error, plan), FrontierPoint(target.error / 2, None))
    return studied(inputs, law, law, plan, points)


def rich() -> Study:
    """Tiers, fees, a minimum, ramp, closed weeks, data in hand, text, bias, training, a model."""
    made = study_of(
        rich_sources(),
        rich_law(),
        Target(0.22, 0.7, 9000.0, 30.0, "error rate"),
        {"gold": 950.0, "crowd": 2500.0, "text": 4000.0},
        {"gold": 60.0, "teacher": 250.0, "mails": 500.0},
    )
    first, other = samples.models()
    assert first.overhead is not None
    beside = bought(first.overhead.source, 1.0, made.inputs.contingency)
    beside = replace(beside, effective_examples=None, share=None, start_week=0.0)
    return replace(made, models=(replace(first, overhead=beside), other))


def bare() -> Study:
    """One source without limits, nothing bought, no pilots, no worst error, out of reach."""
    source = small.source("only", 0.5, most=math.inf, batch=1, per_week=math.inf)
    law = small.law(("only",), 90, 1)
    return study_of([source], law, Target(0.05, 0.9, metric="loss"), {})


@dataclass(frozen=True)
class Numbers:
    """What a workbook shows of purchases and a law, as the library computes it."""

    total: float
    low: float
    high: float
    weeks: float
    error: float
    probability: float
    needed: float | None


def numbers_of(study: Study, sources, bought_now, contingency, confidence, varied) -> Numbers:
    """The numbers of purchases `bought_now` by name, from scratch; `varied` is the source whose
    needed quantity is searched by bisection, all others as they are."""
    law, target = study.law, study.plan.target
    named = {source.name: source for source in sources}
    totals, lows, highs, weeks = [], [], [], []
    for name, quantity in bought_now.items():
        source = named[name]
        cost, work = float(source.cost(quantity)), float(source.work(quantity))
        spare = cent(cost * contingency)
        totals.append(cent(cent(cent(cost - work) + cent(work)) + spare))
        low, high = (cent(end * (1 + contingency)) for end in source.cost_range(quantity))
        lows.append(min(low, totals[-1]))
        highs.append(max(high, totals[-1]))
        weeks.append(source.limits.weeks(quantity))

    def errors(more=None):
        amounts = {n: bought_now.get(n, 0.0) for n in law.sources}
        amounts.update({} if more is None else {varied: more})
        used = study.plan.used_in_hand
        return law.errors({n: q + used.get(n, 0.0) for n, q in amounts.items()})

    def reached(more=None):
        return float(weighted_quantile(errors(more), law.weights, confidence)[0])

    low, high = 1e-3, min(named[varied].limits.max_examples, 1e9)
    needed = 0.0 if reached(0.0) <= target.error else high
    if reached(high) > target.error:
        needed = None
    elif needed:
        for _ in range(60):
            middle = math.sqrt(low * high)
            low, high = (low, middle) if reached(middle) <= target.error else (middle, high)
        needed = high
    met = float(law.weights @ (errors()[:, 0] <= target.error))
    total = cent(sum(totals)), cent(sum(lows)), cent(sum(highs))
    return Numbers(*total, max(weeks, default=0.0), reached(), met, needed)
