"""Plan where training data comes from: pilots and sources in, the cheapest plan to a target out.

`Project` loads a project file and studies it; `fit_law` fits a scaling law to pilot runs, which
`read_pilots` finds where they are kept and `pilots_from_learning_curve` makes of what scikit-learn
returns. All are imported when first used, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.fit import fit_law
    from planner.learning_curve import pilots_from_learning_curve, pilots_from_pasted
    from planner.library import Project
    from planner.runs import read_pilots

__all__ = [
    "Project",
    "fit_law",
    "pilots_from_learning_curve",
    "pilots_from_pasted",
    "read_pilots",
]
_HOME = {
    "Project": "planner.library",
    "fit_law": "planner.fit",
    "pilots_from_learning_curve": "planner.learning_curve",
    "pilots_from_pasted": "planner.learning_curve",
    "read_pilots": "planner.runs",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'planner' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
