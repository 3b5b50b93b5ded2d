"""What `dataplan plan` writes besides its page: CSV, workbook, report, Markdown, figures."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.csvtext import Style
    from planner.figures.style import Pictures
    from planner.group_study import GroupStudy
    from planner.study import Study
    from planner.table import Table

# option -> name of its file in the output folder where none is given, endings that it may have
FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "--xlsx": ("plan.xlsx", (".xlsx",)),
    "--html": ("plan.html", (".html", ".htm")),
    "--markdown": ("plan.md", (".md", ".markdown")),
}
FIGURES = "--figures"
BARE = (*FILES, FIGURES)  # options whose value may be left out
NEEDS = {"--xlsx": ("xlsxwriter", "workbook"), FIGURES: ("matplotlib", "figures")}
# tables that not every plan has: those of an earlier plan may lie beside the new one's
SOME = ("models", "path", "groups", "confidence", "sensitivity", "limits", "switches")
DELIMITERS = {",": ",", ";": ";", "tab": "\t", "\t": "\t", "\\t": "\t"}


def output_options(each: ArgumentParser) -> None:
    """Add the options that ask for further files, and for another form of CSV."""
    what = {
        "--xlsx": "also a workbook whose formulas follow its inputs",
        "--html": "also a report in one file, for a browser or paper",
        "--markdown": "also the plan as Markdown, for a pull request or a wiki",
    }
    for option, (name, _) in FILES.items():
        shown = f"{what[option]} (default: {name} beside the tables)"
        each.add_argument(option, metavar="FILE", nargs="?", const="", help=shown)
    each.add_argument(
        FIGURES,
        metavar="DIR",
        nargs="?",
        const="",
        help="also law, frontier, costs, calendar and what moves the cost (--sensitivity), each as "
        "PNG and SVG (default: figures/ beside the tables)",
    )
    each.add_argument(
        "--delimiter",
        metavar="D",
        choices=(",", ";", "tab"),
        type=lambda text: "tab" if DELIMITERS.get(text) == "\t" else text,
        help="between the cells of CSV: , or ; or tab (default: , and with --decimal-comma ;)",
    )
    each.add_argument(
        "--decimal-comma", action="store_true", help="write numbers in CSV as 1234,5, not 1234.5"
    )
    each.add_argument(
        "--bom", action="store_true", help="begin CSV with a byte order mark, for Excel"
    )


def spelled(argv: Sequence[str]) -> list[str]:
    """The words of a command line, with an empty value for each option whose value is left out
    before a project file: argparse would take the project for it."""
    words = list(argv)
    for at, word in enumerate(words[:-1]):
        if word == "--":
            break
        if word in BARE and words[at + 1].lower().endswith(".toml"):
            words[at] = f"{word}="
    return words


def style_of(args: Namespace) -> Style:
    """How CSV is written. Raises InputError for a decimal comma between commas."""
    from planner.csvtext import Style
    from planner.errors import Fault, InputError

    given = args.delimiter and DELIMITERS[args.delimiter]
    if args.decimal_comma and given == ",":
        problem = "is a comma, as decimals are with --decimal-comma"
        raise InputError("plan", [Fault("--delimiter", None, problem, "use ; or tab")])
    return Style(given or (";" if args.decimal_comma else ","), args.decimal_comma, args.bom)


def check_outputs(args: Namespace) -> Style:
    """Complain of what cannot be written before anything is planned: names, missing libraries.

    Returns how CSV is written. Raises InputError, DataplanError.
    """
    from importlib.util import find_spec

    from planner.errors import DataplanError, Fault, InputError

    faults = []
    for option, (name, endings) in FILES.items():
        value = _value(args, option)
        if value and not value.lower().endswith(endings):
            advice = f"name a file such as {name}, and the project before or after it"
            faults.append(Fault(option, value, f"must end in {endings[0]}", advice))
    if faults:
        raise InputError("plan", faults)
    for option, (library, extra) in NEEDS.items():
        if _value(args, option) is not None and find_spec(library) is None:
            what = f"{option} needs {library}: pip install 'dataplan[{extra}]'"
            raise DataplanError(what)
    return style_of(args)


def write_outputs(
    args: Namespace,
    study: Study | GroupStudy,
    tables: Mapping[str, Table],
    folder: Path,
    style: Style,
) -> None:
    """Make every file that the options ask for, then write all of them together, and say so.

    The tables as CSV are written unless --json was asked for without --out. Raises OutputError, and
    DataplanError where a library is missing or a study cannot be shown in that form.
    """
    from planner.export import csv_files, write_files
    from planner.screen import shown

    with_tables = bool(args.out) or not args.json
    files: dict[Path, str | bytes] = {}
    if with_tables:
        files.update(csv_files(tables, folder, style))
    told = [f"{len(files)} tables written to {folder}; tables.csv explains them"] if files else []
    if args.decimal_comma and not args.delimiter and with_tables:
        told.append("cells are parted by semicolons, as decimals are by commas")
    for option, (name, _) in FILES.items():
        value = _value(args, option)
        if value is None:
            continue
        place = Path(value) if value else folder / name
        files[place] = _MADE[option](study, tables, args.lang)
        told.append(f"{place} written")
    if args.figures is not None:
        place = Path(args.figures) if args.figures else folder / "figures"
        drawn = _figures(study, tables, args.lang)
        files.update({place / name: content for name, content in drawn.files.items()})
        told += [f"{len(drawn.files)} figures written to {place}", *drawn.notes]
    write_files(files)
    if with_tables and (old := _left(files, folder)):
        told.append(f"{', '.join(old)} in {folder}: of an earlier plan, not of this one")
    sys.stderr.writelines(f"{shown(text)}\n" for text in told)


def _left(files: Mapping[Path, str | bytes], folder: Path) -> list[str]:
    """Names of what an earlier call has left beside the tables, and this one has not written."""
    places = [f"{name}.csv" for name in SOME] + [name for name, _ in FILES.values()]
    return [
        name
        for name in (*places, "figures")
        if (folder / name).exists() and not any(folder / name in (p, p.parent) for p in files)
    ]


def _value(args: Namespace, option: str) -> str | None:
    value: str | None = getattr(args, option[2:])
    return value


def _workbook(study: Study | GroupStudy, _: Mapping[str, Table], __: str) -> bytes:
    from planner.workbook import workbook

    return workbook(study)


def _report(study: Study | GroupStudy, _: Mapping[str, Table], language: str) -> str:
    from planner.report import report

    return report(study, language=language)


def _markdown(_: Study | GroupStudy, tables: Mapping[str, Table], language: str) -> str:
    from planner.markdown import markdown

    return markdown(tables, language)


def _figures(study: Study | GroupStudy, tables: Mapping[str, Table], language: str) -> Pictures:
    from planner.figures import draw

    return draw(study, tables, language)


_MADE: dict[str, Callable[[Study | GroupStudy, Mapping[str, Table], str], str | bytes]] = {
    "--xlsx": _workbook,
    "--html": _report,
    "--markdown": _markdown,
}
