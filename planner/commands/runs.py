"""`dataplan fit` and `dataplan diagnose`: pilot runs in, their law or its diagnosis out."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING

from planner.commands.base import DONE, UNREACHED, Command, show
from planner.commands.options import json_option, number, target_options

if TYPE_CHECKING:
    from planner.fitted import FittedLaw
    from planner.pilots import Pilots
    from planner.plan import Target
    from planner.prior import Beliefs
    from planner.table import Table


def _runs_options(each: ArgumentParser) -> None:
    each.add_argument(
        "runs",
        metavar="RUNS",
        help="a table with one row a run: error, and a column of examples for each source (.csv, "
        ".xlsx, .parquet); or an MLflow store: mlflow.db?error=METRIC&n=PARAM",
    )
    target_options(each, "in the unit of the runs", 0.8)
    each.add_argument(
        "--worst", metavar="E", type=number, help="error with no data at all, such as chance level"
    )
    each.add_argument(
        "--text",
        metavar="NAME",
        action="append",
        default=[],
        help="column of unlabelled text, which multiplies instead of adding; may be repeated",
    )
    each.add_argument(
        "--out", metavar="DIR", help="folder for the tables and a figure (law.png, law.svg)"
    )
    json_option(each)


def _fit(args: Namespace) -> int:
    from planner.listings.law import law_parts, law_tables

    _, law, _ = _law(args)
    found = law_tables(law, args.target, args.confidence)
    _keep(args, found, law)
    show(args, found, law_parts)
    needs = [row["examples"] for row in found["required"].records()]
    return UNREACHED if needs and all(need is None for need in needs) else DONE


def _diagnose_options(each: ArgumentParser) -> None:
    _runs_options(each)
    each.add_argument(
        "--max-params", metavar="P", type=number, help="parameters of the largest model affordable"
    )


def _diagnose(args: Namespace) -> int:
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
    show(args, found, findings_parts)
    return DONE


def _law(args: Namespace) -> tuple[Pilots, FittedLaw, Target | None]:
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


def _beliefs(args: Namespace) -> Beliefs:
    from planner.prior import Beliefs, SourceBelief

    texts = {name: SourceBelief(is_text=True) for name in args.text}
    return Beliefs(texts, worst_error=args.worst)


def _keep(args: Namespace, tables: Mapping[str, Table], law: FittedLaw) -> None:
    """Writes tables and figure where --out asks for them."""
    if args.out is None:
        return
    from planner.export import write_csv, write_pictures
    from planner.figures.law import draw_law

    pictures = draw_law(law, args.target, args.confidence)
    written = (*write_csv(tables, args.out), *write_pictures(pictures.files, args.out))
    sys.stderr.write(
        f"{len(written)} files written to {args.out}; tables.csv explains the tables\n"
    )
    sys.stderr.writelines(f"{note}\n" for note in pictures.notes)


FIT = Command(
    "fit",
    "the scaling law, its interval, and the examples a target needs",
    "dataplan fit runs.csv --target 0.2 --worst 0.5 --out law",
    _runs_options,
    _fit,
)

DIAGNOSE = Command(
    "diagnose",
    "stage, pattern, and what to measure next",
    "dataplan diagnose runs.csv --target 0.2 --worst 0.5",
    _diagnose_options,
    _diagnose,
)
