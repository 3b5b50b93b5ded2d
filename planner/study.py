"""The one composition that CLI and library share: project -> law -> plan -> path -> diagnosis."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.diagnose import as_planned, diagnose
from planner.errors import Fault, InputError
from planner.fit import fit_whole
from planner.fitted import FittedLaw, weighted_quantile
from planner.growth import GrowthLaw, fit_growth
from planner.idea import Idea, followed, idea_of
from planner.marginal import Marginal, marginals, point_now
from planner.optimise import cheapest_plan, frontier
from planner.pilots import Pilots
from planner.plan import Diagnosis, Path, Plan, Target
from planner.prior import BIASED_EXCESS, UNBIASED_SATURATION, Beliefs, SourceBelief, Split
from planner.project import Inputs
from planner.questions import least_error, least_weeks
from planner.risk import Risk, risk_of
from planner.rounds import path
from planner.secure import Secured, secure_plan, secured_points
from planner.sensitivity import Rebuild, Refit, Sensitivity, sensitivity
from planner.spread import representative
from planner.tried import Beside, Tried
from planner.unreached import UNTOLD, Reasons
from planner.verdict import said
from sources import catalogue
from sources.base import Source, SourceError

REPEATS = 15.39  # R*: repetitions after which text read again is worth next to nothing more
CONFIDENCES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # of the target, whose costs are compared
# variance of a probability over the law's draws against that of independent ones: five are of one
# chain (tests/benchmarks/test_fresh_draws.py measures it)
ALIKE = 2.5
POINTS = 12  # targets of the frontier, beside the project's own
Progress = Callable[[str], None]


@dataclass(frozen=True)
class FrontierPoint:
    """Cheapest plan for one target; None where the limits allow none. of: with candidate models
    the one that the plan is for. why: what keeps the target out of reach, in words."""

    target: float
    plan: Plan | None
    of: Beside | None = None
    why: str = UNTOLD


@dataclass(frozen=True)
class SurePoint:
    """Cheapest plan for the target at one confidence [1]; None where the limits allow none. of: as
    of a FrontierPoint."""

    confidence: float
    plan: Plan | None
    of: Beside | None = None


@dataclass(frozen=True)
class Study:
    """Everything that follows from a project, ready for tables.

    best_guess is the cheapest plan for the single best-fitting law taken at its word, and
    best_guess_probability the chance under the whole law that it would have met the target; None
    where even that law reaches the target within no limits.
    surer: the target at other confidences, rising; empty unless sensitivity was asked for.
    fresh: P(target met) on draws that the plan was not made for, and its standard error.
    sensitivity: None unless it was asked for; where the target is out of reach, limits alone.
    models: candidate models, the chosen one first; none where the project names none. Where it
    does, plans hold purchases and what training on them costs; what the model of each costs beside
    (`models[0].overhead` of the plan, `of` of the points, best_guess_of) has been taken from the
    budget of their target.
    idea: verdict, stages, pattern and supply in numbers; None in a study made by hand.
    """

    inputs: Inputs
    law: FittedLaw
    plan: Plan
    risk: Risk
    frontier: tuple[FrontierPoint, ...]
    path: Path
    diagnosis: Diagnosis
    best_guess: Plan | None
    best_guess_probability: float | None
    warnings: tuple[str, ...]
    surer: tuple[SurePoint, ...] = ()
    fresh: tuple[float, float] = (math.nan, math.nan)
    sensitivity: Sensitivity | None = None
    models: tuple[Tried, ...] = ()
    idea: Idea | None = None
    best_guess_of: Beside | None = None

    @property
    def kept(self) -> bool:
        """Whether target, budget and weeks are kept together at the wanted confidence, as far as
        fresh draws can tell: within two of their standard errors."""
        noise = self.fresh[1] if math.isfinite(self.fresh[1]) else 0.0
        return self.plan.reaches and self.risk.met + 2 * noise >= self.plan.target.confidence - 1e-9


@dataclass(frozen=True)
class Standing:
    """Where a project stands before it buys: its law, and what each source would bring next.

    point    [example] of each source, as `basis` says in words
    ranking  every source, the largest decrease of the error per money first
    """

    inputs: Inputs
    law: FittedLaw
    point: Mapping[str, float]
    basis: str
    ranking: tuple[Marginal, ...]

    @property
    def step(self) -> float:
        """Examples more of each source that are compared [example], unless a source has fewer."""
        return max((each.examples for each in self.ranking), default=0.0)


def stand(inputs: Inputs, progress: Progress | None = None) -> Standing:
    """Fit the law and rank the sources at today's data. Raises InputError as `run` does."""
    if progress:
        progress("fitting the law")
    law, _ = _halves(inputs)
    point, basis = point_now(inputs.sources, inputs.pilots, law)
    return Standing(
        inputs, law, point, basis, marginals(law, inputs.sources, point, inputs.target.weeks)
    )


