"""The charts of the report, each drawn for a desk and for a phone: law, frontier, swings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from planner.report.markup import Html, element, plain
from planner.report.svg import (
    BAND,
    GRID,
    INK,
    MARK,
    MUTED,
    NARROW,
    SIZE,
    WIDE,
    Scale,
    Sheet,
    fitted,
    letters,
    linear,
    log_ticks,
    logarithmic,
    short,
    ticks,
)

Draw = Callable[[int], Sheet]


def figure(name: str, title: object, about: object, draw: Draw, caption: object = None) -> Html:
    """A chart in both widths under one caption; the page shows the one that fits."""
    both = [
        element("div", draw(width).drawn(f"{name}-{kind}", plain(title), plain(about)), class_=kind)
        for kind, width in (("wide", WIDE), ("narrow", NARROW))
    ]
    shown = None if caption is None else element("figcaption", caption)
    return element("figure", *both, shown)


@dataclass(frozen=True)
class Labels:
    """Words on axes and marks."""

    x: str
    y: str
    marks: dict[str, str]


@dataclass(frozen=True)
class Curve:
    """A law to draw: sizes (n,) and levels (5, n) of the error at 5, 25, 50, 75 and 95%; pilots
    (size, error, alone), target, what it takes, and the plan's size and error interval."""

    sizes: Sequence[float]
    levels: Sequence[Sequence[float]]
    pilots: Sequence[tuple[float, float, bool]]
    target: float | None
    need: float | None
    planned: tuple[float, tuple[float, float, float]] | None


def law(curve: Curve, labels: Labels) -> Draw:
    """Error over data on logarithmic axes."""

    def draw(width: int) -> Sheet:
        """The law on a sheet of this width."""
        sheet = Sheet(width, 380 if width == WIDE else 340)
        left, right, top, bottom = 48.0, width - 14.0, 46.0, sheet.height - 42.0
        low, high = _errors(curve)
        x = logarithmic(curve.sizes[0], curve.sizes[-1], left, right)
        y = logarithmic(low, high, bottom, top)
        _grid_y(sheet, log_ticks(low, high, 7), y, (left, right), lambda v: f"{v:.3g}")
        _grid_x(sheet, log_ticks(curve.sizes[0], curve.sizes[-1], 6), x, (top, bottom), short)
        for outer, opacity in ((0, 0.18), (1, 0.32)):
            up = [(x(s), y(v)) for s, v in zip(curve.sizes, curve.levels[4 - outer], strict=True)]
            down = [(x(s), y(v)) for s, v in zip(curve.sizes, curve.levels[outer], strict=True)]
            sheet.area([*up, *reversed(down)], BAND, opacity)
        middle = [(x(s), y(v)) for s, v in zip(curve.sizes, curve.levels[2], strict=True)]
        sheet.path(middle, INK, stroke_width=2)
        if curve.target is not None and low <= curve.target <= high:
            sheet.line(
                (left, y(curve.target)),
                (right, y(curve.target)),
                MARK,
                stroke_width=1.5,
                stroke_dasharray="6 4",
            )
            sheet.text((right, y(curve.target) - 5), labels.marks["target"], "end", MARK)
        if curve.need is not None and curve.sizes[0] <= curve.need <= curve.sizes[-1]:
            at = x(curve.need)
            sheet.line((at, top), (at, bottom), MARK, stroke_width=1.5, stroke_dasharray="2 3")
        for size, error, alone in curve.pilots:
            fill = INK if alone else "#ffffff"
            sheet.dot((x(size), y(error)), 3.5, fill, stroke=INK, stroke_width=1.2)
        if curve.planned is not None:
            _planned(sheet, curve.planned, x, y)
        sheet.text(((left + right) / 2, sheet.height - 6), labels.x, "middle", MUTED)
        _legend(sheet, labels, curve)
        return sheet

    return draw


def _errors(curve: Curve) -> tuple[float, float]:
    seen = [*curve.levels[0], *curve.levels[4], *(error for _, error, _ in curve.pilots)]
    if curve.target is not None:
        seen.append(curve.target)
    if curve.planned is not None:
        seen += curve.planned[1]
    positive = [value for value in seen if value > 0]
    low = max(min(positive), max(positive) / 1e4)
    return low / 1.05, max(positive) * 1.05


