"""Tables of the smaller commands: a law alone, a diagnosis, sources, defaults, counts, prices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from planner.assumptions import source_rows
from planner.columns import (
    ASSUMPTIONS,
    COEFFICIENTS,
    CONFUSION,
    COUNTS,
    DEFAULTS,
    DIAGNOSIS,
    LAW,
    NOISE,
    PILOTS,
    PREDICTIONS,
    PRIVATE,
    RATERS,
    REDUNDANCY,
    REQUIRED,
    SCRIPTS,
    SOURCES,
    SUMMARY,
    UNREADABLE,
    Spec,
    columns,
)
from planner.table import Row, Table, Value, figure, money, whole
from planner.tables import amount_columns, diagnosis_rows, law_rows, pilot_rows, with_columns
from sources.base import Assumption, Source

if TYPE_CHECKING:
    from planner.fitted import FittedLaw
    from planner.plan import Diagnosis
    from sources.assessment import Assessment
    from sources.counting import CorpusCount
    from sources.prices import Price, Shutdown

TIMES = (1, 3, 10, 30, 100)  # the largest pilot, at which predictions are shown
ERROR = "error"
Fact = tuple[str, Value, str, str]  # key, value, unit, meaning: a row of a summary


def law_tables(law: FittedLaw, target: float | None, confidence: float) -> dict[str, Table]:
    """What a fit by itself says: summary, required examples, predictions, law, pilots, warnings."""
    fixed = [name for name, _, _ in PILOTS]
    amounts = amount_columns(fixed, [(name, "example") for name in law.sources], "used in the runs")
    runs = sum(each.runs for each in law.residuals())
    facts: list[Fact] = [
        ("runs", runs, "run", "pilot runs that were fitted"),
        ("compositions", len(law.residuals()), "", "distinct amounts among them"),
        ("target", figure(target), ERROR, "error to reach; empty if none was given"),
        ("confidence", figure(confidence), "probability", "wanted"),
        ("reference", law.reference, "", "source in whose examples effective examples count"),
        ("weak_prior", "yes" if law.weak_prior else "no", "", "too few pilots: priors decide"),
    ]
    warnings = tuple(("warning", text, None, None, None) for text in law.warnings)
    return with_columns(
        [
            _table("summary", SUMMARY, facts),
            _table("required", REQUIRED, _required(law, target, confidence)),
            _table("predictions", PREDICTIONS, _predictions(law)),
            _table("law", LAW, law_rows(law)),
            Table(
                "pilots",
                (*columns(PILOTS, "", ERROR), *amounts),
                tuple(pilot_rows(law, law.sources)),
            ),
            _table("diagnosis", DIAGNOSIS, warnings),
        ]
    )


def _table(name: str, spec: Spec, rows: Sequence[Row], currency: str = "") -> Table:
    return Table(name, columns(spec, currency, ERROR), tuple(rows))


def _labels(law: FittedLaw) -> list[str]:
    return [name for name, text in zip(law.sources, law.is_text, strict=True) if not text]


def _required(law: FittedLaw, target: float | None, confidence: float) -> list[Row]:
    if target is None:
        return []
    rows: list[Row] = []
    for name in _labels(law):
        needs = law.needs(target, name)
        reachable = float(law.weights @ [math.isfinite(need) for need in needs])
        examples, median = (law.required(target, level, name) for level in (confidence, 0.5))
        rows.append(
            (
                name,
                figure(target),
                figure(confidence),
                _up(examples),
                _up(median),
                figure(reachable),
            )
        )
    return rows


def _up(examples: float) -> int | None:
    """Examples rounded up to a whole number that is enough; None where no number is."""
    return math.ceil(examples) if math.isfinite(examples) else None


def _predictions(law: FittedLaw) -> list[Row]:
    rows: list[Row] = []
    for name in _labels(law):
        tried = [each.amounts.get(name, 0.0) for each in law.residuals()]
        largest = max(tried, default=0.0)
        sizes = [largest * times for times in TIMES]
        if not largest:
            continue
        found = law.quantiles({name: sizes}, (0.05, 0.5, 0.95))
        for i, size in enumerate(sizes):
            errors = (figure(float(level[i])) for level in found)
            rows.append((name, whole(size), figure(float(TIMES[i])), *errors))
    return rows


def diagnosis_tables(diagnosis: Diagnosis, warnings: Sequence[str]) -> dict[str, Table]:
    """Stage, pattern, verdict and what to do."""
    found = [_table("diagnosis", DIAGNOSIS, diagnosis_rows(diagnosis, warnings))]
    return with_columns(found)


def source_tables(sources: Sequence[Source], currency: str, weeks: float) -> dict[str, Table]:
    """What each source costs, how much there is within `weeks`, how fast, how good; its numbers."""
    listed = [_source_row(source, weeks) for source in sources]
    numbers = [row for source in sources for row in source_rows(source)]
    return with_columns(
        [
            _table("sources", SOURCES, listed, currency),
            _table("assumptions", ASSUMPTIONS, numbers, currency),
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
    return with_columns([_table("defaults", DEFAULTS, rows)])


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
            _table("counts", COUNTS, rows),
            _table("scripts", SCRIPTS, scripts),
            _table("private", PRIVATE, private),
            _table("unreadable", UNREADABLE, sorted(faults)),
        ]
    )


def price_tables(
    price: Price, shutdown: Shutdown | None, tokens: tuple[int, int], requests: int, batch: bool
) -> dict[str, Table]:
    """What so many requests of (input, output) tokens each cost, and what to know of the model."""
    facts: list[Fact] = [
        ("model", price.model, "", "as the price catalogue names it"),
        ("provider", price.provider, "", "who runs it"),
        ("input_tokens", tokens[0], "token/request", "of the prompt"),
        ("output_tokens", tokens[1], "token/request", "of the answer"),
        ("requests", requests, "request", "asked for"),
        ("batch", "yes" if batch else "no", "", "asked by the batch interface"),
        ("input_cost", money(price.input * requests), "USD", "of all prompts"),
        ("output_cost", money(price.output * requests), "USD", "of all answers"),
        ("request_cost", figure(price.request), "USD/request", "of one request"),
        ("cost", money(price.request * requests), "USD", "of all requests"),
        ("date", price.date, "", "day whose prices these are"),
        ("provenance", price.provenance, "", "where the price comes from"),
        ("reference", price.reference, "", "page or catalogue"),
        (
            "shutdown",
            shutdown.date if shutdown else None,
            "",
            "last day of the model; empty if none is known",
        ),
        (
            "replacement",
            shutdown.replacement if shutdown else None,
            "",
            "named by the provider; empty if none",
        ),
    ]
    return with_columns([_table("summary", SUMMARY, facts)])


def agreement_tables(found: Assessment) -> dict[str, Table]:
    """What judgements say of raters, label noise, and the cheapest redundancy."""
    coefficients: list[Row] = [
        (one.name, figure(one.value), figure(one.low), figure(one.high), one.meaning)
        for one in found.coefficients
    ]
    warnings: list[Row] = [("warning", text, None, None, None) for text in found.warnings]
    return with_columns(
        [
            _table("summary", SUMMARY, _agreement_facts(found)),
            _table("coefficients", COEFFICIENTS, coefficients),
            _table("noise", NOISE, _noise_rows(found)),
            _table("redundancy", REDUNDANCY, _redundancy_rows(found), "USD"),
            _table("raters", RATERS, _rater_rows(found)),
            _table("confusion", CONFUSION, _confusion_rows(found)),
            _table("diagnosis", DIAGNOSIS, warnings),
        ]
    )


def _agreement_facts(found: Assessment) -> list[Fact]:
    from sources.redundancy import cheapest

    votes, best, price = found.votes, cheapest(found.redundancy), found.price
    right = found.right or (None, None)
    times = found.times or (None, None, None)
    hourly = 3600 * price.pay / times[1] if times[1] else None
    basis = found.hardness.basis if found.hardness else None
    told = "most raters of the pool" if basis == "votes" else "known answers"
    return [
        ("judgements", len(votes.item), "judgement", "in the file"),
        ("abstained", int(votes.abstained.sum()), "judgement", "of these, no vote"),
        ("items", len(votes.items), "item", "judged"),
        ("raters", len(votes.raters), "rater", "who judged"),
        ("classes", len(votes.classes), "class", ", ".join(votes.classes)),
        ("known", int((votes.gold >= 0).sum()), "item", "whose answer is known"),
        ("basis", basis, "", f"noise is counted against {told}; empty if it is unknown"),
        ("used", found.hardness.items if found.hardness else None, "item", "that noise rests on"),
        ("estimate_right", figure(right[0]), "ratio", "known answers that Dawid-Skene finds"),
        ("majority_right", figure(right[1]), "ratio", "known answers that all votes find"),
        ("seconds_low", figure(times[0]), "s/judgement", "5% take less; empty if not stamped"),
        ("seconds", figure(times[1]), "s/judgement", "median; empty if not stamped"),
        ("seconds_high", figure(times[2]), "s/judgement", "5% take more; empty if not stamped"),
        ("pay", figure(price.pay), "USD/judgement", "to the rater, without fees"),
        ("pay_per_hour", figure(hourly), "USD/hour", "at the median time; empty if not stamped"),
        ("platform", price.platform, "", "whose fees are counted"),
        ("item_cost", figure(price.item), "USD/item", "before anyone judges it"),
        ("fee_step", whole(price.step[0]), "judgement/item", "with a higher fee; empty if none"),
        ("fee_extra", figure(price.step[1]), "ratio of pay", "higher by this; empty if none"),
        ("votes", best.votes if best else None, "judgement/item", "cheapest; empty if unknown"),
        ("adaptive", ("yes" if best.adaptive else "no") if best else None, "", "as in redundancy"),
        ("sure", figure(best.cheapest) if best else None, "probability", "that it is the cheapest"),
    ]


def _noise_rows(found: Assessment) -> list[Row]:
    from sources.agreement import majority_error
    from sources.redundancy import VOTES

    rows: list[Row] = []
    for votes, counted in zip(VOTES, found.observed, strict=True):
        if found.hardness is None:
            rows.append((votes, None, None, None, None, figure(counted)))
            continue
        one = found.hardness.interval(found.hardness.noise(1))[1]
        alone = majority_error(1 - one, votes, found.hardness.choices)
        span = (figure(each) for each in found.hardness.interval(found.hardness.noise(votes)))
        rows.append((votes, *span, figure(alone), figure(counted)))
    return rows


def _redundancy_rows(found: Assessment) -> list[Row]:
    return [
        (
            one.votes,
            "yes" if one.adaptive else "no",
            figure(one.bought[1]),
            figure(one.noise[1]),
            figure(one.cost[1]),
            figure(one.share[1]),
            *(figure(each) for each in one.effective or (None, None, None)),
            figure(one.cheapest),
        )
        for one in found.redundancy
    ]


def _rater_rows(found: Assessment) -> list[Row]:
    return [
        (
            one.name,
            one.judgements,
            figure(one.accuracy) if one.judgements else None,
            figure(one.low),
            figure(one.high),
            figure(one.chance) if one.judgements else None,
            one.state,
            figure(one.seconds),
        )
        for one in found.raters
    ]


def _confusion_rows(found: Assessment) -> list[Row]:
    tables = [("", found.pooled), *zip(found.votes.raters, found.confusion, strict=True)]
    classes = found.votes.classes
    return [
        (rater, truth, label, figure(float(table[t, k])) if table[t].any() else None)
        for rater, table in tables
        for t, truth in enumerate(classes)
        for k, label in enumerate(classes)
    ]
