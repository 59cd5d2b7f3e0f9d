from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
PLACE = "# What it costs\n\nBefore.\n\n<!-- figures: made by `make bench` -->\nold\n<!-- end -->\n\nAfter.\n"


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, ModuleType, ModuleType]:
    """The benchmarks' own modules, which are no package: harness, page and run."""
    monkeypatch.syspath_prepend(str(FOLDER))
    names = ("harness", "page", "run")
    loaded = [importlib.import_module(name) for name in names]
    for name in names:  # other folders may have modules of these names
        del sys.modules[name]
    harness, page, run = loaded
    return harness, page, run


def result(modules: tuple[ModuleType, ModuleType, ModuleType], day: str, *figures: dict[str, object]) -> object:
    """A benchmark's result with these figures."""
    harness, page, _ = modules
    found = harness.Figures("2 cores", [harness.Figure(**figure) for figure in figures])
    return page.Result(title="Title", command="python x.py", day=day, seconds=61.4, load=0.25, found=found)


def test_a_target_is_met_at_its_very_value(modules: tuple[ModuleType, ModuleType, ModuleType]) -> None:
    """At most 1.3 includes 1.3, and a figure without a target is neither met nor missed."""
    figure = modules[0].Figure
    assert figure(what="x", value=1.3, most=1.3).met is True
    assert figure(what="x", value=1.31, most=1.3).met is False
    assert figure(what="x", value=94.9, least=95).met is False
    assert figure(what="x", value=1).met is None


def test_only_the_part_between_the_markers_is_replaced(modules: tuple[ModuleType, ModuleType, ModuleType]) -> None:
    """What people wrote around the figures stays."""
    found = {"quota": result(modules, "2026-01-02", {"what": "share", "value": 94.0, "unit": "%", "least": 95})}
    text = modules[1].renewed(PLACE, found)
    before, _, rest = text.partition("<!-- figures: made by `make bench` -->")
    part, _, after = rest.partition("<!-- end -->")
    assert (before, after) == ("# What it costs\n\nBefore.\n\n", "\n\nAfter.\n")
    assert "| share | 94 % | at least 95 % | missed |  |" in part
    assert "`python x.py`, 2026-01-02, 61 s, load average before 0.2" in part
    assert "0 of 1 targets are met. Missed: share." in part
    assert "old" not in part


def test_a_page_without_a_place_is_not_written(modules: tuple[ModuleType, ModuleType, ModuleType]) -> None:
    """Figures that would be lost are an error."""
    with pytest.raises(ValueError, match="0 places"):
        modules[1].renewed("no markers", {})


def test_what_was_not_run_again_keeps_its_figures_and_day(
    modules: tuple[ModuleType, ModuleType, ModuleType],
) -> None:
    """Running one benchmark replaces the figures of that one only."""
    old, new = result(modules, "2026-01-01"), result(modules, "2026-02-02")
    merged = modules[2].merged({"quota": old, "spec": old}, {"quota": new})
    assert merged == {"spec": old, "quota": new}
    assert list(merged) == ["spec", "quota"]


def test_a_benchmark_that_fails_stops_no_other_and_is_told_by_the_exit_code(tmp_path: Path) -> None:
    """Here two scripts, the first of which cannot be run."""
    for name in ("run.py", "page.py", "harness.py", "spec.py"):
        target = tmp_path / "benchmarks" / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes((FOLDER / name).read_bytes())
    (tmp_path / "benchmarks" / "plan.py").write_text("raise SystemExit(3)\n")
    page = tmp_path / "docs" / "performance.md"
    page.parent.mkdir()
    page.write_text(PLACE)
    command = [sys.executable, str(tmp_path / "benchmarks" / "run.py"), "plan", "spec"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own scripts
    assert done.returncode == 1
    assert "plan failed; its earlier figures stay" in done.stdout
    assert "`spec`, CPU" in page.read_text()
    assert (tmp_path / "benchmarks" / "results" / "latest.json").exists()


SCRIPTS = sorted(file.stem for file in FOLDER.glob("*.py") if "\n    leave(" in file.read_text())


@pytest.mark.thorough
@pytest.mark.parametrize("name", SCRIPTS)
def test_each_benchmark_works_in_small(modules: tuple[ModuleType, ModuleType, ModuleType], name: str) -> None:
    """So that a change which breaks one is noticed before somebody wants its figures."""
    assert {*SCRIPTS} == {*modules[2].BENCHMARKS}
    command = [sys.executable, str(FOLDER / "run.py"), name, "--size", "small"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own scripts
    if "left out, because" in done.stdout:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "A small size does not measure targets." in done.stdout
