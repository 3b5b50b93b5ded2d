"""What votes are worth: error of a majority, and examples lost to noise. Pure functions."""

from __future__ import annotations

import math

import numpy as np


def majority_error(accuracy: float, votes: int, classes: int = 2) -> float:
    """Error [1] of the label with most votes among `votes` independent workers.

    accuracy  P(one worker is right); the wrong answers fall evenly on the other classes
    Ties are split by an even coin among the classes that share the lead. Binomial for two classes
    (Condorcet 1785), multinomial for more. It stops being true where workers err on the same hard
    items: real majorities then gain less than this. Raises ValueError outside its limits.
    """
    if not 0 <= accuracy <= 1 or votes < 1 or classes < 2:
        raise ValueError("accuracy in 0..1, votes >= 1 and classes >= 2 are needed")
    others, each_wrong = classes - 1, (1 - accuracy) / (classes - 1)
    right = 0.0
    for own in range(1, votes + 1):
        left = votes - own
        own_chance = math.comb(votes, own) * accuracy**own
        for tied in range(min(others, left // own) + 1):
            ways = math.comb(others, tied) * _arrangements(left, own, tied, others - tied)
            right += own_chance * ways * each_wrong**left / (tied + 1)
    return min(1.0, max(0.0, 1.0 - right))


def _arrangements(votes: int, own: int, tied: int, below: int) -> float:
    """Ways to deal `votes` to `tied` classes with exactly `own` and `below` classes with fewer."""
    terms = np.array([1 / math.factorial(k) for k in range(votes + 1)])
    exactly = np.zeros(votes + 1)
    if own <= votes:
        exactly[own] = terms[own]
    fewer = np.where(np.arange(votes + 1) < own, terms, 0.0)
    series = _times(_power(exactly, tied, votes), _power(fewer, below, votes), votes)
    return float(series[votes] * math.factorial(votes))


def _times(a: np.ndarray, b: np.ndarray, degree: int) -> np.ndarray:
    return np.convolve(a, b)[: degree + 1]


def _power(series: np.ndarray, exponent: int, degree: int) -> np.ndarray:
    """Power of a series by squaring, cut off after `degree`."""
    result = np.zeros(degree + 1)
    result[0] = 1.0
    while exponent:
        if exponent & 1:
            result = _times(result, series, degree)
        series = _times(series, series, degree)
        exponent >>= 1
    return result


def effective_share(noise: float, classes: int = 2) -> float:
    """Effective examples per example [effective example/example] at label noise `noise` [1].

    (1 - 2 noise)^2 for two classes, 0 from noise 1/2 on: Angluin & Laird 1988, Machine Learning
    2:343, for noise that hits every example alike. With K classes and errors spread evenly,
    (1 - noise K/(K - 1))^2, which is the same for K = 2 and an extension by analogy beyond.
    It stops being true for systematic errors (a language model that misreads irony gives a floor,
    not a tax), and deep networks often lose less than this: a pessimistic prior, not a law.
    """
    if not 0 <= noise <= 1:
        raise ValueError(f"noise must lie between 0 and 1, got {noise}")
    return max(0.0, 1.0 - noise * classes / (classes - 1)) ** 2
