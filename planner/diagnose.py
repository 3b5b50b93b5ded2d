"""Stage, pattern and verdict of an idea, each with its probability and the numbers behind it.

Every draw of the law is classed by itself, so the shares of the draws are the probabilities. The
thresholds are conventions, stated in the evidence; none of them looks at a slope alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from planner.fitted import FittedLaw, weighted_quantile
from planner.growth import GrowthLaw
from planner.laws import LARGEST_SIZE, Array
from planner.plan import Diagnosis, Finding, Plan, Target
from sources.base import Source

UNLIMITED = 1e9  # [effective example] stands for as much data as anyone has, or
BEYOND = 1e6  # times the largest pilot where that is more, as when tokens are counted
COLD_RATIO = 0.5  # slope at the largest pilot against the steepest slope to come
COLD_SHARE = 0.97  # of the worst error: closer to it than this, nothing has been learned yet
PLATEAU_DROP = 0.10  # ten times the data lowers the error by less than this share
SLOW_FACTOR = 100.0  # times the data to halve the error, beyond which scaling is slow
ROOM = 3.0  # times the plan's effective size that the sources must be able to supply to "scale"
NO, YES = 0.2, 0.5  # chance of the target below which an idea does not scale, above which it may


def diagnose(
    law: FittedLaw,
    target: Target | None = None,
    plan: Plan | None = None,
    sources: Sequence[Source] = (),
    growth: GrowthLaw | None = None,
    most_params: float | None = None,
) -> Diagnosis:
    """Stage at the largest pilot and at the planned size, pattern, and the verdict on the idea.

    growth: the law over model size and data (growth.fit_growth), None where one size was run;
    most_params [parameter]: the largest model that can be trained. Without target, plan or sources
    the findings that need them say so instead of guessing.
    """
    checks = [_floor(law), *_biased(law), *_texts(law, plan), _emergence(law, growth)]
    if plan is not None and (planned := _planned(law, plan)) > law.anchor.size:
        checks.insert(0, _stage(law, planned, "stage at the planned size"))
    return Diagnosis(
        stage=_stage(law, law.anchor.size, "stage at the largest pilot"),
        pattern=_pattern(law, target, sources, growth, most_params),
        verdict=_verdict(law, target, plan, sources),
        checks=(*checks, _next(law, plan, sources)),
    )


def _unlimited(law: FittedLaw) -> float:
    """[effective example] that stands for as much data as anyone has."""
    return min(max(UNLIMITED, BEYOND * law.anchor.size), LARGEST_SIZE)


def _error_at(law: FittedLaw, size: float) -> Array:
    """Error (draws,) of the reference at an effective size [effective example]."""
    floor, part = law.curve(np.full((len(law.weights), 1), size))
    error = (floor + part)[:, 0]
    return error if law.anchor.worst is None else np.minimum(error, law.anchor.worst)


def _slope(law: FittedLaw, size: float) -> Array:
    """-d log error / d log size (draws,) between `size` and twice that."""
    return np.log(_error_at(law, size) / _error_at(law, 2 * size)) / math.log(2)


def _share(law: FittedLaw, which: np.ndarray) -> float:
    return float(np.round(law.weights @ which, 12))


def _most(shares: dict[str, float]) -> str:
    return max(shares, key=lambda name: shares[name])


def _said(shares: dict[str, float]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in shares.items())


def _planned(law: FittedLaw, plan: Plan) -> float:
    """Effective examples (median) that the plan trains on."""
    total = np.where(np.array(law.is_text), 0.0, plan.totals(law.sources))
    return float(weighted_quantile(law.effective(total[None]), law.weights, 0.5)[0])


def _stage(law: FittedLaw, size: float, question: str) -> Finding:
    here = _slope(law, size)
    later = np.max([_slope(law, size * 4.0**i) for i in range(1, 6)], axis=0)
    now = _error_at(law, size)
    cold = here < COLD_RATIO * later
    if law.anchor.worst is not None:
        cold |= now > COLD_SHARE * law.anchor.worst
    drop = 1 - _error_at(law, 10 * size) / now
    plateau = ~cold & (drop < PLATEAU_DROP)
    shares = {
        "cold start": _share(law, cold),
        "scaling": _share(law, ~cold & ~plateau),
        "plateau": _share(law, plateau),
    }
    answer = _most(shares)
    middle = float(weighted_quantile(drop[:, None], law.weights, 0.5)[0])
    floor, _ = law.curve(np.full((len(law.weights), 1), size))
    evidence = (
        f"{_said(shares)}. At {size:,.0f} effective examples the error is "
        f"{_interval(law, now, '.3g')} and the slope {_interval(law, here)}; ten times the data "
        f"lowers the error by {middle:.0%} (median)"
    )
    if law.anchor.worst is not None:
        share = float(weighted_quantile((now / law.anchor.worst)[:, None], law.weights, 0.5)[0])
        evidence += f"; it is {share:.0%} of the worst error, {law.anchor.worst:.3g}"
    advice = {
        "cold start": f"pilots near {4 * size:,.0f} examples, 3 seeds each, before any verdict",
        "scaling": "",
        "plateau": (
            f"before more data check label noise (of the test set too), data quality, model "
            f"capacity and irreducible error: the floor is {_interval(law, floor[:, 0], '.3g')}"
        ),
    }[answer]
    if law.weak_prior:
        advice = advice or f"few pilots: measure at {2 * size:,.0f} examples as well"
    return Finding(question, answer, shares[answer], evidence, advice)


def _interval(law: FittedLaw, values: Array, digits: str = ".2f") -> str:
    low, middle, high = (
        float(weighted_quantile(values[:, None], law.weights, q)[0]) for q in (0.05, 0.5, 0.95)
    )
    return f"{middle:{digits}} (90% {low:{digits}} to {high:{digits}})"


def _caps(law: FittedLaw, sources: Sequence[Source], weeks: float) -> Array:
    """Most that can be had of each source within the weeks (sources of the law,) [example]."""
    most = np.zeros(len(law.sources))
    for source in sources:
        had = min(source.limits.available(weeks), _unlimited(law))
        most[law.sources.index(source.name)] = had + source.in_hand
    return most


def _best_within(law: FittedLaw, most: Array) -> Array:
    """Least error (draws,) with all of one source, or with all unbiased ones, up to the caps.

    Buying everything is not always best: biased sources bring a floor of their own.
    """
    labels = [k for k in law.labels if most[k] > 0]
    clean = [k for k in labels if not law.excess(k).any()]
    rows = [labels, clean, *([k] for k in labels)]
    amounts = np.zeros((2 * len(rows), len(most)))
    for i, columns in enumerate(rows):
        amounts[2 * i : 2 * i + 2, columns] = most[columns]
    amounts[::2, law.texts] = most[law.texts]  # with all text, and without any
    return law.errors(amounts).min(axis=1)


def _pattern(
    law: FittedLaw,
    target: Target | None,
    sources: Sequence[Source],
    growth: GrowthLaw | None,
    most_params: float | None,
) -> Finding:
    now = _error_at(law, law.anchor.size)
    slow = _error_at(law, law.anchor.size * SLOW_FACTOR) > now / 2
    out = np.zeros(len(law.weights), dtype=bool)
    evidence = ""
    if target is not None and sources:
        capped = _best_within(law, _caps(law, sources, target.weeks))
        out = (capped > target.error) & (_error_at(law, _unlimited(law)) <= target.error)
        evidence = f"; the error at the caps of the sources is {_interval(law, capped, '.3g')}"
    emergent, compute, said = _over_sizes(growth, target, most_params)
    rest = 1 - emergent - compute
    shares = {
        "ordinary": rest * _share(law, ~slow & ~out),
        "emergent": emergent,
        "ran out of data": rest * _share(law, out),
        "ran out of compute": compute,
        "slow": rest * _share(law, slow & ~out),
    }
    shares = {name: share for name, share in shares.items() if share > 0 or name != "emergent"}
    answer = _most(shares)
    text = (
        f"{_said(shares)}. Slow means that halving the error takes more than {SLOW_FACTOR:g} times "
        f"the data of the largest pilot: here {_halving(law)}{evidence}{said}"
    )
    advice = {
        "ordinary": "",
        "emergent": "choose the model above the breakthrough first, then measure data at that size",
        "ran out of data": "raise the cap that binds, add a source, or lower the target",
        "ran out of compute": "raise the largest model, distil into it, or lower the target",
        "slow": "improve labels, features or model first: data alone is dear here",
    }[answer]
    return Finding("pattern over data", answer, shares[answer], text, advice)


def _halving(law: FittedLaw) -> str:
    """Times the data of the largest pilot that halve the error, in words."""
    now = _error_at(law, law.anchor.size)
    for times in (4.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e6):
        half = _share(law, _error_at(law, law.anchor.size * times) <= now / 2)
        if half >= 0.5:
            return f"{times:,.0f} times does in half of the draws or more ({half:.0%})"
    return f"not even 1,000,000 times does in more than {half:.0%} of the draws"


def _over_sizes(
    growth: GrowthLaw | None, target: Target | None, most_params: float | None
) -> tuple[float, float, str]:
    """P(emergent), P(the largest trainable model ends it), and the evidence in words."""
    if growth is None:
        return 0.0, 0.0, ""
    emergent, sizes = growth.breakthrough()
    compute, said = 0.0, ""
    if len(sizes):
        low, middle, high = np.quantile(sizes, (0.05, 0.5, 0.95))
        said = f"; if emergent, it breaks through at {middle:.3g} parameters"
        said += f" (90% {low:.3g} to {high:.3g})"
    if most_params is not None and target is not None:
        far = growth.examples * BEYOND
        capped = growth.errors(most_params, far)[:, 0]
        freed = growth.errors(most_params * BEYOND, far)[:, 0]
        ended = (capped > target.error) & (freed <= target.error)
        compute = (1 - emergent) * float(np.mean(ended))
        low, middle, high = np.quantile(capped, (0.05, 0.5, 0.95))
        said += f"; with unlimited data a model of {most_params:.3g} parameters ends at"
        said += f" {middle:.3g} (90% {low:.3g} to {high:.3g})"
    return emergent, compute, said


def _verdict(
    law: FittedLaw, target: Target | None, plan: Plan | None, sources: Sequence[Source]
) -> Finding:
    question = "does this idea scale"
    if target is None:
        return Finding(
            question, "can't tell yet", None, "no target was given", "give a target error"
        )
    ever = _share(law, _error_at(law, _unlimited(law)) <= target.error)
    if plan is None:
        evidence = f"P(target within reach of unlimited data) = {ever:.0%}; no sources were given"
        return Finding(
            question, "can't tell yet", ever, evidence, "describe the sources in a project"
        )
    supply = _share(law, _best_within(law, _caps(law, sources, target.weeks)) <= target.error)
    evidence = (
        f"P(target) = {ever:.0%} with unlimited clean data, {supply:.0%} with all that the sources "
        f"can supply in time, {plan.probability:.0%} with the plan; wanted {target.confidence:.0%}"
    )
    if plan.reaches:
        room = _room(law, plan, sources)
        evidence += f"; the sources could supply {min(room, 1e6):,.1f} times the plan"
        answer = "scales" if room >= ROOM and not plan.binding else "scales with limits"
        advice = (
            "" if answer == "scales" else "watch: " + ("; ".join(plan.binding) or "little room")
        )
        return Finding(question, answer, plan.probability, evidence, advice)
    within = "; ".join(name for name in plan.binding if not name.startswith("floor"))
    if plan.probability <= NO:
        advice = "lower the target" + (f", or lift what binds: {within}" if within else "")
        if ever < YES:
            advice += "; better labels, features or models come before more data"
        return Finding(question, "does not scale", 1 - plan.probability, evidence, advice)
    advice = _next(law, plan, sources).advice
    if within:
        advice += f"; what binds: {within}"
    return Finding(question, "can't tell yet", plan.probability, evidence, advice)


def _room(law: FittedLaw, plan: Plan, sources: Sequence[Source]) -> float:
    """Effective examples the bought sources could supply in time, against those of the plan."""
    most, used = _caps(law, sources, plan.target.weeks), plan.totals(law.sources)
    if not used[law.labels].any():
        return math.inf
    most = np.where((used > 0) & ~np.array(law.is_text), most, 0.0)
    sizes = law.effective(np.stack([most, np.where(law.is_text, 0.0, used)]))
    return float(weighted_quantile((sizes[:, :1] / sizes[:, 1:]), law.weights, 0.5)[0])


def _floor(law: FittedLaw) -> Finding:
    floor, _ = law.curve(np.full((len(law.weights), 1), law.anchor.size))
    how = {p.identified for p in law.parameters() if p.name == "floor fraction"}
    known = "the pilots say" if how == {"pilots"} else "mostly the prior says, not the pilots"
    text = f"irreducible error {_interval(law, floor[:, 0], '.3g')}: {known}"
    return Finding("floor", "not identified" if known != "the pilots say" else "seen", None, text)


def _biased(law: FittedLaw) -> list[Finding]:
    findings = []
    for k in law.labels:
        own = law.excess(int(k))
        if own.any():
            name = law.sources[k]
            text = f"alone it ends {_interval(law, own, '.3g')} above the floor of {law.reference}"
            large = _share(law, own > 0.1 * _error_at(law, law.anchor.size))
            answer = "own floor" if large > 0.5 else "little bias"
            advice = "use it beside clean labels, never alone" if large > 0.5 else ""
            findings.append(Finding(f"bias of {name}", answer, max(large, 1 - large), text, advice))
    return findings


def _texts(law: FittedLaw, plan: Plan | None) -> list[Finding]:
    findings = []
    for column, k in enumerate(law.texts):
        name, size = law.sources[k], law.anchor.size
        used = np.zeros((1, len(law.texts)))
        used[0, column] = float(np.exp(np.median(law.mix.text[:, column, 3]))) * 4
        if plan is not None and plan.steps:
            size = _planned(law, plan) or size
        sizes = np.full((len(law.weights), 1), size)
        factor = (law.with_text(sizes, used) / sizes)[:, 0]
        helps = _share(law, factor > 1)
        answer = "helps" if helps > 0.8 else "does not help" if helps < 0.2 else "can't tell"
        text = (
            f"{used[0, column]:,.0f} documents multiply {size:,.0f} effective examples by "
            f"{_interval(law, factor)}"
        )
        findings.append(Finding(f"unlabelled text {name}", answer, max(helps, 1 - helps), text))
    return findings


def _emergence(law: FittedLaw, growth: GrowthLaw | None) -> Finding:
    question = "emergence over model size"
    if growth is None:
        text = "pilots of one model size cannot show it"
        advice = (
            f"if the error stays near chance, run models of a quarter and of four times the size "
            f"at {law.anchor.size:,.0f} examples with 3 seeds"
        )
        return Finding(question, "not measured", None, text, advice)
    share, sizes = growth.breakthrough()
    text = f"{share:.0%} of the draws have a model size below which next to nothing is learned"
    if not len(sizes):
        return Finding(question, "none seen", 1 - share, text)
    low, middle, high = np.quantile(sizes, (0.05, 0.5, 0.95))
    text += f": {middle:.3g} parameters (90% {low:.3g} to {high:.3g})"
    if share < YES:
        return Finding(question, "none seen", 1 - share, text)
    if middle > growth.size:
        answer, advice = "not reached yet", f"run a model of {high:.2g} parameters, 3 seeds"
    else:
        answer, advice = "breaks through", f"run models of {low:.2g} and {high:.2g} parameters"
    return Finding(question, answer, share, text, advice)


def _next(law: FittedLaw, plan: Plan | None, sources: Sequence[Source]) -> Finding:
    """The next measurement: twice the largest pilot of the source that the plan mostly buys, four
    times at a cold start or weak prior, and no more than there is."""
    factor = 4 if law.weak_prior or _stage(law, law.anchor.size, "").answer == "cold start" else 2
    name = law.reference
    if plan is not None and (steps := [s for s in plan.steps if s.effective_examples]):
        name = max(steps, key=lambda step: step.effective_examples or 0.0).source.name
    tried = max((fit.amounts.get(name, 0.0) for fit in law.residuals()), default=0.0)
    size, capped = factor * (tried or law.anchor.size), ""
    for source in sources:
        most = source.limits.max_examples + source.in_hand
        if source.name == name and size > most:
            size, capped = most, f" (all there is: {source.limits.cap_reason})"
    what = f"{size:,.0f} examples of {name}"
    text = (
        f"the largest pilot of {name} had {tried:,.0f}" if tried else f"no pilot has tried {name}"
    )
    return Finding("next measurement", what, None, text, f"train on {what}{capped} with 3 seeds")
