from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.planner.calling import Run

pytestmark = pytest.mark.usefixtures("short_frontier")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path, run: Run) -> Path:
    code, _, _ = run("init", tmp_path / "project")
    assert code == 0
    return tmp_path / "project" / "project.toml"


def edit(project: Path, old: str, new: str) -> None:
    text = project.read_text(encoding="utf-8")
    assert old in text
    project.write_text(text.replace(old, new, 1), encoding="utf-8")


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_init_then_plan(project: Path, run: Run) -> None:
    code, out, err = run("plan", project)
    assert code == 0
    assert "can be reached for" in out
    assert max(map(len, out.split("\n"))) <= 80
    assert "\x1b" not in out
    assert "tables written to" in err
    with open(project.parent / "plan" / "plan.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        worth = float(row["quantity"]) * float(row["unit_cost"]) + float(row["fees"])
        assert worth == pytest.approx(float(row["subtotal"]), abs=0.011)
        assert float(row["subtotal"]) + float(row["contingency"]) == pytest.approx(
            float(row["total"]), abs=1e-6
        )


def test_the_same_bytes_twice(project: Path, run: Run, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        assert run("plan", project, "--out", tmp_path / folder)[0] == 0
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert len(files(tmp_path / "one")) == 12


def test_init_overwrites_nothing(project: Path, run: Run) -> None:
    before = files(project.parent)
    code, out, err = run("init", project.parent)
    assert code == 2
    assert out == ""
    assert "project.toml" in err
    assert "pilots.csv" in err
    assert files(project.parent) == before


def test_json_goes_to_stdout_only(project: Path, run: Run) -> None:
    before = files(project.parent)
    code, out, err = run("plan", project, "--json")
    assert code == 0
    assert err == ""
    shown = json.loads(out)
    assert shown["summary"]["reaches"] == "yes"
    assert shown["plan"][0]["quantity"] > 0
    assert files(project.parent) == before


def test_options_replace_the_target(project: Path, run: Run) -> None:
    options = ("--target", "0.24", "--confidence", "0.6", "--budget", "9000", "--weeks", "20")
    code, out, _ = run("plan", project, *options, "--json")
    facts = json.loads(out)["summary"]
    assert code == 0
    found = [facts[key] for key in ("target", "confidence", "budget", "weeks_limit")]
    assert found == [0.24, 0.6, 9000, 20]


def test_out_of_reach_is_1_and_the_tables_are_written(project: Path, run: Run) -> None:
    code, out, err = run("plan", project, "--target", "0.001", "--out", project.parent / "far")
    assert code == 1
    assert "out of reach" in out
    assert "Traceback" not in err
    assert (project.parent / "far" / "frontier.csv").exists()
    code, out, _ = run("plan", project, "--budget", "0", "--json")
    assert code == 1
    assert json.loads(out)["summary"]["reaches"] == "no"


@pytest.mark.parametrize("pilots", ["rows = []", "rows = [{human = 100, error = 0.4}]"])
def test_few_pilots_are_no_fault_but_a_weak_prior(project: Path, run: Run, pilots: str) -> None:
    edit(project, 'file = "pilots.csv"', pilots)
    code, out, _ = run("plan", project)
    assert code in (0, 1)
    assert "weak prior" in out


HOSTILE = "=cmd|'/c calc'!A1"


def test_a_hostile_name_is_accepted_and_neutralised(project: Path, run: Run) -> None:
    edit(project, "[sources.crowd]", f'[sources."{HOSTILE}"]')
    pilots = project.parent / "pilots.csv"
    pilots.write_text(pilots.read_text().replace("crowd", HOSTILE))
    assert run("plan", project)[0] == 0
    for name, raw in files(project.parent / "plan").items():
        rows = csv.reader(raw.decode("utf-8").splitlines())
        assert not [cell for row in rows for cell in row if cell.startswith("=")], name


BAD = [
    ("name = ", "name = = ", "not TOML"),
    ("error = 0.20", 'error = "low"', "target.error"),
    ("error = 0.20", "error = 1.5", "target.error"),
    ("error = 0.20", "error = nan", "target.error"),
    ("contingency = 0.15", "contingency = -1", "contingency"),
    ('[sources.human]\nkind = "human"', '[sources.human]\nkind = "humam"', "human"),
    ('[sources.human]\nkind = "human"', '[sources.human]\nkind = "human"\nwage = -4', "wage"),
    ('[sources.human]\nkind = "human"', '[sources.human]\nkind = "human"\nwagee = 4', "wage"),
    ("[sources.crowd]", "[sources.crwd]", "crowd"),
    ("[sources.crowd]", "[sources.human]", "not TOML"),
    ("[sources.crowd]", "[sources.Human]", "Human"),
    ('file = "pilots.csv"', 'file = "nowhere.csv"', "nowhere.csv"),
    ('file = "pilots.csv"', "rows = [{human = 100, error = nan}]", "error"),
    ('file = "pilots.csv"', "rows = [{human = 100, error = 1.2}]", "error"),
    ('file = "pilots.csv"', "rows = [{human = -1, error = 0.2}]", "human"),
    (
        "[sources.crowd]",
        '[sources.t]\nkind = "text"\npath = "empty"\n[sources.crowd]',
        "no document",
    ),
    ("[sources.crowd]", '[sources.t]\nkind = "text"\npath = "bin"\n[sources.crowd]', "bin/a.txt"),
    (
        "[sources.crowd]",
        '[sources.t]\nkind = "distillation"\nteacher = "no-such-model"\nprompt_tokens = 10\n'
        "completion_tokens = 10\n[sources.crowd]",
        "no-such-model",
    ),
]


@pytest.mark.parametrize(("old", "new", "told"), BAD)
def test_bad_projects(project: Path, run: Run, old: str, new: str, told: str) -> None:
    (project.parent / "empty").mkdir()
    (project.parent / "bin").mkdir()
    (project.parent / "bin" / "a.txt").write_bytes(b"\x00\xff\xfe\x01" * 100)
    edit(project, old, new)
    before = files(project.parent)
    code, out, err = run("plan", project)
    assert code == 2
    assert out == ""
    assert told in err
    assert str(project) in err
    assert err.count("dataplan:") == 1
    assert files(project.parent) == before


def test_every_fault_of_a_file_at_once(project: Path, run: Run) -> None:
    edit(project, "error = 0.20", "error = true\nconfidenc = 1")
    edit(project, "contingency = 0.15", "contingency = -1")
    _, _, err = run("plan", project)
    for told in ("target.error", "confidenc", "contingency"):
        assert told in err


@pytest.mark.parametrize("name", ["nowhere.toml", ""])
def test_a_missing_file_or_a_folder(tmp_path: Path, run: Run, name: str) -> None:
    code, out, err = run("plan", tmp_path / name)
    assert (code, out) == (2, "")
    assert str(tmp_path) in err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--target", "-1"),
        ("--target", "7"),
        ("--target", "inf"),
        ("--target", "nan"),
        ("--target", "x"),
        ("--confidence", "80"),
        ("--confidence", "1"),
        ("--budget", "-1"),
        ("--weeks", "nan"),
    ],
)
def test_a_bad_option_is_named(project: Path, run: Run, option: str, value: str) -> None:
    code, out, err = run("plan", project, option, value)
    assert (code, out) == (2, "")
    assert option in err
    assert not (project.parent / "plan").exists()


