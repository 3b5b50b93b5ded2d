"""The page of the verdict on an idea, in each language; nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.language import Speech
from planner.screen import Parts, Tables, amount, facts_of, grid, line, number, pairs, title
from planner.screen import money as shown
from planner.screen import weeks as in_weeks
from planner.table import whole
from planner.verdict import NOT, SPARE

NEXT = 2.0  # times the largest pilot that an experiment on data takes


def chance(value: Any) -> str:
    """A probability with two decimals; draws never tell that something is certain."""
    if value is None:
        return ""
    return "> .99" if value >= 0.995 else "< .01" if value < 0.005 else f"{value:.2f}"


class _Page:
    """The verdict table of a study, spoken in one language."""

    def __init__(self, tables: Tables, say: Speech) -> None:
        self.say, self.facts = say, facts_of(tables["summary"])
        self.rows = tables["verdict"].records()

    def all(self, part: str, item: str) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["part"] == part and row["item"] == item]

    def one(self, part: str, item: str, subject: str | None = None) -> dict[str, Any]:
        found = [row for row in self.all(part, item) if subject in (None, row["subject"])]
        return found[0] if found else {}

    @property
    def answer(self) -> dict[str, Any]:
        return self.one("verdict", "answer")


def verdict_parts(tables: Tables, language: str = "en") -> Parts:
    """The whole verdict: three questions, their evidence, the checklists, what to measure next."""
    page = _Page(tables, Speech(language))
    say, facts = page.say, page.facts
    head = say(
        "title",
        project=facts["project"],
        metric=facts["metric"],
        target=number(facts["target"]),
        answer=say(f"answer.{page.answer['answer']}"),
        chance=_met(page, "feasible"),
        wanted=chance(facts["confidence"]),
    )
    parts: Parts = [title(head), "", *_asked(page), line(say("question.note"))]
    parts += ["", pairs(_reasons(page))]
    parts += ["", title(say("part.supply")), *_supplied(page)]
    parts += ["", title(say("part.model")), pairs(_modelled(page))]
    parts += ["", *verdict_feasible(tables, language)]
    parts += ["", title(say("part.stages")), _stages(page)]
    return [*parts, "", title(say("part.patterns")), _patterns(page)]


def verdict_short(tables: Tables, language: str = "en") -> Parts:
    """The verdict as a plan's page begins with it: the answer, the three questions, why."""
    page = _Page(tables, Speech(language))
    return [line(verdict_sentence(tables, language)), *_asked(page)]


def verdict_sentence(tables: Tables, language: str = "en") -> str:
    """The answer with its probability, and why."""
    page = _Page(tables, Speech(language))
    say, sure = page.say, _met(page, "feasible")
    told = say("short", answer=say(f"answer.{page.answer['answer']}"), chance=sure)
    why = say("and then").join(_because(name, say) for name in _lacking(page))
    return f"{told}: {why}" if say.name == "en" else f"{told}：{why}"


def verdict_feasible(tables: Tables, language: str = "en") -> Parts:
    """Whether budget and weeks allow it, as both pages of a verdict say."""
    page = _Page(tables, Speech(language))
    return [title(page.say("part.feasible")), pairs(_feasible(page))]


def _lacking(page: _Page) -> list[str]:
    return [str(row["answer"]) for row in page.all("verdict", "lacking")] or ["none"]


def _because(name: str, say: Speech) -> str:
    return say(f"lacking.{name}", times=f"{SPARE:g}")


def _asked(page: _Page) -> Parts:
    say = page.say
    rows = []
    for item in ("supply", "model", "feasible"):
        row = page.one("question", item)
        rows.append(
            (
                say(f"question.{item}"),
                say(f"answer.{row['answer']}"),
                chance(row["probability"]),
                chance(row["given"]),
            )
        )
    heads = [say(f"head.{name}") for name in ("question", "answer", "chance", "given")]
    return [grid(heads, rows, "<<>>")]


