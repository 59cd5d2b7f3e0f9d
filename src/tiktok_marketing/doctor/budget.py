"""How many requests an examination may send."""

from __future__ import annotations

from tiktok_marketing.api.stats import RequestStats


class RequestBudget:
    """Counts the requests that a client sends after the budget was created.

    Args:
        stats: The client's.
        requests: How many requests the client may send.
    """

    def __init__(self, stats: RequestStats, requests: int) -> None:
        self._stats = stats
        self._limit = requests + self.sent

    @property
    def sent(self) -> int:
        """How many requests the client has sent, including those before the budget was created."""
        return sum(self._stats.requests.values())

    @property
    def left(self) -> int:
        """How many requests are left."""
        return max(0, self._limit - self.sent)

    @property
    def spent(self) -> bool:
        """Whether no request is left."""
        return self.left == 0
