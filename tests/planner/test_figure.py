"""The figure of a law: what must be on it, the same bytes each time, and what is missing without
matplotlib."""

from __future__ import annotations

import builtins

import numpy as np
import pandas as pd
import pytest

from planner.errors import DataplanError
from planner.figure import draw_law
from planner.fit import fit_law
from planner.prior import Beliefs, SourceBelief

PILOTS = pd.DataFrame({"n": np.repeat([100, 200, 400, 800], 3)})
PILOTS["error"] = 0.05 + PILOTS.n**-0.3 * np.tile([0.97, 1.0, 1.03], 4)


def test_everything_is_on_it():
    law = fit_law(PILOTS, draws=200)
    need = law.required(0.15, 0.8)
    svg = draw_law(law, 0.15, 0.8)["law.svg"].decode()
    for text in (
        "examples",
        "error",
        "target 0.15",
        f"{need:,.0f} needed for 80%",
        "90%",
        "median",
    ):
        # matplotlib draws text as paths and keeps it in a comment
        assert f"<!-- {text} -->" in svg
    assert "<!-- pilots of n -->" in svg
    far = draw_law(law, 1e-4, 0.8)["law.svg"].decode()
    assert "<!-- out of reach at 80% -->" in far
    assert "target" not in draw_law(law)["law.svg"].decode().replace("targets", "")


def test_the_same_law_gives_the_same_bytes():
    assert draw_law(fit_law(PILOTS, draws=200), 0.15) == draw_law(fit_law(PILOTS, draws=200), 0.15)


def test_several_sources_and_no_pilots():
    rows = pd.concat([PILOTS.assign(m=0), PILOTS.rename(columns={"n": "m"}).assign(n=0)])
    svg = draw_law(fit_law(rows, draws=200))["law.svg"].decode()
    assert "<!-- other pilots -->" in svg
    none = fit_law(pd.DataFrame({"n": [], "error": []}), worst_error=0.5, draws=200)
    assert draw_law(none, 0.2)["law.png"]
    texts = Beliefs({"t": SourceBelief(is_text=True)})
    only = pd.DataFrame({"m": [0.0], "t": [500.0], "error": [0.4]})
    assert draw_law(fit_law(only, beliefs=texts, draws=200))["law.png"]


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    law, real = fit_law(PILOTS, draws=200), builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(DataplanError, match=r"dataplan\[figures\]"):
        draw_law(law)
