"""A local server that behaves like TikTok's Business API v1.3, with a seeded ad business behind it.

It is written from the API's documented behaviour. It imports nothing from the client (`api`, `sync`), so that it can
disagree with the client.

    async with Emulator(Options(now=datetime(2026, 3, 10, 15, tzinfo=UTC))) as emulator:
        ...  # put emulator.url into TIKTOK_API_URL and emulator.access_token into the configuration
"""

from tiktok_marketing.emulator.emulator import Emulator
from tiktok_marketing.emulator.faults import Fault
from tiktok_marketing.emulator.options import Options

__all__ = ["Emulator", "Fault", "Options"]
