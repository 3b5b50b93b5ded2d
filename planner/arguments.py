"""The parser of the commands, with a help that answers: what for, which options, an example."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from planner.commands import COMMANDS, GROUPS
from planner.commands.outputs import spelled

ABOUT = "Plans what training data to buy, from which source and by when, to reach a target error."
CODES = """\
exit codes:
  0  done
  1  the target cannot be met, a pilot is not done, or plans differ; tables are still written
  2  bad input; the message names file, key, value, limit and the next step

Results go to stdout, messages to stderr. `dataplan COMMAND --help` explains a command."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, names the nearest option, and where help is."""

    def error(self, message: str) -> NoReturn:
        wrong = re.search(r"(?:arguments:|invalid choice:) '?([\w-]+)", message)
        near: list[str] = []
        if wrong:
            near = difflib.get_close_matches(wrong[1], self._known(), n=1, cutoff=0.5)
            message = message.split(" (choose from")[0]
        meant = f"; did you mean {near[0]}?" if near else ""
        self.exit(2, f"{self.prog}: {message}{meant}; see {self.prog} --help\n")

    def _known(self) -> list[str]:
        names: list[str] = []
        for action in self._actions:
            names += action.option_strings
            names += action.choices if isinstance(action, argparse._SubParsersAction) else []
        return names


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        from planner.export import version

        sys.stdout.write(f"dataplan {version()}\n")
        parser.exit()


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Command and options, and `run`, what the command does; leaves with code 2 and one line on
    stderr where they are wrong."""
    words = spelled(sys.argv[1:] if argv is None else argv)
    args, rest = parser().parse_known_args(words)
    if rest:
        args.parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return args


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; the chosen one is `command` of what it returns."""
    found = _Parser(
        prog="dataplan",
        usage="dataplan COMMAND [options]",
        description=f"{ABOUT}\n\n{_overview()}",
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    found.add_argument("--version", action=_Version, nargs=0, help="print the version")
    below = found.add_subparsers(
        dest="command", metavar="COMMAND", required=True, help=argparse.SUPPRESS, prog="dataplan"
    )
    for name, command in COMMANDS.items():
        each = below.add_parser(
            name,
            description=f"{command.about[0].upper()}{command.about[1:]}.",
            epilog=f"example:\n  {command.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        each.set_defaults(parser=each, run=command.run)
        command.options(each)
    return found


def _overview() -> str:
    blocks = []
    for group, commands in GROUPS.items():
        lines = [f"  {command.name:<12}{command.about}" for command in commands]
        blocks.append("\n".join([f"{group}:", *lines]))
    return "\n\n".join(blocks)
