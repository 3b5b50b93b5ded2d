"""What a request to a language model costs at a date, and until when the model can be asked."""

from __future__ import annotations

import datetime
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from typing import Any

from sources.base import Fault, Provenance, SourceError
from sources.settings import nearest

BATCH_FACTOR = 0.5
_BATCH = {"processing": "batch"}  # a variant of a price in the catalogue
BATCH_REFERENCE = "half price in the batch endpoint, help.openai.com article 9197833"


@dataclass(frozen=True)
class Price:
    """Price of ONE request [USD]: input, output, what each request costs beside, and their sum.

    Prices may depend on the size of a request, so multiply by the number of requests; never add up
    the tokens of many requests first. `date` is the day whose prices these are.
    """

    model: str
    provider: str
    input: float
    output: float
    date: str
    provenance: Provenance
    reference: str
    fee: float = 0.0

    @property
    def request(self) -> float:
        """Price of one request [USD]."""
        return self.input + self.output + self.fee


@dataclass(frozen=True)
class Shutdown:
    """When a model stops answering, by the provider's own notice."""

    model: str
    date: datetime.date
    replacement: str
    reference: str
    checked: str


def price(  # noqa: PLR0913, the facts that a price depends on
    model: str,
    input_tokens: int,
    output_tokens: int,
    date: datetime.date,
    *,
    cached_tokens: int = 0,
    batch: bool = False,
    provider: str | None = None,
) -> Price:
    """Price of one request of so many tokens from the catalogue genai-prices, at its date.

    cached_tokens: those of input_tokens that the provider reads from its cache; they cost as much
    as the others where the catalogue has no price for them. batch: the catalogue's own batch price,
    else half price for OpenAI's models. Raises SourceError for a model that the catalogue does not
    know, or that has no batch price, and for more cached than input tokens.
    """
    from genai_prices import Usage, calc_price

    found_provider, found = _find(model, provider)
    if not 0 <= cached_tokens <= input_tokens:
        problem = f"must lie between 0 and the {input_tokens} tokens of the prompt"
        raise SourceError([Fault("cached_tokens", cached_tokens, problem)])
    when = datetime.datetime.combine(date, datetime.time(12), tzinfo=datetime.UTC)
    usage = Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cache_read_tokens=cached_tokens or None,
    )

    def ask(context: dict[str, str] | None) -> Any:
        return calc_price(
            usage,
            model,
            provider_id=found_provider,
            genai_request_timestamp=when,
            price_context=context,
        )

    result, factor = ask(None), 1.0
    reference = f"genai-prices {metadata.version('genai-prices')}, {found_provider}/{found.id}"
    if batch and any(v.when == _BATCH for v in found.price_variants or ()):
        result = ask(_BATCH)
        reference += ", batch price"
    elif batch and found_provider == "openai":
        factor, reference = BATCH_FACTOR, f"{reference}; {BATCH_REFERENCE}"
    elif batch:
        advice = "set batch_api = false, or give price = {input_per_million, output_per_million}"
        raise SourceError([Fault("batch_api", True, f"{model} has no batch price", advice)])
    if not result.total_price and (input_tokens or output_tokens):
        advice = "give price = {input_per_million, output_per_million}"
        problem = "has no price per token in the catalogue"
        raise SourceError([Fault("teacher", model, problem, advice)])
    return Price(
        model=found.id,
        provider=found_provider,
        input=float(result.input_price) * factor,
        output=float(result.output_price) * factor,
        date=date.isoformat(),
        provenance="catalogue",
        reference=reference,
        fee=max(0.0, _beside(result)) * factor,
    )


def _beside(result: Any) -> float:
    """Part [USD] of a price that is neither of the input nor of the output, such as a search."""
    beside = float(result.total_price - result.input_price - result.output_price)
    return beside if beside > 1e-12 else 0.0


def models(provider: str | None = None) -> tuple[str, ...]:
    """Names of all models in the catalogue, of one provider or of all."""
    from genai_prices.data_snapshot import get_snapshot

    known = get_snapshot().providers
    return tuple(m.id for p in known if provider in (None, p.id) for m in p.models)


def sold_by_batch(provider: str) -> tuple[str, ...]:
    """Models of a provider that the catalogue prices by batch too: those meant for bulk work.

    Models tuned for a customer and those for pictures are left out.
    """
    from genai_prices.data_snapshot import get_snapshot

    found = (m for p in get_snapshot().providers if p.id == provider for m in p.models)
    batched = (m.id for m in found if any(v.when == _BATCH for v in m.price_variants or ()))
    return tuple(name for name in batched if not re.search(r"(^|\W)ft(\W|$)|image", name))


def known(model: str, provider: str | None = None) -> bool:
    """Whether the catalogue knows the model."""
    return _entry(model, provider) is not None


def shutdown(model: str, provider: str | None = None) -> Shutdown | None:
    """The announced shutdown of a model by its own provider, OpenAI; None where none is known.

    Another provider of the same model has dates of its own.
    """
    if provider not in (None, "openai"):
        return None
    known = _shutdowns()
    return known.get(_bare(model)) or known.get(family(model))


def family(model: str) -> str:
    """Name of the model that a snapshot, which ends in its date, belongs to; in small letters."""
    return re.sub(r"-\d{4}-\d{2}-\d{2}$", "", _bare(model))


def _bare(model: str) -> str:
    return model.lower().removeprefix("openai/")


def _find(model: str, provider: str | None) -> tuple[str, Any]:
    """Provider id and catalogue entry of a model. Raises SourceError if there is none."""
    if found := _entry(model, provider):
        return found
    sellers = _sellers(model)
    if provider is not None and provider not in _providers():
        advice = nearest(provider, _providers())
        raise SourceError([Fault("provider", provider, "is not in the price catalogue", advice)])
    if sellers:
        told = f"is not sold by {provider}" if provider else "is not OpenAI's"
        advice = f"set its provider: {', '.join(sellers)}"
        raise SourceError([Fault("teacher", model, told, advice)])
    close = nearest(model, sorted(set(models())))
    advice = "give price = {input_per_million, output_per_million}"
    if close.startswith("did you mean"):
        advice = f"{close} else {advice}"
    raise SourceError([Fault("teacher", model, "is not in the price catalogue", advice)])


def _providers() -> list[str]:
    from genai_prices.data_snapshot import get_snapshot

    return sorted(provider.id for provider in get_snapshot().providers)


def _sellers(model: str) -> list[str]:
    """Providers whose catalogue knows the model by this name."""
    from genai_prices.data_snapshot import get_snapshot

    found = []
    for provider in _providers():
        try:
            get_snapshot().find_provider_model(model, None, provider, None)
        except LookupError:
            continue
        found.append(provider)
    return found


def _entry(model: str, provider: str | None) -> tuple[str, Any] | None:
    """As above; OpenAI is tried where the name alone does not tell the provider."""
    from genai_prices.data_snapshot import get_snapshot

    snapshot = get_snapshot()
    for asked in dict.fromkeys((provider, provider or "openai")):
        try:
            found, entry = snapshot.find_provider_model(model, None, asked, None)
        except LookupError:
            continue
        return found.id, entry
    return None


@cache
def _shutdowns() -> dict[str, Shutdown]:
    text = (resources.files("sources") / "retired.toml").read_text(encoding="utf-8")
    return {
        model: Shutdown(
            model, group["shutdown"], group["replacement"], group["reference"], group["checked"]
        )
        for group in tomllib.loads(text)["group"]
        for model in group["models"]
    }
