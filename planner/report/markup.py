"""HTML built from elements: every text is cleaned, clipped and escaped on its way in."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable

LONGEST, NAME = 1_000, 60  # signs of a text, and of a name, that are shown
LOST = "\ufffd"
# marks that turn the direction of what follows them, a text's own and beyond it
TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
VOID = frozenset({"meta", "input", "br", "hr", "col"})


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def clean(text: object, longest: int = LONGEST) -> str:
    """Text that a page can hold: no signs that steer (controls, turns of direction, halves of
    pairs), line breaks as spaces, and of a longer text its beginning with how long it was."""
    whole = str(text)
    kept = "".join(map(_sign, whole[:longest]))
    return kept if len(whole) <= longest else f"{kept.rstrip()}… ({len(whole):,})"


def _sign(sign: str) -> str:
    if sign in "\n\r\t\x0b\x0c\x85\u2028\u2029":
        return " "
    if sign in TURNS or unicodedata.category(sign) in {"Cc", "Cs", "Cn"}:
        return LOST
    return sign


def escaped(text: object, longest: int = LONGEST) -> Html:
    """A text as HTML; HTML stays as it is."""
    return text if isinstance(text, Html) else Html(html.escape(clean(text, longest)))


def element(tag: str, *children: object, **attributes: object) -> Html:
    """An element of HTML or SVG. A child or attribute that is not Html is text; None is left out,
    and so is an attribute that is False. `class_` stands for class, `a_b` for a-b."""
    shown = "".join(
        f" {_name(name)}" if value is True else f' {_name(name)}="{escaped(value)}"'
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    if tag in VOID:
        return Html(f"<{tag}{shown}>")
    inside = "".join(escaped(child) for child in children if child is not None)
    return Html(f"<{tag}{shown}>{inside}</{tag}>")


def _name(name: str) -> str:
    known = {"viewBox", "textLength"}
    return name if name in known else name.rstrip("_").replace("_", "-")


def joined(parts: Iterable[object], between: object = "") -> Html:
    """Parts as one piece of HTML."""
    return Html(escaped(between).join(escaped(part) for part in parts if part is not None))


def named(text: object) -> Html:
    """A name of the user's: clipped, and its direction its own."""
    return element("bdi", Html(html.escape(clean(text, NAME))))


def english(text: object) -> Html:
    """A text that other modules have in English only."""
    return element("span", text, lang="en")


def plain(text: object) -> str:
    """HTML as text; what is text stays."""
    return html.unescape(re.sub(r"<[^>]*>", "", text)) if isinstance(text, Html) else str(text)
