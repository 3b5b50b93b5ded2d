"""A company's own documents: counted where they lie, or given as measured figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from sources.assembly import Numbers, Parts, derived, line, source, value
from sources.base import Assumption, Context, CostLine, Fault, Source, SourceError
from sources.corpus import Growth, Options
from sources.counting import count_corpus
from sources.documents import Split
from sources.places import is_remote
from sources.settings import KindSettings, Number, Quantity, Table, check, figures

MILLION = 1e6
_WHOLE = 1 + 1e-12  # so that .29 of 100 documents, 28.999999999999996 in binary, are 29
_GROWTH = "growth_documents_per_week"
_COSTS = ("cleaning_per_million_tokens", "compute_per_million_tokens")


class Effect(Table):
    """Factor on the labels' effective examples if the whole corpus is used [1], 90% range."""

    low: float = Field(gt=0, allow_inf_nan=False)
    base: float = Field(gt=0, allow_inf_nan=False)
    high: float = Field(gt=0, allow_inf_nan=False)


class Settings(KindSettings):
    """[sources.NAME] with kind = "text".

    With both `path` and `documents`, the files are a sample of a corpus of so many documents. With
    `time`, the column of a time stamp (or "mtime"), growth is measured in the files at `path`.
    """

    path: str | list[str] | None = None
    column: str = "text"
    time: str | None = None
    split: Split = "file"
    encoding: str = "o200k_base"
    documents: Annotated[Number | None, Quantity("document", gt=0)] = None
    tokens: Annotated[Number | None, Quantity("token", gt=0)] = None
    usable_share: Annotated[Number | None, Quantity("ratio", gt=0, le=1)] = None
    growth_documents_per_week: Annotated[Number | None, Quantity("document/week", ge=0)] = None
    cleaning_per_million_tokens: Annotated[
        Number | None, Quantity("money/million tokens", ge=0)
    ] = None
    compute_per_million_tokens: Annotated[Number | None, Quantity("money/million tokens", ge=0)] = (
        None
    )
    epochs: Annotated[Number | None, Quantity("epoch", gt=0)] = None
    effect: Effect | None = None


def build(name: str, settings: Mapping[str, Any], context: Context) -> Source:
    """A corpus -> Source counted in documents. Raises SourceError naming every faulty key or file.

    In a supervised task its role is "text"; in a language model's it is "labels", since there the
    tokens are the training data.
    """
    model = check(Settings, settings)
    if faults := _faults(model, context):
        raise SourceError(faults)
    numbers = figures(model, context, "text")
    numbers |= _counted(model, context) if model.path else {}
    numbers |= _measured(model, numbers)
    if "sample_tokens" in numbers:
        numbers["tokens"] = _extrapolated(numbers)
    per_document = _per_document(numbers)
    supervised = context.task == "supervised"
    parts = Parts(
        lines=_lines(numbers, per_document),
        numbers=numbers,
        cap=_cap(numbers, context),
        stock=True,
        role="text" if supervised else "labels",
        unit="document",
        extra=(per_document, *_unknown(numbers, context), *_effect(model, context)),
        warnings=_warnings(name, numbers, context),
        note=_note(numbers, supervised),
    )
    return source(name, "text", model, parts, context)


def _faults(model: Settings, context: Context) -> list[Fault]:
    faults = []
    given = [key for key in ("documents", "tokens") if getattr(model, key) is not None]
    if model.path and "tokens" in given:
        advice = "keep path to have it counted, or the figures"
        faults.append(Fault("path", model.path, "tokens is given as well", advice))
    elif not model.path and len(given) < 2:
        advice = "give path, or documents and tokens as measured"
        faults.append(Fault("path", model.path, "the corpus is not known", advice))
    if model.time is not None and (not model.path or model.documents):
        problem = "needs path, and all of the corpus there"
        faults.append(Fault("time", model.time, problem, "give growth_documents_per_week instead"))
    effect = model.effect
    if effect and context.task != "supervised":
        problem = "is for unlabelled text in a supervised task only"
        faults.append(Fault("effect", None, problem, "leave it out"))
    elif effect and not _sound(found := [effect.low, effect.base, effect.high]):
        problem = "must hold low <= base <= high, and the range must include 1, which is no effect"
        faults.append(Fault("effect", found, problem))
    return faults


