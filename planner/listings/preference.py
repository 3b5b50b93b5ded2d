"""RLHF or DPO: tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.assumptions import number_row, source_rows
from planner.columns import ASSUMPTIONS, CURRENCY, DIAGNOSIS, RATIO, SUMMARY, WEEK, Spec
from planner.table import Fact, Row, Table, figure, money, whole
from planner.tables import listed, with_columns

if TYPE_CHECKING:
    from planner.preference.answer import Answer
    from planner.preference.breakeven import Flip, State
    from planner.preference.plans import RoutePlan

WIN = "ratio"
ROUTES: Spec = (
    ("route", "", "way from judged pairs to a tuned model"),
    ("chosen", "", "yes for the route to take"),
    ("reaches", "", "whether it reaches the target at the wanted confidence within all limits"),
    ("pairs", "pair", "of people that are used, those in hand included"),
    ("bought", "pair", "of people, of these"),
    ("annotators", "judgement/pair", "of people"),
    ("judged", "pair", "of an AI judge, over all rounds"),
    ("rounds", "round", "of training"),
    ("cost", CURRENCY, "expected, failed runs and contingency included"),
    ("low", CURRENCY, "cost if every price is at the low end of its range"),
    ("high", CURRENCY, "cost if every price is at the high end of its range"),
    ("weeks", WEEK, "from the start date to the end of training"),
    ("win_low", WIN, "low end of the 90% interval of the win rate against the starting model"),
    ("win_rate", WIN, "median of the win rate against the starting model"),
    ("win_high", WIN, "high end of that interval"),
    ("probability", "probability", "that the target is met"),
    ("binds", "", "what keeps it from the target, or sets its size"),
    ("meaning", "", "of the route"),
)
COSTS: Spec = (
    ("route", "", "as in routes"),
    ("item", "", "line of its cost"),
    ("quantity", "see unit", "bought, or expected runs with those that fail"),
    ("unit", "", "of quantity"),
    ("cost", CURRENCY, "without contingency"),
    ("low", CURRENCY, "cost at the low end of its range"),
    ("high", CURRENCY, "cost at the high end of its range"),
    ("provenance", "", "the weakest origin among its numbers"),
)
ACCURACY: Spec = (
    ("pairs", "pair", "of people, judged as the project has it"),
    ("low", RATIO, "low end of the 90% interval of accuracy"),
    ("accuracy", RATIO, "of a reward model against one person's choice, median"),
    ("high", RATIO, "high end of the 90% interval of accuracy"),
)
DISTANCE: Spec = (
    ("d", "sqrt(nat)", "sqrt(KL) from the starting model"),
    ("kl", "nat", "KL from the starting model"),
    ("rl_low", WIN, "low end of the 90% interval of rl"),
    ("rl", WIN, "win rate by reinforcement learning on the RLHF plan's reward model, median"),
    ("rl_high", WIN, "high end of that interval"),
    ("best_low", WIN, "low end of the 90% interval of best"),
    ("best", WIN, "win rate by best-of-n at that KL, median"),
    ("best_high", WIN, "high end of that interval"),
    ("past_peak", "probability", "that reinforcement learning is past its best there"),
)
FLIPS: Spec = (
    ("number", "", "of the project, moved alone"),
    ("unit", "", "of now, value, from and to"),
    ("now", "see unit", "as the project has it"),
    ("side", "", "where the flip was looked for"),
    ("value", "see unit", "at which the choice flips; empty if it does not within from and to"),
    ("from", "see unit", "least value that was tried"),
    ("to", "see unit", "largest value that was tried"),
    ("below", "", "choice below the value, planned anew"),
    ("above", "", "choice above the value, planned anew"),
    ("confirmed", "", "whether the two plans differ as solved; no: a near tie"),
)
RISKS: Spec = (
    ("route", "", "as in routes"),
    ("risk", "", "what may go wrong"),
    ("value", "see unit", "how much"),
    ("unit", "", "of value"),
    ("advice", "", "what to do about it"),
)
RUNS: Spec = (
    ("measure", "", "accuracy of a reward model, or win rate after rl, best-of-n or dpo"),
    ("pairs", "pair", "of people that it was trained on"),
    ("annotators", "judgement/pair", "whose majority is the label of its pairs"),
    ("d", "sqrt(nat)", "sqrt(KL) from the starting model; empty for accuracy and dpo"),
    ("test_size", "comparison", "that value was measured on"),
    ("value", RATIO, "measured"),
    ("low", RATIO, "low end of the 90% interval of the law, test noise not in"),
    ("fitted", RATIO, "median of the law"),
    ("high", RATIO, "high end of that interval"),
)
LAW: Spec = (
    ("name", "", "of the number"),
    ("unit", "", "of all its values"),
    ("low", "see unit", "low end of its 90% interval after the runs"),
    ("median", "see unit", "after the runs"),
    ("high", "see unit", "high end of that interval"),
    ("prior_low", "see unit", "low end of its 90% range before the runs"),
    ("prior", "see unit", "before the runs"),
    ("prior_high", "see unit", "high end of that range"),
    ("provenance", "", "of the range before the runs"),
    ("reference", "", "of the range before the runs"),
    ("meaning", "", "of the number"),
)


def preference_tables(found: Answer) -> dict[str, Table]:
    """Routes with their costs, what binds, where the choice flips, risks, and the law behind."""
    currency = found.question.inputs.currency
    warnings: list[Row] = [("warning", text, None, None, None) for text in found.warnings]
    return with_columns(
        [
            listed("summary", SUMMARY, _facts(found), currency),
            listed(
                "routes", ROUTES, [_route(found, n, p) for n, p in found.plans.items()], currency
            ),
            listed("costs", COSTS, _costs(found), currency),
            listed("accuracy", ACCURACY, [(n, *map(figure, s)) for n, s in found.accuracy.items()]),
            listed("distance", DISTANCE, _distances(found)),
            listed("breakeven", FLIPS, [_flip(each) for each in found.flips]),
            listed("risks", RISKS, _risks(found)),
            listed("runs", RUNS, _runs(found)),
            listed("law", LAW, _law(found)),
            listed("assumptions", ASSUMPTIONS, _assumptions(found), currency),
            listed("diagnosis", DIAGNOSIS, warnings),
        ]
    )


def _facts(found: Answer) -> list[Fact]:
    inputs, plan = found.question.inputs, found.plans[found.choice]
    target = inputs.target
    low, accuracy, high = found.ceiling
    return [
        ("name", inputs.name, "", "of the project"),
        ("currency", inputs.currency, "", "of all costs"),
        ("start", inputs.start, "date", "week 0"),
        ("target", figure(1 - target.error), WIN, "win rate against the starting model to reach"),
        ("confidence", figure(target.confidence), "probability", "wanted"),
        ("budget", money(target.budget), inputs.currency, "most to spend; empty if not limited"),
        ("weeks", figure(target.weeks), "week", "to the end of training; empty if not limited"),
        ("choice", found.choice, "", "route to take, or the one that comes nearest"),
        ("reaches", "yes" if plan.reaches else "no", "", "whether it reaches the target"),
        ("cost", money(plan.cost), inputs.currency, "of the choice, expected"),
        (
            "probability",
            figure(plan.probability),
            "probability",
            "that the choice meets the target",
        ),
        ("ceiling_low", figure(low), RATIO, "low end of the 90% interval of ceiling"),
        ("ceiling", figure(accuracy), RATIO, "accuracy that no number of pairs passes"),
        ("ceiling_high", figure(high), RATIO, "high end of the 90% interval of ceiling"),
        ("doubling", figure(found.doubling[1]), RATIO, "accuracy that twice the RLHF pairs add"),
        ("doubling_low", figure(found.doubling[0]), RATIO, "low end of its 90% interval"),
        ("doubling_high", figure(found.doubling[2]), RATIO, "high end of its 90% interval"),
        ("peak_low", figure(found.peak[0]), "sqrt(nat)", "low end of the 90% interval of peak"),
        ("peak", figure(found.peak[1]), "sqrt(nat)", "sqrt(KL) at which RLHF gains most"),
        ("peak_high", figure(found.peak[2]), "sqrt(nat)", "high end of the 90% interval of peak"),
        ("most_d", figure(found.found.law.most_d), "sqrt(nat)", "that RLHF may reach: most_kl"),
        ("runs", len(found.question.runs), "run", "of one's own that the law rests on"),
    ]


def _route(found: Answer, name: str, plan: RoutePlan) -> Row:
    from planner.preference.routes import MEANING

    option = plan.option
    return (
        name,
        "yes" if name == found.choice else "no",
        "yes" if plan.reaches else "no",
        whole(plan.pairs),
        whole(plan.bought),
        option.votes,
        whole(option.judged),
        option.rounds,
        *(money(each) for each in (plan.cost, plan.low, plan.high)),
        figure(plan.weeks),
        *(figure(each) for each in plan.win_rate),
        figure(plan.probability),
        plan.binds,
        MEANING[name],
    )


def _costs(found: Answer) -> list[Row]:
    return [
        (name, each.item, figure(each.quantity), each.unit, *map(money, (each.cost, each.low)))
        + (money(each.high), each.provenance)
        for name, plan in found.plans.items()
        for each in plan.lines
    ]


def _distances(found: Answer) -> list[Row]:
    from planner.preference.routes import RLHF

    plan = found.plans[RLHF]
    correlation = found.found.routes.correlation(plan.option, np.full((1, 1), plan.pairs))
    peak = found.found.law.peak(correlation)
    return [
        (d, figure(d * d), *map(figure, rl), *map(figure, best), figure(float((peak < d).mean())))
        for d, (rl, best) in found.kl.items()
    ]


def _told(state: State) -> str:
    route, reaches = state
    return route if reaches else f"{route}, short of the target"


def _flip(each: Flip) -> Row:
    return (
        each.name,
        each.unit,
        figure(each.now),
        each.side,
        figure(each.value),
        figure(each.low),
        figure(each.high),
        _told(each.below),
        _told(each.above),
        "yes" if each.confirmed else "no",
    )


def _risks(found: Answer) -> list[Row]:
    return [(r.route, r.risk, figure(r.value), r.unit, r.advice) for r in found.risks]


def _runs(found: Answer) -> list[Row]:
    rows: list[Row] = []
    for run in found.question.runs:
        spread = np.quantile(found.found.law.of_runs().predict(run), (0.05, 0.5, 0.95))
        rows.append(
            (
                run.measure,
                whole(run.pairs),
                run.votes,
                figure(run.d),
                whole(run.test_size),
                figure(run.value),
                *(figure(float(each)) for each in spread),
            )
        )
    return rows


def _law(found: Answer) -> list[Row]:
    law = found.found.law
    rows: list[Row] = []
    for belief in law.beliefs:
        after = np.quantile(law.numbers[belief.name], (0.05, 0.5, 0.95))
        rows.append(
            (
                belief.name,
                belief.unit,
                *(figure(float(each)) for each in after),
                figure(belief.low),
                figure(belief.median),
                figure(belief.high),
                belief.provenance,
                belief.reference,
                belief.note or None,
            )
        )
    return rows


def _assumptions(found: Answer) -> list[Row]:
    from planner.preference.beliefs import FULL_ROUND

    question = found.question
    believed = (*found.found.law.beliefs, FULL_ROUND)
    rows = [number_row("preference", each) for each in question.numbers.values()]
    rows += [number_row("preference", each.assumption()) for each in believed]
    for source in (question.source, question.judge):
        rows += source_rows(source) if source is not None else []
    return rows
