"""Judgements of items by raters: the checked, frozen value that agreement is measured on."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sources.base import Fault, FloatArray, SourceError

IntArray = NDArray[np.int64]
Row = tuple[str, Mapping[str, str]]  # where it stands, column -> cell
MOST_FAULTS = 50  # that are listed one by one
MOST_CLASSES = 50


@dataclass(frozen=True)
class Reading:
    """How labels are read.

    ratings   labels are numbers on a scale; each value is a class unless `cut` is given
    cut       a rating above it votes for one class, below it for the other, equal to it abstains
    abstain   labels that are no vote, such as "unsure"
    field     of a Label Studio export: name of the control whose result is the label
    use_gold  False leaves known answers aside
    """

    ratings: bool = False
    cut: float | None = None
    abstain: tuple[str, ...] = ()
    field: str | None = None
    use_gold: bool = True


@dataclass(frozen=True, eq=False)
class Votes:
    """V judgements of I items by R raters over K classes.

    items, raters, classes   names, (I,), (R,), (K,)
    item, rater, label       (V,) positions in these; label -1 abstains
    gold                     (I,) position of the known answer, -1 where there is none
    seconds                  (V,) time of the judgement [s], NaN where it was not stamped
    values                   (V,) the ratings themselves, or None for classes
    """

    items: tuple[str, ...]
    raters: tuple[str, ...]
    classes: tuple[str, ...]
    item: IntArray
    rater: IntArray
    label: IntArray
    gold: IntArray
    seconds: FloatArray
    values: FloatArray | None = None

    @property
    def abstained(self) -> NDArray[np.bool_]:
        """Whether each judgement (V,) abstains."""
        return self.label < 0

    def times(self) -> tuple[float, float, float] | None:
        """5%, 50% and 95% of the seconds per judgement [s], those of 0 left out; None without."""
        stamped = self.seconds[self.seconds > 0]
        if not len(stamped):
            return None
        low, middle, high = (float(each) for each in np.quantile(stamped, (0.05, 0.5, 0.95)))
        return low, middle, high

    def counts(self, abstained: bool = False) -> IntArray:
        """Votes per item and class, (I, K) [judgement]; abstained adds a last column for these."""
        k = len(self.classes) + 1
        flat = np.bincount(self.item * k + self.label % k, minlength=len(self.items) * k)
        table = flat.reshape(len(self.items), k).astype(np.int64)
        return table if abstained else table[:, :-1]


def build(rows: Iterable[Row], how: Reading) -> Votes:
    """Rows with item, rater, label (or rating), and optional gold, seconds, started and ended.

    Raises SourceError with a fault for each cell that is wrong.
    """
    found = _Rows(how)
    for place, row in rows:
        found.add(place, row)
    return found.votes()


class _Rows:
    """Gathers judgements and every fault among them."""

    def __init__(self, how: Reading) -> None:
        self.how = how
        self.faults: list[Fault] = []
        self.seen: dict[tuple[str, str], str] = {}
        self.cells: list[tuple[str, str, str, float]] = []
        self.gold: dict[str, tuple[str, str]] = {}

    def fault(self, place: str, column: str, value: str | None, problem: str, advice: str) -> None:
        self.faults.append(Fault(f"{place}, {column}", value, problem, advice))

    def add(self, place: str, row: Mapping[str, str]) -> None:
        cells = {}
        for column in ("item", "rater", "label"):
            cells[column] = row.get(column, "").strip()
            if not cells[column]:
                self.fault(place, column, None, "is empty", "fill it in or leave the row out")
        item, rater, label = cells["item"], cells["rater"], cells["label"]
        label = self.checked(place, "label", label) if label else ""
        seconds = self.timed(place, row)
        if gold := row.get("gold", "").strip() if self.how.use_gold else "":
            gold = self.checked(place, "gold", gold)
            place_before, before = self.gold.setdefault(item, (place, gold))
            if before != gold:
                told = f"{place_before} says {before} for the same item"
                self.fault(place, "gold", gold, told, "an item has one known answer")
        if item and rater:
            if (before := self.seen.setdefault((item, rater), place)) != place:
                told = f"{rater} has judged {item} already, at {before}"
                self.fault(place, "rater", rater, told, "keep one judgement per item and rater")
            self.cells.append((item, rater, label, seconds))

    def checked(self, place: str, column: str, text: str) -> str:
        """The label, in one spelling where it is a rating."""
        if self.how.ratings and text not in self.how.abstain:
            try:
                value = float(text)
            except ValueError:
                value = math.nan
            if not math.isfinite(value):
                advice = "ratings are numbers; leave --ratings and --cut out for classes"
                self.fault(place, column, text, "is not a number", advice)
                return ""
            return f"{value + 0.0:g}"
        return text

    def timed(self, place: str, row: Mapping[str, str]) -> float:
        """Seconds of the judgement, NaN if it was not stamped."""
        given = row.get("seconds", "").strip()
        ends = [(name, row.get(name, "").strip()) for name in ("started", "ended")]
        if given:
            try:
                value = float(given)
            except ValueError:
                value = math.nan
            if not 0 <= value < math.inf:
                advice = "give seconds of at least 0, or leave the cell empty"
                self.fault(place, "seconds", given, "is not a time", advice)
            return value
        if not all(text for _, text in ends):
            return math.nan
        stamps = []
        for name, text in ends:
            try:
                stamps.append(datetime.datetime.fromisoformat(text))
            except ValueError:
                advice = "write it as 2026-11-24T09:30:00"
                self.fault(place, name, text, "is not a time stamp", advice)
        if len(stamps) < 2:
            return math.nan
        if (stamps[0].tzinfo is None) != (stamps[1].tzinfo is None):
            advice = "give both or neither a zone"
            self.fault(place, "ended", ends[1][1], "only one stamp has a zone", advice)
            return math.nan
        spent = (stamps[1] - stamps[0]).total_seconds()
        if spent < 0:
            self.fault(place, "ended", ends[1][1], f"is before {ends[0][1]}", "swap the stamps")
            return math.nan
        return spent

    def votes(self) -> Votes:
        if not self.faults:
            self.whole()
        if self.faults:
            more = len(self.faults) - MOST_FAULTS
            told = self.faults[:MOST_FAULTS]
            if more > 0:
                told.append(Fault("and more", more, "further faults of the same file"))
            raise SourceError(told)
        items = _ordered(item for item, _, _, _ in self.cells)
        raters = _ordered(rater for _, rater, _, _ in self.cells)
        classes = self.classes()
        at = {name: i for i, name in enumerate(classes)}
        item_at, rater_at = ({n: i for i, n in enumerate(names)} for names in (items, raters))
        gold = np.full(len(items), -1)
        for item, (_, answer) in self.gold.items():
            gold[item_at[item]] = at.get(self.vote(answer), -1)
        values = None
        if self.how.ratings:
            away = self.how.abstain
            values = np.array([math.nan if c[2] in away else float(c[2]) for c in self.cells])
        return Votes(
            items,
            raters,
            classes,
            np.array([item_at[cell[0]] for cell in self.cells]),
            np.array([rater_at[cell[1]] for cell in self.cells]),
            np.array([at.get(self.vote(cell[2]), -1) for cell in self.cells]),
            gold,
            np.array([cell[3] for cell in self.cells]),
            values,
        )

    def vote(self, label: str) -> str:
        """Class that a label votes for, "" if it abstains."""
        if label in self.how.abstain:
            return ""
        if self.how.cut is None:
            return label
        above = float(label) - self.how.cut
        return "" if above == 0 else f"{'above' if above > 0 else 'below'} {self.how.cut:g}"

    def classes(self) -> tuple[str, ...]:
        labels = [cell[2] for cell in self.cells] + [gold for _, gold in self.gold.values()]
        return _ordered(vote for label in set(labels) if (vote := self.vote(label)))

    def whole(self) -> None:
        """Faults of the judgements as a whole."""
        if not self.cells:
            self.faults.append(Fault("file", None, "holds no judgement", "add a row for each"))
            return
        classes = self.classes()
        if len(classes) < 2:
            only = classes[0] if classes else "none"
            problem = "there must be two different labels at least"
            advice = "agreement on a single label says nothing"
            if self.how.cut is not None:
                advice = "set --cut inside the range of the ratings"
            self.faults.append(Fault("labels", only, problem, advice))
        elif len(classes) > MOST_CLASSES:
            problem = f"there are at most {MOST_CLASSES} different labels"
            advice = "use --cut for ratings on a fine scale; free text has no classes"
            self.faults.append(Fault("labels", len(classes), problem, advice))
        per_item: dict[str, int] = {}
        for item, _, _, _ in self.cells:
            per_item[item] = per_item.get(item, 0) + 1
        if max(per_item.values()) < 2 and not self.gold:
            problem = "every item was judged once, and no answer is known"
            advice = "have some 100 items judged twice, or add a column gold"
            self.faults.append(Fault("items", len(per_item), problem, advice))


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Different names in order, numbers by size."""
    return tuple(sorted(set(names), key=_key))


def _key(name: str) -> tuple[float, str]:
    try:
        value = float(name)
    except ValueError:
        value = math.nan
    return (math.inf if math.isnan(value) else value, name)


def columns_of(header: Sequence[str], how: Reading) -> tuple[dict[str, str], Reading, list[Fault]]:
    """Column of each role, the reading that the names ask for, and what is missing.

    `rating` may stand for `label`, and says that labels are ratings.
    """
    names = {name: name for name in header}
    if "label" not in names and "rating" in names:
        names["label"] = "rating"
        how = Reading(True, how.cut, how.abstain, how.field, how.use_gold)
    faults = []
    for column in ("item", "rater", "label"):
        if column not in names:
            has = ", ".join(header) or "no column at all"
            advice = "rename the column that holds it"
            faults.append(
                Fault("header", column, f"this column is missing; there is: {has}", advice)
            )
    for name in sorted({n for n in header if list(header).count(n) > 1}):
        faults.append(Fault("header", name, "appears twice", "give each column its own name"))
    wanted = ("item", "rater", "label", "gold", "seconds", "started", "ended")
    return {role: names[role] for role in wanted if role in names}, how, faults