def _planned(
    sheet: Sheet, planned: tuple[float, tuple[float, float, float]], x: Scale, y: Scale
) -> None:
    size, (low, middle, high) = planned
    at = x(size)
    sheet.line((at, y(max(low, 1e-12))), (at, y(high)), MARK, stroke_width=2.5)
    points = [(at, y(middle) - 6), (at + 6, y(middle)), (at, y(middle) + 6), (at - 6, y(middle))]
    sheet.area(points, MARK, 1.0)


def _legend(sheet: Sheet, labels: Labels, curve: Curve) -> None:
    """Names of the marks in one or two rows above the chart."""
    items: list[tuple[str, str]] = [("median", "line"), ("band", "band")]
    items += [("pilots", "dot")] if curve.pilots else []
    items += [("others", "ring")] if any(not alone for _, _, alone in curve.pilots) else []
    items += [("plan", "diamond")] if curve.planned else []
    items += [("need", "dots")] if curve.need else []
    x, y = 8.0, 14.0
    for name, mark in items:
        text = labels.marks[name]
        if x + 24 + letters(text) > sheet.width and x > 8:
            x, y = 8.0, y + 17
        middle = y - 4
        if mark == "line":
            sheet.line((x, middle), (x + 16, middle), INK, stroke_width=2)
        elif mark == "band":
            sheet.box((x, middle - 5), (16.0, 10.0), BAND, fill_opacity=0.3)
        elif mark == "diamond":
            at = x + 8
            sheet.area(
                [(at, middle - 6), (at + 6, middle), (at, middle + 6), (at - 6, middle)], MARK, 1.0
            )
        elif mark == "dots":
            sheet.line(
                (x, middle), (x + 16, middle), MARK, stroke_width=1.5, stroke_dasharray="2 3"
            )
        else:
            fill = INK if mark == "dot" else "#ffffff"
            sheet.dot((x + 8, middle), 3.5, fill, stroke=INK, stroke_width=1.2)
        sheet.text((x + 21, y), text)
        x += 21 + letters(text) + 16


def frontier(points: Sequence[tuple[float, float | None]], own: float, labels: Labels) -> Draw:
    """Cost of the cheapest plan over targets, harder ones to the right; crosses: out of reach."""

    def draw(width: int) -> Sheet:
        """The frontier on a sheet of this width."""
        sheet = Sheet(width, 300)
        left, right, top, bottom = 58.0, width - 18.0, 30.0, sheet.height - 42.0
        reached = [(t, c) for t, c in points if c is not None]
        every = [t for t, _ in points]
        pad = 0.03 * (max(every) - min(every) or 1.0)
        x = linear(max(every) + pad, min(every) - pad, left, right)
        costs = [c for _, c in reached] or [0.0]
        paid = [c for c in costs if c > 0]
        most = max(costs)
        if paid and min(costs) > 0 and most / min(paid) > 8:
            y = logarithmic(min(paid) / 1.15, most * 1.3, bottom, top)
            marks = log_ticks(min(paid) / 1.15, most * 1.3, 6)
        else:
            y = linear(0.0, (most or 1.0) * 1.12, bottom, top)
            marks = ticks(0.0, (most or 1.0) * 1.12, 5)
        _grid_y(sheet, marks, y, (left, right), short)
        marks = ticks(min(every), max(every), 6 if width == WIDE else 4)
        _grid_x(sheet, marks, x, (top, bottom), lambda v: f"{v:.3g}")
        sheet.path([(x(t), y(c)) for t, c in reached], BAND, stroke_width=2)
        for target, cost in points:
            at = x(target)
            if cost is None:
                place = bottom - 10
                for sign in (-1, 1):
                    sheet.line(
                        (at - 4, place - 4 * sign), (at + 4, place + 4 * sign), MARK, stroke_width=2
                    )
                continue
            mine = target == own
            sheet.dot((at, y(cost)), 6.0 if mine else 3.5, MARK if mine else BAND)
            if mine:
                text = labels.marks["own"]
                if at - left > letters(text) + 14:  # the curve rises to the right
                    sheet.text((at - 10, y(cost) - 8), text, "end", MARK)
                else:
                    sheet.text((at + 8, min(y(cost) + 20, bottom - 6)), text, "start", MARK)
        if any(cost is None for _, cost in points):
            sheet.text((right, bottom - 24), labels.marks["out"], "end", MARK)
        sheet.text((8, 16), labels.y, "start", MUTED)
        sheet.text(((left + right) / 2, sheet.height - 6), labels.x, "middle", MUTED)
        return sheet

    return draw


