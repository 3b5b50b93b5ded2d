"""Workbooks as LibreOffice saves them after it has computed every formula anew."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.planner.hostile import soffice

ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def recalculated(files: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    """The workbooks by name, each recalculated; all in one run, in a folder that is removed."""
    (folder / "profile" / "user").mkdir(parents=True)
    (folder / "profile" / "user" / "registrymodifications.xcu").write_text(ALWAYS)
    for name, content in files.items():
        (folder / f"{name}.xlsx").write_bytes(content)
    program = soffice()
    assert program
    call = [program, f"-env:UserInstallation=file://{folder}/profile", "--headless"]
    call += ["--convert-to", "xlsx", "--outdir", str(folder / "out")]
    subprocess.run(
        [*call, *(str(folder / f"{name}.xlsx") for name in files)],
        check=True,
        capture_output=True,
        timeout=400,
    )
    found = {name: (folder / "out" / f"{name}.xlsx").read_bytes() for name in files}
    shutil.rmtree(folder)
    return found
