"""A law as a picture: pilots, median, bands, target and what it needs, on logarithmic axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.figures.style import BAND, INK, MARK, Pictures, canvas, label, pictures
from planner.language import Speech

if TYPE_CHECKING:
    from planner.fitted import FittedLaw

BEYOND = 30.0  # times the largest pilot that the axis shows, or a little beyond what is required
POINTS = 120


def draw_law(
    law: FittedLaw,
    target: float | None = None,
    confidence: float = 0.8,
    metric: str = "",
    language: str = "en",
) -> Pictures:
    """`law.png` and `law.svg` of a law; the same law gives the same bytes.

    The curve is that of the reference source, with bands of 50% and 90%; pilots of other sources
    stand at their effective examples (median), bars are one standard error of the repeats. Raises
    DataplanError where matplotlib is not installed.
    """
    say = Speech(language)
    with canvas() as (figure, axes):
        need = math.inf if target is None else law.required(target, confidence)
        axes.set(xscale="log", yscale="log")
        smallest, largest = _pilots(axes, law, say)
        beyond = min(need * 1.5, largest * 1e4) if math.isfinite(need) else 0.0
        _curve(axes, law, smallest, max(largest * BEYOND, beyond), say)
        if target is not None:
            _target(axes, target, confidence, need, say)
        several = len(law.labels) > 1
        effective = say("figure.effective", name=label(law.reference))
        axes.set_xlabel(effective if several else say("page.examples"))
        axes.set_ylabel(label(metric, 60) or say("md.error"))
        _plain_ticks(axes)
        axes.legend(frameon=False, fontsize=9)
        return pictures("law", figure)


def _pilots(axes: Any, law: FittedLaw, say: Speech) -> tuple[float, float]:
    """Draws the pilots; smallest and largest effective size [effective example] on the axis."""
    fits = law.residuals()
    amounts = np.array([[fit.amounts[name] for name in law.sources] for fit in fits])
    size = np.median(law.effective(amounts), axis=0) if len(fits) else np.zeros(0)
    used = size > 0
    if not used.any():
        return law.anchor.size / 100, law.anchor.size
    error = np.array([fit.observed for fit in fits])
    spread = np.array([(fit.observed_sd or 0.0) / math.sqrt(fit.runs) for fit in fits])
    alone = (amounts[:, law.sources.index(law.reference)] == amounts.sum(axis=1)) & used
    groups = [
        (alone, "o", say("figure.pilots of", name=label(law.reference))),
        (used & ~alone, "D", say("figure.other pilots")),
    ]
    for chosen, mark, name in groups:
        if chosen.any():
            bars = {"yerr": spread[chosen], "capsize": 2, "elinewidth": 1}
            style = {"fmt": mark, "ms": 5, "color": INK, "mfc": INK if mark == "o" else "white"}
            axes.errorbar(size[chosen], error[chosen], label=name, zorder=3, **bars, **style)
    return float(size[used].min()), float(size[used].max())


def _curve(axes: Any, law: FittedLaw, start: float, end: float, say: Speech) -> None:
    sizes = np.geomspace(start / 1.5, end, POINTS)
    levels = law.quantiles({law.reference: sizes}, (0.05, 0.25, 0.5, 0.75, 0.95))
    axes.fill_between(sizes, levels[0], levels[4], color=BAND, alpha=0.4, lw=0, label="90%")
    axes.fill_between(sizes, levels[1], levels[3], color=BAND, alpha=0.75, lw=0, label="50%")
    axes.plot(sizes, levels[2], color=INK, lw=1.8, label=say("figure.median"))


def _target(axes: Any, target: float, confidence: float, need: float, say: Speech) -> None:
    axes.axhline(
        target, color=MARK, lw=1.2, ls="--", label=say("figure.target", target=f"{target:.4g}")
    )
    if math.isfinite(need) and need > 0:
        needed = say("figure.needed", n=f"{need:,.0f}", chance=f"{confidence:.0%}")
        axes.axvline(need, color=MARK, lw=1.2, ls=":", label=needed)
    else:
        axes.plot([], [], " ", label=say("figure.out at", chance=f"{confidence:.0%}"))


def _plain_ticks(axes: Any) -> None:
    """Errors as plain decimals, sizes with thousands separators."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0), numticks=99))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.yaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
