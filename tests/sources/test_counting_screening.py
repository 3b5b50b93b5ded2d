"""The screen for personal data, and the script of a text."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.counting import Options, count_corpus
from sources.screening import SCRIPTS, private, script


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("write to a.b+c@mail.example.org, or A_B@x.io.", (2, 0, 0)),
        ("user@localhost, @name, a @ b.com, x@y", (0, 0, 0)),
        ("call +49 30 1234567 or (212) 555-0199 or 212-555-0199", (0, 3, 0)),
        ("手机13812345678，电话 010-12345678", (0, 2, 0)),
        ("4111 1111 1111 1111 and 5500-0000-0000-0004 and 378282246310005", (0, 0, 3)),
        ("4111 1111 1111 1112", (0, 0, 0)),
        ("on 2024-01-02 12:30:45, 3.14159265358979, 1700000000, 12,345,678,901", (0, 0, 0)),
        ("0000 0000 0000 0000", (0, 0, 0)),
        ("no digits at all", (0, 0, 0)),
    ],
)
def test_personal_data(text: str, found: tuple[int, int, int]) -> None:
    assert private(text, text.encode()) == found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The model", "latin"),
        ("Größe", "latin"),
        ("数据越多，误差越小。", "han"),
        ("データが増える", "kana"),
        ("日本語の文書", "kana"),
        ("모델은 데이터", "hangul"),
        ("Модель учится", "cyrillic"),
        ("تتعلم النماذج", "arabic"),
        ("ไทย", "other"),
        ("123 😀", "none"),
    ],
)
def test_script(text: str, name: str) -> None:
    assert SCRIPTS[script(text.encode())] == name


def test_documents_with_personal_data_are_counted_apart(tmp_path: Path) -> None:
    lines = ["a@b.org and c@d.org", "+49 30 1234567", "nothing", "a@b.org and c@d.org"]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    screen = count_corpus([tmp_path], Options(split="line")).screen
    assert screen is not None
    assert (screen.emails, screen.phones, screen.cards, screen.documents) == (2, 1, 0, 2)
