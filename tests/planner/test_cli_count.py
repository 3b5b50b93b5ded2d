"""`dataplan count` from the outside: what it prints, keeps and refuses."""

from __future__ import annotations

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
    assert "1 files or records could not be read" in err
    assert cli.main(["count", str(tmp_path / "corpus"), "--workers", "2", "--no-cache"]) == 0
    out, _ = capsys.readouterr()
    assert "bad.bin: is not UTF-8 text" in out and "1 e-mail addresses" in out


def test_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "corpus" / "c.txt").write_text("words of a text " * 60_000)
    monkeypatch.setattr(sampling, "FEWEST", 5)
    assert cli.main(["count", str(tmp_path / "corpus"), "--sample"]) == 0
    out, _ = capsys.readouterr()
    assert "95% intervals of an estimate" in out and " to " in out


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


@pytest.mark.parametrize("workers", ["0", "-1", "x", "1.5", "9999"])
def test_bad_workers(workers: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["count", "x", "--workers", workers])
    assert left.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
