"""Commands and their options, with a help that answers: what for, which options, an example."""

from __future__ import annotations

import argparse
import datetime
import difflib
import math
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

DIGITS = 12  # of the largest number of tokens or requests
ABOUT = "Plans what training data to buy, from which source and by when, to reach a target error."
CODES = """\
exit codes:
  0  done
  1  the target cannot be met, or a pilot is not done; tables still say what binds
  2  bad input; the message names file, key, value, limit and the next step

Results go to stdout, messages to stderr. `dataplan COMMAND --help` explains a command."""

# group -> command -> (one line of help, example)
GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "plan a project": {
        "init": ("write a commented project that runs as it is", "dataplan init my-project"),
        "plan": (
            "the cheapest purchases that reach the target, as tables",
            "dataplan plan my-project/project.toml --out tables --budget 5000",
        ),
        "verdict": (
            "does the idea scale: sources, model, budget; what would tell",
            "dataplan verdict my-project/project.toml --lang zh",
        ),
        "advise": (
            "which pilot to run next, and what it is worth",
            "dataplan advise my-project/project.toml",
        ),
        "sources": (
            "cost, limits, speed and quality of each source; the defaults",
            "dataplan sources my-project/project.toml",
        ),
        "preference": (
            "RLHF or DPO: cost, weeks, reached win rate, where the choice flips",
            "dataplan preference my-project/project.toml --weeks 12 --out preference",
        ),
    },
    "look at pilot runs": {
        "fit": (
            "the scaling law, its interval, and the examples a target needs",
            "dataplan fit runs.csv --target 0.2 --worst 0.5 --out law",
        ),
        "diagnose": (
            "stage, pattern, and what to measure next",
            "dataplan diagnose runs.csv --target 0.2 --worst 0.5",
        ),
    },
    "look at a source": {
        "count": (
            "tokens and documents of a corpus",
            "dataplan count notes/ mails.jsonl --column body",
        ),
        "price": (
            "what requests to a language model cost; several models compared",
            "dataplan price --model gpt-4o-mini --input 300 --output 100 -n 50000 --batch",
        ),
        "distill": (
            "a real pilot of a teacher: tokens, cost, keep rate, errors",
            "dataplan distill my-project/project.toml --n 20 --cap 0.50",
        ),
        "agreement": (
            "how good raters are, the noise of votes, how many to buy",
            "dataplan agreement annotations.csv --pay 0.05 --platform mturk",
        ),
    },
}


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


def parse(argv: Sequence[str] | None, commands: Iterable[str]) -> argparse.Namespace:
    """Command and options; leaves with code 2 and one line on stderr where they are wrong."""
    args, rest = parser(commands).parse_known_args(argv)
    if rest:
        args.parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return args


def parser(commands: Iterable[str]) -> argparse.ArgumentParser:
    """The parser of exactly these commands; the chosen one is `command` of what it returns."""
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
    known = {name: entry for group in GROUPS.values() for name, entry in group.items()}
    for name in commands:
        text, example = known[name]
        each = below.add_parser(
            name,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        each.set_defaults(parser=each)
        _OPTIONS[name](each)
    return found


def _overview() -> str:
    blocks = []
    for group, commands in GROUPS.items():
        lines = [f"  {name:<12}{text}" for name, (text, _) in commands.items()]
        blocks.append("\n".join([f"{group}:", *lines]))
    return "\n\n".join(blocks)


def _json(each: argparse.ArgumentParser) -> None:
    each.add_argument("--json", action="store_true", help="print the tables as JSON")


def _init(each: argparse.ArgumentParser) -> None:
    each.add_argument(
        "folder", metavar="DIR", nargs="?", default=".", help="folder to write to (default: here)"
    )


def _plan(each: argparse.ArgumentParser) -> None:
    each.add_argument("project", metavar="PROJECT.toml", help="project file")
    each.add_argument(
        "--out",
        metavar="DIR",
        help="folder for the tables (default: plan/ beside the project file)",
    )
    _target(each, "instead of the project's")
    each.add_argument("--budget", metavar="B", type=_number, help="most to spend, in its currency")
    each.add_argument("--weeks", metavar="W", type=_number, help="weeks to the last delivery")
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
        "--json", action="store_true", help="print the tables as JSON; files only with --out"
    )
    _lang(each, "of the verdict on the page")


