"""The floors of the design, read from the source: imports, open files, heavy libraries."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Imports point down this list only; modules on one floor do not import each other.
FLOORS: tuple[frozenset[str], ...] = tuple(
    frozenset(floor.split())
    for floor in (
        "cli",
        "arguments",
        "commands",
        "counting distill library",
        "report markdown notebook",
        "export summary listings",
        "verdict_page purchase_page sentences compare workbook",
        "figures",
        "screen progress group_tables language",
        "tables whatif",
        "headline group_headline group_verdict_table",
        "swings assumptions purchases orders modelled verdict_table",
        "columns csvtext dictionary",
        "table",
        "telling",
        "advise",
        "models",
        "model_swings",
        "answers",
        "candidates group_study",
        "study",
        "questions sensitivity preference idea group_secure group_verdict",
        "secure",
        "offsets",
        "project rounds optimise diagnose fit marginal trials learning_curve",
        "asked verdict",
        "hunt odds unreached",
        "bill risk switching blends single zoom tried held",
        "branches search",
        "groups",
        "group_plan pieces local boxes",
        "joint market inputs runs group_bill",
        "joint_starts",
        "joint_lists",
        "field offers policy choices",
        "ray",
        "preposterior judge rules",
        "patterns origins",
        "stages",
        "evidence growth",
        "group_fit prepared",
        "group_pooled group_cautions",
        "anchoring group_model",
        "group_law layout",
        "grouping chains spread",
        "intake fitted inference schema measured targets documents written",
        "plan pilots prior variants template amend reading",
        "laws",
        "names clock differences attribution",
        "errors",
    )
)
FACADE = "__init__"  # planner itself: offers the library by name, so it may import anything

OPENERS = {"planner": {"reading", "export", "template", "prior"}}
# of the package intake: where pilot runs are kept
OPENERS["planner"] |= {"kinds", "sheet", "parquet", "folder", "database"}
OPENERS["sources"] = {"tokens", "text", "documents", "agreement", "defaults", "prices"}
OPENERS["sources"] |= {"journal", "places", "rowgroups"}
HEAVY = {
    "scipy",
    "pandas",
    "openai",
    "jsonschema",
    "tomlkit",
    "genai_prices",
    "tiktoken",
    "pyarrow",
    "zstandard",
    "matplotlib",
    "distributed",
    "fsspec",
    "openpyxl",
    "mlflow",
    "sklearn",
    "xlsxwriter",
}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(nodes: ast.AST) -> Iterator[str]:
    """Dotted names that are imported anywhere: in functions and for annotations too."""
    for node in ast.walk(nodes):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the floor they reach"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def planner_imports(path: Path) -> set[str]:
    """Modules of planner that a module imports; "" is planner itself."""
    found = set()
    for name in imported(tree(path)):
        package, _, rest = name.partition(".")
        if package == "planner":
            found.add(rest.partition(".")[0])
    return found


def floor_of(module: str) -> int:
    found = [at for at, floor in enumerate(FLOORS) if module in floor]
    assert found, f"{module} stands on no floor: give it one in FLOORS"
    return found[0]


def module_of(path: Path) -> str:
    """Name of a module of planner; the files of a package inside it all count as the package."""
    return path.relative_to(ROOT / "planner").parts[0].removesuffix(".py")


PLANNER = [path for path in modules("planner") if module_of(path) != FACADE]


def ids(path: Path) -> str:
    return f"{path.parent.name}.{path.stem}"


def test_every_module_has_a_floor() -> None:
    known = frozenset().union(*FLOORS)
    assert {module_of(path) for path in PLANNER} <= known
    assert sum(map(len, FLOORS)) == len(known), "a module stands on two floors"


@pytest.mark.parametrize("path", PLANNER, ids=ids)
def test_imports_point_down(path: Path) -> None:
    own = module_of(path)
    here = floor_of(own)
    for name in planner_imports(path):
        assert name, f"{own} imports planner itself, which stands above it"
        inside = name == own and path.name != f"{own}.py"
        assert inside or floor_of(name) > here, f"{own} must not import {name}"


@pytest.mark.parametrize("path", modules("sources"), ids=ids)
def test_sources_know_nothing_of_the_planner(path: Path) -> None:
    assert not planner_imports(path)


@pytest.mark.parametrize("path", [*modules("planner"), *modules("sources")], ids=ids)
def test_nothing_shipped_imports_the_tests(path: Path) -> None:
    tops = {name.partition(".")[0] for name in imported(tree(path))}
    assert not tops & {"tests", "pytest", "hypothesis"}


OPENING = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "mkdir",
    "unlink",
    "rename",
    "rmdir",
    "touch",
    "to_csv",
    "read_csv",
    "read_parquet",
    "ParquetFile",
    "NamedTemporaryFile",
    "mkdtemp",
    "mkstemp",
    "loadtxt",
    "fromfile",
}


def opened(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            discards = any("devnull" in ast.dump(argument) for argument in node.args)
            if name in OPENING and not discards:
                found.add(f"{name} in line {node.lineno}")
    return found


@pytest.mark.parametrize("path", [*modules("planner"), *modules("sources")], ids=ids)
def test_files_are_opened_at_the_edges_only(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    if path.stem not in OPENERS[package]:
        assert not opened(path)


def at_module_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run on import; those under TYPE_CHECKING do not."""
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from at_module_level(node.orelse)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        else:
            yield node
            for part in ("body", "orelse", "finalbody"):
                yield from at_module_level(getattr(node, part, []))


