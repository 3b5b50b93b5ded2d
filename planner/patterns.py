"""Patterns of scaling: ordinary, emergent, ran out of data or of compute, slow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.evidence import (
    BEYOND,
    best_within,
    error_at,
    likeliest,
    listed,
    most_available,
    share_of,
    spelled,
    unlimited,
)
from planner.fitted import FittedLaw
from planner.growth import GrowthLaw
from planner.plan import Finding, Target
from planner.stages import Three, three
from sources.base import Source

SLOW_FACTOR = 100.0  # times the data to halve the error, beyond which scaling is slow
LIKELY = 0.5  # chance of a breakthrough from which it is the answer


def pattern(
    law: FittedLaw,
    target: Target | None,
    sources: Sequence[Source],
    growth: GrowthLaw | None,
    most_params: float | None,
) -> Finding:
    """The likeliest pattern with its evidence and what to do."""
    found = patterned(law, target, sources, growth, most_params)
    shares, answer = found.shares, found.answer
    evidence = ""
    if found.capped is not None:
        evidence = f"; the error at the caps of the sources is {spelled(found.capped, '.3g')}"
    text = (
        f"{listed(shares)}. Slow means that halving the error takes more than {SLOW_FACTOR:g} "
        f"times the data of the largest pilot: here {_halving(found)}{evidence}{found.said}"
    )
    advice = {
        "ordinary": "",
        "emergent": "choose the model above the breakthrough first, then measure data at that size",
        "ran out of data": "raise the cap that binds, add a source, or lower the target",
        "ran out of compute": "raise the largest model, distil into it, or lower the target",
        "slow": "improve labels, features or model first: data alone is dear here",
    }[answer]
    return Finding("pattern over data", answer, shares[answer], text, advice)


@dataclass(frozen=True)
class Pattern:
    """How the error falls with more.

    shares   pattern -> share of the draws [1]; no "emergent" and no "ran out of compute" where no
             model sizes were tried, or no largest one is known, that tell
    halving  (times the data of the largest pilot, share of the draws in which they halve the error)
    capped   90% interval and median of the error with all that the sources supply; None if unasked
    said     what model sizes say, in words
    """

    shares: dict[str, float]
    halving: tuple[float, float]
    capped: Three | None
    said: str

    @property
    def answer(self) -> str:
        """The likeliest pattern."""
        return likeliest(self.shares)


def patterned(
    law: FittedLaw,
    target: Target | None,
    sources: Sequence[Source],
    growth: GrowthLaw | None,
    most_params: float | None,
) -> Pattern:
    """Ordinary, emergent, ran out of data or of compute, or slow, by the share of the draws."""
    now = error_at(law, law.anchor.size)
    slow = error_at(law, law.anchor.size * SLOW_FACTOR) > now / 2
    out = np.zeros(len(law.weights), dtype=bool)
    ends = None
    if target is not None and sources:
        capped = best_within(law, most_available(law, sources, target.weeks))
        out = (capped > target.error) & (error_at(law, unlimited(law)) <= target.error)
        ends = three(law, capped)
    emergent, compute, said = _over_sizes(growth, target, most_params)
    rest = 1 - emergent - compute
    shares = {
        "ordinary": rest * share_of(law, ~slow & ~out),
        "emergent": emergent,
        "ran out of data": rest * share_of(law, out),
        "ran out of compute": compute,
        "slow": rest * share_of(law, slow & ~out),
    }
    untold = {"emergent"} if growth is None else set()
    if growth is None or target is None or most_params is None:
        untold.add("ran out of compute")
    shares = {name: share for name, share in shares.items() if name not in untold}
    return Pattern(shares, _times(law), ends, said)


def _times(law: FittedLaw) -> tuple[float, float]:
    """Times the data that halve the error in half of the draws or more, and in which share; the
    last share, below a half, where not even the most do."""
    now, times, half = error_at(law, law.anchor.size), 1.0, 0.0
    for times in (4.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e6):
        half = share_of(law, error_at(law, law.anchor.size * times) <= now / 2)
        if half >= 0.5:
            break
    return times, half


def _halving(found: Pattern) -> str:
    times, half = found.halving
    if half >= 0.5:
        return f"{times:,.0f} times does in half of the draws or more ({half:.0%})"
    return f"not even {times:,.0f} times does in more than {half:.0%} of the draws"


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


def emergence(law: FittedLaw, growth: GrowthLaw | None) -> Finding:
    """Whether models below some size learn next to nothing, and which to run next."""
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
    if share < LIKELY:
        return Finding(question, "none seen", 1 - share, text)
    if middle > growth.size:
        answer, advice = "not reached yet", f"run a model of {high:.2g} parameters, 3 seeds"
    else:
        answer, advice = "breaks through", f"run models of {low:.2g} and {high:.2g} parameters"
    return Finding(question, answer, share, text, advice)
