"""Advice on the next pilot: tables and page."""

from __future__ import annotations

import math
from typing import Any

from planner.advise import HOPELESS, LEAST_GAIN, SLIP, SURE, TRUTHS, Advice, advisable
from planner.columns import CURRENCY, EXAMPLE, RATIO, SUMMARY, Spec
from planner.screen import Parts, Tables, amount, chance, facts_of, grid, line, pairs, title
from planner.screen import money as shown
from planner.study import Study
from planner.table import Fact, Row, Table, figure, money, whole
from planner.tables import listed, with_columns
from planner.trials import Pilot

SHOWN = 8  # candidates on the page
ADVISE: Spec = (
    ("rank", "", "best first; what was screened out comes last"),
    ("pilot", "", "sources that are trained on, or the path's first round; empty for no pilot"),
    ("examples", EXAMPLE, "that are trained on, data in hand included"),
    ("bought", EXAMPLE, "of these, not in hand and in no pilot yet"),
    ("repeats", "run", "training runs, whose mean error counts"),
    ("ready_week", "week", "in which its measurement decides"),
    ("data_cost", CURRENCY, "of what is bought, contingency and fees included"),
    ("cost", CURRENCY, "of data and runs; empty if run_cost is not given"),
    (
        "worth",
        CURRENCY,
        "what the chance of meeting the target that it leads to would cost without it, less what "
        "is still to pay after it, expected; its examples stay; empty if not weighed",
    ),
    ("worth_error", CURRENCY, "standard error of worth"),
    ("gain", CURRENCY, "worth less cost; empty if run_cost is not given"),
    ("break_even", f"{CURRENCY}/run", "what a run may cost before the pilot is not worth it"),
    ("price_of_missing", CURRENCY, "at which choosing after the pilot keeps that chance"),
    ("probability", "probability", "of meeting the target after it, expected"),
    ("probability_error", "probability", "standard error of probability"),
    (
        "keeps",
        "",
        "yes if that is no less than with the best purchase now (where the target is out of reach "
        f"now, by {SLIP:g} at most)",
    ),
    ("changes", "probability", "that another purchase is then chosen than now"),
    (
        "settles",
        "probability",
        f"that the best purchase is then as sure as wanted, or below {HOPELESS:g}; where the "
        "target is out of reach now",
    ),
    (
        "explained",
        RATIO,
        "of the variance of the log cost of the target, by a linear look: what screens candidates",
    ),
    (
        "effective_draws",
        "draw",
        "that the decision after it rests on, median; where they are few, it is made as if less "
        "had been learned",
    ),
    (
        "advised",
        "",
        "yes where it keeps the chance and worth exceeds what is known of its cost by a standard "
        "error and a hundredth of the plan's cost, on draws enough",
    ),
)


def advise_tables(study: Study, advice: Advice) -> dict[str, Table]:
    """Summary and candidates; no pilot is one of them."""
    inputs = study.inputs
    currency = inputs.currency
    verdict, measurement = study.diagnosis.verdict, study.diagnosis.checks[-1]
    facts: list[Fact] = [
        ("project", inputs.name, "", "name of the project"),
        ("metric", inputs.target.metric, "", "what is to be brought down"),
        ("target", figure(inputs.target.error), inputs.target.metric, "error to reach"),
        ("confidence", figure(inputs.target.confidence), "probability", "wanted"),
        ("reaches", "yes" if advice.reaches else "no", "", "whether the plan reaches it now"),
        ("verdict", verdict.answer, "", "of dataplan plan"),
        ("verdict_advice", verdict.advice or None, "", "of dataplan plan; empty if none"),
        ("next_measurement", measurement.advice, "", "of dataplan plan"),
        ("pilots", advice.pilots, "run", "that the law rests on, besides other curves"),
        *_best_facts(advice.best, currency),
        ("cost", money(advice.cost), currency, "of the best purchase now: the plan"),
        ("probability", figure(advice.probability), "probability", "that it meets the target"),
        ("run_cost", money(advice.run_cost), f"{currency}/run", "of a run; empty if not given"),
        ("truths", TRUTHS, "draw", "imagined truths that each worth is a mean of"),
    ]
    return with_columns(
        [
            listed("summary", SUMMARY, facts),
            listed("advise", ADVISE, _rows(advice), currency, inputs.target.metric),
        ]
    )


