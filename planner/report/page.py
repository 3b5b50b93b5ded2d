"""What every section is made from: the tables of a study, its facts, words of a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner.report.grid import unit
from planner.report.markup import Html, clean, element, joined, named
from planner.report.words import Words
from planner.screen import facts_of, money, number
from planner.table import Table

if TYPE_CHECKING:
    from planner.group_study import GroupStudy
    from planner.study import Study
    from planner.whatif import WhatIf


@dataclass(frozen=True)
class Page:
    """One study in one language. `tables` are what every number comes from."""

    study: Study | GroupStudy
    tables: Mapping[str, Table]
    facts: Mapping[str, Any]
    say: Words
    whatif: WhatIf | None = None

    @classmethod
    def of(
        cls,
        study: Study | GroupStudy,
        tables: Mapping[str, Table],
        say: Words,
        whatif: WhatIf | None = None,
    ) -> Page:
        """The page of a study's tables."""
        return cls(study, tables, facts_of(tables["summary"]), say, whatif)

    @property
    def currency(self) -> Html:
        """The project's currency."""
        return unit(clean(self.study.inputs.currency, 12))

    @property
    def metric(self) -> Html:
        """The name of the metric."""
        return named(self.facts["metric"])

    @property
    def aim(self) -> Html:
        """The target as an inequality."""
        return joined([self.metric, " ≤ ", number(self.facts["target"])])

    @property
    def reached(self) -> bool:
        """Whether the plan reaches the target."""
        return bool(self.facts["reaches"] == "yes")

    def spent(self, value: Any) -> Html:
        """Money with its currency, in whole units where it is large."""
        return joined([money(value), " ", self.currency])

    def span(self, low: Any, high: Any) -> Html:
        """A range of money."""
        return self.say("span", low=money(low), high=money(high), unit=self.currency)

    def interval(self, row: Mapping[str, Any]) -> Html:
        """A predicted error with its interval of 90%."""
        low, high = number(row["error_low"], 3), number(row["error_high"], 3)
        ends = element("span", self.say("range of", low=low, high=high), class_="ends")
        return joined([number(row["error"], 3), " ", ends])

    def records(self, name: str) -> list[dict[str, Any]]:
        """Rows of a table as mappings; none where there is no such table."""
        return list(self.tables[name].records()) if name in self.tables else []

    def head(self, key: str, of: object = None) -> Html:
        """The head of a column, with its unit."""
        text = self.say(key)
        return text if of is None else joined([text, " ", element("small", unit(of))])

    def mix(self, table: str, row: Mapping[str, Any]) -> Html:
        """What a row of the path, the frontier or the pilots holds of each source."""
        held = [
            self.say("amount", n=f"{row[column.name]:,.0f}", name=named(column.name))
            for column in self.tables[table].columns
            if column.meaning.startswith("examples of source ") and row[column.name]
        ]
        return joined(held, self.say("list")) if held else self.say("nothing")
