"""Two projects, or two plans that were written: what differs, and what that did to the cost.

Projects are planned anew with some of the differences made, so that each part of the change of
cost has a cause. Of two written plans only the purchases are known: prices and quantities are the
causes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from planner.attribution import attributed
from planner.differences import TABLES, Difference, Keys, applied, differences
from planner.documents import document_of, plain
from planner.errors import Fault, InputError
from planner.group_study import run_groups
from planner.group_tables import group_tables
from planner.inputs import Inputs
from planner.models import study_of
from planner.project import checked, read
from planner.schema import key
from planner.table import Table
from planner.tables import tables
from planner.written import NEEDED, Records, written

Progress = Callable[[str], None]
SEVERAL = 8  # differences from which those of one source are one cause
WHY_SHARES = "planned anew with the changes made one after the other, in several orders"
RUN_KEYS = ("measure_weeks", "run_cost")  # of [pilots], which name no runs


@dataclass(frozen=True)
class Changed:
    """A value that differs; None where it is not there. words: whether no cost follows from it."""

    name: str
    old: Any
    new: Any
    unit: str = ""
    words: bool = False


@dataclass(frozen=True)
class Share:
    """Part [currency] of the change of cost, and what caused it; low and high: least and most among
    the orders in which the causes were made."""

    cause: str
    change: float
    low: float
    high: float


@dataclass(frozen=True)
class Moved:
    """A source whose purchase differs: quantity [example] and total [currency], old and new."""

    source: str
    quantity: tuple[float, float]
    total: tuple[float, float]


@dataclass(frozen=True)
class Comparison:
    """What differs between two plans.

    inputs   what was given, before and after; `assumed`: numbers that follow from other files
    facts    figures of the summary that differ
    moved    purchases that differ; the changes of their totals add up to that of the cost
    shares   parts of the change of cost; they add up to it; none where a cost is unknown
    costs    [currency] of both; None where the target is out of reach
    why      what the shares rest on, or why there are none
    """

    places: tuple[str, str]
    currency: str
    inputs: tuple[Changed, ...] = ()
    assumed: tuple[Changed, ...] = ()
    facts: tuple[Changed, ...] = ()
    moved: tuple[Moved, ...] = ()
    shares: tuple[Share, ...] = ()
    costs: tuple[float | None, float | None] = (None, None)
    why: str = ""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.inputs or self.assumed or self.facts or self.moved)


def compare(old: Path | str, new: Path | str, progress: Progress | None = None) -> Comparison:
    """Compare two project files, or two folders that `dataplan plan --out` wrote.

    Raises InputError where one cannot be read, where they are not of one sort, or where their
    currencies differ.
    """
    places = Path(old), Path(new)
    folders = [place.is_dir() and not (place / "project.toml").exists() for place in places]
    if folders[0] != folders[1]:
        problem = "one is a project and the other a written plan"
        raise InputError("compare", [Fault("OLD NEW", None, problem, "give two of one sort")])
    if all(folders):
        return _of_written(*places)
    first, second = (each / "project.toml" if each.is_dir() else each for each in places)
    return _of_projects(first, second, progress or (lambda stage: None))


# -- projects -------------------------------------------------------------------------------------


def _of_projects(old: Path, new: Path, say: Progress) -> Comparison:
    before, after = read(old), read(new)
    _one_currency(before.currency, after.currency)
    documents = document_of(old), document_of(new)
    found = differences(*documents)
    places = str(old), str(new)
    causes = _causes([each for each in found if not each.words])
    if not causes:  # nothing differs, or words that no cost follows from
        words = [Changed(key(*each.keys), each.old, each.new, words=True) for each in found]
        return Comparison(places, before.currency, tuple(words))

    def tables_with(some: frozenset[int]) -> Mapping[str, Table] | None:
        if not some:
            return _tables(before)
        if len(some) == len(causes):
            return _tables(after)
        made = [each for at in some for each in causes[at][1]]
        try:
            return _tables(checked(plain(applied(*documents, made)), new))
        except InputError:
            return None  # these differences cannot be made without the others

    @cache
    def records(some: frozenset[int]) -> Records | None:
        say(f"planning with {len(some)} of {len(causes)} changes")
        made = tables_with(some)
        return None if made is None else {name: made[name].records() for name in NEEDED}

    def cents(some: frozenset[int]) -> int | None:
        made = records(some)
        cost = None if made is None else _cost(made)
        return None if cost is None else round(cost * 100)

    first, last = records(frozenset()), records(frozenset(range(len(causes))))
    assert first is not None and last is not None  # both were read above
    ends = first, last
    shares: tuple[Share, ...] = ()
    if None in (_cost(ends[0]), _cost(ends[1])):
        why = "the target is out of reach in one of them, so that there are not two costs"
    else:
        why = WHY_SHARES
        shares = tuple(
            Share(" and ".join(causes[at][0] for at in part.causes), *_money(part))
            for part in attributed(len(causes), cents)
        )
    units = {_key_of(name): unit for each in ends for name, (_, unit) in _assumptions(each).items()}
    inputs = []
    for each in found:
        name = key(*each.keys)
        unit = units.get(name.removeprefix("sources."), "")
        inputs.append(Changed(name, each.old, each.new, unit, words=each.words))
    return _comparison(places, before.currency, inputs, ends, shares, why)


def _tables(inputs: Inputs) -> Mapping[str, Table]:
    if inputs.groups is not None:
        return group_tables(run_groups(inputs))
    return tables(study_of(inputs))


def _causes(found: Sequence[Difference]) -> list[tuple[str, list[Difference]]]:
    """Differences that are made together, under one name: those of the runs, and where there are
    many, those of a source or a table. By name: the order of keys in a file is no input."""
    named: dict[str, list[Difference]] = {}
    renamed = _renamed(found)
    for each in found:
        keys = each.keys
        if keys in renamed:
            named.setdefault(renamed[keys], []).append(each)
            continue
        if keys[0] == "pilots" and keys[-1] not in RUN_KEYS:
            keys = ("pilots",)
        elif len(found) > SEVERAL:
            keys = keys[:2] if keys[0] in ("sources", "models") else keys[:1]
        named.setdefault(key(*keys), []).append(each)
    return sorted(named.items())


def _renamed(found: Sequence[Difference]) -> dict[Keys, str]:
    """Sources and models that went while one of the same settings came: a name for both at once."""
    whole = [each for each in found if len(each.keys) == 2 and each.keys[0] in TABLES]
    names: dict[Keys, str] = {}
    for gone in (each for each in whole if each.new is None):
        for came in (each for each in whole if each.old is None):
            same = gone.keys[0] == came.keys[0] and gone.old == came.new
            if same and came.keys not in names:
                name = f"{key(*gone.keys)} renamed to {key(came.keys[1])}"
                names |= {gone.keys: name, came.keys: name}
                break
    return names


def _money(part: Any) -> tuple[float, float, float]:
    return part.change / 100, part.low / 100, part.high / 100


# -- written plans --------------------------------------------------------------------------------


def _of_written(old: Path, new: Path) -> Comparison:
    ends = written(old), written(new)
    currencies = [_currency(each) for each in ends]
    _one_currency(*currencies)
    costs = [_cost(each) for each in ends]
    shares: tuple[Share, ...] = ()
    if None in costs:
        why = "the target is out of reach in one of them, so that there are not two costs"
    else:
        shares = tuple(_accounted(*(_purchases(each) for each in ends)))
        why = "of written plans: prices at the old quantities, then quantities at the new prices"
    return _comparison((str(old), str(new)), currencies[0], (), ends, shares, why)


def _accounted(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Share]:
    found = []
    for name in dict.fromkeys((*old, *new)):
        was, now = old.get(name), new.get(name)
        if was is None or now is None:
            if now is not None:
                found.append((f"{name} is bought", _cents(now["total"])))
            elif was is not None:
                found.append((f"{name} is no longer bought", -_cents(was["total"])))
            continue
        more = (now["unit_cost"] or 0.0) - (was["unit_cost"] or 0.0)
        fees = _cents(now["fees"]) - _cents(was["fees"])
        reserve = _cents(now["contingency"]) - _cents(was["contingency"])
        rest = _cents(now["total"]) - _cents(was["total"]) - fees - reserve
        # unit costs are written in few digits: what they leave over is no change of quantity
        same = was["quantity"] == now["quantity"]
        price = rest if same else _cents((was["quantity"] or 0.0) * more)
        rest -= price
        found += [
            (f"unit cost of {name}", price),
            (f"fees of {name}", fees),
            (f"quantity of {name}", rest),
            (f"contingency of {name}", reserve),
        ]
    return [Share(cause, cents / 100, cents / 100, cents / 100) for cause, cents in found if cents]


def _cents(value: float) -> int:
    return round(value * 100)


def _currency(records: Records) -> str:
    units = {row["key"]: row["unit"] for row in records["summary"]}
    return str(units.get("cost") or "")


# -- what both have in common ---------------------------------------------------------------------


def _one_currency(old: str, new: str) -> None:
    if old != new:
        problem = f"is {old} in the old and {new} in the new: their costs cannot be compared"
        raise InputError("compare", [Fault("currency", None, problem, "give both in one")])


def _comparison(
    places: tuple[str, str],
    currency: str,
    inputs: Sequence[Changed],
    ends: tuple[Records, Records],
    shares: tuple[Share, ...],
    why: str,
) -> Comparison:
    return Comparison(
        places=places,
        currency=currency,
        inputs=tuple(inputs),
        assumed=_followed(inputs, _differing(*(_assumptions(each) for each in ends))),
        facts=_differing(*(_facts(each) for each in ends)),
        moved=_moved(*(_purchases(each) for each in ends)),
        shares=shares,
        costs=(_cost(ends[0]), _cost(ends[1])),
        why=why,
    )


def _followed(inputs: Sequence[Changed], numbers: Sequence[Changed]) -> tuple[Changed, ...]:
    """The numbers that are not themselves keys of the project file that differ."""
    keys = {each.name.removeprefix("sources.") for each in inputs}
    return tuple(each for each in numbers if _key_of(each.name) not in keys)


def _key_of(name: str) -> str:
    """`people: fees` or `project: target.error` -> as a key of the project file, "sources." off."""
    return name.removeprefix("project: ").replace(": ", ".")


def _cost(records: Records) -> float | None:
    """[currency] of the plan; None where the target is out of reach."""
    facts = {row["key"]: row["value"] for row in records["summary"]}
    return facts["cost"] if facts["reaches"] == "yes" else None


def _facts(records: Records) -> dict[str, tuple[Any, str]]:
    return {row["key"]: (row["value"], row["unit"] or "") for row in records["summary"]}


def _assumptions(records: Records) -> dict[str, tuple[Any, str]]:
    found: dict[str, tuple[Any, str]] = {}
    for row in records["assumptions"]:
        low, value, high = row["low"], row["value"], row["high"]
        ranged = value if low == high else (value, low, high)
        found[f"{row['scope']}: {row['name']}"] = (ranged, row["unit"] or "")
    return found


def _differing(
    old: Mapping[str, tuple[Any, str]], new: Mapping[str, tuple[Any, str]]
) -> tuple[Changed, ...]:
    found = []
    for name in dict.fromkeys((*new, *old)):
        was, now = old.get(name, (None, "")), new.get(name, (None, ""))
        if was[0] != now[0]:
            found.append(Changed(name, was[0], now[0], now[1] or was[1]))
        if was[1] and now[1] and was[1] != now[1]:
            found.append(Changed(f"unit of {name}", was[1], now[1]))
    return tuple(found)


def _purchases(records: Records) -> dict[str, Any]:
    return {str(row["source"]): row for row in records["plan"]}


def _moved(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Moved, ...]:
    found = []
    for name in dict.fromkeys((*new, *old)):
        pairs = [
            (_number(old.get(name), what), _number(new.get(name), what))
            for what in ("quantity", "total")
        ]
        if any(was != now for was, now in pairs):
            found.append(Moved(name, *pairs))
    return tuple(found)


def _number(row: Mapping[str, Any] | None, what: str) -> float:
    """What is bought; nothing where the source is not."""
    return 0.0 if row is None else float(row[what] or 0.0)
