"""From a source's settings to a pilot: every fault at once, or requests that can be sent."""

from __future__ import annotations

import hashlib
import json
import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sources import prices, prompts, tokens
from sources.base import Context, Fault, SourceError
from sources.distill.answers import Form
from sources.distill.endpoint import OPENAI, is_near
from sources.distill.job import OTHERS, Job, Options, Request
from sources.distill.tariff import Cost, tariff, usual_cap
from sources.settings import check
from sources.teaching import Settings

FREE_LIMIT = 1024  # tokens of an answer that may be any text, where the project sets no limit
LABEL_LIMIT = 64  # tokens around a label
CHAT = 64  # tokens that a chat format may add to a prompt


def prepare(name: str, settings: Mapping[str, Any], context: Context, options: Options) -> Job:
    """The pilot of a source. Raises SourceError with every fault: keys of options begin with --,
    all others are relative to the source's table."""
    model = _checked(settings, options)
    texts, golds, prompt, schema, cost = _parts(model, context, options)
    form = Form(schema, None if model.labels is None else tuple(model.labels))
    limit, base_url = _limit(model), model.base_url or OPENAI
    sent = _sent(model, schema, limit)
    chosen = _choose(texts, options.n, options.seed, may_repeat=model.labels is None)
    extra = CHAT + (tokens.count(json.dumps(schema), model.encoding) if schema else 0)
    asked = {at: prompt.replace("{text}", texts[at]) for at, _ in chosen}
    sizes = {at: extra + tokens.count(text, model.encoding) for at, text in asked.items()}
    requests = tuple(
        Request(
            key=_key(base_url, sent, asked[at], repeat),
            text=texts[at],
            prompt=asked[at],
            repeat=repeat,
            gold=golds[at] or None,
            counted=sizes[at],
        )
        for at, repeat in chosen
    )
    usual = [_usual(model, each.counted, limit) for each in requests]
    ways = len(requests) if options.batch else min(options.concurrency, len(requests))
    share = options.timeout / ways
    expected = sum(cost(*sizes, share) for sizes in usual)
    most = [(math.ceil(each.counted * OTHERS), limit) for each in requests]
    worst = [cost(*sizes, share) for sizes in most]
    one = min(cost(*sizes, options.timeout) for sizes in most)  # the first goes alone
    if options.cap is not None and options.cap < one:
        problem = f"holds no request: one may cost up to {one:.2g} {context.currency}"
        advice = f"raise it, or set max_completion_tokens below {limit}"
        raise SourceError([Fault("--cap", options.cap, problem, advice)])
    return Job(
        name=name,
        model=model.teacher or "",
        base_url=base_url,
        settings=sent,
        requests=requests,
        form=form,
        limit=limit,
        cost=cost,
        cap=options.cap or usual_cap(expected, max(worst), ways, context.usd_rate),
        expected=expected,
        currency=context.currency,
        local=model.local,
        inputs=len(texts),
        warnings=_warnings(model, len(texts), len(requests), options.n),
    )


def _checked(settings: Mapping[str, Any], options: Options) -> Settings:
    """The settings, those that options replace included. Raises SourceError with every fault."""
    faults = options.faults()
    try:
        model = check(Settings, settings)
    except SourceError as error:
        raise SourceError([*faults, *map(_without_password, error.faults)]) from None
    if options.base_url is not None:
        try:
            given = check(prompts.Asking, {"base_url": options.base_url})
            model = model.model_copy(update={"base_url": given.base_url})
        except SourceError as error:
            faults += [replace(_without_password(each), key="--base-url") for each in error.faults]
    if options.batch and model.local:
        problem = "a machine that is paid by the hour has no batch price"
        faults.append(Fault("--batch", None, problem, "run without --batch"))
    faults += _setting_faults(model) + prompts.asking_faults(model)
    if faults:
        raise SourceError(faults)
    return model


def _without_password(fault: Fault) -> Fault:
    """An address that is no good may hold a password, or the key: it is not repeated then."""
    secret = fault.key == "base_url" and re.search("[@?#]", str(fault.value))
    return replace(fault, value=None) if secret else fault


