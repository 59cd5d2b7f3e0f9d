"""How many requests an examination may send."""

from __future__ import annotations

from tiktok_marketing.api.stats import RequestStats


class Budget:
    """Counts what a client has sent since it was made.

    Args:
        tally: The client's.
        requests: How many it may send.
    """

    def __init__(self, tally: RequestStats, requests: int) -> None:
        self._tally = tally
        self._most = requests + self.sent

    @property
    def sent(self) -> int:
        """Requests that the client has sent, ever."""
        return sum(self._tally.requests.values())

    @property
    def left(self) -> int:
        """Requests that it may send yet."""
        return max(0, self._most - self.sent)

    @property
    def spent(self) -> bool:
        """Whether it must not ask any more."""
        return self.left == 0
