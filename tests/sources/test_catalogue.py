"""Kinds by name, and a kind that comes from another package."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sources import catalogue
from sources.base import Context, SourceError

MODULE = """
from sources.assembly import Parts, line, source
from sources.settings import KindSettings, Number, Quantity, check, figures
from typing import Annotated


class Settings(KindSettings):
    rent: Annotated[Number, Quantity("money/example", ge=0)]


def build(name, settings, context):
    model = check(Settings, settings)
    numbers = figures(model, context)
    lines = (line("rent", {"rent": numbers["rent"]}),)
    return source(name, "rented", model, Parts(lines, numbers), context)


def wrong(name, settings, context):
    return 3
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "renting.py").write_text(MODULE)
    info = tmp_path / "renting-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: renting\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[dataplan.sources]\nrented = renting:build\nbroken = renting:nothing\n"
        "absent = no_such_module:build\nwrong = renting:wrong\nhuman = renting:wrong\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "renting", raising=False)


def test_built_in_kinds() -> None:
    assert set(catalogue.BUILT_IN) <= set(catalogue.kinds())
    with pytest.raises(SourceError, match="'humen': is not a known kind; did you mean human"):
        catalogue.build("humen", "a", {}, Context())


@pytest.mark.usefixtures("plugin")
def test_a_kind_from_another_package() -> None:
    assert "rented" in catalogue.kinds()
    source = catalogue.build("rented", "flat", {"rent": 2, "in_hand": 5}, Context())
    assert (source.name, source.kind, source.in_hand) == ("flat", "rented", 5)
    assert float(source.cost(10)) == 20
    with pytest.raises(SourceError, match="rnt = 1: is not a known key; did you mean rent"):
        catalogue.build("rented", "flat", {"rent": 1, "rnt": 1}, Context())


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize(
    ("kind", "message"),
    [("broken", "does not load"), ("absent", "does not load"), ("wrong", "returned int")],
)
def test_a_faulty_package_is_a_fault(kind: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        catalogue.build(kind, "a", {}, Context())
    assert caught.value.faults[0].key == "kind"


@pytest.mark.usefixtures("plugin")
def test_built_in_kinds_cannot_be_replaced() -> None:
    assert catalogue.build("human", "a", {}, Context()).kind == "human"
    assert catalogue.kinds().count("human") == 1
