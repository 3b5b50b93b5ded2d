"""What is in a corpus: tables and page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from planner.columns import RATIO, Spec
from planner.screen import Parts, Tables, amount, chance, grid, line, number, pairs, title
from planner.table import Row, Table, figure
from planner.tables import listed, with_columns

if TYPE_CHECKING:
    from sources.counting import CorpusCount

MOST_NAMED = 20  # unreadable files that a page lists
COUNTS: Spec = (
    ("encoding", "", "of the tokens"),
    ("documents", "document", "different ones with any text in them"),
    ("tokens", "token", "of those documents"),
    ("characters", "character", "of those documents"),
    (
        "duplicates",
        "document",
        "left out: another one has the same text; empty for a sample",
    ),
    ("empty", "document", "left out: no text; empty for a sample"),
    ("files", "file", "found"),
    ("bytes", "byte", "of those files as they lie on disk"),
    ("tokens_per_document", "token/document", "on average"),
    ("unreadable", "file or record", "left out; table unreadable names them"),
    ("low", "token", "low end of the 95% interval; the count itself where it is exact"),
    ("high", "token", "high end of the 95% interval; the count itself where it is exact"),
    ("read", "byte", "of the files, that the count rests on"),
)
SCRIPTS: Spec = (
    ("encoding", "", "of the tokens"),
    ("script", "", "that most letters at the start of a document belong to"),
    ("documents", "document", "of this script"),
    ("tokens", "token", "of those documents"),
    ("characters", "character", "of those documents"),
    ("share", RATIO, "of all tokens"),
)
PRIVATE: Spec = (
    ("encoding", "", "of the tokens"),
    ("emails", "", "e-mail addresses found"),
    ("phones", "", "what looks like a telephone number"),
    ("cards", "", "card numbers with a right check digit"),
    ("documents", "document", "with any of these"),
    ("tokens", "token", "of those documents, which cannot be used as they are"),
)
UNREADABLE: Spec = (
    ("place", "", "file"),
    ("problem", "", "what is wrong"),
    ("advice", "", "what to do about it"),
)


def count_tables(counts: Sequence[CorpusCount]) -> dict[str, Table]:
    """What is in a corpus, one row per encoding; its scripts, personal data, unreadable files."""
    rows: list[Row] = [
        (
            each.encoding,
            each.documents,
            each.tokens,
            each.characters,
            each.duplicates if each.interval is None else None,
            each.empty if each.interval is None else None,
            each.files,
            each.bytes,
            figure(each.tokens / each.documents),
            each.unreadable,
            each.tokens if each.interval is None else each.interval[0],
            each.tokens if each.interval is None else each.interval[1],
            each.bytes if each.read is None else each.read,
        )
        for each in counts
    ]
    scripts: list[Row] = [
        (
            each.encoding,
            found.script,
            found.documents,
            found.tokens,
            found.characters,
            figure(found.tokens / each.tokens),
        )
        for each in counts
        for found in each.scripts
    ]
    private: list[Row] = [
        (
            each.encoding,
            found.emails,
            found.phones,
            found.cards,
            found.documents,
            found.tokens,
        )
        for each in counts
        if (found := each.screen)
    ]
    faults = {
        (str(fault.value), fault.problem, fault.advice) for each in counts for fault in each.faults
    }
    return with_columns(
        [
            listed("counts", COUNTS, rows),
            listed("scripts", SCRIPTS, scripts),
            listed("private", PRIVATE, private),
            listed("unreadable", UNREADABLE, sorted(faults)),
        ]
    )


def count_parts(tables: Tables) -> Parts:
    """What is in a corpus."""
    rows = [
        (
            row["encoding"],
            amount(row["documents"]),
            amount(row["tokens"]),
            amount(row["characters"]),
            amount(row["duplicates"]),
            amount(row["empty"]),
            number(row["tokens_per_document"]),
        )
        for row in tables["counts"].records()
    ]
    heads = ("encoding", "documents", "tokens", "characters", "repeated", "empty", "tokens each")
    row = tables["counts"].records()[0]
    found = f"{amount(row['files'])} files of {amount(row['bytes'])} bytes"
    if row["read"] != row["bytes"]:
        spans = [
            (str(row["encoding"]), f"{amount(row['low'])} to {amount(row['high'])} tokens")
            for row in tables["counts"].records()
        ]
        estimate = f"95% intervals of an estimate from {amount(row['read'])} bytes"
        note = f"{found}; repeated documents are not told apart in a sample"
        return [grid(heads, rows, "<>>>>>>"), line(note), "", title(estimate), pairs(spans)]
    parts: Parts = [
        grid(heads, rows, "<>>>>>>"),
        line(f"{found}; repeated and empty left out"),
        "",
        _scripts(tables),
    ]
    private = tables["private"].records()[0]
    if private["documents"]:
        text = (
            f"{amount(private['documents'])} documents of {amount(private['tokens'])} tokens hold "
            f"{amount(private['emails'])} e-mail addresses, {amount(private['phones'])} telephone "
            f"numbers, {amount(private['cards'])} card numbers"
        )
        parts += ["", pairs([("personal data", text)], "yellow")]
    if row["unreadable"]:
        parts += ["", title(f"{amount(row['unreadable'])} files or records not read")]
        for fault in tables["unreadable"].records()[:MOST_NAMED]:
            parts.append(line(f"{fault['place']}: {fault['problem']}", indent=2))
    return parts


def _scripts(tables: Tables) -> Any:
    first = tables["counts"].records()[0]["encoding"]
    rows = [
        (row["script"], amount(row["documents"]), amount(row["tokens"]), chance(row["share"]))
        for row in tables["scripts"].records()
        if row["encoding"] == first
    ]
    return grid(("script", "documents", f"tokens ({first})", "share"), rows, "<>>>")
