"""What all figures share: colours that hold in grey too, fonts, labels, and the same bytes.

Texts are drawn as paths, so that a file shows the same glyphs everywhere. Signs that no font of the
machine has are spelled, never drawn as boxes, and a note names what to install.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from planner.errors import DataplanError
from planner.screen import shown

EXTRA = "pip install 'dataplan[figures]'"
# dark, light and a second hue, of which each pair differs in lightness as well (Okabe and Ito 2008)
INK, DEEP, BAND, MARK = "#1b3a57", "#5b8db8", "#a9cbe5", "#d55e00"
PLAIN = "DejaVu Sans"  # comes with matplotlib
# fonts with Chinese, Japanese and Korean signs, the first that is there is taken
EASTERN = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "Microsoft YaHei",
    "SimHei",
    "Droid Sans Fallback",
    "AR PL UMing CN",
    "Noto Serif CJK SC",
    "Noto Serif CJK JP",
)
FILES = ("notosanscjk", "notosanssc", "sourcehansans", "wqy", "pingfang", "msyh", "simhei")
MOST = 34  # columns of a label, of which a Chinese sign takes two
WIDTH, ROOM, COLUMN = 7.2, 14, 0.085  # of a figure [inch]; columns that fit; of one more [inch]
DOTS = 150  # [1/inch] of PNG; texts are measured at what they are drawn at
EDGE = 0.08  # of a picture around what is drawn [inch]


class Pictures(NamedTuple):
    """Files by name, and what a reader should know of them."""

    files: dict[str, bytes]
    notes: tuple[str, ...] = ()


@contextmanager
def canvas(width: float = WIDTH, height: float = 4.6) -> Iterator[tuple[Any, Any]]:
    """A figure [inch] and its axes, under the settings of this module.

    Raises DataplanError where matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        raise DataplanError(f"figures need matplotlib: {EXTRA}") from None
    settings = {
        "svg.hashsalt": "dataplan",
        "font.size": 10,
        "font.family": [PLAIN, *eastern()],
        "text.parse_math": False,  # names may hold dollar signs
        "axes.unicode_minus": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "hatch.linewidth": 0.6,
    }
    with mpl.rc_context(settings):
        figure = Figure(figsize=(width, height), dpi=DOTS, layout="constrained")
        yield figure, figure.add_subplot()


def eastern() -> list[str]:
    """The first font with Chinese signs that this machine has, as a list of one or none."""
    from matplotlib import font_manager

    known = {entry.name for entry in font_manager.fontManager.ttflist}
    if not known & set(EASTERN):  # installed after matplotlib made its list
        for path in sorted(font_manager.findSystemFonts()):
            if os.path.basename(path).lower().replace("-", "").startswith(FILES):
                font_manager.fontManager.addfont(path)
        known = {entry.name for entry in font_manager.fontManager.ttflist}
    return [name for name in EASTERN if name in known][:1]


def pictures(name: str, figure: Any) -> Pictures:
    """NAME.png and NAME.svg of a figure, inside its `canvas`."""
    notes = _spell(figure)
    figure.set_layout_engine("none")  # places are found; they need not be found twice more
    whole = {"bbox_inches": figure.get_tightbbox().padded(EDGE)}  # no text is cut off
    about = {"Date": None, "Creator": "dataplan"}
    return Pictures(
        {
            f"{name}.png": _bytes(figure, "png", metadata={"Software": "dataplan"}, **whole),
            f"{name}.svg": _bytes(figure, "svg", metadata=about, **whole),
        },
        notes,
    )


def label(text: object, most: int = MOST) -> str:
    """A name on one line, cut where it is too long for a label."""
    from rich.cells import cell_len, set_cell_size

    line = " ".join(shown(text).split())
    return line if cell_len(line) <= most else f"{set_cell_size(line, most - 1).rstrip()}\u2026"


def width_for(names: Iterable[str]) -> float:
    """Width [inch] of a figure with these names beside its axis, so that what is drawn has room."""
    from rich.cells import cell_len

    return WIDTH + COLUMN * max(0, max(map(cell_len, names), default=0) - ROOM)


def thousands(axis: Any) -> None:
    """Ticks as whole numbers, thousands apart."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))


def _bytes(figure: Any, kind: str, **options: Any) -> bytes:
    made = io.BytesIO()
    figure.savefig(made, format=kind, **options)
    return made.getvalue()


def _spell(figure: Any) -> tuple[str, ...]:
    """Spell the signs that no font here has; notes that name them and what to install."""
    from matplotlib.text import Text

    have, missing = _signs(), set()

    def spelled(text: str) -> str:
        lacks = {sign for sign in text if ord(sign) not in have and sign != "\n"}
        missing.update(lacks)
        return "".join(s.encode("unicode_escape").decode() if s in lacks else s for s in text)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the signs that are to be spelled
        figure.draw_without_rendering()  # labels of ticks and legends are made now
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            texts = [each.get_text() for each in axis.get_majorticklabels()]
            if any(spelled(text) != text for text in texts):
                axis.set_ticks(axis.get_ticklocs(), labels=[spelled(text) for text in texts])
    for each in figure.findobj(Text):
        text = each.get_text()
        if spelled(text) != text:
            each.set_text(spelled(text))
    if not missing:
        return ()
    figure.draw_without_rendering()  # what is spelled needs more room
    some = "".join(sorted(missing)[:8])
    advice = "install a font that has them, such as Noto Sans CJK (Debian: fonts-noto-cjk)"
    return (f"figures: no font here has the signs {some}; they are spelled: {advice}",)


def _signs() -> set[int]:
    """Code points that the fonts in use have."""
    from matplotlib import font_manager, rcParams

    found: set[int] = set()
    for family in rcParams["font.family"]:
        found |= _signs_of(font_manager.findfont(family, fallback_to_default=False))
    return found


@lru_cache(maxsize=4)
def _signs_of(path: str) -> frozenset[int]:
    from matplotlib import font_manager

    return frozenset(font_manager.get_font(path).get_charmap())
