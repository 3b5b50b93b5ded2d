"""What a project says of groups: their shares, how sources split over them, their targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from planner.errors import Fault
from planner.pilots import Pilots
from planner.schema import ProjectTable, TargetTable, key
from planner.targets import Targets
from sources.settings import nearest

OVERALL = ("all", "overall")  # what pilots of the whole test set may be called
WORDS = (*OVERALL, "worst", "gap")  # no group can have these names
SUM = 1e-6  # by which shares may miss 1
Split = dict[str, float]


@dataclass(frozen=True)
class Grouping:
    """Groups of a project.

    names    in the project's order
    shares   group -> share of the population [1], sum 1; None if not given
    splits   source -> {group: share of its examples [1]}
    targets  what is asked of them
    """

    names: tuple[str, ...]
    shares: Mapping[str, float] | None
    splits: Mapping[str, Mapping[str, float]]
    targets: Targets


def asks_groups(target: TargetTable | None) -> bool:
    """Whether [target] asks anything of groups."""
    asked = target and (
        target.groups or target.worst_group is not None or target.max_gap is not None
    )
    return bool(asked)


def grouping_of(
    project: ProjectTable,
    tables: Mapping[str, Any],
    pilots: Pilots | None,
    faults: list[Fault],
) -> Grouping | None:
    """The groups of a project, None where it has none; what is wrong is added to `faults`.

    tables are those of [sources]; pilots None where they could not be read.
    """
    given = {n: t["groups"] for n, t in tables.items() if isinstance(t, dict) and "groups" in t}
    if project.groups is None and not given and not asks_groups(project.target):
        return None
    found: list[Fault] = []
    shares = None if project.groups is None else dict(project.groups)
    if shares is not None:
        found += _split_faults("groups", shares)
    splits: dict[str, Split] = {}
    for name, table in given.items():
        here = key("sources", name, "groups")
        found += (problems := _split_faults(here, table))
        if not problems:
            splits[name] = {group: float(share) for group, share in table.items()}
    names = tuple(shares or dict.fromkeys(g for split in splits.values() for g in split))
    found += list(_source_faults(tables, splits, given, shares, names))
    found += list(_target_faults(project, names, shares))
    if not found and pilots is not None:
        found += list(_pilot_faults(pilots, names))
    if not found and pilots is None and not faults:
        advice = "add [pilots] with a column group"
        found.append(Fault("pilots", None, "groups need pilots that measure each of them", advice))
    faults += found
    target = project.target
    if found or target is None:
        return None
    for name in tables:
        splits.setdefault(name, dict(shares or {}))
    targets = Targets(
        target.error,
        dict(target.groups),
        target.worst_group,
        target.max_gap,
        target.confidence,
        target.budget,
        target.weeks,
        target.metric,
    )
    return Grouping(names, shares, splits, targets)


def _split_faults(here: str, split: Any) -> list[Fault]:
    """What is wrong with {group: share}."""
    if not isinstance(split, Mapping) or not split:
        return [Fault(here, split, "must be a table of shares", "write {a = 0.7, b = 0.3}")]
    faults = []
    for name, share in split.items():
        place = f"{here}.{name}" if name.isidentifier() else f'{here}."{name}"'
        if name.casefold() in WORDS or not name.strip() or not name.isprintable():
            problem = "cannot be the name of a group"
            faults.append(Fault(place, None, problem, "choose another name"))
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            faults.append(Fault(place, share, "must be a share from 0 to 1"))
    if not faults and abs(sum(split.values()) - 1) > SUM:
        total = float(f"{sum(split.values()):.6g}")
        faults.append(Fault(here, total, "shares must sum to 1", "change one of them"))
    return faults


def _source_faults(
    tables: Mapping[str, Any],
    splits: Mapping[str, Split],
    given: Mapping[str, Any],
    shares: Split | None,
    names: tuple[str, ...],
) -> Iterator[Fault]:
    for name, table in tables.items():
        if isinstance(table, dict) and table.get("kind") == "text":
            problem = "is unlabelled text, which is planned without groups only"
            yield Fault(key("sources", name), None, problem, "leave it or the groups out")
        elif name not in given and shares is None:
            advice = "give it, or the population's shares as [groups]"
            yield Fault(key("sources", name, "groups"), None, "is missing", advice)
    if shares is None:
        return
    for name, split in splits.items():
        for group in split:
            if group not in names:
                place = key("sources", name, "groups", group)
                yield Fault(place, None, "is no group of [groups]", nearest(group, list(names)))


def _target_faults(
    project: ProjectTable, names: tuple[str, ...], shares: Split | None
) -> Iterator[Fault]:
    target = project.target
    if target is None:
        return
    if target.least != "cost":
        problem = "is planned without groups only"
        yield Fault("target.least", target.least, problem, 'leave it out, or write "cost"')
    if project.models:
        problem = "candidate models are compared without groups only"
        yield Fault("models", None, problem, "leave them or the groups out")
    if target.error is not None and shares is None:
        problem = "the overall error needs the shares of the groups in the population"
        yield Fault("groups", None, problem, "add [groups] with the share of each")
    for group in target.groups:
        if names and group not in names:
            advice = nearest(group, list(names))
            yield Fault(key("target", "groups", group), None, "is no group of this project", advice)
    named: dict[str, float | None] = {
        key("target", "groups", group): value for group, value in target.groups.items()
    }
    named |= {"target.worst_group": target.worst_group, "target.max_gap": target.max_gap}
    worst = project.no_data_error()
    for place, value in named.items():
        if value is None:
            continue
        if value > 1 and project.metric_kind() == "error rate":
            advice = f"if it is a percentage, write {value / 100:g}"
            yield Fault(place, value, "must be at most 1 for an error rate", advice)
        elif worst is not None and value >= worst:
            problem = f"must be below worst_error = {worst:g}, the error with no data at all"
            yield Fault(place, value, problem)


def _pilot_faults(pilots: Pilots, names: tuple[str, ...]) -> Iterator[Fault]:
    seen = {each for each in pilots.group or () if each and each.casefold() not in OVERALL}
    for group in sorted(seen - set(names)):
        advice = nearest(group, list(names))
        yield Fault("pilots, group", group, "is no group of this project", advice)
    for group in names:
        if group not in seen:
            advice = "add rows with its name in the column group"
            yield Fault("pilots, group", group, "no pilot measures this group", advice)


def with_overall(pilots: Pilots, grouping: Grouping) -> Pilots:
    """The pilots with a run of all groups for each run whose groups were all measured.

    Its error is their mean by the shares of the population, so that a law of the overall error can
    be fitted too. Unchanged where shares are not given or pilots of all groups are there already.
    """
    if grouping.shares is None or pilots.overall.any() or pilots.group is None:
        return pilots
    seed = np.zeros(len(pilots)) if pilots.seed is None else pilots.seed
    runs: dict[tuple[float, ...], dict[str, list[int]]] = {}
    for row, (amounts, each, group) in enumerate(
        zip(pilots.amounts, seed, pilots.group, strict=True)
    ):
        runs.setdefault((*amounts, each), {}).setdefault(group, []).append(row)
    firsts, errors, tested = [], [], []
    for found in runs.values():
        if set(found) < set(grouping.names):
            continue
        means = {g: float(np.mean(pilots.error[rows])) for g, rows in found.items()}
        firsts.append(found[grouping.names[0]][0])
        errors.append(sum(share * means[g] for g, share in grouping.shares.items()))
        if pilots.test_size is not None:
            # a mean of groups varies by share^2 / n summed over them, not as one test of all does
            sizes = {g: float(pilots.test_size[rows[0]]) for g, rows in found.items()}
            tested.append(1 / sum(s * s / sizes[g] for g, s in grouping.shares.items()))
    if not firsts:
        return pilots
    more = pilots.only(np.array(firsts))
    both = pilots.only(np.concatenate([np.arange(len(pilots)), firsts]))
    size = None if both.test_size is None else np.concatenate([pilots.test_size, tested])  # type: ignore[list-item]
    return replace(
        both,
        error=np.concatenate([pilots.error, errors]),
        group=(*pilots.group, *("" for _ in more.error)),
        test_size=size,
    )
