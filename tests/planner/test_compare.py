"""What changed between two plans, and whose change of cost it is."""

from __future__ import annotations

import json
import shutil
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.attribution import attributed
from planner.cli import main
from planner.compare import _accounted, _causes, compare
from planner.differences import applied, differences
from planner.documents import document_of, plain
from planner.errors import InputError
from planner.project import checked

PROJECT = """\
name = "small"
currency = "EUR"
start = 2026-12-01
classes = 2
draws = 100

[target]
error = 0.2
budget = 100_000
weeks = 30

[pilots]
file = "runs.csv"

[sources.people]
kind = "plain"
unit_price = { value = 0.5, low = 0.4, high = 0.7, provenance = "quoted", reference = "offer A" }
fees = 300
max_examples = 60_000
per_week = 5_000

[sources.other]
kind = "plain"
unit_price = 0.8
max_examples = 40_000
per_week = 5_000
"""
RUNS = "people,error\n" + "".join(
    f"{n},{0.15 + 1.1 * n**-0.5 + wobble:.4f}\n"
    for n, wobble in [(100, 0.004), (200, -0.003), (400, 0.002), (800, -0.002), (1600, 0.001)]
)


@pytest.fixture(autouse=True)
def few_points(monkeypatch):
    """A frontier of few points: it takes most of the time of a study, and nothing here is of it."""
    monkeypatch.setattr("planner.study.POINTS", 2)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return project(tmp_path / "old")


def project(folder: Path, *changes: tuple[str, str], runs: str = RUNS) -> Path:
    text = PROJECT
    for was, now in changes:
        assert was in text
        text = text.replace(was, now)
    folder.mkdir()
    (folder / "runs.csv").write_text(runs)
    (folder / "project.toml").write_text(text)
    return folder / "project.toml"


# -- attribution ----------------------------------------------------------------------------------


@given(
    st.integers(1, 8).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.integers(-500, 500), min_size=n, max_size=n))
    ),
    st.integers(0, 99),
)
def test_parts_of_additive_causes_are_themselves(drawn, base):
    count, values = drawn
    parts = attributed(count, lambda some: base + sum(values[at] for at in some))
    assert [part.change for part in parts] == values
    assert [part.causes for part in parts] == [(at,) for at in range(count)]
    assert all(part.low == part.change == part.high for part in parts)


@given(st.integers(1, 5), st.integers(0, 2**32), st.integers(0, 40))
def test_parts_add_up_whatever_the_costs_and_the_gaps(count, seed, gaps):
    def cost(some):
        if some and len(some) < count and hash((seed, some)) % 100 < gaps:
            return None
        return hash((seed, some)) % 10_001

    parts = attributed(count, cost)
    whole = cost(frozenset(range(count))) - cost(frozenset())
    assert sum(part.change for part in parts) == whole
    assert sorted(at for part in parts for at in part.causes) == list(range(count))
    assert all(part.low - 1 <= part.change <= part.high + 1 for part in parts)


def test_of_two_causes_the_parts_are_shapleys():
    costs = {(): 100, (0,): 130, (1,): 150, (0, 1): 260}
    parts = attributed(2, lambda some: costs[tuple(sorted(some))])
    orders = [
        (costs[0, 1] - costs[1,], costs[0,] - 100),
        (costs[0, 1] - costs[0,], costs[1,] - 100),
    ]
    assert [part.change for part in parts] == [sum(each) / 2 for each in orders]
    assert [(part.low, part.high) for part in parts] == [(30, 110), (50, 130)]


@given(st.integers(2, 3).flatmap(lambda n: st.permutations(range(n))), st.integers(0, 2**32))
def test_up_to_three_causes_share_alike_in_whatever_order_they_are_given(order, seed):
    def cost(some):
        return hash((seed, some)) % 10_001

    count = len(order)
    given = attributed(count, cost)
    turned = attributed(count, lambda some: cost(frozenset(order[at] for at in some)))
    for at, part in enumerate(turned):
        same = given[order[at]]
        assert abs(part.change - same.change) <= 1  # the whole is shared in whole cents
        assert (part.low, part.high) == (same.low, same.high)


def test_an_end_without_cost_has_no_parts():
    with pytest.raises(ValueError, match="unknown"):
        attributed(2, lambda some: None if len(some) == 2 else 1)


# -- differences ----------------------------------------------------------------------------------