def test_where_nothing_can_be_written(project: Path, run: Run) -> None:
    for folder in (project, "/dev/null/x"):
        code, out, err = run("plan", project, "--out", folder)
        assert (code, out) == (2, "")
        assert "cannot be written" in err
        assert "--out" in err


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["plna"], "did you mean plan?"),
        (["plan", "x", "--buget", "3"], "did you mean --budget?"),
        (["plan"], "PROJECT.toml"),
        ([], "COMMAND"),
        (["fit", "x", "--targ", "1"], "--target"),
        (["price", "--model", "m", "--input", "-1", "--output", "1", "-n", "1"], "--input"),
        (["price", "--model", "m", "--input", "1", "--output", "1", "-n", "1.5"], "-n"),
        (["price", "--date", "2026", "--model", "m"], "--date"),
    ],
)
def test_a_wrong_command_line(run: Run, args: list[str], told: str) -> None:
    code, out, err = run(*args)
    assert (code, out) == (2, "")
    assert told in err
    assert "--help" in err
    assert err.count("\n") == 1


def test_fit(project: Path, run: Run) -> None:
    runs = project.parent / "pilots.csv"
    code, out, _ = run("fit", runs, "--target", "0.2", "--worst", "0.5")
    assert code == 0
    assert "Examples of one source alone for error <= 0.2 with probability 0.80" in out
    assert max(map(len, out.split("\n"))) <= 80
    code, out, _ = run("fit", runs, "--json")
    shown = json.loads(out)
    assert code == 0
    assert shown["required"] == []
    assert [row["times"] for row in shown["predictions"][:5]] == [1, 3, 10, 30, 100]
    assert run("fit", runs, "--target", "0.0001")[0] == 1


