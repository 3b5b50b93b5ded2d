"""Judgements bought on a platform: several votes per item, gold questions, some rejected."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from sources.agreement import effective_share, majority_error
from sources.assembly import Numbers, Parts, Speed, derived, line, source, value
from sources.base import Assumption, Context, CostLine, Fault, Quality, Source, SourceError
from sources.panel import Panel, measure
from sources.settings import KindSettings, Number, Quantity, check, figures

CAP_REASON = "usual reach of a crowd"
WORK = ("workers", "hours_per_week", "judgements_per_hour", "reject_share", "votes", "gold_share")
SPEED = (
    "workers * hours_per_week * judgements_per_hour * (1 - reject_share)"
    " / (votes * (1 + gold_share))"
)
MOST_VOTES = 99
FORMULA = ("(1 - 2 noise)^2", "(1 - noise K/(K - 1))^2")  # of two classes, of K


class Settings(KindSettings):
    """[sources.NAME] with kind = "crowd"."""

    platform: Literal["mturk", "prolific", "other"] = "mturk"
    pay_per_judgement: Annotated[Number | None, Quantity("money/judgement", ge=0)] = None
    item_cost: Annotated[Number | None, Quantity("money/item", ge=0)] = None
    votes: Annotated[Number | None, Quantity("judgement/item", ge=1, le=MOST_VOTES)] = None
    most_votes: int | None = Field(None, ge=1, le=MOST_VOTES)
    adaptive: bool = False
    annotations: str | None = Field(None, min_length=1)
    cut: float | None = Field(None, allow_inf_nan=False)
    abstain: list[str] = []
    platform_fee: Annotated[Number | None, Quantity("ratio of pay", ge=0, le=10)] = None
    platform_fee_extra: Annotated[Number | None, Quantity("ratio of pay", ge=0, le=10)] = None
    platform_fee_step: Annotated[Number | None, Quantity("judgement/item", ge=1)] = None
    platform_floor_per_hour: Annotated[Number | None, Quantity("money/hour", ge=0)] = None
    gold_share: Annotated[Number | None, Quantity("ratio", ge=0, le=10)] = None
    reject_share: Annotated[Number | None, Quantity("ratio", ge=0, lt=1)] = None
    rejected_paid: bool = True
    worker_accuracy: Annotated[Number | None, Quantity("ratio", gt=0, le=1)] = None
    judgements_per_hour: Annotated[Number | None, Quantity("judgement/hour", gt=0)] = None
    workers: Annotated[Number | None, Quantity("worker", gt=0)] = None
    hours_per_week: Annotated[Number | None, Quantity("hour/worker/week", gt=0, le=168)] = None
    setup_fee: Annotated[Number | None, Quantity("money", ge=0)] = None


def build(name: str, settings: Mapping[str, Any], context: Context) -> Source:
    """Pay, votes, fees and workers -> Source. Raises SourceError with every fault found.

    `annotations` measures the raters' errors and speed. `most_votes` chooses the votes per item, up
    to it, that cost least per effective example; `adaptive` buys a third only where two differ.
    """
    model = check(Settings, settings)
    numbers = figures(model, context, "crowd", model.platform)
    classes = context.classes or 2
    panel, faults = _panel(model, numbers, context)
    classes = panel.classes if panel else classes
    faults += _faults(model, numbers, classes)
    if faults:
        raise SourceError(faults)
    if model.most_votes is not None:
        numbers["votes"] = _cheapest(model, numbers, panel, classes)
    noise = _noise(numbers, panel, classes)
    paid = {**numbers, "votes": _bought(numbers, panel, classes)} if model.adaptive else numbers
    parts = Parts(
        lines=_lines(paid, model.rejected_paid),
        numbers=numbers,
        cap=(value(numbers, "max_examples"), CAP_REASON),
        speed=Speed("worker hours", {key: paid[key] for key in WORK}, throughput, SPEED),
        quality=_quality(noise, classes),
        extra=(noise, _pay_per_hour(numbers, context), *((paid["votes"],) * model.adaptive)),
        warnings=_warnings(name, numbers, context),
        note=f"majority of {value(numbers, 'votes'):g} votes, label noise {noise.value:.3g}",
    )
    return source(name, "crowd", model, parts, context)


def _panel(
    model: Settings, numbers: dict[str, Assumption], context: Context
) -> tuple[Panel | None, list[Fault]]:
    """What the project's own judgements say, put in the place of defaults, and what is wrong."""
    if model.annotations is None:
        unread = {"cut": model.cut is not None, "abstain": bool(model.abstain)}
        problem = "says how annotations are read, and there are none"
        return None, [Fault(key, None, problem) for key, given in unread.items() if given]
    faults = []
    if model.worker_accuracy is not None:
        problem = "is measured on the annotations"
        faults.append(Fault("worker_accuracy", None, problem, "leave one of the two out"))
    try:
        panel = measure(model.annotations, context, model.cut, model.abstain)
    except SourceError as error:
        return None, [*faults, *error.faults]
    numbers["worker_accuracy"] = panel.accuracy()
    speed = panel.per_hour()
    if speed is not None and model.judgements_per_hour is None:
        numbers["judgements_per_hour"] = speed
    return panel, faults


