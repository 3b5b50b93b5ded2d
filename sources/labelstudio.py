"""A Label Studio export (JSON) as rows of judgements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sources.base import Fault, SourceError
from sources.votes import Row

_KINDS = ("choices", "rating", "number")  # results that are one label for the whole item
_ADVICE = "export as JSON, not JSON-MIN"


def rows(tasks: Any, field: str | None) -> tuple[list[Row], bool]:
    """Rows of a parsed export, and whether the labels are numbers. Raises SourceError.

    A task is an item by its id, an annotation a judgement of `completed_by` with `lead_time`
    seconds; one marked as ground truth is the known answer. Cancelled annotations and results
    without a label are left out. `field` names the control (`from_name`) if there are several.
    """
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise SourceError([Fault("file", None, "is not a list of tasks", _ADVICE)])
    found = _Export(field)
    for number, task in enumerate(tasks, start=1):
        found.add(f"task {task.get('id', number)}", str(task.get("id", number)), task)
    return found.rows(), found.kinds <= {"rating", "number"}


class _Export:
    def __init__(self, field: str | None) -> None:
        self.field = field
        self.faults: list[Fault] = []
        self.fields: set[str] = set()
        self.kinds: set[str] = set()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.gold: dict[str, str] = {}

    def fault(self, place: str, value: Any, problem: str, advice: str) -> None:
        self.faults.append(Fault(place, value, problem, advice))

    def add(self, place: str, item: str, task: Mapping[str, Any]) -> None:
        given = task.get("annotations", task.get("completions"))
        if not isinstance(given, list):
            self.fault(place, None, "has no list of annotations", _ADVICE)
            return
        for number, one in enumerate(given, start=1):
            here = f"{place}, annotation {number}"
            if not isinstance(one, dict):
                self.fault(here, one, "is not an annotation", _ADVICE)
            elif not one.get("was_cancelled"):
                self.judged(here, item, one)

    def judged(self, place: str, item: str, one: Mapping[str, Any]) -> None:
        labels = list(self.labels(place, one.get("result")))
        if len(labels) > 1:
            self.fault(place, labels, "gives several labels", "an item needs one label")
        if len(labels) != 1:
            return
        if one.get("ground_truth"):
            if self.gold.setdefault(item, labels[0]) != labels[0]:
                told = f"another annotation of this item says {self.gold[item]}"
                self.fault(place, labels[0], told, "an item has one known answer")
            return
        seconds = one.get("lead_time")
        row = {"item": item, "rater": _who(one.get("completed_by")), "label": labels[0]}
        if seconds is not None:
            row["seconds"] = str(seconds)
        self.found.append((place, row))

    def labels(self, place: str, results: Any) -> Iterator[str]:
        if not isinstance(results, list):
            self.fault(place, None, "has no list of results", _ADVICE)
            return
        for result in results:
            kind = result.get("type") if isinstance(result, dict) else None
            if kind not in _KINDS:
                continue
            name = str(result.get("from_name", kind))
            self.fields.add(name)
            if self.field is not None and name != self.field:
                continue
            self.kinds.add(kind)
            value = result.get("value")
            label = value.get(kind) if isinstance(value, dict) else None
            yield from map(str, label if isinstance(label, list) else [label])

    def rows(self) -> list[Row]:
        known = ", ".join(sorted(self.fields)) or "none"
        if self.field is not None and self.field not in self.fields:
            self.faults.append(Fault("--field", self.field, "no such control", f"known: {known}"))
        elif self.field is None and len(self.fields) > 1:
            problem = f"there are several controls: {known}"
            # several labels of one annotation come from this
            self.faults = [Fault("--field", None, problem, "choose one with --field NAME")]
        if self.faults:
            raise SourceError(self.faults)
        return [
            (place, row | ({"gold": self.gold[row["item"]]} if row["item"] in self.gold else {}))
            for place, row in self.found
        ]


def _who(given: Any) -> str:
    if isinstance(given, dict):
        given = given.get("email") or given.get("id")
    return "" if given is None else str(given)
