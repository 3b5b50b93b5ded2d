"""Message catalogues: what a page says, by key, in each language; the keys are the same in all.

A catalogue has `TEXTS` (key -> text with named gaps), and for what other modules have put into
words `SENTENCES` (pattern -> replacement with named gaps) and `PHRASES` (pattern -> replacement,
each gap a phrase again), of limits and parts of sentences.
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
        self._sentences: Sequence[tuple[str, str]] = LANGUAGES[name].SENTENCES
        self._phrases: Sequence[tuple[str, str]] = LANGUAGES[name].PHRASES

    def __call__(self, key: str, **gaps: Any) -> str:
        """The text of a key, its gaps filled."""
        text = self._texts[key]
        return text.format(**gaps) if gaps else text

    def knows(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self._texts

    def phrase(self, text: str) -> str:
        """A sentence or phrase that another module put into English words; as it is where no
        translation is known."""
        whole = self._sentence(text)
        if whole is not None:
            return whole
        parts = text.split("; ")
        said = [self._sentence(part) or self._one(part) for part in parts]
        return text if said == parts else self("and then").join(said)

    def _sentence(self, text: str) -> str | None:
        for pattern, put in self._sentences:
            if found := re.fullmatch(pattern, text, re.DOTALL):
                gaps = {name: part or "" for name, part in found.groupdict().items()}
                if "said" in gaps:
                    gaps["said"] = self.phrase(gaps["said"])
                return put.format(**gaps)
        return None

    def _one(self, text: str) -> str:
        for pattern, put in self._phrases:
            found = re.fullmatch(pattern, text)
            if found:
                each = [self._one(part or "") for part in found.groups()]
                return put.format(*each)
        name, colon, rest = text.partition(": ")
        said = self._one(rest) if colon else rest
        return text if said == rest else self("page.label", name=name, text=said)


Say = Callable[..., str]
