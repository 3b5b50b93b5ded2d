"""Law and diagnosis of pilot runs: tables and page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from planner.columns import DIAGNOSIS, EXAMPLE, LAW, METRIC, PILOTS, SUMMARY, Spec, columns
from planner.screen import (
    Parts,
    Tables,
    amount,
    answer_of,
    chance,
    facts_of,
    grid,
    line,
    number,
    pairs,
    title,
)
from planner.table import Fact, Row, Table, figure, whole
from planner.tables import (
    ERROR,
    amount_columns,
    diagnosis_rows,
    law_rows,
    listed,
    pilot_rows,
    with_columns,
)

if TYPE_CHECKING:
    from planner.fitted import FittedLaw
    from planner.plan import Diagnosis

TIMES = (1, 3, 10, 30, 100)  # the largest pilot, at which predictions are shown
REQUIRED: Spec = (
    ("source", "", "bought alone"),
    ("target", METRIC, "error to reach"),
    ("confidence", "probability", "wanted"),
    (
        "examples",
        EXAMPLE,
        "of the source that reach the target at this confidence; empty if none do",
    ),
    ("median", EXAMPLE, "that reach it in half of the draws; empty if none do"),
    ("reachable", "probability", "that any amount of this source alone reaches the target"),
)
PREDICTIONS: Spec = (
    ("source", "", "used alone"),
    ("examples", EXAMPLE, "of the source"),
    ("times", "ratio", "examples over the largest pilot of this source"),
    ("low", METRIC, "low end of the 90% interval of the predicted error"),
    ("median", METRIC, "of the predicted error"),
    ("high", METRIC, "high end of the 90% interval of the predicted error"),
)


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
            listed("summary", SUMMARY, facts),
            listed("required", REQUIRED, _required(law, target, confidence)),
            listed("predictions", PREDICTIONS, _predictions(law)),
            listed("law", LAW, law_rows(law)),
            Table(
                "pilots",
                (*columns(PILOTS, "", ERROR), *amounts),
                tuple(pilot_rows(law, law.sources)),
            ),
            listed("diagnosis", DIAGNOSIS, warnings),
        ]
    )


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
    found = [listed("diagnosis", DIAGNOSIS, diagnosis_rows(diagnosis, warnings))]
    return with_columns(found)


def findings_parts(tables: Tables) -> Parts:
    """A diagnosis in full: each question with answer, evidence and advice."""
    parts: Parts = []
    for row in tables["diagnosis"].records():
        parts.append(title(f"{row['question']}: {answer_of(row)}"))
        parts += [line(text, indent=2) for text in (row["evidence"], row["advice"]) if text]
    return parts


def law_parts(tables: Tables) -> Parts:
    """A law by itself: required examples, predictions, parameters."""
    facts = facts_of(tables["summary"])
    weak = " (weak prior: too few pilots)" if facts["weak_prior"] == "yes" else ""
    parts = [title(f"Law of {facts['runs']} runs at {facts['compositions']} amounts{weak}")]
    if tables["required"].rows:
        names = ("source", "examples", "in half of the cases", "P(reachable)")
        rows = [
            (
                row["source"],
                amount(row["examples"]) or "out of reach",
                amount(row["median"]) or "out of reach",
                chance(row["reachable"]),
            )
            for row in tables["required"].records()
        ]
        sure = f"error <= {number(facts['target'])} with probability {chance(facts['confidence'])}"
        parts += ["", title(f"Examples of one source alone for {sure}"), grid(names, rows, "~>>>")]
    predicted = [
        (
            row["source"],
            amount(row["examples"]),
            number(row["median"]),
            f"{number(row['low'])} to {number(row['high'])}",
        )
        for row in tables["predictions"].records()
    ]
    parts += ["", title("Predicted error")]
    parts += [grid(("source", "examples", "error", "90% interval"), predicted, "~>>>")]
    known: list[tuple[str, str, str, str]] = []
    family = None
    for row in tables["law"].records():
        if row["family"] != family:
            family = row["family"]
            known.append((f"{family}, weight {chance(row['weight'])}", "", "", ""))
        name = f"{row['source']}: {row['parameter']}" if row["source"] else str(row["parameter"])
        known.append(
            (
                f"  {name}",
                number(row["median"], 3),
                f"{number(row['low'], 3)} to {number(row['high'], 3)}",
                str(row["identified"]),
            )
        )
    heads = ("parameter", "median", "90% interval", "known from")
    parts += ["", title("Law"), grid(heads, known, "~>><")]
    warnings = [str(row["answer"]) for row in tables["diagnosis"].records()]
    return parts + (["", pairs([("warning", text) for text in warnings])] if warnings else [])
