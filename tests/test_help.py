"""Every command explains itself, by an example that parses, and is in the README."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from planner.arguments import parse, parser
from planner.commands import COMMANDS, GROUPS

ROOT = Path(__file__).resolve().parent.parent


def shown(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    with pytest.raises(SystemExit) as end:
        parse(args)
    assert end.value.code == 0
    return capsys.readouterr().out


def test_help_lists_exactly_the_commands_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(COMMANDS) == sum(map(len, GROUPS.values())), "two commands share a name"
    text = shown(capsys, "--help")
    for group, commands in GROUPS.items():
        assert f"{group}:" in text
        for each in commands:
            assert re.search(rf"^  {each.name} +{re.escape(each.about)}$", text, re.MULTILINE)
    assert "exit codes" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(capsys, name, "--help")
    example = COMMANDS[name].example
    assert example in text
    program, *args = shlex.split(example)
    assert program == "dataplan"
    assert parse(args).command == name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    choices = next(a.choices for a in parser()._actions if a.dest == "command")
    assert isinstance(choices, dict)
    for action in choices[name]._actions:
        assert action.help, action.dest


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"`dataplan {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_version() -> None:
    code = "from planner.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert re.fullmatch(r"dataplan \S.*\n", done.stdout)
