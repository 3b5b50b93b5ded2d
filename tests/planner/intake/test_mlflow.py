"""Stores that MLflow itself made: as a file, a folder, and served; against its own client."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from planner import project, read_pilots
from planner.cli import main
from planner.errors import InputError
from planner.intake.folder import scalars
from planner.pilots import Pilots
from tests.planner.intake.mlflow_store import METRIC, NAME

ROOT = Path(__file__).resolve().parents[3]
COLUMNS = {"error": f"1 - {METRIC}", "human": "n_human", "crowd": "data/n_crowd"}
ASKED = {"experiment": NAME, "columns": COLUMNS}
STORES = ("mlflow.db", "mlruns", "server")
LEFT_OUT = "4 runs left out: 1 deleted, 1 failed, 1 killed, 1 running"


class Made(NamedTuple):
    """Stores that were made: their folder, what the client said of each, the server's address."""

    folder: Path
    said: dict[str, dict[str, dict[str, Any]]]
    address: str

    def place(self, store: str) -> str:
        if store != "server":
            return str(self.folder / store)
        if not self.address.startswith("http"):
            pytest.skip(self.address)
        return self.address


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    for name in ("mlflow", "sqlalchemy", "alembic"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed: no store can be made")
    folder = tmp_path_factory.mktemp("mlflow")
    script = Path(__file__).with_name("mlflow_store.py")
    with (folder / "log.txt").open("w") as log:
        making = subprocess.Popen(
            [sys.executable, str(script), str(folder)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=folder,
        )
    assert making.stdout is not None
    try:
        lines = [making.stdout.readline(), making.stdout.readline().strip()]
        assert lines[1], (folder / "log.txt").read_text()
        address = f"http://127.0.0.1:{lines[1]}" if lines[1].isdigit() else lines[1]
        yield Made(folder, json.loads(lines[0]), address)
    finally:
        making.terminate()
        making.wait()
        making.stdout.close()


def faults(place: str, **asked: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_pilots(place, **asked)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.filterwarnings("ignore")  # of MLflow's client
@pytest.mark.parametrize("take", ["last", "best"])
@pytest.mark.parametrize("store", STORES)
def test_a_store_says_what_its_client_says(made: Made, store: str, take: str) -> None:
    place = made.place(store)
    pilots = read_pilots(place, take=take, **ASKED)
    said = made.said["mlflow.db" if store == "server" else store]
    assert pilots.sources == ("human", "crowd")
    assert pilots.error.tolist() == pytest.approx([1 - each[take] for each in said.values()])
    told = [[float(each["human"]), float(each["crowd"])] for each in said.values()]
    assert pilots.amounts.tolist() == told
    assert pilots.seed is not None and pilots.seed.tolist() == [0, 1, 2, 3, 4]
    start = f"{place} experiment {NAME} run "
    assert pilots.origin == tuple(f"{start}{k[:12]} ({v['name']})" for k, v in said.items())
    left_out, value, other = pilots.notes
    assert left_out == LEFT_OUT
    assert other == "1 run left out: without the metric of the error"
    assert value.startswith(
        f"error: the last value of {METRIC}"
        if take == "last"
        else f"error: the best (highest) value of {METRIC} in each run; chosen and measured"
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("store", STORES)
def test_runs_by_tag_and_by_address(made: Made, store: str) -> None:
    place = made.place(store)
    where = f"{place}?experiment={NAME}&error=1 - {METRIC}&n=n_human&where.stage=trial"
    pilots = read_pilots(where)
    assert pilots.to_frame()[["n", "error"]].to_dict("list") == {"n": [100], "error": [0.475]}
    assert "1 of 6 runs taken: where stage = trial" in pilots.notes
    plain = read_pilots(place, experiment="other")
    assert plain.to_frame().to_dict("list") == {"n": [70], "error": [0.3]}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("store", STORES)
def test_what_a_store_does_not_have(made: Made, store: str) -> None:
    place = made.place(store)
    (found,) = faults(place)
    assert "experiment: 2 have runs; say which, as in experiment = " in found
    (found,) = faults(place, experiment="othr")
    assert "is no experiment of this store; did you mean other?" in found
    (found,) = faults(place, experiment="gone")
    assert "is a deleted experiment; restore it, or name another" in found
    found = faults(place, experiment=NAME, columns={"error": "val/ac", "human": "nhuman"})
    assert [each.partition("columns.")[2] for each in found] == [
        "human: 'nhuman' is no such column; did you mean n_human?",
        "error: 'val/ac' is no such column; did you mean val/acc?",
    ]
    error, source = faults(place, experiment=NAME)
    assert (
        'column error: is missing; say which it is: columns = {error = "..."}, or ?error=' in error
    )
    assert f"there are: metrics.loss, metrics.{METRIC}, params.data/n_crowd" in error
    assert "no column of examples" in source
    columns = {**COLUMNS, "error": "loss"}
    (found, *_) = faults(place, experiment=NAME, columns=columns)
    assert "error = inf: must be above 0 and finite" in found


def test_nothing_is_written_and_no_mlflow_is_needed(made: Made) -> None:
    path = made.folder / "mlflow.db"
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    code = (
        "import sys; from planner import read_pilots\n"
        f"read_pilots({str(path)!r}, experiment='other')\n"
        f"read_pilots({str(made.folder / 'mlruns')!r}, experiment='other')\n"
        "print({'mlflow', 'sqlalchemy', 'yaml', 'pandas', 'openpyxl'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "set()\n", done.stderr
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


def test_tables_of_another_version_are_one_message(made: Made, tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    shutil.copy(made.folder / "mlflow.db", path)
    link = sqlite3.connect(path)
    link.execute("alter table latest_metrics rename column is_nan to nan")
    link.execute("update alembic_version set version_num = 'abc'")
    link.commit()
    assert faults(str(path)) == [
        f"{path}: is of a version of MLflow's tables that is not known here: abc; it lacks "
        "latest_metrics.is_nan; start `mlflow server` on it and give its address"
    ]
    link.execute("drop table runs")
    link.commit()
    link.close()
    assert "is an SQLite file, but no MLflow store (tables: " in faults(str(path))[0]


def test_what_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_text("no database at all, but long enough to be taken for one")
    assert "is no database that can be read: file is not a database" in faults(str(path))[0]
    assert faults(str(tmp_path)) == [
        f"{tmp_path}: is a folder, but no MLflow store; name the store in it: {path}"
    ]
    assert "unable to open database file" in faults(f"{tmp_path}/gone.db")[0] or (
        "there is no such file" in faults(f"{tmp_path}/gone.db")[0]
    )


@pytest.mark.filterwarnings("ignore")
def test_a_server_that_is_not_there() -> None:
    pytest.importorskip("mlflow", reason="the client is not installed")
    (found,) = faults("http://127.0.0.1:9")
    assert found.startswith("http://127.0.0.1:9: did not answer: ")
    assert "check the address" in found


def test_a_project_names_a_store(made: Made) -> None:
    text = """
classes = 2
start = 2026-12-01
[target]
metric = "error rate"
error = 0.2
[pilots]
file = "FILE"
experiment = "labels 数据: pilots"
columns = {error = "1 - val/acc", human = "n_human", crowd = "data/n_crowd"}
where = {lr = 0.001}
take = "last"
[sources.human]
kind = "plain"
unit_price = 0.5
[sources.crowd]
kind = "plain"
unit_price = 0.1
"""
    for name in ("mlflow.db", "sqlite:///mlflow.db", "mlruns"):
        path = made.folder / "project.toml"
        path.write_text(text.replace("FILE", name), encoding="utf-8")
        inputs = project.read(path)
        assert inputs.pilots is not None
        assert len(inputs.pilots) == 5
        assert LEFT_OUT in inputs.warnings
    wrong = text.replace("FILE", "mlflow.db").replace("crowd = ", "crwd = ")
    wrong = wrong.replace("1 - val/acc", "acc").replace('"last"', '"first"')
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        project.read(path)
    assert [fault.key for fault in caught.value.faults] == ["pilots.take"]
    path.write_text(wrong.replace('"first"', '"best"'), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        project.read(path)
    found = [str(fault) for fault in caught.value.faults]
    assert "columns.crwd: is no source of this project; did you mean crowd?" in found[0]
    assert "columns.error: 'acc' is no such column" in found[1]


def test_the_command_line_reads_a_store(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    place = f"{made.folder / 'mlflow.db'}?experiment={NAME}&error=1 - {METRIC}&n=n_human"
    assert main(["fit", f"{place}&where.data/n_crowd=0", "--target", "0.2", "--json"]) in (0, 1)
    found = json.loads(capsys.readouterr().out)
    keys = list(made.said["mlflow.db"])
    assert found["pilots"][0]["origin"].endswith(f"run {keys[0][:12]} (h100 c0)")
    assert [each["observed"] for each in found["pilots"]] == [0.475, 0.45, 0.4, 0.3]
    assert LEFT_OUT in [each["answer"] for each in found["diagnosis"]]


def test_yaml_as_mlflow_writes_it() -> None:
    pytest.importorskip("yaml")
    import yaml

    names = [
        "plain",
        "it's: 数据",
        "a " * 80 + "b",
        "tab\tand \x07",
        "'q'",
        '"q"',
        "12",
        "- x",
        "é\\",
        "\x07" + "a b\\ " * 60,
    ]
    for name in names:
        told = {"lifecycle_stage": "active", "name": name, "run_id": "ab", "status": 3, "tags": []}
        text = yaml.safe_dump(told, default_flow_style=False, allow_unicode=True)
        assert scalars(text)["name"].split() == name.split(), text
        assert scalars(text)["status"] == "3"


def test_a_table_of_runs_keeps_its_places() -> None:
    assert Pilots.from_frame(read_pilots(_csv()).to_frame()).origin is None


def _csv() -> Path:
    return ROOT / "planner" / "starter" / "pilots.csv"
