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
    ("fees", CURRENCY, "paid once; what a minimum contract adds at this quantity included"),
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
    ("reference", "", "page, paper, offer or measurement; empty if none is given"),
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
    ("needed", "probability", "that this round is bought: not met before, and not given up"),
    ("end_week", WEEK, "when its data has arrived and, before a further round, been measured"),
    ("decision", "", "what the measurement decides"),
    ("order_week", WEEK, "of the round's orders; 0 is the start date"),
    ("order_date", "", "the day of order_week"),
    ("arrival_week", WEEK, "of the last delivery"),
    ("arrival_date", "", "the day of arrival_week"),
    ("decision_date", "", "the day of end_week"),
    ("done_below", METRIC, "measured error up to which no more is bought; empty if none is so low"),
    ("buy_at", METRIC, "measured error at which the next round is as listed; empty in the last"),
    ("stop_above", METRIC, "measured error above which to give up; empty if one never should"),
    ("stopped", "probability", "that the project is given up after this round"),
    ("lost", CURRENCY, "spent by then where it is given up, expected; empty if it never is"),
)
FRONTIER: Spec = (
    (
        "target",
        METRIC,
        "error to reach with budget and weeks kept, all three at the confidence wanted",
    ),
    ("cost", CURRENCY, "of the cheapest plan found, contingency included; empty if out of reach"),
    ("weeks", WEEK, "until its last delivery; empty if out of reach"),
    ("probability", "probability", "that the plan reaches the target; empty if out of reach"),
    (
        "met",
        "probability",
        "that target, budget and weeks are all kept; only the project's own target, where no plan "
        "was found that is sure enough, has less than wanted; empty if out of reach",
    ),
    ("note", "", "why cells are empty"),
)
CONFIDENCE: Spec = (
    ("confidence", "probability", "wanted of reaching the target"),
    ("cost", CURRENCY, "of the cheapest plan found, contingency included; empty if out of reach"),
    ("weeks", WEEK, "until its last delivery; empty if out of reach"),
    ("note", "", "why cells are empty"),
)
MODEL = ("model", "", "candidate that the plan is for: the cheapest in all; empty if out of reach")
MET = "that target, budget and weeks are all kept, what the model costs beside in its range too"
# with candidate models, of which each target may have another
FRONTIER_OF_MODELS: Spec = (
    *FRONTIER[:-2],
    (
        "met",
        "probability",
        f"{MET}, which can bring it a little below what is wanted; empty if out of reach",
    ),
    MODEL,
    FRONTIER[-1],
)
CONFIDENCE_OF_MODELS: Spec = (*CONFIDENCE[:-1], MODEL, CONFIDENCE[-1])
LAW: Spec = (
    ("family", "", "form of the scaling law"),
    ("weight", "probability", "of the family, given the pilots"),
    ("source", "", "source that the parameter belongs to; empty if to the law as a whole"),
    ("parameter", "", "name"),
    ("unit", "", "of low, median and high"),
    ("low", "see unit", "low end of the 90% interval; empty if it has none"),
    ("median", "see unit", "half of the draws are below; empty if it has no end"),
    ("high", "see unit", "high end of the 90% interval; empty if it has none"),
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
    (
        "origin",
        "",
        "where the runs are written down: file and lines, sheet and rows, store and runs; empty if "
        "they are from no file",
    ),
)
ASSUMPTIONS: Spec = (
    ("scope", "", "project, or the source that the number belongs to"),
    ("name", "", "of the number, as in the project file"),
    ("value", "see unit", "used; empty if unknown or not limited, and then the note says which"),
    ("unit", "", "of value, low and high"),
    (
        "low",
        "see unit",
        "low end of what is plausible (about 90% lies between low and high); empty without a range",
    ),
    ("high", "see unit", "high end of what is plausible; empty without a range"),
    ("provenance", "", "measured, quoted, catalogue, published or assumed"),
    ("reference", "", "page, paper, offer, measurement or file; empty if none is given"),
    ("date", "", "when it was checked: day, month or year; empty if the reference has none"),
    ("note", "", "what to know about it; empty if nothing"),
)
DIAGNOSIS: Spec = (
    ("question", "", "what is asked"),
    ("answer", "", "in a few words"),
    ("probability", "probability", "of the answer; empty where none was estimated"),
    ("evidence", "", "the numbers it rests on; empty of a warning"),
    ("advice", "", "what to do about it; empty if nothing"),
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
