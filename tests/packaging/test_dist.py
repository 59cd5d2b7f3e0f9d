"""What `make dist` builds: names that an index accepts, whole contents, and wheels that run in a bare environment."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import venv
from collections.abc import Mapping
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import duckdb
import pytest

from programs import emulator_beside
from support import NOW, catalog_of, config_for
from tiktok_marketing._version import __version__
from tiktok_marketing.emulator import Emulator, Options

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]
NAME = f"tiktok_marketing-{__version__}"
EXTENSION = "tiktok_marketing/sync/decode/_rows.abi3.so"

NOT_RELEASED = (".ci/", ".gitignore")
"""Files of the repository that are of no use outside of it."""
GENERATED = re.compile(r"PKG-INFO|setup\.cfg|src/tiktok_marketing\.egg-info/[\w.-]+")
JUNK = (
    "config.json",
    "demo.duckdb",
    ".env",
    "build/lib/tiktok_marketing/old.py",
    "docs/config-mine.json",
    "docs/.env",
    "native/module.so",
    "benchmarks/results/large.parquet",
    "tests/.pytest_cache/README.md",
    "tests/__pycache__/support.cpython-311.pyc",
    "tests/secrets/token.txt",
    "src/tiktok_marketing/sync/decode/_rows.cpython-311-x86_64-linux-gnu.so",
)
"""What a run, a build or a tool leaves in a checkout, and what may hold a secret."""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout: what git would commit, and what it would not."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in _sources():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    for name in JUNK:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("junk")
    return folder


def _sources() -> list[str]:
    """The files of the project, relative to its root."""
    if not (ROOT / ".git").exists():  # these tests run from an unpacked source distribution, which lists its files
        listed = (ROOT / "src" / "tiktok_marketing.egg-info" / "SOURCES.txt").read_text()
        return [name for name in listed.splitlines() if not GENERATED.fullmatch(name)]
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return [name for name in listed.split("\0") if name and (ROOT / name).exists()]


@pytest.fixture(scope="module")
def dist(checkout: Path) -> Path:
    """The folder that `make dist` fills, with this environment's tools instead of a `.venv`."""
    programs = Path(sys.executable).parent
    _run("make", "--old-file=.venv/ready", "dist", f"BIN={programs}", cwd=checkout)
    return checkout / "dist"


