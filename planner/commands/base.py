"""What every command is made of, and what they share: exit codes, messages, results, faults."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from planner.errors import InputError
    from planner.inputs import Inputs
    from planner.screen import Parts
    from planner.table import Table

DONE, UNREACHED, BAD, BROKEN_OFF = 0, 1, 2, 130
TARGET = {
    "error": "target",
    "confidence": "confidence",
    "budget": "budget",
    "weeks": "weeks",
    "least": "least",
}


class Command(NamedTuple):
    """A command: its line in the help, an example that works, its options, and what it does.

    `options` adds them to a parser; `run` takes what was parsed and returns the exit code. Both
    import what is heavy inside: `dataplan --help` imports every module of commands.
    """

    name: str
    about: str
    example: str
    options: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


def say(message: str, code: int) -> int:
    """Print a message of dataplan on stderr, where it steers no terminal; returns the code."""
    from planner.screen import shown

    sys.stderr.write(f"dataplan: {shown(message)}\n")
    return code


def show(
    args: Namespace,
    tables: Mapping[str, Table],
    parts: Callable[[Mapping[str, Table]], Parts],
) -> None:
    """Print the tables on stdout, as JSON where the options ask for it."""
    from planner.export import to_json
    from planner.screen import rendered

    sys.stdout.write(to_json(tables) if args.json else rendered(parts(tables), sys.stdout))


def keep(tables: Mapping[str, Table], folder: Path | str) -> None:
    """Write the tables as CSV and say so on stderr."""
    from planner.export import write_csv

    written = write_csv(tables, folder)
    sys.stderr.write(f"{len(written)} tables written to {folder}; tables.csv explains them\n")


def given_target(args: Namespace) -> dict[str, object]:
    """The keys of [target] that options replace."""
    return {
        key: value
        for key, name in TARGET.items()
        if (value := getattr(args, name, None)) is not None
    }


def of_options(error: InputError, keys: Sequence[str] | Mapping[str, object]) -> InputError:
    """The same faults, those of the target's `keys` under the option that gave them."""
    return named(error, {f"target.{key}": f"--{TARGET[key]}" for key in keys})


def named(error: InputError, options: Mapping[str, str]) -> InputError:
    """The same faults, those of options under the option's name."""
    from dataclasses import replace

    from planner.errors import InputError

    renamed = (replace(fault, key=options.get(fault.key, fault.key)) for fault in error.faults)
    return InputError(error.place, tuple(renamed))


def project(args: Namespace) -> Inputs:
    """The project of a command, with the target that its options name."""
    from planner.errors import InputError
    from planner.project import read

    given = given_target(args)
    try:
        return read(args.project, given)
    except InputError as error:
        raise of_options(error, given) from None
