"""Commands on a project file besides its plan: init, advise, sources, preference."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from planner.commands.base import DONE, UNREACHED, Command, given_target, keep, of_options, show
from planner.commands.options import json_option, number, target_options


def _init_options(each: ArgumentParser) -> None:
    each.add_argument(
        "folder", metavar="DIR", nargs="?", default=".", help="folder to write to (default: here)"
    )


def _init(args: Namespace) -> int:
    from planner.export import write_project

    paths = write_project(args.folder)
    sys.stdout.writelines(f"wrote {path}\n" for path in paths)
    sys.stderr.write(f"next: put your numbers into it, then dataplan plan {paths[0]}\n")
    return DONE


def _advise_options(each: ArgumentParser) -> None:
    each.add_argument("project", metavar="PROJECT.toml", help="project file")
    json_option(each)


def _advise(args: Namespace) -> int:
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
    show(args, advise_tables(study, advice), advise_parts)
    return DONE if study.plan.reaches else UNREACHED


def _sources_options(each: ArgumentParser) -> None:
    each.add_argument("project", metavar="PROJECT.toml", nargs="?", help="project file")
    each.add_argument(
        "--defaults",
        action="store_true",
        help="the defaults of every kind with their references, as without a project",
    )
    json_option(each)


def _sources(args: Namespace) -> int:
    from planner.errors import Fault, InputError
    from planner.listings.sources import default_parts, default_tables, source_parts, source_tables
    from planner.progress import meter
    from planner.project import read
    from planner.study import stand
    from sources.defaults import entries

    if args.project is None:
        show(args, default_tables(entries()), default_parts)
        return DONE
    if args.defaults:
        advice = "leave one of them out"
        raise InputError("sources", [Fault("--defaults", args.project, "takes no project", advice)])
    inputs = read(args.project)
    with meter() as progress:
        standing = stand(inputs, progress.stage)
    show(args, source_tables(standing), source_parts)
    return DONE


def _preference_options(each: ArgumentParser) -> None:
    each.add_argument("project", metavar="PROJECT.toml", help="project file with [preference]")
    target_options(each, "the share of comparisons with the starting model that are lost")
    each.add_argument("--budget", metavar="B", type=number, help="most to spend, in its currency")
    each.add_argument("--weeks", metavar="W", type=number, help="weeks to the end of training")
    each.add_argument("--out", metavar="DIR", help="folder for the tables")
    json_option(each)


def _preference(args: Namespace) -> int:
    from planner.errors import InputError
    from planner.listings.preference import preference_tables
    from planner.listings.preferring import preference_parts
    from planner.preference.answer import answer
    from planner.preference.question import read_question
    from planner.progress import meter

    given = given_target(args)
    try:
        question = read_question(args.project, given)
    except InputError as error:
        raise of_options(error, given) from None
    with meter() as progress:
        found = answer(question, progress.stage)
    tables = preference_tables(found)
    if args.out is not None:
        keep(tables, args.out)
    show(args, tables, preference_parts)
    return DONE if found.plans[found.choice].reaches else UNREACHED


INIT = Command(
    "init",
    "write a commented project that runs as it is",
    "dataplan init my-project",
    _init_options,
    _init,
)

ADVISE = Command(
    "advise",
    "which pilot to run next, and what it is worth",
    "dataplan advise my-project/project.toml",
    _advise_options,
    _advise,
)

SOURCES = Command(
    "sources",
    "cost, limits, speed and quality of each source; the defaults",
    "dataplan sources my-project/project.toml",
    _sources_options,
    _sources,
)

PREFERENCE = Command(
    "preference",
    "RLHF or DPO: cost, weeks, reached win rate, where the choice flips",
    "dataplan preference my-project/project.toml --weeks 12 --out preference",
    _preference_options,
    _preference,
)
