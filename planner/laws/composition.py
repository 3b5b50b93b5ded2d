"""How labelled sources add up to an effective size, what unlabelled text does, and misfit.

Own measurements (data/mixtures, see CHANGELOG) decided the form: sizes add after each source's own
saturation, and biased sources bring a floor in proportion to their effective share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.laws.base import LARGEST_SIZE, SMALLEST_SIZE, Array


@dataclass(frozen=True)
class Composition:
    """How labelled sources add up and what text does, one row of parameters per draw.

    quality   (draws, sources) effective examples per example at `scale` of the source
    saturation(draws, sources) own exponent g, 0 < g <= 1: s = quality n (n / scale)^(g-1)
    excess    (draws, sources) own floor above the reference's floor, in the unit of the error
    speed     (draws, sources) log by which a source's own exponent changes beyond `scale`
    scale     (sources,) [example] where `quality` is quoted: its largest pilot
    text      (draws, texts, 4): jump, tilt, gain, log half-size of `text_factor`
    text_scale [effective example] size at which the jump is quoted
    """

    quality: Array
    saturation: Array
    excess: Array
    speed: Array
    scale: Array
    text: Array
    text_scale: float

    def contribution(self, k: int, amount: Array) -> Array:
        """Effective examples (draws, rows) of `amount` (draws or 1, rows) [example] of source k.

        quality scale (n / scale)^g, so that quality is effective examples per example at `scale`;
        beyond it the exponent is g exp(speed): where nobody has tried a source it may give out, or
        come into its own.
        """
        # rows above one another, so that the draws of each lie side by side in memory
        scale, amount = float(self.scale[k]), amount.T
        ratio = np.log(np.maximum(amount, SMALLEST_SIZE) / scale)
        exponent = self.saturation[:, k]
        run = exponent * np.minimum(ratio, 0.0)
        if (ratio > 0).any():
            run += exponent * np.exp(self.speed[:, k]) * np.maximum(ratio, 0.0)
        grown = self.quality[:, k] * scale * np.exp(run, out=run)
        return np.where(amount > 0, grown, 0.0).T


def effective_size(mix: Composition, amounts: Array) -> tuple[Array, Array]:
    """Effective size S and excess floor of compositions.

    amounts (rows, sources) [example]. Returns S (draws, rows) [effective example] and
    sum_k phi_k excess_k (draws, rows), phi the effective shares.
    """
    draws, rows = len(mix.quality), len(amounts)
    size, tilted = np.zeros((rows, draws)), np.zeros((rows, draws))
    for k in range(amounts.shape[1]):
        used = np.flatnonzero(amounts[:, k])  # most compositions leave most sources out
        if not len(used):
            continue
        # and many hold the same amount of one
        some, at = np.unique(amounts[used, k], return_inverse=True)
        part = mix.contribution(k, some[None]).T
        rows_ = slice(None) if len(used) == rows else used
        size[rows_] += part[at]
        if mix.excess[:, k].any():
            tilted[rows_] += (part * mix.excess[:, k])[at]
    size, tilted = size.T, tilted.T
    return size, tilted / np.maximum(size, SMALLEST_SIZE)


def text_factor(mix: Composition, text: Array, size: Array) -> Array:
    """Factor by which unlabelled text multiplies the effective size of labels.

    text (rows or 1, texts) [document], size (draws, rows) [effective example]. For each used:
    exp(jump) (S/S*)^tilt (1 + text/half)^gain, and 1 where none is used. The jump is the change of
    pipeline that comes with using text at all, the tilt lets it fade or grow with labels; the last
    factor is the form measured to predict as well as S + k n^b S^a on the sentiment task.
    """
    text = np.broadcast_to(text, (size.shape[1], text.shape[1]))  # one row stands for all
    used = np.flatnonzero(text.any(axis=1))  # most compositions leave it out
    # rows above one another, as in `contribution`
    relative = np.log(np.maximum(size.T[used], SMALLEST_SIZE) / mix.text_scale)
    log_factor = np.zeros_like(relative)
    for t in range(text.shape[1]):
        jump, tilt, gain, log_half = mix.text[:, t].T
        amount = text[used, t, None]
        effect = jump + tilt * relative + gain * np.log1p(amount / np.exp(log_half))
        log_factor += np.where(amount > 0, effect, 0.0)
    factor = np.ones((size.shape[1], len(size)))
    factor[used] = np.exp(np.clip(log_factor, -30.0, 30.0))
    return factor.T


def stretch(size: Array, log_speed: Array, reach: Array, bend: float = 0.0) -> Array:
    """Size after misfit: beyond the largest pilot, log-distance runs exp(log_speed) times as fast.

    A law that fits the pilots may bend after them: a random log_speed per draw says by how much,
    grows with the distance extrapolated, and keeps error falling with size. With `bend` > 0 a
    distance x counts as log(1 + bend x) / bend, since real curves flatten the farther they run.
    size (draws, rows), log_speed (draws, 1), reach (draws, 1) effective size of the largest pilot.
    """
    log_size = np.log(np.clip(size, SMALLEST_SIZE, LARGEST_SIZE))
    start = np.log(reach)
    distance = np.maximum(log_size - start, 0.0)
    counted = np.log1p(bend * distance) / bend if bend > 0 else distance
    beyond = counted * np.exp(log_speed) - distance
    return np.exp(np.minimum(log_size + beyond, np.log(LARGEST_SIZE)))