def _sound(ends: list[float]) -> bool:
    return ends == sorted(ends) and ends[0] <= 1 <= ends[-1]


def _counted(model: Settings, context: Context) -> dict[str, Assumption]:
    """Documents, tokens and duplicates of the files at `path`, which may be a sample."""
    given = [model.path] if isinstance(model.path, str) else model.path or []
    options = Options(model.column, model.split, model.encoding, time=model.time)
    found = count_corpus(
        [each if is_remote(each) else context.folder / each for each in given], options
    )
    if found.faults:
        raise SourceError(found.faults)
    sample = "sample_" if model.documents else ""
    if model.documents and model.documents.value < found.documents:
        problem = f"the sample at path alone holds {found.documents:,}"
        raise SourceError([Fault("documents", model.documents.value, problem, "give the corpus's")])
    reference = f"counted in {', '.join(given)} ({found.files} files) with {found.encoding}"
    amounts = [
        ("documents", found.documents, "document", "unique documents with text in them"),
        ("tokens", found.tokens, "token", "of the unique documents"),
        ("duplicates", found.duplicates, "document", "left out: an earlier one is the same"),
    ]
    numbers = {
        sample + key: Assumption(
            name=sample + key,
            value=float(amount),
            unit=unit,
            provenance="measured",
            reference=reference,
            date=context.date.isoformat(),
            low=float(amount),
            high=float(amount),
            note=note,
        )
        for key, amount, unit, note in amounts
    }
    if found.growth and model.growth_documents_per_week is None:
        numbers[_GROWTH] = _grown(found.growth, reference, context)
    return numbers


def _grown(growth: Growth, reference: str, context: Context) -> Assumption:
    """Growth [document/week] by the time stamps of the documents."""
    rate = growth.documents
    if rate is None:
        problem = f"gives no whole week of time stamps ({growth.undated:,} documents have none)"
        raise SourceError([Fault("time", None, problem, f"give {_GROWTH} instead")])
    if not growth.measured:
        problem = f"shows no growth, but in {growth.weeks} whole weeks only, which tells too little"
        raise SourceError([Fault("time", None, problem, f"give {_GROWTH} instead")])
    return Assumption(
        name=_GROWTH,
        value=rate.median,
        unit="document/week",
        provenance="measured",
        reference=f"{reference}, {growth.first} to {growth.last}",
        date=context.date.isoformat(),
        low=rate.low,
        high=rate.high,
        note=f"median of the last {growth.weeks} whole weeks, range 5% to 95% of them",
    )


def _measured(model: Settings, numbers: Numbers) -> dict[str, Assumption]:
    """The given figures, which count as measured unless the project says otherwise."""
    given = {key: getattr(model, key) for key in ("documents", "tokens")}
    return {
        key: replace(numbers[key], provenance="measured")
        for key, number in given.items()
        if number is not None and "provenance" not in number.model_fields_set
    }


def _per_document(numbers: Numbers) -> Assumption:
    """Tokens of a document [token/document], those of the sample where there is one."""
    keys = ("sample_tokens", "sample_documents")
    tokens_key, documents_key = keys if keys[0] in numbers else ("tokens", "documents")
    found = derived(
        "tokens_per_document",
        f"{tokens_key} / {documents_key}",
        {key: numbers[key] for key in (tokens_key, documents_key)},
        lambda v: v[tokens_key] / v[documents_key],
    )
    reference = f"{found.reference}; {numbers[tokens_key].reference}"
    return replace(found, unit="token/document", reference=reference)