def _run(*command: str | Path, **options: Any) -> str:
    """Run a command that must succeed. Returns its output."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # noqa: S603
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def pure_wheel(dist: Path) -> Path:
    """The wheel for every machine."""
    return dist / f"{NAME}-py3-none-any.whl"


@pytest.fixture(scope="module")
def linux_wheel(dist: Path) -> Path:
    """The wheel with the C extension."""
    (path,) = dist.glob(f"{NAME}-cp311-abi3-*.whl")
    return path


def test_an_index_accepts_the_names(dist: Path) -> None:
    """It refuses the tag `linux_x86_64`, which says nothing of the glibc that the C extension needs.

    Wheels of manylinux2014 (glibc 2.17) run on every Linux with glibc that Python 3.11 runs on.
    """
    manylinux = r"manylinux2014_(\w+)\.manylinux_2_17_\1"
    names = sorted(path.name for path in dist.iterdir())
    assert len(names) == 3, names
    assert re.fullmatch(rf"{re.escape(NAME)}-cp311-abi3-{manylinux}\.whl", names[0])
    assert names[1:] == [f"{NAME}-py3-none-any.whl", f"{NAME}.tar.gz"]


def test_both_wheels_hold_the_same_but_for_the_extension(linux_wheel: Path, pure_wheel: Path) -> None:
    """Modules, schemas, views, stubs and the marker of types; no tests, no C sources, nothing that a build left."""
    package = ROOT / "src"
    suffixes = {".py", ".pyi", ".json", ".sql", ".txt", ".html", ".css", ".js", ".md"}
    expected = {
        str(path.relative_to(package))
        for path in (package / "tiktok_marketing").rglob("*")
        if path.suffix in suffixes or path.name == "py.typed"
    }
    assert _modules(pure_wheel) == expected
    assert _modules(linux_wheel) == expected | {EXTENSION}


def _modules(wheel: Path) -> set[str]:
    names = ZipFile(wheel).namelist()
    return {name for name in names if ".dist-info/" not in name and not name.endswith("/")}


def test_both_wheels_describe_the_project(linux_wheel: Path, pure_wheel: Path) -> None:
    """Its name, version, licence, authors and addresses."""
    for wheel in (linux_wheel, pure_wheel):
        with ZipFile(wheel) as archive:
            metadata = HeaderParser().parsestr(archive.read(f"{NAME}.dist-info/METADATA").decode())
            assert f"{NAME}.dist-info/licenses/LICENSE" in archive.namelist()
        assert (metadata["Name"], metadata["Version"]) == ("tiktok-marketing", __version__)
        assert metadata["Author"] == "The tiktok-marketing authors"
        assert metadata["License-Expression"] == "MIT"
        assert metadata.get_all("Project-URL")
        assert metadata["Description-Content-Type"] == "text/markdown"


def test_the_source_distribution_holds_the_project_and_no_junk(dist: Path) -> None:
    """Everything that git holds but its own files, and nothing that a run left or that may hold a secret."""
    with tarfile.open(dist / f"{NAME}.tar.gz") as archive:
        held = {member.name.removeprefix(f"{NAME}/") for member in archive if member.isfile()}
    expected = {name for name in _sources() if not name.startswith(NOT_RELEASED)}
    assert {name for name in held if not GENERATED.fullmatch(name)} == expected


OPTIONS = Options(now=NOW, tier="unlimited", days=5, advertisers=1, ads_per_account=2)
UNCOMPILED = {**os.environ, "PIP_NO_COMPILE": "1"}
"""Half the time of an installation goes to compiling modules, most of which are never imported here."""


def test_the_linux_wheel_runs_alone_and_its_hint_adds_the_command(linux_wheel: Path, tmp_path: Path) -> None:
    """In a bare environment: first the Airbyte source, then, by the command that the hint gives, a sync."""
    programs = _environment(tmp_path, linux_wheel, with_pip=True)
    _run(programs / "python", "-c", "import tiktok_marketing.sync.decode._rows")
    with emulator_beside(OPTIONS) as emulator:
        assert _campaigns_read(programs, emulator, tmp_path) > 0
        refused = subprocess.run([programs / "tiktok-marketing"], capture_output=True, text=True, check=False)  # noqa: S603
        assert refused.returncode == 2
        _run(*shlex.split(refused.stderr.partition(" run: ")[2]), env=UNCOMPILED)
        database = tmp_path / "tiktok.duckdb"
        arguments = ("sync", "--config", tmp_path / "config.json", "--to", database, "--streams", "campaigns")
        _run(programs / "tiktok-marketing", *arguments, env=_address(emulator))
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM tiktok_ads.campaigns").fetchone() == (True,)


def test_the_pure_wheel_runs_alone(pure_wheel: Path, tmp_path: Path) -> None:
    """In a bare environment, without the C extension."""
    programs = _environment(tmp_path, pure_wheel, with_pip=False)
    code = "from tiktok_marketing.sync.decode.native import NATIVE; print(NATIVE)"
    assert _run(programs / "python", "-c", code).strip() == "None"
    with emulator_beside(OPTIONS) as emulator:
        assert _campaigns_read(programs, emulator, tmp_path) > 0


def _environment(folder: Path, wheel: Path, *, with_pip: bool) -> Path:
    """Install a wheel, and what it requires, into an environment that has nothing else. Returns its programs."""
    venv.create(folder / "venv", with_pip=with_pip)
    programs = folder / "venv" / "bin"
    pip = (sys.executable, "-m", "pip", "--python", programs / "python")
    _run(*pip, "install", "--quiet", wheel, env=UNCOMPILED)
    assert _run(programs / "source-tiktok-marketing", "--version").strip() == __version__
    assert json.loads(_run(programs / "source-tiktok-marketing", "spec"))["type"] == "SPEC"
    return programs


def _campaigns_read(programs: Path, emulator: Emulator, folder: Path) -> int:
    """How many campaigns the Airbyte source reads."""
    files: Mapping[str, Any] = {"config": config_for(emulator), "catalog": catalog_of(["campaigns"])}
    arguments: list[str | Path] = []
    for name, content in files.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(content))
        arguments += [f"--{name}", path]
    lines = _run(programs / "source-tiktok-marketing", "read", *arguments, env=_address(emulator)).splitlines()
    return sum(json.loads(line)["type"] == "RECORD" for line in lines)


def _address(emulator: Emulator) -> dict[str, str]:
    return {"TIKTOK_API_URL": emulator.url}
