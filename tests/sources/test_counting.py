"""Counting a corpus: the same totals on any number of cores, broken off or not, with bad files."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
from pathlib import Path

import pytest

from sources import counting, journal, pieces, tokens
from sources.base import SourceError
from sources.counting import Options, count_corpus
from sources.documents import Split
from sources.journal import Journal

TEXTS = [
    "The model learns from data.",
    "数据越多，误差越小。" * 5,
    "データが増えると誤差は小さくなる。",
    "Модель учится на данных",
    "모델은 데이터에서 배운다",
    "تتعلم النماذج من البيانات",
    "😀 😀\n\n  def f(x):\n        return x\n",
    "a\ud800b",
    "<|endoftext|>",
    "12 34",
]


def write(folder: Path, copies: int = 30) -> Path:
    rows = [{"text": f"{text} {at % 20}"} for at in range(copies) for text in TEXTS]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "a.jsonl").write_text(lines)
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (folder / "c.txt").write_text("one document\nof two lines 数据\n" * 50, encoding="utf-8")
    return folder


def expected(encoding: str) -> tuple[int, int]:
    texts = {f"{text} {at}" for at in range(20) for text in TEXTS}
    texts.add("one document\nof two lines 数据\n" * 50)
    coder = tokens.coder(encoding)
    return len(texts), sum(len(coder.encode_ordinary(text)) for text in texts)


@pytest.mark.parametrize("encoding", tokens.ENCODINGS)
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("part", [700, 8_000_000])
def test_totals_are_those_of_a_plain_loop(
    tmp_path: Path, encoding: str, workers: int, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_PART", part)
    monkeypatch.setattr(counting, "_TASK", 2000)
    write(tmp_path)
    steps: list[tuple[int, int]] = []
    found = count_corpus(
        [tmp_path],
        Options(encoding=encoding),
        workers=workers,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert (found.documents, found.tokens) == expected(encoding)
    assert found.duplicates == 2 * 30 * len(TEXTS) + 1 - found.documents
    assert sum(each.tokens for each in found.scripts) == found.tokens
    assert steps == sorted(steps) and steps[-1] == (found.bytes, found.bytes)


@pytest.mark.parametrize("block", [7, 40, 1000])
def test_a_file_in_blocks_is_one_document(
    tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_BLOCK", block)
    text = "Some words, 数据越多。 And  more\n\n    lines\nof text /x\n/y a@b.org " * 20
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = count_corpus([tmp_path], Options())
    assert (found.documents, found.duplicates) == (1, 1)
    assert found.tokens == len(tokens.coder("o200k_base").encode_ordinary(text))
    assert found.characters == len(text)


def test_lines_of_a_part_are_those_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"line {at} 数据" for at in range(200)]
    (tmp_path / "a.txt").write_bytes("\ufeff".encode() + "\r\n".join(lines).encode())
    whole = count_corpus([tmp_path], Options(split="line"))
    for part in (1, 13, 512):
        monkeypatch.setattr(counting, "_PART", part)
        assert count_corpus([tmp_path], Options(split="line")) == whole
    assert whole.documents == 200


def test_what_cannot_be_read_is_named_and_the_rest_counted(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("fine")
    (tmp_path / "bad.bin").write_bytes(b"\xff\x00\xfe")
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(b"words " * 500)[:-12])
    rows = [b'{"text": "one"}', b"{bad", b'{"txt": 1}', b'{"text": 5}', b"\xff", b'"two"']
    (tmp_path / "rows.jsonl").write_bytes(b"\n".join([*rows, b'{"text": "\\u0000"}']) + b"\n")
    found = count_corpus([tmp_path], Options())
    assert found.documents == 3
    assert found.unreadable == 7
    said = [f"{Path(str(fault.value)).name} {fault.problem}" for fault in found.faults]
    for part in ("bad.bin is not UTF-8", "line 2 is not JSON", "line 3 has no 'text'"):
        assert any(part in each for each in said), said
    for part in ("line 4 holds int", "line 5 is not UTF-8", "line 7 is not text", "cut.txt.gz"):
        assert any(part in each for each in said), said
    with pytest.raises(SourceError) as caught:
        tokens.corpus([tmp_path])
    assert len(caught.value.faults) == 7


def test_lines_are_numbered_from_the_start_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_PART", 40)
    (tmp_path / "a.jsonl").write_text('"fine"\n' * 30 + "{bad\n" + '"fine"\n' * 3)
    (fault,) = count_corpus([tmp_path], Options()).faults
    assert fault.problem.startswith("line 31 is not JSON")


def test_a_second_run_counts_only_what_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    write(folder)
    (folder / "bad.txt").write_bytes(b"\xff")
    counted: list[str] = []
    real = counting.count_part

    def spy(part: counting.Part, *rest: object) -> object:
        counted.append(Path(part.path).name)
        return real(part, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(counting, "count_part", spy)
    with Journal(tmp_path / "kept") as kept:
        first = count_corpus([folder], Options(), journal=kept)
    assert counted == ["a.jsonl", "b.jsonl.gz", "bad.txt", "c.txt"]
    counted.clear()
    (folder / "c.txt").write_text("changed")
    with Journal(tmp_path / "kept") as kept:
        second = count_corpus([folder], Options(), journal=kept)
        assert counted == ["bad.txt", "c.txt"]  # what could not be read is tried again
        count_corpus([folder], Options(encoding="cl100k_base"), journal=kept)
    assert second.documents == first.documents and second.tokens != first.tokens
    assert len(counted) == 6


@pytest.mark.parametrize("how", ["in place", "another file"])
def test_other_bytes_of_the_same_size_and_time_are_counted(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    path = folder / "a.txt"
    path.write_text("one two")
    os.utime(path, (10**9, 10**9))
    with Journal(tmp_path / "kept") as kept:
        first = count_corpus([folder], Options(), journal=kept)
        if how == "in place":
            path.write_text("onetwo!")
        else:
            (tmp_path / "new").write_text("onetwo!")
            (tmp_path / "new").replace(path)
        os.utime(path, (10**9, 10**9))
        second = count_corpus([folder], Options(), journal=kept)
    assert (first.tokens, second.tokens) == (2, tokens.count("onetwo!"))
    assert second.tokens != first.tokens


def test_a_run_that_is_broken_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    write(folder)
    monkeypatch.setattr(counting, "_PART", 2000)
    whole = count_corpus([folder], Options())
    real, done = counting.count_part, []

    def stops(part: counting.Part, *rest: object) -> object:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(part)
        return real(part, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(counting, "count_part", stops)
    with pytest.raises(KeyboardInterrupt), Journal(tmp_path / "kept") as kept:
        count_corpus([folder], Options(), journal=kept)
    monkeypatch.setattr(counting, "count_part", real)
    steps: list[int] = []
    with Journal(tmp_path / "kept") as kept:
        found = count_corpus(
            [folder], Options(), journal=kept, progress=lambda at, _: steps.append(at)
        )
    assert found == whole
    assert steps[0] >= 3 * 2000


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with Journal(tmp_path / "file") as kept:
        kept.put(b"key", b"data")
        assert kept.get(b"key") is None
    assert "file" in kept.problem and "[Errno" not in kept.problem


def test_the_journal_keeps_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_MOST", 250)
    with Journal(tmp_path) as kept:
        for at in range(5):
            kept.put(bytes([at]), bytes(100))
    with Journal(tmp_path) as kept:
        assert [at for at in range(5) if kept.get(bytes([at]))] == [3, 4]
    (tmp_path / "counts.sqlite").write_bytes(b"damaged" * 500)
    with Journal(tmp_path) as kept:
        assert kept.get(b"\3") is None
    assert kept.problem


def test_what_is_damaged_is_counted_anew(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    write(folder)
    with Journal(tmp_path / "kept") as kept:
        whole = count_corpus([folder], Options(), journal=kept)
    damage = ["substr(data, 1, 90)", "'x'", "NULL", "zeroblob(length(data))"]
    damage.append("substr(data, 1, length(data) - 49) || zeroblob(49)")
    for each in damage:
        with sqlite3.connect(tmp_path / "kept" / "counts.sqlite") as store:
            assert store.execute(f"UPDATE counts SET data = CAST({each} AS BLOB)").rowcount == 3
        store.close()
        with Journal(tmp_path / "kept") as kept:
            assert count_corpus([folder], Options(), journal=kept) == whole
            assert not kept.problem


def test_without_a_home_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("DATAPLAN_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", none)
    write(tmp_path)
    with Journal() as kept:
        assert count_corpus([tmp_path], Options(), journal=kept).documents
    assert kept.problem == "there is no home folder to keep it in; set DATAPLAN_CACHE_DIR"


def test_where_results_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAPLAN_CACHE_DIR", os.sep + "kept")
    assert journal.folder() == Path(os.sep + "kept")
    monkeypatch.delenv("DATAPLAN_CACHE_DIR")
    assert journal.folder().is_absolute()


def test_an_unequal_count_makes_all_counts_plain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    real = pieces.Counter.count_all

    def wrong(self: pieces.Counter, texts: list[str], datas: list[bytes]) -> list[int]:
        counts = real(self, texts, datas)
        return [count + (text[:1] == "C") for text, count in zip(texts, counts, strict=True)]

    monkeypatch.setattr(pieces.Counter, "count_all", wrong)
    text = "Count " * 1000
    (tmp_path / "z.jsonl").write_text(json.dumps(text))
    documents, total = expected("o200k_base")
    found = count_corpus([tmp_path], Options())
    assert (found.documents, found.tokens) == (documents + 1, total + tokens.count(text))


@pytest.mark.parametrize(("split", "sound"), [("line", 59), ("paragraph", 29)])
@pytest.mark.parametrize("end", ["", ".gz"])
def test_a_bad_byte_loses_its_record_alone(
    tmp_path: Path, split: Split, sound: int, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_PART", 100)
    rows = [f"line {at} 数据\n".encode() + b"\n" * (at % 2) for at in range(60)]
    rows[40] = rows[40].replace(b"line", b"l\xffne")
    data = b"".join(rows)
    (tmp_path / f"a.txt{end}").write_bytes(gzip.compress(data) if end else data)
    found = count_corpus([tmp_path], Options(split=split))
    assert (found.documents, found.unreadable) == (sound, 1)
    where = "line 61" if split == "line" else "paragraph from line 61 on"
    assert found.faults[0].problem == f"{where} is not UTF-8 text"


def test_a_bad_cell_loses_its_row_alone(tmp_path: Path) -> None:
    rows = [b"id,text", b"1,one", b"2,\xff", b"\xff,three", b"4,a\x00b", b"5,five"]
    (tmp_path / "a.csv").write_bytes(b"\n".join(rows) + b"\n")
    found = count_corpus([tmp_path], Options())
    assert (found.documents, found.unreadable) == (3, 2)
    assert [each.problem for each in found.faults] == [
        "row up to line 3 is not UTF-8 text",
        "row up to line 5 is not text: it holds a zero byte",
    ]
    (tmp_path / "a.csv").write_bytes(b'id,text\n1,one\n2,"two" x\n3,three\n')
    found = count_corpus([tmp_path], Options())
    assert (found.documents, found.unreadable) == (1, 1)
    assert "stopped at line 3, the rest is not counted" in found.faults[0].problem
    (tmp_path / "a.csv").write_bytes(b"\xff,text\n1,one\n")
    with pytest.raises(SourceError, match="is not UTF-8 text"):
        count_corpus([tmp_path], Options())


def test_a_file_that_is_no_text_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_PART", 100)
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe words\n" * 300)
    (tmp_path / "b.txt").write_text("fine\n")
    found = count_corpus([tmp_path], Options(split="line"))
    assert (found.documents, found.files) == (1, 2)
    monkeypatch.setattr(counting, "_PART", 2_000)
    found = count_corpus([tmp_path], Options(split="line"))
    whole = [each for each in found.faults if each.key == "path"]
    assert len(whole) == 1 and "most of its first 21 lines" in whole[0].problem
