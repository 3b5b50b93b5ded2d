"""Totals and their variance from what is found in strata: the arithmetic of a sample.

A stratum is cells that follow each other, of which two are drawn: the two tell how far a stratum is
uniform (Cochran 1977, Sampling Techniques, 5A.11 and 6.11).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

_NORMAL = 1.96  # 95% of a normal distribution


class Cell(NamedTuple):
    """Of some text: its size in the unit of the frame, tokens, documents that start in it,
    characters."""

    size: int
    tokens: int
    documents: int
    characters: int


@dataclass
class Stratum:
    """Cells found among so many."""

    among: int
    found: list[Cell] = field(default_factory=list)


@dataclass(frozen=True)
class Estimate:
    """Tokens with their variance, documents, characters; bytes read.

    fourth  sum of the squares of the parts of the variance, for its degrees of freedom
    """

    tokens: float = 0.0
    variance: float = 0.0
    fourth: float = 0.0
    documents: float = 0.0
    characters: float = 0.0
    read: int = 0


def added(estimates: Sequence[Estimate]) -> Estimate:
    """Of independent estimates."""
    return Estimate(
        tokens=math.fsum(each.tokens for each in estimates),
        variance=math.fsum(each.variance for each in estimates),
        fourth=math.fsum(each.fourth for each in estimates),
        documents=math.fsum(each.documents for each in estimates),
        characters=math.fsum(each.characters for each in estimates),
        read=sum(each.read for each in estimates),
    )


def half_width(estimate: Estimate) -> float:
    """Of the 95% interval of the tokens."""
    variance, fourth = estimate.variance, estimate.fourth
    freedom = max(2.0, variance**2 / fourth) if fourth else math.inf
    return quantile(freedom) * math.sqrt(variance)


def quantile(freedom: float) -> float:
    """Of Student's t at 97.5%, expanded in the degrees of freedom (Abramowitz and Stegun 26.7.5),
    which are Satterthwaite's: few where few strata make most of the variance."""
    z = _NORMAL
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2


def by_ratio(strata: Sequence[Stratum], total: int) -> Estimate:
    """Total by the ratio to size, `total` for all."""
    weights = [each.among / max(1, len(each.found)) for each in strata]
    pairs = [(w, cell) for w, each in zip(weights, strata, strict=True) for cell in each.found]
    size = sum(weight * cell.size for weight, cell in pairs)
    if not size:
        return Estimate()
    share, documents, characters = (
        sum(weight * cell[at] for weight, cell in pairs) / size for at in (1, 2, 3)
    )
    variance = fourth = 0.0
    complete = [each for each in strata if len(each.found) == 2]
    for each in complete:
        one, two = (cell.tokens - share * cell.size for cell in each.found)
        part = each.among**2 * (1 - 2 / each.among) * (one - two) ** 2 / 4
        variance, fourth = variance + part, fourth + part**2
    variance *= len(strata) / max(1, len(complete))
    return Estimate(total * share, variance, fourth, total * documents, total * characters)


def spans(ends: Sequence[int], number: int) -> Iterator[tuple[int, int]]:
    """About `number` spans of cells; a file as long as a stratum has strata of its own.

    ends: number of cells up to the end of each file.
    """
    size = ends[-1] / number
    borders = {0, ends[-1]}
    for low, high in zip([0, *ends], ends, strict=False):
        if high - low >= size:
            borders |= {low, high}
    known = sorted(borders)
    for low, high in zip(known, known[1:], strict=False):
        parts = max(1, round((high - low) / size))
        for at in range(parts):
            yield low + (high - low) * at // parts, low + (high - low) * (at + 1) // parts