def test_diagnose(project: Path, run: Run) -> None:
    runs = project.parent / "pilots.csv"
    code, out, _ = run("diagnose", runs, "--target", "0.2", "--worst", "0.5")
    assert code == 0
    assert "stage at the largest pilot" in out
    assert max(map(len, out.split("\n"))) <= 80
    code, out, _ = run("diagnose", runs, "--json")
    assert code == 0
    assert json.loads(out)["diagnosis"][0]["answer"]


@pytest.mark.parametrize("command", ["fit", "diagnose"])
def test_bad_runs(tmp_path: Path, run: Run, command: str) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("n,error\n100,0.4\n200,nan\n-3,0.2\n")
    code, out, err = run(command, path)
    assert (code, out) == (2, "")
    assert "line 3" in err
    assert "line 4" in err
    code, _, err = run(command, path, "--target", "-1", "--confidence", "2", "--worst", "0")
    assert code == 2
    for option in ("--target", "--confidence", "--worst"):
        assert option in err


def test_sensitivity_is_asked_for(project: Path, run: Run, tmp_path: Path) -> None:
    code, out, _ = run("plan", project, "--out", tmp_path / "out", "--sensitivity", "--json")
    shown = json.loads(out)
    assert code == 0
    assert {"confidence", "sensitivity", "limits", "switches"} <= shown.keys()
    assert (tmp_path / "out" / "sensitivity.csv").is_file()
    cost = shown["summary"]["cost"]
    for row in shown["sensitivity"]:
        assert row["cost"] == cost
        assert row["low"] <= row["base"] <= row["high"]
    scopes = {row["scope"] for row in shown["sensitivity"]}
    assert "law" in scopes
    assert all(row["factor"] is None or row["factor"] != 1 for row in shown["switches"])


