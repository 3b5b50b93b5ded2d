"""The command line: parse, call, print, exit code; nothing else.

Exit code 0 done, 1 the target cannot be met (the tables are still written), 2 bad input, 130 broken
off. Results go to stdout, messages to stderr.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from planner.arguments import parse

if TYPE_CHECKING:
    from planner.errors import InputError
    from planner.fitted import FittedLaw
    from planner.inputs import Inputs
    from planner.pilots import Pilots
    from planner.plan import Target
    from planner.prior import Beliefs
    from planner.screen import Parts
    from planner.table import Table

DONE, UNREACHED, BAD, BROKEN_OFF = 0, 1, 2, 130
IN_A_PROJECT = "a project file may give its price, as price"
TARGET = {
    "error": "target",
    "confidence": "confidence",
    "budget": "budget",
    "weeks": "weeks",
    "least": "least",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    # the matrices are small: more threads only burn time, and sums in another order
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the terminal cannot show is no fault
            stream.reconfigure(errors="backslashreplace")
    args = parse(argv, COMMANDS)
    from planner.errors import DataplanError  # brings numpy, which --help must not wait for

    try:
        code: int = COMMANDS[args.command](args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return _closed(DONE)  # the reader has seen enough
    except KeyboardInterrupt:
        return _say("broken off", BROKEN_OFF)
    except DataplanError as error:
        return _say(str(error), BAD)
    except OSError as error:
        _say(f"{error.filename or 'output'}: {error.strerror or error}", BAD)
        return _closed(BAD)


def _say(message: str, code: int) -> int:
    sys.stderr.write(f"dataplan: {message}\n")
    return code


def _closed(code: int) -> int:
    """Drop what stdout still holds: writing it at exit would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _print(
    args: argparse.Namespace,
    tables: Mapping[str, Table],
    parts: Callable[[Mapping[str, Table]], Parts],
) -> None:
    from planner.export import to_json
    from planner.screen import rendered

    sys.stdout.write(to_json(tables) if args.json else rendered(parts(tables), sys.stdout))


def _named(error: InputError, options: Mapping[str, str]) -> InputError:
    """The same faults, those of options under the option's name."""
    from dataclasses import replace

    from planner.errors import InputError

    renamed = (replace(fault, key=options.get(fault.key, fault.key)) for fault in error.faults)
    return InputError(error.place, tuple(renamed))


def _init(args: argparse.Namespace) -> int:
    from planner.export import write_project

    paths = write_project(args.folder)
    sys.stdout.writelines(f"wrote {path}\n" for path in paths)
    sys.stderr.write(f"next: put your numbers into it, then dataplan plan {paths[0]}\n")
    return DONE


def _project(args: argparse.Namespace) -> Inputs:
    """The project of a command, with the target that its options name."""
    from planner.errors import InputError
    from planner.project import read

    given = {
        key: value
        for key, name in TARGET.items()
        if (value := getattr(args, name, None)) is not None
    }
    try:
        return read(args.project, given)
    except InputError as error:
        raise _named(error, {f"target.{key}": f"--{TARGET[key]}" for key in given}) from None


def _plan(args: argparse.Namespace) -> int:
    from functools import partial

    from planner.export import write_csv
    from planner.models import study_of
    from planner.progress import meter
    from planner.summary import plan_parts
    from planner.tables import tables

    inputs = _project(args)
    if inputs.groups is not None:
        return _plan_groups(args, inputs)
    with meter() as progress:
        study = study_of(inputs, progress.stage, with_sensitivity=args.sensitivity)
    found = tables(study)
    if args.out or not args.json:
        folder = Path(args.out) if args.out else inputs.folder / "plan"
        written = write_csv(found, folder)
        sys.stderr.write(f"{len(written)} tables written to {folder}; columns.csv explains them\n")
    _print(args, found, partial(plan_parts, language=args.lang))
    return DONE if study.kept else UNREACHED


