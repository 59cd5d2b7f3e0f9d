"""Whether a token that TikTok calls invalid still works elsewhere: a request that succeeded before is sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from tiktok_marketing.api.call import SECRET_PARAMS, Call
from tiktok_marketing.errors import TikTokError

_OF_ENDPOINT = 2
"""How many accounts' requests are kept of an endpoint: enough for one that is not about the account in question."""
_MOST_TRIED = 3


class Proofs:
    """The requests that have succeeded, a few of each endpoint."""

    def __init__(self) -> None:
        self._calls: dict[str, dict[str | None, Call]] = {}
        self._latest = 0.0
        self._asking = asyncio.Lock()
        self._is_dead = False
        self._refused: dict[tuple[str, str | None], TikTokError] = {}

    def note(self, call: Call, sent_at: float) -> None:
        """A request succeeded, which was sent at this moment."""
        self._latest = max(self._latest, sent_at)
        if call.method == "GET" and not call.is_file:
            calls = self._calls.setdefault(call.endpoint, {})
            if call.advertiser_id in calls or len(calls) < _OF_ENDPOINT:
                calls[call.advertiser_id] = call

    def refusal(self, call: Call) -> TikTokError | None:
        """Why TikTok refused the token for this endpoint and account while it answered others; None if it did not."""
        return self._refused.get((call.endpoint, call.advertiser_id))

    def note_refusal(self, call: Call, error: TikTokError) -> None:
        """TikTok refused the token for a call while it answered others. It would refuse the next such call, too."""
        self._refused[call.endpoint, call.advertiser_id] = error

    async def stand(self, refused: Call, at: float, send: Callable[[Call], Awaitable[None]]) -> bool:
        """Whether TikTok, which has refused the token or the application for a call, goes on answering others.

        Args:
            refused: The call.
            at: When it was refused, on the clock of `note`.
            send: Sends another one again.
        """
        if SECRET_PARAMS & refused.params.keys():
            return False  # it may be the application that TikTok refuses, which only this call names
        async with self._asking:
            if self._is_dead or self._latest > at:
                return not self._is_dead
            for call in self._beside(refused):
                try:
                    await send(call)
                except TikTokError as error:
                    self._is_dead = error.about_token
                else:
                    self._is_dead = False
                    return True
            return False

    def _beside(self, refused: Call) -> Iterator[Call]:
        """A few of them that have the least in common with a refused one, and not both endpoint and account."""
        calls = [call for calls in self._calls.values() for call in calls.values()]

        def in_common(call: Call) -> tuple[bool, bool]:
            return call.endpoint == refused.endpoint, call.advertiser_id == refused.advertiser_id

        yield from sorted((call for call in calls if not all(in_common(call))), key=in_common)[:_MOST_TRIED]
