"""Columns of every table: name, unit, meaning, in the order in which they are written.

In units, CURRENCY and METRIC stand for the project's currency and the name of its metric.
"""

from __future__ import annotations

import re

from planner.table import Column

CURRENCY, METRIC, WEEK, RATIO, EXAMPLE = "CURRENCY", "METRIC", "week", "ratio", "example"
EFFECTIVE = "effective example"
Spec = tuple[tuple[str, str, str], ...]

SUMMARY: Spec = (
    ("key", "", "name of the quantity"),
    ("value", "", "its value; empty if unknown or not limited, and then the meaning says which"),
    ("unit", "", "its unit; empty for text"),
    ("meaning", "", "what it says"),
)
PLAN: Spec = (
    ("item", "", "number of the purchase, in buying order"),
    ("source", "", "where the examples come from, as named in the project"),
    ("kind", "", "sort of source"),
    ("unit", "", "what one example of this source is"),
    ("quantity", EXAMPLE, "usable examples to buy; what is in hand already is not counted"),
    (
        "unit_cost",
        "CURRENCY/example",
        "average price of one usable example at this quantity, waste included",
    ),
    ("fees", CURRENCY, "paid once, whatever the quantity"),
    ("subtotal", CURRENCY, "quantity x unit_cost + fees"),
    ("contingency", CURRENCY, "set aside for what is not foreseen"),
    ("total", CURRENCY, "subtotal + contingency"),
    ("low", CURRENCY, "total if every price is at the low end of its range"),
    ("base", CURRENCY, "total at the expected prices; equal to total"),
    ("high", CURRENCY, "total if every price is at the high end of its range"),
    (
        "effective_examples",
        EFFECTIVE,
        "median of what the purchase adds, in examples of the reference source; "
        "empty for unlabelled text, which multiplies the labels instead of adding to them",
    ),
    (
        "share",
        RATIO,
        "of the whole training set's, with data in hand; empty where effective_examples is",
    ),
    ("start_week", WEEK, "first delivery, counted from the start date"),
    ("weeks", WEEK, "from the order to the last delivery"),
    ("binding_limit", "", "limit that this purchase runs into; empty if none"),
    ("provenance", "", "the weakest origin among its prices"),
)
COSTS: Spec = (
    ("source", "", "as in the plan"),
    ("item", "", "line of the cost"),
    ("quantity", EXAMPLE, "usable examples bought"),
    ("unit_price", "CURRENCY/example", "average price of this line at this quantity"),
    ("fixed", CURRENCY, "paid once"),
    ("cost", CURRENCY, "quantity x unit_price + fixed, without contingency"),
    ("low", CURRENCY, "cost at the low end of its range"),
    ("high", CURRENCY, "cost at the high end of its range"),
    (
        "provenance",
        "",
        "where the price comes from: measured, quoted, catalogue, published, assumed",
    ),
    ("reference", "", "page, paper, offer or measurement"),
)
PATH: Spec = (
    ("round", "", "number of the round: buy, train, measure, decide"),
    ("cost", CURRENCY, "spent in this round, contingency included"),
    ("cumulative_cost", CURRENCY, "spent up to the end of this round"),
    ("effective_examples", EFFECTIVE, "median, all rounds so far"),
    ("error_low", METRIC, "low end of the 90% interval of the predicted error after this round"),
    ("error", METRIC, "median of the predicted error after this round"),
    ("error_high", METRIC, "high end of the 90% interval of the predicted error after this round"),
    ("reached", "probability", "that the target is met after this round"),
    ("needed", "probability", "that this round is needed: the target was not met before"),
    ("end_week", WEEK, "when its data has arrived and been measured"),
    ("decision", "", "what the measurement decides"),
)
FRONTIER: Spec = (
    ("target", METRIC, "error to reach at the wanted confidence"),
    ("cost", CURRENCY, "of the cheapest plan found, contingency included; empty if out of reach"),
    ("weeks", WEEK, "until its last delivery; empty if out of reach"),
    ("probability", "probability", "that the plan reaches the target; empty if out of reach"),
    ("note", "", "why cells are empty"),
)
LAW: Spec = (
    ("family", "", "form of the scaling law"),
    ("weight", "probability", "of the family, given the pilots"),
    ("source", "", "source that the parameter belongs to; empty if to the law as a whole"),
    ("parameter", "", "name"),
    ("unit", "", "of low, median and high"),
    ("low", "see unit", "low end of the 90% interval"),
    ("median", "see unit", "half of the draws are below"),
    ("high", "see unit", "high end of the 90% interval"),
    ("identified", "", "what narrowed it: pilots, prior or both"),
    ("meaning", "", "what the parameter says"),
)
PILOTS: Spec = (
    ("runs", "run", "training runs with exactly these amounts"),
    ("observed", METRIC, "mean of their errors"),
    ("observed_sd", METRIC, "spread of their errors; empty for a single run"),
    ("fitted", METRIC, "what the law says at these amounts, median"),
    ("low", METRIC, "low end of the law's 90% interval"),
    ("high", METRIC, "high end of the law's 90% interval"),
    ("residual", "log ratio", "log(observed / fitted); above 0 the run was worse than the law"),
)
ASSUMPTIONS: Spec = (
    ("scope", "", "project, or the source that the number belongs to"),
    ("name", "", "of the number, as in the project file"),
    ("value", "see unit", "used; empty if unknown or not limited, and then the note says which"),
    ("unit", "", "of value, low and high"),
    ("low", "see unit", "low end of what is plausible (about 90% lies between low and high)"),
    ("high", "see unit", "high end of what is plausible"),
    ("provenance", "", "measured, quoted, catalogue, published or assumed"),
    ("reference", "", "page, paper, offer, measurement or file"),
    ("date", "", "when it was checked: day, month or year; empty if the reference has none"),
    ("note", "", "what to know about it"),
)
DIAGNOSIS: Spec = (
    ("question", "", "what is asked"),
    ("answer", "", "in a few words"),
    ("probability", "probability", "of the answer; empty where none was estimated"),
    ("evidence", "", "the numbers it rests on"),
    ("advice", "", "what to do about it"),
)
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
COEFFICIENTS: Spec = (
    ("coefficient", "", "measure of agreement"),
    ("value", "1", "1 full agreement, 0 as by chance; empty where it is not defined"),
    ("low", "1", "low end of the 90% interval, by bootstrap over items; empty if none"),
    ("high", "1", "high end of the 90% interval; empty if none"),
    ("meaning", "", "of what, and how differences count"),
)
NOISE: Spec = (
    ("votes", "judgement/item", "of different raters, the label being the one with most votes"),
    ("low", "ratio", "low end of the 90% interval of noise"),
    ("noise", "ratio", "labels that are wrong, ties by coin"),
    ("high", "ratio", "high end of the 90% interval of noise"),
    ("independent", "ratio", "noise if raters erred independently of each other"),
    ("observed", "ratio", "as counted against known answers; empty if these do not allow it"),
)
REDUNDANCY: Spec = (
    ("votes", "judgement/item", "at most"),
    ("adaptive", "", "yes: the third vote is bought only where the first two disagree"),
    ("bought", "judgement/item", "expected"),
    ("noise", "ratio", "labels that are wrong"),
    ("cost", "CURRENCY/item", "of the votes, fees, known answers, rejected work and the item"),
    (
        "share",
        "effective example/example",
        "(1 - noise K/(K - 1))^2, K classes: what noise leaves of an example",
    ),
    ("effective_low", "CURRENCY/effective example", "low end of its 90% interval"),
    ("effective_cost", "CURRENCY/effective example", "cost / share; empty if share may be 0"),
    ("effective_high", "CURRENCY/effective example", "high end of its 90% interval"),
    ("cheapest", "probability", "that this is the cheapest per effective example"),
)
RATERS: Spec = (
    ("rater", "", "as in the file"),
    ("judgements", "judgement", "votes, abstentions not counted"),
    ("accuracy", "ratio", "that are right; empty without a vote"),
    ("low", "ratio", "low end of the 90% interval of accuracy"),
    ("high", "ratio", "high end of the 90% interval of accuracy"),
    ("chance", "ratio", "accuracy of the same labels given without looking"),
    ("state", "", "better than chance, spammer, worse than chance, or too few judgements to tell"),
    ("seconds", "s/judgement", "median; empty if not stamped"),
)
CONFUSION: Spec = (
    ("rater", "", "as in the file; empty for all together"),
    ("truth", "", "true label, known or estimated"),
    ("label", "", "given label"),
    ("share", "ratio", "of the rater's judgements of this truth; empty if there is none"),
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
COLUMNS: Spec = (
    ("table", "", "name of the table, and of its file without .csv"),
    ("column", "", "name of the column"),
    ("unit", "", "of its values; empty for text"),
    ("meaning", "", "what it says"),
)


def columns(spec: Spec, currency: str, metric: str) -> tuple[Column, ...]:
    """The columns of a table with the project's currency and metric put into their units."""
    shown = {CURRENCY: currency, METRIC: metric}

    def put(unit: str) -> str:
        return re.sub(f"{CURRENCY}|{METRIC}", lambda found: shown[found.group()], unit)

    return tuple(Column(name, put(unit), meaning) for name, unit, meaning in spec)
