"""What a teacher is asked: settings of prompt, inputs and allowed answers, and the texts behind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from sources import documents
from sources.base import Context, Fault, SourceError
from sources.settings import KindSettings

LABEL = "label"  # the key of an answer that is one of the labels
_RECORDS = (".jsonl", ".csv", ".parquet")  # forms that can hold a column of known answers


def _address(given: str) -> str:
    parts = urlsplit(given)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[\w.:%-]+", host, re.ASCII):
        raise ValueError("must be an address such as https://api.openai.com/v1")
    if parts.port == 0:  # one above 65535 raises ValueError by itself
        raise ValueError("has no port 0")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must hold no user, password or query: the key comes from the environment")
    return given.rstrip("/")


def _distinct(given: list[str]) -> list[str]:
    if len(set(given)) != len(given):
        raise ValueError("must be distinct")
    if not all(each.strip() == each and each for each in given):
        raise ValueError("must not be empty, nor begin or end with a blank")
    return given


class Asking(KindSettings):
    """Settings of a teacher's requests; teaching.Settings adds what they cost."""

    teacher: str | None = Field(None, min_length=1)
    provider: str | None = None
    base_url: Annotated[str | None, AfterValidator(lambda v: v and _address(v))] = None
    prompt_template: str | None = None
    samples: str | list[str] | None = None
    completions: str | list[str] | None = None
    column: str = "text"
    gold: str | None = Field(None, min_length=1)
    labels: Annotated[
        list[str] | None, Field(None, min_length=2), AfterValidator(lambda v: v and _distinct(v))
    ] = None
    answer_schema: str | None = Field(None, min_length=1)
    max_completion_tokens: int | None = Field(None, ge=1, le=1_000_000)
    limit_key: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    temperature: float | None = Field(None, ge=0, le=2)
    encoding: str = "o200k_base"


def asking_faults(model: Asking) -> list[Fault]:
    """What does not go together in the settings of a teacher's requests."""
    faults = []
    if model.labels is not None and model.answer_schema is not None:
        faults.append(Fault("answer_schema", None, "labels is given as well", "keep one of them"))
    if model.gold is None:
        return faults
    if model.labels is None:
        problem = "is needed with gold"
        faults.append(Fault("labels", None, problem, "list the answers that are allowed"))
    if isinstance(model.samples, str):
        if documents.shape(Path(model.samples))[1] not in _RECORDS:
            advice = "put inputs and known answers into a .csv or .jsonl file"
            faults.append(Fault("gold", model.gold, f"{model.samples} has no columns", advice))
    else:
        advice = "name a .csv or .jsonl file in samples"
        faults.append(Fault("gold", model.gold, "names a column, but samples is no file", advice))
    return faults


def template(model: Asking, context: Context) -> str:
    """The prompt with {text} where the input belongs. Raises SourceError."""
    given = model.prompt_template
    if given is None:
        return "{text}"
    text = given
    if "{text}" not in given:
        text = "".join(_read("prompt_template", given, model.column, context))
    if "{text}" not in text:
        advice = "put {text} where the input belongs"
        raise SourceError([Fault("prompt_template", given, "does not hold {text}", advice)])
    return text


def texts(model: Asking, key: Literal["samples", "completions"], context: Context) -> list[str]:
    """The texts of a setting that lists them or names their file. Raises SourceError."""
    given = getattr(model, key)
    found = given if isinstance(given, list) else _read(key, given, model.column, context)
    if not found:
        raise SourceError([Fault(key, given, "holds no text", "give at least one")])
    return found


def known_answers(model: Asking, context: Context) -> list[str] | None:
    """The known label of each sample, "" where there is none. Raises SourceError."""
    if model.gold is None or not isinstance(model.samples, str):
        return None
    found = [each.strip() for each in _read("gold", model.samples, model.gold, context)]
    labels = model.labels or []
    at = next((i for i, each in enumerate(found) if each and each not in labels), None)
    if at is not None:
        problem = f"record {at + 1} of {model.samples} has {found[at]!r}, which is none of labels"
        advice = f"labels are {', '.join(labels)}"
        raise SourceError([Fault("gold", model.gold, problem, advice)])
    return found


def allowed(model: Asking, context: Context) -> dict[str, Any] | None:
    """The JSON Schema that answers obey; None where any text will do. Raises SourceError."""
    if model.labels is not None:
        return {
            "type": "object",
            "properties": {LABEL: {"type": "string", "enum": model.labels}},
            "required": [LABEL],
            "additionalProperties": False,
        }
    if model.answer_schema is None:
        return None
    given = model.answer_schema
    text = "".join(_read("answer_schema", given, model.column, context))

    def fault(problem: str, advice: str = "") -> SourceError:
        return SourceError([Fault("answer_schema", given, problem, advice)])

    from jsonschema import Draft202012Validator, SchemaError

    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise fault(f"is not JSON: {error}") from None
    if not isinstance(schema, dict):
        raise fault("is no JSON Schema", "write an object such as {type: object, ...}")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise fault(f"is no JSON Schema: {error.message}") from None
    for target in _references(schema):
        if not _resolves(schema, target):
            raise fault(f"refers to {target}, which it does not hold", "put it below $defs")
    return schema


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key in ("$ref", "$dynamicRef"):
            if isinstance(schema.get(key), str):
                yield schema[key]
    inner = schema.values() if isinstance(schema, dict) else schema
    for each in inner if isinstance(schema, dict | list) else ():
        yield from _references(each)


def _resolves(schema: Any, target: str) -> bool:
    """Whether a reference is a pointer into the schema itself: nothing is fetched."""
    if target != "#" and not target.startswith("#/"):
        return False
    for part in target.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(schema, dict) or name not in schema:
            return False
        schema = schema[name]
    return True


def _read(key: str, path: str, column: str, context: Context) -> list[str]:
    place: Path = context.folder / path
    split: documents.Split = "line" if key in ("samples", "completions") else "file"
    try:
        return list(documents.texts(place, column=column, split=split))
    except SourceError as error:
        raise SourceError([replace(fault, key=key) for fault in error.faults]) from None