@dataclass(frozen=True)
class Swing:
    """A bar of the tornado: name, its range in words, cost at both ends; None: out of reach."""

    name: str
    ends: tuple[str, str]
    low: float | None
    high: float | None


def tornado(swings: Sequence[Swing], base: float, labels: Labels) -> Draw:
    """What each number's range does to the cost, the widest first."""

    def draw(width: int) -> Sheet:
        """The tornado on a sheet of this width."""
        narrow = width != WIDE
        row = 46.0 if narrow else 30.0
        sheet = Sheet(width, 62.0 + row * len(swings))
        left, right = (10.0, width - 30.0) if narrow else (250.0, width - 46.0)
        top, bottom = 26.0, sheet.height - 36.0
        known = [v for s in swings for v in (s.low, s.high) if v is not None] + [base]
        low, high = min(known), max(known)
        pad = 0.06 * (high - low or abs(high) or 1.0)
        x = linear(low - pad, high + pad, left, right)
        marks = ticks(low - pad, high + pad, 4 if narrow else 6)
        _grid_x(sheet, marks, x, (top, bottom), short)
        for number, swing in enumerate(swings):
            y = top + row * number + (18.0 if narrow else 4.0)
            place = (left, y - 5) if narrow else (left - 10, y + 15)
            room = width - 20.0 if narrow else left - 16
            sheet.text(place, fitted(swing.name, room), "start" if narrow else "end")
            _bar(sheet, swing, x, (base, y, right), labels)
        sheet.line((x(base), top - 4), (x(base), bottom), INK, stroke_width=1.5)
        sheet.text((x(base), top - 10), labels.marks["base"], "middle")
        sheet.text(((left + right) / 2, sheet.height - 4), labels.x, "middle", MUTED)
        return sheet

    return draw


def _bar(
    sheet: Sheet, swing: Swing, x: Scale, place: tuple[float, float, float], labels: Labels
) -> None:
    """Both ends of a swing: two halves of a bar, or above each other where they lie on one side."""
    base, y, right = place
    values = (swing.low, swing.high)
    sides = [math.inf if value is None else value - base for value in values]
    both = sides[0] * sides[1] > 0
    for at, (name, value, color) in enumerate(zip(swing.ends, values, (BAND, MARK), strict=True)):
        side = -1 if (sides[at] or -sides[1 - at]) < 0 else 1
        if value is None:
            low = y + 7 * at * both
            sheet.box((x(base), low + 7), (right - x(base), 6.0), color, fill_opacity=0.35)
            words = f"{name}: {labels.marks['out']}"
            sheet.text((right, y + (24 if at and both else 3)), words, "end", color)
        else:
            half = (y + 10.5 * at, 9.5) if both else (y, 20.0)
            _end(sheet, (x(base), x(value), side), half, name, color)


def _end(
    sheet: Sheet,
    along: tuple[float, float, int],
    across: tuple[float, float],
    name: str,
    color: str,
) -> None:
    """One half of a bar, named by its end of the range; `along`: from, to and on which side."""
    (start, at, side), (y, high) = along, across
    sheet.box((min(start, at), y), (abs(at - start), high), color, fill_opacity=0.85)
    if high < SIZE:
        room = at + side * (letters(name, high) + 8) > 4
        place, anchor = (at + side * 4, y + high - 0.5), "start" if side > 0 else "end"
        if room:
            sheet.text(place, name, anchor, color, font_size=f"{high + 0.5:g}")
        return
    inside = abs(at - start) > letters(name) + 10
    if inside:
        anchor = "end" if side > 0 else "start"
        sheet.text((at - side * 5, y + 14), name, anchor, "#ffffff")
    elif at + side * (letters(name) + 8) > 4:
        sheet.text((at + side * 4, y + 14), name, "start" if side > 0 else "end", color)


def _grid_y(
    sheet: Sheet,
    values: Sequence[float],
    y: Scale,
    ends: tuple[float, float],
    form: Callable[[float], str],
) -> None:
    for value in values:
        sheet.line((ends[0], y(value)), (ends[1], y(value)), GRID)
        sheet.text((ends[0] - 6, y(value) + 4), form(value), "end", MUTED)


def _grid_x(
    sheet: Sheet,
    values: Sequence[float],
    x: Scale,
    ends: tuple[float, float],
    form: Callable[[float], str],
) -> None:
    for value in values:
        sheet.line((x(value), ends[0]), (x(value), ends[1]), GRID)
        sheet.text((x(value), ends[1] + 16), form(value), "middle", MUTED)
