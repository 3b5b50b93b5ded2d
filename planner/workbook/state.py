"""What the workbook shows: rows of purchases, and the law's numbers at them, from the study.

Each value that a formula of the workbook gives is computed here, or by the library, beforehand: the
file holds it beside the formula.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from planner.errors import DataplanError
from planner.fitted import FittedLaw
from planner.group_study import GroupStudy
from planner.laws import LARGEST_SIZE, SMALLEST_SIZE, Array, effective_size
from planner.modelled import whole_study
from planner.plan import Step
from planner.study import Study
from planner.workbook.forms import general_form
from sources.base import CostLine, Source

GRID, HALVINGS = 40, 26  # steps of the search for the quantity that is needed
LEAST, MOST = 1e-3, 1e9  # [example] where it begins, and ends where a source has no limit
NEVER, OUT_OF_REACH = "never", "out of reach"


@dataclass(frozen=True)
class Item:
    """A row of purchases: a source of the project, or what the chosen model costs beside them.

    used  [example] trained on of those in hand; step None where nothing is bought
    """

    number: int
    source: Source
    quantity: float
    used: float
    step: Step | None
    fixed: bool = False  # what a model costs: no purchase, its quantity stays 1

    @property
    def lines(self) -> tuple[CostLine, ...]:
        """The cost lines, that of training last."""
        return self.source.every_line

    @property
    def weeks(self) -> float | str:
        """Weeks to the last delivery [week], or that there is none."""
        weeks = self.source.limits.weeks(self.quantity)
        return weeks if math.isfinite(weeks) else NEVER


@dataclass(frozen=True)
class Search:
    """The quantity of one source that the target needs, all others as they are, step by step.

    Each row is (low, high, quantity, probability): logs of the bracket, [example] tried in it, and
    P(target met) there. needed [example] is None where no quantity up to `most` is enough.
    """

    item: Item
    label: int
    most: float
    grid: tuple[tuple[float, float, float], ...]
    first: int
    halvings: tuple[tuple[float, float, float, float], ...]
    needed: float | None


@dataclass(frozen=True)
class Bought:
    """A study, with groups or without, and its rows of purchases: items in the order of the plan,
    then what is not bought."""

    study: Study | GroupStudy
    items: tuple[Item, ...]

    @property
    def lines(self) -> tuple[tuple[Item, CostLine], ...]:
        """Every cost line with its item."""
        return tuple((item, line) for item in self.items for line in item.lines)


@dataclass(frozen=True)
class State(Bought):
    """A study with the rows and draws that the workbook holds.

    curve   (draws, 7) see forms.py
    labels, texts   numbers of the items that the law's labelled and text columns are, None where
                    the project has no such source
    """

    study: Study
    law: FittedLaw
    labels: tuple[Item | None, ...]
    texts: tuple[Item | None, ...]
    totals: Array
    curve: Array
    search: Search


def state_of(study: Study) -> State:
    """The rows of a study. Raises DataplanError for a law that formulas cannot hold."""
    whole = whole_study(study)
    items, law = items_of(whole), whole.law
    if np.ptp(law.weights) > 1e-9 / len(law.weights):
        told = "a workbook holds laws whose draws are equally likely; these have weights"
        raise DataplanError(f"{told}: take draws of it with FittedLaw.pick")
    named = {item.source.name: item for item in items if not item.fixed}
    columns = [named.get(name) for name in law.sources]
    labels = tuple(columns[k] for k in law.labels)
    totals = whole.plan.totals(law.sources)
    curve = general_form(law)
    search = _search(whole, _marginal(items, labels, law), labels, totals)
    texts = tuple(columns[k] for k in law.texts)
    return State(whole, items, law, labels, texts, totals, curve, search)


def items_of(study: Study | GroupStudy) -> tuple[Item, ...]:
    """The rows of purchases of a study."""
    plan, known = study.plan, {source.name for source in study.inputs.sources}
    rows: list[tuple[Source, Step | None]] = [(step.source, step) for step in plan.steps]
    bought = {source.name for source, _ in rows}
    rows += [(source, None) for source in study.inputs.sources if source.name not in bought]
    return tuple(
        Item(
            number,
            source,
            step.quantity if step else 0.0,
            plan.used_in_hand.get(source.name, 0.0) if source.name in known else 0.0,
            step,
            source.name not in known,
        )
        for number, (source, step) in enumerate(rows, 1)
    )


def _marginal(items: tuple[Item, ...], labels: tuple[Item | None, ...], law: FittedLaw) -> Item:
    """The labelled source on which most is spent; where none is bought the reference, or any."""
    able = [item for item in items if item in labels]
    return max(
        able,
        key=lambda item: (
            item.step.total if item.step else -1.0,
            item.source.name == law.reference,
            -item.number,
        ),
    )


def search_range(source: Source) -> float:
    """Most of a source [example] that is looked at."""
    most = source.limits.max_examples
    return max(2.0, most) if math.isfinite(most) else MOST


def _search(study: Study, item: Item, labels: tuple[Item | None, ...], totals: Array) -> Search:
    law, target = study.law, study.plan.target
    label = next(k for k, each in enumerate(labels) if each is item)
    column = int(law.labels[label])
    most = search_range(item.source)

    def chances(quantities: Array) -> Array:
        rows = np.tile(totals, (len(quantities), 1))
        rows[:, column] = quantities + item.used
        return np.asarray(law.weights @ (law.errors(rows) <= target.error))

    enough = target.confidence - 1e-12
    logs = math.log(most) * np.arange(GRID + 1) / GRID
    tried = np.concatenate([[0.0], np.exp(logs)])
    chance = chances(tried)
    met = np.flatnonzero(np.round(chance, 12) >= enough)
    first = int(met[0]) + 1 if len(met) else 0
    low = math.log(LEAST) if first <= 2 else float(logs[first - 3])
    high = math.log(most) if first == 0 else float(logs[max(first, 2) - 2])
    halvings = []
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        quantity = math.exp(middle)
        p = float(chances(np.array([quantity]))[0])
        halvings.append((low, high, quantity, p))
        low, high = (low, middle) if round(p, 12) >= enough else (middle, high)
    needed = None if first == 0 else 0.0 if first == 1 else math.exp(high)
    grid = zip([0.0, *logs.tolist()], tried.tolist(), chance.tolist(), strict=True)
    return Search(item, label, most, tuple(grid), first, tuple(halvings), needed)


@dataclass(frozen=True)
class Draws:
    """The numbers of each draw (draws, columns), and what the formulas make of them (draws,).

    at_scale, below, beyond   of each labelled source: effective examples at the size where its
                              quality is quoted, exponent up to there and beyond
    size, own                 effective examples of all labels, and the sum of their own floors
    text_constant, text_slope log factor of all text: constant + slope log(size)
    log_size, x               log of the size with text; x of forms.py
    errors                    as `FittedLaw.errors` gives them
    part                      effective examples of the source that is searched for
    """

    at_scale: Array
    below: Array
    beyond: Array
    speed: Array
    start: Array
    size: Array
    own: Array
    text_constant: Array
    text_slope: Array
    log_size: Array
    x: Array
    errors: Array
    part: Array


def draws_of(state: State) -> Draws:
    """The draws of the law at the quantities of the plan."""
    law, mix, totals = state.law, state.law.mix, state.totals
    table, texts = totals[None], totals[law.texts]
    size, tilt = (each[:, 0] for each in effective_size(mix, table[:, law.labels]))
    used = texts > 0
    jump, slope, gain, half = (mix.text[:, :, i] for i in range(4))
    text_slope = (slope * used).sum(axis=1)
    constant = ((jump + gain * np.log1p(texts / np.exp(half))) * used).sum(axis=1)
    constant = constant - text_slope * math.log(mix.text_scale)
    log_size = np.log(np.maximum(law.with_text(size[:, None], texts[None])[:, 0], SMALLEST_SIZE))
    start, speed = np.log(law.reach[:, 0]), np.exp(law.log_speed[:, 0])
    ahead = np.maximum(log_size - start, 0.0)
    counted = np.log1p(law.bend * ahead) / law.bend if law.bend > 0 else ahead
    x = np.minimum(np.minimum(log_size, start) + speed * counted, math.log(LARGEST_SIZE))
    k = state.search.label
    return Draws(
        at_scale=mix.quality * mix.scale,
        below=mix.saturation,
        beyond=mix.saturation * np.exp(mix.speed),
        speed=speed,
        start=start,
        size=size,
        own=tilt * np.maximum(size, SMALLEST_SIZE),
        text_constant=constant,
        text_slope=text_slope,
        log_size=log_size,
        x=x - math.log(law.anchor.size),
        errors=law.errors(table)[:, 0],
        part=mix.contribution(k, table[:, law.labels][:, k : k + 1])[:, 0],
    )
