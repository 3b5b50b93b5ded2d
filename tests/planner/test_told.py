"""Sentences that other modules put into English, in Chinese: complete, and with every number."""

from __future__ import annotations

import re
import string

import pytest

from planner.language import LANGUAGES, Speech
from planner.language.told_zh import SENTENCES

TOLD = (
    "target, budget and weeks are all kept with probability 0.71 only, below the wanted 0.8: no "
    "plan was found that keeps them surely enough",
    "QQ: no per_week is known; it counts as there at once",
    "QQ is in the plan but in no pilot: its quality is assumed",
    "weak prior: 3 pilot sizes; floor and slope rest mostly on what other curves did",
    "QQ: gpt-4.1-mini will be shut down on 2027-01-14 (checked 2026-10-28); use gpt-6-luna or "
    "another model",
    "QQ: its provider's terms may forbid training on its output (OpenAI's of 31 January 2024 "
    "forbid models that compete with OpenAI): have them checked",
    "QQ: 20 annotators per item need as many people, the pool has 8",
    "QQ: max_examples = 5,000 exceeds the 300 documents in hand and to come, which count",
    "confidence 0.4 means that the plan is more likely to fail than to succeed",
    "start is not given: the plan starts today, and prices are today's",
    "importance sampling was thin (40 effective draws of 10000): families are weighted by "
    "Laplace's approximation and the draws were moved to the posterior",
    "weak prior: group QQ was measured at 3 sizes only; its floor and slope rest mostly on what "
    "other curves did",
    "run pilots: the law rests on other curves alone",
    "ask for firm prices and delivery dates, or plan for more budget or weeks",
    "lower the target, or lift what binds: QQ: pool of annotators; better labels, features or "
    "models come before more data",
    "lower the target, or lift what binds: budget; QQ: throughput x weeks",
    "watch: QQ: pool of annotators; the budget is 1.1 times the cost",
    "watch: little room",
    "train on 1,000 examples of QQ (no more can be had: pool of annotators) with 3 seeds",
    "train on 4,000 examples of QQ with 3 seeds",
    "no larger pilot of QQ can be had: pool of annotators",
    "buy the plan (5,000 QQ) at once",
    "no purchase on offer levels it: look for a source of its examples",
    "120.50 QQ more would level it",
    "probability 0.37 at most within the limits (budget)",
)
KEPT = {"QQ", "gpt", "mini", "luna", "OpenAI", "max_examples"}  # names


@pytest.mark.parametrize("text", TOLD)
def test_it_is_all_chinese_with_the_same_numbers(text: str) -> None:
    said = Speech("zh").phrase(text)
    assert set(re.findall(r"[A-Za-z_]{2,}", said)) <= KEPT, said
    dated = text.replace("31 January 2024", "2024 1 31")
    assert sorted(re.findall(r"\d[\d.,]*", said)) == sorted(re.findall(r"\d[\d.,]*", dated)), said
    assert Speech("en").phrase(text) == text


@pytest.mark.parametrize(
    "text", ["nobody knows this: at all; or that", "budgets", "a: b; c: d", ""]
)
def test_what_is_not_known_stays_as_it_is(text: str) -> None:
    assert Speech("zh").phrase(text) == text


def test_every_gap_is_filled() -> None:
    for module in LANGUAGES.values():
        for pattern, put in module.SENTENCES:
            gaps = {name for _, name, _, _ in string.Formatter().parse(put) if name}
            assert gaps <= set(re.compile(pattern).groupindex), pattern
    patterns = [pattern for pattern, _ in SENTENCES]
    assert len(set(patterns)) == len(patterns)
