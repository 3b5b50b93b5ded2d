"""A plan in sentences, in each language, as its page, Markdown and a notebook say them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from planner.language import Speech
from planner.screen import amount, chance, money, number, weeks
from planner.table import Value

PROVEN = 0.0005  # a gap that is nothing but rounding
_ENDS = (("low", "_low"), ("error", ""), ("high", "_high"))
Facts = Mapping[str, Any]


def mix(names: Sequence[str], amounts: Sequence[Value], say: Speech) -> str:
    """Amounts by source in words."""
    found = [f"{name} {amount(n)}" for name, n in zip(names, amounts, strict=True) if n]
    return say("list").join(found) or say("page.nothing")


def head_of(facts: Facts, say: Speech) -> str:
    """The plan in a sentence: what is reached, for how much, by when, how surely."""
    project = facts["project"]
    aim = say("page.aim", metric=facts["metric"], target=number(facts["target"]))
    # on draws that the plan was not made for: the search has chosen what suits its own a little
    sure = say("page.sure", chance=chance(facts["fresh_probability"]))
    if facts["reaches"] == "yes" and facts["fresh_probability"] < facts["confidence"]:
        noise = f"{facts['fresh_error']:.2f}"
        sure = say("page.sure.noise", chance=chance(facts["fresh_probability"]), noise=noise)
    sure = say("page.wanted", sure=sure, wanted=chance(facts["confidence"]))
    if facts["reaches"] == "yes" and facts["kept"] == "no":
        sure = say("page.kept too", sure=sure, met=chance(facts["met"]))
    cost = {"cost": money(facts["cost"]), "currency": facts["unit of cost"]}
    spent = say("page.spent", **cost, weeks=weeks(facts["weeks"]))
    if facts["reaches"] != "yes":
        return say("page.head.out", project=project, aim=aim, spent=spent, sure=sure)
    if facts["least"] == "weeks":
        within = say("page.head.weeks.sooner", spent=spent)
        if facts["kept"] == "yes":
            kept = number(facts["kept_within"], 3)
            within = say("page.head.weeks.kept", **cost, within=kept)
        return say("page.head.weeks", project=project, aim=aim, within=within, sure=sure)
    key = "page.head.error" if facts["least"] == "error" else "page.head.cost"
    return say(key, project=project, aim=aim, spent=spent, sure=sure)


def sureness(facts: Facts, say: Speech) -> list[tuple[str, str]]:
    """What is predicted, how good the plan is, how surely it holds, and what binds it."""
    met, noise = facts["fresh_probability"], facts["fresh_error"]
    fresh = f"{met:.3f} +- {noise:.3f}"
    if met == 0:
        fresh = say("page.fresh.below", noise=number(noise, 1))
    elif met == 1:
        fresh = say("page.fresh.above", noise=f"{1 - noise:.4f}")
    ends = {name: number(facts[f"error{end}"]) for name, end in _ENDS}
    found = [
        (say("page.predicted"), say("page.predicted.told", metric=facts["metric"], **ends)),
        (say("page.guess"), _guess(facts, say)),
    ]
    if facts["gap"] is not None:
        bound = {"bound": money(facts["bound"]), "currency": facts["unit of cost"]}
        proof = (
            say("page.good.proven") if facts["gap"] < PROVEN else say("page.good.bound", **bound)
        )
        found.append((say("page.good"), proof))
    found.append((say("page.fresh"), say("page.fresh.told", fresh=fresh)))
    if min(facts["on_budget"], facts["on_time"]) < 1:
        each = (("budget", "on_budget"), ("weeks", "on_time"))
        kept = say("list").join(
            say(f"page.kept.{word}", chance=chance(facts[key]))
            for word, key in each
            if facts[key] < 1
        )
        text = say("page.kept.told", kept=kept, met=chance(facts["met"]))
        found.append((say("page.kept"), text))
    found.append((say("page.limits"), limits_of(facts, say)))
    binds = say.phrase(facts["binding"]) if facts["binding"] else say("page.binds.none")
    found.append((say("page.binds"), binds))
    return found


def limits_of(facts: Facts, say: Speech) -> str:
    """Budget and weeks as given."""
    found = []
    if facts["budget"] is not None:
        budget = {"budget": money(facts["budget"]), "currency": facts["unit of cost"]}
        found.append(say("page.limits.budget", **budget))
    if facts["weeks_limit"] is not None and facts.get("least") != "weeks":
        found.append(say("page.limits.weeks", weeks=number(facts["weeks_limit"])))
    return say("page.limits.and").join(found) or say("page.limits.none")


def _guess(facts: Facts, say: Speech) -> str:
    if facts["best_guess_cost"] is None:
        return say("page.guess.none")
    model = ""
    if facts.get("best_guess_model", facts.get("model")) != facts.get("model"):
        model = say("page.guess.model", model=facts["best_guess_model"])
    told = say(
        "page.guess.told",
        cost=money(facts["best_guess_cost"]),
        currency=facts["unit of cost"],
        model=model,
        chance=chance(facts["best_guess_probability"]),
    )
    only = facts["best_guess_probability"] < facts["confidence"]
    return say("page.guess.only", told=told) if only else told


def unreached(rows: Iterable[Mapping[str, Any]], say: Speech) -> list[str]:
    """Why each of the rows of the frontier that have no cost is out of reach, a sentence each."""
    return [
        say("page.out.why", target=_aim(row, say), why=say.phrase(str(row["note"])))
        for row in rows
        if row["cost"] is None and row["note"]
    ]


def less_sure(rows: Iterable[Mapping[str, Any]], facts: Facts, say: Speech) -> list[str]:
    """That the plan of the project's own target keeps all less surely than wanted, if it does."""
    return [
        say("page.out.less", target=number(row["target"]), met=chance(facts["met"]))
        for row in rows
        if facts["kept"] == "no" and row["target"] == facts["target"] and row["cost"] is not None
    ]


def _aim(row: Mapping[str, Any], say: Speech) -> str:
    """The target of a row of the frontier, or of groups the factor on all of them."""
    return number(row["target"]) if "target" in row else say("page.times", n=number(row["factor"]))


def path_head(facts: Facts, say: Speech) -> str:
    """What buying in rounds costs, and buying all at once."""
    costs = {"expected": money(facts["expected_cost"]), "once": money(facts["one_shot_cost"])}
    return say("page.path", **costs)
