"""Advice on the next pilot: tables and page."""

from __future__ import annotations

from planner.advise import SURE, TRUTHS, Advice, Pilot, advisable
from planner.columns import CURRENCY, EXAMPLE, RATIO, SUMMARY, Spec
from planner.screen import Parts, Tables, amount, chance, facts_of, grid, line, pairs, title
from planner.screen import money as shown
from planner.study import Study
from planner.table import Fact, Row, Table, figure, money, whole
from planner.tables import listed, with_columns

SHOWN = 8  # candidates on the page
ADVISE: Spec = (
    ("rank", "", "by gain; what was screened out comes last"),
    ("source", "", "used alone; empty for no pilot"),
    ("examples", EXAMPLE, "that are trained on"),
    ("bought", EXAMPLE, "of these, not in hand and in no pilot yet"),
    ("repeats", "run", "training runs, whose mean error counts"),
    ("cost", CURRENCY, "of what is bought, contingency and fees included, and of the runs"),
    (
        "worth",
        CURRENCY,
        "by which the cost of what is bought then falls, expected, at the same chance of meeting "
        "the target; the pilot's examples stay and are not paid for twice; empty if screened out",
    ),
    ("worth_error", CURRENCY, "standard error of worth"),
    ("gain", CURRENCY, "worth less cost"),
    ("price_of_missing", CURRENCY, "at which choosing after the pilot keeps that chance"),
    ("probability", "probability", "of meeting the target after it, expected"),
    ("changes", "probability", "that another purchase is then chosen than now"),
    (
        "explained",
        RATIO,
        "of the variance of the log cost of the target, by a linear look: what screens candidates",
    ),
    ("effective_draws", "draw", "that the decision after it rests on, median"),
    ("advised", "", "yes where gain is above 0 by a standard error, on draws enough"),
)


def advise_tables(study: Study, advice: Advice) -> dict[str, Table]:
    """Summary and candidates; no pilot is one of them."""
    inputs = study.inputs
    currency = inputs.currency
    runs = "of a training run; empty if not given, and then 0 is counted (pilots.run_cost)"
    facts: list[Fact] = [
        ("project", inputs.name, "", "name of the project"),
        ("metric", inputs.target.metric, "", "what is to be brought down"),
        ("target", figure(inputs.target.error), inputs.target.metric, "error to reach"),
        ("confidence", figure(inputs.target.confidence), "probability", "wanted"),
        ("reaches", "yes" if study.plan.reaches else "no", "", "whether the plan reaches it now"),
        *_best_facts(advice.best, currency),
        ("cost", money(advice.cost), currency, "of the best purchase now, from a short list"),
        ("probability", figure(advice.probability), "probability", "that it meets the target"),
        ("run_cost", money(advice.run_cost), f"{currency}/run", runs),
        ("truths", TRUTHS, "draw", "imagined truths that each worth is a mean of"),
    ]
    return with_columns(
        [
            listed("summary", SUMMARY, facts),
            listed("advise", ADVISE, _rows(advice), currency, inputs.target.metric),
        ]
    )


def _best_facts(best: Pilot | None, currency: str) -> list[Fact]:
    none = "of that pilot; empty if none"
    if best is None:
        return [
            ("best_source", None, "", "source of the pilot to run; empty if none is worth its cost")
        ]
    return [
        ("best_source", best.source, "", "source of the pilot to run; empty if none"),
        ("best_examples", whole(best.examples), EXAMPLE, none),
        ("best_repeats", best.repeats, "run", none),
        ("best_cost", money(best.cost), currency, none),
        ("best_worth", money(best.worth), currency, none),
        ("best_error", money(best.error), currency, "standard error of best_worth"),
    ]


def _rows(advice: Advice) -> list[Row]:
    rows: list[tuple[float, Row]] = []
    nothing: Row = (None, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, None, figure(advice.probability), 0.0, 0.0)
    rows.append((0.0, (*nothing, None, None if advice.best else "yes")))
    for each in advice.candidates:
        row: Row = (
            each.source,
            whole(each.examples),
            whole(each.bought),
            each.repeats,
            money(each.cost),
            money(each.worth),
            money(each.error),
            money(each.gain),
            money(each.price),
            figure(each.probability),
            figure(each.changes),
            figure(each.explained),
            figure(each.effective),
            "yes" if advisable(each) else None,
        )
        rows.append((float("-inf") if each.gain is None else each.gain, row))
    rows.sort(key=lambda pair: -pair[0])
    return [(rank, *row) for rank, (_, row) in enumerate(rows, 1)]


def advise_parts(tables: Tables) -> Parts:
    """The pilot to run next, or that none is worth it, and the best of the rest."""
    facts = facts_of(tables["summary"])
    unit = facts["unit of cost"]
    parts: Parts = [title(_verdict(facts))]
    ranked = [row for row in tables["advise"].records() if row["worth"] is not None]
    rows = [
        (
            row["source"] or "no pilot",
            amount(row["examples"]) if row["source"] else "",
            str(row["repeats"]) if row["source"] else "",
            shown(row["cost"]),
            f"{shown(row['worth'])} +- {shown(row['worth_error'])}" if row["source"] else "0",
            shown(row["gain"]),
            chance(row["probability"]),
            chance(row["changes"]),
        )
        for row in _short(ranked)
    ]
    heads = ("pilot", "examples", "runs", "cost", "worth", "gain", "P(met)", "P(change)")
    told = (
        f"in {unit}. worth: what is then saved at the same chance, expected, with its standard "
        "error; what a pilot buys stays and is paid once. P(change): that another purchase is then "
        f"best. Advised where worth lies {SURE:g} standard error above cost."
    )
    parts += ["", grid(heads, rows, "~>>>>>>>"), line(told)]
    now = f"{shown(facts['cost'])} {unit}, and meets the target with probability "
    parts += ["", pairs([("best purchase now", now + chance(facts["probability"]))])]
    if facts["run_cost"] is None:
        text = "what a training run costs is not known and counts as 0; give pilots.run_cost"
        parts += [pairs([("warning", text)], "yellow")]
    return parts


def _short(ranked: list[dict]) -> list[dict]:  # type: ignore[type-arg]
    """The best candidates, and no pilot, which closes what is worth its cost."""
    short = ranked[:SHOWN]
    if all(row["source"] for row in short):
        short = [*short[:-1], next(row for row in ranked if not row["source"])]
    return short


def _verdict(facts: dict) -> str:  # type: ignore[type-arg]
    aim = f"{facts['project']}: {facts['metric']} <= {facts['target']:g}"
    if facts["best_source"] is None:
        return f"{aim}. Run no further pilot: none that was looked at is worth its cost"
    runs = f"{facts['best_repeats']} run" + ("s" if facts["best_repeats"] > 1 else "")
    return (
        f"{aim}. Next pilot: {amount(facts['best_examples'])} {facts['best_source']}, {runs}, for "
        f"{shown(facts['best_cost'])} {facts['unit of cost']}; worth {shown(facts['best_worth'])} "
        f"+- {shown(facts['best_error'])}"
    )
