"""The emulator: a platform that answers on a real socket for as long as it is open."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.platform import Platform
from tiktok_marketing.emulator.routes import Server

logger = logging.getLogger("tiktok_marketing.emulator")


class Emulator(Platform):
    """A local server that answers as TikTok's Business API v1.3 does.

    Use it as an asynchronous context manager; while it is open, `url` is the address to put into TIKTOK_API_URL. What
    there is to look into and to make fail is described by `Platform`.
    """

    def __init__(self, options: Options | None = None) -> None:
        super().__init__(options)
        self._server = Server(self)

    async def start(self) -> None:
        """Listen."""
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


async def serve(options: Options, ready: "asyncio.Future[Emulator] | None" = None) -> None:
    """Run an emulator until cancelled.

    Args:
        options: Its settings.
        ready: Is given the running emulator as soon as it listens.
    """
    async with Emulator(options) as emulator:
        if ready is not None:
            ready.set_result(emulator)
        await asyncio.Event().wait()


def run(options: Options, announce: Callable[[str], None]) -> None:
    """Run an emulator until the program is interrupted.

    Args:
        options: Its settings.
        announce: Is given `Emulator.ready_line()` once it listens; a command line prints it.
    """

    async def announced() -> None:
        async with Emulator(options) as emulator:
            announce(emulator.ready_line())
            await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(announced())