def _extrapolated(numbers: Numbers) -> Assumption:
    """Tokens of the whole corpus [token], by those of its sample."""
    used = {"tokens_per_document": _per_document(numbers), "documents": numbers["documents"]}
    found = derived(
        "tokens", " * ".join(used), used, lambda v: v["documents"] * v[next(iter(used))]
    )
    return replace(found, unit="token")


def _lines(numbers: Numbers, per_document: Assumption) -> tuple[CostLine | None, ...]:
    """Cleaning is paid for all documents, usable or not; compute for each pass over the usable."""
    size = {"tokens_per_document": per_document}
    return (
        _line("cleaning", {**size, **_only(numbers, _COSTS[0], "usable_share")}, _cleaning),
        _line("compute", {**size, **_only(numbers, _COSTS[1], "epochs")}, _compute),
    )


def _only(numbers: Numbers, cost: str, other: str) -> dict[str, Assumption]:
    return {key: numbers[key] for key in (cost, other)} if cost in numbers else {}


def _line(item: str, used: Numbers, price: Any) -> CostLine | None:
    return line(item, used, price) if len(used) > 1 else None


def _cleaning(v: Mapping[str, float]) -> float:
    return v["tokens_per_document"] / MILLION * v[_COSTS[0]] / v["usable_share"]


def _compute(v: Mapping[str, float]) -> float:
    return v["tokens_per_document"] / MILLION * v[_COSTS[1]] * v["epochs"]


def _cap(numbers: Numbers, context: Context) -> tuple[float, str]:
    usable = value(numbers, "usable_share")
    grown = value(numbers, "growth_documents_per_week") * (context.weeks or 0.0)
    reason = "documents in hand and to come" if grown else "documents in hand"
    return math.floor((value(numbers, "documents") + grown) * usable * _WHOLE), reason


def _unknown(numbers: Numbers, context: Context) -> tuple[Assumption, ...]:
    """What nobody can know for the user: said to be unknown, never set to a number."""
    asked = {
        "growth_documents_per_week": ("document/week", "only the documents in hand are counted"),
        _COSTS[0]: (f"{context.currency}/million tokens", "the plan's cost leaves it out"),
        _COSTS[1]: (f"{context.currency}/million tokens", "the plan's cost leaves it out"),
    }
    return tuple(
        Assumption(
            name=key,
            value=None,
            unit=unit,
            provenance="assumed",
            reference="not given",
            date=context.date.isoformat(),
            note=f"unknown, {consequence}; set it, 0 if it is none",
        )
        for key, (unit, consequence) in asked.items()
        if key not in numbers
    )


def _effect(model: Settings, context: Context) -> tuple[Assumption, ...]:
    effect = model.effect
    if effect is None:
        return ()
    return (
        Assumption(
            name="effect",
            value=effect.base,
            unit="ratio",
            provenance="assumed",
            reference="project file",
            date=context.date.isoformat(),
            low=effect.low,
            high=effect.high,
            note="factor on the labels' effective examples if all of it is used; pilots overrule",
        ),
    )


def _warnings(name: str, numbers: Numbers, context: Context) -> tuple[str, ...]:
    warnings = []
    if missing := [key for key in _COSTS if key not in numbers]:
        warnings.append(
            f"{name}: {' and '.join(missing)} not given, so its cost is not all counted"
        )
    if value(numbers, "growth_documents_per_week") and context.weeks is None:
        warnings.append(
            f"{name}: the target gives no weeks, so growth of the corpus does not count"
        )
    return tuple(warnings)


def _note(numbers: Numbers, supervised: bool) -> str:
    documents, size = value(numbers, "documents"), value(numbers, "tokens")
    use = (
        "what it does to the error comes from pilots, or from a range that includes none"
        if supervised
        else "its tokens are training data"
    )
    return f"{documents:,.0f} documents, {size:,.0f} tokens; {use}"