@pytest.mark.parametrize("path", [*modules("planner"), *modules("sources")], ids=ids)
def test_heavy_imports_are_lazy(path: Path) -> None:
    for node in at_module_level(tree(path).body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            tops = {name.partition(".")[0] for name in imported(node)}
            assert not tops & HEAVY, f"line {node.lineno}"


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from planner.cli import main\n"
        "try:\n"
        "    code = main(['--help'])\n"
        "except SystemExit as end:\n"
        "    code = end.code\n"
        "tops = {name.partition('.')[0] for name in sys.modules}\n"
        "print(code or 0, *sorted(tops), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    status, *loaded = done.stderr.splitlines()[-1].split()
    assert status == "0"
    assert "usage" in done.stdout.lower()
    assert not set(loaded) & HEAVY


def test_the_rules_catch_what_they_forbid(tmp_path: Path) -> None:
    path = tmp_path / "plan.py"
    path.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n"
        "    import pandas\n"
        "    from planner.study import Study\n"
        "else:\n"
        "    import scipy\n"
        "def f():\n"
        "    from planner import cli\n"
        "    import planner.tables as t\n"
        "    open('x').read(), os.open(os.devnull, 1)\n"
        "class A:\n"
        "    import openai\n"
    )
    assert planner_imports(path) == {"study", "cli", "tables"}
    assert opened(path) == {"open in line 10"}
    heavy = [n for n in at_module_level(tree(path).body) if isinstance(n, ast.Import)]
    assert {name for node in heavy for name in imported(node)} == {"scipy", "openai"}


def test_every_library_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"], *(each for extra in extras.values() for each in extra)]
    names = {re.split(r"[^\w-]", each)[0].lower().replace("-", "_") for each in declared}
    own = {"planner", "sources", *sys.stdlib_module_names}
    for path in [*modules("planner"), *modules("sources")]:
        used = {name.partition(".")[0] for name in imported(tree(path))} - own
        assert used <= names, f"{path.name}: {used - names}"


def test_every_declared_library_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {re.split("==", pin)[0].lower().replace("_", "-") for pin in pins if "==" in pin}
    assert all(re.fullmatch(r"#.*|[\w.-]+==[\w.]+", pin) for pin in pins)
    extras = project["optional-dependencies"]
    del extras["peers"]  # which make setup never installs
    for each in [*project["dependencies"], *(each for extra in extras.values() for each in extra)]:
        name = re.split(r"[^\w-]", each)[0].lower()
        assert name in pinned | {"dataplan"}