def test_every_order_of_changes_leads_from_the_old_to_the_new(old, tmp_path):
    edits = [("error = 0.2", "error = 0.19"), ("[sources.other]", "[sources.another]")]
    new = project(tmp_path / "new", *edits, ("fees = 300\n", ""), ("30", "20"))
    first, last = document_of(old), document_of(new)
    found = differences(first, last)
    keys = [".".join(each.keys) for each in found]
    assert keys == [
        "target.error",
        "target.weeks",
        "sources.people.fees",
        "sources.another",
        "sources.other",
    ] or set(keys) == {
        "target.error",
        "target.weeks",
        "sources.people.fees",
        "sources.another",
        "sources.other",
    }
    for order in permutations(found):
        assert plain(applied(first, last, order)) == plain({**last, "pilots": first["pilots"]})
    assert applied(first, last, ()) == first
    assert checked(plain(applied(first, last, found[:2])), new).target.error == 0.19


def test_words_alone_are_told_apart(old, tmp_path):
    edits = [('"small"', '"large"'), ("offer A", "offer B"), ("fees = 300", "fees = {value = 300}")]
    found = differences(document_of(old), document_of(project(tmp_path / "new", *edits)))
    assert len(found) == 3 and all(each.words for each in found)


def test_files_are_compared_by_what_they_hold(old, tmp_path):
    same = project(tmp_path / "same")
    assert not differences(document_of(old), document_of(same))
    other = project(tmp_path / "other", runs=RUNS + "3200,0.17\n")
    (found,) = differences(document_of(old), document_of(other))
    assert found.keys == ("pilots", "file")


def test_what_is_asked_of_a_file_is_no_part_of_its_name(tmp_path):
    sheets = ('"runs.csv"', '"runs.csv?where=a#Sheet"'), ('"runs.csv"', '"runs.csv#Other"')
    first, second = (
        project(tmp_path / name, change) for name, change in zip("ab", sheets, strict=True)
    )
    (found,) = differences(document_of(first), document_of(second))
    assert found.keys == ("pilots", "file")
    assert plain(found.old) == f"{first.parent / 'runs.csv'}?where=a#Sheet"
    again = project(tmp_path / "c", sheets[1], runs=RUNS + "3200,0.17\n")
    assert differences(document_of(second), document_of(again))


# -- two projects ---------------------------------------------------------------------------------