def _halves(inputs: Inputs) -> tuple[FittedLaw, FittedLaw]:
    """The law in the project's number of draws, and many fresh ones on which to check a plan: made
    for the first, it suits these a little better than any others."""
    return halves(inputs, fitted(inputs, inputs.pilots))


def fitted(inputs: Inputs, pilots: Pilots | None) -> FittedLaw:
    """The law of some pilots of a project, in several times its number of draws."""
    return fit_whole(
        pilots or _no_pilots(), beliefs=beliefs(inputs), seed=inputs.seed, draws=inputs.draws
    )


def halves(inputs: Inputs, whole: FittedLaw) -> tuple[FittedLaw, FittedLaw]:
    """A project's number of draws of a law that stand for all of them, and the others."""
    chosen = representative(whole, inputs.draws, np.random.default_rng(inputs.seed))
    others = np.delete(np.arange(len(whole.weights)), chosen)
    return whole.pick(chosen), whole.pick(others, weighted=True)


def run(
    inputs: Inputs,
    progress: Progress | None = None,
    *,
    with_sensitivity: bool = False,
) -> Study:
    """Fit, plan, and diagnose a project. `progress` is called with the name of each stage as it
    begins. with_sensitivity: also plan anew for each assumption's ends and for other confidences,
    which takes longer. Candidate models are models.py's business. Raises InputError where the
    project leaves the law undefined."""
    say = progress or (lambda stage: None)
    inputs = _of_all_groups(inputs)
    say("fitting the law")
    law, fresh = _halves(inputs)
    say("searching the cheapest plan")
    inputs, secured = solved(inputs, law, fresh)
    guess, chance = _best_guess(inputs, law)
    say("tracing the frontier")
    plan, points = _frontier(inputs, law, secured)
    swings = None
    surer: tuple[SurePoint, ...] = ()
    if with_sensitivity and inputs.least == "cost":
        say("planning anew for each assumption")
        swings = sensitivity(
            inputs.sources,
            law,
            plan,
            contingency=inputs.contingency,
            rebuild=rebuilder(inputs),
            refit=_refit(inputs),
        )
        surer = _surer(inputs, law, plan)
    say("laying out rounds and diagnosis")
    study = studied(inputs, law, fresh, plan, points)
    return replace(
        study,
        best_guess=guess,
        best_guess_probability=chance,
        warnings=(*study.warnings, *no_swings(inputs, with_sensitivity)),
        surer=surer,
        sensitivity=swings,
    )


def studied(
    inputs: Inputs,
    law: FittedLaw,
    fresh: FittedLaw,
    plan: Plan,
    points: tuple[FrontierPoint, ...],
    offered: Sequence[Source] | None = None,
) -> Study:
    """The study of a plan that was made: its chances, rounds, diagnosis and idea; best guess and
    what sensitivity asks for left out. offered: the sources for its rounds, if not the project's.
    """
    chances = fresh_chance(fresh, plan)
    # the chance to state is that on draws that the plan was not made for
    risk = risk_of(replace(plan, probability=chances[0]))
    rounds = path(
        law,
        plan,
        inputs.contingency,
        measure_weeks=inputs.measure_weeks,
        run_cost=inputs.run_cost or 0.0,
        sources=inputs.sources if offered is None else offered,
    )
    growth = _growth(inputs)
    asked = (growth, inputs.max_params)
    idea = idea_of(law, plan, inputs.sources, rounds, *asked, fresh=fresh, noise=chances[1])
    diagnosis = diagnose(law, inputs.target, plan, inputs.sources, *asked)
    diagnosis = replace(diagnosis, verdict=said(idea.verdict))
    return Study(
        inputs=inputs,
        law=law,
        plan=plan,
        risk=risk,
        frontier=points,
        path=rounds,
        diagnosis=as_planned(diagnosis, plan, rounds),
        best_guess=None,
        best_guess_probability=None,
        warnings=_warnings(inputs, law, plan, risk, chances[1]),
        fresh=chances,
        idea=followed(idea, plan, inputs.sources, diagnosis, inputs.contingency),
    )


