"""A sheet to draw on: scales, ticks and marks of a chart as SVG, without styles or scripts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from planner.report.markup import Html, clean, element

INK, MUTED, GRID, BAND, MARK, PALE = (
    "#16202b",
    "#4d5a68",
    "#dde3ea",
    "#2f6da3",
    "#a8321a",
    "#eef2f6",
)
FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"
SIZE = 12.0  # of letters
WIDE, NARROW = 720, 350  # widths that every chart is drawn in: for a desk and paper, and a phone
Point = tuple[float, float]
Scale = Callable[[float], float]


def letters(text: str, size: float = SIZE) -> float:
    """About how wide a text is."""
    return sum(size if ord(sign) > 0x2E7F else 0.56 * size for sign in text)


def fitted(text: object, width: float, size: float = SIZE) -> str:
    """A text that is about so wide, its end cut off where it is longer."""
    shown = clean(text, 200)
    if letters(shown, size) <= width:
        return shown
    while shown and letters(f"{shown}…", size) > width:
        shown = shown[:-1]
    return f"{shown}…"


@dataclass
class Sheet:
    """Marks on a plane of width x height, (0, 0) at the top left."""

    width: float
    height: float
    marks: list[Html] = field(default_factory=list)

    def add(self, tag: str, *children: object, **attributes: object) -> None:
        """Draw an element; numbers are rounded to a tenth."""
        shown = {name: _short(value) for name, value in attributes.items()}
        self.marks.append(element(tag, *children, **shown))

    def line(self, start: Point, end: Point, color: str = INK, **more: object) -> None:
        """A straight line."""
        self.add("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], stroke=color, **more)

    def path(self, points: Sequence[Point], color: str = INK, **more: object) -> None:
        """A line through points."""
        self.add("polyline", points=_listed(points), fill="none", stroke=color, **more)

    def area(self, points: Sequence[Point], color: str, opacity: float) -> None:
        """A filled polygon."""
        self.add("polygon", points=_listed(points), fill=color, fill_opacity=opacity)

    def box(self, at: Point, size: Point, color: str, **more: object) -> None:
        """A filled rectangle; at least a hair wide."""
        wide = max(size[0], 1.0)
        self.add("rect", x=at[0], y=at[1], width=wide, height=size[1], fill=color, **more)

    def dot(self, at: Point, radius: float = 4.0, color: str = INK, **more: object) -> None:
        """A filled circle."""
        self.add("circle", cx=at[0], cy=at[1], r=radius, fill=color, **more)

    def text(
        self, at: Point, text: object, anchor: str = "start", color: str = INK, **more: object
    ) -> None:
        """A line of text; anchor: start, middle or end."""
        self.add("text", text, x=at[0], y=at[1], text_anchor=anchor, fill=color, **more)

    def drawn(self, name: str, title: object, about: object) -> Html:
        """The chart as SVG with title and description; `name` makes its ids its own."""
        ids = (f"{name}-title", f"{name}-desc")
        return element(
            "svg",
            element("title", title, id=ids[0]),
            element("desc", about, id=ids[1]),
            *self.marks,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {self.width:g} {self.height:g}",
            width=f"{self.width:g}",
            height=f"{self.height:g}",
            role="img",
            aria_labelledby=" ".join(ids),
            font_family=FONT,
            font_size=f"{SIZE:g}",
        )


def _short(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value


def _listed(points: Sequence[Point]) -> Html:
    return Html(" ".join(f"{x:.1f},{y:.1f}" for x, y in points))


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """Values low to high on a length from start to end."""
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def logarithmic(low: float, high: float, start: float, end: float) -> Scale:
    """The same on a logarithmic scale; low and high are above 0."""
    inner = linear(math.log(low), math.log(high), start, end)
    return lambda value: inner(math.log(value))


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values from low to high, `most` at most or a few more."""
    if not high > low:
        return [low]
    step = 10.0 ** math.floor(math.log10((high - low) / most))
    step *= next(n for n in (1, 2, 5, 10) if (high - low) / (n * step) <= most)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round values on a logarithmic scale: powers of ten, or finer where they are few."""
    for figures in ((1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        found = [
            n * 10.0**power
            for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
            for n in figures
            if low * (1 - 1e-9) <= n * 10.0**power <= high * (1 + 1e-9)
        ]
        if len(found) <= most:
            break
    every = math.ceil(len(found) / most) if found else 1
    return found[::every] if len(found) > 1 else ticks(low, high, most)


def short(value: float) -> str:
    """A number in few signs: 1.2k, 30k, 4M."""
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return f"{value / size:.3g}{sign}"
    return f"{value:.3g}"
