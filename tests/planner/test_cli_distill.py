"""dataplan distill: what it prints and writes, how it fails, and that the key is nowhere."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
import tomllib
import traceback
from pathlib import Path
from typing import Any

import pytest

from planner.cli import main
from planner.distill import _fault
from tests.sources.fault_server import Act, FaultServer

pytestmark = pytest.mark.usefixtures("short_frontier")

KEY = "sk-test-0123456789abcdefXYZ"
ROOT = Path(__file__).resolve().parents[2]
PROJECT = """\
classes = 2
[target]
error = 0.2
[sources.human]
kind = "human"
[sources.teacher]
kind = "distillation"   # a small one
teacher = "small"
price = {input_per_million = 2, output_per_million = 10}
prompt_template = "Is it so? {text}"
samples = "inputs.csv"
gold = "truth"
labels = ["yes", "no"]
completion_tokens = 50  # guessed
"""


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rows = [f"input {i},{'yes' if i % 4 else 'no'}" for i in range(12)]
    (tmp_path / "inputs.csv").write_text("\n".join(["text,truth", *rows, ""]))
    place = tmp_path / "project.toml"
    place.write_text(PROJECT)
    return place


def change(project: Path, old: str, new: str) -> None:
    assert old in project.read_text()
    project.write_text(project.read_text().replace(old, new))


def run(project: Path, server: FaultServer, *options: str) -> int:
    return main(["distill", str(project), "--base-url", server.url, *options])


def test_measured_and_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FaultServer() as server:
        assert run(project, server, "--n", "12", "--json") == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["summary"]["answered"] == found["summary"]["kept"] == 12
    assert found["summary"]["spent"] == pytest.approx(sum(server.charged), rel=1e-5)
    assert found["units"]["summary"]["spent"] == "USD"
    measures = {each["measure"]: each for each in found["measures"]}
    assert measures["completion_tokens"]["value"] == 7
    assert measures["teacher_error"]["value"] == 0.25
    assert [(each["label"], each["wrong"]) for each in found["classes"]] == [("no", 3), ("yes", 0)]
    assert "--cap" in err
    table = tomllib.loads(project.read_text())["sources"]["teacher"]
    assert table["completion_tokens"]["value"] == 7
    assert table["teacher_error"]["provenance"] == "measured"
    assert table["teacher_error"]["low"] < 0.25 < table["teacher_error"]["high"]
    host = server.url.split("/")[2]
    assert f"12 requests to small at {host}" in table["keep_rate"]["reference"]
    assert "# before: 50; guessed" in project.read_text()
    lines = (project.parent / "distill" / "teacher.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert sorted(row["input"] for row in rows) == sorted(f"input {i}" for i in range(12))
    assert {row["label"] for row in rows} == {"yes"}
    assert all(row["kept"] and row["gold"] in ("yes", "no") for row in rows)


def test_run_again_it_asks_nothing_and_changes_nothing(project: Path) -> None:
    with FaultServer() as server:
        assert run(project, server, "--n", "12") == 0
        before = project.read_bytes()
        assert run(project, server, "--n", "12") == 0
        assert project.read_bytes() == before
        assert len(server.calls) == 12


def test_plan_and_sources_show_it_as_measured(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FaultServer() as server:
        assert run(project, server, "--n", "12") == 0
    capsys.readouterr()
    for command in ("sources", "plan"):
        assert main([command, str(project), "--json"]) in (0, 1)
        shown = json.loads(capsys.readouterr().out)["assumptions"]
        rows = {row["name"]: row for row in shown if row["scope"] == "teacher"}
        for key in ("prompt_tokens", "completion_tokens", "keep_rate", "teacher_error"):
            assert rows[key]["provenance"] == "measured", key
            assert "distill run of" in rows[key]["reference"]


def test_page_and_tables(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FaultServer() as server:
        assert (
            run(project, server, "--n", "3", "--no-write", "--out", str(project.parent / "o")) == 0
        )
    out = capsys.readouterr().out
    assert "3 of 3 requests answered by small" in out
    assert max(map(len, out.splitlines())) <= 80
    assert project.read_text() == PROJECT
    names = {each.name for each in (project.parent / "o").iterdir()}
    assert names >= {"summary.csv", "measures.csv", "written.csv", "classes.csv", "columns.csv"}
    assert names >= {"teacher.sqlite", "teacher.jsonl"}


def test_free_text(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(project, 'labels = ["yes", "no"]\n', "")
    change(project, 'gold = "truth"\n', "")
    with FaultServer(lambda n, body: Act(text=f"story {n % 3}")) as server:
        assert run(project, server, "--n", "15", "--json") == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert "15 requests over 12 distinct inputs" in err
    assert found["summary"]["copies"] == 12
    assert found["diversity"][-1] == {
        "answers": 15,
        "distinct": 3,
        "expected": pytest.approx(3, abs=0.1),
    }
    table = tomllib.loads(project.read_text())["sources"]["teacher"]
    assert table["keep_rate"]["value"] == 0.2
    assert "teacher_error" not in table


def test_what_is_no_better_than_guessing_is_not_written(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FaultServer(lambda n, body: Act(text='{"label": "no"}')) as server:
        assert run(project, server, "--n", "12", "--json") == 0
    written = {row["key"]: row for row in json.loads(capsys.readouterr().out)["written"]}
    assert written["teacher_error"]["written"] == "no"
    assert "guessing" in written["teacher_error"]["note"]
    assert written["keep_rate"]["written"] == "yes"
    assert main(["sources", str(project)]) == 0


def test_a_cap_ends_the_run_and_a_higher_one_goes_on(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FaultServer() as server:
        assert run(project, server, "--n", "12", "--cap", "0.0015", "--json") == 1
        first = json.loads(capsys.readouterr().out)["summary"]
        assert 0 < first["answered"] < 12
        assert first["spent"] <= 0.0015
        assert first["ending"] == "cap"
        assert project.read_text() == PROJECT
        assert run(project, server, "--n", "12", "--cap", "1") == 0
        assert len(server.calls) == 12


def test_a_storm_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    act = Act(status=429, headers={"Retry-After": "900"})
    with FaultServer(lambda n, body: act) as server:
        assert run(project, server, "--time-limit", "30") == 1
        assert len(server.calls) == 1
    out, err = capsys.readouterr()
    assert "answers 429" in out
    assert "wait 900 s" in out
    assert "measured" not in out
    assert "at most 30 s" in err
    assert project.read_text() == PROJECT


def test_by_batch(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.distill.batches.POLL", (0.01, 0.05))
    with FaultServer() as server:
        server.polls_before_done = 10**9
        assert run(project, server, "--n", "12", "--batch", "--time-limit", "0.2") == 1
        assert "under way" in capsys.readouterr().out
        assert run(project, server, "--n", "12") == 2
        assert "add --batch" in capsys.readouterr().err
        server.polls_before_done = 1
        assert run(project, server, "--n", "12", "--batch", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["summary"]["answered"] == 12
    unknown = next(each for each in found["measures"] if each["measure"] == "latency")
    assert unknown["value"] is None
    assert "batch" in unknown["note"]


def test_own_machine(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    price = "price = {input_per_million = 2, output_per_million = 10}"
    change(project, price, "compute_per_hour = 3")
    with FaultServer(lambda n, body: Act(delay=0.02)) as server:
        assert run(project, server, "--n", "12", "--timeout", "5") == 0
    table = tomllib.loads(project.read_text())["sources"]["teacher"]
    assert table["examples_per_hour"]["provenance"] == "measured"
    assert 0 < table["examples_per_hour"]["value"] < 4 * 3600 / 0.02
    assert table["completion_tokens"] == 50
    assert main(["sources", str(project)]) == 0


def test_a_server_that_does_not_count_writes_no_tokens(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FaultServer(lambda n, body: Act(tokens=(0, 0))) as server:
        assert run(project, server, "--n", "12", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    written = {row["key"]: row for row in found["written"]}
    assert written["prompt_tokens"]["written"] == "no"
    assert "does not say" in written["prompt_tokens"]["note"]
    assert found["summary"]["spent"] > 0
    assert main(["sources", str(project)]) == 0


def test_what_the_project_could_not_hold_is_not_written() -> None:
    number = {"low": 0.0, "high": 2.0, "provenance": "measured", "reference": "x", "date": "2026"}
    assert "above 0" in _fault("prompt_tokens", {**number, "value": 1.0})
    assert "at most 1" in _fault("keep_rate", {**number, "low": 0.5, "value": 1.0})
    assert not _fault("completion_tokens", {**number, "value": 1.0})


def test_a_project_that_was_changed_meanwhile_is_left_alone(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def act(number: int, body: dict[str, Any]) -> Act:
        if number == 5:
            change(project, "Is it so?", "Or is it not?")
        return Act()

    with FaultServer(act) as server:
        assert run(project, server, "--n", "12", "--json") == 0
        out, err = capsys.readouterr()
        assert "changed meanwhile" in err
        assert {row["written"] for row in json.loads(out)["written"]} == {"no"}
        assert project.read_text() == PROJECT.replace("Is it so?", "Or is it not?")
        server.act = lambda number, body: Act()
        change(project, "Or is it not?", "Is it so?")
        change(project, "[target]", "# mine\n[target]")
        assert run(project, server, "--n", "12") == 0
        assert len(server.calls) == 12
    assert "# mine" in project.read_text()
    assert "measured" in project.read_text()


def test_a_project_that_cannot_be_amended_is_refused_before_anything_is_paid(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(project, "completion_tokens = 50", "completion_tokens.value = 50")
    change(project, "# guessed\n", "# guessed\ncompletion_tokens.low = 1\n")
    with FaultServer() as server:
        assert run(project, server, "--n", "2") == 2
        assert "--no-write" in capsys.readouterr().err
        assert not server.calls
        assert run(project, server, "--n", "2", "--no-write") == 0


def test_a_byte_order_mark_stays(project: Path) -> None:
    project.write_bytes(b"\xef\xbb\xbf" + project.read_bytes())
    with FaultServer() as server:
        assert run(project, server, "--n", "2") == 0
    found = project.read_bytes()
    assert found.startswith(b"\xef\xbb\xbf")
    assert found.count(b"\xef\xbb\xbf") == 1
    assert b"measured" in found


def test_another_currency_is_another_journal(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FaultServer() as server:
        assert run(project, server, "--n", "2", "--no-write") == 0
        project.write_text('currency = "JPY"\n' + project.read_text())
        assert run(project, server, "--n", "2", "--no-write") == 2
    assert "costs in USD" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "options", "words"),
    [
        ('kind = "distillation"', 'kind = "human"', [], "none is of kind distillation"),
        ("", "", ["--source", "human"], "--source = 'human'"),
        ("", "", ["--source", "teecher"], "sources of that kind: teacher"),
        ('samples = "inputs.csv"\ngold = "truth"\n', "", [], "sources.teacher.samples: is missing"),
        ('samples = "inputs.csv"', 'samples = "other.csv"', [], "other.csv"),
        ("price = {input_per_million = 2, output_per_million = 10}\n", "", [], "price = {"),
        ("", "", ["--n", "0"], "--n = 0"),
        ("", "", ["--cap", "0"], "--cap = 0.0"),
        ("", "", ["--cap", "inf"], "--cap = inf"),
        ("", "", ["--cap", "1e-6"], "one may cost up to"),
        ("", "", ["--concurrency", "0"], "--concurrency = 0"),
        ("", "", ["--timeout", "0"], "--timeout = 0.0"),
        ("", "", ["--base-url", "localhost:80"], "--base-url = 'localhost:80'"),
        (
            "",
            "",
            ["--key-env", "NO_SUCH_NAME", "--base-url", "https://h.example/v1"],
            "NO_SUCH_NAME",
        ),
        ('labels = ["yes", "no"]', 'labels = ["no"]', [], "sources.teacher.labels"),
        ('gold = "truth"', 'gold = "thruth"', [], "did you mean truth?"),
        ("teacher = ", "theacher = ", [], "did you mean teacher?"),
        ("[target]", "[target", [], "not TOML"),
    ],
)
def test_bad_input(
    project: Path,
    old: str,
    new: str,
    options: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if old:
        change(project, old, new)
    with FaultServer() as server:
        assert run(project, server, *options) == 2
        assert not server.calls
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err
    assert not (project.parent / "distill").exists()


def test_two_sources_and_no_project(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = project.read_text()
    second = text[text.index("[sources.teacher]") :].replace("sources.teacher", "sources.other")
    project.write_text(text + second)
    with FaultServer() as server:
        assert run(project, server) == 2
        assert "teacher, other" in capsys.readouterr().err
        assert run(project, server, "--source", "other", "--n", "2") == 0
        assert run(tmp_path / "none.toml", server) == 2
    assert "no such file" in capsys.readouterr().err


def test_a_name_that_is_no_file_name(project: Path) -> None:
    change(project, "[sources.teacher]", '[sources."../a teacher"]')
    with FaultServer() as server:
        assert run(project, server, "--n", "2") == 0
    names = {each.name for each in (project.parent / "distill").iterdir()}
    assert names == {"%2E.%2Fa teacher.sqlite", "%2E.%2Fa teacher.jsonl"}
    assert '[sources."../a teacher"]' in project.read_text()


def test_every_fault_at_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(project, 'labels = ["yes", "no"]', 'labels = ["no"]\ntemperature = 9.0')
    with FaultServer() as server:
        assert run(project, server, "--n", "0", "--cap", "-1") == 2
    err = capsys.readouterr().err
    assert "4 faults" in err
    assert all(key in err for key in ("--n", "--cap", "labels", "temperature"))


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_what_cannot_be_written_is_said_before_anything_is_paid(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FaultServer() as server:
        project.chmod(0o444)
        assert run(project, server) == 2
        assert "read-only" in capsys.readouterr().err
        project.chmod(0o644)
        link = project.with_name("link.toml")
        link.symlink_to(project)
        assert run(link, server) == 2
        assert "is a link" in capsys.readouterr().err
        (project.parent / "distill").write_text("a file in the way")
        assert run(project, server) == 2
        err = capsys.readouterr().err
        assert "--out DIR" in err
        assert not server.calls
        assert run(project, server, "--n", "2", "--out", str(project.parent / "o")) == 0


def spawn(project: Path, server: FaultServer, *options: str, **env: str) -> subprocess.Popen[str]:
    code = "import sys; from planner.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "distill", str(project), "--base-url", server.url]
    return subprocess.Popen(
        [*command, *options],
        cwd=ROOT,
        env={**os.environ, "OPENAI_API_KEY": KEY, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(os.name == "nt", reason="SIGINT is POSIX's")
def test_broken_off(project: Path) -> None:
    with FaultServer(lambda n, body: Act(delay=0.15)) as server:
        running = spawn(project, server, "--n", "12", "--concurrency", "2")
        while len(server.calls) < 4:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
        assert running.returncode == 130
        assert "goes on" in err
        assert "Traceback" not in err
        asked = len(server.calls)
        assert asked < 12
        assert run(project, server, "--n", "12") == 0
        assert len(server.calls) == 12  # what was under way was waited for, and is not asked again


# Where a server could put the key into our hands.
ECHOES = [
    Act(status=401, echo=True),
    Act(status=400, raw=b"you sent ", echo=True),
    Act(status=500, echo=True),
    Act(raw=b"<html>", echo=True),
    Act(text="Bearer", echo=True),
    Act(text=f"base64 {base64.b64encode(KEY.encode()).decode()}"),
    Act(text="", refusal=f"no {KEY}"),
]


def holds_key(text: bytes) -> bool:
    known = (KEY.encode(), base64.b64encode(KEY.encode()), KEY.replace("-", "%2D").encode())
    return any(each in text for each in known)


@pytest.mark.parametrize("number", range(len(ECHOES)))
def test_the_key_is_nowhere(
    project: Path, number: int, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.distill.retries.FIRST", 0.001)
    change(project, 'labels = ["yes", "no"]\n', "")
    change(project, 'gold = "truth"\n', "")
    with FaultServer(lambda n, body: ECHOES[number]) as server:
        run(project, server, "--n", "2", "--time-limit", "5")
    out, err = capfd.readouterr()
    assert not holds_key((out + err).encode())
    assert "Traceback" not in err
    files = [each for each in project.parent.rglob("*") if each.is_file()]
    assert len(files) >= 3  # the project, its inputs, the journal
    assert not [each for each in files if holds_key(each.read_bytes())]


@pytest.mark.parametrize("place", ["asking.read", "asking.End", "endpoint.is_completion"])
def test_the_key_is_in_no_traceback(
    project: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of our own, wherever it happens, shows its traceback without the key."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of our own")

    monkeypatch.setattr(f"sources.distill.{place}", broken)
    with (
        FaultServer(lambda n, body: Act(text="Bearer", echo=True)) as server,
        pytest.raises(RuntimeError) as error,
    ):
        run(project, server, "--n", "2")
    text = "".join(traceback.format_exception(error.value))
    assert "endpoint.py" in text or "asking.py" in text
    assert not holds_key(text.encode())


def test_the_key_is_nowhere_in_a_run_of_its_own(project: Path) -> None:
    """With the client's own log at its most talkative, and a journal cut off by a kill."""
    with FaultServer(lambda n, body: Act(text="Bearer", echo=True, delay=0.05)) as server:
        running = spawn(project, server, "--n", "12", "--concurrency", "1", OPENAI_LOG="debug")
        while len(server.calls) < 4:
            time.sleep(0.01)
        running.kill()
        out, err = running.communicate(timeout=60)
        assert "request" in err.lower()  # it did log
        files = [each for each in project.parent.rglob("*") if each.is_file()]
        assert any(each.suffix == ".sqlite-wal" for each in files)
        ended = spawn(project, server, "--n", "12", OPENAI_LOG="debug")
        out2, err2 = ended.communicate(timeout=60)
    assert ended.returncode == 0
    files = [each for each in project.parent.rglob("*") if each.is_file()]
    texts = [out, err, out2, err2]
    assert not any(holds_key(text.encode()) for text in texts)
    assert not [each for each in files if holds_key(each.read_bytes())]


def test_a_second_run_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FaultServer(lambda n, body: Act(delay=0.3)) as server:
        first = spawn(project, server, "--n", "4", "--concurrency", "1")
        while not server.calls:
            time.sleep(0.01)
        assert run(project, server, "--n", "4") == 2
        assert "in use by another run" in capsys.readouterr().err
        first.communicate(timeout=60)
        assert first.returncode == 0
        assert len(server.calls) == 4


def test_a_read_only_folder(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("root writes anywhere")
    project.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with FaultServer() as server:
            assert run(project, server) == 2
        assert "read-only" in capsys.readouterr().err
    finally:
        project.parent.chmod(stat.S_IRWXU)
        shutil.rmtree(project.parent / "distill", ignore_errors=True)
