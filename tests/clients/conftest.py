"""The clients of `make clients`, which names them in `CLIENTS`; without it there are no tests here.

A test module says whose it is with `CLIENT`, and its fixture `client` is that client before a fresh emulator.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.client import Client, environment_of
from clients.emulation import Emulation, running
from clients.redirect import redirected

_CHOSEN = os.environ.get("CLIENTS", "").split()


def _file_of(name: str) -> str:
    return f"test_{name.replace('-', '_')}.py"


collect_ignore = [
    path.name
    for path in Path(__file__).parent.glob("test_*.py")
    if path.name not in {_file_of(name) for name in _CHOSEN}
]


def pytest_configure() -> None:
    """A client that is asked for is there, or nothing runs."""
    for name in _CHOSEN:
        if not Path(__file__).with_name(_file_of(name)).exists():
            raise pytest.UsageError(f"There is no client {name}: tests/clients has no {_file_of(name)}.")
        if not (environment_of(name) / "ready").exists():
            raise pytest.UsageError(f"The client {name} is not installed. Run `make clients ONLY={name}`.")


@pytest.fixture(scope="session")
def emulation() -> Iterator[Emulation]:
    """The emulator that all clients ask."""
    with running() as emulation:
        yield emulation


@pytest.fixture(scope="module")
def client(
    request: pytest.FixtureRequest, emulation: Emulation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """The client of the module's tests."""
    name: str = request.module.CLIENT
    emulation.reset()
    with redirected(tmp_path_factory.mktemp("authority"), emulation.address) as (proxy, certificate):
        yield Client(name, tmp_path_factory.mktemp(name), proxy.url, certificate)
        assert proxy.refused == [], "The client asks hosts that are not TikTok's."
