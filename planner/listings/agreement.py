"""How raters agree, and what their votes are worth: tables and page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.columns import DIAGNOSIS, SUMMARY, Spec
from planner.screen import (
    Parts,
    Tables,
    amount,
    chance,
    facts_of,
    grid,
    line,
    number,
    pairs,
    span,
    title,
)
from planner.screen import money as spent
from planner.table import Fact, Row, Table, figure, whole
from planner.tables import listed, with_columns

if TYPE_CHECKING:
    from sources.assessment import Assessment

LEAST_GOOD = 10  # raters that a page lists
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


def agreement_tables(found: Assessment) -> dict[str, Table]:
    """What judgements say of raters, label noise, and the cheapest redundancy."""
    coefficients: list[Row] = [
        (one.name, figure(one.value), figure(one.low), figure(one.high), one.meaning)
        for one in found.coefficients
    ]
    warnings: list[Row] = [("warning", text, None, None, None) for text in found.warnings]
    return with_columns(
        [
            listed("summary", SUMMARY, _agreement_facts(found)),
            listed("coefficients", COEFFICIENTS, coefficients),
            listed("noise", NOISE, _noise_rows(found)),
            listed("redundancy", REDUNDANCY, _redundancy_rows(found), "USD"),
            listed("raters", RATERS, _rater_rows(found)),
            listed("confusion", CONFUSION, _confusion_rows(found)),
            listed("diagnosis", DIAGNOSIS, warnings),
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
    from sources.redundancy import VOTES

    rows: list[Row] = []
    for votes, counted in zip(VOTES, found.observed, strict=True):
        if found.hardness is None:
            rows.append((votes, None, None, None, None, figure(counted)))
            continue
        alone = found.hardness.independent(votes)
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


def agreement_parts(tables: Tables) -> Parts:
    """How raters agree, what their votes are worth, and how many to buy."""
    facts = facts_of(tables["summary"])
    counted = f"{amount(facts['judgements'])} judgements of {amount(facts['items'])} items"
    parts: Parts = [title(f"{counted} by {amount(facts['raters'])} raters")]
    rows = [
        (
            row["coefficient"],
            number(row["value"], 3),
            span(row["low"], row["high"], 3),
            row["meaning"],
        )
        for row in tables["coefficients"].records()
        if row["value"] is not None
    ]
    parts += [grid(("agreement", "value", "90% interval", "of"), rows, "<>>~")]
    parts += _noise_parts(tables, facts) + _redundancy_parts(tables, facts)
    parts += _rater_parts(tables, facts)
    warnings = [str(row["answer"]) for row in tables["diagnosis"].records()]
    return parts + [pairs([("warning", text)]) for text in warnings]


def _noise_parts(tables: Tables, facts: dict[str, Any]) -> Parts:
    rows = [
        (
            row["votes"],
            number(row["noise"], 3),
            span(row["low"], row["high"], 3),
            number(row["independent"], 3),
            number(row["observed"], 3),
        )
        for row in tables["noise"].records()
        if row["noise"] is not None or row["observed"] is not None
    ]
    if not rows:
        return []
    on = f" ({amount(facts['used'])} items)" if facts["used"] else ""
    against = "most raters" if facts["basis"] == "votes" else "known answers"
    heads = ("votes", "noise", "90% interval", "if independent", "observed")
    return ["", title(f"Label noise against {against}{on}"), grid(heads, rows, ">>>>>")]


def _redundancy_parts(tables: Tables, facts: dict[str, Any]) -> Parts:
    rows = [
        (
            "3 if 2 differ" if row["adaptive"] == "yes" else row["votes"],
            number(row["bought"], 3),
            number(row["cost"], 3),
            number(row["share"], 3),
            number(row["effective_cost"], 3),
            span(row["effective_low"], row["effective_high"], 3),
            chance(row["cheapest"]),
        )
        for row in tables["redundancy"].records()
    ]
    if not rows:
        return []
    item = f", {number(facts['item_cost'])} USD an item" if facts["item_cost"] else ""
    price = f"{number(facts['pay'])} USD a judgement on {facts['platform']}{item}"
    heads = ("votes", "bought", "cost", "worth", "cost/worth", "90% interval", "P(best)")
    classes = facts["classes"]
    formula = "(1 - 2 noise)^2" if classes == 2 else f"(1 - noise x {classes}/{classes - 1})^2"
    limits = (
        f"bought: judgements an item; worth: effective examples an item, {formula}, which holds"
        " for errors that fall at random; hard items often cost a model less"
    )
    way = "a third vote where two differ" if facts["adaptive"] == "yes" else facts["votes"]
    best = "none: the noise may leave nothing of an example"
    if facts["votes"] is not None:
        best = f"{way} an item, with probability {chance(facts['sure'])}"
    known = [("cheapest votes", best)]
    if facts["fee_step"] is not None:
        told = f"from {amount(facts['fee_step'])} votes of one task on, {facts['platform']} takes"
        known.append(("fee step", f"{told} {number(facts['fee_extra'])} of the pay more"))
    table = grid(heads, rows, ">>>>>>>")
    return ["", title(f"Redundancy at {price}"), table, line(limits), pairs(known)]


def _rater_parts(tables: Tables, facts: dict[str, Any]) -> Parts:
    known = tables["raters"].records()
    order = {"spammer": 0, "worse than chance": 1}
    ranked = sorted(
        (row for row in known if row["accuracy"] is not None),
        key=lambda row: (order.get(str(row["state"]), 2), row["high"]),
    )
    rows = [
        (
            row["rater"],
            amount(row["judgements"]),
            chance(row["accuracy"]),
            f"{chance(row['low'])} to {chance(row['high'])}",
            chance(row["chance"]),
            row["state"],
        )
        for row in ranked[:LEAST_GOOD]
    ]
    states = [str(row["state"]) for row in known]
    told = "; ".join(f"{each} {amount(states.count(each))}" for each in sorted(set(states)))
    heads = ("rater", "judgements", "accuracy", "90% interval", "chance", "")
    parts: Parts = ["", title(f"Raters: {told}"), grid(heads, rows, "~>>>>~")]
    if len(known) > len(rows):
        parts.append(line(f"the {len(rows)} least good; all of them: --json or --out DIR"))
    parts.append("")
    about = []
    if facts["estimate_right"] is not None:
        found = (
            f"Dawid-Skene {facts['estimate_right']:.3f}, all votes {facts['majority_right']:.3f}"
        )
        about.append(("known answers", f"found by {found}"))
    if facts["seconds"] is not None:
        span = f"{number(facts['seconds_low'], 3)} to {number(facts['seconds_high'], 3)}"
        hour = (
            f"; the pay is {spent(facts['pay_per_hour'])} USD an hour"
            if facts["pay_per_hour"]
            else ""
        )
        about.append(("seconds", f"{number(facts['seconds'], 3)} a judgement ({span}){hour}"))
    return parts + ([pairs(about)] if about else [])
