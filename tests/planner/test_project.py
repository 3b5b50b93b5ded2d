"""Reading a project: what it holds, and every fault of it at once."""

from __future__ import annotations

import datetime
import math
from pathlib import Path

import pytest

from planner import project
from planner.errors import InputError
from planner.inputs import Effect, Inputs
from planner.prior import TASK_FAMILIES
from planner.schema import TaskFamily
from planner.template import template_files

PLAIN = 'kind = "plain"\nunit_price = 0.5\n'
HEAD = """
name = "case"
start = 2026-12-01
classes = 2
[target]
metric = "error rate"
error = 0.2
"""


def write(folder: Path, text: str, pilots: str | bytes | None = None) -> Path:
    path = folder / "project.toml"
    path.write_text(text, encoding="utf-8")
    if pilots is not None:
        data = pilots.encode() if isinstance(pilots, str) else pilots
        (folder / "pilots.csv").write_bytes(data)
    return path


def read(folder: Path, text: str, pilots: str | bytes | None = None) -> Inputs:
    return project.read(write(folder, text, pilots))


def faults(folder: Path, text: str, pilots: str | bytes | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(folder, text, pilots)
    assert caught.value.place == str(folder / "project.toml")
    assert str(caught.value).splitlines()[0].startswith(caught.value.place)
    return [str(fault) for fault in caught.value.faults]


def test_defaults(tmp_path: Path) -> None:
    inputs = read(tmp_path, HEAD + f"[sources.human]\n{PLAIN}")
    assert inputs.target.error == 0.2
    assert inputs.target.confidence == 0.8
    assert inputs.target.budget == inputs.target.weeks == math.inf
    assert (inputs.currency, inputs.usd_rate, inputs.contingency) == ("USD", 1.0, 0.15)
    assert (inputs.worst_error, inputs.metric_kind) == (0.5, "error rate")
    assert (inputs.task, inputs.task_family) == ("supervised", "classification")
    assert inputs.start == datetime.date(2026, 12, 1)
    assert inputs.pilots is None
    assert [source.name for source in inputs.sources] == ["human"]
    assert (inputs.seed, inputs.warnings) == (0, ())
    assert inputs.folder == tmp_path


def test_pilots_of_a_file_know_their_lines(tmp_path: Path) -> None:
    text = HEAD + f'[pilots]\nfile = "pilots.csv"\n[sources.human]\n{PLAIN}'
    inputs = read(tmp_path, text, b"\xef\xbb\xbfhuman,error\r\n\r\n100,0.4\r\n")
    assert inputs.pilots is not None
    assert inputs.pilots.sources == ("human",)
    assert inputs.pilots.rows == (3,)


def test_pilots_in_the_file_itself(tmp_path: Path) -> None:
    rows = "[pilots]\nrows = [{human = 100, error = 0.4}, {crowd = 50, error = 0.45}]\n"
    inputs = read(tmp_path, HEAD + rows + f"[sources.human]\n{PLAIN}[sources.crowd]\n{PLAIN}")
    assert inputs.pilots is not None
    assert inputs.pilots.amounts.tolist() == [[100, 0], [0, 50]]


@pytest.mark.parametrize("rows", ["", "[pilots]\nrows = []\n"])
def test_no_pilots_is_no_fault(tmp_path: Path, rows: str) -> None:
    assert read(tmp_path, HEAD + rows + f"[sources.human]\n{PLAIN}").pilots is None


def test_n_stands_for_the_only_source(tmp_path: Path) -> None:
    text = HEAD + f'[pilots]\nfile = "pilots.csv"\n[sources.human]\n{PLAIN}'
    inputs = read(tmp_path, text, "n,error\n100,0.4\n")
    assert inputs.pilots is not None
    assert inputs.pilots.sources == ("human",)


def test_a_loss_may_pass_one(tmp_path: Path) -> None:
    text = f"""
task = "language model"
start = 2026-12-01
[target]
metric = "loss per token"
error = 2.5
[pilots]
rows = [{{human = 5, error = 4.0}}]
[sources.human]
{PLAIN}"""
    inputs = read(tmp_path, text)
    assert (inputs.metric_kind, inputs.task_family) == ("loss", "language model")
    assert inputs.worst_error is None
    assert inputs.name == tmp_path.name


def test_values_of_the_command_line_replace_the_target(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + f"[sources.human]\n{PLAIN}")
    inputs = project.read(path, {"error": 0.1, "budget": 50.0, "weeks": 3.0})
    assert (inputs.target.error, inputs.target.budget, inputs.target.weeks) == (0.1, 50.0, 3.0)
    with pytest.raises(InputError, match=r"target\.confidence = 2"):
        project.read(path, {"confidence": 2.0})


def test_a_strange_name_is_accepted(tmp_path: Path) -> None:
    name = "=cmd|'/c calc'!A1"
    text = HEAD + f'[pilots]\nfile = "pilots.csv"\n[sources."{name}"]\n{PLAIN}'
    inputs = read(tmp_path, text, f"{name},error\n100,0.4\n")
    assert inputs.sources[0].name == name
    assert inputs.pilots is not None
    assert inputs.pilots.sources == (name,)


def test_what_the_reader_should_know_is_a_warning(tmp_path: Path) -> None:
    text = HEAD.replace("start = 2026-12-01\n", "") + "confidence = 0.4\n"
    inputs = read(tmp_path, text + f"[sources.human]\n{PLAIN}")
    assert inputs.start == datetime.date.today()
    assert len(inputs.warnings) == 2
    assert "start is not given" in inputs.warnings[0]
    assert "confidence 0.4" in inputs.warnings[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("clases = 2", "clases = 2: is not a known key; did you mean classes"),
        ('currency = "usd"', "currency = 'usd': must be three capital letters"),
        ("usd_rate = 0.9", "usd_rate = 0.9: must be 1 where the currency is USD"),
        ("usd_rate = -1", "usd_rate = -1"),
        ('contingency = "lots"', "contingency = 'lots'"),
        ("contingency = 15", "contingency = 15"),
        ("contingency = true", "contingency = True"),
        ('start = "soon"', "start = 'soon': must be a date without quotes"),
        ("start = 2026-12-01T10:00:00", "must be a date without quotes or time"),
        ('task = "supervisd"', "task = 'supervisd'"),
        ('task_family = "regression"', "task_family = 'regression'"),
        ("classes = 1", "classes = 1"),
        ("worst_error = 1.5", "worst_error = 1.5: must be at most 1"),
        ("worst_error = 0.1", "target.error = 0.2: must be below worst_error = 0.1"),
        ("worst_error = nan", "worst_error = nan"),
        (
            'reference = "humans"',
            "reference = 'humans': is no source of this project; did you mean human",
        ),
        ("seed = -1", "seed = -1"),
        ("seed = 1.5", "seed = 1.5"),
        ("draws = 5", "draws = 5"),
        ('name = "two\\nlines"', "name = 'two\\nlines'"),
    ],
)
def test_one_wrong_key_is_one_fault(tmp_path: Path, change: str, message: str) -> None:
    key = change.split(" = ")[0]
    head = "\n".join(line for line in HEAD.splitlines() if not line.startswith(f"{key} = "))
    (fault,) = faults(tmp_path, f"{change}\n{head}\n[sources.human]\n{PLAIN}")
    assert message in fault


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("error = 0", "target.error = 0"),
        ("error = 1.2", "target.error = 1.2: must be at most 1"),
        ("error = 20", "write 0.2"),
        ("error = nan", "target.error = nan"),
        ('error = "0.2"', "target.error = '0.2'"),
        ("error = 0.2\nconfidence = 1", "target.confidence = 1"),
        ("error = 0.2\nconfidence = 0", "target.confidence = 0"),
        ("error = 0.2\nbudget = -5", "target.budget = -5"),
        ("error = 0.2\nbudget = nan", "target.budget = nan"),
        ("error = 0.2\nweeks = 0", "target.weeks = 0"),
        ("error = 0.2\nbuget = 5", "target.buget = 5: is not a known key; did you mean budget"),
        ("confidence = 0.9", "target.error: is missing"),
    ],
)
def test_wrong_targets(tmp_path: Path, change: str, message: str) -> None:
    found = faults(
        tmp_path,
        f"[target]\n{change}\n[sources.human]\n{PLAIN}".replace(
            "[target]", 'classes = 2\n[target]\nmetric = "error rate"'
        ),
    )
    assert any(message in fault for fault in found), found


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ("", "sources: at least one source is needed"),
        ("[sources.human]\nunit_price = 1\n", "sources.human.kind: is missing"),
        ("[sources.human]\nkind = 3\n", "sources.human.kind = 3: must be text"),
        ('[sources.human]\nkind = "humen"\n', "sources.human.kind = 'humen'"),
        ("[sources]\nhuman = 3\n", "sources.human = 3: must be a table"),
        (f"[sources.a.b]\n{PLAIN}", "sources.a: holds other sources"),
        (
            f"[sources.crowd]\n{PLAIN}[sources.Crowd]\n{PLAIN}",
            "sources.Crowd: differs from sources.crowd",
        ),
        (f'[sources.""]\n{PLAIN}', 'sources."": a source needs a name'),
        (f'[sources."a\\tb"]\n{PLAIN}', "control characters"),
        (f"[sources.seed]\n{PLAIN}", "sources.seed: is kept for another column"),
        ('[sources.human]\nkind = "plain"\nunit_price = -1\n', "sources.human.unit_price = -1"),
        (
            f"[sources.human]\n{PLAIN}effect = {{low = 0.5, base = 1, high = 2}}\n",
            "sources.human.effect",
        ),
    ],
)
def test_wrong_sources(tmp_path: Path, tables: str, message: str) -> None:
    (fault,) = faults(tmp_path, HEAD + tables)
    assert message in fault


