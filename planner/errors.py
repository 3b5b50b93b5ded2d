"""Errors that a user can mend: one base class, each carrying its numbers; nothing here prints."""

from __future__ import annotations

from sources.base import Fault


class DataplanError(Exception):
    """Base of every error this package raises on purpose; `str()` is a message for the user."""


class InputError(DataplanError):
    """An input file or value is wrong; carries the file and every fault found in it."""

    def __init__(self, place: str, faults: tuple[Fault, ...] | list[Fault]) -> None:
        self.place = place
        self.faults = tuple(faults)
        count = len(self.faults)
        head = f"{place or repr(place)}: {count} fault{'s' if count != 1 else ''}"
        super().__init__("\n".join([head, *(f"  {fault}" for fault in self.faults)]))


class OutputError(DataplanError):
    """A result cannot be written; nothing was left half written."""