def _plan_groups(args: argparse.Namespace, inputs: Inputs) -> int:
    from planner.errors import Fault, InputError
    from planner.export import write_csv
    from planner.group_study import run_groups
    from planner.group_tables import group_tables
    from planner.listings.groups import group_parts
    from planner.progress import meter

    if args.sensitivity:
        problem = "is computed without groups only"
        raise InputError("plan", [Fault("--sensitivity", None, problem, "leave it out")])
    with meter() as progress:
        study = run_groups(inputs, progress.stage)
    found = group_tables(study)
    if args.out or not args.json:
        folder = Path(args.out) if args.out else inputs.folder / "plan"
        written = write_csv(found, folder)
        sys.stderr.write(f"{len(written)} tables written to {folder}; columns.csv explains them\n")
    _print(args, found, group_parts)
    return DONE if study.plan.reaches else UNREACHED


def _verdict(args: argparse.Namespace) -> int:
    from functools import partial

    from planner.export import write_csv
    from planner.models import study_of
    from planner.progress import meter
    from planner.tables import tables
    from planner.telling import told
    from planner.verdict_page import verdict_parts

    inputs = _project(args)
    with meter() as progress:
        study = study_of(inputs, progress.stage)
        progress.stage("weighing pilots")
        study = told(study)
    found = tables(study)
    if args.out is not None:
        written = write_csv(found, args.out)
        sys.stderr.write(
            f"{len(written)} tables written to {args.out}; columns.csv explains them\n"
        )
    _print(args, found, partial(verdict_parts, language=args.lang))
    assert study.idea is not None
    return DONE if study.idea.verdict.answer.startswith("scales") else UNREACHED


def _advise(args: argparse.Namespace) -> int:
    from planner.advise import advise, of_one_model
    from planner.listings.advise import advise_parts, advise_tables
    from planner.progress import meter
    from planner.project import read
    from planner.study import run

    inputs = read(args.project)
    of_one_model(inputs)
    with meter() as progress:
        study = run(inputs, progress.stage)
        progress.stage("weighing pilots")
        advice = advise(study)
    _print(args, advise_tables(study, advice), advise_parts)
    return DONE if study.plan.reaches else UNREACHED


def _preference(args: argparse.Namespace) -> int:
    from planner.errors import InputError
    from planner.export import write_csv
    from planner.listings.preference import preference_tables
    from planner.listings.preferring import preference_parts
    from planner.preference.answer import answer
    from planner.preference.question import read_question
    from planner.progress import meter

    given = {
        key: value
        for key, name in TARGET.items()
        if (value := getattr(args, name, None)) is not None
    }
    try:
        question = read_question(args.project, given)
    except InputError as error:
        raise _named(error, {f"target.{key}": f"--{TARGET[key]}" for key in given}) from None
    with meter() as progress:
        found = answer(question, progress.stage)
    tables = preference_tables(found)
    if args.out is not None:
        written = write_csv(tables, args.out)
        sys.stderr.write(
            f"{len(written)} tables written to {args.out}; columns.csv explains them\n"
        )
    _print(args, tables, preference_parts)
    return DONE if found.plans[found.choice].reaches else UNREACHED


def _law(args: argparse.Namespace) -> tuple[Pilots, FittedLaw, Target | None]:
    from planner.errors import Fault, InputError
    from planner.fit import fit_law
    from planner.plan import Target
    from planner.progress import meter
    from planner.project import read_runs

    faults = []
    if args.target is not None and not 0 < args.target < float("inf"):
        faults.append(Fault("--target", args.target, "must be positive and finite"))
    if not 0 < args.confidence < 1:
        faults.append(Fault("--confidence", args.confidence, "must lie between 0 and 1"))
    if args.worst is not None and not 0 < args.worst < float("inf"):
        faults.append(Fault("--worst", args.worst, "must be positive and finite"))
    if faults:
        raise InputError(args.command, faults)
    runs = read_runs(args.runs)
    known = f"known: {', '.join(runs.sources)}"
    faults = [
        Fault("--text", n, "no such column", known) for n in args.text if n not in runs.sources
    ]
    if faults:
        raise InputError(args.command, faults)
    with meter() as progress:
        progress.stage("fitting the law")
        law = fit_law(runs, beliefs=_beliefs(args))
    return runs, law, None if args.target is None else Target(args.target, args.confidence)