@pytest.mark.parametrize(
    ("pilots", "message"),
    [
        ("file = 'pilots.csv'", "pilots.csv column crwd: is no source"),
        ("file = 'nowhere.csv'", "nowhere.csv: there is no such file; did you mean"),
        ("file = '.'", ".: is a folder"),
        ("file = 'binary.csv'", "binary.csv: is not UTF-8 text (byte 0)"),
        ("file = 'pilots.csv'\nrows = []", "pilots: must have either file or rows"),
        ("", "pilots: must have either file or rows"),
        ("rows = [{human = 5, error = 1.5}]", "pilots.rows [0], error = 1.5"),
        ("rows = [{human = 5, error = nan}]", "pilots.rows [0], error: is empty or not a number"),
        ("rows = [{human = true, error = 0.5}]", "pilots.rows [0], human = True"),
        ("rows = [3]", "pilots.rows"),
        ("fil = 'pilots.csv'", "did you mean file"),
    ],
)
def test_wrong_pilots(tmp_path: Path, pilots: str, message: str) -> None:
    (tmp_path / "binary.csv").write_bytes(b"\x89PNG\x00\xff")
    text = HEAD + f"[pilots]\n{pilots}\n[sources.human]\n{PLAIN}[sources.crowd]\n{PLAIN}"
    found = faults(tmp_path, text, "crwd,error\n5,0.3\n")
    assert any(message in fault for fault in found), found


