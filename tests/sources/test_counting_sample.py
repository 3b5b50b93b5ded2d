"""The sampled count: near the truth, with an interval that covers it, reading little."""

from __future__ import annotations

import csv
import gzip
import json
import math
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from sources import packs, sampling, tokens
from sources.base import SourceError
from sources.corpus import Options
from sources.pieces import Counter
from sources.sampling import sample_corpus

KINDS = [
    ["the", "model", "learns", "from", "data", "and", "every", "error", "costs", "money"],
    ["数据", "误差", "成本", "模型", "训练", "，", "。", "我们", "测量"],
    ["модель", "учится", "на", "данных", "и", "ошибка", "стоит", "денег"],
    ["def", "f(x):\n", "return", "x[0]", "+=", "1\n", "if", "not", "y:"],
]


def text(kind: int, size: int, chance: random.Random) -> str:
    words = KINDS[kind % len(KINDS)]
    return ("" if kind % 4 == 1 else " ").join(chance.choices(words, k=max(1, size)))


def few_large(folder: Path, chance: random.Random) -> list[str]:
    texts = [text(kind, 20_000, chance) for kind in range(4)]
    for at, each in enumerate(texts):
        (folder / f"{at}.txt").write_text(each, encoding="utf-8")
    return texts


def many_small(folder: Path, chance: random.Random) -> list[str]:
    texts = [text(at // 200, chance.randrange(20, 200), chance) for at in range(800)]
    for at, each in enumerate(texts):
        (folder / f"{at:04}.txt").write_text(each, encoding="utf-8")
    return texts


def lines(folder: Path, texts: list[str]) -> list[str]:
    rows = [{"id": at, "lang": "x" * (at % 3), "text": each} for at, each in enumerate(texts)]
    data = "".join(json.dumps(row, ensure_ascii=at % 2 == 0) + "\n" for at, row in enumerate(rows))
    (folder / "a.jsonl").write_text(data, encoding="utf-8")
    return texts


def by_language(folder: Path, chance: random.Random) -> list[str]:
    return lines(folder, [text(at // 250, chance.randrange(20, 160), chance) for at in range(1000)])


def heavy_tailed(folder: Path, chance: random.Random) -> list[str]:
    sizes = [int(min(9_000, 20 * chance.paretovariate(1.1))) for _ in range(900)]
    return lines(folder, [text(chance.randrange(4), size, chance) for size in sizes])


def packed(folder: Path, chance: random.Random) -> list[str]:
    texts = heavy_tailed(folder, chance)
    (folder / "a.jsonl.gz").write_bytes(gzip.compress((folder / "a.jsonl").read_bytes()))
    (folder / "a.jsonl").unlink()
    return texts


def many_packed(folder: Path, chance: random.Random) -> list[str]:
    texts = [text(at // 400, chance.randrange(20, 200), chance) for at in range(1600)]
    for at in range(400):
        data = "".join(json.dumps({"text": each}) + "\n" for each in texts[4 * at : 4 * at + 4])
        (folder / f"{at:04}.jsonl.gz").write_bytes(gzip.compress(data.encode()))
    return texts


def rows(folder: Path, chance: random.Random) -> list[str]:
    texts = [text(at % 4, chance.randrange(20, 160), chance) for at in range(1500)]
    for at in range(3):
        with (folder / f"{at}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "text", "note"])
            for number, each in enumerate(texts[at::3]):
                writer.writerow([number, each, 'a "note", quoted'])
    return texts


def row_groups(folder: Path, chance: random.Random) -> list[str]:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    texts = [text(at // 500, chance.randrange(20, 160), chance) for at in range(2000)]
    table = pyarrow.table({"id": range(len(texts)), "text": texts})
    parquet.write_table(table, folder / "a.parquet", row_group_size=8)
    return texts


MAKES = [
    few_large,
    many_small,
    by_language,
    heavy_tailed,
    packed,
    many_packed,
    rows,
    row_groups,
]


@pytest.mark.parametrize("make", MAKES, ids=lambda make: make.__name__)
def test_the_interval_covers(
    tmp_path: Path,
    make: Callable[[Path, random.Random], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sampling, "FEWEST", 10)
    monkeypatch.setattr(packs, "_ENCODED", 0.15)
    texts = make(tmp_path, random.Random(make.__name__))
    truth = sum(tokens.count(each) for each in texts)
    counter = Counter("o200k_base")
    monkeypatch.setattr(sampling, "Counter", lambda _: counter)
    covered, errors = 0, []
    runs = 20 if make is row_groups else 40
    for seed in range(runs):
        found = sample_corpus([tmp_path], Options(), share=0.1, cell=256, seed=seed)
        assert found.interval is not None
        covered += found.interval[0] <= truth <= found.interval[1]
        errors.append(found.tokens / truth - 1)
    assert covered >= 0.88 * runs
    spread = math.sqrt(sum(error**2 for error in errors) / runs)
    assert abs(sum(errors) / runs) < 0.004 + 2.5 * spread / math.sqrt(runs)
    assert spread < 0.06


@pytest.mark.parametrize("make", [many_packed, row_groups])
def test_of_many_packs_few_are_read(
    tmp_path: Path,
    make: Callable[[Path, random.Random], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sampling, "FEWEST", 10)
    texts = make(tmp_path, random.Random(1))
    found = sample_corpus([tmp_path], Options(), share=0.1)
    assert found.read is not None and 0 < found.read < 2 * 0.1 * found.bytes
    assert found.documents == pytest.approx(len(texts), rel=0.3)
    assert found == sample_corpus([tmp_path], Options(), share=0.1)


def test_what_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FEWEST", 10)
    few_large(tmp_path, random.Random(1))
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(b"words " * 5000)[:-30])
    (tmp_path / "other.csv").write_text("id,body\n1,x\n")
    found = sample_corpus([tmp_path], Options(), share=0.2)
    said = {Path(str(fault.value)).name: fault.problem for fault in found.faults}
    assert set(said) == {"bad.parquet", "cut.txt.gz", "other.csv"}
    assert "no column 'text'" in said["other.csv"]
    assert found.unreadable == 3 and found.tokens > 10_000


def test_little_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FEWEST", 10)
    texts = few_large(tmp_path, random.Random(1)) + by_language(tmp_path, random.Random(2))
    found = sample_corpus([tmp_path], Options(), share=0.1, cell=256)
    assert found.read is not None and found.read < 0.12 * found.bytes
    assert found.documents == pytest.approx(len(texts), rel=0.3)
    assert found == sample_corpus([tmp_path], Options(), share=0.1, cell=256)


@pytest.mark.parametrize("split", ["line", "paragraph"])
def test_documents_in_a_text_file(
    tmp_path: Path, split: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "FEWEST", 10)
    chance = random.Random(split)
    gap = "\n" if split == "line" else "\n\n"
    texts = [text(0, chance.randrange(5, 40), chance) for _ in range(3000)]
    (tmp_path / "a.txt").write_text(gap.join(texts))
    options = Options(split=split)  # type: ignore[arg-type]
    found = sample_corpus([tmp_path], options, share=0.2, cell=256)
    assert found.documents == pytest.approx(len(texts), rel=0.1)


@pytest.mark.parametrize("make", [by_language, rows, many_packed, row_groups])
def test_a_column_that_no_file_has(
    tmp_path: Path,
    make: Callable[[Path, random.Random], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sampling, "FEWEST", 10)
    make(tmp_path, random.Random(1))
    with pytest.raises(SourceError, match="'txt': is in none of the files; did you mean text?"):
        sample_corpus([tmp_path], Options(column="txt"), share=0.1)


def test_a_small_corpus_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello world")
    found = sample_corpus([tmp_path], Options())
    assert (found.tokens, found.interval) == (2, None)