def solved(inputs: Inputs, law: FittedLaw, fresh: FittedLaw) -> tuple[Inputs, Secured]:
    """The plan that answers the project's question, and the project with the target it reaches.

    Where fresh draws contradict the plan's probability by more than their own noise, it is made
    again for so much more confidence.
    """
    target, money = inputs.target, inputs.contingency
    warm: list[Plan] = []
    if inputs.least in {"weeks", "error"}:
        ask = least_weeks if inputs.least == "weeks" else least_error
        answer = ask(inputs.sources, law, target, contingency=money)
        target, warm = answer.target, [answer.plan] if answer.plan else []
    inputs = replace(inputs, target=target)
    secured = secure_plan(inputs.sources, law, target, contingency=money, warm=warm)
    wanted, (chance, noise) = target.confidence, fresh_chance(fresh, secured.plan)
    if not secured.holds or chance + 2 * noise >= secured.plan.probability:
        return inputs, secured
    surer = replace(target, confidence=min(0.99, wanted + secured.plan.probability - chance))
    again = secure_plan(inputs.sources, law, surer, contingency=money, warm=[secured.plan])
    if not again.holds:
        return inputs, secured
    return inputs, replace(again, plan=replace(again.plan, target=target, bound=secured.plan.bound))


def _of_all_groups(inputs: Inputs) -> Inputs:
    """The project with its overall error alone; groups are planned for in group_study.py."""
    if inputs.groups is None:
        return inputs
    if inputs.groups.targets.overall is None:
        problem = "is missing: this looks at the error of all groups together only"
        raise InputError(str(inputs.path), [Fault("target.error", None, problem, "add it")])
    told = "targets of groups are left out here: dataplan plan keeps them"
    return replace(inputs, warnings=(*inputs.warnings, told))


def fresh_chance(fresh: FittedLaw, plan: Plan) -> tuple[float, float]:
    """P(target met) on fresh draws, and the standard error of that [1]; where all or none meet it,
    what 95 times of 100 is not exceeded by the chance of the other (the rule of three)."""
    totals = plan.totals(fresh.sources)
    chance = float(fresh.probability(plan.target.error, totals[None]))
    alike = ALIKE * float((fresh.weights**2).sum())
    noise = math.sqrt(chance * (1 - chance) * alike)
    # none or all of n draws say: hardly more than 3 / n of the others are otherwise
    return chance, noise or 3 * alike


def no_swings(inputs: Inputs, wanted: bool) -> tuple[str, ...]:
    """A warning where sensitivity is wanted and cannot be had."""
    if not wanted or inputs.least == "cost":
        return ()
    asked = f"this plan is of the least {inputs.least}"
    return (f"--sensitivity is left out: it compares costs for one target, and {asked}",)


def _surer(inputs: Inputs, law: FittedLaw, plan: Plan) -> tuple[SurePoint, ...]:
    """Cheapest plans at other confidences in target, budget and weeks together; a surer target
    never costs less."""
    if not plan.reaches:
        return ()
    own, money = plan.target.confidence, inputs.contingency

    def sought(confidence: float, warm: Plan) -> Plan | None:
        aim = replace(inputs.target, confidence=confidence)
        found = secure_plan(inputs.sources, law, aim, contingency=money, warm=[warm], quick=True)
        return found.plan if found.holds else None

    levels = sorted({*CONFIDENCES, own})
    made: dict[float, Plan | None] = {own: plan}
    before: Plan | None = plan
    for confidence in (level for level in levels if level > own):
        # what is out of reach is so at any higher confidence, and dear to look for
        before = made[confidence] = sought(confidence, before) if before else None
    points: list[SurePoint] = []
    best: Plan | None = None
    for confidence in reversed(levels):
        known = made[confidence] if confidence >= own else sought(confidence, best or plan)
        if known is not None and (best is None or known.cost <= best.cost):
            best = known
        points.append(SurePoint(confidence, best))
    return tuple(reversed(points))


def _refit(inputs: Inputs) -> Refit:
    """Fits the law to what is believed of other sources, as the project's own was fitted."""

    def refit(sources: Sequence[Source]) -> FittedLaw:
        return _halves(replace(inputs, sources=tuple(sources)))[0]

    return refit