def test_all_faults_of_file_sources_and_pilots_at_once(tmp_path: Path) -> None:
    text = """
currency = "usd"
classes = 2
sead = 2
[target]
metric = "error rate"
error = "low"
[pilots]
file = "pilots.csv"
[sources.human]
kind = "plain"
unit_price = -1
[sources.crowd]
kind = "plian"
"""
    found = faults(tmp_path, text, "crwd,error\n5,7\nx,0.3\n")
    keys = ["currency", "sead", "target.error", "sources.human.unit_price", "sources.crowd.kind"]
    keys += ["pilots.csv column crwd", "pilots.csv line 2, error", "pilots.csv line 3, crwd"]
    for key in keys:
        assert sum(fault.startswith(key) for fault in found) == 1, (key, found)


@pytest.mark.parametrize(
    ("data", "key", "message"),
    [
        (b"a = \n", "line 1, column 5", "not TOML"),
        (b"a = 1\na = 2\n", "line 2, column 6", "may appear only once"),
        (b"a = 'open\n", "line 2, the end of the file", "not TOML"),
        (b"\n\na = '''open\n", "line 4, the end of the file", "not TOML"),
        ("[sources.café]\n".encode(), "line 1, column 13", "in quotes"),
        (b"\x89PNG\xff", "file", "is not UTF-8 text (byte 0)"),
        (b"a = " + b"9" * 5000, "file", "not TOML"),
        (b"a = " + b"[" * 100_000, "file", "not TOML"),
        (b"#" * 10_000_001, "file", "is larger than"),
    ],
)
def test_not_toml(tmp_path: Path, data: bytes, key: str, message: str) -> None:
    path = tmp_path / "project.toml"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        project.read(path)
    (fault,) = caught.value.faults
    assert fault.key.startswith(key)
    assert message in str(fault)