def _beliefs(args: argparse.Namespace) -> Beliefs:
    from planner.prior import Beliefs, SourceBelief

    texts = {name: SourceBelief(is_text=True) for name in args.text}
    return Beliefs(texts, worst_error=args.worst)


def _fit(args: argparse.Namespace) -> int:
    from planner.listings.law import law_parts, law_tables

    _, law, _ = _law(args)
    found = law_tables(law, args.target, args.confidence)
    _keep(args, found, law)
    _print(args, found, law_parts)
    needs = [row["examples"] for row in found["required"].records()]
    return UNREACHED if needs and all(need is None for need in needs) else DONE


def _diagnose(args: argparse.Namespace) -> int:
    from planner.diagnose import diagnose
    from planner.growth import fit_growth
    from planner.listings.law import diagnosis_tables, findings_parts
    from planner.offsets import composition_odds, with_odds

    runs, law, target = _law(args)
    growth = None
    if runs.model_params is not None:
        growth = fit_growth(runs, worst_error=args.worst, texts=args.text)
    findings = diagnose(law, target, growth=growth, most_params=args.max_params)
    odds = composition_odds(runs, law, _beliefs(args))
    findings = with_odds(findings, odds, law.reference)
    found = diagnosis_tables(findings, law.warnings)
    _keep(args, found, law)
    _print(args, found, findings_parts)
    return DONE


def _keep(args: argparse.Namespace, tables: Mapping[str, Table], law: FittedLaw) -> None:
    """Writes tables and figure where --out asks for them."""
    if args.out is None:
        return
    from planner.export import write_csv, write_pictures
    from planner.figure import draw_law

    pictures = draw_law(law, args.target, args.confidence)
    written = (*write_csv(tables, args.out), *write_pictures(pictures, args.out))
    sys.stderr.write(
        f"{len(written)} files written to {args.out}; columns.csv explains the tables\n"
    )


def _sources(args: argparse.Namespace) -> int:
    from planner.errors import Fault, InputError
    from planner.listings.sources import default_parts, default_tables, source_parts, source_tables
    from planner.progress import meter
    from planner.project import read
    from planner.study import stand
    from sources.defaults import entries

    if args.project is None:
        _print(args, default_tables(entries()), default_parts)
        return DONE
    if args.defaults:
        advice = "leave one of them out"
        raise InputError("sources", [Fault("--defaults", args.project, "takes no project", advice)])
    inputs = read(args.project)
    with meter() as progress:
        standing = stand(inputs, progress.stage)
    _print(args, source_tables(standing), source_parts)
    return DONE


def _count(args: argparse.Namespace) -> int:
    from planner.counting import Request, count
    from planner.listings.count import count_parts, count_tables

    request = Request(
        tuple(args.paths),
        args.column,
        args.split,
        tuple(args.encoding or ["o200k_base"]),
        sample=args.sample,
        workers=args.workers,
        similarity=0.8 if args.near and args.similarity is None else args.similarity,
        time=args.time,
        engine=args.engine,
        scheduler=args.scheduler,
        keep=not args.no_cache,
    )
    try:
        counts, problem = count(request)
    except KeyboardInterrupt:
        kept = "" if args.no_cache or args.sample else "; the same command goes on from there"
        return _say(f"broken off{kept}", BROKEN_OFF)
    if problem:
        _say(f"nothing was kept for later runs: {problem}", DONE)
    if counts[0].unreadable:
        names = "file or record" if counts[0].unreadable == 1 else "files or records"
        _say(f"{counts[0].unreadable:,} {names} could not be read; left out", DONE)
    _print(args, count_tables(counts), count_parts)
    return DONE


