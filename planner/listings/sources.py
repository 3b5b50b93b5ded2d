"""Sources of a project and the defaults of their kinds: tables and page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from planner.assumptions import source_rows
from planner.columns import ASSUMPTIONS, CURRENCY, EXAMPLE, WEEK, Spec
from planner.screen import Parts, Tables, amount, grid, line, number, pairs, span
from planner.screen import money as spent
from planner.table import Row, Table, figure, money, whole
from planner.tables import listed, with_columns
from sources.base import Assumption, Source

SOURCES: Spec = (
    ("source", "", "name in the project"),
    ("kind", "", "sort of source"),
    ("unit", "", "what one example is"),
    ("unit_cost", "CURRENCY/example", "of the first example, fees and contingency not counted"),
    ("unit_cost_at_scale", "CURRENCY/example", "average at max_examples; empty if not limited"),
    ("fees", CURRENCY, "paid once"),
    ("max_examples", EXAMPLE, "most that can be had within the weeks; empty if not limited"),
    ("limited_by", "", "what sets max_examples"),
    ("per_week", "example/week", "once under way; empty if not limited"),
    ("lead_weeks", WEEK, "before the first example arrives"),
    ("in_hand", EXAMPLE, "owned already"),
    ("quality_low", "effective example/example", "low end of its range, before pilots speak"),
    ("quality", "effective example/example", "before pilots speak; empty for unlabelled text"),
    ("quality_high", "effective example/example", "high end of its range, before pilots speak"),
    ("provenance", "", "the weakest origin among its prices"),
    ("warning", "", "what to know before buying; empty if nothing"),
)
DEFAULTS: Spec = (
    ("kind", "", "kind of source that uses the number"),
    ("name", "", "key in the project file"),
    ("value", "see unit", "used where the project gives none"),
    ("unit", "", "of value, low and high"),
    ("low", "see unit", "low end of what is plausible (about 90% lies between low and high)"),
    ("high", "see unit", "high end of what is plausible"),
    ("provenance", "", "measured, quoted, catalogue, published or assumed"),
    ("reference", "", "page, paper, offer or the judgement behind it"),
    ("date", "", "when it was checked: day, month or year"),
    ("note", "", "what to know about it"),
)


def source_tables(sources: Sequence[Source], currency: str, weeks: float) -> dict[str, Table]:
    """What each source costs, how much there is within `weeks`, how fast, how good; its numbers."""
    priced = [_source_row(source, weeks) for source in sources]
    numbers = [row for source in sources for row in source_rows(source)]
    return with_columns(
        [
            listed("sources", SOURCES, priced, currency),
            listed("assumptions", ASSUMPTIONS, numbers, currency),
        ]
    )


def _source_row(source: Source, weeks: float) -> Row:
    limits, quality = source.limits, source.quality
    most = limits.available(weeks)
    worth = (quality.low, quality.base, quality.high)
    labels = source.role == "labels"
    return (
        source.name,
        source.kind,
        source.unit,
        figure(source.unit_cost(0)),
        figure(source.unit_cost(most)) if 0 < most < math.inf else None,
        money(source.fees()),
        whole(most),
        limits.limit_name(weeks) if math.isfinite(most) else None,
        figure(limits.per_week),
        figure(limits.lead_weeks),
        whole(source.in_hand),
        *(figure(each) if labels else None for each in worth),
        source.weakest_provenance(),
        "; ".join(source.warnings) or None,
    )


def default_tables(defaults: Mapping[str, Mapping[str, Assumption]]) -> dict[str, Table]:
    """The default numbers of each kind of source, with range, origin and date."""
    rows = [
        (
            kind,
            each.name,
            figure(each.value),
            each.unit,
            figure(each.low),
            figure(each.high),
            each.provenance,
            each.reference,
            each.date,
            each.note or None,
        )
        for kind, entries in defaults.items()
        for each in entries.values()
    ]
    return with_columns([listed("defaults", DEFAULTS, rows)])


def source_parts(tables: Tables) -> Parts:
    """What the sources of a project cost, how much there is, how fast, how good."""
    rows = [
        (
            row["source"],
            number(row["unit_cost"]),
            spent(row["fees"]),
            amount(row["max_examples"]) or "no limit",
            amount(row["per_week"]) or "no limit",
            span(row["quality_low"], row["quality_high"]),
            row["provenance"],
        )
        for row in tables["sources"].records()
    ]
    unit = tables["sources"].columns[tables["sources"].header.index("fees")].unit
    heads = ("source", "unit cost", "fees", "most", "per week", "quality", "rests on")
    parts: Parts = [grid(heads, rows, "~>>>><<"), line(f"costs in {unit}, without contingency"), ""]
    for row in tables["sources"].records():
        kind = f"{row['kind']}, {amount(row['in_hand'])} in hand" if row["in_hand"] else row["kind"]
        most = f"; the most is set by {row['limited_by']}" if row["limited_by"] else ""
        parts.append(pairs([(str(row["source"]), f"{kind}{most}")]))
        parts += [pairs([("", f"warning: {row['warning']}")], "yellow")] if row["warning"] else []
    return parts


def default_parts(tables: Tables) -> Parts:
    """The default numbers of each kind of source."""
    parts: Parts = []
    rows = tables["defaults"].records()
    for kind in dict.fromkeys(row["kind"] for row in rows):
        mine = [
            (
                row["name"],
                number(row["value"]),
                span(row["low"], row["high"]),
                row["unit"],
                f"{row['provenance']} {row['date']}",
            )
            for row in rows
            if row["kind"] == kind
        ]
        heads = (str(kind), "default", "range", "unit", "rests on")
        parts += [grid(heads, mine, "<>>~~"), ""]
    return [*parts, line("references: dataplan sources --json")]
