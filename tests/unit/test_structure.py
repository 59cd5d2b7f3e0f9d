from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tiktok_marketing

ROOT = Path(tiktok_marketing.__file__).parent
PACKAGE = "tiktok_marketing"
MODULES = sorted(ROOT.rglob("*.py"))

# What each room may import besides itself. A room is a folder of modules, a single module at the top, or a module that
# has a line of its own here.
GROUND = {"errors", "text", "json_files", "paths", "permissions", "clock", "machine", "memory", "_version", "extras"}
GROUND |= {"shards"}
API = {"api", "api.rate_limit", "api_path", "catalog"} | GROUND
PLAN = {"sync.plan", "catalog", "config", "config_values", "settings"} | GROUND
READ = {"sync.read", "sync.decode", "sync"} | PLAN | API
SYNC = {"sync.run", "connect", "access_check"} | READ
DATABASES = {"pipelines.databases", "pipelines.arrow"} | PLAN
PIPELINES = {"pipelines", "pipelines.databases.kinds", "sync.decode"} | DATABASES | SYNC
EMULATED_BUSINESS = {"emulator.business", "emulator"}  # the emulator's own room holds its options and randomness
EMULATED_SHOP = {"emulator.business.shop"}
EMULATED_ENDPOINTS = {"emulator.endpoints"} | EMULATED_BUSINESS
DIRECTIONS = {
    "cli": {"account_overview", "airbyte", "config_file", "config_sources", "doctor", "emulator", "environment"}
    | {"assets", "interrupts", "login", "mcp_server", "report", "stdout", "views"}
    | PIPELINES,
    "mcp_server": {"views"} | PIPELINES,
    "views": PIPELINES,
    "report": {"views"} | PIPELINES,
    "assets": PIPELINES,
    "airbyte": {"interrupts", "stdout"} | SYNC,
    "doctor": {"doctor.checks"} | PIPELINES,
    "doctor.checks": {"doctor"} | PIPELINES,
    "pipelines": PIPELINES,
    # The one module that names the kinds of database. Nothing else can import one.
    "pipelines.databases.kinds": {
        "pipelines.databases",
        "pipelines.databases.duckdb",
        "pipelines.databases.postgres",
        "pipelines.databases.files",
        "pipelines.databases.through_dlt",
    }
    | GROUND,
    "pipelines.databases.duckdb": DATABASES,
    "pipelines.databases.files": DATABASES,
    "pipelines.databases.through_dlt": DATABASES,
    "pipelines.databases.postgres": DATABASES,
    "pipelines.databases": PLAN,
    "pipelines.arrow": {"sync", "sync.decode"} | PLAN,
    "access_check": READ,
    "account_overview": READ,
    "connect": {"config"} | API,
    "login": API,
    "sync.run": READ,
    "sync.read": READ,
    "sync": READ,  # events, which reading tells of, and the forecast of a whole sync
    "sync.decode": {"catalog"} | GROUND,
    "sync.plan": PLAN,
    "api": API,
    "api.rate_limit": {"api_path", "clock", "shards"},
    # A configuration may describe reports of its own.
    "config": {"catalog", "config_keys", "config_values", "settings"} | GROUND,
    "config_keys": {"settings"},
    "config_values": {"catalog", "settings"} | GROUND,
    "config_file": {"config", "settings"} | GROUND,
    "config_sources": {"config", "environment", "settings"} | GROUND,
    "environment": {"settings", "shards"},
    "settings": set(),
    "catalog": {"api_path"},
    "api_path": set(),
    "emulator": {"emulator.endpoints.gmv_max", "emulator.endpoints.reports", "emulator.endpoints.smart_plus"}
    | {"emulator.faults"}
    | EMULATED_ENDPOINTS
    | EMULATED_SHOP,
    "emulator.faults": {"emulator"},
    "emulator.endpoints.gmv_max": {"emulator.endpoints.reports"} | EMULATED_ENDPOINTS | EMULATED_SHOP,
    "emulator.endpoints.smart_plus": {"emulator.endpoints.reports"} | EMULATED_ENDPOINTS,
    "emulator.endpoints.reports": EMULATED_ENDPOINTS | EMULATED_SHOP,
    "emulator.endpoints": EMULATED_BUSINESS | EMULATED_SHOP,
    "emulator.business.shop": EMULATED_BUSINESS,
    "emulator.business": {"emulator"},
    "errors": {"text"},
    "text": set(),
    "json_files": {"errors", "permissions"},
    "paths": {"errors"},
    "permissions": set(),
    "clock": set(),
    "machine": {"errors"},
    "memory": set(),
    "_version": set(),
    "extras": set(),
    "shards": {"errors"},
    "interrupts": set(),
    "stdout": {"errors", "interrupts", "text"},
    "loop_thread": set(),
    "cluster": {"loop_thread", "config_sources"} | PIPELINES,
    "library": {"doctor", "loop_thread"} | PIPELINES,
    "dlt": {"loop_thread"} | PIPELINES,
    "": {"library", "config", "config_sources", "errors", "_version"},  # the public face
}