def _verdict(each: argparse.ArgumentParser) -> None:
    each.add_argument("project", metavar="PROJECT.toml", help="project file")
    _target(each, "instead of the project's")
    each.add_argument("--budget", metavar="B", type=_number, help="most to spend, in its currency")
    each.add_argument("--weeks", metavar="W", type=_number, help="weeks to the last delivery")
    each.add_argument("--out", metavar="DIR", help="folder for the tables")
    _lang(each, "of the page")
    _json(each)


def _lang(each: argparse.ArgumentParser, what: str) -> None:
    each.add_argument(
        "--lang", choices=("en", "zh"), default="en", help=f"language {what} (default: en)"
    )


def _advise(each: argparse.ArgumentParser) -> None:
    each.add_argument("project", metavar="PROJECT.toml", help="project file")
    _json(each)


def _preference(each: argparse.ArgumentParser) -> None:
    each.add_argument("project", metavar="PROJECT.toml", help="project file with [preference]")
    _target(each, "the share of comparisons with the starting model that are lost")
    each.add_argument("--budget", metavar="B", type=_number, help="most to spend, in its currency")
    each.add_argument("--weeks", metavar="W", type=_number, help="weeks to the end of training")
    each.add_argument("--out", metavar="DIR", help="folder for the tables")
    _json(each)


def _target(each: argparse.ArgumentParser, what: str, confidence: float | None = None) -> None:
    each.add_argument("--target", metavar="E", type=_number, help=f"error to reach, {what}")
    default = "" if confidence is None else f" (default: {confidence})"
    each.add_argument(
        "--confidence",
        metavar="C",
        type=_number,
        default=confidence,
        help=f"wanted probability of reaching it{default}",
    )


def _runs(each: argparse.ArgumentParser) -> None:
    each.add_argument(
        "runs",
        metavar="RUNS.csv",
        help="one row a run: error, and a column of examples for each source",
    )
    _target(each, "in the unit of the runs", 0.8)
    each.add_argument(
        "--worst", metavar="E", type=_number, help="error with no data at all, such as chance level"
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
    _json(each)


def _diagnose(each: argparse.ArgumentParser) -> None:
    _runs(each)
    each.add_argument(
        "--max-params", metavar="P", type=_number, help="parameters of the largest model affordable"
    )


def _sources(each: argparse.ArgumentParser) -> None:
    each.add_argument("project", metavar="PROJECT.toml", nargs="?", help="project file")
    each.add_argument(
        "--defaults",
        action="store_true",
        help="the defaults of every kind with their references, as without a project",
    )
    _json(each)


def _count(each: argparse.ArgumentParser) -> None:
    each.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        help="folder or file: txt, jsonl, csv, parquet, also .gz and .zst; or an address such as "
        "s3://bucket/folder",
    )
    each.add_argument(
        "--encoding",
        metavar="E",
        action="append",
        help="o200k_base (default), cl100k_base; repeatable",
    )
    each.add_argument(
        "--column", metavar="C", default="text", help="of jsonl, csv and parquet (default: text)"
    )
    each.add_argument(
        "--split",
        choices=("file", "line", "paragraph"),
        default="file",
        help="what a document is in a text file (default: file)",
    )
    how = each.add_mutually_exclusive_group()
    how.add_argument("--exact", action="store_true", help="count every token, as is the default")
    how.add_argument(
        "--sample", action="store_true", help="estimate from a few per cent, with a 95%% interval"
    )
    each.add_argument(
        "--near", action="store_true", help="also count near-duplicates, and what is left"
    )
    each.add_argument(
        "--similarity",
        metavar="J",
        type=_number,
        help="--near, with the Jaccard similarity from which documents are so (default: 0.8)",
    )
    each.add_argument(
        "--time",
        metavar="C",
        help="column of a time stamp, for the growth per week; mtime: that of the file",
    )
    each.add_argument(
        "--workers", metavar="N", type=_positive, default=1, help="processes (default: 1)"
    )
    each.add_argument(
        "--engine",
        choices=("local", "dask"),
        default="local",
        help="dask: on a cluster whose workers see the same paths (default: local)",
    )
    each.add_argument(
        "--scheduler", metavar="ADDRESS", help="of the cluster, such as tcp://10.0.0.1:8786"
    )
    each.add_argument(
        "--no-cache", action="store_true", help="count anew what earlier runs have counted"
    )
    _json(each)


