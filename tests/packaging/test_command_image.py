"""The image of the command: every command of its Dockerfile runs, and the result goes from nothing to an answer."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from container import as_stranger, sealed
from dockerfile import Builder, Image, stages_of
from programs import emulator_beside
from support import NOW, config_for
from tiktok_marketing._version import __version__
from tiktok_marketing.emulator import Emulator, Options

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile.command").read_text()
pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Builds from this checkout."""
    return Builder(ROOT, tmp_path_factory.mktemp("image"), {"VERSION": __version__})


@pytest.fixture(scope="module")
def image(builder: Builder) -> Image:
    """The image, stepped through."""
    return builder.build(TEXT)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """A small business whose clock stands still."""
    with emulator_beside(Options(now=NOW, tier="unlimited", days=10, advertisers=2, ads_per_account=6)) as running:
        yield running


def run(image: Image, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command with its environment alone, as a user without a name who may write the mounted folder only."""
    (program,) = image.entrypoint
    found = image.path("/opt/venv/bin") / program
    return subprocess.run(  # noqa: S603 - what the Dockerfile built
        [*sealed(folder), *as_stranger(), found, *arguments],
        env={
            **image.variables,
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            **variables,
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_command_of_the_dockerfile_runs(image: Image, builder: Builder) -> None:
    """The program is there, and what built it is not."""
    assert image.path("/opt/venv/bin/tiktok-marketing").exists()
    assert len(builder.commands) == sum(each.name == "RUN" for stage in stages_of(TEXT) for each in stage)
    assert not image.path("/opt/tools").exists()
    assert not list(image.path("/opt/venv").rglob("pip-*.dist-info"))


def test_it_runs_as_a_number_in_a_folder_that_anybody_may_write(image: Image) -> None:
    """So `--user` with any number works, without an account."""
    assert image.user == "1000:1000"
    assert image.workdir == "/data"
    assert image.path("/data").stat().st_mode & 0o7777 == 0o1777
    assert image.labels["org.opencontainers.image.version"] == __version__


def test_from_nothing_to_an_answer(image: Image, emulator: Emulator, tmp_path: Path) -> None:
    """A sync into the mounted folder, views and a page of it, with settings from the environment alone."""
    settings = config_for(emulator)
    given = {
        **{
            f"TIKTOK_{name.upper()}": str(value)
            for name, value in settings["credentials"].items()
            if name != "auth_type"
        },
        "TIKTOK_START_DATE": "2026-06-10",
        "TIKTOK_API_URL": emulator.url,
    }
    synced = run(
        image, tmp_path, "sync", "--to", "duckdb:///tiktok.duckdb", "--preset", "basics", "--views", "--json", **given
    )
    assert synced.returncode == 0, synced.stderr
    assert json.loads(synced.stdout)["complete"]
    written = run(image, tmp_path, "report", "--database", "duckdb:///tiktok.duckdb", "--output", "report.html")
    assert written.returncode == 0, written.stderr
    assert (tmp_path / "report.html").stat().st_size > 100_000
    looked = run(image, tmp_path, "state", "show", "--database", "duckdb:///tiktok.duckdb")
    assert looked.returncode == 0, looked.stdout + looked.stderr
    asked = run(image, tmp_path, "mcp", "--help")
    assert asked.returncode == 0
