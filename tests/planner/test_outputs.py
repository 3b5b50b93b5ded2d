"""What `dataplan plan` writes: which files, where, together, and which options it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from planner.commands.outputs import BARE, spelled
from tests.planner.calling import Run

pytestmark = pytest.mark.usefixtures("short_frontier")


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from planner.export import write_project

    return write_project(tmp_path_factory.mktemp("project"))[0]


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("option", BARE)
def test_a_project_after_an_option_without_a_value_is_the_project(option: str) -> None:
    assert spelled(["plan", option, "a/project.TOML"]) == ["plan", f"{option}=", "a/project.TOML"]
    assert spelled(["plan", "p.toml", option]) == ["plan", "p.toml", option]
    assert spelled(["plan", option, "mine", "p.toml"]) == ["plan", option, "mine", "p.toml"]
    assert spelled(["plan", option, "--bom", "p.toml"]) == ["plan", option, "--bom", "p.toml"]


def test_every_output_of_one_call(start: Path, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    code, out, err = run(
        "plan", "--out", folder, "--decimal-comma", "--bom", "--lang", "zh",
        "--markdown", tmp_path / "mine.md", "--html", "--figures", start,
    )  # fmt: skip
    assert code == 0 and "合计" in out
    assert "semicolons" in err
    found = names(folder)
    assert {"plan.html", "figures/law.png", "figures/calendar.svg", "tables.csv"} <= found
    assert "plan.md" not in found and "## " in (tmp_path / "mine.md").read_text(encoding="utf-8")
    assert str(folder / "plan.html") in err and f"{folder / 'figures'}\n" in err
    assert "结论" in (folder / "plan.html").read_text(encoding="utf-8")
    raw = (folder / "plan.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines(), delimiter=";"))
    total = sum(float(row["total"].replace(",", ".")) for row in rows)
    with open(folder / "summary.csv", encoding="utf-8-sig", newline="") as file:
        facts = {row["key"]: row["value"] for row in csv.DictReader(file, delimiter=";")}
    assert total == pytest.approx(float(facts["cost"].replace(",", ".")), abs=0.01)


def test_json_and_a_workbook_without_tables(start: Path, run: Run, tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter")
    place = tmp_path / "deep" / "mine.xlsx"
    code, out, err = run("plan", "--xlsx", place, "--json", start)
    assert code == 0 and json.loads(out)["plan"]
    assert place.read_bytes().startswith(b"PK")
    assert err == f"{place} written\n"
    assert names(tmp_path) == {"deep/mine.xlsx"}


def test_all_or_nothing(start: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    code, out, err = run(
        "plan", start, "--out", tmp_path / "out", "--figures", tmp_path / "taken" / "below"
    )
    assert (code, out) == (2, "")
    assert "taken" in err
    assert names(tmp_path) == {"taken"}
    assert (tmp_path / "taken").read_text() == "mine"


def test_what_an_earlier_plan_has_left_is_told(start: Path, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "figures").mkdir(parents=True)
    for name in ("sensitivity.csv", "plan.md", "path.csv", "mine.csv"):
        (folder / name).touch()
    code, _, err = run("plan", start, "--out", folder, "--markdown")
    assert code == 0
    assert f"sensitivity.csv, figures in {folder}: of an earlier plan, not of this one\n" in err
    assert (folder / "sensitivity.csv").read_text() == ""
    (folder / "sensitivity.csv").unlink()
    code, _, err = run("plan", start, "--out", folder, "--markdown", "--figures")
    assert code == 0 and "of an earlier plan" not in err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--xlsx", "plan.csv"), "--xlsx"),
        (("--html", "my-project"), "--html"),
        (("--markdown=page.html",), "--markdown"),
        (("--decimal-comma", "--delimiter", ","), "--delimiter"),
        (("--delimiter", "x"), "--delimiter"),
        (("--lang", "fr"), "--lang"),
    ],
)
def test_what_cannot_be_is_refused_before_planning(
    options: tuple[str, ...], told: str, start: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.models.study_of", None)  # nothing is planned
    code, out, err = run("plan", start, *options)
    assert (code, out) == (2, "")
    assert told in err
    assert not (start.parent / "plan").exists()


def test_a_missing_library_is_told_before_planning(
    start: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.models.study_of", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for option, extra in (("--figures", "figures"), ("--xlsx", "workbook")):
        code, out, err = run("plan", option, start)
        assert (code, out) == (2, "")
        assert f"dataplan[{extra}]" in err


def test_messages_steer_no_terminal(start: Path, run: Run, tmp_path: Path) -> None:
    name = "a\x1b[31m\u202eb.toml"
    code, _, err = run("plan", tmp_path / name)
    assert code == 2 and "\\x1b[31m\\u202eb.toml" in err
    text = start.read_text(encoding="utf-8")
    (tmp_path / "b.toml").write_text(f'{text}\n["\\u001b[31m\\u202e"]\nx = 1\n', encoding="utf-8")
    code, _, err = run("plan", tmp_path / "b.toml")
    assert code == 2 and "\\x1b[31m" in err
    assert "\x1b" not in err and "\u202e" not in err