def test_nothing_changed_is_quiet(old, tmp_path, capsys):
    same = project(tmp_path / "same")
    assert main(["compare", str(old), str(same)]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["compare", str(old.parent), str(same.parent), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["summary"]["same"] == "yes"


def test_one_cause_has_the_whole_change(old, tmp_path):
    new = project(tmp_path / "new", ("fees = 300", "fees = 500"))
    found = compare(old, new)
    (share,) = found.shares
    assert share.cause == "sources.people.fees"
    assert share.change == pytest.approx(found.costs[1] - found.costs[0], abs=1e-9)
    assert share.change == pytest.approx(230.0)  # 200 and 15% of contingency


def test_parts_and_purchases_add_up_to_the_change(old, tmp_path, capsys, monkeypatch):
    edits = [("error = 0.2\n", "error = 0.19\n"), ("value = 0.5, low", "value = 0.45, low")]
    new = project(tmp_path / "new", *edits, ('"small"', '"renamed"'), runs=RUNS + "3200,0.172\n")
    found = compare(old, new)
    monkeypatch.setattr("planner.compare.compare", lambda *places: found)
    assert main(["compare", str(old), str(new), "--out", str(tmp_path / "out")]) == 1
    page = capsys.readouterr().out
    assert all(len(line) <= 80 for line in page.splitlines())
    change = round(found.costs[1] - found.costs[0], 2)
    causes = {share.cause for share in found.shares}
    assert causes == {"pilots", "target.error", "sources.people.unit_price"}
    assert round(sum(share.change for share in found.shares), 2) == change != 0
    assert round(sum(each.total[1] - each.total[0] for each in found.moved), 2) == change
    assert {each.name for each in found.inputs if each.words} == {"name"}
    units = {each.name: each.unit for each in found.inputs}
    assert units["target.error"] == "error"
    assert units["sources.people.unit_price"] == "EUR/example"
    assert "0.2 -> 0.19 error\n" in page
    for cause in causes:
        assert cause in page
    assert f"{change:+,.2f}" in page
    assert (tmp_path / "out" / "causes.csv").read_text().startswith("cause,change,low,high")


def test_words_alone_are_not_planned(old, tmp_path, capsys, monkeypatch):
    new = project(tmp_path / "new", ('"small"', '"large"'), ("offer A", "offer B"))
    monkeypatch.setattr("planner.compare.study_of", None)
    assert main(["compare", str(old), str(new)]) == 1
    assert "only words differ: the plan is the same" in capsys.readouterr().out


def test_causes_hang_on_no_order_and_a_renamed_source_is_one(old, tmp_path):
    edits = [
        ("[sources.other]", "[sources.another]"),
        ("weeks = 30", "weeks = 20"),
        ("fees = 300", "fees = 400"),
    ]
    new = document_of(project(tmp_path / "new", *edits))
    turned = {
        key: dict(reversed(each.items())) if isinstance(each, dict) else each
        for key, each in reversed(new.items())
    }
    causes = [_causes(differences(document_of(old), each)) for each in (new, turned)]
    names = [[name for name, _ in each] for each in causes]
    renamed = "sources.other renamed to another"
    assert names[0] == names[1] == [renamed, "sources.people.fees", "target.weeks"]


def test_out_of_reach_has_no_parts(old, tmp_path, capsys, monkeypatch):
    new = project(tmp_path / "new", ("100_000", "400"), ("30", "29"))
    found = compare(old, new)
    assert found.shares == ()
    monkeypatch.setattr("planner.compare.compare", lambda *places: found)
    assert main(["compare", str(old), str(new)]) == 1
    page = capsys.readouterr().out
    assert "-> out of reach" in page and "not two costs" in page


def test_bad_input_is_one_message(old, tmp_path, capsys):
    new = project(tmp_path / "new", ('"EUR"', '"GBP"'))
    assert main(["compare", str(old), str(new)]) == 2
    assert "costs cannot be compared" in capsys.readouterr().err
    assert main(["compare", str(old), str(tmp_path / "none.toml")]) == 2
    assert "no such file" in capsys.readouterr().err


# -- two written plans ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plans(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("plans")
    edits = [("value = 0.5, low", "value = 0.6, low"), ("fees = 300", "fees = 250")]
    for name, changes in (("old", []), ("new", [*edits, ("error = 0.2\n", "error = 0.195\n")])):
        place = project(folder / name, *changes)
        assert main(["plan", str(place), "--out", str(folder / f"{name} plan")]) == 0
    return folder / "old plan", folder / "new plan"


def test_written_plans_are_accounted_to_the_cent(plans, capsys):
    found = compare(*plans)
    change = round(found.costs[1] - found.costs[0], 2)
    assert round(sum(share.change for share in found.shares), 2) == change
    parts = {share.cause: share.change for share in found.shares}
    assert parts["fees of people"] == -50.0
    assert {"unit cost of people", "quantity of people", "contingency of people"} <= set(parts)
    assert {"project: target.error", "people: fees"} <= {each.name for each in found.assumed}
    assert main(["compare", *map(str, plans)]) == 1
    assert main(["compare", str(plans[0]), str(plans[0])]) == 0


def test_a_folder_that_plan_did_not_write(plans, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(plans[1], broken)
    (broken / "plan.csv").write_text("a,b\n1,2\n")
    (broken / "assumptions.csv").unlink()
    with pytest.raises(InputError) as caught:
        compare(plans[0], broken)
    assert [fault.key for fault in caught.value.faults] == ["plan.csv", "assumptions.csv"]
    with pytest.raises(InputError, match="one is a project"):
        compare(plans[0], plans[1].parent / "old" / "project.toml")


@pytest.mark.parametrize(
    ("name", "was", "now", "said"),
    [
        ("summary.csv", "reaches,yes", "reached,yes", "has no row reaches"),
        ("summary.csv", "\ncost,", "\ncost,x", "must be a number"),
        ("summary.csv", "\ncost,", "\ncost,nan,", "must be a number"),
        ("plan.csv", "people,", "people\n,", "must be a number"),
    ],
)
def test_a_damaged_folder_is_one_message(plans, tmp_path, capsys, name, was, now, said):
    broken = tmp_path / "broken"
    shutil.copytree(plans[1], broken)
    text = (broken / name).read_text()
    assert was in text
    (broken / name).write_text(text.replace(was, now, 1))
    assert main(["compare", str(plans[0]), str(broken)]) == 2
    assert said in capsys.readouterr().err


def test_a_source_may_be_called_like_a_number(plans, tmp_path):
    folder = tmp_path / "renamed"
    shutil.copytree(plans[1], folder)
    plan = (folder / "plan.csv").read_text()
    (folder / "plan.csv").write_text(plan.replace("people,", "1e5,"))
    assert "1e5" in {each.source for each in compare(plans[1], folder).moved}


def test_a_rounded_unit_cost_leaves_nothing_to_a_quantity_that_stayed():
    rows = {"quantity": 56_098.0, "fees": 0.0, "contingency": 0.0}
    old = {"people": {**rows, "unit_cost": 0.3012, "total": 16_898.52}}
    new = {"people": {**rows, "unit_cost": 0.3501, "total": 19_642.71}}
    (share,) = _accounted(old, new)
    assert (share.cause, share.change) == ("unit cost of people", 2744.19)
