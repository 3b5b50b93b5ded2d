"""`dataplan count` from the outside: what it prints, keeps and refuses."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from planner import cli
from sources import counting, sampling


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATAPLAN_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_text("hello world, mail a@b.org")
    (tmp_path / "corpus" / "b.txt").write_text("数据越多", encoding="utf-8")
    return tmp_path / "cache"


def test_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "corpus" / "bad.bin").write_bytes(b"\xff")
    assert cli.main(["count", str(tmp_path / "corpus"), "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["counts"][0]["unreadable"] == 1
    assert {row["script"] for row in found["scripts"]} == {"latin", "han"}
    assert found["private"][0]["emails"] == found["private"][0]["documents"] == 1
    assert found["unreadable"][0]["place"].endswith("bad.bin")
    assert "1 file or record could not be read" in err
    assert cli.main(["count", str(tmp_path / "corpus"), "--workers", "2", "--no-cache"]) == 0
    out, _ = capsys.readouterr()
    assert "bad.bin: is not UTF-8 text" in " ".join(out.split()) and "1 e-mail address," in out


def test_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "corpus" / "c.txt").write_text("words of a text " * 60_000)
    (tmp_path / "corpus" / "bad.bin").write_bytes(b"\xff" * 500_000)
    monkeypatch.setattr(sampling, "FEWEST", 5)
    assert cli.main(["count", str(tmp_path / "corpus"), "--sample"]) == 0
    out, _ = capsys.readouterr()
    assert "95% intervals of an estimate" in out and " to " in out
    assert "1 file or record of the sample not read" in out
    assert "bad.bin: is not UTF-8 text" in " ".join(out.split())


def test_only_what_has_changed_is_counted(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["count", str(tmp_path / "corpus")]
    assert cli.main([*command, "--no-cache"]) == 0 and not cache.exists()
    assert cli.main(command) == 0 and cache.exists()
    monkeypatch.setattr(counting, "count_part", None)
    assert cli.main(command) == 0


def test_broken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(counting, "count_part", stop)
    assert cli.main(["count", str(tmp_path / "corpus")]) == 130
    assert "the same command goes on" in capsys.readouterr().err


def test_near_and_growth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = "the model learns from data that people have labelled with care and paid for"
    lines = []
    for at in range(90):
        day = (datetime.date(2026, 1, 1) + datetime.timedelta(at)).isoformat()
        text = f"{words} {'again ' * (at % 3)}{at if at % 2 else 'end'}"
        lines.append(json.dumps({"body": text, "on": day if at else "never"}) + "\n")
    path = tmp_path / "mails.jsonl"
    path.write_text("".join(lines))
    command = ["count", str(path), "--column", "body", "--near", "--time", "on"]
    assert cli.main([*command, "--similarity", "0.5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (count,), (near,), (growth,) = (found[name] for name in ("counts", "near", "growth"))
    assert near["left_documents"] == count["documents"] - near["documents"] >= 1
    assert near["left_tokens"] == count["tokens"] - near["tokens"] > 0
    assert near["documents"] > 30 and near["similarity"] == 0.5
    assert growth["weeks"] == 12 and growth["undated"] == 0  # its copy has a stamp
    assert growth["first"] == "2026-01-02"
    assert cli.main(command) == 0
    out = capsys.readouterr().out
    assert "near-duplicates" in out and "in a project: growth_documents_per_week = {" in out
    assert "on = 'never' is no date or time" in " ".join(out.split()) and out.endswith("\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--similarity", "0"], "--similarity = 0.0: must lie between 0.3 and 1; the usual"),
        (["--similarity", "1.5"], "--similarity = 1.5: must lie between"),
        (["--near", "--sample"], "--near: cannot be told from a sample"),
        (["--time", "on", "--sample"], "--time = 'on': needs every document"),
        (["--time", ""], "--time = '': must name a column"),
        (["--column", ""], "--column = '': must name a column"),
        (["--engine", "dask"], "--engine = 'dask': needs --scheduler ADDRESS; give the address"),
        (["--scheduler", "tcp://x:1"], "--scheduler = 'tcp://x:1': is for --engine dask"),
        (
            ["--engine", "dask", "--scheduler", "x:1", "--workers", "2"],
            "--workers = 2: the cluster has its own",
        ),
        (["--engine", "dask", "--scheduler", "x:1", "--sample"], "is for exact counts"),
        (["--column", "txt"], "--column = 'txt': is in none of the files; did you mean text?"),
        (["--encoding", "o200k"], "--encoding = 'o200k': is not a known encoding; did you mean"),
        (["nowhere"], "PATH = 'nowhere': there is no such file or folder"),
    ],
)
def test_bad_input(
    tmp_path: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "fine"}\n')
    assert cli.main(["count", str(path), *options]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("dataplan: count: 1 fault\n  ")
    assert message in err and "Traceback" not in err


@pytest.mark.parametrize(
    "options", [["--engine", "spark"], ["--near", "x", "--nearest"], ["--similarity", "much"]]
)
def test_bad_options(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["count", "x", *options])
    assert left.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("workers", ["0", "-1", "x", "1.5", "9999"])
def test_bad_workers(workers: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["count", "x", "--workers", workers])
    assert left.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_all_faults_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = [str(tmp_path / "nowhere"), str(tmp_path / "corpus"), "/dev/null"]
    options = ["--encoding", "p50k", "--time", "", "--engine", "dask", "--scheduler", "foo"]
    assert cli.main(["count", *places, *options]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("dataplan: count: 5 faults\n")
    said = " ".join(err.split())
    for part in (
        "--encoding = 'p50k': is not a known encoding",
        "nowhere': there is no such file or folder",
        "PATH = '/dev/null': is no regular file; give a file or a folder",
        "--time = '': must name a column",
        "--scheduler = 'foo': is no address of a scheduler; give the address",
    ):
        assert part in said, part


def test_an_unknown_column_of_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "fine", "created": "2026-01-01"}\n')
    assert cli.main(["count", str(path), "--time", "creatd"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "creatd: is a column of none of the files; did you mean created?" in out
    assert "Growth: the stamps span no whole week" in out and "in a project" not in out


def test_one_is_no_plural(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ['{"text": "mail a@b.org", "on": "2026-01-04"}', '{"text": "b", "on": "2026-01-12"}']
    (tmp_path / "a.jsonl").write_text("\n".join([*rows, '{"text": "c"}', "{bad"]))
    assert cli.main(["count", str(tmp_path / "a.jsonl"), "--time", "on"]) == 0
    out, err = capsys.readouterr()
    out = " ".join(out.split())
    for part in ("1 file of ", "1 document of ", " holds 1 e-mail address, 0 telephone numbers"):
        assert part in out, part
    for part in ("1 file or record not read", "last whole week: median", "1 document,"):
        assert part.rstrip(",") in out, part
    assert "too few weeks to say that nothing comes in" in out and "in a project" not in out
    assert "1 file or record could not be read" in err


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_columns_that_are_not_parted_by_commas(
    tmp_path: Path, mark: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text(f"id{mark}text\n1{mark}one\n")
    assert cli.main(["count", str(tmp_path / "a.csv")]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"has no column 'text': its columns are parted by {name}; save it with commas" in said
