"""A corpus in every format and packing, and everything that can be wrong with it."""

from __future__ import annotations

import bz2
import gzip
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sources import documents, tokens
from sources.base import SourceError

TEXTS = ["hello world", "你好，世界\nsecond line", 'quoted "text", with commas', "hello world", ""]
UNIQUE = 3


def jsonl(path: Path) -> bytes:
    return "".join(json.dumps({"text": text, "id": 1}) + "\n" for text in TEXTS).encode()


def csv(path: Path) -> bytes:
    rows = ['"' + text.replace('"', '""') + '"' for text in TEXTS]
    return ("\ufefftext,id\r\n" + "".join(f"{row},1\r\n" for row in rows)).encode()


def zipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def zstandard(data: bytes) -> bytes:
    return pytest.importorskip("zstandard").ZstdCompressor().compress(data)


@pytest.mark.parametrize("form", [jsonl, csv])
@pytest.mark.parametrize(("end", "pack"), [("", bytes), (".gz", zipped), (".zst", zstandard)])
def test_every_format_and_packing_counts_the_same(
    tmp_path: Path, form: Callable[[Path], bytes], end: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"corpus.{form.__name__}{end}"
    path.write_bytes(pack(form(path)))
    found = tokens.corpus([path])
    assert (found.documents, found.duplicates, found.empty) == (UNIQUE, 1, 1)
    assert found.tokens == sum(tokens.count(text) for text in set(TEXTS))
    assert found.characters == sum(len(text) for text in set(TEXTS))
    assert (found.files, found.bytes) == (1, path.stat().st_size)
    assert list(documents.texts(path)) == TEXTS


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "corpus.parquet"
    texts = [*TEXTS[:-1], None] * 600
    parquet.write_table(pyarrow.table({"body": texts, "id": range(len(texts))}), path)
    found = tokens.corpus([path], column="body")
    assert (found.documents, found.empty) == (UNIQUE, 600)
    assert found.duplicates == 4 * 600 - UNIQUE
    with pytest.raises(SourceError, match="'text': is in none of the files; known: body, id"):
        tokens.corpus([path])
    with pytest.raises(SourceError, match="holds int, not text"):
        tokens.corpus([path], column="id")


def test_a_folder_is_read_whole_but_for_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "deep" / ".git").mkdir(parents=True)
    (tmp_path / "a.txt").write_text("one\n\ntwo\nthree\n")
    (tmp_path / "deep" / "b.md").write_text("four")
    (tmp_path / "deep" / "c.jsonl").write_text('"five"\n{"text": "four"}\n')
    (tmp_path / "deep" / ".git" / "x").write_bytes(b"\xff\x00")
    (tmp_path / ".hidden").write_bytes(b"\xff\x00")
    found = tokens.corpus([tmp_path, tmp_path / "a.txt"])
    assert (found.files, found.documents, found.duplicates) == (3, 3, 1)
    assert tokens.corpus([tmp_path / "a.txt"], split="line").documents == 3
    assert list(documents.texts(tmp_path / "a.txt", split="paragraph")) == ["one", "two\nthree"]


def test_documents_that_differ_in_a_lone_surrogate_are_two(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a\\ud800"}\n{"text": "a"}\n{"text": "a\\ud801"}\n')
    assert tokens.corpus([path]).documents == 3


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(f"document {name}\n")
    steps: list[tuple[int, int]] = []
    tokens.corpus(
        [tmp_path], split="line", progress=lambda done, total: steps.append((done, total))
    )
    assert steps == sorted(steps)
    assert steps[-1] == (22, 22)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"\x89PNG\r\n\x1a\n\xff", "is not UTF-8 text"),
        ("a.txt", b"text\x00text", "zero byte"),
        ("a.txt", "text".encode("utf-16"), "is not UTF-8 text"),
        ("a.bin", bytes(range(256)), "is not UTF-8 text"),
        ("a.txt", b" \n\n", "holds no document"),
        ("a.jsonl", b'{"text": "a"}\n{"text": \n', "line 2 is not JSON"),
        ("a.jsonl", b'{"text": 5}\n', "line 1 holds int, not text"),
        ("a.jsonl", b"[" * 100_000, "a.jsonl"),
        ("a.csv", b"", "has no column 'text'"),
        ("a.csv", b'text\n"open\n', "a.csv"),
        ("a.txt.gz", b"not packed", "Not a gzipped file"),
        ("a.txt.gz", gzip.compress(b"a" * 1000, mtime=0)[:-20], "a.txt.gz"),
        ("a.txt.zst", b"not packed", "is not sound .zst"),
        ("a.txt.bz2", bz2.compress(b"text"), "is not UTF-8 text"),
        ("a.parquet", b"not parquet", "a.parquet"),
        ("a.parquet.gz", b"", "unpack it first"),
    ],
)
def test_a_faulty_file_is_named(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError) as caught:
        tokens.corpus([tmp_path])
    (fault,) = caught.value.faults
    assert message in str(fault)
    assert tmp_path.name in str(fault.value)


@pytest.mark.parametrize(
    ("name", "data", "advice"),
    [
        ("a.jsonl", b'{"txt": "a"}\n{"txt": "b"}\n', "did you mean txt[?]"),
        ("a.jsonl.gz", gzip.compress(b'{"id": 1, "body": "a"}\n', mtime=0), "known: id, body"),
        ("a.csv", b"id,body\n1,x\n", "known: id, body"),
    ],
)
def test_a_column_that_no_file_has(tmp_path: Path, name: str, data: bytes, advice: str) -> None:
    for number in range(3):
        (tmp_path / f"{number}{name}").write_bytes(data)
    with pytest.raises(SourceError) as caught:
        tokens.corpus([tmp_path])
    (fault,) = caught.value.faults
    assert re.fullmatch(f"column = 'text': is in none of the files; {advice}", str(fault))


def test_a_column_that_some_files_lack(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,x\n")
    (tmp_path / "b.csv").write_text("id,body\n1,x\n")
    with pytest.raises(SourceError) as caught:
        tokens.corpus([tmp_path])
    (fault,) = caught.value.faults
    assert "b.csv" in str(fault) and "has no column 'text'; known: id, body" in str(fault)


def test_all_faulty_files_at_once(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.txt").write_bytes(b"fine" if name == "b" else b"\xff")
    with pytest.raises(SourceError) as caught:
        tokens.corpus([tmp_path])
    assert [Path(str(fault.value)).name for fault in caught.value.faults] == ["a.txt", "c.txt"]
    with pytest.raises(SourceError, match="no such file or folder"):
        tokens.corpus([tmp_path / "nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="holds no"):
        tokens.corpus([tmp_path / "empty"])


@pytest.mark.parametrize(
    ("name", "package"), [("a.parquet", "pyarrow"), ("a.txt.zst", "zstandard")]
)
def test_a_missing_package_names_the_extra(
    tmp_path: Path, name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(
        SourceError, match=rf"needs the package {package}; pip install .dataplan\[text"
    ):
        tokens.corpus([tmp_path])
