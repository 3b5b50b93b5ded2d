"""Does composition move only the offset? Odds per source, by refitting without its own parts.

The seed of the idea (composition moves the offset, not the slope) is a hypothesis that the pilots
can speak for or against: for each source the evidence of the pilots is compared between a law in
which it adds in proportion, one in which it has an exponent of its own, and one in which it has a
floor of its own, all other sources free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from planner.fit import log_evidence
from planner.fitted import FittedLaw
from planner.pilots import Pilots
from planner.plan import Diagnosis, Finding
from planner.prepared import prepared
from planner.prior import Beliefs, Normal, SourceBelief

ANSWERS = ("offset only", "own slope", "own floor")
SURE = 0.8  # share below which an answer is marked as not sure
PROPORTIONAL = Normal(9.0, 0.1)  # logit of an own exponent that is 1


@dataclass(frozen=True)
class Odds:
    """Probability of each of ANSWERS for one source against the law's reference."""

    source: str
    shares: Mapping[str, float]


def composition_odds(
    pilots: Pilots, law: FittedLaw, beliefs: Beliefs, seed: int = 0
) -> tuple[Odds, ...]:
    """Odds for every labelled source that was tried beside the reference, equal beforehand."""
    found = []
    # with the beliefs on the curve that the law itself was fitted with
    beliefs = replace(beliefs, curve=prepared(pilots, beliefs).layout.curve)
    for k in law.labels:
        name = law.sources[int(k)]
        tried = name in pilots.sources and pilots.amounts[:, pilots.sources.index(name)].any()
        if name == law.reference or not tried:
            continue
        belief = beliefs.sources.get(name, SourceBelief())
        floor = belief.excess or SourceBelief.excess
        ways = (
            replace(belief, saturation=PROPORTIONAL, excess=None),
            replace(belief, saturation=SourceBelief.saturation, excess=None),
            replace(belief, saturation=PROPORTIONAL, excess=floor),
        )
        logs = []
        for way in ways:
            known = {**{n: SourceBelief() for n in pilots.sources}, **beliefs.sources, name: way}
            tested = replace(beliefs, sources=known, reference=law.reference)
            logs.append(log_evidence(pilots, tested, seed))
        weights = np.exp(np.array(logs) - max(logs))
        shares = dict(zip(ANSWERS, map(float, weights / weights.sum()), strict=True))
        found.append(Odds(name, shares))
    return tuple(found)


def with_odds(diagnosis: Diagnosis, odds: tuple[Odds, ...], reference: str) -> Diagnosis:
    """The diagnosis with a finding for each source, before its last, the next measurement."""
    found = []
    for each in odds:
        answer = max(each.shares, key=lambda name: each.shares[name])
        share = each.shares[answer]
        said = ", ".join(f"{name} {value:.0%}" for name, value in each.shares.items())
        advice = {
            "offset only": "",
            "own slope": f"it falls off against {reference} as it grows: measure it larger",
            "own floor": f"mix it with {reference}; alone it ends above",
        }[answer]
        found.append(
            Finding(
                f"what {each.source} moves against {reference}",
                answer if share > SURE else f"{answer}, not sure",
                share,
                f"odds from refits, equal beforehand: {said}",
                advice,
            )
        )
    checks = diagnosis.checks
    return replace(diagnosis, checks=(*checks[:-1], *found, *checks[-1:]))
