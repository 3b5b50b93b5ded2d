"""Texts that are safe in a workbook: what no XML may hold is shown as a mark, too much is cut."""

from __future__ import annotations

import re

MOST = 32_767  # signs of a cell, in halves of 16 bits as Excel counts them
LABEL = 60  # signs of a name where it only labels a row or a bar
MARK = "\ufffd"
# control signs, lone halves of a pair, and the two that are no signs at all
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile("[\t\r\n\u2028\u2029]+")


def safe(text: str, most: int = MOST) -> str:
    """One line of at most `most` signs; what is cut ends in an ellipsis."""
    line = _BREAKS.sub(" ", _FORBIDDEN.sub(MARK, text))
    if len(line.encode("utf-16-le")) // 2 <= most:
        return line
    cut = line.encode("utf-16-le")[: 2 * (most - 1)].decode("utf-16-le", "ignore")
    return f"{cut}…"


def label(text: str) -> str:
    """The text as a label, `LABEL` signs at most."""
    return safe(text, LABEL)
