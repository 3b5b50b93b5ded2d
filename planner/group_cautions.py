"""What a reader of a law of groups must be warned of: thin pilots, groups that compete."""

from __future__ import annotations

import numpy as np

from planner.group_model import Model
from planner.measured import Measured

# Sds by which more examples may worsen a group before it is said. Set on two pilots of each task of
# that benchmark; in all five mnist reached 2.9 to 7, digits 1.7 to 4.3, the others at most 2.0.
HARM = 2.5
WEAK = 4  # fewer distinct sizes than this leave the answer to the priors


def cautions(model: Model) -> tuple[str, ...]:
    """Warnings that a reader of the law needs."""
    found = []
    for name, each in zip(model.groups, model.measured, strict=True):
        sizes = len(np.unique(np.round(each.amounts.sum(axis=1), 6)))
        if sizes < WEAK:
            found.append(
                f"weak prior: group {name} was measured at {sizes} sizes only; its floor and "
                "slope rest mostly on what other curves did"
            )
    harmed = [
        name
        for name, each in zip(model.groups, model.measured, strict=True)
        if not model.free and _harm(each) > HARM
    ]
    if harmed:
        found.append(
            f"more examples made {', '.join(harmed)} worse in the pilots: groups compete, as "
            "labels of one task do, which the law cannot say; errors may be higher than "
            "predicted, so measure the planned mix at a part of its size first"
        )
    for k, name in enumerate(model.sources):
        if not any(m.amounts[:, k].any() for m in model.measured):
            found.append(f"{name} is in no pilot of a group: its worth is assumed")
    return tuple(found)


def _harm(measured: Measured) -> float:
    """Most sds by which a group did worse with at least as many examples of every source."""
    amounts, log_error = measured.amounts, measured.log_error
    variance = measured.variance(float(np.median(measured.noise))) + 1e-12
    less = np.all(amounts[:, None] <= amounts[None], axis=2)
    rise = (log_error[None] - log_error[:, None]) / np.sqrt(variance[:, None] + variance[None])
    return float(np.max(rise, initial=0.0, where=less))
