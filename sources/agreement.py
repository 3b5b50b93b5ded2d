"""What votes are worth: error of a majority, examples lost to noise; and votes read from a file."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import zlib
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from sources import labelstudio
from sources.base import Fault, FloatArray, SourceError
from sources.votes import MOST_FAULTS, Reading, Row, Votes, build, columns_of


def majority_error(accuracy: float, votes: int, classes: int = 2) -> float:
    """Error [1] of the label with most votes among `votes` independent workers.

    accuracy  P(one worker is right); the wrong answers fall evenly on the other classes
    Ties are split by an even coin among the classes that share the lead. Binomial for two classes
    (Condorcet 1785), multinomial for more. It stops being true where workers err on the same hard
    items: real majorities then gain less than this. Raises ValueError outside its limits.
    """
    if not 0 <= accuracy <= 1 or votes < 1 or classes < 2:
        raise ValueError("accuracy in 0..1, votes >= 1 and classes >= 2 are needed")
    return float(majority_errors(np.array(accuracy), votes, classes))


def majority_errors(accuracy: FloatArray, votes: int, classes: int = 2) -> FloatArray:
    """`majority_error` of accuracies of any shape, elementwise."""
    others = classes - 1
    each_wrong = (1 - accuracy) / others
    right = np.zeros_like(accuracy)
    for own, ways in enumerate(_right_ways(votes, others), start=1):
        right = right + ways * accuracy**own * each_wrong ** (votes - own)
    return np.clip(1.0 - right, 0.0, 1.0)


@cache
def _right_ways(votes: int, others: int) -> tuple[float, ...]:
    """Ways to deal `votes` so that the right class has 1, 2, ... of them and wins; a tie of t + 1
    classes counts 1/(t + 1)."""
    found = []
    for own in range(1, votes + 1):
        left, ways = votes - own, 0.0
        for tied in range(min(others, left // own) + 1):
            deals = _arrangements(left, own, tied, others - tied)
            ways += math.comb(others, tied) * deals / (tied + 1)
        found.append(math.comb(votes, own) * ways)
    return tuple(found)


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


def read(path: Path | str, how: Reading | None = None) -> Votes:
    """Judgements from a CSV file or a Label Studio export (.json), each also as .gz.

    CSV: a header and a row for each judgement, in columns item, rater, label (or rating, for
    numbers), and where known gold, seconds, started and ended; others are passed over. Raises
    SourceError with every fault, each with its line.
    """
    place, how = Path(path), how or Reading()
    text = _text(place)
    names = [each.lower() for each in place.suffixes]
    if ".json" in names[-2:]:
        try:
            tasks = json.loads(text)
        except (ValueError, RecursionError) as error:
            problem = f"is not JSON: {error}"
            raise SourceError([Fault("file", None, problem, "export again as JSON")]) from None
        found, numbers = labelstudio.rows(tasks, how.field)
        return build(found, replace(how, ratings=how.ratings or numbers or how.cut is not None))
    if how.field is not None:
        problem = "belongs to a Label Studio export (.json)"
        raise SourceError([Fault("--field", how.field, problem, "leave it out")])
    rows, how, faults = _rows(text, replace(how, ratings=how.ratings or how.cut is not None))
    try:
        votes = build(rows, how)
    except SourceError as error:
        raise SourceError([*faults[:MOST_FAULTS], *error.faults]) from None
    if faults:
        raise SourceError(faults[:MOST_FAULTS])
    return votes


def _text(place: Path) -> str:
    advice = ""
    try:
        data = place.read_bytes()
        if place.suffix.lower() == ".gz":
            data = gzip.decompress(data)
        text = data.decode("utf-8-sig")
        if "\0" not in text:
            return text
        problem, advice = "is not text: it holds a zero byte", "save it as CSV"
    except FileNotFoundError:
        problem, advice = "there is no such file", "check the path"
    except IsADirectoryError:
        problem, advice = "is a folder", "name the file in it"
    except UnicodeDecodeError as error:
        problem, advice = f"is not UTF-8 text (byte {error.start})", "save it as UTF-8"
    except (OSError, EOFError, ValueError, zlib.error) as error:
        problem = f"cannot be read: {getattr(error, 'strerror', None) or error}"
    raise SourceError([Fault("file", None, problem, advice)])


def _rows(text: str, how: Reading) -> tuple[list[Row], Reading, list[Fault]]:
    """Rows that can be read, how to read them, and what is wrong with the others."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    faults: list[Fault] = []
    line = 1
    try:
        header = [name.strip() for name in next(reader, [])]
        names, how, wrong = columns_of(header, how)
        if wrong:
            raise SourceError(wrong[:MOST_FAULTS])
        at = {role: header.index(name) for role, name in names.items()}
        line = reader.line_num + 1
        for row in reader:
            if any(cell.strip() for cell in row):
                if len(row) != len(header):
                    problem = f"has {len(row)} cells, the header {len(header)}"
                    faults.append(Fault(f"line {line}", None, problem, "quote cells with commas"))
                else:
                    rows.append((f"line {line}", {role: row[i] for role, i in at.items()}))
            line = reader.line_num + 1
    except csv.Error as error:
        faults.append(Fault(f"line {line}", None, f"is not CSV: {error}", "check the quotes"))
    return rows, how, faults
