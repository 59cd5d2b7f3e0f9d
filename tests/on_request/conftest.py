"""Emulators with a business whose accounts sell in TikTok Shop and have Smart+ campaigns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from emulator.kit import Client
from support import NOW
from tiktok_marketing.emulator import Emulator, Options


def emulator_of(**options: Any) -> Emulator:
    """A small business without a quota, at a fixed time."""
    usual = {"now": NOW, "tier": "unlimited", "days": 60, "anchor": NOW.date(), "ads_per_account": 12, "advertisers": 4}
    return Emulator(Options(**usual | options))


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A client that knows only HTTP, and its emulator."""
    async with emulator_of() as emulator, aiohttp.ClientSession() as session:
        yield Client(emulator, session)
