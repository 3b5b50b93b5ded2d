"""Pairs of answers, each judged by people or by a language model: which of the two is better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from sources.agreement import effective_share, majority_error
from sources.assembly import Numbers, Parts, Speed, derived, line, source, value
from sources.base import Assumption, Context, CostLine, Fault, Quality, Source, SourceError
from sources.settings import KindSettings, Number, Quantity, check, figures

CAP_REASON = "usual reach of collecting preferences"
MOST_ANNOTATORS = 99
LEAST_SHARE = (
    0.01  # of a pair that counts as an effective pair, where votes are hardly above chance
)
HOURS = ("annotators", "hours_per_week", "judgements_per_hour", "discard_share")
SPEED = (
    "annotators * hours_per_week * judgements_per_hour * (1 - discard_share) / annotators_per_pair"
)
JUDGE_SPEED = "judgements_per_week * (1 - discard_share) / annotators_per_pair"


class Settings(KindSettings):
    """[sources.NAME] of kind "preference"; `per_week` counts pairs with all their judgements."""

    feedback: Literal["human", "ai"] = "human"
    cost_per_judgement: Annotated[Number | None, Quantity("money/judgement", ge=0)] = None
    answers_cost: Annotated[Number | None, Quantity("money/pair", ge=0)] = None
    annotators_per_pair: Annotated[
        Number | None, Quantity("judgement/pair", ge=1, le=MOST_ANNOTATORS)
    ] = None
    most_annotators: int | None = Field(None, ge=1, le=MOST_ANNOTATORS)
    agreement: Annotated[Number | None, Quantity("ratio", gt=0.5, le=1)] = None
    people_agreement: Annotated[Number | None, Quantity("ratio", gt=0.5, le=1)] = None
    systematic_share: Annotated[Number | None, Quantity("ratio", ge=0, le=1)] = None
    discard_share: Annotated[Number | None, Quantity("ratio", ge=0, lt=1)] = None
    annotators: Annotated[Number | None, Quantity("annotator", gt=0)] = None
    hours_per_week: Annotated[Number | None, Quantity("hour/annotator/week", gt=0, le=168)] = None
    judgements_per_hour: Annotated[Number | None, Quantity("judgement/hour", gt=0)] = None
    judgements_per_week: Annotated[Number | None, Quantity("judgement/week", gt=0)] = None
    setup_fee: Annotated[Number | None, Quantity("money", ge=0)] = None


def build(name: str, settings: Mapping[str, Any], context: Context) -> Source:
    """Price, agreement and speed of judged pairs -> Source. Raises SourceError with every fault.

    agreement  for people, P(two of them choose the same answer of a pair); for a language model,
               P(it chooses as one person does), and `people_agreement` is that of people
    """
    model = check(Settings, settings)
    numbers = figures(model, context, f"{model.feedback} preferences", "preference")
    if faults := _faults(model, numbers):
        raise SourceError(faults)
    noise = flip_noise(numbers, model.feedback)
    parts = Parts(
        lines=_lines(numbers),
        numbers=numbers,
        cap=(value(numbers, "max_examples"), CAP_REASON),
        speed=_speed(model.feedback, numbers),
        quality=_quality(noise, model.feedback),
        unit="pair",
        extra=(noise,),
        note=f"{value(numbers, 'annotators_per_pair'):g} judgements a pair, "
        f"label noise {noise.value:.3g}",
        warnings=_warnings(name, numbers, model.feedback),
    )
    return source(name, "preference", model, parts, context)


def flip_rate(agreement: float) -> float:
    """P(one judgement differs from the better answer) [1] of judges who agree so often.

    Two judges who each err with probability e, independently, agree with (1 - e)^2 + e^2; so
    e = (1 - sqrt(2 agreement - 1))/2, and (1 - 2 e)^2 = 2 agreement - 1. It stops being true where
    disagreement sits in a few pairs that are close to equal.
    """
    return (1 - math.sqrt(max(0.0, 2 * agreement - 1))) / 2


def judge_rate(agreement: float, people: float) -> float:
    """P(a judge differs from the better answer) [1] that chooses as one person does with
    probability `agreement`, where two people agree with `people`: (1 - 2 e) sqrt(2 people - 1) =
    2 agreement - 1, capped at no error."""
    margin = (2 * agreement - 1) / math.sqrt(max(1e-12, 2 * people - 1))
    return (1 - min(1.0, max(0.0, margin))) / 2


def flip_noise(numbers: Numbers, feedback: str) -> Assumption:
    """Error of a pair's label [ratio]: of the majority of its judgements, by their agreement.

    A language model asked again errs alike, so its votes are not held to smooth anything.
    """
    votes = int(value(numbers, "annotators_per_pair")) if feedback == "human" else 1
    people = value(numbers, "people_agreement")

    def error(agreement: float) -> float:
        if feedback == "human":
            return majority_error(1 - flip_rate(agreement), votes)
        return judge_rate(agreement, people)

    given = numbers["agreement"]
    ends = [given.value if end is None else end for end in (given.low, given.high)]
    words = f"of the majority of {votes}" if votes > 1 else "of one judgement"
    found = derived(
        "label_noise",
        f"{words}, from agreement",
        {"agreement": replace(given, low=None, high=None)},
        lambda v: error(v["agreement"]),
    )
    return replace(found, low=error(ends[1] or 1.0), high=error(ends[0] or 0.5))


def _faults(model: Settings, numbers: Numbers) -> list[Fault]:
    faults = []
    votes = numbers["annotators_per_pair"]
    if any(end is not None and end % 1 for end in (votes.low, votes.value, votes.high)):
        faults.append(Fault("annotators_per_pair", votes.value, "must be a whole number"))
    if model.most_annotators is not None and model.most_annotators < value(
        numbers, "annotators_per_pair"
    ):
        problem = f"is below annotators_per_pair = {votes.value:g}"
        faults.append(Fault("most_annotators", model.most_annotators, problem))
    other = {
        "human": ("people_agreement", "systematic_share", "judgements_per_week"),
        "ai": ("annotators", "hours_per_week", "judgements_per_hour"),
    }[model.feedback]
    for key in other:
        if getattr(model, key) is not None:
            problem = f'is of the other feedback, and this is feedback = "{model.feedback}"'
            faults.append(Fault(key, None, problem, "leave it out"))
    return faults


def _lines(numbers: Numbers) -> tuple[CostLine | None, ...]:
    """Judgements and answers that are kept, what is discarded of both, and the set-up."""
    keys = ("cost_per_judgement", "annotators_per_pair")
    votes = {key: numbers[key] for key in keys}
    answers = {"answers_cost": numbers["answers_cost"]}
    waste = {**votes, **answers, "discard_share": numbers["discard_share"]}
    return (
        line("judgements", votes, _judged),
        line("answers", answers),
        line("discarded", waste, _discarded),
        line("set-up", {"fee": numbers["setup_fee"]}, fixed=True),
    )


def _judged(v: Mapping[str, float]) -> float:
    return v["cost_per_judgement"] * v["annotators_per_pair"]


def _discarded(v: Mapping[str, float]) -> float:
    lost = v["discard_share"] / (1 - v["discard_share"])
    return (_judged(v) + v["answers_cost"]) * lost


def _speed(feedback: str, numbers: Numbers) -> Speed:
    if feedback == "human":
        used = {key: numbers[key] for key in (*HOURS, "annotators_per_pair")}
        return Speed("annotator hours", used, people_throughput, SPEED)
    keys = ("judgements_per_week", "discard_share", "annotators_per_pair")
    used = {key: numbers[key] for key in keys}
    return Speed("requests a week", used, judge_throughput, JUDGE_SPEED)


def people_throughput(v: Mapping[str, float]) -> float:
    """Pairs with all their judgements a week [pair/week] of people."""
    made = v["annotators"] * v["hours_per_week"] * v["judgements_per_hour"]
    return made * (1 - v["discard_share"]) / v["annotators_per_pair"]


def judge_throughput(v: Mapping[str, float]) -> float:
    """Pairs with all their judgements a week [pair/week] of a language model."""
    return v["judgements_per_week"] * (1 - v["discard_share"]) / v["annotators_per_pair"]


def _quality(noise: Assumption, feedback: str) -> Quality:
    base, low, high = (
        max(LEAST_SHARE, effective_share(each or 0.0))
        for each in (noise.value, noise.high, noise.low)
    )
    return Quality(
        base=base,
        low=low,
        high=high,
        biased=feedback == "ai",
        provenance=noise.provenance,
        reference="(1 - 2 noise)^2 of a pair's label, Angluin & Laird 1988",
    )


def _warnings(name: str, numbers: Numbers, feedback: str) -> tuple[str, ...]:
    votes = value(numbers, "annotators_per_pair")
    if feedback == "ai":
        if votes > 1:
            return (f"{name}: a model asked {votes:g} times errs alike; only the first counts",)
        return ()
    people = value(numbers, "annotators")
    if votes > people:
        return (f"{name}: {votes:g} annotators per pair need as many, there are {people:g}",)
    return ()
