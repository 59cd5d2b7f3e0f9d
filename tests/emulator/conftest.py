"""A running emulator and a client for it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A session without any headers."""
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def client(session: aiohttp.ClientSession) -> AsyncIterator[Client]:
    """A client of an emulator of the default size that stands still and has no quota."""
    async with Emulator(Options(now=NOW, tier="unlimited", sandbox_throttle=False)) as emulator:
        yield Client(emulator, session)
