"""What answers measure, recomputed by hand; what cannot be told is None, never 0."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.distill.answers import Form
from sources.distill.journal import Call
from sources.distill.measures import Findings, findings
from sources.intervals import expected_distinct, ratio_span
from tests.sources.distilling import completion, job, price

YES, NO = '{"label": "yes"}', '{"label": "no"}'


def call(number: int, payload: dict[str, Any] | None, at: float = 0.0, **changed: Any) -> Call:
    known = payload is not None
    facts: dict[str, Any] = {
        "start": number,
        "key": f"key-{number}",
        "reserve": 0.01,
        "at": at,
        "batch": None,
        "outcome": "answered" if known else None,
        "cost": price(9, 7, 0.0) if known else None,
        "seconds": 2.0 if known else None,
        "detail": payload,
    }
    return Call(**{**facts, **changed})


def labelled(answers: list[str], golds: list[str | None]) -> Findings:
    calls = [call(i, completion(text)) for i, text in enumerate(answers)]
    return findings(job(len(answers), golds=golds), calls, 4)


def test_by_hand() -> None:
    payloads = [
        completion(YES, (10, 5)),
        completion(NO, (20, 5)),
        completion(YES, (30, 8)),
        completion("perhaps", (20, 6)),
        completion(None, (20, 1), refusal="no"),
        completion(YES, (20, 10), finish="length"),
    ]
    calls = [call(i, each, at=2.0 * i) for i, each in enumerate(payloads)]
    calls += [call(6, None, start=99)]
    golds = ["yes", "yes", None, "yes", "no", "no", "no"]
    found = findings(job(7, golds=golds), calls, 4)
    assert (found["prompt_tokens"].value, found["prompt_tokens"].of) == (20.0, 6)
    assert found["completion_tokens"].value == pytest.approx(35 / 6)
    assert found["keep_rate"].value == 0.5
    assert (found["keep_rate"].low, found["keep_rate"].high) == ratio_span(3, 6)[1:]
    assert found["refused"].value == pytest.approx(1 / 6)
    assert found["invalid"].value == pytest.approx(2 / 6)
    assert "1 of them cut" in found["invalid"].note
    assert found["teacher_error"].value == 0.5  # of the two usable ones whose label is known
    assert found["example_cost"].value == pytest.approx(6 * price(9, 7, 0.0) / 3)
    assert found["examples_per_hour"].value is None  # 6 answers are few for 4 at once
    alone = findings(job(7, golds=golds), calls, 1)
    assert alone["examples_per_hour"].value == pytest.approx(6 / 12.0 * 3600)
    assert (found.possible, found.lost) == (0.01, 1)
    assert found.spent == pytest.approx(6 * price(9, 7, 0.0))
    (only,) = found.classes
    assert (only.label, only.items, only.wrong) == ("yes", 2, 1)


def test_speed_is_that_of_the_full_width() -> None:
    """One alone, two at once, then four at once and the last ones: 2 s each, so 4 in 2 s."""
    starts = [0.0, 2.0, 2.0, *[4.0 + 2 * (i // 4) for i in range(13)]]
    calls = [call(i, completion(YES), at=at) for i, at in enumerate(starts)]
    found = findings(job(len(calls)), calls, 4)["examples_per_hour"]
    assert found.value == pytest.approx(4 / 2.0 * 3600)
    assert found.low == found.value == found.high
    assert findings(job(11), calls[:11], 4)["examples_per_hour"].value is None  # below 3 x 4


def test_time_that_was_lost_counts() -> None:
    calls = [call(i, completion(YES), at=2.0 * (i // 2)) for i in range(8)]
    lost: dict[str, Any] = {"outcome": "lost", "cost": None, "detail": {}, "seconds": 2.0}
    for at in (1, 3):
        calls[at] = replace(calls[at], **lost)
    found = findings(job(8), calls, 2)["examples_per_hour"]
    assert found.value == pytest.approx(6 / 8.0 * 3600)


def test_tokens_that_nobody_believes() -> None:
    counts = [(9, 7), (0, 0), (10**30, 7), (10**400, 7), (10**8, 7), (8, 10**7)]
    calls = [call(i, completion(YES, each)) for i, each in enumerate(counts)]
    found = findings(job(6), calls, 4)
    assert (found["prompt_tokens"].value, found["prompt_tokens"].of) == (9.0, 1)
    assert (found["completion_tokens"].value, found["completion_tokens"].high) == (7.0, 7.0)
    assert "5 the server names no tokens" in found["request_cost"].note


def test_nothing_is_known_of_nothing() -> None:
    found = findings(job(3), [], 4)
    assert {each.value for each in found.measures} == {None}
    assert all(each.note for each in found.measures)
    found = labelled([YES, NO], [None, None])
    assert found["teacher_error"].value is None
    assert "gold" in found["teacher_error"].note
    silent = findings(job(1), [call(0, completion(YES, None))], 4)
    assert silent["prompt_tokens"].value is None
    refused = labelled(["x", "y"], [None, None])
    assert refused["keep_rate"].value == 0
    assert refused["example_cost"].value is None


def test_copies_of_free_text() -> None:
    outputs = ["a", "b", "a ", "c", "b", "a"]
    calls = [call(i, completion(text)) for i, text in enumerate(outputs)]
    free = job(6, form=Form())
    found = findings(free, calls, 4)
    assert [each.copy for each in found.records] == [False, False, True, False, True, True]
    assert found["duplicates"].value == 0.5
    assert found["keep_rate"].value == 0.5
    u = found["outputs"].value
    assert u is not None
    assert expected_distinct(u, 6) == pytest.approx(3, rel=1e-6)
    assert [(each.answers, each.distinct) for each in found.decay] == [
        (1, 1),
        (2, 2),
        (5, 3),
        (6, 3),
    ]
    fresh = findings(free, [call(i, completion(str(i))) for i in range(6)], 4)
    assert fresh["outputs"].value is None
    assert fresh["outputs"].high is None
    assert fresh["outputs"].low == pytest.approx(6, rel=0.3)
    assert "no answer came twice" in fresh["outputs"].note


def test_labels_are_no_copies_of_each_other() -> None:
    found = labelled([YES] * 5, [None] * 5)
    assert found["keep_rate"].value == 1
    with pytest.raises(StopIteration):
        found["outputs"]


@given(st.lists(st.tuples(st.sampled_from([YES, NO, "x"]), st.sampled_from(["yes", "no", None]))))
def test_intervals_hold_their_values(rows: list[tuple[str, str | None]]) -> None:
    found = labelled([text for text, _ in rows], [gold for _, gold in rows])
    for each in found.measures:
        ends = [end for end in (each.low, each.value, each.high) if end is not None]
        assert ends == sorted(ends)
        assert all(math.isfinite(end) and end >= 0 for end in ends)
    assert sum(each.items for each in found.classes) == found["teacher_error"].of


def test_only_calls_with_answers_count_and_each_once() -> None:
    calls = [call(0, None, start=1), call(0, completion(YES), start=2), call(1, None, start=3)]
    found = findings(job(2), calls, 4)
    assert len(found.records) == 1
    assert found.possible == pytest.approx(0.02)
    assert found.lost == 2
