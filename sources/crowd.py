"""Judgements bought on a platform: several votes per item, gold questions, some rejected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from sources.agreement import effective_share, majority_error
from sources.assembly import Numbers, Parts, Speed, derived, line, source, value
from sources.base import Assumption, Context, CostLine, Fault, Quality, Source, SourceError
from sources.settings import KindSettings, Number, Quantity, check, figures

CAP_REASON = "usual reach of a crowd"
WORK = ("workers", "hours_per_week", "judgements_per_hour", "reject_share", "votes", "gold_share")
SPEED = (
    "workers * hours_per_week * judgements_per_hour * (1 - reject_share)"
    " / (votes * (1 + gold_share))"
)
MOST_VOTES = 99


class Settings(KindSettings):
    """[sources.NAME] with kind = "crowd"."""

    platform: Literal["mturk", "prolific", "other"] = "mturk"
    pay_per_judgement: Annotated[Number | None, Quantity("money/judgement", ge=0)] = None
    votes: Annotated[Number | None, Quantity("judgement/item", ge=1, le=MOST_VOTES)] = None
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
    """Pay, votes, fees and workers -> Source. Raises SourceError with every fault found."""
    model = check(Settings, settings)
    numbers = figures(model, context, "crowd", model.platform)
    classes = context.classes or 2
    if faults := _faults(model, numbers, classes):
        raise SourceError(faults)
    noise = _noise(numbers, classes)
    parts = Parts(
        lines=_lines(numbers, model.rejected_paid),
        numbers=numbers,
        cap=(value(numbers, "max_examples"), CAP_REASON),
        speed=Speed("worker hours", {key: numbers[key] for key in WORK}, throughput, SPEED),
        quality=_quality(noise, classes),
        extra=(noise, _pay_per_hour(numbers, context)),
        warnings=_warnings(name, numbers, context),
        note=f"majority of {value(numbers, 'votes'):g} votes, label noise {noise.value:.3g}",
    )
    return source(name, "crowd", model, parts, context)


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
        line("set-up", {"fee": numbers["setup_fee"]}, fixed=True),
    )


def _pay(v: Mapping[str, float]) -> float:
    return v["pay_per_judgement"] * v["votes"] * (1 + v["gold_share"])


def _rejected(v: Mapping[str, float]) -> float:
    return _pay(v) * v["reject_share"] / (1 - v["reject_share"])


def _fee_share(v: Mapping[str, float]) -> float:
    stepped = "platform_fee_step" in v and v["votes"] >= v["platform_fee_step"]
    return v["platform_fee"] + (v["platform_fee_extra"] if stepped else 0.0)


def _noise(numbers: Numbers, classes: int) -> Assumption:
    """Error of the majority [1], with the range of the workers' accuracy."""
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
        reference="(1 - 2 noise)^2 of the majority, Angluin & Laird 1988; range of worker_accuracy",
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