def _reasons(page: _Page) -> list[tuple[str, str]]:
    say, unit = page.say, page.facts["unit of cost"]
    found = [
        (say("lacking") if at == 0 else "", _because(name, say))
        for at, name in enumerate(_lacking(page))
    ]
    cost = page.one("next", "cost")
    what = say("list").join(
        say("measure.amount", amount=amount(whole(row["value"])), name=row["subject"])
        for row in page.all("next", "examples")
    )
    if not cost:
        reaches = page.facts["reaches"] == "yes"
        nothing = say("measure.once" if reaches else "measure.none")
        return [*found, (say("measure"), nothing), *_firm(page)]
    spent = say("measure.unpriced") if cost["value"] is None else shown(cost["value"])
    if page.facts["reaches"] == "yes":
        text = say("measure.round", what=what, cost=spent, currency=unit)
    else:
        sure = cost["probability"]
        told = "overturns" if page.answer["answer"] == NOT else "settles"
        settles = say(f"measure.{told}", chance=chance(sure)) if sure is not None else ""
        if cost["value"] is not None and cost["answer"] == "data":
            settles = say("measure.data") + settles
        if sure is None:
            settles += say("measure.unweighed")
        runs = amount(whole(page.one("next", "runs")["value"]))
        text = say(
            "measure.pilot", what=what, runs=runs, cost=spent, currency=unit, settles=settles
        )
    return [*found, (say("measure"), text), *_firm(page)]


def _firm(page: _Page) -> list[tuple[str, str]]:
    """What firm prices and dates would bring, where their ranges are in the way."""
    if "ranges" not in _lacking(page):
        return []
    sure = chance(page.facts["fresh_probability"])
    return [("", page.say("measure.firm", chance=sure))]


def _size(value: Any, say: Speech) -> str:
    return say("out of reach") if value is None else amount(whole(float(f"{value:.3g}")))


def _supplied(page: _Page) -> Parts:
    say = page.say
    rows = []
    for row in page.all("supply", "most"):
        name = row["subject"]
        speed, alone = page.one("supply", "speed", name), page.one("supply", "alone", name)
        when = page.one("supply", "weeks", name)["value"]
        needed = say("supply.text") if alone["answer"] is None else say("supply.never")
        rows.append(
            (
                name,
                say("supply.unlimited") if row["value"] is None else amount(whole(row["value"])),
                say("supply.unlimited")
                if speed["value"] is None
                else amount(whole(speed["value"])),
                needed if alone["value"] is None else _size(alone["value"], say),
                in_weeks(when),
                say.phrase(str(row["answer"] or "")),
            )
        )
    heads = [
        say(f"supply.head.{n}") for n in ("source", "most", "speed", "alone", "weeks", "limit")
    ]
    half, sure = (_size(page.one("need", name)["value"], say) for name in ("half", "sure"))
    most, room = page.one("need", "available"), chance(page.one("need", "room")["probability"])
    had = say("supply.unlimited") if most["value"] is None else _size(most["value"], say)
    told = say("supply.need", half=half, sure=sure, most=had, room=room)
    return [grid(heads, rows, "~>>>>~"), line(told)]


def _percent(value: Any) -> str:
    return f"{value:.0%}"


