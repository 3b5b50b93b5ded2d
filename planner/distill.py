"""A real pilot of a teacher: project, requests, answers, measures, and the project amended."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.amend import amended, check_amendable
from planner.errors import Fault, InputError, OutputError
from planner.export import check_over, write_csv, write_over, write_records
from planner.listings.distill import Result, Written, distill_tables
from planner.project import read_source
from planner.reading import text_of
from planner.table import Table, figure
from sources.base import Context, SourceError
from sources.distill.asking import Ending, Limits, ask
from sources.distill.batches import ask_by_batch, drop_unsent, open_batches
from sources.distill.endpoint import Endpoint, host_of, key_from
from sources.distill.job import Job, Options, Request
from sources.distill.journal import Journal
from sources.distill.measures import Findings, findings
from sources.distill.preparing import prepare
from sources.settings import check
from sources.teaching import Settings

if TYPE_CHECKING:
    from planner.progress import Meter

KIND = "distillation"
FOLDER = "distill"  # beside the project file
TOKENS = ("prompt_tokens", "completion_tokens")  # what a price by the token takes
SHARED = ("keep_rate", "teacher_error")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Choices:
    """What the user chose beside the options of the requests. `out` is the folder of the journal,
    the answers and, where it is given, the tables."""

    source: str | None = None
    key_env: str = "OPENAI_API_KEY"
    write: bool = True
    out: Path | None = None


def distill(
    project: Path | str, options: Options, choices: Choices, say: Say, meter: Meter
) -> tuple[dict[str, Table], Ending]:
    """Runs the pilot, or goes on with it, and writes what it measured.

    Answers go to NAME.jsonl beside the journal NAME.sqlite; numbers go into the project file once
    every request has its answer. Raises InputError and OutputError; what was answered is kept.
    """
    place = Path(project)
    name, settings, context, seed = read_source(place, KIND, choices.source)
    try:
        job = prepare(name, settings, context, replace(options, seed=seed))
        key = key_from(choices.key_env, job.base_url)
    except SourceError as error:
        raise _named(place, name, error) from None
    if choices.write:
        check_over(place)
        check_amendable(text_of(place), name, _keys(job))
    folder, stem = choices.out or place.parent / FOLDER, _stem(name)
    limits = Limits(job.cap, options.concurrency, options.timeout, options.time_limit)
    for line in _opening(job, options):
        say(line)
    try:
        with Journal(folder / f"{stem}.sqlite", job.currency) as journal:
            ending = _ask(job, Endpoint(job.base_url, key), journal, limits, options.batch, meter)
            calls = journal.calls({each.key for each in job.requests})
    except SourceError as error:
        raise _named(place, name, error) from None
    found = findings(job, calls, options.concurrency)
    if found.records:
        answers = write_records(_lines(found), folder / f"{stem}.jsonl")
        say(f"{len(found.records):,} answers in {answers}")
    written = _numbers(found, context)
    if choices.write and ending.reason == "done" and any(each.written for each in written):
        if problem := _write(place, name, written, lambda: _now(place, name, options), found):
            say(f"{place}: nothing is written: {problem}; the answers are kept")
            ending = replace(ending, problem=problem)
            written = tuple(replace(e, written=False, note=e.note or problem) for e in written)
        else:
            keys = ", ".join(each.measure.name for each in written if each.written)
            say(f"{keys} written into {place} as measured")
    elif any(each.written for each in written):
        why = "not asked to" if ending.reason == "done" else "not every request has its answer"
        written = tuple(replace(e, written=False, note=e.note or why) for e in written)
    tables = distill_tables(Result(found, ending, options, written))
    if choices.out is not None:
        write_csv(tables, choices.out)
        say(f"{len(tables)} tables in {choices.out}; tables.csv explains them")
    return tables, ending


def _stem(name: str) -> str:
    """A source's name as that of a file, signs that files may not have written as %2F."""
    return re.sub(r'[/\\:*?"<>|%]|^\.', lambda found: f"%{ord(found[0]):02X}", name)


def _ask(
    job: Job, endpoint: Endpoint, journal: Journal, limits: Limits, batch: bool, meter: Meter
) -> Ending:
    meter.stage(f"asking {job.model}")
    if batch:
        return ask_by_batch(job, endpoint, journal, limits, meter.share)
    drop_unsent(job, journal)
    if open_batches(job, journal):
        problem = "some of these requests are in a batch that is under way"
        raise SourceError([Fault("--batch", None, problem, "add --batch to collect it first")])
    return ask(job, endpoint, journal, limits, meter.share)