def _setting_faults(model: Settings) -> list[Fault]:
    faults = []
    if model.samples is None:
        advice = "list input texts, or name a file of them, to stand in {text}"
        faults.append(Fault("samples", None, "is missing", advice))
    if model.teacher is None:
        advice = "name the model as its server calls it"
        faults.append(Fault("teacher", None, "is missing", advice))
    elif model.price is None and not model.local and model.own_model:
        advice = "give price = {input_per_million, output_per_million}, or compute_per_hour"
        faults.append(Fault("price", None, "what a request costs is not known", advice))
    priced = model.price is not None or model.local
    priced = priced or prices.known(model.teacher or "", model.provider)
    elsewhere = model.own_model or model.local or model.provider not in (None, "openai")
    elsewhere = elsewhere or not prices.known(model.teacher or "", "openai")
    if model.base_url is None and model.teacher is not None and priced and elsewhere:
        advice = "give base_url in the project, or --base-url"
        faults.append(Fault("base_url", None, "where the teacher answers is missing", advice))
    return faults


def _parts(
    model: Settings, context: Context, options: Options
) -> tuple[list[str], list[str], str, dict[str, Any] | None, Cost]:
    """Distinct inputs, their known labels ("" for none), template, schema, price of a request."""
    faults: list[Fault] = []

    def tried(make: Any) -> Any:
        try:
            return make()
        except SourceError as error:
            faults.extend(error.faults)
            return None

    texts = tried(lambda: prompts.texts(model, "samples", context))
    golds = tried(lambda: prompts.known_answers(model, context)) if texts else None
    prompt = tried(lambda: prompts.template(model, context))
    schema = tried(lambda: prompts.allowed(model, context))
    cost = tried(
        lambda: tariff(
            model,
            context,
            date=options.date,
            batch=options.batch,
        )
    )
    tried(lambda: tokens.count("", model.encoding))
    first: dict[str, str] = {}
    for text, gold in zip(
        map(_sendable, texts or []), golds or [""] * len(texts or []), strict=False
    ):
        if text.strip():
            first.setdefault(text, gold)
    if texts and not first:
        advice = "give at least one input"
        faults.append(Fault("samples", None, "hold nothing but blanks", advice))
    if faults:
        raise SourceError(faults)
    return list(first), list(first.values()), _sendable(prompt), schema, cost


def _sendable(text: str) -> str:
    """Text that UTF-8 can hold: halves of a pair that stand alone are replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _choose(texts: Sequence[str], n: int, seed: int, *, may_repeat: bool) -> list[tuple[int, int]]:
    """n pairs (input, repeat): inputs in an order drawn by the seed, each once before any twice.

    A larger n begins with the same pairs, so that what was paid for is not asked again.
    """
    order = list(range(len(texts)))
    random.Random(seed).shuffle(order)
    most = n if may_repeat else min(n, len(order))
    return [(order[i % len(order)], i // len(order)) for i in range(most)]


def _sent(model: Settings, schema: dict[str, Any] | None, limit: int) -> dict[str, Any]:
    sent: dict[str, Any] = {"model": model.teacher, model.limit_key: limit}
    if model.temperature is not None:
        sent["temperature"] = model.temperature
    if schema is not None:
        shape = {"name": "answer", "strict": True, "schema": schema}
        sent["response_format"] = {"type": "json_schema", "json_schema": shape}
    return sent


def _limit(model: Settings) -> int:
    if model.max_completion_tokens is not None:
        return model.max_completion_tokens
    if model.labels is None:
        return FREE_LIMIT
    return LABEL_LIMIT + 2 * max(tokens.count(each, model.encoding) for each in model.labels)


def _usual(model: Settings, counted: int, limit: int) -> tuple[int, int]:
    """Tokens in and out that a request is expected to take: as the project says, else a guess."""
    sent = model.prompt_tokens.value if model.prompt_tokens else counted - CHAT / 2
    made = limit / 2 if model.labels is None else min(limit, LABEL_LIMIT / 3)
    made = model.completion_tokens.value if model.completion_tokens else made
    return round(sent), round(made)


def _key(base_url: str, sent: Mapping[str, Any], prompt: str, repeat: int) -> str:
    text = json.dumps([base_url, sent, prompt, repeat], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _warnings(model: Settings, inputs: int, asked: int, wanted: int) -> tuple[str, ...]:
    found = []
    if asked < wanted:
        found.append(
            f"only {inputs:,} distinct inputs: {asked:,} are asked, each once, not {wanted:,}"
        )
    elif inputs < asked:
        found.append(f"{asked:,} requests over {inputs:,} distinct inputs: some are asked again")
    if model.base_url and model.base_url.startswith("http:") and not is_near(model.base_url):
        found.append("base_url is http: the key travels unencrypted")
    if end := prices.shutdown(model.teacher or ""):
        found.append(f"{model.teacher} is shut down on {end.date}; {end.replacement} replaces it")
    return tuple(found)
