"""Near-duplicates, held against the Jaccard similarity of all pairs of shingle sets."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import counting, near, tokens
from sources.corpus import Options
from sources.counting import count_corpus
from sources.journal import Journal
from sources.shingles import UNITS

ALONE = "\u3041-\u9fff\u0e00-\u0eff\u1000-\u107f\u1780-\u17ff\U00020000-\U0002ffff"
MARK = "\u2000-\u203f\u3000-\u303f\uff00-\uff3f"
UNIT = re.compile(rf"[{ALONE}]|(?:(?![{ALONE}{MARK}])[A-Za-z0-9\u0080-\U0010ffff])+")
Shingles = frozenset[tuple[str, ...]]


def shingles(text: str) -> Shingles:
    """By the definition, one by one."""
    units = [re.sub("[A-Z]", lambda found: found[0].lower(), unit) for unit in UNIT.findall(text)]
    last = max(1, len(units) - UNITS + 1)
    return frozenset(tuple(units[at : at + UNITS]) for at in range(last)) if units else frozenset()


def similarity(one: Shingles, other: Shingles) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


def signatures(*texts: str) -> np.ndarray:
    return near.signatures(text.encode() for text in texts)


WORDS = [f"word{at}" for at in range(3000)]
HAN = [chr(at) for at in range(0x4E00, 0x5600)]


def edited(seed: int, size: int = 240) -> list[str]:
    """Texts, and copies of them with more and more words changed."""
    chance = random.Random(seed)
    found = []
    for number in range(size // 4):
        han = number % 3 == 0
        words = chance.choices(HAN if han else WORDS, k=chance.choice((40, 150, 600)))
        for changed in (0, 0.004, 0.03, chance.uniform(0, 0.08)):
            copy = list(words)
            for _ in range(round(changed * len(words))):
                copy[chance.randrange(len(copy))] = chance.choice(HAN if han else WORDS)
            copy.append(chance.choice(WORDS))  # so that none are the same
            found.append(("" if han else chance.choice((" ", ", "))).join(copy))
    chance.shuffle(found)
    return found


def write(folder: Path, texts: list[str], files: int = 3) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for at in range(files):
        rows = [json.dumps({"text": text}) + "\n" for text in texts[at::files]]
        (folder / f"{at}.jsonl").write_text("".join(rows))
    return folder


def test_what_brute_force_finds() -> None:
    """Precision and recall of the documents found, and no error far from the threshold."""
    hits = found_in_all = true_in_all = 0
    for seed, threshold in ((1, 0.8), (2, 0.8), (3, 0.6), (4, 0.9)):
        texts = edited(seed)
        sets = [shingles(text) for text in texts]
        found = near.near(signatures(*texts), np.arange(len(texts)), threshold)
        most = [max((similarity(s, t) for t in sets[:at]), default=0) for at, s in enumerate(sets)]
        truth = np.array(most) >= threshold
        sure = np.abs(np.array(most) - threshold) > 3.5 * np.sqrt(threshold * (1 - threshold) / 128)
        assert (found == truth)[sure].all()
        assert 0.2 * len(texts) < truth.sum() < 0.9 * len(texts)
        hits += int((found & truth).sum())
        found_in_all += int(found.sum())
        true_in_all += int(truth.sum())
    assert hits / found_in_all > 0.92  # precision; .948 over twelve seeds at .8
    assert hits / true_in_all > 0.92  # recall; .971 there


@given(st.text(alphabet="aB1 ,.é中数のไกဂខ\u3000，“한\n", max_size=60), st.booleans())
def test_units_are_those_of_the_definition(text: str, east: bool) -> None:
    other = text.replace("中" if east else " ", "x", 1)
    found = signatures(text, other)
    same = shingles(text) == shingles(other)
    assert (found[0] == found[1]).all() == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The model learns from data today", "the MODEL, learns: from (data) today!"),
        ("数据越多，误差越小。我们测量", "数据越多误差越小 我们测量"),
        ("  \n", "...!?"),
    ],
)
def test_case_and_punctuation_do_not_count(one: str, other: str) -> None:
    found = signatures(one, other)
    assert (found[0] == found[1]).all()


def test_the_estimate_has_the_error_that_it_says() -> None:
    chance = random.Random(7)
    off = []
    for _ in range(400):
        words = chance.choices(WORDS, k=chance.choice((30, 200, 1000)))
        copy = list(words)
        for _ in range(max(1, len(words) // 40)):
            copy[chance.randrange(len(copy))] = chance.choice(WORDS)
        one, other = " ".join(words), " ".join(copy)
        truth = similarity(shingles(one), shingles(other))
        first, second = signatures(one, other)
        off.append(((first == second).mean() - truth) / (truth * (1 - truth) / near.HASHES) ** 0.5)
    assert abs(np.mean(off)) < 0.15
    assert 0.85 < np.std(off) < 1.15


@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.95, 1.0])
def test_pairs_at_the_threshold_are_compared(threshold: float) -> None:
    rows = near.band_rows(threshold)
    assert 1 - (1 - threshold**rows) ** (near.HASHES // rows) >= 0.99


@pytest.mark.parametrize("make", [lambda t: [t], lambda t: [t[:700_003], t[700_003:]]])
def test_a_long_text_in_blocks(make: Callable[[bytes], list[bytes]]) -> None:
    chance = random.Random(3)
    text = " ".join(chance.choices(WORDS, k=120_000)).encode()
    found = near.Minima()
    found.add(b"short one")
    found.end()
    for block in make(text):
        found.add(block)
    found.end()
    found.add(b"short one")
    found.end()
    first, long, last = found.signatures()
    assert (first == last).all() and not (first == long).all()
    whole = near._minima([text])[0].astype(np.uint16)
    assert (whole == long).mean() > 0.98  # shingles over the ends of pieces are lost


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    texts = edited(5, 120)
    return write(tmp_path_factory.mktemp("near"), [*texts, *texts[:10], "!!!", "..."]), texts


def test_counts(corpus: tuple[Path, list[str]]) -> None:
    folder, texts = corpus
    found = count_corpus([folder], Options(near=0.8))
    assert (found.documents, found.duplicates) == (len(texts) + 2, 10)
    assert found.near is not None and found.near.threshold == 0.8
    sizes = {text: tokens.count(text) for text in texts}
    groups = [shingles(text) for text in sorted(texts, key=lambda each: -sizes[each])]
    most = [max((similarity(s, t) for t in groups[:at]), default=0) for at, s in enumerate(groups)]
    assert found.near.documents == pytest.approx(sum(each >= 0.8 for each in most), abs=3)
    assert 0 < found.near.tokens < found.tokens == sum(sizes.values()) + 2
    assert count_corpus([folder], Options()).near is None


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("part", [3000, 8_000_000])
def test_neither_parts_nor_workers_nor_order_matter(
    corpus: tuple[Path, list[str]],
    tmp_path: Path,
    workers: int,
    part: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, texts = corpus
    whole = count_corpus([folder], Options(near=0.8))
    monkeypatch.setattr(counting, "_PART", part)
    monkeypatch.setattr(counting, "_TASK", 5000)
    assert count_corpus([folder], Options(near=0.8), workers=workers) == whole
    other = write(tmp_path, [*reversed([*texts, *texts[:10], "!!!", "..."])], files=2)
    again = count_corpus([other], Options(near=0.8), workers=workers)
    assert again.near == whole.near


def test_what_is_kept_serves_every_threshold(
    corpus: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = corpus
    with Journal(tmp_path) as kept:
        first = count_corpus([folder], Options(near=0.8), journal=kept)
        monkeypatch.setattr(counting, "count_part", None)
        assert count_corpus([folder], Options(near=0.8), journal=kept) == first
        lower = count_corpus([folder], Options(near=0.5), journal=kept)
    assert first.near and lower.near and lower.near.documents > first.near.documents


def test_many_that_are_alike() -> None:
    texts = [f"{'the same text again and again ' * 20} {at}" for at in range(2000)]
    assert near.near(signatures(*texts), np.arange(2000), 0.5).sum() == 1999
