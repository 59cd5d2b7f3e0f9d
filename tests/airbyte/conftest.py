"""The tests of `make airbyte`; without `AIRBYTE` there are none here.

They run Airbyte's own tools, each in an environment of its own, and the image that the Dockerfile describes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from airbyte.places import CDK, DOCS, EMULATOR, PARITY, PYAIRBYTE, ROOT
from dockerfile import Builder, Image
from emulator_process import EmulatorProcess, emulator_process
from programs import emulator_beside
from support import NOW
from tiktok_marketing._version import __version__
from tiktok_marketing.emulator import Emulator, Options

_ASKED_FOR = bool(os.environ.get("AIRBYTE"))

collect_ignore_glob = [] if _ASKED_FOR else ["test_*.py"]


def pytest_configure() -> None:
    """The tools are there, or nothing runs."""
    missing = [path.name for path in (CDK, PYAIRBYTE, PARITY) if _ASKED_FOR and not (path / "ready").exists()]
    if missing:
        raise pytest.UsageError(f"{', '.join(missing)} is missing. Run `make airbyte`.")


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Builds from this checkout."""
    return Builder(ROOT, tmp_path_factory.mktemp("image"), {"VERSION": __version__, "DOCUMENTATION_URL": DOCS})


@pytest.fixture(scope="session")
def image(builder: Builder) -> Image:
    """The image, stepped through."""
    return builder.build((ROOT / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """A small business whose clock stands still."""
    with emulator_beside(Options(now=NOW, tier="unlimited", days=10, advertisers=2, ads_per_account=6)) as running:
        yield running


@pytest.fixture(scope="session")
def acceptance_emulator() -> Iterator[EmulatorProcess]:
    """What the configurations in `acceptance` are of."""
    with emulator_process(*EMULATOR) as running:
        yield running


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """This checkout under the connector's name, which the CDK derives from the folder's."""
    folder = tmp_path / "source-tiktok-marketing"
    folder.mkdir()
    for path in ROOT.iterdir():
        if not path.name.startswith(".") and path.name not in {"build", "dist", "site"}:
            (folder / path.name).symlink_to(path)
    return folder
