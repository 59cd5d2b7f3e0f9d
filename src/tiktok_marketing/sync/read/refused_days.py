"""Finds out whether TikTok refuses metrics for some days only, so that the figures of other days are read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import date, timedelta

from msgspec.structs import replace

from tiktok_marketing.errors import TikTokError
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.report_requests import Piece

Ask = Callable[[Piece], Awaitable[object]]
"""Requests a row of a piece with the metrics in question."""
_DAY = timedelta(days=1)


class DayRefusals:
    """What is known about one account's refused metrics, in all windows of a report.

    Args:
        newest: The newest day that has begun.
    """

    def __init__(self, newest: date) -> None:
        self.newest = newest
        self.everywhere: set[str] = set()
        """Metrics that are refused for every day that was tried."""
        self.somewhere: set[str] = set()
        """Metrics that are refused for some days, and accepted for others."""
        self._accepted: dict[tuple[date, frozenset[str]], bool] = {}
        """Whether metrics are accepted, for the days that were tried."""

    async def accepts(self, piece: Piece, day: date, names: Collection[str], ask: Ask) -> bool:
        """Whether TikTok accepts metrics for a day, as far as a row of the piece shows it."""
        key = day, frozenset(names)
        if key not in self._accepted:
            try:
                await ask(replace(piece, window=Window(day, day)))
            except TikTokError:
                self._accepted[key] = False
            else:
                self._accepted[key] = True
        return self._accepted[key]

    def for_window(self) -> WindowRefusals:
        """The refusals of one window."""
        return WindowRefusals(self)


class WindowRefusals:
    """The metrics that are refused for some of a window's days.

    Args:
        account: What is known about all days of the account.
    """

    def __init__(self, account: DayRefusals) -> None:
        self._account = account
        self._refused: list[tuple[Window, frozenset[str]]] = []

    def of(self, window: Window | None) -> frozenset[str]:
        """The metrics to leave out of a request about these days, because TikTok refuses them on some of them."""
        if window is None:
            return frozenset()
        overlapping = (names for days, names in self._refused if days.start <= window.end and window.start <= days.end)
        return frozenset().union(*overlapping)

    def far_from(self, window: Window) -> Window:
        """A day outside of a window, of which it is known that it has begun."""
        newest = self._account.newest
        day = newest if window.end < newest else window.start - _DAY
        return Window(day, day)

    async def divided(self, piece: Piece, names: Collection[str], ask: Ask) -> list[Piece] | None:
        """The pieces to request after TikTok refused metrics for a piece, if it is so for some days only.

        A whole piece is asked for without them if both its first and its last day are refused. Otherwise it is halved.

        Args:
            piece: The piece.
            names: The metrics.
            ask: Tries them on other days.

        Returns:
            None if TikTok refuses them for every day that was tried.
        """
        window = piece.window
        if window is None or piece.summed:
            return None
        if not self._account.somewhere.issuperset(names):
            far = self.far_from(window).start
            if self._account.everywhere.issuperset(names) or not await self._account.accepts(piece, far, names, ask):
                self._account.everywhere.update(names)
                return None
            self._account.somewhere.update(names)
        halves = piece.halves() if window.days > 1 else None
        if halves is not None:
            for day in (window.start, window.end):
                if await self._account.accepts(piece, day, names, ask):
                    return halves
        self._refused.append((window, frozenset(names)))
        return [piece]
