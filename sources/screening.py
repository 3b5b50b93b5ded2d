"""What a text is made of: personal data that keeps it from being used, and its script.

A screen finds what looks like personal data by its form: it misses names and addresses, and some
numbers that look like a telephone's are none. Counts are for planning, not for clearing a corpus.
"""

from __future__ import annotations

import re

SCRIPTS = ("latin", "han", "kana", "hangul", "cyrillic", "arabic", "other", "none")
_LOOKED_AT = 1500  # bytes by which the script of a text is told
_JAPANESE = 0.1  # share of kana among letters from which Han letters are Japanese too
# first byte of a character in UTF-8 -> script; those of kana begin like Chinese punctuation
_FIRST_BYTES = {
    "latin": (*range(0x41, 0x5B), *range(0x61, 0x7B), *range(0xC3, 0xCA)),
    "han": range(0xE4, 0xEA),
    "hangul": range(0xEB, 0xEE),
    "cyrillic": range(0xD0, 0xD5),
    "arabic": range(0xD8, 0xDC),
    "other": (0xCA, *range(0xCD, 0xD0), *range(0xD5, 0xD8), *range(0xDC, 0xE2), 0xEA),
}
_KANA = (b"\xe3\x81", b"\xe3\x82", b"\xe3\x83")
_NUMBER = {byte: SCRIPTS.index(name) for name, found in _FIRST_BYTES.items() for byte in found}
_NUMBERS = bytes(_NUMBER.get(byte, len(SCRIPTS) - 1) for byte in range(256))
_NO_LETTERS = bytes(set(range(256)) - set(_NUMBER))

_EMAIL = re.compile(r"@(?<=[\w%+-]@)(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b", re.ASCII)
_CARD = re.compile(r"(?<![\d.,-])[2-6]\d{3}(?:[ -]?\d){8,14}\d(?![\d-])", re.ASCII)
_PHONE = re.compile(
    r"""(?<![\w.,/=+-])(?:
        (?:\+|00)[1-9]\d{0,2}(?:[ .-]?\(?\d{1,4}\)?){2,5}   # international
      | (?:1[ .-])?(?:\(\d{3}\)[ ]?|\d{3}[.-])\d{3}[ .-]\d{4}  # North America
      | 1[3-9]\d[ -]?\d{4}[ -]?\d{4}                        # Chinese mobile
      | 0[1-9]\d{1,3}[ /-]\d{3,4}[ -]?\d{3,5}               # national, with its leading zero
    )(?![\w/=-]|[.,]\d)""",
    re.VERBOSE | re.ASCII,
)
_DIGITS = bytes(48 if 48 <= each <= 57 else 120 for each in range(256))  # every digit is a 0
_SEPARATORS = b" ().-/"
_ENOUGH = b"0" * 8  # digits in a row, separators aside


def private(text: str, data: bytes) -> tuple[int, int, int]:
    """E-mail addresses, telephone numbers and card numbers in a text, of which `data` is UTF-8."""
    emails = len(_EMAIL.findall(text)) if "@" in text else 0
    if _ENOUGH not in data.translate(_DIGITS, _SEPARATORS):
        return emails, 0, 0
    cards = [found.span() for found in _CARD.finditer(text) if _luhn(found.group())]
    for start, end in reversed(cards):
        text = f"{text[:start]}x{text[end:]}"
    phones = sum(8 <= _digits(found.group()) <= 15 for found in _PHONE.finditer(text))
    return emails, phones, len(cards)


def _digits(text: str) -> int:
    return sum(each.isdigit() for each in text)


def _luhn(text: str) -> bool:
    """Whether the digits are a card number by its check digit (ISO/IEC 7812-1)."""
    digits = [int(each) for each in text if each.isdigit()]
    if len(set(digits)) == 1:
        return False
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def script(data: bytes) -> int:
    """Number, in SCRIPTS, of the script that most letters at the start of a text belong to."""
    head = data[:_LOOKED_AT]
    if head.isascii():
        return 0 if head.upper() != head.lower() else len(SCRIPTS) - 1
    left = head.translate(_NUMBERS, _NO_LETTERS)
    shares = []
    for number in range(len(SCRIPTS) - 1):
        before = len(left)
        left = left.translate(None, bytes((number,))) if left else left  # quicker than counting
        shares.append(before - len(left))
    kana, han = SCRIPTS.index("kana"), SCRIPTS.index("han")
    shares[kana] = sum(map(head.count, _KANA)) if _KANA[0][:1] in head else 0
    most = max(shares)
    if not most:
        return len(SCRIPTS) - 1
    if shares[han] == most and shares[kana] >= _JAPANESE * sum(shares):
        return kana
    return shares.index(most)
