"""Pilots and beliefs -> what the inference starts from, whatever the order of rows and columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.anchoring import first_layout
from planner.errors import Fault, InputError
from planner.laws.surfaces import repeated
from planner.layout import Layout
from planner.measured import Measured, pool
from planner.pilots import Pilots
from planner.prior import Beliefs, SourceBelief

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Prepared:
    """Pooled pilots, their first layout, the sources in the caller's order, warnings."""

    measured: Measured
    layout: Layout
    names: tuple[str, ...]
    warnings: tuple[str, ...]


def prepared(pilots: pd.DataFrame | Pilots, known: Beliefs) -> Prepared:
    """Checked, ordered, pooled pilots and the layout that the beliefs give them.

    Raises InputError.
    """
    given = pilots if isinstance(pilots, Pilots) else Pilots.from_frame(pilots)
    table, names = _ordered(given, known)
    # runs without data are no point on the curve
    table = table.only(np.count_nonzero(table.amounts, axis=1) > 0)
    table, warnings = _overall_runs(table)
    warnings = (*given.notes, *warnings)
    table, more = _usual_epochs(table)
    warnings += more
    measured = pool(table, len(names))
    untried = tuple(name for name in known.sources if name not in given.sources)
    layout = first_layout(names, known, measured)
    return Prepared(measured, layout, (*given.sources, *untried), warnings)


def _usual_epochs(table: Pilots) -> tuple[Pilots, tuple[str, ...]]:
    """Amounts as examples seen the usual number of times, the median over the runs: what is planned
    is taken to be trained on as often."""
    if table.epochs is None or not len(table.error):
        return table, ()
    usual = float(np.median(table.epochs))
    worth = repeated(np.ones(len(table.epochs)), table.epochs)
    worth = worth / float(repeated(np.array(1.0), np.array(usual)))
    counted = replace(table, amounts=table.amounts * worth[:, None], epochs=None)
    if (table.epochs == usual).all():
        return counted, ()
    return counted, (f"runs of other than {usual:g} epochs are counted as {usual:g} would be",)


def _ordered(table: Pilots, known: Beliefs) -> tuple[Pilots, tuple[str, ...]]:
    """The runs with their sources in an order that follows from what is known of them, and every
    source's name in that order: neither names nor columns decide which draws come out."""

    def rank(name: str) -> tuple[float, ...]:
        column = table.amounts[:, table.sources.index(name)]
        belief = known.sources.get(name, SourceBelief())
        told = (belief.quality.mean, belief.quality.down, belief.quality.up)
        return (-column.max(initial=0), -column.sum(), float(column @ table.error), *told)

    tried = sorted(table.sources, key=rank)
    columns = [table.sources.index(name) for name in tried]
    untried = sorted(
        (name for name in known.sources if name not in table.sources),
        key=lambda name: (
            known.sources[name].is_text,
            known.sources[name].quality.mean,
            known.sources[name].effect.mean,
        ),
    )
    ordered = replace(table, sources=tuple(tried), amounts=table.amounts[:, columns])
    return ordered, (*tried, *untried)


def _overall_runs(table: Pilots) -> tuple[Pilots, tuple[str, ...]]:
    """Runs of one model on the whole test set; laws over groups and model sizes come from
    elsewhere."""
    keep, warnings = np.ones(len(table.error), dtype=bool), []
    if table.group is not None and any(g for g in table.group):
        whole = table.overall
        if not whole.any():
            fault = Fault(
                "group", None, "no run of all groups together", 'add rows with group "all"'
            )
            raise InputError("pilots", [fault])
        keep &= whole
        warnings.append(f"{int((~whole).sum())} runs of single groups are not used by this fit")
    if table.model is not None:
        names = np.array(table.model, dtype=object)
        known, counts = np.unique(names[keep].astype(str), return_counts=True)
        if len(known) > 1:
            chosen = str(known[np.flatnonzero(counts == counts.max())[-1]])
            keep &= names == chosen
            warnings.append(f"only the runs of model {chosen or '(none named)'} are used")
    if table.model_params is not None:
        sizes, counts = np.unique(table.model_params[keep], return_counts=True)
        if len(sizes) > 1:
            size = sizes[np.flatnonzero(counts == counts.max())[-1]]
            keep &= table.model_params == size
            warnings.append(f"only the runs of the model with {size:.4g} parameters are used")
    if keep.all():
        return table, tuple(warnings)
    kept = table.only(keep)
    return replace(kept, model_params=None, group=None, model=None), tuple(warnings)
