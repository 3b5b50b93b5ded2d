"""What is in a corpus: tables and page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from planner.columns import RATIO, Spec
from planner.screen import Parts, Tables, amount, chance, grid, line, number, pairs, title
from planner.table import Row, Table, figure
from planner.tables import listed, with_columns

if TYPE_CHECKING:
    from sources.corpus import CorpusCount, Growth, NearCount

_PRIVATE = {"emails": "e-mail address", "phones": "telephone number", "cards": "card number"}
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
    (
        "unreadable",
        "file or record",
        "left out, from the fault on; table unreadable names them",
    ),
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
NEAR: Spec = (
    ("encoding", "", "of the tokens"),
    ("similarity", "1", "Jaccard, of sets of five words in a row, from which documents are near"),
    ("documents", "document", "near a longer one, of those without exact repeats"),
    ("tokens", "token", "of those documents"),
    ("left_documents", "document", "left when these are removed"),
    ("left_tokens", "token", "of those left"),
)
GROWTH: Spec = (
    ("encoding", "", "of the tokens"),
    ("weeks", "week", "whole ones (from Monday, UTC) that the growth rests on, the last there are"),
    (
        "documents",
        "document/week",
        "different ones; median of the weeks, empty without a whole one",
    ),
    ("documents_low", "document/week", "5% of the weeks have fewer"),
    ("documents_high", "document/week", "5% of the weeks have more"),
    ("tokens", "token/week", "median of the weeks"),
    ("tokens_low", "token/week", "5% of the weeks have fewer"),
    ("tokens_high", "token/week", "5% of the weeks have more"),
    ("first", "", "date of the first time stamp"),
    ("last", "", "date of the last time stamp"),
    ("undated", "document", "without a readable time stamp; table undated names the first ones"),
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
    faults, undated = (
        {(str(fault.value), fault.problem, fault.advice) for each in found for fault in each}
        for found in (
            [each.faults for each in counts],
            [each.growth.faults for each in counts if each.growth],
        )
    )
    return with_columns(
        [
            listed("counts", COUNTS, rows),
            listed("scripts", SCRIPTS, scripts),
            listed("private", PRIVATE, private),
            listed("near", NEAR, [_near_row(each, each.near) for each in counts if each.near]),
            listed(
                "growth", GROWTH, [_growth_row(each, each.growth) for each in counts if each.growth]
            ),
            listed("unreadable", UNREADABLE, sorted(faults)),
            listed("undated", UNREADABLE, sorted(undated)),
        ]
    )


def _near_row(count: CorpusCount, near: NearCount) -> Row:
    left = (count.documents - near.documents, count.tokens - near.tokens)
    return (count.encoding, figure(near.threshold), near.documents, near.tokens, *left)


def _growth_row(count: CorpusCount, growth: Growth) -> Row:
    rates: list[float | None] = []
    for rate in (growth.documents, growth.tokens):
        rates += (
            [figure(each) for each in (rate.median, rate.low, rate.high)] if rate else [None] * 3
        )
    dates = (day.isoformat() if day else None for day in (growth.first, growth.last))
    return (count.encoding, growth.weeks, *rates, *dates, growth.undated)


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
    found = f"{_several(row['files'], 'file')} of {_several(row['bytes'], 'byte')}"
    if row["read"] != row["bytes"]:
        spans = [
            (str(row["encoding"]), f"{amount(row['low'])} to {amount(row['high'])} tokens")
            for row in tables["counts"].records()
        ]
        estimate = f"95% intervals of an estimate from {amount(row['read'])} bytes"
        note = f"{found}; a sample cannot tell repeated documents, so all are counted"
        counts = (grid(heads, rows, "<>>>>>>"), line(note))
        return [*counts, "", title(estimate), pairs(spans), *_unreadable(tables, " of the sample")]
    parts: Parts = [
        grid(heads, rows, "<>>>>>>"),
        line(f"{found}; repeated and empty left out"),
        "",
        _scripts(tables),
    ]
    private = tables["private"].records()[0]
    if private["documents"]:
        hold = "holds" if private["documents"] == 1 else "hold"
        found = ", ".join(_several(private[name], each) for name, each in _PRIVATE.items())
        whole = _several(private["documents"], "document")
        text = f"{whole} of {_several(private['tokens'], 'token')} {hold} {found}"
        parts += ["", pairs([("personal data", text)], "yellow")]
    return [*parts, *_near(tables), *_growth(tables), *_unreadable(tables)]


def _unreadable(tables: Tables, where: str = "") -> Parts:
    size = tables["counts"].records()[0]["unreadable"]
    if not size:
        return []
    parts: Parts = ["", title(f"{_several(size, 'file or record')}{where} not read")]
    parts.append(line("what stands before a fault, and other records of the file, count"))
    for fault in tables["unreadable"].records()[:MOST_NAMED]:
        parts.append(line(f"{fault['place']}: {fault['problem']}", indent=2))
    return parts


def _several(size: Any, name: str) -> str:
    """So many of something, in the plural where they are not one."""
    end = "es" if name.endswith("s") else "s"
    names = name if size == 1 else f"{name.replace(' or ', 's or ')}{end}"
    return f"{amount(size)} {names}"


def _near(tables: Tables) -> Parts:
    rows = [
        (
            row["encoding"],
            number(row["similarity"]),
            amount(row["documents"]),
            amount(row["tokens"]),
            amount(row["left_documents"]),
            amount(row["left_tokens"]),
        )
        for row in tables["near"].records()
    ]
    heads = ("near-duplicates", "similarity", "documents", "tokens", "left", "tokens left")
    return ["", grid(heads, rows, "<>>>>>")] if rows else []


def _growth(tables: Tables) -> Parts:
    from sources.corpus import FEWEST_WEEKS

    rows = tables["growth"].records()
    if not rows:
        return []
    first: Mapping[str, Any] = rows[0]
    spans = [("documents a week", _span(first, "documents"))]
    spans += [(f"tokens a week ({row['encoding']})", _span(row, "tokens")) for row in rows]
    spans.append(("stamps", f"{first['first']} to {first['last']}" if first["first"] else "none"))
    if first["undated"]:
        spans.append(("without a stamp", _several(first["undated"], "document")))
    heading = "Growth: the stamps span no whole week from Monday to Sunday"
    if first["weeks"]:
        span = "week" if first["weeks"] == 1 else f"{amount(first['weeks'])} weeks"
        heading = f"Growth in the last whole {span}: median, and 5% to 95%"
    parts: Parts = ["", title(heading), pairs(spans)]
    if first["documents"] == 0 and first["weeks"] < FEWEST_WEEKS:
        parts.append(line(f"too few weeks to say that nothing comes in: {FEWEST_WEEKS} would do"))
    elif first["documents"] is not None:
        parts.append(line(f"in a project: growth_documents_per_week = {_setting(first)}"))
    for fault in tables["undated"].records()[:MOST_NAMED]:
        parts.append(line(f"{fault['place']}: {fault['problem']}", indent=2))
    return parts


def _setting(row: Mapping[str, Any]) -> str:
    ends = (("value", ""), ("low", "_low"), ("high", "_high"))
    given = ", ".join(f"{key} = {row[f'documents{end}']:.0f}" for key, end in ends)
    return f'{{ {given}, provenance = "measured" }}'


def _span(row: Mapping[str, Any], name: str) -> str:
    if row[name] is None:
        return "unknown: there is no whole week"
    low, high = (amount(row[f"{name}_{end}"]) for end in ("low", "high"))
    return f"{amount(row[name])} ({low} to {high})"


def _scripts(tables: Tables) -> Any:
    first = tables["counts"].records()[0]["encoding"]
    rows = [
        (row["script"], amount(row["documents"]), amount(row["tokens"]), chance(row["share"]))
        for row in tables["scripts"].records()
        if row["encoding"] == first
    ]
    return grid(("script", "documents", f"tokens ({first})", "share"), rows, "<>>>")