def _likeliest(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return max(rows, key=lambda row: row["probability"])


def _modelled(page: _Page) -> list[tuple[str, str]]:
    say = page.say
    found = [
        (say("model.unlimited"), say("model.met", chance=_met(page, "model"))),
        (say("model.available"), say("model.met", chance=_met(page, "supply"))),
    ]
    for part in ("now", "planned"):
        if not (stages := page.all(part, "stage")):
            continue
        best, error = _likeliest(stages), page.one(part, "error")
        text = say(
            "model.stage",
            stage=say(f"stage.{best['answer']}"),
            chance=chance(best["probability"]),
            size=_size(page.one(part, "size")["value"], say),
            drop=_percent(page.one(part, "drop")["value"]),
            **_ends(error, "error"),
        )
        found.append((say(f"model.stage {part}"), text))
    best, halving = _likeliest(page.all("pattern", "pattern")), page.one("pattern", "halving")
    key = "model.halving" if halving["probability"] >= 0.5 else "model.no halving"
    share = _percent(halving["probability"])
    told = say(key, times=amount(halving["value"]), share=share)
    text = say(
        "model.pattern.told",
        pattern=say(f"pattern.{best['answer']}"),
        chance=chance(best["probability"]),
        halving=told,
    )
    found.append((say("model.pattern"), text))
    floor = say("model.floor.told", **_ends(page.one("now", "floor"), "floor"))
    return [*found, (say("model.floor"), floor)]


def _ends(row: Mapping[str, Any], name: str) -> dict[str, str]:
    shown = {name: row["value"], "low": row["low"], "high": row["high"]}
    return {key: number(value, 3) for key, value in shown.items()}


def _met(page: _Page, item: str) -> str:
    return chance(page.one("question", item)["probability"])


def _feasible(page: _Page) -> list[tuple[str, str]]:
    say, facts = page.say, page.facts
    unit = facts["unit of cost"]
    found = [
        (
            say("feasible.plan"),
            say(
                "feasible.plan.told",
                cost=shown(facts["cost"]),
                currency=unit,
                weeks=in_weeks(facts["weeks"]),
                chance=chance(facts["fresh_probability"]),
            ),
        )
    ]
    budget = say("feasible.budget.none")
    if facts["budget"] is not None:
        budget = say(
            "feasible.budget.told",
            budget=shown(facts["budget"]),
            currency=unit,
            spare=number(page.one("need", "spare")["value"], 2) or "-",
            chance=chance(facts["on_budget"]),
        )
    limit = say("feasible.weeks.none")
    if facts["weeks_limit"] is not None:
        limit = say(
            "feasible.weeks.told",
            weeks=number(facts["weeks_limit"]),
            chance=chance(facts["on_time"]),
        )
    met = say("feasible.met.told", chance=chance(facts["met"]))
    binds = [say.phrase(str(row["answer"])) for row in page.all("verdict", "binding")]
    found += [
        (say("feasible.budget"), budget),
        (say("feasible.weeks"), limit),
        (say("feasible.met"), met),
        (say("feasible.binds"), say("and then").join(binds) or say("feasible.binds.none")),
    ]
    for row in page.all("model", "total"):
        why = say("feasible.model.chosen") if row["answer"] == "chosen" else ""
        text = say(
            "feasible.model.told",
            total=shown(row["value"]),
            currency=unit,
            chance=chance(row["probability"]),
            why=why,
        )
        found.append((say("feasible.model", name=row["subject"]), text))
    return found


def _stages(page: _Page) -> Any:
    say = page.say
    planned = {row["answer"]: row["probability"] for row in page.all("planned", "stage")}
    gaps = {
        "size": _size(page.one("now", "size")["value"], say),
        "error": number(page.one("now", "error")["value"], 3),
        "drop": _percent(page.one("now", "drop")["value"]),
        "floor": number(page.one("now", "floor")["value"], 3),
    }
    rows = [
        (
            say(f"stage.{row['answer']}"),
            chance(row["probability"]),
            chance(planned.get(row["answer"])),
            say(f"sign.{row['answer']}", **gaps),
        )
        for row in page.all("now", "stage")
    ]
    heads = [say(f"stage.head.{name}") for name in ("stage", "now", "planned", "sign")]
    return grid(heads, rows, "<>>~")


def _patterns(page: _Page) -> Any:
    say = page.say
    shares = {row["answer"]: row["probability"] for row in page.all("pattern", "pattern")}
    capped, known = page.one("pattern", "capped"), page.one("pattern", "breakthrough")
    binds = [say.phrase(str(row["answer"])) for row in page.all("verdict", "binding")]
    gaps = {
        "size": _size(NEXT * page.one("now", "size")["value"], say),
        "capped": number(capped.get("value"), 3),
        "binding": say("and then").join(binds),
        "params": number(known.get("value"), 3),
    }
    rows = []
    for name in ("ordinary", "emergent", "ran out of data", "ran out of compute", "slow"):
        key = f"experiment.{name}"
        key += ".known" if name == "emergent" and known else ""
        key += ".free" if name == "ran out of data" and not binds else ""
        share = chance(shares[name]) if name in shares else say("pattern.unknown")
        rows.append((say(f"pattern.{name}"), share, say(key, **gaps)))
    heads = [say(f"pattern.head.{name}") for name in ("pattern", "share", "next")]
    return grid(heads, rows, "<>~")