def _price(args: argparse.Namespace) -> int:
    import datetime
    from dataclasses import replace

    from planner.errors import Fault, InputError
    from planner.listings.price import price_parts, price_tables, teacher_parts, teacher_tables
    from sources import prices
    from sources.base import SourceError
    from sources.teachers import Request, compare

    models = list(dict.fromkeys(args.model or []))
    if bool(models) == args.all:
        advice = "name a model, or compare all of one provider with --all"
        raise InputError("price", [Fault("--model", None, "give either this or --all", advice)])
    if args.all:
        models = list(prices.sold_by_batch(args.provider or "openai"))
        if not models:
            problem = "the price catalogue has no models of it that are sold by batch"
            raise InputError("price", [Fault("--provider", args.provider, problem, "use --model")])
    date = args.date or datetime.date.today()
    size = Request(args.input, args.output, args.cached)
    rates = args.keep_rate or [1.0]
    try:
        found = compare(models, size, args.number, date, keep_rates=rates, provider=args.provider)
        if args.batch and len(models) == 1:  # says why, where there is no such price
            prices.price(models[0], 1, 1, date, batch=True, provider=args.provider)
    except SourceError as error:
        # the advice is meant for a project file; its first half may still name the nearest model
        named = {
            "teacher": "--model",
            "batch_api": "--batch",
            "cached_tokens": "--cached",
            "keep_rate": "--keep-rate",
            "provider": "--provider",
        }
        first = (
            replace(
                fault,
                advice="leave it out"
                if fault.key == "batch_api"
                else fault.advice.partition(" else ")[0].replace("give price", IN_A_PROJECT),
            )
            for fault in error.faults
        )
        raise _named(InputError("price", tuple(first)), named) from None
    if len(models) == 1:
        _print(args, price_tables(found[0], size, args.batch), price_parts)
    else:
        _print(args, teacher_tables(found, size, args.number, date), teacher_parts)
    return DONE


def _agreement(args: argparse.Namespace) -> int:
    from planner.errors import Fault, InputError
    from planner.export import write_csv
    from planner.listings.agreement import agreement_parts, agreement_tables
    from sources import defaults
    from sources.agreement import read
    from sources.assessment import assess
    from sources.base import SourceError
    from sources.redundancy import Price
    from sources.votes import Reading

    pay = args.pay
    if pay is None:
        pay = defaults.load()["crowd"]["pay_per_judgement"].value or 0.0
    faults = []
    if not 0 < pay < float("inf"):
        faults.append(Fault("--pay", pay, "must be positive and finite"))
    if not 0 <= args.item_cost < float("inf"):
        faults.append(Fault("--item-cost", args.item_cost, "must be at least 0 and finite"))
    if args.cut is not None and abs(args.cut) == float("inf"):
        faults.append(Fault("--cut", args.cut, "must be finite"))
    if faults:
        raise InputError(args.command, faults)
    how = Reading(args.ratings, args.cut, tuple(args.abstain), args.field, not args.no_gold)
    try:
        votes = read(args.annotations, how)
    except SourceError as error:
        raise InputError(args.annotations, error.faults) from None
    found = agreement_tables(assess(votes, Price(pay, args.platform, args.item_cost)))
    if args.out is not None:
        written = write_csv(found, args.out)
        sys.stderr.write(
            f"{len(written)} tables written to {args.out}; columns.csv explains them\n"
        )
    _print(args, found, agreement_parts)
    return DONE


def _distill(args: argparse.Namespace) -> int:
    from planner.distill import Choices, distill
    from planner.listings.distill import distill_parts
    from planner.progress import meter
    from sources.distill.job import Options

    options = Options(
        n=args.n,
        base_url=args.base_url,
        cap=args.cap,
        concurrency=args.concurrency,
        timeout=args.timeout,
        time_limit=args.time_limit,
        batch=args.batch,
    )
    out = None if args.out is None else Path(args.out)
    choices = Choices(args.source, args.key_env, not args.no_write, out)
    try:
        with meter() as progress:
            found, ending = distill(args.project, options, choices, _tell, progress)
    except KeyboardInterrupt:
        return _say("broken off; the same command goes on from the answers it has", BROKEN_OFF)
    _print(args, found, distill_parts)
    return DONE if ending.reason == "done" else UNREACHED


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "init": _init,
    "plan": _plan,
    "verdict": _verdict,
    "advise": _advise,
    "sources": _sources,
    "preference": _preference,
    "fit": _fit,
    "diagnose": _diagnose,
    "count": _count,
    "price": _price,
    "distill": _distill,
    "agreement": _agreement,
}
