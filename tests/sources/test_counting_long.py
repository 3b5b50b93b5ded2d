"""Documents that are large, or that cannot be cut: counted in bounded memory, or named."""

from __future__ import annotations

import base64
import gzip
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import cuts, pieces, tally, tokens
from sources.corpus import Options
from sources.counting import count_corpus

ALPHABET = [*"aZ19", "'", "'s", "_", ".", "\n", "\n\n", "\r\n", "/", "，", "。", "数", "の", "한"]
ALPHABET += ["ー", "é", "\u0301", "Я", "ſ", "!", "123", "\t", "\u3000", "ａ"]
CODERS = [tokens.coder(encoding) for encoding in tokens.ENCODINGS]


@given(st.lists(st.sampled_from(ALPHABET), max_size=40).map("".join), st.integers(1, 40))
def test_every_cut_is_one_that_changes_no_count(text: str, size: int) -> None:
    parts = list(cuts.stretches(text, size))
    assert "".join(parts) == text
    for coder in CODERS:
        found = sum(len(coder.encode_ordinary(part)) for part in parts)
        assert found == len(coder.encode_ordinary(text)), parts


def without_spaces() -> dict[str, str]:
    chance = random.Random(1)
    return {
        "base64": base64.b64encode(chance.randbytes(30_000)).decode(),
        "chinese": "".join(chance.choices("数据越多误差小的模型，。", k=30_000)),
        "numbers": ",".join(str(chance.randrange(10**6)) for _ in range(6_000)),
    }


@pytest.mark.parametrize("name", ["base64", "chinese", "numbers"])
@pytest.mark.parametrize("form", ["txt", "jsonl"])
def test_text_without_spaces_is_cut(
    tmp_path: Path, name: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, limit, size in (
        (tally, "_LONG", 3_000),
        (tally, "_MOST", 4_000),
        (pieces, "_LARGE", 1_000),
        (pieces, "_TOGETHER", 2_000),
    ):
        monkeypatch.setattr(module, limit, size)
    monkeypatch.setattr("sources.counting._BLOCK", 3_000)
    text = without_spaces()[name]
    path = tmp_path / f"a.{form}"
    path.write_text(json.dumps(text) if form == "jsonl" else text, encoding="utf-8")
    found = count_corpus([path], Options())
    assert not found.faults
    assert (found.tokens, found.characters) == (tokens.count(text), len(text))


def test_what_cannot_be_cut_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "_LONG", 1_000)
    monkeypatch.setattr(tally, "_MOST", 4_000)
    monkeypatch.setattr("sources.counting._BLOCK", 1_000)
    rows = ["fine", "a" * 9_000, "fine too"]
    (tmp_path / "d.txt").write_text("数" * 1_900, encoding="utf-8")
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"a" * 9_000))
    (tmp_path / "c.txt").write_text("\n".join(rows))
    for near in (None, 0.8):
        found = count_corpus([tmp_path], Options(split="line", near=near))
        assert (found.documents, found.unreadable) == (2, 4)
        problem = "a stretch of 5,000 characters or more without a space cannot be counted"
        assert [problem in each.problem for each in found.faults] == [True, True, True, False]
        assert "of 1,900 characters or more" in found.faults[-1].problem
        whole = count_corpus([tmp_path / "a.jsonl", tmp_path / "b.txt.gz"], Options(near=near))
        assert (whole.documents, whole.unreadable) == (2, 2)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_memory_of_a_large_record_is_bounded(tmp_path: Path) -> None:
    text = "The model learns, from 数据, what it can: word by word. " * 180_000
    (tmp_path / "a.jsonl").write_text(json.dumps(text, ensure_ascii=False), encoding="utf-8")
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"a" * 100_000_000))
    code = (  # ru_maxrss would be that of the process that started it too
        "import sys; from pathlib import Path; from sources.counting import count_corpus; "
        "from sources.corpus import Options; found = count_corpus([sys.argv[1]], Options()); "
        "facts = Path('/proc/self/status').read_text().split('VmHWM:')[1].split(); "
        "print(found.characters, int(facts[0]) // 1000)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    root = Path(__file__).resolve().parent.parent.parent
    out = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    characters, memory = map(int, out.split())
    assert characters == len(text)
    assert memory < 350, memory  # [MB]; over 1,000 before documents were counted in blocks


@pytest.mark.parametrize(
    "number", ["4111 1111 1111 1111", "+49 30 1234567", "a.b@mail.example.org"]
)
def test_personal_data_is_found_across_blocks(
    tmp_path: Path, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"pay {number} now, dear friend, or call us again " * 300
    (tmp_path / "a.txt").write_text(text)
    for block in (97, 211, 1_009):
        monkeypatch.setattr("sources.counting._BLOCK", block)
        screen = count_corpus([tmp_path], Options()).screen
        assert screen and screen.emails + screen.phones + screen.cards == 300


def test_as_much_personal_data_as_there_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a@b.org " * 70_000)
    screen = count_corpus([tmp_path], Options()).screen
    assert screen and screen.emails == 70_000