def _cheapest(model: Settings, numbers: Numbers, panel: Panel | None, classes: int) -> Assumption:
    """Votes per item of the least cost per effective example [judgement/item].

    n (1 - noise K/(K - 1))^2 says what noise leaves of an example: where hard items cost the model
    less than that, it asks for too many votes. One-time fees do not count.
    """
    best, least = 1, (math.inf, 1.0)
    for votes in range(1, (model.most_votes or 1) + 1):
        tried = {**numbers, "votes": replace(numbers["votes"], value=votes, low=votes, high=votes)}
        lines = _lines(tried, model.rejected_paid)
        cost = sum(each.unit_price for each in lines if each)
        noise = _noise(tried, panel, classes).value or 0.0
        share = effective_share(noise, classes)
        found = (float(f"{cost / share:.9g}") if share else math.inf, float(f"{noise:.9g}"))
        if found < least:  # of equal cost the least noise, of equal noise the fewest votes
            best, least = votes, found
    origin = numbers["worker_accuracy"]
    return Assumption(
        name="votes",
        value=best,
        unit="judgement/item",
        provenance=origin.provenance,
        reference=f"derived: least cost per effective example of 1 to {model.most_votes} votes",
        date=origin.date,
        low=best,
        high=best,
        note="follows from pay, fees and the raters' errors",
    )


def _bought(numbers: Numbers, panel: Panel | None, classes: int) -> Assumption:
    """Votes per item that are paid for where a third is bought only if two differ."""
    if panel is not None:
        return panel.bought()
    accuracy = numbers["worker_accuracy"]

    def mean(right: float) -> float:
        return 3 - right**2 - (1 - right) ** 2 / (classes - 1)

    ends = [
        mean(each) for each in (accuracy.low, accuracy.value, accuracy.high) if each is not None
    ]
    return Assumption(
        name="votes_bought",
        value=mean(accuracy.value or 0.0),
        unit="judgement/item",
        provenance=accuracy.provenance,
        reference="derived: two votes, a third where they differ, of independent raters",
        date=accuracy.date,
        low=min(ends),
        high=max(ends),
        note="real raters differ less often than independent ones of the same accuracy",
    )


def throughput(v: Mapping[str, float]) -> float:
    """Items with all their votes per week [example/week], rejected and gold work taken off."""
    hours = v["workers"] * v["hours_per_week"]
    made = hours * v["judgements_per_hour"] * (1 - v["reject_share"])
    return made / (v["votes"] * (1 + v["gold_share"]))


def _faults(model: Settings, numbers: Numbers, classes: int) -> list[Fault]:
    faults = []
    if "platform_fee" not in numbers:
        advice = "give the share of the pay that the platform takes, 0 if none"
        faults.append(Fault("platform_fee", None, 'is needed with platform = "other"', advice))
    if ("platform_fee_extra" in numbers) != ("platform_fee_step" in numbers):
        problem = "the extra fee and the number of votes from which it is due belong together"
        faults.append(Fault("platform_fee_step", None, problem, "give both or neither"))
    votes, accuracy = numbers["votes"], numbers["worker_accuracy"]
    if any(end is not None and end % 1 for end in (votes.low, votes.value, votes.high)):
        faults.append(Fault("votes", value(numbers, "votes"), "must be a whole number"))
    if model.votes is not None and model.most_votes is not None:
        advice = "give votes, or most_votes to have them chosen"
        faults.append(Fault("most_votes", model.most_votes, "votes is given as well", advice))
    if model.adaptive and (value(numbers, "votes") != 3 or model.most_votes is not None):
        problem = "a third vote on disagreement makes three votes at most"
        faults.append(Fault("adaptive", True, problem, "set votes = 3"))
    if (accuracy.value or 0) <= 1 / classes:
        problem = f"must be above {1 / classes:g}, the accuracy of guessing"
        faults.append(Fault("worker_accuracy", accuracy.value, problem))
    return faults