def _best_facts(best: Pilot | None, currency: str) -> list[Fact]:
    if best is None:
        none = "pilot to run; empty if none is worth its cost, or none can be weighed"
        return [("best_pilot", None, "", none)]
    return [
        ("best_pilot", best.name, "", "pilot to run; empty if none"),
        ("best_examples", whole(best.examples), EXAMPLE, "that it trains on"),
        ("best_repeats", best.repeats, "run", "of training"),
        ("best_data_cost", money(best.data), currency, "of what it buys"),
        ("best_cost", money(best.cost), currency, "of data and runs; empty if a run's is unknown"),
        ("best_worth", money(best.worth), currency, "expected"),
        ("best_error", money(best.error), currency, "standard error of best_worth"),
        ("best_break_even", money(best.break_even), f"{currency}/run", "most that a run may cost"),
    ]


def _rows(advice: Advice) -> list[Row]:
    found: list[Row] = []
    nothing: Row = (None, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, None, None)
    chance_now = (figure(advice.probability), None, "yes", 0.0, None, 0.0, None)
    no_pilot: Row = (*nothing, *chance_now, None if advice.best or not advice.reaches else "yes")
    placed = all(each.worth is None for each in advice.candidates) and not advice.reaches
    for each in advice.candidates:
        if not placed and (each.worth is None or not each.keeps or each.merit < 0):
            found.append(no_pilot)
            placed = True
        found.append(_row(each))
    if not placed:
        found.append(no_pilot)
    return [(rank, *row) for rank, row in enumerate(found, 1)]


def _row(each: Pilot) -> Row:
    p = each.probability
    return (
        each.name,
        whole(each.examples),
        whole(each.bought),
        each.repeats,
        figure(each.ready),
        money(each.data),
        money(each.cost),
        money(each.worth),
        money(each.error),
        money(each.gain),
        money(each.break_even),
        money(each.price),
        figure(p),
        None if p is None else figure(math.sqrt(p * (1 - p) / TRUTHS)),
        None if p is None else "yes" if each.keeps else "no",
        figure(each.changes),
        figure(each.settles),
        figure(each.explained),
        figure(each.effective),
        "yes" if advisable(each) else None,
    )


def advise_parts(tables: Tables) -> Parts:
    """The pilot to run next, or that none is worth it or can be weighed, and the best others."""
    facts = facts_of(tables["summary"])
    records = tables["advise"].records()
    if facts["reaches"] != "yes" and facts["best_pilot"] is None:
        return _unreached(facts, records)
    unit, known = facts["unit of cost"], facts["run_cost"] is not None
    ranked = [row for row in records if row["worth"] is not None]
    rows = [
        (
            row["pilot"] or "no pilot",
            amount(row["examples"]) if row["pilot"] else "",
            str(row["repeats"]) if row["pilot"] else "",
            shown(row["cost"] if known else row["data_cost"]),
            f"{shown(row['worth'])} +- {shown(row['worth_error'])}" if row["pilot"] else "0",
            shown(row["gain"] if known else row["break_even"]),
            chance(row["probability"]),
            chance(row["changes"]),
        )
        for row in _short(ranked)
    ]
    cost, gain = ("cost", "gain") if known else ("data", "per run")
    heads = ("pilot", "examples", "runs", cost, "worth", gain, "P(met)", "P(change)")
    told = (
        f"in {unit}. worth: what P(met) would cost without it, less what is then still to pay, "
        f"expected over {facts['truths']} truths, with its standard error; what a pilot buys stays."
        " P(change): that another purchase is then best. "
    )
    if not known:
        told += "data: cost without the runs. per run: what a run may cost before worth is spent. "
    told += (
        f"Advised where P(met) is kept and worth exceeds cost by {SURE:g} standard error and "
        f"{LEAST_GAIN:.0%} of the plan's cost."
    )
    now = f"{shown(facts['cost'])} {unit}, and meets the target with probability "
    parts: Parts = [title(_verdict(facts)), "", grid(heads, rows, "~>>>>>>>"), line(told), ""]
    parts += [pairs([("best purchase now", f"{now}{chance(facts['probability'])} (the plan)")])]
    if facts["reaches"] != "yes":
        parts += [pairs([("verdict", facts["verdict"])])]
    return parts + _warnings(facts, ranked)


