"""Pictures kept as goldens: small, in few colours, and compared with a tolerance for fonts."""

from __future__ import annotations

import io
import math
import os
from pathlib import Path

import numpy as np
import pytest

GRID = (24, 64)  # cells a picture is compared in
COLOURS = 16
LIKE, LONGER = 0.7, 0.15  # least correlation of where the ink lies, most difference of heights


def small(png: bytes, width: int) -> bytes:
    """A picture scaled to a width and put into few colours."""
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    found = pillow.open(io.BytesIO(png)).convert("RGB")
    height = round(found.height * width / found.width)
    scaled = found.resize((width, height), pillow.Resampling.LANCZOS)
    made = io.BytesIO()
    scaled.quantize(COLOURS).save(made, "PNG", optimize=True)
    return made.getvalue()


def alike(one: bytes, other: bytes) -> tuple[float, float]:
    """Correlation of where the ink lies in two pictures, and by how much their heights differ."""
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    inks, heights = [], []
    for png in (one, other):
        found = pillow.open(io.BytesIO(png)).convert("L")
        heights.append(found.height)
        cells = found.resize(GRID, pillow.Resampling.BOX)
        ink = 255.0 - np.asarray(cells, dtype=float)
        inks.append(ink - ink.mean())
    size = math.sqrt(float((inks[0] ** 2).sum() * (inks[1] ** 2).sum()))
    same = float((inks[0] * inks[1]).sum()) / size if size else 0.0
    return same, abs(heights[0] / heights[1] - 1)


def check(png: bytes, golden: Path, width: int) -> None:
    """Compare a picture with its golden, or write that where DATAPLAN_REFRESH is 1."""
    made = small(png, width)
    if os.environ.get("DATAPLAN_REFRESH") == "1":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(made)
    assert golden.stat().st_size < 150_000, golden.name
    same, longer = alike(made, golden.read_bytes())
    assert same >= LIKE and longer <= LONGER, (golden.name, same, longer)
