"""When a silence needs a log line. Platforms end a connector that says nothing for a minute or so."""

from __future__ import annotations

from collections.abc import Callable

from tiktok_marketing.api.client import Announcement
from tiktok_marketing.api.transport import Silence

HEARTBEAT = 30.0
"""Seconds of silence after which a log line says that the connector is alive."""


class Heartbeat:
    """Keeps account of the lines that say that the connector is alive, so that one silence has one kind of line.

    While TikTok does not answer, the client announces that every 25 seconds or so. Such a line is a sign of life, so no
    heartbeat is due. If a heartbeat was first and named what is awaited, announcements of that silence are left out.

    Args:
        seconds: Seconds without a line after which a heartbeat is due.
        now: The time in seconds, from any start.
    """

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        self._seconds = seconds
        self._now = now
        self._written_at = now()
        self._named_at: float | None = None

    def wrote(self) -> None:
        """Note that a line was written."""
        self._written_at = self._now()

    def rest(self) -> float:
        """Seconds until a heartbeat is due; 0 or less if it is."""
        return self._written_at + self._seconds - self._now()

    def line(self, progress: str, waits_for: str) -> str:
        """Return the line that is due.

        Args:
            progress: A sentence about what goes on.
            waits_for: A sentence about what is awaited; empty if nothing is.
        """
        self._named_at = self._now() if waits_for else None
        return f"{progress} {waits_for}".strip()

    def has_said(self, waiting: Announcement) -> bool:
        """Whether the latest heartbeat has said the same as an announcement that is due now."""
        return (
            isinstance(waiting, Silence)
            and self._named_at is not None
            and self._now() - self._named_at <= self._seconds
        )
