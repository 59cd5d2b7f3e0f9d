"""Runs the scenarios that the chosen tests ask for, side by side; without `PARITY_PEER` there are no tests here.

A test names a scenario as its argument and gets what the scenario returned.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from parity import faulty, scenarios
from parity.peer import Peer

_PEER = os.environ.get("PARITY_PEER")
"""The folder of the virtual environment that Airbyte's connector is in."""

collect_ignore_glob = [] if _PEER else ["test_*.py"]

Scenario = Callable[[Peer], Awaitable[Any]]

SCENARIOS: dict[str, Scenario] = {
    name: function
    for module in (scenarios, faulty)
    for name, function in vars(module).items()
    if asyncio.iscoroutinefunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running(request: pytest.FixtureRequest) -> AsyncIterator[dict[str, asyncio.Task[Any]]]:
    """The scenarios of this session's tests, all begun."""
    assert _PEER is not None
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    peer = Peer(Path(_PEER))
    begun = {name: asyncio.ensure_future(scenario(peer)) for name, scenario in SCENARIOS.items() if name in wanted}
    yield begun
    for task in begun.values():
        task.cancel()
    await asyncio.gather(*begun.values(), return_exceptions=True)


def _fixture_of(name: str) -> Any:
    @pytest_asyncio.fixture(scope="session", loop_scope="session", name=name)
    async def outcome(running: dict[str, asyncio.Task[Any]]) -> Any:
        return await running[name]

    return outcome


globals().update({f"scenario_{name}": _fixture_of(name) for name in SCENARIOS})