def rebuilder(inputs: Inputs) -> Rebuild:
    """Makes a source of the project anew with numbers changed; None where its kind cannot."""

    def rebuild(name: str, changes: Mapping[str, float]) -> Source | None:
        kind, table = inputs.settings[name]
        try:
            made = catalogue.build(kind, name, {**table, **changes}, inputs.context)
        except SourceError:
            return None
        own = next(each for each in inputs.sources if each.name == name)
        return replace(made, family=own.family)

    return rebuild


def _growth(inputs: Inputs) -> GrowthLaw | None:
    """The law over model size and data where the pilots have model sizes."""
    if inputs.pilots is None or inputs.pilots.model_params is None:
        return None
    texts = [source.name for source in inputs.sources if source.role == "text"]
    return fit_growth(inputs.pilots, worst_error=inputs.worst_error, texts=texts, seed=inputs.seed)


def beliefs(inputs: Inputs) -> Beliefs:
    """What the project says of its sources before any pilot."""
    reference = inputs.reference
    if inputs.task == "language model":
        reference = reference or _most_tried(inputs)
    known = {s.name: _belief(s, inputs, _worth(s, inputs, reference)) for s in inputs.sources}
    return Beliefs(known, reference, inputs.worst_error, inputs.task_family)


def _most_tried(inputs: Inputs) -> str:
    """The source with the largest pilot, then the first by name."""
    tried = dict.fromkeys((source.name for source in inputs.sources), 0.0)
    if inputs.pilots is not None and len(inputs.pilots):
        most = inputs.pilots.amounts.max(axis=0)
        tried.update(zip(inputs.pilots.sources, map(float, most), strict=True))
    return min(tried, key=lambda name: (-tried[name], name))


def _worth(source: Source, inputs: Inputs, reference: str | None) -> float:
    """Tokens that a document brings against one of the reference [1], repeats counted as they fade.

    In a language model's task tokens add up, so a document counts by its length. E epochs of U
    tokens count as U + U R* (1 - exp(-(E - 1) / R*)), Muennighoff 2023 (arXiv:2305.16264). 1
    where a length is not known.
    """
    if inputs.task != "language model":
        return 1.0
    named = {each.name: each for each in inputs.sources}
    own, other = _tokens(source), _tokens(named[reference]) if reference in named else None
    return own / other if own and other else 1.0


def _tokens(source: Source) -> float | None:
    """Effective tokens of a document over its epochs [token/document]; None if not known."""
    found = {a.name: a.value for a in source.assumptions}
    length, epochs = found.get("tokens_per_document"), found.get("epochs") or 1.0
    if length is None:
        return None
    if epochs <= 1:
        return length * epochs
    return length * (1 + REPEATS * (1 - math.exp(-(epochs - 1) / REPEATS)))


def _belief(source: Source, inputs: Inputs, worth: float) -> SourceBelief:
    limits, quality = source.limits, source.quality
    scale = limits.max_examples if math.isfinite(limits.max_examples) else None
    if source.role == "text":
        effect = inputs.text_effect.get(source.name)
        # unknown effect: a range that includes none, wide on both sides
        believed = Split(0.0, 0.3, 0.3) if effect is None else Split.of_range(*effect)
        return SourceBelief(is_text=True, effect=believed, effect_at=max(scale or 1e4, 1.0))
    return SourceBelief(
        quality=Split.of_range(*(worth * q for q in (quality.low, quality.base, quality.high))),
        saturation=SourceBelief.saturation if quality.biased else UNBIASED_SATURATION,
        excess=BIASED_EXCESS if quality.biased else None,
    )


def _no_pilots() -> Pilots:
    return Pilots((), np.zeros((0, 0)), np.zeros(0))


def _best_guess(inputs: Inputs, law: FittedLaw) -> tuple[Plan | None, float | None]:
    """Plan of the single best-fitting law, and its real chance under the whole law."""
    sure = law.best_guess()
    plan = cheapest_plan(
        inputs.sources, sure, inputs.target, contingency=inputs.contingency, prove=False
    )
    if not plan.reaches:
        return None, None
    total = plan.totals(law.sources)
    return plan, float(law.probability(inputs.target.error, total[None]))