def test_least_error_needs_no_target_and_a_budget(project: Path, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, text, _ = run(
        "plan", project, "--out", out, "--least", "error", "--budget", "3000", "--json"
    )
    summary = json.loads(text)["summary"]
    assert code == (0 if summary["kept"] == "yes" else 1)
    assert summary["met"] >= 0.75  # on fresh draws: the least error leaves no slack for them
    assert summary["least"] == "error"
    assert summary["cost"] <= 3000
    assert summary["probability"] >= 0.8
    code, _, err = run("plan", project, "--least", "error", "--budget", "inf", "--weeks", "inf")
    assert code == 2
    assert "the least error has no end without a budget or weeks" in err
    code, text, _ = run("plan", project, "--out", out, "--least", "weeks", "--json")
    quick = json.loads(text)["summary"]
    assert quick["reaches"] == "yes"
    assert quick["weeks_limit"] is None  # the answer is no limit that was given
    assert quick["weeks"] <= quick["kept_within"]


def test_sources(project: Path, run: Run) -> None:
    code, out, _ = run("sources", project)
    assert code == 0
    for name in ("human", "crowd", "unit cost", "weakest number"):
        assert name in out
    assert max(map(len, out.split("\n"))) <= 80
    shown = json.loads(run("sources", project, "--json")[1])
    assert {row["source"] for row in shown["sources"]} == {"human", "crowd"}
    assert all(row["provenance"] for row in shown["assumptions"])


def test_the_best_next_purchase_comes_first(project: Path, run: Run) -> None:
    shown = json.loads(run("sources", project, "--json")[1])
    gains = [row["gain"] for row in shown["sources"]]
    assert gains == sorted(gains, reverse=True)
    assert shown["units"]["sources"]["gain"] == "error rate/USD"
    assert all(row["weakest"] for row in shown["sources"])
    items = {(row["source"], row["item"]) for row in shown["lines"]}
    assert ("human", "wages") in items
    assert ("crowd", "platform fee") in items


def test_defaults_are_not_those_of_a_project(project: Path, run: Run) -> None:
    code, out, err = run("sources", project, "--defaults")
    assert (code, out) == (2, "")
    assert "--defaults" in err
    assert "takes no project" in err
    assert run("sources", "--defaults") == run("sources")


def test_sources_without_a_project_are_the_defaults(run: Run) -> None:
    code, out, _ = run("sources")
    assert code == 0
    assert "wage" in out
    assert max(map(len, out.split("\n"))) <= 80
    rows = json.loads(run("sources", "--json")[1])["defaults"]
    assert all(row["reference"] and row["date"] and row["unit"] for row in rows)


def test_count(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.txt").write_text("hello world")
    (tmp_path / "b.txt").write_text("hello world")
    (tmp_path / "c.txt").write_text("")
    encodings = ("--encoding", "cl100k_base", "--encoding", "o200k_base")
    code, out, _ = run("count", tmp_path, *encodings, "--exact", "--json")
    assert code == 0
    rows = json.loads(out)["counts"]
    assert [row["encoding"] for row in rows] == ["cl100k_base", "o200k_base"]
    assert [rows[0][key] for key in ("documents", "tokens", "duplicates", "empty", "files")] == [
        1, 2, 1, 1, 3,
    ]  # fmt: skip
    code, out, _ = run("count", tmp_path)
    assert "o200k_base" in out
    assert max(map(len, out.split("\n"))) <= 80


def test_count_of_nothing(tmp_path: Path, run: Run) -> None:
    (tmp_path / "bin.txt").write_bytes(b"\xff\x00\xfe")
    (tmp_path / "empty").mkdir()
    for path, told in (("nowhere", "PATH"), ("empty", "no document"), ("bin.txt", "bin.txt")):
        code, out, err = run("count", tmp_path / path)
        assert (code, out) == (2, "")
        assert told in err
    code, _, err = run("count", tmp_path / "bin.txt", "--encoding", "o200k")
    assert code == 2
    assert "--encoding" in err
    assert "o200k_base" in err


PRICE = ("price", "--input", "300", "--output", "100", "--date", "2026-11-01")


def test_price(run: Run) -> None:
    code, out, _ = run(*PRICE, "--model", "gpt-4o-mini", "-n", "1000", "--json")
    one = json.loads(out)["summary"]
    assert code == 0
    assert one["cost"] == pytest.approx(one["request_cost"] * 1000, abs=0.01)
    batch = json.loads(run(*PRICE, "--model", "gpt-4o-mini", "-n", "1000", "--batch", "--json")[1])
    assert batch["summary"]["request_cost"] < one["request_cost"]
    code, out, _ = run(*PRICE, "--model", "gpt-4o-mini", "-n", "1000")
    assert "1,000 requests to gpt-4o-mini one by one" in out


def test_a_model_without_a_price(run: Run) -> None:
    code, out, err = run(*PRICE, "--model", "gpt-4o-minii", "-n", "1")
    assert (code, out) == (2, "")
    assert "--model" in err
    assert "did you mean gpt-4o-mini?" in err
    assert "input_per_million" not in err


def test_teachers_side_by_side(run: Run) -> None:
    two = ("--model", "gpt-4-turbo", "--model", "gpt-4o-mini", "--keep-rate", "0.5", "-n", "1000")
    code, out, _ = run(*PRICE, *two, "--json")
    cheap, retired = json.loads(out)["teachers"]
    assert code == 0
    assert (cheap["model"], cheap["requests"], cheap["retired"]) == ("gpt-4o-mini", 2000, "no")
    assert (retired["model"], retired["retired"]) == ("gpt-4-turbo", "yes")
    assert cheap["kept_cost"] == pytest.approx(2 * cheap["request_cost"])
    code, out, _ = run(*PRICE, "--all", "-n", "1000")
    assert code == 0
    assert "1,000 kept examples in USD: 300 tokens in, 100 out" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ((), "--model: give either this or --all"),
        (("--model", "gpt-4o", "--all"), "--model: give either this or --all"),
        (("--all", "--provider", "nobody"), "--provider = 'nobody': the price catalogue"),
        (
            ("--model", "gpt-4o", "--cached", "301"),
            "--cached = 301: must lie between 0 and the 300",
        ),
        (("--model", "gpt-4o", "--keep-rate", "0"), "--keep-rate = 0.0: must be above 0"),
        (
            ("--model", "gpt-4o", "--keep-rate", "1", "--keep-rate", "1"),
            "--keep-rate: has 2 values",
        ),
        (("--model", "command-r", "--batch"), "--batch = True: command-r has no batch price"),
        (
            ("--model", "zzzzqqqq"),
            "a project file may give its price, as price = {input_per_million",
        ),
    ],
)
def test_prices_that_cannot_be(run: Run, more: tuple[str, ...], wanted: str) -> None:
    code, out, err = run(*PRICE, "-n", "1", *more)
    assert (code, out) == (2, "")
    assert wanted in err
    assert "Traceback" not in err