def _warnings(facts: dict[str, Any], ranked: list[dict[str, Any]]) -> Parts:
    found = []
    if facts["run_cost"] is None:
        found.append("what a training run costs is not known: give pilots.run_cost")
    first = next((row for row in ranked if row["pilot"]), None)
    if first and facts["best_pilot"] is None and first["keeps"] == "yes" and not first["advised"]:
        spent = first["data_cost"] if first["cost"] is None else first["cost"]
        margin = max(SURE * first["worth_error"], LEAST_GAIN * facts["cost"])
        if first["worth"] - margin > spent:
            found.append(
                f"the first one's worth rests on {first['effective_draws']:.0f} draws: give more "
                "draws to be told"
            )
    return [pairs([("warning", text) for text in found], "yellow")] if found else []


def _unreached(facts: dict[str, Any], records: list[dict[str, Any]]) -> Parts:
    """What is left to say where no purchase is as sure as wanted."""
    weighed = [row for row in records if row["settles"] is not None]
    aim = f"{facts['project']}: {facts['metric']} <= {facts['target']:g}"
    if facts["probability"] > HOPELESS:
        told = f"No pilot that was looked at is worth its cost, but {_unsure(facts)}"
    else:
        told = (
            f"What a pilot is worth cannot be told: {_unsure(facts)}, so that there is no cost a "
            "pilot could lower"
        )
    parts: Parts = [title(f"{aim}. {told}")]
    verdict = [("verdict", facts["verdict"])]
    verdict += [("next", facts[n]) for n in ("verdict_advice", "next_measurement") if facts[n]]
    if not facts["pilots"]:
        verdict.append(("pilots", "none yet: the law rests on other curves alone; run one first"))
    parts += ["", pairs(verdict)]
    if weighed and not any(row["settles"] for row in weighed):
        parts += ["", line("No pilot that was looked at would make a purchase sure enough.")]
    elif weighed:
        cost = "cost" if facts["run_cost"] is not None else "data"
        heads = ("pilot", "examples", "runs", cost, "P(settled)")
        rows = [
            (
                row["pilot"],
                amount(row["examples"]),
                str(row["repeats"]),
                shown(row["cost"] if row["cost"] is not None else row["data_cost"]),
                chance(row["settles"]),
            )
            for row in weighed[:SHOWN]
        ]
        told = (
            f"in {facts['unit of cost']}. P(settled): that the best purchase after it meets the "
            "target with the wanted probability"
            + (f", or with less than {HOPELESS:g}." if facts["probability"] > HOPELESS else ".")
        )
        if cost == "data":
            told += " data: cost without the runs (pilots.run_cost is not given)."
        parts += ["", grid(heads, rows, "~>>>>"), line(told)]
    return parts


def _unsure(facts: dict[str, Any]) -> str:
    return (
        f"no purchase meets it with the wanted probability {chance(facts['confidence'])} (best: "
        f"{chance(facts['probability'])})"
    )


def _short(ranked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The best candidates, and no pilot, which closes what is worth its cost."""
    short = ranked[:SHOWN]
    if all(row["pilot"] for row in short):
        short = [*short[:-1], next(row for row in ranked if not row["pilot"])]
    return short


def _verdict(facts: dict[str, Any]) -> str:
    aim = f"{facts['project']}: {facts['metric']} <= {facts['target']:g}"
    if facts["best_pilot"] is None:
        return f"{aim}. Run no further pilot: none that was looked at is worth its cost"
    unit, first = facts["unit of cost"], "Next pilot"
    if facts["reaches"] != "yes":
        aim, first = f"{aim}: {_unsure(facts)}", "Before that is bought, run a pilot"
    runs = f"{facts['best_repeats']} run" + ("s" if facts["best_repeats"] > 1 else "")
    worth = f"worth {shown(facts['best_worth'])} +- {shown(facts['best_error'])}"
    pilot = f"{amount(facts['best_examples'])} {facts['best_pilot']}, {runs}"
    if facts["best_cost"] is not None:
        return f"{aim}. {first}: {pilot}, for {shown(facts['best_cost'])} {unit}; {worth}"
    return (
        f"{aim}. {first}, if a run costs less than {shown(facts['best_break_even'])} {unit}: "
        f"{pilot}, for {shown(facts['best_data_cost'])} {unit} of data and the unknown cost of "
        f"the runs; {worth}"
    )