def _lines(numbers: Numbers, rejected_paid: bool) -> tuple[CostLine | None, ...]:
    """Good votes, rejected work, known answers, and the platform's share of all of that pay."""
    work = {key: numbers[key] for key in ("pay_per_judgement", "votes")}
    gold = {**work, "gold_share": numbers["gold_share"]}
    waste = {**gold, "reject_share": numbers["reject_share"]} if rejected_paid else gold
    fee_keys = ("platform_fee", "platform_fee_extra", "platform_fee_step")
    fees = {**waste, **{key: numbers[key] for key in fee_keys if key in numbers}}
    # what is rejected is done again, so the share counts on the work that is kept
    rejected = _rejected if rejected_paid else lambda v: 0.0
    return (
        line("judgements", work, lambda v: v["pay_per_judgement"] * v["votes"]),
        line("gold questions", gold, lambda v: _pay(v) - v["pay_per_judgement"] * v["votes"]),
        line("rejected work", waste, rejected),
        line("platform fee", fees, lambda v: (_pay(v) + rejected(v)) * _fee_share(v)),
        line("items", {"item_cost": numbers["item_cost"]}) if "item_cost" in numbers else None,
        line("set-up", {"fee": numbers["setup_fee"]}, fixed=True),
    )


def _pay(v: Mapping[str, float]) -> float:
    return v["pay_per_judgement"] * v["votes"] * (1 + v["gold_share"])


def _rejected(v: Mapping[str, float]) -> float:
    return _pay(v) * v["reject_share"] / (1 - v["reject_share"])


def _fee_share(v: Mapping[str, float]) -> float:
    stepped = "platform_fee_step" in v and v["votes"] >= v["platform_fee_step"]
    return v["platform_fee"] + (v["platform_fee_extra"] if stepped else 0.0)


def _noise(numbers: Numbers, panel: Panel | None, classes: int) -> Assumption:
    """Error of the majority [1]: as measured, or of independent votes of the accuracy's range."""
    if panel is not None:
        return panel.noise(int(value(numbers, "votes")))
    accuracy, votes = numbers["worker_accuracy"], int(value(numbers, "votes"))
    base = accuracy.value or 0.0
    low, high = accuracy.low, accuracy.high
    return replace(
        derived(
            "label_noise",
            f"error of the majority of {votes} independent votes",
            {"accuracy": replace(accuracy, low=None, high=None)},
            lambda v: majority_error(v["accuracy"], votes, classes),
        ),
        low=majority_error(base if high is None else high, votes, classes),
        high=majority_error(base if low is None else low, votes, classes),
    )


def _quality(noise: Assumption, classes: int) -> Quality:
    base, low, high = (
        max(0.01, effective_share(each or 0.0, classes))
        for each in (noise.value, noise.high, noise.low)
    )
    return Quality(
        base=base,
        low=low,
        high=high,
        biased=False,
        provenance=noise.provenance,
        reference=f"{FORMULA[classes > 2]} of the majority, Angluin & Laird 1988",
    )


def _pay_per_hour(numbers: Numbers, context: Context) -> Assumption:
    used = {key: numbers[key] for key in ("pay_per_judgement", "judgements_per_hour")}
    found = derived(
        "pay_per_hour",
        "pay_per_judgement * judgements_per_hour",
        used,
        lambda v: v["pay_per_judgement"] * v["judgements_per_hour"],
    )
    return replace(found, unit=f"{context.currency}/hour")


def _warnings(name: str, numbers: Numbers, context: Context) -> tuple[str, ...]:
    warnings = []
    floor = value(numbers, "platform_floor_per_hour")
    pay = _pay_per_hour(numbers, context).value or 0.0
    money = context.currency
    if pay < floor:
        least = floor / value(numbers, "judgements_per_hour")
        warnings.append(
            f"{name}: pays {pay:.2f} {money}/hour, below the floor of {floor:.2f} {money}/hour;"
            f" pay at least {least:.3g} {money} per judgement"
        )
    votes, step = value(numbers, "votes"), value(numbers, "platform_fee_step", MOST_VOTES + 1)
    if votes >= step:
        extra = value(numbers, "platform_fee_extra")
        warnings.append(
            f"{name}: from {step:g} votes per item on, the platform takes {extra:.0%} of the pay"
            f" more; tasks of at most {step - 1:g} votes each avoid it"
        )
    if votes > (workers := value(numbers, "workers")):
        warnings.append(
            f"{name}: {votes:g} votes per item need as many workers, there are {workers:g}"
        )
    return tuple(warnings)
