"""The sampled count where a corpus is not all text: other fields, bad records, other files."""

from __future__ import annotations

import gzip
import json
import math
import random
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from sources import sampling
from sources.corpus import CorpusCount, Options
from sources.counting import count_corpus
from sources.pieces import Counter
from sources.sampling import sample_corpus

WORDS = [
    "the",
    "model",
    "learns",
    "from",
    "data",
    "and",
    "every",
    "error",
    "costs",
    "money",
    "while",
    "nobody",
    "counts",
    "it",
]
RUNS = 20


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter("o200k_base")
    monkeypatch.setattr(sampling, "FEWEST", 10)
    monkeypatch.setattr(sampling, "Counter", lambda _: counter)


def words(size: int, chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=size))


def write(path: Path, lines: Iterable[object]) -> None:
    shown = (each if isinstance(each, str) else json.dumps(each) for each in lines)
    path.write_text("".join(f"{each}\n" for each in shown))


def more_first(folder: Path, chance: random.Random) -> None:
    both = ({"text": words(100, chance), "more": words(100, chance)} for _ in range(500))
    write(folder / "a.jsonl", both)
    write(folder / "b.jsonl", ({"text": words(100, chance)} for _ in range(1000)))


def more_second(folder: Path, chance: random.Random) -> None:
    more_first(folder, chance)
    (folder / "a.jsonl").rename(folder / "c.jsonl")


def more_anywhere(folder: Path, chance: random.Random) -> None:
    sizes = [chance.choice([0, 90]) for _ in range(1400)]
    rows = ({"text": words(100, chance), "more": words(size, chance)} for size in sizes)
    write(folder / "a.jsonl", rows)


def short(folder: Path, chance: random.Random) -> None:
    write(folder / "a.jsonl", ({"text": words(8, chance), "id": at} for at in range(15_000)))


def bad_lines(folder: Path, chance: random.Random) -> None:
    good = (json.dumps({"text": words(100, chance)}) for _ in range(1000))
    write(folder / "a.jsonl", [*good, *("{bad " + words(100, chance) for _ in range(500))])


def other_column(folder: Path, chance: random.Random) -> None:
    write(folder / "a.jsonl", ({"text": words(100, chance)} for _ in range(1000)))
    write(folder / "b.jsonl", ({"body": words(100, chance)} for _ in range(500)))


def books(folder: Path, chance: random.Random) -> None:
    rows = ({"text": words(3000, chance), "more": words(3000, chance)} for _ in range(20))
    write(folder / "a.jsonl", rows)


@pytest.mark.parametrize(
    "make",
    [more_first, more_second, more_anywhere, short, bad_lines, other_column, books],
    ids=lambda make: make.__name__,
)
def test_fields_beside_the_text(
    tmp_path: Path, make: Callable[[Path, random.Random], None]
) -> None:
    make(tmp_path, random.Random(make.__name__))
    truth = count_corpus([tmp_path], Options())
    covered, errors = 0, []
    for seed in range(RUNS):
        found = sample_corpus([tmp_path], Options(), share=0.1, seed=seed)
        assert found.interval is not None
        covered += found.interval[0] <= truth.tokens <= found.interval[1]
        errors.append(found.tokens / truth.tokens - 1)
    assert covered >= 0.85 * RUNS
    spread = math.sqrt(sum(error**2 for error in errors) / RUNS)
    assert abs(sum(errors) / RUNS) < 0.004 + 2.5 * spread / math.sqrt(RUNS)
    assert spread < 0.12


def test_bad_records_are_named(tmp_path: Path) -> None:
    bad_lines(tmp_path, random.Random(1))
    found = sample_corpus([tmp_path], Options(), share=0.3)
    assert found.unreadable > 20 and len(found.faults) == 20
    assert all("is not JSON" in fault.problem for fault in found.faults)


def plain(folder: Path) -> CorpusCount:
    write(folder / "a.txt", (words(100, random.Random(at)) for at in range(1000)))
    return count_corpus([folder], Options())


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (random.Random(1).randbytes(300_000), "is not UTF-8 text"),
        (b"\0\1\2\3" * 75_000, "is not text: it holds a zero byte"),
        ("caf\xe9 society ".encode("latin-1") * 25_000, "is not UTF-8 text"),
        ("words".encode("utf-16") * 25_000, "is not UTF-8 text"),
        (b" " * 150_000 + b"\n" * 150_000, None),
    ],
    ids=["bytes", "zeros", "latin", "utf-16", "blank"],
)
def test_a_file_that_is_no_text_counts_nothing(
    tmp_path: Path, data: bytes, problem: str | None
) -> None:
    truth = plain(tmp_path)
    (tmp_path / "b.dat").write_bytes(data)
    found = sample_corpus([tmp_path], Options(), share=0.1)
    assert found.tokens == pytest.approx(truth.tokens, rel=0.05)
    assert found.documents == 1
    assert [fault.problem for fault in found.faults] == ([problem] if problem else [])


def test_no_text_among_many_small_files(tmp_path: Path) -> None:
    for at in range(600):
        text = words(100, random.Random(at)) if at % 3 else " \n" * 300
        (tmp_path / f"{at}.txt").write_text(text)
    truth = count_corpus([tmp_path], Options())
    assert truth.empty == 200
    found = sample_corpus([tmp_path], Options(), share=0.3)
    assert found.tokens == pytest.approx(truth.tokens, rel=0.15)
    assert found.documents == pytest.approx(400, rel=0.15)


@pytest.mark.parametrize("split", ["line", "paragraph"])
def test_blank_stretches_and_bad_lines(tmp_path: Path, split: str) -> None:
    options = Options(split=split)  # type: ignore[arg-type]
    gap = b"\n" if split == "line" else b"\n\n"
    texts = [words(30, random.Random(at)).encode() for at in range(3000)]
    bad = [b"caf\xe9 " + words(30, random.Random(at)).encode() for at in range(60)]
    (tmp_path / "a.txt").write_bytes(gap.join([*texts, b"  \n" * 100_000, *bad]))
    truth = count_corpus([tmp_path], options)
    found = sample_corpus([tmp_path], options, share=0.1)
    assert found.tokens == pytest.approx(truth.tokens, rel=0.1)
    assert found.documents == pytest.approx(truth.documents, rel=0.1)
    assert 0 < found.unreadable <= 60


def test_rows_of_blank_text_are_no_documents(tmp_path: Path) -> None:
    rows = (f"{at},{words(30, random.Random(at)) if at % 2 else ' '},note" for at in range(6000))
    write(tmp_path / "a.csv", ["id,text,note", *rows])
    found = sample_corpus([tmp_path], Options(), share=0.2)
    assert found.documents == pytest.approx(3000, rel=0.1)


def test_a_packed_file_is_read_in_blocks(tmp_path: Path) -> None:
    rest = plain(tmp_path).tokens
    lines = 1_200_000  # 35 MB
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"the model learns from data\n" * lines, 1))
    sample_corpus([tmp_path / "a.txt"], Options(), share=0.1)  # what stays in memory
    tracemalloc.start()
    try:
        found = sample_corpus([tmp_path], Options(), share=0.1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000_000
    assert found.tokens == pytest.approx(6 * lines + rest, rel=0.05)
    assert found.documents == 2


def test_a_packed_file_that_is_no_text_counts_nothing(tmp_path: Path) -> None:
    truth = plain(tmp_path)
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"words " * 500_000 + b"\xff"))
    found = sample_corpus([tmp_path], Options(), share=0.1)
    assert found.tokens == pytest.approx(truth.tokens, rel=0.05)
    assert (found.documents, found.unreadable) == (1, 1)
