"""Texts that try to be more than text, and what a spreadsheet makes of CSV files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

HOSTILE = {
    "formula": '=HYPERLINK("http://evil.example","x")',
    "command": "=cmd|'/c calc'!A1",
    "plus": "+1+1",
    "at": "@SUM(1+1)",
    "script": "<script>alert(1)</script>",
    "quotes": '"; \' it\'s "quoted" , done',
    "delimiters": "a,b;c\td|e",
    "turned": "abc\u202egpj.exe",
    "escape": "\x1b[31mred\x1b]0;title\x07",
    "long": "x" * 10_000,
    "emoji": "crowd \U0001f469\u200d\U0001f4bb \U0001f600",
    "lines": "one\ntwo\r\n=three",
    "chinese": "\u4f17\u5305\u6807\u6ce8\uff1a\u60c5\u611f\u5206\u7c7b",
    "parted": 'x;=1+1,=1+1\t=1+1;"=1+1"\n=1+1; @SUM(1)',
    "spaces": "  \u3000=1+1",
    "fullwidth": "\uff1d1+1",
}


def soffice() -> str | None:
    """LibreOffice, where the machine has it."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def converted(path: Path, to: str, infilter: str, profile: Path) -> Path:
    """A file opened by LibreOffice with an import filter, and saved again as `to`."""
    program = soffice()
    assert program
    done = subprocess.run(
        [
            program,
            f"-env:UserInstallation=file://{profile}",
            "--headless",
            f"--infilter={infilter}",
            "--convert-to",
            to,
            "--outdir",
            str(path.parent / "opened"),
            str(path),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    found = path.parent / "opened" / f"{path.stem}.{to.partition(':')[0]}"
    assert found.exists(), done.stdout + done.stderr
    return found


def cells(path: Path) -> list[list[tuple[str, str, str]]]:
    """Rows of a flat OpenDocument sheet: (type, value or text, formula) of each cell."""
    import xml.etree.ElementTree as xml

    table, office, text = (
        f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}"
        for name in ("table", "office", "text")
    )
    found = []
    for row in xml.parse(path).getroot().iter(f"{table}table-row"):
        line = []
        for cell in row.iter(f"{table}table-cell"):
            kind = cell.get(f"{office}value-type", "")
            shown = "\n".join("".join(part.itertext()) for part in cell.iter(f"{text}p"))
            value = cell.get(f"{office}value", shown)
            times = int(cell.get(f"{table}number-columns-repeated", "1"))
            line += [(kind, value, cell.get(f"{table}formula", ""))] * min(times, 50)
        found.append(line)
    return found
