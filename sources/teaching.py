"""A language model as a teacher: tokens and price of a request, and how many fit into a week."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from sources import defaults, prices, prompts, tokens
from sources.assembly import Formula, Speed, value
from sources.base import Assumption, Context, Fault, SourceError
from sources.intervals import mean_span
from sources.prompts import Asking
from sources.settings import Number, Quantity, Table, assumption

MILLION = 1e6
DAYS, MINUTES = 7, 1440  # days of a week, minutes of a day
STAND_IN = "gpt-4o-mini tier 1"  # its limits are assumed where a model's own are not known
LIMITS = {
    "rpm": "requests per minute (RPM)",
    "rpd": "requests per day (RPD)",
    "tpm": "tokens per minute (TPM)",
    "batch_queue_tokens": "batch queue",
}
# what each limit comes to [request/day], and the other numbers that it takes
_PER_DAY: dict[str, tuple[tuple[str, ...], Formula]] = {
    "rpm": ((), lambda v: v["rpm"] * MINUTES),
    "rpd": ((), lambda v: v["rpd"]),
    "tpm": (
        ("prompt_tokens", "completion_tokens"),
        lambda v: v["tpm"] * MINUTES / (v["prompt_tokens"] + v["completion_tokens"]),
    ),
    "batch_queue_tokens": (  # it holds input tokens
        ("prompt_tokens", "batch_fills_per_day"),
        lambda v: v["batch_fills_per_day"] * v["batch_queue_tokens"] / v["prompt_tokens"],
    ),
}
_LOCAL = ("examples_per_hour", "hours_per_week", "keep_rate")
Numbers = Mapping[str, Assumption]


class PriceTable(Table):
    """A price that the catalogue does not have."""

    input_per_million: Annotated[Number, Quantity("money/million tokens", ge=0)]
    output_per_million: Annotated[Number, Quantity("money/million tokens", ge=0)]
    cached_per_million: Annotated[Number | None, Quantity("money/million tokens", ge=0)] = None


class Settings(Asking):
    """[sources.NAME] with kind = "distillation"."""

    own_model: bool = False
    price: PriceTable | None = None
    compute_per_hour: Annotated[Number | None, Quantity("money/hour", ge=0)] = None
    examples_per_hour: Annotated[Number | None, Quantity("example/hour", gt=0)] = None
    hours_per_week: Annotated[Number | None, Quantity("hour/week", gt=0, le=168)] = None
    prompt_tokens: Annotated[Number | None, Quantity("token/request", gt=0)] = None
    cached_tokens: Annotated[Number | None, Quantity("token/request", ge=0)] = None
    completion_tokens: Annotated[Number | None, Quantity("token/request", ge=0)] = None
    batch_api: bool = False
    tier: int = Field(1, ge=1, le=5)
    rpm: Annotated[Number | None, Quantity("request/minute", gt=0)] = None
    rpd: Annotated[Number | None, Quantity("request/day", gt=0)] = None
    tpm: Annotated[Number | None, Quantity("token/minute", gt=0)] = None
    batch_queue_tokens: Annotated[Number | None, Quantity("token", gt=0)] = None
    batch_fills_per_day: Annotated[Number | None, Quantity("1/day", gt=0)] = None
    keep_rate: Annotated[Number | None, Quantity("ratio", gt=0, le=1)] = None
    teacher_error: Annotated[Number | None, Quantity("ratio", ge=0, le=1)] = None
    inputs: Annotated[Number | None, Quantity("example", gt=0)] = None
    setup_fee: Annotated[Number | None, Quantity("money", ge=0)] = None
    setup_hours: Annotated[Number | None, Quantity("hour", ge=0)] = None
    setup_wage: Annotated[Number | None, Quantity("money/hour", ge=0)] = None

    @property
    def local(self) -> bool:
        """Whether one's own machine makes the examples, paid by the hour."""
        return self.compute_per_hour is not None

    @property
    def asked(self) -> bool:
        """Whether it is paid by the token, at a price that is given or in the catalogue."""
        catalogued = self.teacher is not None and not self.own_model
        return not self.local and (self.price is not None or catalogued)

    def limits(self) -> tuple[str, ...]:
        """Keys of the rate limits that bind its way of asking."""
        return ("batch_queue_tokens",) if self.batch_api else ("rpm", "rpd", "tpm")


def rate_limits(model: Settings) -> dict[str, Assumption]:
    """Default rate limits, for each one that the project does not give; none for its own model.

    Published ones of the teacher's tier, else those of another model, marked as assumed. Where a
    tier is published, a limit that it does not list (gpt-4o has no RPD) does not exist.
    """
    if model.own_model or model.local:
        return {}
    teacher = prices.family(model.teacher or "")
    found = _defaults(model, f"{teacher} tier {model.tier}")
    if not found:
        reference = f"the limits of {teacher or 'the teacher'} are not known: those of {STAND_IN}"
        found = {
            key: replace(each, provenance="assumed", reference=f"{reference}, {each.reference}")
            for key, each in _defaults(model, STAND_IN).items()
        }
    return {key: each for key, each in found.items() if getattr(model, key) is None}


def _defaults(model: Settings, section: str) -> dict[str, Assumption]:
    found = {key: defaults.find(key, section) for key in model.limits()}
    return {key: each for key, each in found.items() if each}


