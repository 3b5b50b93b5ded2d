"""The whole answer to RLHF or DPO: law, plans of all routes, choice, flips, risks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from planner.preference import laws
from planner.preference.breakeven import Flip, flips
from planner.preference.fit import FEW, MEASURES, PreferenceLaw, Run
from planner.preference.laws import FloatArray
from planner.preference.plans import ENDS, Needs, RoutePlan, best_by_route, chosen, work_out
from planner.preference.question import Question
from planner.preference.routes import DPO, REPLACED, RLHF, judge_margin
from planner.preference.spending import attempts

PAIRS = (500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000)
DISTANCES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.5, 7.5, 10.0, 15.0, 20.0)
ODD, MISFIT = 4.0, 0.02  # deviations, and what no test noise explains, from where a run is told of
COLD = 2000  # pairs below which nothing was learned, whatever the model (Gao 2022, section 3.3)
Span = tuple[float, float, float]


@dataclass(frozen=True)
class Risk:
    """What may go wrong on a route, a number that says how much, and what to do about it."""

    route: str
    risk: str
    value: float
    unit: str
    advice: str


@dataclass(frozen=True)
class Answer:
    """What `dataplan preference` prints.

    accuracy  pairs of people -> accuracy [ratio] of a reward model against one person's choice
    ceiling   [ratio] of that accuracy, however many pairs
    doubling  [ratio] of accuracy that twice the plan's pairs would add
    peak      [sqrt(nat)] at which reinforcement learning gains most with the RLHF plan's pairs
    kl        d -> win rate by reinforcement learning, and by best-of-n, of that reward model
    """

    question: Question
    found: Needs
    plans: dict[str, RoutePlan]
    choice: str
    flips: tuple[Flip, ...]
    accuracy: dict[float, Span]
    ceiling: Span
    doubling: Span
    peak: Span
    kl: dict[float, tuple[Span, Span]]
    risks: tuple[Risk, ...]
    warnings: tuple[str, ...]


def answer(question: Question, stage: Callable[[str], None] = lambda _: None) -> Answer:
    """Fit, plan every route, choose, and find where the choice flips."""
    stage("fitting the law of preferences")
    found = work_out(question)
    plans = best_by_route(question, found)
    best = chosen(question, plans)
    turned = flips(question, found, stage)
    law, rlhf = found.law, plans[RLHF]
    at_plan = found.routes.correlation(rlhf.option, np.full((1, 1), rlhf.pairs))
    twice = found.routes.correlation(rlhf.option, np.full((1, 1), 2 * rlhf.pairs))
    agreement = law.of("agreement")
    more = laws.accuracy(twice, agreement) - laws.accuracy(at_plan, agreement)
    d = np.array(DISTANCES)
    rl = laws.win_rate(law.gain(at_plan, d))
    best_of = laws.win_rate(law.gain(at_plan, d, "best"))
    return Answer(
        question=question,
        found=found,
        plans=plans,
        choice=best,
        flips=turned,
        accuracy={n: accuracy_at(found, n, question.given) for n in PAIRS},
        ceiling=_span(laws.accuracy(law.top(), agreement)),
        doubling=_span(more),
        peak=_span(law.peak(at_plan)),
        kl={each: (_span(rl[:, i]), _span(best_of[:, i])) for i, each in enumerate(DISTANCES)},
        risks=_risks(question, found, plans, at_plan),
        warnings=(*_warnings(question, plans[best]), *_odd_runs(question, law)),
    )


def accuracy_at(found: Needs, pairs: float, votes: int) -> Span:
    """Accuracy [ratio] of a reward model with so many pairs of `votes` judgements, 90% interval."""
    return _span(found.law.predict(Run("accuracy", pairs, 0.0, 1.0, votes=votes)))


def _span(draws: FloatArray) -> Span:
    low, middle, high = np.quantile(draws, ENDS)
    return float(low), float(middle), float(high)


def _risks(
    question: Question, found: Needs, plans: dict[str, RoutePlan], at_plan: FloatArray
) -> tuple[Risk, ...]:
    law = found.law
    failure = question.value("rl_failure")
    run = sum(
        line.cost / attempts(question, "rl_failure")[1]
        for line in plans[RLHF].lines
        if line.item in ("reinforcement learning", "own answers")
    )
    peak = law.peak(at_plan)
    past = laws.win_rate(law.gain(at_plan, 2 * peak))
    top = laws.win_rate(law.rl_best(at_plan))
    risks = [
        Risk(
            RLHF, "a run fails", failure, "probability", "keep checkpoints; try a small run first"
        ),
        Risk(
            RLHF, "two runs in a row fail", failure**2, "probability", "set a run aside in budget"
        ),
        Risk(RLHF, "cost of a failed run", run, question.inputs.currency, "stop it early"),
        Risk(
            RLHF,
            "win rate lost at twice the best sqrt(KL)",
            float(np.median(top - past)),
            "ratio",
            "let people compare checkpoints on the way; the reward model cannot tell",
        ),
    ]
    for route in (DPO, RLHF):
        plan = plans[route]
        worth = found.routes.worth(plan.option) * plan.pairs
        cold = float((worth <= law.of("cold_pairs")).mean())
        risks.append(Risk(route, "so few pairs teach nothing", cold, "probability", "pilot first"))
    pairs = plans[DPO].pairs
    risks.append(
        Risk(
            DPO,
            "pairs are of the starting model's answers",
            pairs,
            "pair",
            "refresh them in rounds",
        )
    )
    if question.judge is not None:
        share = float(
            np.median(laws.correlation_of(judge_margin(law) ** law.of("systematic_share")))
        )
        advice = "check the judge on pairs of people in every round"
        risks.append(Risk("with a judge", "correlation that its bias allows", share, "1", advice))
        rounds = plans[REPLACED].option.rounds
        risks.append(
            Risk(
                REPLACED, "errors add up over rounds, factor", float(rounds), "1", "keep old pairs"
            )
        )
    return tuple(risks)


def _odd_runs(question: Question, law: PreferenceLaw) -> list[str]:
    """Runs that even the fitted law does not explain: farther off than misfit and test may be."""
    told = law.of_runs()
    found = []
    for run in question.runs:
        low, middle, high = _span(told.predict(run))
        noise = math.sqrt(middle * (1 - middle) / run.test_size)
        if abs(run.value - middle) > ODD * math.hypot(MISFIT, noise):
            found.append(
                f"the run of {run.measure} on {run.pairs:,.0f} pairs measured {run.value:.3g}, "
                f"where the law has {low:.3g} to {high:.3g}: check it, and people's agreement"
            )
    return found


def _warnings(question: Question, best: RoutePlan) -> tuple[str, ...]:
    counts = {name: sum(run.measure == name for run in question.runs) for name in MEASURES}
    few = [
        f"{count or 'no'} run{'s' if count != 1 else ''} of {name}"
        for name, count in counts.items()
        if count < FEW and name != "best-of-n"
    ]
    found = []
    if few:
        told = "what is said of it rests on judgements, see the table law"
        found.append(f"weak prior: {', '.join(few)}; {told}")
    of_runs = question.runs_agreement
    if question.runs and of_runs.name != "runs_agreement":
        found.append(
            f"runs are taken to be of people who agree as those now do; before you change their "
            f"agreement, write preference.runs_agreement = {of_runs.value:g}: where the choice "
            "flips is worked out with it"
        )
    if 0 < best.pairs < COLD:
        found.append(
            f"{best.pairs:,.0f} pairs: below about {COLD:,} nothing was learned in Gao 2022, "
            "whatever the size of the model"
        )
    sources = [question.source, *([question.judge] if question.judge else [])]
    found += [text for source in sources for text in source.warnings]
    return (*question.inputs.warnings, *found)
