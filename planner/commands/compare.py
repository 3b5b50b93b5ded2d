"""The command compare: what changed between two plans, and why."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from planner.commands.base import DONE, UNREACHED, Command, keep, show
from planner.commands.options import json_option


def _options(each: ArgumentParser) -> None:
    each.add_argument("old", metavar="OLD", help="project file, or folder that plan wrote")
    each.add_argument("new", metavar="NEW", help="the same of the new plan")
    each.add_argument("--out", metavar="DIR", help="folder for the tables")
    json_option(each)


def _run(args: Namespace) -> int:
    from planner.compare import compare
    from planner.listings.compare import compare_parts, compare_tables
    from planner.progress import meter

    with meter() as progress:
        found = compare(args.old, args.new, progress.stage)
    tables = compare_tables(found)
    if args.out is not None:
        keep(tables, args.out)
    if args.json or not found.same:  # quiet when nothing changed
        show(args, tables, compare_parts)
    return DONE if found.same else UNREACHED


COMPARE = Command(
    "compare",
    "what changed between two plans, and why; exit 1 if anything did",
    "dataplan compare old/project.toml new/project.toml",
    _options,
    _run,
)
