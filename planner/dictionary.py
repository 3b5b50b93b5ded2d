"""What each table is: what a row stands for, which columns name it, and what the table is for.

One entry for each name of a table in any command: tables of the same name answer the same question,
and of the keys listed here each has those columns that it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from planner.table import Row, Table

Spec = tuple[tuple[str, str, str], ...]
TABLES: Spec = (
    ("table", "", "name of the table, and of its file without .csv"),
    ("row", "", "what a row stands for"),
    ("key", "", "columns whose values together name a row; rows may share them where it says so"),
    ("columns", "column", "how many there are"),
    ("rows", "row", "how many there are"),
    ("use", "", "what the table is for"),
)
ALIKE = "; rows may share them"  # after keys that do not tell every row from every other


class About(NamedTuple):
    """What a row is, the columns that name it, what the table is for.

    after   the columns after this one, which are named as sources, name a row too
    unique  whether no two rows have the same values in them
    """

    row: str
    key: tuple[str, ...]
    use: str
    after: str = ""
    unique: bool = True


KNOWN: dict[str, About] = {
    "summary": About("a quantity", ("key",), "the answer in short: read this first"),
    "plan": About(
        "a purchase", ("item",), "the table of a proposal: what to buy and what it costs"
    ),
    "costs": About(
        "a line of the cost of a source, or of a route",
        ("source", "route", "item"),
        "how the totals come about",
        unique=False,
    ),
    "models": About(
        "a candidate model", ("model",), "which model to train, and what would flip it"
    ),
    "path": About(
        "a round of buying and measuring", ("round",), "a calendar: orders and decisions"
    ),
    "frontier": About("a target", ("target", "factor"), "what an easier or a harder target costs"),
    "confidence": About("a confidence", ("confidence",), "what more certainty costs"),
    "sensitivity": About(
        "a number that the plan assumes",
        ("scope", "name"),
        "what moves the cost, the largest first",
    ),
    "limits": About("a limit", ("limit",), "what lifting each limit would save"),
    "switches": About("a source", ("source",), "the price at which the plan would change"),
    "law": About(
        "a parameter of the law",
        ("family", "group", "source", "parameter", "name"),
        "how the error falls with data",
    ),
    "pilots": About(
        "a composition that was measured",
        ("group",),
        "what the law rests on, and how well it fits",
        after="residual",
    ),
    "assumptions": About(
        "a number", ("scope", "name"), "where every number comes from: unit, range, provenance"
    ),
    "diagnosis": About(
        "a finding or a warning", ("question", "answer"), "stage, pattern, verdict and warnings"
    ),
    "verdict": About(
        "a piece of evidence",
        ("part", "item", "subject", "answer"),
        "whether the idea scales, and what says so",
    ),
    "groups": About(
        "a group, or all together", ("group", "of"), "the composition to collect, and who lags"
    ),
    "required": About(
        "a source", ("source",), "examples that the target takes of one source alone"
    ),
    "predictions": About(
        "a size of one source", ("source", "examples"), "the error to expect at larger sizes"
    ),
    "advise": About("a pilot that could be run", ("rank",), "which pilot to run next"),
    "sources": About("a source", ("rank",), "which source to buy from next, and its limits"),
    "lines": About(
        "a line of the cost of a source", ("source", "item"), "prices as given", unique=False
    ),
    "defaults": About(
        "a default of a kind of source", ("kind", "name"), "what is taken where a project is silent"
    ),
    "routes": About("a route", ("route",), "RLHF or DPO: cost, weeks and reached win rate"),
    "accuracy": About("a number of pairs", ("pairs",), "how good the reward model gets"),
    "distance": About("a distance from the start", ("d",), "how far optimising pays"),
    "breakeven": About(
        "a number and a side of it", ("number", "side"), "where the choice of the route flips"
    ),
    "risks": About("a risk of a route", ("route", "risk"), "what can go wrong, and what helps"),
    "runs": About(
        "a measurement",
        ("measure", "pairs", "d", "test_size"),
        "what the law rests on",
        unique=False,
    ),
    "counts": About("an encoding", ("encoding",), "documents and tokens of a corpus"),
    "scripts": About("a script", ("encoding", "script"), "which languages the corpus is in"),
    "private": About("an encoding", ("encoding",), "what looks like personal data"),
    "near": About("an encoding", ("encoding",), "near-duplicates, and what is left without them"),
    "growth": About("an encoding", ("encoding",), "documents and tokens that come each week"),
    "unreadable": About("a fault", ("place", "problem"), "what was left out", unique=False),
    "undated": About("a fault", ("place", "problem"), "what has no date", unique=False),
    "teachers": About("a model", ("model", "provider"), "what the same requests cost with each"),
    "measures": About("a measured number", ("measure",), "what the pilot of a teacher says"),
    "written": About("a key of the project", ("key",), "what was put into the project file"),
    "classes": About("a label", ("label",), "errors of the teacher by label"),
    "diversity": About("a number of answers", ("answers",), "how soon answers repeat themselves"),
    "coefficients": About("a coefficient", ("coefficient",), "how far raters agree"),
    "noise": About("a number of votes", ("votes",), "wrong labels that are left after voting"),
    "redundancy": About(
        "a way to collect votes", ("votes", "adaptive"), "how many votes to buy for an item"
    ),
    "raters": About("a rater", ("rater",), "how good each rater is, and who guesses"),
    "confusion": About(
        "a label given to a true class", ("rater", "truth", "label"), "which labels are mixed up"
    ),
    "changes": About("an input that differs", ("name",), "what changed between two plans"),
    "causes": About(
        "a change of the inputs", ("cause",), "how much of the cost each change explains"
    ),
    "purchases": About("a source", ("source",), "purchases that differ between two plans"),
    "figures": About("a quantity", ("key",), "what else differs between two plans"),
    "tables": About("a table", ("table",), "this list"),
    "columns": About("a column", ("table", "column"), "unit and meaning of every column"),
}


def key_of(table: Table) -> tuple[str, ...]:
    """Columns whose values together name a row of the table."""
    about = KNOWN[table.name]
    more = table.header[table.header.index(about.after) + 1 :] if about.after else ()
    return (*(name for name in about.key if name in table.header), *more)


def table_rows(found: Sequence[Table]) -> list[Row]:
    """Rows of the table of tables. Raises KeyError for a table that has no entry here."""
    return [
        (
            table.name,
            KNOWN[table.name].row,
            ", ".join(key_of(table)) + ("" if KNOWN[table.name].unique else ALIKE),
            len(table.columns),
            len(table.rows),
            KNOWN[table.name].use,
        )
        for table in found
    ]
