"""A study written by hand from the real values, for tests of what is printed and written."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, field, replace
from typing import Any

from planner.fitted import LawParameter, PilotFit
from planner.marginal import Marginal
from planner.plan import Diagnosis, Finding, Path, Plan, Round, Step, Target
from planner.risk import Risk
from planner.study import FrontierPoint
from planner.tried import Flip, Part, Tried
from sources.base import Assumption, CostLine, Limits, Quality, Source, Tier
from sources.training import Model

HUMAN = Source(
    name="human",
    kind="human",
    lines=(
        CostLine("annotation", 0.0, 0.8333333, (), 0.7, 1.4, "published", "wage survey 2026"),
        CostLine("guidelines", 500.0, 0.0, (), 1.0, 1.0, "quoted", "offer 12"),
    ),
    limits=Limits(1000, 200, 1.0, cap_reason="pool of annotators"),
    quality=Quality(1.0, 1.0, 1.0, False, "measured", "pilots"),
    assumptions=(
        Assumption("wage", 50.0, "USD/hour", "published", "wage survey", "2026-05", 35.0, 70.0),
        Assumption("turnover", None, "1/year", "assumed", "", "", note="not known; ask the agency"),
    ),
)
CROWD = Source(
    name="=cmd|'/c calc'!A1",
    kind="crowd",
    lines=(
        CostLine("judgements", 0.0, 0.1234567, (Tier(5000, 0.1),), 0.8, 1.3, "catalogue", "page"),
        CostLine("free", 0.0, 0.0),
    ),
    limits=Limits(50_000, 4000, 0.5),
    in_hand=10.0,
)
TEXT = Source("notes", "text", (CostLine("cleaning", 100.0, 0.001),), role="text", unit="document")
SOURCES = (HUMAN, CROWD, TEXT)


def step(source: Source, quantity: float, effective: float | None, share: float | None) -> Step:
    variable = float(sum(line.variable(quantity) for line in source.lines))
    low, high = source.cost_range(quantity)
    return Step(
        source=source,
        quantity=quantity,
        fees=source.fees(),
        variable=variable,
        contingency=0.15 * (source.fees() + variable),
        low=low * 1.15,
        high=high * 1.15,
        effective_examples=effective,
        share=share,
        start_week=source.limits.lead_weeks,
        weeks=source.limits.weeks(quantity),
        binding="pool of annotators" if source is HUMAN else "",
    )


@dataclass(frozen=True)
class Law:
    """Parameters and residuals as the fitted law gives them."""

    reference: str = "human"
    weak_prior: bool = True
    sources: tuple[str, ...] = tuple(source.name for source in SOURCES)

    def parameters(self) -> tuple[LawParameter, ...]:
        return (
            LawParameter("power", 0.4, "", "exponent", "1", 0.1, 0.23456789, 0.4, "slope", "both"),
            LawParameter(
                "power", 0.4, CROWD.name, "quality", "1", 0.3, 0.5, math.inf, "w", "prior"
            ),
        )

    def residuals(self) -> tuple[PilotFit, ...]:
        return (
            PilotFit({"human": 100.0}, 1, 0.42, None, 0.41, 0.39, 0.43, 0.024097551),
            PilotFit(
                {"human": 50.0, CROWD.name: 400.0}, 3, 0.35, 0.01, 0.36, 0.33, 0.39, -0.0281709
            ),
        )


@dataclass(frozen=True)
class Inputs:
    """The project's values that the tables read."""

    name: str = "Sample"
    currency: str = "EUR"
    usd_rate: float | None = None
    target: Target = Target(0.26, 0.8, math.inf, 12.0, "error rate")
    sources: tuple[Source, ...] = SOURCES
    start: datetime.date = datetime.date(2026, 12, 1)
    contingency: float = 0.15
    classes: int | None = 2
    worst_error: float | None = 0.5
    max_params: float | None = None
    seed: int = 0
    draws: int = 1000
    measure_weeks: float = 1.0
    run_cost: float | None = None
    least: str = "cost"
    text_effect: Any = field(default_factory=dict)
    task: str = "supervised"
    models: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Study:
    """What planner.study.run returns, as far as the tables read it."""

    inputs: Any
    law: Any
    plan: Plan
    frontier: tuple[Any, ...]
    path: Path
    diagnosis: Diagnosis
    best_guess: Plan | None
    best_guess_probability: float | None
    warnings: tuple[str, ...] = ()
    risk: Risk = Risk(0.95, 0.9, 0.7)
    surer: tuple[Any, ...] = ()
    sensitivity: Any = None
    fresh: tuple[float, float] = (0.79, 0.013)
    models: tuple[Any, ...] = ()
    kept: bool = False
    idea: Any = None
    best_guess_of: Any = None


