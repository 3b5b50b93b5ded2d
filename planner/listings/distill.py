"""A real pilot of a teacher: what was asked, answered, paid and measured: tables and page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner.columns import DIAGNOSIS, RATIO, SUMMARY, Spec
from planner.screen import Parts, Tables, amount, facts_of, grid, line, number, pairs, title
from planner.table import Fact, Row, Table, figure
from planner.tables import listed, with_columns

if TYPE_CHECKING:
    from sources.distill.asking import Ending
    from sources.distill.job import Options
    from sources.distill.measures import Findings, Measure

MEASURES: Spec = (
    ("measure", "", "what was measured"),
    ("value", "see unit", "mean or ratio; empty if it cannot be told, and then the note says why"),
    ("low", "see unit", "low end of the 90% interval"),
    ("high", "see unit", "high end of the 90% interval; empty if it has none"),
    ("unit", "", "of value, low and high"),
    ("of", "answer", "that it was measured on"),
    ("note", "", "what to know about it"),
)
WRITTEN: Spec = (
    ("key", "", "of the source's table in the project file"),
    ("value", "see unit", "measured; empty if it was not"),
    ("low", "see unit", "low end of the 90% interval"),
    ("high", "see unit", "high end of the 90% interval"),
    ("unit", "", "of value, low and high"),
    ("written", "", "yes: the project file now holds it as measured"),
    ("note", "", "why not; empty if it was written"),
)
CLASSES: Spec = (
    ("label", "", "known label of the items"),
    ("items", "item", "with this label and a usable answer"),
    ("wrong", "item", "of these that the teacher labels otherwise"),
    ("error", RATIO, "wrong / items"),
    ("low", RATIO, "low end of its 90% interval"),
    ("high", RATIO, "high end of its 90% interval"),
)
DIVERSITY: Spec = (
    ("answers", "answer", "usable ones, in the order in which they were asked for"),
    ("distinct", "answer", "that differ among these"),
    ("expected", "answer", "U (1 - exp(-answers / U)), U as measured; empty if it cannot be told"),
)
ENDINGS = {
    "done": "every request has its answer",
    "cap": "the cap holds no further request; raise --cap and run it again to go on",
    "time": "the time is over; run it again to go on",
    "failed": "some requests failed again and again; run it again to go on",
}


@dataclass(frozen=True)
class Written:
    """A measured number as the project file holds it; `note` says why it was not written."""

    measure: Measure
    number: Mapping[str, Any]
    written: bool
    note: str = ""


@dataclass(frozen=True)
class Result:
    """A pilot that has ended."""

    findings: Findings
    ending: Ending
    options: Options
    written: tuple[Written, ...]


def distill_tables(result: Result) -> dict[str, Table]:
    """What a pilot asked, paid and measured, and what of it the project file now holds."""
    found = result.findings
    measures: list[Row] = [
        (
            each.name,
            figure(each.value),
            figure(each.low),
            figure(each.high),
            each.unit,
            each.of,
            each.note or None,
        )
        for each in found.measures
    ]
    written: list[Row] = [
        (
            each.measure.name,
            *(figure(getattr(each.measure, end)) for end in ("value", "low", "high")),
            each.measure.unit,
            "yes" if each.written else "no",
            each.note or None,
        )
        for each in result.written
    ]
    classes: list[Row] = [
        (each.label, each.items, each.wrong, *map(figure, each.span)) for each in found.classes
    ]
    warnings: list[Row] = [("warning", text, None, None, None) for text in found.job.warnings]
    decay: list[Row] = [
        (each.answers, each.distinct, figure(each.expected)) for each in found.decay
    ]
    return with_columns(
        [
            listed("summary", SUMMARY, _facts(result)),
            listed("measures", MEASURES, measures),
            listed("written", WRITTEN, written),
            listed("classes", CLASSES, classes),
            listed("diversity", DIVERSITY, decay),
            listed("diagnosis", DIAGNOSIS, warnings),
        ]
    )


def _facts(result: Result) -> list[Fact]:
    found, options = result.findings, result.options
    job, states = found.job, [each.answer.state for each in found.records]
    money = job.currency
    return [
        ("source", job.name, "", "of the project"),
        ("model", job.model, "", "that was asked"),
        ("base_url", job.base_url, "", "where it was asked"),
        ("batch", "yes" if options.batch else "no", "", "asked by the batch interface"),
        ("requests", len(job.requests), "request", "of this pilot"),
        ("inputs", job.inputs, "input", "distinct ones at hand"),
        ("answered", len(found.records), "request", "in this run or an earlier one"),
        ("kept", sum(each.kept for each in found.records), "example", "usable, and no copy"),
        ("refused", states.count("refused"), "answer", "by the model or a filter"),
        ("not_json", states.count("not JSON"), "answer", "though JSON was asked for"),
        ("not_allowed", states.count("not allowed"), "answer", "JSON, but none of what is allowed"),
        ("cut", states.count("cut"), "answer", f"at the limit of {job.limit:,} tokens"),
        ("empty", states.count("empty"), "answer", "without text"),
        ("copies", sum(each.copy for each in found.records), "answer", "equal to an earlier one"),
        ("spent", figure(found.spent), money, "on these answers, earlier runs included"),
        ("possibly_spent", figure(found.possible), money, "at most, on calls without an answer"),
        ("lost", found.lost, "request", "calls without an answer, which may have been paid"),
        ("cap", figure(job.cap), money, "that both together may reach"),
        ("concurrency", options.concurrency, "request", "under way at once, at most"),
        ("ending", result.ending.reason, "", ENDINGS[result.ending.reason]),
        ("problem", result.ending.problem or None, "", "the last one in the way; empty if none"),
    ]


def distill_parts(tables: Tables) -> Parts:
    """A pilot of a teacher."""
    facts = facts_of(tables["summary"])
    unit = facts["unit of spent"]
    asked = f"{amount(facts['answered'])} of {amount(facts['requests'])} requests"
    head = f"{asked} answered by {facts['model']}, {amount(facts['kept'])} examples kept"
    states = [
        f"{amount(facts[key])} {key.replace('_', ' ').replace('json', 'JSON')}"
        for key in ("refused", "not_json", "not_allowed", "cut", "empty", "copies")
        if facts[key]
    ]
    paid = f"{number(facts['spent'])} {unit} of at most {number(facts['cap'])}"
    rows = [("spent", paid)]
    if facts["lost"]:
        lost = f"{amount(facts['lost'])} calls without an answer"
        rows.append(("possibly spent", f"{number(facts['possibly_spent'])} {unit} more, on {lost}"))
    rows += [("not kept", ", ".join(states))] if states else []
    if facts["ending"] != "done":
        rows.append(("not done", ENDINGS[str(facts["ending"])]))
    rows += [("problem", str(facts["problem"]))] if facts["problem"] else []
    parts: Parts = [title(head), pairs(rows)]
    if not facts["answered"]:
        return parts
    measured, unknown = [], []
    for row in tables["measures"].records():
        if row["value"] is None and row["low"] is None:
            unknown.append((_words(row["measure"]), f"unknown: {row['note']}"))
            continue
        high = "any" if row["high"] is None else number(row["high"])
        ends = f"{number(row['low'])} to {high}"
        measured.append((_words(row["measure"]), number(row["value"]), ends, row["unit"]))
    heads = ("measured", "value", "90% interval", "unit")
    parts += ["", grid(heads, measured, "~>>~")]
    parts += [pairs(unknown)] if unknown else []
    if tables["classes"].rows:
        classes = [
            (row["label"], amount(row["items"]), number(row["error"]), _ends(row))
            for row in tables["classes"].records()
        ]
        parts += ["", grid(("known label", "items", "error", "90% interval"), classes, "~>>>")]
    if any(number == "yes" for number in _column(tables["written"], "written")):
        keys = [row["key"] for row in tables["written"].records() if row["written"] == "yes"]
        parts += ["", line(f"in the project file as measured: {', '.join(map(str, keys))}")]
    return parts


def _words(name: Any) -> str:
    return str(name).replace("_", " ")


def _ends(row: Mapping[str, Any]) -> str:
    return f"{number(row['low'])} to {number(row['high'])}"


def _column(table: Table, name: str) -> list[Any]:
    return [row[name] for row in table.records()]
