"""Every fenced block of the README is run, in order, in one copy of the examples.

    ```console   lines that begin with `$ ` are run; what follows each is compared with its standard
                 output, exactly but for blanks at line ends; a line `...` stands for any lines
    ```bash      every line is run and must end with code 0 or 1
    ```python    run in order in one namespace
    ```toml      a project: planned with pilots that are only a header, and must be valid

Commands: `dataplan ...`, `python ...`, and `make TARGET`, which is only looked up in the Makefile.
Any other block must be ```text, which is not run.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
DATAPLAN = "import sys; from planner.cli import main; sys.exit(main())"


class Block(NamedTuple):
    """A fenced block: line of its first line, language, text."""

    line: int
    language: str
    text: str


def blocks(text: str) -> list[Block]:
    found = []
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        found.append(Block(text[: match.start()].count("\n") + 2, match[1], match[2]))
    return found


README = blocks((ROOT / "README.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a reader of the README has in front of them, shared by all blocks."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


def run(command: str, place: Path) -> subprocess.CompletedProcess[str]:
    program, *args = shlex.split(command, comments=True)
    start = {"dataplan": ["-c", DATAPLAN], "python": []}
    assert program in start, f"the README runs {program}, which this test does not know"
    return subprocess.run(
        [sys.executable, *start[program], *args],
        cwd=place,
        env={**os.environ, "COLUMNS": "80", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def is_make(command: str) -> bool:
    """Whether it is a make command, whose targets are then there."""
    words = shlex.split(command, comments=True)
    if words[0] != "make":
        return False
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in words[1:]:
        assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), target
    return True


def commands(text: str) -> list[tuple[str, str]]:
    """(command, expected output) of a console block."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
    assert not parts[0], "a console block begins with a command"
    return list(zip(parts[1::2], parts[2::2], strict=True))


def same(expected: str, real: str) -> bool:
    lines = [line.rstrip() for line in expected.rstrip().split("\n")]
    pattern = "\n".join(r"(?:.*\n)*?.*" if line == "..." else re.escape(line) for line in lines)
    got = "\n".join(line.rstrip() for line in real.rstrip().split("\n"))
    return re.fullmatch(pattern, got) is not None


def ids(block: Block) -> str:
    return f"line {block.line}"


def of(language: str) -> list[Block]:
    return [block for block in README if block.language == language]


def test_every_block_is_of_a_kind_that_is_run() -> None:
    assert {block.language for block in README} <= {"console", "bash", "python", "toml", "text"}
    assert of("console")
    assert of("bash")
    assert of("python")


@pytest.mark.parametrize("block", of("console"), ids=ids)
def test_console(block: Block, place: Path) -> None:
    for command, expected in commands(block.text):
        if is_make(command):
            continue
        done = run(command, place)
        assert done.returncode in (0, 1), done.stderr
        if not same(expected, done.stdout):
            assert done.stdout.rstrip() == expected.rstrip()  # shows the difference


@pytest.mark.parametrize("block", of("bash"), ids=ids)
def test_bash(block: Block, place: Path) -> None:
    for command in filter(str.strip, block.text.replace("\\\n", " ").split("\n")):
        if command.lstrip().startswith("#") or is_make(command):
            continue
        done = run(command, place)
        assert done.returncode in (0, 1), f"{command}\n{done.stderr}"


def test_python(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    space: dict[str, Any] = {"__name__": "readme"}
    for block in of("python"):
        code = "\n" * (block.line - 1) + block.text  # so that a fault names the README's line
        exec(compile(code, "README.md", "exec"), space)


@pytest.mark.parametrize("block", of("toml"), ids=ids)
def test_toml(block: Block, tmp_path: Path) -> None:
    from planner.project import read

    project = tomllib.loads(block.text)
    header = ",".join([*project["sources"], "error"])
    (tmp_path / "project.toml").write_text(block.text, encoding="utf-8")
    (tmp_path / project["pilots"]["file"]).write_text(f"{header}\n", encoding="utf-8")
    inputs = read(tmp_path / "project.toml")
    assert {source.name for source in inputs.sources} == set(project["sources"])


def test_the_comparison_can_fail() -> None:
    assert same("a\n...\nd\n", "a\nb\nc\nd  \n")
    assert same("a\nb", "a  \nb\n\n")
    assert not same("a\n...\nd\n", "a\nb\nc\n")
    assert not same("a\nb", "a\nc")
    assert not same("a.c", "abc")
    assert commands("$ dataplan x\nout\n$ dataplan y\n") == [
        ("dataplan x", "out\n"),
        ("dataplan y", ""),
    ]
    with pytest.raises(AssertionError):
        is_make("make nothing-of-that-name")
