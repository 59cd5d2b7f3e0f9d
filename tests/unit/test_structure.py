from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import source_tiktok_marketing

ROOT = Path(source_tiktok_marketing.__file__).parent
PACKAGE = "source_tiktok_marketing"
MODULES = sorted(ROOT.rglob("*.py"))

# What each room may import besides itself: the floors, from the top down.
BOTTOM = {"errors", "clock", "memory", ""}
SYNC = {"sync", "catalog", "api", "config"} | BOTTOM
FLOORS = {
    "cli": SYNC | {"airbyte", "doctor", "pipelines", "emulator"},
    "airbyte": SYNC,
    "doctor": SYNC | {"pipelines"},
    "pipelines": SYNC,
    "sync": SYNC - {"sync"},
    "catalog": set(),
    "api": BOTTOM,
    "config": BOTTOM,
    "emulator": BOTTOM,
    "errors": set(),
    "clock": set(),
    "memory": set(),
    "": set(),
}

LONGER: dict[str, str] = {}
"""Modules over 400 lines, each with the reason."""


def room_of(path: Path) -> str:
    """The room that a module is in: its folder, or its own name at the top; empty for the package itself."""
    first = path.relative_to(ROOT).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def _module(module: str, name: str) -> str:
    """What `from module import name` imports: a module of that name, or something that is in `module`."""
    inside = ROOT.parent / module.replace(".", "/") / name
    return f"{module}.{name}" if inside.is_dir() or inside.with_suffix(".py").exists() else module


def is_for_types(node: ast.AST) -> bool:
    """Whether it is an `if TYPE_CHECKING:`, whose imports do not happen."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports_of(path: Path, *, types: bool = True) -> set[str]:
    """The modules of this package that a module imports, anywhere in it, or only those that a run imports."""
    found = set()
    package = [PACKAGE, *path.relative_to(ROOT).parts[:-1]]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = set() if types else {one for node in ast.walk(tree) if is_for_types(node) for one in ast.walk(node)}
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            found |= {_module(module, alias.name) for alias in node.names}
    return {name for name in found if name == PACKAGE or name.startswith(f"{PACKAGE}.")}


def imported_room(name: str) -> str:
    """The room of an imported module; empty for what the package itself exports."""
    first = name.removeprefix(PACKAGE).strip(".").split(".")[0]
    return first if (ROOT / first).is_dir() or (ROOT / f"{first}.py").exists() else ""


def test_every_room_has_a_floor() -> None:
    """A new room has to be given its place."""
    assert {room_of(path) for path in MODULES} <= set(FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_down_only(path: Path) -> None:
    """A module imports its own room and those below it; `__version__` is anybody's."""
    room = room_of(path)
    allowed = FLOORS[room] | {room, ""}
    assert {imported_room(name) for name in imports_of(path)} <= allowed


def test_no_two_modules_import_each_other() -> None:
    """There is no circle, within a room either."""
    names = {f"{PACKAGE}.{'.'.join(path.relative_to(ROOT).with_suffix('').parts)}": path for path in MODULES}
    names = {name.removesuffix(".__init__"): path for name, path in names.items()}
    edges = {
        name: {one for one in imports_of(path, types=False) if one in names and one != name}
        for name, path in names.items()
    }
    while leaves := [name for name, targets in edges.items() if not targets & set(edges)]:
        for name in leaves:
            del edges[name]
    assert edges == {}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_or_has_a_reason(path: Path) -> None:
    """Four hundred lines are what one can hold in mind."""
    name = path.relative_to(ROOT).as_posix()
    long = len(path.read_text(encoding="utf-8").splitlines()) > 400
    assert not long or name in LONGER


def test_no_reason_outlives_its_module() -> None:
    """A module that became short again, or went away, needs no excuse."""
    long = {name for name in LONGER if len((ROOT / name).read_text(encoding="utf-8").splitlines()) > 400}
    assert long == set(LONGER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for(path: Path) -> None:
    """The first line of every module is a sentence."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text


def test_only_the_entry_points_print() -> None:
    """Stdout carries the protocol, so library code does not print."""
    printing = {
        room_of(path)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert printing <= {"cli", "emulator"}


def imported_by(module: str) -> set[str]:
    """The top-level modules that are loaded once this one is imported."""
    program = f"import {module}, sys; print(' '.join({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["airbyte.entrypoint", "config", "errors", "clock", "catalog", "cli"])
def test_starting_is_quick(module: str) -> None:
    """`spec` answers in a blink, since nothing heavy is imported before it is used."""
    heavy = {"aiohttp", "dlt", "pyarrow", "duckdb", "click", "rich", "pandas", "numpy", "airbyte_cdk"}
    assert not imported_by(f"{PACKAGE}.{module}") & heavy


@pytest.mark.parametrize("module", ["sync.engine", "airbyte.read", "airbyte.messages"])
def test_a_sync_needs_no_extra(module: str) -> None:
    """The Airbyte source works without the packages of the command and of the pipelines."""
    assert not imported_by(f"{PACKAGE}.{module}") & {"dlt", "pyarrow", "duckdb", "click", "rich"}
