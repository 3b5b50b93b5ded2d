"""Message catalogues: what a page says, by key, in each language; the keys are the same in all.

A catalogue has `TEXTS` (key -> text with named gaps) and `PHRASES` (pattern -> replacement) for the
phrases of limits and warnings that other modules have put into words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from planner.language import en, zh

LANGUAGES = {"en": en, "zh": zh}


class Speech:
    """The texts of one language. Raises KeyError for a language or a key that is not known."""

    def __init__(self, name: str = "en") -> None:
        self.name = name
        self._texts: dict[str, str] = LANGUAGES[name].TEXTS
        self._phrases: Sequence[tuple[str, str]] = LANGUAGES[name].PHRASES

    def __call__(self, key: str, **gaps: Any) -> str:
        """The text of a key, its gaps filled."""
        text = self._texts[key]
        return text.format(**gaps) if gaps else text

    def knows(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self._texts

    def phrase(self, text: str) -> str:
        """A phrase that another module put into English words; as it is where none is known."""
        parts = text.split("; ")
        return self("and then").join(self._one(part) for part in parts)

    def _one(self, text: str) -> str:
        for pattern, put in self._phrases:
            found = re.fullmatch(pattern, text)
            if found:
                each = [self._one(part or "") for part in found.groups()]
                return put.format(*each)
        return text


Say = Callable[..., str]
