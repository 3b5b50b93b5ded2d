"""`dataplan plan` and `dataplan verdict`: a project file in, a plan or a verdict on it out."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from planner.commands.base import DONE, UNREACHED, Command, keep, project, show
from planner.commands.options import json_option, lang_option, number, target_options
from planner.commands.outputs import check_outputs, output_options, write_outputs

if TYPE_CHECKING:
    from planner.csvtext import Style
    from planner.inputs import Inputs


def _plan_options(each: ArgumentParser) -> None:
    each.add_argument("project", metavar="PROJECT.toml", help="project file")
    each.add_argument(
        "--out",
        metavar="DIR",
        help="folder for the tables (default: plan/ beside the project file)",
    )
    target_options(each, "instead of the project's")
    each.add_argument("--budget", metavar="B", type=number, help="most to spend, in its currency")
    each.add_argument("--weeks", metavar="W", type=number, help="weeks to the last delivery")
    each.add_argument(
        "--least",
        choices=("cost", "error", "weeks"),
        help="what to make as little as can be: the cost of the target (default), the error that "
        "budget and weeks allow, or the weeks to the target",
    )
    each.add_argument(
        "--sensitivity",
        action="store_true",
        help="also what moves the cost: each assumption at its ends, limits lifted, prices that "
        "would change the plan; every one planned anew (with candidate models: numbers of sources "
        "and models, and confidences, alone)",
    )
    each.add_argument(
        "--json",
        action="store_true",
        help="print the tables as JSON; tables are written only with --out",
    )
    lang_option(each, "of the page, the report, Markdown and figures")
    output_options(each)


def _plan(args: Namespace) -> int:
    from functools import partial

    from planner.models import study_of
    from planner.progress import meter
    from planner.summary import plan_parts
    from planner.tables import tables

    style = check_outputs(args)
    inputs = project(args)
    if inputs.groups is not None:
        return _plan_groups(args, inputs, style)
    with meter() as progress:
        study = study_of(inputs, progress.stage, with_sensitivity=args.sensitivity)
    found = tables(study)
    write_outputs(args, study, found, _folder(args, inputs), style)
    show(args, found, partial(plan_parts, language=args.lang))
    return DONE if study.kept else UNREACHED


def _folder(args: Namespace, inputs: Inputs) -> Path:
    return Path(args.out) if args.out else inputs.folder / "plan"


def _plan_groups(args: Namespace, inputs: Inputs, style: Style) -> int:
    from functools import partial

    from planner.errors import Fault, InputError
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
    write_outputs(args, study, found, _folder(args, inputs), style)
    show(args, found, partial(group_parts, language=args.lang))
    return DONE if study.kept else UNREACHED


def _verdict_options(each: ArgumentParser) -> None:
    each.add_argument("project", metavar="PROJECT.toml", help="project file")
    target_options(each, "instead of the project's")
    each.add_argument("--budget", metavar="B", type=number, help="most to spend, in its currency")
    each.add_argument("--weeks", metavar="W", type=number, help="weeks to the last delivery")
    each.add_argument("--out", metavar="DIR", help="folder for the tables")
    lang_option(each, "of the page")
    json_option(each)


def _verdict(args: Namespace) -> int:
    from functools import partial

    from planner.models import study_of
    from planner.progress import meter
    from planner.tables import tables
    from planner.telling import told
    from planner.verdict_page import verdict_parts

    inputs = project(args)
    if inputs.groups is not None:
        return _verdict_groups(args, inputs)
    with meter() as progress:
        study = study_of(inputs, progress.stage)
        progress.stage("weighing pilots")
        study = told(study)
    found = tables(study)
    if args.out is not None:
        keep(found, args.out)
    show(args, found, partial(verdict_parts, language=args.lang))
    assert study.idea is not None
    return DONE if study.idea.verdict.answer.startswith("scales") else UNREACHED


def _verdict_groups(args: Namespace, inputs: Inputs) -> int:
    from functools import partial

    from planner.group_study import run_groups
    from planner.group_tables import group_tables
    from planner.listings.group_verdict import group_verdict_parts
    from planner.progress import meter

    with meter() as progress:
        study = run_groups(inputs, progress.stage)
    found = group_tables(study)
    if args.out is not None:
        keep(found, args.out)
    show(args, found, partial(group_verdict_parts, language=args.lang))
    return DONE if study.idea.verdict.answer.startswith("scales") else UNREACHED


PLAN = Command(
    "plan",
    "the cheapest purchases that reach the target, as tables",
    "dataplan plan my-project/project.toml --out tables --budget 5000",
    _plan_options,
    _plan,
)

VERDICT = Command(
    "verdict",
    "does the idea scale: sources, model, budget; what would tell",
    "dataplan verdict my-project/project.toml --lang zh",
    _verdict_options,
    _verdict,
)
