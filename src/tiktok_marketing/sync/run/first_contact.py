"""Finds out whether anything answers at all, where pages come in place of TikTok's answers from the start."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from tiktok_marketing.api.client import Client


class FirstContact:
    """Whether the API has answered at any endpoint of a sync.

    A page at one endpoint says nothing about the others, so the verdict waits until one answers or all have failed.

    Args:
        api: The client.
    """

    def __init__(self, api: Client) -> None:
        self._api = api
        self._undecided: set[str] = set()
        self._decided = asyncio.Event()

    def begin(self, endpoints: Iterable[str]) -> None:
        """These endpoints will be asked."""
        self._undecided = set(endpoints)

    def end(self, endpoint: str) -> None:
        """No more requests to the endpoint follow."""
        self._undecided.discard(endpoint)
        if not self._undecided:
            self._decided.set()

    async def succeeds(self, endpoint: str) -> bool:
        """Whether the API answers anywhere. A request to `endpoint` has failed for good, without its answer."""
        if not self._api.answered:
            self.end(endpoint)
            waits = [asyncio.ensure_future(event.wait()) for event in (self._api.first_answer, self._decided)]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
                await asyncio.gather(*waits, return_exceptions=True)
        return self._api.answered