def _named(place: Path, name: str, error: SourceError) -> InputError:
    """The faults under keys as the user knows them: options by name, settings by their table."""
    from planner.schema import key

    own = ("--", "journal", "request")
    faults = [
        fault
        if fault.key.startswith(own)
        else replace(fault, key=f"{key('sources', name)}.{fault.key}")
        for fault in error.faults
    ]
    return InputError(str(place), faults)


def _opening(job: Job, options: Options) -> Iterator[str]:
    yield from (f"{job.name}: {each}" for each in job.warnings)
    how = " by batch" if options.batch else ""
    cost = f"about {job.expected:.2g}, at most {job.cap:g} {job.currency} (--cap)"
    asked = f"{len(job.requests):,} requests to {job.model} at {host_of(job.base_url)}{how}"
    yield f"{asked}: {cost}, at most {options.time_limit:g} s (--time-limit)"


def _lines(found: Findings) -> Iterator[dict[str, Any]]:
    """One mapping an answer, as a training example would be made from it."""
    for each in found.records:
        answer = each.answer
        yield {
            "id": each.request.key,
            "input": each.request.text,
            "output": answer.text,
            "label": answer.label,
            "gold": each.request.gold,
            "state": "copy" if each.copy else answer.state,
            "kept": each.kept,
            "prompt_tokens": answer.input_tokens,
            "completion_tokens": answer.output_tokens,
            "cost": each.cost,
            "currency": found.job.currency,
            "model": found.job.model,
        }


def _numbers(found: Findings, context: Context) -> tuple[Written, ...]:
    """The project's keys that the pilot measured, and why one is not to be written."""
    job = found.job
    last = max((each.at for each in found.records), default=0.0)
    date = datetime.datetime.fromtimestamp(last, datetime.UTC).date()
    where = f"{len(found.records):,} requests to {job.model} at {host_of(job.base_url)}"
    reference = f"distill run of {date.isoformat()}, {where}"
    classes = context.classes or len(job.form.labels or ()) or 2
    made = []
    for key in _keys(job):
        each = found[key]
        note = each.note if each.value is None else ""
        if key == "keep_rate" and each.value == 0:
            note = "no answer can be used: mend prompt or limits first"
        if key == "teacher_error" and each.value is not None and each.value >= 1 - 1 / classes:
            note = "no better than guessing: mend the prompt or take another teacher"
        ends = {end: figure(getattr(each, end)) for end in ("value", "low", "high")}
        number = {**ends, "provenance": "measured", "reference": reference}
        number["date"] = date.isoformat()
        note = note or _fault(key, number)
        made.append(Written(each, number, not note, note))
    return tuple(made)


def _keys(job: Job) -> tuple[str, ...]:
    """The project's keys that a pilot may measure."""
    return (*SHARED, "examples_per_hour") if job.local else (*TOKENS, *SHARED)


def _fault(key: str, number: Mapping[str, Any]) -> str:
    """Why the project could not hold a number; empty if it can."""
    try:
        check(Settings, {key: number})
    except SourceError as error:
        return "; ".join(each.problem for each in error.faults)
    return ""


def _now(place: Path, name: str, options: Options) -> tuple[Request, ...]:
    """The requests that the project, as it is now, would send. Raises InputError."""
    _, settings, context, seed = read_source(place, KIND, name)
    try:
        return prepare(name, settings, context, replace(options, seed=seed)).requests
    except SourceError as error:
        raise _named(place, name, error) from None


def _write(
    place: Path,
    name: str,
    written: tuple[Written, ...],
    now: Callable[[], tuple[Request, ...]],
    found: Findings,
) -> str:
    """Puts the numbers into the project file; returns why that was not possible, if so.

    The user may have changed the file since the run began: numbers of other requests are not
    written into it.
    """
    numbers: Mapping[str, Any] = {
        each.measure.name: each.number for each in written if each.written
    }
    try:
        if {_asked(each) for each in now()} != {_asked(each) for each in found.job.requests}:
            return "the project was changed meanwhile, and now asks something else"
        text = text_of(place)
        mark = "\ufeff" if place.stat().st_size > len(text.encode()) else ""
        write_over(place, mark + amended(text, name, numbers))
    except (InputError, OutputError, OSError) as error:
        return str(error)
    return ""


def _asked(request: Request) -> tuple[str, str | None]:
    return request.key, request.gold
