"""Token counts: tiktoken's wherever it has an answer, and an answer where it has none."""

from __future__ import annotations

import hashlib
import os
import string
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import tokens
from sources.base import SourceError

RANKS = Path(tokens.__file__).parent / "data"
SCRIPTS = st.sampled_from(
    list("的一是中文字符日本語のカタカナ한국어😀👩‍👧🏽é́ßİΩجא\u3000\u00a0\u200b\x00\x1c\u2028")
)
CODE = st.sampled_from(
    ["def f(x):\n", "    ", "\t", "'ll", "!=", "<|endoftext|>", "<|endofprompt|>"]
)
SURROGATES = st.sampled_from(["\ud800", "\udc00", "\ud83d\ude00"])
TEXT = st.lists(
    st.one_of(
        st.sampled_from(list(string.printable)), SCRIPTS, CODE, SURROGATES, st.text(max_size=8)
    ),
    max_size=60,
).map("".join)


@cache
def reference(encoding: str) -> Any:
    import tiktoken

    os.environ["TIKTOKEN_CACHE_DIR"] = str(RANKS)
    try:
        return tiktoken.get_encoding(encoding)
    finally:
        del os.environ["TIKTOKEN_CACHE_DIR"]


@pytest.mark.parametrize("encoding", tokens.ENCODINGS)
@given(text=TEXT, repeat=st.integers(1, 40))
def test_counts_are_tiktoken_s(encoding: str, text: str, repeat: int) -> None:
    text *= repeat
    assert tokens.count(text, encoding) == len(reference(encoding).encode_ordinary(text))


@pytest.mark.parametrize("run", [" ", "a", "^", "\n", "中", " \n", "=-"])
def test_long_runs_that_tiktoken_can_count(run: str) -> None:
    text = f"x {run * 50_000} y"
    assert tokens.count(text) == len(reference("o200k_base").encode_ordinary(text))


@pytest.mark.parametrize("text", [" " * 1_000_000, " " * 2_500_000 + "x", "\t" * 1_000_000 + "y"])
def test_a_million_blanks_have_an_answer(text: str) -> None:
    start = tokens.count(text[:500_000])
    times = len(text) / 500_000
    assert tokens.count(text) == pytest.approx(times * start, rel=0.01)


def test_a_panic_is_counted_in_pieces_and_other_errors_are_not_hidden() -> None:
    class PanicException(BaseException):
        pass

    class Coder:
        def encode_ordinary(self, text: str) -> list[int]:
            if len(text) > 100_000:
                raise PanicException
            return [0] * len(text)

    assert tokens._count(Coder(), "a" * 250_000) == 250_000

    class Stopped(Coder):
        def encode_ordinary(self, text: str) -> list[int]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tokens._count(Stopped(), "a" * 250_000)


def test_ranks_are_the_pinned_ones() -> None:
    for name, sha256 in tokens.RANKS.values():
        assert hashlib.sha256((RANKS / name).read_bytes()).hexdigest() == sha256


def test_damaged_ranks_are_refused_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    name = tokens.RANKS["o200k_base"][0]
    (tmp_path / "data" / name).write_text("damaged")
    monkeypatch.setattr(tokens, "__file__", str(tmp_path / "tokens.py"))
    tokens.coder.cache_clear()
    try:
        with pytest.raises(SourceError, match="missing or damaged"):
            tokens.count("a")
    finally:
        tokens.coder.cache_clear()
    assert (tmp_path / "data" / name).read_text() == "damaged"


@pytest.mark.parametrize("before", [None, "elsewhere"])
def test_the_environment_is_left_as_it_was(
    before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if before is None:
        monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
    else:
        monkeypatch.setenv("TIKTOKEN_CACHE_DIR", before)
    tokens.coder.cache_clear()
    assert tokens.count("hello world") == 2
    assert os.environ.get("TIKTOKEN_CACHE_DIR") == before


def test_an_unknown_encoding_names_the_nearest() -> None:
    with pytest.raises(SourceError, match="did you mean o200k_base"):
        tokens.count("a", "o200k")
