"""Kind name -> constructor; another package adds a kind with one function and one entry point.

The entry point stands in the group "dataplan.sources"; its name is the kind, its object a function
build(name, settings, context) -> Source that raises SourceError with every fault it finds. The
kinds that come with this package cannot be replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from sources.base import Context, Fault, Source, SourceError
from sources.settings import nearest

GROUP = "dataplan.sources"
BUILT_IN = ("human", "crowd", "text", "distillation", "preference", "plain")


def kinds() -> tuple[str, ...]:
    """Names of all kinds: those of this package, then those of other packages by name."""
    return (*BUILT_IN, *sorted(_others()))


def build(kind: str, name: str, settings: Mapping[str, Any], context: Context) -> Source:
    """A source of the given kind.

    Raises SourceError with every fault of the settings; their keys are relative to the source's own
    table. An unknown kind, or one whose package does not load, is a fault of the key "kind".
    """
    if kind in BUILT_IN:
        return import_module(f"sources.{kind}").build(name, settings, context)
    found = _others().get(kind)
    if found is None:
        advice = nearest(kind, kinds())
        raise SourceError([Fault("kind", kind, "is not a known kind", advice)])
    try:
        constructor = found.load()
    except (ImportError, AttributeError) as error:
        problem = f"its entry point {found.value} does not load: {error}"
        raise SourceError([Fault("kind", kind, problem, "reinstall its package")]) from error
    built = constructor(name, settings, context)
    if not isinstance(built, Source):
        problem = f"its entry point {found.value} returned {type(built).__name__}, not a Source"
        raise SourceError([Fault("kind", kind, problem, "report it to the makers of the package")])
    return built


def _others() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP) if point.name not in BUILT_IN}
