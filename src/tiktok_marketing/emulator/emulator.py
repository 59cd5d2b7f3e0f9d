"""The emulator: a platform that answers on a real socket while it is open."""

import logging
from types import TracebackType
from typing import Self

from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.platform import Platform
from tiktok_marketing.emulator.routes import Server

logger = logging.getLogger("tiktok_marketing.emulator")


class Emulator(Platform):
    """A local server that answers as TikTok's Business API v1.3 does.

    Use it as an asynchronous context manager. While it is open, `url` is the address to put into TIKTOK_API_URL.
    `Platform` describes what you can inspect and how to make requests fail.
    """

    def __init__(self, options: Options | None = None) -> None:
        super().__init__(options)
        self._server = Server(self)

    async def start(self) -> None:
        """Start to listen."""
        self.port = await self._server.start(self.options.host, self.options.port)
        logger.info("The emulator answers at %s for %d accounts.", self.url, len(self.advertiser_ids))

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        await self._server.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
