"""What is collected of the documents of a part: in order, checked, whatever comes at once."""

from __future__ import annotations

import pytest

from sources import pieces, tally, tokens
from sources.corpus import Options

TEXTS = [
    "One document",
    "数据越多，误差越小。" * 40,
    "  ",
    "a\ud800b",
    "",
    "def f(x):\n    return x\n" * 90,
]
UNDATED = -1


@pytest.mark.parametrize("together", [1, 500, 100_000])
def test_rows_are_those_of_the_documents(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "_TOGETHER", together)
    found = tally.Tally(Options())
    texts = TEXTS * 30
    for text in texts:
        found.add(text, UNDATED)
    rows = found.rows()
    kept = [text for text in texts if text.strip()]
    assert found.empty == len(texts) - len(kept)
    assert rows["characters"].tolist() == list(map(len, kept))
    assert rows["tokens"].tolist() == list(map(tokens.count, kept))


@pytest.mark.parametrize("size", [700, 5_000, 100_000])
def test_a_document_in_blocks_counts_as_a_whole(size: int) -> None:
    text = "word, 数据 (x1)\n  end.\n" * 9_000
    found = tally.Tally(Options())
    found.add_blocks((text[at : at + size] for at in range(0, len(text), size)), UNDATED)
    (row,) = found.rows()
    assert row["tokens"] == tokens.count(text)
    whole = tally.Tally(Options())
    whole.add(text, UNDATED)
    assert row == whole.rows()[0]


def wrong_of(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fast counter errs where a text holds this."""
    real = pieces.Counter.count_all

    def wrong(
        self: pieces.Counter, texts: list[str], datas: list[bytes] | None = None
    ) -> list[int]:
        counts = real(self, texts, datas)
        return [count + (part in text) for text, count in zip(texts, counts, strict=True)]

    monkeypatch.setattr(pieces.Counter, "count_all", wrong)


@pytest.mark.parametrize("at", [0, 2])
def test_the_first_documents_are_checked(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong_of("WRONG", monkeypatch)
    found = tally.Tally(Options())
    for number in range(5):
        found.add("some words " * 400 + "WRONG" * (number == at), UNDATED)
    with pytest.raises(tally.Unequal):
        found.rows()


def test_one_in_so_many_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong_of("WRONG", monkeypatch)
    found = tally.Tally(Options())
    for number in range(tally._FIRST + tally._EVERY):
        found.add("some words " * 40 + "WRONG" * (number >= tally._FIRST), UNDATED)
    with pytest.raises(tally.Unequal):
        found.rows()


def test_the_start_of_a_long_document_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong_of("WRONG", monkeypatch)
    monkeypatch.setattr(tally, "_EVERY", 1)
    found = tally.Tally(Options())
    with pytest.raises(tally.Unequal):
        found.add_blocks(["WRONG " + "some words " * 20_000], UNDATED)
