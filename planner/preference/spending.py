"""What an option costs and how long it takes: its pairs, its runs, and those that fail."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from planner.preference.question import Question
from planner.preference.routes import JUDGED_RLHF, RLHF, Option
from sources.base import PROVENANCES, Source


@dataclass(frozen=True)
class CostItem:
    """One line of a plan's cost [currency], contingency not included, with its range."""

    item: str
    quantity: float
    unit: str
    cost: float
    low: float
    high: float
    provenance: str


def costs(question: Question, option: Option, bought: float) -> tuple[CostItem, ...]:
    """Lines of the cost of an option that buys so many pairs of people."""
    people, judge = question.people[option.votes], question.judge
    found = []
    if bought:
        found.append(_bought("pairs of people", people, bought))
    if judge is not None and (judged := _judged(option, judge)):
        found.append(_bought("pairs of the judge", judge, judged))
    if option.route in (RLHF, JUDGED_RLHF):
        tries = attempts(question, "rl_failure")
        found.append(_trained(question, "reward model", ("reward_run",), (1.0, 1.0, 1.0)))
        found.append(_trained(question, "reinforcement learning", ("rl_run",), tries))
        samples = _trained(question, "own answers", ("rl_samples", "sample_cost"), tries, "answer")
        found.append(samples)
    else:
        tries = attempts(question, "dpo_failure")
        rounds = float(option.rounds)
        found.append(_trained(question, "DPO", ("dpo_run",), tuple(rounds * t for t in tries)))
    return tuple(each for each in found if each.cost or each.high)


def attempts(question: Question, name: str) -> tuple[float, float, float]:
    """Runs until one succeeds, low, expected and high: 1/(1 - p)."""
    number = question.numbers[name]
    value = number.value or 0.0
    low, high = (value if end is None else end for end in (number.low, number.high))
    return 1 / (1 - low), 1 / (1 - value), 1 / (1 - high)


def total(question: Question, option: Option, bought: float) -> float:
    """Expected cost [currency], contingency included: the sum of `costs`."""
    spent = float(question.people[option.votes].cost(bought)) if bought else 0.0
    if question.judge is not None:
        spent += float(question.judge.cost(_judged(option, question.judge)))
    value = question.value
    if option.route in (RLHF, JUDGED_RLHF):
        run = value("rl_run") + value("rl_samples") * value("sample_cost")
        spent += value("reward_run") + attempts(question, "rl_failure")[1] * run
    else:
        spent += option.rounds * attempts(question, "dpo_failure")[1] * value("dpo_run")
    return spent * (1 + question.inputs.contingency)


def training_weeks(question: Question, option: Option) -> float:
    """Weeks of training [week], failed runs included as expected."""
    if option.route in (RLHF, JUDGED_RLHF):
        tries = attempts(question, "rl_failure")[1]
        return question.value("reward_weeks") + tries * question.value("rl_weeks")
    tries = attempts(question, "dpo_failure")[1]
    return option.rounds * tries * question.value("dpo_weeks")


def weeks(question: Question, option: Option, bought: float, *, collecting: bool = True) -> float:
    """Weeks from the start to the end of training [week]; collecting False: what is left of them
    when people's pairs take no time and are not waited for.

    People and judge work side by side on answers of the starting model; in rounds the judge comes
    after people, on answers of the model that was trained on theirs.
    """
    first = question.people[option.votes].limits.weeks(bought)
    judge = question.judge
    judged = 0.0 if judge is None else judge.limits.weeks(_judged(option, judge))
    beside = option.route == JUDGED_RLHF
    if not collecting:
        return training_weeks(question, option) + (0.0 if beside else judged)
    return (max(first, judged) if beside else first + judged) + training_weeks(question, option)


def _judged(option: Option, judge: Source) -> float:
    """Pairs of the judge [pair] that are bought, those in hand taken off."""
    return max(0.0, option.judged - judge.in_hand)


def _bought(item: str, source: Source, quantity: float) -> CostItem:
    low, high = source.cost_range(quantity)
    cost = float(source.cost(quantity))
    return CostItem(item, quantity, "pair", cost, low, high, source.weakest_provenance())


def _trained(
    question: Question,
    item: str,
    used: Sequence[str],
    runs: tuple[float, ...],
    unit: str = "run",
) -> CostItem:
    """Cost of training: the product of the numbers used, times runs (low, expected, high)."""
    each = [question.numbers[name] for name in used]
    ends = []
    for end in ("low", "value", "high"):
        values = [getattr(number, end) for number in each]
        ends.append(
            math.prod(
                (n.value or 0.0) if v is None else v for n, v in zip(each, values, strict=True)
            )
        )
    low, base, high = (amount * run for amount, run in zip(ends, runs, strict=True))
    weakest = max((number.provenance for number in each), key=PROVENANCES.index)
    quantity = runs[1] * (question.value("rl_samples") if unit == "answer" else 1.0)
    return CostItem(item, quantity, unit, base, low, high, weakest)