def _price(each: argparse.ArgumentParser) -> None:
    each.add_argument(
        "--model",
        metavar="M",
        action="append",
        help="as its provider names it; several are compared",
    )
    each.add_argument(
        "--all", action="store_true", help="compare the provider's models that are sold by batch"
    )
    each.add_argument("--provider", metavar="P", help="who runs the model (--all: openai)")
    each.add_argument("--input", metavar="T", type=_whole, required=True, help="tokens of a prompt")
    each.add_argument(
        "--cached",
        metavar="T",
        type=_whole,
        default=0,
        help="of these, read from the provider's cache (default: 0)",
    )
    each.add_argument(
        "--output", metavar="T", type=_whole, required=True, help="tokens of an answer"
    )
    each.add_argument(
        "-n", dest="number", metavar="N", type=_whole, required=True, help="usable answers wanted"
    )
    each.add_argument(
        "--keep-rate",
        metavar="K",
        type=_number,
        action="append",
        help="usable answers per request (default: 1); once, or once for each model",
    )
    each.add_argument("--batch", action="store_true", help="ask by batch, at the batch price")
    each.add_argument(
        "--date", metavar="D", type=_date, help="day of the prices, as 2026-12-01 (default: today)"
    )
    _json(each)


def _distill(each: argparse.ArgumentParser) -> None:
    each.add_argument("project", metavar="PROJECT.toml", help="project file")
    each.add_argument("--source", metavar="NAME", help="of kind distillation, if there are several")
    each.add_argument("--n", metavar="N", type=_whole, default=20, help="requests (default: 20)")
    each.add_argument(
        "--base-url", metavar="URL", help="where the teacher answers, instead of the project's"
    )
    each.add_argument(
        "--key-env",
        metavar="NAME",
        default="OPENAI_API_KEY",
        help="environment variable that holds the key (default: OPENAI_API_KEY)",
    )
    each.add_argument(
        "--cap",
        metavar="MONEY",
        type=_number,
        help="most to spend, in the project's currency (default: twice what is expected)",
    )
    each.add_argument(
        "--concurrency", metavar="C", type=_whole, default=4, help="requests at once (default: 4)"
    )
    each.add_argument(
        "--timeout", metavar="S", type=_number, default=60.0, help="seconds a request (default: 60)"
    )
    each.add_argument(
        "--time-limit",
        metavar="S",
        type=_number,
        default=900.0,
        help="seconds of the whole run; what is left goes on with the next (default: 900)",
    )
    each.add_argument("--batch", action="store_true", help="ask by batch, at the batch price")
    each.add_argument(
        "--no-write", action="store_true", help="show what was measured, leave the project alone"
    )
    each.add_argument(
        "--out",
        metavar="DIR",
        help="folder for tables, answers and journal (default: distill/ beside the project file, "
        "without tables)",
    )
    _json(each)


def _agreement(each: argparse.ArgumentParser) -> None:
    each.add_argument(
        "annotations",
        metavar="ANNOTATIONS.csv",
        help="columns item, rater, label (or rating), and where known gold, seconds, started, "
        "ended; or a Label Studio export (.json); also .gz",
    )
    each.add_argument("--ratings", action="store_true", help="labels are numbers on a scale")
    each.add_argument(
        "--cut",
        metavar="C",
        type=_number,
        help="a rating above C votes for one class, below for the other, C abstains",
    )
    each.add_argument(
        "--abstain",
        metavar="LABEL",
        action="append",
        default=[],
        help="label that is no vote, such as unsure; may be repeated",
    )
    each.add_argument("--field", metavar="NAME", help="control of the Label Studio export")
    each.add_argument("--no-gold", action="store_true", help="leave known answers aside")
    each.add_argument(
        "--pay", metavar="P", type=_number, help="USD a judgement, without fees (default: 0.07)"
    )
    each.add_argument(
        "--platform", choices=("mturk", "prolific"), default="mturk", help="its fees are counted"
    )
    each.add_argument(
        "--item-cost",
        metavar="I",
        type=_number,
        default=0.0,
        help="USD that an item costs before it is judged (default: 0)",
    )
    each.add_argument("--out", metavar="DIR", help="folder for the tables")
    _json(each)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 256):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 256")
    return int(text)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS):
        shown = text if len(text) <= 30 else f"{text[:30]}..."
        raise argparse.ArgumentTypeError(f"{shown!r} is not a whole number from 0 to 10^{DIGITS}")
    return int(text)


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-12-01") from None


_OPTIONS = {
    "init": _init,
    "plan": _plan,
    "verdict": _verdict,
    "advise": _advise,
    "sources": _sources,
    "preference": _preference,
    "fit": _runs,
    "diagnose": _diagnose,
    "count": _count,
    "price": _price,
    "distill": _distill,
    "agreement": _agreement,
}