def test_missing_files_name_what_may_be_meant(tmp_path: Path) -> None:
    write(tmp_path, HEAD)
    with pytest.raises(InputError, match="no such file; did you mean project.toml"):
        project.read(tmp_path / "projekt.toml")
    with pytest.raises(InputError, match="no folder"):
        project.read(tmp_path / "nowhere" / "project.toml")
    with pytest.raises(InputError, match="is a folder"):
        project.read(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        project.read("nul\x00.toml")


def test_runs_alone(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("n,error\n100,2.5\n")
    assert project.read_runs(path).error.tolist() == [2.5]
    path.write_text("n,error\n100,-1\n")
    with pytest.raises(InputError, match="line 2, error"):
        project.read_runs(path)


def test_the_template_runs_as_it_is(tmp_path: Path) -> None:
    for name, text in template_files().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    inputs = project.read(tmp_path / "project.toml")
    assert inputs.warnings == ()
    assert inputs.pilots is not None
    assert {source.name for source in inputs.sources} == set(inputs.pilots.sources)


def test_task_families_are_those_of_the_priors() -> None:
    assert set(TaskFamily.__args__) == set(TASK_FAMILIES)  # type: ignore[attr-defined]


TEXT = "kind = 'text'\npath = 'corpus.txt'\n"


@pytest.mark.parametrize("effect", ["1.1, 1.2, 1.3", "0.8, 0.7, 1.2", "0.5, 0.8, 0.9", "0, 1, 2"])
def test_the_effect_of_text_must_include_none(tmp_path: Path, effect: str) -> None:
    (tmp_path / "corpus.txt").write_text("One document.\n\nAnother one.\n")
    low, base, high = effect.split(", ")
    table = f"effect = {{low = {low}, base = {base}, high = {high}}}\n"
    text = HEAD + f"[sources.human]\n{PLAIN}[sources.ours]\n{TEXT}{table}"
    assert any("sources.ours.effect" in fault for fault in faults(tmp_path, text))


def test_the_effect_of_text_is_read(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("One document.\n\nAnother one.\n")
    table = "effect = {low = 0.8, base = 1, high = 1.25}\n"
    text = HEAD + f"[sources.human]\n{PLAIN}[sources.ours]\n{TEXT}{table}"
    inputs = read(tmp_path, text)
    assert inputs.text_effect == {"ours": Effect(0.8, 1, 1.25)}
    rows = "[pilots]\nrows = [{human = 5, ours = 2, error = 0.4}]\n"
    assert "not used" in read(tmp_path, text + rows).warnings[0]


def test_text_alone_cannot_teach_a_supervised_task(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("One document.\n\nAnother one.\n")
    (fault,) = faults(tmp_path, HEAD + f"[sources.ours]\n{TEXT}")
    assert "a supervised task needs labelled examples" in fault
    found = faults(
        tmp_path, f'reference = "ours"\n{HEAD}[sources.human]\n{PLAIN}[sources.ours]\n{TEXT}'
    )
    assert "reference = 'ours': is unlabelled text" in found[0]


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("unit_price = {value = 0, low = 0, high = 0.5}", "unit_price"),
        ("unit_price = 1\nlead_weeks = {value = 0, low = 0, high = 8}", "lead_weeks"),
    ],
)
def test_a_range_about_zero_is_a_fault_and_not_lost(
    tmp_path: Path, setting: str, named: str
) -> None:
    (found,) = faults(tmp_path, f'{HEAD}[sources.a]\nkind = "plain"\n{setting}\n')
    assert named in found and "cannot start from a base of 0" in found


def test_a_plain_zero_is_free(tmp_path: Path) -> None:
    inputs = read(tmp_path, f'{HEAD}[sources.a]\nkind = "plain"\nunit_price = 0\nlead_weeks = 0\n')
    assert float(inputs.sources[0].cost(100.0)) == 0
