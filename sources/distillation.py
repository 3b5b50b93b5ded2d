"""Labels or texts made by a language model: price, rate limits, keep rate, the teacher's errors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sources import prices
from sources.agreement import effective_share
from sources.assembly import Parts, line, source, value
from sources.base import Assumption, Context, CostLine, Fault, Quality, Source, SourceError
from sources.prompts import asking_faults
from sources.settings import check, figures
from sources.teaching import Settings, counted_tokens, rate_limits, speed, token_prices

LEAST_QUALITY = 0.01
TERMS = (
    "its provider's terms may forbid training on its output (OpenAI's of 31 January 2024 forbid"
    " models that compete with OpenAI): have them checked"
)


def build(name: str, settings: Mapping[str, Any], context: Context) -> Source:
    """A teacher model -> Source. Raises SourceError with every fault of the settings.

    All unit prices are per usable example: divided by the keep rate.
    """
    model = check(Settings, settings)
    faults = _faults(model)
    batches = model.batch_api and not model.local
    sections = ("batch api", "distillation") if batches else ("distillation",)
    numbers, costs = {}, {}
    try:
        numbers = _numbers(model, context, sections)
        faults += _error_faults(numbers, context)
        if model.asked:
            costs = token_prices(model, numbers, context)
    except SourceError as error:
        faults += error.faults
    if faults:
        raise SourceError(faults)
    inputs, keep = numbers.get("inputs"), value(numbers, "keep_rate")
    parts = Parts(
        lines=_lines(model, numbers, costs),
        numbers=numbers,
        cap=(value(numbers, "inputs") * keep, "distinct inputs")
        if inputs
        else (math.inf, "no limit given"),
        stock=True,
        speed=speed(model, numbers),
        quality=_quality(numbers["teacher_error"], context),
        extra=(*costs.values(), *(() if inputs else (_no_inputs(context),))),
        warnings=_warnings(name, model, numbers, context),
        note="a teacher errs alike on alike inputs: a floor of its own, which only pilots show",
    )
    return source(name, "distillation", model, parts, context)


def _faults(model: Settings) -> list[Fault]:
    faults = asking_faults(model)
    ways = {
        "price": model.price is not None,
        "compute_per_hour": model.compute_per_hour is not None,
    }
    if all(ways.values()):
        faults.append(Fault("price", None, "compute_per_hour is given as well", "keep one of them"))
    elif not any(ways.values()) and (model.own_model or not model.teacher):
        advice = "give price = {input_per_million, output_per_million}, or compute_per_hour"
        advice += "" if model.own_model else ", or the name of a teacher in the price catalogue"
        faults.append(Fault("price", None, "what an example costs is not known", advice))
    if model.local and model.examples_per_hour is None:
        problem = "is needed with compute_per_hour"
        faults.append(Fault("examples_per_hour", None, problem, "measure it on a small run"))
    if model.examples_per_hour is not None and not model.local:
        faults.append(Fault("compute_per_hour", None, "is needed with examples_per_hour"))
    if model.setup_hours is not None and model.setup_wage is None:
        faults.append(Fault("setup_wage", None, "is needed with setup_hours"))
    if model.setup_wage is not None and model.setup_hours is None:
        faults.append(Fault("setup_hours", None, "is needed with setup_wage"))
    if model.setup_hours is not None and model.setup_fee is not None:
        faults.append(Fault("setup_fee", None, "setup_hours is given as well", "keep one of them"))
    return faults + ([] if model.local else _token_faults(model))


def _token_faults(model: Settings) -> list[Fault]:
    faults = []
    for key, samples in (("prompt_tokens", "samples"), ("completion_tokens", "completions")):
        given, counted = getattr(model, key), getattr(model, samples) is not None
        if given and counted and given.provenance != "measured":  # measured beats counted
            faults.append(Fault(key, None, f"{samples} is given as well", "keep one of them"))
        elif given is None and not counted:
            advice = f"give the mean per request, or {samples} to count it from"
            faults.append(Fault(key, None, "is missing", advice))
    if model.prompt_template is not None and model.samples is None:
        advice = "give samples, the inputs that stand in its {text}"
        faults.append(Fault("prompt_template", None, "cannot be counted alone", advice))
    return faults


def _numbers(model: Settings, context: Context, sections: tuple[str, ...]) -> dict[str, Assumption]:
    """The numbers that this way of working uses, rate limits and counted tokens among them."""
    numbers = figures(model, context, *sections)
    unused = set() if model.local else {"hours_per_week"}
    if not model.batch_api or model.local:
        unused.add("batch_fills_per_day")
    if model.setup_hours is not None:
        unused.add("setup_fee")
    kept = {key: number for key, number in numbers.items() if key not in unused}
    return kept | rate_limits(model) | ({} if model.local else counted_tokens(model, context))


def _error_faults(numbers: Mapping[str, Assumption], context: Context) -> list[Fault]:
    error, classes = value(numbers, "teacher_error"), context.classes or 2
    if error < 1 - 1 / classes:
        return []
    problem = f"must be below {1 - 1 / classes:g}, the error of guessing"
    return [Fault("teacher_error", error, problem)]


def _lines(
    model: Settings, numbers: Mapping[str, Assumption], costs: Mapping[str, Assumption]
) -> tuple[CostLine | None, ...]:
    keep = {"keep_rate": numbers["keep_rate"]}
    if model.setup_hours is not None:
        hours = {key: numbers[key] for key in ("setup_hours", "setup_wage")}
        setup = line("set-up", hours, lambda v: v["setup_hours"] * v["setup_wage"], fixed=True)
    else:
        setup = line("set-up", {"fee": numbers["setup_fee"]}, fixed=True)
    if model.local:
        used = {key: numbers[key] for key in ("compute_per_hour", "examples_per_hour")} | keep
        return line("compute", used, _compute), setup
    made = [setup]
    ways = (
        ("prompt", "prompt_tokens", "input_price"),
        ("completion", "completion_tokens", "output_price"),
    )
    for item, size, price in ways:
        used = {"tokens": numbers[size], "price": costs[price]} | keep
        made.append(line(item, used, lambda v: v["tokens"] * v["price"] / v["keep_rate"]))
    if "request_price" in costs:
        used = {"price": costs["request_price"]} | keep
        made.append(line("request fee", used, lambda v: v["price"] / v["keep_rate"]))
    return tuple(made)


def _compute(v: Mapping[str, float]) -> float:
    return v["compute_per_hour"] / v["examples_per_hour"] / v["keep_rate"]


def _quality(error: Assumption, context: Context) -> Quality:
    """Pessimistic base, wide range: errors in a system may cost less or more than noise does."""
    classes = context.classes or 2
    base = max(LEAST_QUALITY, effective_share(error.value or 0.0, classes))
    worst = effective_share(error.high if error.high is not None else 0.0, classes)
    return Quality(
        base=base,
        low=max(LEAST_QUALITY, min(worst, 0.3 * base)),
        high=max(1.0, base),
        biased=True,
        provenance=error.provenance,
        reference="(1 - 2 teacher_error)^2, Angluin & Laird 1988, with a wide range",
    )


def _no_inputs(context: Context) -> Assumption:
    return Assumption(
        name="inputs",
        value=None,
        unit="example",
        provenance="assumed",
        reference="not given",
        date=context.date.isoformat(),
        note="unknown: only time limits the amount, though a teacher asked alike repeats itself;"
        " set the number of distinct inputs at hand",
    )


def _warnings(
    name: str, model: Settings, numbers: Mapping[str, Assumption], context: Context
) -> tuple[str, ...]:
    if model.own_model or model.local:
        return ()
    teacher = model.teacher or "the teacher"
    warnings = [f"{name}: {TERMS}"]
    if end := prices.shutdown(teacher):
        gone = end.date <= context.date
        warnings.append(
            f"{name}: {teacher} {'was' if gone else 'will be'} shut down on {end.date.isoformat()}"
            f" (checked {end.checked}); use {end.replacement} or another model"
        )
    if model.price is not None and not prices.known(teacher, model.provider):
        warnings.append(f"{name}: {teacher} is not in the price catalogue; its price is as given")
    assumed = [key for key in model.limits() if key in numbers and getattr(model, key) is None]
    if any(numbers[key].provenance == "assumed" for key in assumed):
        given = ", ".join(assumed)
        warnings.append(
            f"{name}: the rate limits of {teacher} are not known, another model's are assumed;"
            f" set {given} from the account's limits page (1e9 where there is none)"
        )
    return tuple(warnings)
