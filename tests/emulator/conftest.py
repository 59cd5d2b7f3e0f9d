"""A running emulator and a client for it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP session without headers of its own."""
    async with aiohttp.ClientSession() as http_session:
        yield http_session


@pytest.fixture
async def client(session: aiohttp.ClientSession) -> AsyncIterator[Client]:
    """A client of an emulator of the default size, whose clock stands still and which has no quota."""
    async with Emulator(Options(now=NOW, tier="unlimited", sandbox_throttle=False, latency=0)) as emulator:
        yield Client(emulator, session)


@pytest.fixture
async def settled(session: aiohttp.ClientSession) -> AsyncIterator[Client]:
    """The same, except that no figure comes late or changes."""
    async with Emulator(
        Options(now=NOW, tier="unlimited", sandbox_throttle=False, latency=0, settled=True)
    ) as emulator:
        yield Client(emulator, session)
