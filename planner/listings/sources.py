"""Sources of a project and the defaults of their kinds: tables and page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from planner.assumptions import source_rows
from planner.columns import ASSUMPTIONS, CURRENCY, EXAMPLE, RATIO, SUMMARY, WEEK, Spec
from planner.marginal import Marginal
from planner.screen import Parts, Tables, amount, facts_of, grid, line, number, pairs, span, title
from planner.screen import money as spent
from planner.study import Standing
from planner.table import Fact, Row, Table, figure, money, whole
from planner.tables import listed, with_columns
from sources.base import PROVENANCES, Assumption, Source
from sources.defaults import Default

WISHES = ("in_hand", "max_examples", "min_order", "batch", "holidays")  # chosen, not believed
NOISE = ("label_noise", "teacher_error")  # numbers that say how many labels are wrong
GAIN = "METRIC/CURRENCY"
EFFECTIVE_COST = "CURRENCY/effective example"
QUALITY = "effective example/example"
SOURCES: Spec = (
    ("rank", "", "by gain; what is free and helps first, what cannot be had last"),
    ("source", "", "name in the project"),
    ("kind", "", "sort of source"),
    ("unit", "", "what one example is"),
    (
        "unit_cost",
        "CURRENCY/example",
        "of one more usable example: waste included, fees and contingency not counted",
    ),
    ("unit_cost_at_scale", "CURRENCY/example", "average at max_examples; empty if not limited"),
    ("effective_cost_low", EFFECTIVE_COST, "low end of its 90% interval; empty if unknown"),
    (
        "effective_cost",
        EFFECTIVE_COST,
        "unit_cost over what an example adds now; empty if it may add nothing",
    ),
    ("effective_cost_high", EFFECTIVE_COST, "high end; empty if it may add nothing"),
    ("percent_cost_low", CURRENCY, "low end of its 90% interval; empty if unknown"),
    (
        "percent_cost",
        CURRENCY,
        "of an error lower by 1% at the rate of the next examples, median; empty if they may not "
        "lower it",
    ),
    ("percent_cost_high", CURRENCY, "high end; empty if they may not lower it"),
    ("decrease_low", "METRIC/example", "low end of the 90% interval of decrease"),
    (
        "decrease",
        "METRIC/example",
        "by which the next examples lower the error each, median; below 0 they raise it",
    ),
    ("decrease_high", "METRIC/example", "high end of the 90% interval of decrease"),
    ("gain_low", GAIN, "low end of the 90% interval of gain"),
    (
        "gain",
        GAIN,
        "decrease over unit_cost, at the margin only: a source ends at max_examples; empty if it "
        "costs nothing, or if nothing can be had",
    ),
    ("gain_high", GAIN, "high end of the 90% interval of gain"),
    ("fees", CURRENCY, "paid once"),
    ("max_examples", EXAMPLE, "most that can be had within the weeks; empty if not limited"),
    ("limited_by", "", "what sets max_examples"),
    ("per_week", "example/week", "once under way; empty if not limited"),
    ("lead_weeks", WEEK, "before the first example arrives"),
    ("in_hand", EXAMPLE, "owned already"),
    ("noise_low", RATIO, "low end of what is plausible for noise"),
    ("noise", RATIO, "labels that are wrong; empty if unknown, or if none is counted"),
    ("noise_high", RATIO, "high end of what is plausible for noise"),
    ("quality_low", QUALITY, "low end of its range, before pilots speak"),
    ("quality", QUALITY, "before pilots speak; empty for unlabelled text"),
    ("quality_high", QUALITY, "high end of its range, before pilots speak"),
    ("provenance", "", "the weakest origin among its numbers"),
    ("weakest", "", "the number of that origin with the widest range"),
    ("date", "", "when that number was checked: day, month or year"),
    ("warning", "", "what to know before buying; empty if nothing"),
)
LINES: Spec = (
    ("source", "", "name in the project"),
    ("item", "", "line of the cost"),
    ("unit_price", "CURRENCY/example", "of one more usable example"),
    ("fixed", CURRENCY, "paid once when anything is bought"),
    ("low", "factor", "on the line's cost, low end of what is plausible"),
    ("high", "factor", "on the line's cost, high end of what is plausible"),
    ("provenance", "", "the weakest origin among the numbers it rests on"),
    ("reference", "", "those numbers, which table assumptions explains"),
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
    ("mark", "", "F found in the reference, S found at second hand, D derived, or assumed"),
    ("note", "", "what to know about it"),
)


def source_tables(standing: Standing) -> dict[str, Table]:
    """What each source costs and brings, how much there is within the weeks, how fast, how good."""
    inputs = standing.inputs
    named = {source.name: source for source in inputs.sources}
    rows = [
        _source_row(rank, named[each.name], each, inputs.target.weeks)
        for rank, each in enumerate(standing.ranking, 1)
    ]
    numbers = [row for source in inputs.sources for row in source_rows(source)]
    at = [
        (f"at {name}", whole(amount), named[name].unit, "where gain and effective cost are counted")
        for name, amount in standing.point.items()
    ]
    facts: list[Fact] = [
        ("currency", inputs.currency, "", "of all costs"),
        ("metric", inputs.target.metric, "", "the error that gain lowers"),
        ("weeks", figure(inputs.target.weeks), "week", "to the last delivery; empty if no limit"),
        ("step", whole(standing.step), "example", "more of each source that are compared"),
        ("point", standing.basis, "", "where the sources are compared"),
        *at,
    ]
    return with_columns(
        [
            listed("summary", SUMMARY, facts, inputs.currency),
            listed("sources", SOURCES, rows, inputs.currency, inputs.target.metric),
            listed("lines", LINES, _line_rows(inputs.sources), inputs.currency),
            listed("assumptions", ASSUMPTIONS, numbers, inputs.currency),
        ]
    )


def _source_row(rank: int, source: Source, next_one: Marginal, weeks: float) -> Row:
    limits, quality = source.limits, source.quality
    most = limits.available(weeks)
    worth = (quality.low, quality.base, quality.high)
    noise = next((a for a in source.assumptions if a.name in NOISE), None)
    weakest = _weakest(source)
    return (
        rank,
        source.name,
        source.kind,
        source.unit,
        figure(source.unit_cost(0)),
        figure(source.unit_cost(most)) if 0 < most < math.inf else None,
        *(figure(each) for each in next_one.effective_cost),
        *(figure(each) for each in next_one.percent_cost),
        *(figure(each) for each in next_one.decrease or (None, None, None)),
        *(figure(each) for each in next_one.gain or (None, None, None)),
        money(source.fees()),
        whole(most),
        limits.limit_name(weeks) if math.isfinite(most) else None,
        figure(limits.per_week),
        figure(limits.lead_weeks),
        whole(source.in_hand),
        *(figure(getattr(noise, end, None)) for end in ("low", "value", "high")),
        *(figure(each) if source.role == "labels" else None for each in worth),
        weakest.provenance if weakest else source.weakest_provenance(),
        weakest.name if weakest else None,
        weakest.date or None if weakest else None,
        "; ".join(source.warnings) or None,
    )


def _weakest(source: Source) -> Assumption | None:
    """Of the numbers with the least trustworthy origin the one with the widest range, then the
    oldest: its quality among them, what follows from other numbers not."""
    own = [
        each
        for each in source.assumptions
        if not each.reference.startswith("derived: ") and each.name not in WISHES
    ]
    if source.role == "labels":
        own.append(_quality_number(source))
    if not own:
        return None
    least = max(PROVENANCES.index(each.provenance) for each in own)
    among = [each for each in own if PROVENANCES.index(each.provenance) == least]
    return min(among, key=lambda each: (-_width(each), each.date, each.name))


def _width(number: Assumption) -> float:
    """Width of a range against its value [1]; unknown is widest."""
    if number.value is None or number.low is None or number.high is None:
        return math.inf
    return (number.high - number.low) / max(abs(number.value), abs(number.high), 1e-300)


def _quality_number(source: Source) -> Assumption:
    found = next((each for each in source.assumptions if each.name == "quality"), None)
    quality = source.quality
    return found or Assumption(
        name="quality",
        value=quality.base,
        unit=QUALITY,
        provenance=quality.provenance,
        reference=quality.reference,
        date="",
        low=quality.low,
        high=quality.high,
    )


def _line_rows(sources: Sequence[Source]) -> list[Row]:
    return [
        (
            source.name,
            each.item,
            figure(each.unit_price),
            money(each.fixed),
            figure(each.low),
            figure(each.high),
            each.provenance,
            each.reference,
        )
        for source in sources
        for each in source.lines
    ]


def default_tables(defaults: Sequence[Default]) -> dict[str, Table]:
    """The default numbers of each kind of source, with range, origin and date."""
    rows = [
        (
            default.section,
            each.name,
            figure(each.value),
            each.unit,
            figure(each.low),
            figure(each.high),
            each.provenance,
            each.reference,
            each.date,
            default.mark,
            each.note or None,
        )
        for default in defaults
        for each in (default.number,)
    ]
    return with_columns([listed("defaults", DEFAULTS, rows)])


def source_parts(tables: Tables) -> Parts:
    """What the sources of a project cost and bring, the best next purchase first."""
    facts, records = facts_of(tables["summary"]), tables["sources"].records()
    unit = facts["currency"]
    rows = [
        (
            row["source"],
            number(row["unit_cost"], 3),
            number(row["effective_cost"], 3) if row["effective_cost"] is not None else "",
            spent(row["fees"]),
            amount(row["max_examples"]) or "no limit",
            _percent(row),
            _range(row["percent_cost_low"], row["percent_cost_high"]),
        )
        for row in records
    ]
    heads = ("source", "unit cost", "effective", "fees", "most", "1% less", "90% interval")
    more = [
        (
            row["source"],
            amount(row["per_week"]) or "no limit",
            number(row["lead_weeks"], 2),
            number(row["noise"], 2) if row["noise"] is not None else "",
            span(row["quality_low"], row["quality_high"], 2),
            f"{row['weakest'] or ''} {row['provenance']} {row['date'] or ''}".strip(),
        )
        for row in records
    ]
    also = ("source", "per week", "lead", "noise", "quality", "weakest number")
    held = ", ".join(
        f"{amount(value)} {key.removeprefix('at ')}"
        for key, value in facts.items()
        if key.startswith("at ")
    )
    early = ""
    if any(row[-2] == "too early" for row in rows):
        early = "; too early: so few change nothing yet"
    parts: Parts = [
        title(f"Best next purchase first, at {held} ({facts['point']})"),
        grid(heads, rows, "~>>>>>>"),
        line(
            f"in {unit}, without contingency. unit cost: one more usable example; effective: one "
            f"more effective example; 1% less: {facts['metric']} lower by 1% at the rate of the "
            f"next {amount(facts['step'])} examples, without fees{early}"
        ),
        "",
        grid(also, more, "~>>>>~"),
        "",
    ]
    for row in records:
        kind = f"{row['kind']}, {amount(row['in_hand'])} in hand" if row["in_hand"] else row["kind"]
        most = f"; the most is set by {row['limited_by']}" if row["limited_by"] else ""
        parts.append(pairs([(str(row["source"]), f"{kind}{most}")]))
        parts += [pairs([("", f"warning: {row['warning']}")], "yellow")] if row["warning"] else []
    return parts


def _percent(row: Mapping[str, Any]) -> str:
    """What 1% less error costs, or why there is no such price."""
    if row["decrease"] is None:
        return "none left"
    if row["percent_cost"] is None:
        return "no help" if row["decrease"] < 0 else "too early"
    return "free" if not row["percent_cost"] else number(row["percent_cost"], 2)


def _range(low: Any, high: Any) -> str:
    if low is None:
        return ""
    return span(low, high, 2) if high is not None else f"{number(low, 2)} or never"


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
        parts += [grid(heads, mine, "<>><~")]
        parts += [
            pairs([(str(row["name"]), f"{row['mark']}: {row['reference']}")], label=27)
            for row in rows
            if row["kind"] == kind
        ]
        parts.append("")
    marks = "F found in the reference, S found at second hand, D derived by arithmetic from such"
    return [*parts, line(f"marks: {marks}, assumed: a judgement that the reference explains")]
