"""The fast counter: tiktoken's count of every text, whatever is in it."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources import cuts, eastern, pieces, tokens

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
    *(
        "мир",
        "عرب",
        "हिन्दी",
        "ไทย",
        "ⅷ",
        "²",
        "½",
        " the",
        " data",
        "don",
        "'t",
        " I",
        "'ll",
        "'LL",
        "it",
        "3rd",
    ),
]
EAST = [chr(at) for at in (*range(0x4E00, 0x5200), *range(0x3041, 0x3097), *range(0x30A1, 0x30FB))]
BLANKS = " \t\n\r\x0b\x1c\x85\xa0\u1680\u2003\u200b\u2028\u205f\u3000xЯ1.'/中。"
COUNTERS = {encoding: pieces.Counter(encoding) for encoding in tokens.ENCODINGS}
ROUTES = [None, True, False]  # as the text looks, all as East Asian, none


def plain(text: str, encoding: str) -> int:
    return len(tokens.coder(encoding).encode_ordinary(text))


@pytest.fixture(params=ROUTES)
def counter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Counts texts by one of the routes."""
    if request.param is not None:
        monkeypatch.setattr(pieces, "is_eastern", lambda data: request.param)
    return lambda texts, encoding: COUNTERS[encoding].count_all(texts)


@pytest.mark.parametrize("encoding", tokens.ENCODINGS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # it changes no state
@given(
    texts=st.lists(st.lists(st.sampled_from(ALPHABET), max_size=60).map("".join), max_size=5),
    times=st.integers(1, 4),
)
def test_any_texts(encoding: str, counter: Callable, texts: list[str], times: int) -> None:
    texts = [text * times for text in texts]
    assert counter(texts, encoding) == [plain(text, encoding) for text in texts]


@pytest.mark.parametrize("encoding", tokens.ENCODINGS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(BLANKS, max_size=30), max_size=5))
def test_any_blanks(encoding: str, counter: Callable, texts: list[str]) -> None:
    assert counter(texts, encoding) == [plain(text, encoding) for text in texts]


@pytest.mark.parametrize("encoding", tokens.ENCODINGS)
@pytest.mark.parametrize("seed", range(6))
def test_many_texts(encoding: str, counter: Callable, seed: int) -> None:
    chance = random.Random(seed)
    kinds = (ALPHABET, EAST + ["，", "。", " ", "\n", "a", "B", "Cd", "7"], list(" \n\t\rxX.，中/"))
    texts = [
        "".join(chance.choices(chance.choice(kinds), k=chance.randrange(1, 250)))
        for _ in range(150)
    ]
    for text, count in zip(texts, counter(texts, encoding), strict=True):
        assert count == plain(text, encoding), repr(text)


@pytest.mark.parametrize("encoding", tokens.ENCODINGS)
@given(texts=st.lists(st.lists(st.sampled_from(ALPHABET), max_size=60).map("".join), max_size=5))
def test_what_is_new_or_displaced(encoding: str, texts: list[str]) -> None:
    """New parts encoded at once, parts that take each other's place, texts in stretches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_SLOTS", 2)
        patch.setattr(pieces, "_MOST", 3)
        patch.setattr(pieces, "_LARGE", 40)
        patch.setattr(pieces, "_JOINED", (1, 30))
        counter = pieces.Counter(encoding)
        for _ in range(2):
            assert counter.count_all(texts) == [plain(text, encoding) for text in texts]


def test_new_parts_are_encoded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = pieces.Counter("o200k_base")
    calls = []

    class Coder:
        def encode_ordinary(self, text: str) -> list[int]:
            calls.append(text)
            return tokens.coder("o200k_base").encode_ordinary(text)

    monkeypatch.setattr(counter, "_coder", Coder())
    text = " ".join(f"word{chr(97 + at)}{at}\n\tnext{at}(了" for at in range(26)) * 50
    for _ in range(2):
        assert counter.count_all([text]) == [plain(text, "o200k_base")]
    assert len(calls) < 10


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
    assert COUNTERS[encoding].count_all([text]) == [plain(text, encoding)]


@pytest.mark.parametrize("text", [" " * 1_000_000, "x" + "\t" * 1_000_001 + "y"])
def test_what_tiktoken_cannot_count_is_counted_as_elsewhere(text: str) -> None:
    assert COUNTERS["o200k_base"].count(text) == tokens.count(text)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_MOST", 50)
    counter = pieces.Counter("o200k_base")
    text = " ".join(f"word{at}-{'long' * 9} x{at}y\nnext{at}" for at in range(2000))
    assert counter.count_all([text]) == [plain(text, "o200k_base")]
    assert len(counter._longer) <= 50


def keys_of(known: pieces._Known, part: bytes) -> list:
    eights = np.ndarray((len(part) + 25,), "<u8", part + b"\xff" * 32, strides=(1,))
    return known.keys(eights, np.array([0]), np.array([len(part)]))


@pytest.mark.parametrize("width", [1, 2, 4])
@given(data=st.data())
def test_a_part_is_remembered_for_itself_alone(width: int, data: st.DataObject) -> None:
    part = st.text("ab\0", min_size=1, max_size=8 * width).map(str.encode)
    parts = data.draw(st.lists(part, unique=True, min_size=2, max_size=8))
    at = data.draw(st.integers(0, 8 * width - 1))
    parts += [parts[0][:at], parts[0][:at] + b"c" + parts[0][at + 1 :]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_SLOTS", 1)
        known = pieces._Known(width)
        held: dict[bytes, int] = {}
        for count, part in enumerate(dict.fromkeys(filter(None, parts)), start=1):
            keys = keys_of(known, part)
            assert known.find(keys)[0] == 0
            known.put(keys, np.array([count]))
            held[part] = count
            for each, of_each in held.items():
                assert known.find(keys_of(known, each))[0] in (0, of_each)
            assert known.find(keys)[0] == count


@pytest.mark.parametrize("encoding", tokens.ENCODINGS)
@given(text=st.text("a1.(\n\t\r é中の\u3000", min_size=1), at=st.integers(1, 30))
def test_a_stretch_counts_by_itself(encoding: str, text: str, at: int) -> None:
    found = list(cuts.stretches(text, at))
    assert "".join(found) == text
    assert sum(plain(each, encoding) for each in found) == plain(text, encoding)


@pytest.mark.parametrize("text", ["a\n\n\nb", "1\n\n2", "...\n\n", "\n\n\n\n"])
def test_a_stretch_does_not_end_among_line_ends(text: str) -> None:
    for stop in range(1, len(text)):
        assert cuts.last_end(text, 0, stop) in (0, 1 if text[0] == "a" else 0)


@pytest.mark.parametrize("encoding", tokens.ENCODINGS)
def test_a_token_of_the_vocabulary_is_never_cut(encoding: str) -> None:
    table = eastern.cutter(encoding)
    for token in tokens.coder(encoding).token_byte_values():
        if max(token) >= 0xE3:
            text = token.decode("utf-8", "ignore")
            if len(text) > 1 and text.encode() == token and "。" not in text:
                ends = table.ends(text).tolist()
                inner = [at for at in ends if text[at] >= "ぁ" and text[at - 1] >= "ぁ"]
                assert not inner, text