def speed(model: Settings, numbers: Numbers) -> Speed:
    """Usable examples per week [example/week], and the name of the limit that binds."""
    if model.local:
        used = {key: numbers[key] for key in _LOCAL}
        return Speed("compute hours", used, lambda v: math.prod(v.values()), " * ".join(_LOCAL))
    limits = [key for key in model.limits() if key in numbers]
    if not limits:
        return Speed("no rate limit given")
    values = {key: value(numbers, key) for key in numbers}
    binding = LIMITS[min(limits, key=lambda key: _PER_DAY[key][1](values))]
    used = {key: numbers[key] for limit in limits for key in (limit, *_PER_DAY[limit][0])}
    return Speed(
        binding,
        used | {"keep_rate": numbers["keep_rate"]},
        lambda v: DAYS * min(_PER_DAY[key][1](v) for key in limits) * v["keep_rate"],
        f"7 days of the limit that binds, {binding}, times keep_rate",
    )


def counted_tokens(model: Settings, context: Context) -> dict[str, Assumption]:
    """Prompt and completion tokens counted from samples, where these and no numbers are given."""
    found = {}
    if model.samples is not None and model.prompt_tokens is None:
        prompt = prompts.template(model, context)
        samples = prompts.texts(model, "samples", context)
        asked = [prompt.replace("{text}", text) for text in samples]
        found["prompt_tokens"] = _mean("prompt_tokens", asked, model, context)
    if model.completions is not None and model.completion_tokens is None:
        completions = prompts.texts(model, "completions", context)
        found["completion_tokens"] = _mean("completion_tokens", completions, model, context)
    return found


def _mean(key: str, texts: list[str], model: Settings, context: Context) -> Assumption:
    """Mean tokens of the texts with its 90% interval. Raises SourceError if no prompt holds any."""
    mean, low, high = mean_span([tokens.count(text, model.encoding) for text in texts], 1.0)
    if key == "prompt_tokens" and not mean:
        raise SourceError([Fault("samples", None, "hold no text", "give at least one")])
    note = "without the few tokens that a chat format adds"
    return Assumption(
        name=key,
        value=mean,
        unit="token/request",
        provenance="measured",
        reference=f"mean of {len(texts)} samples counted with {model.encoding}",
        date=context.date.isoformat(),
        low=low,
        high=high,
        note=note if len(texts) > 1 else f"{note}; one sample: off by a factor of 2 maybe",
    )


def token_prices(model: Settings, numbers: Numbers, context: Context) -> dict[str, Assumption]:
    """Price of a token in and out [currency/token] at the size of one request.

    Keys "input_price" and "output_price", and "request_price" [currency/request] where each request
    costs something beside; from the project's own price table or the catalogue at the project's
    start. Raises SourceError for a model without a price.
    """
    if model.price is not None:
        return _given_prices(model.price, numbers, context)
    size = {
        "input": max(1, round(value(numbers, "prompt_tokens"))),
        "output": max(1, round(value(numbers, "completion_tokens"))),
    }
    found = prices.price(
        model.teacher or "",
        size["input"],
        size["output"],
        context.date,
        cached_tokens=round(value(numbers, "cached_tokens")),
        batch=model.batch_api,
        provider=model.provider,
    )
    if context.usd_rate is None:
        problem = f"its price is in USD, the project in {context.currency}"
        advice = "give usd_rate in the project"
        raise SourceError([Fault("teacher", model.teacher, problem, advice)])
    paid = {"input": found.input, "output": found.output}
    reused = value(numbers, "cached_tokens")
    cached = f", {reused:g} of them cached," if reused else ""
    made = {}
    for way, amount in paid.items():
        per_token = amount / size[way] * context.usd_rate
        made[f"{way}_price"] = Assumption(
            name=f"{way}_price",
            value=per_token,
            unit=f"{context.currency}/token",
            provenance=found.provenance,
            reference=found.reference,
            date=found.date,
            low=per_token,
            high=per_token,
            note=f"at {size['input']} tokens in{cached} and {size['output']} out",
        )
    if found.fee:
        fee = found.fee * context.usd_rate
        made["request_price"] = replace(
            made["input_price"],
            name="request_price",
            value=fee,
            low=fee,
            high=fee,
            unit=f"{context.currency}/request",
            note="beside its tokens",
        )
    return made


def _given_prices(price: PriceTable, numbers: Numbers, context: Context) -> dict[str, Assumption]:
    """Prices of the project's own table, that of a prompt's token averaged over cached and new."""
    given = {
        "input_price": price.input_per_million,
        "output_price": price.output_per_million,
    }
    unit = "money/million tokens"
    made = {key: _per_token(assumption(key, each, unit, context)) for key, each in given.items()}
    cached, prompt = value(numbers, "cached_tokens"), value(numbers, "prompt_tokens")
    if cached > prompt:
        problem = f"must be at most the {prompt:g} tokens of the prompt"
        raise SourceError([Fault("cached_tokens", cached, problem)])
    if cached and price.cached_per_million is not None:
        other = _per_token(assumption("input_price", price.cached_per_million, unit, context))
        share = cached / prompt
        ends = {
            key: (1 - share) * getattr(made["input_price"], key) + share * getattr(other, key)
            for key in ("value", "low", "high")
        }
        note = f"average over a prompt of which {share:.0%} is read from a cache"
        made["input_price"] = replace(made["input_price"], **ends, note=note)
    return made


def _per_token(price: Assumption) -> Assumption:
    ends = {key: getattr(price, key) / MILLION for key in ("value", "low", "high")}
    return replace(price, unit=price.unit.replace("million tokens", "token"), **ends)