def plan(reaches: bool = True) -> Plan:
    return Plan(
        target=Inputs().target,
        steps=(
            step(HUMAN, 1000, 1000.4, 0.4),
            step(CROWD, 7001, 1500.6, 0.6),
            step(TEXT, 33, None, None),
        ),
        reaches=reaches,
        probability=0.81234567 if reaches else 0.31,
        error=(0.2312345678, 0.251234567, 0.271),
        bound=2500.0 if reaches else None,
        binding=("pool of annotators: human stops at 1,000",),
    )


def path() -> Path:
    first = Round(
        1,
        {"human": 300.0},
        900.0,
        900.0,
        300.2,
        (0.3, 0.32, 0.35),
        0.05,
        1.0,
        3.0,
        "go on if error <= 0.33",
    )
    last = Round(
        2,
        {"human": 700.0, CROWD.name: 7001.0},
        1900.5,
        2800.5,
        2501.0,
        (0.23, 0.25, 0.27),
        0.81,
        0.95,
        7.5,
        "stop",
    )
    return Path((first, last), 2700.123, 2800.5)


def study(**changes: Any) -> Study:
    whole = plan()
    guess = replace(whole, steps=whole.steps[:1], probability=0.37, bound=None)
    verdict = Finding(
        "does it scale",
        "yes, with crowd labels",
        0.81,
        "slope .23 (.10 to .40)",
        "measure human at 800 next",
    )
    made = Study(
        inputs=Inputs(),
        law=Law(),
        plan=whole,
        frontier=(FrontierPoint(0.3, guess), FrontierPoint(0.26, whole), FrontierPoint(0.1, None)),
        path=path(),
        diagnosis=Diagnosis(
            Finding("stage", "scaling", 0.7, "local slope .2"),
            Finding("pattern", "ordinary", 0.6, "residuals within noise"),
            verdict,
        ),
        best_guess=guess,
        best_guess_probability=0.37,
        warnings=("weak prior: 2 pilot sizes",),
    )
    return replace(made, **changes)


def models() -> tuple[Tried, ...]:
    """Two candidates, the first chosen: it costs 240.5 beside the purchases of `plan`."""
    lines = (
        CostLine("runs of small", 200.0, low=0.5, high=2.0, provenance="quoted", reference="o 3"),
        CostLine("serving of small", 40.5, provenance="measured", reference="load test"),
    )
    source = Source("model small", "model", lines, role="text", unit="model")
    overhead = replace(step(source, 1.0, None, None), contingency=0.0, low=140.5, high=440.5)
    small = Model("small", 1e6, None, lines[:1], lines[1], 1e6)
    data = Part(2588.35, 2112.85, 3253.7)
    first = Tried(
        small,
        "its own pilots",
        plan(),
        overhead,
        data,
        Part(200.0, 100.0, 400.0),
        Part(40.5, 40.5, 40.5),
        0.79,
        8011.0,
        None,
        True,
        True,
    )
    flip = Flip(250_000.0, None, 1.25)
    big = replace(small, name="big", params=2e7)
    serving = Part(600.0, 600.0, 600.0)
    other = replace(first, model=big, overhead=None, serving=serving, chosen=False, flip=flip)
    return first, replace(other, why_not="costs 559.50 more", how="runs over model size and data")


@dataclass(frozen=True)
class Standing:
    """What planner.study.stand returns, as far as the tables read it."""

    inputs: Any
    ranking: tuple[Marginal, ...]
    point: Any = field(default_factory=lambda: {"human": 200.0})
    basis: str = "the largest pilot run"
    step: float = 20.0


def standing(sources: tuple[Source, ...] = SOURCES, weeks: float = 3.0) -> Standing:
    """The sources in reverse order, each with the same gain."""
    parts = (0.4, 0.5, 0.8), (-1e-6, 2e-5, 3e-5)
    ranked = tuple(
        Marginal(each.name, 20.0, 20 * each.unit_cost(0), 0.3, *parts) for each in reversed(sources)
    )
    target = replace(Inputs().target, weeks=weeks)
    inputs = replace(Inputs(), sources=sources, target=target)
    return Standing(inputs, ranked, {sources[0].name: 200.0})