def name_of(path: Path) -> str:
    """The name of a module below the package; empty for the package itself."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix("__init__").strip(".")


def room_of(module: str) -> str:
    """The room that a module is in, by its name below the package: itself, its folder, or its own name at the top."""
    if module in DIRECTIONS:
        return module
    path = ROOT / module.replace(".", "/")
    if path.is_dir():
        return module
    if path.with_suffix(".py").exists() or path.with_suffix(".pyi").exists():
        return module.rpartition(".")[0] or module
    return ""  # something that the package itself exports


def _module(module: str, name: str) -> str:
    """What `from module import name` imports: a module of that name, or something that is in `module`."""
    inside = ROOT.parent / module.replace(".", "/") / name
    return f"{module}.{name}" if inside.is_dir() or inside.with_suffix(".py").exists() else module


def imports_of(path: Path) -> set[str]:
    """The modules of this package that a module imports, anywhere in it, for types alone or not."""
    found = set()
    package = [PACKAGE, *path.relative_to(ROOT).parts[:-1]]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            found |= {_module(module, alias.name) for alias in node.names}
    return {name for name in found if name == PACKAGE or name.startswith(f"{PACKAGE}.")}


def test_every_room_has_its_directions() -> None:
    """A new room has to be given its place, and one that is gone leaves none behind."""
    assert {room_of(name_of(path)) for path in MODULES} == set(DIRECTIONS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_down_only(path: Path) -> None:
    """A module imports its own room and those below it."""
    room = room_of(name_of(path))
    imported = {room_of(name.removeprefix(PACKAGE).strip(".")) for name in imports_of(path)}
    assert imported <= DIRECTIONS[room] | {room}


def test_no_two_modules_import_each_other() -> None:
    """There is no circle, within a room either, and none behind `TYPE_CHECKING`."""
    modules = {f"{PACKAGE}.{name_of(path)}".rstrip("."): path for path in MODULES}
    edges = {name: (imports_of(path) & set(modules)) - {name} for name, path in modules.items()}
    while leaves := [name for name, targets in edges.items() if not targets & set(edges)]:
        for name in leaves:
            del edges[name]
    assert edges == {}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for(path: Path) -> None:
    """The first line of every module is a sentence."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text


def test_only_the_entry_points_print() -> None:
    """Stdout carries the protocol, so library code does not print."""
    printing = {
        room_of(name_of(path))
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


@pytest.mark.parametrize("module", ["sync.run.engine", "airbyte.read", "airbyte.messages"])
def test_a_sync_needs_no_extra(module: str) -> None:
    """The Airbyte source works without the packages of the command and of the pipelines."""
    assert not imported_by(f"{PACKAGE}.{module}") & {"dlt", "pyarrow", "duckdb", "click", "rich"}