def frontier_targets(inputs: Inputs, law: FittedLaw, plan: Plan) -> list[float]:
    """Targets from a little below today's error to a little beyond what the plan reaches."""
    now = float(weighted_quantile(_now(law), law.weights, 0.5)[0])
    easy = max(now, inputs.target.error * 1.05)
    hard = min(inputs.target.error * 0.85, easy * 0.8)
    if not plan.reaches:  # what the limits allow as surely as wanted is the first row
        errors = law.errors(plan.totals(law.sources)[None])
        reached = float(weighted_quantile(errors, law.weights, inputs.target.confidence)[0])
        easy = float(f"{math.nextafter(reached * 1.0005, math.inf):.3g}")
        easy += easy * 0.005 if easy < reached else 0.0
        hard = min(hard, plan.error[1] * 0.9)
    return [float(f"{e:.3g}") for e in np.geomspace(easy, hard, POINTS)]


def _now(law: FittedLaw) -> np.ndarray:
    floor, part = law.curve(np.full((len(law.weights), 1), law.anchor.size))
    return floor + part


def _frontier(
    inputs: Inputs, law: FittedLaw, secured: Secured
) -> tuple[Plan, tuple[FrontierPoint, ...]]:
    """The frontier with the project's own target on it, easiest first, and the plan: the frontier
    comes to the target from harder ones and may find a cheaper plan where neither is proven best.

    Every point keeps target, budget and weeks together as surely as the plan was asked to; the
    project's own is its plan, which may fall short where none was found that does not.
    """
    plan, target = secured.plan, replace(inputs.target, confidence=secured.asked)
    own = plan.target.error
    errors = sorted({own, *frontier_targets(inputs, law, plan)}, reverse=True)
    base, plans = _searched(inputs, law, target, errors, plan)
    found = plans[errors.index(own)]
    if plan.reaches and found is not None and found.cost < plan.cost:
        cheaper = replace(found, bound=plan.bound, target=plan.target)
        # a plan made for more confidence, as fresh draws asked for, is not undone
        if not secured.holds or risk_of(cheaper).met >= secured.asked - 1e-9:
            plan = cheaper
    points, reasons = [], Reasons(law, inputs.sources, target, inputs.currency)
    for error, each, first in zip(errors, plans, base, strict=True):
        point = FrontierPoint(error, plan if error == own and plan.reaches else each)
        unreached = point.plan is None
        points.append(replace(point, why=reasons.why(error, first)) if unreached else point)
    return plan, tuple(points)


def frontier_plans(
    inputs: Inputs, law: FittedLaw, target: Target, errors: Sequence[float], own: Plan
) -> list[Plan | None]:
    """Cheapest plans found for each of `errors`, falling; each keeps its error with budget and
    weeks at target.confidence. own: the plan for the project's own target, a start."""
    return _searched(inputs, law, target, errors, own)[1]


def _searched(
    inputs: Inputs, law: FittedLaw, target: Target, errors: Sequence[float], own: Plan
) -> tuple[Sequence[Plan | None], list[Plan | None]]:
    """The cheapest plans for `errors` at base prices and speeds, and those of `frontier_plans`."""
    sources, money = inputs.sources, inputs.contingency
    base = frontier(sources, law, target, errors, contingency=money)
    return base, secured_points(sources, law, target, base, errors, own, contingency=money)


def _warnings(
    inputs: Inputs, law: FittedLaw, plan: Plan, risk: Risk, noise: float
) -> tuple[str, ...]:
    warnings = [*inputs.warnings, *law.warnings]
    bought = {step.source.name for step in plan.steps}
    for source in inputs.sources:
        if source.name in bought:
            warnings += source.warnings
            if math.isinf(source.limits.per_week):
                warnings.append(f"{source.name}: no per_week is known; it counts as there at once")
    if plan.reaches and risk.met + 2 * noise < plan.target.confidence - 1e-9:
        warnings.append(
            f"target, budget and weeks are all kept with probability {risk.met:.2f} only, below the"
            f" wanted {plan.target.confidence:g}: no plan was found that keeps them surely enough"
        )
    for source in inputs.sources:
        unused = source.in_hand - plan.used_in_hand.get(source.name, source.in_hand)
        if unused > 0 and source.training is None:  # else models.py says that more would cost
            what = f"{unused:,.0f} of {source.in_hand:,.0f} {source.unit}s in hand"
            warnings.append(f"{source.name}: {what} are left out: they would not help")
    tried = {name for fit in law.residuals() for name, n in fit.amounts.items() if n > 0}
    for name in sorted(bought - tried):
        warnings.append(f"{name} is in the plan but in no pilot: its quality is assumed")
    return tuple(dict.fromkeys(warnings))
