"""The fast counter: tiktoken's count of every text, whatever is in it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import pieces, tokens

ALPHABET = [
    *(
        "a",
        "B",
        "z",
        " ",
        "  ",
        "    ",
        "\n",
        "\n\n",
        "\t",
        "\r\n",
        "\r",
        "'",
        "'s",
        "'S",
        "’",
        "/",
    ),
    *("1", "23", "4567", ".", "//", "，", "。", "「", "」", "的", "中国", "数据", "彩", "神", "一"),
    *(
        "日本",
        "語",
        "の",
        "カタ",
        "ー",
        "々",
        "〆",
        "ｱ",
        "Ａ",
        "한국",
        "어",
        "é",
        "É",
        "İ",
        "ß",
        "ǅ",
    ),
    *(
        "\u0301",
        "\u200d",
        "😀",
        "👩‍👧",
        "🏽",
        "<|endoftext|>",
        "def f(x):",
        "return",
        "\u3000",
        "\xa0",
    ),
    *(
        "\x85",
        "\x1c",
        "\u2028",
        "\u200b",
        "\ufeff",
        "\x00",
        "\ud800",
        "\ud83d",
        "\ude00",
        "ſ",
        "'ſ",
    ),
    *("мир", "عرب", "हिन्दी", "ไทย", "ⅷ", "²", "½", " the", " data"),
]
EAST = [chr(at) for at in (*range(0x4E00, 0x5200), *range(0x3041, 0x3097), *range(0x30A1, 0x30FB))]
COUNTERS = {encoding: pieces.Counter(encoding) for encoding in tokens.ENCODINGS}


def plain(text: str, encoding: str) -> int:
    return len(tokens.coder(encoding).encode_ordinary(text))


@pytest.mark.parametrize("encoding", tokens.ENCODINGS)
@given(parts=st.lists(st.sampled_from(ALPHABET), max_size=80), times=st.integers(1, 4))
def test_any_text(encoding: str, parts: list[str], times: int) -> None:
    text = "".join(parts) * times
    assert COUNTERS[encoding].count(text) == plain(text, encoding)


@pytest.mark.parametrize("encoding", tokens.ENCODINGS)
@pytest.mark.parametrize("seed", range(6))
def test_many_texts(encoding: str, seed: int) -> None:
    chance = random.Random(seed)
    kinds = (ALPHABET, EAST + ["，", "。", " ", "\n", "a", "B", "Cd", "7"], list(" \n\t\rxX.，中/"))
    for _ in range(150):
        letters = chance.choice(kinds)
        text = "".join(chance.choices(letters, k=chance.randrange(1, 250)))
        assert COUNTERS[encoding].count(text) == plain(text, encoding), repr(text)


@pytest.mark.parametrize("encoding", tokens.ENCODINGS)
@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    if x:\n\n        return x  # two\n\t\treturn 1   \n   \n  x\n",
        "word\n" * 20_000,
        "数据越多，误差越小。\n" * 3000,
        "a中" * 3000,
        "中文Abc" * 500,
        "=" * 5000 + " " + "-" * 300,
        "   leading and trailing   ",
        "x" + " " * 200_000 + "y",
        "\n" * 50_000 + "y",
        "",
        " ",
        "\n ",
    ],
)
def test_long_and_odd_texts(encoding: str, text: str) -> None:
    assert COUNTERS[encoding].count(text) == plain(text, encoding)


@pytest.mark.parametrize("text", [" " * 1_000_000, "x" + "\t" * 1_000_001 + "y"])
def test_what_tiktoken_cannot_count_is_counted_as_elsewhere(text: str) -> None:
    assert COUNTERS["o200k_base"].count(text) == tokens.count(text)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_MOST", 50)
    counter = pieces.Counter("o200k_base")
    text = " ".join(f"word{at} x{at}y\nnext{at}" for at in range(2000))
    assert counter.count(text) == plain(text, "o200k_base")
    assert len(counter._plain) <= 50 and len(counter._segments) <= 50


@pytest.mark.parametrize("encoding", tokens.ENCODINGS)
def test_a_token_of_the_vocabulary_is_never_cut(encoding: str) -> None:
    table = pieces._pairs(encoding)
    for token in tokens.coder(encoding).token_byte_values():
        if max(token) >= 0xE3:
            text = token.decode("utf-8", "ignore")
            if len(text) > 1 and text.encode() == token and "。" not in text:
                codes, _, ends = table.ends(text)
                inner = [at for at in ends if codes[at] >= 0x3041 and codes[at - 1] >= 0x3041]
                assert not inner, text
