"""From a source's settings to the requests of a pilot, each with the most that it may cost."""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sources import prices, prompts, tokens
from sources.base import Context, Fault, SourceError
from sources.distill.answers import Form
from sources.distill.endpoint import OPENAI, is_near
from sources.distill.tariff import Cost, tariff, usual_cap
from sources.settings import check
from sources.teaching import Settings

FREE_LIMIT = 1024  # tokens of an answer that may be any text, where the project sets no limit
LABEL_LIMIT = 64  # tokens around a label
CHAT = 64  # tokens that a chat format may add to a prompt
OTHERS = 1.2  # another model's tokens per token counted here, until its server has counted some
MOST_BATCH = 50_000  # requests of a batch, developers.openai.com/api/docs/guides/batch


@dataclass(frozen=True)
class Options:
    """How the pilot is run. cap [currency], timeout [s/request], time_limit [s]."""

    n: int
    base_url: str | None = None
    cap: float | None = None
    concurrency: int = 4
    timeout: float = 60.0
    time_limit: float = 900.0
    batch: bool = False
    seed: int = 0
    date: datetime.date = field(default_factory=datetime.date.today)

    def faults(self) -> list[Fault]:
        """Everything wrong with the options, by the option's name."""
        found = []
        most = MOST_BATCH if self.batch else 1_000_000
        if not 1 <= self.n <= most:
            found.append(Fault("--n", self.n, f"must lie between 1 and {most:,}"))
        if self.cap is not None and not 0 < self.cap < math.inf:
            advice = "leave it out for twice what the run is expected to cost"
            found.append(Fault("--cap", self.cap, "must be positive and finite", advice))
        if not 1 <= self.concurrency <= 256:
            found.append(Fault("--concurrency", self.concurrency, "must lie between 1 and 256"))
        for key, seconds in (("--timeout", self.timeout), ("--time-limit", self.time_limit)):
            if not 0 < seconds < math.inf:
                found.append(Fault(key, seconds, "must be positive and finite"))
        return found


@dataclass(frozen=True)
class Request:
    """One question to the teacher; `key` tells it from every other, in all runs.

    repeat   0 the first time that this input is asked
    gold     the known label; None where there is none
    counted  tokens of the prompt as counted here, with what the chat and the schema add
    """

    key: str
    text: str
    prompt: str
    repeat: int
    gold: str | None
    counted: int


@dataclass(frozen=True)
class Job:
    """A pilot that can be run: requests, where to, what each may cost. Money in [currency].

    settings  of every request alike, the messages excepted
    limit     [token] most of one answer
    inputs    distinct inputs at hand
    """

    name: str
    model: str
    base_url: str
    settings: Mapping[str, Any]
    requests: tuple[Request, ...]
    form: Form
    limit: int
    cost: Cost
    cap: float
    expected: float
    currency: str
    local: bool
    inputs: int
    warnings: tuple[str, ...] = ()

    def body(self, request: Request) -> dict[str, Any]:
        """What is sent."""
        return {**self.settings, "messages": [{"role": "user", "content": request.prompt}]}

    def worst(self, request: Request, factor: float, timeout: float) -> float:
        """The most that a request may cost [currency], if the server's tokens are at most `factor`
        times those counted here."""
        return self.cost(math.ceil(request.counted * factor), self.limit, timeout)


def prepare(name: str, settings: Mapping[str, Any], context: Context, options: Options) -> Job:
    """The pilot of a source. Raises SourceError with every fault: keys of options begin with --,
    all others are relative to the source's table."""
    faults = options.faults()
    try:
        model = check(Settings, settings)
    except SourceError as error:
        raise SourceError([*faults, *error.faults]) from None
    if options.base_url is not None:
        try:
            given = check(prompts.Asking, {"base_url": options.base_url})
            model = model.model_copy(update={"base_url": given.base_url})
        except SourceError as error:
            faults += [replace(each, key="--base-url") for each in error.faults]
    if options.batch and model.local:
        problem = "a machine that is paid by the hour has no batch price"
        faults.append(Fault("--batch", None, problem, "run without --batch"))
    faults += _setting_faults(model) + prompts.asking_faults(model)
    if faults:
        raise SourceError(faults)
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
    made = round(model.completion_tokens.value) if model.completion_tokens else limit
    expected = math.fsum(cost(each.counted, made, options.timeout) for each in requests)
    dearest = max(requests, key=lambda each: each.counted)
    worst = cost(math.ceil(dearest.counted * OTHERS), limit, options.timeout)
    ways = len(requests) if options.batch else min(options.concurrency, len(requests))
    return Job(
        name=name,
        model=model.teacher or "",
        base_url=base_url,
        settings=sent,
        requests=requests,
        form=form,
        limit=limit,
        cost=cost,
        cap=options.cap or usual_cap(expected, worst, ways, context.usd_rate),
        expected=expected,
        currency=context.currency,
        local=model.local,
        inputs=len(texts),
        warnings=_warnings(model, len(texts), len(requests), options.n),
    )


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
            concurrency=options.concurrency,
        )
    )
    tried(lambda: tokens.count("", model.encoding))
    first: dict[str, str] = {}
    for text, gold in zip(texts or [], golds or [""] * len(texts or []), strict=False):
        if text.strip():
            first.setdefault(text, gold)
    if texts and not first:
        advice = "give at least one input"
        faults.append(Fault("samples", None, "hold nothing but blanks", advice))
    if faults:
        raise SourceError(faults)
    return list(first), list(first.values()), prompt, schema, cost


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


def _key(base_url: str, sent: Mapping[str, Any], prompt: str, repeat: int) -> str:
    text = json.dumps([base_url, sent, prompt, repeat], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


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