def start(*args: object, **more: object) -> subprocess.Popen[str]:
    code = "import sys; from planner.cli import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80"},
        stderr=subprocess.PIPE,
        text=True,
        **more,  # type: ignore[call-overload]
    )


def test_a_reader_that_stops_early_is_no_fault() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone, start("sources", stdout=gone) as process:
        _, err = process.communicate()
    assert (process.returncode, err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_without_a_traceback() -> None:
    with open("/dev/full", "w") as full, start("sources", stdout=full) as process:
        _, err = process.communicate()
    assert process.returncode == 2
    assert "No space left" in err
    assert "Traceback" not in err


def test_breaking_off_is_one_line(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("planner.export.write_project", broken)
    assert run("init") == (130, "", "dataplan: broken off\n")


def test_names_that_the_terminal_cannot_show(project: Path) -> None:
    edit(project, "[sources.crowd]", '[sources."\u4f17\u5305"]')
    pilots = project.parent / "pilots.csv"
    text = pilots.read_text(encoding="utf-8").replace("crowd", "\u4f17\u5305")
    pilots.write_text(text, encoding="utf-8")
    code = "import sys; from planner.cli import main; sys.exit(main())"
    for more in ((), ("--json",)):
        done = subprocess.run(
            [sys.executable, "-c", code, "sources", str(project), *more],
            cwd=ROOT,
            env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert b"\\u4f17" in done.stdout


def test_fit_and_diagnose_write_tables_and_a_figure(
    project: Path, run: Run, tmp_path: Path
) -> None:
    runs = project.parent / "pilots.csv"
    for command in ("fit", "diagnose"):
        code, out, err = run(
            command, runs, "--target", "0.2", "--worst", "0.5", "--out", tmp_path / command
        )
        assert code in (0, 1) and out and "files written" in err
        names = set(files(tmp_path / command))
        assert {"law.png", "law.svg", "columns.csv"} <= names
        again = tmp_path / f"{command} again"
        run(command, runs, "--target", "0.2", "--worst", "0.5", "--out", again)
        assert files(again) == files(tmp_path / command)
    picture = (tmp_path / "fit" / "law.svg").read_text(encoding="utf-8")
    assert "<svg" in picture and "needed for" not in picture.split("<svg")[0]
    assert (tmp_path / "fit" / "law.png").read_bytes().startswith(b"\x89PNG")


def test_text_columns_are_named_and_checked(project: Path, run: Run, tmp_path: Path) -> None:
    runs = tmp_path / "runs.csv"
    lines = ["labels,notes,error"]
    for n in (100, 200, 400, 800):
        lines += [f"{n},0,{0.9 * n**-0.3:.4f}", f"{n},5000,{0.88 * n**-0.3:.4f}"]
    runs.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, out, _ = run("diagnose", runs, "--text", "notes")
    assert code == 0 and "unlabelled text notes" in out
    code, _, err = run("fit", runs, "--text", "note")
    assert code == 2 and "--text = 'note'" in err and "notes" in err


def test_diagnose_over_model_sizes(run: Run, tmp_path: Path) -> None:
    runs = tmp_path / "runs.csv"
    lines = ["n,model_params,error"]
    for size in (1e6, 4e6, 16e6):
        lines += [f"{n},{size:.0f},{0.1 * (size / 1e6) ** -0.3 + n**-0.3:.4f}" for n in (1e3, 1e4)]
    runs.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, out, _ = run("diagnose", runs, "--target", "0.1", "--max-params", "64000000")
    assert code == 0 and "emergence over model size: none seen" in out
    assert "a model of 6.4e+07 parameters" in " ".join(out.split())
