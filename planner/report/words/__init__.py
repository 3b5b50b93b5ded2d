"""The words of the report, by key, in each language; the keys are the same in all.

A catalogue has `TEXTS` (key -> text with named gaps), `UNITS` (word of a unit -> word), `NAMES`
(word of a table's cell -> word) and `PHRASES` (pattern -> replacement) for sentences that other
modules have put into English.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

from planner.errors import DataplanError
from planner.language import LANGUAGES, Speech
from planner.report.markup import Html, element, english, escaped, joined, named
from planner.report.words import en, zh

CATALOGUES = {"en": en, "zh": zh}
TAGS = {"en": "en", "zh": "zh-Hans"}


class Words:
    """The report's words in one language. Raises DataplanError for one that is not known."""

    def __init__(self, language: str) -> None:
        if language not in CATALOGUES or language not in LANGUAGES:
            known = ", ".join(sorted(CATALOGUES))
            raise DataplanError(f"no report in language {language!r}; known: {known}")
        self.language, self.tag = language, TAGS[language]
        self.speech = Speech(language)
        self._own = CATALOGUES[language]

    def __call__(self, key: str, **gaps: Any) -> Html:
        """The text of a key as HTML, its gaps filled with text that is escaped, or HTML."""
        text = self._own.TEXTS[key]
        shown = escaped(text)
        return Html(shown.format(**{k: escaped(v) for k, v in gaps.items()})) if gaps else shown

    def told(self, key: str, **gaps: Any) -> Html:
        """A text of the verdict's catalogue, filled the same way."""
        text = escaped(self.speech(key))
        return Html(text.format(**{k: escaped(v) for k, v in gaps.items()})) if gaps else text

    def plain(self, key: str, **gaps: Any) -> str:
        """The same as text that is not escaped yet."""
        text = self._own.TEXTS[key]
        return text.format(**gaps) if gaps else text

    def unit(self, unit: str) -> str:
        """A unit in words of the language; what is not known stays."""
        known = self._own.UNITS
        return known.get(unit) or "/".join(known.get(part, part) for part in unit.split("/"))

    def word(self, cell: object) -> Html:
        """A word of a cell (provenance, kind) in the language; in English where none is known."""
        known = self._own.NAMES.get(str(cell))
        if known is not None:
            return escaped(known)
        return escaped(cell) if self.language == "en" else english(cell)

    def sentence(self, text: object) -> Html:
        """A sentence that another module has put into English; as it is, and marked as English,
        where no translation is known."""
        if self.language == "en":
            return escaped(text)
        found = self._translated(str(text))
        return english(text) if found is None else found

    def _translated(self, text: str) -> Html | None:
        for pattern, put in self._own.PHRASES:
            if match := re.fullmatch(pattern, text, re.DOTALL):
                found = {k: v for k, v in match.groupdict().items() if v is not None}
                gaps = {
                    k: escaped(self.speech.phrase(v)) if k == "said" else named(v)
                    for k, v in found.items()
                }
                return Html(escaped(put).format(**gaps))
        said = self.speech.phrase(text)
        return None if said == text else escaped(said)

    def both(self, *parts: object) -> Html:
        """Parts side by side as a list reads."""
        return joined(parts, self("and"))

    def day(self, day: datetime.date | None) -> Html:
        """A date, which is not broken over lines."""
        if day is None:
            return Html("–")
        form = self._own.TEXTS["date"]
        text = form.format(year=day.year, month=f"{day.month:02d}", day=f"{day.day:02d}")
        return element("span", text, class_="day")
